"""Logs as JSON lines: one object a line, times in UTC, no secrets."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from dongsun.contract.clock import iso_utc
from dongsun.serve_edge.stream.address import redacted


class JsonFormatter(logging.Formatter):
    """One JSON object a record."""

    def format(self, record: logging.LogRecord) -> str:
        """The line: at_utc, level, logger, thread, message, and the exception if there is one."""
        line = {
            "at_utc": iso_utc(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name.removeprefix("dongsun.serve_edge."),
            "thread": record.threadName,
            "message": redacted(record.getMessage()),
        }
        if record.exc_info:
            line["exception"] = redacted(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def log_json(stream: TextIO = sys.stderr, level: int = logging.INFO) -> None:
    """Sends all of this process's logs there, in place of what was set up before."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
