"""What makes a picture of a person good for re-identification? Rank correlations over the tuning clips.

    python bench/gallery_quality.py --assets $DONGSUN_ASSETS [--cache FOLDER]

For every box that lies on a true person: how much more its embedding is like the mean of that person's than like the
next person's in the clip, correlated (Spearman) with the box's height, the share of it under any other box, the
detector's score, and the sharpness of the crop (variance of the Laplacian). The cache is `gallery_policy.py`'s.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from gallery_clips import Recording, clips, recorded
from scipy.stats import spearmanr

from dongsun.serve_edge.pipeline.look_quality import covered_share, look_quality

LEAST_BOXES = 30
"""People with fewer boxes have no mean to speak of."""
LEAST_SCORE = 0.25
Values = npt.NDArray[np.float64]


def distinctness(recording: Recording) -> Values:
    """(n,) similarity to one's own mean less that to the next person's; NaN where nobody is."""
    people = np.array(recording.person_of_box)
    people[recording.scores < LEAST_SCORE] = ""
    names = [name for name in np.unique(people) if name and (people == name).sum() >= LEAST_BOXES]
    means = np.stack([recording.embeddings[people == name].mean(axis=0) for name in names])
    similar = recording.embeddings @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T
    found = np.full(len(people), np.nan)
    for column, name in enumerate(names):
        rows = people == name
        found[rows] = similar[rows, column] - np.delete(similar[rows], column, axis=1).max(axis=1)
    return found


def covers(recording: Recording) -> Values:
    """(n,) largest share under any one other box of at least a tracker's score."""
    found = np.zeros(len(recording.scores))
    for _, _, rows in recording.frames():
        boxes = recording.boxes_xyxy_px[rows].astype(np.float64)
        present = recording.scores[rows] >= LEAST_SCORE
        for i in np.flatnonzero(present):
            found[rows.start + i] = covered_share(boxes[present], int(present[:i].sum()))
    return found


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--raw", type=Path, default=Path("data/raw"), help="filmed splits")
    parser.add_argument("--bundles", type=Path, default=Path("bundles"))
    parser.add_argument("--assets", type=Path, required=True, help="folder with the real footage")
    parser.add_argument("--cache", type=Path, help="keeps the recordings for the next time")
    options = parser.parse_args()
    print("| clip | boxes | height | cover | score | sharpness | quality |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        cache = options.cache or Path(scratch)
        cache.mkdir(parents=True, exist_ok=True)
        for clip in clips(options.raw, options.assets):
            if clip.part != "tune":
                continue
            recording = recorded(clip, options.bundles, cache)
            told, cover = distinctness(recording), covers(recording)
            heights = recording.boxes_xyxy_px[:, 3] - recording.boxes_xyxy_px[:, 1]
            boxes = recording.boxes_xyxy_px.astype(np.float64)
            quality = np.array(
                [look_quality(b, c, s) for b, c, s in zip(boxes, cover, recording.scores.tolist(), strict=True)]
            )
            rows = np.isfinite(told)
            columns = (heights, cover, recording.scores, recording.sharpness, quality)
            cells = " | ".join(f"{spearmanr(told[rows], column[rows]).statistic:+.2f}" for column in columns)
            print(f"| {clip.name} | {rows.sum()} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
