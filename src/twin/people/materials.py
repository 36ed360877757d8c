"""What surfaces look like: one float row a material, read by the shading kernel."""

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Colour = tuple[float, float, float]
"""Blue, green, red, 0…255."""


class Pattern(IntEnum):
    """How the second colour is laid over the first, by position on the body at rest."""

    SOLID = 0
    HORIZONTAL_STRIPES = 1
    VERTICAL_STRIPES = 2
    PLAID = 3
    BLOTCHES = 4
    LOGO = 5
    DENIM = 6
    YOKE = 7


# Columns of a material row; the kernel in `raster.py` indexes by these.
BASE, SECOND, PATTERN, FREQUENCY, PHASE, FOLD = 0, 3, 6, 7, 8, 9
BELOW_Z, BELOW_MATERIAL, BEYOND_X, BEYOND_MATERIAL, FRONT_X, FRONT_MATERIAL, MARK_Z = 10, 11, 12, 13, 14, 15, 16
COLUMNS = 17


@dataclass
class MaterialTable:
    """Collects the materials of one person."""

    rows: list[list[float]] = field(default_factory=list)

    def add(
        self,
        base: Colour,
        *,
        second: Colour = (0.0, 0.0, 0.0),
        pattern: Pattern = Pattern.SOLID,
        frequency: float = 20.0,
        phase: float = 0.0,
        fold: float = 0.0,
        mark_z_m: float = 1.2,
    ) -> int:
        """Adds a material and returns its index.

        Args:
            base: Main colour.
            second: The pattern's colour.
            pattern: How the two mix.
            frequency: Of the pattern, per metre (rad).
            phase: Shift of the pattern, rad.
            fold: How deep the cloth's folds look, 0…1 (a disturbance of the normals).
            mark_z_m: Height at rest of a logo's or yoke's edge.
        """
        row = [0.0] * COLUMNS
        row[BASE : BASE + 3] = np.clip(base, 0, 255).tolist()
        row[SECOND : SECOND + 3] = np.clip(second, 0, 255).tolist()
        row[PATTERN], row[FREQUENCY], row[PHASE], row[FOLD] = float(pattern), frequency, phase, fold
        row[BELOW_Z], row[BEYOND_X], row[FRONT_X], row[MARK_Z] = -9.0, 99.0, 0.0, mark_z_m
        self.rows.append(row)
        return len(self.rows) - 1

    def copy(self, index: int) -> int:
        """Adds a copy of a material, to be cut differently."""
        self.rows.append(list(self.rows[index]))
        return len(self.rows) - 1

    def cut_below(self, index: int, z_m: float, other: int) -> None:
        """Below `z_m` (at rest) the material gives way to `other`: a hem."""
        self.rows[index][BELOW_Z], self.rows[index][BELOW_MATERIAL] = z_m, float(other)

    def cut_beyond(self, index: int, x_m: float, other: int) -> None:
        """Farther than `x_m` from the body's middle (at rest) the material gives way to `other`: a sleeve's end."""
        self.rows[index][BEYOND_X], self.rows[index][BEYOND_MATERIAL] = x_m, float(other)

    def open_front(self, index: int, half_width_m: float, other: int) -> None:
        """A strip of `other` down the chest: an open jacket."""
        self.rows[index][FRONT_X], self.rows[index][FRONT_MATERIAL] = half_width_m, float(other)

    def as_array(self) -> npt.NDArray[np.float32]:
        """(materials, COLUMNS)."""
        return np.array(self.rows, np.float32)
