import hashlib
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from omote.core.errors import InputError, OutputError, ShapeError, UsageError
from omote.parts.media.encoding import Encoding
from omote.parts.media.segments import encode_segment, join_segments
from omote.parts.media.sound import Sound, read_sound
from omote.parts.media.video import VideoSource

LENGTHS = (20, 1, 2, 33, 7)
ENCODINGS = [
    Encoding(codec="h264"),
    Encoding(codec="h264", preset="medium"),
    Encoding(codec="h265"),
    Encoding(codec="vp9"),
    Encoding(codec="vp9", alpha=True),
]
NOISE = Sound(samples=np.random.default_rng(0).normal(0, 0.1, (2, 44100 * 4)).astype(np.float32), rate=44100)


def encode(folder: Path, clip, encoding: Encoding, fps: Fraction | int, lengths=LENGTHS) -> list[Path]:
    paths = []
    for i, length in enumerate(lengths):
        start = sum(lengths[:i])
        paths.append(folder / f"part{i}{encoding.suffix}")
        frames = clip.frames(range(start, start + length), fps, alpha=encoding.alpha)
        assert encode_segment(paths[-1], frames, fps=fps, size=clip.size, encoding=encoding) == length
    return paths


@pytest.mark.oracle
@pytest.mark.parametrize("fps", [30, 25, Fraction(30000, 1001)])
@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda e: f"{e.codec}-{e.preset}-{e.alpha}")
def test_joined_frames_are_those_of_the_segments_at_exact_times(tmp_path, clip, encoding, fps) -> None:
    parts = encode(tmp_path, clip, encoding, fps)
    out = tmp_path / f"whole{encoding.suffix}"
    assert join_segments(parts, out, encoding=encoding, fps=fps, sound=NOISE) == sum(LENGTHS)
    source = VideoSource(out)
    apart = [frame for part in parts for frame in VideoSource(part)]
    together = list(source)
    assert [clip.number(f) for f in together] == list(range(sum(LENGTHS)))
    assert [f.time for f in together] == [i / Fraction(fps) for i in range(sum(LENGTHS))]
    for a, b in zip(apart, together, strict=True):
        assert (a.rgb == b.rgb).all()
        assert (a.alpha is None) == (b.alpha is None) == (not encoding.alpha)
        assert a.alpha is None or (a.alpha == b.alpha).all()
    length = sum(LENGTHS) / Fraction(fps)
    assert source.info.duration is not None
    assert abs(source.info.duration - length) <= Fraction(1, 1000)
    assert 0 <= read_sound(out).duration - length < Fraction(1024, 44100)


@pytest.mark.parametrize(
    ("encoding", "suffix"),
    [*((e, e.suffix) for e in ENCODINGS), (ENCODINGS[0], ".mov")],
    ids=lambda e: e if isinstance(e, str) else f"{e.codec}-{e.preset}-{e.alpha}",
)
def test_a_joined_file_is_sound_for_players(tmp_path: Path, clip, encoding: Encoding, suffix: str) -> None:
    parts = encode(tmp_path, clip, encoding, 30)
    out = tmp_path / f"whole{suffix}"
    join_segments(parts, out, encoding=encoding, fps=30, sound=NOISE)
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        packets = [p for p in container.demux(stream) if p.size]
        tick = stream.time_base
        assert tick is not None
        decoded = [p.dts for p in packets if p.dts is not None]
        shown = [p.pts for p in packets if p.pts is not None]
        assert len(decoded) == len(shown) == len(packets)
        assert all(a < b for a, b in pairwise(decoded))
        assert all(a <= b for a, b in zip(decoded, shown, strict=True))
        tags = (stream.color_range, stream.colorspace, stream.color_primaries, stream.color_trc)
        assert tags == (1, 1, 1, 1)
        if encoding.codec == "h265":
            assert stream.codec_context.codec_tag == "hvc1"
        starts = {sum(LENGTHS[:i]) for i in range(len(LENGTHS))}
        keys = {round(float(pts * tick * 30)) for pts, p in zip(shown, packets, strict=True) if p.is_keyframe}
        assert starts <= keys
        for target in (22, 30, 60):  # seeking lands on a key frame before, and decodes on from there
            container.seek(int(target / 30 / tick), stream=stream)
            landed = round(next(container.decode(stream)).time * 30)
            assert landed in keys
            assert target - 35 < landed <= target
        container.seek(0)
        last = {s.type: 0.0 for s in container.streams}
        for packet in container.demux():
            if packet.size and packet.dts is not None:
                last[packet.stream.type] = float(packet.dts * packet.time_base)
                assert abs(last["video"] - last["audio"]) < 1.5, "sound and pictures are not interleaved"


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda e: f"{e.codec}-{e.preset}-{e.alpha}")
def test_segments_and_joins_have_the_same_bytes_in_another_process(tmp_path, clip, encoding) -> None:
    code = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from conftest import Clip
from test_segments import *
folder = Path({str(tmp_path / "other")!r})
encoding = {encoding!r}
join_segments(encode(folder, Clip(), encoding, 30), folder / f"whole{{encoding.suffix}}", encoding=encoding, fps=30)
"""
    (tmp_path / "other").mkdir()
    subprocess.run([sys.executable, "-c", code], check=True)
    parts = encode(tmp_path, clip, encoding, 30)
    out = tmp_path / f"whole{encoding.suffix}"
    join_segments(parts, out, encoding=encoding, fps=30)
    for path in (*parts, out):
        first, second = (hashlib.sha256(p.read_bytes()).digest() for p in (path, tmp_path / "other" / path.name))
        assert first == second


def test_png_segments_join_to_one_numbered_folder(tmp_path: Path, clip) -> None:
    encoding = Encoding(codec="png", alpha=True)
    parts = encode(tmp_path, clip, encoding, 30, lengths=(3, 1, 4))
    out = tmp_path / "whole"
    for _ in range(2):  # a second time replaces the first
        assert join_segments(parts, out, encoding=encoding, fps=30, sound=NOISE) == 8
    names = sorted(p.name for p in out.iterdir())
    assert names == [*(f"{i:06d}.png" for i in range(8)), "sound.wav"]
    for i, frame in enumerate(clip.frames(range(8), alpha=True)):
        assert (np.asarray(Image.open(out / f"{i:06d}.png")) == np.dstack([frame.rgb, frame.alpha])).all()
    assert read_sound(out / "sound.wav").duration == Fraction(8, 30)
    assert [len(list(p.iterdir())) for p in parts] == [3, 1, 4]
    (parts[2] / "000001.png").unlink()
    with pytest.raises(InputError, match="not a complete folder"):
        join_segments(parts, tmp_path / "again", encoding=encoding, fps=30)
    assert not (tmp_path / "again").exists()


def test_segments_that_do_not_fit_are_refused_and_leave_nothing(tmp_path: Path, clip) -> None:
    encoding = Encoding()
    parts = encode(tmp_path, clip, encoding, 30, lengths=(4, 4))
    out = tmp_path / "whole.mp4"
    other = tmp_path / "other.mp4"
    encode_segment(other, clip.frames(range(4)), fps=30, size=clip.size, encoding=Encoding(codec="h265"))
    wide = tmp_path / "wide.mp4"
    encode_segment(wide, clip.frames(range(4), size=(64, 192)), fps=30, size=(64, 192), encoding=encoding)
    (tmp_path / "cut.mp4").write_bytes(parts[1].read_bytes()[:900])
    for bad, sentence in {
        other: "coded otherwise",
        wide: "coded otherwise",
        tmp_path / "cut.mp4": "damaged or cut short|not a complete segment",
        tmp_path / "missing.mp4": "does not exist",
    }.items():
        with pytest.raises(InputError, match=sentence):
            join_segments([parts[0], bad], out, encoding=encoding, fps=30)
    with pytest.raises(InputError, match="not a complete segment at 60 frames per second"):
        join_segments(parts, out, encoding=encoding, fps=60)
    with pytest.raises(UsageError, match="no segments"):
        join_segments([], out, encoding=encoding, fps=30)
    with pytest.raises(UsageError, match="should end on"):
        join_segments(parts, tmp_path / "whole.webm", encoding=encoding, fps=30)
    with pytest.raises(InputError, match="does not exist"):
        join_segments(parts, out, encoding=encoding, fps=30, sound=tmp_path / "missing.wav")
    with pytest.raises(InputError, match="has no audio track"):
        join_segments(parts, out, encoding=encoding, fps=30, sound=parts[0])
    with pytest.raises(OutputError, match="there is no folder"):
        join_segments(parts, tmp_path / "no" / "whole.mp4", encoding=encoding, fps=30)
    with pytest.raises(InputError, match="no frame came"):
        encode_segment(out, [], fps=30, size=clip.size, encoding=encoding)
    with pytest.raises(ShapeError, match="were announced"):
        encode_segment(out, clip.frames(range(3)), fps=30, size=(64, 162), encoding=encoding)
    assert not out.exists()
    assert not [p for p in tmp_path.iterdir() if ".part" in p.name]


def test_an_odd_size_joins(tmp_path: Path, clip) -> None:
    encoding = Encoding()
    for i in range(2):
        frames = clip.frames(range(4 * i, 4 * i + 4), size=(63, 161))
        encode_segment(tmp_path / f"{i}.mp4", frames, fps=30, size=(63, 161), encoding=encoding)
    join_segments([tmp_path / "0.mp4", tmp_path / "1.mp4"], tmp_path / "w.mp4", encoding=encoding, fps=30)
    assert [clip.number(f) for f in VideoSource(tmp_path / "w.mp4")] == list(range(8))
