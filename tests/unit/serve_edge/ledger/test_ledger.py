"""The station's truth: nothing lost, nothing doubled, nothing readable without the key, room made when it's full."""

import signal
import subprocess
import sys
import time as clock_time
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import apsw
import duckdb
import pytest
from pydantic import SecretStr

from dongsun.contract.business_day import BusinessCalendar
from dongsun.contract.clock import ManualClock
from dongsun.contract.errors import DongsunError
from dongsun.contract.observations import Crossing, Window, ZoneVisit
from dongsun.serve_edge.ledger.batch import DayVisitors, HeatCell, LedgerBatch, Message
from dongsun.serve_edge.ledger.day_export import export_day
from dongsun.serve_edge.ledger.day_report import day_report, days_kept
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.ledger.ledger_errors import LedgerFullError
from dongsun.serve_edge.ledger.ledger_writer import LedgerWriter
from dongsun.serve_edge.ledger.migrations import STEPS

SEOUL = BusinessCalendar("Asia/Seoul", time(6))
NOON = datetime(2026, 11, 20, 3, tzinfo=UTC)
DAY = date(2026, 11, 20)
COMMON = {"store_id": "shop", "camera_id": "door", "bundle_version": "1"}


def crossing(number: int, at: datetime = NOON, direction: str = "in", staff: bool = False) -> Crossing:
    return Crossing.model_validate(
        COMMON
        | {"idempotency_key": f"c{number}", "line_id": "door", "direction": direction, "staff": staff}
        | {"crossed_at_utc": at, "stream_time_s": 1.0, "frame_index": 5, "track_id": number, "visitor_id": 7}
    )


def visit(number: int, dwell_s: float, staff: bool = False) -> ZoneVisit:
    return ZoneVisit.model_validate(
        COMMON
        | {"idempotency_key": f"v{number}", "zone_id": "till", "entered_at_utc": NOON, "exited_at_utc": NOON}
        | {"enter_s": 0.0, "exit_s": dwell_s, "dwell_s": dwell_s, "track_id": number, "visitor_id": 7, "staff": staff}
    )


def window(number: int, observed_s: float = 15.0, at: datetime = NOON) -> Window:
    return Window.model_validate(
        COMMON
        | {"idempotency_key": f"w{number}", "starts_at_utc": at + number * timedelta(seconds=15)}
        | {"observed_s": observed_s, "crossings_in": {"door": 1}, "crossings_out": {}, "occupancy_mean": 0.5}
        | {"occupancy_max": number % 4, "dwell_p50_s": {}, "dwell_p90_s": {}}
    )


def message(number: int, size: int = 20) -> Message:
    return Message(f"m{number}", "window", "x" * size)


def opened(tmp_path: Path, **settings: object) -> Ledger:
    return Ledger(tmp_path / "ledger.db", SEOUL, **settings)  # type: ignore[arg-type]


def test_a_day_adds_up_with_staff_apart(tmp_path: Path) -> None:
    batch = LedgerBatch(
        crossings=(crossing(1), crossing(2), crossing(3, direction="out"), crossing(4, staff=True)),
        visits=(visit(1, 4.0), visit(2, 10.0), visit(3, 100.0, staff=True)),
        windows=(window(0), window(1, observed_s=5.0)),
        heat=(HeatCell(12, 3, -1, 2.5),),
        heat_day="2026-11-20",
        visitors=(("2026-11-20", DayVisitors(2, 0, 1)),),
        messages=(message(1),),
    )
    with opened(tmp_path) as ledger:
        ledger.append(batch, NOON)
        ledger.append(LedgerBatch(heat=(HeatCell(12, 3, -1, 1.5),), heat_day="2026-11-20"), NOON)
        report = day_report(ledger, DAY)
        assert ledger.rows("SELECT seconds FROM heat") == [(4.0,)]
        assert days_kept(ledger) == (DAY,)
    (line,), (zone,), (camera,) = report.lines, report.zones, report.cameras
    assert (line.visitors_in, line.visitors_out, line.staff_in, line.staff_out) == (2, 1, 1, 0)
    assert (zone.visits, zone.dwell_p50_s, zone.staff_visits) == (2, 7.0, 1)
    assert (camera.observed_s, camera.missing_s, camera.occupancy_max) == (20.0, 10.0, 1)
    assert (report.unique_visitors, report.unique_staff, report.unsent) == (2, 1, 1)


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    batch = LedgerBatch((crossing(1),), (visit(1, 3.0),), (window(0),), messages=(message(1), message(2)))
    with opened(tmp_path) as ledger:
        ledger.append(batch, NOON)
        once = day_report(ledger, DAY)
        ledger.mark_sent([1], NOON)
        ledger.append(batch, NOON)
        assert day_report(ledger, DAY).lines == once.lines and day_report(ledger, DAY).cameras == once.cameras
        assert [item.message.idempotency_key for item in ledger.pending(10)] == ["m2"]


def test_messages_wait_in_order_until_they_are_acknowledged(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        for number in range(5):
            ledger.append(LedgerBatch(messages=(message(number),)), NOON)
        first = ledger.pending(3)
        assert [item.message.idempotency_key for item in first] == ["m0", "m1", "m2"]
        ledger.mark_sent([item.sequence for item in first], NOON)
    with opened(tmp_path) as again:
        assert [item.message.idempotency_key for item in again.pending(9)] == ["m3", "m4"]
        assert again.pending_count() == 2


def test_retention_forgets_by_age_and_people_by_the_day(tmp_path: Path) -> None:
    old = NOON - timedelta(days=100)
    with opened(tmp_path) as ledger:
        before = [window(1 + days, at=NOON - timedelta(days=days)) for days in (1, 2)]
        counted = (window(0), *before, window(4, at=old))
        ledger.append(LedgerBatch((crossing(1), crossing(2, at=old)), windows=counted), NOON)
        ledger.append(LedgerBatch(messages=(message(1), message(2))), NOON - timedelta(days=30))
        ledger.mark_sent([1], NOON - timedelta(days=30))
        ledger.retain(NOON)
        assert ledger.rows("SELECT idempotency_key, visitor_id FROM crossings") == [("c1", 7)]
        assert len(ledger.rows("SELECT * FROM windows")) == 4
        assert [item.message.idempotency_key for item in ledger.pending(9)] == ["m2"]
        assert not ledger.rows("SELECT * FROM outbox WHERE sent_at_utc IS NOT NULL")
        ledger.retain(NOON + timedelta(days=1))
        assert ledger.rows("SELECT visitor_id, track_id FROM crossings") == [(None, 0)]


def test_a_clock_that_is_years_ahead_costs_no_history(tmp_path: Path) -> None:
    """A battery is empty, a time server lies: what is kept goes by days that were counted, not by the clock alone."""
    ahead = NOON + timedelta(days=20_000)
    with opened(tmp_path) as ledger:
        days = [window(number, at=NOON - timedelta(days=number)) for number in range(5)]
        ledger.append(LedgerBatch((crossing(1),), windows=tuple(days)), NOON)
        ledger.retain(ahead)
        ledger.append(LedgerBatch(windows=(window(9, at=ahead),)), ahead)
        ledger.retain(ahead)
        assert len(ledger.rows("SELECT * FROM windows")) == 6
        assert ledger.rows("SELECT visitor_id FROM crossings") == [(None,)]  # who it was is forgotten all the same
        later = [window(10 + days, at=ahead + timedelta(days=days)) for days in (1, 2)]
        ledger.append(LedgerBatch(windows=tuple(later)), ahead)
        ledger.retain(ahead + timedelta(days=2))
        assert len(ledger.rows("SELECT * FROM windows")) == 3 and not ledger.rows("SELECT * FROM crossings")


def test_housekeeping_looks_at_nothing_that_stays(tmp_path: Path) -> None:
    """A ledger of the first version is migrated; what housekeeping reads then doesn't grow with the years."""
    with apsw.Connection(str(tmp_path / "ledger.db")) as first:
        first.execute(STEPS[0])
        first.pragma("user_version", 1)
    first.close()
    asked: list[str] = []
    with opened(tmp_path) as ledger:
        ledger.append(LedgerBatch((crossing(1),), messages=(message(1),)), NOON)
        ledger._db.set_exec_trace(lambda cursor, sql, bindings: asked.append(sql) or True)
        ledger.retain(NOON)
        ledger._db.set_exec_trace(None)
        plans = {
            sql: " ".join(str(row[3]) for row in ledger.rows(f"EXPLAIN QUERY PLAN {sql}", (str(DAY),) * sql.count("?")))
            for sql in asked
            if sql.startswith(("DELETE", "UPDATE"))
        }
    assert len(plans) == 8 and not [plan for plan in plans.values() if "SCAN" in plan], plans


def test_a_key_encrypts_the_file(tmp_path: Path) -> None:
    key = SecretStr("a long passphrase")
    with opened(tmp_path, key=key) as ledger:
        ledger.append(LedgerBatch((crossing(1),), messages=(Message("m", "window", "find-me-in-the-file"),)), NOON)
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"find-me-in-the-file" not in raw and b"crossings" not in raw and not raw.startswith(b"SQLite format 3")
    for wrong in (None, SecretStr("another")):
        with pytest.raises(DongsunError, match="give the key"):
            opened(tmp_path, key=wrong)
    with opened(tmp_path, key=key) as ledger:
        assert ledger.pending_count() == 1


def test_files_that_are_no_ledger(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(DongsunError, match="no plain database"):
        opened(tmp_path)
    (tmp_path / "ledger.db").unlink()
    with opened(tmp_path) as ledger:
        ledger._db.pragma("user_version", 99)
    with pytest.raises(DongsunError, match="newer dongsun"):
        opened(tmp_path)
    with pytest.raises(DongsunError, match="create its folder"):
        Ledger(tmp_path / "absent" / "ledger.db", SEOUL)


def test_a_failed_batch_leaves_nothing(tmp_path: Path) -> None:
    with opened(tmp_path, most_bytes=200_000) as ledger:
        ledger.append(LedgerBatch((crossing(0),)), NOON)
        too_big = LedgerBatch((crossing(1),), messages=tuple(message(n, 5_000) for n in range(100)))
        with pytest.raises(LedgerFullError):
            ledger.append(too_big, NOON)
        assert ledger.rows("SELECT idempotency_key FROM crossings") == [("c0",)] and ledger.pending_count() == 0
        with pytest.raises(LedgerFullError), ledger._transaction():  # whatever writes says it in the same words
            ledger._db.execute("INSERT INTO outbox VALUES (1, 'k', 'window', ?, '', NULL)", ("x" * 500_000,))


def test_a_full_file_keeps_the_newest_and_says_so(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    with opened(tmp_path, most_bytes=200_000) as ledger:
        writer = LedgerWriter(ledger, tmp_path, clock, ballast_bytes=4096)
        for number in range(300):
            clock.advance(15)
            writer.write(LedgerBatch(windows=(window(number),), messages=(message(number, 600),)))
        newest = ledger.rows("SELECT idempotency_key FROM windows ORDER BY starts_at_utc DESC LIMIT 3")
        assert newest == [("w299",), ("w298",), ("w297",)]
        health = writer.health()
        assert health.made_room > 0 and health.lost == 0 and health.waiting == 0
        waiting = [int(item.message.idempotency_key[1:]) for item in ledger.pending(1000)]
        assert waiting == list(range(waiting[0], 300))
    assert (tmp_path / "ledger.db").stat().st_size <= 200_000


def test_what_does_not_fit_at_all_waits_in_memory_and_the_oldest_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path) as ledger:
        writer = LedgerWriter(ledger, tmp_path, ManualClock(NOON), most_waiting=3, ballast_bytes=0)

        def full(*_: object) -> None:
            raise LedgerFullError("no space left")

        with monkeypatch.context() as patched:
            patched.setattr(ledger, "append", full)
            patched.setattr(ledger, "make_room", lambda: 0)
            for number in range(5):
                writer.write(LedgerBatch(windows=(window(number),)))
            assert (writer.health().full, writer.health().waiting, writer.health().lost) == (True, 3, 2)
        writer.write(LedgerBatch(windows=(window(5),)))
        kept = [key for (key,) in ledger.rows("SELECT idempotency_key FROM windows ORDER BY starts_at_utc")]
        assert kept == ["w3", "w4", "w5"] and writer.health().lost == 3
        assert not writer.health().full


def test_a_killed_writer_loses_nothing_that_it_said_was_written(tmp_path: Path) -> None:
    """A process appends batches and prints each number once it's committed; SIGKILL in the middle, four times over."""
    script = (
        "import sys\nfrom pathlib import Path\nsys.path.insert(0, sys.argv[2])\n"
        "import test_ledger as t\n"
        "first = int(sys.argv[3])\n"
        "with t.opened(Path(sys.argv[1])) as ledger:\n"
        "    for n in range(first, first + 100000):\n"
        "        ledger.append(t.LedgerBatch((t.crossing(n),), messages=(t.message(n),)), t.NOON)\n"
        "        print(n, flush=True)\n"
    )
    committed = -1
    for _ in range(4):
        arguments = [sys.executable, "-c", script, str(tmp_path), str(Path(__file__).parent), str(max(0, committed))]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        clock_time.sleep(0.15)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split()
        process.wait()
        committed = int(rest[-1]) if rest else committed
    with opened(tmp_path) as ledger:
        numbers = sorted(int(key[1:]) for (key,) in ledger.rows("SELECT idempotency_key FROM crossings"))
        assert numbers == list(range(len(numbers)))  # repeats were ignored, none is missing
        assert committed > 5 and len(numbers) in (committed + 1, committed + 2)  # at most the one being said
        assert ledger.pending_count() == len(numbers)
        assert ledger.rows("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_day_is_exported_without_anything_that_identifies(tmp_path: Path, kind: str) -> None:
    with opened(tmp_path) as ledger:
        ledger.append(LedgerBatch((crossing(1), crossing(2, staff=True)), (visit(1, 3.0),), (window(0),)), NOON)
        files = export_day(ledger, DAY, tmp_path / "out", kind)  # type: ignore[arg-type]
    assert [path.name for path in files] == [f"{n}.{kind}" for n in ("crossings", "visits", "windows", "heat")]
    read = f"read_{kind}" if kind == "parquet" else "read_csv"
    with duckdb.connect() as memory:
        memory.execute("SET TimeZone = 'UTC'")
        found = memory.execute(f"SELECT staff, direction, epoch(crossed_at_utc) FROM {read}('{files[0]}')").fetchall()
        columns = [row[0] for row in memory.execute(f"DESCRIBE SELECT * FROM {read}('{files[0]}')").fetchall()]
        visits = memory.execute(f"SELECT dwell_s FROM {read}('{files[1]}')").fetchall()
    assert sorted(found) == [(False, "in", NOON.timestamp()), (True, "in", NOON.timestamp())]
    assert "visitor_id" not in columns and "track_id" not in columns and visits == [(3.0,)]
