"""File names of AI-Hub's 한국인 재식별 이미지 (Korean re-identification images)."""

import re
from dataclasses import dataclass

from dongsun.data.file_walk import normalised

_NAME = re.compile(r"^(IN|OUT)_H(\d{5})_SN(\d+)_(\d{6})_(\d+)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AihubName:
    """What a name such as `IN_H00997_SN3_110301_10650` says.

    Attributes:
        place: `IN` or `OUT` (of doors).
        person_id: `H` and five digits.
        scene: `SN` and its number.
        sequence: The six digits.
        frame_index: The last number.
    """

    place: str
    person_id: str
    scene: str
    sequence: str
    frame_index: int

    def camera_id(self, digits: int) -> str:
        """The place and the leading digits of the sequence; see `AihubReader.camera_digits`."""
        return f"{self.place}-{self.sequence[:digits]}"


def parse_aihub_name(stem: str) -> AihubName | None:
    """Reads a file name without suffix, in any Unicode spelling; None if it is not of this form."""
    match = _NAME.match(normalised(stem))
    if match is None:
        return None
    place, person, scene, sequence, frame = match.groups()
    return AihubName(place.upper(), f"H{person}", f"SN{int(scene)}", sequence, int(frame))
