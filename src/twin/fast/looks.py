"""Modelled embeddings: what a re-ID model would say, without a picture."""

import itertools
import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dongsun.contract.embedding import Embeddings, l2_normalised
from dongsun.contract.errors import DongsunError


@dataclass(frozen=True)
class ModelledLooks:
    """Unit vectors with given mean cosine similarities, and with the scatter that goes with few dimensions.

    A look is a sum of random directions: one that all people share, one of the uniform, one of the person, one of how
    the person shows to this camera just now, and one of the moment; their squared lengths are differences of the means
    asked for. How somebody shows drifts from one random direction to the next. Similarities of a real model scatter far
    more than those of random vectors of its own length, so directions are drawn in `dimensions`, fewer.

    The defaults but for `uniform_mean` (assumed) are fitted to the demo's model on the demo's film, by
    `python bench/fit_fast_mode.py`.

    Attributes:
        seed: Of all directions.
        same_moment_mean: Of two looks of one person at one camera, a moment apart.
        same_person_mean: Of two looks of one person long apart, or at two cameras.
        uniform_mean: Of two people in uniform.
        other_person_mean: Of two other people.
        view_s: How somebody shows to a camera is another after this long.
        dimensions: Similarities of unrelated looks scatter by one over its root.
    """

    seed: int
    same_moment_mean: float = 0.78
    same_person_mean: float = 0.52
    uniform_mean: float = 0.4
    other_person_mean: float = 0.01
    view_s: float = 6.0
    dimensions: int = 21
    _known: dict[tuple[int, ...], npt.NDArray[np.float64]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        means = (0.0, self.other_person_mean, self.uniform_mean, self.same_person_mean, self.same_moment_mean, 1.0)
        if any(low > high for low, high in itertools.pairwise(means)):
            raise DongsunError(
                expected="0 ≤ other_person_mean ≤ uniform_mean ≤ same_person_mean ≤ same_moment_mean ≤ 1",
                got=", ".join(str(mean) for mean in means[1:-1]),
                where="ModelledLooks",
                mend="order the mean similarities",
            )

    def look(self, person_id: int, camera_number: int, time_s: float, *, uniformed: bool = False) -> Embeddings:
        """(1, dimensions) float32: somebody at some time in one camera; below 0 are things, which never turn round."""
        shared = self.uniform_mean if uniformed else self.other_person_mean
        who = abs(person_id), int(person_id < 0)
        moment = np.random.default_rng([self.seed, 9, *who, camera_number, round(time_s * 1000)])
        parts = (
            (self.other_person_mean, self._direction(0)),
            (shared - self.other_person_mean, self._direction(1)),
            (self.same_person_mean - shared, self._direction(2, *who)),
            (self.same_moment_mean - self.same_person_mean, self._view(who, camera_number, time_s)),
            (1.0 - self.same_moment_mean, self._drawn(moment)),
        )
        mixed = sum((np.sqrt(max(share, 0.0)) * direction for share, direction in parts), np.zeros(self.dimensions))
        return l2_normalised(mixed[None].astype(np.float32))

    def _view(self, who: tuple[int, int], camera_number: int, time_s: float) -> npt.NDArray[np.float64]:
        """On the great circle from one random direction to the next, about every `view_s`."""
        if who[1]:
            return self._direction(3, *who, camera_number, 0)
        whole, part = divmod(time_s / self.view_s, 1.0)
        angle = part * math.pi / 2
        one, other = (self._direction(3, *who, camera_number, int(whole) + k) for k in (0, 1))
        mixed = math.cos(angle) * one + math.sin(angle) * other
        return np.asarray(mixed / np.linalg.norm(mixed), np.float64)

    def _direction(self, *key: int) -> npt.NDArray[np.float64]:
        if key not in self._known:
            self._known[key] = self._drawn(np.random.default_rng([self.seed, *key]))
        return self._known[key]

    def _drawn(self, rng: np.random.Generator) -> npt.NDArray[np.float64]:
        vector = rng.normal(size=self.dimensions)
        return np.asarray(vector / np.linalg.norm(vector), np.float64)
