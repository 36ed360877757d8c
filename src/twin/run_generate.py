"""The stage `twin-generate`: writes random plausible store files."""

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field
from pydantic.dataclasses import dataclass
from tqdm import tqdm

from dongsun.contract.durable import write_text
from dongsun.contract.stage import RunLog, StageResult
from dongsun.twin.generate.generate_store import generate_store


@dataclass(frozen=True)
class GenerateStage:
    """Writes `random-<seed>.yaml`, `random-<seed + 1>.yaml`, …

    Attributes:
        seed: Of the first store; each has the next one.
        count: How many.
        output_dir: Receives the files.
    """

    seed: Annotated[int, Field(ge=0)]
    count: Annotated[int, Field(ge=1)]
    output_dir: Path

    def run(self, log: RunLog) -> StageResult:
        """Writes the files, each atomically; one seed always gives the same bytes."""
        paths = []
        for seed in tqdm(range(self.seed, self.seed + self.count), desc="drawing shops", disable=None):
            path = self.output_dir / f"random-{seed}.yaml"
            write_text(path, store_text(seed))
            paths.append(path)
        log.metrics({"stores": float(len(paths))})
        return StageResult(
            metrics={"stores": float(len(paths))},
            artifacts=tuple(paths),
            summary="\n".join(f"{path}" for path in paths),
        )


def store_text(seed: int) -> str:
    """The store file of a seed."""
    head = f"# A random shop, drawn by `dongsun twin generate seed={seed}`. It exists only as a synthetic twin.\n"
    return head + yaml.safe_dump(
        generate_store(seed), sort_keys=False, default_flow_style=None, width=130, allow_unicode=True
    )
