"""Does fine-tuning on the twin help, on the twin and in reality? Two bundles' detectors on the same labelled frames.

    make transfer ASSETS=<dir>        # makes the bundles and the frames, and calls this

Prints mAP50 (with a 95 % interval from resampling frames), precision and recall of each bundle's shipped detector on
each manifest's test frames, through the edge's own inference.
"""

import argparse
from pathlib import Path

import numpy as np
from tqdm import tqdm

from dongsun.contract.bundle import read_bundle
from dongsun.eval.bundle_runs import run_detector
from dongsun.eval.detection_metrics import evaluate_detections
from dongsun.eval.labelled_frames import LabelledFrame, read_labelled_frames

RESAMPLES, SEED = 60, 7


def named(text: str) -> tuple[str, Path]:
    """`name=path`."""
    name, _, path = text.partition("=")
    return name, Path(path)


def row(bundle: Path, frames: tuple[LabelledFrame, ...], name: str) -> str:
    """mAP50 with its interval, precision and recall."""
    spec = read_bundle(bundle).detector
    found = run_detector(spec, bundle, spec.shipped_precision, frames, name=name).detections
    truth = [frame.truth for frame in frames]
    rng = np.random.default_rng(SEED)

    def judged(chosen: np.ndarray) -> tuple[float, float, float]:
        m = evaluate_detections(
            [found[k] for k in chosen],
            [truth[k] for k in chosen],
            score_threshold=spec.score_threshold,
            person_class=spec.person_class,
        )
        return m.map50, m.precision, m.recall

    whole = judged(np.arange(len(frames)))
    again = [judged(rng.integers(len(frames), size=len(frames)))[0] for _ in tqdm(range(RESAMPLES), disable=None)]
    low, high = np.quantile(again, (0.025, 0.975))
    return f"{whole[0]:.3f} ({low:.3f}–{high:.3f}) | {whole[1]:.3f} | {whole[2]:.3f}"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=named, action="append", required=True, help="name=folder, several times")
    parser.add_argument("--frames", type=named, action="append", required=True, help="name=manifest, several times")
    parser.add_argument("--most", type=int, default=150, help="frames of each manifest, evenly spaced")
    chosen = parser.parse_args()
    print("| test frames | frames | people | detector | mAP50 (95 %) | precision | recall |")
    print("|---|---|---|---|---|---|---|")
    for title, manifest in chosen.frames:
        frames = read_labelled_frames(manifest, "test", most=chosen.most)
        people = sum(int((~frame.truth.ignored).sum()) for frame in frames)
        for name, bundle in chosen.bundle:
            print(f"| {title} | {len(frames)} | {people} | {name} | {row(bundle, frames, name)} |")


if __name__ == "__main__":
    main()
