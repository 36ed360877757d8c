"""Modelled embeddings: what a re-ID model would say, without a picture."""

import itertools
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dongsun.contract.embedding import Embeddings, l2_normalised
from dongsun.contract.errors import DongsunError


@dataclass(frozen=True)
class ModelledLooks:
    """Unit vectors with given mean cosine similarities.

    A look is a sum of almost orthogonal random directions: one that all people share, one of the uniform, one of the
    person, one of the person before this camera, and one of the moment; their squared lengths are differences of the
    means asked for.

    Attributes:
        seed: Of all directions.
        same_camera_mean: Of two looks of one person at one camera.
        same_person_mean: Of two looks of one person at two cameras.
        uniform_mean: Of two people in uniform.
        other_person_mean: Of two other people.
        dimensions: Of an embedding; single similarities scatter by about one over its root.
    """

    seed: int
    same_camera_mean: float = 0.75
    same_person_mean: float = 0.65
    uniform_mean: float = 0.5
    other_person_mean: float = 0.25
    dimensions: int = 256
    _known: dict[tuple[int, ...], npt.NDArray[np.float64]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        means = (0.0, self.other_person_mean, self.uniform_mean, self.same_person_mean, self.same_camera_mean, 1.0)
        if any(low > high for low, high in itertools.pairwise(means)):
            raise DongsunError(
                expected="0 ≤ other_person_mean ≤ uniform_mean ≤ same_person_mean ≤ same_camera_mean ≤ 1",
                got=", ".join(str(mean) for mean in means[1:-1]),
                where="ModelledLooks",
                mend="order the mean similarities",
            )

    def look(self, person_id: int, camera_number: int, frame_index: int, *, uniformed: bool = False) -> Embeddings:
        """(1, dimensions) float32: somebody (−1: nobody, another thing every time) in one picture of one camera."""
        shared = self.uniform_mean if uniformed else self.other_person_mean
        parts = [(self.other_person_mean, self._direction(0))]
        moment = np.random.default_rng([self.seed, 9, person_id + 1, camera_number, frame_index])
        if person_id >= 0:
            parts += [
                (shared - self.other_person_mean, self._direction(1)),
                (self.same_person_mean - shared, self._direction(2, person_id)),
                (self.same_camera_mean - self.same_person_mean, self._direction(3, person_id, camera_number)),
            ]
        parts.append((1.0 - sum(share for share, _ in parts), self._drawn(moment)))
        mixed = sum((np.sqrt(max(share, 0.0)) * direction for share, direction in parts), np.zeros(self.dimensions))
        return l2_normalised(mixed[None].astype(np.float32))

    def _direction(self, *key: int) -> npt.NDArray[np.float64]:
        if key not in self._known:
            self._known[key] = self._drawn(np.random.default_rng([self.seed, *key]))
        return self._known[key]

    def _drawn(self, rng: np.random.Generator) -> npt.NDArray[np.float64]:
        vector = rng.normal(size=self.dimensions)
        return np.asarray(vector / np.linalg.norm(vector), np.float64)
