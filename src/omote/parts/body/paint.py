"""Paint a body's texture from one photograph of it: what is seen, sharp; what is hidden, plausible."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, Int32, UInt8
from numpy import ndarray
from scipy import ndimage
from scipy.spatial import KDTree

from omote.parts.body.anny import BodyModel
from omote.parts.body.complete import DOMAINS, Surface
from omote.parts.body.texture import Atlas, TextureConfig, View, sample
from omote.parts.space.camera import Camera
from omote.parts.space.mesh import vertex_normals

GRAIN = 4.0
"""Grey levels of busyness up to which detail is laid through the body: cloth has less, a printed picture more."""
DETAIL = 20.0
"""Grey levels of detail that a mirror image may lend."""
HAND_ZONE = 0.03
"""Distance from a hand, as a share of the person's height, within which skin is the hand's."""
INSIDE = np.array([90.0, 40.0, 40.0])
"""Colour of the mouth's cavity."""
EYE = np.array([225.0, 220.0, 215.0])


@dataclass(frozen=True, kw_only=True, eq=False)
class Painter:
    """What painting needs of the body model, made once."""

    model: BodyModel
    surface: Surface
    atlas: Atlas
    config: TextureConfig
    face: Bool[ndarray, " n"]
    """Nodes of the face without eyes and mouth."""
    trunk: Bool[ndarray, " n"]
    """Nodes of trunk and legs."""
    side: Int[ndarray, " n"]
    """1 on the person's left, -1 on the right."""

    def paint(
        self,
        vertices: Float32[ndarray, "v 3"],
        foreground: UInt8[ndarray, "h w 3"],
        alpha: Float32[ndarray, "h w"],
        camera: Camera,
    ) -> UInt8[ndarray, "s s 4"]:
        """Return the texture of a body that stands as it was photographed.

        Args:
            vertices: posed, world metres.
            foreground: the person's colours.
            alpha: the matte.
            camera: as the photograph was taken.
        """
        faces, fine = self.model.faces, self.surface.fine
        normals = vertex_normals(vertices, faces)
        view = View.of(vertices, faces, foreground, alpha, camera, self.config.step)
        seen, trust = view.blurred(_footprint(vertices, fine.edges, camera)).look(
            fine.spread(vertices), _unit(fine.spread(normals)), self.config
        )
        pixels, _ = camera.project(fine.spread(vertices))
        veto = self._settle(seen, trust, np.nan_to_num(pixels), alpha)
        nodes = self.surface.complete(seen, trust)
        direct, sure = self._look(view, vertices, normals, faces)
        sure = sure * (1 - self._texels(veto[:, None])[:, 0])
        other, twin = self._look(view, vertices, normals, self.model.partner[faces])
        twin = twin * self._texels((self.surface.mirrors * (1 - veto[self.surface.partner]))[:, None])[:, 0]
        hidden = self._texels(nodes)
        # Beside another colour the nodes are mixtures, and what is left over is no detail: it is kept small.
        fine_detail = np.clip(other - self._texels(seen[self.surface.partner]), -DETAIL, DETAIL)
        points = self.atlas.of_vertices(vertices, faces)
        detail = twin[:, None] * fine_detail + (1 - twin[:, None]) * self._grain(view, alpha, points, sure)
        return self.atlas.picture(sure[:, None] * direct + (1 - sure[:, None]) * (hidden + detail))

    def _look(
        self,
        view: View,
        vertices: Float32[ndarray, "v 3"],
        normals: Float32[ndarray, "v 3"],
        faces: Int32[ndarray, "f 3"],
    ) -> tuple[Float32[ndarray, "t 3"], Float32[ndarray, " t"]]:
        """Return what the photograph shows of each texel's point, or with mirrored faces of its mirror image."""
        points = self.atlas.of_vertices(vertices, faces)
        return view.look(points, _unit(self.atlas.of_vertices(normals, faces)), self.config)

    def _texels(self, nodes: Float[ndarray, "n c"]) -> Float[ndarray, "t c"]:
        return self.surface.fine.at(nodes, self.model.faces, self.atlas.faces, self.atlas.barycentrics)

    def _settle(
        self,
        seen: Float32[ndarray, "n 3"],
        trust: Float32[ndarray, " n"],
        pixels: Float[ndarray, "n 2"],
        alpha: Float32[ndarray, "h w"],
    ) -> Float[ndarray, " n"]:
        """Decide, in place, what the photograph does not tell; return where it must not be believed, 0..1.

        The mouth's inside and closed eyes get plain colours. Hands that do not have the face's colour are in pockets,
        or their fingers are elsewhere: they get the face's. Skin on trunk and legs right beside a hand is the hand's.
        """
        veto = np.zeros(len(trust))
        domain = self.surface.domain
        skin = self._skin_colour(seen, trust)
        hand = domain == DOMAINS.index("hand")
        distance = _colour_distance(seen, skin)
        near, _ = KDTree(pixels[hand]).query(pixels, distance_upper_bound=HAND_ZONE * person_height(alpha))
        ghost = self.trunk & np.isfinite(near) & (distance < 0.2)
        unlike = (hand & (distance > 0.28)) | ghost
        veto[unlike] = 1
        trust[unlike] = 0
        for side in (-1, 1):
            own = hand & (self.side == side)
            if trust[own].sum() < 0.03 * own.sum():
                seen[own], trust[own], veto[own] = skin, 0.3, 1
        inside = domain == DOMAINS.index("inside")
        seen[inside], trust[inside] = INSIDE, 1
        eye = (domain == DOMAINS.index("eye")) & (trust < 0.3)
        seen[eye], trust[eye] = EYE, 0.3
        return veto

    def _skin_colour(self, seen: Float32[ndarray, "n 3"], trust: Float32[ndarray, " n"]) -> Float[ndarray, " 3"]:
        """Return the median colour of the cheeks, nose and forehead; a middling skin where no face is seen."""
        face = self.face & (trust > 0.5)
        return np.median(seen[face], axis=0) if face.sum() > 50 else np.array([190.0, 145.0, 120.0])

    def _grain(
        self, view: View, alpha: Float32[ndarray, "h w"], points: Float[ndarray, "t 3"], sure: Float[ndarray, " t"]
    ) -> Float[ndarray, "t 1"]:
        """Return detail for hidden texels: of clothes from the same place of the photograph, of hair from the hair."""
        pixels = np.nan_to_num(view.camera.project(points)[0])
        domain = self.surface.domain[self.model.faces[self.atlas.faces, 0]]
        person = (alpha > 0.9).astype(np.float32)
        height = person_height(alpha)
        grey = view.colours.mean(-1)
        detail = grey - _mean_near(grey, person, 0.006 * height)
        # Where much goes on there is a print, a seam or an edge: none of it belongs on the other side.
        busy = np.sqrt(_mean_near(detail**2, person, 0.012 * height))
        detail = detail * person / (1 + (busy / GRAIN) ** 4)
        body = domain == DOMAINS.index("body")
        result = np.zeros((len(points), 1))
        result[body] = sample(detail[..., None].astype(np.float32), pixels[body])
        scalp = domain == DOMAINS.index("scalp")
        result[scalp] = _hair(grey, pixels[scalp], sure[scalp], 0.012 * height)
        return result


def person_height(alpha: Float32[ndarray, "h w"]) -> float:
    """Return the matte's height in pixels, at least 1."""
    return max(float(np.ptp(np.flatnonzero((alpha > 0.5).any(1)))), 1.0)


def _mean_near(picture: Float[ndarray, "h w"], where: Float32[ndarray, "h w"], sigma: float) -> Float[ndarray, "h w"]:
    """Return the Gaussian mean of a picture over the pixels that count."""
    weight = np.maximum(ndimage.gaussian_filter(where, sigma), 1e-3)
    return ndimage.gaussian_filter(picture * where, sigma) / weight


def _hair(
    grey: Float32[ndarray, "h w"], pixels: Float[ndarray, "t 2"], sure: Float[ndarray, " t"], sigma: float
) -> Float32[ndarray, "t 1"]:
    """Return the grain of hair for every texel of the scalp: the seen hair's, folded down over the back of the head.

    At the crown the folded picture begins where the seen one ends, so that strands run on.
    """
    seen = np.zeros(grey.shape, np.float32)
    x, y = np.clip(pixels, 0, np.array(grey.shape[::-1]) - 1).astype(int).T
    seen[y[sure > 0.5], x[sure > 0.5]] = 1
    seen = ndimage.binary_opening(ndimage.binary_closing(seen, iterations=2), iterations=1).astype(np.float32)
    columns = np.flatnonzero(seen.any(0))
    if seen.sum() < 200 or len(columns) < 8:
        return np.zeros((len(pixels), 1), np.float32)
    detail = 0.6 * np.clip(grey - _mean_near(grey, seen, sigma), -DETAIL, DETAIL) * seen
    top = seen.argmax(0)[columns].astype(float)
    depth = np.maximum(ndimage.uniform_filter(seen.sum(0)[columns], 25), 6.0)
    begin = np.interp(pixels[:, 0], columns, ndimage.uniform_filter(top, 25))
    band = np.interp(pixels[:, 0], columns, depth) - 2
    fold = np.abs((pixels[:, 1] - begin + band) % (2 * band) - band)
    across = np.clip(pixels[:, 0], columns[0] + 1, columns[-1] - 1)
    return sample(detail[..., None].astype(np.float32), np.stack([across, begin + fold + 1], 1))


def _colour_distance(colours: Float[ndarray, "n 3"], other: Float[ndarray, " 3"]) -> Float[ndarray, " n"]:
    """Return how far colours are from another: hue weighs most, brightness may differ by the light."""

    def parts(c: Float[ndarray, "n 3"]) -> tuple[ndarray, ndarray]:
        total = c.sum(-1, keepdims=True) + 15.0
        return c / total, np.log(total[..., 0])

    (hue, bright), (hue2, bright2) = parts(colours), parts(other[None])
    return 2.5 * np.linalg.norm(hue - hue2, axis=1) + 0.25 * np.abs(bright - bright2)


def _footprint(vertices: Float32[ndarray, "v 3"], edges: ndarray, camera: Camera) -> float:
    """Return the pixels between neighbouring nodes."""
    length = float(np.median(np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1))) / 2
    _, depth = camera.project(vertices)
    return camera.focal[0] * length / float(np.median(depth))


def _unit(vectors: Float[ndarray, "n 3"]) -> Float[ndarray, "n 3"]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
