"""Take hair and clothes into the body's surface: its outline follows the matte.

Idea: every vertex gets one number, how far it moves along its normal. On the outline the matte says how far; elsewhere
the numbers are the smoothest ones (a membrane on the surface), so that a sleeve swells all the way round and a side
view stays a body. Where the matte is covered but the body leaves a gap, as between legs under a skirt, both sides move
to the middle. A few rounds with ever less smoothing bring the outline to within a pixel or two.

Notation: s offsets in metres, n unit normals, L the surface's graph Laplacian, k stiffness that holds s at zero:
min sum_outline (s - t)^2 + lambda s'Ls + s'ks.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32
from numpy import ndarray
from scipy.sparse import coo_matrix, csr_matrix, diags
from scipy.sparse.linalg import splu

from omote.parts.body.anny import PARTS, BodyModel
from omote.parts.body.contour import Contour, outline_vertices
from omote.parts.body.face_points import FacePoints
from omote.parts.render.visibility import rasterise
from omote.parts.space.camera import Camera
from omote.parts.space.mesh import vertex_normals


@dataclass(frozen=True, kw_only=True)
class OutlineConfig:
    """How far and how smoothly the surface may move."""

    smoothing: tuple[float, ...] = (6.0, 3.0, 1.5, 0.8, 0.4, 0.25)
    """Lambda of each round."""
    outward: float = 0.13
    """Metres that the surface may move out: a skirt, a hat."""
    inward: float = 0.03
    """Metres that it may move in."""
    reach: float = 0.09
    """Share of the person's height within which the contour is looked for; less at hands and arms."""


STIFF = {"left_hand": 0.3, "right_hand": 0.3, "left_foot": 0.02, "right_foot": 0.02}
"""How strongly a part is held, where not hardly."""
NEAR = {
    "head": 1.0, "neck": 0.7, "torso": 0.5, "left_leg": 0.9, "right_leg": 0.9, "left_arm": 0.4, "right_arm": 0.4,
    "left_foot": 0.35, "right_foot": 0.35, "left_hand": 0.2, "right_hand": 0.2,
}  # fmt: skip
"""Share of the reach that a part has: hats and skirts stand off, sleeves less."""
INNER = ("left_eye", "right_eye", "left_socket", "right_socket", "mouth", "tongue")


def laplacian(faces: Int32[ndarray, "f 3"], count: int) -> csr_matrix:
    """Return the graph Laplacian of a mesh: degree on the diagonal, -1 between neighbours."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges = np.unique(np.sort(edges, 1), axis=0)
    i, j = edges.T
    links = coo_matrix((np.ones(len(i)), (i, j)), (count, count))
    links = (links + links.T).tocsr()
    return (diags(np.asarray(links.sum(1)).ravel()) - links).tocsr()


def follow_matte(
    vertices: Float32[ndarray, "v 3"],
    model: BodyModel,
    face_points: FacePoints,
    alpha: Float32[ndarray, "h w"],
    camera: Camera,
    config: OutlineConfig | None = None,
) -> Float32[ndarray, "v 3"]:
    """Return the vertices moved so that what they cover is what the matte covers.

    Args:
        vertices: in the photograph's pose, world metres.
        model: whose vertices they are.
        face_points: the face, which stays as it is.
        alpha: the matte, in the camera's picture.
        camera: as the photograph was taken.
        config: limits.
    """
    config = config or OutlineConfig()
    contour = Contour.of(alpha)
    links = laplacian(model.faces, len(vertices))
    hold, near = held(model, face_points, links)
    height = float(np.ptp(np.flatnonzero((alpha > 0.5).any(1))))
    reach = config.reach * height * near
    moved, total = vertices.astype(np.float32), np.zeros(len(vertices))
    for smoothing in config.smoothing:
        which, wanted = _wanted(moved, model.faces, contour, alpha, camera, reach)
        if not which.size:
            break
        weight = np.bincount(which, minlength=len(vertices)).astype(float)
        aim = np.bincount(which, wanted + total[which], minlength=len(vertices))
        # The membrane acts on the whole offset, so that rounds do not wear the smoothness down.
        offset = splu((diags(weight + hold) + smoothing * links).tocsc()).solve(aim)
        offset = np.clip(offset, -config.inward, config.outward)
        normals = _calm_normals(moved, model.faces, links)
        moved = (moved + ((offset - total)[:, None] * normals)).astype(np.float32)
        total = offset
    return moved


def held(
    model: BodyModel, face_points: FacePoints, links: csr_matrix
) -> tuple[Float[ndarray, " v"], Float[ndarray, " v"]]:
    """Return how strongly each vertex is held, and its share of the reach."""
    count = len(model.part)
    hold, near = np.full(count, 1e-4), np.ones(count)
    for name, value in STIFF.items():
        hold[model.part == PARTS.index(name)] = value
    for name, value in NEAR.items():
        near[model.part == PARTS.index(name)] = value
    ear = ears(model)
    hold[ear], near[ear] = 0.05, 0.1  # hair and hats stand off the skull, not off the ears
    face = np.zeros(count)
    face[face_points.vertices.ravel()] = 1
    for _ in range(2):
        face = np.maximum(face, (links @ face < 0).astype(float))
    hold[face > 0] = 2.0
    for name in INNER:
        hold[model.part == PARTS.index(name)] = 1e3
    # The shares blend over a few rings, so that the surface does not tear where parts meet.
    step = diags(0.5 / np.maximum(links.diagonal(), 1)) @ links
    for _ in range(6):
        near = near - step @ near
    near[face > 0], near[ear] = 0.15, 0.1
    return hold, near


def ears(model: BodyModel) -> Bool[ndarray, " v"]:
    """Return the vertices of the ears."""
    rest, head = model.template.numpy(), model.part == PARTS.index("head")
    low, high = rest[head].min(0), rest[head].max(0)
    across = np.abs(rest[:, 0]) / high[0]
    up = (rest[:, 1] - low[1]) / (high[1] - low[1])
    return head & (across > 0.8) & (up > 0.25) & (up < 0.65)


def _wanted(
    vertices: Float32[ndarray, "v 3"],
    faces: Int32[ndarray, "f 3"],
    contour: Contour,
    alpha: Float32[ndarray, "h w"],
    camera: Camera,
    reach: Float[ndarray, " v"],
) -> tuple[Int32[ndarray, " m"], Float[ndarray, " m"]]:
    """Return vertices of the outline and how far out, in metres, each should go."""
    match = contour.match(vertices, faces, camera, reach)
    chosen, pixels, normals = outline_vertices(vertices, faces, camera)
    lone = ~np.isin(chosen, match.vertices)
    gap = _gaps(vertices, faces, alpha, camera, pixels[lone], normals[lone], reach[chosen[lone]])
    closing = np.isfinite(gap)
    which = np.concatenate([match.vertices, chosen[lone][closing]])
    offsets = np.concatenate([match.offsets, gap[closing]])
    _, depth = camera.project(vertices[which])
    return which.astype(np.int32), offsets * depth / camera.focal[0]


def _gaps(
    vertices: Float32[ndarray, "v 3"],
    faces: Int32[ndarray, "f 3"],
    alpha: Float32[ndarray, "h w"],
    camera: Camera,
    pixels: Float[ndarray, "m 2"],
    normals: Float[ndarray, "m 2"],
    reach: Float[ndarray, " m"],
) -> Float[ndarray, " m"]:
    """Return half the way to the next covered pixel across what the matte says is solid; infinite where it is not."""
    covered = rasterise(vertices, faces, camera).faces >= 0
    h, w = alpha.shape
    result = np.full(len(pixels), np.inf)
    open_ = np.ones(len(pixels), bool)
    left = np.zeros(len(pixels), bool)
    for step in np.arange(1.0, max(float(reach.max(initial=0)), 1.0) * 2, 1.0):
        x, y = np.floor(pixels + step * normals).astype(int).T
        inside = (x >= 0) & (x < w) & (y >= 0) & (y < h)
        x, y = np.clip(x, 0, w - 1), np.clip(y, 0, h - 1)
        open_ &= inside & (alpha[y, x] > 0.5) & (step < 2 * reach)
        hit = open_ & left & covered[y, x]
        result[hit] = step / 2 + 0.5
        open_ &= ~hit
        left |= ~covered[y, x]
        if not open_.any():
            break
    return result


def _calm_normals(
    vertices: Float32[ndarray, "v 3"], faces: Int32[ndarray, "f 3"], links: csr_matrix, rounds: int = 4
) -> Float[ndarray, "v 3"]:
    """Return normals averaged over the neighbourhood: offsets along them do not fold creases over."""
    normals = vertex_normals(vertices, faces).astype(np.float64)
    step = diags(0.5 / np.maximum(links.diagonal(), 1)) @ links
    for _ in range(rounds):
        normals = normals - step @ normals
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
