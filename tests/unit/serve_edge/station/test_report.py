"""The day's report: the ledger's numbers, and plainly what was not seen."""

import csv
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from dongsun.contract.clock import ManualClock
from dongsun.contract.errors import DongsunError
from dongsun.contract.store import load_store
from dongsun.serve_edge.ledger.batch import DayVisitors, LedgerBatch, Message
from dongsun.serve_edge.station.open_ledger import open_ledger
from dongsun.serve_edge.station.run_report import run_report
from dongsun.serve_edge.station.station_settings import load_station
from tests.unit.serve_edge.station.conftest import NOON, a_day, window

Write = Callable[..., Path]
EVENING = ManualClock(NOON + timedelta(hours=9))
NEXT_DAY = ManualClock(NOON + timedelta(days=1))


@pytest.fixture
def counted(station_file: Write) -> Path:
    path = station_file()
    settings = load_station(path)
    with open_ledger(settings, load_store(settings.store)) as ledger:
        ledger.append(a_day(), NOON)
    return path


def row(text: str, beginning: str) -> list[str]:
    return next(line for line in text.splitlines() if line.startswith(beginning)).split()


def test_today_so_far(counted: Path) -> None:
    text = run_report(counted, "today", clock=EVENING)
    assert "2026-11-20" in text and "so far" in text and "11-20 06:00 – 11-20 21:00" in text
    assert row(text, "고유")[-1] == "2" and row(text, "직원")[-1] == "1"
    assert row(text, "door · door")[3:] == ["2", "1", "1/0"]


def test_who_is_inside_and_what_was_wrong_when_the_day_ended(counted: Path) -> None:
    assert "inside now 2" in run_report(counted, "today", clock=EVENING)
    text = run_report(counted, "2026-11-20", clock=NEXT_DAY)
    assert "left uncounted 2" in text and "inside now" not in text and "came in uncounted" not in text


def test_what_was_not_seen_is_unknown_not_zero(counted: Path) -> None:
    text = run_report(counted, "2026-11-20", clock=NEXT_DAY)
    assert "so far" not in text and "saw 58 min of 24 h 00 min, 23 h 02 min not seen" in text
    assert row(text, "aisle · aisle")[3:] == ["–", "–", "–"]
    assert row(text, "aisle · fridge")[3:] == ["–", "–"]
    assert "aisle" in text and "saw nothing of 24 h 00 min" in text
    assert "unknown, not zero" in text and "알 수 없습니다" in text


def test_a_day_of_which_nothing_was_seen_has_no_number_of_visitors(station_file: Write) -> None:
    path = station_file()
    settings = load_station(path)
    with open_ledger(settings, load_store(settings.store)) as ledger:
        nobody = (("2026-11-20", DayVisitors(0, 0, 0)),)
        ledger.append(LedgerBatch(windows=(window(1, observed_s=0.0),), visitors=nobody), NOON)
    text = run_report(path, "today", clock=EVENING)
    assert row(text, "고유")[-1] == row(text, "직원")[-1] == row(text, "재방문")[-1] == "–"


def test_a_day_seen_whole_says_so(station_file: Write) -> None:
    path = station_file()
    settings = load_station(path)
    begins = datetime.fromisoformat("2026-11-20T06:00+09:00")
    with open_ledger(settings, load_store(settings.store)) as ledger:
        windows = [window(n, camera, at=begins) for camera in ("door", "aisle") for n in range(5760)]
        ledger.append(LedgerBatch(windows=tuple(windows)), NOON)
    text = run_report(path, "yesterday", clock=NEXT_DAY)
    assert text.count("saw all of 24 h 00 min") == 2 and "unknown, not zero" not in text
    assert row(text, "door · door")[3:] == ["0", "0", "0/0"]


def test_messages_that_wait_are_said(counted: Path) -> None:
    settings = load_station(counted)
    with open_ledger(settings, load_store(settings.store)) as ledger:
        ledger.append(LedgerBatch(messages=(Message("m", "window", "{}"),)), NOON)
    assert "messages not sent yet: 1" in run_report(counted, "today", clock=EVENING)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_tables_of_a_day(counted: Path, tmp_path: Path, kind: str) -> None:
    text = run_report(counted, "today", tmp_path / "out", kind, clock=EVENING)
    path = tmp_path / "out" / f"crossings.{kind}"
    assert f"→ {path}" in text
    if kind == "csv":
        with path.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == 4 and "visitor_id" not in rows[0]
    else:
        assert duckdb.sql(f"SELECT count(*) FROM '{path}'").fetchone() == (4,)


@pytest.mark.parametrize(
    ("day", "kind", "said"),
    [
        ("2026-11-01", "csv", "days from 2026-11-20 to 2026-11-20"),
        ("monday", "csv", "2026-11-20"),
        ("today", "xlsx", "csv or parquet"),
    ],
)
def test_what_cannot_be_reported(counted: Path, day: str, kind: str, said: str) -> None:
    with pytest.raises(DongsunError, match=said):
        run_report(counted, day, None, kind, clock=EVENING)


def test_a_report_begins_no_ledger(station_file: Write) -> None:
    path = station_file()
    with pytest.raises(DongsunError, match="start the station first"):
        run_report(path, "today", clock=EVENING)
    assert list((path.parent / "data").iterdir()) == []


def test_a_station_that_has_just_begun(station_file: Write) -> None:
    path = station_file()
    settings = load_station(path)
    with open_ledger(settings, load_store(settings.store)) as ledger:
        ledger.append(LedgerBatch(windows=(window(1),)), NOON)
    assert "saw 15 s of 15 h 00 min" in run_report(path, "today", clock=EVENING)
