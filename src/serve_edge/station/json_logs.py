"""Logs as JSON lines: one object a line, times in UTC, no secrets."""

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from typing import TextIO

from dongsun.contract.clock import iso_utc
from dongsun.serve_edge.stream.address import redacted

_MOST_CHARACTERS = 16_000
"""Of a message and of an exception: a log must not fill the disk with one line."""


class JsonFormatter(logging.Formatter):
    """One JSON object a record."""

    def format(self, record: logging.LogRecord) -> str:
        """The line: at_utc, level, logger, thread, message, and the exception if there is one."""
        line = {
            "at_utc": iso_utc(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name.removeprefix("dongsun.serve_edge."),
            "thread": record.threadName,
            "message": _clean(record.getMessage()),
        }
        if record.exc_info:
            line["exception"] = _clean(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def log_json(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Sends all of this process's logs and warnings to `stream` (stderr), in place of what was set up before."""
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    threading.excepthook = _thread_broke


def _thread_broke(broken: threading.ExceptHookArgs) -> None:
    """A thread that ends by an exception of which nobody knew: in the log's own form, without secrets."""
    if broken.exc_value is not None:
        name = broken.thread.name if broken.thread is not None else "a thread"
        found = (broken.exc_type, broken.exc_value, broken.exc_traceback)
        logging.getLogger(__name__).critical("%s broke", name, exc_info=found)


def _clean(text: str) -> str:
    return redacted(text)[:_MOST_CHARACTERS]
