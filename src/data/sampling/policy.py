"""What sampling asks of a policy."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from dongsun.contract.errors import DongsunError


@runtime_checkable
class SamplingPolicy(Protocol):
    """Decides, image by image, what of a stratum to keep."""

    @property
    def min_per_stratum(self) -> int:
        """Images that a stratum keeps at least (all of them, if it has fewer)."""

    def decisions(self, stratum: str, seed: int, population: int) -> Iterator[bool]:
        """An endless stream: keep the stratum's first image?, its second?, …

        Args:
            stratum: Its name; with `seed` it alone determines the random start.
            seed: The run's seed.
            population: Training images in the whole manifest, from which a target count becomes a share.
        """


def share_of(fraction: float | None, count: int | None, population: int) -> float:
    """The share to keep, from whichever of the two was given."""
    if fraction is not None:
        return fraction
    return min(1.0, (count or 0) / max(population, 1))


def check_one_target(where: str, **targets: float | None) -> None:
    """Refuses settings that name no target, or several.

    Raises:
        DongsunError: Not exactly one is set.
    """
    given = {name: value for name, value in targets.items() if value is not None}
    if len(given) != 1:
        raise DongsunError(
            expected=f"exactly one of {', '.join(targets)}",
            got=", ".join(f"{name}={value}" for name, value in given.items()) or "none",
            where=where,
            mend="set one in conf/sampling and leave the others null",
        )
