"""The body model and heads made from it, for the parts of synthetic people."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from omote.parts.body.anny import BodyModel
from omote.parts.body.skinning import rotations
from omote.parts.data.people.head import Head, head_of


@pytest.fixture(scope="session")
def model() -> BodyModel:
    return BodyModel.load()


@pytest.fixture(scope="session")
def make_head(model: BodyModel) -> Callable[..., Head]:
    """Return a head with face actions by name; `turned` bends neck and head."""

    def make(actions: dict[str, float] | None = None, *, turned: bool = False, tall: float = 0.5) -> Head:
        face = np.zeros(52, np.float32)
        for name, strength in (actions or {}).items():
            face[model.face_actions.index(name)] = strength
        phenotype = np.array([0.5, 0.5, 0.5, 0.5, tall, 0.5], np.float32)
        bones = None
        if turned:
            turns = np.tile(np.eye(3, dtype=np.float32), (1, len(model.bone_names), 1, 1))
            turns[0, model.bone_names.index("head")] = rotations(torch.tensor([[0.2, 0.5, 0.1]]))[0].numpy()
            with torch.no_grad():
                rest = model.rest(torch.from_numpy(phenotype)[None])
                bones = model.pose(rest.heads, torch.from_numpy(turns), torch.tensor([[0.3, 0.9, -0.2]]))[0].numpy()
        return head_of(model, phenotype, {}, face, bones)

    return make
