"""Rotations as axis-angle vectors, unit quaternions, matrices and six numbers, and the ways between them.

Notation: r = axis times angle (radians), q = (w, x, y, z), R = [3 3] matrix acting on columns, six = the
first two columns of R one after the other (Zhou et al., "On the Continuity of Rotation Representations in
Neural Networks", 2019). All functions take any number of leading axes and compute in the precision that they
are given. q and -q are one rotation; what is returned has w >= 0.
"""

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from omote.core.errors import ShapeError


def matrix_from_quaternion(q: Float[ndarray, "*b 4"]) -> Float[ndarray, "*b 3 3"]:
    """Return the rotation matrices of quaternions of any length but zero.

    Raises:
        ShapeError: a quaternion is zero.
    """
    w, x, y, z = np.moveaxis(_unit(q), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, -1) for row in rows], -2)


def quaternion_from_matrix(R: Float[ndarray, "*b 3 3"]) -> Float[ndarray, "*b 4"]:
    """Return the unit quaternions (w >= 0) of rotation matrices.

    Each row of 4 q q^T can be read off a matrix; the longest one, normalised, loses the least.
    """
    (a, b, c), (d, e, f), (g, h, i) = (np.moveaxis(R[..., row, :], -1, 0) for row in range(3))
    outer = np.stack(
        [
            np.stack([1 + a + e + i, h - f, c - g, d - b], -1),
            np.stack([h - f, 1 + a - e - i, b + d, c + g], -1),
            np.stack([c - g, b + d, 1 - a + e - i, f + h], -1),
            np.stack([d - b, c + g, f + h, 1 - a - e + i], -1),
        ],
        -2,
    )
    longest = np.argmax(np.einsum("...ii->...i", outer), -1)
    return _positive(_unit(np.take_along_axis(outer, longest[..., None, None], -2)[..., 0, :]))


def quaternion_from_axis_angle(r: Float[ndarray, "*b 3"]) -> Float[ndarray, "*b 4"]:
    """Return the unit quaternions (w >= 0) of axis-angle vectors."""
    half = np.linalg.norm(r, axis=-1, keepdims=True) / 2
    # sinc keeps sin(half) / half exact at zero.
    return _positive(np.concatenate([np.cos(half), r * np.sinc(half / np.pi) / 2], -1))


def axis_angle_from_quaternion(q: Float[ndarray, "*b 4"]) -> Float[ndarray, "*b 3"]:
    """Return axis-angle vectors, angles in 0..pi, of quaternions of any length but zero.

    Raises:
        ShapeError: a quaternion is zero.
    """
    q = _positive(_unit(q))
    sine = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, q[..., :1])
    return q[..., 1:] * np.where(sine > 0, angle / np.where(sine > 0, sine, 1), 2)


def matrix_from_axis_angle(r: Float[ndarray, "*b 3"]) -> Float[ndarray, "*b 3 3"]:
    """Return the rotation matrices of axis-angle vectors."""
    return matrix_from_quaternion(quaternion_from_axis_angle(r))


def axis_angle_from_matrix(R: Float[ndarray, "*b 3 3"]) -> Float[ndarray, "*b 3"]:
    """Return axis-angle vectors, angles in 0..pi, of rotation matrices."""
    return axis_angle_from_quaternion(quaternion_from_matrix(R))


def six_from_matrix(R: Float[ndarray, "*b 3 3"]) -> Float[ndarray, "*b 6"]:
    """Return the first two columns of rotation matrices."""
    return np.concatenate([R[..., 0], R[..., 1]], -1)


def matrix_from_six(six: Float[ndarray, "*b 6"]) -> Float[ndarray, "*b 3 3"]:
    """Return the rotation matrices nearest to two columns, the first one's direction kept (Gram-Schmidt).

    Raises:
        ShapeError: the two columns are parallel, or one is zero.
    """
    x = _unit(six[..., :3])
    y = _unit(six[..., 3:] - np.sum(six[..., 3:] * x, -1, keepdims=True) * x)
    return np.stack([x, y, np.cross(x, y)], -1)


def slerp(
    start: Float[ndarray, "*b 4"], end: Float[ndarray, "*b 4"], at: Float[ndarray, "*b"] | float
) -> Float[ndarray, "*b 4"]:
    """Return the unit quaternions (w >= 0) on the shorter way between two, turned at constant speed.

    Args:
        start: quaternions at 0.
        end: quaternions at 1.
        at: where between them, usually in 0..1.
    """
    start, end = _unit(start), _unit(end)
    cosine = np.sum(start * end, -1, keepdims=True)
    end, cosine = np.where(cosine < 0, -end, end), np.abs(cosine)
    # The chord gives small angles exactly, where the arc cosine would not.
    angle = 2 * np.arctan2(
        np.linalg.norm(end - start, axis=-1, keepdims=True), np.linalg.norm(end + start, axis=-1, keepdims=True)
    )
    t = np.asarray(at, start.dtype)[..., None]
    sine = np.sinc(angle / np.pi)
    turned = start * ((1 - t) * np.sinc((1 - t) * angle / np.pi)) + end * (t * np.sinc(t * angle / np.pi))
    return _positive(_unit(turned / sine))


def multiply(p: Float[ndarray, "*b 4"], q: Float[ndarray, "*b 4"]) -> Float[ndarray, "*b 4"]:
    """Return the quaternion of turning by q first and by p after it."""
    (a, b, c, d), (w, x, y, z) = (np.moveaxis(v, -1, 0) for v in (p, q))
    product = [
        a * w - b * x - c * y - d * z,
        a * x + b * w + c * z - d * y,
        a * y - b * z + c * w + d * x,
        a * z + b * y - c * x + d * w,
    ]
    return np.stack(product, -1)


def torch_matrix_from_axis_angle(r: Float[Tensor, "*b 3"]) -> Float[Tensor, "*b 3 3"]:
    """Return the rotation matrices of axis-angle vectors, with gradients that are right everywhere, also at zero.

    Rodrigues' formula in K = [r]x, not normalised: R = 1 + sin(a)/a K + (1 - cos(a))/a^2 K^2 with a = |r|.
    """
    square = (r * r).sum(-1)
    tiny = square < 1e-4
    # The branch that is not taken must have finite gradients too: it gets a harmless number.
    a = torch.where(tiny, torch.ones_like(square), square).sqrt()
    series_1 = 1 - square / 6 + square * square / 120
    series_2 = 0.5 - square / 24 + square * square / 720
    first = torch.where(tiny, series_1, torch.sin(a) / a)
    # 1 - cos(a) = 2 sin^2(a / 2) does not cancel.
    second = torch.where(tiny, series_2, 2 * torch.sin(a / 2) ** 2 / (a * a))
    x, y, z = r.unbind(-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))
    eye = torch.eye(3, dtype=r.dtype, device=r.device)
    return eye + first[..., None, None] * cross + second[..., None, None] * (cross @ cross)


def _unit(v: Float[ndarray, "*b n"]) -> Float[ndarray, "*b n"]:
    length = np.linalg.norm(v, axis=-1, keepdims=True)
    if not (length > 0).all():
        raise ShapeError("a quaternion or direction of length zero (or NaN) stands for no rotation")
    return v / length


def _positive(q: Float[ndarray, "*b 4"]) -> Float[ndarray, "*b 4"]:
    return np.where(q[..., :1] < 0, -q, q)
