"""Telling systemd how it goes (sd_notify, https://www.freedesktop.org/software/systemd/man/sd_notify.html)."""

import logging
import os
import socket

_LOG = logging.getLogger(__name__)


class SystemdNotifier:
    """Sends states to `NOTIFY_SOCKET`; does nothing where the service isn't run by systemd.

    Args:
        address: The socket; by default the environment's.
    """

    def __init__(self, address: str | None = None) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET") if address is None else address

    @property
    def watchdog_s(self) -> float | None:
        """Half of the time within which systemd wants a sign of life of this process; None if it wants none."""
        text = os.environ.get("WATCHDOG_USEC", "")
        meant = os.environ.get("WATCHDOG_PID", "")
        if not text.isdigit() or int(text) == 0 or (meant and meant != str(os.getpid())):
            return None
        return int(text) / 2e6

    def ready(self) -> None:
        """Started."""
        self._send("READY=1")

    def alive(self) -> None:
        """A sign of life; systemd restarts a station that gives none."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """A line for `systemctl status`; line ends become blanks, since a line is an assignment to systemd."""
        self._send(f"STATUS={' '.join(text.split())}")

    def stopping(self) -> None:
        """On its way out."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.setblocking(False)
                channel.connect(address)
                channel.sendall(message.encode())
        except OSError as error:  # systemd being restarted is no reason to stop counting
            _LOG.warning("systemd could not be told %s: %s", message.partition("=")[0], error)
