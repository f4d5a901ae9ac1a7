"""Faces that people make: strengths of ARKit's 52 actions, in named families, and where the eyes look.

Source: the actions that go together are those of the Facial Action Coding System (Ekman and Friesen 1978) for each
family: AU 6 + 12 smile, 1 + 2 + 5 + 26 surprise, 4 + 15 + 17 frown. Each draw has its own strength, its own mix and a
slight difference between left and right; pairs that no face can make at once are taken apart at the end.

Notation: gaze (yaw, pitch) in radians in the head's frame, yaw to the person's left, pitch up.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from omote.core.errors import UsageError

Rates = Mapping[str, tuple[float, float]]
"""Range of the strength of actions; a name without a side means both sides."""

SIMPLE: Mapping[str, Rates] = {
    "neutral": {"mouthPress": (0, 0.08), "browInnerUp": (0, 0.1), "eyeSquint": (0, 0.12)},
    "smile": {
        **{"mouthSmile": (0.3, 0.75), "cheekSquint": (0.1, 0.5), "eyeSquint": (0.05, 0.35)},
        **{"mouthDimple": (0, 0.25), "browInnerUp": (0, 0.15), "mouthUpperUp": (0, 0.25), "jawOpen": (0, 0.06)},
    },
    "laugh": {
        **{"mouthSmile": (0.6, 0.95), "jawOpen": (0.2, 0.5), "cheekSquint": (0.4, 0.8), "eyeSquint": (0.3, 0.7)},
        **{"mouthUpperUp": (0.2, 0.5), "mouthLowerDown": (0.1, 0.4), "browOuterUp": (0, 0.2)},
    },
    "surprise": {
        **{"browInnerUp": (0.5, 1), "browOuterUp": (0.5, 1), "eyeWide": (0.4, 0.9), "jawOpen": (0.15, 0.55)},
        **{"mouthFunnel": (0, 0.3)},
    },
    "frown": {
        **{"browDown": (0.4, 0.9), "mouthFrown": (0.2, 0.7), "mouthShrugLower": (0.05, 0.45)},
        **{"mouthPress": (0, 0.35), "eyeSquint": (0.05, 0.4), "noseSneer": (0, 0.3)},
    },
    "squint": {"eyeSquint": (0.5, 1), "cheekSquint": (0.3, 0.8), "browDown": (0.2, 0.7), "mouthStretch": (0, 0.25)},
}
SYLLABLES: tuple[Rates, ...] = (
    {"jawOpen": (0.2, 0.45), "mouthLowerDown": (0.1, 0.3)},
    {"jawOpen": (0.05, 0.2), "mouthStretch": (0.1, 0.4), "mouthSmile": (0.05, 0.25)},
    {"jawOpen": (0.05, 0.25), "mouthFunnel": (0.3, 0.8)},
    {"jawOpen": (0, 0.08), "mouthPucker": (0.3, 0.8)},
    {"mouthPress": (0.2, 0.5), "mouthRollLower": (0.1, 0.4), "mouthRollUpper": (0.1, 0.4)},
    {"jawOpen": (0.03, 0.1), "mouthRollLower": (0.2, 0.5), "mouthUpperUp": (0.1, 0.3)},
)
"""Mouths of A, E, O, U, M and F."""
LIMITS: Mapping[str, float] = {"jawOpen": 0.75, "tongueOut": 0.8, "jawLeft": 0.6, "jawRight": 0.6, "cheekPuff": 0.7}
"""Strongest use of an action in a random mix; 0.8 of those that are not named."""
CONTRARY: tuple[tuple[str, str], ...] = (
    *(("eyeBlink", "eyeWide"), ("eyeSquint", "eyeWide"), ("browDown", "browOuterUp"), ("browDown", "browInnerUp")),
    *(("mouthSmile", "mouthFrown"), ("mouthSmile", "mouthPucker"), ("mouthSmile", "mouthFunnel")),
    *(("mouthStretch", "mouthPucker"), ("mouthStretch", "mouthFunnel"), ("mouthDimple", "mouthPucker")),
    *(("mouthPress", "mouthFunnel"), ("mouthPress", "mouthLowerDown"), ("mouthPress", "mouthUpperUp")),
    *(("mouthRollLower", "mouthFunnel"), ("mouthRollUpper", "mouthFunnel"), ("mouthRollLower", "mouthLowerDown")),
    *(("mouthRollUpper", "mouthUpperUp"), ("mouthShrugLower", "mouthLowerDown"), ("mouthFrown", "mouthPucker")),
    *(("mouthRollLower", "mouthPucker"), ("mouthRollUpper", "mouthPucker"), ("mouthPress", "mouthPucker")),
    *(("jawLeft", "jawRight"), ("mouthLeft", "mouthRight"), ("jawOpen", "cheekPuff"), ("jawOpen", "mouthPress")),
    *(("jawOpen", "mouthRollLower"), ("jawOpen", "mouthRollUpper"), ("tongueOut", "mouthPress")),
    *(("jawOpen", "mouthClose"), ("cheekPuff", "mouthSmile"), ("tongueOut", "mouthRollLower")),
    *(("tongueOut", "mouthRollUpper"), ("tongueOut", "cheekPuff"), ("tongueOut", "mouthPucker")),
    *(("jawLeft", "mouthRight"), ("jawRight", "mouthLeft"), ("mouthPucker", "mouthFunnel")),
    *(("cheekPuff", "mouthFunnel"), ("cheekPuff", "mouthUpperUp"), ("cheekPuff", "mouthLowerDown")),
    *(("jawOpen", "mouthPucker"), ("mouthShrugUpper", "mouthUpperUp"), ("mouthClose", "mouthFunnel")),
)
"""Pairs that cannot go together; without a side: on the same side. The weaker one is weakened (`TOGETHER`)."""
TOGETHER = 0.3
"""What remains of the weaker of a pair: at most this, times one minus the stronger."""
LOOK_DEGREES = {"In": 21.4, "Out": 21.4, "Up": 10.7, "Down": 17.7}
"""How far the eyeball turns under the eyeLook actions at full strength, measured on the body at rest."""


class Gaze(NamedTuple):
    """Where both eyes look: (yaw, pitch), radians, in the head's frame."""

    left: tuple[float, float]
    right: tuple[float, float]


def sided(action: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the actions that a name without a side means."""
    return (action,) if action in known else (f"{action}Left", f"{action}Right")


def draw_expression(rng: np.random.Generator, family: str, known: tuple[str, ...]) -> dict[str, float]:
    """Return strengths of face actions, without the eyes' direction.

    Args:
        rng: the source of chance.
        family: one of `EXPRESSIONS`.
        known: `BodyModel.face_actions`.

    Raises:
        UsageError: the family is not known.
    """
    if family not in EXPRESSIONS:
        raise UsageError(f"no expression is called {family!r}; there are {', '.join(EXPRESSIONS)}")
    found = EXPRESSIONS[family](rng, known)
    blink = 0.12 * rng.beta(1.2, 3)
    for action in sided("eyeBlink", known):
        found[action] = max(found.get(action, 0.0), blink)
    return reconciled(found, known)


def reconciled(face: Mapping[str, float], known: tuple[str, ...]) -> dict[str, float]:
    """Return the strengths with contrary pairs taken apart and each within [0, 1]."""
    found = {name: float(np.clip(value, 0, 1)) for name, value in face.items()}
    for one, other in CONTRARY:
        for a, b in _pairs(one, other, known):
            weak, strong = sorted((a, b), key=lambda name: found.get(name, 0.0))
            if found.get(weak, 0.0) > 0:
                found[weak] = min(found[weak], TOGETHER * (1 - found[strong]))
    if found.get("tongueOut", 0) > 0.02:  # no tongue through closed teeth
        found["jawOpen"] = max(found.get("jawOpen", 0.0), 0.15 + 0.35 * found["tongueOut"])
    return {name: value for name, value in found.items() if value > 1e-3}


def draw_gaze(rng: np.random.Generator) -> Gaze:
    """Return where the eyes look: mostly near the front, at something between 0.4 m and far away."""
    yaw, pitch = rng.normal(0, 0.16), rng.normal(-0.03, 0.09)
    half = 0.031 / rng.choice([0.4, 0.7, 1.0, 2.0, 5.0, 50.0], p=[0.08, 0.17, 0.25, 0.25, 0.15, 0.1])
    yaw, pitch = float(np.clip(yaw, -0.45, 0.45)), float(np.clip(pitch, -0.3, 0.2))
    return Gaze((yaw - half, pitch), (yaw + half, pitch))


def lids(gaze: Gaze) -> dict[str, float]:
    """Return the eyeLook actions that make the lids follow the eyes."""
    found = {}
    for side, (yaw, pitch), out in (("Left", gaze.left, 1), ("Right", gaze.right, -1)):
        for name, angle in {"Out": out * yaw, "In": -out * yaw, "Up": pitch, "Down": -pitch}.items():
            strength = np.degrees(angle) / LOOK_DEGREES[name]
            if strength > 0:
                found[f"eyeLook{name}{side}"] = float(min(strength, 1))
    return found


def _pairs(one: str, other: str, known: tuple[str, ...]) -> list[tuple[str, str]]:
    firsts, seconds = sided(one, known), sided(other, known)
    if len(firsts) == len(seconds):
        return list(zip(firsts, seconds, strict=True))
    return [(a, b) for a in firsts for b in seconds]


def _from_rates(rng: np.random.Generator, rates: Rates, known: tuple[str, ...]) -> dict[str, float]:
    """Draw each action, sides a little apart; one strength for the whole face keeps it of one mood."""
    mood, found = rng.uniform(), {}
    for name, (low, high) in rates.items():
        value = low + (high - low) * np.clip(0.6 * mood + 0.4 * rng.uniform(), 0, 1)
        for action in sided(name, known):
            found[action] = float(value * np.clip(rng.normal(1, 0.08), 0.75, 1.25))
    return found


def _simple(rates: Rates) -> Callable[[np.random.Generator, tuple[str, ...]], dict[str, float]]:
    return lambda rng, known: _from_rates(rng, rates, known)


def _talk(rng: np.random.Generator, known: tuple[str, ...]) -> dict[str, float]:
    found = _from_rates(rng, SYLLABLES[rng.integers(len(SYLLABLES))], known)
    return {**found, **_from_rates(rng, {"browOuterUp": (0, 0.25), "browInnerUp": (0, 0.3)}, known)}


def _wink(rng: np.random.Generator, known: tuple[str, ...]) -> dict[str, float]:
    side = "Left" if rng.uniform() < 0.5 else "Right"
    found = _from_rates(rng, {"mouthSmile": (0.1, 0.5), "browOuterUp": (0, 0.2)}, known)
    for action, low, high in (("eyeBlink", 0.8, 1), ("cheekSquint", 0.4, 0.8), ("mouthSmile", 0.3, 0.7)):
        found[f"{action}{side}"] = float(rng.uniform(low, high))
    return found


def _mix(rng: np.random.Generator, known: tuple[str, ...]) -> dict[str, float]:
    """Draw three to seven actions from all of them; most act on both sides."""
    names = sorted({name.removesuffix("Left").removesuffix("Right") for name in known if "Look" not in name})
    found: dict[str, float] = {}
    for name in rng.choice(names, rng.integers(3, 8), replace=False):
        sides = sided(str(name), known) if f"{name}Left" in known or name in known else ()
        if name in ("jaw", "mouth"):
            sides = (f"{name}{'Left' if rng.uniform() < 0.5 else 'Right'}",)
        elif len(sides) == 2 and rng.uniform() < 0.25:
            sides = (sides[int(rng.integers(2))],)
        value = rng.beta(1.3, 1.6)
        for action in sides:
            most = LIMITS.get(action, 0.8)
            found[action] = float(np.clip(most * value * rng.normal(1, 0.1), 0, most))
    found.pop("mouthClose", None)  # it only undoes an open jaw
    return found


EXPRESSIONS: Mapping[str, Callable[[np.random.Generator, tuple[str, ...]], dict[str, float]]] = {
    **{name: _simple(rates) for name, rates in SIMPLE.items()},
    **{"talk": _talk, "wink": _wink, "mix": _mix},
}
"""Families of expressions."""
SHARES: Mapping[str, float] = {
    **{"neutral": 0.24, "smile": 0.20, "laugh": 0.09, "surprise": 0.08, "frown": 0.08, "squint": 0.05},
    **{"talk": 0.13, "wink": 0.03, "mix": 0.10},
}
"""How often each is drawn where none is named."""
