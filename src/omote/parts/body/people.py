"""Find people in pictures and 33 points on each, flat and in space, with a mask.

Source: Bazarevsky et al., BlazePose: On-device Real-time Body Pose Tracking, 2020, and Grishchenko et al.,
BlazePose GHUM Holistic, 2022; networks `pose-detector` and `pose-landmarks` (MediaPipe's full model). The
detector finds the head and tells where the hips are and how far the person reaches; that circle, turned so
that the person stands, is the window of the second network, which refines its own window on a second look.

Notation: regions as in `omote.parts.face.regions`. World: metres, origin between the hips, +x where the
picture's right is, +y up, +z towards the camera (a person who faces the camera has their left at +x).
"""

from dataclasses import dataclass, fields, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from omote.core.errors import ShapeError
from omote.parts.face.anchors import POSE
from omote.parts.face.detect import detect
from omote.parts.face.regions import check_images, check_regions, crop, from_picture, to_picture
from omote.parts.nets.flat_graph import open_graph

POINTS = (
    *(
        "nose",
        "left eye inner",
        "left eye",
        "left eye outer",
        "right eye inner",
        "right eye",
        "right eye outer",
    ),
    *("left ear", "right ear", "mouth left", "mouth right"),
    *(f"{side} {part}" for part in ("shoulder", "elbow", "wrist") for side in ("left", "right")),
    *(f"{side} {part}" for part in ("pinky", "index", "thumb") for side in ("left", "right")),
    *(f"{side} {part}" for part in ("hip", "knee", "ankle", "heel", "foot index") for side in ("left", "right")),
)
"""Names of the 33 points; left and right are the person's own."""

BONES = (
    *((11, 12), (11, 13), (13, 15), (12, 14), (14, 16), (11, 23), (12, 24), (23, 24)),
    *((23, 25), (25, 27), (24, 26), (26, 28), (27, 29), (29, 31), (28, 30), (30, 32)),
    *((15, 17), (15, 19), (15, 21), (16, 18), (16, 20), (16, 22), (9, 10)),
    *((0, 1), (1, 2), (2, 3), (3, 7), (0, 4), (4, 5), (5, 6), (6, 8)),
)
"""Pairs of points to join in a drawing."""

SIZE, HEATMAP = 256, 64
"""Sides of what the landmark network sees, and of its heat maps."""
PADDING = 1.25
"""A window's side over the diameter of a person's circle."""
STEADY = 0.02
"""How far the points may move between two looks at somebody real, on average, in sides of the window.

Measured on 70 photographs of things and places: real people 0.002-0.02, scissors and forks mostly above."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Person:
    """One person found, in pixels of the whole picture."""

    head: Float[Tensor, " 4"]
    """x0 y0 x1 y1 of the head."""
    score: float
    """Probability, by the network."""
    keypoints: Float[Tensor, "4 2"]
    """Middle of the hips, a point of the circle around the body; the same of shoulders and upper body."""
    region: Float[Tensor, " 5"]
    """The window for `PoseLandmarks`: picture, x, y, side, angle; centred between the hips."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Poses:
    """Points of n people of one batch of pictures."""

    points: Float[Tensor, "n 33 3"]
    """x, y in pixels of the whole picture; z on the same scale, away from the camera, 0 at the hips."""
    visibility: Float[Tensor, "n 33"]
    """Probability that the point is in the picture and not hidden."""
    presence: Float[Tensor, "n 33"]
    """Probability that the point lies inside the picture."""
    world: Float[Tensor, "n 33 3"]
    """Metres, as the module's notation says."""
    score: Float[Tensor, " n"]
    """Probability that a person is in the window."""
    regions: Float[Tensor, "n 5"]
    """The windows that were looked at last."""
    masks: Float[Tensor, "n 1 256 256"]
    """Probability that a pixel of the window is the person's."""

    def __len__(self) -> int:
        return len(self.points)

    def pick(self, which: Bool[Tensor, " n"] | list[int]) -> "Poses":
        """Return some of the people."""
        return Poses(**{f.name: getattr(self, f.name)[which] for f in fields(self)})

    def picture_masks(self, size: tuple[int, int]) -> Float[Tensor, "n 1 h w"]:
        """Return the masks laid into pictures of a size (height, width); 0 outside the windows."""
        return paste(self.masks, self.regions, size)


@torch.no_grad()
def detect_people(
    images: Float[Tensor, "b 3 h w"],
    *,
    across: tuple[int, ...] = (1, 2, 4),
    threshold: float = 0.5,
    presence: float = 0.9,
) -> list[list[Person]]:
    """Return the people of each picture, the largest first; an empty list where there is nobody.

    Args:
        images: pictures, in [0, 1].
        across: sizes of the tiles to look at, as the number along the longer side; 1 is the whole picture,
            which finds people about as high as it; 4 finds those of an eighth.
        threshold: least score by the detector.
        presence: least probability, by the landmark network, that somebody is there.

    Raises:
        ShapeError: the pictures are not [b 3 h w].
    """
    return [[person for person, _ in some] for some in _search(images, across, threshold, presence)]


def _search(
    images: Tensor, across: tuple[int, ...], threshold: float, presence: float
) -> list[list[tuple[Person, Poses]]]:
    """Return who is in each picture, with their poses by two looks.

    The detector takes scissors for people as readily as it overlooks small ones, so its answers are
    candidates: somebody is there where the landmark network says so twice and both looks see the same pose.
    """
    check_images(images)
    known: list[list[tuple[Person, Poses]]] = [[] for _ in images]
    for n in across:
        found = detect(images, "pose-detector", POSE, across=(n,), threshold=threshold)
        people = [
            _person(row, score, number)
            for number, (rows, scores) in enumerate(found)
            for row, score in zip(rows, scores, strict=True)
        ]
        first, window = _look(images, _stack([person.region for person in people], images))
        poses, _ = _look(images, window)
        moved = (poses.points - first.points)[:, :25, :2].norm(dim=-1).mean(1) / window[:, 3]
        real = (torch.minimum(first.score, poses.score) >= presence) & (moved < STEADY)
        for k in sorted(range(len(people)), key=lambda k: -people[k].score):
            here, pose = known[int(people[k].region[0])], poses.pick([k])
            if real[k] and not any(_is_part(people[k], pose, *other) for other in here):
                here.append((replace(people[k], region=pose.regions[0]), pose))
    for some in known:
        some.sort(key=lambda pair: -float(pair[1].regions[0, 3]))
    return known


def _person(row: Float[Tensor, " 12"], score: Tensor, picture: int) -> Person:
    """Return the person that the detector answers with one row."""
    keypoints = row[4:].unflatten(0, (4, 2))
    region = circle(keypoints[:1], keypoints[1:2], row.new_tensor([picture]))[0]
    return Person(head=row[:4], score=float(score), keypoints=keypoints, region=region)


def _is_part(person: Person, pose: Poses, other: Person, other_pose: Poses) -> bool:
    """Return whether a head, or the nose found from it, is on the body of somebody known, or is their head.

    A tile that holds a part of somebody gives a poorer answer than the look that holds all, and takes hands
    and pictures on clothes for people.
    """
    middle = (person.head[:2] + person.head[2:]) / 2
    apart = (middle - (other.head[:2] + other.head[2:]) / 2).norm()
    if apart < torch.maximum(person.head[2] - person.head[0], other.head[2] - other.head[0]) / 2:
        return True
    places = from_picture(torch.stack([middle, pose.points[0, 0, :2]])[None], other_pose.regions) * 2 - 1
    return bool((functional.grid_sample(other_pose.masks, places[None], align_corners=False) > 0.5).any())


def _stack(rois: list[Tensor], images: Tensor) -> Float[Tensor, "n 5"]:
    return torch.stack(rois) if rois else images.new_zeros(0, 5)


def circle(
    middle: Float[Tensor, "n 2"], rim: Float[Tensor, "n 2"], picture: Float[Tensor, " n"]
) -> Float[Tensor, "n 5"]:
    """Return the windows of circles, turned so that the rim's point is straight above the middle."""
    up = rim - middle
    angle = torch.atan2(up[:, 0], -up[:, 1])
    side = 2 * PADDING * up.norm(dim=1)
    return torch.cat([picture[:, None], middle, side[:, None], angle[:, None]], 1)


class PoseLandmarks:
    """Find the 33 points, the points in space and the mask of people.

    Args:
        passes: how often to look; every further look is at the window that the last one's points call for.
    """

    def __init__(self, passes: int = 2):
        self.passes = passes

    def landmarks(self, images: Float[Tensor, "b 3 h w"], rois: Float[Tensor, "n 5"]) -> Poses:
        """Return the poses of the people in the given windows; differentiable.

        Args:
            images: pictures, in [0, 1].
            rois: windows, such as `Person.region`, stacked.

        Raises:
            ShapeError: wrong shapes.
        """
        check_images(images)
        check_regions(rois, images)
        poses, window = _look(images, rois)
        for _ in range(self.passes - 1):
            poses, window = _look(images, window.detach())
        return poses

    @torch.no_grad()
    def find(
        self, images: Float[Tensor, "b 3 h w"], *, across: tuple[int, ...] = (1, 2, 4), presence: float = 0.9
    ) -> Poses:
        """Return the poses of everybody, picture by picture, the largest first.

        Which picture somebody is in is told by `Poses.regions[:, 0]`. These are the people of
        `detect_people`, in its order.

        Args:
            images: pictures, in [0, 1].
            across: as for `detect_people`.
            presence: as for `detect_people`.
        """
        found = [pose for some in _search(images, across, 0.5, presence) for _, pose in some]
        return _join(found) if found else _nobody(images)


def _join(some: list[Poses]) -> Poses:
    """Return people one after the other."""
    return Poses(**{f.name: torch.cat([getattr(one, f.name) for one in some]) for f in fields(Poses)})


def _look(images: Tensor, rois: Tensor) -> tuple[Poses, Float[Tensor, "n 5"]]:
    """Return the poses from one look, and the windows for the next."""
    if not len(rois):
        return _nobody(images), rois
    raw, score, mask, heat, space = open_graph("pose-landmarks", images.device)(crop(images, rois, SIZE).float())
    raw = raw.reshape(-1, 39, 5)
    flat = sharpen(raw[..., :2] / SIZE, heat)
    points = to_picture(flat, rois)
    depth = raw[..., 2:3] / SIZE * rois[:, 3, None, None]
    cos, sin = torch.cos(rois[:, 4, None]), torch.sin(rois[:, 4, None])
    x, y, z = space.reshape(-1, 39, 3)[:, :33].unbind(-1)
    world = torch.stack([cos * x - sin * y, -(sin * x + cos * y), -z], -1)
    poses = Poses(
        points=torch.cat([points, depth], -1)[:, :33],
        visibility=raw[:, :33, 3].sigmoid(),
        presence=raw[:, :33, 4].sigmoid(),
        world=world,
        score=score.reshape(-1),
        regions=rois,
        masks=mask.sigmoid(),
    )
    return poses, circle(points[:, 33], points[:, 34], rois[:, 0])


def _nobody(images: Tensor) -> Poses:
    def none(*shape: int) -> Tensor:
        return images.new_zeros(0, *shape)

    return Poses(
        points=none(33, 3),
        visibility=none(33),
        presence=none(33),
        world=none(33, 3),
        score=none(),
        regions=none(5),
        masks=none(1, SIZE, SIZE),
    )


def sharpen(points: Float[Tensor, "n k 2"], heat: Float[Tensor, "n k s s"], window: int = 7) -> Float[Tensor, "n k 2"]:
    """Move points to the centre of mass of their heat map nearby, where the map is sure of itself.

    Args:
        points: in 0..1 of the window.
        heat: logits; cell (row, column) stands for (column, row) / s, as the network was trained.
        window: cells around a point that count.

    Returns:
        The points, moved where the largest probability in the window is at least a half.
    """
    n, k, s, _ = heat.shape
    reach = window // 2
    steps = torch.arange(-reach, reach + 1, device=heat.device)
    cell = (points.detach() * s).floor().long()
    columns, rows = cell[..., 0, None] + steps, cell[..., 1, None] + steps
    inside = ((rows >= 0) & (rows < s))[..., :, None] & ((columns >= 0) & (columns < s))[..., None, :]
    index = rows.clamp(0, s - 1)[..., :, None] * s + columns.clamp(0, s - 1)[..., None, :]
    near = heat.flatten(2).gather(2, index.flatten(2)).sigmoid().reshape(n, k, window, window) * inside
    mass = near.sum((2, 3))
    x = (near.sum(2) * columns).sum(-1) / mass.clamp_min(1e-9) / s
    y = (near.sum(3) * rows).sum(-1) / mass.clamp_min(1e-9) / s
    within = ((cell >= 0) & (cell < s)).all(-1)
    sure = within & (near.detach().amax((2, 3)) >= 0.5)
    return torch.where(sure[..., None], torch.stack([x, y], -1), points)


def paste(
    masks: Float[Tensor, "n 1 s s"], regions: Float[Tensor, "n 5"], size: tuple[int, int]
) -> Float[Tensor, "n 1 h w"]:
    """Return masks of windows laid into pictures of a size (height, width), 0 outside."""
    if len(masks) != len(regions):
        raise ShapeError(f"{len(masks)} masks and {len(regions)} regions do not pair")
    height, width = size
    y, x = torch.meshgrid(
        torch.arange(height, device=masks.device) + 0.5,
        torch.arange(width, device=masks.device) + 0.5,
        indexing="ij",
    )
    pixels = torch.stack([x, y], -1).reshape(1, -1, 2).to(masks).expand(len(masks), -1, 2)
    grid = from_picture(pixels, regions.to(masks)).reshape(-1, height, width, 2) * 2 - 1
    return functional.grid_sample(masks, grid, align_corners=False)
