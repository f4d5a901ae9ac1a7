"""Which move comes when: styles, sections, phrases and fills.

Idea: as a choreographer would. The piece is cut into sections, sections into phrases of four bars; a phrase dances
one move for two bars and answers it with its mirror image or a partner move; the last bar before a new section is a
fill. Sections that sound alike get the same routine again, at another size. Louder music gets bigger and livelier
moves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from omote.make.dance.moves import MOVES
from omote.make.dance.music import Music
from omote.make.dance.phrasing import Move, Taste


@dataclass(frozen=True, kw_only=True)
class Style:
    """Which moves belong together, and how big they are."""

    moves: tuple[str, ...]
    fills: tuple[str, ...]
    quiet: tuple[str, ...] = ("sway",)
    size: float = 1.0


STYLES: Mapping[str, Style] = {
    "pop": Style(
        moves=(
            "two step",
            "step clap",
            "groove",
            "hip sway",
            "arm wave",
            "body roll",
            "shimmy",
            "grapevine",
            "jump",
            "kick step",
        ),
        fills=("spin", "raise the roof", "body roll"),
    ),
    "disco": Style(
        moves=("disco point", "step clap", "hip sway", "grapevine", "sprinkler", "twist", "two step", "kick step"),
        fills=("spin", "shimmy", "disco point"),
    ),
    "hip-hop": Style(
        moves=("lean", "raise the roof", "running man", "robot", "body roll", "groove", "arm wave", "jump"),
        fills=("body roll", "robot", "jump"),
        quiet=("groove", "sway"),
        size=1.1,
    ),
    "bon-odori": Style(moves=("bon sweep", "bon clap", "sway", "hip sway"), fills=("bon clap", "step clap"), size=0.9),
    "waltz": Style(moves=("waltz box", "waltz sway"), fills=("waltz sway",), quiet=("waltz sway",)),
}
"""What a user can ask for; `auto` chooses by the music."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One move, danced from one beat to another."""

    move: Move
    start: float
    end: float
    taste: Taste
    mirror: bool = False
    turned: float = 0.0
    """Heading at its start, degrees."""

    def turn_after(self) -> float:
        """Heading at its end."""
        sign = -1.0 if self.mirror else 1.0
        return self.turned + sign * 360.0 * self.move.turns * ((self.end - self.start) // self.move.period)


def plan(music: Music, style: Style, rng: np.random.Generator, upper_body: bool) -> list[Part]:
    """Choose a move for every beat of the music, in order."""
    allowed = [MOVES[name] for name in style.moves if MOVES[name].calm_legs or not upper_body]
    routines: dict[int, list[tuple[str, str]]] = {}
    parts: list[Part] = []
    opening = music.first_downbeat
    last = ending_beat(music)
    if opening:
        parts.append(Part(move=MOVES[style.quiet[0]], start=0, end=opening, taste=Taste(size=0.6)))
    for section in music.sections:
        start, end = max(section.start, opening), min(section.end, last)
        phrases = list(_phrases(start, end, 4 * music.meter))
        routine = routines.setdefault(section.label, [])
        for i, (a, z) in enumerate(phrases):
            level = float(music.energy[int(a) : max(int(z), int(a) + 1)].mean())
            if len(routine) <= i:
                routine.append(_pair(allowed, style, level, rng, routine))
            fill = i == len(phrases) - 1 and z < last and z - a >= 3 * music.meter
            parts += _phrase(routine[i], a, z, music.meter, style, level, rng, fill and not _quiet(level), upper_body)
    return _with_headings(parts)


def _quiet(level: float) -> bool:
    return level < 0.2


def _phrases(start: float, end: float, length: float) -> Iterator[tuple[float, float]]:
    """Cut into phrases of `length` beats; the last is shorter."""
    while start < end:
        yield start, min(start + length, end)
        start += length


def _pair(
    allowed: list[Move], style: Style, level: float, rng: np.random.Generator, before: list[tuple[str, str]]
) -> tuple[str, str]:
    """Two moves for a phrase: near the music's level, and not what was just danced."""
    if _quiet(level):
        return style.quiet[0], style.quiet[-1]
    recent = {name for pair in before[-2:] for name in pair}
    weights = np.array(
        [np.exp(-(((m.energy - level) / 0.28) ** 2)) * (0.15 if m.name in recent else 1) for m in allowed]
    )
    first = allowed[int(rng.choice(len(allowed), p=weights / weights.sum()))]
    weights[allowed.index(first)] *= 0.3
    second = allowed[int(rng.choice(len(allowed), p=weights / weights.sum()))]
    return first.name, second.name


def _phrase(
    pair: tuple[str, str],
    start: float,
    end: float,
    meter: int,
    style: Style,
    level: float,
    rng: np.random.Generator,
    fill: bool,
    upper_body: bool,
) -> list[Part]:
    """Two bars of one move, two of the other (or of its mirror image), the last bar perhaps a fill."""
    half = start + 2 * meter
    stop = end - meter if fill else end
    size = float(style.size * (0.7 + 0.5 * level) * rng.uniform(0.94, 1.06))
    mirror = bool(rng.integers(2))
    variant = int(rng.integers(4))
    first, second = (MOVES[name] for name in pair)
    if second is first or second.period > max(stop - half, 1):
        second = first
    parts = [
        Part(move=first, start=start, end=min(half, stop), taste=Taste(size=size, variant=variant), mirror=mirror),
    ]
    if half < stop:
        taste = Taste(size=size * 1.05, variant=variant)
        parts.append(Part(move=second, start=half, end=stop, taste=taste, mirror=mirror ^ (second is first)))
    if fill:
        names = [n for n in style.fills if MOVES[n].period <= meter or not MOVES[n].turns]
        names = [n for n in names if MOVES[n].calm_legs or not upper_body] or ["groove"]
        move = MOVES[names[int(rng.integers(len(names)))]]
        parts.append(Part(move=move, start=stop, end=end, taste=Taste(size=size * 1.1), mirror=bool(rng.integers(2))))
    return [part for part in parts if part.end > part.start]


def _with_headings(parts: list[Part]) -> list[Part]:
    turned, out = 0.0, []
    for part in parts:
        out.append(replace(part, turned=turned))
        turned = out[-1].turn_after()
    return out


def ending_beat(music: Music) -> int:
    """The last strong beat: the last downbeat that is loud and leaves time to hold the final pose."""
    count = len(music.beats)
    if count < 2 * music.meter:
        return count
    loud = 0.5 * float(np.median(music.energy))
    for beat in range(count - 1 - (count - 1 - music.first_downbeat) % music.meter, music.meter, -music.meter):
        if music.energy[beat] >= loud and music.duration - music.beats[beat] > 0.4:
            return beat
    return count - 1
