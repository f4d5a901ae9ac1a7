"""Paint a body's texture from one photograph of it: what is seen, sharp; what is hidden, plausible."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, Int32, UInt8
from numpy import ndarray
from scipy import ndimage

from omote.parts.body.anny import BodyModel
from omote.parts.body.complete import DOMAINS, Surface
from omote.parts.body.texture import Atlas, TextureConfig, View, sample
from omote.parts.space.camera import Camera
from omote.parts.space.mesh import vertex_normals

GRAIN = 4.0
"""Grey levels of busyness up to which detail is laid through the body: cloth has less, a printed picture more."""
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
        veto = self._settle(seen, trust)
        nodes = self.surface.complete(seen, trust)
        direct, sure = self._look(view, vertices, normals, faces)
        sure = sure * (1 - self._texels(veto[:, None])[:, 0])
        other, twin = self._look(view, vertices, normals, self.model.partner[faces])
        twin = twin * self._texels((self.surface.mirrors * (1 - veto[self.surface.partner]))[:, None])[:, 0]
        hidden = self._texels(nodes)
        detail = twin[:, None] * (other - self._texels(seen[self.surface.partner]))
        detail += (1 - twin[:, None]) * self._grain(view, alpha, self.atlas.of_vertices(vertices, faces))
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

    def _settle(self, seen: Float32[ndarray, "n 3"], trust: Float32[ndarray, " n"]) -> Float[ndarray, " n"]:
        """Decide, in place, what the photograph does not tell; return where it must not be believed, 0..1.

        The mouth's inside and closed eyes get plain colours. Hands that do not have the face's colour are in pockets,
        or their fingers are elsewhere: they get the face's.
        """
        veto = np.zeros(len(trust))
        domain = self.surface.domain
        skin = self._skin_colour(seen, trust)
        hand = domain == DOMAINS.index("hand")
        unlike = hand & (_colour_distance(seen, skin) > 0.28)
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
        self, view: View, alpha: Float32[ndarray, "h w"], points: Float[ndarray, "t 3"]
    ) -> Float[ndarray, "t 1"]:
        """Return faint detail from the same place of the photograph, for clothes and limbs but not for heads."""
        grey = view.colours.mean(-1)
        person = (alpha > 0.9).astype(np.float32)
        height = max(float(np.ptp(np.flatnonzero((alpha > 0.5).any(1)))), 1.0)

        def calm(picture: ndarray, sigma: float) -> ndarray:
            return ndimage.gaussian_filter(picture * person, sigma) / np.maximum(
                ndimage.gaussian_filter(person, sigma), 1e-3
            )

        detail = grey - calm(grey, 0.006 * height)
        # Where much goes on there is a print, a seam or an edge: none of it belongs on the other side.
        busy = np.sqrt(calm(detail**2, 0.012 * height))
        detail = detail * person / (1 + (busy / GRAIN) ** 4)
        pixels, _ = view.camera.project(points)
        body = (self.surface.domain == DOMAINS.index("body"))[self.model.faces[self.atlas.faces, 0]]
        return sample(detail[..., None].astype(np.float32), np.nan_to_num(pixels)) * body[:, None]


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
