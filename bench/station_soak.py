"""A week of a store's traffic, simulated: does anything grow, is every crossing kept?

    python -m bench.station_soak [--store conf/store/demo.yaml] [--days 7] [--open-h 1]

The twin's fast mode stands in for cameras and models; workers, business days, ledger with retention, outbox and
forwarder are the station's own, on a clock that jumps. One row a day, and what is wrong, if anything.
"""

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from tests.soak.verdict import wrong_with
from tests.soak.week import SoakPlan, Week


def main() -> int:
    """Prints the table; 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path("conf/store/demo.yaml"))
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--open-h", type=float, default=1.0)
    chosen = parser.parse_args()
    names = ("day", "people", "crossings", "offline", "in windows", "visitors", "windows", "waiting")
    names += ("MB", "ledger MB", "wall s")
    print(f"| {' | '.join(names)} |\n|{'---|' * len(names)}")
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as scratch:
        week = Week(SoakPlan(chosen.store, days=chosen.days, open_h=chosen.open_h), Path(scratch))
        evenings = []
        for number, day in enumerate(week.run(), start=1):
            evenings.append(day)
            sums = (sum(counts.values()) for counts in (day.counted, day.offline, day.in_windows))
            figures = (day.people, *sums, day.visitors, day.windows, day.waiting)
            sizes = f"{day.resident_mb:.1f} | {day.database_mb:.1f} | {day.wall_s:.1f}"
            print(f"| {number} | {' | '.join(map(str, figures))} | {sizes} |", flush=True)
        wrong = wrong_with(week, evenings)
    up = week.upstream
    print(f"\n{week.messages} messages, {up.received} received, {up.repeated} twice, {up.out_of_order} out of order")
    longest = {name: max(day.containers.get(name, 0) for day in evenings) for name in evenings[-1].containers}
    print("longest: " + ", ".join(f"{name} {length}" for name, length in sorted(longest.items()) if length))
    print("\n".join(f"WRONG: {what}" for what in wrong) or "nothing is wrong")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
