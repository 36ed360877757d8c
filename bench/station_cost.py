"""What one camera costs a station, step by step, in CPU time: also true where others use the machine.

    OMP_NUM_THREADS=1 python -m bench.station_cost --seconds 40

The station's own parts over the clips of `bench.station`, one after the other in one thread: decoding every picture,
and five a second through health and gate, some of them through conversion and detector, all through tracking, looks and
counting. What isn't in it: RTP, threads and the ledger. How many cameras a machine really carries is measured
by `bench.station`, on a machine that does nothing else.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import av
import cv2

from bench.station_clip import DUTIES, FPS, prepared
from dongsun.contract.store import load_store
from dongsun.serve_edge.inference.models import Models, load_models
from dongsun.serve_edge.pipeline.camera_pipeline import CameraPipeline, PipelineRules
from dongsun.serve_edge.pipeline.constants import TrackingConstants
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.motion_gate import MotionGate
from dongsun.serve_edge.station.station_settings import MotionGateSettings
from dongsun.serve_edge.stream.picture import Converter, Picture
from dongsun.serve_edge.stream.picture_health import PictureHealth

_EVERY = FPS // 5
_STORE = Path("conf/store/electronics-flagship.yaml")


class Costs:
    """CPU seconds by step."""

    def __init__(self) -> None:
        self.spent_s: Counter[str] = Counter()

    @contextmanager
    def of(self, step: str) -> Iterator[None]:
        """Times what is done within."""
        began = time.process_time()
        yield
        self.spent_s[step] += time.process_time() - began


def cost(models: Models, duty: str, clip: Path, gated: bool, seconds: float) -> tuple[Costs, float]:
    """One camera's costs over so many seconds of its stream, and the share of pictures that the gate spared."""
    defaults, costs = MotionGateSettings(), Costs()
    gate = MotionGate(defaults.changed_share, defaults.look_anyway_s) if gated else None
    health, converter, size = PictureHealth(30.0), Converter(), FrameSize(1280, 720)
    spec = models.manifest.detector
    rules = PipelineRules.of(spec, models.similarity_threshold, datetime(2026, 1, 1, tzinfo=UTC))
    pipeline = CameraPipeline(load_store(_STORE).camera(DUTIES[duty].camera_id), size, rules)
    persons, spared = None, 0
    with av.open(str(clip), format="h264") as container:
        container.streams.video[0].codec_context.thread_count = 1
        decoded = container.decode(video=0)
        for index in range(round(seconds * FPS)):
            with costs.of("decode"):
                frame = next(decoded)
            if index % _EVERY:
                continue
            time_s = index / FPS
            picture = Picture(frame, converter)
            with costs.of("shrink"):
                small = picture.small_bgr()
            with costs.of("health"):
                health.fault(small, time_s)
            with costs.of("gate"):
                opens = gate is None or gate.opens(small, time_s) or persons is None
            if opens:
                with costs.of("convert"):
                    pixels = picture.bgr()
                with costs.of("detect"):
                    found = models.detector.detect(pixels)
                    persons = found.keep(found.class_ids == spec.person_class)
            else:
                spared += 1
            assert persons is not None
            with costs.of("track"):
                wanted = pipeline.follow(persons, index, time_s)
            if wanted:
                with costs.of("convert"):
                    pixels = picture.bgr()
                with costs.of("looks"):
                    for track, embedding in models.looks(pixels, wanted):
                        pipeline.look(track, embedding, time_s)
            with costs.of("count"):
                pipeline.settle(time_s)
    return costs, spared / (seconds * FPS / _EVERY)


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument(
        "--bundle", type=Path, nargs="+", default=[Path("bundles/demo"), Path("bundles/people-detection")]
    )
    parser.add_argument(
        "--work", type=Path, default=Path(tempfile.gettempdir()) / "dongsun-load", help="keeps the clips"
    )
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    steps = ("decode", "shrink", "health", "gate", "convert", "detect", "track", "looks", "count")
    heads = ("bundle", "duty", "gate", "spared", *(f"{step} ms/s" for step in steps), "cores a camera")
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads), flush=True)
    for bundle in given.bundle:
        models = load_models(bundle, None, 1, TrackingConstants().low_score)
        for duty, gated in (("quiet", True), ("quiet", False), ("busy", True), ("busy", False)):
            clip = prepared(DUTIES[duty], given.work)
            costs, spared = cost(models, duty, clip.path, gated, given.seconds)
            per_s = [1000 * costs.spent_s[step] / given.seconds for step in steps]
            cells = (bundle.name, duty, "on" if gated else "off", f"{spared:.0%}", *(f"{each:.1f}" for each in per_s))
            print("| " + " | ".join((*cells, f"{sum(per_s) / 1000:.3f}")) + " |", flush=True)


if __name__ == "__main__":
    main()
