"""What tells systemd and the log how it goes, and how often a part may break."""

import io
import json
import logging
import os
import socket
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from dongsun.contract.clock import ManualClock
from dongsun.serve_edge.station.json_logs import JsonFormatter, log_json
from dongsun.serve_edge.station.notify import SystemdNotifier
from dongsun.serve_edge.station.restart_budget import RestartBudget


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers, level, hook = list(root.handlers), root.level, threading.excepthook
    yield root
    threading.excepthook = hook
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def said_to(address: str, bound: str) -> list[str]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(bound)
        systemd.settimeout(5)
        notifier = SystemdNotifier(address)
        notifier.ready()
        notifier.status("2 of 3 cameras\nWATCHDOG=trigger")
        notifier.alive()
        notifier.stopping()
        return [systemd.recv(1024).decode() for _ in range(4)]


def test_systemd_is_told_by_its_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    expected = ["READY=1", "STATUS=2 of 3 cameras WATCHDOG=trigger", "WATCHDOG=1", "STOPPING=1"]
    assert said_to(path, path) == expected
    assert said_to(f"@dongsun-{os.getpid()}", f"\0dongsun-{os.getpid()}") == expected


def test_without_systemd_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    SystemdNotifier().ready()


def test_a_systemd_that_is_gone_is_no_reason_to_stop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    SystemdNotifier(str(tmp_path / "gone")).alive()
    assert "WATCHDOG" in caplog.text


@pytest.mark.parametrize(
    ("usec", "pid", "expected"),
    [("", "", None), ("20000000", "", 10.0), ("20000000", "self", 10.0), ("20000000", "1", None), ("0", "", None)],
)
def test_the_watchdog_that_systemd_asks_for(
    monkeypatch: pytest.MonkeyPatch, usec: str, pid: str, expected: float | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()) if pid == "self" else pid)
    assert SystemdNotifier().watchdog_s == expected


def test_logs_are_json_lines_without_passwords(root_logger: logging.Logger) -> None:
    out = io.StringIO()
    log_json(out)
    log = logging.getLogger("dongsun.serve_edge.stream.camera_feed")
    log.warning("camera %s: %s\nis gone", "문", "rtsp://admin:ses@me-sesame@10.0.0.5/h264")
    try:
        raise OSError("can't open rtsp://admin:sesame@10.0.0.5/")
    except OSError:
        log.exception("it broke")
    warnings.warn("old", stacklevel=1)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(lines) == 3 and "sesame" not in out.getvalue()
    assert lines[0]["message"] == "camera 문: rtsp://***@10.0.0.5/h264\nis gone"
    assert lines[0]["logger"] == "stream.camera_feed" and lines[0]["level"] == "warning"
    assert lines[0]["at_utc"].endswith("Z") and lines[0]["thread"] == "MainThread"
    assert "OSError" in lines[1]["exception"]
    assert lines[2]["logger"] == "py.warnings"


def test_a_line_has_a_limit() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "y" * 10**6, None, None)
    assert len(JsonFormatter().format(record)) < 20_000


def test_logs_go_to_the_stderr_of_now(root_logger: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", out := io.StringIO())
    log_json()
    logging.getLogger("x").info("hello")
    assert json.loads(out.getvalue())["message"] == "hello"


def test_a_part_that_breaks_too_often_uses_up_the_budget() -> None:
    clock = ManualClock()
    budget = RestartBudget(3, 60.0, clock)
    assert [budget.spend() for _ in range(4)] == [True, True, True, False]
    clock.advance(59.9)
    assert not budget.spend()
    clock.advance(60.0)
    assert budget.spend()


def test_a_part_that_breaks_now_and_then_is_started_for_ever() -> None:
    clock = ManualClock()
    budget = RestartBudget(3, 60.0, clock)
    for _ in range(1000):
        clock.advance(20.1)
        assert budget.spend()


def test_a_thread_that_breaks_says_so_in_the_log(root_logger: logging.Logger) -> None:
    stream = io.StringIO()
    log_json(stream)

    def breaks() -> None:
        raise RuntimeError("rtsp://admin:s3cret@host is no picture")

    thread = threading.Thread(target=breaks, name="feed-door")
    thread.start()
    thread.join(5)
    line = json.loads(stream.getvalue())
    assert line["level"] == "critical" and line["message"] == "feed-door broke" and "RuntimeError" in line["exception"]
    assert "s3cret" not in stream.getvalue()
