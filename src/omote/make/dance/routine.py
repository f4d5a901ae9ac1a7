"""Which move comes when: styles, sections, phrases and fills.

Idea: as a choreographer would. The piece is cut into sections, sections into phrases of four bars; a phrase dances
one move for two bars and answers it with its mirror image or a partner move; the last bar before a new section is a
fill. Sections that sound alike get the same routine again, at another size. Louder music gets bigger and livelier
moves.
"""

from collections.abc import Iterator, Mapping, Sequence
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
    meter: int | None = None
    """Beats in a bar where the style has its own, whatever the music's."""


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
    "waltz": Style(moves=("waltz box", "waltz sway"), fills=("waltz sway",), quiet=("waltz sway",), meter=3),
}
"""What a user can ask for; `auto` chooses by the music."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One move, danced from one beat to another."""

    move: Move
    start: float
    """Beat."""
    end: float
    """Beat at which the next one starts."""
    taste: Taste
    mirror: bool = False
    turned: float = 0.0
    """Heading at its start, degrees."""

    def turn_after(self) -> float:
        """Heading at its end."""
        sign = -1.0 if self.mirror else 1.0
        return self.turned + sign * 360.0 * self.move.turns * ((self.end - self.start) // self.move.period)


@dataclass(frozen=True, kw_only=True)
class _Phrase:
    """Four bars, or what is left of a section."""

    start: float
    end: float
    level: float
    """Mean energy."""
    fill: bool
    """Whether its last bar leads into another section."""


@dataclass(frozen=True, kw_only=True)
class _Palette:
    """What may be danced."""

    style: Style
    moves: tuple[Move, ...]
    fills: tuple[Move, ...]
    meter: int


def plan(music: Music, style: Style, rng: np.random.Generator, *, upper_body: bool = False) -> list[Part]:
    """Choose a move for every beat of the music up to the last strong one, in order and without gaps.

    Args:
        music: the grid of beats.
        style: what to choose from.
        rng: makes the choices.
        upper_body: leave out moves whose point is in the legs.
    """
    palette = _palette(music, style, upper_body)
    routines: dict[int, list[tuple[Move, Move]]] = {}
    parts: list[Part] = []
    opening, last = music.first_downbeat, ending_beat(music)
    if opening:
        parts.append(Part(move=MOVES[style.quiet[0]], start=0.0, end=float(opening), taste=Taste(size=0.6)))
    for section in music.sections:
        routine = routines.setdefault(section.label, [])
        for i, phrase in enumerate(_phrases(music, max(section.start, opening), min(section.end, last), last)):
            if len(routine) <= i:
                routine.append(_pair(palette, phrase.level, rng, routine))
            parts += _danced(phrase, routine[i], palette, rng)
    return _with_headings(parts)


def _palette(music: Music, style: Style, upper_body: bool) -> _Palette:
    """Leave out what does not suit the body or does not fit into two bars."""
    two_bars = 2 * music.meter

    def suits(name: str, beats: int) -> bool:
        move = MOVES[name]
        return (move.calm_legs or not upper_body) and beats % move.period == 0

    moves = tuple(MOVES[name] for name in style.moves if suits(name, two_bars)) or (MOVES["groove"],)
    fills = tuple(MOVES[name] for name in style.fills if suits(name, music.meter))
    return _Palette(style=style, moves=moves, fills=fills or moves, meter=music.meter)


def _phrases(music: Music, start: int, end: int, last: int) -> Iterator[_Phrase]:
    """Cut a section into phrases of four bars; the last may be shorter."""
    length = 4 * music.meter
    for a in range(start, end, length):
        z = min(a + length, end)
        level = float(music.energy[a:z].mean())
        fill = z == end and z < last and z - a >= 3 * music.meter and not _quiet(level)
        yield _Phrase(start=float(a), end=float(z), level=level, fill=fill)


def _quiet(level: float) -> bool:
    return level < 0.2


def _pair(
    palette: _Palette, level: float, rng: np.random.Generator, before: Sequence[tuple[Move, Move]]
) -> tuple[Move, Move]:
    """Two moves for a phrase: near the music's level, and not what was just danced."""
    if _quiet(level):
        return MOVES[palette.style.quiet[0]], MOVES[palette.style.quiet[-1]]
    recent = {move.name for pair in before[-2:] for move in pair}
    moves = palette.moves
    weights = np.array([np.exp(-(((m.energy - level) / 0.28) ** 2)) for m in moves])
    weights *= [0.15 if m.name in recent else 1.0 for m in moves]
    first = int(rng.choice(len(moves), p=weights / weights.sum()))
    weights[first] *= 0.3
    second = int(rng.choice(len(moves), p=weights / weights.sum()))
    return moves[first], moves[second]


def _danced(phrase: _Phrase, pair: tuple[Move, Move], palette: _Palette, rng: np.random.Generator) -> list[Part]:
    """Two bars of one move, two of the other (or of its mirror image), the last bar perhaps a fill."""
    half = phrase.start + 2 * palette.meter
    stop = phrase.end - palette.meter if phrase.fill else phrase.end
    size = palette.style.size * (0.7 + 0.5 * phrase.level) * float(rng.uniform(0.94, 1.06))
    mirror, variant = bool(rng.integers(2)), int(rng.integers(4))
    first, second = pair
    if second.period > max(stop - half, 1):
        second = first
    parts = [
        Part(
            move=first, start=phrase.start, end=min(half, stop), taste=Taste(size=size, variant=variant), mirror=mirror
        )
    ]
    if half < stop:
        taste = Taste(size=1.05 * size, variant=variant)
        parts.append(Part(move=second, start=half, end=stop, taste=taste, mirror=mirror ^ (second is first)))
    if phrase.fill:
        move = palette.fills[int(rng.integers(len(palette.fills)))]
        taste = Taste(size=1.1 * size, variant=variant)
        parts.append(Part(move=move, start=stop, end=phrase.end, taste=taste, mirror=bool(rng.integers(2))))
    return parts


def _with_headings(parts: Sequence[Part]) -> list[Part]:
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
