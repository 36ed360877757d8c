"""Why a station doesn't count now, in words."""

from dongsun.serve_edge.station.health import StationHealth
from dongsun.serve_edge.stream.camera_feed import FeedState


def reasons_not_ready(health: StationHealth) -> tuple[str, ...]:
    """What keeps it from being ready; empty when it is."""
    reasons: list[str] = []
    if not any(camera.state is FeedState.LIVE for camera in health.cameras):
        reasons += [
            f"camera {camera.camera_id} is {camera.state.value}" + (f": {camera.last_error}" * bool(camera.last_error))
            for camera in health.cameras
        ] or ["there is no camera"]
    if health.writer.full:
        reasons.append(f"the ledger has no room; {health.writer.waiting} batches wait in memory")
    return tuple(reasons)
