"""Who the synthetic people are: adults of all ages, builds and faces, drawn from a seed.

Source: statures follow NCD-RisC (eLife 2016): normal within a sex, 1.62 m and 1.75 m in the mean, less with age;
skin is told by what colours it (Krishnaswamy and Baranoski 2004): melanin and blood. Everything else is spread evenly,
because a network should see all of mankind rather than its mean. The height axis of the body is solved so that each
adult has the stature that was drawn, whatever their features are.

Notation: phenotypes as `omote.parts.body.anny.PHENOTYPES`; gaze as `expressions`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import torch
from jaxtyping import Float32
from numpy import ndarray

from omote.core.errors import UsageError
from omote.parts.body.anny import PARTS, BodyModel, Rest
from omote.parts.data.people.expressions import SHARES, Gaze, draw_expression, draw_gaze, lids
from omote.parts.data.people.features import draw_features

YEARS = (20.0, 85.0)
STATURE = (1.45, 2.05)
"""Metres; the shortest and the tallest."""
MEAN_STATURE = {"man": 1.755, "woman": 1.625}
SPREAD_STATURE = 0.072
MATURE = 25.0, 90.0
"""Years at 0 and at 1 of the body's age axis; who is younger has the body of 25 years."""


@dataclass(frozen=True, kw_only=True)
class SkinTone:
    """What colours the skin."""

    melanin: float
    """Volume fraction of melanosomes in the epidermis, 0.013 (fair) to 0.43 (dark)."""
    haemoglobin: float
    """Volume fraction of blood in the dermis, 0.01 to 0.07."""
    carotene: float
    """Yellowness, 0 to 1."""
    redness: float
    """Share of red pheomelanin in the melanin, 0 to 1."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Adult:
    """One person's body, face and mood; no clothes, no hair, no pose."""

    seed: int
    """Of this person's own details, for whoever paints them."""
    years: float
    """Age, 20 to 85."""
    womanhood: float
    """0 man, 1 woman, and between."""
    phenotype: Float32[ndarray, " 6"]
    """As `BodyModel` takes it."""
    local: Mapping[str, float]
    """As `BodyModel` takes it; read only."""
    expression: str
    """The family of the face's actions."""
    face: Float32[ndarray, " 52"]
    """As `BodyModel` takes it; the eyeLook actions make the lids follow the gaze (see `rest_of`)."""
    gaze: Gaze
    """Where each eye looks in the head's frame."""
    skin: SkinTone
    height: float
    """Stature at rest, metres."""
    words: tuple[str, ...] = field(default=())
    """Sex, age and build, in words."""


def draw_adult(
    rng: np.random.Generator, model: BodyModel, *, expression: str | None = None, womanhood: float | None = None
) -> Adult:
    """Return somebody.

    Args:
        rng: the source of chance; one state, one person.
        model: the body.
        expression: one of `EXPRESSIONS`; None: any.
        womanhood: 0 man to 1 woman; None: any.

    Raises:
        UsageError: the expression is not known, or `womanhood` is not in [0, 1].
    """
    if womanhood is not None and not 0 <= womanhood <= 1:
        raise UsageError(f"womanhood goes from 0 (man) to 1 (woman), not {womanhood}")
    seed, years = int(rng.integers(2**31)), float(rng.uniform(*YEARS))
    sex = _draw_sex(rng) if womanhood is None else womanhood
    age = float(np.clip((years - MATURE[0]) / (MATURE[1] - MATURE[0]), 0, 1))
    weight, muscle = _draw_build(rng, age)
    build = (sex, age, muscle, weight, float(rng.uniform(0.0, 0.75)))
    local = draw_features(rng, model.local_changes, sex, weight, years)
    height = _draw_stature(rng, sex, years)
    family = expression or str(rng.choice(list(SHARES), p=list(SHARES.values())))
    gaze = draw_gaze(rng)
    strengths = draw_expression(rng, family, model.face_actions) | lids(gaze)
    face = np.array([strengths.get(name, 0.0) for name in model.face_actions], np.float32)
    skin = _draw_skin(rng)
    return Adult(
        seed=seed,
        years=years,
        womanhood=sex,
        phenotype=_phenotype_of_height(model, build, local, height),
        local=MappingProxyType(local),
        expression=family,
        face=face,
        gaze=gaze,
        skin=skin,
        height=height,
        words=_words(sex, years, weight, muscle, height),
    )


def rest_of(model: BodyModel, adult: Adult, *, expressive: bool = True) -> Rest:
    """Return an adult's body at rest, batch of one.

    The eyeLook actions move the lids alone: the eyeballs are turned by their bones (`poses.gaze_turns`), and the
    model's own eyeballs would otherwise turn twice.

    Args:
        model: the body.
        adult: whose.
        expressive: with the face's expression; else with a face at rest.
    """
    local = {name: torch.tensor([value], dtype=torch.float32) for name, value in adult.local.items()}
    phenotype, face = torch.from_numpy(adult.phenotype)[None], torch.from_numpy(adult.face)[None]
    with torch.no_grad():
        rest = model.rest(phenotype, face if expressive else None, local)
        if expressive:
            look = torch.tensor(["Look" in name for name in model.face_actions])
            moved = (face[:, look] @ model.face_basis[look]).unflatten(-1, (-1, 3))
            eyes = torch.from_numpy(np.isin(model.part, [PARTS.index("left_eye"), PARTS.index("right_eye")]))
            rest.vertices[:, eyes] -= moved[:, eyes]
    return rest


def stature(rest: Rest) -> float:
    """Return the height of a body at rest, metres."""
    tall = rest.vertices[0, :, 1]
    return float(tall.max() - tall.min())


def _draw_sex(rng: np.random.Generator) -> float:
    """Return mostly clear men and women, one in eight between."""
    if rng.uniform() < 0.12:
        return float(rng.uniform(0.15, 0.85))
    clear = 0.15 * rng.beta(1, 2)
    return float(clear if rng.uniform() < 0.5 else 1 - clear)


def _draw_build(rng: np.random.Generator, age: float) -> tuple[float, float]:
    """Return weight and muscle; less muscle with age.

    The thinnest and slackest old bodies of the model are skeletons with a step at the hips, so they are left out. Its
    shapes of medium muscle hardly grow with weight (a body mass index of 25 at most), so that the fat
    are drawn either slack or strong.
    """
    thinnest, slackest = 0.08 + 0.25 * age, 0.08 + 0.15 * age
    weight = float(thinnest + (1 - thinnest) * rng.beta(1.2, 1.35))
    muscle = float(slackest + (1 - slackest - 0.25 * age) * rng.beta(1.6, 1.6))
    apart = max(abs(muscle - 0.5), 0.8 * (weight - 0.5))
    return weight, float(0.5 + np.copysign(apart, muscle - 0.5))


def _draw_stature(rng: np.random.Generator, sex: float, years: float) -> float:
    """Return metres: a mean between the sexes', a centimetre less for each decade after 50."""
    mean = MEAN_STATURE["man"] + sex * (MEAN_STATURE["woman"] - MEAN_STATURE["man"])
    mean -= 0.001 * max(years - 50, 0)
    while True:
        height = rng.normal(mean, SPREAD_STATURE)
        if STATURE[0] <= height <= STATURE[1]:
            return float(height)


def _draw_skin(rng: np.random.Generator) -> SkinTone:
    """Return tones that are even to the eye: lightness goes with the logarithm of melanin."""
    melanin = float(np.exp(rng.uniform(np.log(0.013), np.log(0.43))))
    fair = float(np.clip(1 - melanin / 0.12, 0, 1))
    return SkinTone(
        melanin=melanin,
        haemoglobin=float(np.clip(rng.normal(0.035, 0.012), 0.01, 0.07)),
        carotene=float(rng.beta(1.5, 2)),
        redness=fair * float(rng.beta(1, 4)),
    )


def _phenotype_of_height(
    model: BodyModel, build: tuple[float, ...], local: Mapping[str, float], height: float
) -> Float32[ndarray, " 6"]:
    """Return the six phenotypes; stature is linear in the height axis, so two bodies tell the third."""
    sex, age, muscle, weight, proportions = build
    axis = torch.tensor([0.25, 0.75])
    phenotype = torch.stack([torch.tensor([sex, age, muscle, weight, float(h), proportions]) for h in axis])
    changes = {name: torch.full((2,), value, dtype=torch.float32) for name, value in local.items()}
    with torch.no_grad():
        tall = model.rest(phenotype, None, changes).vertices[..., 1]
    low, high = (tall.max(1).values - tall.min(1).values).tolist()
    at = 0.25 + 0.5 * (height - low) / (high - low)
    return np.array([sex, age, muscle, weight, np.clip(at, 0, 1), proportions], np.float32)


def _words(sex: float, years: float, weight: float, muscle: float, height: float) -> tuple[str, ...]:
    """Return sex, age and build in words."""
    who = "woman" if sex > 0.7 else "man" if sex < 0.3 else "person"
    age = "young" if years < 35 else "middle-aged" if years < 60 else "old"
    size = "thin" if weight < 0.3 else "fat" if weight > 0.7 else "of medium weight"
    strong = "slack" if muscle < 0.3 else "strong" if muscle > 0.65 else "of medium strength"
    usual = MEAN_STATURE["man"] + sex * (MEAN_STATURE["woman"] - MEAN_STATURE["man"])
    tall = "short" if height < usual - 0.07 else "tall" if height > usual + 0.07 else "of medium height"
    return who, age, size, strong, tall
