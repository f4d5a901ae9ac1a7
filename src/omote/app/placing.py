"""Where a result may go, and how it gets there: inputs and what is not ours are never overwritten.

A file that the user names is replaced, as copying would. A folder is replaced only where it is, to the last byte, one
that was sealed here before; it is moved aside first and deleted when the new one is in its place.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

from omote.app.workspace import workspace_of
from omote.core.errors import OutputError, UsageError
from omote.core.weights import sha256
from omote.guard.provenance import manifest, xmp
from omote.guard.provenance.manifest import LISTING

_LONGEST = ".c2pa.12345678"
"""What the names of files beside the output add to its own at most."""


def check_output(out: Path, inputs: Iterable[Path]) -> None:
    """Refuse an output that would cost the user something, or that cannot be written.

    Args:
        out: a file, or without a suffix a folder of pictures.
        inputs: files that the job reads.

    Raises:
        UsageError: it is an input, or one lies in it.
        OutputError: it cannot be written, or holds other things.
    """
    if out.name in ("", ".."):
        raise OutputError(f"{out} names no file; give the result a name")
    if not out.parent.is_dir():
        raise OutputError(f"the folder {out.parent} does not exist; make it first")
    try:
        out.with_name(f".{out.name}{_LONGEST}").lstat()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise OutputError(f"{out} cannot be written: {error.strerror}; choose another name") from error
    _check_inputs(out, inputs)
    if out.suffix:
        _check_file(out)
    else:
        _check_folder(out)


def place(folder: Path, out: Path) -> tuple[Path, ...]:
    """Move a result and its sidecars to where the user wants them; return the files, the output first.

    The output comes last, so that it is never there without its seal.

    Args:
        folder: holds the result, under the output's name, and its sidecars.
        out: as `check_output` lets it pass; it is looked at again, for much may have happened meanwhile.

    Raises:
        OutputError: it cannot be written there.
    """
    check_output(out, ())
    aside = folder.with_name("replaced")
    try:
        sidecars = [
            item.replace(out.with_name(item.name)) for item in sorted(folder.iterdir()) if item.name != out.name
        ]
        if out.is_dir():
            shutil.rmtree(aside, ignore_errors=True)
            out.rename(aside)
        (folder / out.name).replace(out)
    except (IsADirectoryError, NotADirectoryError, FileExistsError) as error:
        raise OutputError(f"{error.filename2 or out} is in the way of the result: {error.strerror}") from error
    return (out, *sidecars)


def _check_inputs(out: Path, inputs: Iterable[Path]) -> None:
    written = [out.resolve(), workspace_of(out).resolve(), *(path.resolve() for path in _beside(out))]
    for path in inputs:
        if any(path.resolve().is_relative_to(place) for place in written):
            raise UsageError(
                f"{path} is one of the inputs and would be overwritten by {out}; choose another output, inputs are "
                "never overwritten"
            )


def _check_file(out: Path) -> None:
    """Refuse a file whose place, or the place of whose sidecars, is taken by something else."""
    for path in (out, *_beside(out)):
        if path.is_dir():
            raise OutputError(f"{path} is a folder; choose a name under which a file can be written")
    sidecars = _beside(out)
    if sidecars and sidecars[1].exists() and not sidecars[0].exists():
        raise OutputError(f"{sidecars[1]} was not written with {out.name} and would be lost; choose another output")


def _check_folder(out: Path) -> None:
    """Refuse a folder that is not, as it stands, a sequence of pictures sealed here."""
    if out.is_symlink():
        raise OutputError(f"{out} is a link; name the folder itself")
    if not out.exists():
        return
    if not out.is_dir():
        raise OutputError(f"{out} is a file where a folder of PNG pictures is to be; choose another name")
    try:
        other = _foreign(out)
    except OSError as error:
        raise OutputError(f"{out} holds what cannot be read: {error}; choose another folder") from error
    if other:
        raise OutputError(f"{out} holds other things ({other}), which would be lost; choose another folder")


def _beside(out: Path) -> tuple[Path, ...]:
    """Return the sidecars, manifest and XMP, of an output whose format has no place for them."""
    if not out.suffix or out.suffix.lower() in manifest.EMBEDDED:
        return ()
    return manifest.sidecar_of(out), xmp.sidecar_of(out)


def _foreign(folder: Path) -> str | None:
    """Return the name of something in a folder that is not as it was sealed, or None."""
    seal = {LISTING, f"{LISTING}.c2pa", f"{LISTING}.xmp"}
    try:
        lines = [line.partition("  ") for line in (folder / LISTING).read_text().splitlines()]
    except (OSError, ValueError):
        lines = []
    listed = {name: digest for digest, _, name in lines}
    if not (folder / f"{LISTING}.c2pa").is_file():
        listed = {}
    for item in sorted(folder.iterdir()):
        known = bool(listed) and item.name in seal
        if item.is_symlink() or not item.is_file() or not (known or listed.get(item.name) == sha256(item)):
            return item.name
    return None
