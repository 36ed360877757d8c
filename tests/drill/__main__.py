"""`make drill`: every fault in turn, and the table of what was expected and what happened."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from dongsun.twin.rtsp.relay import RtspRelay
from tests.drill.faults import ALL, SHORT, Outcome
from tests.drill.own_mounts import with_own_mounts
from tests.drill.rig import Rig
from tests.unit.serve_edge.forward.conftest import Broker

_MAY_MOUNT = "DRILL_MAY_MOUNT"


def drill(folder: Path, *, short: bool, small_disk: bool) -> list[Outcome]:
    """Runs the faults on one rig; with `small_disk`, on a disk of its own, which must be mountable."""
    (folder / "broker").mkdir(parents=True)
    outcomes = []
    with RtspRelay() as relay:
        rig = Rig(folder, relay, Broker(folder / "broker"), small_disk=small_disk)
        try:
            rig.start()
            for fault in SHORT if short else ALL:
                outcomes.append(fault(rig))
                print(row(outcomes[-1]), flush=True)
        finally:
            rig.stop()
    return outcomes


def row(outcome: Outcome) -> str:
    """One line of the table."""
    verdict = f"WRONG: {outcome.wrong}" if outcome.wrong else "ok"
    return f"| {outcome.fault} | {outcome.expected} | {outcome.happened} | {verdict} |"


def main(arguments: list[str]) -> int:
    """Prints the table; 1 if anything went wrong."""
    if _MAY_MOUNT not in os.environ:
        again = with_own_mounts([sys.executable, "-m", "tests.drill", *arguments])
        if again is not None:
            return subprocess.run(again, env=os.environ | {_MAY_MOUNT: "1"}, check=False).returncode
    print("| fault | expected | happened | verdict |\n|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        found = drill(Path(scratch), short="--short" in arguments, small_disk=_MAY_MOUNT in os.environ)
    return int(any(outcome.wrong for outcome in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
