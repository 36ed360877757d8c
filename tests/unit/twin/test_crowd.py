"""The crowd: nobody walks through shelves or each other, and the same seed gives the same afternoon."""

from pathlib import Path

import numpy as np
import pytest

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import load_store
from dongsun.twin.crowd.simulate import Trajectories, simulate, walkable_floor
from dongsun.twin.plan.twin_plan import Shelf, TwinPlan, twin_plan

DEMO = Path(__file__).parents[3] / "conf" / "store" / "demo.yaml"


@pytest.fixture(scope="module")
def plan() -> TwinPlan:
    return twin_plan(load_store(DEMO), DEMO)


@pytest.fixture(scope="module")
def crowd(plan: TwinPlan) -> Trajectories:
    return simulate(plan, tuple(range(1, 13)), seed=8, duration_s=60, warmup_s=20)


def test_the_same_seed_gives_the_same_afternoon(plan: TwinPlan, crowd: Trajectories) -> None:
    again = simulate(plan, tuple(range(1, 13)), seed=8, duration_s=60, warmup_s=20)
    for name in ("x_m", "y_m", "yaw_rad", "phase", "stride", "reach", "head_turn_rad"):
        assert np.array_equal(getattr(crowd, name), getattr(again, name), equal_nan=True), name
    other = simulate(plan, tuple(range(1, 13)), seed=9, duration_s=60, warmup_s=20)
    assert not np.array_equal(crowd.x_m, other.x_m, equal_nan=True)


def test_it_lasts_as_long_as_asked(crowd: Trajectories) -> None:
    assert crowd.x_m.shape == (600, 12)
    assert crowd.present[0].any(), "after the warm-up somebody is in the shop"


def test_nobody_walks_through_another(crowd: Trajectories) -> None:
    for frame in range(0, len(crowd.x_m), 3):
        here = crowd.present[frame]
        place = np.column_stack([crowd.x_m[frame, here], crowd.y_m[frame, here]])
        gap = np.linalg.norm(place[:, None] - place[None], axis=2) + 9 * np.eye(len(place))
        assert len(place) < 2 or gap.min() > 0.35


def test_nobody_stands_in_a_shelf(plan: TwinPlan, crowd: Trajectories) -> None:
    for shelf in plan.shelves:
        inside = (crowd.x_m > shelf.x0_m + 0.05) & (crowd.x_m < shelf.x1_m - 0.05)
        inside &= (crowd.y_m > shelf.y0_m + 0.05) & (crowd.y_m < shelf.y1_m - 0.05)
        assert not inside.any()


def test_nobody_jumps_and_everybody_appears_outside(crowd: Trajectories) -> None:
    step = np.hypot(np.diff(crowd.x_m, axis=0), np.diff(crowd.y_m, axis=0))
    assert np.nanmax(step) < 0.25  # 2.5 m/s at ten frames a second
    appears = crowd.present[1:] & ~crowd.present[:-1]
    assert (crowd.y_m[1:][appears] < 0).all() and (np.abs(crowd.x_m[1:][appears]) > 2.0).all()


def test_a_blocked_shop_is_refused(plan: TwinPlan) -> None:
    wall = Shelf(x0_m=-5.0, y0_m=0.4, x1_m=5.0, y1_m=0.8)
    with pytest.raises(DongsunError, match="block"):
        walkable_floor(plan.model_copy(update={"shelves": (wall,)}))
