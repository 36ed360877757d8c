"""`python -m dongsun.twin.rtsp [PORT]`: the rehearsal server alone; cameras push to any path, viewers play it."""

import argparse
import signal
import sys

from dongsun.twin.rtsp.relay import RtspRelay


def main() -> None:
    """Serves until it is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m dongsun.twin.rtsp", description=__doc__)
    parser.add_argument("port", type=int, nargs="?", default=8554, help="TCP port on 127.0.0.1 (default 8554)")
    port = parser.parse_args().port
    signals = (signal.SIGINT, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # before the server's thread begins, which inherits it
    try:
        with RtspRelay(port):
            print(f"rtsp://127.0.0.1:{port}/", flush=True)  # noqa: T201 - whoever started it waits for this line
            signal.sigwait(signals)
    except OSError as error:
        sys.exit(f"no server on port {port}: {error}")


if __name__ == "__main__":
    main()
