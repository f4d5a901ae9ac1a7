"""One picture of a video, with the moment at which it is shown."""

from dataclasses import dataclass
from fractions import Fraction

from jaxtyping import UInt8
from numpy import ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A picture in a stream.

    Operators on video take `Iterable[Frame]` and give `Iterator[Frame]`; they hold a window, never a clip.
    """

    rgb: UInt8[ndarray, "h w 3"]
    """sRGB."""
    time: Fraction
    """Seconds from the start of the stream, exact."""
    alpha: UInt8[ndarray, "h w"] | None = None
    """Coverage, 255 = opaque, colours not premultiplied; None where the picture is opaque everywhere."""

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.rgb.shape[0], self.rgb.shape[1]
