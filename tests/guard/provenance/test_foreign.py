import pytest
from hypothesis import given
from hypothesis import strategies as st

from omote.guard.provenance import foreign
from omote.guard.provenance.foreign import MalformedError


@given(st.text(), st.integers(1, 50))
def test_whatever_is_written_is_shown_in_one_short_line(text: str, most: int) -> None:
    shown = foreign.printable(text, most)
    assert len(shown) <= most
    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1


@given(st.text(st.characters(whitelist_categories=("L", "N", "P", "S")), max_size=foreign.LONGEST))
def test_plain_text_of_any_script_stays_as_it_is(text: str) -> None:
    assert foreign.printable(text) == text


def test_what_could_steer_a_terminal_or_turn_the_line_around_is_replaced() -> None:
    assert foreign.printable("a\x1b[8m\n\nb\u202ec\u2028d\x9b") == "a\ufffd[8m  b\ufffdc d\ufffd"
    assert foreign.printable("abcdef", 4) == "abc…"


def test_absent_statements_are_empty_and_others_must_have_their_kind() -> None:
    assert (foreign.text(None), foreign.members(None), foreign.items(None)) == ("", {}, [])
    assert (foreign.text("x"), foreign.members({"a": 1}), foreign.items([1])) == ("x", {"a": 1}, [1])
    for read in (foreign.text, foreign.members, foreign.items):
        for value in (5, True, b"x", 0, ""):
            if not (read is foreign.text and value == ""):
                with pytest.raises(MalformedError):
                    read(value)


def test_nested_values_are_cleaned_throughout_and_cut_where_they_go_too_deep() -> None:
    assert foreign.cleaned({"a\n": ["\x1b", {"b": 1.5}], "c": None}) == {"a ": ["\ufffd", {"b": 1.5}], "c": None}
    deep: object = "x"
    for _ in range(500):
        deep = [deep]
    assert str(foreign.cleaned(deep)).count("[") < 12
