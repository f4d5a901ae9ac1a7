"""Write C2PA manifests: what a file is, what made it, from what, with whose consent, signed over its bytes.

Coalition for Content Provenance and Authenticity, Technical Specification 2.x. A manifest holds assertions
(actions, ingredients, what the file may be used for, the watermark that finds it again) and a hash of the
file ("hard binding"), and is signed with an X.509 certificate. It goes into the file where the format has a
place for it, and into `FILE.c2pa` beside it otherwise (WebM, GLB). A folder of pictures gets `SHA256SUMS`,
which `sha256sum -c` reads too, and the manifest seals that list.

The person is not named: a consent record is referred to by its random id and its hash, files by neutral
titles and their hashes, and no thumbnails are taken. A manifest that an ingredient brings along is kept
whole, for it is the history of the file. Nothing here asks the network.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import c2pa

from omote.core.errors import InputError, OutputError, ProvenanceError
from omote.core.weights import sha256
from omote.guard.provenance.certificates import Credentials, load
from omote.guard.provenance.consent_record import ConsentRecord, iso
from omote.guard.provenance.home import write_whole

EMBEDDED = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".mp4": "video/mp4",
    ".m4v": "video/x-m4v",
    ".mov": "video/quicktime",
    ".m4a": "audio/mp4",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
}
"""Media types, by suffix, that carry a manifest inside; every other file gets a sidecar."""
_ANY = "application/octet-stream"
LISTING = "SHA256SUMS"
"""The list of a folder's files that is sealed in their stead."""
JOB = "org.omote.job"
"""Label of our own assertion: verb, consent, hashes of the ingredients, whether it is only a test."""
OFFLINE: Mapping[str, Any] = {
    "version": 1,
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "core": {"allowed_network_hosts": []},
}
"""Settings that keep the C2PA library off the network."""
_WRITING = {
    **OFFLINE,
    "builder": {
        "thumbnail": {"enabled": False},  # a thumbnail of the photograph would give the original away
        "actions": {
            "auto_created_action": {"enabled": False},
            "auto_opened_action": {"enabled": False},
            "auto_placed_action": {"enabled": False},
        },
    },
}
TEST_ONLY = "TEST ONLY: made for trying things out, without a person's consent to publication. Do not publish."
_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"


class SourceType(StrEnum):
    """IPTC's digital source types that Omote's outputs have."""

    SYNTHETIC = _IPTC + "trainedAlgorithmicMedia"
    """Made by a trained model alone."""
    COMPOSITE = _IPTC + "compositeWithTrainedAlgorithmicMedia"
    """A recording, altered or completed by a trained model: the dance of a photograph, a swapped face."""
    ALGORITHMIC = _IPTC + "algorithmicMedia"
    """Drawn by an algorithm that was not trained: the demo's people."""


class Relation(StrEnum):
    """How an ingredient enters an output."""

    PARENT = "parentOf"
    """The output is an edited form of it."""
    INPUT = "inputTo"
    """It was given to the model: the photograph of a dance."""
    COMPONENT = "componentOf"
    """It is a part of the output: the music."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """A file that an output was made from."""

    path: Path
    relation: Relation
    title: str
    """What it is (`photograph`, `music`), not what the user's file is called, which may name the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The watermark inside a file."""

    algorithm: str
    id: int
    bits: int

    @property
    def text(self) -> str:
        """The id in hexadecimal, as manifests, XMP and the store write it."""
        return f"{self.id:0{(self.bits + 3) // 4}x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is to be said of an output."""

    verb: str
    """The job, as the command line calls it."""
    description: str
    """One sentence for a reader of the manifest."""
    source_type: SourceType
    ingredients: tuple[Ingredient, ...] = ()
    parameters: Mapping[str, str | int | float | bool] | None = None
    """Choices of the user that shape the output: style, seed."""
    mark: Mark | None = None
    consents: tuple[ConsentRecord, ...] = ()

    @property
    def test_only(self) -> bool:
        """Whether a consent is one for trying things out only."""
        return any(record.test_only for record in self.consents)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A manifest that was written."""

    path: Path
    """The sealed file, or the folder."""
    sidecar: Path | None
    """Where the manifest is, unless inside the file."""
    manifest: bytes


def generator() -> str:
    """Return what made a file, as `Omote 0.1.0`."""
    return f"Omote {version('omote')}"


def sidecar_of(path: Path) -> Path:
    """Return where the manifest of a file or folder lies that cannot carry it inside."""
    return path / f"{LISTING}.c2pa" if path.is_dir() else path.with_name(f"{path.name}.c2pa")


def is_there(sidecar: Path) -> bool:
    """Return whether a sidecar is there; where its name would be too long for the system, it is not."""
    try:
        return sidecar.is_file()
    except OSError:
        return False


def seal(
    source: Path,
    target: Path,
    statement: Statement,
    *,
    credentials: Credentials | None = None,
    folder: Path | None = None,
) -> Seal:
    """Write a sealed copy of a file; where its format carries no manifest, seal the file itself by a sidecar.

    Args:
        source: the finished file, XMP and all, or a folder of pictures. It is not changed.
        target: the sealed copy to write, of the same suffix; not written where a sidecar is.
        statement: what to say of it.
        credentials: what to sign with; those of the home folder if left out.
        folder: the home folder.

    Raises:
        InputError: the file or an ingredient is missing or not what its suffix says.
        ProvenanceError: there are no valid certificates, or the manifest cannot be made.
        OutputError: the target cannot be written.
    """
    credentials = credentials or load(folder)
    if source.is_dir():
        _list(source)
        sealed = source / LISTING
    else:
        sealed = source
    if not sealed.is_file():
        raise InputError(f"{source} cannot be sealed: there is no such file")
    media_type = EMBEDDED.get(sealed.suffix.lower())
    if media_type is None:
        data = _sign(sealed, None, _ANY, statement, credentials)
        write_whole(sidecar_of(source), data)
        return Seal(path=source, sidecar=sidecar_of(source), manifest=data)
    if target.resolve() == source.resolve():
        raise ProvenanceError(f"{source.name} is sealed into a copy; source and target must differ")
    return Seal(path=target, sidecar=None, manifest=_sign(sealed, target, media_type, statement, credentials))


def _sign(source: Path, target: Path | None, media_type: str, statement: Statement, credentials: Credentials) -> bytes:
    """Build and sign the manifest, into a target or for a sidecar, and return it; files are read in parts."""
    info = c2pa.C2paSignerInfo(credentials.algorithm, credentials.chain, credentials.key, None)  # no time stamps
    try:
        with (
            c2pa.Context.from_dict(_WRITING) as context,
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder(_definition(source, statement), context) as builder,
        ):
            for number, ingredient in enumerate(statement.ingredients):
                _add(builder, ingredient, number)
            if target is None:
                builder.set_no_embed()
                with source.open("rb") as read, Path(os.devnull).open("w+b") as nowhere:
                    return builder.sign(signer, media_type, read, nowhere)
            with source.open("rb") as read, target.open("w+b") as write:
                return builder.sign(signer, media_type, read, write)
    except c2pa.C2paError as error:
        if target is not None:
            target.unlink(missing_ok=True)
        if "could not be parsed" in str(error):
            raise InputError(f"{source.name} could not be sealed, for it is no {media_type}: {error}") from error
        raise ProvenanceError(f"{source.name} could not be sealed: {error}") from error
    except OSError as error:
        if target is not None:
            target.unlink(missing_ok=True)
        raise OutputError(f"{target or source} could not be sealed: {error.strerror}") from error


def _add(builder: c2pa.Builder, ingredient: Ingredient, number: int) -> None:
    """Give an ingredient to the builder, with the history that it may carry."""
    media_type = EMBEDDED.get(ingredient.path.suffix.lower(), _ANY)
    described = {
        "title": ingredient.title,
        "relationship": ingredient.relation.value,
        "instance_id": _handle(number),
        "label": _handle(number),
        "format": media_type,
    }
    try:
        with ingredient.path.open("rb") as stream:
            known = media_type if _carries_history(stream, media_type) else _ANY
            stream.seek(0)
            builder.add_ingredient(described, known, stream)
    except OSError as error:
        raise InputError(f"the {ingredient.title} {ingredient.path} cannot be read: {error.strerror}") from error


def _carries_history(stream: BinaryIO, media_type: str) -> bool:
    """Return whether a manifest is in a file.

    Where there is none, the library would look into the file for an address of one, and tell that address on.
    """
    if media_type == _ANY:
        return False
    try:
        with c2pa.Context.from_dict(dict(OFFLINE)) as context, c2pa.Reader(media_type, stream, context=context) as read:
            return read.is_embedded()
    except c2pa.C2paError:
        return False


def _handle(number: int) -> str:
    """Return the name by which the actions of a manifest refer to an ingredient of it."""
    return f"ingredient-{number}"


def _definition(source: Path, statement: Statement) -> dict[str, Any]:
    """Return the manifest as the library takes it."""
    assertions = [
        {"label": "c2pa.actions.v2", "data": {"actions": _actions(statement)}},
        {"label": "cawg.training-mining", "data": {"entries": _NO_MINING}},
        {"label": JOB, "data": _job(statement)},
    ]
    if statement.mark:
        blocks = [{"scope": {}, "value": statement.mark.text}]
        assertions.append({"label": "c2pa.soft-binding", "data": {"alg": statement.mark.algorithm, "blocks": blocks}})
    return {
        "claim_generator_info": [{"name": "Omote", "version": version("omote")}],
        "title": f"{'TEST ONLY, ' if statement.test_only else ''}{statement.verb}{source.suffix}",
        "assertions": assertions,
    }


_NO_MINING = {
    f"cawg.{use}": {"use": "notAllowed"}
    for use in ("data_mining", "ai_inference", "ai_training", "ai_generative_training")
}


def _actions(statement: Statement) -> list[dict[str, Any]]:
    """Return what was done, in order: opened and edited, or created; parts placed; marked."""
    by = {
        Relation(relation): [_handle(i) for i, part in enumerate(statement.ingredients) if part.relation == relation]
        for relation in Relation
    }
    agent = {"name": f"Omote {statement.verb}", "version": version("omote")}
    chosen = {f"org.omote.{name}": value for name, value in (statement.parameters or {}).items()}
    made = {
        "action": "c2pa.edited" if by[Relation.PARENT] else "c2pa.created",
        "when": iso(datetime.now(UTC)),
        "softwareAgent": agent,
        "digitalSourceType": statement.source_type.value,
        "description": (f"{TEST_ONLY} " if statement.test_only else "") + statement.description,
        "parameters": {**chosen, **({"ingredientIds": by[Relation.INPUT]} if by[Relation.INPUT] else {})},
    }
    actions = [{"action": "c2pa.opened", "parameters": {"ingredientIds": [name]}} for name in by[Relation.PARENT]]
    actions.append(made)
    actions += [{"action": "c2pa.placed", "parameters": {"ingredientIds": [name]}} for name in by[Relation.COMPONENT]]
    if statement.mark:
        actions.append({"action": "c2pa.watermarked.bound", "softwareAgent": agent})
    return actions


def _job(statement: Statement) -> dict[str, Any]:
    """Return our own assertion."""
    try:
        parts = [
            {"title": part.title, "relationship": part.relation.value, "sha256": sha256(part.path)}
            for part in statement.ingredients
        ]
    except OSError as error:
        raise InputError(f"an ingredient cannot be read: {error.filename}: {error.strerror}") from error
    return {
        "verb": statement.verb,
        "ingredients": parts,
        "consent": [{"id": record.id, "sha256": record.sha256} for record in statement.consents],
        "testOnly": statement.test_only,
        **({"statement": TEST_ONLY} if statement.test_only else {}),
    }


def listing(folder: Path) -> str:
    """Return the list of a folder's files and their SHA-256, as `sha256sum` writes it.

    Names are as Python has them; `os.fsencode` makes the list's bytes of it.

    Raises:
        InputError: the folder holds no files, or one cannot be read.
    """
    own = (LISTING, f"{LISTING}.c2pa", f"{LISTING}.xmp")
    try:
        files = sorted(f for f in folder.iterdir() if f.is_file() and f.name not in own)
        lines = [_listed(file.name, sha256(file)) for file in files]
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}") from error
    if not lines:
        raise InputError(f"the folder {folder} holds no files to seal")
    return "".join(lines)


def output_sha256(path: Path) -> str:
    """Return the SHA-256 by which an output is known: of the file, or of the list of a folder's files as they are now.

    Raises:
        InputError: it cannot be read.
    """
    if path.is_dir():
        return hashlib.sha256(os.fsencode(listing(path))).hexdigest()
    try:
        return sha256(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def _listed(name: str, digest: str) -> str:
    """Return the line of a file; like `sha256sum`, so that no name can pass for two lines."""
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if escaped != name else ""
    return f"{mark}{digest}  {escaped}\n"


def _list(folder: Path) -> None:
    write_whole(folder / LISTING, os.fsencode(listing(folder)))
