"""The ledger's tables, step by step; a step that was ever released is never changed."""

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE crossings (
        idempotency_key TEXT PRIMARY KEY,
        business_day TEXT NOT NULL,
        camera_id TEXT NOT NULL,
        line_id TEXT NOT NULL,
        direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
        crossed_at_utc TEXT NOT NULL,
        track_id INTEGER NOT NULL,
        visitor_id INTEGER,
        staff INTEGER NOT NULL CHECK (staff IN (0, 1)),
        bundle_version TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX crossings_by_day ON crossings (business_day, line_id);

    CREATE TABLE visits (
        idempotency_key TEXT PRIMARY KEY,
        business_day TEXT NOT NULL,
        camera_id TEXT NOT NULL,
        zone_id TEXT NOT NULL,
        entered_at_utc TEXT NOT NULL,
        dwell_s REAL NOT NULL CHECK (dwell_s >= 0),
        track_id INTEGER NOT NULL,
        visitor_id INTEGER,
        staff INTEGER NOT NULL CHECK (staff IN (0, 1)),
        bundle_version TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX visits_by_day ON visits (business_day, zone_id);

    CREATE TABLE windows (
        idempotency_key TEXT PRIMARY KEY,
        business_day TEXT NOT NULL,
        camera_id TEXT NOT NULL,
        starts_at_utc TEXT NOT NULL,
        observed_s REAL NOT NULL CHECK (observed_s >= 0),
        occupancy_max INTEGER NOT NULL CHECK (occupancy_max >= 0),
        body TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX windows_by_day ON windows (business_day, camera_id);

    CREATE TABLE heat (
        business_day TEXT NOT NULL,
        hour INTEGER NOT NULL CHECK (hour BETWEEN 0 AND 23),
        x_cell INTEGER NOT NULL,
        y_cell INTEGER NOT NULL,
        seconds REAL NOT NULL CHECK (seconds >= 0),
        PRIMARY KEY (business_day, hour, x_cell, y_cell)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE days (
        business_day TEXT PRIMARY KEY,
        unique_visitors INTEGER NOT NULL CHECK (unique_visitors >= 0),
        re_entries INTEGER NOT NULL CHECK (re_entries >= 0),
        unique_staff INTEGER NOT NULL CHECK (unique_staff >= 0)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE outbox (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        idempotency_key TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        body TEXT NOT NULL,
        created_at_utc TEXT NOT NULL,
        sent_at_utc TEXT
    ) STRICT;
    CREATE INDEX outbox_waiting ON outbox (sequence) WHERE sent_at_utc IS NULL;
    """,
    # Every minute's housekeeping looks only at what is to be forgotten, not at all that is kept.
    """
    CREATE INDEX crossings_identified ON crossings (business_day) WHERE visitor_id IS NOT NULL OR track_id <> 0;
    CREATE INDEX visits_identified ON visits (business_day) WHERE visitor_id IS NOT NULL OR track_id <> 0;
    CREATE INDEX outbox_sent ON outbox (sent_at_utc) WHERE sent_at_utc IS NOT NULL;
    """,
)
"""`PRAGMA user_version` says how many of these a file has seen."""
