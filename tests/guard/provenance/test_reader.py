import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from PIL import Image

from omote.core.errors import InputError
from omote.guard.provenance import certificates, consent, manifest, reader
from omote.guard.provenance.manifest import Ingredient, Relation, SourceType, Statement
from omote.guard.provenance.reader import State

Make = Callable[[str], Path]
SAID = Statement(
    verb="dance",
    description="A person dances.",
    source_type=SourceType.COMPOSITE,
    mark=manifest.Mark(algorithm="org.omote.watermark.1", id=5, bits=48),
)


@pytest.fixture
def sealed(make: Make, home: Path, tmp_path: Path) -> Callable[[str], Path]:
    def seal(name: str, said: Statement = SAID) -> Path:
        source = make(name)
        return manifest.seal(source, tmp_path / f"sealed-{name}", said).path

    return seal


def flipped(path: Path, at: int, bit: int = 0) -> Path:
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    changed = path.with_name(f"flipped{path.suffix}")
    changed.write_bytes(data)
    return changed


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.mp4", "a.wav", "a.webm", "a.glb"])
def test_what_was_sealed_here_is_trusted_here_and_says_development(name: str, sealed: Make) -> None:
    report = reader.read_manifest(sealed(name))
    assert report.state is State.TRUSTED
    assert report.development
    assert "trusted on this machine (development certificate)" in report.words
    assert report.problems == ()
    assert report.embedded == (name not in ("a.webm", "a.glb"))
    assert (report.mark_algorithm, report.mark_id) == ("org.omote.watermark.1", "000000000005")
    assert report.source_type == SourceType.COMPOSITE


def test_everything_said_is_read_back(make: Make, home: Path, tmp_path: Path) -> None:
    photo = make("photo.jpg")
    from omote.core.weights import sha256

    record = consent.test_only_record([sha256(photo)], adult=True)
    part = Ingredient(path=photo, relation=Relation.INPUT, title="photograph")
    said = replace(SAID, ingredients=(part,), consents=(record,), parameters={"seed": 3})
    report = reader.read_manifest(manifest.seal(make("o.mp4"), tmp_path / "s.mp4", said).path)
    assert report.test_only
    assert report.consents == ({"id": record.id, "sha256": record.sha256},)
    assert report.ingredients == (reader.Part(title="photograph", relation="inputTo", sha256=sha256(photo)),)
    assert report.actions[0].agent.startswith("Omote dance")
    assert report.actions[0].parameters == {"org.omote.seed": 3}
    assert report.generator.startswith("Omote ")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.mp4", "a.mov", "a.wav", "a.flac", "a.webm"])
def test_one_flipped_byte_of_the_content_breaks_the_seal(name: str, sealed: Make) -> None:
    path = sealed(name)
    content = path.with_name(name).read_bytes()
    for part in (0.5, 0.7, 0.9):
        needle = content[int(len(content) * part) :][:24]
        changed = flipped(path, path.read_bytes().index(needle))
        if name == "a.webm":
            shutil.copy(path.with_name(f"{path.name}.c2pa"), changed.with_name(f"{changed.name}.c2pa"))
        report = reader.read_manifest(changed)
        assert report.state is State.INVALID, (part, report)
        assert report.words.startswith("the seal does not hold")


def test_a_flipped_byte_of_a_jpegs_scan_is_said_in_plain_words(sealed: Make) -> None:
    path = sealed("a.jpg")
    report = reader.read_manifest(flipped(path, path.stat().st_size - 40))
    assert report.problems == ("the file was changed after it was sealed (assertion.dataHash.mismatch)",)


def test_a_flipped_byte_in_what_the_manifest_says_breaks_the_seal(sealed: Make) -> None:
    path = sealed("a.png")
    at = path.read_bytes().index(b"A person dances.")
    report = reader.read_manifest(flipped(path, at))
    assert report.state is State.INVALID
    assert "a statement of the manifest was changed" in report.words


def test_no_flip_anywhere_makes_a_file_say_something_else_and_hold(sealed: Make) -> None:
    path = sealed("a.jpg")
    good = reader.read_manifest(path)
    for at in range(2, path.stat().st_size, 97):
        report = reader.read_manifest(flipped(path, at, at % 8))
        if report.state is State.TRUSTED:  # the padding beside a signature is not signed, and says nothing
            assert replace(report, words="") == replace(good, words="")


def test_a_file_cut_short_has_no_valid_seal(sealed: Make, tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png", "a.mp4"):
        data = sealed(name).read_bytes()
        for part in (0.4, 0.9, 0.99):
            cut = tmp_path / f"cut{Path(name).suffix}"
            cut.write_bytes(data[: int(len(data) * part)])
            assert reader.read_manifest(cut).state is State.INVALID, (name, part)


def test_a_seal_whose_place_was_broken_leaves_remains(sealed: Make) -> None:
    path = sealed("a.mp4")
    report = reader.read_manifest(flipped(path, path.read_bytes().index(b"uuid")))
    assert report.state is State.INVALID
    assert "what is left of a seal" in report.words


def test_an_unknown_signer_is_told_from_a_broken_seal(sealed: Make, tmp_path: Path) -> None:
    path = sealed("a.mp4")
    for folder in (tmp_path / "another machine", tmp_path / "one with its own"):
        report = reader.read_manifest(path, folder=folder)
        assert report.state is State.UNKNOWN_SIGNER
        assert "unknown here" in report.words
        assert "development certificate" in report.words
        certificates.init(tmp_path / "one with its own")


def test_another_machine_can_choose_to_trust(sealed: Make, home: Path, tmp_path: Path) -> None:
    path = sealed("a.png")
    trusted = tmp_path / "other" / "certificates" / "trusted"
    trusted.mkdir(parents=True)
    shutil.copy(home / "certificates" / "ca.pem", trusted / "studio.pem")
    assert reader.read_manifest(path, folder=tmp_path / "other").state is State.TRUSTED


def test_after_force_old_seals_are_of_an_unknown_signer(sealed: Make) -> None:
    path = sealed("a.png")
    certificates.init(force=True)
    assert reader.read_manifest(path).state is State.UNKNOWN_SIGNER


def test_after_renewal_old_seals_stay_trusted(sealed: Make) -> None:
    path = sealed("a.png")
    before = certificates.load()
    days = certificates.SIGNER_DAYS - 10
    certificates.init(now=datetime.now(UTC) + timedelta(days=days))
    assert reader.read_manifest(path).state is State.TRUSTED
    assert before.signer == reader.read_manifest(path).signer


def test_a_certificate_that_expired_since_is_told_from_a_changed_file(make: Make, home: Path, tmp_path: Path) -> None:
    begin = datetime.now(UTC) - timedelta(days=certificates.SIGNER_DAYS) + timedelta(seconds=3)
    short = tmp_path / "short"
    certificates._found(short / "certificates", begin)
    path = manifest.seal(make("a.png"), tmp_path / "s.png", SAID, folder=short).path
    assert reader.read_manifest(path, folder=short).state is State.TRUSTED
    pem = (short / "certificates" / "signer.pem").read_bytes()
    end = x509.load_pem_x509_certificates(pem)[0].not_valid_after_utc
    time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()) + 1.1)
    for folder in (short, home):
        report = reader.read_manifest(path, folder=folder)
        assert report.state is State.EXPIRED
        assert "expired since" in report.words
    assert reader.read_manifest(flipped(path, path.stat().st_size - 60), folder=short).state is State.INVALID


def test_a_seal_moved_onto_another_file_does_not_hold(make: Make, home: Path, sealed: Make) -> None:
    path = sealed("a.webm")
    other = make("b.webm")
    other.write_bytes(other.read_bytes() + b"\xec\x81\0")  # an empty Void element: another file all the same
    shutil.copy(path.with_name(f"{path.name}.c2pa"), other.with_name("b.webm.c2pa"))
    report = reader.read_manifest(other)
    assert report.state is State.INVALID
    assert "changed after it was sealed" in report.words


def test_a_seal_transplanted_into_another_jpeg_does_not_hold(make: Make, sealed: Make, tmp_path: Path) -> None:
    data = sealed("a.jpg").read_bytes()
    start = data.index(b"\xff\xeb")
    end = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    other = make("other.jpg")
    Image.new("RGB", (64, 64), "red").save(other)
    theirs = other.read_bytes()
    other.write_bytes(theirs[:2] + data[start:end] + theirs[2:])
    assert reader.read_manifest(other).state is State.INVALID


def test_a_sidecar_under_the_other_usual_name_is_read(sealed: Make) -> None:
    path = sealed("a.glb")
    path.with_name(f"{path.name}.c2pa").rename(path.with_suffix(".c2pa"))
    assert reader.read_manifest(path).state is State.TRUSTED


def test_a_sidecar_under_the_other_usual_name_is_nobodys_where_two_files_share_it(
    sealed: Make, make: Make, tmp_path: Path
) -> None:
    path = sealed("a.webm").rename(tmp_path / "b.webm")
    (tmp_path / "a.webm.c2pa").rename(tmp_path / "b.c2pa")
    (tmp_path / "b.xmp").write_text("a photo editor's")
    assert reader.read_manifest(path).state is State.TRUSTED
    assert reader.read_manifest(make("b.jpg")).state is State.NONE
    assert reader.read_manifest(path).state is State.NONE  # whose it is cannot be told any more
    (tmp_path / "b.c2pa").rename(tmp_path / "b.webm.c2pa")
    assert reader.read_manifest(path).state is State.TRUSTED


def test_a_manifest_on_the_network_is_named_and_one_beside_the_file_read(
    make: Make, home: Path, sealed: Make, tmp_path: Path, with_address: Callable[[Path], Path]
) -> None:
    path = with_address(make("a.png"))
    report = reader.read_manifest(path)
    assert report.state is State.NONE
    assert report.problems == ("the file points to a manifest on the network, which is not fetched",)
    shutil.copy(sealed("b.glb").with_name("b.glb.c2pa"), path.with_name(f"{path.name}.c2pa"))
    assert "changed after it was sealed" in reader.read_manifest(path).words


def test_a_damaged_sidecar_is_invalid(sealed: Make) -> None:
    path = sealed("a.glb")
    beside = path.with_name(f"{path.name}.c2pa")
    for data in (b"", b"rubbish", beside.read_bytes()[:-300]):
        beside.write_bytes(data)
        assert reader.read_manifest(path).state is State.INVALID


@pytest.mark.parametrize("change", ["alter", "add", "remove", "rename"])
def test_a_folder_holds_only_as_it_was(change: str, make: Make, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(3):
        make("x.png").rename(folder / f"{number}.png")
    assert reader.read_manifest(folder).state is State.NONE
    manifest.seal(folder, folder, SAID)
    assert reader.read_manifest(folder).state is State.TRUSTED
    if change == "alter":
        (folder / "1.png").write_bytes(b"other")
    elif change == "add":
        (folder / "3.png").write_bytes(b"more")
    elif change == "remove":
        (folder / "1.png").unlink()
    else:
        (folder / "1.png").rename(folder / "9.png")
    report = reader.read_manifest(folder)
    assert report.state is State.INVALID
    assert "1.png" in report.words or "3.png" in report.words


@pytest.mark.parametrize("data", [None, b"", b"\xff\xfe\0", b"no list at all\n"])
def test_a_folder_whose_list_is_gone_or_damaged_does_not_hold(
    data: bytes | None, make: Make, home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    make("x.png").rename(folder / "1.png")
    manifest.seal(folder, folder, SAID)
    (folder / "SHA256SUMS").unlink()
    if data is not None:
        (folder / "SHA256SUMS").write_bytes(data)
    assert reader.read_manifest(folder).state is State.INVALID


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX alone")
def test_a_folder_may_hold_any_names_and_none_passes_for_two(make: Make, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    for name in (b"a.png", b"b.png", b"\xff\x1b[8m.png", b"back\\slash.png"):
        make("x.png").rename(os.fsdecode(os.fsencode(folder) + b"/" + name))
    manifest.seal(folder, folder, SAID)
    assert reader.read_manifest(folder).state is State.TRUSTED
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, check=False)
    assert (done.returncode, done.stdout.count(b": OK")) == (0, 4)
    digest = hashlib.sha256((folder / "b.png").read_bytes()).hexdigest()
    (folder / "b.png").unlink()
    (folder / "a.png").rename(folder / f"a.png\n{digest}  b.png")
    report = reader.read_manifest(folder)
    assert report.state is State.INVALID
    assert report.words.isprintable()


def test_stripping_by_a_new_encoding_leaves_none(sealed: Make, tmp_path: Path) -> None:
    Image.open(sealed("a.jpg")).save(tmp_path / "again.jpg")
    assert reader.read_manifest(tmp_path / "again.jpg").state is State.NONE


@pytest.mark.parametrize("data", [b"", b"x", b"only text", bytes(5000)])
@pytest.mark.parametrize("name", ["a.jpg", "a.mp4", "a.png", "a.txt", "noname"])
def test_files_without_a_seal_have_none(name: str, data: bytes, home: Path, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    assert reader.read_manifest(tmp_path / name).state is State.NONE


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.mp4", "a.webm", "a.wav", "a.glb"])
def test_media_without_a_seal_have_none_and_no_problem(name: str, make: Make, home: Path) -> None:
    report = reader.read_manifest(make(name))
    assert (report.state, report.problems) == (State.NONE, ())


def test_a_sealed_file_under_a_wrong_suffix_is_read_by_its_bytes(sealed: Make, tmp_path: Path) -> None:
    shutil.copy(sealed("a.png"), tmp_path / "wrong.jpg")
    assert reader.read_manifest(tmp_path / "wrong.jpg").state is State.TRUSTED


def test_a_missing_file_is_told(home: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        reader.read_manifest(tmp_path / "none.jpg")


def test_a_manifest_without_its_file_can_still_be_read(make: Make, home: Path, tmp_path: Path) -> None:
    seal = manifest.seal(make("a.png"), tmp_path / "s.png", SAID)
    report = reader.read_stored(seal.manifest)
    assert report.actions[0].description == "A person dances."
    with pytest.raises(InputError, match="stored manifest"):
        reader.read_stored(b"rubbish")
