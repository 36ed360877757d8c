"""Embeddings together with whom, where and when each of them was taken."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.contract.embedding import Embeddings
from dongsun.data.records import DISTRACTOR

Labels = npt.NDArray[np.str_]
"""str (n,)."""
Indices = npt.NDArray[np.int64]
"""int64 (n,)."""
Mask = npt.NDArray[np.bool_]
"""bool (n,)."""


@dataclass(frozen=True)
class EmbeddedSet:
    """Embedded images of people, one row an image.

    Attributes:
        embeddings: float32 (n, d), rows of length one.
        person_ids: Identity, or `dongsun.data.records.DISTRACTOR`.
        camera_ids: Physical camera.
        sequence_ids: One uninterrupted recording of that camera.
        frame_indices: Frame within the sequence, in the source's own count.
        roles: `query`, `gallery`, or an empty string where the source fixes no protocol.
    """

    embeddings: Embeddings
    person_ids: Labels
    camera_ids: Labels
    sequence_ids: Labels
    frame_indices: Indices
    roles: Labels

    def __post_init__(self) -> None:
        n = len(self.embeddings)
        columns = (self.person_ids, self.camera_ids, self.sequence_ids, self.frame_indices, self.roles)
        if self.embeddings.ndim != 2 or any(column.shape != (n,) for column in columns):
            raise ValueError(
                f"an embedded set needs embeddings (n, d) and labels (n,); got {self.embeddings.shape} and "
                f"{[column.shape for column in columns]}"
            )
        if n and not np.allclose(np.linalg.norm(self.embeddings, axis=1), 1.0, atol=1e-3):
            raise ValueError("embeddings must have length one: a cosine of anything else is no similarity")

    def __len__(self) -> int:
        return len(self.embeddings)

    @property
    def is_distractor(self) -> Mask:
        """bool (n,): shows nobody who is searched for."""
        return np.asarray(self.person_ids == DISTRACTOR)

    @property
    def persons(self) -> tuple[str, ...]:
        """The identities in the set, sorted, distractors left out."""
        return tuple(str(person) for person in np.unique(self.person_ids[~self.is_distractor]))

    def take(self, rows: Indices | Mask) -> "EmbeddedSet":
        """The given rows, in the given order."""
        return EmbeddedSet(
            self.embeddings[rows],
            self.person_ids[rows],
            self.camera_ids[rows],
            self.sequence_ids[rows],
            self.frame_indices[rows],
            self.roles[rows],
        )
