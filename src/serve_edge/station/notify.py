"""Telling systemd how it goes (sd_notify, https://www.freedesktop.org/software/systemd/man/sd_notify.html)."""

import os
import socket


class SystemdNotifier:
    """Sends states to `NOTIFY_SOCKET`; does nothing where the service isn't run by systemd.

    Args:
        address: The socket; by default the environment's.
    """

    def __init__(self, address: str | None = None) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET") if address is None else address

    @property
    def watchdog_s(self) -> float | None:
        """Half of the time within which systemd wants a sign of life; None if it wants none."""
        text = os.environ.get("WATCHDOG_USEC", "")
        return int(text) / 2e6 if text.isdigit() else None

    def ready(self) -> None:
        """Started."""
        self._send("READY=1")

    def alive(self) -> None:
        """A sign of life; systemd restarts a station that gives none."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """A line for `systemctl status`."""
        self._send(f"STATUS={text}")

    def stopping(self) -> None:
        """On its way out."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.connect(address)
            channel.sendall(message.encode())
