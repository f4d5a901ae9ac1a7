"""Who the synthetic people are: build, face, skin, hair and clothes, drawn from a seed.

Choices are made so that neighbours differ: sex, skin, hair and clothes walk through their lists in step with the seed,
and everything else is drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from omote.parts.data.cloth import Cloth, Colour, Denim, Leather
from omote.parts.data.complexion import Complexion, Eyes
from omote.parts.data.hair import Hair
from omote.parts.data.wardrobe import Bottom, Shoes, Top


@dataclass(frozen=True, kw_only=True)
class Look:
    """One person."""

    phenotype: tuple[float, ...]
    local: Mapping[str, float]
    """Local changes of the body."""
    face: Mapping[str, float]
    """Face actions."""
    skin: Complexion
    eyes: Eyes
    hair: Hair
    tops: tuple[Top, ...]
    """From the inside out."""
    bottom: Bottom
    shoes: Shoes
    backdrop: Colour
    """Linear."""


SKINS: tuple[tuple[Colour, Colour], ...] = (
    ((0.87, 0.69, 0.58), (0.76, 0.48, 0.44)),
    ((0.55, 0.37, 0.27), (0.50, 0.27, 0.25)),
    ((0.90, 0.74, 0.64), (0.80, 0.52, 0.49)),
    ((0.78, 0.58, 0.45), (0.66, 0.37, 0.34)),
    ((0.38, 0.25, 0.19), (0.40, 0.22, 0.21)),
    ((0.84, 0.66, 0.53), (0.72, 0.41, 0.38)),
)
"""Tone and lips."""
HAIRS: tuple[Colour, ...] = (
    (0.22, 0.15, 0.10),
    (0.07, 0.055, 0.05),
    (0.55, 0.40, 0.24),
    (0.27, 0.18, 0.12),
    (0.06, 0.05, 0.045),
    (0.36, 0.20, 0.11),
)
EYES: tuple[Colour, ...] = (
    (0.38, 0.50, 0.58),
    (0.26, 0.15, 0.08),
    (0.40, 0.45, 0.33),
    (0.30, 0.18, 0.10),
    (0.20, 0.12, 0.07),
    (0.42, 0.29, 0.15),
)
BACKDROPS: tuple[Colour, ...] = ((0.52, 0.53, 0.54), (0.50, 0.47, 0.42), (0.40, 0.46, 0.52), (0.55, 0.52, 0.50))


def look_of(seed: int) -> Look:
    """Return the person of a seed."""
    rng = np.random.default_rng((seed, 0))
    man = seed % 2 == 1
    kind = seed % len(SKINS)
    tone, lips = SKINS[kind]
    dark = HAIRS[kind]
    if man:
        lips = _mix(lips, 0.45, tone, 0.50)
    small = int(rng.integers(1 << 20))
    tops, bottom = _clothes(seed // 2, man, rng)
    return Look(
        phenotype=(
            float(rng.uniform(0.02, 0.12) if man else rng.uniform(0.9, 0.98)),
            float(rng.uniform(0.0, 0.2)),
            float(rng.uniform(0.45, 0.75)),
            float(rng.uniform(0.32, 0.6)),
            float(rng.uniform(0.45, 0.65)),
            float(rng.uniform(0.1, 0.4)),
        ),
        local=_features(rng),
        face={
            "mouthSmileLeft": 0.42,
            "mouthSmileRight": 0.45,
            "eyeBlinkLeft": 0.12,
            "eyeBlinkRight": 0.12,
            "browInnerUp": 0.1,
        },
        skin=Complexion(
            tone=tone,
            lips=lips,
            lip_gloss=0.01 if man else 0.04,
            brows=_mix(dark, 0.55, (1.0, 1.0, 1.0), 0.02),
            roots=dark,
            brow_weight=1.0 if man else 0.75,
            lashes=0.6 if man else 0.9,
            stubble=float(rng.uniform(0.15, 0.5)) if man else 0.0,
            blush=float(rng.uniform(0.6, 1.1)),
            freckles=float(rng.uniform(0.2, 0.6)) if kind == 2 else 0.0,
            seed=small,
        ),
        eyes=Eyes(colour=EYES[kind], seed=small),
        hair=_hair(seed // 2, man, dark, small),
        tops=tops,
        bottom=bottom,
        shoes=Shoes(
            leather=Leather(colour=((0.93, 0.92, 0.90), (0.12, 0.12, 0.13), (0.35, 0.22, 0.14))[seed % 3], seed=small)
        ),
        backdrop=BACKDROPS[seed % len(BACKDROPS)],
    )


def _features(rng: np.random.Generator) -> dict[str, float]:
    """Return changes of the face that make it somebody's."""
    both = ("cheek-bones-incr", "eye-scale-incr", "eye-corner1-up", "cheek-volume-incr")
    single = (
        *("nose-hump-incr", "nose-scale-horiz-incr", "nose-point-up", "nose-volume-incr", "nose-scale-vert-incr"),
        *("chin-width-incr", "chin-prominent-incr", "chin-height-incr", "mouth-scale-horiz-incr"),
        *("mouth-lowerlip-volume-incr", "mouth-upperlip-volume-incr", "forehead-scale-vert-incr", "head-fat-incr"),
    )
    changes = {name: float(np.clip(rng.normal(0, 0.35), -0.7, 0.7)) for name in single}
    for name in both:
        changes[f"l-{name}"] = changes[f"r-{name}"] = float(np.clip(rng.normal(0, 0.3), -0.6, 0.6))
    return changes


def _hair(number: int, man: bool, colour: Colour, seed: int) -> Hair:
    styles = (
        (
            Hair(colour=colour, top=0.030, sides=0.008, seed=seed),
            Hair(colour=colour, top=0.010, sides=0.006, curl=0.7, seed=seed),
            Hair(colour=colour, top=0.024, sides=0.012, fringe=0.022, parting=-0.5, seed=seed),
        )
        if man
        else (
            Hair(colour=colour, top=0.022, sides=0.010, length=0.20, fringe=0.0, seed=seed),
            Hair(colour=colour, top=0.018, sides=0.012, length=0.075, fringe=0.028, seed=seed),
            Hair(colour=colour, top=0.045, sides=0.040, curl=1.0, seed=seed),
        )
    )
    return styles[number % len(styles)]


def _clothes(number: int, man: bool, rng: np.random.Generator) -> tuple[tuple[Top, ...], Bottom]:
    """Return tops and bottom."""
    seed = int(rng.integers(1 << 20))
    blue, black, sand, grey = (0.24, 0.31, 0.43), (0.12, 0.12, 0.14), (0.62, 0.54, 0.42), (0.36, 0.37, 0.39)
    white = (0.90, 0.89, 0.87)
    men = (
        (
            (Top(cloth=Cloth(colour=(0.16, 0.24, 0.36), pattern="print", seed=seed, ribbed=0.016)),),
            Bottom(cloth=Denim(colour=sand, fade=0.15, seams=(0.5, 0.43, 0.33), seed=seed)),
        ),
        (
            (
                Top(cloth=Cloth(colour=white, seed=seed, ribbed=0.014), hem=0.14),
                Top(
                    cloth=Cloth(colour=(0.30, 0.33, 0.25), seed=seed + 9, folds=1.2),
                    sleeve=1.93,
                    lift=0.021,
                    neck=0.106,
                    opening=0.06,
                    hem=0.11,
                ),
            ),
            Bottom(cloth=Denim(colour=blue, seed=seed)),
        ),
        (
            (
                Top(
                    cloth=Cloth(colour=(0.52, 0.16, 0.15), second=(0.12, 0.13, 0.17), pattern="checks", seed=seed),
                    sleeve=1.9,
                    hem=0.09,
                ),
            ),
            Bottom(cloth=Denim(colour=black, fade=0.3, seams=grey, seed=seed)),
        ),
    )
    women = (
        (
            (
                Top(
                    cloth=Cloth(colour=white, second=(0.15, 0.20, 0.34), pattern="stripes", seed=seed),
                    sleeve=0.75,
                    neck=0.108,
                    hem=0.16,
                ),
            ),
            Bottom(cloth=Denim(colour=blue, seed=seed), hang=0.02),
        ),
        (
            (
                Top(
                    cloth=Cloth(colour=(0.68, 0.36, 0.28), ribbed=0.035, folds=1.2, seed=seed),
                    sleeve=1.92,
                    lift=0.018,
                    hem=0.15,
                ),
            ),
            Bottom(cloth=Denim(colour=black, fade=0.25, seams=black, seed=seed), hang=0.015),
        ),
        (
            (Top(cloth=Cloth(colour=(0.20, 0.42, 0.40), seed=seed), sleeve=0.5, vee=0.06, hem=0.17),),
            Bottom(cloth=Denim(colour=grey, fade=0.3, seams=grey, seed=seed), end=0.8),
        ),
    )
    return (men if man else women)[number % 3]


def _mix(a: Colour, of_a: float, b: Colour, of_b: float) -> Colour:
    """Return a sum of two colours."""
    red, green, blue = (of_a * p + of_b * q for p, q in zip(a, b, strict=True))
    return red, green, blue
