"""What holds a cloth together: the constraints of a triangle mesh, made from its pattern.

Sources: edge lengths as in Müller et al., "Position Based Dynamics" (2007); bending as in Bergou, Wardetzky et
al., "A Quadratic Bending Model for Inextensible Surfaces" (2006); tethers as in Kim, Chentanez, Müller, "Long
Range Attachments" (2012). A fabric hardly stretches, so that each edge keeps its length in the pattern; two
triangles that share an edge bend with the energy E = 1/2 B/A |K x|^2, where K x, four cotangent weights times
four vertices, vanishes exactly where the two lie in one plane; and no vertex gets farther from what carries the
garment than the way along the pattern.

Notation: e edges, h hinges (inner edges), v vertices; B bending stiffness, A area of a hinge's two triangles.
"""

from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Bool, Float, Float64, Int32
from numba import njit
from numpy import ndarray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from omote.parts.space.mesh import vertex_normals

SHARPEST = 4.0
"""Largest cotangent: thinner corners than 14 degrees bend as one of 14 degrees, or slivers would be rigid."""
LIGHTEST = 0.4
"""Least mass of a vertex, of the mean: far smaller ones make the solver slow to converge."""


class Edges(NamedTuple):
    """Edges and the two triangles beside them."""

    ends: Int32[ndarray, "e 2"]
    across: Int32[ndarray, "e 2"]
    """The corner opposite, on each side; -1 where there is no triangle."""


class Lengths(NamedTuple):
    """Edges that keep their length."""

    ends: Int32[ndarray, "e 2"]
    rest: Float64[ndarray, " e"]


class Hinges(NamedTuple):
    """Pairs of triangles that resist bending."""

    corners: Int32[ndarray, "h 4"]
    """Two ends of the edge, then the two corners across it."""
    weights: Float64[ndarray, "h 4"]
    """The row K of each hinge."""
    curvature: Float64[ndarray, " h"]
    """|K x| that the fabric keeps by itself; 0 for cloth cut flat."""
    compliance: Float64[ndarray, " h"]
    """A / B: inverse stiffness, m/N."""


class Tethers(NamedTuple):
    """Vertices that stay within reach of another."""

    ends: Int32[ndarray, "t 2"]
    """The vertex, and the one that carries it."""
    length: Float64[ndarray, " t"]


class Constraints(NamedTuple):
    """All that holds one cloth together, and its inverse masses."""

    lengths: Lengths
    hinges: Hinges
    tethers: Tethers
    inverse_mass: Float64[ndarray, " v"]
    """1/kg; 0 where a vertex is held fast."""


def edges_of(faces: Int32[ndarray, "f 3"]) -> Edges:
    """Return each edge once, lower vertex first; an edge of more than two triangles knows the first two."""
    corners = np.concatenate([faces[:, [0, 1, 2]], faces[:, [1, 2, 0]], faces[:, [2, 0, 1]]])
    ends = np.sort(corners[:, :2], axis=1)
    order = np.lexsort((ends[:, 1], ends[:, 0]))
    ends, opposite = ends[order], corners[order, 2]
    first = np.flatnonzero(np.r_[True, (ends[1:] != ends[:-1]).any(1)][: len(ends)])
    several = np.diff(np.r_[first, len(ends)]) > 1
    other = np.where(several, opposite[np.minimum(first + 1, len(ends) - 1)], -1)
    return Edges(ends[first].astype(np.int32), np.stack([opposite[first], other], -1).astype(np.int32))


def pattern_lengths(
    vertices: Float64[ndarray, "v 3"],
    ends: Int32[ndarray, "e 2"],
    along: Float[ndarray, " v"],
    around: Float[ndarray, " v"],
    grain: Float[ndarray, "v 3"],
) -> Float64[ndarray, " e"]:
    """Return how long edges are in the pattern: their length here, times the excess along and across the grain."""
    a, b = ends.T
    edge = vertices[b] - vertices[a]
    direction = grain[a].astype(np.float64) + grain[b]
    size = np.linalg.norm(direction, axis=1, keepdims=True)
    direction /= np.where(size > 0, size, 1)
    with_grain = (edge * direction).sum(1)
    across = np.maximum((edge**2).sum(1) - with_grain**2, 0)
    along_scale, across_scale = (along[a] + along[b]) / 2, (around[a] + around[b]) / 2
    return np.sqrt((along_scale * with_grain) ** 2 + across_scale**2 * across)


def hinges(
    vertices: Float64[ndarray, "v 3"],
    edges: Edges,
    stiffness: Float64[ndarray, " v"],
    kept: float,
) -> Hinges:
    """Return the hinges of inner edges.

    Args:
        vertices: the pattern.
        edges: its edges.
        stiffness: B at each vertex, N m.
        kept: share of the pattern's own curvature that the fabric keeps.
    """
    inner = (edges.across >= 0).all(1)
    corners = np.concatenate([edges.ends[inner], edges.across[inner]], 1)
    i, j, k, m = (vertices[corners[:, c]] for c in range(4))
    # The cotangents at both ends of the edge, in both triangles.
    at_i, at_j = (
        [_cotangent(j - i, k - i), _cotangent(j - i, m - i)],
        [_cotangent(i - j, k - j), _cotangent(i - j, m - j)],
    )
    weights = np.stack([at_j[0] + at_j[1], at_i[0] + at_i[1], -at_i[0] - at_j[0], -at_i[1] - at_j[1]], -1)
    area = (np.linalg.norm(np.cross(j - i, k - i), axis=1) + np.linalg.norm(np.cross(j - i, m - i), axis=1)) / 2
    bent = np.einsum("hc,hcx->hx", weights, vertices[corners])
    bend = np.maximum(stiffness[corners[:, :2]].mean(1), 1e-12)
    return Hinges(corners.astype(np.int32), weights, kept * np.linalg.norm(bent, axis=1), area / bend)


def _cotangent(a: Float64[ndarray, "h 3"], b: Float64[ndarray, "h 3"]) -> Float64[ndarray, " h"]:
    """Return the cotangent of the angle between vectors, kept within `SHARPEST`."""
    sine = np.linalg.norm(np.cross(a, b), axis=1)
    return np.clip((a * b).sum(1) / np.maximum(sine, 1e-12), -SHARPEST, SHARPEST)


def tethers(lengths: Lengths, over: Lengths, carried_by: Bool[ndarray, " v"]) -> Tethers:
    """Tie each vertex to the nearest one that carries the garment, by the shortest way along the pattern.

    Args:
        lengths: the edges.
        over: ways from corner to corner across an edge; with them a way in a bad direction is 3.5 % too long at
            worst, without them 15 %.
        carried_by: the vertices that lie or are held on the body.
    """
    none = Tethers(np.zeros((0, 2), np.int32), np.zeros(0))
    if not carried_by.any():
        return none
    ends = np.concatenate([lengths.ends, over.ends])
    rest = np.concatenate([lengths.rest, over.rest])
    count = len(carried_by)
    keep = np.lexsort((rest, ends[:, 1], ends[:, 0]))
    ends, rest = ends[keep], rest[keep]
    first = np.r_[True, (ends[1:] != ends[:-1]).any(1)]
    graph = coo_array((rest[first], (ends[first, 0], ends[first, 1])), shape=(count, count)).tocsr()
    way, _, source = dijkstra(
        graph, directed=False, indices=np.flatnonzero(carried_by), min_only=True, return_predecessors=True
    )
    tied = np.flatnonzero(np.isfinite(way) & ~carried_by)
    return Tethers(np.stack([tied, source[tied]], -1).astype(np.int32), way[tied])


def across_edges(vertices: Float64[ndarray, "v 3"], edges: Edges) -> Int32[ndarray, "h 2"]:
    """Return the pairs of corners across inner edges whose straight connection meets the edge: convex pairs."""
    inner = (edges.across >= 0).all(1)
    i, j = (vertices[edges.ends[inner, c]] for c in range(2))
    k, m = (vertices[edges.across[inner, c]] for c in range(2))
    at_i = _cotangent(j - i, k - i) + _cotangent(j - i, m - i)
    at_j = _cotangent(i - j, k - j) + _cotangent(i - j, m - j)
    pairs = np.sort(edges.across[inner][(at_i > 0) & (at_j > 0)], axis=1)
    return pairs[pairs[:, 0] != pairs[:, 1]].astype(np.int32)


def masses(vertices: Float64[ndarray, "v 3"], faces: Int32[ndarray, "f 3"], weight: float) -> Float64[ndarray, " v"]:
    """Return the vertices' masses, kg: a third of each triangle, `weight` in kg/m2."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 6
    mass = np.bincount(faces.reshape(-1), np.repeat(area, 3), len(vertices)) * weight
    mean = mass[mass > 0].mean() if (mass > 0).any() else 1.0
    return np.clip(mass, LIGHTEST * mean, mean / LIGHTEST)


def smoothed(
    vertices: Float64[ndarray, "v 3"], faces: Int32[ndarray, "f 3"], edges: Edges, rounds: int
) -> Float64[ndarray, "v 3"]:
    """Return the mesh without ripples as short as its edges; longer folds stay (Taubin 1995).

    Vertices move along their normals alone, towards and then a little more away from the mean of their neighbours;
    those of the border look at the border alone.
    """
    border = np.zeros(len(vertices), bool)
    border[edges.ends[edges.across[:, 1] < 0]] = True
    x = vertices.copy()
    for _ in range(rounds):
        for share in (0.5, -0.53):
            _fair(x, vertex_normals(x.astype(np.float32), faces), edges.ends, edges.across, border, share)
    return x


@no_type_check
@njit(cache=True, error_model="numpy")
def _fair(x, normals, ends, across, border, share):
    total = np.zeros_like(x)
    count = np.zeros(len(x))
    for e in range(len(ends)):
        for side in range(2):
            i, j = ends[e, side], ends[e, 1 - side]
            if border[i] and across[e, 1] >= 0:
                continue
            count[i] += 1
            for axis in range(3):
                total[i, axis] += x[j, axis] - x[i, axis]
    for i in range(len(x)):
        along = 0.0
        for axis in range(3):
            along += total[i, axis] * normals[i, axis]
        for axis in range(3):
            x[i, axis] += share * along / max(count[i], 1.0) * normals[i, axis]
