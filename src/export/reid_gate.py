"""What an exported re-ID model may lose: mAP, rank-1, and the meaning of its threshold."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dongsun.contract.errors import DongsunError
from dongsun.eval.person_bootstrap import Interval, false_match_rate_interval
from dongsun.export.gate_crops import GateCrops
from dongsun.export.reid_scores import PairedDrop, SplitScore, paired_drop
from dongsun.export.settings import LossLimits
from dongsun.export.worst_crops import worst_disagreements, write_disagreements

_NAMED = 5
_ERRORS = 2.0
"""A drop below so many standard errors can't be told from luck."""
_MOST_WIDENING = 2.0


@dataclass(frozen=True)
class ScoredForm:
    """One form on one split.

    Attributes:
        form: `torch`, `fp32`, `fp16`, `int8` or `tensorrt_qdq`.
        score: What it does there.
        similarity: The threshold at which its false matches count: the one that ships with it.
    """

    form: str
    score: SplitScore
    similarity: float


class ReidGate:
    """Compares forms of one model on the same crops.

    Args:
        limits: What may be lost.
        bootstrap: Resamples of persons for the intervals of rates.
        seed: Of the resampling.
        evidence: Where a refusal leaves the pictures that disagree most; None leaves none.
    """

    def __init__(self, limits: LossLimits, bootstrap: int, seed: int, evidence: Path | None) -> None:
        self._limits = limits
        self._bootstrap = bootstrap
        self._seed = seed
        self._evidence = evidence

    def judge(self, gate: GateCrops, before: ScoredForm, after: ScoredForm) -> Mapping[str, float]:
        """Figures of `after`, which has taken the place of `before`.

        Its mAP and rank-1 may fall by the limits; where the crops are too few to tell such a drop from luck, by two
        standard errors (over persons), yet never by more than twice the limit. Its false-match rate at its own
        threshold must lie in the 95 % interval (over persons) of the rate of `before` at its threshold on the same
        pairs, or below it.

        Raises:
            DongsunError: It lost more; the message names the crops that disagree most.
        """
        one, other = before.score, after.score
        drops = {
            "mAP": (paired_drop(one.average_precision, other.average_precision, one.persons), "reid_map_points"),
            "rank-1": (paired_drop(one.first_is_right, other.first_is_right, one.persons), "reid_rank1_points"),
        }
        for name, (drop, field) in drops.items():
            allowed = allowed_points(drop, float(getattr(self._limits, field)))
            if drop.points > allowed:
                raise self._refusal(
                    gate,
                    (before, after),
                    expected=f"a drop of at most {allowed:.2g} points of re-ID {name} to {after.form}",
                    got=f"{drop.points:.2f} points (standard error {drop.standard_error:.2f}; "
                    f"{_share(before, name):.2f} to {_share(after, name):.2f})",
                    limit=f"export.limits.{field}",
                )
        interval, rate = self.rate_interval(before), other.false_match_rate(after.similarity)
        if rate > interval.high:
            raise self._refusal(
                gate,
                (before, after),
                expected=f"a false-match rate of {after.form} in that of {before.form}, {_percent(interval)}",
                got=f"{rate:.2%} at the threshold {after.similarity:.4f}",
                limit=None,
            )
        return {
            **figures(gate, after),
            **({} if after.form in ("fp32", "torch") else _drop_figures(gate, after, drops)),
        }

    def hold_out(self, gate: GateCrops, tuned: ScoredForm, held_out: ScoredForm) -> Mapping[str, float]:
        """Whether the threshold that ships means on held-out people what it meant on those who tuned it.

        The held-out rate must lie in the interval of the rate that the threshold was tuned for. Held-out people are
        a sample too: the stage fails only where their own interval lies wholly above.

        Raises:
            DongsunError: It does.
        """
        wanted, found = self.rate_interval(tuned), self.rate_interval(held_out)
        rate = held_out.score.false_match_rate(held_out.similarity)
        if found.low > wanted.high:
            raise DongsunError(
                expected=f"false matches at the shipped threshold as when it was tuned, {_percent(wanted)}",
                got=f"{rate:.2%} ({_percent(found)}) on the people of {gate.split}",
                where=f"parity gate of re-ID, {gate.split}",
                mend="the threshold doesn't carry over to people it wasn't tuned on: tune it on more of them, or on "
                "footage like this",
            )
        prefix = f"reid_{gate.split}_shipped_false_match_rate"
        return {prefix: rate, f"{prefix}_low": found.low, f"{prefix}_high": found.high} | {
            "reid_tuned_false_match_rate_low": wanted.low,
            "reid_tuned_false_match_rate_high": wanted.high,
            f"{prefix}_inside": float(rate in wanted),
        }

    def rate_interval(self, scored: ScoredForm) -> Interval:
        """The 95 % interval, over persons, of a form's false-match rate at its threshold."""
        return false_match_rate_interval(
            scored.score.pairs, scored.similarity, resamples=self._bootstrap, seed=self._seed
        )

    def _refusal(
        self, gate: GateCrops, forms: tuple[ScoredForm, ScoredForm], *, expected: str, got: str, limit: str | None
    ) -> DongsunError:
        before, after = forms
        worst = worst_disagreements(gate, before.score.embeddings, after.score.embeddings)
        named = ", ".join(f"{one.path} (cosine {one.cosine:.3f})" for one in worst[:_NAMED])
        shown = ""
        if self._evidence is not None:
            _, sheet = write_disagreements(self._evidence, worst)
            shown = f"; {len(worst)} of them are shown in {sheet}"
        return DongsunError(
            expected=expected,
            got=f"{got} on {len(gate.records)} crops of {gate.split}; most different: {named}{shown}",
            where=f"parity gate of re-ID, {gate.split}",
            mend="calibrate on crops like these, keep export.accuracy_control on, ship FP32 (export.shipped_reid=FP32)"
            + (f", or raise {limit} knowingly" if limit else ""),
        )


def allowed_points(drop: PairedDrop, limit: float) -> float:
    """The limit, widened to what the crops can tell from luck, at most to double."""
    return min(_MOST_WIDENING * limit, max(limit, _ERRORS * drop.standard_error))


def figures(gate: GateCrops, scored: ScoredForm) -> dict[str, float]:
    """What a form does on a split, by the names of the bundle's figures."""
    return {
        f"reid_{gate.split}_map_{scored.form}": scored.score.mean_average_precision,
        f"reid_{gate.split}_rank1_{scored.form}": scored.score.rank1,
        f"reid_{gate.split}_false_match_rate_{scored.form}": scored.score.false_match_rate(scored.similarity),
    }


def _drop_figures(gate: GateCrops, after: ScoredForm, drops: Mapping[str, tuple[PairedDrop, str]]) -> dict[str, float]:
    form = "" if after.form == "int8" else f"{after.form}_"
    figures: dict[str, float] = {}
    for name, (drop, _) in drops.items():
        stem = f"reid_{gate.split}_{form}{name.replace('-', '').lower()}_drop"
        figures[f"{stem}_points"] = drop.points
        figures[f"{stem}_standard_error"] = drop.standard_error
    return figures


def _share(scored: ScoredForm, name: str) -> float:
    return 100 * (scored.score.mean_average_precision if name == "mAP" else scored.score.rank1)


def _percent(interval: Interval) -> str:
    return f"{interval.low:.2%} to {interval.high:.2%}"
