"""What leaves the station."""

import json
from datetime import UTC, datetime

import pytest

from dongsun.contract.observations import Window
from dongsun.serve_edge.forward.window_event import window_message

WINDOW = Window(
    store_id="shop",
    camera_id="door",
    bundle_version="7",
    idempotency_key="shop/door/window/all/2026-11-20T03:00:00.000Z",
    starts_at_utc=datetime(2026, 11, 20, 3, tzinfo=UTC),
    observed_s=12.5,
    crossings_in={"door": 3, "side": 0},
    crossings_out={"door": 5, "side": 1},
    occupancy_mean=2.25,
    occupancy_max=4,
    dwell_p50_s={"till": 8.0},
    dwell_p90_s={"till": None},
)


def test_a_window_is_a_cloud_event() -> None:
    message = window_message(WINDOW, "box-1")
    event = json.loads(message.body)
    assert message.kind == "window" and message.idempotency_key == event["id"] == WINDOW.idempotency_key
    assert {
        "specversion": "1.0",
        "type": "io.dongsun.window.v1",
        "source": "/stores/shop/stations/box-1",
    }.items() <= event.items()
    assert event["time"] == "2026-11-20T03:00:00.000Z"
    data = event["data"]
    assert data["observed_s"] == 12.5 and data["window_s"] == 15.0 and data["crossings_in"] == {"door": 3, "side": 0}
    assert data["dwell_p50_s"] == {"till": 8.0} and data["occupancy_mean"] == 2.25


@pytest.mark.parametrize(
    ("k", "inward", "outward", "most", "mean", "dwell"),
    [
        (1, [3, 0], [5, 1], 4, 2.25, 8.0),
        (2, [3, 0], [5, None], 4, 2.25, None),
        (4, [None, 0], [5, None], 4, 2.25, None),
        (5, [None, 0], [5, None], None, None, None),
    ],
)
def test_small_counts_stay_inside(
    k: int,
    inward: list[int | None],
    outward: list[int | None],
    most: int | None,
    mean: float | None,
    dwell: float | None,
) -> None:
    data = json.loads(window_message(WINDOW, "box-1", suppress_below=k).body)["data"]
    assert list(data["crossings_in"].values()) == inward and list(data["crossings_out"].values()) == outward
    assert (data["occupancy_max"], data["occupancy_mean"], data["dwell_p50_s"]["till"]) == (most, mean, dwell)
    assert data["suppressed_below"] == k


def test_where_nothing_was_seen_there_is_no_zero() -> None:
    """Counts of a killed run are kept in windows of which nobody knows any more how long they were seen."""
    kept = {"door": 3, "side": 0}
    dark = WINDOW.model_copy(update={"observed_s": 0.0, "crossings_in": kept, "occupancy_max": 0, "occupancy_mean": 0})
    data = json.loads(window_message(dark, "box-1").body)["data"]
    assert data["observed_s"] == 0 and data["crossings_in"] == {"door": 3, "side": None}
    assert data["occupancy_max"] is None and data["occupancy_mean"] is None


def test_nothing_that_identifies_leaves() -> None:
    text = window_message(WINDOW, "box-1").body
    assert not any(word in text for word in ("visitor", "track", "person", "embedding"))
