"""What of space a dressed person fills: the union of the solids that they are made of.

Source: Jacobson et al., "Robust Inside-Outside Segmentation using Generalized Winding Numbers" (2013). Skin, clothes,
hair and shoes are closed meshes one by one; a point is inside the person when it is inside any of them. The air
between cloth and skin is outside, as it is.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float32, Int32
from numpy import ndarray

from omote.parts.body.anny import PARTS, BodyModel
from omote.parts.data.people.part import Part
from omote.parts.data.people.person import Person
from omote.parts.space.closest import Surface
from omote.parts.space.mesh import weld_vertices
from omote.parts.space.winding import Winding

FINE = ("white", "iris", "pupil", "cornea", "tooth", "gum", "brow", "lash", "skin", "beard")
"""Labels of what lies within the skin, or is finer than a network will ever see."""


def welded(part: Part) -> tuple[Float32[ndarray, "n 3"], Int32[ndarray, "f 3"]]:
    """Return a part without the vertices that its texture doubles."""
    weld = weld_vertices(np.ascontiguousarray(part.vertices, np.float32))
    used, index = np.unique(weld[part.faces], return_inverse=True)
    return np.ascontiguousarray(part.vertices[used], np.float32), index.reshape(-1, 3).astype(np.int32)


def skin_faces(model: BodyModel) -> Int32[ndarray, "f 3"]:
    """Return the faces of the skin, a closed mesh: all but eyes and tongue."""
    inner = np.isin(model.part, [PARTS.index(name) for name in ("left_eye", "right_eye", "tongue")])
    return model.faces[~inner[model.faces].any(1)]


class Occupancy:
    """Answers for one person whether points are inside them."""

    def __init__(self, model: BodyModel, person: Person) -> None:
        solids: Sequence[tuple[ndarray, ndarray]] = [
            (person.body, skin_faces(model)),
            *(welded(part) for part in person.parts if part.closed and part.label not in FINE),
        ]
        self._windings = [Winding(Surface(vertices, faces)) for vertices, faces in solids]

    def inside(self, points: Float32[ndarray, "n 3"]) -> Bool[ndarray, " n"]:
        """Return which points (world metres) lie inside the skin, a garment, the hair or a shoe."""
        result = np.zeros(len(points), bool)
        for winding in self._windings:
            rest = np.flatnonzero(~result)
            result[rest] = winding.inside(points[rest])
        return result
