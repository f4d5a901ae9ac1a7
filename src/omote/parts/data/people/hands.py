"""What hands do: angles of the fingers, in named kinds, each drawn with natural variation.

Source: ranges of motion of the fingers as in `joints`; at rest fingers bend more towards the little one, and a finger's
end joint follows its middle one at about half the angle (Landsmeer's ligament), which here is the rule for all kinds.
Angles are absolute: what the model's fingers bend at rest is measured on the body and taken off.

Notation: degrees; MCP, PIP, DIP the knuckle, middle and end joint; d a phalanx's direction, p out of the palm.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from omote.core.errors import UsageError
from omote.parts.body.motion import unit
from omote.parts.data.people.joints import Matrix, palm, turning

HAND_LIMITS: Mapping[str, tuple[float, float]] = {"mcp": (-20, 90), "pip": (0, 100), "dip": (0, 80), "thumb": (-10, 60)}
FINGERS = (2, 3, 4, 5)


@dataclass(frozen=True, kw_only=True)
class Hand:
    """Angles of one hand's fingers, index finger first, degrees."""

    kind: str
    mcp: tuple[float, float, float, float]
    pip: tuple[float, float, float, float]
    spread: float = 0.0
    """Between neighbours, against rest."""
    thumb: tuple[float, float] = (5.0, 10.0)
    """Flexion of its middle and end joint, against rest."""
    oppose: float = 0.0
    """Turn of the thumb's saddle joint in front of the palm, against rest; negative: away from it."""

    @property
    def dip(self) -> tuple[float, ...]:
        """Flexion of the end joints."""
        return tuple(0.55 * angle for angle in self.pip)


def finger_turns(hand: Hand, heads: Float[ndarray, "j 3"], index: Mapping[str, int], side: str) -> dict[str, Matrix]:
    """Return the rotation of each finger bone against its parent, in the axes at rest.

    Args:
        hand: the angles.
        heads: the body's joints at rest.
        index: slot of each bone.
        side: `L` or `R`.
    """
    along, out, _ = palm(heads, index, side).T
    turns = {}
    for slot, finger in enumerate(FINGERS):
        first, middle, last = (heads[index[f"finger{finger}-{k}.{side}"]] for k in (1, 2, 3))
        d = unit(middle - first)
        hinge = unit(np.cross(d, out))
        rest_mcp = np.degrees(np.arctan2(d @ out, d @ along))
        rest_pip = _bend(d, unit(last - middle), hinge)
        spread = (2.5 - slot - 1) * hand.spread * (1 if side == "L" else -1)
        wanted = (hand.mcp[slot] - rest_mcp, hand.pip[slot] - rest_pip, hand.dip[slot] - 0.55 * rest_pip)
        for k, angle in enumerate(wanted):
            turns[f"finger{finger}-{k + 1}.{side}"] = turning(hinge * np.radians(angle))
        sideways = turning(out * np.radians(spread))
        turns[f"finger{finger}-1.{side}"] = sideways @ turns[f"finger{finger}-1.{side}"]
    return turns | _thumb(hand, heads, index, side, out)


def _bend(a: Float[ndarray, " 3"], b: Float[ndarray, " 3"], hinge: Float[ndarray, " 3"]) -> float:
    return float(np.degrees(np.arctan2(np.cross(a, b) @ hinge, a @ b - (a @ hinge) * (b @ hinge))))


def _thumb(
    hand: Hand, heads: Float[ndarray, "j 3"], index: Mapping[str, int], side: str, out: Float[ndarray, " 3"]
) -> dict[str, Matrix]:
    """Bend the thumb towards a point in front of the middle knuckles."""
    joints = [heads[index[f"finger1-{k}.{side}"]] for k in (1, 2, 3)]
    goal = heads[index[f"finger4-1.{side}"]] + 0.015 * out
    d = unit(joints[2] - joints[1])
    hinge = unit(np.cross(d, goal - joints[1]))
    angles = (hand.oppose, *hand.thumb)
    return {f"finger1-{k + 1}.{side}": turning(hinge * np.radians(angle)) for k, angle in enumerate(angles)}


def draw_hand(rng: np.random.Generator, kind: str = "relaxed") -> Hand:
    """Return a hand of a kind.

    Raises:
        UsageError: the kind is not known.
    """
    if kind not in HANDS:
        raise UsageError(f"no hand is called {kind!r}; there are {', '.join(HANDS)}")
    return HANDS[kind](rng)


def _fingers(
    rng: np.random.Generator, first: float, last: float, spread: float, limit: tuple[float, float]
) -> tuple[float, float, float, float]:
    """Draw an angle for each finger along a line from index to little finger."""
    lift = rng.normal(0, spread)
    a, b, c, d = np.clip(np.linspace(first, last, 4) + lift + rng.normal(0, 0.35 * spread, 4), *limit)
    return float(a), float(b), float(c), float(d)


def _kind(
    name: str, mcp: tuple[float, float], pip: tuple[float, float], vary: float, thumb: tuple[float, float, float]
) -> Callable[[np.random.Generator], Hand]:
    def draw(rng: np.random.Generator) -> Hand:
        return Hand(
            kind=name,
            mcp=_fingers(rng, *mcp, vary, HAND_LIMITS["mcp"]),
            pip=_fingers(rng, *pip, vary, HAND_LIMITS["pip"]),
            spread=float(np.clip(rng.normal(0, 1.5), -3, 4)) if name != "fist" else 0.0,
            oppose=float(thumb[0] + rng.normal(0, 0.3 * vary)),
            thumb=(
                float(np.clip(thumb[1] + rng.normal(0, 0.4 * vary), *HAND_LIMITS["thumb"])),
                float(np.clip(thumb[2] + rng.normal(0, 0.6 * vary), *HAND_LIMITS["thumb"])),
            ),
        )

    return draw


def _point(rng: np.random.Generator) -> Hand:
    fist = HANDS["fist"](rng)
    return Hand(
        kind="point",
        mcp=(float(rng.uniform(0, 10)), *fist.mcp[1:]),
        pip=(float(rng.uniform(2, 10)), *fist.pip[1:]),
        thumb=fist.thumb,
        oppose=fist.oppose,
    )


HANDS: Mapping[str, Callable[[np.random.Generator], Hand]] = {
    "relaxed": _kind("relaxed", (14, 27), (20, 33), 8, (4, 8, 12)),
    "flat": _kind("flat", (2, 2), (4, 5), 3, (-2, -2, 2)),
    "open": _kind("open", (-2, 6), (10, 14), 5, (-6, 0, 6)),
    "fist": _kind("fist", (76, 82), (92, 94), 3, (14, 26, 36)),
    "grip": _kind("grip", (48, 58), (52, 58), 6, (10, 16, 20)),
    "point": _point,
}
"""Kinds of hands."""
