"""The server: cameras push to a path, viewers play that path."""

import asyncio
import logging
import secrets
import threading
from dataclasses import dataclass, field
from types import TracebackType

from dongsun.twin.rtsp.message import Packet, Request, read_message, response

_LOG = logging.getLogger(__name__)
_MOST_WAITING_BYTES = 4_000_000
"""A viewer this far behind misses packets: one slow viewer must not fill the memory."""


@dataclass
class _Viewer:
    writer: asyncio.StreamWriter
    playing: bool = False
    channels: dict[int, int] = field(default_factory=dict)
    """The camera's channel → the viewer's."""


@dataclass
class _Mount:
    description: bytes
    camera: asyncio.StreamWriter
    tracks: list[str] = field(default_factory=list)
    viewers: list[_Viewer] = field(default_factory=list)


class RtspRelay:
    """An RTSP server on this machine: RTP over TCP, one camera a path, any number of viewers.

    It runs in a thread of its own. `stalled` keeps every connection open and sends nothing (what a hung camera does),
    `garbled` spoils the pictures' bytes, `disconnect()` drops everybody.

    Args:
        port: 0 takes a free one; see `port`.
    """

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self.stalled = False
        self.garbled = False
        self._host, self._wanted_port = host, port
        self._mounts: dict[str, _Mount] = {}
        self._connections: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="rtsp-relay", daemon=True)

    def __enter__(self) -> "RtspRelay":
        self._thread.start()
        opening = asyncio.start_server(self._serve, self._host, self._wanted_port)
        try:
            self._server = asyncio.run_coroutine_threadsafe(opening, self._loop).result(10)
        except OSError:
            self._end_loop()
            raise
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self.disconnect()
        self._end_loop()

    def url(self, path: str) -> str:
        """The address of a path, to push to or to play."""
        return f"rtsp://{self._host}:{self.port}/{path}"

    def disconnect(self) -> None:
        """Drops every connection, as a restarting server does."""

        async def drop() -> None:
            for writer in list(self._connections):
                writer.transport.abort()
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(drop(), self._loop).result(10)

    def has_camera(self, path: str) -> bool:
        """Whether somebody pushes to `path`."""
        return f"/{path}" in self._mounts

    def _end_loop(self) -> None:
        async def cancel() -> None:
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(cancel(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        talk = _Conversation(self, writer)
        try:
            while True:
                message = await read_message(reader)
                if isinstance(message, Packet):
                    self._relay(talk.announced, message)
                else:
                    writer.write(talk.answer(message))
                    if message.method == "TEARDOWN":
                        return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        except (ValueError, asyncio.LimitOverrunError) as error:
            _LOG.warning("closed a connection that spoke no RTSP: %s", error)
        finally:
            talk.end()
            self._connections.discard(writer)
            writer.close()

    def _relay(self, path: str | None, packet: Packet) -> None:
        mount = self._mounts.get(path or "")
        if mount is None or self.stalled:
            return
        payload = _spoilt(packet.payload) if self.garbled and packet.channel % 2 == 0 else packet.payload
        for viewer in mount.viewers:
            channel = viewer.channels.get(packet.channel)
            if channel is None or not viewer.playing:
                continue
            if viewer.writer.transport.get_write_buffer_size() < _MOST_WAITING_BYTES:
                viewer.writer.write(Packet(channel, payload).encoded())


class _Conversation:
    """One connection: a camera that pushes or a viewer that plays."""

    def __init__(self, relay: RtspRelay, writer: asyncio.StreamWriter) -> None:
        self._mounts = relay._mounts
        self._viewer = _Viewer(writer)
        self._session = secrets.token_hex(8)
        self.announced: str | None = None

    def answer(self, request: Request) -> bytes:
        """Does what is asked, and the response."""
        session = {"Session": f"{self._session};timeout=60"}
        match request.method:
            case "OPTIONS":
                methods = "OPTIONS, DESCRIBE, ANNOUNCE, SETUP, PLAY, RECORD, TEARDOWN, GET_PARAMETER"
                return response(request, "200 OK", {"Public": methods})
            case "ANNOUNCE":
                if request.path in self._mounts:
                    return response(request, "403 Another camera pushes here")
                self._mounts[request.path] = _Mount(request.body, self._viewer.writer)
                self.announced = request.path
                return response(request, "200 OK")
            case "DESCRIBE":
                mount = self._mounts.get(request.path)
                if mount is None:
                    return response(request, "404 No camera pushes here")
                base = {"Content-Type": "application/sdp", "Content-Base": f"{request.path}/"}
                return response(request, "200 OK", base, mount.description)
            case "SETUP":
                return self._set_up(request, session)
            case "PLAY":
                self._viewer.playing = True
                return response(request, "200 OK", session)
            case "RECORD" | "GET_PARAMETER" | "TEARDOWN":
                return response(request, "200 OK", session)
            case _:
                return response(request, "405 Method Not Allowed")

    def end(self) -> None:
        """The connection is gone: so is its camera, or its viewer."""
        gone = self._mounts.pop(self.announced, None) if self.announced else None
        for viewer in gone.viewers if gone else ():
            viewer.writer.close()
        for mount in self._mounts.values():
            if self._viewer in mount.viewers:
                mount.viewers.remove(self._viewer)

    def _set_up(self, request: Request, session: dict[str, str]) -> bytes:
        channel = _interleaved(request.headers.get("transport", ""))
        if channel is None:
            return response(request, "461 Only RTP/AVP/TCP interleaved")
        path, _, track = request.path.rpartition("/")
        mount = self._mounts.get(path)
        if mount is None:
            return response(request, "404 No camera pushes here")
        if self.announced is not None:
            mount.tracks.append(track)
        else:
            theirs = 2 * (mount.tracks.index(track) if track in mount.tracks else 0)
            self._viewer.channels |= {theirs: channel, theirs + 1: channel + 1}
            if self._viewer not in mount.viewers:
                mount.viewers.append(self._viewer)
        return response(
            request, "200 OK", {"Transport": f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}", **session}
        )


def _interleaved(transport: str) -> int | None:
    """The first channel of `RTP/AVP/TCP;unicast;interleaved=0-1`."""
    fields = transport.split(",")[0].split(";")
    if fields[0] != "RTP/AVP/TCP":
        return None
    for name, _, value in (entry.partition("=") for entry in fields):
        if name == "interleaved" and value.split("-")[0].isdigit():
            return int(value.split("-")[0])
    return None


def _spoilt(payload: bytes) -> bytes:
    """The RTP header kept, the coded picture inverted."""
    return payload[:14] + bytes(byte ^ 0xFF for byte in payload[14:])
