"""Pictures as bytes → data URIs that stand inside the page."""

import base64

import cv2
import numpy as np
import numpy.typing as npt

from dongsun.contract.errors import DongsunError

_JPEG_QUALITY = 82
Bgr = npt.NDArray[np.uint8]
"""uint8 (h, w, 3)."""


def jpeg_uri(picture_bgr: Bgr, width_px: int) -> str:
    """A JPEG at most `width_px` wide, as a data URI."""
    height, width = picture_bgr.shape[:2]
    if width > width_px:
        size = (width_px, max(1, round(height * width_px / width)))
        picture_bgr = np.asarray(cv2.resize(picture_bgr, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    done, encoded = cv2.imencode(".jpg", picture_bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise ValueError(f"a picture of {picture_bgr.shape} can't be written as JPEG")
    return _uri("image/jpeg", encoded.tobytes())


def shrunk_uri(content: bytes, width_px: int, where: str) -> str:
    """Any picture file, set again as a JPEG at most `width_px` wide.

    Raises:
        DongsunError: It is no picture.
    """
    picture = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_COLOR) if content else None
    if picture is None:
        raise DongsunError(
            expected="a picture", got=f"{len(content)} bytes that are none", where=where, mend="run its stage again"
        )
    return jpeg_uri(np.asarray(picture, dtype=np.uint8), width_px)


def png_uri(content: bytes, where: str) -> str:
    """A PNG as it is: plots lose their sharpness as JPEG.

    Raises:
        DongsunError: It is no PNG.
    """
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        raise DongsunError(expected="a PNG", got=repr(content[:8]), where=where, mend="run its stage again")
    return _uri("image/png", content)


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
