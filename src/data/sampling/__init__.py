"""Which training images to keep: systematic, random or all, seeded per stratum."""

from dongsun.data.sampling.full import Full
from dongsun.data.sampling.policy import SamplingPolicy
from dongsun.data.sampling.random_share import RandomShare
from dongsun.data.sampling.systematic import Systematic

__all__ = ["Full", "RandomShare", "SamplingPolicy", "Systematic"]
