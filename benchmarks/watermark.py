"""What the watermark survives, what it costs, and that it is never seen where it is not.

Pictures: photographs, faces and bodies of the data set, and flat, graded, noisy and dark ones with and without a
person before them. Video: a person who sways before plain and photographed backgrounds, and real clips, 720p; the
peer for cost is the H.264 encoder that the job needs anyway.

    python benchmarks/watermark.py [figures] [--data ../shared/data]     # writes benchmarks/results/watermark.json

`figures`: any of pictures, survival, video, alarms, cost; all of them if left out (alarms takes half an hour).
Figures of earlier runs that are not measured again are kept.
"""

import argparse
import io
import json
import math
import os
import platform
import statistics
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from omote.core.frame import Frame
from omote.guard.provenance.watermark import Config, Watermark
from omote.guard.provenance.watermark_ink import psnr

RESULT = Path(__file__).parent / "results" / "watermark.json"
PAYLOAD = 0xABCDEF123456
MARK, AS_IT_IS = Watermark(), Watermark(Config(search=False))
PHOTOS = {  # shard: every how many
    "open/misc/azure.zip": 1,
    "check/body/fullbody.zip": 1,
    "open/faces/stim_512.zip": 8,
    "check/faces/pol_256.zip": 20,
    "research/capture/nerf_fox.zip": 5,
}
CLIPS = {
    "check/video/liveportrait.zip": ("d10.mp4", "d12.mp4", "d14.mp4", "d19.mp4", "d6.mp4", "s13.mp4", "s32.mp4"),
    "open/video/intel.zip": ("again.mkv", "book.mkv", "walk.mkv", "yes.mkv"),
}
FPS, CRF = 24, 28


def members(shard: Path, endings: tuple[str, ...]) -> Iterator[bytes]:
    with zipfile.ZipFile(shard) as archive:
        for name in sorted(archive.namelist()):
            if name.lower().endswith(endings):
                yield archive.read(name)


def photographs(data: Path) -> list[np.ndarray]:
    found = []
    for shard, every in PHOTOS.items():
        for raw in list(members(data / shard, (".jpg", ".png", ".jpeg")))[::every]:
            found.append(np.asarray(Image.open(io.BytesIO(raw)).convert("RGB")))
    return found


def person(data: Path) -> Image.Image:
    rgb = Image.open(data / "official/pifu/ryota.png").convert("RGB")
    rgb.putalpha(Image.open(data / "official/pifu/ryota_mask.png").convert("L"))
    return rgb


def plain(height: int, width: int) -> dict[str, np.ndarray]:
    y, x = np.mgrid[:height, :width]
    rng = np.random.default_rng(0)
    flat = {"grey": (128,) * 3, "black": (0,) * 3, "dark": (14, 12, 18), "white": (255,) * 3, "teal": (0, 150, 140)}
    flat |= {"red": (200, 30, 30), "green screen": (0, 255, 0), "cream": (240, 230, 210)}
    made = {name: np.broadcast_to(np.uint8(colour), (height, width, 3)).copy() for name, colour in flat.items()}
    graded = np.stack([60 + 120 * y / height, 80 + 80 * x / width, 150 + 60 * y / height], -1)
    noisy = np.clip(128 + 40 * rng.standard_normal((height, width, 3)), 0, 255)
    return made | {"gradient": graded.astype(np.uint8), "noise": noisy.astype(np.uint8)}


def swaying(who: Image.Image, background: np.ndarray, moment: float) -> np.ndarray:
    height, width = background.shape[:2]
    turned = who.rotate(8 * math.sin(2 * math.pi * moment), resample=Image.Resampling.BICUBIC).resize((height, height))
    scene = Image.fromarray(background)
    left = width / 2 - height / 2 + width / 20 * math.sin(2 * math.pi * moment * 0.7)
    scene.paste(turned, (int(left), 0), turned)
    return np.asarray(scene)


def scaled(rgb: np.ndarray, height: int, width: int) -> np.ndarray:
    return np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.LANCZOS))


def by_factor(rgb: np.ndarray, factor: float) -> np.ndarray:
    return scaled(rgb, round(rgb.shape[0] * factor), round(rgb.shape[1] * factor))


def filled(rgb: np.ndarray, height: int, width: int) -> np.ndarray:
    """Scale and cut so that the picture fills the size."""
    grown = by_factor(rgb, max((height + 1) / rgb.shape[0], (width + 1) / rgb.shape[1]))
    return np.ascontiguousarray(grown[:height, :width])


def stored(rgb: np.ndarray, kind: str, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb)).save(buffer, kind, quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def part(rgb: np.ndarray, height: float, width: float, mirrored: bool = False) -> np.ndarray:
    h, w = round(rgb.shape[0] * height), round(rgb.shape[1] * width)
    y, x = round(0.6 * (rgb.shape[0] - h)), round(0.3 * (rgb.shape[1] - w))
    cut = rgb[y : y + h, x : x + w]
    return cut[:, ::-1] if mirrored else cut


def enhanced(kind: type, factor: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda rgb: np.asarray(kind(Image.fromarray(rgb)).enhance(factor))


def filtered(radius: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda rgb: np.asarray(Image.fromarray(rgb).filter(ImageFilter.GaussianBlur(radius)))


ATTACKS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "none": lambda p: p,
    "JPEG 75": lambda p: stored(p, "JPEG", 75),
    "JPEG 50": lambda p: stored(p, "JPEG", 50),
    "JPEG 30": lambda p: stored(p, "JPEG", 30),
    "JPEG 75 five times": lambda p: stored(
        stored(stored(stored(stored(p, "JPEG", 75), "JPEG", 74), "JPEG", 76), "JPEG", 73), "JPEG", 75
    ),
    "WebP 90": lambda p: stored(p, "WEBP", 90),
    "WebP 75": lambda p: stored(p, "WEBP", 75),
    "half size": lambda p: by_factor(p, 0.5),
    "half size, JPEG 75": lambda p: stored(by_factor(p, 0.5), "JPEG", 75),
    "double size": lambda p: by_factor(p, 2),
    "width x 0.8": lambda p: scaled(p, p.shape[0], round(p.shape[1] * 0.8)),
    "mirrored, JPEG 75": lambda p: stored(p[:, ::-1], "JPEG", 75),
    "crop to 90 %, JPEG 75": lambda p: stored(part(p, 0.9, 0.9), "JPEG", 75),
    "crop to 80 %, JPEG 75": lambda p: stored(part(p, 0.8, 0.8), "JPEG", 75),
    "crop to 80 %, mirrored, JPEG 75": lambda p: stored(part(p, 0.8, 0.8, True), "JPEG", 75),
    "crop to 80 %, x 0.6, JPEG 75": lambda p: stored(by_factor(part(p, 0.8, 0.8), 0.6), "JPEG", 75),
    "width cut to 70 %, JPEG 75": lambda p: stored(part(p, 1, 0.7), "JPEG", 75),
    "crop to 85 % x 92 %": lambda p: part(p, 0.85, 0.92),
    "brightness x 1.2": enhanced(ImageEnhance.Brightness, 1.2),
    "brightness x 0.7": enhanced(ImageEnhance.Brightness, 0.7),
    "contrast x 0.7": enhanced(ImageEnhance.Contrast, 0.7),
    "contrast x 1.3": enhanced(ImageEnhance.Contrast, 1.3),
    "grey": enhanced(ImageEnhance.Color, 0.0),
    "blur, sigma 1.5": filtered(1.5),
    "blur, sigma 3": filtered(3),
    "noise, sigma 8": lambda p: np.clip(p + np.random.default_rng(0).normal(0, 8, p.shape), 0, 255).astype(np.uint8),
    "turned by 1 degree": lambda p: np.asarray(Image.fromarray(p).rotate(1, Image.Resampling.BICUBIC)),
}


def read_back(rgb: np.ndarray, mark: Watermark) -> bool:
    found = mark.detect(np.ascontiguousarray(rgb))
    return found is not None and found.payload == PAYLOAD


def pictures(data: Path) -> dict[str, object]:
    """PSNR, and JPEG 75, for each size of the shorter side."""
    photos, who, table = photographs(data), person(data), {}
    for side, every in ((256, 1), (512, 1), (1080, 2), (3000, 14)):
        shown = [
            by_factor(p, side / min(p.shape[:2]))
            for p in photos[::every]
            if min(p.shape[:2]) >= 0.45 * side or side > 600
        ]
        for background in list(plain(side, side * 4 // 3).values())[:: 5 if side == 3000 else 1]:
            shown += [background, swaying(who, background, 0.1)]
        quality, kept = [], 0
        for picture in shown:
            marked = MARK.embed(picture, PAYLOAD)
            quality.append(psnr(marked, picture))
            kept += read_back(stored(marked, "JPEG", 75), AS_IT_IS)
        table[f"shorter side {side}"] = {
            "pictures": len(shown),
            "recovered after JPEG 75": round(kept / len(shown), 4),
            "PSNR least": round(min(quality), 2),
            "PSNR median": round(statistics.median(quality), 2),
        }
        print(side, table[f"shorter side {side}"], flush=True)
    return table


def survival(data: Path) -> dict[str, object]:
    """Share recovered after each change, crops searched for."""
    who = person(data)
    shown = [filled(p, 720, 960) for p in photographs(data)[::4] if min(p.shape[:2]) >= 400]
    shown += [swaying(who, background, 0.1) for background in plain(720, 1280).values()]
    marked = [MARK.embed(picture, PAYLOAD) for picture in shown]
    table = {"pictures": len(marked)}
    for name, change in ATTACKS.items():
        table[name] = round(sum(read_back(change(m), MARK) for m in marked) / len(marked), 3)
        print(name, table[name], flush=True)
    return table


def encoded(shown: list[np.ndarray], crf: int, codec: str = "libx264") -> tuple[list[np.ndarray], int]:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream(codec, rate=FPS, options={"crf": str(crf), "preset": "medium"})
        stream.height, stream.width, stream.pix_fmt = *shown[0].shape[:2], "yuv420p"
        for picture in shown:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        container.mux(stream.encode())
    length = len(buffer.getvalue())
    buffer.seek(0)
    with av.open(buffer, "r") as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)], length


def frames(shown: list[np.ndarray]) -> list[Frame]:
    return [Frame(rgb=picture, time=Fraction(number, FPS)) for number, picture in enumerate(shown)]


def clips(data: Path) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Yield four seconds of each scene, 720 lines or as many columns."""
    who, count = person(data), 4 * FPS
    grounds = plain(720, 1280)
    photos = [p for p in photographs(data) if min(p.shape[:2]) >= 500]
    grounds |= {f"photo {i}": filled(p, 720, 1280) for i, p in enumerate(photos[:: len(photos) // 14])}
    for name, background in grounds.items():
        yield f"swaying before {name}", [swaying(who, background, t / FPS) for t in range(count)]
    for shard, names in CLIPS.items():
        with zipfile.ZipFile(data / shard) as archive:
            for member in archive.namelist():
                if Path(member).name in names:
                    with av.open(io.BytesIO(archive.read(member)), "r") as container:
                        decoded = (f.to_ndarray(format="rgb24") for f in container.decode(video=0))
                        taken = [picture for picture, _ in zip(decoded, range(count), strict=False)]
                    factor = 720 / min(taken[0].shape[:2])
                    size = [round(side * factor / 2) * 2 for side in taken[0].shape[:2]]
                    yield Path(member).name, [scaled(picture, *size) for picture in taken]


def video(data: Path) -> dict[str, object]:
    """Windows of two seconds recovered after H.264, and what the mark adds to the file."""
    windows = {
        "H.264 crf 28": [],
        "H.264 crf 28, again crf 28": [],
        "H.264 crf 28 of 360 lines": [],
        "H.264 crf 32": [],
    }
    growth, quality = {}, []
    for name, shown in clips(data):
        sealed = [frame.rgb for frame in MARK.stream(frames(shown), PAYLOAD)]
        quality += [psnr(a, b) for a, b in zip(sealed[::24], shown[::24], strict=True)]
        once, length = encoded(sealed, CRF)
        growth[name] = length / encoded(shown, CRF)[1]
        small = [by_factor(p, 0.5) for p in sealed]
        small = [p[: p.shape[0] // 2 * 2, : p.shape[1] // 2 * 2] for p in small]
        variants = (once, encoded(once, CRF)[0], encoded(small, CRF)[0], encoded(sealed, 32)[0])
        for (variant, results), seen in zip(windows.items(), variants, strict=True):
            for found in AS_IT_IS.detect_video(frames(seen)):
                results.append(found is not None and found.payload == PAYLOAD)
                if variant == "H.264 crf 28":
                    print(name, found and round(found.log10_false_alarm), f"x{growth[name]:.2f}", flush=True)
    return {
        "windows of 2 s": len(windows["H.264 crf 28"]),
        "recovered": {variant: round(sum(r) / len(r), 4) for variant, r in windows.items()},
        "PSNR least": round(min(quality), 2),
        "PSNR median": round(statistics.median(quality), 2),
        "file grows by, median": round(statistics.median(growth.values()), 3),
        "file grows by, most": round(max(growth.values()), 3),
    }


def alarms(data: Path) -> dict[str, object]:
    """Count of marks seen in unmarked crops: 100,000 read as they are and mirrored, 300 searched for crops too."""
    photos, rng = photographs(data) + list(plain(600, 800).values()), np.random.default_rng(0)
    seen = {True: 0, False: 0}
    for searched, count in ((False, 100_000), (True, 300)):
        mark = MARK if searched else AS_IT_IS
        for _ in range(count):
            photo = photos[rng.integers(len(photos))]
            side = int(rng.choice((96, 128, 160, 192)))
            side = min(side, *photo.shape[:2])
            y, x = (int(rng.integers(length - side + 1)) for length in photo.shape[:2])
            seen[searched] += mark.detect(photo[y : y + side, x : x + side]) is not None
    return {
        "crops read": 100_000,
        "false alarms": seen[False],
        "crops searched": 300,
        "false alarms there": seen[True],
        "bound for each picture": MARK.config.false_alarm,
        "threshold T": round(MARK.threshold, 3),
    }


def cost(data: Path) -> dict[str, object]:
    """Processor milliseconds, medians, beside the encoder in the same run."""
    who, background = person(data), plain(720, 1280)["gradient"]
    shown = [swaying(who, background, t / FPS) for t in range(49)]
    big = filled(photographs(data)[0], 3000, 4000)

    def spent(work: Callable[[], object], turns: int) -> float:
        work()
        taken = []
        for _ in range(turns):
            begun = time.process_time()
            work()
            taken.append(time.process_time() - begun)
        return 1000 * statistics.median(taken)

    listed = frames(shown)
    marking = spent(lambda: list(MARK.stream(listed, PAYLOAD)), 7) / len(shown)
    encoding = spent(lambda: encoded(shown, 20), 1) / len(shown)
    still = MARK.embed(shown[0], PAYLOAD)
    unmarked = filled(photographs(data)[3], 720, 1280)
    return {
        "mark a 720p frame": round(marking, 2),
        "encode and decode a 720p frame (H.264 medium crf 20)": round(encoding, 2),
        "mark / encode": round(marking / encoding, 3),
        "mark a 720p still": round(spent(lambda: MARK.embed(shown[0], PAYLOAD), 5)),
        "mark a 4000 x 3000 still": round(spent(lambda: MARK.embed(big, PAYLOAD), 3)),
        "read a marked 720p still": round(spent(lambda: MARK.detect(still), 5)),
        "search an unmarked 720p still": round(spent(lambda: MARK.detect(unmarked), 5)),
        "search an unmarked 4000 x 3000 still": round(spent(lambda: MARK.detect(big), 3)),
        "search an unmarked window of 2 s, 720p": round(spent(lambda: list(MARK.detect_video(listed[:48])), 3)),
    }


def main() -> None:
    measures = {"pictures": pictures, "survival": survival, "video": video, "alarms": alarms, "cost": cost}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", nargs="*", default=list(measures))
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    wanted = parser.parse_args()
    for name in wanted.figures:
        measured = measures[name](wanted.data)
        before = json.loads(RESULT.read_text())["figures"] if RESULT.exists() else {}
        cpu = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line)
        report = {
            "name": "watermark",
            "date": date.today().isoformat(),
            "machine": {
                "cpu": cpu.partition(":")[2].strip(),
                "cores": os.cpu_count(),
                "python": platform.python_version(),
            },
            "figures": before | {name: measured},
        }
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(json.dumps(report, indent=2) + "\n")
        print(json.dumps(measured, indent=2), flush=True)


if __name__ == "__main__":
    main()
