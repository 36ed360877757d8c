"""P×K batches: P persons with K images each, so that a batch holds hard positives and hard negatives."""

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

from dongsun.train.reid.draw import Draw

_SEEDS = 2**31


class PersonBatchSampler(Sampler[list[Draw]]):
    """Yields lists of P·K draws. Deterministic by seed and epoch; each iteration is the next epoch.

    Each image is used before any of its person's is used again. Within a person, images of different cameras alternate,
    so that a batch shows a person through as many cameras as it can. Persons with one image are left out: they have no
    positive. With fewer than P persons a batch holds all of them.

    Of several processes that train together each takes every `processes`-th batch of one and the same sequence:
    batches stay whole, so that each process finds its hard triplets among P persons.
    """

    def __init__(
        self,
        persons: Sequence[int],
        cameras: Sequence[int],
        *,
        persons_per_batch: int,
        images_per_person: int,
        seed: int,
        batches: int | None = None,
        process: int = 0,
        processes: int = 1,
    ) -> None:
        """Persons and cameras, one each an image; the sizes of a batch; a seed.

        Args:
            batches: Batches an epoch (of this process); None shows about as many images as there are.
            process: Which of the processes this is, from 0.
            processes: How many train together.

        Raises:
            ValueError: Fewer than two persons have two images or more.
        """
        self._cameras = np.asarray(cameras)
        labels = np.asarray(persons)
        groups = {int(person): np.flatnonzero(labels == person) for person in np.unique(labels)}
        self._images_of = {person: images for person, images in groups.items() if len(images) >= 2}
        if len(self._images_of) < 2:
            raise ValueError("batches need at least two persons with at least two images each")
        self._persons_per_batch = min(persons_per_batch, len(self._images_of))
        self._images_per_person = images_per_person
        self._images = sum(len(images) for images in self._images_of.values())
        self._seed = seed
        self._epoch = 0
        self._batches = batches
        self._process, self._processes = process, processes

    @property
    def sampler(self) -> "PersonBatchSampler":
        """Itself: Lightning looks here for `set_epoch`."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """The next iteration is this epoch's, counted from 0."""
        self._epoch = epoch

    def __len__(self) -> int:
        """Batches an epoch, of this process."""
        if self._batches is not None:
            return self._batches
        size = self._persons_per_batch * self._images_per_person
        return max(1, self._images // (size * self._processes))

    def __iter__(self) -> Iterator[list[Draw]]:
        random = np.random.default_rng((self._seed, self._epoch))
        self._epoch += 1
        queues: dict[int, list[int]] = {person: [] for person in self._images_of}
        waiting: list[int] = []
        for number in range(len(self) * self._processes):
            chosen = self._next_persons(waiting, random)
            images = [image for person in chosen for image in self._next_images(queues[person], person, random)]
            seeds = random.integers(_SEEDS, size=len(images)).tolist()
            if number % self._processes == self._process:
                yield [Draw(image, seed) for image, seed in zip(images, seeds, strict=True)]

    def _next_persons(self, waiting: list[int], random: np.random.Generator) -> list[int]:
        if len(waiting) < self._persons_per_batch:
            rest = [person for person in self._images_of if person not in waiting]
            waiting.extend(int(person) for person in random.permutation(rest))
        chosen, waiting[:] = waiting[: self._persons_per_batch], waiting[self._persons_per_batch :]
        return chosen

    def _next_images(self, queue: list[int], person: int, random: np.random.Generator) -> list[int]:
        chosen: list[int] = []
        while len(chosen) < self._images_per_person:
            if not queue:
                queue.extend(self._alternating(person, random))
            chosen.append(queue.pop(0))
        return chosen

    def _alternating(self, person: int, random: np.random.Generator) -> list[int]:
        """The person's images in random order, one camera after the other in turn."""
        images = random.permutation(self._images_of[person])
        turn = np.zeros(len(images), dtype=np.int64)
        for camera in np.unique(self._cameras[images]):
            of_camera = np.flatnonzero(self._cameras[images] == camera)
            turn[of_camera] = np.arange(len(of_camera))
        order = np.lexsort((random.permutation(len(images)), turn))
        return [int(image) for image in images[order]]
