"""What makes one body and one face differ from another: local changes, drawn in groups that vary together.

Source: the targets of MakeHuman (CC0), as `BodyModel.local_changes` names them; ranges were tuned by looking at sheets
of people. A feature is a standard deviation and a place in a group: features of one group share a factor (a large
nose is large in every way), so that faces hang together. Left and right share their value up to a few per cent.

Notation: value = spread * (load * factor + sqrt(1 - load^2) * own), cut at 2.2 spreads.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

Spread = Mapping[str, float]


class Group(NamedTuple):
    """Features that vary together."""

    load: float
    """How much of each is the common factor, 0..1."""
    spread: Spread
    """Standard deviation of each feature; negative: it runs against the factor."""


FACE: Mapping[str, Group] = {
    "nose size": Group(
        0.65,
        {
            **{"nose-volume-incr": 0.22, "nose-scale-horiz-incr": 0.26, "nose-scale-depth-incr": 0.26},
            **{"nose-scale-vert-incr": 0.26, "nose-width1-incr": 0.24, "nose-width2-incr": 0.24},
            **{"nose-width3-incr": 0.24, "nose-nostrils-width-incr": 0.24, "nose-flaring-incr": 0.22},
        },
    ),
    "nose line": Group(
        0.45,
        {
            **{"nose-hump-incr": 0.36, "nose-curve-convex": 0.24, "nose-greek-incr": 0.26},
            **{"nose-point-up": -0.20, "nose-septumangle-incr": -0.20, "nose-base-up": -0.22},
            **{"nose-nostrils-angle-up": -0.25},
        },
    ),
    "nose place": Group(
        0.0,
        {
            **{"nose-point-width-incr": 0.35, "nose-trans-up": 0.28, "nose-trans-forward": 0.24},
            **{"nose-compression-uncompress": 0.16},
        },
    ),
    "jaw": Group(
        0.55,
        {
            **{"chin-width-incr": 0.32, "chin-bones-incr": 0.28, "chin-prominent-incr": 0.26},
            **{"chin-jaw-drop-incr": 0.28, "chin-height-incr": 0.16},
        },
    ),
    "chin": Group(0.0, {"chin-cleft-incr": 0.38, "chin-prognathism-incr": 0.28}),
    "cheeks": Group(
        0.5,
        {
            **{"cheek-volume-incr": 0.34, "cheek-inner-incr": 0.30, "cheek-bones-incr": -0.32},
            **{"cheek-trans-up": -0.24},
        },
    ),
    "skull": Group(
        0.25,
        {
            **{"head-scale-horiz-incr": 0.26, "head-scale-vert-incr": 0.12, "head-scale-depth-incr": 0.30},
            **{"head-back-scale-depth-incr": 0.25},
        },
    ),
    "skull shape": Group(0.0, {"head-angle-out": 0.10}),
    "forehead": Group(
        0.3,
        {
            **{"forehead-temple-incr": 0.34, "forehead-trans-forward": 0.20, "forehead-scale-vert-incr": 0.07},
            **{"forehead-nubian-incr": 0.04},
        },
    ),
    "brows": Group(0.0, {"eyebrows-angle-up": 0.26, "eyebrows-trans-up": 0.24, "eyebrows-trans-forward": 0.20}),
    "eye opening": Group(
        0.6, {"eye-height1-incr": 0.26, "eye-height2-incr": 0.26, "eye-height3-incr": 0.26, "eye-scale-incr": 0.22}
    ),
    "eye folds": Group(
        0.45,
        {
            **{"eye-epicanthus-out": 0.30, "eye-eyefold-up": -0.34, "eye-eyefold-angle-up": 0.26},
            **{"eye-push1-out": 0.24, "eye-push2-out": 0.24},
        },
    ),
    "eye place": Group(
        0.0,
        {
            **{"eye-corner1-up": 0.34, "eye-corner2-up": 0.34, "eye-trans-up": 0.14, "eye-trans-out": 0.22},
        },
    ),
    "eye bags": Group(0.55, {"eye-bag-incr": 0.26, "eye-bag-out": 0.24, "eye-bag-height-incr": 0.20}),
    "lips": Group(
        0.6,
        {
            **{"mouth-lowerlip-volume-incr": 0.32, "mouth-upperlip-volume-incr": 0.32},
            **{"mouth-lowerlip-height-incr": 0.26, "mouth-upperlip-height-incr": 0.30},
            **{"mouth-scale-vert-incr": 0.24, "mouth-scale-depth-incr": 0.24},
        },
    ),
    "mouth shape": Group(
        0.0,
        {
            **{"mouth-cupidsbow-incr": 0.34, "mouth-cupidsbow-width-incr": 0.32, "mouth-angles-up": 0.18},
            **{"mouth-upperlip-ext-up": 0.18, "mouth-lowerlip-ext-up": 0.18, "mouth-upperlip-middle-up": 0.22},
            **{"mouth-lowerlip-middle-up": 0.18, "mouth-lowerlip-width-incr": 0.24, "mouth-trans-up": 0.18},
            **{"mouth-upperlip-width-incr": 0.24, "mouth-trans-forward": 0.18, "mouth-scale-horiz-incr": 0.32},
            **{"mouth-philtrum-volume-incr": 0.34, "mouth-dimples-out": 0.28, "mouth-laugh-lines-out": 0.28},
        },
    ),
    "ears": Group(0.5, {"ear-scale-incr": 0.26, "ear-scale-vert-incr": 0.24, "ear-scale-depth-incr": 0.24}),
    "ear shape": Group(
        0.0,
        {
            **{"ear-lobe-incr": 0.34, "ear-shape-round": 0.28, "ear-shape-triangle": 0.14, "ear-flap-incr": 0.20},
            **{"ear-wing-incr": 0.26, "ear-rot-forward": 0.24, "ear-trans-up": 0.12, "ear-trans-forward": 0.16},
        },
    ),
}
"""Names without `l-` and `r-` where there are two."""
BODY: Mapping[str, Group] = {
    "limbs": Group(
        0.7,
        {
            **{"measure-upperarm-length-incr": 0.16, "measure-lowerarm-length-incr": 0.16},
            **{"upperlegs-height-incr": 0.18, "lowerlegs-height-incr": 0.18, "torso-scale-vert-incr": -0.12},
        },
    ),
    "trunk length": Group(0.0, {"measure-napetowaist-dist-incr": 0.08, "measure-waisttohip-dist-incr": 0.10}),
    "frame": Group(
        0.5,
        {
            **{"torso-scale-horiz-incr": 0.26, "measure-shoulder-dist-incr": 0.38, "torso-vshape-incr": 0.34},
            **{"torso-scale-depth-incr": 0.26},
        },
    ),
    "hips": Group(
        0.5,
        {
            **{"hip-scale-horiz-incr": 0.26, "hip-scale-depth-incr": 0.28, "measure-hips-circ-incr": 0.22},
            **{"buttocks-volume-incr": 0.34, "hip-waist-up": 0.08},
        },
    ),
    "waist": Group(0.4, {"measure-waist-circ-incr": 0.22, "stomach-tone-incr": -0.24, "pelvis-tone-incr": -0.12}),
    "chest": Group(
        0.4,
        {
            **{"measure-underbust-circ-incr": 0.20, "measure-frontchest-dist-incr": 0.26},
            **{"torso-muscle-dorsi-incr": 0.26, "torso-muscle-pectoral-incr": 0.16},
        },
    ),
    "arms": Group(
        0.65,
        {
            **{"upperarm-fat-incr": 0.30, "lowerarm-fat-incr": 0.28, "upperarm-muscle-incr": 0.26},
            **{"lowerarm-muscle-incr": 0.28, "upperarm-shoulder-muscle-incr": 0.26},
            **{"upperarm-scale-depth-incr": 0.22, "upperarm-scale-vert-incr": 0.22},
            **{"lowerarm-scale-depth-incr": 0.18, "lowerarm-scale-vert-incr": 0.18},
        },
    ),
    "legs": Group(
        0.65,
        {
            **{"upperleg-fat-incr": 0.28, "lowerleg-fat-incr": 0.26, "upperleg-muscle-incr": 0.26},
            **{"lowerleg-muscle-incr": 0.22, "upperleg-scale-depth-incr": 0.22, "measure-calf-circ-incr": 0.24},
            **{"lowerleg-scale-depth-incr": 0.20, "measure-knee-circ-incr": 0.18, "measure-thigh-circ-incr": 0.20},
        },
    ),
    "joints": Group(0.4, {"measure-ankle-circ-incr": 0.26, "measure-wrist-circ-incr": 0.26, "leg-valgus-incr": 0.10}),
    "hands": Group(
        0.5, {"hand-scale-incr": 0.13, "hand-fingers-length-incr": 0.13, "hand-fingers-diameter-incr": 0.34}
    ),
    "feet": Group(0.5, {"foot-scale-incr": 0.13, "foot-scale-horiz-incr": 0.20}),
    "neck": Group(
        0.4,
        {
            **{"measure-neck-circ-incr": 0.28, "neck-scale-depth-incr": 0.24, "neck-scale-horiz-incr": 0.24},
            **{"neck-back-scale-depth-incr": 0.20, "measure-neck-height-incr": -0.24},
        },
    ),
    "navel": Group(0.0, {"stomach-navel-out": 0.3, "stomach-navel-up": 0.12}),
}
BREASTS: Mapping[str, Group] = {
    "breasts": Group(
        0.2,
        {
            **{"measure-bust-circ-incr": 0.34, "breast-point-incr": 0.22, "breast-dist-incr": 0.20},
            **{"breast-volume-vert-up": 0.30, "breast-trans-up": 0.16},
        },
    ),
}
"""Only as far as somebody is a woman."""
CUT = 2.2
ASYMMETRY = 0.07
"""Standard deviation of the difference between left and right, in local units; bones stay symmetric."""
SKEWED = ("cheek-", "ear-", "eye-")
"""Features whose two sides may differ: soft parts that move no bone of a limb."""


def draw_features(
    rng: np.random.Generator, known: tuple[str, ...], womanhood: float, weight: float, years: float
) -> dict[str, float]:
    """Return strengths of local changes that make a body somebody's.

    Args:
        rng: the source of chance.
        known: `BodyModel.local_changes`.
        womanhood: 0 man to 1 woman.
        weight: 0 thin to 1 fat.
        years: age.
    """
    found: dict[str, float] = {}
    for table, strength in ((FACE, 1.0), (BODY, 1.0), (BREASTS, womanhood)):
        for group in table.values():
            _draw_group(rng, group, strength, known, found)
    found["head-fat-incr"] = float(np.clip(0.5 * (weight - 0.5) + rng.normal(0, 0.16), -0.55, 0.75))
    found["neck-double-incr"] = float(np.clip(0.7 * (weight - 0.55) + rng.normal(0, 0.16), -0.5, 0.7))
    found["head-age-incr"] = float(np.clip((years - 50) / 60 + rng.normal(0, 0.15), -0.5, 0.8))
    found["stomach-pregnant-incr"] = float(np.clip(0.5 * (weight - 0.62) + rng.normal(0, 0.05), -0.3, 0.25))
    if womanhood < 0.5:
        found["chin-width-incr"] = min(found["chin-width-incr"] + 0.12, 0.7)
    return found


def _draw_group(
    rng: np.random.Generator, group: Group, strength: float, known: tuple[str, ...], found: dict[str, float]
) -> None:
    """Add one group's features to what is found so far."""
    factor = rng.normal()
    for name, spread in group.spread.items():
        own = np.clip(group.load * factor + np.sqrt(1 - group.load**2) * rng.normal(), -CUT, CUT)
        value, skew = strength * spread * own, rng.normal(0, ASYMMETRY)
        if name in known:
            found[name] = float(value)
        else:
            skew = skew if name.startswith(SKEWED) else 0.0
            found[f"l-{name}"], found[f"r-{name}"] = float(value + skew / 2), float(value - skew / 2)
