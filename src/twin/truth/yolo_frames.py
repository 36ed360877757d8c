"""Rendered pictures with their boxes in YOLO layout: `images/<split>/`, `labels/<split>/`, `data.yaml`."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from dongsun.contract.durable import write_text
from dongsun.twin.render.renderer import Box, Sighting
from dongsun.twin.truth.mot import LEAST_HEAD_VISIBILITY, LEAST_SIDE_PX, clipped

LEAST_VISIBILITY = 0.3
PERSON, HEAD = 0, 1


def write_frame(
    image_bgr: npt.NDArray[np.uint8], sightings: Iterable[Sighting], images: Path, labels: Path, stem: str
) -> None:
    """Writes `<stem>.jpg` and `<stem>.txt`: `class cx cy w h`, normalised; visible boxes of people, whole heads."""
    size = (image_bgr.shape[1], image_bgr.shape[0])
    lines = []
    for s in sightings:
        if s.visibility >= LEAST_VISIBILITY:
            lines += _line(PERSON, s.visible_xyxy_px, size)
        if s.head_visibility >= LEAST_HEAD_VISIBILITY:
            lines += _line(HEAD, s.head_xyxy_px, size)
    coded = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    (images / f"{stem}.jpg").write_bytes(coded.tobytes())
    (labels / f"{stem}.txt").write_text("".join(lines), encoding="utf-8")


def write_data_yaml(directory: Path, split_name: str) -> None:
    """Writes `data.yaml`: a split named `test` or `calibration` is the part `test` or `val`, any other is `train`."""
    part = {"test": "test", "calibration": "val", "validation": "val"}.get(split_name, "train")
    write_text(directory / "data.yaml", f"{part}: images/{split_name}\nnames: {{0: person, 1: head}}\n")


def _line(kind: int, box: Box, size: tuple[int, int]) -> list[str]:
    x0, y0, x1, y1 = clipped(box, size)
    if x1 - x0 < LEAST_SIDE_PX or y1 - y0 < LEAST_SIDE_PX:
        return []
    w, h = size
    return [f"{kind} {(x0 + x1) / 2 / w:.6f} {(y0 + y1) / 2 / h:.6f} {(x1 - x0) / w:.6f} {(y1 - y0) / h:.6f}\n"]
