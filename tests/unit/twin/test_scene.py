"""The shop: any floor and doors, things that look like people, and light that changes."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from shapely.geometry import Polygon, box
from shapely.ops import unary_union

from dongsun.twin.camera.look import CameraLook
from dongsun.twin.film.casting import dolls
from dongsun.twin.people.gait import Pose
from dongsun.twin.people.wardrobe import dress
from dongsun.twin.plan.disturbances import Flicker, Reflection
from dongsun.twin.plan.layout import Lighting
from dongsun.twin.plan.twin_plan import TwinPlan
from dongsun.twin.render.renderer import Renderer, Standing
from dongsun.twin.scene.daylight import NEUTRAL, Moment, Patch, flicker_at, light_at, moment_at
from dongsun.twin.scene.ground import rectangles
from dongsun.twin.scene.scene import build_scene
from dongsun.twin.scene.street import STREET_DEPTH_M, outward
from dongsun.twin.scene.surface import FLOOR, PAVEMENT

CLEAR = CameraLook(noise=0.0, vignette=0.0, blur_px=0.01)
SHOP: dict[str, Any] = {
    "width_px": 160,
    "height_px": 90,
    "floor": [(0, 0), (6, 0), (6, 5), (0, 5)],
    "doors": {"main": {"from": (2, 0), "to": (4, 0)}},
    "cameras": {"one": {"position_m": (3, 4.5, 2.8), "yaw_deg": -90, "hfov_deg": 80}},
}


def shop(**changes: object) -> TwinPlan:
    return TwinPlan.model_validate(SHOP | changes)


def renderer(plan: TwinPlan) -> Renderer:
    return Renderer(build_scene(plan), plan.camera("one"), CLEAR, dolls(plan))


def someone(x_m: float, y_m: float) -> tuple[Standing, ...]:
    return (Standing(dress(4), x_m, y_m, 1.5, Pose(0.1, 1.0)),)


@pytest.fixture(scope="module")
def usual() -> Renderer:
    return renderer(shop())


@pytest.fixture(scope="module")
def empty(usual: Renderer) -> npt.NDArray[np.int64]:
    return usual.frame((), 1).image_bgr.astype(np.int64)


@pytest.mark.parametrize(
    "corners",
    [
        [(0, 0), (6, 0), (6, 5), (0, 5)],
        [(0, 0), (6, 0), (6, 3), (2, 3), (2, 7), (0, 7)],
        [(0, 0), (2, 0), (2, 1), (4, 1), (4, 0), (6, 0), (6, 5), (0, 5)],
    ],
)
def test_an_upright_floor_is_tiled_exactly(corners: list[tuple[float, float]]) -> None:
    floor, pieces = Polygon(corners), [box(*r) for r in rectangles(Polygon(corners))]
    assert sum(piece.area for piece in pieces) == pytest.approx(floor.area)
    assert unary_union(pieces).symmetric_difference(floor).area == pytest.approx(0, abs=1e-9)


def test_a_slanted_floor_is_covered_and_hardly_more() -> None:
    floor = Polygon([(0, 0), (5, -1), (7, 4), (1, 5)])
    cover = unary_union([box(*r) for r in rectangles(floor)])
    assert floor.difference(cover).area < 1e-9
    assert cover.difference(floor.buffer(1.3)).area == 0
    assert cover.area < 1.25 * floor.area


def test_each_side_with_a_door_has_a_street() -> None:
    doors = {
        "south": {"from": (2, 0), "to": (4, 0)},
        "again": {"from": (4.5, 0), "to": (5.5, 0)},
        "east": {"from": (6, 1), "to": (6, 3)},
    }
    plan = shop(doors=doors)
    assert [outward(plan, door) for door in plan.doors.values()] == [(0, -1), (0, -1), (1, 0)]
    scene = build_scene(plan)
    facades = [s for s in scene.surfaces if s.day_share == 1.0 and s.kind not in (FLOOR, PAVEMENT)]
    assert [s.corner for s in facades] == [
        (-STREET_DEPTH_M, -STREET_DEPTH_M, 3.2),
        (6 + STREET_DEPTH_M, -STREET_DEPTH_M, 3.2),
    ]
    assert scene.is_daylight.sum() == 6
    assert sorted(map(tuple, scene.lights[scene.is_daylight][-2:, :2].tolist())) == [(8.0, -0.5), (8.0, 4.5)]


def test_an_inner_wall_and_a_counter_hide_who_is_behind() -> None:
    hidden = someone(3.0, 1.0)
    assert renderer(shop(walls=[{"from": (1, 2), "to": (5, 2)}])).frame(hidden, 1).sightings == ()
    counter = {"till": {"x0_m": 2.0, "y0_m": 1.5, "x1_m": 4.0, "y1_m": 2.1}}
    open_, behind = renderer(shop()).frame(hidden, 1).sightings, renderer(shop(counters=counter)).frame(hidden, 1)
    assert behind.sightings[0].visibility < open_[0].visibility - 0.2
    assert behind.sightings[0].amodal_xyxy_px == open_[0].amodal_xyxy_px


def test_a_poster_changes_only_its_place_on_the_wall(empty: npt.NDArray[np.int64]) -> None:
    poster = {"at": (1.0, 0.02), "facing_deg": 90}
    plan = shop(disturbances={"posters": [poster]})
    frame = renderer(plan).frame((), 1)
    rows, columns = np.nonzero((frame.image_bgr.astype(np.int64) != empty).any(axis=2))
    corners = np.array([(x, 0.04, z) for x in (1 - 0.425, 1 + 0.425) for z in (0.4, 2.1)])
    pixels, _ = plan.camera("one").project(corners)
    assert frame.sightings == () and len(rows) > 100
    assert columns.min() >= pixels[:, 0].min() - 2 and columns.max() <= pixels[:, 0].max() + 2
    assert rows.min() >= pixels[:, 1].min() - 2 and rows.max() <= pixels[:, 1].max() + 2


def test_a_mannequin_hides_people_and_is_nobody(usual: Renderer, empty: npt.NDArray[np.int64]) -> None:
    doll = renderer(shop(disturbances={"mannequins": [{"at": (3.0, 2.0), "facing_deg": 90}]}))
    alone = doll.frame((), 1)
    assert alone.sightings == () and (alone.id_mask == -1).all()
    assert (np.abs(alone.image_bgr.astype(np.int64) - empty) > 20).any(axis=2).sum() > 100
    behind = someone(3.1, 1.2)
    (free,), (hidden,) = usual.frame(behind, 1).sightings, doll.frame(behind, 1).sightings
    assert hidden.visibility < free.visibility - 0.2 and hidden.amodal_xyxy_px == free.amodal_xyxy_px
    before = someone(3.0, 2.8)
    assert doll.frame(before, 1).sightings == usual.frame(before, 1).sightings


def test_a_prop_hides_people_and_is_nobody(usual: Renderer) -> None:
    behind, prop = someone(3.1, 1.2), someone(3.0, 2.0)
    both = usual.frame(behind, 1, props=prop)
    assert [s.person_id for s in both.sightings] == [4]
    assert both.sightings[0].visibility < usual.frame(behind, 1).sightings[0].visibility - 0.2
    assert set(np.unique(both.id_mask)) == {-1, 0}


def test_a_neutral_moment_changes_no_pixel(usual: Renderer, empty: npt.NDArray[np.int64]) -> None:
    usual.frame(someone(3, 2), 1, moment=Moment(0.3, 0.1))  # what went before leaves no trace
    assert (usual.frame((), 1, moment=NEUTRAL).image_bgr == empty).all()
    assert moment_at(shop(), "12:00", 17.0) == NEUTRAL


def test_night_is_darker_and_darkest_in_the_street(usual: Renderer, empty: npt.NDArray[np.int64]) -> None:
    people = someone(3.0, 2.0)
    night = usual.frame(people, 1, moment=Moment(lamps=0.8, daylight=0.0))
    ratio = (night.image_bgr.astype(np.int64) + 1) / (usual.frame(people, 1).image_bgr.astype(np.int64) + 1)
    assert ratio.max() <= 1.01 and 0.4 < np.median(ratio) < 0.85
    (x, y), _ = (v[0] for v in shop().camera("one").project(np.array([[3.0, -2.5, 0.0]])))
    assert ratio[int(y), int(x)].mean() < 0.5 < ratio[-5:].mean()
    assert night.sightings == usual.frame(people, 1).sightings, "light moves nobody"
    body = ratio[(night.id_mask[::2, ::2] == 0)]
    assert body.mean() < 0.9


def test_levels_follow_the_clock() -> None:
    lighting = Lighting(lamps=(("08:00", 1.0), ("22:00", 0.2)), daylight=(("06:00", 0.0), ("12:00", 1.0), ("18:00", 0)))
    assert light_at(lighting, "07:59", 59.0)[0] == 0.2  # since yesterday's 22:00
    assert light_at(lighting, "07:59", 60.0)[0] == 1.0
    assert light_at(lighting, "09:00", 0.0)[1] == pytest.approx(0.5)
    assert light_at(lighting, "23:59", 120.0) == (0.2, 0.0)
    assert light_at(lighting, "12:00", 3 * 3600)[1] == pytest.approx(0.5)


def test_flicker_has_its_period_and_depth(usual: Renderer) -> None:
    flicker = Flicker(depth=0.2, frequency_hz=2.0)
    values = np.array([flicker_at(flicker, k / 100) for k in range(200)])
    assert values[:50] == pytest.approx(values[50:100]) and values.max() - 1 == pytest.approx(0.2, abs=1e-3)
    plan = shop(disturbances={"flicker": {"depth": 0.2, "frequency_hz": 2.0}})
    bright, dark, again = (
        usual.frame((), 1, moment=moment_at(plan, "12:00", t)).image_bgr for t in (0.125, 0.375, 0.625)
    )
    assert (bright == again).all() and bright.mean() > dark.mean() + 10


def test_a_reflection_comes_goes_and_brightens_only_the_floor(usual: Renderer, empty: npt.NDArray[np.int64]) -> None:
    plan = shop(disturbances={"reflection": Reflection(every_s=10, lasts_s=2, strength=0.5).model_dump()})
    patches = [moment_at(plan, "12:00", t / 10).patch for t in range(1000)]
    assert sum(p is not None for p in patches) == pytest.approx(200, abs=12)
    assert max(p.strength for p in patches if p) == pytest.approx(0.5, abs=0.01)
    lit = usual.frame((), 1, moment=Moment(patch=Patch(3.0, 1.5, 0.6, 0.5))).image_bgr.astype(np.int64)
    rows, columns = np.nonzero((lit != empty).any(axis=2))
    floor = shop().camera("one").to_floor(np.column_stack([columns, rows]).astype(np.float64) + 0.5)
    assert (lit >= empty).all() and len(rows) > 50
    assert np.hypot(*(floor - (3.0, 1.5)).T).max() < 2.0


def test_the_same_moment_gives_the_same_pixels() -> None:
    plan = shop(
        disturbances={"flicker": {}, "mannequins": [{"at": (3, 2)}], "posters": [{"at": (1, 0.05), "facing_deg": 90}]}
    )
    moment = moment_at(plan, "21:00", 3.21)
    one, other = (renderer(plan).frame(someone(2, 2), 5, moment=moment).image_bgr for _ in range(2))
    assert (one == other).all()
