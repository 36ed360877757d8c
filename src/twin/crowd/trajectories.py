"""Where everybody is, frame by frame: the one thing that rendering, fast mode and truth are made from."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
Role = Literal["visitor", "staff"]


@dataclass(frozen=True)
class Member:
    """Somebody who appears.

    Attributes:
        person_id: Identity in the truth, and the seed of body and clothes.
        role: Staff wear the uniform.
        child: A child's body.
        group_id: Those who came together share it; −1 for somebody alone.
        trolley: Pushes a trolley.
    """

    person_id: int
    role: Role = "visitor"
    child: bool = False
    group_id: int = -1
    trolley: bool = False


@dataclass(frozen=True)
class Walk:
    """One unbroken presence of one person in the simulated world (shop and pavement). Arrays are float32 (n,).

    Attributes:
        person_id: Who.
        first_frame: Frame of the first sample; sample k belongs to frame `first_frame + k`.
        x_m: Floor position.
        y_m: Floor position.
        yaw_rad: Where the body faces, anticlockwise from +x.
        phase: Place in the gait cycle, cycles.
        stride: 0 stands … 1 walks.
        reach: 0…1, arm raised to a shelf.
        head_turn_rad: Turn of the head.
    """

    person_id: int
    first_frame: int
    x_m: F32
    y_m: F32
    yaw_rad: F32
    phase: F32
    stride: F32
    reach: F32
    head_turn_rad: F32

    @property
    def end_frame(self) -> int:
        """The frame after the last."""
        return self.first_frame + len(self.x_m)

    @property
    def path_m(self) -> npt.NDArray[np.float64]:
        """(n, 2) floor positions."""
        return np.column_stack([self.x_m, self.y_m]).astype(np.float64)


@dataclass(frozen=True)
class Trajectories:
    """A span of store time. Memory grows with person-frames, not with people times frames.

    Attributes:
        fps: Frames (samples) a second.
        frames: Length of the span.
        walks: Every presence, by first frame, then person. Two of one person never overlap.
        members: Everyone who appears, by person.
    """

    fps: int
    frames: int
    walks: tuple[Walk, ...]
    members: dict[int, Member]

    @property
    def duration_s(self) -> float:
        """Length of the span."""
        return self.frames / self.fps

    @cached_property
    def _first_frames(self) -> npt.NDArray[np.int64]:
        return np.array([walk.first_frame for walk in self.walks], np.int64)

    @cached_property
    def _end_frames(self) -> npt.NDArray[np.int64]:
        return np.array([walk.end_frame for walk in self.walks], np.int64)

    def during(self, first: int, end: int) -> list[Walk]:
        """Walks with a sample in [first, end)."""
        return [self.walks[k] for k in np.flatnonzero((self._first_frames < end) & (self._end_frames > first))]

    def at(self, frame: int) -> Iterator[tuple[Walk, int]]:
        """Everybody present in a frame, with the index of their sample."""
        for walk in self.during(frame, frame + 1):
            yield walk, frame - walk.first_frame

    def of(self, person_id: int) -> list[Walk]:
        """A person's presences, in order of time."""
        return [walk for walk in self.walks if walk.person_id == person_id]
