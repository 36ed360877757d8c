"""A short look at each camera: does it answer, does a picture decode, what does decoding cost?"""

import threading
import time
from dataclasses import dataclass, replace

from dongsun.contract.clock import SystemClock
from dongsun.serve_edge.stream.captured_frame import GapReason
from dongsun.serve_edge.stream.feed_settings import FeedSettings
from dongsun.serve_edge.stream.picture_health import PictureHealth
from dongsun.serve_edge.stream.picture_source import SourceEndedError, StreamLostError, open_source

_GRACE_S = 5.0


@dataclass(frozen=True)
class Glimpse:
    """What a camera showed.

    Attributes:
        error: Why nothing came, without secrets; empty if something did.
        width_px: Of the picture; 0 if none decoded.
        height_px: Likewise.
        pictures: How many decoded.
        corrupt: How many didn't.
        pictures_per_s: While it was looked at; None for fewer than three pictures.
        decode_cores: Share of one core that decoding took.
        fault: Black or blank, if every picture was.
    """

    error: str = ""
    width_px: int = 0
    height_px: int = 0
    pictures: int = 0
    corrupt: int = 0
    pictures_per_s: float | None = None
    decode_cores: float = 0.0
    fault: GapReason | None = None


def glimpses(feeds: tuple[FeedSettings, ...], look_s: float) -> dict[str, Glimpse]:
    """Looks at all cameras at once, each for `look_s` seconds after its first picture.

    Returns:
        Camera → what it showed; also of one that hung beyond all time-outs.
    """
    found = {feed.camera_id: Glimpse("it hangs beyond every time-out") for feed in feeds}

    def look(feed: FeedSettings) -> None:
        found[feed.camera_id] = _glimpse(feed, look_s)

    threads = [threading.Thread(target=look, args=(feed,), daemon=True) for feed in feeds]
    for thread in threads:
        thread.start()
    patience_s = max((feed.open_timeout_s + feed.read_timeout_s for feed in feeds), default=0.0) + look_s + _GRACE_S
    give_up_s = time.monotonic() + patience_s
    for thread in threads:
        thread.join(max(0.0, give_up_s - time.monotonic()))
    return dict(found)


def _glimpse(feed: FeedSettings, look_s: float) -> Glimpse:
    stop = threading.Event()
    try:
        source = open_source(feed, SystemClock(), stop)
    except StreamLostError as error:
        return Glimpse(str(error))
    seen, first_s, latest_s, healthy = Glimpse(), 0.0, 0.0, False
    give_up_s = time.monotonic() + feed.read_timeout_s + look_s
    cpu_s = time.thread_time()
    try:
        for raw in source.pictures():
            latest_s = time.monotonic()
            if raw.picture is None or raw.corrupt:
                seen = replace(seen, corrupt=seen.corrupt + 1)
            else:
                first_s = first_s if seen.pictures else latest_s
                picture = raw.picture
                seen = replace(seen, pictures=seen.pictures + 1, height_px=picture.height_px, width_px=picture.width_px)
                fault = PictureHealth(feed.frozen_s).fault(picture.small_bgr(), 0.0)
                healthy |= fault is None
                seen = replace(seen, fault=None if healthy else fault)
            if latest_s > give_up_s or (seen.pictures and latest_s - first_s > look_s):
                break
    except SourceEndedError:
        pass
    except StreamLostError as error:
        seen = replace(seen, error="" if seen.pictures else str(error))
    finally:
        source.close()
    return _measured(seen, latest_s - first_s, time.thread_time() - cpu_s)


def _measured(seen: Glimpse, looked_s: float, cpu_s: float) -> Glimpse:
    if seen.pictures < 3 or looked_s <= 0:
        return seen
    return replace(seen, pictures_per_s=(seen.pictures - 1) / looked_s, decode_cores=cpu_s / looked_s)
