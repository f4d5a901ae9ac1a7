"""How people stand, go and sit: named families of postures, each a small recipe with chance.

Families are named so that some can be held out of training and kept for tests. What a recipe draws are angles and
places for no particular body; `poses.draw_pose` puts it on one, checks it and, where limbs would touch, widens it.

Notation: as `joints` and `stance`; `normal(a, b)` has mean a and deviation b, cut at two deviations.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from omote.parts.data.people.hands import Hand, draw_hand
from omote.parts.data.people.joints import Arm, Trunk
from omote.parts.data.people.stance import Foot, Leg, Posture, Reach

Generator = np.random.Generator
Limbs = tuple[Arm | Reach, Arm | Reach]


def normal(rng: Generator, mean: float, deviation: float) -> float:
    """Return a normal number within two deviations."""
    return float(mean + deviation * np.clip(rng.normal(), -2, 2))


def _hands(rng: Generator, *kinds: str) -> tuple[Hand, Hand]:
    """Draw both hands, alike in kind unless two are named."""
    left, right = (kinds * 2)[:2]
    return draw_hand(rng, left), draw_hand(rng, right)


def _easy_arm(rng: Generator) -> Arm:
    return Arm(
        elevation=normal(rng, 19, 2.5),
        plane=normal(rng, 12, 12),
        rotation=normal(rng, 5, 8),
        elbow=normal(rng, 20, 7),
        pronation=normal(rng, 22, 10),
        flexion=normal(rng, 3, 6),
        deviation=normal(rng, 2, 4),
        shrug=normal(rng, 0, 1.5),
    )


def _easy_trunk(rng: Generator) -> Trunk:
    """Draw a nearly upright trunk; the head turns more than the chest does."""
    look = normal(rng, 0, 18)
    return Trunk(
        tilt=normal(rng, 1, 2),
        list=normal(rng, 0, 1.5),
        turn=normal(rng, 0, 5),
        flexion=normal(rng, 1, 2.5),
        bend=normal(rng, 0, 2.5),
        twist=normal(rng, 0, 5) + 0.15 * look,
        nod=normal(rng, 0, 5),
        neck_bend=normal(rng, 0, 4),
        neck_twist=0.85 * look,
    )


def _easy_feet(rng: Generator) -> tuple[Foot, Foot]:
    wide, apart = normal(rng, 0.125, 0.02), normal(rng, 0, 0.03)
    left, right = normal(rng, 9, 5), normal(rng, 9, 5)
    return Foot(across=wide, ahead=apart, out=left), Foot(across=wide, ahead=-apart, out=right)


def _ease(rng: Generator) -> Posture:
    return Posture(
        family="ease",
        trunk=_easy_trunk(rng),
        arms=(_easy_arm(rng), _easy_arm(rng)),
        legs=_easy_feet(rng),
        hands=_hands(rng, "relaxed"),
        drop=float(rng.uniform(0, 0.004)),
        weight=normal(rng, 0.5, 0.07),
    )


def _contrapposto(rng: Generator) -> Posture:
    """Stand on the left leg: pelvis drops to the right, shoulders to the left."""
    drop = normal(rng, 5, 1.5)
    trunk = replace(
        _easy_trunk(rng),
        list=-drop,
        turn=normal(rng, -5, 3),
        bend=drop + normal(rng, 4, 1.5),
        neck_bend=normal(rng, -3, 3),
    )
    return replace(
        _ease(rng),
        family="contrapposto",
        trunk=trunk,
        legs=(
            Foot(across=0.07, ahead=-0.02, out=normal(rng, 8, 4)),
            Foot(across=normal(rng, 0.15, 0.015), ahead=normal(rng, 0.10, 0.03), out=normal(rng, 20, 6), knee=-4),
        ),
        drop=0.0,
        weight=normal(rng, 0.86, 0.04),
    )


def _walking(rng: Generator) -> Posture:
    """Left foot ahead with its heel just down, right foot behind on its toes, right arm ahead."""
    step = normal(rng, 0.26, 0.05)
    swing = normal(rng, 20, 5)
    turn = 14 * step / 0.3

    def arm(angle: float) -> Arm:
        plane = 62 if angle > 0 else -58
        bent = normal(rng, 28, 7) if angle > 0 else normal(rng, 14, 5)
        return replace(_easy_arm(rng), elevation=float(np.hypot(16, angle)), plane=plane, rotation=0, elbow=bent)

    return Posture(
        family="walking",
        trunk=replace(_easy_trunk(rng), tilt=4, turn=-turn / 2, twist=turn, flexion=normal(rng, 2, 2)),
        arms=(arm(-swing), arm(swing)),
        legs=(
            Foot(across=0.085, ahead=step, out=normal(rng, 6, 3)),
            Foot(across=0.085, ahead=-step, out=normal(rng, 7, 3), lift=normal(rng, 28, 5)),
        ),
        hands=_hands(rng, "relaxed"),
        drop=0.008,
        weight=normal(rng, 0.6, 0.08),
    )


def _running(rng: Generator) -> Posture:
    """Right leg drives ahead, left leg pushes off; elbows bent."""
    push = rng.uniform() < 0.5
    pump = Arm(
        elevation=normal(rng, 48, 7), plane=-62, rotation=0, elbow=normal(rng, 92, 8), pronation=normal(rng, 0, 10)
    )
    ahead = Arm(
        elevation=normal(rng, 40, 6), plane=62, rotation=normal(rng, 12, 6), elbow=normal(rng, 100, 8), pronation=0
    )
    return Posture(
        family="running",
        trunk=Trunk(tilt=normal(rng, 12, 3), turn=7, twist=-18, flexion=normal(rng, 4, 3), nod=-8, neck_twist=10),
        arms=(ahead, pump),
        legs=(
            Leg(flexion=normal(rng, -12, 4), knee=normal(rng, 22, 6), ankle=normal(rng, -25, 5), toes=20)
            if push
            else Leg(flexion=normal(rng, -8, 5), knee=normal(rng, 75, 12), ankle=-20),
            Leg(flexion=normal(rng, 72, 9), knee=normal(rng, 88, 12), ankle=5),
        ),
        hands=_hands(rng, "fist" if rng.uniform() < 0.4 else "grip"),
        weight=None,
        hop=0.0 if push else float(rng.uniform(0.02, 0.15)),
    )


def _raised(rng: Generator) -> Posture:
    """Lift one arm or both, sideways to overhead."""

    def up() -> Arm:
        return Arm(
            elevation=float(rng.uniform(75, 160)),
            plane=normal(rng, 25, 15),
            rotation=normal(rng, -30, 12),
            elbow=normal(rng, 25, 12),
            pronation=normal(rng, 10, 20),
            flexion=normal(rng, 0, 10),
        )

    both = rng.uniform() < 0.6
    right = up() if both else _easy_arm(rng)
    kind = str(rng.choice(["relaxed", "open", "flat", "fist"]))
    return replace(
        _ease(rng), family="raised", arms=(up(), right), hands=_hands(rng, kind, kind if both else "relaxed")
    )


def _akimbo(rng: Generator) -> Posture:
    """Put one hand or both on the hips: knuckles against the side, elbows out."""

    def on_hip() -> Reach:
        return Reach(
            bone="root",
            place=(1.0, 0.0, normal(rng, 0.0, 0.15)),
            off=(0.085, 0.105, -0.01),
            elbow=(1.0, -0.1, normal(rng, -0.75, 0.2)),
            fingers=(-0.35, -0.75, 0.5),
            palm=(-0.55, -0.1, -0.85),
        )

    both = rng.uniform() < 0.6
    arms: Limbs = (on_hip(), on_hip() if both else _easy_arm(rng))
    return replace(_ease(rng), family="akimbo", arms=arms, hands=_hands(rng, "grip", "grip" if both else "relaxed"))


def _crossed(rng: Generator) -> Posture:
    """Hold the forearms one over the other before the belly, clear of it."""
    level = normal(rng, 0.0, 0.15)

    def fold(ahead: float, up: float) -> Reach:
        return Reach(
            bone="spine03",
            place=(-0.30, level, 1.0),
            off=(0.0, up, ahead),
            elbow=(1.0, -0.6, 0.1),
            fingers=None,
            palm=(0.0, -0.25, -1.0),
        )

    return replace(
        _ease(rng), family="crossed", arms=(fold(0.175, 0.03), fold(0.075, -0.02)), hands=_hands(rng, "relaxed")
    )


def _pointing(rng: Generator) -> Posture:
    """Point somewhere with the left hand, and look there."""
    plane, height = normal(rng, 65, 25), normal(rng, 82, 14)
    arm = Arm(
        elevation=height,
        plane=plane,
        rotation=normal(rng, 0, 8),
        elbow=normal(rng, 10, 4),
        pronation=normal(rng, 40, 15),
    )
    look = 0.6 * (90 - plane)
    ease = _ease(rng)
    trunk = replace(
        ease.trunk, neck_twist=float(np.clip(look, -40, 40)), nod=float(np.clip(0.3 * (85 - height), -12, 12))
    )
    return replace(
        ease, family="pointing", trunk=trunk, arms=(arm, _easy_arm(rng)), hands=_hands(rng, "point", "relaxed")
    )


def _waving(rng: Generator) -> Posture:
    """Wave with the left hand, palm ahead."""
    arm = Arm(
        elevation=normal(rng, 75, 12),
        plane=normal(rng, 25, 8),
        rotation=normal(rng, -82, 4),
        elbow=normal(rng, 95, 12),
        pronation=normal(rng, 45, 12),
        deviation=normal(rng, 5, 8),
    )
    return replace(_ease(rng), family="waving", arms=(arm, _easy_arm(rng)), hands=_hands(rng, "open", "relaxed"))


def _sitting(rng: Generator) -> Posture:
    """Sit on a chair that is not there, hands over the thighs."""
    deep = normal(rng, 0.47, 0.02)
    wide = normal(rng, 0.15, 0.025)

    def arm() -> Arm:
        return Arm(
            elevation=normal(rng, 34, 4), plane=normal(rng, 62, 6), rotation=normal(rng, 12, 6),
            elbow=normal(rng, 62, 8), pronation=normal(rng, 55, 10), flexion=normal(rng, -8, 6),
        )  # fmt: skip

    return Posture(
        family="sitting",
        trunk=replace(_easy_trunk(rng), tilt=normal(rng, -8, 4), turn=0, list=0, flexion=normal(rng, 12, 5)),
        arms=(arm(), arm()),
        legs=tuple(
            Foot(across=wide, ahead=normal(rng, 0.50, 0.04), out=normal(rng, 8, 4), knee=normal(rng, 2, 3))
            for _ in range(2)
        ),  # pyright: ignore[reportArgumentType]
        hands=_hands(rng, "relaxed"),
        drop=deep,
        weight=None,
    )


def _crouching(rng: Generator) -> Posture:
    """Bend knees and hips, heels down unless it is deep, arms ahead for balance."""
    deep = float(rng.uniform(0.14, 0.36))

    def arm() -> Arm:
        return Arm(
            elevation=normal(rng, 62, 8), plane=normal(rng, 62, 8), rotation=normal(rng, 8, 6),
            elbow=normal(rng, 45, 10), pronation=normal(rng, 40, 12),
        )  # fmt: skip

    trunk = Trunk(
        tilt=70 * deep + normal(rng, 6, 3), flexion=normal(rng, 14, 4), twist=normal(rng, 0, 4), nod=-15 - 30 * deep
    )
    heel = 140 * max(deep - 0.2, 0)  # the deep ones stand on their toes, as ankles do not bend further
    foot = Foot(across=normal(rng, 0.20, 0.02), out=normal(rng, 20, 4), knee=5, lift=heel)
    return Posture(
        family="crouching", trunk=trunk, arms=(arm(), arm()), legs=(foot, foot), hands=_hands(rng, "relaxed"), drop=deep
    )


def _lunging(rng: Generator) -> Posture:
    """Left foot far ahead, its knee bent; right heel lifted."""
    far = normal(rng, 0.42, 0.05)
    return replace(
        _ease(rng),
        family="lunging",
        trunk=Trunk(tilt=normal(rng, 5, 2), flexion=normal(rng, 4, 2), twist=normal(rng, 0, 8), nod=normal(rng, 0, 5)),
        legs=(
            Foot(across=0.12, ahead=far, out=normal(rng, 4, 3)),
            Foot(across=0.12, ahead=-far, out=normal(rng, 6, 3), lift=normal(rng, 42, 5)),
        ),
        drop=normal(rng, 0.10, 0.03),
        weight=normal(rng, 0.62, 0.05),
    )


def _dancing(rng: Generator) -> Posture:
    """Shift the weight, twist and swing the arms."""

    def arm() -> Arm:
        return Arm(
            elevation=float(rng.uniform(35, 140)), plane=normal(rng, 30, 25), rotation=normal(rng, 0, 20),
            elbow=float(rng.uniform(15, 95)), pronation=normal(rng, 10, 25), flexion=normal(rng, 0, 15),
        )  # fmt: skip

    trunk = Trunk(
        tilt=normal(rng, 2, 3), list=normal(rng, 0, 5), turn=normal(rng, 0, 12), flexion=normal(rng, 2, 5),
        bend=normal(rng, 0, 8), twist=normal(rng, 0, 12), nod=normal(rng, 0, 8), neck_twist=normal(rng, 0, 18),
        neck_bend=normal(rng, 0, 7),
    )  # fmt: skip
    foot = Foot(across=normal(rng, 0.17, 0.03), ahead=normal(rng, 0.05, 0.05), out=normal(rng, 15, 6))
    free = Foot(across=normal(rng, 0.20, 0.03), ahead=normal(rng, -0.05, 0.06), out=normal(rng, 18, 6), lift=30)
    return Posture(
        family="dancing", trunk=trunk, arms=(arm(), arm()), legs=(foot, free), hands=_hands(rng, "open", "relaxed"),
        drop=float(rng.uniform(0.01, 0.07)), weight=normal(rng, 0.75, 0.08),
    )  # fmt: skip


def _sports(rng: Generator) -> Posture:
    """Throw, kick or swing a racket."""
    return (_throwing, _kicking, _guarding)[int(rng.integers(3))](rng)


def _throwing(rng: Generator) -> Posture:
    back = Arm(
        elevation=normal(rng, 88, 7), plane=normal(rng, -8, 5), rotation=normal(rng, -72, 6),
        elbow=normal(rng, 85, 10), pronation=20, flexion=-20,
    )  # fmt: skip
    front = Arm(elevation=normal(rng, 80, 7), plane=normal(rng, 45, 10), elbow=normal(rng, 20, 8), pronation=30)
    return Posture(
        family="sports", trunk=Trunk(tilt=3, turn=-25, twist=-20, bend=-5, neck_twist=38, nod=0), arms=(front, back),
        legs=(Foot(across=0.12, ahead=0.36, out=0), Foot(across=0.14, ahead=-0.30, out=40, lift=15)),
        hands=_hands(rng, "open", "grip"), drop=0.05, weight=0.45,
    )  # fmt: skip


def _kicking(rng: Generator) -> Posture:
    return Posture(
        family="sports", trunk=Trunk(tilt=-8, turn=-8, twist=16, flexion=14, nod=10), hands=_hands(rng, "open"),
        arms=(
            Arm(elevation=normal(rng, 60, 8), plane=25, elbow=30),
            Arm(elevation=normal(rng, 55, 8), plane=-40, elbow=25),
        ),
        legs=(
            Foot(across=0.05, out=8),
            Leg(flexion=normal(rng, 58, 10), abduction=8, knee=normal(rng, 25, 8), ankle=-30),
        ),
        drop=0.02, weight=1.0,
    )  # fmt: skip


def _guarding(rng: Generator) -> Posture:
    lift, turn, bent = normal(rng, 48, 6), normal(rng, -12, 6), normal(rng, 92, 8)
    arm = Arm(elevation=lift, plane=60, rotation=turn, elbow=bent, pronation=10)
    return Posture(
        family="sports", trunk=Trunk(tilt=16, flexion=8, nod=-16),
        arms=(arm, replace(arm, elevation=lift + 4)),
        legs=(Foot(across=0.26, out=18, ahead=0.06), Foot(across=0.26, out=18, ahead=-0.04)),
        hands=_hands(rng, "open"), drop=normal(rng, 0.12, 0.03),
    )  # fmt: skip


def tailor_posture(rng: Generator | None = None) -> Posture:
    """Return the posture that clothes are made in: straight, arms 50 degrees off, legs 10 degrees apart.

    Args:
        rng: ignored; the posture is always the same.
    """
    hand = draw_hand(np.random.default_rng(0), "flat")
    arm = Arm(elevation=50, plane=0, rotation=0, elbow=4, pronation=0)
    leg = Leg(abduction=5, knee=0)
    return Posture(family="tailor", arms=(arm, arm), legs=(leg, leg), hands=(hand, hand), weight=None)


FAMILIES: Mapping[str, Callable[[Generator], Posture]] = {
    **{"ease": _ease, "contrapposto": _contrapposto, "walking": _walking, "running": _running, "raised": _raised},
    **{"akimbo": _akimbo, "crossed": _crossed, "pointing": _pointing, "waving": _waving, "sitting": _sitting},
    **{"crouching": _crouching, "lunging": _lunging, "dancing": _dancing, "sports": _sports},
    "tailor": tailor_posture,
}
STANDING = ("ease", "contrapposto", "raised", "akimbo", "crossed", "pointing", "waving", "crouching", "lunging")
"""Families whose centre of mass is over their feet."""
EVERYDAY = (*STANDING, "walking", "running", "sitting", "dancing", "sports")
"""Families to draw from where none is named."""
