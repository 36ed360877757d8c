"""P×K batches: P persons with K images each, so that a batch holds hard positives and hard negatives."""

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler


class PersonBatchSampler(Sampler[list[int]]):
    """Yields lists of P·K indices. Deterministic by seed; each iteration (epoch) is another draw.

    Each image is used before any of its person's is used again. Within a person, images of different cameras alternate,
    so that a batch shows a person through as many cameras as it can. Persons with one image are left out: they have no
    positive. With fewer than P persons a batch holds all of them.
    """

    def __init__(
        self,
        persons: Sequence[int],
        cameras: Sequence[int],
        *,
        persons_per_batch: int,
        images_per_person: int,
        seed: int,
    ) -> None:
        """Args: persons and cameras, one each an image; the sizes of a batch; a seed.

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

    def __len__(self) -> int:
        """Batches an epoch: about as many images as there are."""
        return max(1, self._images // (self._persons_per_batch * self._images_per_person))

    def __iter__(self) -> Iterator[list[int]]:
        random = np.random.default_rng((self._seed, self._epoch))
        self._epoch += 1
        queues: dict[int, list[int]] = {person: [] for person in self._images_of}
        waiting: list[int] = []
        for _ in range(len(self)):
            chosen = self._next_persons(waiting, random)
            yield [image for person in chosen for image in self._next_images(queues[person], person, random)]

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
