"""A detector that errs as real ones do: it misses for a while, wavers, cuts hidden feet, and sees ghosts."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.twin.compiled import compiled
from dongsun.twin.fast.boxes import F32, F64, I64, CameraBoxes

Curve = tuple[tuple[float, float], ...]
LEAST_SIDE_PX = 2.0
GHOST_HEIGHT_SHARE = (0.15, 0.6)
GHOST_ASPECT = 0.4


@dataclass(frozen=True)
class CameraDetections:
    """What the modelled detector says of every picture, ordered by frame.

    Attributes:
        fps: Pictures a second.
        width_px: Of the picture.
        height_px: Of the picture.
        offsets: int64 (frames + 1,): frame k's rows are `offsets[k]` up to `offsets[k + 1]`.
        boxes_xyxy_px: float32 (n, 4), within the picture.
        scores: float32 (n,), 0…1.
        person_ids: int64 (n,), who it truly is; −1 where nobody is.
        visibility: float32 (n,), share of the body that shows; 0 where nobody is.
    """

    fps: int
    width_px: int
    height_px: int
    offsets: I64
    boxes_xyxy_px: F32
    scores: F32
    person_ids: I64
    visibility: F32

    @property
    def frames(self) -> int:
        """Number of pictures."""
        return len(self.offsets) - 1

    def rows(self, frame: int) -> slice:
        """The rows of a frame."""
        return slice(int(self.offsets[frame]), int(self.offsets[frame + 1]))


@dataclass(frozen=True)
class DetectorNoise:
    """A modelled detector. The defaults are of the order of a COCO nano model on the twin's own pictures.

    Recall is the product of two curves, read with straight lines between their points. Misses come in runs: whether
    somebody is found hangs on a hidden level that is drawn anew now and then, so that the share of misses is what the
    curves say in every single frame, and the mean run lasts `mean_miss_s` wherever recall holds still.

    Attributes:
        recall_by_visibility: (share that shows, recall).
        recall_by_height_px: (height of the seen box, factor).
        mean_miss_s: Mean length of a run of misses; one frame at least.
        jitter_share: Standard deviation of each side of the box, as a share of the box's width or height.
        bottom_cut: 1: boxes end where the body is hidden below; 0: the detector guesses the feet.
        score_found: Mean score of somebody found for certain (recall 1) …
        score_hardly: … and of somebody found at recall 0.
        score_spread: Standard deviation of scores.
        false_per_frame: Mean number of boxes where nobody is.
        mean_false_s: How long such a box stays.
        score_false: Mean score of such boxes.
    """

    recall_by_visibility: Curve = ((0.05, 0.0), (0.2, 0.25), (0.4, 0.8), (0.7, 0.96), (1.0, 0.99))
    recall_by_height_px: Curve = ((12.0, 0.0), (25.0, 0.6), (40.0, 0.92), (70.0, 1.0))
    mean_miss_s: float = 0.4
    jitter_share: float = 0.02
    bottom_cut: float = 1.0
    score_found: float = 0.82
    score_hardly: float = 0.3
    score_spread: float = 0.08
    false_per_frame: float = 0.05
    mean_false_s: float = 0.5
    score_false: float = 0.3

    @staticmethod
    def none() -> "DetectorNoise":
        """A detector that finds everybody of whom anything shows, just where they are, feet included."""
        return DetectorNoise(
            ((0.0, 1.0),), ((0.0, 1.0),), jitter_share=0.0, bottom_cut=0.0, score_spread=0.0, false_per_frame=0.0
        )

    def recall(self, visibility: npt.NDArray[np.floating], height_px: npt.NDArray[np.floating]) -> F64:
        """(n,) probability of being found."""
        shows, tall = (np.array(c, np.float64) for c in (self.recall_by_visibility, self.recall_by_height_px))
        both = np.interp(visibility, shows[:, 0], shows[:, 1]) * np.interp(height_px, tall[:, 0], tall[:, 1])
        return np.asarray(both, np.float64)

    def detect(self, boxes: CameraBoxes, *, seed: int) -> CameraDetections:
        """What this detector makes of one camera's pictures; the same seed gives the same."""
        rng = np.random.default_rng([seed, 83])
        recall = self.recall(boxes.visibility, boxes.seen_xyxy_px[:, 3] - boxes.seen_xyxy_px[:, 1])
        frames = boxes.frame_of_row
        found = np.flatnonzero(self._levels(boxes, frames, recall, rng) >= 1.0 - recall)
        people = self._wavering(boxes, found, rng)
        scores = self.score_hardly + (self.score_found - self.score_hardly) * recall[found]
        ghosts, ghost_frames = self._ghosts(boxes, rng)
        merged = np.concatenate([people, ghosts])
        limit = np.array([boxes.width_px, boxes.height_px] * 2, np.float64)
        merged = np.clip(merged, 0.0, limit)
        scores = np.concatenate([scores, np.full(len(ghosts), self.score_false)])
        scores = np.clip(scores + rng.normal(0.0, 1.0, len(scores)) * self.score_spread, 0.01, 0.99)
        at = np.concatenate([frames[found], ghost_frames])
        who = np.concatenate([boxes.person_ids[found], np.full(len(ghosts), -1)])
        shows = np.concatenate([boxes.visibility[found], np.zeros(len(ghosts))])
        sides = merged[:, 2:] - merged[:, :2]
        order = np.argsort(at, kind="stable")
        order = order[(sides[order] >= LEAST_SIDE_PX).all(axis=1)]
        offsets = np.searchsorted(at[order], np.arange(boxes.frames + 1)).astype(np.int64)
        return CameraDetections(
            boxes.fps, boxes.width_px, boxes.height_px, offsets, merged[order].astype(np.float32),
            scores[order].astype(np.float32), who[order].astype(np.int64), shows[order].astype(np.float32),
        )  # fmt: skip

    def _levels(self, boxes: CameraBoxes, frames: I64, recall: F64, rng: np.random.Generator) -> F64:
        """(n,) hidden levels, uniform in [0, 1) at every row and held over time; below 1 − recall is a miss."""
        drawn, renewal = rng.random(len(recall)), rng.random(len(recall))
        run = max(self.mean_miss_s * boxes.fps, 1.0)
        renewed = renewal < 1.0 / np.maximum(run * recall, 1.0)
        order = np.lexsort((frames, boxes.person_ids))
        levels = np.empty(len(recall))
        levels[order] = _held(boxes.person_ids[order], frames[order], renewed[order], drawn[order])
        return levels

    def _wavering(self, boxes: CameraBoxes, found: I64, rng: np.random.Generator) -> F64:
        people = boxes.seen_xyxy_px[found].astype(np.float64)
        whole = boxes.amodal_xyxy_px[found, 3].astype(np.float64)
        people[:, 3] += (1.0 - self.bottom_cut) * (whole - people[:, 3])
        if self.jitter_share:
            sides = people[:, 2:] - people[:, :2]
            people += rng.normal(0.0, self.jitter_share, people.shape) * np.concatenate([sides, sides], axis=1)
        return people

    def _ghosts(self, boxes: CameraBoxes, rng: np.random.Generator) -> tuple[F64, I64]:
        """Boxes (m, 4) where nobody is, each standing for a while, and their frames (m,)."""
        mean = max(self.mean_false_s * boxes.fps, 1.0)
        born = rng.poisson(self.false_per_frame / mean, boxes.frames + round(8 * mean))
        starts = np.repeat(np.arange(len(born)) - round(8 * mean), born)
        last = rng.geometric(1.0 / mean, len(starts))
        height = rng.uniform(*GHOST_HEIGHT_SHARE, len(starts)) * boxes.height_px
        x = rng.uniform(0, boxes.width_px, len(starts))
        y = rng.uniform(0, boxes.height_px, len(starts))
        x, y = (
            np.clip(x, 0.2 * height, boxes.width_px - 0.2 * height),
            np.clip(y, height / 2, boxes.height_px - height / 2),
        )
        half = GHOST_ASPECT * height / 2
        still = np.column_stack([x - half, y - height / 2, x + half, y + height / 2])
        which = np.repeat(np.arange(len(starts)), last)
        frames = np.concatenate(
            [np.zeros(0, np.int64), *(np.arange(s, s + n) for s, n in zip(starts, last, strict=True))]
        )
        within = (frames >= 0) & (frames < boxes.frames)
        ghosts, frames = still[which][within], frames[within]
        sides = np.tile(ghosts[:, 2:] - ghosts[:, :2], 2)
        return ghosts + rng.normal(0.0, self.jitter_share, ghosts.shape) * sides, frames.astype(np.int64)


@compiled
def _held(person_ids: I64, frames: I64, renewed: npt.NDArray[np.bool_], drawn: F64) -> F64:
    """`drawn`, held from row to row of a person's unbroken presence until renewed."""
    levels = drawn.copy()
    for k in range(1, len(drawn)):
        goes_on = person_ids[k] == person_ids[k - 1] and frames[k] == frames[k - 1] + 1
        if goes_on and not renewed[k]:
            levels[k] = levels[k - 1]
    return levels
