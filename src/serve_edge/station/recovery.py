"""After a kill: crossings that were kept, in windows that were not."""

from datetime import UTC, datetime, timedelta

from dongsun.contract.clock import iso_utc
from dongsun.contract.observations import Window
from dongsun.contract.store import StoreConfig
from dongsun.serve_edge.ledger.ledger import Ledger

_WINDOW_S = 15


_CROSSINGS_WITHOUT_A_WINDOW = """
WITH last AS (
  SELECT camera_id, max(starts_at_utc) AS starts_at_utc FROM windows
  WHERE business_day >= :day AND starts_at_utc <= :now GROUP BY camera_id)
SELECT c.camera_id, c.line_id, c.direction, c.crossed_at_utc, c.bundle_version
FROM crossings c LEFT JOIN last USING (camera_id)
WHERE c.business_day >= :day AND c.crossed_at_utc > :since AND c.crossed_at_utc <= :now
  AND c.crossed_at_utc >= coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', last.starts_at_utc, '+15 seconds'), '')
  AND (:camera IS NULL OR c.camera_id = :camera)
"""
"""By business days, so that the index serves: years of windows aren't looked through. What is dated after now, from a
wall clock that was ahead, is no camera's last window."""


def recovered_windows(
    ledger: Ledger, store: StoreConfig, now_utc: datetime, camera_id: str | None = None
) -> tuple[Window, ...]:
    """The windows that a killed station had open, from the crossings that it had kept.

    A crossing is written as it happens, its window up to 20 s later. What was counted isn't lost; how long was looked
    isn't known any more, so that these windows say `observed_s` 0. Looked for among the crossings of the last two days
    that were dated after the camera's last window.

    Args:
        ledger: Where both are.
        store: Whose lines they are.
        now_utc: The wall clock.
        camera_id: Only this one, whose worker has ended; by default all, none of which may be running.
    """
    since_utc = now_utc - timedelta(days=2)
    day = str(ledger.calendar.day_of(since_utc))
    bound: dict[str, object] = {"day": day, "since": iso_utc(since_utc), "now": iso_utc(now_utc), "camera": camera_id}
    found: dict[tuple[str, datetime], list[tuple[str, str, str]]] = {}
    for camera, line_id, direction, at, version in ledger.rows(_CROSSINGS_WITHOUT_A_WINDOW, bound):
        instant = datetime.fromisoformat(at).astimezone(UTC)
        start = datetime.fromtimestamp(instant.timestamp() // _WINDOW_S * _WINDOW_S, UTC)
        found.setdefault((camera, start), []).append((line_id, direction, version))
    return tuple(_window(store, camera, start, rows) for (camera, start), rows in sorted(found.items()))


def newest_windows(ledger: Ledger, now_utc: datetime) -> dict[str, datetime]:
    """Camera → start of its newest window, also one that a clock which was ahead has dated after now."""
    yesterday = str(ledger.calendar.day_of(now_utc - timedelta(days=1)))
    rows = ledger.rows(
        "SELECT camera_id, max(starts_at_utc) FROM windows WHERE business_day >= ? GROUP BY camera_id", (yesterday,)
    )
    return {camera_id: datetime.fromisoformat(at) for camera_id, at in rows}


def _window(store: StoreConfig, camera_id: str, start: datetime, rows: list[tuple[str, str, str]]) -> Window:
    camera = store.cameras.get(camera_id)
    lines = list(camera.lines) if camera else sorted({line for line, _, _ in rows})
    zones = list(camera.zones) if camera else []
    return Window(
        store_id=store.id,
        camera_id=camera_id,
        bundle_version=rows[-1][2],
        idempotency_key=f"{store.id}/{camera_id}/window/all/{iso_utc(start)}/recovered",
        starts_at_utc=start,
        observed_s=0.0,
        crossings_in={line: sum(row[:2] == (line, "in") for row in rows) for line in lines},
        crossings_out={line: sum(row[:2] == (line, "out") for row in rows) for line in lines},
        occupancy_mean=0.0,
        occupancy_max=0,
        dwell_p50_s=dict.fromkeys(zones),
        dwell_p90_s=dict.fromkeys(zones),
    )
