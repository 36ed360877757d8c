"""The stage `twin-stream`: a camera of the synthetic store, live."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import RunLog, StageResult
from dongsun.contract.store import load_store
from dongsun.twin.crowd.arrivals import arrival_count
from dongsun.twin.crowd.simulate import simulate
from dongsun.twin.film.stream import stream_camera
from dongsun.twin.plan.frozen import TimeOfDay
from dongsun.twin.plan.twin_plan import twin_plan

WARMUP_S = 60.0


@dataclass(frozen=True)
class StreamStage:
    """Sends one camera of a store's twin to an address.

    Attributes:
        store: The store file, with a `twin:` section.
        camera_id: Which camera.
        url: `rtsp://…` of a server that takes a push, `tcp://host:port?listen` (waits for one viewer), or a file.
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
    first_person: Annotated[int, Field(ge=1)] = 600_001
    starts_at: TimeOfDay = "12:00"
    realtime: bool = True

    def run(self, log: RunLog) -> StageResult:
        """Streams until the time is over.

        Raises:
            DongsunError: The store has no twin or no such camera, or nobody takes the stream.
        """
        if self.camera_id is None or self.url is None:
            raise DongsunError(
                expected="a camera and an address",
                got=f"camera={self.camera_id}, url={self.url}",
                where="dongsun twin stream",
                mend="add camera=<id> url=<rtsp://…, tcp://…?listen or a file>",
            )
        store = load_store(self.store)
        plan = twin_plan(store, self.store)
        store.camera(self.camera_id)
        duration_s = 60 * self.minutes
        people = max(1, arrival_count(plan, seed=self.seed, duration_s=duration_s, starts_at=self.starts_at))
        crowd = simulate(
            plan,
            tuple(range(self.first_person, self.first_person + people)),
            seed=self.seed,
            duration_s=duration_s,
            warmup_s=WARMUP_S,
            starts_at=self.starts_at,
        )
        try:
            sent = stream_camera(
                plan, crowd, self.camera_id, self.url, realtime=self.realtime, seed=self.seed, starts_at=self.starts_at
            )
        except OSError as error:
            raise DongsunError(
                expected="somebody who takes the stream",
                got=str(error),
                where=self.url,
                mend="start the server or viewer first; rtsp:// needs a server that takes a push",
            ) from error
        metrics = {"frames": float(sent)}
        log.metrics(metrics)
        return StageResult(metrics=metrics, summary=f"{self.camera_id}: {sent} frames sent to {self.url}")
