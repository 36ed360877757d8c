"""The station's disk, and whoever fills it."""

import contextlib
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.drill.own_mounts import mount_small_disk

SIZE_BYTES = 24_000_000
_BLOCK = b"x" * 65_536


class Disk:
    """A small disk for `folder`, which another program fills to the last byte.

    Args:
        folder: Where it is mounted.
        small: Whether mounting is permitted. If not, a limit on how long the station's files may get stands in for it:
            the operating system then refuses with "file too large".
    """

    def __init__(self, folder: Path, *, small: bool) -> None:
        self._folder, self.small = folder, small
        if small:
            mount_small_disk(folder, SIZE_BYTES)

    @contextlib.contextmanager
    def full(self, pid: int) -> Iterator[None]:
        """No room for the process `pid` meanwhile."""
        if not self.small:
            before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (4_096, before[1]))
            yield
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
            return
        stop = threading.Event()
        filler = threading.Thread(target=self._fill, args=(stop,), daemon=True)
        filler.start()
        yield
        stop.set()
        filler.join()

    def _fill(self, stop: threading.Event) -> None:
        """As a log that nobody rotates: whatever room appears is taken at once."""
        path = self._folder / "filler"
        with path.open("ab", buffering=0) as file:
            while not stop.wait(0.005):
                size = len(_BLOCK)
                while size:
                    try:
                        file.write(_BLOCK[:size])
                    except OSError:
                        size //= 2
        path.unlink()
