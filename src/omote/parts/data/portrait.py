"""A synthetic person in a photographer's studio, made of nothing but code, with the exact truth about them.

It is what `omote demo` dances and what tests look at: an adult at ease before a plain wall, and beside the picture
the mask, the joints' pixels, the camera and the body's parameters. One seed, one person.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from numpy import ndarray

from omote.core.errors import UsageError
from omote.parts.body.anny import BodyModel
from omote.parts.body.skeleton import JOINTS, Rig
from omote.parts.data.complexion import eye_layer, skin_layer
from omote.parts.data.figure import Figure, relaxed_pose
from omote.parts.data.hair import cap_layer, curtain_layer, scalp_field
from omote.parts.data.looks import Look, look_of
from omote.parts.data.studio import Layer, photograph
from omote.parts.data.wardrobe import bottom_layer, shoe_layer, top_layer
from omote.parts.space.camera import Camera, look_at

SIZE = (1280, 960)
"""(height, width) of the picture."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SyntheticPerson:
    """A picture of somebody who does not exist, and everything about it."""

    rgb: UInt8[ndarray, "h w 3"]
    mask: Float32[ndarray, "h w"]
    """How much of each pixel the person covers, clothes and hair included."""
    joints: Float32[ndarray, "22 2"]
    """Pixels of the 22 `JOINTS`."""
    joints_world: Float32[ndarray, "22 3"]
    """Metres."""
    camera: Camera
    rig: Rig
    """The body at rest."""
    phenotype: Float32[ndarray, " 6"]
    """As `BodyModel` takes it."""
    rotations: Float32[ndarray, "j 3 3"]
    """As `BodyModel` takes them."""
    face: Float32[ndarray, " 52"]
    local: dict[str, float]
    vertices: Float32[ndarray, "v 3"]
    """The naked body, posed, world metres."""


@cache
def _model() -> BodyModel:
    return BodyModel.load()


def synthetic_person(seed: int, size: tuple[int, int] = SIZE) -> SyntheticPerson:
    """Return a person and the truth about the picture; the same for the same seed.

    Args:
        seed: not negative; another seed is another person.
        size: (height, width) in pixels, both even; an upright format.

    Raises:
        UsageError: the seed is negative, or the size is odd, tiny or not upright.
    """
    if seed < 0:
        raise UsageError(f"a synthetic person's seed is a whole number from 0 on, not {seed}")
    if size[0] % 2 or size[1] % 2 or min(size) < 64 or size[0] < size[1]:
        raise UsageError(f"a portrait's height and width are even, at least 64 and upright, not {size}")
    look = look_of(seed)
    rng = np.random.default_rng((seed, 1))
    figure, truth = _pose(look, rng)
    layers = dress(figure, look)
    ground = float(min(layer.vertices[layer.kept].min(axis=(0, 1))[1] for layer in layers))
    top = float(max(layer.vertices[layer.kept].max(axis=(0, 1))[1] for layer in layers))
    tall = top - ground
    middle = ground + 0.5 * tall
    camera = look_at(
        (float(rng.normal(0, 0.12)), ground + 1.15 + 0.1 * float(rng.normal()), 3.9),
        (0.0, middle, 0.0),
        size=size,
        fov=2 * np.arctan(tall * 0.575 / 3.9),
    )
    shot = photograph(layers, camera, ground, look.backdrop, rng)
    heads = figure.bones[[truth["rig"].bone_of[j] for j in JOINTS], :3, 3]
    return SyntheticPerson(
        rgb=shot.rgb,
        mask=shot.mask,
        joints=camera.project(heads)[0].astype(np.float32),
        joints_world=heads,
        camera=camera,
        vertices=figure.vertices,
        local=dict(look.local),
        **truth,
    )


def dress(figure: Figure, look: Look) -> list[Layer]:
    """Return all that is to be seen of a person."""
    skin, shoes = skin_layer(figure, look.skin, scalp_field(figure, look.hair)), shoe_layer(figure, look.shoes)
    worn = [bottom_layer(figure, look.bottom)]
    for top in look.tops:
        worn.append(top_layer(figure, top, worn))
    layers = [skin, eye_layer(figure, look.eyes), shoes, *worn]
    layers.append(cap_layer(figure, look.hair))
    if look.hair.length > 0:
        layers.append(curtain_layer(figure, look.hair, [skin, *worn]))
    return layers


def _pose(look: Look, rng: np.random.Generator) -> tuple[Figure, dict]:
    """Return the body at ease, and its parameters."""
    model = _model()
    phenotype = torch.tensor([look.phenotype], dtype=torch.float32)
    face = torch.zeros(1, len(model.face_actions))
    for action, strength in look.face.items():
        face[0, model.face_actions.index(action)] = strength
    local = {name: torch.tensor([value], dtype=torch.float32) for name, value in look.local.items()}
    rotations = relaxed_pose(model, rng)
    with torch.no_grad():
        mean = model.rest(torch.full((1, 6), 0.5))
        rest = model.rest(phenotype, None, local)
        posed = model(phenotype, rotations, face, local)
    figure = Figure(
        model=model,
        vertices=posed.vertices[0].numpy(),
        canonical=mean.vertices[0].numpy(),
        heads=mean.heads[0].numpy(),
        bones=posed.bones[0].numpy(),
    )
    return figure, {
        "rig": model.rig(rest.heads[0]),
        "phenotype": phenotype[0].numpy(),
        "rotations": rotations[0].numpy(),
        "face": face[0].numpy(),
    }
