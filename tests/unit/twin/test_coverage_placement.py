"""The fewest cameras, against trying every choice."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongsun.contract.stage import SilentRunLog
from dongsun.twin.coverage.placement import fewest
from dongsun.twin.run_plan import PlanStage

Bools = npt.NDArray[np.bool_]


def best_by_trying(
    covers: Bools, needed: int, must: tuple[Bools, ...], kept: tuple[int, ...]
) -> tuple[int, int] | None:
    """(count, most covered) of the smallest choice that suffices."""
    others = [c for c in range(len(covers)) if c not in kept]
    for size in range(len(others) + 1):
        choices = [(*kept, *extra) for extra in combinations(others, size)]
        reached = [
            int(covers[list(chosen)].any(axis=0).sum())
            for chosen in choices
            if all(m[list(chosen)].any() for m in must)
        ]
        enough = [r for r in reached if r >= needed]
        if enough:
            return len(kept) + size, max(enough)
    return None


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000), st.floats(0.5, 1.0), st.booleans())
def test_the_choice_is_as_small_as_any_and_covers_most(seed: int, share: float, keep: bool) -> None:
    rng = np.random.default_rng(seed)
    covers = rng.random((8, 30)) < rng.uniform(0.15, 0.5)
    doors = rng.random((2, 8)) < 0.4
    must = tuple(door for door in doors if door.any())
    kept = (0,) if keep else ()
    needed = int(share * covers.any(axis=0).sum())
    choice = fewest(covers, needed, must, kept, 20.0)
    assert choice.proven and choice.least_possible == len(choice.chosen)
    assert (len(choice.chosen), choice.covered) == best_by_trying(covers, needed, must, kept)
    assert set(kept) <= set(choice.chosen)


def test_no_time_at_all_still_gives_cameras_that_suffice() -> None:
    rng = np.random.default_rng(3)
    covers = rng.random((40, 400)) < 0.12
    choice = fewest(covers, 380, (), (), 1e-3)
    assert choice.covered >= 380
    assert 1 <= choice.least_possible <= len(choice.chosen)
    assert choice.proven == (choice.least_possible == len(choice.chosen))


def test_what_cannot_be_covered_is_refused() -> None:
    covers = np.zeros((3, 5), np.bool_)
    covers[0, :3] = True
    with pytest.raises(ValueError, match="cannot be covered"):
        fewest(covers, 4, (), (), 5.0)
    with pytest.raises(ValueError, match="cannot be covered"):
        fewest(covers, 3, (np.zeros(3, np.bool_),), (), 5.0)


def test_the_stage_writes_the_same_plan_twice(tmp_path: Path) -> None:
    settings = {"least_height_px": 60, "grid_m": 1.0, "candidates_per_wall_m": 0.2, "wanted_coverage": 0.8}
    results = [
        PlanStage(Path("conf/store/demo.yaml"), tmp_path / name, **settings).run(SilentRunLog()) for name in "ab"
    ]
    for kind in ("json", "md", "csv", "png"):
        assert (tmp_path / "a" / f"plan.{kind}").read_bytes() == (tmp_path / "b" / f"plan.{kind}").read_bytes()
    plan = json.loads((tmp_path / "a" / "plan.json").read_text(encoding="utf-8"))
    anew = plan["fewest_anew"]
    assert anew["proven_fewest"] and anew["count"] == len(anew["cameras"]) >= 1
    assert anew["sees"]["floor_share"] >= 0.8 - 1e-9
    assert max(anew["sees"]["doors"].values()) >= 0.8
    assert plan["fewest_added"]["count"] <= anew["count"]
    assert results[0].metrics["lines_never"] == 0.0
    assert "출입문 main" in results[0].summary
    assert {a.name for a in results[0].artifacts} == {"plan.json", "plan.md", "plan.csv", "plan.png"}
