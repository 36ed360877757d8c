"""Retrieval metrics of re-identification: mAP, CMC and mINP, vectorised."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.contract.embedding import cosine_similarity
from dongsun.contract.errors import DongsunError
from dongsun.eval.embedded_set import EmbeddedSet
from dongsun.eval.reid_protocol import ReidProtocol

_QUERIES_AT_ONCE = 256
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ReidMetrics:
    """What a model finds, in [0, 1].

    Attributes:
        mean_average_precision: mAP over queries: the mean of non-interpolated average precision.
        rank1, rank5, rank10: Share of queries whose first right picture stands at that rank or before (CMC).
        mean_inverse_negative_penalty: mINP: right pictures / rank of the last right one, mean over queries.
        map_ci95, rank1_ci95: Bootstrap 95 % intervals over persons.
        queries: Queries that had a right picture in the gallery; only these count.
        queries_without_match: Queries left out because nothing in the gallery could be right.
        gallery: Pictures in the gallery, distractors included.
        persons: Persons among the counted queries.
        protocol: Which pictures were compared.
    """

    mean_average_precision: float
    rank1: float
    rank5: float
    rank10: float
    mean_inverse_negative_penalty: float
    map_ci95: tuple[float, float]
    rank1_ci95: tuple[float, float]
    queries: int
    queries_without_match: int
    gallery: int
    persons: int
    protocol: ReidProtocol


@dataclass(frozen=True)
class QueryScores:
    """Per query, float64/int64 (q,); meaningless where `valid` is false.

    Attributes:
        average_precision: Mean of precision at the rank of every right picture.
        first_rank: 1-based rank of the first right picture.
        inverse_negative_penalty: Right pictures / rank of the last right one.
        valid: The gallery held a right picture.
    """

    average_precision: Floats
    first_rank: npt.NDArray[np.int64]
    inverse_negative_penalty: Floats
    valid: npt.NDArray[np.bool_]


def query_scores(
    similarities: npt.NDArray[np.float32], right: npt.NDArray[np.bool_], left_out: npt.NDArray[np.bool_]
) -> QueryScores:
    """Scores every query of a similarity matrix (q, g); higher is more alike.

    Among equal similarities the wrong pictures are ranked first: a model that can't tell must not win by the order
    of the files. mINP: Ye et al., *Deep Learning for Person Re-identification: A Survey and Outlook*, TPAMI 2021.

    Args:
        similarities: (q, g), finite.
        right: (q, g): the gallery picture shows the query's person.
        left_out: (q, g): the gallery picture is not shown to the query.
    """
    counted = right & ~left_out
    ranked_similarity = np.where(left_out, -np.inf, similarities)
    order = np.lexsort((counted, -ranked_similarity), axis=-1)
    hits = np.take_along_axis(counted, order, axis=1)
    found = np.cumsum(hits, axis=1)
    total = found[:, -1] if hits.shape[1] else np.zeros(len(hits), np.int64)
    ranks = np.arange(1, hits.shape[1] + 1)
    valid = total > 0
    per_query = np.maximum(total, 1)
    first = np.argmax(hits, axis=1) + 1
    last = hits.shape[1] - np.argmax(hits[:, ::-1], axis=1)
    return QueryScores(
        average_precision=(found / ranks * hits).sum(axis=1) / per_query,
        first_rank=first,
        inverse_negative_penalty=total / np.maximum(last, 1),
        valid=valid,
    )


def split_by_role(people: EmbeddedSet) -> tuple[EmbeddedSet, EmbeddedSet]:
    """(queries, gallery): as the source says, or every known picture against all where it says nothing."""
    if (people.roles == "query").any():
        return people.take(people.roles == "query"), people.take(people.roles == "gallery")
    return people.take(~people.is_distractor), people


def evaluate_reid(
    query: EmbeddedSet, gallery: EmbeddedSet, protocol: ReidProtocol, *, bootstrap: int = 1000, seed: int = 0
) -> ReidMetrics:
    """mAP, CMC and mINP of `query` against `gallery`.

    Args:
        query: Pictures searched for; distractors among them are an error.
        gallery: Pictures searched in; distractors belong here.
        protocol: Which pictures of the same person are left out.
        bootstrap: Resamples of persons for the intervals.
        seed: Of the resampling.

    Raises:
        DongsunError: A distractor as query, or no query with a right picture in the gallery.
    """
    if query.is_distractor.any():
        raise DongsunError(
            expected="queries that show known persons",
            got=f"{int(query.is_distractor.sum())} distractors among the queries",
            where="re-ID evaluation",
            mend="put distractors into the gallery only",
        )
    parts = [
        _scores_of(query.take(np.arange(start, min(start + _QUERIES_AT_ONCE, len(query)))), gallery, protocol)
        for start in range(0, len(query), _QUERIES_AT_ONCE)
    ]
    valid = np.concatenate([part.valid for part in parts]) if parts else np.zeros(0, np.bool_)
    if not valid.any():
        raise DongsunError(
            expected="at least one query whose person stands in the gallery",
            got=f"{len(query)} queries, {len(gallery)} gallery pictures, none comparable under {protocol}",
            where="re-ID evaluation",
            mend="give persons seen by two cameras (cross_camera) or farther apart in time (across_time)",
        )
    precision = np.concatenate([part.average_precision for part in parts])[valid]
    first = np.concatenate([part.first_rank for part in parts])[valid]
    penalty = np.concatenate([part.inverse_negative_penalty for part in parts])[valid]
    persons = query.person_ids[valid]
    generator = np.random.default_rng(seed)
    map_ci95, rank1_ci95 = _person_intervals(
        (precision, (first <= 1).astype(np.float64)), persons, bootstrap, generator
    )
    return ReidMetrics(
        mean_average_precision=float(precision.mean()),
        rank1=float((first <= 1).mean()),
        rank5=float((first <= 5).mean()),
        rank10=float((first <= 10).mean()),
        mean_inverse_negative_penalty=float(penalty.mean()),
        map_ci95=map_ci95,
        rank1_ci95=rank1_ci95,
        queries=int(valid.sum()),
        queries_without_match=int((~valid).sum()),
        gallery=len(gallery),
        persons=len(np.unique(persons)),
        protocol=protocol,
    )


def _scores_of(query: EmbeddedSet, gallery: EmbeddedSet, protocol: ReidProtocol) -> QueryScores:
    similarities = cosine_similarity(query.embeddings, gallery.embeddings)
    right = np.asarray(query.person_ids[:, None] == gallery.person_ids[None, :])
    return query_scores(similarities, right, protocol.left_out(query, gallery))


def _person_intervals(
    values: tuple[Floats, Floats], persons: npt.NDArray[np.str_], resamples: int, generator: np.random.Generator
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Percentile intervals of the mean over queries when persons, not pictures, are drawn with replacement."""
    _, person = np.unique(persons, return_inverse=True)
    count = np.bincount(person)
    people = len(count)
    drawn = generator.multinomial(people, np.full(people, 1.0 / people), size=resamples)
    intervals = [
        np.quantile(drawn @ np.bincount(person, weights=value) / (drawn @ count), [0.025, 0.975]) for value in values
    ]
    first, second = ((float(low), float(high)) for low, high in intervals)
    return first, second
