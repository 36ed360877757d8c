"""`python -m bench.station_camera CLIP CAMERAS`: that many RTSP cameras in one cheap process.

All play one loop of H.264, each from another place. Nothing is decoded, encoded or relayed: the RTP packets (RFC 6184)
are cut once, and a picture is one write. Prints its port; at SIGTERM, what it had to hold back for slow viewers.
"""

import asyncio
import base64
import json
import signal
import struct
import sys
from pathlib import Path

from bench.station_clip import FPS, pictures
from dongsun.twin.rtsp.message import Packet, Request, read_message, response

_MOST_PAYLOAD = 1400
_TICKS = 90_000 // FPS
_HEAD = 4
"""`$`, channel, length."""


def packets_of(picture: bytes) -> list[bytes]:
    """A picture's interleaved RTP packets; sequence numbers and times are put in when they are sent."""
    units = [
        unit.rstrip(b"\x00") for unit in picture.replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01")
    ]
    payloads: list[bytes] = []
    for unit in (unit for unit in units if len(unit) > 1):
        if len(unit) <= _MOST_PAYLOAD:
            payloads.append(unit)
            continue
        indicator, kind = (unit[0] & 0xE0) | 28, unit[0] & 0x1F
        cuts = range(1, len(unit), _MOST_PAYLOAD)
        for begin in cuts:
            ends = begin + _MOST_PAYLOAD >= len(unit)
            header = kind | (0x80 if begin == 1 else 0) | (0x40 if ends else 0)
            payloads.append(bytes([indicator, header]) + unit[begin : begin + _MOST_PAYLOAD])
    last = len(payloads) - 1
    return [
        Packet(0, struct.pack(">BBHII", 0x80, 96 | (0x80 if k == last else 0), 0, 0, 0x5EED) + payload).encoded()
        for k, payload in enumerate(payloads)
    ]


class Cameras:
    """The server.

    Args:
        clip: Raw H.264 with delimiters.
        count: Cameras, at `/cam0`, `/cam1`, …
    """

    def __init__(self, clip: Path, count: int) -> None:
        units = pictures(clip)
        self._loop = [packets_of(unit) for unit in units]
        self._keys = [k for k, unit in enumerate(units) if b"\x00\x00\x01\x65" in unit]
        self._count = count
        sets = [p[16:] for p in self._loop[self._keys[0]] if p[16] & 0x1F in (7, 8)]
        text = ",".join(base64.b64encode(unit).decode() for unit in sets[:2])
        self._description = (
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
            f"a=framerate:{FPS}\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets={text}\r\na=control:track\r\n"
        ).encode()
        self.most_waiting_bytes = 0
        self.most_late_s = 0.0
        self._playing: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One viewer."""
        task: asyncio.Task[None] | None = None
        try:
            while True:
                message = await read_message(reader)
                if isinstance(message, Packet):
                    continue
                writer.write(self._answer(message))
                if message.method == "PLAY":
                    number = int(message.path.rpartition("/cam")[2].partition("/")[0])
                    task = asyncio.create_task(self._play(writer, number))
                    self._playing.add(task)
                if message.method == "TEARDOWN":
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            if task is not None:
                task.cancel()
                self._playing.discard(task)
            writer.close()

    def _answer(self, request: Request) -> bytes:
        match request.method:
            case "DESCRIBE":
                base = {"Content-Type": "application/sdp", "Content-Base": f"{request.path}/"}
                return response(request, "200 OK", base, self._description)
            case "SETUP":
                transport = "RTP/AVP/TCP;unicast;interleaved=0-1"
                return response(request, "200 OK", {"Transport": transport, "Session": "bench;timeout=60"})
            case _:
                return response(request, "200 OK", {"Session": "bench", "Public": "DESCRIBE, SETUP, PLAY, TEARDOWN"})

    async def _play(self, writer: asyncio.StreamWriter, number: int) -> None:
        wanted = number * len(self._loop) // self._count
        at = min(self._keys, key=lambda key: abs(key - wanted))
        now = asyncio.get_running_loop().time
        # Cameras aren't in step: each has its own place between two pictures.
        began_s = now() + number / self._count / FPS
        sequence, sent = 0, 0
        while True:
            due_s = began_s + sent / FPS
            await asyncio.sleep(max(0.0, due_s - now()))
            self.most_late_s = max(self.most_late_s, now() - due_s)
            out = bytearray()
            for packet in self._loop[(at + sent) % len(self._loop)]:
                place = len(out) + _HEAD + 2
                out += packet
                struct.pack_into(">HI", out, place, sequence & 0xFFFF, (sent * _TICKS) & 0xFFFFFFFF)
                sequence += 1
            writer.write(bytes(out))
            sent += 1
            self.most_waiting_bytes = max(self.most_waiting_bytes, writer.transport.get_write_buffer_size())


async def main(clip: Path, count: int) -> None:
    """Serves until SIGTERM."""
    cameras = Cameras(clip, count)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = await asyncio.start_server(cameras.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stop.wait()
    server.close()
    print(json.dumps({"waiting_bytes": cameras.most_waiting_bytes, "late_s": cameras.most_late_s}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
