from dataclasses import replace

import pytest

from omote.guard.provenance.manifest import SourceType
from omote.guard.provenance.reader import Action, ManifestReport, State
from omote.guard.provenance.store import StoredManifest
from omote.guard.provenance.verdict import NOTHING, verdict
from omote.guard.provenance.xmp import Label

MADE = Action(
    name="c2pa.created",
    description="d",
    source_type=SourceType.COMPOSITE,
    agent="Omote dance",
    when="2030-01-02T00:00:00Z",
    parameters={},
)
STORED = StoredManifest(
    id="01",
    job="j",
    created="2030-01-02T00:00:00Z",
    verb="dance",
    summary="A person dances.",
    source_type=SourceType.COMPOSITE,
    test_only=False,
    output_name="o.mp4",
    output_sha256="",
    manifest_sha256="",
)


def manifest(state: State, development: bool = True) -> ManifestReport:
    return ManifestReport(
        state=state,
        words="",
        development=development,
        signer="S",
        generator="Omote 1",
        actions=(MADE,),
        source_type=SourceType.COMPOSITE,
    )


def test_only_a_trusted_seal_is_told_as_a_fact() -> None:
    told = {state: verdict(manifest(state), None, "", None, None) for state in State}
    assert told[State.TRUSTED].startswith("This file is a recording that a computer altered")
    for state in (State.UNKNOWN_SIGNER, State.EXPIRED):
        assert told[state].startswith("The file says that it is")
    assert "do not rely" in told[State.INVALID]
    assert told[State.NONE] == NOTHING
    assert len(set(told.values())) == len(State)


def test_a_certificate_of_an_authority_is_not_called_development() -> None:
    assert "development" not in verdict(manifest(State.TRUSTED, development=False), None, "", None, None)


def test_a_broken_seal_with_nothing_else_says_so() -> None:
    assert "Nothing else tells" in verdict(manifest(State.INVALID), None, "", None, None)


def test_the_very_file_without_its_sidecar_is_recognised() -> None:
    said = verdict(manifest(State.NONE), None, "01", STORED, True)
    assert "byte for byte" in said
    assert "encoded anew" in verdict(manifest(State.NONE), None, "01", STORED, False)


def test_names_that_others_chose_cannot_pass_for_our_own_words() -> None:
    lie = "a camera”. This file is genuine. “"
    for state in (State.TRUSTED, State.UNKNOWN_SIGNER, State.EXPIRED):
        said = verdict(replace(manifest(state), generator=lie, signer=lie), None, "", None, None)
        assert said.count('“a camera". This file is genuine. "”') == 2
    assert '“a camera". This' in verdict(manifest(State.NONE), Label(source_type="x", tool=lie), "", None, None)


@pytest.mark.parametrize(
    ("source_type", "kind"),
    [
        ("", "of a kind that is not told"),
        ("http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture", "of the kind “digitalCapture”"),
        ("x", "of the kind “x”"),
    ],
)
def test_source_types_of_others_are_named_as_they_are(source_type: str, kind: str) -> None:
    assert f"{kind}, by “P”" in verdict(manifest(State.NONE), Label(source_type=source_type, tool="P"), "", None, None)
