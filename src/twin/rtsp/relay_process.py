"""The rehearsal server in a process of its own: libav, pushing from this one, would hold its interpreter still."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from dongsun.contract.errors import DongsunError


@contextmanager
def relay_process(port: int) -> Iterator[str]:
    """Runs the server on `port`; yields its address, `rtsp://127.0.0.1:<port>`.

    Raises:
        DongsunError: The port can't be had.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "dongsun.twin.rtsp", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stderr is not None
    try:
        if not process.stdout.readline():
            raise DongsunError(
                expected=f"port {port} of this machine free",
                got=process.stderr.read().strip(),
                where="the RTSP server",
                mend="choose another port: serve=8555",
            )
        yield f"rtsp://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
