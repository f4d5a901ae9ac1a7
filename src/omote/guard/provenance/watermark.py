"""An invisible watermark that carries a number through recompression and rescaling.

Spread spectrum (Cox, Kilian, Leighton and Shamoon, "Secure spread spectrum watermarking for multimedia", 1997) in
luma: `watermark_grid` says where the mark lives, `watermark_code` how the number is coded, `watermark_ink` how much
of it a place can hide, `watermark_align` where a cropped picture lay. Stills are marked with the host known (in the
spirit of Malvar and Florencio, "Improved spread spectrum", 2003): coded bits that the picture itself contradicts get
more of the ink. Frames of a video all get the same pattern, which an encoder keeps in its key frames.

What it does not defend against: the key is public, so whoever has this code can write any number into any picture,
or take the mark out. It labels honest output; the signed manifest that the number leads to is the proof.

False alarms. Let x_i be what is read at chip i of a picture that was never marked, b a code word, e_i the signs drawn
from the key. T(b) = sum_i e_i b_j(i) x_i / sqrt(sum_i x_i^2). For *any* fixed picture the products are independent
signs times fixed numbers, so Hoeffding's inequality gives P[T(b) >= t] <= exp(-t^2 / 2) over the draw of the key.
There are 2^k code words and at most H placements are decoded (their choice looks at the pilot's signs alone, which
are independent of the message's), hence P[some T >= t] <= H 2^k exp(-t^2 / 2). The threshold follows from that; no
property of pictures is assumed, and the decoder may be as clever as it likes.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from io import BytesIO

import numpy as np
from jaxtyping import Float32, Int8, UInt8
from numpy import ndarray
from PIL import Image

from omote.core.errors import ShapeError, UsageError
from omote.core.frame import Frame
from omote.guard.provenance import watermark_align as align
from omote.guard.provenance import watermark_code as code
from omote.guard.provenance import watermark_grid as grid
from omote.guard.provenance.watermark_ink import gains, ink, lay, psnr

MIN_SIDE = 64
"""Pixels; there is no room for the mark in a picture with a shorter side."""
PLACEMENTS = 2 + align.CANDIDATES
"""H: as it is, mirrored, and the likeliest crops."""
_FRAME_LIMIT = 3
"""No channel of a frame moves by more levels."""
_FRAME_BUSIEST = 2.2
"""Most levels of ink (root mean square) in any block of a frame; 20 log10(255 / 2.2) is 41.3 dB."""
_STILL_LIMIT = 8
_BUSIEST = 6.0
"""Most levels of ink (root mean square) in any block."""
_CALMEST = (0.35, 1.5)
"""Least and most levels of ink in flat places."""
_CALM_GROWTH = 1.6
"""Most that the ink in flat places grows when a still needs more: there it would be seen first."""
_ROUNDS = 3
"""Corrections of the shares of the ink."""
_SHARES = (0.2, 3.0)
"""Least and most ink of a coded bit, relative to the others."""
_WORKING = 384
"""Side of the square copy of a picture that marks are read from, pixels."""
_TRIALS = 4
"""How often a still's ink is strengthened at most until it is read clearly enough."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """How the mark is written and read; marks are only read with the key and bits that they were written with."""

    key: bytes = b"omote watermark 1"
    """What the pattern is drawn from. Public by default: the mark is a label, not a lock."""
    bits: int = 48
    """k: bits of payload, 16 to 64."""
    false_alarm: float = 1e-9
    """Most that the chance of reading any mark in an unmarked picture may be."""
    window: float = 2.0
    """Seconds of video read together."""
    calm: float = 0.5
    """Levels (root mean square) in flat places of a picture of 720 lines; smaller pictures get more."""
    rise: float = 0.2
    """Levels added to a still for each level by which neighbouring pixels differ."""
    frame_rise: float = 0.45
    """The same for frames of a video, which are marked without knowing the picture and compressed harder."""
    least_psnr: float = 40.5
    """Decibels that a still is never marked below; frames of a video stay above 40 by the limits on their ink."""
    clear: float = 24.0
    """T that a still must keep after JPEG at quality 75; about 11 is needed to be read."""
    search: bool = True
    """Whether to look for a crop, which takes most of a second, where a picture has no mark as it is."""


@dataclass(frozen=True, kw_only=True)
class Detection:
    """A mark that was found."""

    payload: int
    log10_false_alarm: float
    """Upper bound of the chance to find any mark this clear in an unmarked picture, as a power of ten."""
    start: Fraction | None = None
    """Seconds at which the window begins, in a video."""
    end: Fraction | None = None
    """Seconds of the window's last frame, in a video."""


class Watermark:
    """Writes a payload into pictures and video, and finds it again without the original.

    Args:
        config: how.
        payload: what `seal` writes; the other verbs do not need it.
    """

    def __init__(self, config: Config | None = None, payload: int | None = None) -> None:
        self.config = config or Config()
        if not 16 <= self.config.bits <= 64:
            raise UsageError(f"a watermark carries 16 to 64 bits; got {self.config.bits}")
        self.payload = payload
        self._drawn = grid.layout(self.config.key, code.RATE * self.bits)
        self._told = np.flatnonzero(self._drawn.coded_bit >= 0)
        self._stored = lru_cache(maxsize=2)(self._ink)
        if payload is not None:
            self._word(payload)

    @property
    def bits(self) -> int:
        """Bits of payload."""
        return self.config.bits

    @property
    def threshold(self) -> float:
        """T from which on a mark is believed."""
        return math.sqrt(2 * (math.log(PLACEMENTS / self.config.false_alarm) + self.bits * math.log(2)))

    def embed(
        self, rgb: UInt8[ndarray, "h w 3"], payload: int, alpha: UInt8[ndarray, "h w"] | None = None
    ) -> UInt8[ndarray, "h w 3"]:
        """Return a still picture, marked as strongly as it takes to be read after JPEG; deterministic.

        Args:
            rgb: at least 64 pixels each way.
            payload: in [0, 2^bits).
            alpha: coverage; where it is 0 the colours are left as they were.

        Raises:
            UsageError: the payload has too many bits.
            ShapeError: the picture is too small to hold a mark.
        """
        size = _checked(rgb)
        code_word, least = self._word(payload), self.config.least_psnr
        host = grid.canonical(grid.luma(rgb))
        strength, marked = 1.0, rgb
        for _ in range(_TRIALS):
            gain = self._gain(rgb, strength)
            word = code_word * self._shares(host, code_word, grid.spread(gain))
            stored = ink(grid.synthesise(self._drawn.signs * word[self._drawn.coded_bit], size))
            marked = lay(rgb, stored, gain, _STILL_LIMIT)
            spent = (quality := psnr(marked, rgb)) < least
            while quality < least:
                gain = gain * np.float32(0.98 * 10 ** ((quality - least) / 20))
                marked = lay(rgb, stored, gain, _STILL_LIMIT)
                quality = psnr(marked, rgb)
            clarity = self._clarity(_recompressed(marked), code_word)
            if spent or clarity >= self.config.clear:
                break
            strength *= min(1.15 * self.config.clear / max(clarity, 1.0), 2.5)
        return _where_seen(marked, rgb, alpha)

    def stream(self, frames: Iterable[Frame], payload: int) -> Iterator[Frame]:
        """Yield the frames, marked; each depends on itself and the payload alone, so that jobs can be resumed.

        Where a frame is fully transparent it is left as it was.

        Raises:
            UsageError: the payload has too many bits.
            ShapeError: a frame is too small to hold a mark.
        """
        self._word(payload)
        return (self._frame(frame, payload) for frame in frames)

    def detect(self, rgb: UInt8[ndarray, "h w 3"]) -> Detection | None:
        """Return the mark in a picture, or None where there is none that can be believed.

        Rescaled, mirrored and moderately cropped pictures are read too; one too small to hold a mark has none.
        """
        return self._decide(_working(rgb))

    def detect_video(self, frames: Iterable[Frame]) -> Iterator[Detection | None]:
        """Yield for each window of `Config.window` seconds the mark in it, or None; windows do not overlap."""
        total, count, start, end = None, 0, Fraction(0), Fraction(0)
        for frame in frames:
            if total is not None and frame.time - start >= self.config.window:
                yield self._decide(total / np.float32(count), start, end)
                total, count = None, 0
            if total is None:
                total, start = np.zeros((_WORKING, _WORKING), np.float32), frame.time
            total += _working(frame.rgb)
            count, end = count + 1, frame.time
        if total is not None:
            yield self._decide(total / np.float32(count), start, end)

    def seal(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Yield the frames, marked with the payload given at construction.

        Raises:
            UsageError: none was given.
        """
        if self.payload is None:
            raise UsageError("a watermark seals with the payload it was made with: Watermark(payload=...)")
        return self.stream(frames, self.payload)

    def inspect(self, frames: Iterable[Frame]) -> list[Detection]:
        """Return the marks of all windows in which one was found."""
        return [found for found in self.detect_video(frames) if found]

    def _word(self, payload: int) -> Float32[ndarray, "n1"]:
        """Return the code word of a payload as signs, and behind it the pilot's +1."""
        if not 0 <= payload < 1 << self.bits:
            raise UsageError(f"a payload lies in [0, 2^{self.bits}); got {payload}")
        return np.append(code.encode(payload, self.bits), 1).astype(np.float32)

    def _ink(self, payload: int, size: tuple[int, int]) -> Int8[ndarray, "h w3"]:
        return ink(grid.synthesise(self._drawn.signs * self._word(payload)[self._drawn.coded_bit], size))

    def _gain(self, rgb: UInt8[ndarray, "h w 3"], strength: float = 1.0) -> Float32[ndarray, "rows columns"]:
        """Return the levels of ink for each block of a still."""
        calm = min(strength, _CALM_GROWTH) * self._calm(rgb)
        return gains(rgb, calm, _BUSIEST, strength * self.config.rise)

    def _calm(self, rgb: UInt8[ndarray, "h w 3"]) -> float:
        """Return the levels of ink in flat places.

        A small picture fills a smaller part of the eye's field and its grain is finer there, so it hides more.
        """
        low, high = _CALMEST
        return min(max(self.config.calm * 720 / min(rgb.shape[:2]), low), high)

    def _frame(self, frame: Frame, payload: int) -> Frame:
        stored = self._stored(payload, _checked(frame.rgb))
        gain = gains(frame.rgb, self._calm(frame.rgb), _FRAME_BUSIEST, self.config.frame_rise)
        marked = lay(frame.rgb, stored, gain, _FRAME_LIMIT)
        return replace(frame, rgb=_where_seen(marked, frame.rgb, frame.alpha))

    def _shares(
        self, host: Float32[ndarray, "s s"], word: Float32[ndarray, "n1"], gain: Float32[ndarray, "s s"]
    ) -> Float32[ndarray, "n1"]:
        """Return how much of the ink each coded bit gets so that all are read equally well.

        Args:
            host: the picture on the canonical grid.
            word: the code word and the pilot's +1.
            gain: levels of ink on the canonical grid.
        """
        role = self._drawn.coded_bit % len(word)
        wanted = self._drawn.signs * word[role]
        chips = np.bincount(role, minlength=len(word))

        def margins(picture: Float32[ndarray, "s s"]) -> Float32[ndarray, "n1"]:
            return (np.bincount(role, grid.read(picture) * wanted) / chips).astype(np.float32)

        share = np.ones_like(word)
        without = margins(host)
        for _ in range(_ROUNDS):
            reached = margins(host + gain * grid.synthesise(wanted * share[role], (grid.SIDE, grid.SIDE)))
            response = max(float((reached - without).mean()), 1e-3)
            share = np.clip(share + (reached.mean() - reached) / response, *_SHARES)
        return share

    def _clarity(self, rgb: UInt8[ndarray, "h w 3"], word: Float32[ndarray, "n1"]) -> float:
        """Return T of a picture for the code word that it should carry."""
        evidence = self._evidence(grid.read(grid.canonical(_working(rgb))))
        return _agreement(evidence, word[self._drawn.coded_bit[self._told]])

    def _evidence(self, chips: Float32[ndarray, "chips"]) -> Float32[ndarray, "told"]:
        """Return e_i x_i for the chips of the message."""
        return (chips * self._drawn.signs)[self._told]

    def _decide(
        self, working: Float32[ndarray, "c c"], start: Fraction | None = None, end: Fraction | None = None
    ) -> Detection | None:
        """Return what the likeliest placements of a picture say, the first that can be believed."""
        chips = grid.read(grid.canonical(working))
        for seen in (chips, grid.mirrored(chips)):
            if found := self._read(seen):
                return replace(found, start=start, end=end)
        for guess in align.guesses(working, self._drawn) if self.config.search else ():
            if found := self._read(grid.read(align.placed(working, guess))):
                return replace(found, start=start, end=end)
        return None

    def _read(self, chips: Float32[ndarray, "chips"]) -> Detection | None:
        """Return the mark in what was read of a picture, if it can be believed."""
        evidence, coded_bit = self._evidence(chips), self._drawn.coded_bit[self._told]
        payload = code.decode(np.bincount(coded_bit, evidence))
        t = _agreement(evidence, code.encode(payload, self.bits)[coded_bit])
        if t < self.threshold:
            return None
        log_bound = math.log(PLACEMENTS) + self.bits * math.log(2) - t * t / 2
        return Detection(payload=payload, log10_false_alarm=log_bound / math.log(10))


def _agreement(evidence: Float32[ndarray, "told"], signs: ndarray) -> float:
    """Return T: how well what was read agrees with the signs of a code word."""
    return float(evidence @ signs / np.sqrt((evidence * evidence).sum() + 1e-20))


def _where_seen(
    marked: UInt8[ndarray, "h w 3"], plain: UInt8[ndarray, "h w 3"], alpha: UInt8[ndarray, "h w"] | None
) -> UInt8[ndarray, "h w 3"]:
    """Return the marked picture, plain where it is fully transparent."""
    return marked if alpha is None else np.where(alpha[..., None] > 0, marked, plain)


def _working(rgb: UInt8[ndarray, "h w 3"]) -> Float32[ndarray, "c c"]:
    """Return the luma of a picture, small and square, as everything is read from."""
    return grid.canonical(grid.luma(rgb), side=_WORKING)


def _recompressed(rgb: UInt8[ndarray, "h w 3"]) -> UInt8[ndarray, "h w 3"]:
    """Return a picture after JPEG at quality 75."""
    buffer = BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=75)
    return np.asarray(Image.open(buffer))


def _checked(rgb: UInt8[ndarray, "h w 3"]) -> tuple[int, int]:
    """Return the size of a picture that is large enough."""
    height, width = rgb.shape[:2]
    if min(height, width) < MIN_SIDE:
        raise ShapeError(
            f"a watermark needs at least {MIN_SIDE} x {MIN_SIDE} pixels, but the picture has {width} x {height}; "
            "use a larger one or leave it unmarked"
        )
    return height, width
