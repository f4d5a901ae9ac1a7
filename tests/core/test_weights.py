"""Weights: hash-checked, never random, never run as code, found shelf by shelf."""

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from omote.core import weights
from omote.core.errors import InputError, UsageError, WeightsError


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OMOTE_WEIGHTS", str(tmp_path))
    return tmp_path


def shipped() -> list[str]:
    return [w.name for w in weights.manifest().values() if w.shipped]


@pytest.mark.parametrize("name", shipped())
def test_shipped_weights_have_the_size_and_hash_that_the_manifest_states(name: str) -> None:
    row = weights.entry(name)
    file = weights.package_shelf() / row.file
    assert file.stat().st_size == row.bytes
    assert weights.sha256(file) == row.sha256


@pytest.mark.parametrize("name", list(weights.manifest()))
def test_every_row_says_licence_origin_and_card(name: str) -> None:
    row = weights.entry(name)
    assert row.licence
    assert row.origin
    assert row.trained_on
    card = Path(__file__).parents[2] / row.card
    assert card.is_file()
    text = card.read_text()
    assert row.licence in text
    assert not row.sha256 or row.sha256[:12] in text or row.version in text


def test_every_safetensors_in_the_package_has_a_row() -> None:
    files = {f.name for f in weights.package_shelf().glob("*.safetensors")}
    assert files == {w.file for w in weights.manifest().values() if w.shipped}


def test_a_file_with_another_hash_is_refused(shelf: Path) -> None:
    name = shipped()[0]
    save_file({"w": torch.zeros(1)}, shelf / weights.entry(name).file)
    with pytest.raises(WeightsError, match="SHA-256"):
        weights.load(name)


def test_one_flipped_byte_is_refused(shelf: Path) -> None:
    name = min(shipped(), key=lambda n: weights.entry(n).bytes)
    row = weights.entry(name)
    content = bytearray((weights.package_shelf() / row.file).read_bytes())
    content[-1] ^= 1
    (shelf / row.file).write_bytes(content)
    with pytest.raises(WeightsError, match="SHA-256"):
        weights.load(name)


def test_a_pickle_is_refused_before_it_can_run(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple:
            return (Path.touch, (tmp_path / "ran",))

    for number, content in enumerate((pickle.dumps(Bomb()), pickle.dumps(Bomb(), protocol=2))):
        file = tmp_path / f"bomb{number}.safetensors"
        file.write_bytes(content)
        with pytest.raises(WeightsError, match="pickle"):
            weights.load(shipped()[0], file)
    torch.save({"w": torch.zeros(1)}, tmp_path / "zip.pt")
    with pytest.raises(WeightsError, match="pickle"):
        weights.load(shipped()[0], tmp_path / "zip.pt")
    assert not (tmp_path / "ran").exists()


def test_an_explicit_path_comes_first_and_must_exist(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="not a file"):
        weights.find(shipped()[0], tmp_path / "nothing")


def test_the_users_shelf_comes_before_the_packages(shelf: Path) -> None:
    name = shipped()[0]
    file = shelf / weights.entry(name).file
    file.write_bytes((weights.package_shelf() / file.name).read_bytes())
    assert weights.find(name) == file


def test_missing_weights_raise_and_name_the_way_to_get_them(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = weights.Entry(
        name="new",
        file="new.safetensors",
        version="1",
        licence="MIT",
        origin="us",
        trained_on="nothing",
        card="docs/cards/new.md",
        adopt="somewhere:adopt",
    )
    monkeypatch.setattr(weights, "manifest", lambda: {"new": row})
    with pytest.raises(WeightsError, match="omote weights adopt new FILE"):
        weights.load("new")


def test_unknown_names_are_usage_errors() -> None:
    with pytest.raises(UsageError, match="omote weights list"):
        weights.load("nonsense")


def test_adopting_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    name = next(w.name for w in weights.manifest().values() if w.adopt)
    with pytest.raises(InputError):
        weights.adopt(name, tmp_path / "nothing.tflite")
