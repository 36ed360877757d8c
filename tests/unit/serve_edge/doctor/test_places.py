"""Lines, zones and floor points: each fault is provoked, and what is right is left alone."""

from pathlib import Path
from typing import Any

import pytest

from dongsun.contract.store import CameraConfig, LineConfig, ZoneConfig, load_store
from dongsun.serve_edge.doctor.check_floor import floor_view, mirror_findings
from dongsun.serve_edge.doctor.check_lines import line_findings, zone_findings
from dongsun.serve_edge.doctor.finding import Finding, Level

WIDTH, HEIGHT = 1280, 720
DEMO = load_store(Path(__file__).parents[4] / "conf/store/demo.yaml")


def line(start: tuple[float, float], end: tuple[float, float], inside: tuple[float, float] = (0.5, 0.95)) -> LineConfig:
    return LineConfig.model_validate({"from": start, "to": end, "inside": inside})


def zone(*polygon: tuple[float, float]) -> ZoneConfig:
    return ZoneConfig.model_validate({"polygon": polygon})


def levels(found: list[Finding]) -> list[tuple[Level, str]]:
    return [(finding.level, finding.title.english) for finding in found]


@pytest.mark.parametrize(
    ("drawn", "level", "said"),
    [
        (line((0.2, 0.6), (0.8, 0.6)), Level.OK, "can count"),
        (line((0.5, 0.0), (0.5, 1.0), (0.9, 0.5)), Level.OK, "can count"),
        (line((0.5, 0.6), (0.51, 0.6)), Level.FAULT, "13 pixels long"),
        (line((0.5, 0.6), (0.53, 0.6)), Level.ADVICE, "38 pixels long"),
        (line((0.1, 0.995), (0.9, 0.995), (0.5, 0.5)), Level.FAULT, "edge of the picture"),
        (line((0.1, 0.96), (0.9, 0.96), (0.5, 0.5)), Level.ADVICE, "edge of the picture"),
        (line((0.001, 0.1), (0.001, 0.9), (0.5, 0.5)), Level.FAULT, "edge of the picture"),
        (line((0.0, 0.0), (1.0, 0.0)), Level.FAULT, "edge of the picture"),
        (line((0.2, 0.6), (0.8, 0.6), (0.5, 0.605)), Level.ADVICE, "`inside` point"),
    ],
)
def test_a_line_in_the_picture(drawn: LineConfig, level: Level, said: str) -> None:
    ((found, title),) = levels(line_findings("door", drawn, WIDTH, HEIGHT, None))
    assert found is level and said in title


@pytest.mark.parametrize(
    ("drawn", "level", "said"),
    [
        (zone((0.2, 0.6), (0.8, 0.6), (0.8, 0.9), (0.2, 0.9)), Level.OK, "can be entered"),
        (zone((0.2, 0.6), (0.8, 0.6), (0.5, 0.9)), Level.OK, "can be entered"),
        (zone((0.2, 0.6), (0.8, 0.9), (0.8, 0.6), (0.2, 0.9)), Level.FAULT, "cross each other"),
        (zone((0.2, 0.6), (0.21, 0.6), (0.21, 0.61), (0.2, 0.61)), Level.FAULT, "too small"),
        (zone((0.0, 0.6012), (1.0, 0.6012), (1.0, 0.6042), (0.0, 0.6042)), Level.ADVICE, "very thin"),
    ],
)
def test_a_zone_in_the_picture(drawn: ZoneConfig, level: Level, said: str) -> None:
    ((found, title),) = levels(zone_findings("till", drawn, WIDTH, HEIGHT, None))
    assert found is level and said in title


def changed(camera: CameraConfig, **changes: Any) -> CameraConfig:
    return camera.model_copy(update=changes)


def far_seeing() -> CameraConfig:
    """A camera whose horizon is at 0.3 of the picture: what is d metres off is at 0.3 + 0.6 / d."""
    floor = ((-1.0, 1.5), (1.0, 1.5), (-1.0, 3.0), (1.0, 3.0), (0.0, 6.0))
    return CameraConfig(floor_points=tuple((0.5 + 0.5 * x / d, 0.3 + 0.6 / d, x, d) for x, d in floor))


@pytest.mark.parametrize(
    ("drawn", "level", "said"),
    [
        (line((0.3, 0.6), (0.7, 0.6)), Level.OK, "can count"),
        (line((0.3, 0.25), (0.7, 0.25)), Level.FAULT, "horizon"),
        (line((0.49, 0.6), (0.53, 0.6)), Level.FAULT, "m long on the floor"),
        (line((0.3, 0.305), (0.7, 0.305)), Level.ADVICE, "m long on the floor"),
    ],
)
def test_a_line_on_the_floor(drawn: LineConfig, level: Level, said: str) -> None:
    view, _ = floor_view("door", far_seeing(), WIDTH, HEIGHT)
    found = levels(line_findings("door", drawn, WIDTH, HEIGHT, view))
    assert any(each is level and said in title for each, title in found), found


def test_a_zone_above_the_horizon() -> None:
    view, _ = floor_view("door", far_seeing(), WIDTH, HEIGHT)
    sky = zone((0.2, 0.1), (0.8, 0.1), (0.8, 0.6), (0.2, 0.6))
    assert "horizon" in levels(zone_findings("till", sky, WIDTH, HEIGHT, view))[0][1]


def test_people_too_small_at_a_line() -> None:
    camera = DEMO.cameras["aisle"]
    for width, height, level in ((1280, 720, Level.OK), (320, 180, Level.ADVICE), (128, 72, Level.FAULT)):
        view, _ = floor_view("aisle", camera, width, height)
        found = levels(line_findings("main-aisle", camera.lines["main-aisle"], width, height, view))
        small = [each for each, title in found if "pixels tall" in title]
        assert small == ([] if level is Level.OK else [level]), (width, found)


def test_a_person_is_as_tall_as_the_twin_films_him() -> None:
    """The demo's entrance camera: 2.8 m up, 27° down, 78° wide; the line is 4.9 m off along the floor."""
    view, _ = floor_view("entrance", DEMO.cameras["entrance"], 640, 360)
    assert view is not None
    drawn = DEMO.cameras["entrance"].lines["door"]
    tall_px = view.person_height_px(
        ((drawn.line_from[0] + drawn.line_to[0]) / 2, (drawn.line_from[1] + drawn.line_to[1]) / 2)
    )
    focal_px, distance_m = 320 / 0.8098, 5.65
    assert tall_px == pytest.approx(1.7 * focal_px / distance_m, rel=0.15)
    assert view.length_m(drawn.line_from, drawn.line_to) == pytest.approx(4.4, abs=0.05)


def moved(index: int, metres: float) -> CameraConfig:
    points = [list(point) for point in DEMO.cameras["entrance"].floor_points]
    points[index][2] += metres
    return changed(DEMO.cameras["entrance"], floor_points=tuple(tuple(point) for point in points))


@pytest.mark.parametrize(
    ("camera", "level", "said"),
    [
        (DEMO.cameras["entrance"], Level.OK, "agree within 0.00 m"),
        (moved(3, 1.0), Level.ADVICE, "m off"),
        (moved(3, 4.0), Level.FAULT, "m off"),
        (
            changed(DEMO.cameras["entrance"], floor_points=DEMO.cameras["entrance"].floor_points[:4]),
            Level.ADVICE,
            "four",
        ),
        (
            changed(DEMO.cameras["entrance"], floor_points=tuple((x, x, x, x) for x in (0.1, 0.2, 0.3, 0.4))),
            Level.FAULT,
            "can't be used",
        ),
        (changed(DEMO.cameras["entrance"], floor_points=()), None, ""),
    ],
)
def test_floor_points(camera: CameraConfig, level: Level | None, said: str) -> None:
    _, found = floor_view("entrance", camera, WIDTH, HEIGHT)
    if level is None:
        assert found == []
    else:
        assert levels(found)[0][0] is level and said in levels(found)[0][1]


@pytest.mark.parametrize("camera", [far_seeing(), DEMO.cameras["entrance"]])
def test_a_picture_turned_upside_down(camera: CameraConfig) -> None:
    turned = tuple((x, 1 - y, floor_x, floor_y) for x, y, floor_x, floor_y in camera.floor_points)
    _, upright = floor_view("door", camera, WIDTH, HEIGHT)
    _, found = floor_view("door", changed(camera, floor_points=turned), WIDTH, HEIGHT)
    assert all(finding.level is Level.OK for finding in upright)
    assert any(each is Level.FAULT and "on its head" in title for each, title in levels(found))


def test_cameras_that_disagree_which_way_the_plan_turns() -> None:
    swapped = tuple((x, y, floor_y, floor_x) for x, y, floor_x, floor_y in DEMO.cameras["aisle"].floor_points)
    cameras = {"entrance": DEMO.cameras["entrance"], "aisle": DEMO.cameras["aisle"]}

    def found(aisle: CameraConfig) -> list[Finding]:
        views = {}
        for name, camera in (cameras | {"aisle": aisle}).items():
            view, _ = floor_view(name, camera, WIDTH, HEIGHT)
            assert view is not None
            views[name] = (camera, view)
        return mirror_findings(views)

    assert found(cameras["aisle"]) == []
    (finding,) = found(changed(cameras["aisle"], floor_points=swapped))
    assert finding.level is Level.FAULT and "mirror images" in finding.title.english


@pytest.mark.parametrize("name", ["demo", "corner-shop", "electronics-flagship", "pop-up"])
def test_the_ready_stores_have_no_fault(name: str) -> None:
    store = load_store(Path(__file__).parents[4] / f"conf/store/{name}.yaml")
    for camera_id, camera in store.cameras.items():
        own = store.twin["cameras"][camera_id]
        width, height = own.get("width_px", store.twin["width_px"]), own.get("height_px", store.twin["height_px"])
        view, found = floor_view(camera_id, camera, width, height)
        for each in camera.lines.values():
            found += line_findings(camera_id, each, width, height, view)
        for area in camera.zones.values():
            found += zone_findings(camera_id, area, width, height, view)
        assert not [finding.title.english for finding in found if finding.level is Level.FAULT]
