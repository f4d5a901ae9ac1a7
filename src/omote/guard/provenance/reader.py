"""Read C2PA manifests back, check them, and say in words what they say and whether it holds.

Four things can be the case, and only the first two are about who signed: the seal holds and its signer is
known here; it holds, but nobody here knows the signer (what another machine sees of a development
certificate); it does not hold; there is none. A fifth is honest bookkeeping: without time stamps, a seal
whose certificate has expired says nothing any more about when it was made.
"""

import io
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import c2pa

from omote.core.errors import InputError
from omote.guard.provenance.certificates import ORGANISATION, anchors
from omote.guard.provenance.foreign import NAME, printable
from omote.guard.provenance.manifest import EMBEDDED, LISTING, OFFLINE, is_there, listing, sidecar_of
from omote.guard.provenance.statements import Action, Part, read_statements


class State(StrEnum):
    """What a seal is worth."""

    TRUSTED = "trusted"
    UNKNOWN_SIGNER = "valid, but signed by an unknown certificate"
    EXPIRED = "unaltered, but its certificate has expired"
    INVALID = "invalid"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestReport:
    """What the manifest of a file says. Nothing in it may be believed unless `state` is `trusted`."""

    state: State
    words: str
    """The state, in a sentence."""
    problems: tuple[str, ...] = ()
    """What does not hold, in words."""
    embedded: bool = False
    development: bool = False
    """Whether the certificate calls itself a development certificate of Omote's."""
    signer: str = ""
    issuer: str = ""
    label: str = ""
    title: str = ""
    generator: str = ""
    actions: tuple[Action, ...] = ()
    ingredients: tuple[Part, ...] = ()
    source_type: str = ""
    mark_algorithm: str = ""
    mark_id: str = ""
    """The id of the watermark in the file (C2PA: soft binding), hexadecimal; empty where none is stated."""
    consents: tuple[Mapping[str, str], ...] = ()
    """Id and hash of each consent record."""
    test_only: bool = False
    malformed: tuple[str, ...] = ()
    """Labels of the statements that have another shape than expected, and were passed over."""


_WORDS = {
    "assertion.dataHash.mismatch": "the file was changed after it was sealed",
    "assertion.bmffHash.mismatch": "the file was changed after it was sealed",
    "assertion.boxesHash.mismatch": "the file was changed after it was sealed",
    "assertion.hashedURI.mismatch": "a statement of the manifest was changed after it was signed",
    "assertion.missing": "a statement of the manifest is missing",
    "claimSignature.mismatch": "the signature does not fit the manifest",
    "claimSignature.missing": "the signature is missing",
    "claimSignature.outsideValidity": "the certificate is not valid at present",
    "signingCredential.expired": "the certificate is not valid at present",
    "signingCredential.invalid": "the certificate is not one that may sign media",
    "signingCredential.untrusted": "nobody known on this machine stands behind the certificate",
}
_REMOTE = "Remote"
_LAPSED = {"claimSignature.outsideValidity", "signingCredential.expired"}
# A JUMBF superbox whose description says C2PA: what is left when a seal can no longer be found by its place.
_REMAINS = re.compile(rb"jumb.{4}jumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71", re.DOTALL)


def read_manifest(path: Path, *, folder: Path | None = None) -> ManifestReport:
    """Return what the manifest in or beside a file says, and whether it holds.

    Args:
        path: a file, or a folder of pictures that was sealed as one.
        folder: the home folder, for the authorities that are trusted here.

    Raises:
        InputError: the file cannot be read.
    """
    beside = _sidecar(path)
    subject = path / LISTING if path.is_dir() else path
    if path.is_dir() and beside is None:
        return _nothing()
    if path.is_dir() and not subject.is_file():
        return _broken(f"the list {LISTING}, which was sealed in the folder's stead, is missing")
    known = anchors(folder)
    settings: dict[str, Any] = {**OFFLINE, **({"trust": {"user_anchors": known}} if known else {})}
    try:
        with subject.open("rb") as stream, c2pa.Context.from_dict(settings) as context:
            media_type = EMBEDDED.get(subject.suffix.lower(), "")
            if media_type:
                try:
                    return _report(c2pa.Reader(media_type, stream, context=context))
                except c2pa.C2paError as error:
                    if _kind(error) != "ManifestNotFound" and not (beside and _kind(error) == _REMOTE):
                        raise
                    stream.seek(0)
            if beside:
                data = beside.read_bytes()
                report = _report(c2pa.Reader("application/octet-stream", stream, data, context=context))
                return _against_listing(report, path) if path.is_dir() else report
    except c2pa.C2paError as error:
        return _unreadable(subject, error, beside)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    return _broken("what is left of a seal is in the file") if media_type and _remains(subject) else _nothing()


def read_stored(manifest: bytes) -> ManifestReport:
    """Return what a manifest says that is held without its file, so that nothing binds it to one.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with c2pa.Context.from_dict(dict(OFFLINE)) as context:
            return _report(c2pa.Reader("application/c2pa", io.BytesIO(manifest), context=context))
    except c2pa.C2paError as error:
        raise InputError(f"the stored manifest cannot be read: {error}") from error


def _sidecar(path: Path) -> Path | None:
    """Return the manifest that lies beside a file, under our name for it or the other usual one.

    The other name, without the file's suffix, counts where no two files can claim it.
    """
    if is_there(ours := sidecar_of(path)):
        return ours
    if path.is_dir() or not path.name:
        return None
    usual = path.with_suffix(".c2pa")
    if usual == path or not is_there(usual):
        return None
    alike = [file for file in path.parent.iterdir() if file.stem == path.stem and file.is_file()]
    shared = any(file.name != path.name and file.suffix.lower() not in (".c2pa", ".xmp") for file in alike)
    return None if shared else usual


def _unreadable(path: Path, error: c2pa.C2paError, beside: Path | None) -> ManifestReport:
    """Tell a broken seal from a file that never had one and cannot be parsed for one."""
    if beside or _remains(path):
        return _broken(f"the seal is damaged or cut short ({printable(str(error))})")
    if _kind(error) == _REMOTE:
        return _nothing("the file points to a manifest on the network, which is not fetched")
    return _nothing(f"the file could not be searched for a seal ({printable(str(error))})")


def _kind(error: c2pa.C2paError) -> str:
    """Return the library's name of an error, with which its message begins."""
    return str(error).partition(":")[0]


def _remains(path: Path) -> bool:
    """Return whether the beginning of a C2PA manifest is anywhere in a file."""
    tail = b""
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            if _REMAINS.search(tail + piece):
                return True
            tail = piece[-64:]
    return False


def _nothing(*problems: str) -> ManifestReport:
    return ManifestReport(state=State.NONE, words="the file carries no signed manifest", problems=problems)


def _broken(problem: str) -> ManifestReport:
    return ManifestReport(state=State.INVALID, words=f"the seal does not hold: {problem}", problems=(problem,))


def _report(reader: c2pa.Reader) -> ManifestReport:
    """Return the report of what the library read and checked."""
    with reader:
        document = json.loads(reader.json())
        embedded = reader.is_embedded()
    results = document.get("validation_results", {})
    found = results.get("activeManifest", {})
    codes = {failure["code"] for failure in found.get("failure", [])}
    state = _state(document.get("validation_state"), codes)
    problems = [_problem(failure) for failure in found.get("failure", [])]
    for delta in results.get("ingredientDeltas", []):
        failures = delta.get("validationDeltas", {}).get("failure", [])
        problems += [f"in an ingredient's own history: {_problem(failure)}" for failure in failures]
    manifest = document.get("manifests", {}).get(document.get("active_manifest"), {})
    signature = manifest.get("signature_info", {})
    development = signature.get("issuer") == ORGANISATION
    signer = printable(signature.get("common_name") or "", NAME)
    problems = list(dict.fromkeys(problems))
    return ManifestReport(
        state=state,
        words=_sentence(state, development, signer or "unnamed", problems),
        problems=tuple(problems),
        embedded=embedded,
        development=development,
        signer=signer,
        issuer=printable(signature.get("issuer") or "", NAME),
        **read_statements(manifest),
    )


def _state(verdict: str | None, codes: set[str]) -> State:
    """Return the state, from the library's verdict and the codes of what failed."""
    if verdict == "Trusted":
        return State.TRUSTED
    if verdict == "Valid":
        return State.UNKNOWN_SIGNER
    if codes and codes <= _LAPSED | {"signingCredential.untrusted"}:
        return State.EXPIRED
    return State.INVALID


def _sentence(state: State, development: bool, signer: str, problems: list[str]) -> str:
    """Return the state in words."""
    kind = " (development certificate)" if development else ""
    return {
        State.TRUSTED: f"the seal holds, and its signer {signer} is trusted on this machine{kind}",
        State.UNKNOWN_SIGNER: f"the seal holds, so the file is as it was signed, but the certificate "
        f"{signer}{kind} is unknown here: anybody can make one, so who signed is not proven",
        State.EXPIRED: f"the file is as {signer}{kind} signed it, but the certificate has expired since",
        State.INVALID: "the seal does not hold: " + "; ".join(problems or ["it cannot be checked"]),
        State.NONE: "",
    }[state]


def _problem(failure: Mapping[str, str]) -> str:
    """Return one failure in words, with the library's code for who wants to look it up."""
    words = _WORDS.get(failure["code"]) or failure.get("explanation") or "a check failed"
    return printable(f"{words} ({failure['code']})")


def _against_listing(report: ManifestReport, path: Path) -> ManifestReport:
    """Compare a folder with its sealed list: the seal holds for it, it must hold for the files."""
    now, then = _hashes(listing(path)), _hashes(os.fsdecode((path / LISTING).read_bytes()))
    if now == then:
        return report
    odd = sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))
    shown = ", ".join(printable(name, NAME) for name in odd[:3]) + (f" and {len(odd) - 3} more" if odd[3:] else "")
    return _broken(f"files of the folder were changed, added or removed after it was sealed: {shown}")


def _hashes(text: str) -> dict[str, str]:
    """Return the SHA-256 of each file that a list names."""
    lines = (line.partition("  ") for line in text.split("\n"))
    return {name: digest for digest, _, name in lines}
