"""The stage `twin-stream`: cameras of the synthetic store, live."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import RunLog, StageResult
from dongsun.contract.store import StoreConfig, load_store
from dongsun.twin.crowd.arrivals import arrival_count
from dongsun.twin.crowd.simulate import simulate
from dongsun.twin.crowd.trajectories import Trajectories
from dongsun.twin.film.stream import stream_camera
from dongsun.twin.plan.frozen import TimeOfDay
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan
from dongsun.twin.rtsp.relay_process import relay_process

WARMUP_S = 60.0


@dataclass(frozen=True)
class StreamStage:
    """Sends cameras of a store's twin to an address, or serves them.

    Attributes:
        store: The store file, with a `twin:` section.
        camera_id: Which camera; None is every camera, which needs `serve`.
        url: `rtsp://…` of a server that takes a push, `tcp://host:port?listen` (waits for one viewer), or a file.
        serve: Instead of `url`, a port: an RTSP server runs there, with a path for each camera.
        minutes: How long.
        seed: Of the crowd; as many come as the store's arrival curve says.
        first_person: Identity of the first visitor.
        starts_at: Local time of day when the stream begins.
        realtime: Send frames by the clock, not as fast as they are made.
    """

    store: Path
    camera_id: str | None
    url: str | None
    minutes: Annotated[float, Field(gt=0)]
    seed: int
    serve: Annotated[int, Field(gt=0, lt=65_536)] | None = None
    first_person: Annotated[int, Field(ge=1)] = 600_001
    starts_at: TimeOfDay = "12:00"
    realtime: bool = True

    def run(self, log: RunLog) -> StageResult:
        """Streams until the time is over.

        Raises:
            DongsunError: The store has no twin or no such camera, or nobody takes the stream.
        """
        if (self.url is None) == (self.serve is None) or (self.camera_id is None and self.serve is None):
            raise DongsunError(
                expected="a camera and an address, or a port to serve at",
                got=f"camera={self.camera_id}, url={self.url}, serve={self.serve}",
                where="dongsun twin stream",
                mend="add camera=<id> url=<rtsp://…, tcp://…?listen or a file>, or serve=8554",
            )
        store = load_store(self.store)
        plan = twin_plan(store, self.store)
        crowd = self._crowd(plan)
        with ExitStack() as stack:
            urls = self._addresses(store, stack)
            try:
                sent = self._stream(plan, crowd, urls)
            except OSError as error:
                raise DongsunError(
                    expected="somebody who takes the stream",
                    got=str(error),
                    where=", ".join(urls.values()),
                    mend="start the server or viewer first; rtsp:// needs a server that takes a push",
                ) from error
        metrics = {"frames": float(sum(sent.values()))}
        log.metrics(metrics)
        lines = [f"{camera_id}: {count} frames sent to {urls[camera_id]}" for camera_id, count in sent.items()]
        return StageResult(metrics=metrics, summary="\n".join(lines))

    def _crowd(self, plan: TwinPlan) -> Trajectories:
        duration_s = 60 * self.minutes
        people = max(1, arrival_count(plan, seed=self.seed, duration_s=duration_s, starts_at=self.starts_at))
        return simulate(
            plan,
            tuple(range(self.first_person, self.first_person + people)),
            seed=self.seed,
            duration_s=duration_s,
            warmup_s=WARMUP_S,
            starts_at=self.starts_at,
        )

    def _addresses(self, store: StoreConfig, stack: ExitStack) -> dict[str, str]:
        """Camera → address; a server is started where one is asked for."""
        if self.serve is None:
            assert self.camera_id is not None and self.url is not None
            store.camera(self.camera_id)
            return {self.camera_id: self.url}
        cameras = list(store.cameras) if self.camera_id is None else [self.camera_id]
        for camera_id in cameras:
            store.camera(camera_id)
        server = stack.enter_context(relay_process(self.serve))
        return {camera_id: f"{server}/{camera_id}" for camera_id in cameras}

    def _stream(self, plan: TwinPlan, crowd: Trajectories, urls: dict[str, str]) -> dict[str, int]:
        """Camera → frames sent; a process each where there are several."""
        if len(urls) == 1:
            return {camera_id: self._send(plan, crowd, camera_id, url) for camera_id, url in urls.items()}
        with ProcessPoolExecutor(len(urls), multiprocessing.get_context("spawn")) as pool:
            sending = {
                camera_id: pool.submit(self._send, plan, crowd, camera_id, url) for camera_id, url in urls.items()
            }
            return {name: future.result() for name, future in sending.items()}

    def _send(self, plan: TwinPlan, crowd: Trajectories, camera_id: str, url: str) -> int:
        return stream_camera(
            plan, crowd, camera_id, url, realtime=self.realtime, seed=self.seed, starts_at=self.starts_at
        )
