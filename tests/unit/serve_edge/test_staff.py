"""Staff: who is taken for it, from when on, and that both numbers are kept."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dongsun.contract.business_day import BusinessCalendar
from dongsun.contract.clock import ManualClock
from dongsun.contract.detections import Detections
from dongsun.contract.embedding import Embeddings, l2_normalised
from dongsun.contract.errors import DongsunError
from dongsun.contract.store import CameraConfig, parse_store
from dongsun.serve_edge.inference.uniform_gallery import read_uniforms
from dongsun.serve_edge.ledger.batch import LedgerBatch
from dongsun.serve_edge.ledger.day_report import day_report
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.ledger.ledger_writer import LedgerWriter
from dongsun.serve_edge.pipeline.floor_heat import FloorHeat
from dongsun.serve_edge.pipeline.gallery import Gallery
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy
from dongsun.serve_edge.pipeline.identities import Identities, Stretch
from dongsun.serve_edge.pipeline.look_set import LookSet
from dongsun.serve_edge.pipeline.staff_register import StaffRegister, StaffRules
from dongsun.serve_edge.pipeline.track import Track
from dongsun.serve_edge.station.camera_worker import CameraWorker, WorkerParts
from dongsun.serve_edge.station.day_keeper import DayKeeper
from dongsun.serve_edge.station.staff_settings import staff_rules
from dongsun.serve_edge.stream.captured_frame import CapturedFrame
from dongsun.serve_edge.stream.picture import Converter, Picture

NOON = datetime(2026, 11, 20, 3, tzinfo=UTC)
SEOUL = BusinessCalendar("Asia/Seoul", time(6))
CAMERA = CameraConfig.model_validate(
    {
        "lines": {"door": {"from": [0.5, 0.0], "to": [0.5, 1.0], "inside": [0.9, 0.5]}},
        "zones": {
            "till": {"polygon": [[0.75, 0.5], [0.95, 0.5], [0.95, 0.9], [0.75, 0.9]]},
            "shelf": {"polygon": [[0.52, 0.5], [0.68, 0.5], [0.68, 0.9], [0.52, 0.9]]},
        },
    }
)
STAFF, VISITOR, OTHER = 2, 5, 6
Place = tuple[float, int]
"""x in pixels, colour."""


class ScriptedCamera:
    """A feed and models in one: at most one person a picture, whose colour is the look."""

    similarity_threshold = 0.8

    def __init__(self) -> None:
        self.camera_id = "shop"
        spec = SimpleNamespace(score_threshold=0.5, person_class=0, box_extent="visible")
        self.manifest, self.detector = SimpleNamespace(detector=spec, version="1"), self
        self.items: deque[CapturedFrame] = deque()
        self.place: Place | None = None

    def take(self, timeout_s: float) -> CapturedFrame | None:
        return self.items.popleft() if self.items else None

    def detect(self, picture: object) -> Detections:
        boxes = [] if self.place is None else [(self.place[0] - 20, 300.0, self.place[0] + 20, 400.0)]
        return Detections(
            np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), 0.9, np.float32), np.zeros(len(boxes), int)
        )

    def looks(self, picture: object, tracks: list[Track]) -> Iterator[tuple[Track, Embeddings]]:
        assert self.place is not None or not tracks
        for track in tracks:
            yield track, np.eye(8, dtype=np.float32)[self.place[1]][None]


class Shop:
    """One scripted camera, counted by the station's own worker and day keeper into a real ledger."""

    def __init__(self, folder: Path, rules: StaffRules) -> None:
        self.clock = ManualClock(NOON)
        self.ledger = Ledger(folder / "ledger.db", SEOUL)
        self.writer = LedgerWriter(self.ledger, folder, self.clock, ballast_bytes=0)
        self.day = DayKeeper(
            self.ledger,
            self.writer,
            FloorHeat({}),
            lambda: Gallery(0.8, GalleryPolicy(), staff=StaffRegister(rules)),
            NOON,
        )
        self.camera = ScriptedCamera()
        parts = WorkerParts("shop", self.camera, SEOUL, self.clock, self._write)
        self.worker = CameraWorker(CAMERA, self.camera, parts, self.day.gallery, None)
        self.flags: list[bool] = []
        self._index = 0

    def film(self, places: list[Place | None]) -> None:
        for place in places:
            self.camera.place = place
            picture = Picture(np.zeros((600, 1000, 3), np.uint8), Converter())
            self.camera.items.append(
                CapturedFrame("shop", self._index, self.clock.monotonic_s(), self.clock.now_utc(), picture, 0.0)
            )
            self.worker.step()
            self.clock.advance(0.125)
            self._index += 1

    def close(self) -> None:
        self.film([None] * 60)
        self.worker._end_pipeline()
        self.day._write_day()

    def _write(self, batch: LedgerBatch, windows: object) -> None:
        self.flags += [crossing.staff for crossing in batch.crossings]
        self.writer.write(batch)


def there_and_back(colour: int, to_x: float, stand: int = 0) -> list[Place | None]:
    way = [(x, colour) for x in np.arange(300.0, to_x, 10.0)]
    return [*way, *[(to_x, colour)] * stand, *reversed(way), *[None] * 40]


def test_who_stands_behind_the_till_is_staff_also_in_what_was_already_kept(tmp_path: Path) -> None:
    shop = Shop(tmp_path, StaffRules(frozenset({"till"}), zone_s=10.0))
    shop.film(there_and_back(STAFF, 850.0, stand=100))  # 12.5 s at the till
    assert shop.flags == [False, True]  # in: nobody could know; out: known
    shop.film(there_and_back(VISITOR, 650.0, stand=100))  # as long, before the shelf
    shop.film(there_and_back(STAFF, 650.0))  # nowhere near the till, known by looks
    assert shop.flags == [False, True, False, False, False, True]  # in again: told by looks some seconds later
    rows = shop.ledger.rows("SELECT visitor_id, staff FROM crossings ORDER BY crossed_at_utc")
    assert rows == [(1, 1), (1, 1), (2, 0), (2, 0), (1, 1), (1, 1)]
    shop.close()
    report = day_report(shop.ledger, SEOUL.day_of(NOON))
    (door,) = report.lines
    assert (door.visitors_in, door.visitors_out, door.staff_in, door.staff_out) == (1, 1, 2, 2)
    zones = {zone.zone_id: (zone.visits, zone.staff_visits) for zone in report.zones}
    assert zones == {"till": (0, 1), "shelf": (1, 3)}
    assert (report.unique_visitors, report.unique_staff, report.re_entries) == (1, 1, 0)


def test_without_rules_everybody_is_a_visitor(tmp_path: Path) -> None:
    shop = Shop(tmp_path, StaffRules())
    shop.film(there_and_back(STAFF, 850.0, stand=100))
    shop.film(there_and_back(STAFF, 650.0))
    shop.close()
    report = day_report(shop.ledger, SEOUL.day_of(NOON))
    assert (report.unique_visitors, report.unique_staff, report.re_entries) == (1, 0, 1)
    assert not any(shop.flags)


def test_a_uniform_makes_staff_without_any_zone(tmp_path: Path) -> None:
    shop = Shop(tmp_path, StaffRules(uniforms=np.eye(8, dtype=np.float32)[[STAFF, OTHER]], uniform_similarity=0.8))
    shop.film(there_and_back(STAFF, 650.0) + there_and_back(VISITOR, 650.0))
    shop.close()
    report = day_report(shop.ledger, SEOUL.day_of(NOON))
    assert (report.lines[0].visitors_in, report.lines[0].staff_in) == (1, 1)
    assert (report.unique_visitors, report.unique_staff) == (1, 1)


def test_a_new_day_knows_no_staff(tmp_path: Path) -> None:
    shop = Shop(tmp_path, StaffRules(frozenset({"till"}), zone_s=10.0))
    shop.film(there_and_back(STAFF, 850.0, stand=100))
    assert shop.day.gallery.staff.known
    shop.clock.advance(86_400.0)
    assert shop.day.turn(shop.clock.now_utc())
    assert not shop.day.gallery.staff.known


@pytest.mark.parametrize(
    ("ended_s", "open_s", "staff"),
    [
        ([], None, False),
        ([119.0], None, False),
        ([120.0], None, True),
        ([60.0, 59.0], None, False),
        ([60.0, 60.0], None, True),
        ([], 119.0, False),
        ([], 121.0, True),
        ([60.0], 59.0, False),
        ([60.0], 61.0, True),
    ],
)
def test_time_at_the_till_adds_up(ended_s: list[float], open_s: float | None, staff: bool) -> None:
    register = StaffRegister(StaffRules(frozenset({"till"})))
    for seconds in ended_s:
        register.stayed(7, seconds)
    if open_s is not None:
        register.staying(7, open_s)
        register.staying(7, open_s)  # the same stay, looked at again, adds nothing
    register.stayed(8, 1.0)
    assert register.is_staff(7) is staff
    assert not register.is_staff(8) and not register.is_staff(None)
    assert register.take_news() == ((7,) if staff else ()) and register.take_news() == ()


@pytest.mark.parametrize(
    ("similarity", "looks", "staff"), [(0.79, 5, False), (0.81, 5, True), (0.81, 3, True), (1.0, 2, False)]
)
def test_a_uniform_needs_likeness_and_several_looks(similarity: float, looks: int, staff: bool) -> None:
    uniforms = np.eye(4, dtype=np.float32)[:2]
    row = np.array([[0.0, similarity, np.sqrt(1 - similarity**2), 0.0]], np.float32)
    register = StaffRegister(StaffRules(uniforms=uniforms, uniform_similarity=0.8))
    register.looked(3, LookSet(np.repeat(row, looks, axis=0), np.ones(looks, np.float32)))
    assert register.is_staff(3) is staff


def test_the_register_is_bounded() -> None:
    register = StaffRegister(StaffRules(frozenset({"till"})))
    for visitor in range(20_500):
        register.stayed(visitor, 1.0)
    assert len(register._zone_s) == 10_000 and 20_499 in register._zone_s


def test_nobody_has_a_share_of_a_track_that_nobody_knows() -> None:
    assert Identities(0.8, GalleryPolicy(), 1.0).shares(1, 0.0, 5.0) == []


def test_shares_are_what_asking_every_moment_says() -> None:
    rng = np.random.default_rng(4)
    for _ in range(100):
        identities = Identities(0.8, GalleryPolicy(), 1.0)
        starts = np.sort(rng.integers(0, 100, rng.integers(1, 5))) / 10
        identities._stretches[1] = [Stretch(float(s), [None, 3, 4][rng.integers(3)]) for s in starts]
        from_s = starts[0] + rng.integers(0, 50) / 10
        to_s = from_s + rng.integers(1, 80) / 10
        naive: dict[int, float] = {}
        for k in range(round((to_s - from_s) * 100)):
            visitor = identities.visitor_of(1, from_s + (k + 0.5) / 100)
            if visitor is not None:
                naive[visitor] = naive.get(visitor, 0.0) + 0.01
        found: dict[int, float] = {}
        for share in identities.shares(1, from_s, to_s):
            found[share.visitor_id] = found.get(share.visitor_id, 0.0) + share.seconds
        assert found == pytest.approx(naive, abs=1e-6)


STORE = {"id": "shop", "cameras": {"shop": CAMERA.model_dump(by_alias=True)}}


def test_uniforms_on_disk_must_be_meant() -> None:
    with pytest.raises(DongsunError, match="uniform_gallery_stores_embeddings"):
        parse_store(STORE | {"staff": {"uniform_gallery": "uniforms.npz"}}, where="test")
    meant = {"uniform_gallery": "uniforms.npz", "uniform_gallery_stores_embeddings": True}
    assert parse_store(STORE | {"staff": meant}, where="test").staff.uniform_gallery == "uniforms.npz"


def models(size: int | None = 8) -> SimpleNamespace:
    reid = None if size is None else SimpleNamespace(embedding_size=size)
    return SimpleNamespace(manifest=SimpleNamespace(reid=reid), similarity_threshold=None if size is None else 0.7)


def test_the_store_files_rules(tmp_path: Path) -> None:
    uniforms = l2_normalised(np.random.default_rng(0).normal(size=(2, 8)).astype(np.float32))
    np.savez(tmp_path / "uniforms.npz", uniforms=uniforms)
    meant = {"uniform_gallery": "uniforms.npz", "uniform_gallery_stores_embeddings": True}
    store = parse_store(STORE | {"staff": {"zones": ["till"], "zone_s": 90, **meant}}, where="test")
    rules = staff_rules(store, tmp_path / "store.yaml", models())
    assert (rules.zones, rules.zone_s, rules.uniform_similarity) == (frozenset({"till"}), 90.0, 0.7)
    assert rules.uniforms == pytest.approx(uniforms)
    own = parse_store(STORE | {"staff": {"uniform_similarity": 0.9, **meant}}, where="test")
    assert staff_rules(own, tmp_path / "store.yaml", models()).uniform_similarity == 0.9
    nowhere = parse_store(STORE | {"staff": {"zones": ["tyll"]}}, where="test")
    for wrong, bundle, words in ((nowhere, models(), "tyll"), (own, models(None), "re-ID"), (own, models(9), "9")):
        with pytest.raises(DongsunError, match=words):
            staff_rules(wrong, tmp_path / "store.yaml", bundle)
    assert staff_rules(parse_store(STORE, where="test"), tmp_path / "store.yaml", models(None)) == StaffRules()


@pytest.mark.parametrize("kind", ["absent", "text", "other array", "not unit", "pickled"])
def test_other_files_are_no_uniforms(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "uniforms.npz"
    if kind == "text":
        path.write_text("uniforms")
    elif kind == "other array":
        np.savez(path, faces=np.eye(8, dtype=np.float32))
    elif kind == "not unit":
        np.savez(path, uniforms=2 * np.eye(8, dtype=np.float32))
    elif kind == "pickled":
        np.savez(path, uniforms=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DongsunError, match="make_uniforms"):
        read_uniforms(path, 8)


def test_the_ledger_flags_that_day_only_and_again_without_change(tmp_path: Path) -> None:
    shop = Shop(tmp_path, StaffRules())
    shop.film(there_and_back(STAFF, 650.0))
    shop.clock.advance(86_400.0)
    shop.film(there_and_back(STAFF, 650.0))  # the worker keeps its gallery: the same id on another day
    shop.close()
    day = SEOUL.day_of(NOON)
    batch = LedgerBatch(staff_visitors=(1,), staff_day=str(day))
    for _ in range(2):
        shop.ledger.append(batch, NOON)
        rows = shop.ledger.rows("SELECT business_day, sum(staff), count(*) FROM crossings GROUP BY 1 ORDER BY 1")
        assert rows == [(str(day), 2, 2), (str(day + timedelta(days=1)), 0, 2)]
    shop.ledger.append(replace(batch, staff_visitors=(99,)), NOON)
    assert shop.ledger.rows("SELECT sum(staff) FROM crossings") == [(2,)]
