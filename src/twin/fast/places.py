"""The places of a shop that itineraries lead to, and the ways between them."""

from dataclasses import dataclass

import numpy as np
from shapely.geometry import Point, Polygon

from dongsun.twin.crowd.floor import Spot, beside_door, browsing_spots, kerb, queue_places, walkable_floor
from dongsun.twin.fast.routes import Routes
from dongsun.twin.plan.frozen import FloorPoint
from dongsun.twin.plan.layout import Door
from dongsun.twin.plan.twin_plan import TwinPlan

LANE_SHARES = (-0.25, 0.0, 0.25)
"""Where people pass a door, as shares of its width from the middle."""


@dataclass(frozen=True)
class Places:
    """What there is to walk to, in metres.

    Attributes:
        floor: Where one can walk.
        routes: Ways over it.
        spots: Where to look at shelves.
        thresholds: By door: points in the doorway.
        kerbs: By door and side of the pavement (−1, 1): where people appear and vanish.
        queues: By counter: where people stand in the queue, the served one first.
    """

    floor: Polygon
    routes: Routes
    spots: list[Spot]
    thresholds: dict[str, list[FloorPoint]]
    kerbs: dict[tuple[str, int], list[FloorPoint]]
    queues: dict[str, list[Spot]]

    @staticmethod
    def of(plan: TwinPlan) -> "Places":
        """The places of a plan.

        Raises:
            DongsunError: The shop can't be entered, or there is no room before any shelf.
        """
        floor = walkable_floor(plan)
        return Places(
            floor,
            Routes(floor),
            browsing_spots(plan, floor),
            {name: _lanes(plan, door, floor) for name, door in plan.doors.items()},
            {(name, side): kerb(plan, door, side, floor) for name, door in plan.doors.items() for side in (-1, 1)},
            {name: queue_places(counter.queue) for name, counter in plan.counters.items() if counter.queue},
        )


def _lanes(plan: TwinPlan, door: Door, floor: Polygon) -> list[FloorPoint]:
    width = float(np.hypot(door.end[0] - door.start[0], door.end[1] - door.start[1]))
    lanes = [beside_door(plan, door, share * width, 0.0) for share in LANE_SHARES]
    free = floor.buffer(-0.2)
    return [lane for lane in lanes if free.contains(Point(lane))] or [lanes[1]]
