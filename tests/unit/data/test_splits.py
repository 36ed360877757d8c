import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongsun.contract.errors import DongsunError
from dongsun.data.records import DISTRACTOR, SPLITS, ReidRecord
from dongsun.data.splits import ByPerson, FromSource, PersonShares, PersonSummary, deal_persons, time_ranges

people = st.dictionaries(
    st.text("0123456789가나", min_size=1, max_size=4),
    st.builds(PersonSummary, st.integers(1, 500), st.integers(2, 5), st.integers(0, 500)),
    min_size=4,
    max_size=60,
)


def record(person: str, split=None) -> ReidRecord:
    return ReidRecord("x", person, "c1", "s1", 0, split, "made")


@given(people, st.floats(0.1, 0.4), st.floats(0.0, 0.2), st.floats(0.0, 0.2), st.integers(0, 9))
def test_everybody_is_dealt_once_in_the_asked_shares(persons, test, validation, calibration, seed):
    splits = deal_persons(persons, PersonShares(test, validation, calibration), seed=seed, test_cameras=2)
    assert set(splits) == set(persons)
    counted = {s: sum(value == s for value in splits.values()) for s in SPLITS}
    assert abs(counted["validation"] - validation * len(persons)) <= 1
    assert counted["test"] == max(1, round(test * len(persons)))
    assert counted["train"] >= 1
    assert abs(counted["calibration"] - calibration * len(persons)) <= 1


@given(people, st.integers(0, 9))
def test_the_order_of_persons_changes_nothing(persons, seed):
    shares = PersonShares(test=0.3, validation=0.1, calibration=0.1)
    backwards = dict(reversed(persons.items()))
    one, other = (deal_persons(p, shares, seed=seed, test_cameras=1) for p in (persons, backwards))
    assert one == other


@settings(max_examples=50)
@given(people, st.data())
def test_test_persons_are_seen_by_enough_cameras(persons, data):
    few = data.draw(st.sets(st.sampled_from(sorted(persons)), max_size=len(persons) // 2))
    persons = {n: PersonSummary(s.images, 1 if n in few else s.cameras, s.trainable) for n, s in persons.items()}
    splits = deal_persons(persons, PersonShares(test=0.3), seed=1, test_cameras=2)
    assert all(persons[name].cameras >= 2 for name, split in splits.items() if split == "test")


def test_the_share_of_images_stays_near_the_share_of_persons():
    persons = {str(i): PersonSummary(10 * (i + 1), 2, 1) for i in range(30)}
    total = sum(summary.images for summary in persons.values())
    for seed in range(20):
        splits = deal_persons(persons, PersonShares(test=1 / 3), seed=seed, test_cameras=2)
        share = sum(persons[name].images for name, split in splits.items() if split == "test") / total
        assert share == pytest.approx(1 / 3, abs=0.05)


SCENES = st.frozensets(st.sampled_from(["IN-SN1", "IN-SN2", "OUT-SN1"]), max_size=3)


@given(st.lists(st.tuples(SCENES, st.integers(1, 99)), min_size=8, max_size=80), st.floats(0.1, 0.5), st.integers(0, 9))
def test_people_of_every_kind_of_scene_get_their_share_of_the_test(filmed, share, seed):
    persons = {str(i): PersonSummary(images, 2, images, scenes) for i, (scenes, images) in enumerate(filmed)}
    splits = deal_persons(persons, PersonShares(test=share), seed=seed, test_cameras=2)
    tested = sum(split == "test" for split in splits.values())
    for scenes in {scenes for scenes, _ in filmed}:
        alike = [name for name, summary in persons.items() if summary.scenes == scenes]
        expected = len(alike) * tested / len(persons)
        assert abs(sum(splits[name] == "test" for name in alike) - expected) < 1 + 1e-9


def test_scenes_alike_change_nothing():
    persons = {str(i): PersonSummary(i + 1, 2, 1) for i in range(30)}
    same = {n: PersonSummary(s.images, 2, 1, frozenset({"SN1"})) for n, s in persons.items()}
    shares = PersonShares(test=0.3, validation=0.1)
    one, other = (deal_persons(p, shares, seed=3, test_cameras=2) for p in (persons, same))
    assert one == other


def test_seeds_differ():
    persons = {str(i): PersonSummary(5, 2, 1) for i in range(30)}
    tests = set()
    for seed in range(5):
        splits = deal_persons(persons, PersonShares(test=0.3), seed=seed, test_cameras=1)
        tests.add(frozenset(name for name, split in splits.items() if split == "test"))
    assert len(tests) == 5


def test_too_few_persons_or_cameras_are_refused():
    with pytest.raises(DongsunError, match="1 persons"):
        deal_persons({"1": PersonSummary(5, 2, 5)}, PersonShares(test=0.3), seed=0, test_cameras=1)
    single = {str(i): PersonSummary(5, 1, 5) for i in range(10)}
    with pytest.raises(DongsunError, match="0 of them seen by enough cameras"):
        deal_persons(single, PersonShares(test=0.3), seed=0, test_cameras=2)


def test_by_person_keeps_the_test_time_out_of_training():
    persons = {str(i): PersonSummary(30, 1, 10) for i in range(6)} | {"late": PersonSummary(50, 1, 0)}
    policy = ByPerson(train=0.7, test=0.3, seed=4, camera_rule="report")
    split_of = policy.plan(persons, cameras=1)
    test = {name for name in persons if split_of(record(name, "train")) == "test"}
    assert len(test) == 2 and "late" in test
    somebody = next(name for name in persons if name not in test)
    assert split_of(record(somebody, "train")) == "train"
    assert split_of(record(somebody)) == "train"
    assert split_of(record(somebody, "calibration")) == "calibration"
    assert split_of(record(somebody, "test")) is None
    assert split_of(record("late", "calibration")) == "test"
    assert split_of(record(DISTRACTOR)) == "test"
    lax = ByPerson(train=0.7, test=0.3, seed=4, camera_rule="report", hold_back_test_time=False).plan(persons, 1)
    assert "train" in {lax(record(name, "test")) for name in persons}


def test_shares_must_sum_to_one():
    with pytest.raises(DongsunError, match="sum to 1"):
        ByPerson(train=0.7, test=0.2)


def test_from_source_keeps_splits_and_may_set_training_persons_aside():
    persons = {f"{i}": PersonSummary(3, 2, 3) for i in range(200)}
    split_of = FromSource(calibration_persons=0.2, seed=1).plan(persons, 2)
    moved = [name for name in persons if split_of(record(name, "train")) == "calibration"]
    assert 20 < len(moved) < 60
    assert all(split_of(record(name, "test")) == "test" for name in persons)
    kept = FromSource().plan(persons, 2)
    assert all(kept(record(name, "train")) == "train" for name in persons)


@given(st.integers(1, 5000), st.floats(0.05, 0.9), st.floats(0.0, 0.5))
def test_time_ranges_cover_every_frame_once(frames, train, calibration):
    shares = {"train": train, "calibration": calibration * (1 - train), "test": (1 - calibration) * (1 - train)}
    ranges = time_ranges(frames, shares)
    covered = [index for first, end in ranges.values() for index in range(first, end)]
    assert covered == list(range(frames))


def test_time_ranges_of_pets():
    assert time_ranges(795, {"train": 0.6, "calibration": 0.1, "test": 0.3}) == {
        "train": (0, 477), "validation": (477, 477), "calibration": (477, 556), "test": (556, 795),
    }  # fmt: skip
