"""RTSP messages as text (RFC 2326), and RTP packets interleaved with them on one TCP connection."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

_MOST_HEADER_BYTES = 65_536
INTERLEAVED = b"$"


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes:
        method: `DESCRIBE`, …
        path: Of the address, without host, query and trailing slash: `/entrance/streamid=0`.
        headers: By lower-case name.
        body: An ANNOUNCE's session description.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Packet:
    """One interleaved packet: RTP on even channels, RTCP on odd ones."""

    channel: int
    payload: bytes

    def encoded(self) -> bytes:
        """As on the wire (RFC 2326, section 10.12)."""
        return INTERLEAVED + bytes([self.channel]) + len(self.payload).to_bytes(2, "big") + self.payload


async def read_message(reader: asyncio.StreamReader) -> Request | Packet:
    """The next message.

    Raises:
        asyncio.IncompleteReadError: The connection ended.
        ValueError: No RTSP.
    """
    first = await reader.readexactly(1)
    if first == INTERLEAVED:
        head = await reader.readexactly(3)
        return Packet(head[0], await reader.readexactly(int.from_bytes(head[1:], "big")))
    text = (first + await reader.readuntil(b"\r\n\r\n")).decode("utf-8")
    if len(text) > _MOST_HEADER_BYTES:
        raise ValueError("an RTSP header of more than 64 kB")
    start, *lines = text.strip().split("\r\n")
    words = start.split(" ")
    if len(words) != 3 or not words[2].startswith("RTSP/"):
        raise ValueError(f"not an RTSP request: {start[:80]!r}")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(words[0], _path_of(words[1]), headers, body)


def response(request: Request, status: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """An answer such as `200 OK`."""
    lines = [f"RTSP/1.0 {status}", f"CSeq: {request.headers.get('cseq', '0')}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def _path_of(address: str) -> str:
    without_scheme = address.split("://", 1)[-1]
    path = "/" + without_scheme.partition("/")[2] if "://" in address else address
    return path.split("?", 1)[0].rstrip("/") or "/"
