"""`dongsun-edge`: all that a station needs."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import load_store
from dongsun.serve_edge.count import run_count
from dongsun.serve_edge.inspect_bundle import inspect_bundle
from dongsun.serve_edge.results.summary import CountSummary
from dongsun.serve_edge.settings import UNKNOWN_START_UTC, CountSettings

_COUNT_HELP = """\
Counts the people of a recorded video: who crossed which line, which way and when; how long they stayed in each zone;
how many were in view, in windows of 15 seconds. Runs as fast as it can; the same input always gives the same counts.

Writes into --out (which appears whole at the end, or stays as it was):
  crossings.csv   one row for every crossing
  visits.csv      one row for every stay in a zone
  windows.csv     one row for every 15 seconds of UTC
  tracks.csv      where every track was in every frame (boxes, no pictures)
  summary.json    totals, unique visitors, speed and stage times
  annotated.mp4   with --annotate: what was seen, every face blurred
"""
_COUNT_EXAMPLE = """\
example:
  dongsun-edge count --bundle bundles/demo --store conf/store/demo.yaml --camera entrance \\
      --source monday.mp4 --out out/monday --started-at 2026-11-02T09:00:00+09:00 --annotate
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; the exit status: 0, or 2 for a fault that the user can mend."""
    parsed = _parser().parse_args(arguments)
    try:
        return _run(parsed)
    except DongsunError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("stopped; nothing was written\n")
        return 130


def _run(parsed: argparse.Namespace) -> int:
    # The station's parts take a second to import: whoever counts a recording needn't wait for them.
    if parsed.command == "run":
        from dongsun.serve_edge.station.json_logs import log_json
        from dongsun.serve_edge.station.run_station import run_station, stop_on_signals

        log_json()
        return run_station(parsed.config, stop_on_signals())
    if parsed.command == "check":
        from dongsun.serve_edge.doctor.run_check import run_check

        return run_check(parsed.config)
    if parsed.command == "report":
        from dongsun.serve_edge.station.run_report import run_report

        _say(run_report(parsed.config, parsed.day, parsed.export, parsed.format))
    elif parsed.command == "inspect":
        _say(inspect_bundle(parsed.bundle))
    else:
        _say(_table(run_count(_settings(parsed)), parsed.out))
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _settings(parsed: argparse.Namespace) -> CountSettings:
    first, end = parsed.frames
    return CountSettings(
        bundle=parsed.bundle,
        store=load_store(parsed.store),
        camera_id=parsed.camera,
        source=parsed.source,
        out=parsed.out,
        annotate=parsed.annotate,
        precision=parsed.precision,
        first_frame=first,
        end_frame=end,
        face_model=parsed.face_model,
        started_at_utc=parsed.started_at,
        threads=parsed.threads,
        store_file=parsed.store,
        motion_gate=parsed.motion_gate,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dongsun-edge", description="Counts people from CCTV, inside the store.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    raw = argparse.RawDescriptionHelpFormatter
    count = commands.add_parser(
        "count",
        help="count the people of a recorded video",
        description=_COUNT_HELP,
        epilog=_COUNT_EXAMPLE,
        formatter_class=raw,
    )
    _bundle_argument(count)
    count.add_argument("--store", type=Path, required=True, metavar="FILE", help="the store file, conf/store/<id>.yaml")
    count.add_argument("--camera", required=True, metavar="ID", help="the store's camera that took the video")
    count.add_argument("--source", type=Path, required=True, metavar="VIDEO", help="a video file that FFmpeg reads")
    count.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the results go; replaced whole")
    count.add_argument("--annotate", action="store_true", help="write annotated.mp4 too, nobody recognisable")
    count.add_argument(
        "--precision", choices=("INT8", "FP32"), help="which of the bundle's models to run (default: what it ships)"
    )
    count.add_argument(
        "--frames",
        type=_frames,
        default=(0, None),
        metavar="A:B",
        help="look only at frames A <= index < B, 0-based; either may be left out",
    )
    count.add_argument(
        "--face-model",
        type=Path,
        metavar="ONNX",
        help="YuNet model that finds faces for --annotate; without it (and without a `head` class) whole people are "
        "blurred",
    )
    count.add_argument(
        "--started-at",
        type=_instant,
        default=UNKNOWN_START_UTC,
        metavar="ISO8601",
        help="when the first frame was taken, with its UTC offset (default: 1970-01-01T00:00:00Z, so that UTC times "
        "read as stream times)",
    )
    count.add_argument(
        "--motion-gate",
        action="store_true",
        help="skip the detector while nothing moves, as a station does: much faster where little happens",
    )
    count.add_argument("--threads", type=_threads, metavar="N", help="CPU threads of the models (default: all)")
    inspect = commands.add_parser(
        "inspect",
        help="verify a bundle, run its self-test and say what it is",
        description="Checks every file of a bundle against its manifest, loads its models, runs its self-test on this "
        "machine, and prints what the bundle is.",
    )
    _bundle_argument(inspect)
    _station_commands(commands)
    return parser


def _station_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    run = commands.add_parser(
        "run",
        help="count a store's live cameras until told to stop",
        description="Runs the station that station.yaml describes (docs/station.md): reads its cameras, counts, keeps "
        "its ledger, sends windows upstream, and answers on its status page. SIGTERM ends it cleanly within 5 s.",
    )
    report = commands.add_parser(
        "report",
        help="a business day's numbers",
        description="Prints a business day's numbers from the station's ledger; the station may run meanwhile.",
    )
    report.add_argument(
        "--day", default="today", help="today, yesterday, or a date such as 2026-11-20 (default: today)"
    )
    report.add_argument("--export", type=Path, metavar="DIR", help="write the day's tables there too; replaced whole")
    report.add_argument("--format", choices=("csv", "parquet"), default="csv", help="of the exported tables")
    check = commands.add_parser(
        "check",
        help="is everything as it should be? what to do, in words",
        description="Looks at everything that a station needs: bundle, cameras, lines, floor points, clock, disk, "
        "memory, processor, upstream. Says in English and Korean what is wrong and what to do; exit code 1 if "
        "something is.",
    )
    for command in (run, check, report):
        command.add_argument(
            "--config", type=Path, default=Path("station.yaml"), metavar="FILE", help="default: station.yaml"
        )


def _bundle_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--bundle", type=Path, required=True, metavar="DIR", help="the bundle that `dongsun export` wrote"
    )


def _frames(text: str) -> tuple[int, int | None]:
    first, separator, end = text.partition(":")
    try:
        bounds = int(first or 0), int(end) if end else None
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not A:B, such as 557:795, 100: or :200") from error
    if not separator or bounds[0] < 0 or (bounds[1] is not None and bounds[1] <= bounds[0]):
        raise argparse.ArgumentTypeError(f"{text!r} is not A:B with 0 <= A < B, such as 557:795, 100: or :200")
    return bounds


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not ISO 8601, such as 2026-11-02T09:00:00+09:00") from error
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no UTC offset; write 2026-11-02T09:00:00+09:00 or …Z")
    return instant.astimezone(UTC)


def _threads(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of threads")
    return int(text)


def _table(summary: CountSummary, out: Path) -> str:
    identity = "re-identified" if summary.visitors_identified else "tracks; the bundle has no re-ID model"
    rows = [
        f"{name:<20} in {t.crossings_in:>5}   out {t.crossings_out:>5}"
        + (f"   ({t.walked_round} walked round its end: draw it longer?)" if t.walked_round else "")
        for name, t in summary.lines.items()
    ]
    rows += [f"{zone:<20} visits {visits:>5}" for zone, visits in summary.zone_visits.items()]
    rows.append(f"{'unique visitors':<20} {summary.unique_visitors:>8}   ({identity})")
    if summary.unique_staff:
        rows.append(f"{'staff':<20} {summary.unique_staff:>8}   (not among the visitors; flagged in the tables)")
    if summary.unidentified:
        rows.append(f"{'unidentified':<20} {summary.unidentified:>8}   (seen too poorly to say who)")
    rows.append(
        f"{summary.frames} frames ({summary.duration_s:.1f} s) in {summary.seconds:.1f} s: "
        f"{summary.frames_per_second:.1f} frames/s, detector {summary.detector_precision}"
    )
    stages = "  ".join(f"{name} {t.mean_ms:.1f}" for name, t in summary.stages.items())
    rows += [f"ms per frame: {stages}", f"→ {out}"]
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
