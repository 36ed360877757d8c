"""The folder `truth/`: every question's answer, as CSV and JSON."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from dongsun.contract.durable import write_json
from dongsun.contract.store import StoreConfig
from dongsun.twin.crowd.trajectories import Member, Trajectories
from dongsun.twin.people.wardrobe import describe
from dongsun.twin.plan.twin_plan import TwinPlan
from dongsun.twin.truth.doors import DoorBook, door_book
from dongsun.twin.truth.events import TrueCrossing, TrueVisit, true_crossings, true_visits
from dongsun.twin.truth.heatmap import heatmap
from dongsun.twin.truth.occupancy import occupancy
from dongsun.twin.truth.tables import write_table

CROSSINGS = (
    "camera_id", "line_id", "person_id", "direction", "frame_index", "time_s", "staff", "nearest_person_m"
)  # fmt: skip
VISITS = ("camera_id", "zone_id", "person_id", "enter_s", "exit_s", "dwell_s", "truncated")
ENTRIES = ("door_id", "person_id", "direction", "frame_index", "time_s", "staff")
POSITIONS = ("frame_index", "person_id", "x_m", "y_m", "yaw_rad")
PEOPLE = (
    "person_id", "body", "height_m", "top_rgb", "pattern", "sleeve", "jacket", "lower", "lower_rgb", "hair", "bag",
    "role", "child", "group_id", "trolley",
)  # fmt: skip
FRAMES_PER_BLOCK = 600


@dataclass(frozen=True)
class TruthSummary:
    """`truth/summary.json`; visitors only, but for the keys that say staff.

    Attributes:
        unique_visitors: Visitors who were inside at some moment.
        entries: Their passages in by a door.
        exits: Their passages out.
        re_entries: Entries of visitors who had left before.
        inside_at_start: Visitors inside in the first frame.
        staff: Members of staff who take part.
        staff_entries: Their passages in.
        staff_exits: Their passages out.
        staff_inside_at_start: Those inside in the first frame.
        crossings: Rows of `crossings.csv`.
        visits: Rows of `visits.csv`.
        frames: Of the simulation.
        fps: Of the simulation.
        duration_s: Length.
        starts_at: Local time of the first frame.
    """

    unique_visitors: int
    entries: int
    exits: int
    re_entries: int
    inside_at_start: int
    staff: int
    staff_entries: int
    staff_exits: int
    staff_inside_at_start: int
    crossings: int
    visits: int
    frames: int
    fps: int
    duration_s: float
    starts_at: str


def write_truth(
    directory: Path, store: StoreConfig, plan: TwinPlan, trajectories: Trajectories, *, starts_at: str
) -> TruthSummary:
    """Writes all tables of a span into `directory`; docs/twin.md describes them.

    Raises:
        DongsunError: A line or zone is off the floor, or the crowd's books do not balance.
    """
    crossings: list[TrueCrossing] = []
    visits: list[TrueVisit] = []
    for camera_id, config in store.cameras.items():
        camera, step = plan.camera(camera_id), plan.fps // plan.fps_of(camera_id)
        crossings += true_crossings(trajectories, camera, camera_id, config, step)
        visits += true_visits(trajectories, camera, camera_id, config)
    book = door_book(trajectories, plan)
    write_table(directory / "crossings.csv", CROSSINGS, map(_crossing_row, crossings))
    write_table(directory / "visits.csv", VISITS, map(_visit_row, visits))
    write_table(
        directory / "entries.csv",
        ENTRIES,
        ((e.door_id, e.person_id, e.direction, e.frame_index, f"{e.time_s:.2f}", int(e.staff)) for e in book.entries),
    )
    write_table(
        directory / "occupancy.csv",
        ("time_s", "people", "staff"),
        ((o.time_s, o.people, o.staff) for o in occupancy(trajectories, plan)),
    )
    write_table(
        directory / "heatmap.csv",
        ("hour", "x_m", "y_m", "seconds"),
        ((h, f"{x:.3f}", f"{y:.3f}", f"{s:.2f}") for h, x, y, s in heatmap(trajectories, plan, starts_at).cells()),
    )
    write_table(directory / "positions.csv", POSITIONS, _position_rows(trajectories))
    write_people(directory / "people.csv", plan, trajectories.members.values())
    summary = _summary(trajectories, book, len(crossings), len(visits), starts_at)
    write_json(directory / "summary.json", asdict(summary))
    return summary


def write_people(path: Path, plan: TwinPlan, members: Iterable[Member]) -> None:
    """Writes body, clothes and part of every member."""
    write_table(path, PEOPLE, (_person_row(plan, member) for member in members))


def _summary(t: Trajectories, book: DoorBook, crossings: int, visits: int, starts_at: str) -> TruthSummary:
    return TruthSummary(
        unique_visitors=len(book.visitors_inside),
        entries=book.count("in", staff=False),
        exits=book.count("out", staff=False),
        re_entries=book.re_entries(),
        inside_at_start=book.inside_at_start - book.staff_inside_at_start,
        staff=sum(member.role == "staff" for member in t.members.values()),
        staff_entries=book.count("in", staff=True),
        staff_exits=book.count("out", staff=True),
        staff_inside_at_start=book.staff_inside_at_start,
        crossings=crossings,
        visits=visits,
        frames=t.frames,
        fps=t.fps,
        duration_s=t.duration_s,
        starts_at=starts_at,
    )


def _crossing_row(c: TrueCrossing) -> tuple[object, ...]:
    near = "" if math.isinf(c.nearest_person_m) else f"{c.nearest_person_m:.3f}"
    return c.camera_id, c.line_id, c.person_id, c.direction, c.frame_index, f"{c.time_s:.2f}", int(c.staff), near


def _visit_row(v: TrueVisit) -> tuple[object, ...]:
    times = (f"{v.enter_s:.2f}", f"{v.exit_s:.2f}", f"{v.dwell_s:.2f}")
    return (v.camera_id, v.zone_id, v.person_id, *times, int(v.truncated))


def _position_rows(trajectories: Trajectories) -> Iterator[tuple[object, ...]]:
    """Everybody in every frame, a block of frames at a time."""
    for first in range(0, trajectories.frames, FRAMES_PER_BLOCK):
        end = min(first + FRAMES_PER_BLOCK, trajectories.frames)
        walks = trajectories.during(first, end)
        if not walks:
            continue
        cuts = [slice(max(0, first - w.first_frame), end - w.first_frame) for w in walks]
        frames = np.concatenate([np.arange(w.first_frame, w.end_frame)[c] for w, c in zip(walks, cuts, strict=True)])
        persons = np.concatenate([np.full(len(w.x_m[c]), w.person_id) for w, c in zip(walks, cuts, strict=True)])
        order = np.argsort(frames, kind="stable")
        columns = [
            np.char.mod("%.3f", np.concatenate(parts).astype(np.float64)[order]).tolist()
            for parts in (
                [w.x_m[c] for w, c in zip(walks, cuts, strict=True)],
                [w.y_m[c] for w, c in zip(walks, cuts, strict=True)],
                [w.yaw_rad[c] for w, c in zip(walks, cuts, strict=True)],
            )
        ]
        yield from zip(frames[order].tolist(), persons[order].tolist(), *columns, strict=True)


def _person_row(plan: TwinPlan, member: Member) -> tuple[object, ...]:
    uniform = plan.staff.uniform if member.role == "staff" else None
    person = describe(member.person_id, plan.wardrobe, uniform, child=member.child)
    o = person.outfit
    return (
        member.person_id, person.body, f"{o.height_m:.3f}", _hex(o.top), o.pattern.name.lower(), o.sleeve,
        int(o.jacket), o.lower, _hex(o.lower_colour), o.hair_style, o.bag,
        member.role, int(member.child), member.group_id, int(member.trolley),
    )  # fmt: skip


def _hex(bgr: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(v):02x}" for v in reversed(bgr))
