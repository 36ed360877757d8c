"""Which tracks to embed in a frame, and when."""

from dataclasses import dataclass

import numpy as np

from dongsun.serve_edge.pipeline.track import MAX_EMBEDDINGS, Track, TrackState

_EVERY_S = 0.5
"""Looks closer together are nearly the same picture."""
_LATER_EVERY_S = 3.0
"""Once enough looks are kept, a new one now and then follows changes of light and side."""
_LEAST_HEIGHT_PX = 32.0
"""Below this a crop holds less than 32 rows of person: re-ID models, fed 128 to 256, see mush."""
_CLEAR_SHARE = 0.25
"""At most this share of a good crop may be covered by other people."""
_EDGE_PX = 2.0
_MAX_PER_FRAME = 3
"""Bounds the time of a frame in a crowd; the rest follow in the next frames."""


@dataclass(frozen=True)
class FrameSize:
    """Width and height in pixels."""

    width_px: int
    height_px: int


def looks_wanted(tracks: list[Track], frame_index: int, time_s: float, size: FrameSize) -> list[Track]:
    """The tracks to embed now, most urgent first: those without a look, those just found again, then those due."""
    seen = [t for t in tracks if t.last.frame_index == frame_index and t.state is not TrackState.REMOVED]
    boxes = np.array([t.last.seen_xyxy_px for t in seen]).reshape(-1, 4)
    due = [(_urgency(t), t) for i, t in enumerate(seen) if t.hits >= 2 and _due(t, time_s) and _clear(boxes, i, size)]
    return [t for _, t in sorted(due, key=lambda pair: (pair[0], pair[1].serial))][:_MAX_PER_FRAME]


def _due(track: Track, time_s: float) -> bool:
    if track.embedded_at_s is None or track.found_again:
        return True
    period = _EVERY_S if len(track.embeddings) < MAX_EMBEDDINGS // 2 else _LATER_EVERY_S
    return time_s - track.embedded_at_s >= period


def _urgency(track: Track) -> int:
    if not track.embeddings:
        return 0
    return 1 if track.found_again else 2


def _clear(boxes: np.ndarray[tuple[int, ...], np.dtype[np.float64]], i: int, size: FrameSize) -> bool:
    x0, y0, x1, y1 = boxes[i]
    if y1 - y0 < _LEAST_HEIGHT_PX:
        return False
    # A box cut by the picture's side or top shows part of a body; the bottom cuts legs only, which is borne.
    if x0 <= _EDGE_PX or y0 <= _EDGE_PX or x1 >= size.width_px - _EDGE_PX:
        return False
    others = np.delete(boxes, i, axis=0)
    width = np.clip(np.minimum(others[:, 2], x1) - np.maximum(others[:, 0], x0), 0, None)
    height = np.clip(np.minimum(others[:, 3], y1) - np.maximum(others[:, 1], y0), 0, None)
    covered = (width * height) / ((x1 - x0) * (y1 - y0))
    return bool((covered <= _CLEAR_SHARE).all())
