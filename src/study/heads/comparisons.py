"""Whether one network is above another by more than chance: paired over seeds and test persons."""

from collections.abc import Sequence
from dataclasses import dataclass

from dongsun.study.heads.rows import Row
from dongsun.study.resampling import Interval, difference_interval
from dongsun.study.table import Spread, markdown_table, spread


@dataclass(frozen=True)
class Comparison:
    """mAP of `first` less mAP of `second`, as shares.

    Attributes:
        interval: Over seeds and test persons, paired.
        over_seeds: Mean and deviation of the differences seed by seed.
    """

    first: str
    second: str
    interval: Interval
    over_seeds: Spread

    @property
    def beyond_spread(self) -> bool:
        """The difference exceeds its own deviation over seeds, and the interval leaves out nought."""
        deviation = self.over_seeds.deviation
        return deviation is not None and self.interval.value > deviation and self.interval.low > 0


def compare(first: Row, second: Row, people: str) -> Comparison | None:
    """On one judged set, by the seeds that both finished (a given network meets every seed); None where none is."""
    ours = {cell.cell.seed: cell.outcome.scores[people] for cell in first.done if people in cell.outcome.scores}
    theirs = {cell.cell.seed: cell.outcome.scores[people] for cell in second.done if people in cell.outcome.scores}
    if len(second.cells) == 1 and len(first.cells) > 1 and theirs:
        theirs = dict.fromkeys(ours, next(iter(theirs.values())))
    seeds = sorted(ours.keys() & theirs.keys())
    if not seeds:
        return None
    left, right = [ours[seed] for seed in seeds], [theirs[seed] for seed in seeds]
    each = [difference_interval([one], [other]).value for one, other in zip(left, right, strict=True)]
    return Comparison(first.name, second.name, difference_interval(left, right), spread(each))


def comparison_table(rows: Sequence[Row], people: str, champion: str) -> str:
    """Markdown: the network called `champion` against every other."""
    by_name = {row.name: row for row in rows}
    if champion not in by_name:
        return ""
    lines = []
    for row in rows:
        found = None if row.name == champion else compare(by_name[champion], row, people)
        if found is not None:
            lines.append(_line(found))
    header = [
        f"`{champion}` less …",
        "points of mAP",
        "95 % interval",
        "spread over seeds",
        "above by more than chance",
    ]
    return markdown_table(header, lines)


def _line(found: Comparison) -> list[str]:
    interval, deviation = found.interval, found.over_seeds.deviation
    return [
        found.second,
        f"{100 * interval.value:+.1f}",
        f"{100 * interval.low:+.1f} … {100 * interval.high:+.1f}",
        "" if deviation is None else f"{100 * deviation:.1f}",
        "yes" if found.beyond_spread else "no",
    ]
