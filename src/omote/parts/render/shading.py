"""What one sample of the picture shows: its surface, and the light on it. Compiled code for `buffers`.

Shadow rays start where the smooth surface would be, not on the flat triangle (Hanika, "Hacking the Shadow Terminator",
2021), so that coarse triangles do not show along the edge of their own shade. Discs of light are sampled on a spiral
that goes on through a pixel's samples and is turned from pixel to pixel by a hash of its place: the same picture each
time. Relief bends the normal by the gradient of a height along the surface (Mikkelsen, "Bump Mapping Unparametrized
Surfaces on the GPU", 2010); the gradients of u and v are those of the triangle, and no tangents are stored.

Notation: `p` is a sample's scratch of float32: 0 albedo, 3 normal, 6 position, 9 specular, 10 roughness, 11 open part,
12 normal of the triangle, 15 origin of shadow rays, 18 towards the eye, 21 whether it is seen from behind,
22 normal before relief.
"""

from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float32, Int32
from numba import njit
from numpy import ndarray

from omote.parts.render.lighting import highlight, mean_reflectance, mirrored_occlusion, polynomial
from omote.parts.render.occlusion import GOLDEN, LIFT
from omote.parts.render.rays import is_blocked
from omote.parts.render.texture import sample
from omote.parts.render.visibility import barycentrics, texel

SCRATCH = 25
STEPS = 16
"""Entries for each of the 255 steps of `LINEAR`."""
_CODED = np.arange(255 * STEPS + 2) / (255 * STEPS)
LINEAR = np.where(_CODED <= 0.04045, _CODED / 12.92, ((_CODED + 0.055) / 1.055) ** 2.4).astype(np.float32)
"""Linear light of sRGB values 0..255, in steps of 1/16."""


class Geometry(NamedTuple):
    """The subject's surface; a tuple, as compiled code takes it."""

    faces: Int32[ndarray, "f 3"]
    vertices: Float32[ndarray, "v 3"]
    normals: Float32[ndarray, "v 3"]
    colours: Float32[ndarray, "v 3"]
    open: Float32[ndarray, " v"]
    """The part of a white sky that reaches each vertex."""


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def linear(value):
    """Return the linear light of an sRGB value 0..255."""
    place = min(max(value, np.float32(0)), np.float32(255)) * np.float32(STEPS)
    low = int(place)
    return LINEAR[low] + (place - np.float32(low)) * (LINEAR[low + 1] - LINEAR[low])


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def surface(f, a, b, c, eye, skin, geometry, gloss, relief, p):
    """Fill the scratch for barycentrics a, b, c of face f; `eye` is x, y, z and 1 for a place, 0 for a direction."""
    _, faces, uvs, lods, texture, texels, table, levels = skin
    i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
    vertices, normals, colours = geometry.vertices, geometry.normals, geometry.colours
    red, green, blue, _ = texel(f, a, b, c, faces, uvs, lods, texture, texels, table, levels)
    p[0] = linear(red) * (a * colours[i, 0] + b * colours[j, 0] + c * colours[k, 0])
    p[1] = linear(green) * (a * colours[i, 1] + b * colours[j, 1] + c * colours[k, 1])
    p[2] = linear(blue) * (a * colours[i, 2] + b * colours[j, 2] + c * colours[k, 2])
    for axis in range(3):
        p[3 + axis] = a * normals[i, axis] + b * normals[j, axis] + c * normals[k, axis]
        p[6 + axis] = a * vertices[i, axis] + b * vertices[j, axis] + c * vertices[k, axis]
        p[18 + axis] = eye[axis] - eye[3] * p[6 + axis]
    _triangle(vertices, i, j, k, p)
    _unit(p, 3, 12)
    _unit(p, 18, 12)
    p[21] = p[12] * p[18] + p[13] * p[19] + p[14] * p[20] < 0
    _lift(vertices, normals, i, j, k, a, b, c, p)
    part = texture[f]
    u = a * uvs[i, 0] + b * uvs[j, 0] + c * uvs[k, 0]
    v = a * uvs[i, 1] + b * uvs[j, 1] + c * uvs[k, 1]
    lod = a * lods[i] + b * lods[j] + c * lods[k]
    p[9], p[10] = gloss.specular[part], gloss.roughness[part]
    p[11] = a * geometry.open[i] + b * geometry.open[j] + c * geometry.open[k]
    if gloss.which[part] >= 0:
        strength, rough, _, _ = sample(
            gloss.texels, gloss.table, gloss.levels, gloss.which[part], u, v, lod + gloss.finer[part]
        )
        p[9], p[10] = p[9] * strength / np.float32(255), rough / np.float32(255)
    if p[21]:
        p[3], p[4], p[5] = -p[3], -p[4], -p[5]
    p[22], p[23], p[24] = p[3], p[4], p[5]
    if relief.which[part] >= 0:
        _bend(vertices, uvs, i, j, k, u, v, lod + relief.finer[part], relief, relief.which[part], p)


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _unit(p, at, other):
    """Make three numbers of the scratch a unit vector; of no length, take those at `other`."""
    length = np.sqrt(p[at] * p[at] + p[at + 1] * p[at + 1] + p[at + 2] * p[at + 2])
    for axis in range(3):
        p[at + axis] = p[at + axis] / length if length > 0 else p[other + axis]


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _triangle(vertices, i, j, k, p):
    """Write the unit normal of a triangle."""
    ax, ay, az = vertices[j, 0] - vertices[i, 0], vertices[j, 1] - vertices[i, 1], vertices[j, 2] - vertices[i, 2]
    bx, by, bz = vertices[k, 0] - vertices[i, 0], vertices[k, 1] - vertices[i, 1], vertices[k, 2] - vertices[i, 2]
    p[12], p[13], p[14] = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    _unit(p, 12, 12)


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _lift(vertices, normals, i, j, k, a, b, c, p):
    """Write where shadow rays start: above the triangle, and above the planes that touch its corners."""
    side = np.float32(-1 if p[21] else 1)
    for axis in range(3):
        p[15 + axis] = p[6 + axis] + side * np.float32(LIFT) * p[12 + axis]
    for corner, share in ((i, a), (j, b), (k, c)):
        below = np.float32(0)
        for axis in range(3):
            below += side * (p[6 + axis] - vertices[corner, axis]) * normals[corner, axis]
        if below < 0:
            for axis in range(3):
                p[15 + axis] -= share * side * below * normals[corner, axis]


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def _bend(vertices, uvs, i, j, k, u, v, lod, relief, t, p):
    """Bend the normal by the slope of the relief."""
    along, across = _slope(relief, t, u, v, lod)
    if along == 0 and across == 0:
        return
    au, av = uvs[j, 0] - uvs[i, 0], uvs[j, 1] - uvs[i, 1]
    bu, bv = uvs[k, 0] - uvs[i, 0], uvs[k, 1] - uvs[i, 1]
    # Heights above the corner along the two edges, then the one gradient in the triangle's plane that has them.
    ha, hb = au * along + av * across, bu * along + bv * across
    aa, ab, bb = np.float32(0), np.float32(0), np.float32(0)
    for axis in range(3):
        first, second = vertices[j, axis] - vertices[i, axis], vertices[k, axis] - vertices[i, axis]
        aa += first * first
        ab += first * second
        bb += second * second
    volume = aa * bb - ab * ab
    if not volume > 0:
        return
    s, t_ = (bb * ha - ab * hb) / volume, (aa * hb - ab * ha) / volume
    side = np.float32(-1 if p[21] else 1)
    for axis in range(3):
        first, second = vertices[j, axis] - vertices[i, axis], vertices[k, axis] - vertices[i, axis]
        p[3 + axis] -= side * (s * first + t_ * second)
    _unit(p, 3, 22)


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def _slope(relief, t, u, v, lod):
    """Return the slopes along u and v, read bilinearly from the nearest two levels."""
    lod = min(max(lod, np.float32(0)), np.float32(relief.levels[t] - 1))
    fine = int(lod)
    along, across = np.float32(0), np.float32(0)
    for step in range(2):
        share = lod - np.float32(fine) if step else np.float32(1) - (lod - np.float32(fine))
        if share == 0:
            continue
        start, h, w = relief.table[t, fine + step, 0], relief.table[t, fine + step, 1], relief.table[t, fine + step, 2]
        x, y = u * np.float32(w) - np.float32(0.5), v * np.float32(h) - np.float32(0.5)
        left, top = np.floor(x), np.floor(y)
        for corner in range(4):
            column, row = int(left) + (corner & 1), int(top) + (corner >> 1)
            weight = (
                share * abs(np.float32(1 - (corner & 1)) - (x - left)) * abs(np.float32(1 - (corner >> 1)) - (y - top))
            )
            place = start + min(max(row, 0), h - 1) * w + min(max(column, 0), w - 1)
            along += weight * relief.slopes[place, 0]
            across += weight * relief.slopes[place, 1]
    return along, across


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def from_sky(f, a, b, c, faces, sky, p, matt, shine, layers):
    """Add the light from all sides to `matt` (shading), `shine` and, where wanted, each light's own layer."""
    i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
    for light in range(len(sky.layer)):
        if p[21]:
            red, green, blue = polynomial(sky.shading[light], p[22], p[23], p[24], np.float32(1), np.float32(1))
            m0, m1, m2 = p[11] * red, p[11] * green, p[11] * blue
        else:
            m0 = a * sky.matt[light, i, 0] + b * sky.matt[light, j, 0] + c * sky.matt[light, k, 0]
            m1 = a * sky.matt[light, i, 1] + b * sky.matt[light, j, 1] + c * sky.matt[light, k, 1]
            m2 = a * sky.matt[light, i, 2] + b * sky.matt[light, j, 2] + c * sky.matt[light, k, 2]
        if p[3] != p[22] or p[4] != p[23] or p[5] != p[24]:
            # Relief: the open surface's change, as far as the surroundings reach the place at all.
            r0, g0, b0 = polynomial(sky.shading[light], p[22], p[23], p[24], np.float32(1), np.float32(1))
            r1, g1, b1 = polynomial(sky.shading[light], p[3], p[4], p[5], np.float32(1), np.float32(1))
            m0, m1, m2 = m0 + p[11] * (r1 - r0), m1 + p[11] * (g1 - g0), m2 + p[11] * (b1 - b0)
        s0, s1, s2 = np.float32(0), np.float32(0), np.float32(0)
        if p[9] > 0:
            nv = p[3] * p[18] + p[4] * p[19] + p[5] * p[20]
            x, y, z = 2 * nv * p[3] - p[18], 2 * nv * p[4] - p[19], 2 * nv * p[5] - p[20]
            alpha = p[10] * p[10]
            first, second = np.exp(-alpha * alpha), np.exp(np.float32(-4) * alpha * alpha)
            s0, s1, s2 = polynomial(sky.radiance[light], x, y, z, first, second)
            nv = max(nv, np.float32(0))
            gain = mean_reflectance(nv, p[9], p[10]) * mirrored_occlusion(nv, p[11], p[10])
            s0, s1, s2 = max(s0 * gain, np.float32(0)), max(s1 * gain, np.float32(0)), max(s2 * gain, np.float32(0))
        _add(max(m0, np.float32(0)), max(m1, np.float32(0)), max(m2, np.float32(0)), s0, s1, s2, sky.layer[light],
             p, matt, shine, layers)  # fmt: skip


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _add(m0, m1, m2, s0, s1, s2, layer, p, matt, shine, layers):
    matt[0] += m0
    matt[1] += m1
    matt[2] += m2
    shine[0] += s0
    shine[1] += s1
    shine[2] += s2
    if len(layers):
        layers[layer, 0] = p[0] * m0 + s0
        layers[layer, 1] = p[1] * m1 + s1
        layers[layer, 2] = p[2] * m2 + s2


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def from_lamps(lamps, obstacle, rays, first_ray, all_rays, turn, p, matt, shine, layers, stack):
    """Add the lights that are somewhere, with their shadows; see `from_sky`.

    The rays first_ray + 0, 1, .. of `all_rays` that a pixel has are this sample's.
    """
    zero, none = np.float32(0), np.float32(np.inf)
    for k in range(len(lamps.layer)):
        count = rays if lamps.radius[k] > 0 and lamps.shadows[k] else 1
        lit, shone = zero, zero
        for ray in range(count):
            x, y, z = lamps.place[k, 0], lamps.place[k, 1], lamps.place[k, 2]
            away = np.float32(1)
            if not lamps.distant[k]:
                x, y, z = x - p[6], y - p[7], z - p[8]
                away = np.sqrt(x * x + y * y + z * z)
                x, y, z = x / away, y / away, z / away
            if lamps.radius[k] > 0 and lamps.shadows[k]:
                x, y, z = _on_disc(x, y, z, lamps.radius[k] / away, first_ray + ray, all_rays, turn)
            nl = p[3] * x + p[4] * y + p[5] * z
            if nl <= 0:
                continue
            if lamps.shadows[k]:
                reach = none if lamps.distant[k] else away
                if is_blocked(obstacle, p[15], p[16], p[17], x, y, z, reach, stack):
                    continue
            share = np.float32(1 / count) / (away * away)
            lit += share * nl
            if p[9] > 0:
                shone += share * _gleam(x, y, z, nl, p)
        if lit > 0 or shone > 0:
            r, g, b = lamps.colour[k, 0], lamps.colour[k, 1], lamps.colour[k, 2]
            _add(lit * r, lit * g, lit * b, shone * r, shone * g, shone * b, lamps.layer[k], p, matt, shine, layers)


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _on_disc(x, y, z, radius, ray, all_rays, turn):
    """Return a unit direction to one point of a disc, of a spiral with `all_rays` points."""
    one = np.float32(1)
    far = radius * np.float32(np.sqrt((ray + 0.5) / all_rays))
    angle = 2 * np.pi * ((ray * GOLDEN + turn) % 1.0)
    u, v = far * np.float32(np.cos(angle)), far * np.float32(np.sin(angle))
    sign = one if z >= 0 else -one
    a = -one / (sign + z)
    b = x * y * a
    px = x + u * (one + sign * x * x * a) + v * b
    py = y + u * sign * b + v * (sign + y * y * a)
    pz = z - u * sign * x - v * y
    length = np.sqrt(px * px + py * py + pz * pz)
    return px / length, py / length, pz / length


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _gleam(x, y, z, nl, p):
    """Return the highlight of light from a direction."""
    hx, hy, hz = x + p[18], y + p[19], z + p[20]
    size = max(np.sqrt(hx * hx + hy * hy + hz * hz), np.float32(1e-6))
    nv = max(p[3] * p[18] + p[4] * p[19] + p[5] * p[20], np.float32(1e-3))
    nh = min((p[3] * hx + p[4] * hy + p[5] * hz) / size, np.float32(1))
    vh = min((p[18] * hx + p[19] * hy + p[20] * hz) / size, np.float32(1))
    return highlight(nl, nv, max(nh, np.float32(0)), vh, p[9], p[10])


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def turn_of(x, y):
    """Return a number in 0..1 that is as good as random, from a pixel's place."""
    h = np.uint32(x) * np.uint32(0x9E3779B1) + np.uint32(y) * np.uint32(0x85EBCA77)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x2C1B3C6D)
    h = (h ^ (h >> np.uint32(12))) * np.uint32(0x297A2D39)
    return np.float64(np.uint32(h ^ (h >> np.uint32(15)))) / 4294967296.0


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def weights(f, edges, x, y):
    """Return the barycentrics of a point on a face, none of them negative."""
    a, b, c = barycentrics(f, edges, x, y)
    zero = np.float32(0)
    a, b, c = max(a, zero), max(b, zero), max(c, zero)
    share = 1 / (a + b + c)
    return a * share, b * share, c * share
