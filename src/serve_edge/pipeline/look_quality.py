"""How much a picture of a person is worth to re-identification."""

import numpy as np
import numpy.typing as npt

from dongsun.serve_edge.pipeline.motion import Box

EDGE_PX = 2.0
"""A box ending this near the picture's side or top is cut by it."""
_LOW_PX, _TALL_PX = 24.0, 80.0
"""Height that is worth nothing, and one from which more rows add nothing."""
_LEAST = 0.05
"""No look is worth nothing: the only one that a track has must still count."""


def covered_share(boxes_xyxy_px: npt.NDArray[np.float64], i: int) -> float:
    """Largest share of box `i` (n, 4) under any one other box."""
    x0, y0, x1, y1 = boxes_xyxy_px[i]
    others = np.delete(boxes_xyxy_px, i, axis=0)
    width = np.clip(np.minimum(others[:, 2], x1) - np.maximum(others[:, 0], x0), 0, None)
    height = np.clip(np.minimum(others[:, 3], y1) - np.maximum(others[:, 1], y0), 0, None)
    covered = (width * height) / max((x1 - x0) * (y1 - y0), 1e-9)
    return float(min(covered.max(initial=0.0), 1.0))


def look_quality(box: Box, covered: float, score: float, shown: float = 1.0) -> float:
    """Quality in (0, 1]: detector score × share uncovered × share of the height shown, squared × a ramp of the height.

    Measured against how surely an embedding names its person, the score, the cover and what furniture hides tell most,
    the height below 80 px some; sharpness (variance of the Laplacian) has no stable sign and is left out: see
    docs/counting.md.

    Args:
        box: float64 (4,), xyxy in pixels.
        covered: Share of it under another's box.
        score: The detector's.
        shown: Share of the person's height that the box shows; the rest is behind furniture or outside the picture.
    """
    tall = float(np.clip((box[3] - box[1] - _LOW_PX) / (_TALL_PX - _LOW_PX), 0.0, 1.0))
    return max(score * (1.0 - covered) * shown**2 * tall, _LEAST)
