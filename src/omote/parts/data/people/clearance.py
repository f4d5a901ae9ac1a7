"""How far limbs sink into one another: a body as capsules.

Idea: between two joints a limb is about a capsule (all points within a radius of a segment); slices of the trunk are
capsules that lie across. Radii are measured on each body's skin. The distance of two capsules is that of their
segments (Ericson, Real-Time Collision Detection, 2005, section 5.1.9) less both radii.

Notation: sinking in metres, positive where two capsules overlap.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from omote.parts.body.anny import PARTS, BodyModel

LIMBS: tuple[tuple[str, str, str, tuple[str, ...], float, float], ...] = (
    ("upperarm", "upperarm01", "lowerarm01", ("upperarm01", "upperarm02"), 0.45, 1.0),
    ("forearm", "lowerarm01", "lowerarm02", ("lowerarm01",), 0.0, 1.0),
    ("wrist", "lowerarm02", "wrist", ("lowerarm02",), 0.0, 1.0),
    ("hand", "wrist", "finger3-1", ("wrist", "metacarpal2"), 0.1, 1.1),
    ("fingers", "finger3-1", "finger3-3", ("finger3-1", "finger3-2"), 0.0, 1.5),
    ("thumb", "finger1-1", "finger1-3", ("finger1-2",), 0.2, 1.5),
    ("flank", "upperleg01", "lowerleg01", ("upperleg01",), 0.0, 0.3),
    ("lap", "upperleg01", "lowerleg01", ("upperleg02",), 0.3, 1.0),
    ("thigh", "upperleg02", "lowerleg01", ("upperleg02",), 0.3, 1.0),
    ("shin", "lowerleg01", "foot", ("lowerleg01", "lowerleg02"), 0.0, 0.95),
)
"""Name, bones where it begins and ends, bones whose skin tells the radius, and the part of the way it fills."""
WIDE = {"fingers": 90, "lap": 80, "flank": 80}
"""Percentile of the skin's distance that is the radius, where it is not the median: four fingers are wider than the one
that the capsule runs along, and arms keep clear of all of a thigh, while thighs may touch each other."""
SLICES: tuple[tuple[str, str, str, float], ...] = (
    ("seat", "root", "upperleg01.L", -0.07),
    ("hips", "root", "upperleg01.L", -0.02),
    ("loins", "spine05", "spine05", 0.03),
    ("belly", "spine04", "spine04", 0.01),
    ("waist", "spine03", "spine03", 0.03),
    ("ribs", "spine02", "spine02", 0.05),
    ("chest", "spine01", "spine01", 0.0),
)
"""Name, bone that carries it, and its height: above the beginning of a bone, metres."""
TRUNK = tuple(name for name, *_ in SLICES)


@dataclass(frozen=True, kw_only=True, eq=False)
class Capsules:
    """A body's capsules at rest."""

    names: tuple[str, ...]
    bones: Int[ndarray, " c"]
    ends: Float[ndarray, "c 2 3"]
    """World metres at rest."""
    radii: Float[ndarray, " c"]
    pairs: Int[ndarray, "p 2"]
    """Those that must stay apart."""


def capsules_of(model: BodyModel, vertices: Float[ndarray, "v 3"], heads: Float[ndarray, "j 3"]) -> Capsules:
    """Return the capsules of a body at rest."""
    index = {name: i for i, name in enumerate(model.bone_names)}
    strongest = model.skin_weights.bones[:, 0]
    names, bones, ends, radii = [], [], [], []
    for side in "LR":
        for name, begin, end, skin, first, last in LIMBS:
            a, b = heads[index[f"{begin}.{side}"]], heads[index[f"{end}.{side}"]]
            near = vertices[np.isin(strongest, [index[f"{bone}.{side}"] for bone in skin])]
            at = (near - a) @ (b - a) / ((b - a) @ (b - a))
            inside = (at > first) & (at < last)
            away = np.linalg.norm(near - a - np.clip(at, 0, 1)[:, None] * (b - a), axis=1)
            names.append(f"{name}.{side}")
            bones.append(index[f"{skin[-1] if name != 'hand' else 'wrist'}.{side}"])
            ends.append((a + first * (b - a), a + last * (b - a)))
            radii.append(np.percentile(away[inside] if inside.any() else away, WIDE.get(name, 50)))
    for name, bone, level, above in SLICES:
        capsule = _slice(model, vertices, float(heads[index[level], 1]) + above)
        names.append(name)
        bones.append(index[bone])
        ends.append(capsule[0])
        radii.append(capsule[1])
    head = vertices[model.part == PARTS.index("head")]
    low, high = heads[index["head"]], head[:, 1].max()
    radius = 0.5 * (head[:, 0].max() - head[:, 0].min()) * 0.92
    middle = np.array([0.0, 0.0, head[head[:, 1] > low[1] + 0.02][:, 2].mean()])
    names.append("head")
    bones.append(index["head"])
    ends.append((middle + np.array([0, low[1], 0]), middle + np.array([0, high - radius, 0])))
    radii.append(radius)
    return Capsules(
        names=tuple(names),
        bones=np.array(bones),
        ends=np.array(ends),
        radii=np.array(radii, np.float64),
        pairs=_pairs(names),
    )


def sinking(capsules: Capsules, ends: Float[ndarray, "c 2 3"]) -> Float[ndarray, " p"]:
    """Return by how many metres each pair overlaps; negative where they are apart.

    Args:
        capsules: the body's.
        ends: where the capsules' ends are in a pose.
    """
    one, other = capsules.pairs.T
    apart = segment_distance(ends[one], ends[other])
    return capsules.radii[one] + capsules.radii[other] - apart


def segment_distance(p: Float[ndarray, "n 2 3"], q: Float[ndarray, "n 2 3"]) -> Float[ndarray, " n"]:
    """Return the distance of segments, by the closest points of lines, clamped one after the other."""
    d1, d2, r = p[:, 1] - p[:, 0], q[:, 1] - q[:, 0], p[:, 0] - q[:, 0]
    a, e, f = (d1 * d1).sum(1), (d2 * d2).sum(1), (d2 * r).sum(1)
    b, c = (d1 * d2).sum(1), (d1 * r).sum(1)
    a, e = np.maximum(a, 1e-12), np.maximum(e, 1e-12)
    denominator = a * e - b * b
    s = np.where(denominator > 1e-12, np.clip((b * f - c * e) / np.maximum(denominator, 1e-12), 0, 1), 0)
    t = np.clip((b * s + f) / e, 0, 1)
    s = np.clip((b * t - c) / a, 0, 1)
    return np.linalg.norm(r + s[:, None] * d1 - t[:, None] * d2, axis=1)


def _slice(model: BodyModel, vertices: Float[ndarray, "v 3"], height: float) -> tuple[Float[ndarray, "2 3"], float]:
    """Return the capsule across the trunk at a height, inside its outline."""
    trunk = np.isin(model.part, [PARTS.index(p) for p in ("torso", "left_leg", "right_leg")])
    arms = np.isin(model.skin_weights.bones[:, 0], [i for i, n in enumerate(model.bone_names) if "arm" in n])
    near = vertices[trunk & ~arms & (np.abs(vertices[:, 1] - height) < 0.03)]
    wide, back, front = np.percentile(np.abs(near[:, 0]), 96), *np.percentile(near[:, 2], (3, 97))
    radius = min(0.5 * (front - back), wide)
    middle = 0.5 * (front + back)
    return np.array([[wide - radius, height, middle], [radius - wide, height, middle]]), float(radius)


def _pairs(names: list[str]) -> Int[ndarray, "p 2"]:
    """Return the pairs that must stay apart: what belongs to one chain may touch."""
    index = {name: i for i, name in enumerate(names)}
    arm, pairs = ("forearm", "wrist", "hand", "fingers", "thumb"), []
    for side, other in (("L", "R"), ("R", "L")):
        pairs += [(f"upperarm.{side}", part) for part in ("loins", "belly", "waist", "ribs")]
        for part in arm:
            pairs += [(f"{part}.{side}", what) for what in (*TRUNK, "head")]
            pairs += [(f"{part}.{side}", f"{limb}.{o}") for limb in ("flank", "lap", "shin") for o in (side, other)]
            pairs += [(f"{part}.{side}", f"upperarm.{other}")]
        pairs += [(f"thigh.{side}", what) for what in ("waist", "ribs", "chest")]
        pairs += [(f"thigh.{side}", f"shin.{other}")]
    pairs += [(f"{a}.L", f"{b}.R") for a in arm for b in arm]
    pairs += [("thigh.L", "thigh.R"), ("shin.L", "shin.R")]
    return np.array([(index[a], index[b]) for a, b in pairs])
