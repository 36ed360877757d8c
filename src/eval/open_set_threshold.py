"""The similarity at which a station identifies people, from a target rate of false identifications."""

from dataclasses import dataclass
from typing import Literal

from dongsun.contract.bundle import IdentificationRates
from dongsun.contract.errors import DongsunError
from dongsun.eval.open_set_intervals import false_positive_interval, threshold_interval
from dongsun.eval.open_set_rates import false_positive_identification_rate, lowest_similarity_at, miss_rate
from dongsun.eval.open_set_scores import OpenSetScores
from dongsun.eval.person_bootstrap import Interval
from dongsun.eval.threshold import EXPECTED_FALSE_MATCHES

_WHERE = "threshold tuning"


@dataclass(frozen=True)
class OpenSetThreshold:
    """A threshold tuned on identification.

    Attributes:
        similarity: The threshold.
        interval: Its own, at 95 %.
        rates: What it does.
    """

    similarity: float
    interval: Interval
    rates: IdentificationRates


@dataclass(frozen=True)
class GalleryPlan:
    """How rates at the store's gallery size come from galleries that can be drawn.

    Extrapolated, a gallery of N counts as N / n independent galleries of n: FPIR(N) = 1 - (1 - FPIR(n))^(N / n).
    For people drawn at random that is an upper limit (Jensen's inequality): what makes a probe like one of them, dark
    clothes say, makes it like others too, so that false identifications gather on fewer probes.

    Attributes:
        gallery_size: N, the store's.
        measured: n, drawn from the people.
    """

    gallery_size: int
    measured: int

    @property
    def method(self) -> Literal["empirical", "extrapolated"]:
        """Whether the store's own size is measured."""
        return "empirical" if self.measured == self.gallery_size else "extrapolated"

    def at_store(self, measured_rate: float) -> float:
        """The rate at the store's size, of one measured."""
        return float(1.0 - (1.0 - measured_rate) ** (self.gallery_size / self.measured))

    def at_measured(self, store_rate: float) -> float:
        """The rate to ask of the galleries measured for one at the store's size."""
        return float(1.0 - (1.0 - store_rate) ** (self.measured / self.gallery_size))


def largest_gallery(persons: int) -> int:
    """The largest gallery that so many people support: half of them must fill it and search in it; 0 if none."""
    return max(0, persons // 2 - 1)


def supported_gallery(scores: OpenSetScores | None) -> int:
    """The largest gallery whose rates these people can tell; 0 if none, or if nobody was seen twice."""
    return 0 if scores is None or miss_rate(scores, 0.0, 1) is None else largest_gallery(scores.persons)


def tune_identification(
    scores: OpenSetScores | None,
    target: float,
    gallery_size: int | None,
    *,
    extrapolate: bool = False,
    bootstrap: int = 1000,
    seed: int = 0,
) -> OpenSetThreshold:
    """Finds the lowest threshold whose false-positive identification rate at the store's gallery size keeps the target.

    Args:
        scores: Of the people's appearances; None where nobody can be compared.
        target: In (0, 1).
        gallery_size: Visitors whom the store expects in its gallery.
        extrapolate: See `GalleryPlan`; otherwise too few people are refused.
        bootstrap: Resamples of persons for the intervals.
        seed: Of the resampling.

    Raises:
        DongsunError: No gallery size; too few people for it (see `largest_gallery`); or fewer than ten false
            identifications to be expected at the target.
    """
    if gallery_size is None:
        raise DongsunError(
            expected="the number of visitors the store expects in its gallery",
            got="none",
            where=_WHERE,
            mend="set threshold.gallery_size beside threshold.target_false_positive_identification_rate",
        )
    scores, plan = _planned(scores, gallery_size, extrapolate)
    _refuse_too_few_probes(scores, target, plan)
    asked = plan.at_measured(target)
    similarity = lowest_similarity_at(scores, asked, plan.measured)
    if similarity > 1.0:
        raise DongsunError(
            expected=f"people who differ enough for a false-positive identification rate of {target}",
            got="different people with the same embedding",
            where=_WHERE,
            mend="train re-ID longer or on more people, and check that validation's identities are right",
        )
    return OpenSetThreshold(
        similarity=similarity,
        interval=threshold_interval(scores, asked, plan.measured, resamples=bootstrap, seed=seed),
        rates=_rates(scores, similarity, plan, target, bootstrap, seed),
    )


def identification_at(
    scores: OpenSetScores | None,
    similarity: float,
    gallery_size: int | None,
    *,
    extrapolate: bool = False,
    bootstrap: int = 1000,
    seed: int = 0,
) -> IdentificationRates | None:
    """What a threshold found in another way does to identification.

    Without a gallery size the largest that the people support is taken; None if they support none.

    Raises:
        DongsunError: A gallery size is asked for that the people don't support.
    """
    if gallery_size is None:
        gallery_size = supported_gallery(scores)
        if not gallery_size:
            return None
    scores, plan = _planned(scores, gallery_size, extrapolate)
    return _rates(scores, similarity, plan, None, bootstrap, seed)


def _planned(scores: OpenSetScores | None, gallery_size: int, extrapolate: bool) -> tuple[OpenSetScores, GalleryPlan]:
    persons = 0 if scores is None else scores.persons
    most = largest_gallery(persons)
    if scores is None or not most or (gallery_size > most and not extrapolate):
        otherwise = (
            f"set threshold.gallery_size={most} or less, or threshold.extrapolate=true, which takes galleries of "
            f"{most} for independent parts of a larger one"
            if most
            else "tune on pairs (threshold.target_false_positive_identification_rate=null)"
        )
        raise DongsunError(
            expected=f"at least {2 * (gallery_size + 1)} persons for a gallery of {gallery_size}: half of them must "
            "fill one and search in it, so that halves can tell how sure the figure is",
            got=f"{persons} who can be compared",
            where=_WHERE,
            mend=f"add validation people, {otherwise}",
        )
    if miss_rate(scores, 0.0, 1) is None:
        raise DongsunError(
            expected="people who were seen twice, to tell how many are missed",
            got=f"{persons} persons with one appearance each",
            where=_WHERE,
            mend="add validation people seen by two cameras, or lower threshold.min_gap_frames for a single camera",
        )
    return scores, GalleryPlan(gallery_size, min(gallery_size, most))


def _refuse_too_few_probes(scores: OpenSetScores, target: float, plan: GalleryPlan) -> None:
    # A probe tries (persons - 1) / n galleries that share nobody; the rule of ten asks for ten false ones among all.
    trials = scores.probes * (scores.persons - 1) / plan.measured
    expected = trials * plan.at_measured(target)
    if expected >= EXPECTED_FALSE_MATCHES:
        return
    least_target = plan.at_store(min(1.0, EXPECTED_FALSE_MATCHES / trials))
    most_visitors = int(scores.probes * (scores.persons - 1) * target / EXPECTED_FALSE_MATCHES)
    smaller = f", or a gallery of {most_visitors} at this rate" if most_visitors else ""
    raise DongsunError(
        expected=f"at least {EXPECTED_FALSE_MATCHES} false identifications to be expected at a rate of {target} in a "
        f"gallery of {plan.gallery_size}",
        got=f"{expected:.1f}, from {scores.probes} appearances of {scores.persons} persons",
        where=_WHERE,
        mend=f"add validation people or appearances, or ask for what these support: a rate of {least_target:.3f} at "
        f"this size{smaller}",
    )


def _rates(
    scores: OpenSetScores, similarity: float, plan: GalleryPlan, target: float | None, bootstrap: int, seed: int
) -> IdentificationRates:
    measured = false_positive_identification_rate(scores, similarity, plan.measured)
    interval = false_positive_interval(scores, similarity, plan.measured, resamples=bootstrap, seed=seed)
    false_positive = plan.at_store(measured)
    if plan.method == "empirical":
        missed = miss_rate(scores, similarity, plan.gallery_size)
        assert missed is not None  # refused before
    else:
        # Not found at all, or found beside somebody else at or above the threshold: who is nearer is left open.
        alone = miss_rate(scores, similarity, 1)
        assert alone is not None
        missed = alone + (1.0 - alone) * false_positive
    return IdentificationRates(
        gallery_size=plan.gallery_size,
        target_false_positive_rate=target,
        false_positive_rate=false_positive,
        false_positive_ci95=(plan.at_store(interval.low), plan.at_store(interval.high)),
        miss_rate=missed,
        method=plan.method,
        measured_gallery_size=plan.measured,
        persons=scores.persons,
        probes=scores.probes,
    )
