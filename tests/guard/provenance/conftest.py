"""A home folder with certificates, and small real files to seal."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from omote.guard.provenance import certificates, xmp


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This user's home folder, with development certificates."""
    folder = tmp_path / "home"
    monkeypatch.setenv("OMOTE_HOME", str(folder))
    certificates.init()
    return folder


def scene(number: int = 0, size: tuple[int, int] = (96, 128)) -> np.ndarray:
    """A smooth coloured picture that moves a little with `number`."""
    y, x = np.mgrid[: size[0], : size[1]]
    waves = [np.sin(x / 9 + number / 5) + np.cos(y / 7 + k) for k in range(3)]
    return np.clip(128 + 50 * np.stack(waves, -1), 0, 255).astype(np.uint8)


def write_film(path: Path, frames: int = 12, codec: str = "libx264") -> None:
    """Write a small video with sound."""
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=12)
        video.width, video.height, video.pix_fmt = 128, 96, "yuv420p"
        sound = container.add_stream("libopus" if path.suffix == ".webm" else "aac", rate=48000)
        for number in range(frames):
            picture = av.VideoFrame.from_ndarray(scene(number), format="rgb24")
            picture.time_base, picture.pts = Fraction(1, 12), number
            container.mux(video.encode(picture))
        container.mux(video.encode())
        tone = np.sin(np.arange(48000 * frames // 12) / 20, dtype=np.float32)[None].repeat(2, 0)
        block = av.AudioFrame.from_ndarray(tone, format="fltp", layout="stereo")
        block.sample_rate = 48000
        container.mux(sound.encode(block))
        container.mux(sound.encode())


def write_sound(path: Path) -> None:
    import soundfile

    soundfile.write(path, np.sin(np.arange(8000) / 20) / 2, 8000)


WRITERS: dict[str, Callable[[Path], None]] = {
    ".jpg": lambda path: Image.fromarray(scene()).save(path, quality=92),
    ".png": lambda path: Image.fromarray(scene()).save(path),
    ".webp": lambda path: Image.fromarray(scene()).save(path, quality=90),
    ".gif": lambda path: Image.fromarray(scene()).save(path),
    ".mp4": write_film,
    ".mov": write_film,
    ".webm": lambda path: write_film(path, codec="libvpx-vp9"),
    ".wav": write_sound,
    ".flac": write_sound,
    ".mp3": write_sound,
    ".glb": lambda path: path.write_bytes(b"glTF\x02\0\0\0" + bytes(200)) and None,
}


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a real file of the type that a name says, and returns its path."""

    def made(name: str) -> Path:
        path = tmp_path / name
        WRITERS[path.suffix](path)
        return path

    return made


@pytest.fixture
def with_address() -> Callable[[Path], Path]:
    """Makes a copy of a picture or film whose XMP says that its manifest lies at an address on the network."""
    said = (
        b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        b'xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="https://jane-doe.example/her.c2pa"/>'
        b'</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    )

    def make(path: Path) -> Path:
        copy = path.with_name(f"with-address-{path.name}")
        if place := xmp._PLACES.get(path.suffix):
            copy.write_bytes(place[0](path.read_bytes(), said))
        else:
            xmp._append_box(path, copy, said)
        return copy

    return make
