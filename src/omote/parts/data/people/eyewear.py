"""Glasses and sunglasses: named families, drawn from ranges, and put on somebody's nose.

The pieces are made in `spectacles`. Clear lenses are parts of which only the mirror reflection is seen; dark ones are
opaque. Hair is kept off the frame by `kept_off`.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Float, Float32
from numpy import ndarray

from omote.core.errors import UsageError
from omote.parts.data.cloth import Colour, linear
from omote.parts.data.figure import Figure
from omote.parts.data.people.part import Part
from omote.parts.data.people.solids import joined, part_of
from omote.parts.data.people.spectacles import Eyewear, Shape, fitted, front_of, lens_of, pad_of, temple_of
from omote.parts.space.closest import Surface

METALS: tuple[Colour, ...] = ((0.80, 0.66, 0.38), (0.72, 0.72, 0.74), (0.20, 0.20, 0.22), (0.74, 0.52, 0.42))
TINTS: tuple[Colour, ...] = ((0.05, 0.05, 0.06), (0.14, 0.09, 0.06), (0.08, 0.12, 0.10))
ACETATES: tuple[Colour, ...] = (
    (0.04, 0.04, 0.045), (0.30, 0.17, 0.08), (0.12, 0.15, 0.26), (0.42, 0.07, 0.10), (0.62, 0.52, 0.42),
    (0.16, 0.24, 0.19),
)  # fmt: skip


def wear(figure: Figure, glasses: Eyewear, near: Sequence[Part] = ()) -> tuple[Part, ...]:
    """Return the parts of a pair of glasses on a nose.

    Args:
        figure: the posed body.
        glasses: the pair.
        near: what else the front is kept clear of: lashes and brows.

    Raises:
        UsageError: the family is not known.
    """
    if glasses.family not in EYEWEAR:
        raise UsageError(f"there is no family of eyewear {glasses.family!r}; there are {', '.join(EYEWEAR)}")
    skin = Surface(figure.vertices, figure.model.faces)
    fit = fitted(figure, glasses, near)
    front = front_of(glasses, fit)
    lenses = [lens_of(glasses, fit, side) for side in (1.0, -1.0)]
    sides = [temple_of(figure, glasses, fit, skin, side) for side in (1.0, -1.0)]
    pieces = [front, *sides]
    if glasses.metal or glasses.shape == "aviator":
        pieces += [p for side in (1.0, -1.0) for p in pad_of(glasses, fit, skin, side)]
    whole = joined(pieces)
    known = fit.local(whole.vertices)
    known[:, 0] = np.abs(known[:, 0]) + 0.3 * (known[:, 0] > 0)
    finish = (0.1, 0.30) if glasses.metal else (0.05, 0.22)
    frame = part_of(whole, "glasses", "glasses", linear(glasses.colour), finish=finish)
    if glasses.tortoise:
        colours = glasses.paint(known)
        frame = part_of(whole, "glasses", "glasses", np.ones(3, np.float32), finish=finish, colours=colours)
    dark = linear(glasses.tint) if glasses.tint is not None else np.ones(3, np.float32)
    return (
        frame,
        *(
            part_of(lens, f"{name} lens", "lens", dark, finish=(0.06, 0.10), clear=glasses.tint is None)
            for lens, name in zip(lenses, ("left", "right"), strict=True)
        ),
    )


def kept_off(frame: Part, gap: float = 0.0055) -> Callable[[Float[ndarray, "n 3"]], Float32[ndarray, " n"]]:
    """Return how far points lie within a gap around a pair of glasses, where hair may not be; negative: free."""
    surface = Surface(frame.vertices, frame.faces)

    def lid(points: Float[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
        found = surface.closest(points.astype(np.float32), 2 * gap)
        return np.where(found.face >= 0, gap - found.distance, -gap).astype(np.float32)

    return lid


Draw = np.random.Generator


def _pair(
    rng: Draw, family: str, shapes: tuple[Shape, ...], wide: tuple[float, float],
    tall: tuple[float, float] | None = None, metal: float = 0.0, dark: bool = False,
) -> Eyewear:  # fmt: skip
    """Draw a pair; `wide` and `tall` bound half a lens, `metal` is how likely it is of wire."""
    wire = bool(rng.random() < metal)
    colours = METALS if wire else ACETATES
    half = float(rng.uniform(*wide))
    return Eyewear(
        family=family, shape=shapes[int(rng.integers(len(shapes)))], colour=colours[int(rng.integers(len(colours)))],
        half=(half, half if tall is None else float(rng.uniform(*tall))),
        rim=float(rng.uniform(0.0014, 0.0018)) if wire else float(rng.uniform(0.0028, 0.0048)),
        depth=float(rng.uniform(0.0016, 0.002)) if wire else float(rng.uniform(0.003, 0.0042)),
        metal=wire, tortoise=0.0 if wire or rng.random() < 0.6 else float(rng.uniform(0.6, 1.0)),
        tint=TINTS[int(rng.integers(len(TINTS)))] if dark else None, temple=float(rng.uniform(0.0035, 0.006)),
        seed=int(rng.integers(1 << 20)),
    )  # fmt: skip


def _family(name: str, *shapes: Shape, **ranges: object) -> Callable[[Draw], Eyewear]:
    return lambda rng: _pair(rng, name, shapes, **ranges)  # type: ignore[arg-type]


EYEWEAR: Mapping[str, Callable[[Draw], Eyewear]] = {
    "round glasses": _family("round glasses", "round", wide=(0.0205, 0.0235), metal=0.6),
    "rectangular glasses": _family(
        "rectangular glasses", "rectangular", wide=(0.0245, 0.027), tall=(0.0145, 0.018), metal=0.35
    ),
    "panto glasses": _family("panto glasses", "panto", wide=(0.0225, 0.025), tall=(0.0195, 0.022), metal=0.3),
    "browline glasses": _family("browline glasses", "browline", wide=(0.0235, 0.0255), tall=(0.0185, 0.021)),
    "cat-eye glasses": _family("cat-eye glasses", "cat-eye", wide=(0.0245, 0.027), tall=(0.0175, 0.020)),
    "aviator glasses": _family("aviator glasses", "aviator", wide=(0.0265, 0.029), tall=(0.023, 0.0255), metal=1.0),
    "aviator sunglasses": _family(
        "aviator sunglasses", "aviator", wide=(0.0270, 0.0295), tall=(0.0235, 0.026), metal=1.0, dark=True
    ),
    "sunglasses": _family(
        "sunglasses", "panto", "rectangular", "cat-eye", "round", wide=(0.0245, 0.0265), tall=(0.0195, 0.022),
        metal=0.1, dark=True,
    ),
}  # fmt: skip
"""Draws a pair of glasses, by family."""


def draw_eyewear(rng: Draw, *, share: float = 0.3, without: tuple[str, ...] = ()) -> Eyewear | None:
    """Return glasses, or None.

    Args:
        rng: draws.
        share: of people who wear some.
        without: families that are held out.

    Raises:
        UsageError: a family is not known.
    """
    for name in without:
        if name not in EYEWEAR:
            raise UsageError(f"there is no family of eyewear {name!r}; there are {', '.join(EYEWEAR)}")
    names = [n for n in EYEWEAR if n not in without]
    if not names or rng.random() >= share:
        return None
    return EYEWEAR[names[int(rng.integers(len(names)))]](rng)
