"""Stage: validation people → the similarity threshold, with its evidence."""

from pathlib import Path
from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from dongsun.contract.durable import atomic_directory
from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import RunLog, StageResult
from dongsun.data.records import Split
from dongsun.eval.embed_manifest import embed_manifest
from dongsun.eval.threshold_evidence import TunedThreshold, tune_on, write_evidence
from dongsun.eval.threshold_settings import ThresholdSettings


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class TuneStage:
    """Tunes one store's threshold on people that nobody trained on.

    Attributes:
        manifest: The re-ID manifest.
        checkpoint: `reid.pt`.
        out_dir: `models/<store>/threshold`; replaced whole when tuning succeeds.
        threshold: How to tune.
        split: Whose people; never `test`, which a threshold tuned on it would flatter.
        device: `cpu`, `cuda` or `auto`.
        seed: Of drawing pictures, pairs and resamples.
    """

    manifest: Path
    checkpoint: Path
    out_dir: Path
    threshold: ThresholdSettings
    split: Split
    device: Literal["auto", "cpu", "cuda"] = "auto"
    seed: int = 0

    def run(self, log: RunLog) -> StageResult:
        """Writes `threshold.json`, `similarities.npz` and two plots.

        Raises:
            DongsunError: The split is `test`, or its people can't support the target; `out_dir` is left as it was.
        """
        if self.split == "test":
            raise DongsunError(
                expected="a split other than test",
                got="test",
                where="tune.split",
                mend="tune on validation: the test people are for measuring the threshold afterwards",
            )
        tuned = self._tuned()
        with atomic_directory(self.out_dir) as temporary:
            written = write_evidence(temporary, tuned, model=self.checkpoint.name, split=self.split)
        threshold = tuned.threshold
        metrics = {
            "similarity": threshold.similarity,
            "similarity_ci95_low": threshold.ci95[0],
            "similarity_ci95_high": threshold.ci95[1],
            "false_match_rate": threshold.false_match_rate,
            "true_match_rate": threshold.true_match_rate,
            "genuine_pairs": float(threshold.genuine_pairs),
            "impostor_pairs": float(threshold.impostor_pairs),
            "persons": float(threshold.persons),
        }
        log.metrics(metrics)
        return StageResult(
            metrics=metrics,
            artifacts=tuple(self.out_dir / path.name for path in written if path.suffix != ".npz"),
            summary=f"similarity >= {threshold.similarity:.4f} "
            f"(95 % {threshold.ci95[0]:.4f} to {threshold.ci95[1]:.4f}) means the same person: "
            f"{threshold.true_match_rate:.1%} of true matches at "
            f"{threshold.false_match_rate:.2%} false ones, from {threshold.persons} people, "
            f"{tuned.pairs.protocol.kind.replace('_', '-')}",
        )

    def _tuned(self) -> TunedThreshold:
        # Torch takes seconds to import: only the run pays for it, not whoever composes or describes the stage.
        from dongsun.eval.torch_embedder import TorchEmbedder
        from dongsun.train.device import resolve_device
        from dongsun.train.reid.checkpoint import load_reid

        people = embed_manifest(
            TorchEmbedder(load_reid(self.checkpoint), resolve_device(self.device)),
            self.manifest,
            self.split,
            most_per_person_and_camera=self.threshold.most_images_per_person,
            seed=self.seed,
            progress=f"embed {self.split}",
        )
        return tune_on(people, self.threshold, self.seed)
