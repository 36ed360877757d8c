"""Fits the modelled detector to a real one, on films whose truth is known."""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import logit
from scipy.stats import norm

from dongsun.twin.fast.boxes import CameraBoxes
from dongsun.twin.fast.detector_noise import LUCK, Curve, DetectorNoise, DoubleNoise, SideNoise, sizes_px

F64 = npt.NDArray[np.float64]
VISIBILITY_KNOTS = (0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0)
SIZE_KNOTS_PX = (12.0, 20.0, 30.0, 45.0, 70.0, 110.0, 180.0)
LEVEL_PX = 60.0
"""Where the curve of the size is 0."""
LAGS_S = (0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 3.0)
TIMES_S = (0.1, 0.15, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 3.0, 5.0, 8.0)
ROUNDS = 40
RIDGE = 20.0
"""Pulls knots that few rows speak for toward their neighbours."""
WHOLE = 0.9
"""Bodies that show this much tell of the box's sides."""


@dataclass(frozen=True)
class Seen:
    """One camera's film: what fast mode says of every picture, and what the real detector found there.

    Attributes:
        boxes: Fast mode's, from the film's own positions and heights.
        found_xyxy_px: float64 (n, 4), the detection of each row of `boxes`; NaN where there is none.
        scores: float64 (n,), NaN where there is none.
        doubles_xyxy_px: float64 (m, 4), other detections that lie on somebody.
        double_rows: int64 (m,), on whom: rows of `boxes`.
        double_scores: float64 (m,).
        elsewhere_scores: float64, scores of detections that lie on nobody.
        least_score: Weaker detections were not asked for.
    """

    boxes: CameraBoxes
    found_xyxy_px: F64
    scores: F64
    doubles_xyxy_px: F64
    double_rows: npt.NDArray[np.int64]
    double_scores: F64
    elsewhere_scores: F64
    least_score: float


def fit_noise(films: list[Seen], floor: float) -> DetectorNoise:
    """The modelled detector whose errors are most like the real one's.

    What the size adds to the log odds of a score comes from a regression on visible share and size, in which missed
    people are known only to lie below `least_score` (Tobit, by expectation and maximisation). Less that, the scores'
    quantiles are read off at each visible share. How lucky a row was among those like it, as a standard normal, is
    split into a slow and a quick part by its autocorrelation; so are the sides of the boxes.

    Args:
        films: At least one; people found and people missed.
        floor: Least score that the fitted detector reports.
    """
    x = np.concatenate([_design(film.boxes) for film in films])
    shows = np.concatenate([film.boxes.visibility for film in films]).astype(np.float64)
    y = logit(np.clip(np.concatenate([film.scores for film in films]), 1e-4, 1 - 1e-4))
    cut = float(logit(films[0].least_score))
    tall = _tobit(x, y, cut)[len(VISIBILITY_KNOTS) :]
    tall -= np.interp(LEVEL_PX, SIZE_KNOTS_PX, tall)
    level = x[:, len(VISIBILITY_KNOTS) :] @ tall
    table = _quantiles(shows, y - level, cut)
    luck = _luck(shows, y - level, cut - level, table)
    parts = np.split(luck[:, None], np.cumsum([len(film.scores) for film in films])[:-1])
    slow_share, slow_s = _slow_part(parts, [film.boxes for film in films])
    return DetectorNoise(
        logit_by_visibility=tuple(
            (knot, tuple(round(float(value), 2) for value in row))
            for knot, row in zip(VISIBILITY_KNOTS, table, strict=True)
        ),
        logit_by_size_px=_curve(SIZE_KNOTS_PX, tall),
        slow_share=round(slow_share, 2),
        slow_s=slow_s,
        least_score=floor,
        sides=fit_sides(films),
        doubles=fit_doubles(films, floor),
        false_per_frame=round(
            sum(int((f.elsewhere_scores >= floor).sum()) for f in films) / sum(f.boxes.frames for f in films), 4
        ),
    )


def fit_sides(films: list[Seen]) -> SideNoise:
    """Offsets of the four sides, as shares of the seen box, where bodies show whole; and what hidden feet do."""
    offsets, hidden = [], []
    for film in films:
        seen, whole = film.boxes.seen_xyxy_px.astype(np.float64), film.boxes.amodal_xyxy_px.astype(np.float64)
        sides = np.tile(seen[:, 2:] - seen[:, :2], 2)
        off = (film.found_xyxy_px - seen) / sides
        off[film.boxes.visibility < WHOLE] = np.nan
        offsets.append(off)
        floor = np.minimum(whole[:, 3], film.boxes.height_px)
        missing = floor - seen[:, 3]
        some = (missing > 0.15 * (floor - whole[:, 1])) & (film.scores > 0.3)
        hidden.append((film.found_xyxy_px[some, 3] - seen[some, 3]) / missing[some])
    every = np.concatenate(offsets)
    every = every[~np.isnan(every[:, 0])]
    bias = np.median(every, axis=0)
    spread = 1.4826 * np.median(np.abs(every - bias), axis=0)
    centred = [np.clip(off - bias, -3 * spread, 3 * spread) for off in offsets]
    slow_share, slow_s = _slow_part(centred, [film.boxes for film in films])
    return SideNoise(
        bias_share=_four(bias),
        slow_share=_four(spread * np.sqrt(slow_share)),
        slow_s=slow_s,
        quick_share=_four(spread * np.sqrt(1 - slow_share)),
        bottom_cut=round(float(np.clip(1 - np.median(np.concatenate(hidden)), 0, 1)), 2),
    )


def fit_doubles(films: list[Seen], floor: float) -> DoubleNoise:
    """Second boxes on somebody found: how many, how long, how certain, and where in the person's first box."""
    people = sum(int((film.scores >= floor).sum()) for film in films)
    scores, places, runs = [], [], []
    for film in films:
        strong = (film.double_scores >= floor) & (np.nan_to_num(film.scores[film.double_rows]) >= floor)
        rows, boxes = film.double_rows[strong], film.doubles_xyxy_px[strong]
        body = film.found_xyxy_px[rows]
        places.append((boxes - np.tile(body[:, :2], 2)) / np.tile(body[:, 2:] - body[:, :2], 2))
        scores.append(logit(film.double_scores[strong]))
        frames, who = film.boxes.frame_of_row[rows], film.boxes.person_ids[rows]
        there = set(zip(who.tolist(), frames.tolist(), strict=True))
        begun = sum((p, f - 1) not in there for p, f in there)
        runs.append((len(there) / max(begun, 1)) / film.boxes.fps)
    place, score = np.concatenate(places), np.concatenate(scores)
    return DoubleNoise(
        per_person=round(len(score) / max(people, 1), 4),
        mean_s=round(float(np.mean(runs)), 2),
        logit=round(float(np.median(score)), 2),
        logit_spread=round(float(score.std()), 2),
        place_share=_four(np.median(place, axis=0)),
        place_spread=_four(1.4826 * np.median(np.abs(place - np.median(place, axis=0)), axis=0)),
    )


def _design(boxes: CameraBoxes) -> F64:
    """(n, knots) hat functions of the visible share and of the size."""
    parts = [
        np.column_stack([np.interp(values, knots, row) for row in np.eye(len(knots))])
        for values, knots in ((boxes.visibility, VISIBILITY_KNOTS), (sizes_px(boxes), SIZE_KNOTS_PX))
    ]
    return np.concatenate(parts, axis=1)


def _tobit(x: F64, y: F64, cut: float) -> F64:
    """Weights of a normal regression; where y is NaN it is known only to lie under `cut`."""
    missed = np.isnan(y)
    filled, spread = np.asarray(np.where(missed, cut - 1.0, y), np.float64), 1.0
    smooth: F64 = np.zeros((0, x.shape[1]))
    for first, count in ((0, len(VISIBILITY_KNOTS)), (len(VISIBILITY_KNOTS), len(SIZE_KNOTS_PX))):
        rows = np.zeros((count - 1, x.shape[1]))
        rows[np.arange(count - 1), first + np.arange(count - 1)] = -1
        rows[np.arange(count - 1), first + 1 + np.arange(count - 1)] = 1
        smooth = np.concatenate([smooth, rows])
    normal = x.T @ x + RIDGE * smooth.T @ smooth + 1e-6 * np.eye(x.shape[1])
    weights: F64 = np.zeros(x.shape[1])
    for _ in range(ROUNDS):
        weights = np.asarray(np.linalg.solve(normal, x.T @ filled), np.float64)
        mean = x @ weights
        t = (cut - mean[missed]) / spread
        tail = norm.pdf(t) / np.maximum(norm.cdf(t), 1e-12)
        filled[missed] = mean[missed] - spread * tail
        lost = spread**2 * np.maximum(1 - t * tail - tail**2, 0.0)
        spread = float(np.sqrt((((filled - mean) ** 2).sum() + lost.sum()) / len(y)))
    return weights


def _quantiles(shows: F64, y: F64, cut: float) -> F64:
    """(visibility knots, luck levels): quantiles of y among the rows about each visible share, rising with both."""
    edges = [-1.0, *((a + b) / 2 for a, b in itertools.pairwise(VISIBILITY_KNOTS)), 2.0]
    table = np.empty((len(VISIBILITY_KNOTS), len(LUCK)))
    for k, (low, high) in enumerate(itertools.pairwise(edges)):
        near = y[(shows >= low) & (shows < high)]
        table[k] = np.quantile(np.nan_to_num(near, nan=cut - 2.0), norm.cdf(LUCK)) if len(near) else np.nan
    known = ~np.isnan(table[:, 0])
    knots = np.array(VISIBILITY_KNOTS)
    for level in range(len(LUCK)):
        table[:, level] = np.interp(knots, knots[known], table[known, level])
    return np.asarray(np.minimum.accumulate(table[::-1], axis=0)[::-1], np.float64)


def _luck(shows: F64, y: F64, cut: F64, table: F64) -> F64:
    """(n,) how lucky each row was, standard normal among its like; the mean luck of the missed where y is NaN."""
    at = np.column_stack([np.interp(shows, VISIBILITY_KNOTS, column) for column in table.T])
    luck = np.array([np.interp(value, row, LUCK) for value, row in zip(np.where(np.isnan(y), cut, y), at, strict=True)])
    missed = np.isnan(y)
    luck[missed] = -norm.pdf(luck[missed]) / norm.cdf(luck[missed])
    return luck


def _slow_part(values: list[F64], boxes: list[CameraBoxes]) -> tuple[float, float]:
    """Which share of the variance lasts, and for how long: c·exp(−lag / τ) fitted to the autocorrelation.

    Args:
        values: (n, d) a film, NaN where unknown.
        boxes: Frame and person of each row.
    """
    fps = boxes[0].fps
    measured, lags = [], []
    for lag_s in LAGS_S:
        lag = round(lag_s * fps)
        products, squares = [], []
        for value, box in zip(values, boxes, strict=True):
            frame = box.frame_of_row
            key = {(p, f): k for k, (p, f) in enumerate(zip(box.person_ids.tolist(), frame.tolist(), strict=True))}
            after = np.array(
                [key.get((p, f + lag), -1) for p, f in zip(box.person_ids.tolist(), frame.tolist(), strict=True)]
            )
            both = np.flatnonzero(after >= 0)
            product = (value[both] * value[after[both]]).ravel()
            products.append(product[~np.isnan(product)])
            squares.append((value[~np.isnan(value)] ** 2).ravel())
        measured.append(np.concatenate(products).mean() / np.concatenate(squares).mean())
        lags.append(lag / fps)
    best = (np.inf, 0.0, TIMES_S[0])
    for time_s in TIMES_S:
        basis = np.exp(-np.array(lags) / time_s)
        share = float(np.clip(basis @ np.array(measured) / (basis @ basis), 0, 1))
        error = float(((share * basis - np.array(measured)) ** 2).sum())
        best = min(best, (error, share, time_s))
    return best[1], best[2]


def _curve(knots: tuple[float, ...], values: F64) -> Curve:
    return tuple((knot, round(float(value), 2)) for knot, value in zip(knots, values, strict=True))


def _four(values: F64) -> tuple[float, float, float, float]:
    one, two, three, four = (round(float(value), 4) for value in values)
    return one, two, three, four
