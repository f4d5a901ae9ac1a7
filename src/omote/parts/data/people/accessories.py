"""What is put on last: trims of clothes, glasses, a hat, the hair under it, a bag; each kept off what is there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from omote.parts.data.figure import Figure
from omote.parts.data.people.bags import BAGS, Bag, carry, draw_bag
from omote.parts.data.people.details import Trim, draw_trim, trim
from omote.parts.data.people.dressing import Dressed
from omote.parts.data.people.eyewear import EYEWEAR, Eyewear, draw_eyewear, kept_off, wear
from omote.parts.data.people.hair import HairStyle, grow
from omote.parts.data.people.headwear import HEADWEAR, Headwear, draw_headwear, put_on
from omote.parts.data.people.part import Part
from omote.parts.data.people.tailor import Dummy
from omote.parts.data.people.wardrobe import Worn
from omote.parts.space.closest import Surface

FAMILIES = (*HEADWEAR, *EYEWEAR, *BAGS)
"""What can be held out."""


def clothes_among(without: tuple[str, ...]) -> tuple[str, ...]:
    """Return the families held out that are no accessories."""
    return tuple(name for name in without if name not in FAMILIES)


@dataclass(frozen=True, kw_only=True)
class Accessories:
    """Of one person."""

    trims: tuple[Trim, ...]
    """Of each garment."""
    eyewear: Eyewear | None = None
    headwear: Headwear | None = None
    bag: Bag | None = None

    @property
    def families(self) -> dict[str, str]:
        """The family of each, or `none`."""
        return {
            "eyewear": self.eyewear.family if self.eyewear else "none",
            "headwear": self.headwear.family if self.headwear else "none",
            "bag": self.bag.family if self.bag else "none",
        }


def draw_accessories(
    rngs: Sequence[np.random.Generator], outfit: Sequence[Worn], without: tuple[str, ...]
) -> Accessories:
    """Draw what somebody has besides clothes.

    Args:
        rngs: streams of chance for trims, glasses, hat and bag.
        outfit: from the inside out.
        without: families that are held out; those of clothes are passed over.
    """

    def held(families: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for name in without if name in families)

    return Accessories(
        trims=tuple(draw_trim(rngs[0], worn) for worn in outfit),
        eyewear=draw_eyewear(rngs[1], without=held(tuple(EYEWEAR))),
        headwear=draw_headwear(rngs[2], without=held(tuple(HEADWEAR))),
        bag=draw_bag(rngs[3], without=held(tuple(BAGS))),
    )


def fit_out(
    dummy: Dummy,
    figure: Figure,
    dressed: Sequence[Dressed],
    style: HairStyle,
    chosen: Accessories,
    face: Sequence[Part],
) -> list[Part]:
    """Return trims, glasses, hat, hair and bag.

    Args:
        dummy: the body that clothes were made on.
        figure: the posed body.
        dressed: the clothes.
        style: the hair.
        chosen: what is put on.
        face: lashes and brows, which glasses keep off.
    """
    parts = [p for k, wanted in enumerate(chosen.trims) for p in trim(dummy, dressed, k, wanted)]
    obstacles = [Surface(d.shell.vertices, d.shell.faces) for d in dressed]
    spectacles = wear(figure, chosen.eyewear, face) if chosen.eyewear else ()
    lids = [kept_off(spectacles[0])] if spectacles else []
    hat = chosen.headwear
    if hat is not None:
        on = put_on(figure, hat, style, spectacles[:1])
        lids.append(on.lid)
        parts += on.parts
        if not hat.width:
            style = replace(style, tail="none")
    hair = grow(figure, style, obstacles, lids)
    parts += [*spectacles, *([hair] if hair is not None else [])]
    if chosen.bag is not None:
        parts += carry(figure, dressed, chosen.bag, [hair] if hair is not None else [])
    return parts
