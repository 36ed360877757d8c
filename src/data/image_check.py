"""Are pictures readable? Asked of millions, in parallel, in bounded memory."""

import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from PIL import Image

T = TypeVar("T")
ImageCheck = Literal["decode", "header", "off"]
"""`decode` reads every pixel (finds truncation), `header` the size alone, `off` does not open the file."""

# ImportError: ultralytics, once imported, replaces Pillow's `open` by one that asks for a HEIF plugin at unknown bytes.
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError, ImportError)


@dataclass(frozen=True)
class ImageFinding:
    """What was found of one file.

    Attributes:
        width_px: 0 when unread.
        height_px: 0 when unread.
        fault: Why the file cannot be used, or None.
    """

    width_px: int
    height_px: int
    fault: str | None


def check_image(path: Path | str, check: ImageCheck) -> ImageFinding:
    """Opens one picture. Pillow, unlike OpenCV, refuses truncated files instead of filling them with grey."""
    if check == "off":
        return ImageFinding(0, 0, None)
    try:
        with Image.open(path) as picture:
            if check == "decode":
                picture.load()
            return ImageFinding(picture.width, picture.height, None)
    except _UNREADABLE as error:
        return ImageFinding(0, 0, f"{type(error).__name__}: {error}")


def check_images(
    items: Iterable[T], path_of: Callable[[T], Path], check: ImageCheck, workers: int
) -> Iterator[tuple[T, ImageFinding]]:
    """Yields every item with its finding, in order; at most `8 * workers` are under way at a time.

    Args:
        items: Streamed.
        path_of: The picture of an item.
        check: How thoroughly.
        workers: Threads; decoding releases the interpreter lock.
    """
    if check == "off":
        yield from ((item, ImageFinding(0, 0, None)) for item in items)
        return
    under_way: deque[tuple[T, Future[ImageFinding]]] = deque()
    with ThreadPoolExecutor(max_workers=workers) as pool:
        for item in items:
            under_way.append((item, pool.submit(check_image, path_of(item), check)))
            if len(under_way) >= 8 * workers:
                first, finding = under_way.popleft()
                yield first, finding.result()
        for rest, finding in under_way:
            yield rest, finding.result()
