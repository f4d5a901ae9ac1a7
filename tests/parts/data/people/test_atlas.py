"""Texels know their place on the body; islands have no visible ends."""

import numpy as np
import pytest

from omote.core.errors import UsageError
from omote.parts.body.anny import PARTS, BodyModel
from omote.parts.data.people.atlas import LAYOUTS, Layout, sheet, texels
from omote.parts.data.people.head import mean_adult


@pytest.mark.oracle
@pytest.mark.parametrize("layout", LAYOUTS)
def test_texels_under_vertices_show_those_vertices(model: BodyModel, layout: Layout) -> None:
    laid, at, canonical = sheet(model, layout), texels(model, layout, 512), mean_adult(model)
    picture = at.spread(at.canonical)
    column, row = np.clip((laid.uvs * 512).astype(int), 0, 511).T
    head = model.part[laid.vertex] == PARTS.index("head")
    away = np.linalg.norm(picture[row, column] - canonical[laid.vertex], axis=1)
    assert np.median(away) < 0.003
    if head.any():
        assert np.percentile(away[head], 99) < 0.006


def test_head_and_trunk_are_the_whole_without_the_eyeballs(model: BodyModel) -> None:
    counts = {name: len(sheet(model, name).faces) for name in LAYOUTS}
    eyes = np.isin(model.part[model.faces[:, 0]], [PARTS.index("left_eye"), PARTS.index("right_eye")])
    assert counts["head"] + counts["trunk"] == counts["whole"] == len(model.faces) - eyes.sum()


def test_every_texel_is_filled(model: BodyModel) -> None:
    at = texels(model, "head", 256)
    filled = at.spread(np.ones(len(at.index), np.uint8))
    assert filled.shape == (256, 256)
    assert (filled == 1).all()


def test_the_face_has_more_room_in_the_layout_of_the_head(model: BodyModel) -> None:
    def area(layout: Layout) -> float:
        laid = sheet(model, layout)
        front = (mean_adult(model)[laid.vertex][laid.faces].mean(1)[:, 2] > 0.10) & (
            model.part[laid.vertex][laid.faces] == PARTS.index("head")
        ).all(1)
        a, b, c = laid.uvs[laid.faces[front]].transpose(1, 0, 2)
        return float(np.abs(np.cross(np.c_[b - a, 0 * a[:, 0]], np.c_[c - a, 0 * a[:, 0]])[:, 2]).sum() / 2)

    assert area("head") > 5 * area("whole")


def test_unknown_layouts_and_sizes_are_refused(model: BodyModel) -> None:
    with pytest.raises(UsageError, match="layout"):
        sheet(model, "face")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="64 to 8192"):
        texels(model, "head", 12)
