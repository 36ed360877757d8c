"""A detector that errs as real ones do: scores waver and fall with what shows, boxes waver, people are found twice."""

from dataclasses import dataclass

import numpy as np

from dongsun.twin.fast.boxes import F32, F64, I64, CameraBoxes
from dongsun.twin.fast.outlines import by_frame
from dongsun.twin.fast.rhythm import held, lasting, previous_rows
from dongsun.twin.fast.score_table import scores_of

Curve = tuple[tuple[float, float], ...]
Four = tuple[float, float, float, float]
Table = tuple[tuple[float, tuple[float, ...]], ...]
LUCK = (-2.0, -1.3, -0.7, 0.0, 0.7, 1.3, 2.0)
"""Standard normal levels at which scores are tabulated."""
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
        person_ids: int64 (n,), who it truly is (somebody found twice comes twice); −1 where nobody is, −2 and below
            posters and mannequins.
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
class SideNoise:
    """How the four sides (left, top, right, bottom) of a box err, as shares of its width or height.

    Attributes:
        bias_share: Mean offsets.
        slow_share: Standard deviation of the part that lasts …
        slow_s: … with this time constant.
        quick_share: Standard deviation of the part that is new in every picture.
        bottom_cut: 1: boxes end where the body is hidden below; 0: the detector guesses the feet.
    """

    bias_share: Four = (0.0, 0.0, 0.0, 0.0)
    slow_share: Four = (0.0, 0.0, 0.0, 0.0)
    slow_s: float = 0.3
    quick_share: Four = (0.0, 0.0, 0.0, 0.0)
    bottom_cut: float = 0.0


@dataclass(frozen=True)
class DoubleNoise:
    """Second boxes on somebody: a head and shoulders, two people in one.

    Attributes:
        per_person: How many each person found has in a picture, on average.
        mean_s: How long one stays.
        logit: Mean log odds of their scores, before those under the least score are dropped.
        logit_spread: Standard deviation of them.
        place_share: Left, top, right, bottom within the person's first box.
        place_spread: Standard deviations of them.
    """

    per_person: float = 0.0
    mean_s: float = 0.2
    logit: float = -1.5
    logit_spread: float = 0.8
    place_share: Four = (0.0, 0.0, 1.0, 0.5)
    place_spread: Four = (0.1, 0.1, 0.1, 0.2)


@dataclass(frozen=True)
class DetectorNoise:
    """A modelled detector.

    The defaults are fitted to YOLOv8n (COCO weights, INT8) on the films of three stores:
    `python bench/fit_fast_mode.py` prints them, and how near its counts come to the film's.

    Somebody's score hangs on the visible share of the body, on its size in the picture, and on luck: standard normal
    noise that partly lasts. Curves and tables are read with straight lines between their points. Who scores less than
    `least_score` is missed: so misses come in runs, and weak scores come before them.

    Attributes:
        logit_by_visibility: (share that shows, log odds of the score at each luck of `LUCK`, for a size of 60 px).
        logit_by_size_px: (root of the seen box's area, what is added).
        slow_share: Share of luck's variance that lasts …
        slow_s: … with this time constant; the rest is new in every picture.
        least_score: Weaker detections are not reported.
        sides: Errors of the boxes.
        doubles: Second boxes.
        false_per_frame: Mean number of boxes where nobody is.
        mean_false_s: How long such a box stays.
        score_false: Mean score of such boxes.
    """

    logit_by_visibility: Table = (
        (0.1, (-5.89, -5.89, -5.89, -2.64, -0.04, 0.73, 1.24)),
        (0.2, (-5.89, -5.89, -5.89, -1.82, -0.04, 0.73, 1.24)),
        (0.3, (-5.89, -5.89, -5.89, -1.27, 0.13, 0.73, 1.24)),
        (0.45, (-5.89, -5.89, -1.47, 0.04, 0.87, 1.26, 1.58)),
        (0.6, (-5.89, -1.83, -0.36, 0.59, 1.21, 1.6, 1.84)),
        (0.8, (-3.39, -0.22, 0.5, 1.05, 1.39, 1.64, 1.84)),
        (1.0, (-2.27, -0.04, 0.73, 1.2, 1.46, 1.71, 1.97)),
    )
    logit_by_size_px: Curve = (
        (12.0, -2.48), (20.0, -0.45), (30.0, -0.64), (45.0, 0.23), (70.0, -0.15), (110.0, 0.6), (180.0, 0.43)
    )  # fmt: skip
    slow_share: float = 0.81
    slow_s: float = 3.0
    least_score: float = 0.1
    sides: SideNoise = SideNoise(
        bias_share=(-0.0092, -0.0296, 0.0577, 0.0429),
        slow_share=(0.1519, 0.0203, 0.2084, 0.035),
        slow_s=8.0,
        quick_share=(0.0406, 0.0054, 0.0557, 0.0094),
        bottom_cut=0.83,
    )
    doubles: DoubleNoise = DoubleNoise(
        per_person=0.1041,
        mean_s=0.19,
        logit=-1.64,
        logit_spread=0.62,
        place_share=(0.0145, 0.0002, 0.9846, 0.7478),
        place_spread=(0.1128, 0.0179, 0.1167, 0.3475),
    )
    false_per_frame: float = 0.0029
    mean_false_s: float = 0.5
    score_false: float = 0.3

    @staticmethod
    def none() -> "DetectorNoise":
        """A detector that finds everybody of whom anything shows, just where they are, feet included."""
        return DetectorNoise(
            ((0.0, (4.0,) * len(LUCK)),), ((0.0, 0.0),), sides=SideNoise(), doubles=DoubleNoise(), false_per_frame=0.0
        )

    def detect(self, boxes: CameraBoxes, *, seed: int) -> CameraDetections:
        """What this detector makes of one camera's pictures; the same seed gives the same."""
        rng = np.random.default_rng([seed, 83])
        before, frames = previous_rows(boxes.offsets, boxes.person_ids), boxes.frame_of_row
        scores = self._scores(boxes, before, rng)
        found = np.flatnonzero(scores >= self.least_score)
        people = self._people(boxes, before, found, rng)
        twice, doubles, double_scores = self._doubles(boxes, before, found, people, rng)
        ghosts, ghost_frames = self._ghosts(boxes, rng)
        ghost_scores = np.clip(self.score_false + 0.05 * rng.standard_normal(len(ghosts)), self.least_score, 0.99)
        merged = np.concatenate([people, doubles, ghosts]).astype(np.float32)
        np.clip(merged[:, 0::2], 0.0, boxes.width_px, out=merged[:, 0::2])
        np.clip(merged[:, 1::2], 0.0, boxes.height_px, out=merged[:, 1::2])
        score = np.concatenate([scores[found], double_scores, ghost_scores]).astype(np.float32)
        at = np.concatenate([frames[found], frames[twice], ghost_frames]).astype(np.int32)
        who = np.concatenate([boxes.person_ids[found], boxes.person_ids[twice], np.full(len(ghosts), -1)])
        shows = np.concatenate([boxes.visibility[found], boxes.visibility[twice], np.zeros(len(ghosts), np.float32)])
        sides = merged[:, 2:] - merged[:, :2]
        kept = np.flatnonzero((sides[:, 0] >= LEAST_SIDE_PX) & (sides[:, 1] >= LEAST_SIDE_PX))
        offsets, order = by_frame(at[kept], boxes.frames)
        order = kept[order]
        return CameraDetections(
            boxes.fps, boxes.width_px, boxes.height_px, offsets, merged[order], score[order],
            who[order].astype(np.int64), shows[order].astype(np.float32),
        )  # fmt: skip

    def _scores(self, boxes: CameraBoxes, before: I64, rng: np.random.Generator) -> F64:
        sizes = sizes_px(boxes)
        luck = lasting(before, rng.standard_normal((len(sizes), 1), np.float32), 1 / (self.slow_s * boxes.fps))[:, 0]
        luck *= np.float32(np.sqrt(self.slow_share))
        luck += np.float32(np.sqrt(1 - self.slow_share)) * rng.standard_normal(len(sizes), np.float32)
        knots = np.array([knot for knot, _ in self.logit_by_visibility])
        table = np.array([row for _, row in self.logit_by_visibility])
        return scores_of(boxes.visibility, luck, sizes, knots, table, np.array(LUCK), np.array(self.logit_by_size_px))

    def _people(self, boxes: CameraBoxes, before: I64, found: I64, rng: np.random.Generator) -> F32:
        noise, bodies = self.sides, boxes.seen_xyxy_px[found]
        scale = np.tile(bodies[:, 2:] - bodies[:, :2], 2)
        people = bodies + scale * np.array(noise.bias_share, np.float32)
        people[:, 3] += (1.0 - noise.bottom_cut) * (boxes.amodal_xyxy_px[found, 3] - bodies[:, 3])
        if any(noise.slow_share):
            slow = lasting(before, rng.standard_normal((len(before), 4), np.float32), 1 / (noise.slow_s * boxes.fps))
            people += scale * slow[found] * np.array(noise.slow_share, np.float32)
        if any(noise.quick_share):
            quick = rng.standard_normal((len(found), 4), np.float32)
            people += scale * quick * np.array(noise.quick_share, np.float32)
        return np.asarray(people, np.float32)

    def _doubles(
        self, boxes: CameraBoxes, before: I64, found: I64, people: F32, rng: np.random.Generator
    ) -> tuple[I64, F32, F64]:
        """Rows of the people found twice (m,), the second boxes (m, 4), and their scores (m,)."""
        noise, n = self.doubles, len(before)
        if not noise.per_person:
            return np.zeros(0, np.int64), np.zeros((0, 4), np.float32), np.zeros(0)
        origin = held(before, rng.random(n, np.float32) < 1.0 / max(noise.mean_s * boxes.fps, 1.0))
        twice = np.flatnonzero((rng.random(n, np.float32)[origin] < noise.per_person)[found])
        rows = found[twice]
        place = np.array(noise.place_share) + np.array(noise.place_spread) * rng.standard_normal((n, 4))[origin[rows]]
        bodies = people[twice]
        doubles = np.tile(bodies[:, :2], 2) + place * np.tile(bodies[:, 2:] - bodies[:, :2], 2)
        odds = noise.logit + noise.logit_spread * rng.standard_normal(len(rows))
        scores = np.maximum(1.0 / (1.0 + np.exp(-odds)), self.least_score)
        return rows, doubles.astype(np.float32), scores

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
        return ghosts, frames.astype(np.int64)


def sizes_px(boxes: CameraBoxes) -> F32:
    """(n,) roots of the seen boxes' areas."""
    sides = boxes.seen_xyxy_px[:, 2:] - boxes.seen_xyxy_px[:, :2]
    return np.asarray(np.sqrt(sides[:, 0] * sides[:, 1]), np.float32)
