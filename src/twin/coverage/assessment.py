"""What a set of cameras sees of a shop: floor, doors and zones."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.twin.coverage.crowding import hidden_by_people
from dongsun.twin.coverage.obstacles import Obstacles
from dongsun.twin.coverage.sight import STANDING_M, Eye, Sight
from dongsun.twin.coverage.targets import Targets

Floats = npt.NDArray[np.float64]
_MIDDLE_M = STANDING_M / 2


@dataclass(frozen=True)
class CameraFigures:
    """One camera's view of the shop; shares are 0 to 1.

    Attributes:
        floor_share: Of the walkable floor, how much it sees.
        median_height_px: Of people on what it sees; 0 where it sees nothing.
        hidden_by_furniture: Of people whole and tall enough in its picture, how many furniture hides in part.
        hidden_by_people: Mean chance that somebody hides the middle of a person it would see.
        doors: Door → share of the places just inside it.
        zones: Its own zones → share.
    """

    floor_share: float
    median_height_px: float
    hidden_by_furniture: float
    hidden_by_people: float
    doors: dict[str, float]
    zones: dict[str, float]


@dataclass(frozen=True)
class Assessment:
    """What cameras see, each and together.

    Attributes:
        cameras: Camera → its figures.
        floor_share: Share of the walkable floor that at least one camera sees.
        twice_share: Share that at least two see.
        median_height_px: Of people, in the camera that shows them tallest; 0 where nothing is seen.
        doors: Door → share seen by any camera.
        zones: `camera/zone` → share seen by any camera.
        best_height_px: (n,) a person's height at each floor cell in the best camera, 0 where no camera sees them.
    """

    cameras: dict[str, CameraFigures]
    floor_share: float
    twice_share: float
    median_height_px: float
    doors: dict[str, float]
    zones: dict[str, float]
    best_height_px: Floats


def assess(
    cameras: dict[str, Eye], obstacles: Obstacles, targets: Targets, least_height_px: float, people_per_m2: float
) -> Assessment:
    """Looks at every place with every camera."""
    figures, heights = {}, []
    doors = {name: np.zeros(len(places), np.bool_) for name, places in targets.doors_m.items()}
    zones = {key: np.zeros(len(places), np.bool_) for key, places in targets.zones_m.items()}
    for camera_id, camera in cameras.items():
        sight = Sight.of(camera, obstacles, targets.floor_m)
        seen = sight.seen(least_height_px)
        own_doors, own_zones = {}, {}
        for name, places in targets.doors_m.items():
            there = Sight.of(camera, obstacles, places).seen(least_height_px)
            doors[name] |= there
            own_doors[name] = _share(there)
        for key, places in targets.zones_m.items():
            there = Sight.of(camera, obstacles, places).seen(least_height_px)
            zones[key] |= there
            if key[0] == camera_id:
                own_zones[key[1]] = _share(there)
        distance = np.hypot(*(targets.floor_m[seen] - np.array(camera.position_m)[:2]).T)
        crowd = hidden_by_people(distance, camera.position_m[2], _MIDDLE_M, people_per_m2)
        furnished = int(sight.furnished(least_height_px).sum())
        figures[camera_id] = CameraFigures(
            floor_share=_share(seen),
            median_height_px=float(np.median(sight.height_px[seen])) if seen.any() else 0.0,
            hidden_by_furniture=furnished / max(1, furnished + int(seen.sum())),
            hidden_by_people=float(crowd.mean()) if len(crowd) else 0.0,
            doors=own_doors,
            zones=own_zones,
        )
        heights.append(np.where(seen, sight.height_px, 0.0))
    stack = np.stack(heights) if heights else np.zeros((1, len(targets.floor_m)))
    best = stack.max(axis=0)
    return Assessment(
        cameras=figures,
        floor_share=_share(best > 0),
        twice_share=_share((stack > 0).sum(axis=0) >= 2),
        median_height_px=float(np.median(best[best > 0])) if (best > 0).any() else 0.0,
        doors={name: _share(seen) for name, seen in doors.items()},
        zones={f"{camera}/{zone}": _share(seen) for (camera, zone), seen in zones.items()},
        best_height_px=best,
    )


def _share(hits: npt.NDArray[np.bool_]) -> float:
    return float(hits.mean()) if len(hits) else 0.0
