"""Shoes as solids around the feet: an upper that follows the foot, and a sole that hangs from it to the ground.

The sole is the footprint of the upper carried straight down (the running minimum of `tailor.hung`), so that it fits any
foot; families differ in how high the upper reaches, how thick the sole is and what it is made of. Made on the dummy,
whose feet are flat, and carried to the pose by the feet's bones.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32
from numpy import ndarray
from scipy.ndimage import gaussian_filter

from omote.parts.data.cloth import Colour, line, linear, step
from omote.parts.data.noise import noise
from omote.parts.data.people.baking import bake, unrolled
from omote.parts.data.people.part import Part, plain
from omote.parts.data.people.tailor import Dummy, hung, united
from omote.parts.space.closest import Surface
from omote.parts.space.grid import Grid
from omote.parts.space.isosurface import relaxed, surface_nets

VOXEL = 0.005
"""Metres."""
TEXTURE = 384
"""Texels along each side of a shoe's texture."""


@dataclass(frozen=True, kw_only=True)
class Shoes:
    """A pair; lengths in metres."""

    family: str
    colour: Colour
    sole_colour: Colour = (0.90, 0.89, 0.86)
    top: float = 0.10
    """How far the upper reaches above the sole of the foot."""
    sole: float = 0.022
    heel: float = 0.0
    """How much thicker the sole is below the heel and the ball of the foot than below the arch between them."""
    snug: float = 0.006
    """Distance from the foot."""
    open_top: bool = False
    """Whether the instep is free."""
    laces: bool = True
    gloss: float = 0.3
    """0 cloth, 1 patent leather."""
    seed: int = 0

    @property
    def lift(self) -> float:
        """How far the foot stands above the ground."""
        return self.sole + self.heel

    def paint(self, known: Float[ndarray, "n 3"]) -> Float32[ndarray, "n 3"]:
        """Return the colour (linear) where (height over the ground, along 0 heel to 1 toe, across -1 to 1) is known."""
        height, along, across = known.T
        p = np.stack([across * 0.05, height, along * 0.28], 1)
        upper, sole = linear(self.colour), linear(self.sole_colour)
        is_sole = step(self.lift + 0.004 - height, 0, 0.002)[:, None]
        colour = upper * (1 + 0.06 * noise(p, 0.012, self.seed, 3))[:, None] * (1 - is_sole) + sole * is_sole
        colour = colour * (1 - 0.45 * line(height, self.lift + 0.0045, 0.0016))[:, None]
        above = height > self.lift + 0.012
        if self.laces:
            on_top = above & (np.abs(across) < 0.42) & (along > 0.36) & (along < 0.70)
            bars = step(np.abs((along / 0.058) % 1 - 0.5), 0.29, 0.08) * on_top
            tongue = 0.5 * line(np.abs(across), 0.46, 0.03) * (along > 0.33) * (along < 0.74) * above
            colour = colour * (1 - bars[:, None]) + sole * bars[:, None]
            colour = colour * (1 - tongue)[:, None]
        seams = line(along + 0.1 * across**2, 0.78, 0.006) + line(along + 1.2 * (height - 0.05), 0.30, 0.006)
        return np.clip(colour * (1 - 0.35 * np.clip(seams, 0, 1) * above)[:, None], 0.003, 0.92).astype(np.float32)


def cobble(dummy: Dummy, shoes: Shoes, side: str) -> tuple[Part, Float32[ndarray, "v j"]]:
    """Return one shoe on the dummy, and how much each bone moves each of its vertices.

    Args:
        dummy: the body; its feet are flat.
        shoes: the pair.
        side: `left` or `right`.
    """
    model = dummy.model
    sign = 1.0 if side == "left" else -1.0
    mine = dummy.patch("feet", "legs") & (dummy.vertices[:, 0] * sign > 0)
    mine &= dummy.vertices[:, 1] < dummy.heights["floor"] + shoes.top + 0.10
    faces = model.faces[mine[model.faces].all(1)]
    used, index = np.unique(faces, return_inverse=True)
    patch = Surface(dummy.vertices[used], index.reshape(-1, 3).astype(np.int32))
    floor = float(dummy.vertices[used, 1].min())
    low = dummy.vertices[used].min(0) - [0.03, shoes.lift + 0.012, 0.03]
    high = dummy.vertices[used].max(0) + 0.03
    high[1] = floor + shoes.top + 0.02
    axes = [np.arange(a, b, VOXEL, dtype=np.float32) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    field = _field(shoes, patch, dummy.surface, points, floor, (float(low[2]) + 0.03, float(high[2]) - 0.03))
    grid = Grid(origin=points[0, 0, 0], step=VOXEL, values=gaussian_filter(field, 0.7).astype(np.float32))
    vertices, faces = surface_nets(grid)
    vertices = relaxed(vertices, faces, grid, 3)
    return _finish(dummy, shoes, side, vertices, faces)


def _field(
    shoes: Shoes, patch: Surface, body: Surface, points: ndarray, floor: float, span: tuple[float, float]
) -> Float32[ndarray, "x y z"]:
    shape, flat = points.shape[:3], points.reshape(-1, 3)
    away = np.abs(patch.closest(flat).distance)
    inside = body.closest(flat, 0.08)
    away = np.where(inside.distance < 0, -away, away)
    toes = step((flat[:, 2] - span[0]) / (span[1] - span[0]), 0.72, 0.08).reshape(shape)
    even = gaussian_filter(away.reshape(shape), (2.2, 0, 0.8)) - 0.002
    away = (away.reshape(shape) * (1 - toes) + even * toes).ravel()  # a shoe has no toes
    y = flat[:, 1] - floor
    along = np.clip((flat[:, 2] - span[0]) / (span[1] - span[0]), 0, 1)
    top = shoes.top - (0.045 * step(along, 0.45, 0.5) if shoes.top < 0.12 else 0.0)
    if shoes.open_top:
        top = np.where((along > 0.24) & (along < 0.70), 0.010 + 1.2 * np.abs(along - 0.47) ** 2, top)
    top = np.where(along > 0.70, np.maximum(top, 0.06), top)
    upper = np.maximum(away - shoes.snug, y - top)
    foot = np.maximum(away, y - 0.05).reshape(shape)
    print_ = hung(foot, 0.0, VOXEL).ravel() - shoes.snug - 0.003
    arch = step(along, 0.31, 0.04) * (1 - step(along, 0.50, 0.16))
    under = shoes.lift - shoes.heel * arch
    sole = np.maximum.reduce([print_, y - 0.004, -under - y])
    return united(np.maximum(upper, -y - 0.004), sole, 0.004).reshape(shape)


def _finish(
    dummy: Dummy, shoes: Shoes, side: str, vertices: ndarray, faces: ndarray
) -> tuple[Part, Float32[ndarray, "v j"]]:
    centre = (vertices.max(0) + vertices.min(0)) / 2
    half = (vertices[:, 0].max() - vertices[:, 0].min()) / 2
    along = (vertices[:, 2] - vertices[:, 2].min()) / np.ptp(vertices[:, 2])
    heel, toe = vertices[[along.argmin(), along.argmax()]]
    across, up, _ = (vertices - heel - along[:, None] * (toe - heel)).T
    around = np.arctan2(across, up - 0.5 * shoes.lift * np.sin(np.pi * along))
    uvs, turned, source = unrolled(around, np.arccos(1 - 2 * along), faces)  # as a globe, with heel and toe its poles
    known = np.stack([vertices[:, 1] - vertices[:, 1].min(), along, (vertices[:, 0] - centre[0]) / half], 1)[source]
    model = dummy.model
    site = dummy.site(vertices)
    dense = model.skin_weights.dense(len(model.bone_names))
    weights = np.einsum("nkj,nk->nj", dense[dummy.faces[site.faces]], site.weights)[source]
    part = Part(
        name=f"{side} shoe",
        label="shoe",
        vertices=vertices[source].astype(np.float32),
        faces=turned,
        uvs=uvs,
        albedo=bake(uvs, turned, known, shoes.paint, TEXTURE),
        gloss=plain(int(90 + 60 * shoes.gloss)),
        roughness=plain(int(200 - 110 * shoes.gloss)),
    )
    return part, weights.astype(np.float32)


Draw = np.random.Generator
LEATHERS: tuple[Colour, ...] = (
    (0.10, 0.09, 0.09), (0.30, 0.19, 0.12), (0.45, 0.29, 0.16), (0.85, 0.84, 0.82), (0.22, 0.24, 0.30),
    (0.55, 0.14, 0.14), (0.62, 0.56, 0.46),
)  # fmt: skip


def _pair(rng: Draw, family: str, **fixed: float | bool | Colour) -> Shoes:
    colour = LEATHERS[int(rng.integers(len(LEATHERS)))]
    return Shoes(family=family, colour=colour, seed=int(rng.integers(1 << 20)), **fixed)  # type: ignore[arg-type]


FOOTWEAR: Mapping[str, Callable[[Draw], Shoes]] = {
    "sneakers": lambda rng: _pair(
        rng, "sneakers", top=float(rng.uniform(0.085, 0.11)), sole=0.026, gloss=0.1, snug=0.008
    ),
    "high tops": lambda rng: _pair(
        rng, "high tops", top=float(rng.uniform(0.13, 0.16)), sole=0.024, gloss=0.1, snug=0.008
    ),
    "oxfords": lambda rng: _pair(
        rng, "oxfords", top=0.09, sole=0.006, heel=0.010, gloss=0.8, sole_colour=(0.12, 0.10, 0.09)
    ),
    "boots": lambda rng: _pair(
        rng,
        "boots",
        top=float(rng.uniform(0.18, 0.32)),
        sole=0.016,
        heel=0.010,
        gloss=0.5,
        snug=0.009,
        sole_colour=(0.14, 0.12, 0.11),
        laces=bool(rng.random() < 0.5),
    ),
    "flats": lambda rng: _pair(
        rng,
        "flats",
        top=0.065,
        sole=0.008,
        open_top=True,
        laces=False,
        gloss=0.6,
        snug=0.004,
        sole_colour=(0.20, 0.16, 0.13),
    ),
}
"""Draws a pair, by family."""
