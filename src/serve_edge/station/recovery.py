"""After a kill: crossings that were kept, in windows that were not."""

from datetime import UTC, datetime, timedelta

from dongsun.contract.observations import Window
from dongsun.contract.store import StoreConfig
from dongsun.serve_edge.ledger.ledger import Ledger

_WINDOW_S = 15


def recovered_windows(ledger: Ledger, store: StoreConfig, now_utc: datetime) -> tuple[Window, ...]:
    """The windows that a killed station had open, from the crossings that it had kept.

    A crossing is written as it happens, its window up to 20 s later. What was counted isn't lost; how long was looked
    isn't known any more, so that these windows say `observed_s` 0. Looked for among the crossings of the last two days
    that were dated after the camera's last window.
    """
    since = (now_utc - timedelta(days=2)).isoformat()
    found: dict[tuple[str, datetime], list[tuple[str, str, str]]] = {}
    for camera_id, line_id, direction, at, version in ledger.rows(
        "SELECT c.camera_id, c.line_id, c.direction, c.crossed_at_utc, c.bundle_version FROM crossings c WHERE "
        "c.crossed_at_utc > ? AND c.crossed_at_utc >= coalesce((SELECT strftime('%Y-%m-%dT%H:%M:%fZ', "
        "max(w.starts_at_utc), '+15 seconds') FROM windows w WHERE w.camera_id = c.camera_id), '')",
        (since,),
    ):
        instant = datetime.fromisoformat(at).astimezone(UTC)
        start = datetime.fromtimestamp(instant.timestamp() // _WINDOW_S * _WINDOW_S, UTC)
        found.setdefault((camera_id, start), []).append((line_id, direction, version))
    return tuple(_window(store, camera_id, start, rows) for (camera_id, start), rows in sorted(found.items()))


def _window(store: StoreConfig, camera_id: str, start: datetime, rows: list[tuple[str, str, str]]) -> Window:
    camera = store.cameras.get(camera_id)
    lines = list(camera.lines) if camera else sorted({line for line, _, _ in rows})
    zones = list(camera.zones) if camera else []
    stamp = start.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Window(
        store_id=store.id,
        camera_id=camera_id,
        bundle_version=rows[-1][2],
        idempotency_key=f"{store.id}/{camera_id}/window/all/{stamp}/recovered",
        starts_at_utc=start,
        observed_s=0.0,
        crossings_in={line: sum(row[:2] == (line, "in") for row in rows) for line in lines},
        crossings_out={line: sum(row[:2] == (line, "out") for row in rows) for line in lines},
        occupancy_mean=0.0,
        occupancy_max=0,
        dwell_p50_s=dict.fromkeys(zones),
        dwell_p90_s=dict.fromkeys(zones),
    )
