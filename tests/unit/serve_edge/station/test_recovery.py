"""Windows that a killed station had open."""

from datetime import timedelta
from pathlib import Path

from dongsun.contract.store import StoreConfig, parse_store
from dongsun.serve_edge.ledger.batch import LedgerBatch
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.station.recovery import newest_windows, recovered_windows
from tests.unit.serve_edge.station.conftest import NOON, SEOUL, crossing, window

NOW = NOON + timedelta(minutes=10)
LINE = {"from": [0.1, 0.6], "to": [0.9, 0.6], "inside": [0.5, 0.9]}


def store() -> StoreConfig:
    raw = {"id": "shop", "cameras": {"door": {"lines": {"door": LINE, "side": LINE}}, "aisle": {}}}
    return parse_store(raw, where="test")


def opened(folder: Path) -> Ledger:
    return Ledger(folder / "ledger.db", SEOUL)


def fill(ledger: Ledger, crossings_at_s: list[float], window_starts_s: list[float], camera: str = "door") -> None:
    crossed = [
        crossing(number).model_copy(
            update={
                "idempotency_key": f"{camera}{number}",
                "camera_id": camera,
                "crossed_at_utc": NOON + timedelta(seconds=at_s),
            }
        )
        for number, at_s in enumerate(crossings_at_s)
    ]
    windows = [
        window(number, camera, at=NOON + timedelta(seconds=start_s - 15 * number))
        for number, start_s in enumerate(window_starts_s)
    ]
    ledger.append(LedgerBatch(tuple(crossed), windows=tuple(windows)), NOON)


def test_what_was_counted_after_the_last_window(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        fill(ledger, [3.0, 16.0, 17.0, 50.0], [0.0])
        found = recovered_windows(ledger, store(), NOW)
        assert [(w.starts_at_utc, w.crossings_in, w.observed_s) for w in found] == [
            (NOON + timedelta(seconds=15), {"door": 2, "side": 0}, 0.0),
            (NOON + timedelta(seconds=45), {"door": 1, "side": 0}, 0.0),
        ]
        ledger.append(LedgerBatch(windows=found), NOW)
        assert recovered_windows(ledger, store(), NOW) == ()


def test_of_one_camera_alone_while_the_others_count(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        fill(ledger, [16.0], [0.0])
        fill(ledger, [16.0], [0.0], "aisle")
        assert [w.camera_id for w in recovered_windows(ledger, store(), NOW, "aisle")] == ["aisle"]
        assert [w.camera_id for w in recovered_windows(ledger, store(), NOW)] == ["aisle", "door"]


def test_a_clock_that_was_ahead_hides_nothing(tmp_path: Path) -> None:
    ahead_s = timedelta(days=3650).total_seconds()
    with opened(tmp_path) as ledger:
        fill(ledger, [16.0, ahead_s], [0.0, ahead_s])
        (found,) = recovered_windows(ledger, store(), NOW)
        assert found.starts_at_utc == NOON + timedelta(seconds=15)
        assert newest_windows(ledger, NOW)["door"] == NOON + timedelta(days=3650)


def test_years_of_windows_are_not_looked_through(tmp_path: Path) -> None:
    asked: list[tuple[str, dict[str, object]]] = []
    with opened(tmp_path) as ledger:
        ledger._db.set_exec_trace(lambda cursor, sql, bindings: asked.append((sql, bindings)) or True)
        recovered_windows(ledger, store(), NOW)
        newest_windows(ledger, NOW)
        ledger._db.set_exec_trace(None)
        plans = [str(row[3]) for sql, values in asked for row in ledger.rows(f"EXPLAIN QUERY PLAN {sql}", values)]
    assert plans and not [plan for plan in plans if plan.startswith(("SCAN windows", "SCAN c"))], plans
