"""Disks that really refuse: a small file system of its own, and files that may not grow."""

import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from dongsun.contract.clock import ManualClock
from dongsun.serve_edge.ledger.batch import LedgerBatch
from dongsun.serve_edge.ledger.ledger_errors import LedgerFullError
from dongsun.serve_edge.ledger.ledger_writer import LedgerWriter
from tests.drill.own_mounts import mount_small_disk, with_own_mounts
from tests.unit.serve_edge.ledger.test_ledger import NOON, crossing, message, opened, window

ROOT = Path(__file__).parents[4]


def run_here(function: str, folder: Path, *, mounts: bool) -> None:
    """Runs a function of this file in a process of its own, with its own mounts if asked."""
    script = f"import sys, pathlib\nimport {__name__} as t\nt.{function}(pathlib.Path(sys.argv[1]))"
    command: list[str] | None = [sys.executable, "-c", script, str(folder)]
    if mounts:
        assert command is not None
        command = with_own_mounts(command)
    if command is None:
        pytest.skip("this system permits nobody but root to mount: the limit on file sizes is tried instead")
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr


def grows_old_on_a_small_disk(folder: Path) -> None:
    """Weeks of windows on 14 MB: the disk is full for most of them, and in between somebody else takes half of it."""
    mount_small_disk(folder, 14_000_000)
    clock = ManualClock(NOON)
    with opened(folder) as ledger:
        writer = LedgerWriter(ledger, folder, clock, ballast_bytes=4_000_000, reserve_bytes=4_000_000)
        for number in range(1_500):
            clock.advance(15)
            late = window(number)
            crossed = crossing(number, at=late.starts_at_utc)
            writer.write(LedgerBatch((crossed,), windows=(late,), messages=(message(number, 9_000),)))
            if number == 900:
                (folder / "theirs").write_bytes(b"x" * (shutil.disk_usage(folder).free - 100_000))
            if number == 1_200:
                (folder / "theirs").unlink()
        health = writer.health()
        assert health.made_room > 0 and (health.lost, health.waiting) == (0, 0), health
        newest = [key for (key,) in ledger.rows("SELECT idempotency_key FROM windows ORDER BY starts_at_utc")]
        assert newest[-100:] == [f"w{number}" for number in range(1_400, 1_500)]
        waiting = [int(item.message.idempotency_key[1:]) for item in ledger.pending(10_000)]
        assert waiting[-100:] == list(range(1_400, 1_500)) and waiting == sorted(waiting)
        assert ledger.rows("PRAGMA integrity_check") == [("ok",)]


def opens_when_nothing_is_left(folder: Path) -> None:
    """The machine restarts while its disk is full: the ballast lets the station open its ledger."""
    from dongsun.contract.errors import DongsunError
    from dongsun.contract.store import StoreConfig
    from dongsun.serve_edge.station.open_ledger import open_ledger
    from dongsun.serve_edge.station.station_settings import StationSettings

    mount_small_disk(folder, 3_000_000)
    with opened(folder) as ledger:
        LedgerWriter(ledger, folder, ManualClock(NOON), ballast_bytes=300_000).write(LedgerBatch((crossing(1),)))
    with (folder / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
        while True:
            filler.write(b"x" * 4096)
    with pytest.raises(LedgerFullError):
        opened(folder)
    settings = StationSettings.model_validate(
        {"station_id": "box", "store": "s", "bundle": "b", "data_dir": folder, "database_most_mb": None}
    )
    store = StoreConfig.model_validate({"id": "shop", "timezone": "Asia/Seoul", "cameras": {"door": {}}})
    with open_ledger(settings, store) as ledger:
        ledger.append(LedgerBatch((crossing(2, at=NOON + timedelta(hours=1)),)), NOON)
        assert len(ledger.rows("SELECT * FROM crossings")) == 2
    with (folder / "filler").open("ab", buffering=0) as filler, pytest.raises(OSError, match="No space"):
        while True:
            filler.write(b"x" * 4096)
    with pytest.raises(DongsunError, match="make room"):
        open_ledger(settings, store)


def waits_where_files_may_not_grow(folder: Path) -> None:
    """The operating system refuses every write beyond a length (EFBIG), which is no reason to give up old rows."""
    import resource

    with opened(folder) as ledger:
        writer = LedgerWriter(ledger, folder, ManualClock(NOON), most_waiting=50, ballast_bytes=0)
        writer.write(LedgerBatch(windows=(window(0),)))
        ledger.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, hard))
        for number in range(1, 61):
            writer.write(LedgerBatch(windows=(window(number),)))
        health = writer.health()
        assert (health.full, health.waiting, health.lost, health.made_room) == (True, 50, 10, 0), health
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        writer.write(LedgerBatch(windows=(window(61),)))
        assert not writer.health().full and writer.health().waiting == 0
        kept = [key for (key,) in ledger.rows("SELECT idempotency_key FROM windows ORDER BY starts_at_utc")]
        assert kept == ["w0", *(f"w{number}" for number in range(12, 62))]
        assert ledger.rows("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("function", ["grows_old_on_a_small_disk", "opens_when_nothing_is_left"])
def test_on_a_small_disk(tmp_path: Path, function: str) -> None:
    run_here(function, tmp_path / "disk", mounts=True)


def test_where_files_may_not_grow(tmp_path: Path) -> None:
    run_here("waits_where_files_may_not_grow", tmp_path, mounts=False)


def test_another_program_that_holds_the_ledger_costs_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger, opened(tmp_path) as other:
        ledger._db.set_busy_timeout(10)
        writer = LedgerWriter(ledger, tmp_path, ManualClock(NOON), ballast_bytes=0)
        other._db.execute("BEGIN IMMEDIATE")
        writer.write(LedgerBatch(windows=(window(0),)))
        assert writer.health().full and writer.health().waiting == 1
        other._db.execute("ROLLBACK")
        writer.write(LedgerBatch(windows=(window(1),)))
        assert ledger.rows("SELECT count(*) FROM windows") == [(2,)] and not writer.health().full
