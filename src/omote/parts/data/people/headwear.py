"""Hats and headbands: sheets around the head, given a thickness, with visor and button where they have them.

Named families; each is drawn from ranges. A hat is fitted to the head and to the glasses below it, then hair is grown
under its `lid`. Colours are functions of the place on the hat: seams, ribs, stitches, ribbon.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from omote.core.errors import UsageError
from omote.parts.data.cloth import Colour
from omote.parts.data.figure import Figure
from omote.parts.data.people.fabrics import Weave
from omote.parts.data.people.hair import HairStyle
from omote.parts.data.people.hat_forms import COLUMNS, Headwear, Lid, Seat, lid_of
from omote.parts.data.people.hat_sewing import CUFF_GAP, painted, sheet_of, sides, strip_of, underside, visor_of
from omote.parts.data.people.part import Part
from omote.parts.data.people.wardrobe import DYES
from omote.parts.space.closest import Surface

GAP = 0.0012
"""Least distance from the head, metres."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PutOn:
    """A hat on its person."""

    parts: tuple[Part, ...]
    lid: Lid
    """How far points are beyond where hair may be, metres; negative: free."""


def under(style: HairStyle | None) -> float:
    """Return the room between head and hat that hair takes, metres."""
    if style is None or style.top <= 0:
        return 0.0028
    return 0.0085 + 0.004 * min(style.curl, 1) + (0.002 if style.length > 0 else 0.0)


def put_on(figure: Figure, hat: Headwear, style: HairStyle | None = None, below: Sequence[Part] = ()) -> PutOn:
    """Return a hat on a head.

    Args:
        figure: the posed body.
        hat: what is put on.
        style: the hair that has to fit under it; it is grown later, under the lid.
        below: what is worn below it, such as glasses.

    Raises:
        UsageError: the family is not known.
    """
    if hat.family not in HEADWEAR:
        raise UsageError(f"there is no family of headwear {hat.family!r}; there are {', '.join(HEADWEAR)}")
    points = np.concatenate([np.zeros((0, 3), np.float32), *(p.vertices for p in below)])
    room = 0.0045 if hat.width else under(style)
    seat = Seat.of(figure, hat.front, hat.back, room + hat.thickness, points)
    head = Surface(figure.vertices, figure.model.faces)
    sheet = sheet_of(seat, hat)
    for _ in range(4):  # up until brim and rim are clear of ears
        missing = GAP - float(head.closest(seat.world(sides(sheet, hat)[0]), 0.02).distance.min())
        if missing <= 0:
            break
        seat = seat.raised(missing + 0.001)
        sheet = sheet_of(seat, hat)
    parts = [painted(seat, hat, sheet)]
    if hat.visor:
        parts += visor_of(seat, hat, sheet)
    rows = sheet.crown_rows
    inner = sides(sheet, hat)[0]
    columns = inner[1:].reshape(COLUMNS, -1, 3) if not hat.width else inner.reshape(COLUMNS, -1, 3)
    brim = underside(hat) if hat.brim else None
    drop = 2 * hat.thickness + CUFF_GAP if hat.cuff else 0.001
    lid = lid_of(seat, columns[:, : rows - 1], brim, drop)
    return PutOn(parts=tuple(parts), lid=strip_of(lid, seat, hat) if hat.width else lid)


Draw = np.random.Generator


def _colours(rng: Draw) -> tuple[Colour, Colour]:
    one, two = rng.permutation(len(DYES))[:2]
    return DYES[one], DYES[two]


def _beanie(rng: Draw) -> Headwear:
    colour, second = _colours(rng)
    low = rng.uniform(-0.006, 0.012)
    return Headwear(
        family="beanie", colour=colour, second=second, weave="knit", front=float(0.938 + low), back=float(0.872 + low),
        thickness=float(rng.uniform(0.003, 0.0045)), loose=float(rng.uniform(0.004, 0.035)), square=2.0,
        cuff=float(rng.uniform(0.045, 0.065)) if rng.random() < 0.75 else 0.0, ribs=int(rng.integers(44, 76)),
        stripes=float(rng.uniform(0.012, 0.03)) if rng.random() < 0.25 else 0.0, seed=int(rng.integers(1 << 20)),
    )  # fmt: skip


def _cap(rng: Draw) -> Headwear:
    colour, second = _colours(rng)
    if rng.random() < 0.6:
        second = colour
    weave: Weave = "denim" if rng.random() < 0.2 else "cotton"
    return Headwear(
        family="cap", colour=colour, second=second, weave=weave,
        front=float(rng.uniform(0.936, 0.946)), back=float(rng.uniform(0.896, 0.91)),
        loose=float(rng.uniform(0.004, 0.012)), square=2.0, visor=float(rng.uniform(0.064, 0.076)),
        curl=float(rng.uniform(0.006, 0.022)), seed=int(rng.integers(1 << 20)),
    )  # fmt: skip


def _brimmed(rng: Draw) -> Headwear:
    colour, second = _colours(rng)
    return Headwear(
        family="brimmed hat", colour=colour, second=second, weave="wool", front=float(rng.uniform(0.940, 0.950)),
        back=float(rng.uniform(0.905, 0.915)), thickness=0.0026, loose=float(rng.uniform(0.012, 0.022)),
        square=float(rng.uniform(4.5, 6.5)), taper=float(rng.uniform(0.10, 0.18)),
        brim=float(rng.uniform(0.048, 0.078)), curl=float(rng.uniform(0.010, 0.020)),
        slope=float(rng.uniform(-0.05, 0.08)), dent=float(rng.uniform(0.014, 0.022)),
        ribbon=float(rng.uniform(0.024, 0.038)), seed=int(rng.integers(1 << 20)),
    )  # fmt: skip


def _bucket(rng: Draw) -> Headwear:
    colour, second = _colours(rng)
    weave: Weave = ("cotton", "denim", "nylon")[int(rng.integers(3))]  # type: ignore[assignment]
    return Headwear(
        family="bucket hat", colour=colour, second=second, weave=weave, front=float(rng.uniform(0.950, 0.960)),
        back=float(rng.uniform(0.912, 0.92)), loose=float(rng.uniform(-0.004, 0.003)),
        square=float(rng.uniform(4, 6)), taper=float(rng.uniform(0.20, 0.28)), brim=float(rng.uniform(0.042, 0.056)),
        slope=float(rng.uniform(0.5, 0.85)), seed=int(rng.integers(1 << 20)),
    )  # fmt: skip


def _headband(rng: Draw) -> Headwear:
    colour, second = _colours(rng)
    weave: Weave = ("knit", "cotton", "nylon")[int(rng.integers(3))]  # type: ignore[assignment]
    return Headwear(
        family="headband", colour=colour, second=second, weave=weave,
        front=float(rng.uniform(0.948, 0.958)), back=float(rng.uniform(0.878, 0.9)), thickness=0.003,
        square=2.0, width=float(rng.uniform(0.03, 0.06)), ribs=int(rng.integers(60, 90)) if rng.random() < 0.3 else 0,
        seed=int(rng.integers(1 << 20)),
    )  # fmt: skip


HEADWEAR: Mapping[str, Callable[[Draw], Headwear]] = {
    "beanie": _beanie,
    "cap": _cap,
    "brimmed hat": _brimmed,
    "bucket hat": _bucket,
    "headband": _headband,
}
"""Draws a hat, by family."""


def draw_headwear(rng: Draw, *, share: float = 0.25, without: tuple[str, ...] = ()) -> Headwear | None:
    """Return a hat, or None for a bare head.

    Args:
        rng: draws.
        share: of people who wear one.
        without: families that are held out.

    Raises:
        UsageError: a family is not known.
    """
    for name in without:
        if name not in HEADWEAR:
            raise UsageError(f"there is no family of headwear {name!r}; there are {', '.join(HEADWEAR)}")
    names = [n for n in HEADWEAR if n not in without]
    if not names or rng.random() >= share:
        return None
    return HEADWEAR[names[int(rng.integers(len(names)))]](rng)
