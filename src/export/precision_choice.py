"""Which precision of a re-ID model ships when nobody said: the one worth its loss."""

from collections.abc import Mapping

from dongsun.contract.bundle import Precision

WORTHWHILE = 0.9
"""INT8 ships where it takes at most this share of the float forms' time: it costs something, so it must give something,
and a few percent are the noise of a timing."""
ALIKE = 1.05
"""FP16 ships before FP32 where it's at most so much slower: the same arithmetic from half the bytes."""


def faster_precision(ms_per_crop: Mapping[Precision, float]) -> Precision:
    """The precision to ship, of those that passed their gate.

    Args:
        ms_per_crop: Precision → median milliseconds a crop at batch one, as stations run it; FP32 among them.
    """
    full = ms_per_crop["FP32"]
    half = ms_per_crop.get("FP16")
    float_ms = full if half is None else min(full, half)
    if "INT8" in ms_per_crop and ms_per_crop["INT8"] <= WORTHWHILE * float_ms:
        return "INT8"
    return "FP16" if half is not None and half <= ALIKE * full else "FP32"
