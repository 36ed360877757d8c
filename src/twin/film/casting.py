"""Who is drawn how: members of the crowd in their clothes, what they push, and the dolls."""

import math

import numpy as np
import numpy.typing as npt

from dongsun.twin.crowd.trajectories import Member
from dongsun.twin.people.gait import Pose
from dongsun.twin.people.mannequin import STIFF, mannequin
from dongsun.twin.people.person import Person
from dongsun.twin.people.trolley import ahead, trolley
from dongsun.twin.people.wardrobe import dress
from dongsun.twin.plan.twin_plan import TwinPlan
from dongsun.twin.render.renderer import Standing


def dress_member(plan: TwinPlan, member: Member) -> Person:
    """A member of the crowd as this shop's people dress: staff in uniform, children small."""
    uniform = plan.staff.uniform if member.role == "staff" else None
    return dress(member.person_id, plan.wardrobe, uniform, member.child)


def people_and_trolleys(
    plan: TwinPlan, members: dict[int, Member], rows: npt.NDArray[np.float64]
) -> tuple[tuple[Standing, ...], tuple[Standing, ...]]:
    """Everybody in a frame, and the trolleys that some of them push.

    Args:
        plan: The shop.
        members: By person; somebody unknown is a plain visitor.
        rows: (n, 8) person, x, y, yaw, phase, stride, reach, turn of the head, as in `Walk`.
    """
    people, trolleys = [], []
    for row in rows.tolist():
        member = members.get(int(row[0]), Member(int(row[0])))
        x, y, yaw = row[1:4]
        people.append(Standing(dress_member(plan, member), x, y, yaw, Pose(*row[4:])))
        if member.trolley:
            trolleys.append(Standing(trolley(), *ahead(x, y, yaw), yaw, STIFF))
    return tuple(people), tuple(trolleys)


def dolls(plan: TwinPlan) -> tuple[Standing, ...]:
    """The plan's mannequins."""
    return tuple(
        Standing(mannequin(doll.person, plan.wardrobe), *doll.at, math.radians(doll.facing_deg), STIFF)
        for doll in plan.disturbances.mannequins
    )
