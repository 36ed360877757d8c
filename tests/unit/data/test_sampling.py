import math
from collections import defaultdict
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongsun.contract.errors import DongsunError
from dongsun.data.records import ReidRecord
from dongsun.data.sampling import Full, RandomShare, Systematic
from dongsun.data.sampling.stream import SamplingPlan, sample_stream
from dongsun.data.seeding import random_for


def rows(person: str, images: int, split="train", camera: str = "c1") -> list[ReidRecord]:
    return [ReidRecord(f"{person}/{split}/{i}", person, camera, "s1", i, split, "made") for i in range(images)]


def sampled(records, policy, seed=0, cap=None):
    counts = {s: sum(r.split == s for r in records) for s in ("train", "calibration", "test")}
    summaries = []
    kept = list(sample_stream(records, SamplingPlan(policy, seed, counts, cap), summaries.append))
    return kept, summaries


def naive_systematic(images: int, interval: float, start: float) -> list[int]:
    """The oracle: lay a ruler with marks start, start + k, … over the images and take those under a mark."""
    marks = [start + step * interval for step in range(images + 2)]
    return [i for i in range(images) if any(i <= mark < i + 1 for mark in marks)]


@settings(max_examples=60)
@given(st.integers(1, 120), st.floats(1.0, 30.0), st.integers(0, 50))
def test_systematic_agrees_with_the_naive_ruler(images, interval, seed):
    policy = Systematic(interval=interval)
    decisions = list(islice(policy.decisions("p/c/s", seed, images), images))
    start = random_for(seed, "systematic", "p/c/s").random() * interval
    assert [i for i, keep in enumerate(decisions) if keep] == naive_systematic(images, interval, start)


@given(st.integers(1, 400), st.floats(0.02, 1.0), st.integers(0, 50))
def test_systematic_keeps_the_share_to_within_one_image_a_stratum(images, fraction, seed):
    kept = sum(islice(Systematic(fraction=fraction).decisions("s", seed, images), images))
    assert math.floor(images * fraction - 1e-6) <= kept <= math.ceil(images * fraction + 1e-6)


def test_every_image_has_the_same_chance_even_with_a_fractional_interval():
    seeds, images = 4000, 7
    taken = [0] * images
    for seed in range(seeds):
        for index, keep in enumerate(islice(Systematic(interval=2.5).decisions("s", seed, images), images)):
            taken[index] += keep
    assert all(count / seeds == pytest.approx(1 / 2.5, abs=0.03) for count in taken)


def test_strata_shorter_than_the_interval_are_kept_by_chance():
    records = [record for person in range(3000) for record in rows(f"{person:05d}", 2)]
    kept, _ = sampled(records, Systematic(interval=8))
    assert len(kept) / 3000 == pytest.approx(2 / 8, abs=0.03)


def test_a_minimum_per_stratum_is_met_and_reported():
    records = rows("a", 40) + rows("b", 2) + rows("c", 7)
    kept, summaries = sampled(records, Systematic(fraction=0.1, min_per_stratum=3))
    per_person = defaultdict(list)
    for record in kept:
        per_person[record.person_id].append(record.frame_index)
    assert [len(per_person[p]) for p in "abc"] == [4, 2, 3]
    assert all(frames == sorted(set(frames)) for frames in per_person.values())
    assert [(s.stratum[0], s.images, s.kept) for s in summaries] == [("a", 40, 4), ("b", 2, 2), ("c", 7, 3)]


def test_the_reservoir_is_uniform():
    taken = [0] * 6
    for seed in range(3000):
        kept, _ = sampled(rows("a", 6), Systematic(interval=1000, min_per_stratum=2), seed)
        for record in kept:
            taken[record.frame_index] += 1
    assert all(count / 3000 == pytest.approx(2 / 6, abs=0.04) for count in taken)


def test_a_stratum_is_sampled_alike_whatever_stands_beside_it():
    alone, _ = sampled(rows("b", 50), Systematic(fraction=0.2), seed=5)
    beside, _ = sampled(rows("a", 31) + rows("b", 50), Systematic(fraction=0.2), seed=5)
    assert [r for r in beside if r.person_id == "b"] == alone


def test_a_count_becomes_a_share_of_all_training_images():
    records = [record for person in range(20) for record in rows(f"{person:02d}", 50)]
    assert len(sampled(records, Systematic(count=250))[0]) == pytest.approx(250, abs=20)
    assert len(sampled(records, RandomShare(count=250))[0]) == pytest.approx(250, abs=50)
    assert len(sampled(records, Systematic(count=10**6))[0]) == len(records)


@pytest.mark.parametrize("policy", [Systematic(fraction=0.1), RandomShare(fraction=0.1), Full()])
def test_only_training_rows_are_sampled(policy):
    records = rows("a", 30) + rows("a", 12, "calibration") + rows("b", 25, "test")
    kept, summaries = sampled(records, policy)
    assert [r for r in kept if r.split == "test"] == rows("b", 25, "test")
    assert [r for r in kept if r.split == "calibration"] == rows("a", 12, "calibration")
    assert [s.stratum[0] for s in summaries] == ["a"]
    if policy == Full():
        assert kept == records


def test_calibration_is_capped_evenly_over_all_of_it():
    records = rows("a", 100, "calibration") + rows("b", 100, "calibration")
    kept, _ = sampled(records, Full(), cap=50)
    assert len(kept) == 50
    assert sum(record.person_id == "a" for record in kept) == 25
    assert len(sampled(records, Full(), cap=500)[0]) == 200


def test_random_varies_with_seed_and_is_repeatable():
    records = rows("a", 100)
    first, again, other = (sampled(records, RandomShare(fraction=0.3), seed=s)[0] for s in (1, 1, 2))
    assert first == again != other


def test_rows_out_of_order_are_refused():
    with pytest.raises(DongsunError, match="stratum order"):
        sampled(rows("b", 2) + rows("a", 2), Full())


@pytest.mark.parametrize("options", [{}, {"fraction": 0.5, "count": 3}, {"count": 3, "interval": 2.0}])
def test_exactly_one_target_is_wanted(options):
    with pytest.raises(DongsunError, match="exactly one"):
        Systematic(**options)


@pytest.mark.parametrize("options", [{}, {"fraction": 0.5, "count": 3}])
def test_random_wants_exactly_one_target_too(options):
    with pytest.raises(DongsunError, match="exactly one"):
        RandomShare(**options)
