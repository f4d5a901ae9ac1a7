"""From a draped garment to a part: its panels laid out, its fabric printed on them, both sides and the rim textured."""

import numpy as np
from jaxtyping import Int32, UInt8
from numpy import ndarray

from omote.parts.body.texture import Atlas
from omote.parts.data.people.baking import encoded
from omote.parts.data.people.dressing import Dressed
from omote.parts.data.people.fabrics import GLOSS
from omote.parts.data.people.garments import Skirt, Trousers
from omote.parts.data.people.part import Part, plain
from omote.parts.data.people.sewing import Sewn
from omote.parts.data.people.tailor import Dummy
from omote.parts.space.seams import Lay, Tube
from omote.parts.space.unwrap import Panels, panels

TEXTURE = 1024
"""Texels along each side of a garment's texture."""
ON_SLEEVE = 0.12
"""Along the arm: where sleeves are sewn on."""
TOP_GLOSS = 0.1
"""Specular strength that 255 stands for."""


def finish(dummy: Dummy, dressed: Dressed, number: int, size: int = TEXTURE) -> Part:
    """Return a garment ready to be seen.

    Args:
        dummy: the body that it was made on.
        dressed: the garment.
        number: its place in the outfit, from the inside out; part of its name.
        size: texels along each side of its texture.
    """
    sewn, worn = dressed.sewn, dressed.worn
    panel, lays = layout(dummy, sewn)
    flat = panels(sewn.vertices, sewn.faces, panel, lays)
    faces, source, uv = flat.around(dressed.shell)
    strength, roughness = GLOSS[worn.fabric.weave]
    return Part(
        name=f"garment {number}: {worn.family}",
        label=worn.family,
        vertices=dressed.shell.vertices[source],
        faces=faces,
        uvs=flat.uvs[uv],
        albedo=printed(dressed, flat, size),
        gloss=plain(int(255 * strength / TOP_GLOSS)),
        roughness=plain(int(255 * roughness)),
    )


def layout(dummy: Dummy, sewn: Sewn) -> tuple[Int32[ndarray, " f"], list[Lay]]:
    """Return the panel of each face, and how each is laid flat."""
    up, front = np.array([0.0, 1, 0]), np.array([0.0, 0, 1])
    middle = sewn.vertices[sewn.faces].mean(1)
    if isinstance(sewn.garment, Trousers):
        legs = []
        for side in "LR":
            hip, ankle = dummy.joint(f"upperleg01.{side}"), dummy.joint(f"foot.{side}")
            legs.append(Tube(origin=ankle, up=hip - ankle, front=front, gores=2))
        return (middle[:, 0] < 0).astype(np.int32), legs
    waist = np.array([0.0, 0.0, float(dummy.joint("spine04")[2])])
    trunk = Tube(origin=waist, up=up, front=front, gores=2)
    if isinstance(sewn.garment, Skirt):
        return np.zeros(len(middle), np.int32), [trunk]
    lays: list[Lay] = [trunk]
    for side in "LR":
        shoulder, wrist = dummy.joint(f"upperarm01.{side}"), dummy.joint(f"wrist.{side}")
        lays.append(Tube(origin=wrist, up=shoulder - wrist, front=up, gores=1))
    on_sleeve = (sewn.arm[sewn.faces] > ON_SLEEVE).all(1)
    return np.where(on_sleeve, np.where(middle[:, 0] > 0, 1, 2), 0).astype(np.int32), lays


def printed(dressed: Dressed, flat: Panels, size: int) -> UInt8[ndarray, "s s 3"]:
    """Return the garment's texture."""
    sewn = dressed.sewn
    piece, metres = flat.board(size)
    y = sewn.vertices[:, 1]
    known = np.stack([sewn.edge, (y - y.min()) / np.ptp(y)], 1)[flat.source]
    atlas = Atlas.of(flat.uvs, flat.faces, size)
    hem, height = np.full(size * size, 1.0), np.zeros(size * size)
    hem[atlas.texel], height[atlas.texel] = atlas.of_vertices(known, flat.faces).T
    there = np.flatnonzero(piece.ravel() >= 0)
    albedo = np.zeros((size * size, 3), np.float32)
    albedo[:] = 0.2
    albedo[there] = dressed.worn.fabric.paint(metres.reshape(-1, 2)[there], hem[there], height[there])
    return encoded(albedo).reshape(size, size, 3)
