"""The point of a picture straight below the camera: toward it lie people's feet under a ceiling fisheye."""

import numpy as np

from dongsun.contract.floor_map import Floats, FloorMap
from dongsun.contract.geometry import Point
from dongsun.contract.store import CameraConfig


def nadir_px(camera: CameraConfig, width_px: int, height_px: int) -> Point | None:
    """Where a plumb line from the camera ends in its picture; it may lie outside the picture.

    Only fisheyes with floor points have one here: elsewhere people stand upright in the picture, and the bottom of a
    box is the better foot (it needs no floor points, and a detector's boxes are upright there).

    Args:
        camera: The store file's camera.
        width_px: Of its picture.
        height_px: Of its picture.

    Returns:
        None for a pinhole, for a camera without floor points, and where the lens doesn't map that direction.

    Raises:
        DongsunError: The floor points don't fit the camera.
    """
    if camera.lens.model != "fisheye" or not camera.floor_points:
        return None
    floor = FloorMap.of(camera, width_px / height_px)
    points, seen = floor.lens.points(downward(floor)[None])
    return (float(points[0, 0]) * width_px, float(points[0, 1]) * height_px) if seen[0] else None


def downward(floor: FloorMap) -> Floats:
    """The direction (3,) of a plumb line, right, down, forward, of length one.

    The inverse of the floor's homography holds, up to one scale, the floor's two axes and its origin as seen from the
    camera (Zhang, "A Flexible New Technique for Camera Calibration", 2000); the plumb line is at right angles to both
    axes, on the side of the floor.
    """
    axis_x, axis_y, origin = np.linalg.inv(floor.ray_to_floor).T
    across = np.cross(axis_x, axis_y)
    across /= np.linalg.norm(across)
    return across if across @ origin > 0 else -across


def toward(box_xyxy_px: tuple[float, float, float, float], nadir_px: Point) -> Point:
    """The point where the way from the box's centre to the nadir leaves the box; the nadir itself if inside."""
    x0, y0, x1, y1 = box_xyxy_px
    centre_x, centre_y = (x0 + x1) / 2, (y0 + y1) / 2
    dx, dy = nadir_px[0] - centre_x, nadir_px[1] - centre_y
    share = min(
        1.0,
        (x1 - x0) / 2 / abs(dx) if dx else 1.0,
        (y1 - y0) / 2 / abs(dy) if dy else 1.0,
    )
    return centre_x + share * dx, centre_y + share * dy
