"""Who truly crossed which line when: readers of the twin's truth and of the real footage's `crossings.json`."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as settings_dataclass

from dongsun.contract.errors import DongsunError
from dongsun.contract.observations import Direction
from dongsun.eval.line_event import LineEvent, OptionalEvent


@dataclass(frozen=True)
class TrueCrossing:
    """One true crossing.

    Attributes:
        camera_id: The camera that sees the line.
        line_id: The line.
        person_id: Who; an empty string where the truth doesn't say.
        direction: Toward the line's inside, or away.
        frame_index: 0-based, decode order.
        time_s: Seconds since the first frame.
    """

    camera_id: str
    line_id: str
    person_id: str
    direction: Direction
    frame_index: int
    time_s: float

    @property
    def event(self) -> LineEvent:
        """As counting metrics want it."""
        return LineEvent(self.line_id, self.direction, self.time_s)


class CrossingTruth(Protocol):
    """Where true crossings come from."""

    def crossings(self, camera_id: str) -> tuple[TrueCrossing, ...]:
        """The true crossings that this camera could see, by time."""

    def optional_crossings(self, camera_id: str) -> tuple[OptionalEvent, ...]:
        """Crossings that are right counted or not."""


@settings_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class TwinTruth:
    """The twin's `truth/` folder.

    Attributes:
        path: The folder that holds `crossings.csv` (`camera_id,line_id,person_id,direction,frame_index,time_s`).
    """

    path: Path

    def crossings(self, camera_id: str) -> tuple[TrueCrossing, ...]:
        """The crossings of one camera, by time.

        Raises:
            DongsunError: The file is absent or lacks a column, or a row can't be read.
        """
        file = self.path / "crossings.csv"
        rows = read_table(file, ("camera_id", "line_id", "person_id", "direction", "frame_index", "time_s"))
        return tuple(
            sorted(
                (_from_row(row, file, number) for number, row in enumerate(rows, 2) if row["camera_id"] == camera_id),
                key=lambda crossing: crossing.time_s,
            )
        )

    def optional_crossings(self, camera_id: str) -> tuple[OptionalEvent, ...]:
        """None: a simulation knows."""
        return ()


@settings_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class OptionalFrames:
    """A crossing that the footage leaves open: setting of `AssetsTruth`."""

    direction: Direction
    from_frame: Annotated[int, Field(ge=0)]
    until_frame: Annotated[int, Field(ge=0)]
    why: str


@settings_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class AssetsTruth:
    """One clip of the real footage's `crossings.json`.

    Its rows are `[frame, "in"|"out"]`, or `[frame, person, "L"|"R"]` with L leftwards in the picture.

    Attributes:
        path: `crossings.json`.
        clip: Name of the clip in it.
        line_id: What the store file calls the line.
        frames_per_s: Of the video.
        leftwards: What an L is by the store file's `inside`; needed where the rows say L and R.
        optional: Crossings that are right either way.
    """

    path: Path
    clip: str
    line_id: str
    frames_per_s: Annotated[float, Field(gt=0)]
    leftwards: Direction | None = None
    optional: tuple[OptionalFrames, ...] = ()

    def crossings(self, camera_id: str) -> tuple[TrueCrossing, ...]:
        """The clip's crossings, by time; the clip has one camera, whatever it is called.

        Raises:
            DongsunError: No such file or clip, or a row of unknown form.
        """
        rows = self._rows()
        found = tuple(self._crossing(camera_id, row) for row in rows)
        return tuple(sorted(found, key=lambda crossing: crossing.frame_index))

    def optional_crossings(self, camera_id: str) -> tuple[OptionalEvent, ...]:
        """As set."""
        return tuple(
            OptionalEvent(
                self.line_id,
                entry.direction,
                entry.from_frame / self.frames_per_s,
                entry.until_frame / self.frames_per_s,
                entry.why,
            )
            for entry in self.optional
        )

    def _rows(self) -> Sequence[Sequence[Any]]:
        try:
            rows = json.loads(self.path.read_text(encoding="utf-8"))[self.clip]["crossings"]
        except FileNotFoundError as error:
            raise self._broken("no file", "set DONGSUN_ASSETS to the folder with the real footage") from error
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise self._broken(repr(error), "check the file and the clip's name") from error
        if not isinstance(rows, list):
            raise self._broken(f"{type(rows).__name__} instead of a list", "check the file")
        return rows

    def _crossing(self, camera_id: str, row: Sequence[Any]) -> TrueCrossing:
        match row:
            case [int(frame), "in" | "out" as direction]:
                person, toward = "", direction
            case [int(frame), int(number), "L" | "R" as side]:
                person, toward = str(number), self._from_side(side)
            case _:
                raise self._broken(f"the row {row!r}", "write rows as [frame, in|out] or [frame, person, L|R]")
        return TrueCrossing(camera_id, self.line_id, person, toward, frame, frame / self.frames_per_s)

    def _from_side(self, side: str) -> Direction:
        if self.leftwards is None:
            raise self._broken("L and R, and no `leftwards`", "say by `leftwards` whether L is in or out")
        if side == "L":
            return self.leftwards
        return "out" if self.leftwards == "in" else "in"

    def _broken(self, got: str, mend: str) -> DongsunError:
        return DongsunError(expected=f"the true crossings of {self.clip}", got=got, where=str(self.path), mend=mend)


def read_table(file: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a CSV file with a header that has at least these columns.

    Raises:
        DongsunError: No such file, or a column is missing.
    """
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise DongsunError(
                    expected=f"a table with the columns {', '.join(columns)}",
                    got=f"no {', '.join(missing)}",
                    where=str(file),
                    mend="make the file again with this version",
                )
            return list(reader)
    except FileNotFoundError as error:
        raise DongsunError(
            expected="a table", got="no file", where=str(file), mend="run the stage that writes it again"
        ) from error


def _from_row(row: dict[str, str], file: Path, line_number: int) -> TrueCrossing:
    try:
        return TrueCrossing(
            camera_id=row["camera_id"],
            line_id=row["line_id"],
            person_id=row["person_id"],
            direction=direction_of(row["direction"]),
            frame_index=int(row["frame_index"]),
            time_s=float(row["time_s"]),
        )
    except ValueError as error:
        raise DongsunError(
            expected="a true crossing", got=str(error), where=f"{file}:{line_number}", mend="render the twin again"
        ) from error


def direction_of(text: str) -> Direction:
    """`in` or `out` as read from a file; anything else is a `ValueError`."""
    if text == "in":
        return "in"
    if text == "out":
        return "out"
    raise ValueError(f"direction {text!r} is neither in nor out")
