"""Make the shipped MediaPipe weights again, and print their rows for `weights.toml`.

Fetches the wheel that still bundles the .tflite files (or takes it from --wheel), translates each by
`omote.parts.nets.adopt_tflite.adopt`, and writes safetensors. The same bytes come out every time.

    python scripts/convert_mediapipe.py [--wheel FILE] [--out FOLDER]
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from safetensors.torch import save_file

from omote.core.weights import package_shelf, sha256
from omote.parts.nets.adopt_tflite import adopt

PACKAGE, VERSION = "mediapipe", "0.10.21"

NETWORKS = {
    "face-detector-short": "face_detection/face_detection_short_range.tflite",
    "face-detector-full": "face_detection/face_detection_full_range_sparse.tflite",
    "face-mesh": "face_landmark/face_landmark.tflite",
    "iris": "iris_landmark/iris_landmark.tflite",
    "pose-detector": "pose_detection/pose_detection.tflite",
    "pose-landmarks": "pose_landmark/pose_landmark_full.tflite",
    "selfie-mask": "selfie_segmentation/selfie_segmentation.tflite",
}

ROW = """
[{name}]
file = "{name}.safetensors"
version = "1"
sha256 = "{sha256}"
bytes = {bytes}
licence = "Apache-2.0"
origin = "MediaPipe, Google ({member})"
trained_on = "Google's own photographs, not published; the model card says which people they show"
shipped = true
adopt = "omote.parts.nets.adopt_tflite:adopt"
card = "docs/cards/{name}.md"
[{name}.source]
client = "pip"
package = "{package}"
version = "{version}"
member = "mediapipe/modules/{member}"
sha256 = "{member_sha256}"
"""


def wheel(folder: Path) -> Path:
    """Fetch the wheel by the ordinary client."""
    wanted = f"{PACKAGE}=={VERSION}"
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(folder), wanted],
        check=True,
    )
    return next(folder.glob("*.whl"))


def convert(archive: Path, out: Path) -> None:
    """Write every network into a folder and print its row."""
    with zipfile.ZipFile(archive) as opened, tempfile.TemporaryDirectory() as scratch:
        for name, member in NETWORKS.items():
            data = opened.read(f"mediapipe/modules/{member}")
            source = Path(scratch) / "network.tflite"
            source.write_bytes(data)
            tensors, header = adopt(source)
            file = out / f"{name}.safetensors"
            save_file(dict(tensors), file, dict(header))
            file.chmod(0o644)
            print(
                ROW.format(
                    name=name,
                    sha256=sha256(file),
                    bytes=file.stat().st_size,
                    member=member,
                    member_sha256=hashlib.sha256(data).hexdigest(),
                    package=PACKAGE,
                    version=VERSION,
                ),
                end="",
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", type=Path, help="the wheel, where it is on the disk already")
    parser.add_argument("--out", type=Path, default=package_shelf(), help="folder for the safetensors")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        convert(options.wheel or wheel(Path(folder)), options.out)


if __name__ == "__main__":
    main()
