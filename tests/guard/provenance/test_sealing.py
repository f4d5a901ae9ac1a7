import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from omote.core.errors import InputError, OutputError, ProvenanceError
from omote.core.weights import sha256
from omote.guard.provenance import certificates, reader, xmp
from omote.guard.provenance.manifest import Ingredient, Mark, Relation, SourceType, Statement
from omote.guard.provenance.reader import State
from omote.guard.provenance.sealing import seal_output
from omote.guard.provenance.store import ManifestStore

Make = Callable[[str], Path]


def said(number: int | None = None) -> Statement:
    return Statement(
        verb="dance",
        description="A person dances.",
        source_type=SourceType.COMPOSITE,
        mark=None if number is None else Mark(algorithm="org.omote.watermark.1", id=number, bits=48),
    )


@pytest.mark.parametrize(
    "name", ["o.mp4", "o.mov", "o.webm", "o.jpg", "o.png", "o.webp", "o.gif", "o.wav", "o.mp3", "o.flac", "o.glb"]
)
def test_every_output_says_what_it_is_three_times_over(name: str, make: Make, home: Path, tmp_path: Path) -> None:
    shelf = ManifestStore(48)
    number = shelf.id_for(name)
    path = make(name)
    sealed = seal_output(path, said(number))
    assert reader.read_manifest(path).state is State.TRUSTED
    assert reader.read_manifest(path).mark_id == f"{number:012x}"
    label = xmp.read(path)
    assert label is not None
    assert (label.mark_id, label.source_type) == (f"{number:012x}", SourceType.COMPOSITE)
    stored = shelf.get(number)
    assert stored == sealed.stored
    assert stored is not None
    assert stored.output_sha256 == sealed.sha256 == sha256(path)
    assert reader.read_stored(shelf.manifest(stored)).label == reader.read_manifest(path).label
    mine = {path, *sealed.sidecars}
    assert {f for f in tmp_path.iterdir() if f != home} == mine  # nothing is left over


def test_a_folder_of_pictures_is_one_output(make: Make, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(2):
        make("x.png").rename(folder / f"{number}.png")
    sealed = seal_output(folder, said(ManifestStore(48).id_for("frames")))
    assert sorted(f.name for f in sealed.sidecars) == ["SHA256SUMS.c2pa", "SHA256SUMS.xmp"]
    assert reader.read_manifest(folder).state is State.TRUSTED
    assert xmp.read(folder) is not None


def test_sealing_again_after_a_crash_replaces_the_first_seal(make: Make, home: Path) -> None:
    shelf = ManifestStore(48)
    number = shelf.id_for("job")
    first = seal_output(make("o.png"), said(number))
    second = seal_output(make("o.png"), said(number))
    assert first.stored != second.stored == shelf.get(number)
    assert len(list(shelf)) == 1


def test_without_a_watermark_nothing_is_stored(make: Make, home: Path) -> None:
    assert seal_output(make("o.wav"), said()).stored is None
    assert list(ManifestStore(48)) == []


def test_an_output_that_cannot_be_sealed_stays_as_it_was(make: Make, home: Path, tmp_path: Path) -> None:
    path = make("o.mp4")
    before = path.read_bytes()
    missing = Ingredient(path=tmp_path / "gone.jpg", relation=Relation.INPUT, title="photograph")
    with pytest.raises(InputError):
        seal_output(
            path, Statement(verb="d", description="d", source_type=SourceType.COMPOSITE, ingredients=(missing,))
        )
    shutil.rmtree(home / "certificates")
    with pytest.raises(ProvenanceError, match="omote provenance init"):
        seal_output(path, said())
    assert path.read_bytes() == before
    assert {f.name for f in tmp_path.iterdir()} == {"o.mp4", "home"}


def test_what_is_missing_or_mislabelled_is_told(make: Make, home: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        seal_output(tmp_path / "none.mp4", said())
    make("o.png").rename(tmp_path / "o.mp4")
    with pytest.raises(InputError, match="is no mp4"):
        seal_output(tmp_path / "o.mp4", said())


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a folder that may not be written")
def test_a_folder_that_may_not_be_written_is_told(make: Make, home: Path, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir()
    path = make("o.png").rename(tmp_path / "locked" / "o.png")
    path.parent.chmod(0o500)
    with pytest.raises(OutputError):
        seal_output(path, said())
    path.parent.chmod(0o700)


def test_a_sealed_video_still_plays(make: Make, home: Path) -> None:
    import av

    path = make("o.mp4")
    seal_output(path, said(ManifestStore(48).id_for("x")))
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 12
    with av.open(str(path)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) >= 48000


def test_credentials_can_be_handed_in(make: Make, home: Path, tmp_path: Path) -> None:
    other = certificates.init(tmp_path / "other")
    path = make("o.png")
    seal_output(path, said(), credentials=other)
    assert reader.read_manifest(path).state is State.UNKNOWN_SIGNER
    assert reader.read_manifest(path, folder=tmp_path / "other").state is State.TRUSTED
