"""Who is on a track, and since when."""

import numpy as np
import pytest

from dongsun.contract.detections import Detections
from dongsun.serve_edge.pipeline.constants import TrackingConstants
from dongsun.serve_edge.pipeline.gallery import Gallery
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.people import People

Walker = tuple[float, float, int]
"""x, height in px, colour."""
FOOT_PX = 400.0


def follow(frames: list[list[Walker]], policy: GalleryPolicy | None = None) -> tuple[People, int]:
    """Runs 10 frames a second through `People`, colours for looks; also, how many embeddings were asked for."""
    people = People(0.5, 0.8, FrameSize(1000, 600), TrackingConstants(), policy=policy)
    asked = 0
    for index, seen in enumerate(frames):
        boxes = np.array([(x - 0.2 * h, FOOT_PX - h, x + 0.2 * h, FOOT_PX) for x, h, _ in seen], np.float32)
        found = Detections(boxes.reshape(-1, 4), np.full(len(seen), 0.9, np.float32), np.zeros(len(seen), np.int64))
        for track in people.follow(found, index, index / 10):
            row = int(np.abs(found.boxes_xyxy_px - np.array(track.last.seen_xyxy_px)).sum(axis=1).argmin())
            people.look(track, np.eye(8, dtype=np.float32)[seen[row][2]][None], index / 10)
            asked += 1
        people.settle(index / 10)
        people.ended()
    people.end_all((len(frames) - 1) / 10)
    people.ended()
    return people, asked


def walk(colours: list[int], start: float = 100.0, height: float = 100.0) -> list[list[Walker]]:
    return [[(start + 8 * i, height, colour)] for i, colour in enumerate(colours)]


def test_a_box_that_goes_on_with_somebody_else_is_two_visitors() -> None:
    people, _ = follow(walk([2] * 40 + [5] * 50))
    assert people.visitors == 2
    assert (people.visitor_of(1, 1.0), people.visitor_of(1, 8.0), people.visitor_of(1)) == (1, 2, 2)
    never, _ = follow(walk([2] * 40 + [5] * 50), GalleryPolicy(change=None))
    assert never.visitors == 1


def test_the_second_on_the_box_may_be_a_known_visitor() -> None:
    people, _ = follow(walk([5] * 30) + [[]] * 40 + walk([2] * 40 + [5] * 50))
    assert (people.visitors, people.unidentified) == (2, 0)
    assert (people.visitor_of(1), people.visitor_of(2, 8.5), people.visitor_of(2)) == (1, 2, 1)


def test_one_odd_look_changes_nobody() -> None:
    for moment in range(15, 60):
        colours = [2] * 80
        colours[moment] = 5
        people, _ = follow(walk(colours))
        assert (people.visitors, people.visitor_of(1)) == (1, 1)


def test_who_was_seen_too_poorly_is_unidentified_and_no_visitor() -> None:
    people, asked = follow(walk([3] * 15, height=34.0))
    assert asked > 0
    assert (people.visitors, people.unidentified, people.visitor_of(1)) == (0, 1, None)
    people, asked = follow(walk([3] * 15, height=30.0))
    assert (asked, people.visitors, people.unidentified) == (0, 0, 1)


def test_who_was_seen_poorly_but_is_known_is_that_visitor() -> None:
    people, _ = follow(walk([3] * 30) + [[]] * 40 + walk([3] * 15, height=34.0))
    assert (people.visitors, people.unidentified, people.visitor_of(2)) == (1, 0, 1)


def test_a_flash_is_neither_visitor_nor_unidentified() -> None:
    people, _ = follow(walk([3] * 6))
    assert (people.visitors, people.unidentified) == (0, 0)


def test_a_meeting_asks_for_looks_and_most_frames_for_none() -> None:
    alone: list[list[Walker]] = [[(300.0, 100.0, 1)] for _ in range(85)]
    met = [[*row, (520.0 - 20 * (i - 60), 110.0, 4)] if i >= 60 else row for i, row in enumerate(alone)]
    rare = GalleryPolicy(later_every_s=60.0)
    assert follow(alone, rare)[1] == rare.early_looks
    people, asked = follow(met, rare)
    _, without = follow(met, GalleryPolicy(later_every_s=60.0, look_after_contact=False))
    assert asked > without
    assert people.visitors == 2


@pytest.mark.parametrize("keep", ["first", "last", "best", "diverse", "mean"])
def test_every_rule_counts_the_same_two_people(keep: str) -> None:
    frames = walk([1] * 40) + [[]] * 40 + walk([6] * 40) + [[]] * 40 + walk([1] * 40)
    people, _ = follow(frames, GalleryPolicy(keep=keep))  # type: ignore[arg-type]
    assert [people.visitor_of(track) for track in (1, 2, 3)] == [1, 2, 1]


def test_two_cameras_of_a_store_name_one_person_alike() -> None:
    """The same person before two cameras, one after the other, with a gallery that is empty when they begin."""
    shared = Gallery(0.8, GalleryPolicy(), ids=iter([4711, 4712]))
    named = []
    for camera_id in ("door", "aisle"):
        people = People(0.5, 0.8, FrameSize(1000, 600), TrackingConstants(), gallery=shared, camera_id=camera_id)
        for index, ((x, h, colour),) in enumerate(walk([3] * 60)):
            box = np.array([[x - 0.2 * h, FOOT_PX - h, x + 0.2 * h, FOOT_PX]], np.float32)
            found = Detections(box, np.full(1, 0.9, np.float32), np.zeros(1, np.int64))
            for track in people.follow(found, index, index / 10):
                people.look(track, np.eye(8, dtype=np.float32)[colour][None], index / 10)
            people.settle(index / 10)
        people.end_all(6.0)
        (ended,) = people.ended()
        named.append(people.visitor_of(ended))
    assert named == [4711, 4711] and shared.count == 1
