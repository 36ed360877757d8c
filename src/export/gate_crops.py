"""The crops on which a re-ID model is judged."""

from dataclasses import dataclass
from pathlib import Path

from dongsun.data.manifest import resolve
from dongsun.data.records import ReidRecord, Split


@dataclass(frozen=True)
class GateCrops:
    """Crops of one split.

    Attributes:
        split: `validation` (it tunes thresholds and steers quantisation) or `test` (it only tells).
        records: Rows of the manifest.
        manifest: Their manifest.
    """

    split: Split
    records: tuple[ReidRecord, ...]
    manifest: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        """The pictures."""
        return tuple(resolve(self.manifest, record.path) for record in self.records)
