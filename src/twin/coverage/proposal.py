"""The fewest cameras for a shop, and where they hang."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from dongsun.contract.errors import DongsunError
from dongsun.twin.coverage.candidates import mounts
from dongsun.twin.coverage.obstacles import Obstacles
from dongsun.twin.coverage.placement import fewest
from dongsun.twin.coverage.sight import Eye, Sight
from dongsun.twin.coverage.targets import Targets
from dongsun.twin.plan.twin_camera import TwinCamera
from dongsun.twin.plan.twin_plan import TwinPlan

Bools = npt.NDArray[np.bool_]
DOOR_SHARE = 0.8
"""A camera covers a door when it sees this share of the places just inside it."""
MOST_CELLS = 1500
"""The search looks at no more places than this, drawn at random; what it finds is measured on all of them."""
_TRIES = 3


@dataclass(frozen=True)
class Wanted:
    """What is asked of the cameras.

    Attributes:
        coverage: Share of the walkable floor.
        least_height_px: Height of a standing person in the picture.
        candidates_per_wall_m: Places tried in a metre of wall.
        limit_s: Time for the search.
    """

    coverage: float
    least_height_px: float
    candidates_per_wall_m: float
    limit_s: float


@dataclass(frozen=True)
class Proposal:
    """Cameras that together see what is wanted.

    Attributes:
        cameras: Name → camera, those of the store that stay not among them.
        tried: Places and ways to look that were tried.
        places: Places of the floor that the search looked at.
        reachable: Share of the floor that all of them together would see.
        asked: The share asked of the search: what is wanted, or `reachable` where that is less.
        least_possible: No fewer cameras than this, of those tried, suffice.
        proven: Whether `cameras` is as few as can be.
        unreachable_doors: Doors that no candidate covers.
        seconds: Time the search took.
    """

    cameras: dict[str, TwinCamera]
    tried: int
    places: int
    reachable: float
    asked: float
    least_possible: int
    proven: bool
    unreachable_doors: tuple[str, ...]
    seconds: float


def propose(
    plan: TwinPlan, obstacles: Obstacles, targets: Targets, wanted: Wanted, present: dict[str, Eye] | None = None
) -> Proposal:
    """Finds the fewest cameras, all new, or, with `present`, the fewest to add to those.

    Raises:
        DongsunError: There is no wall at all to hang a camera on.
    """
    hung = [mount.camera() for mount in mounts(plan, wanted.candidates_per_wall_m)]
    if not hung:
        raise DongsunError(
            expected="walls to hang cameras on", got="none free", where="twin.floor", mend="check the floor's corners"
        )
    kept = list((present or {}).values())
    trial = plan.model_copy(update={"cameras": {str(k): camera for k, camera in enumerate(hung)}, "lenses": {}})
    eyes: list[Eye] = [*kept, *(trial.camera(str(k)) for k in range(len(hung)))]
    floor = np.sort(np.random.default_rng(0).permutation(len(targets.floor_m))[:MOST_CELLS])
    covers, doors = _look(eyes, obstacles, targets, targets.floor_m[floor], wanted.least_height_px)
    useful = _undominated(covers, doors, len(kept))
    covers, doors = covers[useful], doors[useful]
    must = tuple(doors[:, d] for d in range(doors.shape[1]) if doors[:, d].any())
    reachable = int(covers.any(axis=0).sum())
    asked = min(wanted.coverage, reachable / len(floor))
    needed = min(math.ceil(asked * len(floor) - 1e-9), reachable)
    for _ in range(_TRIES):
        choice = fewest(covers, needed, must, tuple(range(len(kept))), wanted.limit_s)
        seen = [Sight.of(eyes[useful[k]], obstacles, targets.floor_m) for k in choice.chosen]
        measured = np.any([s.seen(wanted.least_height_px) for s in seen], axis=0).mean() if seen else 0.0
        if measured >= asked - 1e-9 or needed == reachable:
            break
        # The places drawn flatter the choice a little: ask for as much more as it falls short on all places.
        needed = min(reachable, needed + math.ceil((asked - measured) * len(floor)) + 1)
    taken = [hung[useful[k] - len(kept)] for k in choice.chosen if k >= len(kept)]
    names = list(plan.doors)
    return Proposal(
        cameras={f"new-{k + 1}": camera for k, camera in enumerate(taken)},
        tried=len(hung),
        places=len(floor),
        reachable=reachable / len(floor),
        asked=asked,
        least_possible=choice.least_possible - len(kept),
        proven=choice.proven,
        unreachable_doors=tuple(names[d] for d in range(doors.shape[1]) if not doors[:, d].any()),
        seconds=choice.seconds,
    )


def _look(
    eyes: list[Eye], obstacles: Obstacles, targets: Targets, floor: npt.NDArray[np.float64], least_px: float
) -> tuple[Bools, Bools]:
    """(c, n) whether each eye sees each place of the floor, and (c, d) whether it covers each door."""
    covers = np.zeros((len(eyes), len(floor)), np.bool_)
    doors = np.zeros((len(eyes), len(targets.doors_m)), np.bool_)
    for k, eye in enumerate(tqdm(eyes, desc="trying cameras", unit="camera", disable=None)):
        covers[k] = Sight.of(eye, obstacles, floor).seen(least_px)
        for d, places in enumerate(targets.doors_m.values()):
            doors[k, d] = Sight.of(eye, obstacles, places).seen(least_px).mean() >= DOOR_SHARE if len(places) else False
    return covers, doors


def _undominated(covers: Bools, doors: Bools, kept: int) -> list[int]:
    """Candidates whose places and doors no other candidate sees as well; the first `kept` always stay."""
    full = np.concatenate([covers, doors], axis=1).astype(np.float32)
    sizes = full.sum(axis=1)
    common = full @ full.T
    useful = []
    for k in range(len(full)):
        inside = common[k] >= sizes[k] - 0.5
        inside[k] = False
        better = inside & ((sizes > sizes[k]) | ((sizes == sizes[k]) & (np.arange(len(full)) < k)))
        if k < kept or (sizes[k] > 0 and not better.any()):
            useful.append(k)
    return useful
