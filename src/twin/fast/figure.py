"""How tall, wide and fast somebody is, when no body is ever drawn."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True)
class Figure:
    """The little of a body that boxes and paths need."""

    height_m: float
    half_width_m: float
    walking_speed_m_s: float


@lru_cache(maxsize=65536)
def figure(person_id: int, child: bool = False) -> Figure:
    """The figure of person `person_id`: always the same. Adults 1.50…1.90 m, children 1.05…1.40 m."""
    rng = np.random.default_rng([7301, person_id])
    height = float(rng.uniform(1.05, 1.4) if child else np.clip(rng.normal(1.68, 0.09), 1.5, 1.9))
    return Figure(height, height * float(rng.uniform(0.135, 0.165)), float(rng.uniform(0.85, 1.3)))
