"""Hostile provenance: manifests, XMP, lists and names by somebody who wants `inspect` to crash or to lie."""

import io
import json
import os
import shutil
from pathlib import Path
from typing import Any

import c2pa
import pytest
from PIL import Image

from omote.app.provenance import inspect
from omote.core.errors import InputError
from omote.guard.provenance import certificates
from omote.guard.provenance.inspect import ProvenanceReport
from omote.guard.provenance.manifest import JOB, OFFLINE, SourceType, Statement, seal
from omote.guard.provenance.reader import State

pytestmark = pytest.mark.usefixtures("user")

LIE = "a camera.\n\nThis file is genuine: trusted by this machine.\x1b[8m\u202e" + 10_000 * "!"
MADE = {
    "label": "c2pa.actions.v2",
    "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": SourceType.SYNTHETIC.value}]},
}


def picture(path: Path) -> Path:
    Image.linear_gradient("L").convert("RGB").save(path)
    return path


def signed(folder: Path, definition: dict[str, Any]) -> Path:
    """A picture with a manifest that says whatever is wanted, signed with a certificate nobody knows."""
    held = certificates.init(folder / "their home")
    info = c2pa.C2paSignerInfo(held.algorithm, held.chain, held.key, None)
    said = {"claim_generator_info": [{"name": "X", "version": "1"}], "title": "t", "assertions": [MADE], **definition}
    out = folder / "hostile.png"
    with (
        picture(folder / "plain.png").open("rb") as read,
        out.open("w+b") as write,
        c2pa.Context.from_dict({**OFFLINE, "verify": {**OFFLINE["verify"], "verify_after_sign": False}}) as context,
        c2pa.Signer.from_info(info) as signer,
        c2pa.Builder(said, context) as builder,
    ):
        builder.add_ingredient({"title": LIE, "relationship": "inputTo"}, "text/plain", io.BytesIO(b"x"))
        builder.sign(signer, "image/png", read, write)
    return out


def shown(report: ProvenanceReport) -> str:
    """What the command line prints, after a look at what it prints with --json."""
    json.dumps(report.to_json()).encode()
    text = report.text()
    assert all(line.isprintable() for line in text.split("\n")), repr(text)
    assert len(text) < 5000
    return text


@pytest.mark.parametrize(
    "job",
    [
        {"ingredients": [{}]},
        {"ingredients": 5},
        {"ingredients": [{"title": [], "relationship": {}, "sha256": 1}]},
        {"consent": 5},
        {"consent": ["x"]},
        {"consent": [{"id": ["x"]}]},
        {"testOnly": "perhaps"},
        [1],
        "text",
        5,
    ],
    ids=str,
)
def test_a_statement_of_another_shape_is_passed_over_and_named(job: Any, tmp_path: Path) -> None:
    report = inspect(signed(tmp_path, {"assertions": [MADE, {"label": JOB, "data": job}]}))
    assert report.manifest.state is State.UNKNOWN_SIGNER
    assert report.manifest.consents == ()
    if job == {"ingredients": [{}]}:
        assert report.manifest.malformed == ()  # says nothing of an ingredient, which is no contradiction
    else:
        assert report.manifest.malformed == (JOB,)
        assert f"{JOB} is malformed" in shown(report)
    assert report.manifest.source_type == SourceType.SYNTHETIC


@pytest.mark.parametrize("blocks", [5, [5], [{"value": {}}], "x", {}], ids=str)
def test_a_watermark_stated_in_another_shape_is_passed_over(blocks: Any, tmp_path: Path) -> None:
    stated = {"label": "c2pa.soft-binding", "data": {"alg": "x", "blocks": blocks}}
    report = inspect(signed(tmp_path, {"assertions": [MADE, stated]}))
    assert report.manifest.mark_id == ""
    assert report.manifest.malformed == ("c2pa.soft-binding",)
    shown(report)


def test_texts_cannot_counterfeit_the_report(tmp_path: Path) -> None:
    action = {**MADE["data"]["actions"][0], "description": LIE, "parameters": {LIE: [LIE]}}
    stated = {"label": "c2pa.actions.v2", "data": {"actions": [action]}}
    maker = {"claim_generator_info": [{"name": LIE, "version": LIE}], "title": LIE}
    report = inspect(signed(tmp_path, {**maker, "assertions": [stated, {"label": JOB, "data": {LIE: LIE}}]}))
    assert report.manifest.state is State.UNKNOWN_SIGNER
    assert report.verdict.startswith("The file says that it is")
    lines = shown(report).split("\n")
    assert [line.partition(" ")[0] for line in lines if line[:1].strip()] == ["The", "manifest:", "watermark:", "XMP:"]
    assert "“a camera.  This file is genuine" in lines[0]
    assert len(report.verdict) < 700
    assert LIE not in json.dumps(report.to_json(), ensure_ascii=False)


def test_a_note_cannot_counterfeit_the_report(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.bmp")
    path.with_name("a.bmp.xmp").write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:x="http://ns.adobe.com/xap/1.0/"'
        f' i:DigitalSourceType="a&#10;&#x9b;b{"?" * 900}"'
        f' x:CreatorTool="a camera.&#10;&#10;This file is genuine&#x202e;{"!" * 9000}"/></rdf:RDF></x:xmpmeta>'
    )
    report = inspect(path)
    assert report.label is not None
    assert "\n\n" not in shown(report).partition("\n\n")[2]
    assert report.verdict.startswith("A note in the file that is not signed says")


@pytest.mark.parametrize("encoding", ["foo", "shift_jis", "utf-32", "utf-7", "idna", "hex", "x" * 5000])
def test_a_note_in_an_encoding_that_is_none_is_told(encoding: str, tmp_path: Path) -> None:
    path = picture(tmp_path / "a.bmp")
    path.with_name("a.bmp.xmp").write_bytes(f'<?xml version="1.0" encoding="{encoding}"?><a/>'.encode())
    report = inspect(path)
    assert "its XMP cannot be read" in shown(report)
    assert not report.found


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"", b"\n\n  \n", b"\x1b[8m" * 9000, None])
def test_a_folder_with_a_hostile_list_does_not_hold(data: bytes | None, user: dict[str, str], tmp_path: Path) -> None:
    certificates.init()
    folder = tmp_path / "frames"
    folder.mkdir()
    picture(folder / "1.png")
    seal(folder, folder, Statement(verb="dance", description="d", source_type=SourceType.COMPOSITE))
    (folder / "SHA256SUMS").unlink()
    if data is not None:
        (folder / "SHA256SUMS").write_bytes(data)
    report = inspect(folder)
    assert report.manifest.state is State.INVALID
    shown(report)


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + ".png", "a\0b", "no/such/folder.mp4"])
def test_names_that_no_file_can_have_are_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"does not exist|cannot be read"):
        inspect(tmp_path / name)


@pytest.mark.parametrize("letters", range(246, 252))
def test_names_too_long_for_a_sidecar_are_read_without_one(letters: int, tmp_path: Path) -> None:
    assert inspect(picture(tmp_path / ("x" * letters + ".png"))).notes == ()


@pytest.mark.parametrize("name", [".", "..", "/"])
def test_folders_without_a_name_of_their_own_are_looked_into(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert inspect(Path(name)).manifest.state is State.NONE


def test_what_is_neither_a_file_nor_a_folder_is_refused(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(InputError, match="neither"):
        inspect(tmp_path / "pipe.png")
    picture(tmp_path / "a.bmp")
    os.mkfifo(tmp_path / "a.bmp.xmp")
    os.mkfifo(tmp_path / "a.bmp.c2pa")
    assert not inspect(tmp_path / "a.bmp").found
    assert not inspect(tmp_path).found  # a folder, a pipe in it


def test_the_manifest_of_a_sibling_is_not_held_against_a_file(user: dict[str, str], tmp_path: Path) -> None:
    certificates.init()
    (tmp_path / "a.glb").write_bytes(b"glTF\x02\0\0\0" + bytes(200))
    done = seal(
        tmp_path / "a.glb", tmp_path / "a.glb", Statement(verb="x", description="d", source_type=SourceType.COMPOSITE)
    )
    assert done.sidecar is not None
    shutil.move(done.sidecar, tmp_path / "a.c2pa")
    assert inspect(picture(tmp_path / "a.png")).manifest.state is State.NONE
