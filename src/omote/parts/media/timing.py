"""Exact times of frames: presentation stamps as fractions of a second, always rising.

A frame's time is its stamp times the stream's tick, counted from the first frame; variable frame rates stay
as they are. WebM and Matroska round every stamp to a millisecond: where such a stamp is within the rounding
of a multiple of the frame duration, that multiple is the time. A frame without a stamp, or stamped no later
than the one before it, is shown one nominal frame duration after that one; the frames after it keep their own
stamps as soon as these are later.
"""

from fractions import Fraction

_MILLISECOND = Fraction(1, 1000)


class Clock:
    """Turns the stamps of one stream, in the order of presentation, into times."""

    def __init__(self, *, tick: Fraction, step: Fraction) -> None:
        """Start before the first frame.

        Args:
            tick: unit of the stamps, seconds.
            step: nominal duration of a frame, seconds.
        """
        self.tick = tick
        self.step = step
        self.snaps = self.tick == _MILLISECOND and self.step > 2 * _MILLISECOND
        self.first: int | None = None
        self.last: Fraction | None = None

    def time(self, stamp: int | None) -> Fraction:
        """Return the time of the next frame, in seconds from the first."""
        if stamp is not None and self.first is None:
            self.first = stamp if self.last is None else stamp - round((self.last + self.step) / self.tick)
        if stamp is None or self.first is None:
            time = Fraction(0) if self.last is None else self.last + self.step
        else:
            time = self._exact((stamp - self.first) * self.tick)
        if self.last is not None and time <= self.last:
            time = self.last + self.step
        self.last = time
        return time

    def _exact(self, time: Fraction) -> Fraction:
        """Undo the rounding to milliseconds where the frame rate tells how."""
        if not self.snaps:
            return time
        regular = round(time / self.step) * self.step
        return regular if abs(regular - time) <= self.tick else time
