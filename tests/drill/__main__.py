"""`make drill`: every fault in turn, and the table of what was expected and what happened."""

import sys
import tempfile
from pathlib import Path

from dongsun.twin.rtsp.relay import RtspRelay
from tests.drill.faults import ALL, SHORT, Outcome
from tests.drill.rig import Rig
from tests.unit.serve_edge.forward.conftest import Broker


def drill(folder: Path, *, short: bool) -> list[Outcome]:
    """Runs the faults on one rig."""
    (folder / "broker").mkdir(parents=True)
    outcomes = []
    with RtspRelay() as relay:
        rig = Rig(folder, relay, Broker(folder / "broker"))
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


if __name__ == "__main__":
    print("| fault | expected | happened | verdict |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        found = drill(Path(scratch), short="--short" in sys.argv)
    sys.exit(any(outcome.wrong for outcome in found))
