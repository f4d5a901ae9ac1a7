"""Tell where a file comes from: signed manifest, XMP, and the watermark in the pixels that outlives both.

Evidence is ranked. A signed manifest that holds says what was done and by whom, if the signer is known. A
watermark survives when metadata are stripped, and leads to the manifest in this machine's store; but its
key is public and a mark can be copied onto other pictures, so it is a lead and no proof. XMP is unsigned:
anybody can write it. That nothing is found says nothing about whether a picture is real.
"""

import dataclasses
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omote.core.errors import InputError, ProvenanceError
from omote.core.frame import Frame
from omote.guard.provenance import xmp
from omote.guard.provenance.foreign import NAME, printable
from omote.guard.provenance.manifest import EMBEDDED, output_sha256
from omote.guard.provenance.reader import ManifestReport, State, read_manifest, read_stored
from omote.guard.provenance.store import ManifestStore, StoredManifest
from omote.guard.provenance.verdict import verdict

if TYPE_CHECKING:
    from omote.guard.provenance.watermark import Watermark


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkReport:
    """The watermark that was read from the pixels."""

    id: str
    """Hexadecimal."""
    windows: int
    """In how many pieces (pictures, or two-second windows of a video) it was read."""
    looked_at: int
    """How many pieces were looked at."""
    log10_false_alarm: float
    """Bound of the chance to find any mark this clear in any piece of an unmarked file, as a power of ten."""
    others: tuple[str, ...] = ()
    """Further ids, where pieces disagree: the video was cut together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceReport:
    """Everything that is known of where a file comes from."""

    path: Path
    verdict: str
    """For somebody who knows none of these words."""
    manifest: ManifestReport
    label: xmp.Label | None
    mark: MarkReport | None
    stored: StoredManifest | None
    """What this machine's store knows of the output that the watermark, or the manifest, names."""
    recovered: ManifestReport | None
    """The stored manifest, where the file's own is gone or broken; it is not bound to this file."""
    unchanged: bool | None
    """Whether the file is byte for byte the one in the store; None where the store does not know it."""
    notes: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        """Whether there is any sign of where the file comes from."""
        return self.manifest.state is not State.NONE or self.mark is not None or self.label is not None

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON knows it."""
        return {**dataclasses.asdict(self), "path": str(self.path), "found": self.found}

    def text(self) -> str:
        """Return the report for a terminal."""
        lines = [self.verdict, "", f"manifest: {self.manifest.words}"]
        shown = self.manifest if self.manifest.state is not State.NONE else self.recovered
        if shown is not None:
            lines += [f"  {_line(action.name, action.when, action.description)}" for action in shown.actions]
            lines += [
                f"  {_line('made from ' + part.title, part.relation, part.sha256[:16])}" for part in shown.ingredients
            ]
            lines += [f"  with consent: record {consent.get('id', '')[:8]}" for consent in shown.consents]
        if self.mark:
            pieces = f"{self.mark.windows} of {self.mark.looked_at} pieces"
            chance = f"chance of a false alarm below 1e{math.ceil(self.mark.log10_false_alarm)}"
            lines.append(f"watermark: {self.mark.id}, read in {pieces}, {chance}")
        else:
            lines.append("watermark: none found")
        lines.append(
            f"XMP: {self.label.tool or 'no tool named'}, {self.label.source_type}" if self.label else "XMP: none"
        )
        return "\n".join(lines + [f"note: {note}" for note in self.notes])


def inspect(
    path: Path,
    *,
    folder: Path | None = None,
    detector: "Watermark | None" = None,
    seconds: float | None = None,
) -> ProvenanceReport:
    """Return where a file comes from, as far as anything tells.

    Args:
        path: a picture, video, sound or other file, or a folder of pictures that was sealed as one.
        folder: the home folder: trusted authorities, the manifest store.
        detector: reads the watermark; Omote's own if left out.
        seconds: how much of a video to look through for the watermark; all of it if left out.

    Raises:
        InputError: there is no such file, or it is damaged and nothing in it tells where it comes from.
    """
    _check(path)
    notes: list[str] = []
    manifest = read_manifest(path, folder=folder)
    label = _read_label(path, notes)
    if detector is None:
        from omote.guard.provenance.watermark import Watermark

        detector = Watermark()
    try:
        mark = _read_mark(path, detector, seconds)
    except InputError as error:
        if manifest.state is State.NONE and label is None:
            raise
        mark, _ = None, notes.append(f"the watermark could not be looked for: {error}")
    digest = output_sha256(path) if mark or manifest.mark_id else ""
    stored, recovered = _look_up(mark, manifest, digest, ManifestStore(detector.bits, folder), notes)
    notes += _contradictions(manifest, label, mark)
    unchanged = digest == stored.output_sha256 if stored else None
    return ProvenanceReport(
        path=path,
        verdict=verdict(manifest, label, mark.id if mark else "", stored, unchanged),
        manifest=manifest,
        label=label,
        mark=mark,
        stored=stored,
        recovered=recovered,
        unchanged=unchanged,
        notes=tuple(notes),
    )


def _check(path: Path) -> None:
    """Refuse what is not there, or would never end when read."""
    try:
        if path.is_file() or path.is_dir():
            return
        if path.exists():
            raise InputError(f"{path} is neither a file nor a folder; copy what it gives into a file")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    raise InputError(f"{path} does not exist; check the name and the folder")


def _read_label(path: Path, notes: list[str]) -> xmp.Label | None:
    """Return what the XMP says, fit to be shown."""
    try:
        label = xmp.read(path)
    except InputError as error:
        notes.append(f"its XMP cannot be read: {error}")
        return None
    return label and dataclasses.replace(
        label,
        source_type=printable(label.source_type),
        tool=printable(label.tool, NAME),
        mark_id=printable(label.mark_id, NAME),
    )


def _line(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _read_mark(path: Path, detector: "Watermark", seconds: float | None) -> MarkReport | None:
    """Return the watermark that most pieces of a file carry, or None."""
    from omote.parts.media.files import readable
    from omote.parts.media.pictures import read_picture
    from omote.parts.media.video import VideoSource

    if path.is_dir():
        pictures = sorted(file for file in path.glob("*.png") if file.is_file())
        return _merge(list(detector.detect_video(_numbered(pictures))), detector.bits)
    kind = readable(path).kind
    if kind == "unknown":
        kind = EMBEDDED.get(path.suffix.lower(), "").replace("image", "picture").partition("/")[0]
    if kind == "picture":
        return _merge([detector.detect(read_picture(path).rgb)], detector.bits)
    if kind == "video":
        frames = iter(VideoSource(path))
        frames = _until(frames, seconds) if seconds is not None else frames
        return _merge(list(detector.detect_video(frames)), detector.bits)
    return None


def _numbered(pictures: Iterable[Path]) -> Iterator[Frame]:
    """Yield the pictures of a sequence as frames, 25 a second: only windows are made of the time."""
    from omote.parts.media.pictures import read_picture

    for number, file in enumerate(pictures):
        yield Frame(rgb=read_picture(file).rgb, time=Fraction(number, 25))


def _until(frames: Iterator[Frame], seconds: float) -> Iterator[Frame]:
    for frame in frames:
        if frame.time > seconds:
            return
        yield frame


def _merge(found: list[Any], bits: int) -> MarkReport | None:
    """Return the mark that most pieces carry, and which others there were."""
    counts = Counter(piece.payload for piece in found if piece is not None)
    if not counts:
        return None
    (best, windows), *others = counts.most_common()
    width = (bits + 3) // 4
    clearest = min(piece.log10_false_alarm for piece in found if piece is not None and piece.payload == best)
    return MarkReport(
        id=f"{best:0{width}x}",
        windows=windows,
        looked_at=len(found),
        log10_false_alarm=min(0.0, clearest + math.log10(len(found))),  # any of so many might have given it
        others=tuple(f"{payload:0{width}x}" for payload, _ in others),
    )


def _look_up(
    mark: MarkReport | None, manifest: ManifestReport, digest: str, store: ManifestStore, notes: list[str]
) -> tuple[StoredManifest | None, ManifestReport | None]:
    """Return what the store knows of the file, and the stored manifest where the file's own tells nothing."""
    name = mark.id if mark else manifest.mark_id
    if not re.fullmatch(f"[0-9a-f]{{{(store.bits + 3) // 4}}}", name):
        return None, None
    try:
        stored = store.get(int(name, 16), digest)
        if stored is None or manifest.state not in (State.NONE, State.INVALID):
            return stored, None
        return stored, read_stored(store.manifest(stored))
    except (ProvenanceError, InputError) as error:
        notes.append(f"the local manifest store does not help: {error}")
        return None, None


def _contradictions(manifest: ManifestReport, label: xmp.Label | None, mark: MarkReport | None) -> list[str]:
    """Return, in words, where the pieces of evidence disagree."""
    notes = [f"the manifest's statement {label} is malformed and was passed over" for label in manifest.malformed]
    if mark and mark.others:
        notes.append(f"parts of it carry other watermarks ({', '.join(mark.others)}): it was put together")
    if manifest.mark_id and mark and mark.id != manifest.mark_id:
        notes.append(
            "the watermark is not the one that the manifest names: picture and manifest may not belong together"
        )
    if manifest.mark_id and mark is None:
        notes.append("the manifest names a watermark, but none could be read from the picture")
    if label and manifest.source_type and label.source_type != manifest.source_type:
        notes.append("XMP and manifest name different source types; the manifest is the one that is signed")
    return notes
