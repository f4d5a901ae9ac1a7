"""What goes with whom: skin, eyes, teeth, and the hair of head and face, drawn for an adult."""

import numpy as np

from omote.parts.data.cloth import Colour
from omote.parts.data.people.adults import Adult
from omote.parts.data.people.eyes import Eyes
from omote.parts.data.people.face_hair import BeardFamily, FaceHair
from omote.parts.data.people.iris import IRIS_COLOURS, Iris
from omote.parts.data.people.skin import MakeUp, Skin
from omote.parts.data.people.teeth import Teeth

HAIRS: tuple[tuple[Colour, float], ...] = (
    ((0.055, 0.045, 0.040), 3.0),
    ((0.10, 0.070, 0.050), 3.0),
    ((0.20, 0.13, 0.085), 2.0),
    ((0.33, 0.22, 0.13), 1.5),
    ((0.60, 0.45, 0.27), 1.2),
    ((0.75, 0.62, 0.42), 0.7),
    ((0.42, 0.18, 0.085), 0.5),
)
"""Colours of hair (sRGB), from the darkest to the fairest and red, and how common each is among the fair."""
LIPSTICKS: tuple[Colour, ...] = ((0.62, 0.12, 0.16), (0.70, 0.32, 0.34), (0.50, 0.12, 0.22), (0.72, 0.42, 0.36))


def hair_colour(rng: np.random.Generator, adult: Adult) -> tuple[Colour, float]:
    """Return the colour of somebody's hair, sRGB, and the share of it that is grey."""
    fair = float(np.clip(1 - adult.skin.melanin / 0.16, 0, 1))
    odds = np.array([weight * (1.0 if k < 2 else fair**1.5) for k, (_, weight) in enumerate(HAIRS)])
    colour = HAIRS[int(rng.choice(len(HAIRS), p=odds / odds.sum()))][0]
    dyed = adult.womanhood > 0.5 and rng.random() < 0.5
    grey = 0.0 if dyed else float(np.clip((adult.years - rng.normal(38, 8)) / 42, 0, 1))
    return colour, grey


def draw_skin(rng: np.random.Generator, adult: Adult, hair: Colour, face_hair: FaceHair) -> Skin:
    """Return somebody's skin, made up or not."""
    made_up = adult.womanhood > 0.5 and rng.random() < 0.55
    tone = adult.skin
    paint = MakeUp()
    if made_up:
        paint = MakeUp(
            lipstick=LIPSTICKS[int(rng.integers(len(LIPSTICKS)))],
            lips=float(rng.uniform(0.3, 0.9)), lids=float(rng.uniform(0, 0.7)), liner=float(rng.uniform(0, 0.8)),
            blush=float(rng.uniform(0, 0.5)), foundation=float(rng.uniform(0.1, 0.7)),
        )  # fmt: skip
    fair = tone.melanin < 0.05
    return Skin(
        melanin=tone.melanin,
        haemoglobin=tone.haemoglobin,
        carotene=tone.carotene,
        redness=tone.redness,
        years=adult.years,
        flush=float(rng.uniform(0.5, 1.3)),
        freckles=float(rng.uniform(0.2, 0.9)) if fair and rng.random() < 0.35 else 0.0,
        moles=int(rng.poisson(6)),
        stubble=0.0 if adult.womanhood > 0.5 else float(rng.uniform(0.05, 0.6)),
        brow_shape=face_hair.brow_shape,
        hair=hair,
        make_up=paint,
        seed=adult.seed % (1 << 20),
    )


def draw_eyes(rng: np.random.Generator, adult: Adult) -> Eyes:
    """Return somebody's eyes: light ones go with light skin; both pupils are nearly as wide."""
    names = list(IRIS_COLOURS)
    dark = adult.skin.melanin > 0.07
    odds = np.array([1.0 if "brown" in n or n in ("black", "hazel") else (0.02 if dark else 1.2) for n in names])
    pupil = float(rng.uniform(0.25, 0.6))
    return Eyes(
        iris=Iris(
            colour=names[int(rng.choice(len(names), p=odds / odds.sum()))], ring=float(rng.uniform(0.4, 0.9)),
            years=adult.years, veins=float(rng.uniform(0.1, 0.6)), seed=adult.seed % (1 << 20),
        ),
        pupil=(pupil, float(np.clip(pupil + rng.normal(0, 0.008), 0.15, 0.75))),
        seed=adult.seed % (1 << 20),
    )  # fmt: skip


def draw_teeth(rng: np.random.Generator, adult: Adult) -> Teeth:
    """Return somebody's teeth."""
    return Teeth(
        years=adult.years,
        stain=float(rng.beta(1.5, 4)),
        crooked=float(rng.beta(1.5, 3)),
        gap=float(rng.choice([0.0, 0.0, 0.0, 0.6])),
        seed=adult.seed % (1 << 20),
    )


def draw_face_hair(rng: np.random.Generator, adult: Adult, hair: Colour, grey: float = 0.0) -> FaceHair:
    """Return somebody's brows, lashes and beard."""
    family: BeardFamily = "none"
    if adult.womanhood < 0.4 and rng.random() < 0.55:
        families: tuple[BeardFamily, ...] = ("stubble", "moustache", "goatee", "circle", "short", "full", "long")
        odds = np.array([3, 1, 1, 1.2, 2.2, 1.5, 0.4])
        family = families[int(rng.choice(len(families), p=odds / odds.sum()))]
    dark: Colour = (hair[0] * 0.75, hair[1] * 0.75, hair[2] * 0.75)
    return FaceHair(
        colour=dark,
        grey=grey,
        brows=float(rng.uniform(0.7, 1.2)),
        brow_shape=(float(rng.uniform(0.7, 1.3)), float(rng.normal(0, 0.001)), float(rng.uniform(0.6, 1.4))),
        lashes=float(rng.uniform(0.9, 1.3) if adult.womanhood > 0.5 else rng.uniform(0.6, 0.9)),
        family=family,
        seed=adult.seed % (1 << 20),
    )
