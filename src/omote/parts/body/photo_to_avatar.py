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
from jaxtyping import Bool, Float, Float32, UInt8
from numpy import ndarray

from omote.parts.body.anny import PARTS, BodyModel
from omote.parts.body.avatar import Avatar, Extent
from omote.parts.body.complete import DOMAINS, Surface
from omote.parts.body.face_points import FacePoints, face_points
from omote.parts.body.face_warp import warp_face
from omote.parts.body.fit import HEAD, BodyFit, Fitter, Sight
from omote.parts.body.outline import follow_matte, laplacian
from omote.parts.body.paint import Painter
from omote.parts.body.sight import Portrait, see
from omote.parts.body.skeleton import JOINTS, PARENTS
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
                face=np.concatenate([face, face[surface.fine.edges].all(1)])
                & (surface.domain == DOMAINS.index("skin")),
                trunk=surface.fine.spread(is_trunk(model)[:, None].astype(float))[:, 0] > 0.5,
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


def is_trunk(model: BodyModel) -> Bool[ndarray, " v"]:
    """Return which vertices are trunk or legs."""
    return np.isin(model.part, [PARTS.index(name) for name in ("torso", "left_leg", "right_leg")])


def limb_axes(fitter: Fitter) -> Float[ndarray, "v 3"]:
    """Return the unit direction of the limb that each vertex belongs to, at rest."""
    heads = fitter.rig.rest[fitter.bones.numpy(), :3, 3]
    axes = np.tile(np.array([0.0, 1.0, 0.0]), (len(JOINTS), 1))
    for joint, parent in enumerate(PARENTS):
        if parent >= 0 and any(s in JOINTS[parent] for s in ("Arm", "Leg", "Shoulder", "Foot")):
            axes[parent] = heads[joint] - heads[parent]
    mixed = fitter.weights[: len(fitter.model.part)].numpy() @ axes
    return mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-9)


def make_avatar(
    rgb: UInt8[ndarray, "h w 3"],
    alpha: UInt8[ndarray, "h w"] | None = None,
    *,
    person: int = 1,
    device: torch.device | str = "cpu",
) -> Avatar:
    """Return the body of a person in a photograph, with rig and texture.

    Args:
        rgb: the photograph.
        alpha: what of it is the person, if that is known; overrules the product's own matting.
        person: counted from the left, from 1.
        device: where the networks run; the fit runs on the CPU.

    Raises:
        UsageError: `person` is less than one.
        NobodyError: nobody, or fewer people, are in the photograph.
        InputError: the person is too small.
    """
    portrait = see(rgb, alpha, person, torch.device(device))
    return build(portrait, Workshop.open())


def build(portrait: Portrait, workshop: Workshop) -> Avatar:
    """Make the avatar of a person who has been seen and cut out."""
    sight, model = portrait.sight, workshop.model
    body = workshop.fitter.fit(sight, portrait.camera)
    vertices = dress(body, sight, workshop)
    texture = workshop.painter.paint(vertices, portrait.foreground, sight.alpha, body.camera)
    rest = to_rest(vertices, body, model)
    floor = np.array([0, rest[:, 1].min(), 0], np.float32)
    extent = visible_extent(portrait)
    cut = 0.0 if extent == "whole" else _cut_height(vertices, rest - floor, portrait, model)
    return Avatar(
        mesh=_seamed(rest - floor, texture, model),
        rig=model.rig(torch.from_numpy(body.rest_heads - floor)),
        skin=SkinWeights(
            bones=model.skin_weights.bones[model.uv_vertex], weights=model.skin_weights.weights[model.uv_vertex]
        ),
        extent=extent,
        cut=cut,
        notes=_notes(extent, sight),
    )


def dress(body: BodyFit, sight: Sight, workshop: Workshop) -> Float32[ndarray, "v 3"]:
    """Return the posed surface with the person's face, hair and clothes."""
    vertices, model = body.vertices, workshop.model
    if sight.face is not None:
        still = 1 - workshop.fitter.weights[: len(vertices), HEAD].numpy()
        vertices = warp_face(vertices, model, workshop.points, sight.face, body.camera, still)
    return follow_matte(vertices, model, workshop.points, sight.alpha, body.camera)


@torch.no_grad()
def to_rest(vertices: Float32[ndarray, "v 3"], body: BodyFit, model: BodyModel) -> Float32[ndarray, "v 3"]:
    """Return the surface brought from the photograph's pose to rest."""
    posed, bones = torch.from_numpy(vertices)[None], torch.from_numpy(body.posed_from_rest)[None]
    return unskin(posed, model.skin_bones, model.skin_slots, bones)[0].numpy()


def visible_extent(portrait: Portrait) -> Extent:
    """Return how much of the person is in the photograph: as far down as both sides' joints are seen."""
    height, width = portrait.sight.alpha.shape
    points, trust = portrait.sight.points, portrait.sight.confidence
    inside = (points > 0).all(1) & (points < [width, height]).all(1) & (trust > 0.4)
    if inside[[27, 28]].any() and not (portrait.cut_below and not inside[[29, 30, 31, 32]].any()):
        return "whole"
    return "knees" if inside[[25, 26]].any() else "waist"


def _cut_height(
    vertices: Float32[ndarray, "v 3"], rest: Float32[ndarray, "v 3"], portrait: Portrait, model: BodyModel
) -> float:
    """Return the height at rest of what the photograph's lower edge cuts: trunk or legs."""
    pixels, _ = portrait.camera.project(vertices)
    below = is_trunk(model) & (pixels[:, 1] > portrait.camera.size[0] - 2)
    return float(np.quantile(rest[below, 1], 0.98)) if below.any() else 0.0


def _notes(extent: Extent, sight: Sight) -> tuple[str, ...]:
    notes = []
    if extent != "whole":
        place, part = ("knees", "body down to the knees") if extent == "knees" else ("waist", "upper body")
        notes.append(f"the photograph is cut at the {place}: the dance shows the {part}")
    if sight.face is None:
        notes.append("no face was found: the head is not aligned to one")
    return tuple(notes)


def _seamed(rest: Float32[ndarray, "v 3"], texture: UInt8[ndarray, "s s 4"], model: BodyModel) -> Mesh:
    """Return the mesh with vertices doubled where the texture has seams."""
    order = model.uv_vertex
    first = np.full(len(model.part), -1, np.int32)
    first[order[::-1]] = np.arange(len(order) - 1, -1, -1, dtype=np.int32)
    return Mesh(
        vertices=np.ascontiguousarray(rest[order], np.float32),
        faces=model.uv_faces,
        uvs=model.uvs,
        texture=texture,
        weld=first[order],
    )
