"""One photograph of a person to an `Avatar`: who, cut out, fitted, dressed, painted, and brought to rest.

Idea (the lecture's Dancing Portrait: background removal, 3-D and texture, rig): a parametric body is fitted to the
person, its surface is drawn out to hair and clothes, the photograph is projected onto it and completed, and the result
is moved back into the model's rest pose by the inverse of its own skinning. Topology, bones and weights are the
model's, so limbs that touch in the photograph come apart cleanly.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from numpy import ndarray

from omote.core.errors import InputError, NobodyError, UsageError
from omote.parts.body.anny import BodyModel
from omote.parts.body.avatar import Avatar
from omote.parts.body.complete import DOMAINS, Surface
from omote.parts.body.face_points import FacePoints, face_points
from omote.parts.body.face_warp import warp_face
from omote.parts.body.fit import HEAD, BodyFit, Fitter, Sight
from omote.parts.body.matting import Matte, matte
from omote.parts.body.outline import follow_matte, laplacian
from omote.parts.body.paint import Painter
from omote.parts.body.skeleton import JOINTS, PARENTS, Rig
from omote.parts.body.skinning import SkinWeights, unskin
from omote.parts.body.texture import Atlas, TextureConfig
from omote.parts.space.mesh import Mesh


@dataclass(frozen=True, kw_only=True, eq=False)
class Workshop:
    """Everything that does not depend on the photograph, made once."""

    model: BodyModel
    points: FacePoints
    fitter: Fitter
    painter: Painter

    @staticmethod
    @cache
    def open() -> "Workshop":
        """Load the body model and prepare its surface."""
        model = BodyModel.load()
        points = face_points(model)
        fitter = Fitter(model, points)
        with torch.no_grad():
            rest = model.rest(torch.full((1, 6), 0.5)).vertices[0].numpy()
        config = TextureConfig()
        face = face_region(model, points)
        surface = Surface.of(model, rest, limb_axes(fitter), face)
        return Workshop(
            model=model,
            points=points,
            fitter=fitter,
            painter=Painter(
                model=model,
                surface=surface,
                atlas=Atlas.of(model.uvs, model.uv_faces, config.size),
                config=config,
                face=np.concatenate([face, face[surface.fine.edges].all(1)]) & (surface.domain == DOMAINS.index("skin")),
                side=np.where(surface.fine.spread(rest)[:, 0] > 0, 1, -1),
            ),
        )


def face_region(model: BodyModel, points: FacePoints) -> ndarray:
    """Return which vertices are the face: the triangles of the face mesh's points and two rings around them."""
    links = laplacian(model.faces, len(model.part))
    face = np.zeros(len(model.part), bool)
    face[points.vertices.ravel()] = True
    for _ in range(2):
        face |= (links @ face.astype(float)) < 0
    return face


def limb_axes(fitter: Fitter) -> Float[ndarray, "v 3"]:
    """Return the unit direction of the limb that each vertex belongs to, at rest."""
    heads = fitter.rig.rest[fitter.bones.numpy(), :3, 3]
    axes = np.tile(np.array([0.0, 1.0, 0.0]), (len(JOINTS), 1))
    for joint, parent in enumerate(PARENTS):
        if parent >= 0 and any(s in JOINTS[parent] for s in ("Arm", "Leg", "Shoulder", "Foot")):
            axes[parent] = heads[joint] - heads[parent]
    mixed = fitter.weights[: len(fitter.model.part)].numpy() @ axes
    return mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-9)


def build(sight: Sight, foreground: UInt8[ndarray, "h w 3"], workshop: Workshop) -> Avatar:
    """Make the avatar of a person who has been seen and cut out."""
    body = workshop.fitter.fit(sight)
    vertices = body.vertices
    if sight.face is not None:
        still = 1 - workshop.fitter.weights[: len(vertices), HEAD].numpy()
        vertices = warp_face(vertices, workshop.model, workshop.points, sight.face, body.camera, still)
    vertices = follow_matte(vertices, workshop.model, workshop.points, sight.alpha, body.camera)
    texture = workshop.painter.paint(vertices, foreground, sight.alpha, body.camera)
    return assemble(vertices, texture, body, workshop)


def assemble(
    vertices: Float32[ndarray, "v 3"], texture: UInt8[ndarray, "s s 4"], body: BodyFit, workshop: Workshop
) -> Avatar:
    """Bring the posed surface to rest and put it on its rig."""
    model = workshop.model
    with torch.no_grad():
        rest = unskin(
            torch.from_numpy(vertices)[None],
            model.skin_bones,
            model.skin_slots,
            torch.from_numpy(body.posed_from_rest)[None],
        )[0].numpy()
    heads = body.rest_heads.copy()
    floor = np.array([0, rest[:, 1].min(), 0], np.float32)
    order = model.uv_vertex
    rest, heads = rest - floor, heads - floor
    first = np.full(len(model.part), -1, np.int32)
    first[order[::-1]] = np.arange(len(order) - 1, -1, -1, dtype=np.int32)
    return Avatar(
        mesh=Mesh(
            vertices=np.ascontiguousarray(rest[order], np.float32),
            faces=model.uv_faces,
            uvs=model.uvs,
            texture=texture,
            weld=first[order],
        ),
        rig=model.rig(torch.from_numpy(heads)),
        skin=SkinWeights(bones=model.skin_weights.bones[order], weights=model.skin_weights.weights[order]),
        extent="whole",
        cut=0.0,
    )
