"""A photographed person as a rigged, textured body: the type, and its file.

The file is safetensors: nothing in it can run. The texture is in it as a PNG's bytes, names and notes as JSON in the
header.
"""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image

from omote.core.errors import InputError, OmoteError, ShapeError
from omote.parts.body.skeleton import JOINTS, Rig
from omote.parts.body.skinning import SkinWeights
from omote.parts.media.files import readable, replacing
from omote.parts.space.mesh import Mesh

Extent = Literal["whole", "knees", "waist"]
LAYOUT = 2
"""Of the file and of how avatars are made; raised when either changes, so that kept ones are made anew."""
MAX_TEXTURE = 8192
"""Texels along a side that a file may hold."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Avatar:
    """A person who can be posed.

    Raises:
        ShapeError: the skin has not one row for each vertex, or names a bone that is not there.
    """

    mesh: Mesh
    """At rest, standing on y = 0, facing +z."""
    rig: Rig
    skin: SkinWeights
    """Of the mesh's vertices on the rig's bones."""
    extent: Extent
    """How much of the person the photograph shows."""
    cut: float
    """Metres above the floor, at rest, below which nothing was seen; 0 for a whole person."""
    notes: tuple[str, ...] = ()
    """What the user should know, in plain sentences."""

    def __post_init__(self) -> None:
        if len(self.skin.bones) != len(self.mesh.vertices):
            raise ShapeError(f"skin for {len(self.skin.bones)} vertices does not fit {len(self.mesh.vertices)}")
        if self.skin.bones.min() < 0 or self.skin.bones.max() >= len(self.rig.names):
            raise ShapeError(f"the skin names bone {self.skin.bones.max()}, the rig has {len(self.rig.names)}")

    @property
    def hip_height(self) -> float:
        """Metres: the unit of a motion's travel."""
        return self.rig.hip_height

    def save(self, path: Path) -> None:
        """Write one file.

        Raises:
            OutputError: the folder is missing, or permission or space is lacking.
        """
        from safetensors.numpy import save

        png = io.BytesIO()
        Image.fromarray(self.mesh.texture).save(png, "PNG", compress_level=3)
        mesh, weld = self.mesh, self.mesh.weld
        tensors = {
            "vertices": mesh.vertices,
            "faces": mesh.faces,
            "uvs": mesh.uvs,
            "weld": np.arange(len(mesh.vertices), dtype=np.int32) if weld is None else weld,
            "texture": np.frombuffer(png.getvalue(), np.uint8),
            "rest": self.rig.rest,
            "bones": self.skin.bones,
            "weights": self.skin.weights,
        }
        said = {
            "layout": LAYOUT,
            "names": self.rig.names,
            "parents": self.rig.parents,
            "bone_of": dict(self.rig.bone_of),
            "extent": self.extent,
            "cut": self.cut,
            "notes": self.notes,
        }
        with replacing(path) as part:
            part.write_bytes(
                save({key: np.ascontiguousarray(value) for key, value in tensors.items()}, {"avatar": json.dumps(said)})
            )

    @classmethod
    def load(cls, path: Path) -> "Avatar":
        """Read a file that `save` wrote.

        Raises:
            InputError: it is missing, damaged, no avatar, or of another version.
        """
        from safetensors import SafetensorError, safe_open

        readable(path)
        try:
            with safe_open(path, "np") as opened:
                said = json.loads((opened.metadata() or {})["avatar"])
                if said["layout"] != LAYOUT:
                    raise InputError(f"{path} is an avatar of version {said['layout']}, not {LAYOUT}; make it again")
                tensors = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118 - no mapping
            return cls._of(said, tensors)
        except InputError:
            raise
        except (SafetensorError, OSError, KeyError, ValueError, TypeError, IndexError, OmoteError) as error:
            raise InputError(f"{path} is no avatar, or damaged ({error}); make it again from the photograph") from error

    @classmethod
    def _of(cls, said: dict[str, Any], tensors: dict[str, ndarray]) -> "Avatar":
        names, parents, bone_of = said["names"], said["parents"], said["bone_of"]
        extent, cut, notes = said["extent"], said["cut"], said["notes"]
        if not (isinstance(names, list) and isinstance(parents, list) and isinstance(bone_of, dict)):
            raise ValueError("its skeleton is not described")
        if len(names) != len(parents) or set(bone_of) != set(JOINTS) or len(tensors["rest"]) != len(names):
            raise ValueError("its skeleton is not complete")
        if (
            extent not in ("whole", "knees", "waist")
            or not isinstance(cut, (int, float))
            or not isinstance(notes, list)
        ):
            raise ValueError("what it shows is not described")
        return cls(
            mesh=Mesh(
                vertices=tensors["vertices"],
                faces=tensors["faces"],
                uvs=tensors["uvs"],
                texture=_picture(tensors["texture"]),
                weld=tensors["weld"],
            ),
            rig=Rig(names=tuple(names), parents=tuple(parents), rest=tensors["rest"], bone_of=bone_of),
            skin=SkinWeights(bones=tensors["bones"], weights=tensors["weights"]),
            extent=extent,
            cut=float(cut),
            notes=tuple(str(note) for note in notes),
        )


def _picture(png: UInt8[ndarray, " n"]) -> UInt8[ndarray, "h w 4"]:
    """Decode the texture, after a look at its size."""
    with Image.open(io.BytesIO(png.tobytes()), formats=["PNG"]) as picture:
        if max(picture.size) > MAX_TEXTURE:
            raise ValueError(f"its texture has {max(picture.size)} texels on a side, more than {MAX_TEXTURE}")
        return np.asarray(picture.convert("RGBA"))
