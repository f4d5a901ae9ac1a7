import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from omote.core.errors import InputError
from omote.guard.provenance import manifest, reader, xmp
from omote.guard.provenance.manifest import SourceType
from omote.guard.provenance.reader import State

Make = Callable[[str], Path]
LABEL = xmp.Label(
    source_type=SourceType.COMPOSITE, tool="Omote 0.1.0 <面> & co", mark_id="00c0ffee0000", test_only=True
)
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


def embedded(make: Make, name: str, label: xmp.Label = LABEL) -> Path:
    source = make(name)
    target = source.with_name(f"labelled-{name}")
    assert xmp.embed(source, target, label) is None
    return target


def properties(packet: bytes | str) -> dict[str, str]:
    """An independent reading: the attributes of the description, names without their namespace."""
    text = packet.decode() if isinstance(packet, bytes) else packet
    root = ElementTree.fromstring(text.rstrip("\0"))
    return {name.rpartition("}")[2]: value for node in root.iter(f"{RDF}Description") for name, value in node.items()}


def pillow_xmp(path: Path) -> bytes | str:
    with Image.open(path) as image:
        image.load()
        return image.info.get("xmp") or image.info["XML:com.adobe.xmp"]


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
def test_pillow_finds_the_packet_and_the_same_picture(name: str, make: Make) -> None:
    path = embedded(make, name)
    said = properties(pillow_xmp(path))
    assert said["DigitalSourceType"].endswith("compositeWithTrainedAlgorithmicMedia")
    assert said["CreatorTool"] == "Omote 0.1.0 <面> & co"
    assert (said["ManifestId"], said["TestOnly"]) == ("00c0ffee0000", "True")
    assert said["DataMining"].endswith("DMI-PROHIBITED")
    with Image.open(path) as labelled, Image.open(path.with_name(name)) as plain:
        assert np.array_equal(np.asarray(labelled), np.asarray(plain))


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.mp4", "a.mov"])
def test_it_is_read_back_and_replaced_not_doubled(name: str, make: Make) -> None:
    path = embedded(make, name)
    assert xmp.read(path) == LABEL
    if name in ("a.mp4", "a.mov"):
        return
    other = xmp.Label(source_type=SourceType.SYNTHETIC, tool="x")
    again = path.with_name(f"again-{name}")
    xmp.embed(path, again, other)
    assert xmp.read(again) == other
    assert again.read_bytes().count(b"DigitalSourceType") == 1


@pytest.mark.parametrize(
    ("mode", "options"),
    [("RGB", {"quality": 80}), ("RGBA", {"quality": 80}), ("RGB", {"lossless": True}), ("RGBA", {"lossless": True})],
)
@pytest.mark.parametrize("size", [(1, 1), (33, 21), (300, 2)])
def test_every_kind_of_webp_takes_it(mode: str, options: Any, size: tuple[int, int], tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (*size[::-1], len(mode)), np.uint8)
    Image.fromarray(pixels, mode).save(tmp_path / "a.webp", **options)
    xmp.embed(tmp_path / "a.webp", tmp_path / "b.webp", LABEL)
    with Image.open(tmp_path / "a.webp") as plain, Image.open(tmp_path / "b.webp") as labelled:
        assert (labelled.size, labelled.mode) == (plain.size, plain.mode)
        assert np.array_equal(np.asarray(labelled), np.asarray(plain))
    assert properties(pillow_xmp(tmp_path / "b.webp"))["ManifestId"] == "00c0ffee0000"


def test_a_jpeg_keeps_its_exif_and_profile(tmp_path: Path) -> None:
    from PIL import ImageCms

    exif = Image.Exif()
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (20, 10), "teal").save(tmp_path / "a.jpg", exif=exif, icc_profile=profile)
    xmp.embed(tmp_path / "a.jpg", tmp_path / "b.jpg", LABEL)
    with Image.open(tmp_path / "b.jpg") as image:
        assert image.getexif()[0x0112] == 6
        assert image.info["icc_profile"] == profile
    assert xmp.read(tmp_path / "b.jpg") == LABEL


@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
def test_a_film_plays_on_and_ends_in_the_box(name: str, make: Make) -> None:
    path = embedded(make, name)
    plain, labelled = path.with_name(name).read_bytes(), path.read_bytes()
    assert labelled.startswith(plain)
    size, kind = struct.unpack(">I4s", labelled[len(plain) :][:8])
    assert (size, kind) == (len(labelled) - len(plain), b"uuid")
    assert properties(labelled[len(plain) + 24 :])["ManifestId"] == "00c0ffee0000"
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 12


@pytest.mark.parametrize("name", ["a.webm", "a.wav", "a.mp3", "a.flac", "a.gif", "a.glb"])
def test_other_formats_get_a_sidecar_and_stay_as_they_are(name: str, make: Make) -> None:
    source = make(name)
    before = source.read_bytes()
    beside = xmp.embed(source, source.with_name("unused"), LABEL)
    assert beside == source.with_name(f"{name}.xmp")
    assert source.read_bytes() == before
    assert not source.with_name("unused").exists()
    assert xmp.read(source) == LABEL


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.mp4"])
def test_it_lives_through_sealing_and_is_sealed_with_the_file(name: str, make: Make, home: Path) -> None:
    path = embedded(make, name)
    sealed = path.with_name(f"sealed-{name}")
    said = manifest.Statement(verb="dance", description="d", source_type=SourceType.COMPOSITE)
    manifest.seal(path, sealed, said)
    assert xmp.read(sealed) == LABEL
    assert reader.read_manifest(sealed).state is State.TRUSTED
    data = sealed.read_bytes()
    sealed.write_bytes(data.replace(b'TestOnly="True"', b'TestOnly="Fals"'))
    assert data != sealed.read_bytes()
    assert reader.read_manifest(sealed).state is State.INVALID


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.mp4", "a.mov"])
@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"RIFF\0\0\0\0WEBP", b"\x89PNG\r\n\x1a\n", b"no media " * 20])
def test_what_is_no_such_file_takes_no_packet_and_has_none(name: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    if not (name == "a.png" and data.startswith(b"\x89PNG")):
        with pytest.raises(InputError, match="is no"):
            xmp.embed(path, tmp_path / f"b{path.suffix}", LABEL)
    assert xmp.read(path) is None


def test_an_open_ended_film_is_refused(make: Make, tmp_path: Path) -> None:
    path = make("a.mp4")
    path.write_bytes(path.read_bytes() + b"\0\0\0\0free")
    with pytest.raises(InputError, match="open-ended"):
        xmp.embed(path, tmp_path / "b.mp4", LABEL)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<",
        b"<a><b></a>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><x/>',
        b"<x>" + b" " * (1 << 20) + b"</x>",
        b'<?xml version="1.0" encoding="foo"?><a/>',
        b'<?xml version="1.0" encoding="shift_jis"?><a/>',
        b'<?xml version="1.0" encoding="utf-32"?><a/>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'.encode("utf-16"),
    ],
)
def test_a_damaged_or_hostile_packet_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="XMP"):
        xmp.parse(data)


def test_packets_of_other_programs_are_understood() -> None:
    other = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about="" xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
    <i:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture</i:DigitalSourceType>
    </rdf:Description></rdf:RDF></x:xmpmeta>"""
    label = xmp.parse(other)
    assert label is not None
    assert label.source_type.endswith("digitalCapture")
    assert not label.test_only
    assert xmp.parse(b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>") is None


def test_media_without_xmp_have_none(make: Make) -> None:
    for name in ("a.jpg", "a.png", "a.webp", "a.mp4", "a.wav", "a.webm"):
        assert xmp.read(make(name)) is None


printable = st.text(st.characters(blacklist_categories=("Cc", "Cs"), blacklist_characters="\ufffe\uffff"), max_size=60)


@settings(max_examples=80, deadline=None)
@given(tool=printable, mark=st.from_regex("[0-9a-f]{12}", fullmatch=True), test_only=st.booleans())
def test_any_text_survives_the_packet(tool: str, mark: str, test_only: bool) -> None:
    label = xmp.Label(source_type=SourceType.SYNTHETIC, tool=tool.strip(), mark_id=mark, test_only=test_only)
    assert xmp.parse(xmp.packet(label)) == label
