"""Which gallery policy counts visitors best? Whole clips, detected and embedded once, replayed under every policy.

    python bench/gallery_policy.py --assets $DONGSUN_ASSETS [--cache FOLDER] [--part tune|report] [--only NAME ...]
        [--clips NAME ...]

Clips: tuning ones first (six ten-minute films of the demo store, corner-shop/test, PETS frames 0-555), then those
the policy is judged on (demo/test, pop-up/test, electronics-flagship/test's upright cameras, PETS frames 506-794 of
which 50 warm up), with bundles/demo and bundles/pets2009. The tables are Markdown. `--part tune` replays every policy
on the tuning clips; `--part report` the former policy and the default on the others, clip by clip.

A policy is the station's with one change. A visitor stands for a person with whom it
shares a second of boxes (IoU 0.5): see `dongsun.eval.visitor_scores` for what splits, merges, ghosts and missed people
are. Cost: embeddings a frame, and milliseconds a frame in `CameraPipeline` (tracking, quality, gallery, lines;
without the models, whose times `bundle.json` states).
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from gallery_clips import Part, Recording, clips, detections, recorded

from dongsun.eval.visitor_scores import VisitorScores, score_visitors
from dongsun.serve_edge.pipeline.camera_pipeline import CameraPipeline, PipelineRules
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.people import IdentifiedSighting, People

LEAST_BOXES = 10
"""A second of the clips' 10 frames a second (PETS: 10 too)."""
EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
DEFAULT = GalleryPolicy()
"""The station's. Every other policy but the former is this one with one change."""
FORMER = GalleryPolicy(
    keep="first", kept_looks=8, compare="mean", weigh=False, decide_looks=1, found_quality=0.0, learn=False,
    overlap_s=0.0, overlap_margin=2.0, change=None, look_after_contact=False, later_every_s=3.0, most_covered=0.25,
)  # fmt: skip
"""As stations counted before this was measured, but that tracks without a look were visitors then."""


@dataclass(frozen=True)
class Outcome:
    """What a policy did on some clips; outcomes add up."""

    scores: VisitorScores = field(default_factory=VisitorScores)
    unidentified: int = 0
    looks: int = 0
    frames: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
            self.scores + other.scores,
            self.unidentified + other.unidentified,
            self.looks + other.looks,
            self.frames + other.frames,
            self.seconds + other.seconds,
        )

    def row(self, name: str) -> str:
        """A line of the table."""
        s, frames = self.scores, max(self.frames, 1)
        cells = (
            name, f"{s.visitors} / {s.people}", f"{s.count_error:.0%}", f"{s.id_f1:.3f}", f"{s.splits}", f"{s.merges}",
            f"{s.ghosts}", f"{s.missed}", f"{self.unidentified}", f"{self.looks / frames:.2f}",
            f"{1000 * self.seconds / frames:.2f}",
        )  # fmt: skip
        return f"| {' | '.join(cells)} |"


HEAD = (
    "| {} | visitors / people | error, clip by clip | ID-F1 | splits | merges | ghosts | missed | unidentified "
    "| embeddings a frame | ms a frame |\n|---|---|---|---|---|---|---|---|---|---|---|"
)


def policies() -> dict[str, GalleryPolicy]:
    """Name → policy: the former one, the default, and the default with one change each (once two)."""

    def but(**changes: object) -> GalleryPolicy:
        return replace(DEFAULT, **changes)  # type: ignore[arg-type]

    found = {"former": FORMER, "default": DEFAULT}
    found |= {f"keep {k}": but(keep=k) for k in ("first", "best", "diverse", "mean")}
    found |= {f"kept {n}": but(kept_looks=n) for n in (4, 8, 32)}
    found |= {
        f"compare {c} {m:+.2f}": but(compare=c, margin=m)
        for c, m in (("max", 0.1), ("max", 0.2), ("top2", 0.1), ("mean", 0.0), ("mean", -0.2))
    }
    found |= {f"margin {m:+.2f}": but(margin=m) for m in (-0.1, -0.05, 0.05, 0.1)}
    found |= {"unweighted": but(weigh=False), "learn nothing later": but(learn=False)}
    found |= {f"decide after {n}": but(decide_looks=n) for n in (1, 3, 8)}
    found |= {f"found on {q:g}": but(found_quality=q) for q in (0.0, 1.0, 2.0)}
    found |= {f"in view, margin {m:+.2f}": but(overlap_margin=m) for m in (0.0, 0.3)}
    found |= {"in view, never": but(overlap_margin=2.0)}
    found |= {"before": but(overlap_margin=2.0, kept_looks=8, found_quality=1.0)}
    found |= {"never changes": but(change=None)}
    found |= {
        f"change {c:+.1f}, {n} looks": but(change=c, change_looks=n)
        for c, n in ((-0.1, 2), (0.0, 2), (0.2, 2), (0.0, 1), (0.1, 1))
    }
    found |= {"no look after contact": but(look_after_contact=False)}
    found |= {f"every {s:g} s": but(later_every_s=s) for s in (0.75, 3.0)}
    found |= {f"covered {c:g}": but(most_covered=c) for c in (0.1, 0.25, 0.75)}
    found |= {f"quality {q:g}": but(least_quality=q) for q in (0.1, 0.3)}
    return found


def replayed(recording: Recording, policy: GalleryPolicy) -> Outcome:
    """Follows, identifies and counts the people of a recording: the station's own pipeline after its detector."""
    size = FrameSize(recording.width_px, recording.height_px)
    rules = PipelineRules(
        recording.strong_score, recording.similarity, EPOCH_UTC, gallery=policy, box_extent=recording.box_extent
    )
    pipeline = CameraPipeline(recording.clip.camera, size, rules)
    sightings: list[IdentifiedSighting] = []
    looks, started = 0, time.perf_counter()
    for index, time_s, rows in recording.frames():
        boxes = recording.boxes_xyxy_px[rows]
        for track in pipeline.follow(detections(recording, rows), index, time_s):
            row = rows.start + int(np.abs(boxes - np.array(track.last.seen_xyxy_px)).sum(axis=1).argmin())
            pipeline.look(track, recording.embeddings[row : row + 1], time_s)
            looks += 1
        sightings += pipeline.settle(time_s).sightings
    sightings += pipeline.finish(float(np.median(np.diff(recording.times_s)))).sightings
    seconds, people = time.perf_counter() - started, pipeline.people
    scores = score_visitors(_shared(recording, people, sightings), recording.true_boxes, people.visitors,
                            least_boxes=LEAST_BOXES)  # fmt: skip
    return Outcome(scores, people.unidentified, looks, len(recording.times_s), seconds)


def _shared(recording: Recording, people: People, sightings: Sequence[IdentifiedSighting]) -> Counter[tuple[str, int]]:
    rows = {
        (int(frame), tuple(float(v) for v in box)): row
        for row, (frame, box) in enumerate(zip(recording.frame_of_box, recording.boxes_xyxy_px, strict=True))
    }
    shared: Counter[tuple[str, int]] = Counter()
    for item in sightings:
        person = recording.person_of_box[rows[item.sighting.frame_index, item.sighting.seen_xyxy_px]]
        visitor = people.visitor_of(item.track_id, item.sighting.stream_time_s)
        if person and visitor is not None:
            shared[person, visitor] += 1
    return shared


def total(recordings: Sequence[Recording], policy: GalleryPolicy) -> Outcome:
    """A policy on several clips."""
    return sum((replayed(recording, policy) for recording in recordings), Outcome())


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--raw", type=Path, default=Path("data/raw"), help="filmed splits")
    parser.add_argument("--bundles", type=Path, default=Path("bundles"))
    parser.add_argument("--assets", type=Path, required=True, help="folder with the real footage")
    parser.add_argument("--cache", type=Path, help="keeps recordings; take another for new films or bundles")
    parser.add_argument("--part", choices=("tune", "report"), action="append", help="both by default")
    parser.add_argument("--only", nargs="+", help="policies of the tuning table, by name")
    parser.add_argument("--clips", nargs="+", help="only clips whose names start so")
    options = parser.parse_args()
    parts: tuple[Part, ...] = tuple(options.part or ("tune", "report"))
    with tempfile.TemporaryDirectory() as scratch:
        cache = options.cache or Path(scratch)
        cache.mkdir(parents=True, exist_ok=True)
        wanted = [clip for clip in clips(options.raw, options.assets) if clip.part in parts]
        wanted = [clip for clip in wanted if not options.clips or clip.name.startswith(tuple(options.clips))]
        recordings = [recorded(clip, options.bundles, cache) for clip in wanted]
    if "tune" in parts:
        tuning = [r for r in recordings if r.clip.part == "tune"]
        print(HEAD.format("policy, on the tuning clips"))
        for name, policy in policies().items():
            if not options.only or name in options.only:
                print(total(tuning, policy).row(name), flush=True)
    if "report" in parts:
        print("\n" + HEAD.format("judged clip, policy"))
        sums = {"former": Outcome(), "default": Outcome()}
        for recording in (r for r in recordings if r.clip.part == "report"):
            for name, policy in (("former", FORMER), ("default", DEFAULT)):
                outcome = replayed(recording, policy)
                sums[name] += outcome
                print(outcome.row(f"{recording.clip.name}, {name}"), flush=True)
        for name, outcome in sums.items():
            print(outcome.row(f"all, {name}"), flush=True)


if __name__ == "__main__":
    main()
