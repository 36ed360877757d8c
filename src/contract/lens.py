"""How a lens maps directions to places in the picture: pinhole with radial distortion, and fisheye."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import LensConfig

Floats = npt.NDArray[np.float64]
WIDEST_FISHEYE_RAD = math.radians(160.0)
"""Nothing farther off the axis is mapped: no lens sees it, and close behind the camera the mapping is singular."""
WIDEST_PINHOLE = 20.0
"""Tangent of the largest angle (87°) that a distorted pinhole maps."""
NEWTON_STEPS = 40


@dataclass(frozen=True)
class Lens:
    """A lens of square pixels whose axis meets the picture's centre. Places are normalised to the picture.

    With r the tangent (pinhole) or the angle θ (fisheye) off the axis, the picture's radius is
    r·(1 + k1·r² + k2·r⁴ + k3·r⁶ + k4·r⁸) focal lengths. Source: OpenCV's calib3d (radial part) and fisheye modules;
    the latter is Kannala & Brandt, "A Generic Camera Model and Calibration Method…", 2006.

    Attributes:
        is_fisheye: Whether r is the angle.
        coefficients: k1, k2, k3, k4.
        focal: Focal length as a share of the picture's width.
        aspect: Width over height.
        limit: The largest r that is mapped; up to it the picture's radius grows.
    """

    is_fisheye: bool
    coefficients: tuple[float, float, float, float]
    focal: float
    aspect: float
    limit: float

    @classmethod
    def of(cls, config: LensConfig, aspect: float, hfov_deg: float | None = None) -> "Lens":
        """The lens of a camera whose picture's left and right edges see `hfov_deg` / 2 off the axis.

        Args:
            config: Model and coefficients.
            aspect: Width over height of the picture.
            hfov_deg: Real horizontal field of view; by default the config's.

        Raises:
            DongsunError: No field of view is known, it is too wide for the model, or the distortion folds the picture.
        """
        hfov = config.hfov_deg if hfov_deg is None else hfov_deg
        widest = 200.0 if config.model == "fisheye" else 170.0
        if hfov is None or not 0 < hfov <= widest:
            raise DongsunError(
                expected=f"a horizontal field of view between 0° and {widest:.0f}° for a {config.model} lens",
                got="none" if hfov is None else f"{hfov}°",
                where="lens.hfov_deg",
                mend="give the field of view of the camera's data sheet, or say model: fisheye for a wider lens",
            )
        is_fisheye, coefficients = config.model == "fisheye", (config.k1, config.k2, config.k3, config.k4)
        turn = _first_turn(coefficients)
        limit = min(turn, WIDEST_FISHEYE_RAD) if is_fisheye else min(turn, WIDEST_PINHOLE if config.bends else math.inf)
        half = math.radians(hfov) / 2
        edge = half if is_fisheye else math.tan(half)
        focal = 0.5 / float(_bent(np.array([edge]), coefficients)[0]) if edge < limit else math.nan
        folds = not edge < limit
        if not folds and turn <= limit and math.isfinite(turn):
            corner = 0.5 / focal * math.hypot(1.0, 1.0 / aspect)
            folds = float(_bent(np.array([limit]), coefficients)[0]) < corner * 1.001
        if folds:
            raise DongsunError(
                expected="a distortion under which the picture's radius grows up to the picture's corners",
                got=f"{config.model} k1…k4 = {coefficients} at {hfov}°, which folds back "
                f"{math.degrees(limit if is_fisheye else math.atan(limit)):.1f}° off the axis",
                where="lens",
                mend="calibrate again with points near the corners, or correct the coefficients or the field of view",
            )
        return cls(is_fisheye, coefficients, focal, aspect, limit)

    @property
    def is_plain(self) -> bool:
        """Whether straight lines stay straight."""
        return not self.is_fisheye and not any(self.coefficients)

    def rays(self, points_normalised: Floats) -> Floats:
        """Directions seen at `points_normalised` (n, 2).

        Returns:
            (n, 3) unit vectors: right, down, forward. NaN where the lens sees nothing.
        """
        points = np.asarray(points_normalised, np.float64)
        plane = (points - 0.5) / np.array([self.focal, self.focal * self.aspect])
        radius = np.hypot(plane[:, 0], plane[:, 1])
        r = self._straightened(radius)
        with np.errstate(invalid="ignore", divide="ignore"):
            sine, cosine = (np.sin(r), np.cos(r)) if self.is_fisheye else (r, np.ones_like(r))
            across = np.where(radius > 0, sine / np.where(radius > 0, radius, 1.0), 1.0)
        rays = np.column_stack([plane * across[:, None], cosine])
        return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True), np.float64)

    def points(self, rays: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Where directions (n, 3), of any length, fall.

        Returns:
            (n, 2) normalised, also outside the picture, NaN where the lens maps nothing; and (n,) whether it maps.
        """
        x, y, z = (np.asarray(rays, np.float64)[:, k] for k in range(3))
        across = np.hypot(x, y)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            r = np.arctan2(across, z) if self.is_fisheye else np.where(z > 0, across / z, np.nan)
            seen = np.isfinite(r) & (r <= self.limit) & (across + np.abs(z) > 0)
            r = np.where(seen, r, np.nan)
            scale = np.where(across > 0, _bent(r, self.coefficients) / np.where(across > 0, across, 1.0), 0.0)
        plane = np.column_stack([x * scale, y * scale])
        plane[~seen] = np.nan
        return plane * np.array([self.focal, self.focal * self.aspect]) + 0.5, seen

    def _straightened(self, radius: Floats) -> Floats:
        """Inverse of `_bent` on 0…limit, NaN beyond: Newton's steps, halving where one would leave the bracket."""
        if not any(self.coefficients):
            return np.where(radius <= self.limit, radius, np.nan)
        if radius.size == 1:
            return np.full_like(radius, self._straightened_one(float(radius.flat[0])))
        reach = float(_bent(np.array([self.limit]), self.coefficients)[0])
        low, high = np.zeros_like(radius), np.full_like(radius, self.limit)
        r = np.minimum(radius, self.limit / 2)
        for _ in range(NEWTON_STEPS):
            error = _bent(r, self.coefficients) - radius
            low, high = np.where(error <= 0, r, low), np.where(error > 0, r, high)
            step = r - error / np.maximum(_slope(r, self.coefficients), 1e-12)
            following = np.where((step > low) & (step < high), step, (low + high) / 2)
            following = np.where(error == 0, r, following)
            if np.abs(following - r).max(initial=0.0) < 1e-14:
                break
            r = following
        return np.where(radius <= reach, r, np.nan)

    def _straightened_one(self, radius: float) -> float:
        """The same for one, bit for bit: tracking asks point by point, and numpy takes fifty times as long for it."""
        if not radius <= _bent_one(self.limit, self.coefficients):
            return math.nan
        low, high, r = 0.0, self.limit, min(radius, self.limit / 2)
        for _ in range(NEWTON_STEPS):
            error = _bent_one(r, self.coefficients) - radius
            low, high = (r, high) if error <= 0 else (low, r)
            step = r - error / max(_slope_one(r, self.coefficients), 1e-12)
            following = step if low < step < high else (low + high) / 2
            if error == 0 or abs(following - r) < 1e-14:
                break
            r = following
        return r


def _bent_one(r: float, k: tuple[float, float, float, float]) -> float:
    s = r * r
    return r * (1 + s * (k[0] + s * (k[1] + s * (k[2] + s * k[3]))))


def _slope_one(r: float, k: tuple[float, float, float, float]) -> float:
    s = r * r
    return 1 + s * (3 * k[0] + s * (5 * k[1] + s * (7 * k[2] + s * 9 * k[3])))


def _bent(r: Floats, k: tuple[float, float, float, float]) -> Floats:
    s = r * r
    return np.asarray(r * (1 + s * (k[0] + s * (k[1] + s * (k[2] + s * k[3])))), np.float64)


def _slope(r: Floats, k: tuple[float, float, float, float]) -> Floats:
    s = r * r
    return np.asarray(1 + s * (3 * k[0] + s * (5 * k[1] + s * (7 * k[2] + s * 9 * k[3]))), np.float64)


def _first_turn(k: tuple[float, float, float, float]) -> float:
    """The smallest r > 0 where the picture's radius stops growing, infinite if it never does."""
    roots = np.roots([1.0, 3 * k[0], 5 * k[1], 7 * k[2], 9 * k[3]])  # of 1 / r², which no small k makes overflow
    real = roots.real[(np.abs(roots.imag) < 1e-9) & (roots.real > 1e-6)]
    return 1 / math.sqrt(float(real.max())) if len(real) else math.inf
