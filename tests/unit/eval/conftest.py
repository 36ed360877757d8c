"""Simulated people: every number of them is drawn from one distribution, so that promises can be kept or broken."""

from collections.abc import Callable

import numpy as np
import pytest

from dongsun.contract.embedding import l2_normalised
from dongsun.eval.embedded_set import EmbeddedSet

_DIMENSIONS = 16
_CLOTHES = np.random.default_rng(5).normal(size=(6, _DIMENSIONS))
_LIGHT = np.random.default_rng(9).normal(size=(4, _DIMENSIONS))


def _crowd(
    persons: int, *, images: int = 4, cameras: int = 2, noise: float = 0.35, alike: float = 0.6, seed: int = 0
) -> EmbeddedSet:
    """People in six kinds of clothes, some more ordinary than others, before cameras of other light each.

    Args:
        persons: How many.
        images: Pictures of each by each camera.
        cameras: How many.
        noise: Spread of one person's pictures.
        alike: How much clothes weigh: the higher, the more people look like others.
        seed: Whom to draw.
    """
    generator = np.random.default_rng(seed)
    ordinary = np.exp(generator.normal(0, 0.3, (persons, 1)))
    own = 0.7 * ordinary * generator.normal(size=(persons, _DIMENSIONS))
    centres = alike * _CLOTHES[generator.integers(0, len(_CLOTHES), persons)] + own
    person = np.repeat(np.arange(persons), images * cameras)
    camera = np.tile(np.repeat(np.arange(cameras), images), persons)
    vectors = centres[person] + 0.2 * _LIGHT[camera] + noise * generator.normal(size=(len(person), _DIMENSIONS))
    return EmbeddedSet(
        embeddings=l2_normalised(vectors.astype(np.float32)),
        person_ids=np.array([f"p{index:04d}" for index in person]),
        camera_ids=np.array([f"c{index}" for index in camera]),
        sequence_ids=np.full(len(person), "s"),
        frame_indices=np.tile(np.arange(images), persons * cameras) * 5,
        roles=np.full(len(person), ""),
    )


@pytest.fixture
def crowd() -> Callable[..., EmbeddedSet]:
    """Draws simulated people: see `_crowd`."""
    return _crowd
