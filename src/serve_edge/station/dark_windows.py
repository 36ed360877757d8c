"""Windows of a camera that has nothing to show: missing is said, not left out."""

from datetime import UTC, datetime, timedelta

from dongsun.contract.store import CameraConfig
from dongsun.serve_edge.pipeline.windows import WINDOW_S, WindowFigures

_STEP = timedelta(seconds=WINDOW_S)
_LONGEST = timedelta(minutes=10)
"""A dark camera is asked every few seconds; more than this between two times is a wall clock that was set."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DarkWindows:
    """While no pipeline counts (no picture yet, or none since the business day changed), says that nothing was seen.

    Only whole windows: the one in which pictures begin again is the pipeline's.

    Args:
        camera: Its lines and zones are in every window.
    """

    def __init__(self, camera: CameraConfig) -> None:
        self._lines, self._zones = tuple(camera.lines), tuple(camera.zones)
        self._from_utc: datetime | None = None

    @property
    def from_utc(self) -> datetime | None:
        """Since when it's dark, as far as it isn't told yet; None while it isn't."""
        return self._from_utc

    def begin(self, at_utc: datetime) -> None:
        """It's dark from then on."""
        self._from_utc = at_utc

    def end(self) -> None:
        """Pictures are counted again."""
        self._from_utc = None

    def until(self, to_utc: datetime) -> list[WindowFigures]:
        """The windows that have ended by then, each once."""
        if self._from_utc is None:
            return []
        if not -_STEP <= to_utc - self._from_utc <= _LONGEST:
            self._from_utc = to_utc
        figures = []
        start = window_start(self._from_utc)
        while start + _STEP <= to_utc:
            figures.append(self._nothing(start))
            start += _STEP
            self._from_utc = start
        return figures

    def _nothing(self, starts_at_utc: datetime) -> WindowFigures:
        nobody, unknown = dict.fromkeys(self._lines, 0), dict.fromkeys(self._zones)
        return WindowFigures(starts_at_utc, 0.0, nobody, dict(nobody), 0.0, 0, unknown, dict(unknown))


def window_start(at_utc: datetime) -> datetime:
    """When the window of an instant begins."""
    return _EPOCH + (at_utc - _EPOCH) // _STEP * _STEP
