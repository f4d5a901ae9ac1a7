"""From a person to pictures with their truth: parts as the renderer takes them, and cameras around somebody."""

from dataclasses import replace
from typing import Literal

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from omote.core.errors import UsageError
from omote.parts.data.people.part import Part
from omote.parts.data.people.person import Person
from omote.parts.render import subject
from omote.parts.render.subject import Subject, opaque
from omote.parts.space.camera import Camera, look_at, look_at_pose
from omote.parts.space.mesh import Mesh, weld_vertices

Rig = Literal["perspective", "orthographic"]
LABELS = (
    *("skin", "white", "iris", "pupil", "cornea", "tooth", "gum", "brow", "lash", "beard", "hair", "shoe"),
    *("tank top", "t-shirt", "long sleeve", "sweater", "blouse", "jacket", "coat", "dress"),
    *("trousers", "jeans", "shorts", "pencil skirt", "flared skirt"),
    *("beanie", "cap", "brimmed hat", "bucket hat", "headband", "glasses", "lens", "shoulder bag", "backpack"),
    *("belt", "button"),
)
"""What label pictures count, from 1 on; 0 is nothing."""
UNSHADOWING = ("cornea", "lash", "brow")
"""Labels of what is too fine to throw a shadow."""
FULL_GLOSS = 0.1
"""Head-on reflection that a gloss of 255 stands for."""
DISTANCE = 4.0
"""Metres from camera to person."""
FILLED = 0.92
"""How much of the picture somebody fills at most."""


def number_of(label: str) -> int:
    """Return the number of a label in pictures.

    Raises:
        UsageError: there is no such label.
    """
    if label not in LABELS:
        raise UsageError(f"{label!r} is no label; there are {', '.join(LABELS)}")
    return LABELS.index(label) + 1


def seen(person: Person) -> Subject:
    """Return a person ready to be rendered."""
    return Subject([_as_seen(part) for part in person.parts if not part.clear])


def _as_seen(part: Part) -> subject.Part:
    """Return a part as the renderer takes it."""
    colours = None
    if part.colours is not None:
        c = part.colours / 255
        colours = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)
    gloss = None
    if part.gloss.size > 1 and part.gloss.shape == part.roughness.shape:
        gloss = np.stack([part.gloss, part.roughness], -1)
    return subject.Part(
        name=part.name,
        label=number_of(part.label),
        mesh=Mesh(
            vertices=np.ascontiguousarray(part.vertices, np.float32),
            faces=part.faces,
            uvs=part.uvs,
            texture=opaque(np.ascontiguousarray(part.albedo)),
            weld=weld_vertices(np.ascontiguousarray(part.vertices, np.float32)),
        ),
        colours=colours,
        specular=FULL_GLOSS if gloss is not None else float(part.gloss.mean()) / 255 * FULL_GLOSS,
        roughness=float(part.roughness.mean()) / 255,
        gloss=gloss,
        relief=part.height,
        casts=part.label not in UNSHADOWING,
    )


def around(
    person: Person, count: int, size: tuple[int, int] = (512, 512), rig: Rig = "perspective", start: float = 0.0
) -> list[Camera]:
    """Return cameras on a circle around somebody, all of whom they see.

    Args:
        person: who is seen.
        count: how many, evenly spread.
        size: (height, width) of the pictures.
        rig: pinhole cameras four metres away, or parallel rays.
        start: radians from straight ahead to the first.
    """
    points = np.concatenate([part.vertices for part in person.parts])
    middle = (points.min(0) + points.max(0)) / 2
    scale, cameras = np.inf, []
    for k in range(count):
        angle = start + 2 * np.pi * k / count
        eye = middle + DISTANCE * np.array([np.sin(angle), 0.05, np.cos(angle)])
        camera = Camera(
            world_from_camera=look_at_pose(eye, middle),
            focal=(1.0, 1.0),
            centre=(size[1] / 2, size[0] / 2),
            size=size,
            orthographic=rig == "orthographic",
        )
        away = np.abs(camera.project(points)[0] - camera.centre).max(0)
        scale = min(scale, FILLED * size[1] / 2 / away[0], FILLED * size[0] / 2 / away[1])
        cameras.append(camera)
    return [replace(camera, focal=(scale, scale)) for camera in cameras]


def portrait(person: Person, size: tuple[int, int] = (512, 512), turn: float = 0.0) -> Camera:
    """Return a camera that sees somebody's face, `turn` radians from straight ahead."""
    frame: Float32[ndarray, "4 4"] = person.head
    ahead = frame[:3, :3] @ np.array([np.sin(turn), 0.03, np.cos(turn)])
    middle = frame[:3, 3] + frame[:3, :3] @ np.array([0, 0.055, 0.03])
    eye = middle + 1.3 * ahead / np.linalg.norm(ahead)
    return look_at(eye, middle, size=size, fov=2 * float(np.arctan(0.17 / 1.3)))
