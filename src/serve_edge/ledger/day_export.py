"""A day's crossings, visits and windows as CSV or Parquet, for whoever wants to count for himself."""

from datetime import date
from pathlib import Path
from typing import Literal

import duckdb

from dongsun.contract.durable import atomic_directory
from dongsun.serve_edge.ledger.ledger import Ledger

ExportFormat = Literal["csv", "parquet"]
_TABLES = {
    "crossings": "crossed_at_utc, camera_id, line_id, direction, staff, bundle_version, idempotency_key",
    "visits": "entered_at_utc, camera_id, zone_id, dwell_s, staff, bundle_version, idempotency_key",
    "windows": "starts_at_utc, camera_id, observed_s, occupancy_max, body, idempotency_key",
    "heat": "hour, x_cell, y_cell, seconds",
}
"""No visitor and no track leaves: they identify within the day."""
_TYPES = {
    "staff": "BOOLEAN",
    "dwell_s": "DOUBLE",
    "observed_s": "DOUBLE",
    "seconds": "DOUBLE",
    "occupancy_max": "INTEGER",
    "hour": "INTEGER",
    "x_cell": "INTEGER",
    "y_cell": "INTEGER",
    "crossed_at_utc": "TIMESTAMPTZ",
    "entered_at_utc": "TIMESTAMPTZ",
    "starts_at_utc": "TIMESTAMPTZ",
}


def export_day(ledger: Ledger, day: date, folder: Path, kind: ExportFormat) -> tuple[Path, ...]:
    """Writes `crossings`, `visits`, `windows` and `heat` of a business day into `folder`, which appears whole.

    Returns:
        The files.
    """
    names = tuple(f"{table}.{kind}" for table in _TABLES)
    with atomic_directory(folder) as staged, duckdb.connect() as memory:
        memory.execute("SET TimeZone = 'UTC'")
        for table, columns in _TABLES.items():
            wanted = columns.split(", ")
            spelled = ", ".join(f"{column} {_TYPES.get(column, 'VARCHAR')}" for column in wanted)
            memory.execute(f"CREATE TABLE {table} ({spelled})")
            rows = ledger.rows(f"SELECT {columns} FROM {table} WHERE business_day = ? ORDER BY 1", (str(day),))
            if rows:
                memory.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(wanted))})", rows)
            options = "FORMAT parquet" if kind == "parquet" else "FORMAT csv, HEADER"
            target = str(staged / f"{table}.{kind}").replace("'", "''")
            memory.execute(f"COPY {table} TO '{target}' ({options})")
    return tuple(folder / name for name in names)
