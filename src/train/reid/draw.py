"""One picture to be shown in one step, with the randomness that it may use."""

from typing import NamedTuple


class Draw(NamedTuple):
    """What a sampler hands to a data set.

    The seed comes from the sampler and not from the loading process, so an epoch is the same whoever loads it, and a
    training that was killed goes on as if it had not been.

    Attributes:
        image: Which picture, by its index.
        seed: 0 .. 2**31 - 1: what is random in showing it follows from this alone.
    """

    image: int
    seed: int
