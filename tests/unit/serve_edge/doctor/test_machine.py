"""Clock, processor, memory, disk: what a machine has against what the cameras ask."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dongsun.contract.clock import iso_utc
from dongsun.serve_edge.doctor.check_capacity import Load, cpu_findings, disk_findings, memory_findings
from dongsun.serve_edge.doctor.check_clock import clock_findings, kernel_is_synchronised
from dongsun.serve_edge.doctor.finding import Finding, Level
from dongsun.serve_edge.forward.window_event import window_message
from dongsun.serve_edge.ledger.batch import LedgerBatch
from dongsun.serve_edge.ledger.ledger import Ledger
from tests.unit.serve_edge.station.conftest import SEOUL, window

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)


def said(found: list[Finding]) -> tuple[Level, str]:
    (finding,) = found
    return finding.level, finding.title.english


@pytest.mark.parametrize(
    ("made", "synchronised", "level", "words"),
    [
        (NOW - timedelta(days=1), True, Level.OK, "kept right"),
        (NOW - timedelta(days=1), False, Level.ADVICE, "Nothing keeps"),
        (None, None, Level.ADVICE, "can't be told"),
        (NOW + timedelta(days=1), True, Level.FAULT, "before this bundle was made"),
    ],
)
def test_the_clock(made: datetime | None, synchronised: bool | None, level: Level, words: str) -> None:
    found, title = said(clock_findings(NOW, made, synchronised))
    assert found is level and words in title


def test_the_kernel_answers() -> None:
    assert kernel_is_synchronised() in (True, False, None)


@pytest.mark.parametrize(
    ("cameras", "gated", "level"),
    [
        (4, False, Level.OK),
        (8, False, Level.OK),
        (11, False, Level.ADVICE),
        (16, False, Level.FAULT),
        (16, True, Level.ADVICE),
        (40, True, Level.FAULT),
    ],
)
def test_the_processor(cameras: int, gated: bool, level: Level) -> None:
    load = Load(cameras, analysis_fps=5.0, detector_ms=20.0, decode_cores=cameras * 0.05, gated=gated)
    found, title = said(cpu_findings(load, cores=2))
    assert found is level and f"{cameras} × 5/s × 20 ms" in title


@pytest.mark.parametrize(("available", "level"), [(8e9, Level.OK), (0.9e9, Level.ADVICE), (0.5e9, Level.FAULT)])
def test_memory(available: float, level: Level) -> None:
    assert said(memory_findings(6, 400_000_000, int(available)))[0] is level


@pytest.mark.parametrize(
    ("free", "most", "level", "words"),
    [
        (10**11, None, Level.OK, "400 days"),
        (10**11, 2 * 10**9, Level.ADVICE, "about 110 days"),
        (2 * 10**9, None, Level.ADVICE, "about 110 days"),
        (10**8, None, Level.FAULT, "full"),
    ],
)
def test_the_disk(free: int, most: int | None, level: Level, words: str) -> None:
    found, title = said(disk_findings(4, free, most, 400, 10))
    assert found is level and words in title


def test_a_window_takes_as_much_as_the_doctor_says(tmp_path: Path) -> None:
    windows = [
        window(number).model_copy(
            update={
                "idempotency_key": f"a-shop/entrance/window/all/{iso_utc(NOW + number * timedelta(seconds=15))}",
                "crossings_in": {"door": 1, "side": 0},
                "crossings_out": {"door": 1, "side": 0},
                "dwell_p50_s": {"till": 12.5, "queue": None},
                "dwell_p90_s": {"till": 12.5, "queue": None},
                "bundle_version": "2026.11.21+30977e95",
            }
        )
        for number in range(2_000)
    ]
    path = tmp_path / "ledger.db"
    sizes = [0]
    for batch in (
        LedgerBatch(windows=tuple(windows)),
        LedgerBatch(messages=tuple(window_message(each, "box-1") for each in windows)),
    ):
        with Ledger(path, SEOUL) as ledger:
            ledger.append(batch, NOW)
        sizes.append(path.stat().st_size)
    assert (sizes[1] - sizes[0]) / len(windows) == pytest.approx(700, rel=0.15)
    assert (sizes[2] - sizes[1]) / len(windows) == pytest.approx(920, rel=0.15)
