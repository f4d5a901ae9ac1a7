"""The error-correcting code of the watermark: a tail-biting convolutional code of rate 1/4 with 256 states.

The generators are those of CDMA2000 (3GPP2 C.S0002, R = 1/4, constraint length 9). The register starts with the
payload's own last bits, so that start and end states agree and no tail is spent. Decoding goes three times round
the circle with Viterbi's algorithm from equal metrics and reads the middle lap, where both ends are forgotten
(Shao, Lin and Fossorier, "Two decoding algorithms for tailbiting codes", 2003): exact but for rare ties near the
noise limit. There is no checksum: whoever decodes measures how well the code word explains what was received.

Notation: k payload bits, n = 4 k coded bits; a coded bit is sent as +1 (zero) or -1 (one).
"""

from typing import no_type_check

import numpy as np
from jaxtyping import Float, Int8
from numba import njit
from numpy import ndarray

RATE = 4
"""Coded bits for each bit of payload."""
MEMORY = 8
"""Bits that the register remembers besides the newest."""
GENERATORS = (0o765, 0o671, 0o513, 0o473)
_STATES = 1 << MEMORY
_LAPS = 3


def _branches() -> Int8[ndarray, "states 2 4"]:
    """Return the four coded signs sent from each state by each new bit."""
    signs = np.empty((_STATES, 2, RATE), np.int8)
    for state in range(_STATES):
        for bit in (0, 1):
            register = bit << MEMORY | state
            signs[state, bit] = [1 - 2 * ((register & g).bit_count() & 1) for g in GENERATORS]
    return signs


_BRANCHES = _branches()


def encode(payload: int, bits: int) -> Int8[ndarray, "n"]:
    """Return the code word of a payload as signs.

    Args:
        payload: in [0, 2^bits).
        bits: k, at least 8.
    """
    message = [payload >> (bits - 1 - i) & 1 for i in range(bits)]
    state = 0
    for bit in message[-MEMORY:]:
        state = state >> 1 | bit << (MEMORY - 1)
    word = np.empty((bits, RATE), np.int8)
    for i, bit in enumerate(message):
        word[i] = _BRANCHES[state, bit]
        state = state >> 1 | bit << (MEMORY - 1)
    return word.ravel()


def decode(soft: Float[ndarray, "n"]) -> int:
    """Return the payload whose code word correlates best with what was received.

    Args:
        soft: evidence for each coded bit, positive for +1, any scale.
    """
    message = _circular_viterbi(np.ascontiguousarray(soft, np.float64).reshape(-1, RATE), _BRANCHES)
    return int("".join(map(str, message)), 2)


@no_type_check
@njit(cache=True, nogil=True)
def _circular_viterbi(soft, branches):
    bits = soft.shape[0]
    steps = _LAPS * bits
    half = _STATES // 2
    metric = np.zeros(_STATES)
    came_from = np.empty((steps, _STATES), np.uint8)
    for t in range(steps):
        y = soft[t % bits]
        after = np.empty(_STATES)
        for state in range(_STATES):
            # The newest bit enters at the top; the two predecessors differ in the bit that has just left.
            bit = state // half
            low = state % half * 2
            best = -np.inf
            for old in range(low, low + 2):
                value = metric[old]
                for j in range(RATE):
                    value += y[j] * branches[old, bit, j]
                if value > best:
                    best = value
                    came_from[t, state] = old - low
            after[state] = best
        metric = after
    state = np.argmax(metric)
    message = np.empty(bits, np.uint8)
    for t in range(steps - 1, bits - 1, -1):
        if t < 2 * bits:
            message[t - bits] = state // half
        state = state % half * 2 + came_from[t, state]
    return message
