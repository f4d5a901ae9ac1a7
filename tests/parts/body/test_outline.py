"""Outlines of spheres and bodies against circles and dilated masks."""

import numpy as np
import pytest
from scipy import ndimage

from omote.parts.body.contour import Contour, outline_vertices
from omote.parts.body.face_warp import warp_face
from omote.parts.body.fit import HEAD
from omote.parts.body.outline import follow_matte, laplacian
from omote.parts.body.photo_to_avatar import Workshop
from omote.parts.render.visibility import rasterise
from omote.parts.space.camera import Camera


def sphere(rings: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """A sphere of radius 1 at (0, 0, 4)."""
    theta, phi = np.meshgrid(np.linspace(0, np.pi, rings), np.linspace(0, 2 * np.pi, 2 * rings, endpoint=False))
    place = np.stack([np.sin(theta) * np.cos(phi), np.cos(theta), np.sin(theta) * np.sin(phi)], -1)
    grid = np.arange(theta.size).reshape(theta.shape)
    a, b = grid[:, :-1], grid[:, 1:]
    c, d = np.roll(a, -1, 0), np.roll(b, -1, 0)
    faces = np.concatenate([np.stack([a, c, b], -1).reshape(-1, 3), np.stack([b, c, d], -1).reshape(-1, 3)])
    return (place.reshape(-1, 3) + np.array([0, 0, 4])).astype(np.float32), faces.astype(np.int32)


CAMERA = Camera(world_from_camera=np.eye(4), focal=(200.0, 200.0), centre=(100.0, 100.0), size=(200, 200))
RADIUS = 200 / np.sqrt(15)  # a sphere of radius 1 at distance 4: tan of half its angle is 1 / sqrt(15)


@pytest.mark.oracle
def test_outline_of_a_sphere_is_its_circle() -> None:
    vertices, faces = sphere()
    _, pixels, normals = outline_vertices(vertices, faces, CAMERA)
    away = pixels - 100
    assert len(pixels) > 40
    assert np.abs(np.linalg.norm(away, axis=1) - RADIUS).max() < 2
    assert ((away * normals).sum(1) / np.linalg.norm(away, axis=1)).min() > 0.99


@pytest.mark.oracle
def test_offsets_to_a_larger_circle_are_the_difference_of_the_radii() -> None:
    vertices, faces = sphere()
    y, x = np.mgrid[0:200, 0:200] + 0.5
    alpha = np.clip(RADIUS + 8 - np.hypot(x - 100, y - 100) + 0.5, 0, 1)
    match = Contour.of(alpha).match(vertices, faces, CAMERA, reach=20.0)
    assert np.abs(match.offsets - 8).max() < 2
    assert not len(Contour.of(alpha).match(vertices, faces, CAMERA, reach=3.0).vertices)


def test_contour_leaves_out_the_cut_of_the_frame() -> None:
    alpha = np.zeros((100, 100), np.float32)
    alpha[40:, 30:70] = 1
    points = Contour.of(alpha).points
    assert points[:, 1].max() < 98
    assert len(points) > 100


def test_laplacian_of_a_constant_is_zero() -> None:
    vertices, faces = sphere(12)
    assert np.abs(laplacian(faces, len(vertices)) @ np.ones(len(vertices))).max() == 0


@pytest.mark.oracle
def test_surface_follows_a_matte_of_thick_clothes_and_leaves_the_face(workshop: Workshop, truth) -> None:
    model = workshop.model
    alpha = ndimage.gaussian_filter(
        ndimage.binary_dilation(truth.sight.alpha > 0.5, iterations=6).astype(np.float32), 1
    )
    dressed = follow_matte(truth.vertices, model, workshop.points, alpha, truth.camera)
    covered = rasterise(dressed, model.faces, truth.camera).faces >= 0
    assert (covered & (alpha > 0.5)).sum() / (covered | (alpha > 0.5)).sum() > 0.94
    inner = workshop.points.vertices[[1, 4, 5, 6, 197, 195, 13, 14]]
    assert np.abs(dressed - truth.vertices)[inner].max() < 0.006
    assert np.isfinite(dressed).all()


@pytest.mark.oracle
def test_warped_face_projects_onto_the_points_seen_and_its_pockets_stay_inside(workshop: Workshop, truth) -> None:
    model = workshop.model
    middle = truth.sight.face.mean(0)
    wanted = middle + (truth.sight.face - middle) * [1.15, 0.95] + [3.0, -2.0]
    still = 1 - workshop.fitter.weights[: len(model.part), HEAD].numpy()
    warped = warp_face(truth.vertices, model, workshop.points, wanted, truth.camera, still)
    pixels, _ = truth.camera.project(workshop.points.at(warped))
    facing = np.linalg.norm(pixels - wanted, axis=1)
    assert np.median(facing) < 0.3
    assert np.abs(warped - truth.vertices).max() < 0.05  # nothing flies out of the head
    torso = still > 0.999
    assert np.abs(warped - truth.vertices)[torso].max() < 1e-3
