from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from av import AudioFrame
from PIL import Image

from omote.core.errors import InputError, OutputError, ShapeError, UsageError
from omote.parts.media.sound import Sound, read_sound, write_sound
from omote.parts.media.video import write_video


def sine(hertz: float, seconds: float, rate: int) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


@pytest.mark.oracle
@pytest.mark.parametrize("rate", [8000, 22050, 44100, 96000])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("kind", [("WAV", "FLOAT"), ("WAV", "PCM_24"), ("FLAC", "PCM_16")])
def test_samples_are_those_that_soundfile_wrote(
    tmp_path: Path, rate: int, channels: int, kind: tuple[str, str]
) -> None:
    samples = np.stack([sine(200 + 50 * c, 0.5, rate) for c in range(channels)])
    soundfile.write(tmp_path / "s", samples.T, rate, format=kind[0], subtype=kind[1])
    sound = read_sound(tmp_path / "s")
    assert (sound.rate, sound.samples.shape) == (rate, samples.shape)
    assert sound.duration == Fraction(samples.shape[1], rate)
    assert np.abs(sound.samples - samples).max() <= (0 if kind[1] == "FLOAT" else 1 / 32768)


@pytest.mark.oracle
@pytest.mark.parametrize("rate", [16000, 22050, 44100])
def test_resampling_keeps_a_sine_and_its_phase(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "s.wav", sine(440, 2, 48000), 48000, subtype="FLOAT")
    sound = read_sound(tmp_path / "s.wav", rate=rate)
    assert abs(sound.samples.shape[1] - 2 * rate) <= 1
    n = min(2 * rate, sound.samples.shape[1])
    assert np.abs(sound.samples[0, :n] - sine(440, 2, rate)[:n])[200:-200].max() < 1e-3


@pytest.mark.oracle
def test_resampling_down_removes_what_would_alias(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "s.wav", sine(15_000, 1, 48000), 48000, subtype="FLOAT")
    assert np.abs(read_sound(tmp_path / "s.wav", rate=16000).samples[0, 200:-200]).max() < 0.3 * 1e-3


@pytest.mark.oracle
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_mono_is_the_mean(tmp_path: Path, channels: int) -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (4800, channels)).astype(np.float32)
    soundfile.write(tmp_path / "s.wav", samples, 48000, subtype="FLOAT")
    mono = read_sound(tmp_path / "s.wav", mono=True)
    assert mono.samples.shape == (1, 4800)
    assert np.abs(mono.samples[0] - samples.mean(axis=1)).max() < 1e-6


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("suffix", "tolerance"), [(".wav", 0), (".flac", 3e-5), (".ogg", 0.02), (".opus", 0.02), (".m4a", 0.05)]
)
def test_what_is_written_is_read_back(tmp_path: Path, suffix: str, tolerance: float) -> None:
    samples = np.stack([sine(440, 1.5, 48000), sine(660, 1.5, 48000)])
    path = tmp_path / f"s{suffix}"
    write_sound(path, Sound(samples=samples, rate=48000))
    back = read_sound(path)
    assert back.rate == 48000
    assert 0 <= back.samples.shape[1] - samples.shape[1] < (1024 if suffix == ".m4a" else 1)
    error = back.samples[:, : samples.shape[1]] - samples
    assert np.abs(error[:, 2000:-2000]).max() <= tolerance
    if suffix in (".wav", ".flac"):
        independent, rate = soundfile.read(path, dtype="float32")
        assert rate == 48000
        assert np.abs(independent.T - samples).max() <= tolerance


def test_six_channels_are_mixed_without_clipping(tmp_path: Path) -> None:
    loud = np.ones((6, 4800), np.float32)
    write_sound(tmp_path / "s.wav", Sound(samples=loud, rate=48000))
    back = read_sound(tmp_path / "s.wav")
    assert back.samples.shape == (2, 4800)
    assert np.abs(back.samples).max() <= 1.0001


@pytest.mark.parametrize("delay", [0.25, -0.25])
def test_the_sound_of_a_video_is_aligned_with_its_first_frame(tmp_path: Path, delay: float) -> None:
    click = np.zeros((1, 48000), np.float32)
    click[0, 24_000] = 1
    with av.open(str(tmp_path / "v.mkv"), "w") as container:
        video = container.add_stream("libx264", rate=30, options={"bf": "0"})
        video.width = video.height = 32
        video.pix_fmt = "yuv420p"
        audio = container.add_stream("pcm_f32le", rate=48000)
        audio.codec_context.layout = "mono"
        for i in range(30):
            picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))
            picture.pts, picture.time_base = i + (8 if delay < 0 else 0), Fraction(1, 30)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        frame = AudioFrame.from_ndarray(click, format="flt", layout="mono")
        frame.sample_rate, frame.time_base = 48000, Fraction(1, 48000)
        frame.pts = round(0.25 * 48000) if delay > 0 else 0
        container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    shift = delay if delay > 0 else -8 / 30
    heard = read_sound(tmp_path / "v.mkv").samples[0]
    assert abs(int(np.argmax(heard)) - (24_000 + shift * 48000)) <= 48  # Matroska rounds to a millisecond


def test_silence_and_a_single_sample_are_sound(tmp_path: Path) -> None:
    for n in (1, 48000):
        soundfile.write(tmp_path / "s.wav", np.zeros(n), 48000)
        assert (read_sound(tmp_path / "s.wav").samples == np.zeros((1, n))).all()


def test_ten_minutes_are_read_and_the_limit_holds(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.flac", np.zeros(600 * 8000), 8000)
    assert read_sound(tmp_path / "long.flac").duration == 600
    with pytest.raises(InputError, match="more than 599 s"):
        read_sound(tmp_path / "long.flac", max_seconds=599.0)


def test_what_has_no_sound_is_told(tmp_path: Path, clip) -> None:
    write_video(tmp_path / "mute.mp4", clip.frames(range(3)), fps=30)
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.wav", format="JPEG")
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.mp3").write_text("hello, this is a text")
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 48000)
    cases = {
        "mute.mp4": "has no audio track",
        "photo.wav": "is a JPEG picture, where a sound is expected",
        "empty.wav": "is empty",
        "text.mp3": "no sound that can be read",
        "none.wav": r"without a single sample|damaged",
        "missing.wav": "does not exist",
        ".": "is a folder",
    }
    for name, sentence in cases.items():
        with pytest.raises(InputError, match=sentence):
            read_sound(tmp_path / name)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".m4a"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.97])
def test_sound_cut_short_is_read_to_there_or_refused(tmp_path: Path, suffix: str, share: float) -> None:
    write_sound(tmp_path / f"s{suffix}", Sound(samples=sine(300, 3, 48000)[None], rate=48000))
    whole = (tmp_path / f"s{suffix}").read_bytes()
    (tmp_path / f"cut{suffix}").write_bytes(whole[: int(len(whole) * share)])
    try:
        duration = read_sound(tmp_path / f"cut{suffix}").duration
    except InputError:
        return
    assert duration <= 3


def test_impossible_wishes_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    sound = Sound(samples=sine(300, 0.1, 48000)[None], rate=48000)
    with pytest.raises(UsageError, match="should end on"):
        write_sound(tmp_path / "s.mid", sound)
    with pytest.raises(OutputError, match="there is no folder"):
        write_sound(tmp_path / "no" / "s.wav", sound)
    for samples, rate in ((np.zeros((9, 5), np.float32), 48000), (np.zeros((1, 5), np.float32), 10)):
        with pytest.raises(ShapeError):
            Sound(samples=samples, rate=rate)
    assert not list(tmp_path.iterdir())


def test_real_music_is_read(data: Path, tmp_path: Path) -> None:
    import zipfile

    count = 0
    for archive in sorted((data / "open" / "audio").glob("*.zip")):
        with zipfile.ZipFile(archive) as opened:
            names = [n for n in opened.namelist() if n.endswith((".ogg", ".mp3", ".wav", ".flac"))][:4]
            for name in names:
                path = tmp_path / Path(name).name
                path.write_bytes(opened.read(name))
                sound = read_sound(path, rate=22050, mono=True)
                independent, rate = soundfile.read(path, always_2d=True)
                assert abs(float(sound.duration) - len(independent) / rate) < 0.06
                assert 0.01 < np.abs(sound.samples).max() < 1.5
                count += 1
    assert count
