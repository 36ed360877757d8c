"""Embeddings, clock and errors."""

import pickle
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from dongsun.contract.clock import iso_utc, utc_now
from dongsun.contract.embedding import cosine_similarity, l2_normalised
from dongsun.contract.errors import DongsunError


def test_similarity_knows_its_direction() -> None:
    rows = l2_normalised(np.array([[3, 4], [4, 3], [-3, -4]], np.float32))
    similarity = cosine_similarity(rows[:1], rows)
    assert similarity.ravel() == pytest.approx([1.0, 0.96, -1.0], abs=1e-6)
    for broken in ([[0, 0]], [[np.nan, 1]]):
        with pytest.raises(ValueError):
            l2_normalised(np.array(broken, np.float32))


def test_instants_are_utc() -> None:
    seoul = timezone(timedelta(hours=9))
    assert iso_utc(datetime(2026, 1, 1, 9, tzinfo=seoul)) == "2026-01-01T00:00:00.000Z"
    assert utc_now().tzinfo is UTC
    with pytest.raises(ValueError):
        iso_utc(datetime(2026, 1, 1))


def test_error_survives_a_process_pool_and_says_everything() -> None:
    error = DongsunError(expected="a", got="b", where="c", mend="d")
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error)
    assert all(word in str(error) for word in ("expected a", "got:   b", "where: c", "mend:  d"))
