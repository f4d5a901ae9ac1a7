"""Keep a choreography in the workspace, so that a resumed video dances the same steps whatever is installed by then."""

from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from omote.core.errors import InputError
from omote.parts.body.motion import Motion


def save_motion(motion: Motion, path: Path) -> None:
    """Write a motion as safetensors."""
    contacts = {} if motion.contacts is None else {"contacts": motion.contacts}
    tensors = {"rotations": motion.rotations, "root": motion.root, **contacts}
    save_file(tensors, path, {"fps": repr(motion.fps)})


def load_motion(path: Path) -> Motion:
    """Return what `save_motion` wrote.

    Raises:
        InputError: it is missing or damaged.
    """
    try:
        with safe_open(path, "np") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            return Motion(fps=float(file.metadata()["fps"]), **tensors)
    except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        raise InputError(f"{path} is no motion, or damaged ({error}); remove it, and it is made again") from error
