"""Cameras with distorted and fisheye lenses: geometry, survey and rendering agree."""

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dongsun.contract.errors import DongsunError
from dongsun.contract.floor_map import FloorMap
from dongsun.contract.store import CameraConfig, LensConfig, load_store
from dongsun.twin.camera.look import CameraLook
from dongsun.twin.camera.store_camera import StoreCamera
from dongsun.twin.people.bodies import load_bodies
from dongsun.twin.people.gait import Pose, bone_transforms
from dongsun.twin.people.wardrobe import dress
from dongsun.twin.plan.survey import survey
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan
from dongsun.twin.render.raster import project_vertices, skin_vertices
from dongsun.twin.render.renderer import SUPERSAMPLING, Frame, Renderer, Standing
from dongsun.twin.scene.backdrop import render_backdrop
from dongsun.twin.scene.scene import build_scene

DEMO = Path(__file__).parents[3] / "conf" / "store" / "demo.yaml"
CAMERA = "entrance"
Settings = dict[str, object]
PLAIN: tuple[Settings, LensConfig] = ({"hfov_deg": 78.0}, LensConfig())
DISTORTED: tuple[Settings, LensConfig] = ({"hfov_deg": 100.0}, LensConfig(k1=-0.12, k2=0.012, hfov_deg=100))
FISHEYE: tuple[Settings, LensConfig] = (
    {"hfov_deg": 160.0},
    LensConfig(model="fisheye", k1=0.01, k2=-0.002, hfov_deg=160),
)
CEILING: tuple[Settings, LensConfig] = (
    {"position_m": (0.3, 2.2, 3.0), "pitch_deg": 90.0, "hfov_deg": 200.0, "lines": {}, "zones": {}},
    LensConfig(model="fisheye", k1=-0.02, k2=0.003, hfov_deg=200),
)
KINDS = pytest.mark.parametrize("kind", [PLAIN, DISTORTED, FISHEYE, CEILING], ids=["plain", "bent", "fish", "ceiling"])
BENT = pytest.mark.parametrize("kind", [DISTORTED, FISHEYE, CEILING], ids=["bent", "fish", "ceiling"])


def _plan(kind: tuple[Settings, LensConfig]) -> TwinPlan:
    plan = twin_plan(load_store(DEMO), DEMO)
    cameras = {CAMERA: plan.cameras[CAMERA].model_copy(update=kind[0])}
    return plan.model_copy(update={"cameras": cameras, "lenses": {CAMERA: kind[1]}, "width_px": 320, "height_px": 180})


def _people() -> tuple[Standing, ...]:
    places = [(0.0, 2.0, 0.3), (0.15, 1.2, -2.0), (-1.8, 2.6, 1.0), (2.2, 1.5, 2.0)]
    return tuple(
        Standing(dress(person), x, y, yaw, Pose(0.17 * person, float(person % 2)))
        for person, (x, y, yaw) in enumerate(places, start=1)
    )


def _vertices(standing: Standing) -> npt.NDArray[np.float64]:
    p = standing.person
    bones = bone_transforms(p, load_bodies(), standing.pose)
    turn = (standing.yaw_rad, standing.x_m, standing.y_m)
    world, _ = skin_vertices(p.vertices_m, p.normals, p.bone_indices, p.bone_weights, bones, *turn)
    return world.astype(np.float64)


@pytest.fixture(scope="module", params=[DISTORTED, FISHEYE, CEILING], ids=["bent", "fish", "ceiling"])
def drawn(request: pytest.FixtureRequest) -> tuple[StoreCamera, Frame]:
    plan = _plan(request.param)
    camera = plan.camera(CAMERA)
    return camera, Renderer(build_scene(plan), camera, CameraLook()).frame(_people(), noise_seed=3)


def test_whole_boxes_are_the_extremes_of_the_projected_body(drawn: tuple[StoreCamera, Frame]) -> None:
    camera, frame = drawn
    assert len(frame.sightings) == len(_people())
    for standing, sighting in zip(_people(), frame.sightings, strict=True):
        pixels, mapped = camera.project(_vertices(standing))
        assert mapped.all()
        expected = (*pixels.min(axis=0), *pixels.max(axis=0))
        assert sighting.amodal_xyxy_px == pytest.approx(expected, abs=0.02)
        head = pixels[standing.person.is_head_vertex]
        assert sighting.head_xyxy_px == pytest.approx((*head.min(axis=0), *head.max(axis=0)), abs=0.02)


def test_visible_boxes_are_those_of_the_id_mask(drawn: tuple[StoreCamera, Frame]) -> None:
    _, frame = drawn
    for index, sighting in enumerate(frame.sightings):
        rows, columns = np.nonzero(frame.id_mask == index)
        expected = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert sighting.visible_xyxy_px == pytest.approx(np.array(expected) / SUPERSAMPLING)
        whole = np.array(sighting.amodal_xyxy_px)
        seen = np.array(sighting.visible_xyxy_px)
        assert (whole[:2] <= seen[:2] + 0.51).all() and (whole[2:] >= seen[2:] - 0.51).all()


@KINDS
def test_the_compiled_projection_is_the_cameras(kind: tuple[Settings, LensConfig]) -> None:
    """All round the camera, also behind it and beyond the field."""
    camera = _plan(kind).camera(CAMERA)
    lens = camera.lens
    around = np.random.default_rng(2).normal(0, 2, (2000, 3)) + camera.position_m
    screen = project_vertices(
        around.astype(np.float32),
        np.array(camera.position_m, np.float32),
        camera.rotation.astype(np.float32),
        0 if lens.is_plain else 1 + lens.is_fisheye,
        np.array(lens.coefficients, np.float32),
        lens.limit,
        camera.focal_px,
        camera.width_px / 2,
        camera.height_px / 2,
    )
    pixels, mapped = camera.project(around)
    assert ((screen[:, 2] > 0) == mapped).mean() > 0.998  # a point right on the rim may fall on either side
    both = mapped & (screen[:, 2] > 0) & (np.abs(pixels) < 2000).all(axis=1)
    assert both.sum() > 300 and (~mapped).sum() > 50
    np.testing.assert_allclose(screen[both, :2], pixels[both], atol=0.05)
    depth = camera.depth_m((around - camera.position_m) @ camera.rotation.T)
    np.testing.assert_allclose(screen[both, 2], 1 / depth[both], rtol=1e-4)


@KINDS
def test_pixels_to_the_floor_and_back(kind: tuple[Settings, LensConfig]) -> None:
    camera = _plan(kind).camera(CAMERA)
    pixels = np.random.default_rng(1).uniform(0, 1, (300, 2)) * [camera.width_px, camera.height_px]
    floor = camera.to_floor(pixels)
    met = np.isfinite(floor).all(axis=1)
    again, mapped = camera.project(np.column_stack([floor[met], np.zeros(met.sum())]))
    assert met.sum() > 100 and mapped.all()
    np.testing.assert_allclose(again, pixels[met], atol=1e-5)


@KINDS
def test_the_surveyed_floor_points_map_the_whole_picture(kind: tuple[Settings, LensConfig]) -> None:
    """What the installer's marks say, rounded as the store file has them, is what the camera sees to a pixel."""
    plan = _plan(kind)
    camera = plan.camera(CAMERA)
    marks = survey(plan)[CAMERA]["floor_points"]
    floor_map = FloorMap.of(CameraConfig(lens=kind[1], floor_points=marks), camera.width_px / camera.height_px)
    x0, y0, x1, y1 = plan.bounds_m
    x, y = np.meshgrid(np.arange(x0, x1, 0.5), np.arange(y0, y1, 0.5))
    floor = np.column_stack([x.ravel(), y.ravel()])
    pixels, _ = camera.project(np.column_stack([floor, np.zeros(len(floor))]))
    size = np.array([camera.width_px, camera.height_px])
    inside = (pixels > 0).all(axis=1) & (pixels < size).all(axis=1)
    assert inside.sum() > 30
    assert np.abs(floor_map.from_floor(floor[inside]) * size - pixels[inside]).max() < 1.0
    back = camera.project(np.column_stack([floor_map.to_floor(pixels[inside] / size), np.zeros(inside.sum())]))[0]
    assert np.abs(back - pixels[inside]).max() < 1.0
    assert floor_map.reprojection_error_m < 0.02


@BENT
def test_the_backdrop_lies_where_the_camera_projects_it(kind: tuple[Settings, LensConfig]) -> None:
    """Every floor pixel's depth is that of the floor point it sees: bodies and backdrop share one measure."""
    plan = _plan(kind)
    camera = plan.camera(CAMERA)
    backdrop = render_backdrop(build_scene(plan), camera)
    rows, columns = np.nonzero(backdrop.is_floor)
    floor = camera.to_floor(np.column_stack([columns + 0.5, rows + 0.5]))
    indoors = floor[:, 1] > 0.01  # the pavement lies a centimetre lower
    away = np.column_stack([floor, np.zeros(len(floor))]) - np.array(camera.position_m)
    depth = np.linalg.norm(away, axis=1) if kind[1].model == "fisheye" else away @ camera.rotation[2]
    assert indoors.sum() > 1000
    np.testing.assert_allclose(1 / backdrop.nearness[rows, columns][indoors], depth[indoors], rtol=1e-4)


def test_shadows_fall_under_a_ceiling_fisheye() -> None:
    plan = _plan(CEILING)
    camera = plan.camera(CAMERA)
    renderer = Renderer(build_scene(plan), camera, CameraLook(noise=0.0))
    alone = renderer.frame((), noise_seed=1).image_bgr.astype(int)
    frame = renderer.frame(_people()[:1], noise_seed=1)
    body = frame.id_mask[::SUPERSAMPLING, ::SUPERSAMPLING] >= 0
    darker = (alone - frame.image_bgr).sum(axis=2) > 15
    rows, columns = np.nonzero(darker & ~body)
    floor = camera.to_floor(np.column_stack([columns + 0.5, rows + 0.5]))
    assert len(floor) > 30
    assert np.linalg.norm(floor - (_people()[0].x_m, _people()[0].y_m), axis=1).max() < 2.0


def test_who_straddles_the_rim_of_a_fisheye_is_drawn_as_far_as_it_sees() -> None:
    """A person right behind a fisheye that looks level: only what lies within its field is drawn, nothing wraps."""
    plan = _plan(FISHEYE)
    lens = LensConfig(model="fisheye", hfov_deg=190)
    camera = StoreCamera((0.0, 3.0, 1.2), -math.pi / 2, 0.0, math.radians(190), 320, 180, lens)
    renderer = Renderer(build_scene(plan), camera, CameraLook())
    behind = Standing(dress(2), 0.0, 3.6, 0.0, Pose(0.0, 0.0))
    beside = Standing(dress(3), 0.7, 3.0, 0.0, Pose(0.0, 0.0))
    frame = renderer.frame((behind, beside), noise_seed=1)
    assert [s.person_id for s in frame.sightings] == [3]
    x0, _, x1, _ = frame.sightings[0].visible_xyxy_px
    assert x0 == 0 or x1 == camera.width_px
    assert 0 < frame.sightings[0].visibility <= 1


def test_a_plain_fisheye_is_no_pinhole_and_a_wide_pinhole_is_refused() -> None:
    settings = _plan(PLAIN).cameras[CAMERA]
    wide = settings.model_copy(update={"hfov_deg": 175.0})
    with pytest.raises(DongsunError, match="fisheye"):
        wide.geometry(320, 180, LensConfig())
    with pytest.raises(DongsunError, match="agree on the field of view"):
        settings.geometry(320, 180, LensConfig(k1=0.01, hfov_deg=80))
