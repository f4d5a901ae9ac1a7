import json
import os
import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import c2pa
import pytest

from omote.core.errors import InputError, ProvenanceError
from omote.core.weights import sha256
from omote.guard.provenance import certificates, consent, manifest
from omote.guard.provenance.manifest import Ingredient, Mark, Relation, SourceType, Statement

Make = Callable[[str], Path]
MARK = Mark(algorithm="org.omote.watermark.1", id=0xBEEF, bits=48)


def statement(make: Make, **changes: Any) -> Statement:
    photo = Ingredient(path=make("Jane Doe.jpg"), relation=Relation.INPUT, title="photograph")
    music = Ingredient(path=make("Secret Song.wav"), relation=Relation.COMPONENT, title="music")
    given: dict[str, Any] = {
        "verb": "dance",
        "description": "A person in a photograph dances to music.",
        "source_type": SourceType.COMPOSITE,
        "ingredients": (photo, music),
        "parameters": {"style": "waltz", "seed": 7},
        "mark": MARK,
    }
    return Statement(**(given | changes))


def oracle(path: Path, data: bytes | None = None) -> dict[str, Any]:
    """What the C2PA library itself says, with this home's authority trusted."""
    settings = {**manifest.OFFLINE, "trust": {"user_anchors": certificates.anchors()}}
    with path.open("rb") as stream, c2pa.Context.from_dict(settings) as context:
        kind = "application/octet-stream" if data else manifest.EMBEDDED[path.suffix]
        return json.loads(c2pa.Reader(kind, stream, data, context=context).json())


def active(document: dict[str, Any]) -> dict[str, Any]:
    return document["manifests"][document["active_manifest"]]


def assertions(document: dict[str, Any]) -> dict[str, Any]:
    return {assertion["label"]: assertion["data"] for assertion in active(document)["assertions"]}


@pytest.mark.oracle
@pytest.mark.parametrize("suffix", sorted(set(manifest.EMBEDDED) - {".jpeg", ".m4v", ".m4a"}))
def test_formats_with_a_place_carry_a_manifest_that_the_c2pa_library_trusts(
    suffix: str, make: Make, home: Path, tmp_path: Path
) -> None:
    source = make(f"out{suffix}")
    before = sha256(source)
    seal = manifest.seal(source, tmp_path / f"sealed{suffix}", statement(make))
    assert seal.sidecar is None
    assert sha256(source) == before
    assert oracle(seal.path)["validation_state"] == "Trusted"


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["out.webm", "out.glb"])
def test_other_formats_get_a_sidecar_that_the_c2pa_library_trusts(name: str, make: Make, home: Path) -> None:
    source = make(name)
    before = sha256(source)
    seal = manifest.seal(source, source, statement(make))
    assert seal.sidecar == source.with_name(f"{name}.c2pa")
    assert seal.sidecar.read_bytes() == seal.manifest
    assert sha256(source) == before
    assert oracle(source, seal.manifest)["validation_state"] == "Trusted"


def test_the_manifest_says_what_was_done_with_what(make: Make, home: Path, tmp_path: Path) -> None:
    said = statement(make)
    document = oracle(manifest.seal(make("out.png"), tmp_path / "s.png", said).path)
    data = assertions(document)
    actions = data["c2pa.actions.v2"]["actions"]
    assert [action["action"] for action in actions] == ["c2pa.created", "c2pa.placed", "c2pa.watermarked.bound"]
    assert actions[0]["digitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")
    assert actions[0]["softwareAgent"]["name"] == "Omote dance"
    assert actions[0]["parameters"]["org.omote.style"] == "waltz"
    assert actions[0]["parameters"]["org.omote.seed"] == 7
    parts = {part["title"]: part for part in active(document)["ingredients"]}
    assert {title: part["relationship"] for title, part in parts.items()} == {
        "photograph": "inputTo",
        "music": "componentOf",
    }
    assert actions[0]["parameters"]["ingredients"][0]["url"].endswith(parts["photograph"]["label"])
    assert actions[1]["parameters"]["ingredients"][0]["url"].endswith(parts["music"]["label"])
    hashes = {part["title"]: part["sha256"] for part in data[manifest.JOB]["ingredients"]}
    assert hashes == {part.title: sha256(part.path) for part in said.ingredients}
    binding = data["c2pa.soft-binding"]
    assert (binding["alg"], binding["blocks"][0]["value"]) == ("org.omote.watermark.1", "00000000beef")
    assert {entry["use"] for entry in data["cawg.training-mining"]["entries"].values()} == {"notAllowed"}
    assert active(document)["claim_generator_info"][0]["name"] == "Omote"


def test_an_edit_of_a_parent_opens_it_first(make: Make, home: Path, tmp_path: Path) -> None:
    film = Ingredient(path=make("film.mp4"), relation=Relation.PARENT, title="video")
    said = statement(make, ingredients=(film,), verb="swap")
    document = oracle(manifest.seal(make("out.mp4"), tmp_path / "s.mp4", said).path)
    assert document["validation_state"] == "Trusted"
    actions = assertions(document)["c2pa.actions.v2"]["actions"]
    assert [action["action"] for action in actions][:2] == ["c2pa.opened", "c2pa.edited"]


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.mp4"])
def test_an_address_in_an_ingredient_is_not_told_on(
    name: str, make: Make, home: Path, tmp_path: Path, with_address: Callable[[Path], Path]
) -> None:
    photo = with_address(make(name))
    assert b"jane-doe.example" in photo.read_bytes()
    part = Ingredient(path=photo, relation=Relation.INPUT, title="photograph")
    seal = manifest.seal(make("b.png"), tmp_path / "s.png", statement(make, ingredients=(part,)))
    assert b"jane-doe" not in seal.manifest
    (told,) = active(oracle(seal.path))["ingredients"]
    assert told["format"] == manifest.EMBEDDED[photo.suffix]
    assert oracle(seal.path)["validation_state"] == "Trusted"


def test_an_ingredients_own_history_is_kept(make: Make, home: Path, tmp_path: Path) -> None:
    first = manifest.seal(make("a.jpg"), tmp_path / "first.jpg", statement(make)).path
    part = Ingredient(path=first, relation=Relation.INPUT, title="photograph")
    second = manifest.seal(make("b.png"), tmp_path / "second.png", statement(make, ingredients=(part,))).path
    document = oracle(second)
    assert document["validation_state"] == "Trusted"
    assert oracle(first)["active_manifest"] in document["manifests"]


def test_neither_names_nor_pictures_of_the_person_are_given_away(make: Make, home: Path, tmp_path: Path) -> None:
    photo = make("Jane Doe.jpg")
    record = consent.new_record(
        person="Jane Doe",
        adult=True,
        uses=["dance"],
        granted_by="Jane Doe",
        photographs=[sha256(photo)],
        expires=datetime.now(UTC) + timedelta(days=1),
    )
    seal = manifest.seal(make("out.webm"), make("out.webm"), statement(make, consents=(record,)))
    for secret in (b"Jane", b"Secret Song", str(tmp_path).encode(), b"c2pa.thumbnail"):
        assert secret not in seal.manifest
    assert record.id.encode() in seal.manifest
    assert record.sha256.encode() in seal.manifest


def test_a_trial_says_so_in_title_action_and_assertion(make: Make, home: Path, tmp_path: Path) -> None:
    record = consent.test_only_record([sha256(make("Jane Doe.jpg"))], adult=True)
    said = statement(make, consents=(record,))
    document = oracle(manifest.seal(make("out.png"), tmp_path / "s.png", said).path)
    data = assertions(document)
    assert data[manifest.JOB]["testOnly"] is True
    assert "Do not publish" in data[manifest.JOB]["statement"]
    assert active(document)["title"].startswith("TEST ONLY")
    assert "TEST ONLY" in data["c2pa.actions.v2"]["actions"][0]["description"]
    assert not statement(make).test_only


def test_a_folder_is_sealed_by_a_list_that_sha256sum_reads(make: Make, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(3):
        make("x.png").rename(folder / f"{number:06}.png")
    seal = manifest.seal(folder, folder, statement(make))
    assert seal.sidecar == folder / "SHA256SUMS.c2pa"
    assert oracle(folder / "SHA256SUMS", seal.manifest)["validation_state"] == "Trusted"
    if os.name == "posix":
        done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, check=False)
        assert done.stdout.count(b": OK") == 3
    manifest.seal(folder, folder, statement(make))  # again: the list does not list itself
    assert len((folder / "SHA256SUMS").read_text().splitlines()) == 3


@pytest.mark.parametrize("name", ["out.jpg", "out.png", "out.mp4", "out.webp", "out.wav"])
@pytest.mark.parametrize("data", [b"", b"no media at all, only text " * 9])
def test_what_is_not_what_it_is_called_is_refused_and_nothing_left(
    name: str, data: bytes, make: Make, home: Path, tmp_path: Path
) -> None:
    source = tmp_path / name
    source.write_bytes(data)
    with pytest.raises((InputError, ProvenanceError), match="could not be sealed"):
        manifest.seal(source, tmp_path / f"sealed{source.suffix}", statement(make))
    assert not (tmp_path / f"sealed{source.suffix}").exists()


def test_missing_files_are_told(make: Make, home: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        manifest.seal(tmp_path / "none.png", tmp_path / "s.png", statement(make))
    said = statement(make)
    said.ingredients[0].path.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        manifest.seal(make("out.png"), tmp_path / "s.png", said)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no files"):
        manifest.seal(tmp_path / "empty", tmp_path / "empty", statement(make))


def test_a_file_is_never_sealed_onto_itself(make: Make, home: Path) -> None:
    source = make("out.png")
    with pytest.raises(ProvenanceError, match="must differ"):
        manifest.seal(source, source, statement(make))


def test_without_certificates_nothing_is_sealed(make: Make, tmp_path: Path) -> None:
    with pytest.raises(ProvenanceError, match="omote provenance init"):
        manifest.seal(make("out.png"), tmp_path / "s.png", statement(make), folder=tmp_path / "nowhere")
    assert not (tmp_path / "s.png").exists()


def test_reading_asks_no_network(make: Make, home: Path, tmp_path: Path) -> None:
    asked: list[str] = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    credentials = certificates.load()
    remote = tmp_path / "remote.png"
    info = c2pa.C2paSignerInfo(credentials.algorithm, credentials.chain, credentials.key, None)
    with c2pa.Context.from_dict(dict(manifest.OFFLINE)) as context, c2pa.Builder({}, context) as builder:
        builder.set_intent(c2pa.C2paBuilderIntent.CREATE, c2pa.C2paDigitalSourceType.DIGITAL_CREATION)
        builder.set_no_embed()
        builder.set_remote_url(f"http://127.0.0.1:{server.server_port}/manifest")
        with make("x.png").open("rb") as read, remote.open("w+b") as write:
            builder.sign(c2pa.Signer.from_info(info), "image/png", read, write)
    with pytest.raises(c2pa.C2paError):
        oracle(remote)
    assert asked == []
    with pytest.raises(c2pa.C2paError):
        c2pa.Reader(str(remote))  # the library left alone does ask: the trap is set right
    assert asked == ["/manifest"]
    server.shutdown()


def test_ids_are_as_wide_as_their_bits() -> None:
    assert Mark(algorithm="x", id=0, bits=48).text == "0" * 12
    assert Mark(algorithm="x", id=2**41 - 1, bits=41).text == "1" + "f" * 10
