"""A tree of boxes over the triangles of a mesh, for queries that must not look at every triangle.

Source: Wald, "On fast Construction of SAH-based Bounding Volume Hierarchies" (2007). A set of triangles is cut in
two where area times count, summed over both sides, is least, among planes between a few bins; a leaf holds a few
triangles. When vertices move and faces stay, the boxes are recomputed from the leaves up and the tree is kept.
Every node stores the boxes of its two children, so that one step looks at one stretch of memory.

Notation: f triangles; n inner nodes, parents before children; node 0 is the root and always exists.
"""

from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float32, Int32
from numba import njit
from numpy import ndarray

LEAF = 2
"""Triangles in a leaf, at most; below 8."""
DEPTH = 80
"""Nodes from the root to a leaf, at most."""
_BINS = 12
_BALANCED_FROM = 40
"""Depth from which sets are simply halved, so that no input makes the tree deeper than `DEPTH`."""


class Tree(NamedTuple):
    """Boxes around boxes around triangles."""

    boxes: Float32[ndarray, "n 2 6"]
    """Lowest x y z, highest x y z of either child, metres; an empty child's lowest is +inf, its highest -inf."""
    child: Int32[ndarray, "n 2"]
    """A node where not negative; else ~(8 * first + count): a leaf of `count` triangles from `order[first]` on."""
    order: Int32[ndarray, " f"]
    """The faces, leaf by leaf."""


def build(vertices: Float32[ndarray, "v 3"], faces: Int32[ndarray, "f 3"]) -> Tree:
    """Return a tree over the triangles; at least one face is needed."""
    corners = vertices[faces]
    child, order = _build(corners.min(1), corners.max(1))
    boxes = np.empty((len(child), 2, 6), np.float32)
    fit(child, gather(vertices, faces, order), boxes)
    return Tree(boxes, child, order)


@no_type_check
@njit(cache=True, nogil=True)
def gather(vertices, faces, order):
    """Return the corners [f 9] of all faces in the tree's order, so that a leaf's lie side by side."""
    corners = np.empty((len(order), 9), np.float32)
    for slot in range(len(order)):
        for corner in range(3):
            vertex = faces[order[slot], corner]
            for axis in range(3):
                corners[slot, 3 * corner + axis] = vertices[vertex, axis]
    return corners


@no_type_check
@njit(cache=True, nogil=True)
def fit(child, corners, boxes):
    """Write the boxes around corners that `gather` gave, children first."""
    for node in range(len(child) - 1, -1, -1):
        for side in range(2):
            box = boxes[node, side]
            box[:3], box[3:] = np.inf, -np.inf
            below = child[node, side]
            if below >= 0:
                for axis in range(3):
                    box[axis] = min(boxes[below, 0, axis], boxes[below, 1, axis])
                    box[3 + axis] = max(boxes[below, 0, 3 + axis], boxes[below, 1, 3 + axis])
            else:
                first, count = ~below >> 3, ~below & 7
                for slot in range(first, first + count):
                    for k in range(9):
                        axis = k % 3
                        box[axis] = min(box[axis], corners[slot, k])
                        box[3 + axis] = max(box[3 + axis], corners[slot, k])


@no_type_check
@njit(cache=True, nogil=True)
def _build(low, high):
    count = len(low)
    middle = np.float32(0.5) * (low + high)
    order = np.arange(count).astype(np.int32)
    child = np.empty((count, 2), np.int32)
    work = np.empty((DEPTH + 2, 4), np.int64)  # first, end, depth, where the parent keeps this child
    work[0, 0], work[0, 1], work[0, 2], work[0, 3] = 0, count, 0, -1
    waiting, nodes = 1, 0
    while waiting:
        waiting -= 1
        first, end, depth, slot = work[waiting, 0], work[waiting, 1], work[waiting, 2], work[waiting, 3]
        if end - first <= LEAF and slot >= 0:
            child[slot >> 1, slot & 1] = ~(8 * first + end - first)
            continue
        node = nodes
        nodes += 1
        if slot >= 0:
            child[slot >> 1, slot & 1] = node
        cut = _split(low, high, middle, order, first, end, depth)
        work[waiting, 0], work[waiting, 1], work[waiting, 2], work[waiting, 3] = cut, end, depth + 1, 2 * node + 1
        waiting += 1
        work[waiting, 0], work[waiting, 1], work[waiting, 2], work[waiting, 3] = first, cut, depth + 1, 2 * node
        waiting += 1
    return child[:nodes].copy(), order


@no_type_check
@njit(cache=True, nogil=True)
def _split(low, high, middle, order, first, end, depth):
    """Reorder one set so that its two parts lie one after the other; return where the second begins."""
    if depth < _BALANCED_FROM:
        axis, start, scale, plane = _best_plane(low, high, middle, order, first, end)
        if axis >= 0:
            left, right = first, end - 1
            while left <= right:
                if _bin(middle[order[left], axis], start, scale) <= plane:
                    left += 1
                else:
                    order[left], order[right] = order[right], order[left]
                    right -= 1
            return left
    widest, extent = 0, np.float32(-1)
    for axis in range(3):
        values = middle[order[first:end], axis]
        if values.max() - values.min() > extent:
            widest, extent = axis, values.max() - values.min()
    part = order[first:end]
    order[first:end] = part[np.argsort(middle[part, widest], kind="mergesort")]
    return first + (end - first) // 2


@no_type_check
@njit(cache=True, nogil=True)
def _bin(value, start, scale):
    return min(int((value - start) * scale), _BINS - 1)


@no_type_check
@njit(cache=True, nogil=True)
def _best_plane(low, high, middle, order, first, end):
    """Return axis (-1: none), start and scale of the bins, and the last bin of the left part."""
    least, best_axis, best_start, best_scale, best_plane = np.inf, -1, np.float32(0), np.float32(0), 0
    counts = np.empty(_BINS, np.int64)
    boxes = np.empty((_BINS, 6), np.float32)
    cost = np.empty(_BINS, np.float64)
    for axis in range(3):
        start = stop = middle[order[first], axis]
        for k in range(first + 1, end):
            start, stop = min(start, middle[order[k], axis]), max(stop, middle[order[k], axis])
        scale = np.float32(_BINS) / (stop - start) if stop > start else np.float32(0)
        if not 0 < scale < np.inf:
            continue
        counts[:] = 0
        boxes[:, :3], boxes[:, 3:] = np.inf, -np.inf
        for k in range(first, end):
            face = order[k]
            place = _bin(middle[face, axis], start, scale)
            counts[place] += 1
            for a in range(3):
                boxes[place, a] = min(boxes[place, a], low[face, a])
                boxes[place, 3 + a] = max(boxes[place, 3 + a], high[face, a])
        _sweep(counts, boxes, cost)
        for plane in range(_BINS - 1):
            if cost[plane] < least:
                least, best_axis, best_start, best_scale, best_plane = cost[plane], axis, start, scale, plane
    return best_axis, best_start, best_scale, best_plane


@no_type_check
@njit(cache=True, nogil=True)
def _sweep(counts, boxes, cost):
    """Write the cost of cutting after each bin; inf where a side would be empty."""
    box = np.empty(6, np.float32)
    for direction in range(2):
        box[:3], box[3:] = np.inf, -np.inf
        total = 0
        for step in range(_BINS - 1):
            k = step if direction == 0 else _BINS - 1 - step
            total += counts[k]
            for a in range(3):
                box[a], box[3 + a] = min(box[a], boxes[k, a]), max(box[3 + a], boxes[k, 3 + a])
            x, y, z = box[3] - box[0], box[4] - box[1], box[5] - box[2]
            part = np.float64(total) * (x * y + y * z + z * x) if total else np.inf
            if direction == 0:
                cost[k] = part
            else:
                cost[k - 1] += part
