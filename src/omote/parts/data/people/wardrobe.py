"""Families of garments: what people wear, and in which ranges each is cut and dyed.

A family is a name that can be held out of training; a garment is drawn from it by a generator. Outfits put families
together as people do: one thing below, one above, perhaps one over it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from omote.core.errors import UsageError
from omote.parts.data.cloth import Colour
from omote.parts.data.people.fabrics import Fabric, Pattern, Weave
from omote.parts.data.people.garments import Garment, Neck, Skirt, Trousers, Upper

Draw = np.random.Generator


@dataclass(frozen=True, kw_only=True)
class Worn:
    """One garment of somebody."""

    family: str
    garment: Garment
    fabric: Fabric
    thickness: float = 0.0022
    """Metres."""
    stiffness: float = 0.5
    """0 silk, 1 leather."""


DYES: tuple[Colour, ...] = (
    (0.93, 0.92, 0.89),
    (0.12, 0.12, 0.13),
    (0.16, 0.19, 0.28),
    (0.42, 0.43, 0.45),
    (0.62, 0.14, 0.16),
    (0.18, 0.34, 0.26),
    (0.76, 0.66, 0.50),
    (0.27, 0.42, 0.60),
    (0.80, 0.60, 0.20),
    (0.55, 0.30, 0.42),
    (0.85, 0.71, 0.72),
    (0.36, 0.24, 0.17),
    (0.60, 0.70, 0.66),
    (0.86, 0.45, 0.25),
    (0.47, 0.38, 0.60),
)
"""Colours of cloth."""
DENIMS: tuple[Colour, ...] = ((0.16, 0.21, 0.33), (0.28, 0.38, 0.52), (0.10, 0.11, 0.14), (0.50, 0.58, 0.68))


def _fabric(rng: Draw, weave: Weave, patterns: Mapping[Pattern, float]) -> Fabric:
    names = list(patterns)
    odds = np.array([patterns[n] for n in names])
    dyes = rng.permutation(len(DYES))
    return Fabric(
        colour=_shade(rng, DYES[dyes[0]]),
        second=_shade(rng, DYES[dyes[1]]),
        third=_shade(rng, DYES[dyes[2]]),
        pattern=names[int(rng.choice(len(names), p=odds / odds.sum()))],
        weave=weave,
        scale=float(rng.uniform(0.7, 1.6)),
        worn=float(rng.uniform(0, 0.15)),
        seed=int(rng.integers(1 << 20)),
    )


def _shade(rng: Draw, colour: Colour) -> Colour:
    bright = rng.uniform(0.8, 1.15)
    r, g, b = (float(np.clip(c * bright + rng.normal(0, 0.02), 0.02, 0.96)) for c in colour)
    return (r, g, b)


def _between(rng: Draw, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


def _one(rng: Draw, *of: Neck) -> Neck:
    return of[int(rng.integers(len(of)))]


EVERYDAY: Mapping[Pattern, float] = {"plain": 5, "stripes": 1, "breton": 1, "print": 2, "marl": 1, "colour block": 1}
WOVEN: Mapping[Pattern, float] = {
    "plain": 4,
    "checks": 1,
    "tartan": 1,
    "gingham": 1,
    "pinstripes": 1,
    "dots": 0.6,
    "floral": 0.6,
}
KNITTED: Mapping[Pattern, float] = {"plain": 4, "stripes": 1, "argyle": 0.8, "marl": 1.5, "colour block": 0.7}
SUITING: Mapping[Pattern, float] = {"plain": 4, "herringbone": 1, "pinstripes": 1, "tartan": 0.4, "marl": 0.6}
DRESSY: Mapping[Pattern, float] = {
    "plain": 3,
    "floral": 2.5,
    "dots": 1.2,
    "stripes": 0.6,
    "gingham": 0.6,
    "colour block": 0.4,
}
LOWER: Mapping[Pattern, float] = {
    "plain": 5,
    "pinstripes": 0.5,
    "checks": 0.5,
    "camouflage": 0.4,
    "herringbone": 0.4,
    "marl": 0.5,
}


def _tank_top(rng: Draw) -> Worn:
    cut = Upper(
        sleeve=_between(rng, -0.16, -0.06), hem=_between(rng, -0.12, 0.15), neck=_one(rng, "scoop", "crew"),
        depth=_between(rng, 0.0, 0.03), ease=_between(rng, 0.008, 0.02), fit=_between(rng, 0.1, 0.5),
    )  # fmt: skip
    return Worn(family="tank top", garment=cut, fabric=_fabric(rng, "cotton", EVERYDAY), thickness=0.0016)


def _t_shirt(rng: Draw) -> Worn:
    loose = _between(rng, 0, 1)
    cut = Upper(
        sleeve=_between(rng, 0.4, 0.75), hem=_between(rng, -0.18, 0.1), neck=_one(rng, "crew", "crew", "vee", "scoop"),
        ease=0.012 + 0.02 * loose, sleeve_ease=(0.012 + 0.008 * loose, 0.014 + 0.03 * loose),
        fit=0.45 * (1 - loose),
    )  # fmt: skip
    return Worn(family="t-shirt", garment=cut, fabric=_fabric(rng, "cotton", EVERYDAY), thickness=0.0018)


def _long_sleeve(rng: Draw) -> Worn:
    cut = Upper(
        sleeve=_between(rng, 1.6, 1.93), hem=_between(rng, -0.15, 0.05), neck=_one(rng, "crew", "boat", "high", "vee"),
        ease=_between(rng, 0.010, 0.02), sleeve_ease=(0.011, _between(rng, 0.009, 0.016)), fit=_between(rng, 0.1, 0.5),
    )  # fmt: skip
    return Worn(family="long sleeve", garment=cut, fabric=_fabric(rng, "cotton", EVERYDAY), thickness=0.0018)


def _sweater(rng: Draw) -> Worn:
    cut = Upper(
        sleeve=_between(rng, 1.8, 1.96), hem=_between(rng, -0.12, 0.12), neck=_one(rng, "crew", "high", "vee"),
        ease=_between(rng, 0.02, 0.04), sleeve_ease=(_between(rng, 0.018, 0.03), _between(rng, 0.014, 0.03)),
        fit=_between(rng, 0.0, 0.3),
    )  # fmt: skip
    return Worn(family="sweater", garment=cut, fabric=_fabric(rng, "knit", KNITTED), thickness=0.004, stiffness=0.6)


def _blouse(rng: Draw) -> Worn:
    cut = Upper(
        sleeve=_between(rng, 0.5, 1.9), hem=_between(rng, -0.1, 0.1), neck=_one(rng, "vee", "boat", "scoop"),
        depth=_between(rng, 0.0, 0.04), ease=_between(rng, 0.015, 0.03),
        sleeve_ease=(0.016, _between(rng, 0.02, 0.05)), fit=_between(rng, 0.1, 0.4),
    )  # fmt: skip
    return Worn(family="blouse", garment=cut, fabric=_fabric(rng, "silk", DRESSY), thickness=0.0014, stiffness=0.2)


def _jacket(rng: Draw) -> Worn:
    weave: Weave = ("denim", "leather", "nylon", "wool")[int(rng.integers(4))]  # type: ignore[assignment]
    fabric = _fabric(rng, weave, {"plain": 4, "colour block": 0.6} if weave != "wool" else SUITING)
    cut = Upper(
        sleeve=_between(rng, 1.85, 1.97), hem=_between(rng, -0.08, 0.2), neck=_one(rng, "vee", "crew"),
        depth=_between(rng, 0.0, 0.08), ease=_between(rng, 0.024, 0.035),
        sleeve_ease=(0.022, _between(rng, 0.018, 0.026)), fit=_between(rng, 0.1, 0.3), opening=_between(rng, 0.0, 0.06),
    )  # fmt: skip
    return Worn(family="jacket", garment=cut, fabric=fabric, thickness=0.004, stiffness=0.8)


def _coat(rng: Draw) -> Worn:
    cut = Upper(
        sleeve=_between(rng, 1.88, 1.98), hem=_between(rng, -1.4, -0.5), neck="vee", depth=_between(rng, 0.0, 0.10),
        ease=_between(rng, 0.028, 0.04), sleeve_ease=(0.026, _between(rng, 0.024, 0.034)), fit=_between(rng, 0.0, 0.2),
        flare=_between(rng, 0.03, 0.14), opening=_between(rng, 0.0, 0.05),
    )  # fmt: skip
    return Worn(family="coat", garment=cut, fabric=_fabric(rng, "wool", SUITING), thickness=0.005, stiffness=0.8)


def _dress(rng: Draw) -> Worn:
    cut = Upper(
        sleeve=_between(rng, -0.12, 0.7) if rng.random() < 0.7 else _between(rng, 1.2, 1.9),
        hem=_between(rng, -1.9, -0.55), neck=_one(rng, "scoop", "vee", "boat", "crew"), depth=_between(rng, 0.0, 0.03),
        ease=_between(rng, 0.008, 0.016), sleeve_ease=(0.012, _between(rng, 0.012, 0.03)), fit=_between(rng, 0.4, 0.9),
        flare=_between(rng, 0.10, 0.55),
    )  # fmt: skip
    return Worn(family="dress", garment=cut, fabric=_fabric(rng, "silk", DRESSY), thickness=0.0016, stiffness=0.25)


def _trousers(rng: Draw) -> Worn:
    wide = _between(rng, 0, 1) ** 1.6
    cut = Trousers(
        end=_between(rng, 1.84, 1.97), waist=_between(rng, 0.45, 0.9), ease=_between(rng, 0.008, 0.014),
        leg_ease=(0.010 + 0.008 * wide, 0.014 + 0.05 * wide),
    )  # fmt: skip
    return Worn(family="trousers", garment=cut, fabric=_fabric(rng, "wool", LOWER), thickness=0.002)


def _jeans(rng: Draw) -> Worn:
    cut = Trousers(
        end=_between(rng, 1.86, 1.97), waist=_between(rng, 0.4, 0.8), ease=_between(rng, 0.006, 0.010),
        leg_ease=(_between(rng, 0.007, 0.014), _between(rng, 0.009, 0.028)),
    )  # fmt: skip
    dye = DENIMS[int(rng.integers(len(DENIMS)))]
    fabric = Fabric(colour=dye, weave="denim", worn=_between(rng, 0, 0.5), seed=int(rng.integers(1 << 20)))
    return Worn(family="jeans", garment=cut, fabric=fabric, thickness=0.0025, stiffness=0.7)


def _shorts(rng: Draw) -> Worn:
    cut = Trousers(
        end=_between(rng, 0.45, 1.1), waist=_between(rng, 0.4, 0.8), ease=_between(rng, 0.008, 0.014),
        leg_ease=(_between(rng, 0.012, 0.02), _between(rng, 0.016, 0.04)),
    )  # fmt: skip
    return Worn(family="shorts", garment=cut, fabric=_fabric(rng, "cotton", LOWER), thickness=0.002)


def _pencil_skirt(rng: Draw) -> Worn:
    cut = Skirt(hem=_between(rng, -1.1, -0.6), waist=_between(rng, 0.7, 1.0), flare=_between(rng, -0.06, 0.05))
    return Worn(family="pencil skirt", garment=cut, fabric=_fabric(rng, "wool", SUITING), thickness=0.002)


def _flared_skirt(rng: Draw) -> Worn:
    cut = Skirt(hem=_between(rng, -1.9, -0.5), waist=_between(rng, 0.75, 1.05), flare=_between(rng, 0.15, 0.6))
    return Worn(
        family="flared skirt", garment=cut, fabric=_fabric(rng, "silk", DRESSY), thickness=0.0016, stiffness=0.3
    )


FAMILIES: Mapping[str, Callable[[Draw], Worn]] = {
    "tank top": _tank_top,
    "t-shirt": _t_shirt,
    "long sleeve": _long_sleeve,
    "sweater": _sweater,
    "blouse": _blouse,
    "jacket": _jacket,
    "coat": _coat,
    "dress": _dress,
    "trousers": _trousers,
    "jeans": _jeans,
    "shorts": _shorts,
    "pencil skirt": _pencil_skirt,
    "flared skirt": _flared_skirt,
}
"""Draws a garment, by family."""
BELOW = ("trousers", "jeans", "shorts", "pencil skirt", "flared skirt")
ABOVE = ("tank top", "t-shirt", "long sleeve", "sweater", "blouse")
OVER = ("jacket", "coat")


def left_to_wear(without: tuple[str, ...]) -> tuple[list[str], list[str], list[str]]:
    """Return the families below the waist, above it and over all that are not held out.

    Raises:
        UsageError: a family is not known, or nothing is left to be worn below or above.
    """
    for name in without:
        if name not in FAMILIES:
            raise UsageError(f"there is no family of garments {name!r}; there are {', '.join(FAMILIES)}")
    below, above, over = ([f for f in group if f not in without] for group in (BELOW, ABOVE, OVER))
    if not below or not above:
        raise UsageError("at least one family below the waist and one above it must be left to wear")
    return below, above, over


def draw_outfit(rng: Draw, *, without: tuple[str, ...] = (), feminine: float = 0.5) -> tuple[Worn, ...]:
    """Return what somebody wears, from the inside out.

    Args:
        rng: draws.
        without: families that are held out.
        feminine: how likely skirts and dresses are, 0..1.

    Raises:
        UsageError: a family is not known, or nothing is left to be worn below or above.
    """
    below, above, over = left_to_wear(without)
    skirts, rare = {"pencil skirt", "flared skirt"}, 1e-9
    odds = np.array([feminine + rare if f in skirts else 1.0 for f in below])
    worn: list[Worn] = []
    if "dress" not in without and rng.random() < 0.45 * feminine:
        worn.append(_dress(rng))
    else:
        worn.append(FAMILIES[below[int(rng.choice(len(below), p=odds / odds.sum()))]](rng))
        odds = np.array([1.6 * feminine + rare if f == "blouse" else 1.0 for f in above])
        worn.append(FAMILIES[above[int(rng.choice(len(above), p=odds / odds.sum()))]](rng))
    if over and rng.random() < 0.35:
        worn.append(FAMILIES[over[int(rng.integers(len(over)))]](rng))
    return tuple(worn)
