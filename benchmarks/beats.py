"""How well beats are heard and danced, on songs whose beats are known, beside dances that do not listen.

Sixteen synthetic songs (eight tempi, two keys; 45 s). Each is danced as it was heard, then by two that do not
listen: `steady`, the same choreographer on a steady pulse of another tempo, and `loop`, one move over and over at
100 beats a minute. All are judged against the beats that the song was written with. Run: python benchmarks/beats.py
"""

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import median

import numpy as np

from omote.make.dance.choreography import choreograph, perform, style_for
from omote.make.dance.moves import MOVES
from omote.make.dance.music import Music, analyse, grid
from omote.make.dance.phrasing import Taste
from omote.make.dance.routine import Part, ending_beat
from omote.make.dance.structure import Section
from omote.parts.body.motion import INDEX, Motion, forward_kinematics
from omote.parts.data.song import demo_song
from omote.parts.metrics.beats import agreement, beat_align, diversity, foot_skate, kinematic_beats

RESULT = Path(__file__).parent / "results" / "beats.json"
TEMPI = (72, 84, 96, 104, 112, 124, 140, 160)
SEEDS = (0, 1)
SECONDS = 45.0
FPS = 60.0
FEET = [INDEX["LeftToeBase"], INDEX["RightToeBase"]]


def unheard(music: Music, bpm: float, rng: np.random.Generator) -> Music:
    """A steady pulse in the place of the music's own."""
    beats = grid(music.duration, bpm, float(rng.uniform(0, 60 / bpm)))
    whole = (Section(start=0, end=len(beats), label=0),)
    return replace(music, beats=beats, energy=np.full(len(beats), 0.7), first_downbeat=0, sections=whole)


def loop(music: Music) -> Motion:
    """One move over and over."""
    seconds = np.arange(round(music.duration * FPS)) / FPS
    part = Part(move=MOVES["two step"], start=0, end=len(music.beats), taste=Taste())
    return perform([part], music, seconds, FPS, np.random.default_rng(0), 1.0)


def judged(motion: Motion, beats: np.ndarray) -> dict[str, float]:
    """Figures of a dance beside the true beats."""
    joints = forward_kinematics(motion)
    found = kinematic_beats(joints, FPS)
    end = beats[-1] + 0.1
    kept = agreement(found[found < end], beats)
    figures = {
        "precision": kept.precision,
        "recall": kept.recall,
        "BeatAlign": beat_align(found, beats),
        "diversity, m": diversity(joints, FPS),
    }
    if motion.contacts is not None:
        figures["foot skate, most, mm"] = 1000 * float(foot_skate(joints[:, FEET], motion.contacts).max(initial=0))
    return figures


def songs() -> Iterator[tuple[str, dict[str, float]]]:
    """Yield (who, figures) for each song."""
    rng = np.random.default_rng(5)
    for bpm in TEMPI:
        for seed in SEEDS:
            song = demo_song(SECONDS, bpm, seed)
            heard = analyse(song.samples, song.rate)
            true = song.truth
            bars = agreement(heard.downbeats, true.downbeats)
            yield (
                "heard",
                {
                    "beats, F at 70 ms": agreement(heard.beats, true.beats).f_measure,
                    "downbeats, F at 70 ms": bars.f_measure,
                    "confidence": heard.confidence,
                },
            )
            beats = true.beats[(true.beats > 1) & (true.beats < heard.beats[ending_beat(heard)])]
            yield "danced as heard", judged(choreograph(heard, "auto", seed, FPS), beats)
            steady = unheard(heard, float(rng.uniform(70, 160)), rng)
            yield "steady, not heard", judged(choreograph(steady, style_for(heard), seed, FPS), beats)
            yield "loop, not heard", judged(loop(unheard(heard, 100.0, rng)), beats)


def main() -> None:
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for who, figures in songs():
        for name, value in figures.items():
            found[who][name].append(value)
    figures = {
        who: {name: round(median(values), 3) for name, values in table.items()} | worst(table)
        for who, table in found.items()
    }
    report = {
        "name": "beats",
        "date": date.today().isoformat(),
        "machine": {
            "cpu": Path("/proc/cpuinfo").read_text().split("model name\t: ")[1].split("\n")[0],
            "cores": os.cpu_count(),
        },
        "figures": {"songs": len(TEMPI) * len(SEEDS)} | figures,
    }
    RESULT.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["figures"], indent=1))


def worst(table: dict[str, list[float]]) -> dict[str, float]:
    """The first figure of the song on which it is lowest."""
    name, values = next(iter(table.items()))
    return {f"{name}, worst song": round(min(values), 3)}


if __name__ == "__main__":
    main()
