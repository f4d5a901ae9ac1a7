"""One synthetic adult from a seed: body, pose, clothes, shoes, hair, face, and the truth about all of them.

Every choice has a stream of chance of its own, so that one who is given another coat keeps their face and their pose.
Nothing here draws pictures: `omote.parts.render.buffers` does, from the parts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Float32
from numpy import ndarray

from omote.core.errors import UsageError
from omote.parts.body.anny import BodyModel
from omote.parts.body.skeleton import JOINTS
from omote.parts.data.figure import Figure
from omote.parts.data.hair import Hair, scalp_field
from omote.parts.data.people import dressing, finishing
from omote.parts.data.people.accessories import Accessories, clothes_among, draw_accessories, fit_out
from omote.parts.data.people.adults import Adult, draw_adult, rest_of
from omote.parts.data.people.complexions import draw_eyes, draw_face_hair, draw_skin, draw_teeth, hair_colour
from omote.parts.data.people.eyes import Ball, eye_parts, seat_lids
from omote.parts.data.people.face_hair import FaceHair, face_hair_parts
from omote.parts.data.people.footwear import FOOTWEAR, Shoes, cobble
from omote.parts.data.people.hair import STYLES, HairStyle
from omote.parts.data.people.head import head_of, mean_adult
from omote.parts.data.people.part import Part
from omote.parts.data.people.poses import Pose, draw_pose, tailor
from omote.parts.data.people.skin import skin_parts
from omote.parts.data.people.stance import Body
from omote.parts.data.people.tailor import Dummy
from omote.parts.data.people.teeth import teeth_parts
from omote.parts.data.people.wardrobe import Worn, draw_outfit
from omote.parts.space.mesh import weld_vertices


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What may be asked of a person; what is not said is drawn."""

    pose: str | None = None
    """A family of poses."""
    expression: str | None = None
    """A family of expressions."""
    hair: str | None = None
    """A family of hair."""
    womanhood: float | None = None
    """0 man to 1 woman."""
    without: tuple[str, ...] = ()
    """Families of garments that are held out."""
    texture: int = 1024
    """Texels along a side of the textures of skin and clothes."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Person:
    """Somebody who does not exist, and everything about them; the floor is at y = 0."""

    seed: int
    adult: Adult
    pose: Pose
    outfit: tuple[Worn, ...]
    shoes: Shoes
    hair: HairStyle
    face_hair: FaceHair
    accessories: Accessories
    parts: tuple[Part, ...]
    """All that there is to be seen, closed piece by closed piece."""
    body: Float32[ndarray, "v 3"]
    """The naked skin, posed; vertices of `BodyModel`."""
    bones: Float32[ndarray, "j 4 4"]
    """World from bone."""
    joints: Float32[ndarray, "22 3"]
    """The 22 `JOINTS`."""
    head: Float32[ndarray, "4 4"]
    """World from the head's bone."""
    pupils: Mapping[str, Float32[ndarray, "n 3"]]
    """Outline of each eye's pupil."""
    irises: Float32[ndarray, "10 3"]
    """Of the right and the left eye: centre, then the rim towards the nose, above, away from it, below: the last ten of
    the 478 face points."""
    measures: Mapping[str, float] = field(default_factory=dict)
    """What draping measured: vertices below a surface, the nearest distance, strain."""

    @property
    def families(self) -> dict[str, str]:
        """The family of everything that has families."""
        return {
            "pose": self.pose.family,
            "expression": self.adult.expression,
            "hair": self.hair.family,
            "shoes": self.shoes.family,
            "beard": self.face_hair.family,
            "garments": ", ".join(worn.family for worn in self.outfit),
            **self.accessories.families,
        }


def make_person(model: BodyModel, seed: int, choice: Choice = Choice()) -> Person:
    """Return the person of a seed; the same bits for the same seed and choice.

    Raises:
        UsageError: the seed is negative, or a family is not known.
    """
    if seed < 0:
        raise UsageError(f"a person's seed is a whole number from 0 on, not {seed}")
    if choice.hair is not None and choice.hair not in STYLES:
        raise UsageError(f"there is no family of hair {choice.hair!r}; there are {', '.join(STYLES)}")
    rngs = [np.random.default_rng((seed, stream)) for stream in range(10)]
    adult = draw_adult(rngs[0], model, expression=choice.expression, womanhood=choice.womanhood)
    rest = rest_of(model, adult)
    body = Body.of(model, rest)
    pose = draw_pose(rngs[1], body, choice.pose, gaze=adult.gaze)
    outfit = draw_outfit(rngs[2], without=clothes_among(choice.without), feminine=adult.womanhood)
    names = tuple(FOOTWEAR)
    shoes = FOOTWEAR[names[int(rngs[3].integers(len(names)))]](rngs[3])
    style = _hair(rngs[4], adult, choice.hair)
    face_hair = draw_face_hair(rngs[5], adult, style.colour, style.grey)
    accessories = draw_accessories(rngs[6:], outfit, choice.without)
    dummy = _dummy(model, body)
    pair = [cobble(dummy, shoes, side) for side in ("left", "right")]
    lift = _lift(body, dummy, pose, shoes, pair)
    path = dressing.way(dummy, rest, torch.from_numpy(pose.rotations), pose.root + lift)
    dressed = dressing.dress(dummy, path, outfit)
    posed, bones = path.bodies[-1], _bones(body, pose, lift)
    parts = [finishing.finish(dummy, garment, k, choice.texture) for k, garment in enumerate(dressed)]
    parts += [replace(part, vertices=_carried(part, weights, path.moves[-1])) for part, weights in pair]
    figure = Figure(model=model, vertices=posed, canonical=mean_adult(model), heads=body.heads, bones=bones)
    head_parts, balls, seated = _head(model, adult, figure, style, face_hair, rngs[5], choice.texture)
    face = [part for part in head_parts if part.label in ("lash", "brow")]
    parts += fit_out(dummy, figure, dressed, style, accessories, face)
    return Person(
        seed=seed,
        adult=adult,
        pose=pose,
        outfit=outfit,
        shoes=shoes,
        hair=style,
        face_hair=face_hair,
        accessories=accessories,
        parts=(*head_parts, *parts),
        body=seated,
        bones=bones,
        joints=bones[[model.rig(rest.heads[0]).bone_of[j] for j in JOINTS], :3, 3],
        head=bones[model.bone_names.index("head")],
        pupils={side: ball.pupil for side, ball in balls.items()},
        irises=np.concatenate([_iris(balls["right"], nose=0), _iris(balls["left"], nose=2)]),
        measures={
            "vertices below a surface": float(sum(d.draped.below for d in dressed)),
            "nearest, m": min((d.draped.nearest for d in dressed), default=float("inf")),
            "strain, 99 %": max((float(np.percentile(d.draped.strain, 99)) for d in dressed), default=0.0),
        },
    )


def _dummy(model: BodyModel, body: Body) -> Dummy:
    pose = tailor(body)
    bones = body.bones(pose.rotations, pose.root)
    return Dummy(
        model=model,
        vertices=body.skinned(bones),
        bones=bones,
        rotations=pose.rotations,
        root=pose.root.astype(np.float32),
    )


def _bones(body: Body, pose: Pose, lift: ndarray) -> Float32[ndarray, "j 4 4"]:
    return body.bones(pose.rotations, pose.root + lift)


def _carried(part: Part, weights: Float32[ndarray, "v j"], moves: ndarray) -> Float32[ndarray, "v 3"]:
    """Return a part's vertices moved with the bones; those that are doubled at a seam stay together to the last bit."""
    return dressing.carried(part.vertices, weights, moves)[weld_vertices(part.vertices)]


def _lift(
    body: Body, dummy: Dummy, pose: Pose, shoes: Shoes, pair: Sequence[tuple[Part, Float32[ndarray, "_ j"]]]
) -> Float32[ndarray, " 3"]:
    """Return how far shoes raise somebody: who stands has their lowest point on the floor, however feet are bent."""
    lift = np.array([0, shoes.lift, 0], np.float32)
    if any(pose.planted):
        first = np.linalg.inv(dummy.bones.astype(np.float64))
        moves = (_bones(body, pose, lift).astype(np.float64) @ first)[:, :3].astype(np.float32)
        lift[1] -= min(float(_carried(part, weights, moves)[:, 1].min()) for part, weights in pair)
    return lift


def _hair(rng: np.random.Generator, adult: Adult, family: str | None) -> HairStyle:
    """Return hair that people of an age and sex wear, all of them sometimes."""
    long = {"bob", "long", "wavy", "ponytail", "bun"}
    names = list(STYLES)
    odds = np.array([
        (0.15 + 1.6 * adult.womanhood) if n in long
        else (0.1 + 0.9 * (1 - adult.womanhood) * adult.years / 60) if n in ("bald", "buzz")
        else 0.5 if n in ("afro", "curls") and adult.skin.melanin < 0.12
        else 1.0 - 0.5 * adult.womanhood
        for n in names
    ])  # fmt: skip
    drawn = names[int(rng.choice(len(names), p=odds / odds.sum()))]
    colour, grey = hair_colour(rng, adult)
    return STYLES[family or drawn](rng, colour, grey)


def _head(
    model: BodyModel, adult: Adult, figure: Figure, style: HairStyle, face_hair: FaceHair, rng: np.random.Generator,
    texture: int,
) -> tuple[Sequence[Part], Mapping[str, Ball], Float32[ndarray, "v 3"]]:  # fmt: skip
    """Return skin, eyes, teeth and the hairs of the face, where the eyes are, and the body with its lids on them."""
    head = head_of(model, adult.phenotype, adult.local, adult.face, figure.bones, figure.vertices)
    gaze = {"left": adult.gaze.left, "right": adult.gaze.right}
    head = seat_lids(head, gaze)
    scalp = scalp_field(figure, Hair(colour=style.colour, fringe=style.fringe, seed=style.seed))
    bald = style.top <= 0
    parts = skin_parts(
        head, draw_skin(rng, adult, style.colour, face_hair), size=texture, scalp=None if bald else scalp
    )
    eyes, balls = eye_parts(head, draw_eyes(rng, adult), gaze)
    parts += eyes + teeth_parts(head, draw_teeth(rng, adult)) + face_hair_parts(head, face_hair)
    return parts, balls, head.posed


def _iris(ball: Ball, nose: int) -> Float32[ndarray, "5 3"]:
    """Return an iris as the face's network tells it; the rim towards the nose lies `nose` quarters round."""
    quarter = len(ball.iris) // 4
    around = [nose * quarter, quarter, (nose + 2) % 4 * quarter, 3 * quarter]
    return np.concatenate([ball.pupil.mean(0, keepdims=True), ball.iris[around]])
