"""Random shops: whatever the seed, people can walk in and cameras see what they count."""

from pathlib import Path

import pytest
from shapely.geometry import LineString, Point, box

from dongsun.contract.stage import SilentRunLog
from dongsun.contract.store import load_store, parse_store
from dongsun.twin.crowd.floor import walkable_floor
from dongsun.twin.generate.generate_store import generate_store
from dongsun.twin.plan.checks import check_plan
from dongsun.twin.plan.survey import survey
from dongsun.twin.plan.twin_plan import twin_plan
from dongsun.twin.run_generate import GenerateStage


@pytest.mark.parametrize("seed", range(30))
def test_a_random_shop_is_a_shop(seed: int) -> None:
    raw = generate_store(seed)
    store = parse_store(raw, where="memory")
    plan = twin_plan(store, "memory")
    check_plan(plan, store, "memory")
    x0, y0, x1, y1 = plan.bounds_m
    assert 5 <= x1 - x0 <= 18 and 5 <= y1 - y0 <= 18
    assert 1 <= len(plan.doors) <= 2 and 1 <= len(plan.cameras) <= 4 and plan.shelves
    boxes = [box(f.x0_m, f.y0_m, f.x1_m, f.y1_m) for f in plan.furniture]
    for k, one in enumerate(boxes):
        assert all(one.distance(other) >= 1.1 for other in boxes[:k])
    floor = walkable_floor(plan)
    for counter in plan.counters.values():
        assert all(floor.contains(Point(p)) for p in (*(counter.queue or ()), *counter.staff_spots))
    lines = [line for camera in plan.cameras.values() for line in camera.lines.values()]
    for door in plan.doors.values():  # each has a line before it that is wider than the door
        width = LineString([door.start, door.end]).length
        middle = LineString([door.start, door.end]).interpolate(0.5, normalized=True)
        assert any(
            (drawn := LineString([line.start, line.end])).length > width and drawn.distance(middle) < 2
            for line in lines
        )
    for camera_id, measured in survey(plan).items():
        config = store.cameras[camera_id].model_dump(by_alias=True, mode="json")
        assert {k: config[k] for k in measured} == measured
        assert 22 <= plan.cameras[camera_id].pitch_deg <= 35


def test_seeds_differ_and_repeat() -> None:
    assert generate_store(3) == generate_store(3)
    assert generate_store(3)["twin"]["floor"] != generate_store(4)["twin"]["floor"]


def test_the_stage_writes_files_that_pass_the_checks(tmp_path: Path) -> None:
    result = GenerateStage(seed=7, count=2, output_dir=tmp_path).run(SilentRunLog())
    assert [p.name for p in result.artifacts] == ["random-7.yaml", "random-8.yaml"]
    for path in result.artifacts:
        store = load_store(path)
        assert store.id == path.stem
        twin_plan(store, path)  # the file exists: it is checked
    first = result.artifacts[0].read_bytes()
    GenerateStage(seed=7, count=1, output_dir=tmp_path).run(SilentRunLog())
    assert result.artifacts[0].read_bytes() == first
