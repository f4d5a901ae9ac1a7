"""Dressing somebody: sewn clothes are carried from the tailor's pose to the person's own, draped, and thickened.

Garments are put on from the inside out; each lies on the body and on all below it, and the way those moved is known, so
that cloth slides over cloth. In the end every garment is a closed shell with a rim.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Int32
from numpy import ndarray
from torch import Tensor

from omote.parts.body.anny import Rest
from omote.parts.body.cloth_contact import Obstacle
from omote.parts.body.drape import Cloth, Draped, Fabric, Pins, Settings, drape, pin
from omote.parts.data.people.garments import Trousers, Upper
from omote.parts.data.people.sewing import Sewn, sew
from omote.parts.data.people.tailor import Dummy
from omote.parts.data.people.wardrobe import Worn
from omote.parts.space.mesh import vertex_normals
from omote.parts.space.rotations import matrix_from_quaternion, quaternion_from_matrix, slerp
from omote.parts.space.sheet import Shell, shell

STEPS = 16
"""Steps from the tailor's pose to the person's."""
SKIN_GAP, CLOTH_GAP = 0.0035, 0.0030
"""Metres between skin and cloth, and between a garment's outside and the next one's inside."""
BAND = 0.022
"""Height of a waistband, which holds on to the body, metres."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Way:
    """How a body gets from the tailor's pose to its own."""

    bodies: list[Float32[ndarray, "v 3"]]
    """Vertices at each step."""
    moves: Float32[ndarray, "s j 3 4"]
    """World from the dummy's world, for each bone."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Dressed:
    """One garment on its person."""

    worn: Worn
    sewn: Sewn
    draped: Draped
    normals: Float32[ndarray, "v 3"]
    """Of the draped sheet."""
    shell: Shell
    """Closed: outside, inside, rim."""


def way(dummy: Dummy, rest: Rest, target: Float32[Tensor, "j 3 3"], lift: Float32[ndarray, " 3"]) -> Way:
    """Turn every bone from the dummy's pose to the target's.

    Args:
        dummy: the body in the tailor's pose.
        rest: the body at rest.
        target: rotations as `BodyModel` takes them.
        lift: how far the root lies from its place at rest in the end, metres.
    """
    model = dummy.model
    share = np.linspace(0, 1, STEPS + 1)
    share = share * share * (3 - 2 * share)
    ends = quaternion_from_matrix(dummy.rotations), quaternion_from_matrix(target.numpy())
    turned = np.stack([matrix_from_quaternion(slerp(*ends, s)) for s in share])
    roots = np.stack([dummy.root + s * (lift - dummy.root) for s in share])
    count = len(turned)
    with torch.no_grad():
        heads = rest.heads.expand(count, -1, -1)
        bones = model.pose(
            heads, torch.from_numpy(turned.astype(np.float32)), torch.from_numpy(roots.astype(np.float32))
        )
        bodies = [model.skin(rest, bones[k : k + 1])[0].numpy() for k in range(count)]
    first = np.linalg.inv(dummy.bones.astype(np.float64))
    return Way(bodies=bodies, moves=(bones.numpy().astype(np.float64) @ first)[:, :, :3].astype(np.float32))


def carried(
    vertices: Float32[ndarray, "v 3"], weights: Float32[ndarray, "v j"], moves: ndarray
) -> Float32[ndarray, "v 3"]:
    """Return vertices moved with the bones: linear blend skinning from the dummy."""
    blended = (weights @ moves.reshape(len(moves), 12)).reshape(-1, 3, 4)
    return (np.einsum("vab,vb->va", blended[:, :, :3], vertices) + blended[:, :, 3]).astype(np.float32)


def dress(dummy: Dummy, path: Way, outfit: Sequence[Worn], settings: Settings | None = None) -> list[Dressed]:
    """Put garments on, from the inside out."""
    settings = settings or Settings()
    below = [Obstacle(faces=dummy.faces, path=path.bodies, gap=SKIN_GAP)]
    done: list[Dressed] = []
    for worn in outfit:
        sewn = sew(dummy, worn.garment, [d.sewn.solid for d in done])
        guide = [carried(sewn.vertices, sewn.bones, moves) for moves in path.moves]
        cloth = _cloth(dummy, worn, sewn)
        draped = drape(cloth, below, guide, settings)
        normals = vertex_normals(draped.vertices, sewn.faces)
        inner = draped.vertices
        outer = inner + worn.thickness * normals
        done.append(
            Dressed(worn=worn, sewn=sewn, draped=draped, normals=normals, shell=shell(outer, sewn.faces, inner))
        )
        below.append(_obstacle(worn, sewn, draped.path))
    return done


def _obstacle(worn: Worn, sewn: Sewn, trail: Sequence[Float32[ndarray, "v 3"]]) -> Obstacle:
    """Return the outside of a garment as something to lie on."""
    path = [vertices + worn.thickness * vertex_normals(vertices, sewn.faces) for vertices in trail]
    return Obstacle(faces=sewn.faces, path=path, gap=CLOTH_GAP)


def _cloth(dummy: Dummy, worn: Worn, sewn: Sewn) -> Cloth:
    """Return the sewn garment as cloth of its fabric, held where it is held."""
    pins: Pins | None = None
    rows: Int32[ndarray, " c"] | None = None
    y = sewn.vertices[:, 1]
    if isinstance(worn.garment, Upper):
        on = (y > dummy.heights["armpit"] + 0.05) & (sewn.arm < 0.12)
        rows = np.flatnonzero(on).astype(np.int32)
        high = dummy.heights["neck"] - (0.005 if worn.garment.neck == "high" else 0.06)
        top = np.flatnonzero((y > high) & (sewn.arm < 0.06)).astype(np.int32)
        if len(top):
            pins = pin(sewn.vertices, top, dummy.vertices, dummy.faces, 0.3 if worn.garment.neck == "high" else 0.04)
            rows = np.union1d(rows, top).astype(np.int32)
    else:
        band = np.flatnonzero(y > y.max() - BAND).astype(np.int32)
        pins = pin(sewn.vertices, band, dummy.vertices, dummy.faces, 0.05)
    stiff = worn.stiffness
    fabric = Fabric(
        weight=60 * worn.thickness,
        bend=float(4e-6 * 60**stiff),
        kept=0.2 * stiff,
        friction=0.45,
    )
    return Cloth(
        vertices=sewn.vertices,
        faces=sewn.faces,
        fabric=fabric,
        along=_spare(dummy, sewn),
        grain=_grain(dummy, sewn),
        stiffer=1 + 3 * np.exp(-((sewn.edge / 0.012) ** 2)),
        pins=pins,
        carried=rows,
    )


def _grain(dummy: Dummy, sewn: Sewn) -> Float32[ndarray, "v 3"]:
    """Return the direction along sleeves and legs, and down elsewhere."""
    grain = np.broadcast_to(np.array([0, 1, 0], np.float32), sewn.vertices.shape).copy()
    arm = dummy.joint("wrist.L") - dummy.joint("upperarm01.L")
    on_sleeve = sewn.arm > 0.12
    mirror = np.where(sewn.vertices[:, :1] < 0, np.array([-1, 1, 1], np.float32), np.float32(1))
    grain[on_sleeve] = (arm / np.linalg.norm(arm) * mirror)[on_sleeve]
    return grain


def _spare(dummy: Dummy, sewn: Sewn) -> Float32[ndarray, " v"]:
    """Return how much longer cloth is than what it covers: more at elbows and knees, where it folds."""
    elbow = np.exp(-(((sewn.arm - 1) / 0.35) ** 2)) * (sewn.arm > 0.12)
    leg = dummy.along_leg(sewn.vertices)
    below = (sewn.vertices[:, 1] < dummy.heights["crotch"]) & isinstance(sewn.garment, Trousers)
    knee = np.exp(-(((leg - 1) / 0.35) ** 2)) * below
    return (1.015 + 0.05 * np.maximum(elbow, knee)).astype(np.float32)
