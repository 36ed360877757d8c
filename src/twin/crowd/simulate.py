"""The visitors' routes: they come in by the door, browse, and leave, avoiding each other and the shelves (JuPedSim).

JuPedSim's collision-free speed model (Tordeux, Chraibi, Seyfried 2016) moves them from spot to spot; where they go and
how long they look is drawn here. Some leave and come back after a while, as the same person.
"""

import math
from dataclasses import dataclass, field

import jupedsim as jps
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import LineString, Point, Polygon, box

from dongsun.contract.errors import DongsunError
from dongsun.twin.crowd.trajectories import Member, Trajectories, Walk
from dongsun.twin.people.wardrobe import dress
from dongsun.twin.plan.layout import Door
from dongsun.twin.plan.twin_plan import TwinPlan

AGENT_RADIUS_M = 0.22
SPOT_OFF_SHELF_M = 0.55
STREET_FROM_Y_M = -2.6
STREET_X_M = 3.4
SIMULATION_STEP_S = 0.05
TURN_RATE_RAD_S = 4.0


@dataclass(frozen=True)
class Spot:
    """A place to stand and look."""

    x_m: float
    y_m: float
    facing_rad: float


@dataclass
class _Visit:
    """One stay of one person, as it unfolds."""

    column: int
    arrives_s: float
    spots: list[Spot]
    pauses_s: list[float]
    side: float
    agent: int | None = None
    next_spot: int = 0
    resumes_s: float | None = None
    deadline_s: float = 0.0
    leaving: bool = False
    done: bool = False


@dataclass
class _Recorder:
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    facing: npt.NDArray[np.float64]
    looking: npt.NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.looking = np.zeros(self.x.shape, bool)


def simulate(
    plan: TwinPlan, person_ids: tuple[int, ...], *, seed: int, duration_s: float, warmup_s: float = 0.0
) -> Trajectories:
    """Lets the people visit the shop.

    Args:
        plan: The shop.
        person_ids: Who comes; about one in six comes twice.
        seed: Of routes and pauses.
        duration_s: How long the result lasts.
        warmup_s: How long the shop has been open before the result begins.

    Raises:
        DongsunError: Shelves block the shop, so that no place to stand can be reached.
    """
    rng = np.random.default_rng([seed, 5])
    floor = walkable_floor(plan)
    spots = browsing_spots(plan, floor)
    visits = _draw_visits(plan, len(person_ids), spots, rng, duration_s + warmup_s)
    per_frame = max(1, round(1 / (plan.fps * SIMULATION_STEP_S)))
    step_s = 1 / (plan.fps * per_frame)
    frames = round((duration_s + warmup_s) * plan.fps)
    shape = (frames, len(person_ids))
    recorder = _Recorder(np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape))
    simulation = jps.Simulation(model=jps.CollisionFreeSpeedModel(), geometry=floor, dt=step_s)
    speeds = [dress(p).manner.walking_speed_m_s for p in person_ids]
    driver = _Driver(plan, simulation, visits, speeds, rng)
    for frame in range(frames):
        for k in range(per_frame):
            driver.step((frame * per_frame + k) * step_s)
            simulation.iterate()
        driver.record(recorder, frame)
    first = round(warmup_s * plan.fps)
    return _with_motion(plan, person_ids, recorder, first, rng)


def walkable_floor(plan: TwinPlan) -> Polygon:
    """Shop and pavement joined by the doors, less walls and furniture, in metres."""
    shop = plan.floor_polygon.buffer(-0.05, join_style="mitre")
    pieces = [shop]
    for door in plan.doors.values():
        pieces += [pavement(plan, door), _doorway(plan, door)]
    floor = shapely.union_all(pieces)
    for item in plan.furniture:
        floor = floor.difference(box(item.x0_m, item.y0_m, item.x1_m, item.y1_m))
    for wall in plan.walls:
        floor = floor.difference(LineString([wall.start, wall.end]).buffer(wall.thickness_m / 2, cap_style="square"))
    parts = list(floor.geoms) if hasattr(floor, "geoms") else [floor]
    outside = pavement(plan, next(iter(plan.doors.values()))).centroid
    reachable = [part for part in parts if part.contains(outside)]
    if not reachable or reachable[0].area < 0.3 * shop.area:
        raise DongsunError(
            expected="a shop that can be entered from the street",
            got="furniture that blocks the way",
            where="twin.shelves",
            mend="leave at least a metre between shelves, walls and the door",
        )
    return reachable[0]


def outward(plan: TwinPlan, door: Door) -> tuple[float, float]:
    """Unit vector from a door to the street."""
    (x0, y0), (x1, y1) = door.start, door.end
    length = math.dist(door.start, door.end)
    normal = ((y1 - y0) / length, (x0 - x1) / length)
    inside = Point((x0 + x1) / 2 + 0.05 * normal[0], (y0 + y1) / 2 + 0.05 * normal[1])
    return (-normal[0], -normal[1]) if plan.floor_polygon.contains(inside) else normal


def pavement(plan: TwinPlan, door: Door) -> Polygon:
    """The stretch of pavement before a door."""
    nx, ny = outward(plan, door)
    x, y = (door.start[0] + door.end[0]) / 2, (door.start[1] + door.end[1]) / 2
    along = STREET_X_M + 1
    near, far = 0.1, 0.6 - STREET_FROM_Y_M
    corners = [(a, b) for a, b in ((-along, near), (along, near), (along, far), (-along, far))]
    return Polygon([(x - a * ny + b * nx, y + a * nx + b * ny) for a, b in corners])


def _doorway(plan: TwinPlan, door: Door) -> Polygon:
    (x0, y0), (x1, y1) = door.start, door.end
    length = math.dist(door.start, door.end)
    ux, uy = (x1 - x0) / length * 0.05, (y1 - y0) / length * 0.05
    return LineString([(x0 + ux, y0 + uy), (x1 - ux, y1 - uy)]).buffer(0.2, cap_style="flat")


def browsing_spots(plan: TwinPlan, floor: Polygon) -> list[Spot]:
    """Places along every shelf, an arm's length off, where a person fits."""
    free = floor.buffer(-AGENT_RADIUS_M - 0.05)
    spots = []
    for shelf in plan.shelves:
        x0, y0, x1, y1, off = shelf.x0_m, shelf.y0_m, shelf.x1_m, shelf.y1_m, SPOT_OFF_SHELF_M
        for x in _spread(x0, x1):
            spots += [Spot(x, y0 - off, math.pi / 2), Spot(x, y1 + off, -math.pi / 2)]
        for y in _spread(y0, y1):
            spots += [Spot(x0 - off, y, 0.0), Spot(x1 + off, y, math.pi)]
    doors = [LineString([door.start, door.end]) for door in plan.doors.values()]
    shop = plan.floor_polygon
    spots = [
        s
        for s in spots
        if free.contains(at := Point(s.x_m, s.y_m)) and shop.contains(at) and all(at.distance(d) > 0.8 for d in doors)
    ]
    if not spots:
        raise DongsunError(
            expected="room to stand before the shelves",
            got="none",
            where="twin.shelves",
            mend="leave at least a metre of floor along some shelf",
        )
    return spots


def _spread(low: float, high: float) -> list[float]:
    count = int((high - low) / 0.9)
    return [low + (k + 0.5) * (high - low) / count for k in range(count)]


def _draw_visits(
    plan: TwinPlan, people: int, spots: list[Spot], rng: np.random.Generator, span_s: float
) -> list[_Visit]:
    visits = []
    arrivals = np.sort(rng.uniform(0.0, max(1.0, 0.72 * span_s), people))
    if people:
        arrivals[0] = min(arrivals[0], 1.0)
    for column, arrival in enumerate(arrivals):
        returns = rng.random() < 1 / 6
        count = int(rng.integers(1, 3)) if returns else int(rng.integers(1, 5))
        visits.append(_draw_visit(column, float(arrival), count, spots, rng))
        if returns:
            # The second stay begins some seconds after the first is over; until then its agent does not exist.
            visits.append(
                _draw_visit(column, float(arrival) + float(rng.uniform(25, 45)), int(rng.integers(1, 4)), spots, rng)
            )
    return visits


def _draw_visit(column: int, arrives_s: float, count: int, spots: list[Spot], rng: np.random.Generator) -> _Visit:
    chosen = rng.choice(len(spots), size=min(count, len(spots)), replace=False)
    return _Visit(
        column=column,
        arrives_s=arrives_s,
        spots=[spots[int(k)] for k in chosen],
        pauses_s=[float(rng.gamma(2.0, 3.0)) + 1.5 for _ in chosen],
        side=float(rng.choice([-1.0, 1.0])),
    )


class _Driver:
    """Steers JuPedSim's agents through their visits."""

    def __init__(
        self,
        plan: TwinPlan,
        simulation: jps.Simulation,
        visits: list[_Visit],
        speeds: list[float],
        rng: np.random.Generator,
    ) -> None:
        self._simulation, self._visits, self._speeds, self._rng = simulation, visits, speeds, rng
        door = next(iter(plan.doors.values()))
        self._x_street = (door.start[0] + door.end[0]) / 2
        self._targets: dict[tuple[float, float], tuple[int, int]] = {}
        self._exits: dict[float, tuple[int, int]] = {}
        for side in (-1.0, 1.0):
            x = self._x_street + side * (STREET_X_M + 0.5)
            stage = simulation.add_exit_stage(box(x - 0.45, STREET_FROM_Y_M - 0.5, x + 0.45, STREET_FROM_Y_M + 1.2))
            self._exits[side] = (simulation.add_journey(jps.JourneyDescription([stage])), stage)

    def step(self, now_s: float) -> None:
        """Lets arrivals in, and moves on those who have looked long enough."""
        alive = {agent.id: agent for agent in self._simulation.agents()}
        for visit in self._visits:
            if visit.done:
                continue
            if visit.agent is None:
                if now_s >= visit.arrives_s and not self._person_is_here(visit):
                    self._enter(visit, now_s)
            elif visit.agent not in alive:
                visit.done = True
            elif not visit.leaving:
                self._browse(visit, alive[visit.agent], now_s)

    def record(self, recorder: _Recorder, frame: int) -> None:
        """Notes everyone's position and where they look."""
        alive = {agent.id: agent for agent in self._simulation.agents()}
        for visit in self._visits:
            if visit.agent is None or visit.done or visit.agent not in alive:
                continue
            recorder.x[frame, visit.column], recorder.y[frame, visit.column] = alive[visit.agent].position
            if visit.resumes_s is not None:
                recorder.looking[frame, visit.column] = True
                recorder.facing[frame, visit.column] = visit.spots[visit.next_spot].facing_rad

    def _person_is_here(self, visit: _Visit) -> bool:
        return any(v.column == visit.column and v.agent is not None and not v.done for v in self._visits)

    def _enter(self, visit: _Visit, now_s: float) -> None:
        x = self._x_street + visit.side * float(self._rng.uniform(STREET_X_M - 0.8, STREET_X_M - 0.1))
        y = float(self._rng.uniform(STREET_FROM_Y_M + 0.2, STREET_FROM_Y_M + 1.0))
        if list(self._simulation.agents_in_range((x, y), 3 * AGENT_RADIUS_M)):
            return  # somebody stands there: try again at the next step
        journey, stage = self._target(visit.spots[0])
        visit.agent = self._simulation.add_agent(
            jps.CollisionFreeSpeedModelAgentParameters(
                position=(x, y),
                journey_id=journey,
                stage_id=stage,
                desired_speed=self._speeds[visit.column],
                radius=AGENT_RADIUS_M,
                time_gap=0.6,
            )
        )
        visit.deadline_s = now_s + 30.0

    def _browse(self, visit: _Visit, agent: jps.Agent, now_s: float) -> None:
        spot = visit.spots[visit.next_spot]
        if visit.resumes_s is None:
            gap = math.dist(agent.position, (spot.x_m, spot.y_m))
            if gap < 0.3 or (gap < 0.9 and now_s > visit.deadline_s - 22) or now_s > visit.deadline_s:
                visit.resumes_s = now_s + visit.pauses_s[visit.next_spot]
                agent.model.desired_speed = 0.0
            return
        if now_s < visit.resumes_s:
            return
        visit.resumes_s = None
        visit.next_spot += 1
        visit.deadline_s = now_s + 30.0
        agent.model.desired_speed = self._speeds[visit.column]
        if visit.next_spot < len(visit.spots):
            journey, stage = self._target(visit.spots[visit.next_spot])
        else:
            visit.leaving = True
            journey, stage = self._exits[-visit.side if self._rng.random() < 0.5 else visit.side]
        self._simulation.switch_agent_journey(agent.id, journey, stage)

    def _target(self, spot: Spot) -> tuple[int, int]:
        key = (spot.x_m, spot.y_m)
        if key not in self._targets:
            stage = self._simulation.add_waypoint_stage(key, 0.2)
            self._targets[key] = (self._simulation.add_journey(jps.JourneyDescription([stage])), stage)
        return self._targets[key]


def _with_motion(
    plan: TwinPlan, person_ids: tuple[int, ...], recorder: _Recorder, first: int, rng: np.random.Generator
) -> Trajectories:
    """Adds body direction, gait and gestures to the bare positions, and drops the warm-up."""
    frames, people = recorder.x.shape
    yaw, phase, stride = (np.zeros((frames, people)) for _ in range(3))
    reach, head = np.zeros((frames, people)), np.zeros((frames, people))
    for column, person_id in enumerate(person_ids):
        manner = dress(person_id).manner
        here = ~np.isnan(recorder.x[:, column])
        edges = np.flatnonzero(np.diff(np.concatenate([[False], here, [False]]).astype(int)))
        glance, reacher = rng.uniform(0, 2 * math.pi, 2), bool(rng.random() < 0.5)
        phase_now = float(rng.random())
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            span = slice(start, stop)
            x, y = _smoothed(recorder.x[span, column]), _smoothed(recorder.y[span, column])
            recorder.x[span, column], recorder.y[span, column] = x, y
            vx, vy = (
                _smoothed(np.gradient(x) if len(x) > 1 else 0 * x),
                _smoothed(np.gradient(y) if len(y) > 1 else 0 * y),
            )
            speed = np.hypot(vx, vy) * plan.fps
            looking = recorder.looking[span, column]
            wanted = np.where(looking, recorder.facing[span, column], np.arctan2(vy, vx))
            yaw[span, column] = _turned(wanted, looking | (speed > 0.15), TURN_RATE_RAD_S / plan.fps)
            amount = np.clip(_smoothed(np.clip(speed / manner.walking_speed_m_s, 0, 1.1)), 0, 1.1)
            amount = np.where(amount < 0.05, 0.0, amount)
            step = np.hypot(vx, vy) / (manner.stride_m * (0.45 + 0.55 * np.minimum(amount, 1)))
            phase[span, column] = (phase_now + np.cumsum(step)) % 1.0
            stride[span, column] = np.sqrt(amount)
            seconds = np.arange(stop - start) / plan.fps
            reach[span, column] = _smoothed(
                (looking & reacher & (np.sin(seconds * 0.9 + glance[0]) > 0.3)).astype(float)
            )
            head[span, column] = 0.35 * np.sin(seconds * 0.55 + glance[0]) * np.sin(seconds * 0.23 + glance[1])
    walks = []
    for column, person_id in enumerate(person_ids):
        here = ~np.isnan(recorder.x[first:, column])
        edges = np.flatnonzero(np.diff(np.concatenate([[False], here, [False]]).astype(int)))
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            span = slice(first + start, first + stop)
            arrays = (recorder.x, recorder.y, yaw, phase, stride, reach, head)
            walks.append(Walk(person_id, int(start), *(a[span, column].astype(np.float32) for a in arrays)))
    walks.sort(key=lambda w: (w.first_frame, w.person_id))
    members = {p: Member(p) for p in person_ids}
    return Trajectories(plan.fps, frames - first, tuple(walks), members)


def _smoothed(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A five-frame weighted mean that keeps the ends."""
    padded = np.pad(values, 2, mode="edge")
    return np.asarray(np.convolve(padded, np.array([1, 2, 3, 2, 1]) / 9, mode="valid"), np.float64)


def _turned(
    wanted: npt.NDArray[np.float64], certain: npt.NDArray[np.bool_], most_rad: float
) -> npt.NDArray[np.float64]:
    """Follows the wanted direction at a bounded rate; where it is not certain (hardly moving) the body stays."""
    result = np.empty_like(wanted)
    known = np.flatnonzero(certain)
    current = float(wanted[known[0]]) if len(known) else 0.0
    for k, angle in enumerate(wanted):
        if certain[k]:
            gap = (float(angle) - current + math.pi) % (2 * math.pi) - math.pi
            current += min(max(gap, -most_rad), most_rad)
        result[k] = current
    return result
