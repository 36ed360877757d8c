"""Not decoding what nobody will look at, as far as enough is left to look at."""

from av.video.codeccontext import VideoCodecContext

_TRIAL_S = 1.0
_ENOUGH = 0.95
"""A second holds one picture more or less, by where it is cut."""


class Thrift:
    """Leaves a stream's pictures undecoded that no other picture refers to, while those left are as many as wanted.

    A decoder may skip them at any moment without harm to the rest (`AVDISCARD_NONREF`). With B-pictures that may be
    three of four: how many are left is a matter of the camera's encoder, so it is measured second by second. Once they
    were too few, everything is decoded until the next connection.

    Args:
        context: The decoder; nothing but this sets what it skips.
        wanted_fps: Pictures a second that must be left.
    """

    def __init__(self, context: VideoCodecContext, wanted_fps: float) -> None:
        self._context, self._wanted_fps = context, wanted_fps
        self._since_s: float | None = None
        self._packets = self._decoded = 0
        self._context.skip_frame = "NONREF"
        self.skips = True

    def packet(self) -> None:
        """A packet went into the decoder."""
        self._packets += 1

    def decoded(self, stamp_s: float | None) -> None:
        """A picture came out; its stamp is the stream's."""
        if not self.skips:
            return
        if stamp_s is None:
            self._decode_all()  # nobody can tell how many a second are left
        elif self._since_s is None or stamp_s < self._since_s:
            self._begin(stamp_s)
        else:
            self._decoded += 1
            if stamp_s - self._since_s >= _TRIAL_S:
                self._judge(stamp_s)

    def _judge(self, stamp_s: float) -> None:
        assert self._since_s is not None
        # Pictures may also be few because they come slowly or got lost; then all that came were decoded.
        skipped = self._packets > self._decoded
        if skipped and self._decoded < _ENOUGH * self._wanted_fps * (stamp_s - self._since_s):
            self._decode_all()
        self._begin(stamp_s)

    def _begin(self, stamp_s: float) -> None:
        self._since_s, self._packets, self._decoded = stamp_s, 0, 0

    def _decode_all(self) -> None:
        self._context.skip_frame = "DEFAULT"
        self.skips = False
