"""Fit the parametric body to one photograph: who stands there, how, and where the camera is.

Idea (after Bogo et al., "Keep it SMPL", ECCV 2016): shape, pose and distance are found by gradient descent on how far
the body's joints and face points project from those seen, with priors where the picture says nothing; then the
body's outline is drawn to the person's, point to nearest point along the contour's normal, again and again. Depth comes
from the pose network's own guess in metres. The surface is linear in the shape around the current one, so that a step
costs what a hundred points cost, not the whole mesh.

Notation: theta a rotation vector for each of the 22 `JOINTS`, in the world's axes at rest; beta the phenotype; h a
joint's place at rest; G, q its rotation and place in the world; s the person's height in pixels / 100.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32
from numpy import ndarray
from torch import Tensor

from omote.core.errors import ShapeError
from omote.parts.body.anny import BodyModel
from omote.parts.body.contour import Contour, Match
from omote.parts.body.face_points import FacePoints
from omote.parts.body.skeleton import JOINTS, PARENTS, Rig
from omote.parts.body.skinning import rotations
from omote.parts.space.camera import Camera

SEEN = {
    11: "LeftArm", 13: "LeftForeArm", 15: "LeftHand", 23: "LeftUpLeg", 25: "LeftLeg", 27: "LeftFoot",
    12: "RightArm", 14: "RightForeArm", 16: "RightHand", 24: "RightUpLeg", 26: "RightLeg", 28: "RightFoot",
}  # fmt: skip
"""The joint that each of the pose network's points marks."""
LIMBS = (
    (11, 13), (13, 15), (12, 14), (14, 16), (23, 25), (25, 27), (24, 26), (26, 28), (11, 12), (23, 24),
    (23, 11), (24, 12),
)  # fmt: skip
"""Pairs of points whose direction in space is taken from the pose network."""
LIMB_WEIGHT = torch.tensor([1.0] * 4 + [0.2] * 4 + [1.0] * 2 + [0.1] * 2)
"""The network leans people: its depth is trusted for arms and turns, hardly for legs and trunk."""
STIFFNESS = {
    "Hips": 4.0, "Spine": 6.0, "Spine1": 6.0, "Spine2": 6.0, "Neck": 2.0, "Head": 2.0, "Shoulder": 6.0,
    "Arm": 0.1, "ForeArm": 0.2, "Hand": 3.0, "UpLeg": 0.5, "Leg": 0.5, "Foot": 2.0, "ToeBase": 100.0,
}  # fmt: skip
"""How strongly each joint is held at rest, per squared radian."""
HEAD = JOINTS.index("Head")
AXES = torch.ones(len(JOINTS), 3)
"""How much more each axis of a joint is held."""
AXES[[JOINTS.index("LeftLeg"), JOINTS.index("RightLeg")], 1:] = 10  # knees are hinges
AXES[0, 1] = 0  # any way round, but upright
POINT_WEIGHT = torch.tensor([0.2] * 11 + [1.0] * 6 + [0.1] * 6 + [1.0] * 6 + [0.4] * 4)
"""Of each of the 33 points: the face mesh knows the face better, and knuckles wander."""


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """Steps and weights of the fit."""

    field_of_view: float = math.radians(45)
    """What the picture's longer side spans, radians; the distance follows from it."""
    steps: int = 350
    """Of gradient descent on points."""
    rounds: int = 6
    """In which the outline is matched anew."""
    steps_per_round: int = 40
    phenotype: tuple[float, ...] = (0.3, 0.1, 0.5, 0.45, 0.5, 0.5)
    """Mean of the prior, in the order of `PHENOTYPES`."""
    spread: tuple[float, ...] = (0.1, 0.02, 0.1, 0.15, 0.05, 0.25)
    """Standard deviation of the prior."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What the networks saw of one person."""

    points: Float[ndarray, "33 2"]
    """Pixels."""
    confidence: Float[ndarray, " 33"]
    """That the point is in the picture and not hidden, 0..1."""
    world: Float[ndarray, "33 3"]
    """Metres, y up, z towards the camera, relative to the hips."""
    face: Float[ndarray, "468 2"] | None
    """Pixels of the face mesh; None where no face was found."""
    alpha: Float32[ndarray, "h w"]
    """The matte."""

    @property
    def height(self) -> float:
        """Pixels from the top to the bottom of the matte."""
        rows = np.flatnonzero((self.alpha > 0.5).any(1))
        return float(rows[-1] - rows[0] + 1) if rows.size else 0.0


@dataclass(frozen=True, kw_only=True)
class BodyFit:
    """A body that stands as the photographed person does."""

    phenotype: Float32[ndarray, " 6"]
    rotations: Float32[ndarray, "22 3 3"]
    """Local, in the world's axes at rest."""
    place: Float32[ndarray, " 3"]
    """Where the hips are, world metres."""
    camera: Camera
    rest_vertices: Float32[ndarray, "v 3"]
    rest_heads: Float32[ndarray, "j 3"]
    """Where each of the model's bones begins."""
    vertices: Float32[ndarray, "v 3"]
    """In the photograph's pose."""
    posed_from_rest: Float32[ndarray, "j 4 4"]
    """Of every bone of the model."""


@dataclass
class _Unknowns:
    """What gradient descent moves."""

    theta: Float[Tensor, "22 3"]
    place: Float[Tensor, " 3"]
    beta: Float[Tensor, " 6"]
    head: Float[Tensor, " 1"]
    """Logarithm of the head's size relative to the model's."""

    def groups(self, rate: float) -> list[dict[str, object]]:
        """Return the optimiser's parameter groups, at a rate for angles in radians."""
        return [
            {"params": [self.theta], "lr": rate},
            {"params": [self.place], "lr": rate},
            {"params": [self.beta, self.head], "lr": 0.3 * rate},
        ]


class Fitter:
    """The body model made ready for fits.

    Args:
        model: the body.
        face_points: where the face mesh's points lie on it.
        config: steps and weights.
    """

    def __init__(self, model: BodyModel, face_points: FacePoints, config: FitConfig | None = None):
        self.model = model
        self.face_points = face_points
        self.config = config or FitConfig()
        with torch.no_grad():
            heads = model.rest(torch.full((1, 6), 0.5)).heads[0]
        self.rig = model.rig(heads)
        self.head_place = heads[self.rig.bone_of["Head"]]
        self.owner = joint_of_bone(self.rig)
        dense = model.skin_weights.dense(len(self.owner))
        shares = np.stack([dense[:, self.owner == j].sum(1) for j in range(len(JOINTS))], 1)
        self.weights = torch.from_numpy(np.concatenate([shares, np.eye(len(JOINTS), dtype=np.float32)[self.owner]]))
        self.bones = torch.tensor([self.rig.bone_of[name] for name in JOINTS])
        self.joint_rows = len(model.part) + self.bones.numpy()
        self.stiffness = torch.tensor([STIFFNESS[name.removeprefix("Left").removeprefix("Right")] for name in JOINTS])

    def fit(self, sight: Sight, camera: Camera | None = None) -> BodyFit:
        """Return the body that explains what was seen.

        Args:
            sight: points, face and matte.
            camera: how the picture was taken; None: from the field of view, the principal point in the middle.

        Raises:
            ShapeError: the matte and the camera differ in size, or the matte is empty.
        """
        size = sight.alpha.shape
        camera = camera or photographer((size[0], size[1]), self.config.field_of_view)
        if camera.size != size or sight.height < 1:
            raise ShapeError(f"a camera of {camera.size} pixels needs a matte of that size with a person in it")
        unknowns = _Unknowns(
            theta=torch.zeros(len(JOINTS), 3, requires_grad=True),
            place=torch.from_numpy(_first_place(sight, camera)).float().requires_grad_(),
            beta=torch.tensor(self.config.phenotype, requires_grad=True),
            head=torch.zeros(1, requires_grad=True),
        )
        with torch.no_grad():
            unknowns.theta[0, 1] = _first_turn(sight)
        self._descend(unknowns, sight, camera, None, self.config.steps, 0.04)
        contour = Contour.of(sight.alpha)
        for _ in range(self.config.rounds):
            body = self._finish(unknowns, camera)
            match = contour.match(body.vertices, self.model.faces, camera, reach=0.05 * sight.height)
            if not len(match.vertices):
                break
            self._descend(unknowns, sight, camera, match, self.config.steps_per_round, 0.01)
        return self._finish(unknowns, camera)

    def _descend(
        self, unknowns: _Unknowns, sight: Sight, camera: Camera, match: Match | None, steps: int, rate: float
    ) -> None:
        """Take gradient steps on points and, where there is a match, on the outline."""
        terms = _Terms(self, unknowns.beta.detach(), sight, camera, match)
        optimiser = torch.optim.Adam(unknowns.groups(rate), betas=(0.9, 0.98))
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, eta_min=0.1 * rate)
        for _ in range(steps):
            optimiser.zero_grad()
            terms.loss(unknowns).backward()
            optimiser.step()
            schedule.step()
            with torch.no_grad():
                unknowns.beta.clamp_(0, 1)

    @torch.no_grad()
    def _finish(self, unknowns: _Unknowns, camera: Camera) -> BodyFit:
        """Return the whole body at the present values."""
        rest = self._scale_head(self.points_at_rest(unknowns.beta), slice(None), unknowns.head)
        joints = rest[len(self.model.part) :][self.bones]
        turn, place = self.kinematics(unknowns, joints)
        joint = torch.eye(4).repeat(len(JOINTS), 1, 1)
        joint[:, :3, :3], joint[:, :3, 3] = turn, place - (turn @ joints[..., None])[..., 0]
        mean = (self.weights @ joint.flatten(1)).unflatten(1, (4, 4))
        posed = (mean[:, :3, :3] @ rest[..., None])[..., 0] + mean[:, :3, 3]
        count = len(self.model.part)
        return BodyFit(
            phenotype=unknowns.beta.numpy().copy(),
            rotations=rotations(unknowns.theta).numpy(),
            place=unknowns.place.numpy().copy(),
            camera=camera,
            rest_vertices=rest[:count].numpy(),
            rest_heads=rest[count:].numpy(),
            vertices=posed[:count].numpy(),
            posed_from_rest=joint[torch.from_numpy(self.owner)].numpy(),
        )

    def points_at_rest(self, beta: Float[Tensor, " 6"]) -> Float[Tensor, "p 3"]:
        """Return all vertices and after them all bones' heads, at rest."""
        rest = self.model.rest(beta[None])
        return torch.cat([rest.vertices[0], rest.heads[0]])

    def linear_shape(self, beta: Float[Tensor, " 6"], step: float = 0.02) -> tuple[Tensor, Tensor]:
        """Return points at rest ([p 3]) and their derivative by the phenotype ([6 p 3])."""
        with torch.no_grad():
            inside = beta.clamp(step, 1 - step)
            steps = step * torch.eye(6)
            ahead = torch.stack([self.points_at_rest(inside + s) for s in steps])
            behind = torch.stack([self.points_at_rest(inside - s) for s in steps])
            return self.points_at_rest(beta), (ahead - behind) / (2 * step)

    def _scale_head(self, points: Tensor, rows: slice | ndarray, size: Tensor) -> Tensor:
        """Grow the head about its joint; the neck follows as far as it follows the head."""
        pivot = self.head_place
        return points + (size.exp() - 1) * self.weights[rows, HEAD, None] * (points - pivot)

    @staticmethod
    def kinematics(unknowns: _Unknowns, rest: Float[Tensor, "22 3"]) -> tuple[Tensor, Tensor]:
        """Return each joint's rotation and place in the world."""
        local = rotations(unknowns.theta)
        turns, places = [local[0]], [unknowns.place]
        for j, parent in enumerate(PARENTS[1:], 1):
            turns.append(turns[parent] @ local[j])
            places.append(places[parent] + turns[parent] @ (rest[j] - rest[parent]))
        return torch.stack(turns), torch.stack(places)


class _Terms:
    """The loss, on as few points as it needs, with the shape linear around where it starts."""

    def __init__(self, fitter: Fitter, beta: Tensor, sight: Sight, camera: Camera, match: Match | None):
        self.fitter, self.start, self.camera = fitter, beta, camera
        model, face = fitter.model, fitter.face_points
        sets = [model.keypoint_of.numpy(), fitter.joint_rows, face.vertices.ravel()]
        sets.append(match.vertices if match is not None else np.empty(0, np.int64))
        self.rows, where = np.unique(np.concatenate(sets), return_inverse=True)
        pieces = np.split(where, np.cumsum([len(r) for r in sets])[:-1])
        self.of_points, self.of_joints, self.of_face, self.of_outline = map(torch.from_numpy, pieces)
        still, change = fitter.linear_shape(beta)
        self.still, self.change = still[self.rows], change[:, self.rows]
        self.weights = fitter.weights[self.rows]
        self.view = torch.from_numpy(camera.pixel_from_world).float()
        self.scale = 100 / max(sight.height, 1.0)
        self.seen = _tensor(sight.points)
        self.trust = _tensor(sight.confidence)
        world = _tensor(sight.world)
        self.limbs = torch.tensor(LIMBS)
        self.toward = _unit(world[self.limbs[:, 1]] - world[self.limbs[:, 0]])
        self.prior = torch.tensor(fitter.config.phenotype), torch.tensor(fitter.config.spread)
        self.face = None if sight.face is None else _tensor(sight.face)
        self.corners = _tensor(face.barycentrics)
        self.match = None if match is None else (_tensor(match.targets), _tensor(match.normals))

    def loss(self, unknowns: _Unknowns) -> Tensor:
        """Return the sum of all terms, in squares of a hundredth of the person's height."""
        rest = self.still + torch.einsum("s,svk->vk", unknowns.beta - self.start, self.change)
        rest = self.fitter._scale_head(rest, self.rows, unknowns.head)
        joints = rest[self.of_joints]
        turn, place = self.fitter.kinematics(unknowns, joints)
        shift = place - (turn @ joints[..., None])[..., 0]
        posed = torch.einsum("vj,jkl,vl->vk", self.weights, turn, rest) + self.weights @ shift
        model = self.fitter.model
        points = torch.nn.functional.embedding_bag(self.of_points, posed, model.keypoint_start, mode="mean")
        total = self._points(points) + self._directions(points) + self._priors(unknowns)
        return total + self._face(posed) + self._outline(posed)

    def _project(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n 2"]:
        homogeneous = points @ self.view[:, :3].T + self.view[:, 3]
        return homogeneous[:, :2] / homogeneous[:, 2:].clamp_min(0.05)

    def _points(self, points: Float[Tensor, "33 3"]) -> Tensor:
        away = ((self._project(points) - self.seen) * self.scale).square().sum(1)
        return (self.trust**2 * POINT_WEIGHT * _robust(away, 2.0)).sum()

    def _directions(self, points: Float[Tensor, "33 3"]) -> Tensor:
        """Limbs point where the network thinks they do, away from the camera as well as across."""
        start, end = self.limbs.T
        direction = _unit(points[end] - points[start])
        trust = torch.minimum(self.trust[start], self.trust[end]) * LIMB_WEIGHT
        return 4 * (trust * (1 - (direction * self.toward).sum(1))).sum()

    def _priors(self, unknowns: _Unknowns) -> Tensor:
        mean, spread = self.prior
        shape = ((unknowns.beta - mean) / spread).square().sum() + (unknowns.head / 0.08).square().sum()
        pose = self.fitter.stiffness[:, None] * unknowns.theta**2 * AXES
        knees = torch.relu(-unknowns.theta[[JOINTS.index("LeftLeg"), JOINTS.index("RightLeg")], 0]).square()
        return shape + 3 * pose.sum() + 50 * knees.sum()

    def _face(self, posed: Tensor) -> Tensor:
        if self.face is None:
            return posed.new_zeros(())
        corners = posed[self.of_face].unflatten(0, (-1, 3))
        points = (corners * self.corners[..., None]).sum(1)
        away = ((self._project(points) - self.face) * self.scale).square().sum(1)
        return 40 * _robust(away, 1.0).mean()

    def _outline(self, posed: Tensor) -> Tensor:
        if self.match is None:
            return posed.new_zeros(())
        targets, normals = self.match
        away = ((self._project(posed[self.of_outline]) - targets) * normals).sum(1) * self.scale
        # Clothes lie outside of the body: what sticks out of the matte counts in full, what stays within it less.
        away = torch.where(away > 0, away, 0.6 * away)
        return 60 * _robust(away.square(), 1.0).mean()


def photographer(size: tuple[int, int], field_of_view: float) -> Camera:
    """Return a camera at the world's origin that looks along -z, with the picture's axis in its middle."""
    height, width = size
    focal = max(size) / (2 * math.tan(field_of_view / 2))
    pose = np.diag([1.0, -1.0, -1.0, 1.0])
    return Camera(world_from_camera=pose, focal=(focal, focal), centre=(width / 2, height / 2), size=size)


def joint_of_bone(rig: Rig) -> ndarray:
    """Return which of the 22 joints moves each bone: its own, or the nearest above it."""
    own = {bone: JOINTS.index(name) for name, bone in rig.bone_of.items()}
    owner = np.zeros(len(rig.parents), np.int64)
    for bone in _from_the_root(rig.parents):
        owner[bone] = own[bone] if bone in own else owner[max(rig.parents[bone], 0)]
    return owner


def _from_the_root(parents: tuple[int, ...]) -> list[int]:
    """Return the bones so that parents come first."""

    def depth(bone: int) -> int:
        return 0 if parents[bone] < 0 else 1 + depth(parents[bone])

    return sorted(range(len(parents)), key=depth)


def _first_place(sight: Sight, camera: Camera) -> Float[ndarray, " 3"]:
    """Guess where the hips are from how large the torso (about half a metre) or the head looks."""
    shoulders, hips = sight.points[[11, 12]].mean(0), sight.points[[23, 24]].mean(0)
    across = np.linalg.norm(sight.points[11] - sight.points[12])
    torso = max(float(np.linalg.norm(shoulders - hips)), 1.3 * float(across))
    depth = camera.focal[0] * 0.5 / max(torso, 1.0)
    return camera.unproject(hips[None], np.array([depth]))[0]


def _first_turn(sight: Sight) -> float:
    """Guess which way the person faces, radians about the vertical, from the shoulders and hips in space."""
    left = sight.world[[11, 23]].sum(0) - sight.world[[12, 24]].sum(0)
    return math.atan2(-left[2], left[0])


def _tensor(array: ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))


def _unit(vectors: Tensor) -> Tensor:
    return vectors / vectors.norm(dim=-1, keepdim=True).clamp_min(1e-6)


def _robust(squared: Tensor, scale: float) -> Tensor:
    """Square near zero, linear far away."""
    return scale**2 * 2 * ((1 + squared / scale**2).sqrt() - 1)
