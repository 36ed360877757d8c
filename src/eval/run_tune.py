"""Stage: validation people → the similarity threshold, with its evidence."""

from pathlib import Path
from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from dongsun.contract.bundle import IdentificationRates
from dongsun.contract.durable import atomic_directory
from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import RunLog, StageResult
from dongsun.data.records import Split
from dongsun.eval.embed_manifest import embed_manifest
from dongsun.eval.threshold_check import ThresholdDrifted
from dongsun.eval.threshold_check_run import CHECK_NAME, SHIFT_NAME, check_bundle, write_check
from dongsun.eval.threshold_evidence import TunedThreshold, tune_on, write_evidence
from dongsun.eval.threshold_settings import ThresholdSettings


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class TuneStage:
    """Tunes one store's threshold on people that nobody trained on, or checks a bundle's on new ones.

    Attributes:
        manifest: The re-ID manifest.
        checkpoint: `reid.pt`.
        out_dir: `models/<store>/threshold`; replaced whole when tuning succeeds.
        threshold: How to tune.
        split: Whose people; never `test`, which a threshold tuned on it would flatter.
        device: `cpu`, `cuda` or `auto`.
        seed: Of drawing pictures, pairs and resamples.
        check: A bundle: nothing is tuned, its threshold is checked on the split's people by the model it ships.
        check_dir: Where a check's verdict goes; replaced whole.
    """

    manifest: Path
    checkpoint: Path
    out_dir: Path
    threshold: ThresholdSettings
    split: Split
    device: Literal["auto", "cpu", "cuda"] = "auto"
    seed: int = 0
    check: Path | None = None
    check_dir: Path = Path("reports/threshold_check")

    def run(self, log: RunLog) -> StageResult:
        """Writes `threshold.json`, `similarities.npz` and plots; or `check.json` and a plot.

        Raises:
            DongsunError: The split is `test`, or its people can't support the target; `out_dir` is left as it was.
            ThresholdDrifted: A check's verdict is "drifted"; it is written nonetheless.
        """
        return self._tune(log) if self.check is None else self._check(self.check, log)

    def _check(self, bundle: Path, log: RunLog) -> StageResult:
        checked = check_bundle(bundle, self.manifest, self.split, self.threshold, self.seed)
        written = write_check(self.check_dir, checked)
        check = checked.evidence.check
        metrics = {
            "checked_false_match_rate": check.false_matches.met,
            "checked_true_match_rate": check.true_matches.met,
            "checked_persons": float(check.persons),
        }
        log.metrics(metrics)
        reasons = "; ".join(check.reasons)
        if check.verdict == "drifted":
            raise ThresholdDrifted(
                expected=f"people who support the threshold {check.similarity:.4f} of {bundle}",
                got=f"drifted: {reasons}",
                where=str(self.check_dir / CHECK_NAME),
                mend="train or at least tune again with the new people (`dongsun tune`, `dongsun export`), and look at "
                f"{self.check_dir / SHIFT_NAME}: did cameras, light or crops change?",
            )
        return StageResult(
            metrics=metrics, artifacts=written, summary=f"{check.verdict}: {reasons} ({check.persons} people)"
        )

    def _tune(self, log: RunLog) -> StageResult:
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
        if threshold.identification is not None:
            metrics |= {
                "gallery_size": float(threshold.identification.gallery_size),
                "false_positive_identification_rate": threshold.identification.false_positive_rate,
                "miss_rate": threshold.identification.miss_rate,
            }
        log.metrics(metrics)
        return StageResult(
            metrics=metrics,
            artifacts=tuple(self.out_dir / path.name for path in written if path.suffix != ".npz"),
            summary=f"similarity >= {threshold.similarity:.4f} "
            f"(95 % {threshold.ci95[0]:.4f} to {threshold.ci95[1]:.4f}) means the same person: "
            f"{threshold.true_match_rate:.1%} of true matches at "
            f"{threshold.false_match_rate:.2%} false ones, from {threshold.persons} people, "
            f"{tuned.pairs.protocol.kind.replace('_', '-')}{_in_front_of_a_gallery(threshold.identification)}",
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


def _in_front_of_a_gallery(rates: IdentificationRates | None) -> str:
    if rates is None:
        return ""
    low, high = rates.false_positive_ci95
    return (
        f"\namong {rates.gallery_size} visitors ({rates.method}) {rates.false_positive_rate:.1%} of strangers are "
        f"taken for one (95 % {low:.1%} to {high:.1%}), {rates.miss_rate:.1%} of visitors missed"
    )
