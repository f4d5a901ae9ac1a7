import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omote.guard.provenance import watermark_code as code

SHORT = 12


def words(bits: int) -> np.ndarray:
    return np.array([code.encode(payload, bits) for payload in range(1 << bits)], np.float64)


def best_correlation(soft: np.ndarray) -> float:
    """Return the largest correlation of any code word: Viterbi from each start state apart, back to the same state."""
    states = np.arange(256)
    metric = np.where(np.eye(256, dtype=bool), 0.0, -np.inf)  # [start, state]
    for y in soft.reshape(-1, code.RATE):
        after = np.full_like(metric, -np.inf)
        for bit in (0, 1):
            register = bit << code.MEMORY | states
            parity = [[int(r & g).bit_count() & 1 for g in code.GENERATORS] for r in register]
            reached = metric + (1 - 2 * np.array(parity)) @ y
            for even in (0, 1):  # two states lead to each next one
                to = register[even::2] >> 1
                after[:, to] = np.maximum(after[:, to], reached[:, even::2])
        metric = after
    return float(np.diag(metric).max())


@pytest.mark.oracle
def test_the_trellis_of_the_oracle_equals_trying_every_code_word() -> None:
    book, rng = words(SHORT), np.random.default_rng(0)
    for _ in range(3):
        soft = rng.standard_normal(book.shape[1])
        assert best_correlation(soft) == pytest.approx((book @ soft).max())


@pytest.mark.oracle
@pytest.mark.slow
def test_decoding_is_maximum_likelihood_but_for_rare_ties_at_the_noise_limit() -> None:
    """At 1 dB a bit, where one message in thirty is lost whatever the decoder does."""
    rng, best = np.random.default_rng(0), 0
    for _ in range(20):
        sent = code.encode(int(rng.integers(2**48)), 48)
        soft = np.sqrt(2 * 10**0.1 / code.RATE) * sent + rng.standard_normal(192)
        best += bool(np.isclose(soft @ code.encode(code.decode(soft), 48), best_correlation(soft)))
    assert best >= 19


@pytest.mark.oracle
def test_words_lie_as_far_apart_as_the_tables_say() -> None:
    """d_free = 24 in the tables for these polynomials; the code is linear, so the lightest word tells."""
    lightest = min(int((code.encode(odd, 48) < 0).sum()) for odd in range(1, 1 << 12, 2))
    assert lightest == 24
    assert (code.encode(1, 48) < 0).sum() == sum(g.bit_count() for g in code.GENERATORS)


@given(payload=st.integers(0, 2**48 - 1), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_any_eleven_wrong_bits_are_put_right(payload: int, seed: int) -> None:
    """Half of the free distance."""
    soft = code.encode(payload, 48).astype(np.float64)
    soft[np.random.default_rng(seed).choice(len(soft), 11, replace=False)] *= -1
    assert code.decode(soft) == payload


@given(payload=st.integers(0, 2**48 - 1), scale=st.floats(1e-6, 1e6))
@settings(deadline=None, max_examples=30)
def test_only_the_signs_and_proportions_of_evidence_count(payload: int, scale: float) -> None:
    assert code.decode(code.encode(payload, 48) * scale) == payload


@given(payload=st.integers(0, 2**48 - 1), turn=st.integers(1, 47))
def test_a_turned_payload_has_a_turned_word(payload: int, turn: int) -> None:
    """The code has no beginning: that is what tail-biting means."""
    turned = (payload << turn | payload >> (48 - turn)) & (2**48 - 1)
    assert np.array_equal(code.encode(turned, 48), np.roll(code.encode(payload, 48), -code.RATE * turn))


def test_sums_of_messages_have_sums_of_words() -> None:
    for a, b in itertools.product((0x5A5, 0x003, 0xFFF), repeat=2):
        product = code.encode(a, SHORT) * code.encode(b, SHORT)
        assert np.array_equal(product, code.encode(a ^ b, SHORT))


def test_at_two_decibels_a_bit_nearly_all_messages_arrive() -> None:
    """Shannon's limit is -1.6 dB."""
    rng, lost = np.random.default_rng(1), 0
    amplitude = np.sqrt(2 * 10**0.2 / code.RATE)
    for _ in range(200):
        payload = int(rng.integers(2**48))
        lost += code.decode(amplitude * code.encode(payload, 48) + rng.standard_normal(192)) != payload
    assert lost <= 4
