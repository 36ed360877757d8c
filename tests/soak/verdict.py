"""What must hold after a week."""

from tests.soak.week import Evening, Week

MOST_GROWTH_MB = 4.0
MOST_IN = {
    "Gallery._visitors": 5_000,
    "FloorHeat._owners": 100_000,
    "FloorHeat._seconds": 5_000,
    "Latencies._last": 600,
    "FloorStature._seen_m": 25,
}
"""What may be long, and no longer than this: the gallery holds one day's visitors, heat is taken away each minute."""
MOST_BESIDES = 6
"""Everything else is about who is in the picture, and the last windows."""


def wrong_with(week: Week, evenings: list[Evening]) -> list[str]:
    """What doesn't hold, in words."""
    wrong: list[str] = []
    for number, day in enumerate(evenings, start=1):
        if day.counted != day.offline:
            wrong.append(f"day {number}: kept {day.counted}, the recording says {day.offline}")
        if day.in_windows != day.counted:
            wrong.append(f"day {number}: windows sum up to {day.in_windows}, kept {day.counted}")
        if not day.forgotten:
            wrong.append(f"day {number}: its gallery outlived the day")
    if not sum(sum(day.counted.values()) for day in evenings):
        wrong.append("nobody was counted all week")
    wrong += _growth(week, evenings)
    up = week.upstream
    if up.out_of_order or up.received + evenings[-1].waiting != week.messages or evenings[-1].waiting > 100:
        wrong.append(f"{up.received} of {week.messages} messages arrived, {up.out_of_order} batches out of order")
    old = week.ledger.rows("SELECT count(*) FROM crossings WHERE visitor_id IS NOT NULL OR track_id <> 0")[0][0]
    if old:
        wrong.append(f"{old} crossings of days that are over still say who")
    if week.writer.health().lost or week.writer.health().waiting:
        wrong.append(f"the writer: {week.writer.health()}")
    return wrong


def _growth(week: Week, evenings: list[Evening]) -> list[str]:
    wrong: list[str] = []
    second, last = evenings[1], evenings[-1]
    if last.resident_mb - second.resident_mb > MOST_GROWTH_MB:
        wrong.append(f"memory grew from {second.resident_mb:.1f} MB on day 2 to {last.resident_mb:.1f} MB")
    # By then retention takes what a day brings, and what the longest outage left waiting is sent and forgotten.
    before, after = (day.database_mb for day in evenings[-2:])
    if after > 1.05 * before:
        wrong.append(f"the ledger grew: {[round(day.database_mb, 1) for day in evenings]} MB")
    for number, day in enumerate(evenings, start=1):
        in_view = day.containers.get("Tracker.tracks", 0)
        for name, length in day.containers.items():
            if length > MOST_IN.get(name, in_view + MOST_BESIDES):
                wrong.append(f"day {number}: {name} holds {length} while {in_view} people are in view")
    days = week.ledger.rows("SELECT count(DISTINCT business_day) FROM crossings")[0][0]
    if days > week.plan.retention.events_days + 1:
        wrong.append(f"{days} days of crossings are kept")
    return wrong
