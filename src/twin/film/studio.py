"""Filming a split on several processes: frames are independent of each other once the crowd has been simulated."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from dongsun.twin.crowd.trajectories import Member, Trajectories
from dongsun.twin.film.casting import dolls, people_and_trolleys
from dongsun.twin.plan.twin_plan import TwinPlan
from dongsun.twin.render.renderer import Renderer, Sighting
from dongsun.twin.scene.daylight import moment_at
from dongsun.twin.scene.scene import build_scene

FRAMES_PER_TAKE = 12
_Order = TypeVar("_Order")
_Done = TypeVar("_Done")


@dataclass(frozen=True)
class Take:
    """An order to film some consecutive frames of one camera.

    Attributes:
        plan: The shop.
        camera_id: Which camera.
        first_frame: Of the take, at the camera's rate.
        noise_seed: Of the sensor's noise.
        cast: For every frame, who stands where and how (rows as `people_and_trolleys` takes them).
        members: What those who appear are.
        starts_at: Local time of day at frame 0, HH:MM.
    """

    plan: TwinPlan
    camera_id: str
    first_frame: int
    noise_seed: int
    cast: tuple[npt.NDArray[np.float64], ...]
    members: dict[int, Member] = field(default_factory=dict)
    starts_at: str = "12:00"


@dataclass(frozen=True)
class FilmedFrame:
    """A frame and its truth, without the id mask."""

    frame_index: int
    image_bgr: npt.NDArray[np.uint8]
    sightings: tuple[Sighting, ...]


def camera_frames(plan: TwinPlan, trajectories: Trajectories, camera_id: str) -> int:
    """How many pictures the camera takes in the span: the first at its beginning, then `fps_of` a second."""
    return -(-trajectories.frames // frame_step(plan, camera_id))


def frame_step(plan: TwinPlan, camera_id: str) -> int:
    """Every how many-th frame of the simulation the camera takes."""
    return plan.fps // plan.fps_of(camera_id)


def takes(
    plan: TwinPlan,
    trajectories: Trajectories,
    camera_id: str,
    seed: int,
    first: int = 0,
    end: int | None = None,
    starts_at: str = "12:00",
    length: int = FRAMES_PER_TAKE,
) -> Iterator[Take]:
    """Cuts the camera's frames [first, end) into orders of `length`; frames are numbered at its own rate."""
    step = frame_step(plan, camera_id)
    last = camera_frames(plan, trajectories, camera_id) if end is None else end
    for start in range(first, last, length):
        cast = []
        for frame in range(start, min(start + length, last)):
            rows = [
                (w.person_id, w.x_m[k], w.y_m[k], w.yaw_rad[k], w.phase[k], w.stride[k], w.reach[k], w.head_turn_rad[k])
                for w, k in trajectories.at(frame * step)
            ]
            cast.append(np.array(rows, np.float64).reshape(-1, 8))
        appear = {int(person) for rows in cast for person in rows[:, 0]}
        members = {k: trajectories.members[k] for k in sorted(appear) if k in trajectories.members}
        yield Take(plan, camera_id, start, seed, tuple(cast), members, starts_at)


def film(take: Take) -> list[FilmedFrame]:
    """Renders a take."""
    renderer = _renderer(take.plan.model_dump_json(by_alias=True), take.camera_id)
    frames = []
    for offset, rows in enumerate(take.cast):
        people, trolleys = people_and_trolleys(take.plan, take.members, rows)
        index = take.first_frame + offset
        frame = renderer.frame(
            people,
            noise_seed=take.noise_seed * 1_000_003 + index,
            props=trolleys,
            moment=moment_at(take.plan, take.starts_at, index / take.plan.fps_of(take.camera_id)),
        )
        frames.append(FilmedFrame(index, frame.image_bgr, frame.sightings))
    return frames


@lru_cache(maxsize=2)
def _renderer(plan_json: str, camera_id: str) -> Renderer:
    plan = TwinPlan.model_validate_json(plan_json)
    settings = plan.cameras[camera_id]
    return Renderer(build_scene(plan), plan.camera(camera_id), settings.look(), dolls(plan))


class Studio:
    """A pool of rendering processes; with one worker everything happens in this process."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Studio":
        if self._workers > 1:
            # "spawn": forking a process that has run compiled code or opened a video may hang.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._workers, mp_context=context, initializer=_one_thread)
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def run(self, work: Callable[[_Order], _Done], orders: Iterable[_Order]) -> Iterator[_Done]:
        """`work` of every order, in order; no more than a few results wait at a time."""
        if self._pool is None:
            yield from map(work, orders)
            return
        waiting: deque[Future[_Done]] = deque()
        for order in orders:
            waiting.append(self._pool.submit(work, order))
            if len(waiting) > 2 * self._workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _one_thread() -> None:
    """One thread a worker: the workers are the parallelism."""
    import cv2

    os.environ["OMP_NUM_THREADS"] = "1"
    cv2.setNumThreads(1)
