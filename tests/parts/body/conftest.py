"""One synthetic person, posed and photographed with everything about them known."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from omote.parts.body.anny import BodyModel
from omote.parts.body.fit import Sight, photographer
from omote.parts.body.photo_to_avatar import Workshop
from omote.parts.body.skeleton import JOINTS
from omote.parts.body.skinning import rotations
from omote.parts.render.visibility import rasterise
from omote.parts.space.camera import Camera


@dataclass(frozen=True)
class Truth:
    """What the photograph of the synthetic person was made of."""

    vertices: np.ndarray
    joints: np.ndarray
    camera: Camera
    sight: Sight


@pytest.fixture(scope="session")
def workshop() -> Workshop:
    return Workshop.open()


@pytest.fixture(scope="session")
def model(workshop: Workshop) -> BodyModel:
    return workshop.model


@pytest.fixture(scope="session")
def truth(workshop: Workshop) -> Truth:
    """A woman who turns a quarter to her right, one arm raised sideways, one knee bent a little."""
    model, rig = workshop.model, workshop.fitter.rig
    turns = torch.zeros(1, len(model.bone_names), 3)
    for joint, turn in {
        "Hips": (0.0, -0.4, 0.0),
        "LeftArm": (0.0, 0.0, 0.5),
        "LeftForeArm": (0.0, -0.5, 0.0),
        "RightArm": (0.0, 0.0, 0.5),
        "LeftUpLeg": (-0.25, 0.0, 0.1),
        "LeftLeg": (0.4, 0.0, 0.0),
        "Head": (0.1, 0.2, 0.0),
    }.items():
        turns[0, rig.bone_of[joint]] = torch.tensor(turn)
    phenotype = torch.tensor([[0.45, 0.1, 0.5, 0.4, 0.5, 0.6]])
    with torch.no_grad():
        posed = model(phenotype, rotations(turns), root=torch.tensor([[0.1, 0.05, -2.6]]))
        points = model.keypoints(posed.vertices, posed.bones)[0].numpy()
    vertices = posed.vertices[0].numpy()
    camera = photographer((640, 480), workshop.fitter.config.field_of_view)
    alpha = (rasterise(vertices, model.faces, camera).faces >= 0).astype(np.float32)
    sight = Sight(
        points=camera.project(points)[0],
        confidence=np.ones(33),
        world=points - points[[23, 24]].mean(0),
        face=camera.project(workshop.points.at(vertices))[0],
        alpha=alpha,
    )
    joints = posed.bones[0, [rig.bone_of[name] for name in JOINTS], :3, 3].numpy()
    return Truth(vertices=vertices, joints=joints, camera=camera, sight=sight)
