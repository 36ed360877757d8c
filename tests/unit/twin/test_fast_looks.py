"""Modelled looks are as alike as asked, and scatter as few dimensions do."""

import numpy as np
import pytest

from dongsun.contract.errors import DongsunError
from dongsun.twin.fast.looks import ModelledLooks

LOOKS = ModelledLooks(4)
WHO = np.repeat(np.arange(1, 61), 12)
SAME = WHO[:, None] == WHO


def looks_of(camera: int, first_s: float, every_s: float, *, uniformed: bool = False) -> np.ndarray:
    """(720, d): sixty people at twelve moments."""
    times = np.tile(first_s + np.arange(12) * every_s, 60)
    return np.concatenate(
        [LOOKS.look(int(p), camera, float(t), uniformed=uniformed) for p, t in zip(WHO, times, strict=True)]
    )


def test_looks_are_as_alike_as_asked() -> None:
    a, b = looks_of(0, 0.0, 37.0), looks_of(1, 500.0, 37.0)
    assert a.dtype == np.float32 and np.allclose(np.linalg.norm(a, axis=1), 1, atol=1e-5)
    assert (a @ b.T)[SAME].mean() == pytest.approx(LOOKS.same_person_mean, abs=0.05)
    assert (a @ a.T)[SAME & ~np.eye(len(WHO), dtype=bool)].mean() == pytest.approx(LOOKS.same_person_mean, abs=0.05)
    assert (a @ b.T)[~SAME].mean() == pytest.approx(LOOKS.other_person_mean, abs=0.03)
    assert (a @ b.T)[~SAME].std() == pytest.approx(LOOKS.dimensions**-0.5, rel=0.15)
    staff = looks_of(0, 0.0, 37.0, uniformed=True)
    assert (staff @ staff.T)[~SAME].mean() == pytest.approx(LOOKS.uniform_mean, abs=0.05)


def test_a_moment_later_somebody_looks_much_the_same_and_less_so_by_and_by() -> None:
    first = looks_of(0, 0.0, 37.0)
    alike = [(first * looks_of(0, lag, 37.0)).sum(axis=1).mean() for lag in (0.1, 2.0, 20.0)]
    assert alike[0] == pytest.approx(LOOKS.same_moment_mean, abs=0.04)
    assert alike[0] > alike[1] > alike[2]
    assert alike[2] == pytest.approx(LOOKS.same_person_mean, abs=0.05)


def test_the_same_seed_gives_the_same_look_and_things_never_turn_round() -> None:
    assert np.array_equal(LOOKS.look(3, 1, 9.0), ModelledLooks(4).look(3, 1, 9.0))
    assert not np.array_equal(LOOKS.look(3, 1, 9.0), LOOKS.look(3, 1, 9.1))
    doll = np.concatenate([LOOKS.look(-2, 0, 50.0 * k) for k in range(20)])
    assert (doll @ doll.T).mean() == pytest.approx(LOOKS.same_moment_mean, abs=0.06)
    assert abs(float(LOOKS.look(-2, 0, 1.0)[0] @ LOOKS.look(2, 0, 1.0)[0])) < 0.6


def test_looks_refuse_means_out_of_order() -> None:
    with pytest.raises(DongsunError, match="order"):
        ModelledLooks(1, same_person_mean=0.2)
