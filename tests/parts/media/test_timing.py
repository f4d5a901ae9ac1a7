from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from omote.parts.media.timing import Clock

STEP = Fraction(1, 30)


def times(stamps: Sequence[int | None], tick: Fraction = Fraction(1, 30), step: Fraction = STEP) -> list[Fraction]:
    clock = Clock(tick=tick, step=step)
    return [clock.time(stamp) for stamp in stamps]


def in_steps(*numbers: int) -> list[Fraction]:
    return [n * STEP for n in numbers]


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, unique=True).map(sorted), st.integers(1, 10**6))
def test_rising_stamps_are_kept_exactly(stamps: list[int], hertz: int) -> None:
    tick = Fraction(1, hertz)
    kept = times(stamps, tick, Fraction(1, 25)) if hertz != 1000 else in_steps()
    assert hertz == 1000 or kept == [(s - stamps[0]) * tick for s in stamps]


@given(st.lists(st.one_of(st.none(), st.integers(-1000, 1000)), max_size=50), st.sampled_from([30, 1000, 90_000]))
def test_times_rise_from_zero_whatever_the_stamps(stamps: list[int | None], hertz: int) -> None:
    given_times = times(stamps, Fraction(1, hertz))
    assert given_times[:1] in ([], [Fraction(0)])
    assert all(a < b for a, b in pairwise(given_times))


def test_missing_double_and_backward_stamps_are_one_frame_later() -> None:
    assert times([0, None, 2, 3]) == in_steps(0, 1, 2, 3)
    assert times([0, 1, 1, 3, 4]) == in_steps(0, 1, 2, 3, 4)
    assert times([0, 5, 3, 4, 10]) == in_steps(0, 5, 6, 7, 10)
    assert times([None, None, None]) == in_steps(0, 1, 2)
    assert times([None, 7, 8]) == in_steps(0, 1, 2)


@given(st.sampled_from([24, 25, 30, 60, Fraction(24000, 1001), Fraction(30000, 1001)]), st.integers(0, 10**5))
def test_millisecond_rounding_is_undone(fps: Fraction | int, first: int) -> None:
    numbers = [0, *range(first + 1, first + 50)]
    stamps: list[int | None] = [round(1000 * n / fps) for n in numbers]
    assert times(stamps, Fraction(1, 1000), Fraction(1) / fps) == [Fraction(n) / fps for n in numbers]


def test_irregular_milliseconds_stay() -> None:
    assert times([0, 33, 50, 100], Fraction(1, 1000)) == [0, STEP, Fraction(1, 20), Fraction(1, 10)]
