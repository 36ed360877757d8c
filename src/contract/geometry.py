"""Plane geometry of counting, in one unit throughout (normalised picture coordinates, or pixels): x right, y down."""

import numpy as np
import numpy.typing as npt

Point = tuple[float, float]
Points = npt.NDArray[np.float64]
"""float64 (n, 2)."""


def signed_distance(point: Point, line_from: Point, line_to: Point) -> float:
    """Distance of `point` from the infinite line, positive on the right of from→to (y down), in the points' unit."""
    dx, dy = line_to[0] - line_from[0], line_to[1] - line_from[1]
    length = float(np.hypot(dx, dy))
    if length == 0.0:
        raise ValueError("a line needs two different ends")
    return (dx * (point[1] - line_from[1]) - dy * (point[0] - line_from[0])) / length


def position_along(point: Point, line_from: Point, line_to: Point) -> float:
    """Where `point` projects on from→to: 0 at `line_from`, 1 at `line_to`, outside [0, 1] beyond the ends."""
    dx, dy = line_to[0] - line_from[0], line_to[1] - line_from[1]
    return ((point[0] - line_from[0]) * dx + (point[1] - line_from[1]) * dy) / (dx * dx + dy * dy)


def point_in_polygon(point: Point, polygon: tuple[Point, ...]) -> bool:
    """Even-odd rule; a point exactly on the left or top edge is inside, on the right or bottom edge outside."""
    inside = False
    x, y = point
    for (x0, y0), (x1, y1) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if (y0 > y) != (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
            inside = not inside
    return inside


def fit_homography(source: Points, target: Points) -> npt.NDArray[np.float64]:
    """3×3 homography that takes `source` (n, 2) to `target` (n, 2), n ≥ 4, by the normalised direct linear transform.

    Source: Hartley & Zisserman, *Multiple View Geometry*, 2nd ed., algorithm 4.2.

    Raises:
        ValueError: Fewer than four points, or points on one line.
    """
    if len(source) < 4 or source.shape != target.shape:
        raise ValueError(f"a homography needs at least four pairs of points, got {len(source)} and {len(target)}")
    normalise_source, normalise_target = _conditioning(source), _conditioning(target)
    a, b = apply_homography(normalise_source, source), apply_homography(normalise_target, target)
    zero = np.zeros((len(a), 3))
    homogeneous = np.column_stack([a, np.ones(len(a))])
    rows = np.vstack(
        [
            np.hstack([homogeneous, zero, -b[:, :1] * homogeneous]),
            np.hstack([zero, homogeneous, -b[:, 1:] * homogeneous]),
        ]
    )
    _, singular, vt = np.linalg.svd(rows)
    if singular[7] < 1e-9 * singular[0]:
        raise ValueError("the points lie on one line: they fix no plane")
    matrix = np.linalg.inv(normalise_target) @ vt[-1].reshape(3, 3) @ normalise_source
    return np.asarray(matrix / matrix[2, 2], dtype=np.float64)


def apply_homography(matrix: npt.NDArray[np.float64], points: Points) -> Points:
    """Takes `points` (n, 2) through a 3×3 homography."""
    projected = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return np.asarray(projected[:, :2] / projected[:, 2:], dtype=np.float64)


def _conditioning(points: Points) -> npt.NDArray[np.float64]:
    centre = points.mean(axis=0)
    spread = float(np.sqrt(((points - centre) ** 2).sum(axis=1)).mean())
    if spread == 0.0:
        raise ValueError("the points are all the same point")
    scale = np.sqrt(2.0) / spread
    return np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]])
