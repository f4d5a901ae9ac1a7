import io
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import gaussian_filter

from omote.core.contracts import Seal
from omote.core.errors import ShapeError, UsageError
from omote.core.frame import Frame
from omote.guard.provenance.watermark import Config, Watermark
from omote.guard.provenance.watermark_ink import psnr

PAYLOAD = 0xABCDEF123456
MARK = Watermark()
QUICK = Watermark(Config(search=False))


def scene(height: int, width: int, background: tuple[int, int, int] = (128, 128, 128), shift: int = 0) -> np.ndarray:
    """A plain background with a textured figure, as a rendered person stands before it."""
    rng = np.random.default_rng(0)
    rgb = np.empty((height, width, 3), np.uint8)
    rgb[:] = background
    figure = gaussian_filter(rng.standard_normal((height, width // 3, 3)), (2, 2, 0))
    figure = np.clip(120 + 400 * figure, 0, 255)
    rgb[height // 8 :, width // 3 + shift : width // 3 + shift + figure.shape[1]] = figure[height // 8 :]
    return rgb


def kind_of_picture(kind: str, height: int, width: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if kind == "flat":
        return np.broadcast_to(rng.integers(0, 256, 3, np.uint8), (height, width, 3)).copy()
    if kind == "noise":
        return rng.integers(0, 256, (height, width, 3), np.uint8)
    if kind == "gradient":
        ramp = np.linspace(0, 255, height)[:, None, None] * np.linspace(0.3, 1, width)[None, :, None]
        return np.broadcast_to(ramp, (height, width, 3)).astype(np.uint8)
    return scene(height, width, (seed % 256, 0, 255))


def jpeg(rgb: np.ndarray, quality: int = 75) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def resized(rgb: np.ndarray, height: int, width: int) -> np.ndarray:
    return np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.BICUBIC))


def frames(pictures: list[np.ndarray], rate: int = 24) -> list[Frame]:
    return [Frame(rgb=p, time=Fraction(i, rate)) for i, p in enumerate(pictures)]


def h264(pictures: list[np.ndarray], crf: int = 28) -> list[np.ndarray]:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=24, options={"crf": str(crf), "preset": "medium"})
        stream.height, stream.width, stream.pix_fmt = *pictures[0].shape[:2], "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    buffer.seek(0)
    with av.open(buffer, "r") as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def payload_of(rgb: np.ndarray, mark: Watermark = MARK) -> int | None:
    found = mark.detect(np.ascontiguousarray(rgb))
    return found.payload if found else None


@pytest.mark.parametrize("size", [(256, 256), (300, 411), (720, 1280), (1280, 720)])
@pytest.mark.parametrize("background", [(128, 128, 128), (0, 0, 0), (255, 255, 255), (0, 150, 140)])
def test_the_payload_survives_jpeg_75(size: tuple[int, int], background: tuple[int, int, int]) -> None:
    marked = MARK.embed(scene(*size, background), PAYLOAD)
    assert payload_of(jpeg(marked), QUICK) == PAYLOAD


@pytest.mark.parametrize("bits", [16, 48, 64])
def test_payloads_of_every_length_come_back(bits: int) -> None:
    mark = Watermark(Config(bits=bits))
    for payload in (0, 1, (1 << bits) - 1):
        assert payload_of(mark.embed(scene(256, 384), payload), mark) == payload


@pytest.mark.parametrize(
    "change",
    [
        lambda p: resized(p, p.shape[0] // 2, p.shape[1] // 2),
        lambda p: resized(p, p.shape[0] * 2, p.shape[1] * 2),
        lambda p: resized(p, p.shape[0], round(p.shape[1] * 0.8)),
        lambda p: p[:, ::-1],
        lambda p: np.clip(p * 0.7 + 30, 0, 255).astype(np.uint8),
        lambda p: gaussian_filter(p, (1.5, 1.5, 0)),
        lambda p: jpeg(p[40:520, 60:780]),
        lambda p: jpeg(p[40:520, 60:780][:, ::-1]),
        lambda p: p[:, 100:720],
    ],
    ids=["half", "double", "narrower", "mirrored", "contrast", "blur", "crop 0.8", "mirrored crop", "one side cut"],
)
def test_the_payload_survives(change) -> None:
    assert payload_of(change(MARK.embed(scene(600, 900), PAYLOAD))) == PAYLOAD


@pytest.mark.parametrize("background", [(128, 128, 128), (200, 30, 30), (255, 255, 255)])
def test_two_seconds_of_video_survive_h264_at_crf_28(background: tuple[int, int, int]) -> None:
    shown = [scene(480, 640, background, round(40 * np.sin(t / 5))) for t in range(49)]
    sealed = [f.rgb for f in MARK.stream(frames(shown), PAYLOAD)]
    first, *rest = MARK.detect_video(frames(h264(sealed)))
    assert first is not None
    assert first.payload == PAYLOAD
    assert (first.start, first.end) == (0, Fraction(47, 24))
    assert len(rest) == 1


@given(
    kind=st.sampled_from(["flat", "noise", "gradient", "figure"]),
    height=st.integers(64, 200),
    width=st.integers(64, 200),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=25)
def test_stills_and_frames_keep_their_peak_signal_to_noise_ratio(kind: str, height: int, width: int, seed: int) -> None:
    rgb = kind_of_picture(kind, height, width, seed)
    assert psnr(MARK.embed(rgb, PAYLOAD), rgb) >= 40.5
    (frame,) = MARK.stream(frames([rgb]), PAYLOAD)
    assert np.abs(frame.rgb.astype(int) - rgb).max() <= 3
    assert psnr(frame.rgb, rgb) >= 40


@pytest.mark.oracle
def test_psnr_equals_its_definition() -> None:
    one, other = (kind_of_picture("noise", 70, 81, seed) for seed in (0, 1))
    error = np.mean((one.astype(float) - other) ** 2)
    assert psnr(one, other) == pytest.approx(10 * np.log10(255**2 / error))
    assert psnr(one, one) == np.inf


def test_marking_is_deterministic_and_each_frame_stands_alone() -> None:
    shown = frames([scene(120, 160, shift=t) for t in range(6)])
    whole = list(Watermark().stream(shown, PAYLOAD))
    resumed = list(Watermark().stream(shown[4:], PAYLOAD))
    assert np.array_equal(whole[4].rgb, resumed[0].rgb)
    assert [f.time for f in whole] == [f.time for f in shown]
    assert np.array_equal(MARK.embed(shown[0].rgb, 5), Watermark().embed(shown[0].rgb, 5))


def test_the_picture_given_is_left_alone_and_may_be_a_view() -> None:
    rgb = scene(200, 300)
    before = rgb.copy()
    marked = MARK.embed(rgb[:, ::-1], PAYLOAD)
    assert np.array_equal(rgb, before)
    assert np.array_equal(marked, MARK.embed(rgb[:, ::-1].copy(), PAYLOAD))


def test_transparent_pixels_carry_nothing_and_coverage_is_kept() -> None:
    rgb, alpha = scene(200, 300), np.zeros((200, 300), np.uint8)
    alpha[:, 100:] = 255
    (frame,) = MARK.stream([Frame(rgb=rgb, time=Fraction(0), alpha=alpha)], PAYLOAD)
    for marked in (frame.rgb, MARK.embed(rgb, PAYLOAD, alpha)):
        assert np.array_equal(marked[:, :100], rgb[:, :100])
        assert not np.array_equal(marked[:, 100:], rgb[:, 100:])
    assert frame.alpha is alpha


def test_unmarked_pictures_and_other_keys_say_nothing() -> None:
    rgb = scene(300, 400)
    assert MARK.detect(rgb) is None
    assert Watermark(Config(key=b"another")).detect(MARK.embed(rgb, PAYLOAD)) is None
    assert not any(MARK.detect_video(frames([rgb] * 3)))
    assert list(MARK.detect_video([])) == []


@pytest.mark.slow
def test_no_mark_is_seen_in_a_thousand_unmarked_crops() -> None:
    rng = np.random.default_rng(0)
    wide = [kind_of_picture(kind, 700, 700, 3) for kind in ("flat", "noise", "gradient", "figure")]
    wide += [gaussian_filter(wide[1], (s, s, 0)) for s in (1, 3, 8)]
    for number in range(1000):
        top, left = rng.integers(0, 570, 2)
        side = int(rng.integers(64, 129))
        assert QUICK.detect(wide[number % len(wide)][top : top + side, left : left + side]) is None


@pytest.mark.oracle
def test_the_threshold_is_where_the_bound_meets_the_promise() -> None:
    for bits, promise in ((48, 1e-9), (64, 1e-6)):
        t = Watermark(Config(bits=bits, false_alarm=promise)).threshold
        assert 4 * 2.0**bits * np.exp(-t * t / 2) == pytest.approx(promise)
    found = MARK.detect(MARK.embed(scene(256, 256), PAYLOAD))
    assert found is not None
    assert found.log10_false_alarm < -9


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (63, 63), (63, 2000)])
def test_pictures_too_small_for_a_mark_are_refused_and_hold_none(size: tuple[int, int]) -> None:
    tiny = np.full((*size, 3), 90, np.uint8)
    with pytest.raises(ShapeError, match="at least 64"):
        MARK.embed(tiny, PAYLOAD)
    with pytest.raises(ShapeError, match="at least 64"):
        list(MARK.stream(frames([tiny]), PAYLOAD))
    assert MARK.detect(tiny) is None


@pytest.mark.parametrize("payload", [-1, 2**48])
def test_payloads_that_do_not_fit_are_refused_at_once(payload: int) -> None:
    with pytest.raises(UsageError, match="2\\^48"):
        MARK.embed(scene(100, 100), payload)
    with pytest.raises(UsageError, match="2\\^48"):
        MARK.stream([], payload)
    with pytest.raises(UsageError, match="2\\^48"):
        Watermark(payload=payload)


@pytest.mark.parametrize("bits", [0, 15, 65])
def test_lengths_of_payload_out_of_range_are_refused(bits: int) -> None:
    with pytest.raises(UsageError, match="16 to 64"):
        Watermark(Config(bits=bits))


def test_it_is_a_seal() -> None:
    mark = Watermark(payload=PAYLOAD)
    assert isinstance(mark, Seal)
    sealed = list(mark.seal(frames([scene(256, 384)] * 2)))
    assert [found.payload for found in mark.inspect(sealed)] == [PAYLOAD]
    with pytest.raises(UsageError, match="payload"):
        Watermark().seal([])
