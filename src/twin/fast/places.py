"""The places of a shop that itineraries lead to."""

import math
from dataclasses import dataclass

import numpy as np
from shapely.geometry import Point

from dongsun.twin.crowd.simulate import browsing_spots, outward, pavement, walkable_floor
from dongsun.twin.fast.routes import Routes
from dongsun.twin.plan.layout import Counter, Door
from dongsun.twin.plan.twin_plan import TwinPlan

XY = tuple[float, float]
LANES = 3
END_OFF_M = 0.45


@dataclass(frozen=True)
class DoorWay:
    """A door as people use it.

    Attributes:
        weight: How often it is chosen.
        threshold: Where one stands in the doorway.
        beyond: Where one turns round after a step or two inside.
        street: Ends of the pavement, where people appear and vanish.
    """

    weight: float
    threshold: XY
    beyond: XY
    street: tuple[XY, ...]


@dataclass(frozen=True)
class Places:
    """What there is to walk to, in metres.

    Attributes:
        routes: Ways between all of these.
        doors: At least one.
        spots: Where to look at shelves: x, y, facing.
        staff_spots: Where staff stand; may be empty.
        counters: With a queue.
    """

    routes: Routes
    doors: tuple[DoorWay, ...]
    spots: tuple[tuple[float, float, float], ...]
    staff_spots: tuple[XY, ...]
    counters: tuple[Counter, ...]

    @staticmethod
    def of(plan: TwinPlan) -> "Places":
        """The places of a plan.

        Raises:
            DongsunError: The shop can't be entered, or there is no room before any shelf.
        """
        floor = walkable_floor(plan)
        return Places(
            Routes(floor),
            tuple(_door_way(plan, door) for door in plan.doors.values()),
            tuple((s.x_m, s.y_m, s.facing_rad) for s in browsing_spots(plan, floor)),
            tuple(at for c in plan.counters.values() for at in c.staff_spots if floor.contains(Point(at))),
            tuple(c for c in plan.counters.values() if c.queue and floor.contains(Point(c.queue[0]))),
        )


def _door_way(plan: TwinPlan, door: Door) -> DoorWay:
    (x0, y0), (x1, y1) = door.start, door.end
    middle, length = ((x0 + x1) / 2, (y0 + y1) / 2), math.dist(door.start, door.end)
    out, along = np.array(outward(plan, door)), np.array([(x1 - x0) / length, (y1 - y0) / length])
    corners = np.array(pavement(plan, door).exterior.coords) - np.array(middle)
    a, b = corners @ along, corners @ out
    far = np.linspace(b.min() + 0.8, b.max() - 0.6, LANES)
    street = tuple(
        _at(middle, along * end + out * lane) for end in (a.min() + END_OFF_M, a.max() - END_OFF_M) for lane in far
    )
    return DoorWay(door.weight, middle, _at(middle, -0.5 * out), street)


def _at(origin: XY, offset: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> XY:
    return float(origin[0] + offset[0]), float(origin[1] + offset[1])
