"""A bad store file is refused with the line that is bad."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import load_store, parse_store
from dongsun.twin.plan.survey import survey
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan
from dongsun.twin.plan.yaml_lines import line_of

STORES = Path(__file__).parents[3] / "conf" / "store"
DEMO = STORES / "demo.yaml"
TWINS = sorted(p for p in STORES.glob("*.yaml") if "\ntwin:" in p.read_text(encoding="utf-8"))
RAW: dict[str, Any] = yaml.safe_load(DEMO.read_text(encoding="utf-8"))


def written(tmp_path: Path, raw: dict[str, Any]) -> Path:
    """One scalar a line, so that every key has a line of its own."""
    path = tmp_path / "shop.yaml"
    path.write_text(yaml.safe_dump(raw, sort_keys=False, default_flow_style=False), encoding="utf-8")
    return path


def changed(keys: tuple[str | int, ...], value: object) -> dict[str, Any]:
    raw = copy.deepcopy(RAW)
    node: Any = raw
    for key in keys[:-1]:
        node = node.setdefault(key, {}) if isinstance(node, dict) else node[key]
    if isinstance(node, list) and keys[-1] == "+":
        node.append(value)
    else:
        node[keys[-1]] = value
    return raw


CAMERA = ("twin", "cameras", "entrance")
BAD: list[tuple[str, tuple[str | int, ...], object, str, str]] = [
    ("crossing floor", ("twin", "floor"), [[-5, 0], [5, 11], [5, 0], [-5, 11]], "twin.floor", "don't cross"),
    ("flat floor", ("twin", "floor"), [[-5, 0], [0, 0], [5, 0.1]], "twin.floor", "at least 4 m²"),
    ("corner twice", ("twin", "floor"), [[-5, 0], [5, 0], [5, 0], [5, 11], [-5, 11]], "twin.floor.2", "twice"),
    ("door off", ("twin", "doors", "main", "from"), [-1.3, 1.0], "twin.doors.main", "on one edge"),
    ("door round a corner", ("twin", "doors", "main", "to"), [5.0, 1.0], "twin.doors.main", "on one edge"),
    ("narrow door", ("twin", "doors", "main", "to"), [-1.0, 0.0], "twin.doors.main", "wide"),
    ("doors overlap", ("twin", "doors", "b"), {"from": [0, 0], "to": [2, 0]}, "twin.doors.b", "overlaps main"),
    ("shelf outside", ("twin", "shelves", 1, "x1_m"), 5.5, "twin.shelves.1", "inside the floor"),
    (
        "shelves cross", ("twin", "shelves", "+"), {"x0_m": -3.2, "y0_m": 5, "x1_m": -2.5, "y1_m": 6},
        "twin.shelves.5", "stands in shelves.0",
    ),
    (
        "door blocked", ("twin", "shelves", "+"), {"x0_m": 0, "y0_m": 0.5, "x1_m": 0.5, "y1_m": 1},
        "twin.shelves.5", "door main",
    ),
    ("wall outside", ("twin", "walls"), [{"from": [0, 5], "to": [9, 5]}], "twin.walls.0", "inner wall"),
    ("wall in a shelf", ("twin", "walls"), [{"from": [-2.5, 4], "to": [-2.5, 9]}], "twin.shelves.0", "runs through"),
    ("camera outside", (*CAMERA, "position_m"), [9, 3, 2.8], "twin.cameras.entrance.position_m", "outside"),
    ("camera in a wall", (*CAMERA, "position_m"), [5.0, 3, 2.8], "twin.cameras.entrance.position_m", "outside|wall"),
    ("camera in the plaster", (*CAMERA, "position_m"), [4.98, 1, 2.8], "twin.cameras.entrance.position_m", "wall"),
    ("camera in a shelf", (*CAMERA, "position_m"), [2.0, 6, 1.2], "twin.cameras.entrance.position_m", "furniture"),
    ("camera in the roof", (*CAMERA, "position_m"), [0, 6, 3.4], "twin.cameras.entrance.position_m", "ceiling"),
    (
        "line outside", (*CAMERA, "lines", "door", "end"), [6.0, 1.4],
        "twin.cameras.entrance.lines.door.end", "on the floor",
    ),
    (
        "line in a shelf", (*CAMERA, "lines", "door"), {"start": [1.7, 5], "end": [1.7, 8], "inside": [0, 6]},
        "twin.cameras.entrance.lines.door", "can cross",
    ),
    (
        "line behind", (*CAMERA, "lines", "door"), {"start": [-1, 9], "end": [1, 9], "inside": [0, 10]},
        "twin.cameras.entrance.lines.door", "entrance sees",
    ),
    (
        "zone crossing", (*CAMERA, "zones"), {"z": [[0, 1], [2, 3], [2, 1], [0, 3]]},
        "twin.cameras.entrance.zones.z", "don't cross",
    ),
    ("zone outside", (*CAMERA, "zones"), {"z": [[0, 1], [9, 1], [0, 3]]}, "twin.cameras.entrance.zones.z", "on the"),
    (
        "zone unseen", (*CAMERA, "zones"), {"z": [[-4.95, 1.75], [-4.5, 1.75], [-4.5, 2.15], [-4.95, 2.15]]},
        "twin.cameras.entrance.zones.z", "some camera sees",
    ),
    (
        "drawn line in the air", ("cameras", "entrance", "lines", "door", "from"), [0.5, 0.01],
        "cameras.entrance.lines.door.from", "no floor",
    ),
    (
        "drawn zone in the air", ("cameras", "aisle", "zones", "drinks", "polygon", 1), [0.5, 0.01],
        "cameras.aisle.zones.drinks.polygon.1", "no floor",
    ),
    (
        "poster outside", ("twin", "disturbances"), {"posters": [{"at": [0, 20], "facing_deg": 0}]},
        "twin.disturbances.posters.0", "poster",
    ),
    (
        "mannequin in a shelf", ("twin", "disturbances"), {"mannequins": [{"at": [-2.5, 6]}]},
        "twin.disturbances.mannequins.0", "stand",
    ),
    (
        "queue in the till", ("twin", "counters"),
        {"till": {"x0_m": 3, "y0_m": 1, "x1_m": 4, "y1_m": 2, "queue": [[2.5, 1.5], [3.1, 1.5]]}},
        "twin.counters.till.queue.1", "stand",
    ),
    (
        "staff outside", ("twin", "counters"),
        {"till": {"x0_m": 3, "y0_m": 1, "x1_m": 4, "y1_m": 2, "staff_spots": [[7, 1]]}},
        "twin.counters.till.staff_spots.0", "floor",
    ),
    (
        "two fields of view", ("cameras", "entrance", "lens"), {"model": "fisheye", "hfov_deg": 180},
        "cameras.entrance.lens", "agree on the field of view",
    ),
    ("misspelt", ("twin", "shelves", 2, "colour"), "red", "twin.shelves.2.colour", "Extra inputs"),
    ("no number", (*CAMERA, "yaw_deg"), "north", "twin.cameras.entrance.yaw_deg", "valid number"),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "value", "place", "said"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_what_no_shop_can_be(keys: tuple[str | int, ...], value: object, place: str, said: str, tmp_path: Path) -> None:
    raw = changed(keys, value)
    if keys[0] == "twin" and "lines" in keys:
        raw["cameras"]["entrance"].pop("lines")  # a store needs no line in the picture to have one on the floor
    path = written(tmp_path, raw)
    with pytest.raises(DongsunError, match=said) as caught:
        twin_plan(load_store(path), path)
    where = caught.value.where
    assert where.startswith(f"{path}:") and where.endswith(f"({place})")
    line = int(where.removeprefix(f"{path}:").split(" ")[0])
    text = path.read_text(encoding="utf-8").splitlines()[line - 1]
    last = place.rsplit(".", 1)[1]
    assert text.lstrip("- ").startswith(f"{last}:") if not last.isdigit() else text.lstrip().startswith("-")
    assert caught.value.mend


@pytest.mark.parametrize("path", TWINS, ids=lambda p: p.stem)
def test_every_store_that_comes_along_is_right(path: Path) -> None:
    store = load_store(path)
    plan = twin_plan(store, path)
    for camera_id, measured in survey(plan).items():
        config = store.cameras[camera_id].model_dump(by_alias=True, mode="json")
        assert config["lines"] == measured["lines"]
        assert config["zones"] == measured["zones"]
        if config["floor_points"]:
            assert config["floor_points"] == measured["floor_points"]


def test_without_a_file_only_the_format_is_looked_at() -> None:
    raw = changed(("twin", "shelves", 1, "x1_m"), 5.5)
    assert isinstance(twin_plan(parse_store(raw, where="memory"), "memory"), TwinPlan)


values = st.recursive(
    st.integers(0, 9),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.sampled_from("abcd"), inner, min_size=1, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from("abcd"), values, min_size=1), st.data())
def test_a_path_leads_to_the_line_where_it_is_written(raw: dict[str, Any], data: st.DataObject) -> None:
    """Whatever the nesting: a number made unique is found by searching the text."""
    keys: list[str | int] = []
    node: Any = raw
    while isinstance(node, dict | list):
        key = data.draw(st.sampled_from(sorted(node))) if isinstance(node, dict) else data.draw(
            st.integers(0, len(node) - 1)
        )  # fmt: skip
        keys.append(key)
        node = node[key]
    marked = copy.deepcopy(raw)
    target: Any = marked
    for key in keys[:-1]:
        target = target[key]
    target[keys[-1]] = 777_777
    text = yaml.safe_dump(marked, sort_keys=False, default_flow_style=False)
    expected = 1 + next(k for k, line in enumerate(text.splitlines()) if "777777" in line)
    assert line_of(text, keys) == expected
    assert line_of(text, [*keys, "nothing", 3]) == expected


def test_a_missing_key_is_sought_at_its_parent() -> None:
    assert line_of("a: 1\nb:\n  c: 2\n", ("b", "d")) == 2
    assert line_of("", ("b", "d")) == 1
