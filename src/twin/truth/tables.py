"""CSV tables written as they grow."""

import csv
from collections.abc import Iterable
from pathlib import Path

from dongsun.contract.durable import atomic_file


def write_table(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> int:
    """Writes the rows one by one, so that no table need fit into memory; atomically. Returns their number."""
    count = 0
    with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count
