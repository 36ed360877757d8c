"""Where a person's box will be: a constant-velocity Kalman filter."""

import numpy as np
import numpy.typing as npt

Box = npt.NDArray[np.float64]
"""float64 (4,): x0, y0, x1, y1 in pixels."""

_ACCELERATION = np.array([0.5, 0.5, 0.05, 0.1])
"""Spectral density of random acceleration of (centre x, top, width, height), heights² per second³: a walker changes
speed by about 1 m/s² for half a second at a time (2 · 1² · 0.5 m²/s³ = 0.35 heights²/s³); size changes far slower."""
_MEASURED = np.array([0.04, 0.04, 0.08, 0.06])
"""One sigma of a detector's box in heights: a few per cent; arms and legs make the width waver most."""
_UNSEEN_HEIGHT = 0.25
"""One sigma of the height when the lower body is hidden, heights: it says next to nothing."""
_START_SPEED = np.array([1.0, 0.7, 0.1, 0.2])
"""One sigma of the unknown speed at birth, heights per second: a walk is 0.8."""


class BoxMotion:
    """Four independent constant-velocity Kalman filters over (centre x, top, width, height).

    SORT and ByteTrack filter (centre x, centre y, aspect, height) with noise per frame. Here the top replaces the
    centre (heads stay in view when legs are hidden) and noise grows with time, so that any frame rate gives the same
    track. With diagonal noise the 8-state filter falls apart into four of two states, exactly.

    Args:
        box_xyxy_px: First box.
        time_s: When it was seen.
    """

    def __init__(self, box_xyxy_px: Box, time_s: float) -> None:
        self.time_s = time_s
        self._position = _to_state(box_xyxy_px)
        self._velocity = np.zeros(4)
        scale = self._position[3]
        self._p_xx = (_MEASURED * scale) ** 2
        self._p_xv = np.zeros(4)
        self._p_vv = (_START_SPEED * scale) ** 2

    @property
    def box_xyxy_px(self) -> Box:
        """The box at `time_s`."""
        return _to_box(self._position)

    @property
    def height_px(self) -> float:
        """Filtered height at `time_s`, pixels."""
        return float(max(self._position[3], 1.0))

    @property
    def velocity_px_s(self) -> tuple[float, float]:
        """Speed of the box's foot point (x, y), pixels per second."""
        return float(self._velocity[0]), float(self._velocity[1] + self._velocity[3])

    def predict(self, time_s: float) -> None:
        """Moves the state forward to `time_s`."""
        dt = time_s - self.time_s
        if dt <= 0:
            return
        q = _ACCELERATION * self.height_px**2
        self._position = self._position + self._velocity * dt
        self._position[2:] = np.maximum(self._position[2:], 1.0)
        self._p_xx = self._p_xx + 2 * dt * self._p_xv + dt**2 * self._p_vv + q * dt**3 / 3
        self._p_xv = self._p_xv + dt * self._p_vv + q * dt**2 / 2
        self._p_vv = self._p_vv + q * dt
        self.time_s = time_s

    def update(self, box_xyxy_px: Box, *, whole: bool) -> None:
        """Corrects the state by a box seen at `time_s`; not `whole` says that its bottom is a guess."""
        sigma = _MEASURED * self.height_px
        if not whole:
            sigma[3] = _UNSEEN_HEIGHT * self.height_px
        innovation = _to_state(box_xyxy_px) - self._position
        total = self._p_xx + sigma**2
        gain_x, gain_v = self._p_xx / total, self._p_xv / total
        self._position = self._position + gain_x * innovation
        self._velocity = self._velocity + gain_v * innovation
        self._p_vv = self._p_vv - gain_v * self._p_xv
        self._p_xv = (1 - gain_x) * self._p_xv
        self._p_xx = (1 - gain_x) * self._p_xx

    def head_surprise(self, boxes_xyxy_px: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """How many sigmas the heads (top centres) of boxes (n, 4) lie from where this one should be, (n,)."""
        sigma = np.sqrt(self._p_xx[:2] + (_MEASURED[:2] * self.height_px) ** 2)
        heads = np.column_stack([(boxes_xyxy_px[:, 0] + boxes_xyxy_px[:, 2]) / 2, boxes_xyxy_px[:, 1]])
        return np.asarray(np.linalg.norm((heads - self._position[:2]) / sigma, axis=1))

    def copy(self) -> "BoxMotion":
        """An independent copy."""
        twin = BoxMotion(self.box_xyxy_px, self.time_s)
        twin._position, twin._velocity = self._position.copy(), self._velocity.copy()
        twin._p_xx, twin._p_xv, twin._p_vv = self._p_xx.copy(), self._p_xv.copy(), self._p_vv.copy()
        return twin


def _to_state(box: Box) -> npt.NDArray[np.float64]:
    return np.array([(box[0] + box[2]) / 2, box[1], box[2] - box[0], box[3] - box[1]], dtype=np.float64)


def _to_box(state: npt.NDArray[np.float64]) -> Box:
    x, top, width, height = state
    return np.array([x - width / 2, top, x + width / 2, top + height], dtype=np.float64)
