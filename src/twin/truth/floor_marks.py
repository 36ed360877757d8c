"""The store file's lines and zones, brought from the picture to the floor."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.contract.errors import DongsunError
from dongsun.contract.geometry import Point, signed_distance
from dongsun.contract.store import CameraConfig
from dongsun.twin.camera.store_camera import StoreCamera

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FloorLineOf:
    """A store line brought to the floor, in metres, with the sign of its inner side."""

    start: Point
    end: Point
    inner_sign: float

    def depth_m(self, path_m: F64) -> F64:
        """(n,) signed distance of floor points (n, 2) from the endless line, positive inside."""
        dx, dy = self.end[0] - self.start[0], self.end[1] - self.start[1]
        beside = dx * (path_m[:, 1] - self.start[1]) - dy * (path_m[:, 0] - self.start[0])
        return np.asarray(beside / np.hypot(dx, dy) * self.inner_sign, np.float64)


def floor_line(camera: StoreCamera, config: CameraConfig, line_id: str, where: str) -> FloorLineOf:
    """Brings a normalised picture line to the floor.

    Raises:
        DongsunError: The line is not on the floor that the camera sees, or is not anchored at the feet.
    """
    line = config.lines[line_id]
    if line.anchor != "foot":
        raise _off_floor(where, f"anchor {line.anchor}", "use anchor: foot; the twin knows the feet only")
    points = _to_floor(camera, (line.line_from, line.line_to, line.inside), where)
    return FloorLineOf(points[0], points[1], float(np.sign(signed_distance(points[2], points[0], points[1]))))


def floor_zone(camera: StoreCamera, config: CameraConfig, zone_id: str, where: str) -> tuple[Point, ...]:
    """Brings a normalised picture polygon to the floor, in metres.

    Raises:
        DongsunError: As `floor_line`.
    """
    zone = config.zones[zone_id]
    if zone.anchor != "foot":
        raise _off_floor(where, f"anchor {zone.anchor}", "use anchor: foot; the twin knows the feet only")
    return _to_floor(camera, zone.polygon, where)


def within(path_m: F64, polygon: tuple[Point, ...]) -> npt.NDArray[np.bool_]:
    """(n,) `dongsun.contract.geometry.point_in_polygon` of many points (n, 2)."""
    inside = np.zeros(len(path_m), bool)
    x, y = path_m[:, 0], path_m[:, 1]
    for (x0, y0), (x1, y1) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


def _to_floor(camera: StoreCamera, normalised: tuple[Point, ...], where: str) -> tuple[Point, ...]:
    size = np.array([camera.width_px, camera.height_px], np.float64)
    floor = camera.to_floor(np.array(normalised, np.float64) * size)
    if not np.isfinite(floor).all():
        raise _off_floor(where, "a point at or above the horizon", "draw it on the floor that the camera sees")
    return tuple((float(x), float(y)) for x, y in floor)


def _off_floor(where: str, got: str, mend: str) -> DongsunError:
    return DongsunError(expected="lines and zones on the floor", got=got, where=where, mend=mend)
