"""How many visitor-hours a minute does fast mode make on one core?

    python bench/twin_fast.py [conf/store/demo.yaml …] [--hours 10] [--fps 10 5]

For each store and rate: the processor time of the crowd, of all cameras' boxes, and of the detector's errors, best of
--rounds, in a process that has loaded the compiled code and runs on one thread. Writing files is left out.
"""

import argparse
import time
from pathlib import Path

from dongsun.contract.store import load_store
from dongsun.twin.crowd.arrivals import arrival_count
from dongsun.twin.fast.boxes import camera_boxes
from dongsun.twin.fast.detector_noise import DetectorNoise
from dongsun.twin.fast.fast_crowd import fast_simulate
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan
from dongsun.twin.run_fast import at_rate


def measured(plan: TwinPlan, hours: float) -> tuple[float, int, float, float, float]:
    """Visitor-hours, detections, and seconds of the crowd, of boxes and of errors."""
    duration_s, noise = hours * 3600, DetectorNoise()
    began = time.process_time()
    people = arrival_count(plan, seed=1, duration_s=duration_s, starts_at="10:00")
    crowd = fast_simulate(plan, tuple(range(1, people + 1)), seed=1, duration_s=duration_s, starts_at="10:00")
    crowd_s = time.process_time() - began
    boxes_s = noise_s = 0.0
    detections = 0
    for camera_id in plan.cameras:
        began = time.process_time()
        boxes = camera_boxes(plan, crowd, camera_id)
        between = time.process_time()
        detections += len(noise.detect(boxes, seed=1).scores)
        boxes_s, noise_s = boxes_s + between - began, noise_s + time.process_time() - between
    return sum(len(w.x_m) for w in crowd.walks) / crowd.fps / 3600, detections, crowd_s, boxes_s, noise_s


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stores", type=Path, nargs="*", default=[Path("conf/store/demo.yaml")])
    parser.add_argument("--hours", type=float, default=10.0)
    parser.add_argument("--fps", type=int, nargs="+", default=[10, 5])
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    print("| store | cameras | pictures/s | visitor-hours | detections | crowd s | boxes s | errors s | per minute |")
    print("|---|---|---|---|---|---|---|---|---|")
    for store in chosen.stores:
        for fps in chosen.fps:
            plan = at_rate(twin_plan(load_store(store), store), fps)
            measured(plan, 0.5)
            rounds = [measured(plan, chosen.hours) for _ in range(chosen.rounds)]
            spent = min(rounds, key=lambda one: sum(one[2:]))
            hours, detections, crowd_s, boxes_s, noise_s = spent
            rate = 60 * hours / (crowd_s + boxes_s + noise_s)
            print(
                f"| {store.stem} | {len(plan.cameras)} | {fps} | {hours:.1f} | {detections} | {crowd_s:.2f} "
                f"| {boxes_s:.2f} | {noise_s:.2f} | {rate:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
