"""The renderer: its truth against its own id mask, its pixels against themselves, people against common sense."""

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dongsun.contract.store import load_store
from dongsun.twin.camera.look import CameraLook
from dongsun.twin.people.bodies import load_bodies
from dongsun.twin.people.gait import Pose, bone_transforms
from dongsun.twin.people.wardrobe import dress
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan
from dongsun.twin.render.raster import skin_vertices
from dongsun.twin.render.renderer import SUPERSAMPLING, Frame, Renderer, Standing
from dongsun.twin.scene.scene import build_scene

DEMO = Path(__file__).parents[3] / "conf" / "store" / "demo.yaml"


@pytest.fixture(scope="module")
def plan() -> TwinPlan:
    return twin_plan(load_store(DEMO), DEMO).model_copy(update={"width_px": 320, "height_px": 180})


@pytest.fixture(scope="module")
def renderer(plan: TwinPlan) -> Renderer:
    return Renderer(build_scene(plan), plan.camera("entrance"), CameraLook())


@pytest.fixture(scope="module")
def people() -> tuple[Standing, ...]:
    places = [(0.0, 2.0, 0.3), (0.15, 1.2, -2.0), (-1.8, 2.6, 1.0), (2.2, 1.5, 2.0), (0.4, -1.0, 1.5)]
    return tuple(
        Standing(dress(person), x, y, yaw, Pose(0.17 * person, float(person % 2)))
        for person, (x, y, yaw) in enumerate(places, start=1)
    )


@pytest.fixture(scope="module")
def frame(renderer: Renderer, people: tuple[Standing, ...]) -> Frame:
    return renderer.frame(people, noise_seed=3)


def test_visible_boxes_are_those_of_the_id_mask(frame: Frame, people: tuple[Standing, ...]) -> None:
    assert len(frame.sightings) == len(people)
    for index, sighting in enumerate(frame.sightings):
        rows, columns = np.nonzero(frame.id_mask == index)
        expected = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert sighting.visible_xyxy_px == pytest.approx(np.array(expected) / SUPERSAMPLING)


def test_the_whole_box_holds_the_visible_box(frame: Frame) -> None:
    for sighting in frame.sightings:
        whole, seen = np.array(sighting.amodal_xyxy_px), np.array(sighting.visible_xyxy_px)
        assert (whole[:2] <= seen[:2] + 0.51).all() and (whole[2:] >= seen[2:] - 0.51).all()


def test_visibility_is_the_share_that_stays_when_the_others_come(
    renderer: Renderer, frame: Frame, people: tuple[Standing, ...]
) -> None:
    for index, standing in enumerate(people):
        alone = renderer.frame((standing,), noise_seed=3)
        # Alone, only the furniture hides: nobody does before the door, except that the wall hides who is outside.
        share = (frame.id_mask == index).sum() / max(1, (alone.id_mask == 0).sum())
        assert frame.sightings[index].visibility == pytest.approx(alone.sightings[0].visibility * share, abs=0.02)
    assert min(s.visibility for s in frame.sightings) < 0.9, "the test means nothing unless somebody is hidden"


def test_the_foot_point_is_where_the_person_stands(renderer: Renderer, plan: TwinPlan) -> None:
    """The whole box's bottom centre lies within a foot's length of the simulated position's pixel."""
    camera = plan.camera("entrance")
    for x, y in ((0.0, 2.0), (1.5, 1.0), (-1.0, 3.0)):
        seen = renderer.frame((Standing(dress(4), x, y, 0.7, Pose(0.0, 0.0)),), noise_seed=1).sightings[0]
        foot, _ = camera.project(np.array([[x, y, 0.0]]))
        x0, _, x1, y1 = seen.amodal_xyxy_px
        floor = camera.to_floor(np.array([[(x0 + x1) / 2, y1]]))[0]
        assert math.dist(floor, (x, y)) < 0.35
        assert foot[0, 1] == pytest.approx(y1, abs=8)


def test_the_head_is_on_top(frame: Frame) -> None:
    for sighting in frame.sightings:
        (_, top, _, bottom), (hx0, hy0, hx1, hy1) = sighting.amodal_xyxy_px, sighting.head_xyxy_px
        assert hy0 == pytest.approx(top, abs=0.15 * (bottom - top))
        assert 0.08 < (hy1 - hy0) / (bottom - top) < 0.35 and hx1 > hx0


def test_the_same_arguments_give_the_same_pixels(
    renderer: Renderer, people: tuple[Standing, ...], frame: Frame
) -> None:
    again = renderer.frame(people, noise_seed=3)
    assert (again.image_bgr == frame.image_bgr).all()
    assert again.sightings == frame.sightings
    assert (renderer.frame(people, noise_seed=4).image_bgr != frame.image_bgr).any()


def test_whoever_is_behind_a_wall_is_not_seen(renderer: Renderer) -> None:
    hidden = Standing(dress(2), 3.2, -1.5, 0.0, Pose(0.0, 0.0))
    assert renderer.frame((hidden,), noise_seed=1).sightings == ()


def test_nobody_in_the_picture_nor_behind_the_camera_leaves_a_trace(renderer: Renderer) -> None:
    empty = renderer.frame((), noise_seed=1)
    behind = renderer.frame((Standing(dress(2), 0.9, 9.0, 0.0, Pose(0.0, 0.0)),), noise_seed=1)
    assert empty.sightings == behind.sightings == ()
    assert (empty.id_mask == -1).all()


def _posed(person: int, pose: Pose) -> npt.NDArray[np.float32]:
    p = dress(person)
    bones = bone_transforms(p, load_bodies(), pose)
    return skin_vertices(p.vertices_m, p.normals, p.bone_indices, p.bone_weights, bones, -math.pi / 2, 0.0, 0.0)[0]


@pytest.mark.parametrize("person", range(1, 25))
def test_people_stand_upright_with_their_arms_down(person: int) -> None:
    body = _posed(person, Pose(0.0, 0.0))
    height = dress(person).outfit.height_m
    assert body[:, 2].min() == pytest.approx(0.0, abs=1e-4)
    assert height - 0.12 < body[:, 2].max() < height + 0.1
    # Arms at the sides: hardly wider than shoulders, bags aside (anny's A-pose would reach 0.8 m and more).
    assert body[:, 0].max() < 0.24 * height + 0.1


def test_a_stride_sets_the_feet_apart_and_swaps_them() -> None:
    left_first, right_first = _posed(3, Pose(0.0, 1.0)), _posed(3, Pose(0.5, 1.0))
    for body in (left_first, right_first):
        feet = body[body[:, 2] < 0.12]
        assert feet[:, 1].max() - feet[:, 1].min() > 0.6
    leading = [body[body[:, 2] < 0.12][body[body[:, 2] < 0.12][:, 1].argmin(), 0] for body in (left_first, right_first)]
    assert leading[0] > 0 > leading[1]  # facing −y, the person's left is at +x


def test_a_person_is_the_same_every_time_and_unlike_the_next() -> None:
    dress.cache_clear()
    first = dress(11)
    dress.cache_clear()
    again = dress(11)
    assert (first.vertices_m == again.vertices_m).all() and first.outfit == again.outfit
    assert first.outfit != dress(12).outfit


def test_about_three_in_five_dress_plainly() -> None:
    solid = np.mean([dress(person).outfit.pattern == 0 for person in range(1, 200)])
    assert 0.6 < solid < 0.85  # the plain ones, and a third of the bright
