"""Clothes: staff alike, visitors not, children small, dolls pale, trolleys rigid."""

import numpy as np
import pytest

from dongsun.twin.crowd.trajectories import Member
from dongsun.twin.film.casting import people_and_trolleys
from dongsun.twin.people.mannequin import PLASTIC_BGR, mannequin
from dongsun.twin.people.outfit import bgr
from dongsun.twin.people.trolley import AHEAD_M, trolley
from dongsun.twin.people.wardrobe import CHILD_HEIGHT_M, dress
from dongsun.twin.plan.traffic import TwinStaff, Uniform, Wardrobe
from dongsun.twin.plan.twin_plan import TwinPlan

SHOP = {
    "floor": [(0, 0), (6, 0), (6, 5), (0, 5)],
    "doors": {"main": {"from": (2, 0), "to": (4, 0)}},
    "cameras": {"one": {"position_m": (3, 4.5, 2.8), "yaw_deg": -90}},
}


def test_the_usual_wardrobe_changes_nothing() -> None:
    for person in (1, 7, 29):
        assert dress(person, Wardrobe()).outfit == dress(person).outfit
        assert (dress(person, Wardrobe()).vertices_m == dress(person).vertices_m).all()


def test_staff_share_colours_while_visitors_differ() -> None:
    uniform = Uniform(top="#ff8000", lower="#102030", cap="#00ff00")
    staff = [dress(800_000 + k, uniform=uniform).outfit for k in range(1, 9)]
    assert {(o.top, o.lower_colour, o.cap, o.hair_style, o.pattern, o.bag) for o in staff} == {
        ((0.0, 128.0, 255.0), (48.0, 32.0, 16.0), (0.0, 255.0, 0.0), "cap", 0, "none")
    }
    assert not any(o.jacket or o.coat or o.denim for o in staff) and {o.lower for o in staff} == {"trousers"}
    assert len({dress(k).outfit.top for k in range(1, 9)}) == 8
    assert len({o.height_m for o in staff}) == 8, "bodies stay their own"


def test_a_uniform_without_a_cap_leaves_the_hair() -> None:
    for person in range(1, 20):
        assert dress(person, uniform=Uniform()).outfit.hair_style == dress(person).outfit.hair_style


def test_hex_colours_become_blue_green_red() -> None:
    assert bgr("#0180fF") == (255.0, 128.0, 1.0)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_of_plain_clothes_is_what_is_asked(share: float) -> None:
    solid = float(np.mean([dress(k, Wardrobe(plain_share=share)).outfit.pattern == 0 for k in range(1, 120)]))
    assert solid == pytest.approx(share + 0.3 * (1 - share), abs=0.14)


def test_children_are_small_and_each_their_own() -> None:
    children = [dress(k, child=True) for k in range(1, 15)]
    for person in children:
        assert CHILD_HEIGHT_M[0] <= person.outfit.height_m <= CHILD_HEIGHT_M[1]
        assert not person.outfit.beard
        crown = person.vertices_m[person.is_head_vertex, 2].max()
        assert crown == pytest.approx(person.outfit.height_m, abs=0.06)
        head = np.ptp(person.vertices_m[person.is_head_vertex, 2]) / person.outfit.height_m
        assert head > 0.12, "a child's head is large for its body"
    assert len({person.outfit.height_m for person in children}) == len(children)
    assert dress(3, child=True) is not dress(3)


def test_a_doll_wears_the_same_clothes_on_plastic() -> None:
    doll, person = mannequin(910_001), dress(910_001)
    assert (doll.vertices_m == person.vertices_m).all()
    head = doll.triangle_is_head > 0
    assert (doll.materials[doll.triangle_material[head], :3] == np.array(PLASTIC_BGR, np.float32)).all()
    assert (doll.triangle_material[~head] == person.triangle_material[~head]).all()
    assert (person.materials[0, :3] != np.array(PLASTIC_BGR, np.float32)).any(), "the person is left as they are"


def test_a_trolley_is_as_large_as_one_and_closed() -> None:
    cart = trolley()
    size = np.ptp(cart.vertices_m, axis=0)
    assert 0.4 < size[0] < 0.65 and 0.7 < size[1] < 1.0 and 0.9 < size[2] < 1.1
    edges = np.sort(cart.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all(), "every edge joins two faces"


def test_members_are_cast_as_what_they_are() -> None:
    plan = TwinPlan.model_validate(SHOP).model_copy(update={"staff": TwinStaff(count=1)})
    members = {1: Member(1, trolley=True), 2: Member(2, child=True), 800_001: Member(800_001, role="staff")}
    rows = np.array([[k, 1.0, 2.0, 0.5 * np.pi, 0.1, 1.0, 0.0, 0.0] for k in (1, 2, 800_001, 5)])
    people, trolleys = people_and_trolleys(plan, members, rows)
    assert [p.person.person_id for p in people] == [1, 2, 800_001, 5]
    assert people[0].person is dress(1, plan.wardrobe, None, False)
    assert people[1].person.outfit.height_m <= CHILD_HEIGHT_M[1]
    assert people[2].person.outfit.top == bgr(plan.staff.uniform.top)
    (cart,) = trolleys
    assert (cart.x_m, cart.y_m) == pytest.approx((1.0, 2.0 + AHEAD_M))
