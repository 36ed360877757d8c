"""What a full ledger gives up, in this order, a few rows at a time."""

_ROWS = 200
"""A deletion stands in the journal before anything is free: some 2 MB at most, which the reserve covers."""


def _oldest(table: str, *, today_too: bool) -> str:
    over = "" if today_too else f"WHERE business_day < (SELECT max(business_day) FROM {table})"
    return (
        f"DELETE FROM {table} WHERE idempotency_key IN "
        f"(SELECT idempotency_key FROM {table} {over} ORDER BY business_day LIMIT {_ROWS})"
    )


def _oldest_messages(which: str) -> str:
    return f"DELETE FROM outbox WHERE sequence IN (SELECT sequence FROM outbox {which} ORDER BY sequence LIMIT {_ROWS})"


ROOM_STEPS = (
    _oldest_messages("WHERE sent_at_utc IS NOT NULL"),
    "DELETE FROM heat WHERE business_day = "
    "(SELECT min(business_day) FROM heat WHERE business_day < (SELECT max(business_day) FROM heat))",
    _oldest("visits", today_too=False),
    _oldest("crossings", today_too=False),
    _oldest("windows", today_too=False),
    _oldest_messages(""),
    _oldest("visits", today_too=True),
    _oldest("crossings", today_too=True),
    _oldest("windows", today_too=True),
)
