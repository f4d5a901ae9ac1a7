"""Made-up surroundings: skies, studios, rooms, streets at night; as many as there are seeds.

Each kind is a small program on directions: what is seen that way, its radiance, and the sun or the brightest lamp apart
as a light with shadows. They are made to light people as plausibly as many photographs do, and as differently; they are
no simulation of an atmosphere. The level is set by one person's exposure: the mean light that falls from the front
and from the sides on upright surfaces is brought to about two thirds of white.

Notation: d unit directions [h w 3], y up, the camera usually looks along -z and the person along +z.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Float64
from numpy import ndarray

from omote.core.errors import UsageError
from omote.parts.render.environment import Environment, panorama_directions, project
from omote.parts.render.lighting import Distant
from omote.parts.space.harmonics import shading

SIZE = (64, 128)
EXPOSURE = (0.42, 0.85)
"""What a white upright surface sends out, between."""
Directions = Float64[ndarray, "h w 3"]
Picture = Float64[ndarray, "h w 3"]
Scene = tuple[Picture, list[Distant]]


def place(seed: int, kind: str | None = None, size: tuple[int, int] = SIZE) -> Environment:
    """Return the surroundings of a seed, the same each time.

    Args:
        seed: any number from 0 on.
        kind: one of `KINDS`; where absent the seed goes through them in turn.
        size: (height, width) of the panorama.

    Raises:
        UsageError: no such kind, or a negative seed.
    """
    if seed < 0 or (kind is not None and kind not in KINDS):
        raise UsageError(f"surroundings are {', '.join(KINDS)}, with a seed from 0 on; not {kind!r}, {seed}")
    kind = kind or tuple(KINDS)[seed % len(KINDS)]
    rng = np.random.default_rng([seed, *kind.encode()])
    directions = panorama_directions(size)
    picture, suns = KINDS[kind](directions, rng)
    return _exposed(f"{kind}-{seed}", np.maximum(picture, 0), suns, rng)


def _exposed(name: str, picture: Picture, suns: list[Distant], rng: np.random.Generator) -> Environment:
    """Return surroundings at a level that suits a person's picture."""
    around = np.array([[0, 0, 1], [0.8, 0.3, 0.5], [-0.8, 0.3, 0.5], [0, 0.6, 0.8]])
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    level = np.maximum(shading(project(picture), around), 0).mean()
    for sun in suns:
        towards = np.array(sun.towards) / np.linalg.norm(sun.towards)
        level += np.maximum(around @ towards, 0).mean() * np.mean(sun.colour)
    gain = rng.uniform(*EXPOSURE) / max(float(level), 1e-6)
    lights = tuple(
        Distant(towards=sun.towards, radius=sun.radius, colour=_colour(gain * np.array(sun.colour))) for sun in suns
    )
    shown = picture * gain
    harmonics = project(shown)
    for sun in lights:
        spot = np.array(sun.towards) / np.linalg.norm(sun.towards)
        size = max(sun.radius, 0.03)
        off = np.arccos(np.clip(panorama_directions(shown.shape[:2]) @ spot, -1, 1))
        # Seen, it is no brighter than a lens shows it, and somewhat larger.
        shown = shown + 12 * np.array(sun.colour) * np.clip(1.5 - off / size, 0, 1)[..., None]
    return Environment(name=name, panorama=shown.astype(np.float32), harmonics=harmonics, suns=lights)


def kelvin(temperature: float) -> Float64[ndarray, " 3"]:
    """Return the linear sRGB of a black body, brightness 1 (Planck's law at three wavelengths, white at 6500 K)."""
    wave = np.array([0.605, 0.540, 0.455])

    def planck(t: float) -> ndarray:
        return 1 / (wave**5 * np.expm1(14388 / (wave * t)))

    colour = planck(temperature) / planck(6500.0)
    return colour / (colour @ np.array([0.2126, 0.7152, 0.0722]))


def _colour(values: ndarray) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


def _aim(rng: np.random.Generator, low: float, high: float) -> tuple[float, float, float]:
    """Return a direction at a height (radians above the horizon) between two, from any side."""
    height, side = rng.uniform(low, high), rng.uniform(-np.pi, np.pi)
    return float(np.cos(height) * np.sin(side)), float(np.sin(height)), float(np.cos(height) * np.cos(side))


def noise(directions: Directions, rng: np.random.Generator, scale: float, octaves: int = 4) -> Float64[ndarray, "h w"]:
    """Return a cloudy pattern of mean 0 and about unit spread: sums of waves, each octave twice as fine."""
    total = np.zeros(directions.shape[:2])
    for octave in range(octaves):
        for _ in range(7):
            wave = rng.normal(size=3) * scale * 2**octave
            total += np.sin(directions @ wave + rng.uniform(0, 2 * np.pi)) * 0.6**octave
    return total / 2.6


def _step(values: ndarray, width: float) -> ndarray:
    """Return 0 below zero, 1 above `width`, smooth between."""
    t = np.clip(values / width, 0, 1)
    return t * t * (3 - 2 * t)


def _skyline(d: Directions, rng: np.random.Generator, tall: float) -> Float64[ndarray, "h w"]:
    """Return by how much (sine of the height) each direction is above roofs and trees; negative below them."""
    side = np.arctan2(d[..., 0], -d[..., 2])
    height = np.zeros(side.shape)
    for _ in range(int(rng.integers(9, 22))):
        middle, half, top = rng.uniform(-np.pi, np.pi), rng.uniform(0.06, 0.35), tall * rng.uniform(0.2, 1)
        away = np.abs((side - middle + np.pi) % (2 * np.pi) - np.pi)
        height = np.maximum(height, np.where(away < half, top, 0))
    return d[..., 1] - height - 0.01 * np.abs(noise(d, rng, 9.0))


def _ground(d: Directions, rng: np.random.Generator, colour: ndarray) -> Picture:
    """Return a floor of a colour, uneven, darker below."""
    far = 1 / np.maximum(-d[..., 1], 0.05)
    grain = 1 + 0.12 * np.sin(far * rng.uniform(1, 3) + noise(d, rng, 6.0))
    return colour * (grain * (0.75 + 0.25 * np.exp(2 * d[..., 1])))[..., None]


def clear(d: Directions, rng: np.random.Generator) -> Scene:
    """Return a blue sky with a sun, some clouds, something along the horizon, and ground."""
    towards = _aim(rng, 0.25, 1.2)
    sun = np.array(towards)
    near = d @ sun
    warm = np.exp(-2.2 * sun[1])
    zenith, horizon = np.array([0.16, 0.34, 0.80]), np.array([0.62, 0.74, 0.92])
    share = np.exp(-3.2 * np.maximum(d[..., 1], 0))[..., None]
    sky = zenith * (1 - share) + horizon * share
    sky = sky * (0.75 + 0.5 * _step(near + 0.4, 1.4))[..., None]
    halo = 0.7 * np.exp(-(1 - near) * 14) + 2.2 * np.exp(-(1 - near) * 120)
    sky = sky + halo[..., None] * (kelvin(5600 - 2000 * warm) * 0.9)
    clouds = _step(noise(d / (np.abs(d[..., 1:2]) + 0.35), rng, rng.uniform(0.8, 2.0)) - rng.uniform(-0.2, 1.4), 1.0)
    sky = (
        sky + (np.array([1.0, 0.98, 0.96]) * (0.9 + 0.6 * _step(near, 1.0))[..., None] - sky) * clouds[..., None] * 0.85
    )
    strength = rng.uniform(2.2, 4.2) * (1 - 0.4 * warm)
    sunlight = kelvin(5800 - 2300 * warm) * strength
    lit = np.pi * 0.3 * (0.5 + strength * sun[1] / np.pi)
    picture = _landscape(d, sky, rng, lit, sunlight)
    return picture, [Distant(towards=towards, radius=0.008, colour=_colour(sunlight))]


def _landscape(d: Directions, sky: Picture, rng: np.random.Generator, lit: float, sunlight: ndarray) -> Picture:
    """Return a sky with something along the horizon and the ground below it."""
    greens = np.array(
        [[0.30, 0.28, 0.24], [0.20, 0.27, 0.11], [0.42, 0.38, 0.31], [0.24, 0.25, 0.27], [0.62, 0.55, 0.42]]
    )
    colour = greens[rng.integers(len(greens))] * rng.uniform(0.7, 1.2)
    ground = _ground(d, rng, colour * lit * sunlight / max(sunlight.mean(), 1e-6))
    above = _skyline(d, rng, rng.uniform(0.03, 0.5))
    bulk = colour[::-1] * 0.4 + 0.12
    things = bulk * lit * 0.6 * (1 + 0.25 * noise(d, rng, 8.0))[..., None]
    picture = np.where((above > 0)[..., None], sky, np.maximum(things, 0.02))
    return np.where((d[..., 1] < -0.02)[..., None], ground, picture)


def overcast(d: Directions, rng: np.random.Generator) -> Scene:
    """Return a grey sky, three times as bright above as at the horizon (Moon and Spencer, 1942), and ground."""
    tint = kelvin(rng.uniform(5800, 8200))
    level = (1 + 2 * np.maximum(d[..., 1], 0)) / 3
    sky = tint * (level * (1 + 0.16 * noise(d / (np.abs(d[..., 1:2]) + 0.4), rng, rng.uniform(0.8, 1.8))))[..., None]
    return _landscape(d, sky * 1.3, rng, 0.9, tint), []


def evening(d: Directions, rng: np.random.Generator) -> Scene:
    """Return a low sun, warm along the horizon, blue above."""
    towards = _aim(rng, 0.04, 0.25)
    near = d @ np.array(towards)
    up = np.maximum(d[..., 1], 0)
    warm, pink, blue = np.array([1.5, 0.72, 0.28]), np.array([0.75, 0.48, 0.46]), np.array([0.13, 0.20, 0.40])
    towards_sun = _step(near + 0.6, 1.5)[..., None]
    horizon = warm * towards_sun + pink * (1 - towards_sun) * rng.uniform(0.4, 0.9)
    share = np.exp(-rng.uniform(3, 6) * up)[..., None]
    sky = horizon * share + blue * (1 - share)
    streaks = _step(noise(d * np.array([1.0, 6.0, 1.0]), rng, 1.1) - rng.uniform(0.2, 1.2), 0.8)[..., None]
    sky = sky + (horizon * 1.2 - sky) * streaks * 0.6 + (1.6 * np.exp(-(1 - near) * 25))[..., None] * warm
    sunlight = kelvin(rng.uniform(2300, 3600)) * rng.uniform(0.5, 1.6)
    return _landscape(d, sky, rng, 0.35, sunlight), [Distant(towards=towards, radius=0.012, colour=_colour(sunlight))]


def studio(d: Directions, rng: np.random.Generator) -> Scene:
    """Return a dark or pale studio with two to five soft boxes."""
    wall = rng.choice([0.015, 0.06, 0.2, 0.5]) * rng.uniform(0.7, 1.3)
    picture = np.full(d.shape, wall) * (1 + 0.3 * d[..., 1:2]) * kelvin(rng.uniform(5000, 7000))
    picture = np.where((d[..., 1] < -0.25)[..., None], picture * rng.uniform(0.5, 1.6), picture)
    for number in range(int(rng.integers(2, 6))):
        middle = np.array(_aim(rng, 0.1, 1.1) if number else (rng.uniform(-0.9, 0.9), rng.uniform(0.2, 0.8), 1.0))
        middle /= np.linalg.norm(middle)
        across = np.cross([0.0, 1.0, 0.0], middle)
        across /= np.linalg.norm(across)
        above, ahead = np.cross(middle, across), d @ middle
        roll = rng.uniform(-0.4, 0.4)
        x, y = (d @ v / np.maximum(ahead, 1e-3) for v in (across, above))
        x, y = np.cos(roll) * x + np.sin(roll) * y, np.cos(roll) * y - np.sin(roll) * x
        half = rng.uniform(0.15, 0.7, 2) * (1 if number else 0.8)
        box = _step(half[0] - np.abs(x), 0.06) * _step(half[1] - np.abs(y), 0.06) * (ahead > 0.05)
        power = rng.uniform(0.8, 2.5) / (half[0] * half[1] + 0.05) * (1.0 if number else 1.6)
        gel = rng.uniform(0.15, 1.0, 3) if rng.random() < 0.12 else kelvin(rng.uniform(4300, 7500))
        picture = picture + (box * power)[..., None] * gel
    return picture, []


def _box_room(d: Directions, rng: np.random.Generator) -> tuple[Picture, ndarray, ndarray, ndarray]:
    """Return where the directions meet the walls of a room: points, which wall, least and greatest corner."""
    low = -np.array([rng.uniform(1.5, 4.5), rng.uniform(1.2, 1.6), rng.uniform(1.5, 5.0)])
    high = np.array([rng.uniform(1.5, 4.5), rng.uniform(1.0, 2.0), rng.uniform(1.5, 5.0)])
    safe = np.where(np.abs(d) < 1e-6, 1e-6, d)
    away = np.where(safe > 0, high, low) / safe
    axis = away.argmin(-1)
    points = d * away.min(-1)[..., None]
    wall = 2 * axis + (np.take_along_axis(d, axis[..., None], -1)[..., 0] > 0)
    return points, wall, low, high


def room(d: Directions, rng: np.random.Generator) -> Scene:
    """Return a room by day: walls, a floor, furniture, windows that show the sky, and perhaps a lamp."""
    points, wall, low, high = _box_room(d, rng)
    paints = np.array([[0.75, 0.72, 0.66], [0.62, 0.66, 0.68], [0.70, 0.60, 0.48], [0.45, 0.50, 0.42], [0.8, 0.8, 0.8]])
    paint = paints[rng.integers(len(paints))] * rng.uniform(0.6, 1.0)
    floor = np.array([[0.34, 0.22, 0.13], [0.4, 0.38, 0.36], [0.18, 0.14, 0.12], [0.5, 0.42, 0.3]])[rng.integers(4)]
    albedo = np.where((wall == 2)[..., None], floor, np.where((wall == 3)[..., None], 0.85, paint))
    albedo = albedo * (1 + 0.03 * noise(points, rng, 1.0))[..., None]
    daylight = kelvin(rng.uniform(5600, 8500)) * rng.uniform(2.0, 6.0)
    light = np.zeros(d.shape)
    openings = np.zeros(d.shape[:2])
    for side in rng.choice([0, 1, 4, 5], size=int(rng.integers(1, 3)), replace=False):
        along = 2 if side < 2 else 0
        for _ in range(int(rng.integers(1, 4))):
            middle = rng.uniform(low[along] * 0.8, high[along] * 0.8)
            half, top = rng.uniform(0.35, 1.1), high[1] - rng.uniform(0.15, 0.4)
            sill = rng.uniform(low[1] + 0.05, -0.2)
            inside = (np.abs(points[..., along] - middle) < half) & (points[..., 1] > sill) & (points[..., 1] < top)
            bars = (np.abs(points[..., along] - middle) < 0.03) | (np.abs(points[..., 1] - (sill + top) / 2) < 0.03)
            openings = np.maximum(openings, inside & (wall == side) & ~bars)
            at = np.zeros(3)
            at[along], at[1], at[side // 2] = middle, (sill + top) / 2, (high if side % 2 else low)[side // 2]
            # What a window sends to a wall falls with the square of the distance.
            fall = half * (top - sill) / (((points - at) ** 2).sum(-1) + 0.6)
            light = light + fall[..., None] * daylight * 0.35
    light = light + 0.12 * daylight * (1 + 0.06 * noise(d, rng, 1.0))[..., None]
    boxes = _furniture(d, points, wall, low, rng)
    picture = np.where((boxes[..., 3] > 0)[..., None], boxes[..., :3], albedo) * light
    outside = (
        daylight * (0.5 + 0.5 * _step(d[..., 1] + 0.1, 0.4))[..., None] * (1 + 0.3 * noise(d, rng, 3.0))[..., None]
    )
    picture = np.where((openings > 0)[..., None], outside, picture)
    if rng.random() < 0.5:
        picture = picture + _glow(d, _aim(rng, 0.1, 1.2), rng.uniform(0.08, 0.2)) * kelvin(rng.uniform(2500, 3500)) * 9
    return picture, []


def _furniture(d: Directions, points: Picture, wall: ndarray, low: ndarray, rng: np.random.Generator) -> ndarray:
    """Return colours of dark blocks and framed pictures before the walls; the fourth number says where they are."""
    out = np.zeros((*d.shape[:2], 4))
    side = np.arctan2(d[..., 0], -d[..., 2])
    for _ in range(int(rng.integers(3, 9))):
        away = np.abs((side - rng.uniform(-np.pi, np.pi) + np.pi) % (2 * np.pi) - np.pi)
        stands = rng.random() < 0.6
        bottom = low[1] if stands else rng.uniform(-0.2, 0.5)
        top = bottom + rng.uniform(0.3, 1.8 if stands else 0.7)
        there = (away < rng.uniform(0.08, 0.4)) & (points[..., 1] > bottom - 0.01) & (points[..., 1] < top)
        there &= (wall != 2) & (wall != 3)
        out[there] = [*(rng.uniform(0.04, 0.7) * rng.uniform(0.5, 1, 3)), 1]
    return out


def _glow(d: Directions, towards: tuple[float, float, float], size: float) -> ndarray:
    """Return a lamp of an angular radius with a faint halo."""
    off = np.arccos(np.clip(d @ np.array(towards), -1, 1))
    return (_step(1.3 - off / size, 0.4) + 0.06 * np.exp(-off / (3 * size)))[..., None]


def night(d: Directions, rng: np.random.Generator) -> Scene:
    """Return a street at night: lamps, shop windows and lit rooms in dark houses, a floor that mirrors them."""
    mirrored = np.concatenate([d[..., :1], np.abs(d[..., 1:2]), d[..., 2:]], -1)
    sky = np.array([0.010, 0.012, 0.022]) + np.array([0.05, 0.035, 0.02]) * np.exp(-4 * mirrored[..., 1:2])
    roofs = _skyline(mirrored, rng, rng.uniform(0.3, 0.85)) < 0
    picture = np.where(roofs[..., None], np.array([0.02, 0.018, 0.017]), sky)
    side = np.arctan2(mirrored[..., 0], -mirrored[..., 2])
    column, row = np.floor(side * 14), np.floor(np.arcsin(np.clip(mirrored[..., 1], 0, 1)) * 16)
    key = np.sin(column * 12.9898 + row * 78.233 + rng.uniform(0, 9)) * 43758.5453
    lit = roofs & (key - np.floor(key) > rng.uniform(0.6, 0.85)) & (row > 0)
    picture = np.where(lit[..., None], kelvin(rng.uniform(2700, 4500)) * rng.uniform(0.15, 0.5), picture)
    for _ in range(int(rng.integers(1, 4))):  # shop windows, some of them in colours
        away = np.abs((side - rng.uniform(-np.pi, np.pi) + np.pi) % (2 * np.pi) - np.pi)
        shop = (away < rng.uniform(0.15, 0.5)) & (mirrored[..., 1] < rng.uniform(0.1, 0.3))
        tint = rng.uniform(0.1, 1.0, 3) if rng.random() < 0.5 else kelvin(rng.uniform(3000, 6000))
        picture = np.where(shop[..., None], tint * rng.uniform(0.5, 2.0), picture)
    for _ in range(int(rng.integers(2, 7))):
        lamp = kelvin(rng.choice([2000.0, 2300.0, 3000.0, 4200.0])) * rng.uniform(3, 14)
        picture = picture + _glow(mirrored, _aim(rng, 0.1, 0.8), rng.uniform(0.03, 0.09)) * lamp
    towards = _aim(rng, 0.4, 1.1)
    key_light = kelvin(rng.choice([2100.0, 3000.0, 4000.0])) * rng.uniform(0.15, 0.6)
    wet = rng.uniform(0.06, 0.35)
    floor = picture * wet + 0.02 * (1 + 0.2 * noise(d, rng, 5.0))[..., None] * kelvin(3000)
    picture = np.where((d[..., 1] < 0)[..., None], floor, picture)
    return picture, [Distant(towards=towards, radius=0.05, colour=_colour(key_light))]


KINDS: dict[str, Callable[[Float[ndarray, "h w 3"], np.random.Generator], Scene]] = {
    "clear": clear,
    "studio": studio,
    "room": room,
    "overcast": overcast,
    "night": night,
    "evening": evening,
}
"""By name; a family of them can be held out."""
