"""One pass of sampling over a manifest in stratum order."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from dongsun.contract.errors import DongsunError
from dongsun.data.records import DetectorRecord, ReidRecord, Split
from dongsun.data.sampling.policy import SamplingPolicy
from dongsun.data.sampling.systematic import Systematic
from dongsun.data.seeding import random_for

R = TypeVar("R", ReidRecord, DetectorRecord)
StratumKey = tuple[str, ...]
_SEPARATOR = "/"


@dataclass(frozen=True)
class StratumSummary:
    """What was kept of one stratum's training images."""

    stratum: StratumKey
    images: int
    kept: int


@dataclass(frozen=True)
class SamplingPlan:
    """The settings of one pass.

    Attributes:
        policy: Decides about training images.
        seed: With a stratum's name it determines every draw.
        counts: Rows per split in the manifest.
        calibration_cap: Calibration images to keep at most, by systematic sampling over all of them; None keeps all.
        validation_cap: Validation images to keep at most, likewise.
    """

    policy: SamplingPolicy
    seed: int
    counts: dict[Split, int]
    calibration_cap: int | None = None
    validation_cap: int | None = None

    def caps(self) -> dict[Split, Iterator[bool]]:
        """Which images of the capped splits are kept, in their order."""
        caps: tuple[tuple[Split, int | None], ...] = (
            ("calibration", self.calibration_cap),
            ("validation", self.validation_cap),
        )
        return {
            split: Systematic(interval=max(1.0, self.counts[split] / cap)).decisions(
                split, self.seed, self.counts[split]
            )
            for split, cap in caps
            if cap is not None
        }


def stratum_of(record: ReidRecord | DetectorRecord) -> StratumKey:
    """person × camera × sequence for re-ID, camera × sequence for detector frames."""
    if isinstance(record, ReidRecord):
        return (record.person_id, record.camera_id, record.sequence_id)
    return (record.camera_id, record.sequence_id)


def sample_stream(records: Iterable[R], plan: SamplingPlan, report: Callable[[StratumSummary], None]) -> Iterator[R]:
    """Yields the test rows whole, the capped splits' rows up to their cap, and the sampled training rows.

    Memory holds at most `min_per_stratum` records. Strata stay in order; within one, rows that were only kept to
    reach the minimum come last.

    Args:
        records: In stratum order.
        plan: Settings.
        report: Called with every stratum that has training images, when it ends.

    Raises:
        DongsunError: The rows are not in stratum order.
    """
    capped = plan.caps()
    current: _Stratum[R] | None = None
    for record in records:
        key = stratum_of(record)
        if current is None or key != current.key:
            if current is not None:
                if key < current.key:
                    raise _out_of_order(current.key, key)
                yield from current.finish(report)
            current = _Stratum(key, plan)
        if record.split == "train":
            yield from current.offer(record)
        elif record.split not in capped or next(capped[record.split]):
            yield record
    if current is not None:
        yield from current.finish(report)


class _Stratum(Generic[R]):
    """Sampling of one stratum; keeps a uniform reservoir (Vitter's algorithm R) in case the policy keeps too few."""

    def __init__(self, key: StratumKey, plan: SamplingPlan) -> None:
        self.key = key
        name = _SEPARATOR.join(key)
        self._decisions = plan.policy.decisions(name, plan.seed, plan.counts["train"])
        self._least = plan.policy.min_per_stratum
        self._random = random_for(plan.seed, "reservoir", name)
        self._reservoir: list[tuple[int, R]] = []
        self._held: list[R] = []
        self._images = 0
        self._kept = 0

    def offer(self, record: R) -> Iterator[R]:
        """Takes the next training image; yields what is certain to be kept."""
        self._remember(record)
        self._images += 1
        if not next(self._decisions):
            return
        self._kept += 1
        self._held.append(record)
        if self._kept >= self._least:
            yield from self._held
            self._held.clear()

    def _remember(self, record: R) -> None:
        if len(self._reservoir) < self._least:
            self._reservoir.append((self._images, record))
        elif self._least:
            place = self._random.randrange(self._images + 1)
            if place < self._least:
                self._reservoir[place] = (self._images, record)

    def finish(self, report: Callable[[StratumSummary], None]) -> Iterator[R]:
        """Ends the stratum: where the policy kept fewer than the minimum, the reservoir stands in."""
        if self._kept < self._least:
            chosen = sorted(self._reservoir, key=lambda entry: entry[0])
            self._kept = len(chosen)
            yield from (record for _, record in chosen)
        if self._images:
            report(StratumSummary(self.key, self._images, self._kept))


def _out_of_order(before: StratumKey, after: StratumKey) -> DongsunError:
    return DongsunError(
        expected="a manifest in stratum order",
        got=f"{_SEPARATOR.join(after)} after {_SEPARATOR.join(before)}",
        where="sampling",
        mend="run `dongsun ingest` again; it writes manifests in order",
    )
