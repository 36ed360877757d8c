"""What would counting be worth with perfect boxes, or perfect identities? Parts are replaced by the twin's truth.

    python bench/counting_ceiling.py conf/store/demo.yaml data/raw/twin-bench/demo/bench-6? [--bundle bundles/demo]

For every camera of every filmed split the station's own pipeline counts three times: what the bundle's detector and
re-ID found (with --bundle), its boxes under true identities, and true boxes of whoever shows at least 20 % (also under
true identities). The last says what tracker and counter lose by themselves, the differences what the models lose.
"""

import argparse
import tempfile
import zlib
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
from gallery_clips import Clip, Recording, detections, recorded

from dongsun.contract.store import StoreConfig, load_store
from dongsun.eval.counting_metrics import EventCounts, evaluate_counts
from dongsun.eval.crossing_truth import TwinTruth
from dongsun.eval.line_event import LineEvent
from dongsun.eval.twin_bench.box_truth import read_true_boxes
from dongsun.serve_edge.pipeline.camera_pipeline import CameraPipeline, PipelineRules
from dongsun.serve_edge.pipeline.counter import CountedCrossing
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.stream.video_file import VideoFile

LEAST_SHOWN = 0.2
SURE_SCORE, STRONG_SCORE, SIMILARITY = 0.9, 0.3, 0.5
SIZE_OF_LOOK = 256
LEAST_BOXES = 10
"""A second: who is in view shorter is no visitor."""


def look_of(name: str) -> npt.NDArray[np.float32]:
    """One direction a person: others' are at right angles to it, nearly."""
    look = np.random.default_rng(zlib.crc32(name.encode())).normal(size=SIZE_OF_LOOK)
    return np.asarray(look / np.linalg.norm(look), np.float32)


def with_true_identities(found: Recording) -> Recording:
    """The same boxes; each looks like whoever is truly in it, false finds like nobody else."""
    names = [name or f"box {row}" for row, name in enumerate(found.person_of_box)]
    return replace(found, embeddings=np.stack([look_of(name) for name in names]), similarity=SIMILARITY)


def of_true_boxes(clip: Clip) -> Recording:
    """What a perfect detector would find."""
    video = VideoFile(clip.video)
    times_s = np.array([frame.stream_time_s for frame in video.frames(0, None)])
    boxes = sorted(read_true_boxes(clip.truth), key=lambda box: box.frame_index)
    shown = [box for box in boxes if box.visibility >= LEAST_SHOWN]
    names = tuple(box.person_id for box in shown)
    looks = np.array([look_of(name) for name in names], np.float32).reshape(-1, SIZE_OF_LOOK)
    return Recording(
        clip=clip,
        frame_indices=np.arange(len(times_s)),
        times_s=times_s,
        frame_of_box=np.array([box.frame_index for box in shown], np.int64),
        boxes_xyxy_px=np.array([box.xyxy_px for box in shown], np.float32).reshape(-1, 4),
        scores=np.full(len(shown), SURE_SCORE, np.float32),
        embeddings=looks,
        sharpness=np.zeros(len(shown), np.float32),
        person_of_box=names,
        true_boxes=dict(Counter(box.person_id for box in boxes if box.in_view)),
        width_px=video.width_px,
        height_px=video.height_px,
        strong_score=STRONG_SCORE,
        similarity=SIMILARITY,
    )


def counted(recording: Recording) -> tuple[list[CountedCrossing], int]:
    """Crossings and unique visitors by the station's pipeline."""
    size = FrameSize(recording.width_px, recording.height_px)
    began = datetime(1970, 1, 1, tzinfo=UTC)
    rules = PipelineRules(recording.strong_score, recording.similarity, began, box_extent=recording.box_extent)
    pipeline = CameraPipeline(recording.clip.camera, size, rules)
    crossings: list[CountedCrossing] = []
    for index, time_s, rows in recording.frames():
        boxes = recording.boxes_xyxy_px[rows]
        for track in pipeline.follow(detections(recording, rows), index, time_s):
            row = rows.start + int(np.abs(boxes - np.array(track.last.seen_xyxy_px)).sum(axis=1).argmin())
            pipeline.look(track, recording.embeddings[row : row + 1], time_s)
        crossings += pipeline.settle(time_s).crossings
    crossings += pipeline.finish(float(np.median(np.diff(recording.times_s)))).crossings
    return crossings, pipeline.people.visitors


def judged(recording: Recording, tolerance_s: float = 1.0) -> tuple[EventCounts, int, int]:
    """Crossings against the truth; visitors counted and true."""
    crossings, visitors = counted(recording)
    true = TwinTruth(recording.clip.video.parent / "truth").crossings(recording.clip.name.rsplit(":", 1)[1])
    events = [LineEvent(c.line_id, c.crossing.direction, c.crossing.stream_time_s) for c in crossings]
    lines = tuple(recording.clip.camera.lines)
    counts = evaluate_counts(events, [crossing.event for crossing in true], lines, tolerance_s=tolerance_s)
    return counts.total, visitors, sum(boxes >= LEAST_BOXES for boxes in recording.true_boxes.values())


def variants(clip: Clip, bundle: Path | None, cache: Path) -> dict[str, Recording]:
    """Name → what is counted."""
    found = {} if bundle is None else {"as found": recorded(replace(clip, bundle=bundle.name), bundle.parent, cache)}
    if "as found" in found:
        found["true identities"] = with_true_identities(found["as found"])
    return found | {"true boxes and identities": of_true_boxes(clip)}


def clips(store: StoreConfig, splits: list[Path]) -> list[Clip]:
    """Every camera with a line, of every split."""
    return [
        Clip(f"{split.name}:{name}", "report", split / f"{name}.mp4", split / f"{name}.gt.txt", "", camera)
        for split in splits
        for name, camera in store.cameras.items()
        if camera.lines
    ]


def main() -> None:
    """Prints a line a clip and variant, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("splits", type=Path, nargs="+")
    parser.add_argument("--bundle", type=Path)
    arguments = parser.parse_args()
    sums: dict[str, Counter[str]] = {}
    print("| film | boxes | true | counted | matched | F1 | visitors |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as cache:
        for clip in clips(load_store(arguments.store), arguments.splits):
            for name, recording in variants(clip, arguments.bundle, Path(cache)).items():
                counts, visitors, people = judged(recording)
                found = Counter(true=counts.true, counted=counts.predicted, matched=counts.matched,
                                visitors=visitors, people=people)  # fmt: skip
                sums.setdefault(name, Counter()).update(found)
                print(_row(clip.name, name, found), flush=True)
    for name, total in sums.items():
        print(_row("**all**", name, total))


def _row(film: str, name: str, found: Counter[str]) -> str:
    f1 = 2 * found["matched"] / max(found["true"] + found["counted"], 1)
    cells = (
        film,
        name,
        found["true"],
        found["counted"],
        found["matched"],
        f"{f1:.3f}",
        f"{found['visitors']} / {found['people']}",
    )
    return f"| {' | '.join(str(cell) for cell in cells)} |"


if __name__ == "__main__":
    main()
