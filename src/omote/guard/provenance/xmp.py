"""XMP that says what a file is to programs that know no C2PA: source type, tool, watermark id, test or not.

Adobe XMP (ISO 16684-1) says what a packet looks like, its part 3 where it goes: JPEG APP1, PNG iTXt, WebP
`XMP ` chunk, a `uuid` box at the end of ISO media files; beside any other file lies `FILE.xmp`. Properties:
IPTC's `DigitalSourceType`, XMP's `CreatorTool`, PLUS's `DataMining`, and two of our own. The packet goes in
before the C2PA manifest does, whose hash of the file then covers it. A packet that was there is replaced.
"""

import shutil
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

from omote.core.errors import InputError, OutputError
from omote.guard.provenance.foreign import printable
from omote.guard.provenance.home import write_whole
from omote.guard.provenance.manifest import LISTING, is_there

OURS = "urn:omote:provenance:1:"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_PLUS = "http://ns.useplus.org/ldf/xmp/1.0/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_NO_MINING = "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"

_JPEG_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
_PNG_HEAD = b"XML:com.adobe.xmp\0\0\0\0\0"  # keyword, not compressed, no language, no translated keyword
_PNG_START = b"\x89PNG\r\n\x1a\n"
_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_ISO_MEDIA = (".mp4", ".m4v", ".mov", ".m4a")
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What the packet says."""

    source_type: str
    """IPTC digital source type, a URI."""
    tool: str
    """What made the file."""
    mark_id: str = ""
    """Id of the watermark, hexadecimal, under which the manifest is stored."""
    test_only: bool = False


def packet(label: Label) -> bytes:
    """Return the XMP packet of a label, UTF-8."""
    properties = {
        "xmp:CreatorTool": label.tool,
        "Iptc4xmpExt:DigitalSourceType": label.source_type,
        "plus:DataMining": _NO_MINING,
        "omote:ManifestId": label.mark_id,
        "omote:TestOnly": str(label.test_only),
    }
    attributes = "".join(f"\n   {name}={quoteattr(value)}" for name, value in properties.items() if value)
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        f' <rdf:RDF xmlns:rdf="{_RDF}">\n'
        f'  <rdf:Description rdf:about=""\n   xmlns:xmp="{_XMP}"\n   xmlns:Iptc4xmpExt="{_IPTC}"\n'
        f'   xmlns:plus="{_PLUS}"\n   xmlns:omote="{OURS}"{attributes}/>\n'
        " </rdf:RDF>\n</x:xmpmeta>\n"
        '<?xpacket end="r"?>'
    ).encode()


def parse(data: bytes) -> Label | None:
    """Return what an XMP packet says of a file's origin, or None where it says nothing of it.

    Raises:
        InputError: it is no XMP.
    """
    plain = data.replace(b"\0", b"")  # UTF-16 as well
    if len(data) > _LARGEST or b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise InputError("the XMP packet is larger, or says more, than XMP may")  # entities can blow a parser up
    try:
        root = ElementTree.fromstring(data.strip(b"\0 \r\n\t"))
    except (ElementTree.ParseError, LookupError, ValueError) as error:  # encodings that are none, or not for XML
        raise InputError(f"the XMP packet is damaged: {printable(str(error))}") from error
    said: dict[str, str] = {}
    for description in root.iter(f"{{{_RDF}}}Description"):
        said.update(description.attrib)
        said.update({child.tag: (child.get(f"{{{_RDF}}}resource") or child.text or "") for child in description})
    source, tool = said.get(f"{{{_IPTC}}}DigitalSourceType", ""), said.get(f"{{{_XMP}}}CreatorTool", "")
    mark = said.get(f"{{{OURS}}}ManifestId", "")
    if not (source or mark):
        return None
    test_only = said.get(f"{{{OURS}}}TestOnly") == "True"
    return Label(source_type=source.strip(), tool=tool.strip(), mark_id=mark.strip(), test_only=test_only)


def sidecar_of(path: Path) -> Path:
    """Return where the packet of a file or folder lies that cannot carry it inside."""
    return path / f"{LISTING}.xmp" if path.is_dir() else path.with_name(f"{path.name}.xmp")


def embed(source: Path, target: Path, label: Label) -> Path | None:
    """Write a copy of a file with the packet inside; where the format has no place, write the sidecar only.

    Args:
        source: the file, or a folder of pictures; not changed.
        target: the copy to write. Not written where a sidecar is.
        label: what to say.

    Returns:
        The sidecar, or None where the packet is inside `target`.

    Raises:
        InputError: the file is not what its suffix says.
        OutputError: the copy cannot be written.
    """
    suffix = source.suffix.lower()
    place = _PLACES.get(suffix)
    if source.is_dir() or (place is None and suffix not in _ISO_MEDIA):
        write_whole(sidecar_of(source), packet(label))
        return sidecar_of(source)
    try:
        if place is None:
            _append_box(source, target, packet(label))
        else:
            target.write_bytes(place[0](source.read_bytes(), packet(label)))
    except (struct.error, IndexError, ValueError) as error:
        raise InputError(f"{source} is no {suffix[1:]} file: {error}") from error
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror}") from error
    return None


def read(path: Path) -> Label | None:
    """Return what the XMP in or beside a file says of its origin, or None.

    Raises:
        InputError: the file cannot be read, or its XMP is damaged.
    """
    suffix = path.suffix.lower()
    try:
        data = None
        if path.is_file():
            if suffix in _ISO_MEDIA:
                data = _find_box(path)
            elif suffix in _PLACES:
                data = _PLACES[suffix][1](path.read_bytes())
        if data is None and is_there(sidecar_of(path)):
            with sidecar_of(path).open("rb") as stream:
                data = stream.read(_LARGEST + 1)
    except (struct.error, IndexError, ValueError):
        return None  # not the format that the suffix says: then there is no XMP of that format in it
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    return parse(data) if data is not None else None


def _jpeg_segments(data: bytes) -> list[tuple[int, int, int]]:
    """Return (marker, start, end) of the segments before the picture's data."""
    if data[:2] != b"\xff\xd8":
        raise ValueError("it does not begin as a JPEG")
    found, at = [], 2
    while data[at] == 0xFF and data[at + 1] != 0xDA:
        end = at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        found.append((data[at + 1], at, end))
        at = end
    return found


def _into_jpeg(data: bytes, xmp: bytes) -> bytes:
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(_JPEG_HEAD) + len(xmp)) + _JPEG_HEAD + xmp
    kept, rest = [b"\xff\xd8"], 2
    for marker, start, end in _jpeg_segments(data):
        if not (marker == 0xE1 and data[start + 4 :].startswith(_JPEG_HEAD)):
            if marker not in (0xE0, 0xE1) and segment:
                kept.append(segment)
                segment = b""
            kept.append(data[start:end])
        rest = end
    return b"".join((*kept, segment, data[rest:]))


def _from_jpeg(data: bytes) -> bytes | None:
    for marker, start, end in _jpeg_segments(data):
        if marker == 0xE1 and data[start + 4 : end].startswith(_JPEG_HEAD):
            return data[start + 4 + len(_JPEG_HEAD) : end]
    return None


def _png_chunks(data: bytes) -> list[tuple[bytes, int, int]]:
    """Return (type, start, end) of every chunk."""
    if not data.startswith(_PNG_START):
        raise ValueError("it does not begin as a PNG")
    found, at = [], len(_PNG_START)
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        if at + 12 + length > len(data):
            raise ValueError("it is cut short")
        found.append((name, at, at + 12 + length))
        at += 12 + length
    return found


def _into_png(data: bytes, xmp: bytes) -> bytes:
    body = b"iTXt" + _PNG_HEAD + xmp
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    kept = [_PNG_START]
    for name, start, end in _png_chunks(data):
        if name == b"iTXt" and data[start + 8 :].startswith(b"XML:com.adobe.xmp\0"):
            continue
        kept.append(data[start:end])
        if name == b"IHDR":
            kept.append(chunk)
    return b"".join(kept)


def _from_png(data: bytes) -> bytes | None:
    for name, start, end in _png_chunks(data):
        body = data[start + 8 : end - 4]
        if name == b"iTXt" and body.startswith(_PNG_HEAD):
            return body[len(_PNG_HEAD) :]
    return None


def _webp_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return (type, contents) of every chunk."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise ValueError("it does not begin as a WebP")
    found, at, end = [], 12, 8 + struct.unpack("<I", data[4:8])[0]
    while at < min(end, len(data)):
        name, length = struct.unpack("<4sI", data[at : at + 8])
        found.append((name, data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return found


def _into_webp(data: bytes, xmp: bytes) -> bytes:
    chunks = [(name, body) for name, body in _webp_chunks(data) if name != b"XMP "]
    if chunks[0][0] != b"VP8X":  # the plain form has no place for XMP: make it the extended one
        chunks.insert(0, (b"VP8X", _extended(*chunks[0])))
    head = chunks[0][1]
    chunks[0] = (b"VP8X", bytes([head[0] | 0x04]) + head[1:])
    chunks.append((b"XMP ", xmp))
    body = b"".join(name + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2) for name, part in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _extended(name: bytes, body: bytes) -> bytes:
    """Return the VP8X header of a picture: flags, canvas of (width - 1, height - 1) in 24 bits each."""
    if name == b"VP8 ":  # RFC 6386, 9.1: 14 bits each, after three bytes of frame tag and the start code
        width, height = (value & 0x3FFF for value in struct.unpack("<HH", body[6:10]))
        alpha = 0
    elif name == b"VP8L":  # 14 bits each of size - 1, then the alpha hint
        bits = struct.unpack("<I", body[1:5])[0]
        width, height, alpha = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bits >> 28 & 1
    else:
        raise ValueError(f"its first chunk is {name!r}")
    return bytes([alpha << 4, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def _from_webp(data: bytes) -> bytes | None:
    return next((body for name, body in _webp_chunks(data) if name == b"XMP "), None)


def _boxes(path: Path) -> list[tuple[bytes, int, int]]:
    """Return (type, start, end) of the boxes on top of an ISO media file, without reading what is in them."""
    total, at, found = path.stat().st_size, 0, []
    with path.open("rb") as stream:
        while at < total:
            stream.seek(at)
            size, name, large = struct.unpack(">I4sQ", stream.read(16).ljust(16, b"\0"))
            size = large if size == 1 else size or total - at
            if size < 8 or at + size > total:
                raise ValueError("its boxes do not fill it")
            found.append((name, at, at + size))
            at += size
    if not found or found[0][0] not in (b"ftyp", b"wide", b"moov", b"mdat"):
        raise ValueError("it does not begin as ISO media")
    return found


def _append_box(source: Path, target: Path, xmp: bytes) -> None:
    """Copy an ISO media file and put the packet's box at its end, where nothing has to move."""
    last = _boxes(source)[-1][1]
    shutil.copyfile(source, target)
    with target.open("r+b") as stream:
        stream.seek(last)
        if stream.read(4) == b"\0\0\0\0":
            raise ValueError("its last box is open-ended, so nothing can follow it")
        stream.seek(0, 2)
        stream.write(struct.pack(">I", 24 + len(xmp)) + b"uuid" + _BOX + xmp)


def _find_box(path: Path) -> bytes | None:
    with path.open("rb") as stream:
        for name, start, end in _boxes(path):
            stream.seek(start + 8)
            if name == b"uuid" and stream.read(16) == _BOX:
                return stream.read(min(end - start - 24, _LARGEST + 1))
    return None


_PLACES = {
    ".jpg": (_into_jpeg, _from_jpeg),
    ".jpeg": (_into_jpeg, _from_jpeg),
    ".png": (_into_png, _from_png),
    ".webp": (_into_webp, _from_webp),
}
