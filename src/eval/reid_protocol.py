"""Which pictures of the same person may be compared, so that near-copies don't flatter a score."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from dongsun.contract.errors import DongsunError
from dongsun.eval.embedded_set import EmbeddedSet

ProtocolKind = Literal["cross_camera", "across_time"]


@dataclass(frozen=True)
class ReidProtocol:
    """How a query meets a gallery.

    `cross_camera` is Market-1501's: a gallery picture of the query's person from the query's camera is left out
    (Zheng et al., *Scalable Person Re-identification: A Benchmark*, ICCV 2015).
    `across_time` serves a single camera: a gallery picture of the query's person from the same camera and sequence
    fewer than `min_gap_frames` frames away is left out. Pictures of other people are never left out.

    Attributes:
        kind: Which of the two.
        min_gap_frames: Least distance of two pictures of one person in one sequence; used by `across_time` only.
    """

    kind: ProtocolKind
    min_gap_frames: int = 1

    def __post_init__(self) -> None:
        if self.min_gap_frames < 1:
            raise DongsunError(
                expected="min_gap_frames of at least 1",
                got=str(self.min_gap_frames),
                where="re-ID protocol",
                mend="a picture must never be compared with itself; give a gap of a second or more in frames",
            )

    def left_out(self, query: EmbeddedSet, gallery: EmbeddedSet) -> npt.NDArray[np.bool_]:
        """bool (queries, gallery): this gallery picture is not shown to this query."""
        same_person = query.person_ids[:, None] == gallery.person_ids[None, :]
        same_camera = query.camera_ids[:, None] == gallery.camera_ids[None, :]
        if self.kind == "cross_camera":
            return np.asarray(same_person & same_camera)
        same_sequence = same_camera & (query.sequence_ids[:, None] == gallery.sequence_ids[None, :])
        gap = np.abs(query.frame_indices[:, None] - gallery.frame_indices[None, :])
        return np.asarray(same_person & same_sequence & (gap < self.min_gap_frames))


def choose_protocol(people: EmbeddedSet, min_gap_frames: int) -> ReidProtocol:
    """`cross_camera` when at least two persons were seen by two cameras, else `across_time`.

    One person seen twice would leave the whole figure to that person, so it isn't enough.
    """
    known = people.take(~people.is_distractor)
    pairs = set(zip(known.person_ids.tolist(), known.camera_ids.tolist(), strict=True))
    cameras_of: dict[str, int] = {}
    for person, _ in pairs:
        cameras_of[person] = cameras_of.get(person, 0) + 1
    crossed = sum(count >= 2 for count in cameras_of.values())
    return ReidProtocol("cross_camera" if crossed >= 2 else "across_time", min_gap_frames)
