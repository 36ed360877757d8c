"""Memory of `dongsun twin render` while it films an hour of store time.

    python bench/twin_memory.py [--minutes 60] [--fps 2] [--width 160]

Films the demo store's two cameras with one worker into a temporary folder, as the stage does (segments of a minute,
truth, joined clips), and prints the resident memory of all its processes at each tenth of the way. The pictures are
small and few a second, so that an hour takes minutes: memory that grew with time would show all the same, since
crowd, segments and truth are as long as ever.
"""

import argparse
import multiprocessing
import resource
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

import yaml

from dongsun.contract.stage import SilentRunLog
from dongsun.twin.film.split import TwinSplit
from dongsun.twin.run_render import TwinStage

STORE = Path(__file__).parents[1] / "conf" / "store" / "demo.yaml"


def resident_mib(pid: int) -> float:
    """Resident memory of a process and its descendants; those that ended meanwhile count nothing."""
    total, waiting = 0.0, [pid]
    while waiting:
        here = Path(f"/proc/{waiting.pop()}")
        try:
            total += int((here / "statm").read_text().split()[1]) * resource.getpagesize() / 2**20
            for task in (here / "task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def film(folder: Path, minutes: float, fps: int, width_px: int) -> None:
    """Films the store in `folder`."""
    settings = yaml.safe_load(STORE.read_text(encoding="utf-8"))
    settings["twin"] |= {"width_px": width_px, "height_px": width_px * 9 // 16, "fps": fps}
    store = folder / "store.yaml"
    store.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    split = TwinSplit(name="test", seed=1, first_person=1, people=None, duration_s=60 * minutes)
    stage = TwinStage(store=store, output_dir=folder / "raw", splits=(split,), workers=1)
    print(stage.run(SilentRunLog()).summary)


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--fps", type=int, default=2)
    parser.add_argument("--width", type=int, default=160)
    chosen = parser.parse_args()
    samples: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        filming = multiprocessing.get_context("spawn").Process(
            target=film, args=(Path(folder), chosen.minutes, chosen.fps, chosen.width)
        )
        filming.start()
        ended, began = threading.Event(), time.perf_counter()
        while not ended.wait(0.5):
            assert filming.pid is not None
            samples.append((time.perf_counter() - began, resident_mib(filming.pid)))
            if not filming.is_alive():
                ended.set()
        filming.join()
        if filming.exitcode:
            raise SystemExit(f"filming failed with exit code {filming.exitcode}")
    samples = samples[:-1]
    print(f"{chosen.minutes:g} min of store time filmed in {samples[-1][0]:.0f} s; MiB resident, all processes:")
    for tenth in range(10):
        part = [mib for _, mib in samples[tenth * len(samples) // 10 : (tenth + 1) * len(samples) // 10]]
        print(f"  {10 * tenth:3d}-{10 * tenth + 10} %: median {median(part):6.0f}, most {max(part):6.0f}")


if __name__ == "__main__":
    main()
