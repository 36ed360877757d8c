"""One decoded picture."""

from dataclasses import dataclass

from dongsun.contract.preprocess import FrameBgr


@dataclass(frozen=True)
class Frame:
    """One decoded picture and when it was taken.

    Attributes:
        index: 0-based, in decode (presentation) order of the whole source.
        stream_time_s: Seconds since the first frame of the source, strictly ascending.
        picture_bgr: The pixels.
        decode_s: Time it took to decode and convert, seconds of wall clock.
    """

    index: int
    stream_time_s: float
    picture_bgr: FrameBgr
    decode_s: float
