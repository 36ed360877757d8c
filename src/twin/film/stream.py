"""A camera of the twin, sent live to whoever listens, as a real one would be."""

import time

from dongsun.twin.crowd.trajectories import Trajectories
from dongsun.twin.film.studio import FRAMES_PER_TAKE, film, takes
from dongsun.twin.film.video import coding_of, h264_clip
from dongsun.twin.plan.twin_plan import TwinPlan

_FORMATS = {"rtsp": "rtsp", "tcp": "mpegts", "udp": "mpegts", "srt": "mpegts", "rtmp": "flv"}


def stream_camera(
    plan: TwinPlan,
    trajectories: Trajectories,
    camera_id: str,
    url: str,
    *,
    realtime: bool,
    seed: int = 0,
    starts_at: str = "12:00",
) -> int:
    """Films a camera and sends H.264 to `url` until the span ends; returns the number of frames sent.

    Args:
        plan: The shop.
        trajectories: Who is where.
        camera_id: The camera.
        url: `rtsp://…` of a server that takes a push, `tcp://host:port?listen` (waits for a viewer; MPEG-TS),
            `udp://…`, `srt://…`, `rtmp://…`, or a file.
        realtime: Frames leave by the clock, none before its time, and the coder holds none back; otherwise as fast as
            they are made.
        seed: Of the camera's noise.
        starts_at: Local time of day when the span begins, HH:MM: it sets the light.

    Raises:
        OSError: Nobody takes the stream, or the viewer went away (libav's errors are OSErrors).
    """
    coding = coding_of(plan, camera_id)
    container_format = _FORMATS.get(url.split("://", 1)[0]) if "://" in url else None
    sent = 0
    with h264_clip(url, coding, container_format=container_format, live=realtime) as append:
        began = None
        for take in takes(
            plan, trajectories, camera_id, seed, starts_at=starts_at, length=1 if realtime else FRAMES_PER_TAKE
        ):
            for frame in film(take):
                began = time.monotonic() if began is None else began
                ahead = began + sent / coding.fps - time.monotonic()
                if realtime and ahead > 0:
                    time.sleep(ahead)
                append(frame.image_bgr)
                sent += 1
    return sent
