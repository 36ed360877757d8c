"""Plane geometry against naive oracles."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongsun.contract.geometry import (
    apply_homography,
    fit_homography,
    point_in_polygon,
    position_along,
    signed_distance,
)

unit = st.floats(0, 1, allow_nan=False)
point = st.tuples(unit, unit)


def test_sides_of_a_line_drawn_left_to_right() -> None:
    assert signed_distance((0.5, 0.9), (0.1, 0.5), (0.9, 0.5)) == pytest.approx(0.4), "below, y grows downwards"
    assert signed_distance((0.5, 0.1), (0.1, 0.5), (0.9, 0.5)) == pytest.approx(-0.4)
    assert signed_distance((0.5, 0.1), (0.9, 0.5), (0.1, 0.5)) == pytest.approx(0.4), "the other way round"
    with pytest.raises(ValueError):
        signed_distance((0, 0), (1, 1), (1, 1))


@given(point, point, point)
def test_distance_and_position_rebuild_the_point(
    p: tuple[float, float], a: tuple[float, float], b: tuple[float, float]
) -> None:
    length = math.dist(a, b)
    if length < 1e-3:
        return
    d, t = signed_distance(p, a, b), position_along(p, a, b)
    along = ((b[0] - a[0]) / length, (b[1] - a[1]) / length)
    rebuilt = (a[0] + t * length * along[0] - d * along[1], a[1] + t * length * along[1] + d * along[0])
    assert rebuilt == pytest.approx(p, abs=1e-6)


@given(point, st.integers(3, 9))
def test_convex_polygon_by_half_planes(p: tuple[float, float], corners: int) -> None:
    polygon = tuple(
        (0.5 + 0.37 * math.cos(2 * math.pi * k / corners + 0.1), 0.5 + 0.37 * math.sin(2 * math.pi * k / corners + 0.1))
        for k in range(corners)
    )
    distances = [signed_distance(p, a, b) for a, b in zip(polygon, polygon[1:] + polygon[:1], strict=True)]
    if min(abs(d) for d in distances) > 1e-9:
        assert point_in_polygon(p, polygon) == all(d > 0 for d in distances)


@given(st.integers(0, 10_000), st.integers(4, 12))
def test_homography_is_recovered_from_its_points(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    truth = np.array([[1, 0.2, 3], [-0.1, 1.3, 2], [0.01, 0.02, 1]]) + rng.normal(0, 0.01, (3, 3))
    source = rng.uniform(0, 10, (n, 2)) if n > 4 else np.array([[0, 0], [9, 1], [8, 9], [1, 8.0]])
    target = apply_homography(truth, source)
    assert apply_homography(fit_homography(source, target), source) == pytest.approx(target, abs=1e-6)


def test_homography_refuses_what_fixes_no_plane() -> None:
    on_a_line = np.array([[0, 0], [1, 1], [2, 2], [3, 3.0]])
    with pytest.raises(ValueError):
        fit_homography(on_a_line, on_a_line)
    with pytest.raises(ValueError):
        fit_homography(on_a_line[:3], on_a_line[:3])
