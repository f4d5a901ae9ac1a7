"""Colour what the photograph does not show: back, undersides, what limbs hide.

Idea: colours spread over the surface itself, not over the texture, so that no seam of the texture shows. The mesh is
divided once more to be fine enough; each node keeps the colour that was seen there, as far as it is trusted, and
takes the mean of its neighbours otherwise (a membrane, solved exactly). Spreading goes more easily around a limb than
along it, so that a hem stays a hem, and hardly from one domain to another, so that a face does not run into the hair
nor a sleeve into the hand. A side that is hidden takes after its mirror image where that is seen. On top, the
photograph's fine grain is laid through the body, too faint and too clipped to print a picture on a back.

Notation: f colour of each node, c trust, K the membrane's stiffness (linear finite elements):
min sum c (f - seen)^2 + f'Kf.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, Int32
from numpy import ndarray
from scipy.sparse import coo_matrix, csr_matrix, diags, triu
from scipy.sparse.linalg import splu

from omote.parts.body.anny import PARTS, BodyModel


@dataclass(frozen=True, kw_only=True, eq=False)
class Fine:
    """A mesh with a node in the middle of each edge as well."""

    edges: Int32[ndarray, "e 2"]
    """Node `v + i` lies in the middle of edge i."""
    face_edges: Int32[ndarray, "f 3"]
    """The edges opposite each corner."""
    faces: Int32[ndarray, "f4 3"]
    """The small triangles, by node."""

    @staticmethod
    def of(faces: Int32[ndarray, "f 3"], vertices: int) -> "Fine":
        """Divide each triangle into four."""
        sides = np.sort(np.concatenate([faces[:, [1, 2]], faces[:, [2, 0]], faces[:, [0, 1]]]), 1)
        edges, which = np.unique(sides, axis=0, return_inverse=True)
        face_edges = which.reshape(3, -1).T
        middle = np.arange(len(edges)) + vertices
        m = middle[face_edges]
        small = [np.stack([faces[:, i], m[:, (i + 2) % 3], m[:, (i + 1) % 3]], 1) for i in range(3)]
        return Fine(
            edges=edges.astype(np.int32),
            face_edges=face_edges.astype(np.int32),
            faces=np.concatenate([*small, m]).astype(np.int32),
        )

    def spread(self, values: Float[ndarray, "v c"]) -> Float[ndarray, "n c"]:
        """Return vertices' values on all nodes."""
        return np.concatenate([values, values[self.edges].mean(1)])

    def at(
        self,
        values: Float[ndarray, "n c"],
        faces: Int32[ndarray, "f 3"],
        which: Int32[ndarray, " t"],
        barycentrics: Float32[ndarray, "t 3"],
    ) -> Float[ndarray, "t c"]:
        """Interpolate nodes' values inside the small triangles.

        Args:
            values: on nodes.
            faces: of the undivided mesh.
            which: the face that each point is in.
            barycentrics: its weights there.
        """
        count = len(values) - len(self.edges)
        corner, middle = faces[which], self.face_edges[which] + count
        # In the corner triangle i (weight > 1/2) the corner has 2 b_i - 1, the middles of its sides 2 b_j and 2 b_k;
        # in the inner triangle the middle opposite corner i has 1 - 2 b_i.
        big = np.asarray(barycentrics > 0.5)
        outer = np.any(big, axis=1)
        at_corner = np.where(big, 2 * barycentrics - 1, 0)
        at_middle = np.where(outer[:, None], 0, 1 - 2 * barycentrics)
        for i in range(3):
            j, k = (i + 1) % 3, (i + 2) % 3
            rows = big[:, i]
            # The middle of side (i, j) lies opposite corner k.
            at_middle[rows, k], at_middle[rows, j] = 2 * barycentrics[rows, j], 2 * barycentrics[rows, k]
        result = np.zeros((len(which), values.shape[1]))
        for i in range(3):
            result += values[corner[:, i]] * at_corner[:, i, None] + values[middle[:, i]] * at_middle[:, i, None]
        return result


DOMAINS = ("skin", "scalp", "body", "hand", "foot", "eye", "inside")
MIRRORED = (
    "head", "neck", "left_arm", "right_arm", "left_hand", "right_hand", "left_leg", "right_leg", "left_foot",
    "right_foot", "left_eye", "right_eye",
)  # fmt: skip
LEAK = 0.01
"""Strength of links between domains that do not colour one another, relative to others."""
MIRROR_TRUST = 0.02
"""How strongly a hidden node takes after its seen mirror image."""
ALONG = 0.01
"""How easily colours spread along a limb, relative to around it."""
TRUST = 20.0
"""Strength with which a well seen node keeps its colour."""
MEDIAN_TRUST = 0.01
"""Strength with which hidden hair and skin take the median of what is seen of them."""
BLEND_RINGS = 5
"""Nodes to either side of a border of domains over which hidden colours blend."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Surface:
    """What completion has to know of the body model, found once for each model."""

    fine: Fine
    domain: Int[ndarray, " n"]
    """Index into `DOMAINS` of each node."""
    partner: Int[ndarray, " n"]
    """Mirror image of each node."""
    mirrors: Bool[ndarray, " n"]
    """Whether a hidden node may look like its mirror image: not on the trunk, where prints and bags are."""
    stiffness: csr_matrix
    """Of the membrane: [n n]."""
    border: Float[ndarray, " n"]
    """1 where domains meet, falling to 0 a few nodes away."""

    @staticmethod
    def of(
        model: BodyModel, rest: Float32[ndarray, "v 3"], axes: Float[ndarray, "v 3"], face: Bool[ndarray, " v"]
    ) -> "Surface":
        """Sort the model's surface.

        Args:
            model: the body.
            rest: its vertices at rest.
            axes: unit direction of the limb that each vertex belongs to, at rest.
            face: vertices of the face.
        """
        fine = Fine.of(model.faces, len(rest))
        vertex_domain = domains(model, rest, face)
        domain = np.concatenate([vertex_domain, vertex_domain[fine.edges[:, 0]]])
        nodes, axis = fine.spread(rest), fine.spread(axes)
        crossing = np.ptp(domain[fine.faces], axis=1) > 0
        stiffness = _stiffness(nodes, fine.faces, axis, np.where(crossing, LEAK, 1.0))
        reach = np.zeros(len(nodes))
        reach[fine.faces[crossing]] = 1
        for _ in range(BLEND_RINGS):
            reach[fine.faces] = np.maximum(reach[fine.faces], reach[fine.faces].max(1, keepdims=True) - 1 / BLEND_RINGS)
        return Surface(
            fine=fine,
            domain=domain,
            mirrors=np.isin(np.array(PARTS)[model.part], MIRRORED)[
                np.concatenate([np.arange(len(rest)), fine.edges[:, 0]])
            ],
            partner=_partners(fine, model.partner),
            stiffness=stiffness,
            border=reach,
        )

    def complete(self, seen: Float[ndarray, "n 3"], trust: Float[ndarray, " n"]) -> Float[ndarray, "n 3"]:
        """Return the colour of every node.

        Args:
            seen: colours 0..255.
            trust: how far each is to be believed, 0..1.
        """
        hold = TRUST * trust**2 + 1e-7
        mean = (trust[:, None] * seen).sum(0) / max(float(trust.sum()), 1e-9)
        aim = (TRUST * trust**2)[:, None] * seen + 1e-7 * mean
        self._add_mirror_image(hold, aim, seen, trust)
        for name in ("scalp", "skin"):
            own = self.domain == DOMAINS.index(name)
            known = own & (trust > 0.8)
            if known.sum() > 20:
                # Their rims catch the light or the hair's shadow; the hidden side is not all rim.
                hold[own] += MEDIAN_TRUST * (1 - trust[own])
                aim[own] += MEDIAN_TRUST * (1 - trust[own])[:, None] * np.median(seen[known], axis=0)
        colours = splu((diags(hold) + self.stiffness).tocsc()).solve(aim)
        return self._blend_borders(np.clip(colours, 0, 255), trust)

    def _add_mirror_image(
        self,
        hold: Float[ndarray, " n"],
        aim: Float[ndarray, "n 3"],
        seen: Float[ndarray, "n 3"],
        trust: Float[ndarray, " n"],
    ) -> None:
        """Where only the mirror image is seen, take over its differences from node to node (Poisson); in place."""
        twin = self.mirrored(trust)
        upper = triu(self.stiffness, 1).tocoo()
        i, j = upper.row, upper.col
        both = -1.0 * np.asarray(upper.data) * np.minimum(twin[i], twin[j])
        step = both[:, None] * (seen[self.partner[i]] - seen[self.partner[j]])
        np.add.at(aim, i, step)
        np.add.at(aim, j, -step)
        hold += MIRROR_TRUST * twin  # a whole hidden half also takes the other's level
        aim += (MIRROR_TRUST * twin)[:, None] * seen[self.partner]

    def _blend_borders(self, colours: Float[ndarray, "n 3"], trust: Float[ndarray, " n"]) -> Float[ndarray, "n 3"]:
        """Smooth what is not seen where two domains meet, so that the mesh's zigzag does not show."""
        f = self.fine.faces
        links = coo_matrix((np.ones(3 * len(f)), (f.ravel(), f[:, [1, 2, 0]].ravel())), self.stiffness.shape)
        links = (links + links.T).tocsr()
        links = diags(1 / np.maximum(np.asarray(links.sum(1)).ravel(), 1)) @ links
        give = ((1 - trust) * self.border)[:, None]
        for _ in range(3 * BLEND_RINGS):
            colours = colours + give * (links @ colours - colours)
        return colours

    def mirrored(self, trust: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
        """Return how far each hidden node may take after its mirror image."""
        return self.mirrors * np.clip(2 * (trust[self.partner] - trust) - 0.6, 0, 1)


def domains(model: BodyModel, rest: Float32[ndarray, "v 3"], face: Bool[ndarray, " v"]) -> Int[ndarray, " v"]:
    """Return which domain each vertex belongs to."""
    part = np.array(PARTS)[model.part]
    result = np.full(len(part), DOMAINS.index("body"))
    head = part == "head"
    result[head | (part == "neck")] = DOMAINS.index("skin")
    for suffix in ("hand", "foot", "eye"):
        result[np.char.endswith(part, suffix)] = DOMAINS.index(suffix)
    result[np.isin(part, ["left_socket", "right_socket", "mouth", "tongue"])] = DOMAINS.index("inside")
    result[head & ~face & scalp(rest, head)] = DOMAINS.index("scalp")
    return result


def scalp(rest: Float32[ndarray, "v 3"], head: Bool[ndarray, " v"]) -> Bool[ndarray, " v"]:
    """Return where hair grows: above the forehead, and behind the ears down to the nape."""
    low, high = rest[head].min(0), rest[head].max(0)
    up, front = (rest[:, 1] - low[1]) / (high[1] - low[1]), (rest[:, 2] - low[2]) / (high[2] - low[2])
    side = np.abs(rest[:, 0]) / high[0]
    ear = (side > 0.8) & (up > 0.25) & (up < 0.65) & (front > 0.3)
    return ((up > 0.78) | ((front < 0.45) & (up > 0.2)) | ((up > 0.6) & (front < 0.62))) & ~ear


def _stiffness(
    nodes: Float[ndarray, "n 3"],
    faces: Int32[ndarray, "f 3"],
    axis: Float[ndarray, "n 3"],
    weight: Float[ndarray, " f"],
) -> csr_matrix:
    """Return K_ij = integral of grad phi_i . D grad phi_j, D = 1 - (1 - ALONG) a a' with a the limb's direction."""
    corner = nodes[faces]
    opposite = corner[:, [2, 0, 1]] - corner[:, [1, 2, 0]]
    normal = np.cross(opposite[:, 0], opposite[:, 1])
    double = np.maximum(np.linalg.norm(normal, axis=1), 1e-9)
    gradient = np.cross(normal[:, None] / double[:, None, None], opposite) / double[:, None, None]
    along = axis[faces].mean(1)
    slope = np.einsum("fik,fk->fi", gradient, along)
    inner = gradient @ gradient.transpose(0, 2, 1) - (1 - ALONG) * slope[:, :, None] * slope[:, None]
    inner *= (0.5 * double * weight)[:, None, None]
    i, j = np.repeat(faces, 3, 1).ravel(), np.tile(faces, (1, 3)).ravel()
    return csr_matrix((inner.ravel(), (i, j)), (len(nodes), len(nodes)))


def _partners(fine: Fine, partner: Int32[ndarray, " v"]) -> Int[ndarray, " n"]:
    """Extend the vertices' mirror images to the edges' middles."""
    mirrored = np.sort(partner[fine.edges], 1).astype(np.int64)
    count = len(partner)
    code = fine.edges[:, 0].astype(np.int64) * count + fine.edges[:, 1]
    wanted = mirrored[:, 0] * count + mirrored[:, 1]
    place = np.clip(np.searchsorted(code, wanted), 0, len(code) - 1)
    own = np.arange(len(code))
    return np.concatenate([partner, count + np.where(code[place] == wanted, place, own)]).astype(np.int64)
