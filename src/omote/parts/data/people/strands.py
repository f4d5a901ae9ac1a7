"""Short hairs as thin closed tubes that grow out of a posed surface.

Idea: roots are scattered over faces of the mean adult by a density that lives there; each keeps its triangle, so that
it moves with the skin. The way a hair lies is given on the mean adult too, and carried over by the triangle's frame. A
tube has three sides and ends in a point: thin enough, nobody sees more.

Notation: n hairs, k points along each, the root first.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int32, Int64
from numpy import ndarray

from omote.parts.data.people.head import Head

SINK = 0.0003
"""Metres that roots lie below the skin, so that tubes stay closed and nothing gapes."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Roots:
    """Points of the skin that hairs grow from."""

    corners: Int64[ndarray, "n 3"]
    """The body's vertices around each."""
    weights: Float32[ndarray, "n 3"]
    canonical: Float32[ndarray, "n 3"]
    """On the mean adult."""

    def position(self, head: Head) -> Float32[ndarray, "n 3"]:
        """Return where they are on the posed skin."""
        return np.einsum("nka,nk->na", head.posed[self.corners], self.weights)

    def normal(self, head: Head) -> Float32[ndarray, "n 3"]:
        """Return the posed skin's normals there."""
        return unit(np.einsum("nka,nk->na", head.normals[self.corners], self.weights))

    def carry(self, head: Head, way: Float[ndarray, "n 3"]) -> Float[ndarray, "n 3"]:
        """Return directions given on the mean adult as the posed triangles turn and stretch them, unit, tangential."""
        source, target = _frames(head.canonical[self.corners]), _frames(head.posed[self.corners])
        share = np.linalg.solve(source.transpose(0, 2, 1), way[..., None])[..., 0]
        turned = np.einsum("nka,nk->na", target, share)
        normal = self.normal(head)
        return unit(turned - (turned * normal).sum(1, keepdims=True) * normal)


def _frames(triangles: ndarray) -> ndarray:
    """Return two edges and the unit normal of triangles, as rows."""
    a, b = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    normal = unit(np.cross(a, b)) * np.sqrt(np.linalg.norm(np.cross(a, b), axis=1, keepdims=True))
    return np.stack([a, b, normal], 1).astype(np.float64)


def unit(v: ndarray) -> ndarray:
    """Return vectors of length one."""
    return v / (np.linalg.norm(v, axis=-1, keepdims=True) + 1e-12)


def scatter(
    head: Head,
    faces: Int32[ndarray, "f 3"],
    density: Callable[[ndarray], ndarray],
    count: int,
    rng: np.random.Generator,
) -> Roots:
    """Return about `count` roots where the density (0 to 1, of points of the mean adult) is 1 everywhere; fewer else.

    Args:
        head: whose.
        faces: where to look, triangles of the body.
        density: of points of the mean adult.
        count: for each 10 square centimetres of the mean adult.
        rng: chance.
    """
    corners = head.canonical[faces]
    area = 0.5 * np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    wanted = round(count * float(area.sum()) / 1e-3)
    face = np.sort(rng.choice(len(faces), wanted, p=area / area.sum()))
    u, v = rng.uniform(size=(2, wanted))
    root = np.sqrt(u)
    weights = np.stack([1 - root, root * (1 - v), root * v], 1).astype(np.float32)
    place = np.einsum("nka,nk->na", corners[face], weights).astype(np.float32)
    kept = rng.uniform(size=wanted) < density(place)
    return Roots(corners=faces[face[kept]].astype(np.int64), weights=weights[kept], canonical=place[kept])


def bent(
    position: ndarray, normal: ndarray, way: ndarray, length: ndarray, lift: tuple[float, float], points: int = 4
) -> Float32[ndarray, "n k 3"]:
    """Return hairs that leave the skin at one angle and lie down to another.

    Args:
        position: of the roots.
        normal: of the skin.
        way: unit tangents along which they lie.
        length: metres, of each.
        lift: radians above the skin at the root and at the tip.
        points: along each hair.
    """
    out = np.empty((len(position), points, 3), np.float32)
    out[:, 0] = position - SINK * normal
    step = (length / (points - 1))[:, None]
    for i in range(1, points):
        angle = lift[0] + (lift[1] - lift[0]) * (i - 1) / max(points - 2, 1)
        out[:, i] = out[:, i - 1] + step * (np.cos(angle) * way + np.sin(angle) * normal)
    return out


def tubes(
    lines: Float32[ndarray, "n k 3"], radius: Float[ndarray, " n"], taper: float = 0.35
) -> tuple[Float32[ndarray, "v 3"], Int32[ndarray, "f 3"], Int64[ndarray, " v"]]:
    """Return closed tubes about lines: vertices, faces, and the line of each vertex.

    Args:
        lines: points from root to tip.
        radius: at the root, metres.
        taper: share of the radius left at the last point before the tip.
    """
    count, points = lines.shape[:2]
    if not count:
        return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32), np.zeros(0, np.int64)
    along = unit(lines[:, -1] - lines[:, 0])
    aside = np.where(np.abs(along[:, 1:2]) < 0.8, np.array([[0.0, 1.0, 0.0]]), np.array([[1.0, 0.0, 0.0]]))
    a = unit(np.cross(along, aside))
    b = np.cross(along, a)
    angle = 2 * np.pi * np.arange(3) / 3
    ring = a[:, None] * np.cos(angle)[:, None] + b[:, None] * np.sin(angle)[:, None]
    thin = np.linspace(1, taper, points - 1)
    wide = radius[:, None] * thin
    body = lines[:, :-1, None] + wide[..., None, None] * ring[:, None]
    vertices = np.concatenate([body.reshape(count, -1, 3), lines[:, -1:]], 1)
    each = vertices.shape[1]
    pattern = _tube_faces(points)
    faces = pattern[None] + (np.arange(count) * each)[:, None, None]
    return (
        vertices.reshape(-1, 3).astype(np.float32),
        faces.reshape(-1, 3).astype(np.int32),
        np.repeat(np.arange(count), each),
    )


def _tube_faces(points: int) -> ndarray:
    faces = [(0, 2, 1)]
    for i in range(points - 2):
        for j in range(3):
            a, b, c, d = 3 * i + j, 3 * i + (j + 1) % 3, 3 * i + 3 + j, 3 * i + 3 + (j + 1) % 3
            faces += [(a, b, d), (a, d, c)]
    last, tip = 3 * (points - 2), 3 * (points - 1)
    faces += [(last + j, last + (j + 1) % 3, tip) for j in range(3)]
    return np.array(faces)
