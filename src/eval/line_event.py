"""One crossing of one line, predicted or true, as counting metrics see it."""

from dataclasses import dataclass

from dongsun.contract.observations import Direction


@dataclass(frozen=True)
class LineEvent:
    """Somebody crossed a line.

    Attributes:
        line_id: Which line.
        direction: Toward its inside, or away.
        time_s: Seconds since the first frame of the recording.
    """

    line_id: str
    direction: Direction
    time_s: float


@dataclass(frozen=True)
class OptionalEvent:
    """A crossing that may be counted or not: the truth itself can't say (feet out of the picture, say).

    Attributes:
        line_id: Which line.
        direction: Toward its inside, or away.
        from_s, until_s: When it may be seen, seconds since the first frame.
        why: For the report.
    """

    line_id: str
    direction: Direction
    from_s: float
    until_s: float
    why: str
