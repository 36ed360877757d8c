"""Modelled boxes against the camera's own projection and naive ray tests."""

from pathlib import Path

import numpy as np
import pytest

from dongsun.contract.store import load_store
from dongsun.twin.crowd.trajectories import Member, Trajectories, Walk
from dongsun.twin.fast.boxes import CameraBoxes, camera_boxes
from dongsun.twin.fast.figure import figure
from dongsun.twin.fast.sight import LEVEL_M, LEVELS, sight_masks
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan

DEMO = Path(__file__).parents[3] / "conf" / "store" / "demo.yaml"


@pytest.fixture(scope="module")
def plan() -> TwinPlan:
    return twin_plan(load_store(DEMO), DEMO)


def standing(*places: tuple[float, float], frames: int = 2) -> Trajectories:
    """People 1, 2, … who stand still."""
    still = np.zeros(frames, np.float32)
    walks = tuple(
        Walk(k, 0, still + np.float32(x), still + np.float32(y), still, still, still, still, still)
        for k, (x, y) in enumerate(places, start=1)
    )
    return Trajectories(10, frames, walks, {w.person_id: Member(w.person_id) for w in walks})


def of(boxes: CameraBoxes, person: int) -> tuple[np.ndarray, np.ndarray, float] | None:
    rows = np.flatnonzero(boxes.person_ids[boxes.rows(0)] == person)
    if not len(rows):
        return None
    k = int(rows[0])
    return boxes.amodal_xyxy_px[k], boxes.seen_xyxy_px[k], float(boxes.visibility[k])


@pytest.mark.parametrize("place", [(0.0, 1.5), (-1.5, 2.0), (1.5, 1.8), (0.4, 3.0)])
def test_a_box_stands_on_the_projected_foot_and_ends_at_the_crown(plan: TwinPlan, place: tuple[float, float]) -> None:
    camera, body = plan.camera("entrance"), figure(1)
    found = of(camera_boxes(plan, standing(place), "entrance"), 1)
    assert found is not None
    box, seen, share = found
    (foot, crown), _ = camera.project(np.array([[*place, 0.0], [*place, body.height_m]]))
    assert box[1] == pytest.approx(crown[1], abs=1.0)
    assert box[3] == pytest.approx(foot[1], abs=1.0)
    assert box[0] < foot[0] < box[2] and box[0] < crown[0] < box[2]
    away = np.linalg.norm(np.array([*place, body.height_m / 2]) - np.array(camera.position_m))
    assert box[2] - box[0] == pytest.approx(
        2 * body.half_width_m / away * camera.width_px / 2 / np.tan(np.radians(39)), rel=0.35
    )
    assert share == 1.0
    assert np.allclose(seen, box, atol=0.01)


def test_dense_projection_of_the_body_stays_in_its_box(plan: TwinPlan) -> None:
    rng = np.random.default_rng(2)
    camera, body = plan.camera("aisle"), figure(1)
    for _ in range(30):
        place = rng.uniform([-1.0, 2.0], [3.0, 8.0])
        found = of(camera_boxes(plan, standing((float(place[0]), float(place[1]))), "aisle"), 1)
        if found is None:
            continue
        z = np.linspace(0, body.height_m, 40)
        pixels, _ = camera.project(np.column_stack([np.full(40, place[0]), np.full(40, place[1]), z]))
        box = found[0]
        assert (pixels >= box[:2] - 0.5).all() and (pixels <= box[2:] + 0.5).all()


def test_somebody_behind_another_shows_less(plan: TwinPlan) -> None:
    x, y, _ = plan.camera("entrance").position_m
    near, far = (x - 0.2, y - 3.0), (x - 0.3, y - 4.2)
    both = camera_boxes(plan, standing(near, far), "entrance")
    alone = of(camera_boxes(plan, standing((9.0, 9.0), far), "entrance"), 2)
    front, back = of(both, 1), of(both, 2)
    assert front is not None and alone is not None
    assert front[2] == 1.0 and alone[2] == 1.0
    assert back is None or back[2] < 0.7
    if back is not None:
        assert back[1][3] < back[0][3], "the feet are hidden, and the seen box ends above them"


def test_shelves_hide_legs(plan: TwinPlan) -> None:
    found = of(camera_boxes(plan, standing((-3.4, 7.0)), "aisle"), 1)
    assert found is None or found[2] < 0.6


def test_sight_is_what_naive_ray_marching_says(plan: TwinPlan) -> None:
    rng = np.random.default_rng(8)
    for camera_id in plan.cameras:
        eye = np.array(plan.cameras[camera_id].position_m)
        places = np.round(rng.uniform([-7.0, -4.0], [7.0, 13.0], (300, 2)), 1)
        masks = sight_masks(plan, camera_id, places[:, 0], places[:, 1])
        agree = 0
        for place, mask in zip(places, masks, strict=True):
            level = int(rng.integers(LEVELS))
            target = np.array([*place, (level + 0.5) * LEVEL_M])
            marched = not blocked(plan, eye + np.linspace(0.0, 1.0, 3000)[:, None] * (target - eye))
            agree += marched == bool((int(mask) >> level) & 1)
        assert agree >= 297, "but for points on an edge"


def blocked(plan: TwinPlan, points: np.ndarray) -> bool:
    """Whether one of the points lies in furniture, or two neighbours on both sides of an outer wall but for a door."""
    for item in plan.furniture:
        inside = (points[:, 0] > item.x0_m) & (points[:, 0] < item.x1_m) & (points[:, 2] > 0)
        inside &= (points[:, 1] > item.y0_m) & (points[:, 1] < item.y1_m) & (points[:, 2] < item.height_m)
        if inside.any():
            return True
    x0, y0, x1, y1 = plan.bounds_m  # the demo's floor is a rectangle with its door in the wall y = 0
    within = (points[:, 0] > x0) & (points[:, 0] < x1) & (points[:, 1] > y0) & (points[:, 1] < y1)
    for k in np.flatnonzero(within[1:] != within[:-1]):
        x, y, z = points[k]
        if not (abs(y) < 0.05 and abs(x) < 1.3 and z < 2.35):
            return True
    return False


def test_a_slow_camera_takes_every_so_manieth_sample(plan: TwinPlan) -> None:
    slow = plan.model_copy(
        update={"cameras": {**plan.cameras, "entrance": plan.cameras["entrance"].model_copy(update={"fps": 5})}}
    )
    boxes = camera_boxes(slow, standing((0.0, 2.0), frames=11), "entrance")
    assert (boxes.fps, boxes.frames, len(boxes.person_ids)) == (5, 6, 6)


def test_nobody_gives_no_boxes(plan: TwinPlan) -> None:
    boxes = camera_boxes(plan, standing(frames=5), "entrance")
    assert boxes.frames == 5 and len(boxes.person_ids) == 0
