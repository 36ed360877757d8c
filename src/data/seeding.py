"""Random numbers that depend on a seed and a name alone, never on the order of work."""

from hashlib import blake2b
from random import Random


def random_for(seed: int, *names: str) -> Random:
    """A generator for one named thing; equal seed and names give equal draws on every machine."""
    digest = blake2b("\x1f".join((str(seed), *names)).encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return Random(int.from_bytes(digest, "little"))
