"""What an installer would measure on site.

`python -m dongsun.twin.plan.survey conf/store/demo.yaml` prints, for every camera of a twin, the floor
points, lines and zones in the store file's normalised picture coordinates.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import load_store
from dongsun.twin.camera.store_camera import StoreCamera
from dongsun.twin.plan.frozen import FloorPoint
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan

GRID_M = 0.5


def main() -> None:
    """Prints the `cameras:` section that follows from the `twin:` section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    path: Path = parser.parse_args().store
    try:
        surveyed = survey(twin_plan(load_store(path), path))
    except DongsunError as error:
        parser.exit(2, f"{error}\n")
    sys.stdout.write(yaml.safe_dump({"cameras": surveyed}, sort_keys=False, default_flow_style=None, width=130))


def survey(plan: TwinPlan) -> dict[str, dict[str, Any]]:
    """Floor points, lines and zones of every camera, as the store file writes them (rounded to 4 digits).

    Raises:
        DongsunError: A line or zone lies outside a camera's picture.
    """
    surveyed: dict[str, dict[str, Any]] = {}
    for camera_id, settings in plan.cameras.items():
        camera = plan.camera(camera_id)
        lines = {
            name: {
                "from": _seen(camera, line.start, f"twin.cameras.{camera_id}.lines.{name}.start"),
                "to": _seen(camera, line.end, f"twin.cameras.{camera_id}.lines.{name}.end"),
                "inside": _seen(camera, line.inside, f"twin.cameras.{camera_id}.lines.{name}.inside"),
                "anchor": "foot",
            }
            for name, line in settings.lines.items()
        }
        zones = {
            name: {
                "polygon": [_seen(camera, corner, f"twin.cameras.{camera_id}.zones.{name}") for corner in corners],
                "anchor": "foot",
            }
            for name, corners in settings.zones.items()
        }
        surveyed[camera_id] = {"floor_points": _floor_points(plan, camera), "lines": lines, "zones": zones}
    return surveyed


def _floor_points(plan: TwinPlan, camera: StoreCamera) -> list[list[float]]:
    """Six floor marks spread over the picture: [picture x, picture y, floor x, floor y]."""
    x0, y0, x1, y1 = plan.bounds_m
    x, y = np.meshgrid(np.arange(x0 + 0.5, x1, GRID_M), np.arange(y0 + 0.5, y1, GRID_M))
    floor = np.column_stack([x.ravel(), y.ravel()])
    pixels, front = camera.project(np.column_stack([floor, np.zeros(len(floor))]))
    normalised = pixels / np.array([camera.width_px, camera.height_px])
    seen = front & (normalised > 0.03).all(axis=1) & (normalised < 0.97).all(axis=1)
    floor, normalised = floor[seen], normalised[seen]
    wanted = np.array([[0.1, 0.95], [0.9, 0.95], [0.15, 0.4], [0.85, 0.4], [0.5, 0.3], [0.5, 0.7]])
    chosen = sorted({int(np.argmin(((normalised - w) ** 2).sum(axis=1))) for w in wanted})
    return [[round(float(v), 4) for v in (*normalised[k], *floor[k])] for k in chosen]


def _seen(camera: StoreCamera, floor_m: FloorPoint, where: str) -> list[float]:
    pixels, _ = camera.project(np.array([[floor_m[0], floor_m[1], 0.0]]))
    x, y = (float(v) for v in pixels[0] / np.array([camera.width_px, camera.height_px]))
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise DongsunError(
            expected="a point on the floor that the camera sees",
            got=f"{floor_m}, which falls at ({x:.2f}, {y:.2f}) of the picture",
            where=where,
            mend="move the point or the camera",
        )
    return [round(x, 4), round(y, 4)]


if __name__ == "__main__":
    main()
