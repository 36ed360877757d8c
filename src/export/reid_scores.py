"""What one form of a re-ID model does on one split, query by query, so that two forms can be compared in pairs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.contract.embedding import Embeddings, cosine_similarity
from dongsun.contract.errors import DongsunError
from dongsun.eval.embedded_set import EmbeddedSet, Labels
from dongsun.eval.pair_similarities import PairSimilarities, pair_similarities
from dongsun.eval.reid_metrics import query_scores, split_by_role
from dongsun.eval.threshold_settings import ThresholdSettings

_QUERIES_AT_ONCE = 256
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SplitScore:
    """Retrieval and pairs of one form on one split.

    Attributes:
        average_precision: float64 (q,), of every query that has a right picture in the gallery.
        first_is_right: float64 (q,), 1 where the nearest picture shows the query's person, else 0.
        persons: str (q,), whom each query shows.
        pairs: Same-person and different-person pairs.
        embeddings: float32 (n, d), of every picture of the split, in the split's order.
    """

    average_precision: Floats
    first_is_right: Floats
    persons: Labels
    pairs: PairSimilarities
    embeddings: Embeddings

    @property
    def mean_average_precision(self) -> float:
        """MAP, in [0, 1]."""
        return float(self.average_precision.mean())

    @property
    def rank1(self) -> float:
        """Share of queries whose nearest picture is right."""
        return float(self.first_is_right.mean())

    def false_match_rate(self, similarity: float) -> float:
        """Share of different-person pairs at or above `similarity`."""
        return float(np.mean(self.pairs.impostor >= np.float32(similarity)))


@dataclass(frozen=True)
class PairedDrop:
    """A loss between two forms on the same queries, in points of 100.

    Attributes:
        points: Mean over queries of before - after; negative where the second form is better.
        standard_error: Of `points`, persons taken as the units that were sampled.
    """

    points: float
    standard_error: float


def score_split(people: EmbeddedSet, settings: ThresholdSettings, seed: int) -> SplitScore:
    """Scores embedded pictures by the store's own protocol.

    Raises:
        DongsunError: No query has a right picture, or no two persons can be compared.
    """
    query, gallery = split_by_role(people)
    protocol = settings.protocol_for(people)
    parts = []
    for start in range(0, len(query), _QUERIES_AT_ONCE):
        some = query.take(np.arange(start, min(start + _QUERIES_AT_ONCE, len(query))))
        right = np.asarray(some.person_ids[:, None] == gallery.person_ids[None, :])
        similarities = cosine_similarity(some.embeddings, gallery.embeddings)
        parts.append(query_scores(similarities, right, protocol.left_out(some, gallery)))
    valid = np.concatenate([part.valid for part in parts]) if parts else np.zeros(0, np.bool_)
    if not valid.any():
        raise DongsunError(
            expected="at least one query whose person stands in the gallery",
            got=f"{len(query)} queries, {len(gallery)} gallery pictures, none comparable under {protocol}",
            where="parity gate of re-ID",
            mend="give persons seen by two cameras (cross_camera) or farther apart in time (across_time)",
        )
    return SplitScore(
        average_precision=np.concatenate([part.average_precision for part in parts])[valid],
        first_is_right=(np.concatenate([part.first_rank for part in parts])[valid] <= 1).astype(np.float64),
        persons=query.person_ids[valid],
        pairs=pair_similarities(
            people,
            protocol,
            most_images_per_person=settings.most_images_per_person,
            most_pairs=settings.most_pairs,
            seed=seed,
        ),
        embeddings=people.embeddings,
    )


def paired_drop(before: Floats, after: Floats, persons: Labels) -> PairedDrop:
    """Mean loss per query, with the standard error of a mean over clusters (queries of one person fall together)."""
    lost = 100.0 * (before - after)
    _, person = np.unique(persons, return_inverse=True)
    of_person = np.bincount(person, weights=lost - lost.mean())
    people = len(of_person)
    if people < 2:
        return PairedDrop(float(lost.mean()), float("inf"))
    variance = people / (people - 1) * float((of_person**2).sum()) / len(lost) ** 2
    return PairedDrop(float(lost.mean()), variance**0.5)
