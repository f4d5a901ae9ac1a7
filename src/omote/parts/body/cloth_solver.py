"""Move a cloth by small steps: extended position based dynamics.

Sources: Macklin, Müller, Chentanez, "XPBD" (2016); Macklin et al., "Small Steps in Physics Simulation" (2019).
A step moves every vertex by its speed and its weight, then corrects one constraint after the other, each along
its gradient and by as much as its compliance allows, and takes the speed from the difference. One pass in each of
many small steps converges better than many passes in few. Passes run alternately from top to bottom and back, so
that a pull at one end is felt at the other. Contacts come last: what touches never goes inside.

Notation: x positions, u speeds, w inverse masses, C value of a constraint, alpha its compliance over dt^2.
"""

from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float64, Int32
from numba import njit
from numpy import ndarray


class Walls(NamedTuple):
    """For each obstacle and vertex, a plane that the vertex stays above."""

    point: Float64[ndarray, "o v 3"]
    normal: Float64[ndarray, "o v 3"]
    gap: Float64[ndarray, "o v"]
    """Least height above the plane, metres; -inf where there is nothing near."""


class Held(NamedTuple):
    """Vertices that are drawn to places."""

    vertices: Int32[ndarray, " p"]
    places: Float64[ndarray, "p 3"]
    firmness: Float64[ndarray, " p"]
    """Share of the way gone in each step; 1 holds fast."""


class Step(NamedTuple):
    """What all vertices share in one step."""

    dt: float
    """Seconds."""
    gravity: float
    """m/s2, along -y."""
    drag: float
    """1/s: how fast a speed dies."""
    tight: float
    """Compliance of an edge that is too long, m/N."""
    loose: float
    """Compliance of an edge that is too short, m/N."""
    friction: float
    fastest: float
    """m/s; faster vertices are slowed down to this."""
    push: float
    """Metres: how far one step pushes a vertex out of an obstacle."""
    apart: float
    """Metres: how close vertices of distant parts come."""


@no_type_check
@njit(cache=True, error_model="numpy")
def advance(x, u, constraints, walls, held, pairs, step, steps):
    """Move a cloth by some steps, in place; see the classes for the arguments."""
    before = np.empty_like(x)
    w = constraints.inverse_mass
    for number in range(steps):
        _predict(x, u, before, w, step)
        _tie(x, w, constraints.tethers)
        _keep_lengths(x, w, constraints.lengths, step, number % 2 == 1)
        _unbend(x, w, constraints.hinges, step)
        _separate(x, w, pairs, step.apart, step.push)
        _hold(x, held)
        for o in range(len(walls.gap)):
            _stay_out(x, before, w, walls.point[o], walls.normal[o], walls.gap[o], step.friction, step.push)
        for i in range(len(x)):
            for axis in range(3):
                u[i, axis] = (x[i, axis] - before[i, axis]) / step.dt


@no_type_check
@njit(cache=True, error_model="numpy")
def _predict(x, u, before, w, step):
    kept = np.exp(-step.drag * step.dt)
    for i in range(len(x)):
        if w[i] > 0:
            u[i, 1] -= step.gravity * step.dt
        speed = np.sqrt(u[i, 0] ** 2 + u[i, 1] ** 2 + u[i, 2] ** 2)
        scale = kept if speed * kept <= step.fastest else step.fastest / speed
        for axis in range(3):
            before[i, axis] = x[i, axis]
            x[i, axis] += u[i, axis] * scale * step.dt


@no_type_check
@njit(cache=True, error_model="numpy")
def _keep_lengths(x, w, lengths, step, backwards):
    ends, rest = lengths
    tight, loose = step.tight / step.dt**2, step.loose / step.dt**2
    count = len(rest)
    for n in range(count):
        e = count - 1 - n if backwards else n
        a, b = ends[e, 0], ends[e, 1]
        dx, dy, dz = x[b, 0] - x[a, 0], x[b, 1] - x[a, 1], x[b, 2] - x[a, 2]
        length = np.sqrt(dx * dx + dy * dy + dz * dz)
        c = length - rest[e]
        total = w[a] + w[b]
        if total == 0 or length < 1e-9:
            continue
        s = c / (length * (total + (tight if c > 0 else loose)))
        sa, sb = s * w[a], s * w[b]
        x[a, 0] += sa * dx
        x[a, 1] += sa * dy
        x[a, 2] += sa * dz
        x[b, 0] -= sb * dx
        x[b, 1] -= sb * dy
        x[b, 2] -= sb * dz


@no_type_check
@njit(cache=True, error_model="numpy")
def _unbend(x, w, hinges, step):
    corners, weights, curvature, compliance = hinges
    per_dt2 = 1 / step.dt**2
    for h in range(len(corners)):
        i, j, k, m = corners[h, 0], corners[h, 1], corners[h, 2], corners[h, 3]
        a, b, c, d = weights[h, 0], weights[h, 1], weights[h, 2], weights[h, 3]
        ex = a * x[i, 0] + b * x[j, 0] + c * x[k, 0] + d * x[m, 0]
        ey = a * x[i, 1] + b * x[j, 1] + c * x[k, 1] + d * x[m, 1]
        ez = a * x[i, 2] + b * x[j, 2] + c * x[k, 2] + d * x[m, 2]
        s = 1 / (w[i] * a * a + w[j] * b * b + w[k] * c * c + w[m] * d * d + compliance[h] * per_dt2)
        if curvature[h] > 0:
            size = np.sqrt(ex * ex + ey * ey + ez * ez)
            s *= 1 - curvature[h] / size if size > 1e-12 else 0.0
        a, b, c, d = a * s * w[i], b * s * w[j], c * s * w[k], d * s * w[m]
        x[i, 0] -= a * ex
        x[i, 1] -= a * ey
        x[i, 2] -= a * ez
        x[j, 0] -= b * ex
        x[j, 1] -= b * ey
        x[j, 2] -= b * ez
        x[k, 0] -= c * ex
        x[k, 1] -= c * ey
        x[k, 2] -= c * ez
        x[m, 0] -= d * ex
        x[m, 1] -= d * ey
        x[m, 2] -= d * ez


@no_type_check
@njit(cache=True, error_model="numpy")
def _tie(x, w, tethers):
    """Bring vertices back within reach of what carries them; the carrier does not feel it."""
    ends, longest = tethers
    for t in range(len(longest)):
        i, j = ends[t, 0], ends[t, 1]
        if w[i] == 0:
            continue
        dx, dy, dz = x[i, 0] - x[j, 0], x[i, 1] - x[j, 1], x[i, 2] - x[j, 2]
        length = np.sqrt(dx * dx + dy * dy + dz * dz)
        if length > longest[t]:
            s = 1 - longest[t] / length
            x[i, 0] -= s * dx
            x[i, 1] -= s * dy
            x[i, 2] -= s * dz


@no_type_check
@njit(cache=True, error_model="numpy")
def _separate(x, w, pairs, apart, push):
    for p in range(len(pairs)):
        i, j = pairs[p, 0], pairs[p, 1]
        dx, dy, dz = x[i, 0] - x[j, 0], x[i, 1] - x[j, 1], x[i, 2] - x[j, 2]
        square = dx * dx + dy * dy + dz * dz
        total = w[i] + w[j]
        if square >= apart * apart or square < 1e-14 or total == 0:
            continue
        length = np.sqrt(square)
        s = min(apart - length, push) / (length * total)
        si, sj = s * w[i], s * w[j]
        x[i, 0] += si * dx
        x[i, 1] += si * dy
        x[i, 2] += si * dz
        x[j, 0] -= sj * dx
        x[j, 1] -= sj * dy
        x[j, 2] -= sj * dz


@no_type_check
@njit(cache=True, error_model="numpy")
def _hold(x, held):
    vertices, places, firmness = held
    for p in range(len(vertices)):
        for axis in range(3):
            x[vertices[p], axis] += firmness[p] * (places[p, axis] - x[vertices[p], axis])


@no_type_check
@njit(cache=True, error_model="numpy")
def _stay_out(x, before, w, point, normal, gap, friction, push):
    """Lift vertices above their planes, and let friction (Coulomb) take what they slid in this step."""
    for i in range(len(x)):
        nx, ny, nz = normal[i, 0], normal[i, 1], normal[i, 2]
        height = (x[i, 0] - point[i, 0]) * nx + (x[i, 1] - point[i, 1]) * ny + (x[i, 2] - point[i, 2]) * nz
        lift = gap[i] - height
        if not lift > 0 or w[i] == 0:
            continue
        lift = min(lift, push)
        x[i, 0] += lift * nx
        x[i, 1] += lift * ny
        x[i, 2] += lift * nz
        sx, sy, sz = x[i, 0] - before[i, 0], x[i, 1] - before[i, 1], x[i, 2] - before[i, 2]
        up = sx * nx + sy * ny + sz * nz
        sx, sy, sz = sx - up * nx, sy - up * ny, sz - up * nz
        slid = np.sqrt(sx * sx + sy * sy + sz * sz)
        back = 1.0 if slid <= friction * lift else friction * lift / slid
        x[i, 0] -= back * sx
        x[i, 1] -= back * sy
        x[i, 2] -= back * sz
