"""The display matrix of a video stream: how a stored picture is turned and mirrored to be upright.

ISO/IEC 14496-12, 8.3.2: nine numbers `a b u / c d v / x y w` map a stored point p = (x, y), y down, to the
shown one, (a x + c y, b x + d y). Phones store quarter turns and mirrorings; other angles go to the nearest
quarter.
"""

from dataclasses import dataclass

import numpy as np
from av import VideoFrame
from numpy import ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What makes a stored picture upright: a mirroring of columns first, then quarter turns clockwise."""

    quarter: int
    mirrored: bool

    def apply(self, picture: ndarray) -> ndarray:
        """Return the picture upright."""
        if self.mirrored:
            picture = picture[:, ::-1]
        return np.ascontiguousarray(np.rot90(picture, -self.quarter)) if self.quarter or self.mirrored else picture


def turn_of(frame: VideoFrame) -> Turn:
    """Read a frame's display matrix: nine 32-bit numbers, a b u / c d v / x y w, that map (x, y) by rows."""
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return Turn(quarter=0, mirrored=False)
    a, b, _, c, d = np.frombuffer(bytes(data), np.int32)[:5].astype(float)
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b  # the matrix after mirroring x: its first row turned round
    return Turn(quarter=round(np.arctan2(b, a) / (np.pi / 2)) % 4, mirrored=bool(mirrored))
