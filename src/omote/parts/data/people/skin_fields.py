"""Where on the body what kind of skin is: maps of the mean adult that every painter of skin and hair shares.

All are smooth numbers from 0 to 1 over points of the mean adult at rest; a side is mirrored by |x|. On that face the
eyes lie at (+-0.031, 0.890), the mouth's corners at (+-0.0245, 0.8185), the wings of the nose at (+-0.019, 0.848), the
chin's tip at y = 0.778 and the ears' middles at z = 0.055.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Float32
from numpy import ndarray
from scipy.spatial import KDTree

from omote.parts.body.anny import MASKS, PARTS, BodyModel
from omote.parts.data.cloth import line, step
from omote.parts.data.people.atlas import Texels, texels
from omote.parts.data.people.head import mean_adult

Map = Float32[ndarray, " n"]
Points = Float32[ndarray, "n 3"]

EYE = (0.031, 0.890)
CORNER = (0.0245, 0.8185)
OUTER_CANTHUS = (0.0440, 0.8905)
NECK = 0.775
"""Height below which a head's skin is a neck's."""
BLUR = 0.010
"""Metres over which a part's own colour sets in."""


def blob(p: Points, middle: tuple[float, float], size: tuple[float, float]) -> Map:
    """Return a Gaussian spot on the face, alike on both sides."""
    x, y = np.abs(p[:, 0]) - np.float32(middle[0]), p[:, 1] - np.float32(middle[1])
    return np.exp(-((x / np.float32(size[0])) ** 2) - (y / np.float32(size[1])) ** 2)


def face(p: Points) -> Map:
    """Return how much a point belongs to the front of the head."""
    return step(p[:, 1], 0.77, 0.02) * step(p[:, 2], 0.075, 0.05)


def brow_line(along: ndarray, lift: float, arch: float) -> ndarray:
    """Return the height of an eyebrow's middle line over the way along it."""
    return 0.9085 + lift + arch * 0.0065 * np.sin(np.clip(along * 1.12, 0, 1.12) * 2.3) - 0.0045 * along**3


def brow(p: Points, thickness: float = 1.0, lift: float = 0.0, arch: float = 1.0) -> tuple[Map, Map]:
    """Return how much a point lies in an eyebrow, and how far along it, 0 at the nose to 1 at the temple."""
    x = np.abs(p[:, 0])
    along = np.clip((x - np.float32(0.0115)) / np.float32(0.0435), -0.2, 1.2)
    bend = np.clip(along, 0, 1)
    middle = brow_line(bend, lift, arch)
    half = 0.0040 * thickness * (1 - 0.78 * bend**1.5) * (0.72 + 0.28 * np.clip(bend / 0.25, 0, 1))
    body = step(half - np.abs(p[:, 1] - middle), 0, 0.0022)
    body = body * step(along, 0.0, 0.12) * step(1 - along, 0.0, 0.10) * (p[:, 2] > 0.09)
    return body.astype(np.float32), bend.astype(np.float32)


def beard(p: Points, lips: Map) -> Map:
    """Return where a man's beard grows: cheeks from the ear down, jaw, chin, throat and upper lip."""
    x, y, z = np.abs(p[:, 0]), p[:, 1], p[:, 2]
    side = np.clip((x - 0.026) / 0.046, 0, 1)
    upper = 0.8240 + 0.055 * side**2.9
    cheek = step(upper - y, 0.0, 0.016)
    throat = step(y - (0.757 + 0.85 * np.clip(0.128 - z, 0, 0.065)), 0.0, 0.014)
    behind = step(z + 0.9 * np.clip(0.835 - y, 0, 0.02), 0.074, 0.012)
    area = np.maximum(cheek * throat * behind, moustache(p)) * ~((y > 0.845) & (x < 0.05))
    nostril = step(np.hypot(x - 0.009, y - 0.849), 0.008, 0.004)
    return (area * (1 - step(lips, 0.25, 0.3)) * nostril).astype(np.float32)


def moustache(p: Points) -> Map:
    """Return the part of the upper lip on which hair grows."""
    x, y = np.abs(p[:, 0]), p[:, 1]
    top = 0.8435 - 0.42 * np.clip(x - 0.008, 0, 1)
    low = 0.8215 - 0.30 * np.clip(x - 0.020, 0, 1)
    inside = step(top - y, 0, 0.004) * step(y - low, 0, 0.004) * step(0.034 - x, 0, 0.006)
    bare = 1 - 0.55 * line(x, 0.0, 0.0025)
    return (inside * bare * (p[:, 2] > 0.12)).astype(np.float32)


def chin(p: Points) -> Map:
    """Return the chin: a goatee's place."""
    x, y = np.abs(p[:, 0]), p[:, 1]
    wide = 0.0245 + 0.10 * np.clip(y - 0.79, 0, 0.03)
    below = step(wide - x, 0, 0.006) * step(0.8065 + 0.8 * np.clip(x - 0.012, 0, 0.02) - y, 0, 0.005)
    return (below * (p[:, 2] > 0.10) * step(y, 0.766, 0.012)).astype(np.float32)


def strips(p: Points) -> Map:
    """Return the strips beside the mouth that join moustache and chin."""
    x, y = np.abs(p[:, 0]), p[:, 1]
    inside = line(x, 0.0290, 0.0036) * step(0.828 - y, 0, 0.006) * step(y, 0.795, 0.01)
    return (inside * (p[:, 2] > 0.10)).astype(np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class Fields:
    """Maps over the texels of one layout at one size."""

    at: Texels
    face: Map
    head: Map
    flush: Map
    """Where blood shines through: cheeks, nose, ears, knuckles, knees, elbows, fingertips."""
    pale: Map
    """Palms and soles, which have little melanin."""
    lips: Map
    ears: Map
    lids: Map
    nails: Map
    wet: Map
    """Inside of the lids and of the mouth."""
    mouth: Map
    tongue: Map
    shadow: Map
    """Under the eyes, where veins show."""
    oily: Map
    beard: Map
    dorsal: Map
    """Backs of hands and feet, forearms, temples: where veins are seen."""
    rim: Map
    """Metres from the rim of the lids; at most 0.02."""
    folds: Map
    """Creases of the finger joints, a signed phase."""


@cache
def fields(model: BodyModel, layout: str, size: int) -> Fields:
    """Return the maps of a layout; worked out once."""
    at = texels(model, layout, size)
    p = at.canonical
    part = {name: at.blend(model.part == PARTS.index(name)).astype(np.float32) for name in PARTS}
    masks = model.masks.copy()
    inner = (model.part == PARTS.index("mouth")) & (mean_adult(model)[:, 2] > 0.140)
    masks[inner, MASKS.index("lips")] = 1  # lips go on behind the line where they meet
    lips, ears, lids, nails = (at.blend(masks[:, i]).astype(np.float32) for i in range(len(MASKS)))
    hands = part["left_hand"] + part["right_hand"]
    feet = part["left_foot"] + part["right_foot"]
    back = _backs(model, at)
    sockets = part["left_socket"] + part["right_socket"]
    joints = _near(model, p, ("finger2-1", "finger3-1", "finger4-1", "finger5-1"), 0.010)
    joints = joints + 0.7 * _near(model, p, ("finger2-2", "finger3-2", "finger4-2", "finger5-2", "finger1-2"), 0.007)
    limbs = _near(model, p, ("lowerarm01",), 0.035) * step(-at.normal[:, 2], 0.1, 0.5)
    limbs = limbs + 0.8 * _near(model, p, ("lowerleg01",), 0.055) * step(at.normal[:, 2], 0.1, 0.5)
    front = p[:, 2] > 0.09
    cheeks = blob(p, (0.044, 0.857), (0.019, 0.017)) * front
    nose = blob(p, (0.0, 0.852), (0.015, 0.011)) * front
    tips = hands * step(np.abs(p[:, 0]), 0.545, 0.05)
    forehead = blob(p, (0.0, 0.930), (0.045, 0.022)) * front
    return Fields(
        at=at,
        face=face(p),
        head=part["head"],
        flush=(0.75 * cheeks + 0.85 * nose + 0.55 * ears + back * 0.6 * joints * hands + 0.45 * limbs + 0.35 * tips
               + 0.25 * blob(p, (0.0, 0.790), (0.016, 0.011)) * front).astype(np.float32),
        pale=np.clip((hands + feet) * step(-back, 0.25, 0.7), 0, 1).astype(np.float32),
        lips=lips, ears=ears, lids=lids, nails=step(nails, 0.5, 0.45).astype(np.float32),
        wet=step(sockets + part["mouth"], 0.5, 0.6).astype(np.float32),
        mouth=part["mouth"], tongue=part["tongue"],
        shadow=(blob(p, (0.027, 0.8795), (0.0135, 0.0055)) * front + 0.5 * blob(p, (0.019, 0.888), (0.005, 0.006))
                * front).astype(np.float32),
        oily=(forehead + nose * 1.1 + 0.5 * cheeks + 0.4 * blob(p, (0, 0.79), (0.015, 0.01)) * front)
        .astype(np.float32),
        beard=beard(p, lips),
        dorsal=np.clip(0.9 * (hands + feet) * step(back, 0.1, 0.6)
                       + 0.6 * (part["left_arm"] + part["right_arm"]) * step(at.normal[:, 1], -0.4, 0.8), 0, 1).astype(
                           np.float32),
        rim=_to_rim(model, at),
        folds=(joints * hands).astype(np.float32),
    )  # fmt: skip


def _backs(model: BodyModel, at: Texels) -> Map:
    """Return the cosine between the surface and the back of the hand, or the top of the foot, nearest to it."""
    out = np.zeros(len(at.canonical), np.float32)
    normals = np.zeros((len(model.part), 3), np.float32)
    np.add.at(normals, at.corners[:, 0], at.normal)
    nails = model.masks[:, MASKS.index("fingernails")] > 0.5
    for side, sign in (("left", 1), ("right", -1)):
        own = nails & (model.part == PARTS.index(f"{side}_hand"))
        up = normals[own].sum(0)
        there = np.sign(at.canonical[:, 0]) == sign
        high = there & (at.canonical[:, 1] > -0.5)
        if np.linalg.norm(up) > 0:
            out[high] = (at.normal @ (up / np.linalg.norm(up)))[high]
        low = there & (at.canonical[:, 1] <= -0.5)
        out[low] = at.normal[low, 1]
    return out


def _near(model: BodyModel, p: Points, bones: tuple[str, ...], reach: float) -> Map:
    """Return how near points are to the heads of bones, on both sides."""
    with torch.no_grad():
        heads = model.rest(torch.full((1, 6), 0.5)).heads[0].numpy()
    near = np.zeros(len(p), np.float32)
    mirrored = np.abs(p[:, 0])
    for bone in bones:
        x, y, z = heads[model.bone_names.index(f"{bone}.L")]
        away = (mirrored - x) ** 2 + (p[:, 1] - y) ** 2 + (p[:, 2] - z) ** 2
        np.maximum(near, np.exp(-away / np.float32(reach**2)), out=near)
    return near


def lid_rims(model: BodyModel) -> ndarray:
    """Return the vertices of the head that touch the sockets: the rims of all four lids."""
    socket = np.isin(model.part, [PARTS.index("left_socket"), PARTS.index("right_socket")])
    rim = np.unique(model.faces[socket[model.faces].any(1)])
    return rim[model.part[rim] == PARTS.index("head")]


def _to_rim(model: BodyModel, at: Texels) -> Map:
    """Return metres to the lids' rims along the surface of the mean adult, at most 0.02."""
    near = (np.abs(np.abs(at.canonical[:, 0]) - EYE[0]) < 0.035) & (np.abs(at.canonical[:, 1] - EYE[1]) < 0.03)
    near &= at.canonical[:, 2] > 0.09
    out = np.full(len(at.canonical), 0.02, np.float32)
    away = KDTree(mean_adult(model)[lid_rims(model)]).query(at.canonical[near])[0]
    out[near] = np.minimum(away, 0.02)
    return out
