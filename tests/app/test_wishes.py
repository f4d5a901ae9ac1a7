"""What users write becomes what the parts take, or one sentence."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from omote.app import wishes
from omote.core.errors import UsageError
from omote.parts.render.background import Gradient, Nothing, Picture


@given(st.integers(64, 4096), st.integers(64, 4096))
def test_sizes_are_read_as_width_and_height(width: int, height: int) -> None:
    assert wishes.size(f"{width}x{height}") == (height, width)


@given(st.text(max_size=12))
def test_any_text_gives_a_size_or_a_usage_error(text: str) -> None:
    try:
        height, width = wishes.size(text)
    except UsageError:
        return
    assert 64 <= height <= 4096
    assert 64 <= width <= 4096


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_colours_are_hexadecimal(red: int, green: int, blue: int) -> None:
    assert wishes.colour(f"#{red:02x}{green:02X}{blue:02x}") == (red, green, blue)


def test_short_colours_and_what_is_none() -> None:
    assert wishes.colour("#f0a") == (255, 0, 170)
    assert wishes.colour("studio") is None
    for wrong in ("#", "#12", "#1234", "#gggggg", "#1234567"):
        with pytest.raises(UsageError, match="colour"):
            wishes.colour(wrong)


def test_backgrounds(tmp_path: Path) -> None:
    assert isinstance(wishes.background("studio"), Gradient)
    assert isinstance(wishes.background("transparent"), Nothing)
    assert wishes.background_file("transparent") is None
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / "b.png")
    assert isinstance(wishes.background(str(tmp_path / "b.png")), Picture)
    assert wishes.background_file("b.png") == Path("b.png")


@pytest.mark.parametrize(
    ("name", "transparent", "codec"), [("a.mp4", False, "h264"), ("a.webm", True, "vp9"), ("folder", True, "png")]
)
def test_encodings_follow_the_name(name: str, transparent: bool, codec: str) -> None:
    encoding = wishes.encoding(Path(name), transparent=transparent)
    assert encoding.codec == codec
    assert encoding.alpha == transparent


@pytest.mark.parametrize(("name", "transparent"), [("a.mp4", True), ("a.avi", False), ("a.gif", True)])
def test_names_that_cannot_hold_the_result(name: str, transparent: bool) -> None:
    with pytest.raises(UsageError):
        wishes.encoding(Path(name), transparent=transparent)
