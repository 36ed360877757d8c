"""The fewest cameras that see enough: a set-cover problem, solved by branch and cut (HiGHS)."""

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Choice:
    """Which candidates to take.

    Attributes:
        chosen: Indices of the candidates.
        covered: Places that they see together.
        least_possible: No choice of fewer candidates than this can suffice (a proven bound).
        proven: Whether `chosen` is as few as can be.
        seconds: Time the search took.
    """

    chosen: tuple[int, ...]
    covered: int
    least_possible: int
    proven: bool
    seconds: float


def fewest(covers: Bools, needed: int, must: tuple[Bools, ...], kept: tuple[int, ...], limit_s: float) -> Choice:
    """Chooses the fewest candidates that cover `needed` places, and among those the ones that cover most.

    minimise Σ x_c − Σ w_g y_g / (N + 1)  over x binary, 0 ≤ y ≤ 1,
    subject to  y_g ≤ Σ_{c sees g} x_c,  Σ w_g y_g ≥ needed,  Σ_{c sees door d} x_c ≥ 1,
    where g are groups of w_g places that the same candidates see (the coverage never outweighs one camera). When the
    time is over, the better of the solver's and a greedy choice is taken, and the bound says how far off it may be.

    Args:
        covers: (c, n) whether candidate c sees place n.
        needed: How many places must be seen; at most those that all candidates see together.
        must: Each (c,): at least one of these candidates is taken.
        kept: Candidates that are taken in any case and cost nothing.
        limit_s: Time for the search.

    Raises:
        ValueError: No choice can cover that much, or a `must` has no candidate.
    """
    if needed > int(covers.any(axis=0).sum()) or not all(bool(m.any()) for m in must):
        raise ValueError("what is asked for cannot be covered by all candidates together")
    began = time.perf_counter()
    greedy = _greedy(covers, needed, must, kept)
    groups, sizes = np.unique(covers, axis=1, return_counts=True)
    solution = _solve(groups, sizes, needed, must, kept, limit_s)
    bound = max(_least_by_size(covers, needed, must, kept), _least_by_solver(solution.mip_dual_bound, len(kept)))
    chosen = greedy
    if solution.x is not None:
        found = tuple(int(k) for k in np.flatnonzero(solution.x[: len(covers)] > 0.5))
        chosen = min((found, greedy), key=lambda c: (len(c), -_covered(covers, c)))
    bound = min(bound, len(chosen))
    seconds = time.perf_counter() - began
    return Choice(chosen, _covered(covers, chosen), bound, bound == len(chosen), seconds)


def _solve(
    groups: Bools,
    sizes: npt.NDArray[np.int64],
    needed: int,
    must: tuple[Bools, ...],
    kept: tuple[int, ...],
    limit_s: float,
) -> Any:
    candidates, places = groups.shape
    total = int(sizes.sum())
    cost = np.ones(candidates)
    cost[list(kept)] = 0.0
    objective = np.concatenate([cost, -sizes / (total + 1)])
    seen = sparse.csr_matrix(groups.T.astype(np.float64))
    rows = [
        LinearConstraint(sparse.hstack([seen, -sparse.identity(places)], format="csr"), lb=0),
        LinearConstraint(np.concatenate([np.zeros(candidates), sizes])[None, :], lb=needed),
    ]
    rows += [LinearConstraint(np.concatenate([m.astype(np.float64), np.zeros(places)])[None, :], lb=1) for m in must]
    low = np.zeros(candidates + places)
    low[list(kept)] = 1.0
    integrality = np.concatenate([np.ones(candidates), np.zeros(places)])
    options = {"time_limit": limit_s, "mip_rel_gap": 0.0}
    return milp(objective, constraints=rows, bounds=Bounds(low, 1.0), integrality=integrality, options=options)


def _least_by_solver(dual_bound: float | None, kept: int) -> int:
    """The fewest cameras that an objective of at least `dual_bound` allows: coverage takes off less than one."""
    if dual_bound is None or not math.isfinite(dual_bound):
        return kept
    return kept + max(0, math.floor(dual_bound + 1e-6) + 1)


def _least_by_size(covers: Bools, needed: int, must: tuple[Bools, ...], kept: tuple[int, ...]) -> int:
    """The fewest cameras that would do if no two of them saw the same place."""
    seen = covers[list(kept)].any(axis=0)
    missing = needed - int(seen.sum())
    adds = np.sort((covers & ~seen).sum(axis=1))[::-1].cumsum()
    by_floor = int(np.searchsorted(adds, missing)) + 1 if missing > 0 else 0
    by_doors = int(any(not m[list(kept)].any() for m in must))
    return len(kept) + max(by_floor, by_doors)


def _covered(covers: Bools, chosen: tuple[int, ...]) -> int:
    return int(covers[list(chosen)].any(axis=0).sum()) if chosen else 0


def _greedy(covers: Bools, needed: int, must: tuple[Bools, ...], kept: tuple[int, ...]) -> tuple[int, ...]:
    """Takes, time after time, the candidate that adds most; then drops those that the others make needless."""
    chosen = list(kept)

    def seen(some: list[int]) -> Bools:
        return np.asarray(covers[some].any(axis=0) if some else np.zeros(covers.shape[1], np.bool_), np.bool_)

    def enough(some: list[int]) -> bool:
        return int(seen(some).sum()) >= needed and all(bool(m[some].any()) for m in must)

    while not enough(chosen):
        unmet = [m for m in must if not m[chosen].any()]
        gain = (covers & ~seen(chosen)).sum(axis=1).astype(np.float64)
        gain += sum((m * float(covers.shape[1]) for m in unmet), np.zeros(len(covers)))
        gain[chosen] = -1.0
        chosen.append(int(np.argmax(gain)))
    for k in [c for c in chosen if c not in kept]:
        rest = [c for c in chosen if c != k]
        if enough(rest):
            chosen = rest
    return tuple(sorted(chosen))
