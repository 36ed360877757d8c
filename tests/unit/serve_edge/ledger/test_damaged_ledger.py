"""A damaged file costs what can't be read of it, never the station: a new ledger is begun and the old one copied."""

import os
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import apsw
import numpy as np
import pytest
from pydantic import SecretStr

from dongsun.contract.business_day import BusinessCalendar
from dongsun.contract.clock import ManualClock, utc_now
from dongsun.contract.observations import Crossing
from dongsun.serve_edge.ledger.batch import DayVisitors, HeatCell, LedgerBatch, Message
from dongsun.serve_edge.ledger.damaged_files import DamagedFiles
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.ledger.ledger_errors import DamagedFileError, LedgerDamagedError
from dongsun.serve_edge.ledger.ledger_writer import LedgerWriter

CALENDAR = BusinessCalendar("Asia/Seoul", time(6))
NOW = utc_now()
TODAY = str(CALENDAR.day_of(NOW))
MANY = 4000
KEYS = pytest.mark.parametrize("key", [None, SecretStr("back room")], ids=["plain", "encrypted"])


def crossing(number: int) -> Crossing:
    return Crossing.model_validate(
        {"store_id": "shop", "camera_id": "door", "bundle_version": "1", "idempotency_key": f"c{number:06d}"}
        | {"line_id": "door", "direction": "in", "crossed_at_utc": NOW, "stream_time_s": 1.0, "frame_index": 5}
        | {"track_id": number, "visitor_id": 7}
    )


def batch(first: int, count: int) -> LedgerBatch:
    numbers = range(first, first + count)
    return LedgerBatch(
        crossings=tuple(crossing(n) for n in numbers),
        messages=tuple(Message(f"m{n:06d}", "window", "x" * 50) for n in numbers),
        heat=(HeatCell(12, 1, 2, 10.0), HeatCell(13, 1, 2, 5.0)),
        heat_day=TODAY,
        visitors=((TODAY, DayVisitors(count, 0, 0)),),
    )


def opened(folder: Path, key: SecretStr | None = None, *, mends: bool = True) -> Ledger:
    return Ledger(folder / "ledger.db", CALENDAR, key, mends=mends)


def full(folder: Path, key: SecretStr | None) -> Path:
    """A ledger of many rows on a disk."""
    with opened(folder, key) as ledger:
        ledger.append(batch(0, MANY), NOW)
        ledger.mark_sent([item.sequence for item in ledger.pending(100)], NOW)
        ledger.fold_journal()
    return folder / "ledger.db"


def damage(path: Path, key: SecretStr | None, table: str) -> None:
    """Overwrites a page in the middle of a table, as a dying disk does."""
    with path.open("rb") as file:
        size = len(file.read())
    connection = apsw.Connection(str(path))
    if key is not None:
        connection.pragma("key", key.get_secret_value())
    pages = [
        p for (p,) in connection.execute("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'", (table,))
    ]
    connection.close()
    assert len(pages) > 10 and size > 4096 * max(pages)
    with path.open("r+b") as file:
        file.seek(4096 * (pages[len(pages) // 2] - 1))
        file.write(np.random.default_rng(1).bytes(2000))
        os.fsync(file.fileno())


def salvaged(ledger: Ledger) -> None:
    for _ in range(200):
        ledger.salvage(1.0)


def keys(ledger: Ledger) -> list[str]:
    return [key for (key,) in ledger.rows("SELECT idempotency_key FROM crossings ORDER BY 1")]


@KEYS
def test_writing_goes_on_and_nearly_all_is_copied(tmp_path: Path, key: SecretStr | None) -> None:
    damage(full(tmp_path, key), key, "crossings")
    clock = ManualClock(NOW)
    with opened(tmp_path, key) as ledger:
        writer = LedgerWriter(ledger, tmp_path, clock, ballast_bytes=0)
        for number in range(0, MANY, 40):  # somewhere these meet the damaged page
            writer.write(LedgerBatch(crossings=(crossing(number),), messages=(Message(f"n{number}", "window", "y"),)))
        writer.write(LedgerBatch(heat=(HeatCell(12, 1, 2, 1.5),), heat_day=TODAY))
        health = writer.health()
        assert (health.full, health.waiting, health.lost) == (False, 0, 0)
        assert ledger.begun_anew == 1
        assert ledger.pending(10) == []  # the old ones are older
        salvaged(ledger)
        found = keys(ledger)
        # A page holds some thirty rows, and reading from both ends loses no more than that.
        assert MANY - 80 < len(found) == len(set(found)) <= MANY
        assert ledger.salvaged > MANY
        # Messages were not damaged: every one is there, in the old order and before all new ones.
        sequence = [item.message.idempotency_key for item in ledger.pending(2 * MANY)]
        assert sequence[: MANY - 100] == [f"m{n:06d}" for n in range(100, MANY)]
        assert sequence[MANY - 100 :] == sorted(sequence[MANY - 100 :], key=lambda k: int(k[1:]))
        assert all(name.startswith("n") for name in sequence[MANY - 100 :])
        assert ledger.rows("SELECT count(*) FROM outbox WHERE sent_at_utc IS NOT NULL") == [(100,)]
        assert ledger.rows("SELECT hour, seconds FROM heat ORDER BY hour") == [(12, 11.5), (13, 5.0)]
        assert ledger.rows("SELECT unique_visitors FROM days") == [(MANY,)]
        assert ledger.rows("PRAGMA integrity_check") == [("ok",)]
    with opened(tmp_path, key) as ledger:  # copied once: a restart finds nothing left to do
        salvaged(ledger)
        assert keys(ledger) == found and ledger.salvaged == 0


@KEYS
def test_reading_finds_the_damage_too(tmp_path: Path, key: SecretStr | None) -> None:
    damage(full(tmp_path, key), key, "crossings")
    with opened(tmp_path, key) as ledger:
        assert ledger.rows("SELECT count(*), max(visitor_id) FROM crossings") == [(0, None)]
        assert ledger.begun_anew == 1
        salvaged(ledger)
        assert len(keys(ledger)) > MANY - 80


def test_a_kill_in_the_middle_of_copying_costs_nothing(tmp_path: Path) -> None:
    damage(full(tmp_path, None), None, "crossings")
    ledger = opened(tmp_path)
    ledger.rows("SELECT max(visitor_id) FROM crossings")
    ledger.salvage(1e-6)  # one step
    assert 0 < ledger.salvaged < MANY - 100
    assert ledger.pending(1) == []
    ledger.close()
    assert DamagedFiles(tmp_path / "ledger.db").unfinished()
    with opened(tmp_path) as ledger:
        salvaged(ledger)
        assert len(keys(ledger)) > MANY - 80
        assert [item.message.idempotency_key for item in ledger.pending(3)] == ["m000100", "m000101", "m000102"]


def test_a_kill_just_after_setting_aside_and_a_clock_set_back_keep_the_order(tmp_path: Path) -> None:
    """The file is aside and the new one not prepared yet; and the old one's sequences are far beyond the clock's."""
    path = full(tmp_path, None)
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE outbox SET sequence = sequence + 9000000000000")
    connection.execute("UPDATE sqlite_sequence SET seq = seq + 9000000000000 WHERE name = 'outbox'")
    connection.close()
    DamagedFiles(path).set_aside(NOW)
    with opened(tmp_path) as ledger:
        ledger.append(LedgerBatch(messages=(Message("new", "window", "y"),)), NOW)
        assert ledger.pending(1) == []
        salvaged(ledger)
        sequence = [item.message.idempotency_key for item in ledger.pending(2 * MANY)]
        assert sequence == [*(f"m{n:06d}" for n in range(100, MANY)), "new"]


def test_whoever_only_reads_sets_nothing_aside(tmp_path: Path) -> None:
    path = full(tmp_path, None)
    damage(path, None, "crossings")
    before = path.read_bytes()
    with opened(tmp_path, mends=False) as ledger:
        with pytest.raises(DamagedFileError, match="damaged"):
            ledger.rows("SELECT max(visitor_id) FROM crossings")
        with pytest.raises(LedgerDamagedError):
            ledger.append(batch(0, MANY), NOW)
    assert path.read_bytes() == before and not DamagedFiles(path).kept()


def test_a_damaged_schema_is_found_when_it_is_opened(tmp_path: Path) -> None:
    path = full(tmp_path, None)
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 300)
    with pytest.raises(DamagedFileError), opened(tmp_path, mends=False) as ledger:
        ledger.rows("SELECT count(*) FROM crossings")
    with opened(tmp_path) as ledger:
        ledger.append(batch(0, 3), NOW)
        salvaged(ledger)
        assert len(keys(ledger)) == 3 and ledger.begun_anew == 1  # nothing could be read of the old one


def test_a_disk_that_keeps_damaging_files_is_not_trusted_for_ever(tmp_path: Path) -> None:
    for time_ in range(4):
        damage(full(tmp_path, None), None, "crossings")
        with opened(tmp_path) as ledger:
            writer = LedgerWriter(ledger, tmp_path, ManualClock(NOW), ballast_bytes=0)
            for number in range(0, MANY, 40):
                writer.write(LedgerBatch(crossings=(crossing(number),)))
            health = writer.health()
            assert (ledger.begun_anew, health.full, health.waiting > 0) == ((1, False, False), (0, True, True))[
                time_ == 3
            ]
            salvaged(ledger)
    assert len(DamagedFiles(tmp_path / "ledger.db").kept()) == 3


def test_a_salvaged_file_goes_with_its_day(tmp_path: Path) -> None:
    files = DamagedFiles(tmp_path / "ledger.db")
    then = datetime(2026, 11, 20, 3, tzinfo=UTC)
    for hours in (0, 30):
        (tmp_path / "ledger.db").write_bytes(b"x")
        (tmp_path / "ledger.db-wal").write_bytes(b"y")
        aside = files.set_aside(then + timedelta(hours=hours))
        assert Path(f"{aside}-wal").read_bytes() == b"y" and not (tmp_path / "ledger.db-wal").exists()
        if hours == 0:
            files.finish(aside)
    assert [path.name for path in files.unfinished()] == ["ledger-damaged-20261121T090000000000Z.db"]
    files.forget(then)
    assert len(files.kept()) == 2
    files.forget(then + timedelta(days=9))  # what isn't copied yet stays
    assert [path.name for path in files.kept()] == ["ledger-damaged-20261121T090000000000Z.db"]
