import subprocess
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av import VideoFrame
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from omote.core.errors import InputError, OutputError, ShapeError, UsageError
from omote.core.frame import Frame
from omote.parts.media.encoding import Codec
from omote.parts.media.sound import Sound, read_sound
from omote.parts.media.video import VideoSource, probe, write_video

RATES = [24, 25, 30, 60, Fraction(24000, 1001), Fraction(30000, 1001)]
FILES: list[tuple[Codec, str]] = [("h264", ".mp4"), ("h265", ".mp4"), ("h264", ".mov"), ("vp9", ".webm")]


def tone(seconds: float, rate: int = 48000, hertz: float = 440) -> Sound:
    t = np.arange(round(seconds * rate)) / rate
    return Sound(samples=(0.3 * np.sin(2 * np.pi * hertz * t)).astype(np.float32)[None], rate=rate)


@pytest.mark.oracle
@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize(("codec", "suffix"), FILES)
def test_frames_come_back_numbered_and_at_their_exact_times(tmp_path, clip, codec, suffix, fps) -> None:
    path = tmp_path / f"v{suffix}"
    write_video(path, clip.frames(range(40), fps), fps=fps, codec=codec)
    source = VideoSource(path)
    for _ in range(2):  # it can be opened again
        frames = list(source)
        assert [clip.number(f) for f in frames] == list(range(40))
        assert [f.time for f in frames] == [i / Fraction(fps) for i in range(40)]
    assert source.info.size == clip.size
    assert abs(source.info.fps - fps) < Fraction(1, 100)
    assert source.info.duration is not None
    assert abs(source.info.duration - 40 / Fraction(fps)) <= Fraction(1, 1000)
    assert source.info.frames in (40, None)


@pytest.mark.oracle
def test_variable_frame_rate_keeps_every_time(tmp_path: Path, clip) -> None:
    stamps = np.cumsum([0, *np.random.default_rng(0).integers(900, 20_000, 49)]).tolist()
    times = [Fraction(s, 90_000) for s in stamps]
    frames = [Frame(rgb=f.rgb, time=t) for f, t in zip(clip.frames(range(50)), times, strict=True)]
    write_video(tmp_path / "v.mp4", frames, fps=30)
    back = list(VideoSource(tmp_path / "v.mp4"))
    assert [f.time for f in back] == times
    assert [clip.number(f) for f in back] == list(range(50))
    write_video(tmp_path / "v.webm", frames, fps=30, codec="vp9")
    rounded = [f.time for f in VideoSource(tmp_path / "v.webm")]
    assert max(abs(a - b) for a, b in zip(rounded, times, strict=True)) <= Fraction(3, 2000)


def raw_mp4(path: Path, stamps: list[int], clip) -> None:
    """Write H.264 through PyAV alone, with the presentation stamps of the packets set by hand."""
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=30, options={"bf": "0", "tune": "zerolatency"})
        stream.height, stream.width, stream.pix_fmt = *clip.size, "yuv420p"
        packets = []
        for i, frame in enumerate(clip.frames(range(len(stamps)))):
            picture = VideoFrame.from_ndarray(frame.rgb)
            picture.pts, picture.time_base = i, Fraction(1, 30)
            packets += stream.encode(picture)
        packets += stream.encode(None)
        for i, (packet, stamp) in enumerate(zip(packets, stamps, strict=True)):
            packet.time_base = Fraction(1, 1000)
            packet.pts, packet.dts = stamp, i
            container.mux(packet)


def test_stamps_that_double_or_go_back_are_mended_as_documented(tmp_path: Path, clip) -> None:
    raw_mp4(tmp_path / "v.mkv", [0, 33, 33, 100, 90, 167, 200], clip)
    frames = list(VideoSource(tmp_path / "v.mkv"))
    assert len(frames) == 7
    assert all(a.time < b.time for a, b in pairwise(frames))
    assert frames[0].time == 0
    assert abs(frames[-1].time - Fraction(1, 5)) <= Fraction(1, 30)


def test_a_bare_stream_without_stamps_is_timed_by_its_rate(tmp_path: Path, clip) -> None:
    context = av.CodecContext.create("libx264", "w")
    context.height, context.width = clip.size
    context.pix_fmt, context.time_base, context.framerate = "yuv420p", Fraction(1, 25), Fraction(25)
    context.max_b_frames = 0
    with (tmp_path / "v.h264").open("wb") as out:
        for i, frame in enumerate(clip.frames(range(20))):
            picture = VideoFrame.from_ndarray(frame.rgb)
            picture.pts = i
            for packet in context.encode(picture):
                out.write(bytes(packet))
        for packet in context.encode(None):
            out.write(bytes(packet))
    frames = list(VideoSource(tmp_path / "v.h264"))
    assert [clip.number(f) for f in frames] == list(range(20))
    assert [f.time for f in frames] == [Fraction(i, 25) for i in range(20)]


@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(64, 90), st.integers(64, 90), st.sampled_from(FILES))
def test_odd_sizes_lose_nothing(tmp_path: Path, height: int, width: int, kind: tuple[Codec, str]) -> None:
    rgb = np.linspace(40, 200, height * width * 3).reshape(height, width, 3).astype(np.uint8)
    path = tmp_path / f"v{kind[1]}"
    write_video(path, [Frame(rgb=rgb, time=Fraction(i, 30)) for i in range(3)], fps=30, codec=kind[0], crf=8)
    source = VideoSource(path)
    even = 0 if kind[0] == "vp9" else 1
    assert source.info.size == (height + even * (height % 2), width + even * (width % 2))
    for frame in source:
        assert np.abs(frame.rgb[:height, :width].astype(int) - rgb).mean() < 4


@pytest.mark.parametrize(("codec", "suffix"), FILES)
@pytest.mark.parametrize("size", [(1, 1), (1, 90), (17, 3), (63, 63)])
def test_tiny_pictures_are_coded_or_refused(tmp_path: Path, codec: Codec, suffix: str, size: tuple[int, int]) -> None:
    """x265 corrupts memory below its block size: it must not be asked to."""
    frames = [Frame(rgb=np.full((*size, 3), 128, np.uint8), time=Fraction(i, 30)) for i in range(3)]
    path = tmp_path / f"v{suffix}"
    if codec == "h265":
        with pytest.raises(UsageError, match="no side may be under 64"):
            write_video(path, frames, fps=30, codec=codec)
        return
    write_video(path, frames, fps=30, codec=codec)
    for frame in VideoSource(path):
        assert np.abs(frame.rgb[: size[0], : size[1]].astype(int) - 128).max() < 8


@pytest.mark.parametrize("size", [(64, 160), (63, 161)])
def test_webm_carries_alpha_and_png_loses_nothing(tmp_path: Path, clip, size: tuple[int, int]) -> None:
    sent = list(clip.frames(range(12), alpha=True, size=size))
    write_video(tmp_path / "v.webm", sent, fps=30, codec="vp9", alpha=True, crf=10)
    source = VideoSource(tmp_path / "v.webm")
    assert source.info.has_alpha
    for frame, original in zip(source, sent, strict=True):
        assert frame.alpha is not None
        assert original.alpha is not None
        assert np.abs(frame.alpha.astype(int) - original.alpha).mean() < 1
        assert clip.number(frame) == clip.number(original)
    write_video(tmp_path / "v", sent, fps=30, codec="png", alpha=True, sound=tone(1))
    for i, original in enumerate(sent):
        picture = np.asarray(Image.open(tmp_path / "v" / f"{i:06d}.png"))
        assert (picture[..., :3] == original.rgb).all()
        assert (picture[..., 3] == original.alpha).all()
    assert read_sound(tmp_path / "v" / "sound.wav").duration == Fraction(12, 30)


def test_without_alpha_asked_for_there_is_none(tmp_path: Path, clip) -> None:
    write_video(tmp_path / "v.webm", clip.frames(range(3), alpha=True), fps=30, codec="vp9")
    assert not probe(tmp_path / "v.webm").has_alpha
    assert next(iter(VideoSource(tmp_path / "v.webm"))).alpha is None


def test_h265_is_tagged_for_apple_and_mp4_starts_with_its_index(tmp_path: Path, clip) -> None:
    write_video(tmp_path / "v.mp4", clip.frames(range(5)), fps=30, codec="h265", sound=tone(1))
    content = (tmp_path / "v.mp4").read_bytes()
    assert b"hvc1" in content
    assert content.index(b"moov") < content.index(b"mdat")
    info = probe(tmp_path / "v.mp4")
    assert (info.codec, info.has_audio) == ("hevc", True)


@pytest.mark.oracle
@pytest.mark.parametrize(("codec", "suffix"), [("h264", ".mp4"), ("vp9", ".webm")])
@pytest.mark.parametrize("seconds", [0.3, 5.0])
def test_sound_is_cut_or_padded_to_the_pictures_and_in_time(tmp_path, clip, codec, suffix, seconds) -> None:
    path = tmp_path / f"v{suffix}"
    sound = tone(seconds, rate=44100)
    write_video(path, clip.frames(range(60)), fps=30, codec=codec, sound=sound)
    back = read_sound(path)
    assert 0 <= back.duration - 2 < Fraction(1024, back.rate)  # AAC ends on whole blocks of 1,024
    heard = back.samples[0]
    t = np.arange(len(heard)) / back.rate
    sounding = t < min(seconds, 2)
    difference = (heard - 0.3 * np.sin(2 * np.pi * 440 * t))[sounding][2000:-2000]
    assert np.sqrt(np.mean(difference**2)) < 0.02  # a lag of two samples would give 0.025
    assert seconds > 2 or np.abs(heard[round((seconds + 0.1) * back.rate) :]).max() < 0.01
    with av.open(str(path)) as container:
        assert container.streams.audio[0].codec_context.name == ("aac" if suffix == ".mp4" else "opus")


def test_the_sound_of_another_video_can_be_carried_over(tmp_path: Path, clip) -> None:
    write_video(tmp_path / "a.mp4", clip.frames(range(60)), fps=30, sound=tone(2))
    write_video(tmp_path / "b.mp4", VideoSource(tmp_path / "a.mp4"), fps=30, sound=tmp_path / "a.mp4")
    a, b = (read_sound(tmp_path / name).samples[0, 4000:80_000] for name in ("a.mp4", "b.mp4"))
    assert np.sqrt(np.mean((a - b) ** 2)) < 0.02


def test_pixels_that_are_not_square_are_stretched(tmp_path: Path, clip) -> None:
    with av.open(str(tmp_path / "v.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.height, stream.width, stream.pix_fmt = *clip.size, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(3, 2)
        for frame in clip.frames(range(3)):
            container.mux(stream.encode(VideoFrame.from_ndarray(frame.rgb)))
        container.mux(stream.encode(None))
    source = VideoSource(tmp_path / "v.mp4")
    assert source.info.size == (64, 240)
    assert next(iter(source)).size == (64, 240)


def test_what_is_no_video_is_told(tmp_path: Path, clip) -> None:
    from omote.parts.media.sound import write_sound

    Image.new("RGB", (8, 8)).save(tmp_path / "photo.mp4", format="PNG")
    (tmp_path / "text.mp4").write_text("hello, this is a text")
    (tmp_path / "list.mp4").write_text("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")
    (tmp_path / "empty.mp4").touch()
    write_sound(tmp_path / "song.wav", tone(1))
    cases = {
        "photo.mp4": "is a PNG picture, where a video is expected",
        "text.mp4": "no video that can be read",
        "list.mp4": "no video that can be read",
        "empty.mp4": "is empty",
        "missing.mp4": "does not exist",
        "song.wav": "has no video track",
        ".": "is a folder",
    }
    for name, sentence in cases.items():
        with pytest.raises(InputError, match=sentence):
            VideoSource(tmp_path / name)


@pytest.mark.parametrize(("codec", "suffix"), FILES)
def test_a_video_cut_short_is_refused(tmp_path: Path, clip, codec: Codec, suffix: str) -> None:
    write_video(tmp_path / f"v{suffix}", clip.frames(range(120)), fps=30, codec=codec)
    whole = (tmp_path / f"v{suffix}").read_bytes()
    for share in (0.01, 0.1, 0.6):
        (tmp_path / f"cut{suffix}").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(InputError, match=r"cut short|damaged|without a single frame"):
            list(VideoSource(tmp_path / f"cut{suffix}"))


def test_impossible_wishes_are_refused_and_leave_nothing(tmp_path: Path, clip) -> None:
    def write(name: str = "v.mp4", frames: list[Frame] | None = None, fps: int = 30, **settings: Any) -> None:
        frames = list(clip.frames(range(3))) if frames is None else frames
        write_video(tmp_path / name, frames, fps=fps, **settings)

    wishes: list[tuple[dict[str, Any], str]] = [
        ({"name": "v.avi"}, "should end on"),
        ({"name": "v.webm"}, "cannot hold h264"),
        ({"codec": "vp9"}, "cannot hold vp9"),
        ({"alpha": True}, "cannot hold transparency"),
        ({"crf": 52}, "crf 52"),
        ({"preset": "quick"}, "preset 'quick'"),
        ({"fps": 0}, "frames per second"),
        ({"fps": 1000}, "frames per second"),
        ({"frames": [*clip.frames([0, 2, 1])]}, "must rise"),
        ({"frames": [*clip.frames([-1])]}, "must rise"),
    ]
    for settings, sentence in wishes:
        with pytest.raises(UsageError, match=sentence):
            write(**settings)
    with pytest.raises(InputError, match="no frame came"):
        write(frames=[])
    with pytest.raises(ShapeError, match="were announced"):
        write(frames=[*clip.frames([0]), *clip.frames([1], size=(64, 162))])
    with pytest.raises(InputError, match="does not exist"):
        write(sound=tmp_path / "missing.wav")
    with pytest.raises(OutputError, match="there is no folder"):
        write(name="no/v.mp4")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "diary.txt").touch()
    with pytest.raises(OutputError, match=r"diary\.txt"):
        write(name="folder", codec="png")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_an_interrupted_stream_of_frames_leaves_nothing(tmp_path: Path, clip) -> None:
    def frames():
        yield from clip.frames(range(30))
        raise KeyboardInterrupt

    targets: list[tuple[str, Codec]] = [("v.mp4", "h264"), ("v.webm", "vp9"), ("v", "png")]
    for name, codec in targets:
        with pytest.raises(KeyboardInterrupt):
            write_video(tmp_path / name, frames(), fps=30, codec=codec, sound=tone(1))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX's")
@pytest.mark.parametrize("kilobytes", [1, 20, 60])
@pytest.mark.parametrize("name", ["v.mp4", "v.webm"])
def test_a_disk_that_fills_up_leaves_no_half_file(tmp_path: Path, name: str, kilobytes: int) -> None:
    code = f"""
import resource, signal
from fractions import Fraction
import numpy as np
from omote.core.errors import OutputError
from omote.core.frame import Frame
from omote.parts.media.video import write_video
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({kilobytes} << 10, {kilobytes} << 10))
rng = np.random.default_rng(0)
frames = [Frame(rgb=rng.integers(0, 256, (128, 128, 3), dtype=np.uint8), time=Fraction(i, 30)) for i in range(12)]
try:
    write_video({str(tmp_path / name)!r}, frames, fps=30, codec={"vp9" if name.endswith("webm") else "h264"!r})
except OutputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert f"{name} cannot be written" in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_memory_is_flat_in_the_length(tmp_path: Path) -> None:
    """Copying 120 s with sound peaks no more than 10 % above copying 10 s."""
    code = """
import sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from omote.core.frame import Frame
from omote.parts.media.sound import Sound, write_sound
from omote.parts.media.video import VideoSource, write_video
folder, seconds = sys.argv[1], int(sys.argv[2])
def frames():
    ground = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    for i in range(seconds * 15):
        yield Frame(rgb=np.roll(ground, i, axis=1), time=Fraction(i, 15))
write_video(f"{folder}/a.mp4", frames(), fps=15, sound=f"{folder}/tone.flac", preset="ultrafast", crf=35)
write_video(f"{folder}/b.mp4", VideoSource(f"{folder}/a.mp4"), fps=15, sound=f"{folder}/a.mp4", preset="ultrafast")
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])  # ru_maxrss has the parent's in it
"""
    from omote.parts.media.sound import write_sound

    write_sound(tmp_path / "tone.flac", tone(120, rate=16000))
    peaks = []
    for seconds in (10, 120):
        arguments = [sys.executable, "-c", code, str(tmp_path), str(seconds)]
        peaks.append(int(subprocess.run(arguments, capture_output=True, text=True, check=True).stdout))
    assert peaks[1] < 1.1 * peaks[0], peaks
