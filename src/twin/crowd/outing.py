"""One party's way through its errands, tick by tick."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely

from dongsun.twin.crowd.agenda import Errand, Party
from dongsun.twin.crowd.floor import Spot
from dongsun.twin.crowd.ground import Ground, Walker
from dongsun.twin.crowd.motion import LOOKING, STANDING
from dongsun.twin.crowd.spots import SpotBoard
from dongsun.twin.crowd.till import Till
from dongsun.twin.plan.frozen import FloorPoint
from dongsun.twin.plan.twin_plan import TwinPlan

ABREAST_M = 0.65
BEHIND_M = 0.85
KEEP_FORMATION_ABOVE_M = 1.6
"""Nearer to its place than this, a group breaks its formation and everybody takes a place of their own."""
GONE_WITHIN_M = 0.6


@dataclass(frozen=True)
class Place:
    """Where outings happen."""

    plan: TwinPlan
    ground: Ground
    board: SpotBoard
    tills: Mapping[str, Till]
    kerbs: Mapping[tuple[str, int], list[FloorPoint]]
    speeds_m_s: Mapping[int, float]
    rng: np.random.Generator


class Outing:
    """A party in the scene, or about to enter it.

    Args:
        party: Who, and what they want.
        place: Where.
    """

    def __init__(self, party: Party, place: Place) -> None:
        self._party, self._place = party, place
        self._next = 0
        self._walkers: tuple[Walker, ...] = ()
        self._gone: set[int] = set()
        self._resumes_s: float | None = None
        self._till: Till | None = None

    @property
    def errand(self) -> Errand | None:
        """What they are doing now; None when all is done."""
        return self._party.errands[self._next] if self._next < len(self._party.errands) else None

    def begin_inside(self, frame: int) -> None:
        """Puts somebody who is in the store from the beginning at their first place."""
        errand = self._party.errands[0]
        assert errand.spot is not None
        spot = self._place.board.take(errand.spot, self._place.ground, self._party.members[0].person_id)
        self._appear([spot.at], frame)
        self._set_out(0.0)

    def step(self, now_s: float, frame: int) -> bool:
        """Goes on; False when the party has left the scene: then `errand` is the next `enter`, or None."""
        errand = self.errand
        if errand is None:
            return True  # staff who have done all they meant to stay where they are
        if errand.kind == "enter":
            self._enter(errand, now_s, frame)
        elif errand.kind == "leave":
            return self._leave(now_s)
        elif errand.kind == "pay":
            self._pay(errand, now_s)
        else:
            self._visit(errand, now_s)
        return True

    def _appear(self, points: list[FloorPoint], frame: int) -> None:
        ground, speeds = self._place.ground, self._place.speeds_m_s
        together = min(speeds[m.person_id] for m in self._party.members)
        self._walkers = tuple(
            ground.add(member, together, at, frame) for member, at in zip(self._party.members, points, strict=True)
        )
        self._gone = set()

    def _enter(self, errand: Errand, now_s: float, frame: int) -> None:
        kerb, rng = self._place.kerbs[errand.door, errand.side], self._place.rng
        first = kerb[int(rng.integers(len(kerb)))]
        points: list[FloorPoint] = []
        for point in sorted(kerb, key=lambda p: math.dist(p, first)):
            apart = all(math.dist(point, p) > 0.6 for p in points)
            if apart and len(points) < len(self._party.members) and self._place.ground.has_room(point):
                points.append(point)
        if len(points) == len(self._party.members):  # else somebody stands there: again at the next tick
            self._appear(points, frame)
            self._advance(now_s)

    def _advance(self, now_s: float) -> None:
        for member in self._party.members:
            self._place.board.give_back(member.person_id)
        self._next += 1
        self._resumes_s = None
        self._set_out(now_s)

    def _set_out(self, now_s: float) -> None:
        """Sends everybody to their place for the errand."""
        errand = self.errand
        if errand is None:
            return
        if errand.kind == "pay":
            self._till = None
            for walker in self._walkers:
                walker.go(self._place.tills[errand.counter].tail.at, now_s)
        elif errand.kind == "leave":
            kerb = self._place.kerbs[errand.door, errand.side]
            chosen = self._place.rng.permutation(len(kerb))
            for k, walker in enumerate(self._walkers):
                walker.go(kerb[int(chosen[k % len(kerb)])], now_s)
        else:
            for walker, spot in zip(self._walkers, self._own_spots(errand), strict=True):
                walker.facing_rad = spot.facing_rad
                walker.go(spot.at, now_s)

    def _own_spots(self, errand: Errand) -> list[Spot]:
        assert errand.spot is not None
        place = self._place
        if errand.kind == "look":
            return [place.board.take(errand.spot, place.ground, w.member.person_id) for w in self._walkers]
        spots = [errand.spot]
        for k in range(1, len(self._walkers)):
            angle = errand.spot.facing_rad + k * math.pi / 2
            at = (errand.spot.x_m + 0.62 * math.cos(angle), errand.spot.y_m + 0.62 * math.sin(angle))
            spots.append(Spot(*at, angle + math.pi) if place.ground.is_free(at) else errand.spot)
        return spots

    def _visit(self, errand: Errand, now_s: float) -> None:
        if self._resumes_s is not None:
            if now_s >= self._resumes_s:
                self._advance(now_s)
            return
        self._keep_together()
        for walker in self._walkers:
            if not walker.settled and walker.has_arrived(now_s):
                walker.settle(walker.facing_rad, LOOKING if errand.kind == "look" else STANDING)
        if all(w.settled for w in self._walkers):
            self._resumes_s = now_s + errand.pause_s

    def _pay(self, errand: Errand, now_s: float) -> None:
        till = self._place.tills[errand.counter]
        if self._till is None:
            self._keep_together()
            leader = self._walkers[0]
            if math.dist(leader.at, till.tail.at) < 1.5 or now_s > leader.deadline_s:
                self._till = till if till.join(self._walkers, now_s) else None
                if self._till is None:
                    self._advance(now_s)  # too long a queue: they leave it
            return
        for walker in self._walkers:
            spot = till.place_of(walker)
            if math.dist(walker.goal, spot.at) > 0.05 or walker.steered:
                walker.go(spot.at, now_s)
            if not walker.settled and walker.has_arrived(now_s):
                walker.settle(spot.facing_rad, STANDING)
        if till.has_served(self._walkers, errand.pause_s, now_s):
            self._advance(now_s)

    def _leave(self, now_s: float) -> bool:
        self._keep_together()
        shop = self._place.plan.floor_polygon
        for walker in self._walkers:
            if walker.agent_id in self._gone:
                continue
            far = math.dist(walker.at, walker.goal)
            outside = now_s > walker.deadline_s and shop.distance(shapely.Point(walker.at)) > 0.8
            if far < GONE_WITHIN_M or outside:
                self._place.ground.remove(walker)
                self._gone.add(walker.agent_id)
        if len(self._gone) < len(self._walkers):
            return True
        self._walkers = ()
        self._next += 1
        return False

    def _keep_together(self) -> None:
        """Paces the leader to the slowest, and lets the others walk abreast of or behind the leader."""
        leader, *others = self._walkers
        here = [w for w in others if w.agent_id not in self._gone]
        under_way = not leader.settled and leader.agent_id not in self._gone
        if under_way and here:
            close_m = 1.0 + BEHIND_M * max(len(here) - 1, 0)
            widest = max(math.dist(w.at, leader.at) for w in here)
            leader.pace_m_s = leader.speed_m_s * (0.9 if widest < close_m else 0.6 if widest < 4.0 else 0.3)
        formed = under_way and math.dist(leader.at, leader.goal) > KEEP_FORMATION_ABOVE_M
        for rank, walker in enumerate(here, start=1):
            if not walker.settled:
                self._follow(walker, leader, rank) if formed else self._on_ones_own(walker)

    @staticmethod
    def _on_ones_own(walker: Walker) -> None:
        walker.steered, walker.pace_m_s = None, walker.speed_m_s

    def _follow(self, walker: Walker, leader: Walker, rank: int) -> None:
        hx, hy = leader.heading
        ground, (x, y) = self._place.ground, leader.at
        behind = (x - BEHIND_M * rank * hx, y - BEHIND_M * rank * hy)
        place, ahead = behind, 0.9
        if self._party.abreast:
            side = ABREAST_M * ((rank + 1) // 2) * (1 if rank % 2 else -1)
            beside = (x - side * hy, y + side * hx)
            wider = (x - 1.2 * side * hy, y + 1.2 * side * hx)
            if ground.is_free(beside) and ground.is_free(wider):
                place = beside
        error = (place[0] - walker.at[0]) * hx + (place[1] - walker.at[1]) * hy
        if math.dist(place, walker.at) > 2.5:
            walker.steered, walker.pace_m_s = leader.at if ground.is_free(leader.at) else None, 1.3 * walker.speed_m_s
            return
        target = (place[0] + ahead * hx, place[1] + ahead * hy)
        walker.steered = target if ground.is_free(target) else (leader.at if ground.is_free(leader.at) else None)
        walker.pace_m_s = min(max(leader.pace_m_s + 2.0 * error, 0.0), 1.35 * walker.speed_m_s)
