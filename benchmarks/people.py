"""How fast, how different and how sound the synthetic people are.

python benchmarks/people.py [--count 100]     # about 15 s of one core for each; writes benchmarks/results/people.json

Seconds are processor time of one person's geometry and textures at 256 texels, in one process. Crossings: faces of a
garment that cut the skin, or the outside of a garment below, as a share of the garment's faces. The skin crosses
itself in armpits and groins of bent limbs, and cloth there does too: poses are told apart.
"""

import argparse
import json
import os
import time
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np

from omote.parts.body.anny import BodyModel
from omote.parts.data.people.occupancy import FINE, skin_faces, welded
from omote.parts.data.people.person import Choice, make_person
from omote.parts.space.closest import Surface
from omote.parts.space.winding import closedness, crossing_faces

RESULT = Path(__file__).parent / "results" / "people.json"
BENT = ("sitting", "crouching", "crossed", "raised", "waving", "sports")


def percent(values: list[float], q: float) -> float:
    return round(100 * float(np.percentile(values, q)), 3) if values else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=10_000)
    asked = parser.parse_args()
    model = BodyModel.load()
    faces = skin_faces(model)
    make_person(model, asked.seed, Choice(texture=256))
    seconds, years, heights, melanin, rests = [], [], [], [], []
    skin: dict[str, list[float]] = {"upright": [], "bent": []}
    layers: list[float] = []
    families: dict[str, Counter[str]] = {}
    parts = leaks = 0
    for seed in range(asked.seed + 1, asked.seed + 1 + asked.count):
        begun = time.process_time()
        person = make_person(model, seed, Choice(texture=256))
        seconds.append(time.process_time() - begun)
        years.append(person.adult.years)
        heights.append(person.adult.height)
        melanin.append(float(np.log(person.adult.skin.melanin)))
        rests.append(person.body[::40] - person.body.mean(0))
        for kind, name in person.families.items():
            for one in name.split(", "):
                families.setdefault(kind, Counter())[one] += 1
        body = Surface(person.body, faces)
        worn = []
        for part in person.parts:
            if part.label in FINE or not part.closed:
                continue
            vertices, own = welded(part)
            parts += 1
            leaks += not closedness(own).watertight
            if part.name.startswith("garment"):
                sheet = Surface(vertices, own)
                kind = "bent" if person.pose.family in BENT else "upright"
                skin[kind].append(len(np.unique(crossing_faces(sheet, body)[:, 0])) / len(own))
                layers += [len(np.unique(crossing_faces(sheet, low)[:, 0])) / len(own) for low in worn]
                worn.append(sheet)
    apart = [float(np.linalg.norm(a - b, axis=1).mean()) for k, a in enumerate(rests) for b in rests[k + 1 :]]
    report = {
        "name": "people",
        "date": date.today().isoformat(),
        "machine": {
            "cpu": Path("/proc/cpuinfo").read_text().split("model name\t: ")[1].split("\n")[0],
            "cores": os.cpu_count(),
        },
        "figures": {
            "people": asked.count,
            "processor seconds each, median": round(float(np.median(seconds)), 1),
            "processor seconds each, most": round(float(max(seconds)), 1),
            "closed parts that are not watertight": f"{leaks} of {parts}",
            "garment faces that cut the skin, upright, % (median, 90 %, most)": [
                percent(skin["upright"], q) for q in (50, 90, 100)
            ],
            "garment faces that cut the skin, bent, % (median, 90 %, most)": [
                percent(skin["bent"], q) for q in (50, 90, 100)
            ],
            "garment faces that cut a garment below, % (median, 90 %, most)": [
                percent(layers, q) for q in (50, 90, 100)
            ],
            "years, quartiles": [round(float(x)) for x in np.percentile(years, (25, 50, 75))],
            "height, m, mean and spread": [round(float(np.mean(heights)), 3), round(float(np.std(heights)), 3)],
            "log melanin, spread": round(float(np.std(melanin)), 2),
            "mean distance between the same points of two people, m": round(float(np.mean(apart)), 3),
            "families": {kind: dict(counter.most_common()) for kind, counter in families.items()},
        },
    }
    RESULT.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["figures"], indent=1))


if __name__ == "__main__":
    main()
