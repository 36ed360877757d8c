"""One thing that was looked at, and what to do about it, in English and Korean."""

from dataclasses import dataclass
from enum import StrEnum

from dongsun.contract.errors import DongsunError
from dongsun.serve_edge.stream.address import redacted


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    ADVICE = "advice"
    """The station counts, but less well or not for long."""
    FAULT = "fault"
    """The station doesn't start, or counts wrongly."""


@dataclass(frozen=True)
class Words:
    """The same in two languages."""

    english: str
    korean: str


@dataclass(frozen=True)
class Finding:
    """What was found.

    Attributes:
        level: How bad.
        title: What it is.
        todo: What to do about it; empty where all is well.
    """

    level: Level
    title: Words
    todo: Words = Words("", "")


def fine(english: str, korean: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, Words(english, korean))


def advice(title: Words, todo: Words) -> Finding:
    """Better mended soon."""
    return Finding(Level.ADVICE, title, todo)


def fault(title: Words, todo: Words) -> Finding:
    """Must be mended."""
    return Finding(Level.FAULT, title, todo)


def broken(title: Words, error: DongsunError) -> Finding:
    """An error that the station would end with; its own words, which are English, serve both languages."""
    got = redacted(f"{error.where}: {error.got}")
    return fault(
        title,
        Words(
            f"{got}. Expected {error.expected}. {error.mend}", f"{got}. 필요한 것: {error.expected}. 조치: {error.mend}"
        ),
    )
