"""How ingest and systematic sampling do on a fake AI-Hub tree of any size: speed, memory, and a kill half-way.

    python bench/ingest.py --images 1000000 --people 1000 --work /mnt/scratch

Makes the tree (tiny pictures, hard-linked from a few different ones of each person; every label is a file of its own),
then runs `dongsun ingest aihub` and `dongsun sample aihub` as a user would, in processes of their own: undisturbed,
killed (SIGKILL) when half of the files have been looked at, and again, which goes on from there. The manifests
of the undisturbed and the resumed run are compared byte by byte. Memory is the peak of the sum of the resident sets of
the command and its workers (pages they share are counted for each); processor time tells more than the clock where
others use the machine too. The tree and all that came of it is deleted.
"""

import argparse
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from dongsun.data.fake_aihub import FakeTree, write_fake_tree
from dongsun.data.shards import FILES_PER_SHARD

COMMAND = (sys.executable, "-c", "from dongsun.cli.main import main; main()")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Watched:
    """What was seen of a command: seconds by the clock and of processors, bytes at the peak, whether it was killed."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    killed: bool


def children_of() -> dict[int, list[int]]:
    """Every process's children."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    return children


def resident_bytes(process: int) -> int:
    """Resident set of a process and everything below it."""
    children, waiting, total = children_of(), [process], 0
    while waiting:
        one = waiting.pop()
        waiting += children.get(one, [])
        try:
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * PAGE
        except OSError:
            continue
    return total


def reaped_cpu_s() -> float:
    """Processor seconds of every command that has ended, its workers included unless they were killed."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def watch(arguments: list[str], kill_at: tuple[Path, int] | None = None) -> Watched:
    """Runs `dongsun` with arguments; `kill_at` (folder, files) kills it when so many files lie in the folder."""
    begin, cpu_before, peak = time.perf_counter(), reaped_cpu_s(), 0
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while process.poll() is None:
        peak = max(peak, resident_bytes(process.pid))
        if kill_at and kill_at[0].is_dir() and sum(1 for _ in kill_at[0].iterdir()) >= kill_at[1]:
            process.send_signal(signal.SIGKILL)
            process.wait()
        time.sleep(0.2)
    killed = process.returncode == -signal.SIGKILL
    if process.returncode and not killed:
        sys.exit(process.stderr.read().decode() if process.stderr else "failed")
    return Watched(time.perf_counter() - begin, reaped_cpu_s() - cpu_before, peak, killed)


def fingerprint(folder: Path) -> str:
    """Of the manifest and the list of problems."""
    digest = hashlib.sha256()
    for name in ("reid/manifest.parquet", "problems.csv"):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:16]


def told(what: str, watched: Watched, items: int, unit: str) -> None:
    """Prints one line."""
    speed = f"{items / watched.seconds:,.0f} {unit}/s" if not watched.killed else "killed"
    memory = f"peak {watched.peak_bytes / 2**20:.0f} MiB"
    print(f"{what}: {watched.seconds:.1f} s, {speed}, {watched.cpu_seconds:.0f} CPU s, {memory}", flush=True)


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--cameras", type=int, default=200)
    parser.add_argument("--layout", choices=("flat", "folders"), default="folders")
    parser.add_argument("--no-labels", action="store_true", help="images alone")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--work", type=Path, default=None, help="folder for the tree; the temporary one by default")
    parser.add_argument("--no-kill", action="store_true")
    chosen = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="dongsun-ingest-", dir=chosen.work))
    try:
        measure(work, chosen)
    finally:
        shutil.rmtree(work)


def measure(work: Path, chosen: argparse.Namespace) -> None:
    """Everything, in `work`."""
    tree = FakeTree(
        people=chosen.people,
        images=chosen.images,
        cameras=chosen.cameras,
        layout=chosen.layout,
        labels=not chosen.no_labels,
        damaged=0.001,
    )
    begin = time.perf_counter()
    facts = write_fake_tree(work / "raw", tree)
    print(f"tree: {facts.files:,} files in {time.perf_counter() - begin:.1f} s, planted {facts.planted}", flush=True)
    common = ["aihub", f"paths.interim={work}/interim", f"paths.processed={work}/processed", "tracking.enabled=false"]
    ingest = ["ingest", *common, f"dataset.root={work}/raw", f"dataset.workers={chosen.workers}"]
    whole = watch(ingest)
    told(f"ingest, {chosen.workers} worker(s)", whole, facts.files, "files")
    report = json.loads((work / "interim" / "ingest_report.json").read_text())
    found = sum(report["reid"]["images"].values())
    print(f"  images {found:,} of {facts.usable_images:,} usable; problems as planted: ", end="")
    print(report["problems"] == facts.expected_problems() if tree.labels else report["problems"], flush=True)
    undisturbed = fingerprint(work / "interim")
    told("sample (systematic, half)", watch(["sample", *common]), found, "images")
    if chosen.no_kill:
        return
    shutil.rmtree(work / "interim")
    half = facts.files // FILES_PER_SHARD // 2
    told(f"ingest, killed at {half} shards", watch(ingest, (work / ".interim.progress", half)), facts.files, "files")
    left = sum(1 for _ in (work / ".interim.progress").glob("[!.]*.json"))
    told(f"ingest, gone on from {left} shards", watch(ingest), facts.files, "files")
    print(f"  the same bytes: {fingerprint(work / 'interim') == undisturbed}; remains: ", end="")
    print(sorted(path.name for path in work.iterdir() if path.name.startswith(".")) or "none")


if __name__ == "__main__":
    main()
