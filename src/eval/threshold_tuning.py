"""Embedded people → one threshold, by the target that the settings name."""

from dataclasses import dataclass

from dongsun.contract.bundle import SimilarityThreshold
from dongsun.eval.embedded_set import EmbeddedSet
from dongsun.eval.open_set_scores import OpenSetScores, open_set_scores
from dongsun.eval.open_set_threshold import identification_at, tune_identification
from dongsun.eval.pair_similarities import PairSimilarities, pair_similarities
from dongsun.eval.threshold import refuse_alike, refuse_few_persons, tune_threshold, with_evidence
from dongsun.eval.threshold_settings import ThresholdSettings
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy


@dataclass(frozen=True)
class SupportedThreshold:
    """A threshold and what is behind it.

    Attributes:
        threshold: With its figures.
        pairs: Pairs of pictures.
        open_set: Appearances before galleries; None where nobody can be compared.
    """

    threshold: SimilarityThreshold
    pairs: PairSimilarities
    open_set: OpenSetScores | None


def pairs_of(people: EmbeddedSet, settings: ThresholdSettings, seed: int) -> PairSimilarities:
    """The pairs that the settings allow."""
    return pair_similarities(
        people,
        settings.protocol_for(people),
        most_images_per_person=settings.most_images_per_person,
        most_pairs=settings.most_pairs,
        seed=seed,
    )


def open_set_of(people: EmbeddedSet, settings: ThresholdSettings, seed: int) -> OpenSetScores | None:
    """The appearances that the settings allow, scored against each other as a station does."""
    return open_set_scores(people, settings.protocol_for(people), policy=GalleryPolicy(), seed=seed)


def supported_threshold(people: EmbeddedSet, settings: ThresholdSettings, seed: int) -> SupportedThreshold:
    """Tunes one threshold.

    Raises:
        DongsunError: The people can't support it.
    """
    pairs, scores = pairs_of(people, settings, seed), open_set_of(people, settings, seed)
    threshold = (
        _on_pairs(pairs, settings, seed)
        if settings.target_false_positive_identification_rate is None
        else _on_identification(pairs, scores, settings.target_false_positive_identification_rate, settings, seed)
    )
    if threshold.identification is None:
        rates = identification_at(
            scores,
            threshold.similarity,
            settings.gallery_size,
            extrapolate=settings.extrapolate,
            bootstrap=settings.bootstrap,
            seed=seed,
        )
        threshold = threshold.model_copy(update={"identification": rates})
    return SupportedThreshold(threshold, pairs, scores)


def _on_pairs(pairs: PairSimilarities, settings: ThresholdSettings, seed: int) -> SimilarityThreshold:
    return tune_threshold(
        pairs,
        target_false_match_rate=settings.target_false_match_rate,
        bootstrap=settings.bootstrap,
        seed=seed,
        min_persons=settings.min_persons,
    )


def _on_identification(
    pairs: PairSimilarities, scores: OpenSetScores | None, target: float, settings: ThresholdSettings, seed: int
) -> SimilarityThreshold:
    refuse_few_persons(pairs, settings.min_persons)
    found = tune_identification(
        scores,
        target,
        settings.gallery_size,
        extrapolate=settings.extrapolate,
        bootstrap=settings.bootstrap,
        seed=seed,
    )
    threshold = with_evidence(
        pairs,
        found.similarity,
        found.interval,
        bootstrap=settings.bootstrap,
        seed=seed,
        target_false_match_rate=None,
    )
    refuse_alike(
        pairs,
        found.similarity,
        f"a false-positive identification rate of {target} among {settings.gallery_size}",
        threshold.false_match_rate,
    )
    return threshold.model_copy(update={"identification": found.rates})
