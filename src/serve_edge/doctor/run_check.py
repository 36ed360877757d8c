"""`dongsun-edge check`: the doctor's visit."""

import sys
from pathlib import Path
from typing import TextIO

from dongsun.contract.clock import Clock, SystemClock
from dongsun.contract.errors import DongsunError
from dongsun.serve_edge.doctor.check_station import check_station
from dongsun.serve_edge.doctor.finding import Finding, Level, Words, broken
from dongsun.serve_edge.doctor.findings_text import findings_text
from dongsun.serve_edge.station.station_settings import load_station


def run_check(path: Path, out: TextIO | None = None, clock: Clock | None = None) -> int:
    """Checks a station and prints what was found.

    Args:
        path: `station.yaml`.
        out: Standard output by default.
        clock: The machine's by default.

    Returns:
        1 if anything must be mended, else 0.
    """
    findings: tuple[Finding, ...]
    try:
        findings = check_station(load_station(path), clock or SystemClock())
    except DongsunError as error:
        findings = (broken(Words("The station's file can't be used", "스테이션 파일을 쓸 수 없습니다"), error),)
    (sys.stdout if out is None else out).write(findings_text(findings) + "\n")
    return int(any(finding.level is Level.FAULT for finding in findings))
