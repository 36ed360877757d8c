"""The simulated floor with everybody on it: JuPedSim's collision-free speed model, and help for whoever is stuck."""

import math
from dataclasses import dataclass

import jupedsim as jps
import numpy as np
import shapely
from shapely.geometry import Polygon

from dongsun.twin.crowd.floor import AGENT_RADIUS_M
from dongsun.twin.crowd.motion import STANDING, WALKING, Presence
from dongsun.twin.crowd.trajectories import Member
from dongsun.twin.plan.frozen import FloorPoint

TROLLEY_RADIUS_M = 0.27
SQUEEZED_RADIUS_M = 0.15
"""Somebody stuck turns sideways, as people do in a jammed doorway: a body is 0.25 to 0.3 m deep."""
STUCK_AFTER_S = 3.0
STUCK_WITHIN_M = 0.25
SQUEEZE_FOR_S = 3.0
DETOUR_FOR_S = 1.0
APPEAR_APART_M = 0.66


@dataclass
class Walker:
    """One person in the scene, as their visit unfolds. Lengths in metres, times in seconds since the beginning."""

    member: Member
    speed_m_s: float
    presence: Presence
    agent_id: int
    at: FloorPoint
    goal: FloorPoint
    pace_m_s: float = 0.0
    heading: FloorPoint = (1.0, 0.0)
    doing: int = STANDING
    facing_rad: float = 0.0
    late_s: float = 0.0
    deadline_s: float = 0.0
    settled: bool = False
    steered: FloorPoint | None = None
    squeezed_until_s: float = -1.0
    detour: FloorPoint | None = None
    seen_at: FloorPoint = (math.inf, math.inf)
    seen_s: float = 0.0

    @property
    def radius_m(self) -> float:
        """Half the room taken."""
        return TROLLEY_RADIUS_M if self.member.trolley else AGENT_RADIUS_M

    def go(self, goal: FloorPoint, now_s: float) -> None:
        """Sets out for a place; much too late, wherever one is by then will do."""
        far = math.dist(self.at, goal)
        self.goal, self.settled, self.doing, self.steered = goal, False, WALKING, None
        self.pace_m_s = self.speed_m_s
        self.late_s = now_s + 5.0 + 1.4 * far / self.speed_m_s
        self.deadline_s = now_s + 20.0 + 2.5 * far / self.speed_m_s
        self.seen_at, self.seen_s = self.at, now_s

    def has_arrived(self, now_s: float) -> bool:
        """Whether this is near enough, given the hour."""
        gap = math.dist(self.at, self.goal)
        return gap < 0.3 or (gap < 0.9 and now_s > self.late_s) or now_s > self.deadline_s

    def settle(self, facing_rad: float, doing: int) -> None:
        """Stops here."""
        self.settled, self.pace_m_s = True, 0.0
        self.facing_rad, self.doing, self.steered = facing_rad, doing, None


class Ground:
    """Everybody who is in the scene now, and JuPedSim, which moves them."""

    def __init__(self, floor: Polygon, step_s: float, rng: np.random.Generator) -> None:
        self._floor, self._rng = floor, rng
        self._free = floor.buffer(-AGENT_RADIUS_M)
        self._vacated: list[FloorPoint] = []
        shapely.prepare(self._free)
        self._simulation = jps.Simulation(model=jps.CollisionFreeSpeedModel(), geometry=floor, dt=step_s)
        self._stage = self._simulation.add_direct_steering_stage()
        self._journey = self._simulation.add_journey(jps.JourneyDescription([self._stage]))
        self._walkers: dict[int, Walker] = {}
        self._presences: dict[int, int] = {}
        self.finished: list[Presence] = []

    def is_free(self, point: FloorPoint) -> bool:
        """Whether a body fits there, others aside."""
        return bool(shapely.contains_xy(self._free, *point))

    def has_room(self, point: FloorPoint) -> bool:
        """Whether nobody stands near a point; who vanished in this step leaves their place only with the next one."""
        if any(math.dist(place, point) < 2 * AGENT_RADIUS_M for place in self._vacated):
            return False
        return not any(math.dist(w.at, point) < APPEAR_APART_M for w in self._walkers.values())

    def add(self, member: Member, speed_m_s: float, at: FloorPoint, frame: int) -> Walker:
        """Lets somebody appear."""
        agent_id = self._simulation.add_agent(
            jps.CollisionFreeSpeedModelAgentParameters(
                position=at,
                journey_id=self._journey,
                stage_id=self._stage,
                desired_speed=0.0,
                radius=AGENT_RADIUS_M,
                time_gap=0.6,
            )
        )
        number = self._presences.get(member.person_id, 0)
        self._presences[member.person_id] = number + 1
        walker = Walker(member, speed_m_s, Presence(member.person_id, number, frame), agent_id, at, at)
        self._walkers[agent_id] = walker
        return walker

    def remove(self, walker: Walker) -> None:
        """Lets somebody vanish."""
        self._vacated.append(walker.at)
        self._simulation.mark_agent_for_removal(walker.agent_id)
        del self._walkers[walker.agent_id]
        self.finished.append(walker.presence)

    def presences(self) -> list[Presence]:
        """All presences so far, those of people still here included."""
        return [*self.finished, *(w.presence for w in self._walkers.values())]

    def observe(self) -> None:
        """Reads everybody's position; to be called before steering."""
        for agent in self._simulation.agents():
            walker = self._walkers.get(agent.id)
            if walker is None:
                continue
            x, y = agent.position
            dx, dy = x - walker.at[0], y - walker.at[1]
            moved = math.hypot(dx, dy)
            if moved > 0.02:
                hx, hy = walker.heading[0] + dx / moved, walker.heading[1] + dy / moved
                length = math.hypot(hx, hy)
                walker.heading = (hx / length, hy / length) if length > 0.1 else (dx / moved, dy / moved)
            walker.at = (x, y)

    def steer(self, now_s: float) -> None:
        """Hands everybody's wish to JuPedSim, and frees the stuck."""
        # Agents are pointers into JuPedSim, stale once anybody appears or time goes on: none is ever kept.
        for agent in self._simulation.agents():
            walker = self._walkers.get(agent.id)
            if walker is None:
                continue
            self._free_if_stuck(walker, now_s)
            squeezed = now_s < walker.squeezed_until_s
            agent.model.radius = SQUEEZED_RADIUS_M if squeezed else walker.radius_m
            agent.model.desired_speed = walker.pace_m_s
            agent.target = walker.detour or walker.steered or walker.goal

    def iterate(self) -> None:
        """Moves everybody by one time step."""
        self._simulation.iterate()
        self._vacated.clear()

    def record(self) -> None:
        """Notes everybody's sample of this frame."""
        for agent in self._simulation.agents():
            walker = self._walkers.get(agent.id)
            if walker is not None:
                walker.presence.note(agent.position, walker.facing_rad, walker.doing)

    def _free_if_stuck(self, walker: Walker, now_s: float) -> None:
        if walker.pace_m_s < 0.3 or math.dist(walker.at, walker.seen_at) > STUCK_WITHIN_M:
            walker.seen_at, walker.seen_s = walker.at, now_s
            if now_s > walker.squeezed_until_s:
                walker.detour = None
        elif now_s - walker.seen_s > STUCK_AFTER_S and now_s > walker.squeezed_until_s:
            walker.squeezed_until_s = now_s + SQUEEZE_FOR_S
            angle = float(self._rng.uniform(-math.pi, math.pi))
            aside = (walker.at[0] + 0.8 * math.cos(angle), walker.at[1] + 0.8 * math.sin(angle))
            walker.detour = aside if self.is_free(aside) else None
        elif walker.detour and now_s > walker.squeezed_until_s - SQUEEZE_FOR_S + DETOUR_FOR_S:
            walker.detour = None
