"""Camera-frames a second and core of the twin's renderer, and what an hour of store time does to memory.

    python bench/twin_rendering.py [--people 10] [--frames 60] [--hours 1]

Renders and encodes 640×360 pictures with ten people in this process (one thread), after a warm-up, and prints the
median of several takes by processor time. Then it simulates `--hours` of store time and prints the process's resident
memory before and after.
"""

import argparse
import platform
import resource
import tempfile
from pathlib import Path
from statistics import median
from time import process_time

import cv2
import numpy as np

from dongsun.contract.store import load_store
from dongsun.twin.crowd.simulate import simulate, walkable_floor
from dongsun.twin.film.video import coding_of, h264_clip
from dongsun.twin.people.gait import Pose
from dongsun.twin.people.wardrobe import dress
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan
from dongsun.twin.render.renderer import Renderer, Standing
from dongsun.twin.scene.scene import build_scene

STORE = Path(__file__).parents[1] / "conf" / "store" / "demo.yaml"
TAKES = 5


def crowd_before(plan: TwinPlan, camera_id: str, people: int, rng: np.random.Generator) -> tuple[Standing, ...]:
    """People on free floor that the camera sees."""
    camera, floor, standing = plan.camera(camera_id), walkable_floor(plan), []
    from shapely.geometry import Point

    while len(standing) < people:
        pixel = rng.uniform((0.05, 0.4), (0.95, 1.0)) * (camera.width_px, camera.height_px)
        x, y = (float(v) for v in camera.to_floor(pixel[None])[0])
        if np.isfinite(x) and floor.contains(Point(x, y)):
            pose = Pose(float(rng.random()), 1.0)
            standing.append(Standing(dress(len(standing) + 1), x, y, float(rng.uniform(-3.1, 3.1)), pose))
    return tuple(standing)


def frames_a_second(plan: TwinPlan, people: int, frames: int) -> list[float]:
    """Of each take, by processor time, encoding included."""
    camera_id = next(iter(plan.cameras))
    renderer = Renderer(build_scene(plan), plan.camera(camera_id), plan.cameras[camera_id].look())
    rng = np.random.default_rng(1)
    casts = [crowd_before(plan, camera_id, people, rng) for _ in range(4)]
    renderer.frame(casts[0], 0)
    rates = []
    with tempfile.TemporaryDirectory() as folder:
        for take in range(TAKES):
            with h264_clip(Path(folder) / f"{take}.mp4", coding_of(plan, camera_id)) as append:
                began = process_time()
                for k in range(frames):
                    append(renderer.frame(casts[k % len(casts)], k).image_bgr)
                rates.append(frames / (process_time() - began))
    return rates


def resident_mib() -> float:
    """Resident memory now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * resource.getpagesize() / 2**20


def main() -> None:
    """Prints both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--hours", type=float, default=1.0)
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    plan = twin_plan(load_store(STORE), STORE)
    print(f"{platform.processor() or platform.machine()}; demo store, 640×360, {chosen.people} people in view")
    rates = frames_a_second(plan, chosen.people, chosen.frames)
    print(f"{median(rates):.1f} camera-frames a second and core (takes {', '.join(f'{r:.1f}' for r in rates)})")
    before, began = resident_mib(), process_time()
    ids = tuple(range(1, 1 + round(plan.visitors.per_hour * chosen.hours)))
    crowd = simulate(plan, ids, seed=1, duration_s=3600 * chosen.hours)
    samples = sum(len(walk.x_m) for walk in crowd.walks)
    print(
        f"{chosen.hours:g} h of store time, {len(ids)} visitors, {samples} person-frames: simulated in "
        f"{process_time() - began:.0f} s of processor time; resident memory {before:.0f} → {resident_mib():.0f} MiB"
    )


if __name__ == "__main__":
    main()
