from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongsun.train.reid.sampler import PersonBatchSampler

IMAGES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), min_size=4, max_size=60).filter(
    lambda images: sum(count >= 2 for count in Counter(person for person, _ in images).values()) >= 2
)


def sampler(images: list[tuple[int, int]], p: int, k: int, seed: int = 0, **others: int) -> PersonBatchSampler:
    persons, cameras = zip(*images, strict=True)
    return PersonBatchSampler(persons, cameras, persons_per_batch=p, images_per_person=k, seed=seed, **others)


@settings(max_examples=80, deadline=None)
@given(images=IMAGES, p=st.integers(2, 8), k=st.integers(2, 6), seed=st.integers(0, 99))
def test_every_batch_is_p_persons_with_k_images(images: list[tuple[int, int]], p: int, k: int, seed: int) -> None:
    batches = list(drawn := sampler(images, p, k, seed))
    usable = [person for person, count in Counter(person for person, _ in images).items() if count >= 2]
    assert len(batches) == len(drawn) >= 1
    for batch in batches:
        shown = Counter(images[draw.image][0] for draw in batch)
        assert set(shown) <= set(usable)
        assert len(shown) == min(p, len(usable))
        assert set(shown.values()) == {k}


@settings(max_examples=40, deadline=None)
@given(images=IMAGES, seed=st.integers(0, 99))
def test_no_image_comes_again_before_its_persons_others(images: list[tuple[int, int]], seed: int) -> None:
    shown: Counter[int] = Counter(draw.image for batch in sampler(images, 3, 2, seed) for draw in batch)
    for person in {person for person, _ in images}:
        counts = [shown[index] for index, (owner, _) in enumerate(images) if owner == person]
        assert max(counts) - min(counts) <= 1


def test_same_seed_same_batches_and_epochs_differ() -> None:
    images = [(person, camera) for person in range(6) for camera in (0, 1) for _ in range(5)]
    first, second = sampler(images, 4, 4, seed=3), sampler(images, 4, 4, seed=3)
    assert [list(first), list(first)] == [list(second), list(second)]
    again = sampler(images, 4, 4, seed=3)
    assert list(again) != list(again)
    assert list(sampler(images, 4, 4, seed=4)) != list(sampler(images, 4, 4, seed=3))


@settings(max_examples=40, deadline=None)
@given(images=IMAGES, processes=st.integers(1, 4), seed=st.integers(0, 99), epoch=st.integers(0, 5))
def test_processes_share_one_sequence_of_batches(
    images: list[tuple[int, int]], processes: int, seed: int, epoch: int
) -> None:
    shares = []
    for process in range(processes):
        share = sampler(images, 3, 2, seed, process=process, processes=processes)
        share.set_epoch(epoch)
        assert share.sampler is share
        shares.append(list(share))
    counts = {len(share) for share in shares}
    assert len(counts) == 1, "a process that has more steps than another would wait for ever"
    alone = sampler(images, 3, 2, seed, batches=processes * counts.pop())
    alone.set_epoch(epoch)
    assert [batch for turn in zip(*shares, strict=True) for batch in turn] == list(alone)


def test_steps_do_not_follow_the_number_of_images() -> None:
    images = [(person, camera) for person in range(4) for camera in (0, 1) for _ in range(8)]
    assert len(list(sampler(images, 4, 4, batches=37))) == len(sampler(images, 4, 4, batches=37)) == 37


def test_an_epoch_can_be_drawn_again() -> None:
    images = [(person, camera) for person in range(6) for camera in (0, 1) for _ in range(5)]
    one, other = sampler(images, 4, 4, seed=3), sampler(images, 4, 4, seed=3)
    third = [list(one) for _ in range(3)][2]
    other.set_epoch(2)
    assert list(other) == third


def test_cameras_are_mixed_where_there_are_several() -> None:
    images = [(person, camera) for person in range(4) for camera in (0, 1) for _ in range(8)]
    for batch in sampler(images, 4, 4):
        for person in range(4):
            cameras = Counter(images[draw.image][1] for draw in batch if images[draw.image][0] == person)
            assert cameras == {0: 2, 1: 2}


def test_too_few_persons_are_refused() -> None:
    with pytest.raises(ValueError, match="two persons"):
        sampler([(0, 0), (0, 0), (1, 0)], 2, 2)
