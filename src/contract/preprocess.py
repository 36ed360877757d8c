"""The one preprocessing: training, calibration, evaluation and station all turn pictures into tensors here."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from dongsun.contract.detections import Detections

FrameBgr = npt.NDArray[np.uint8]
"""uint8 (h, w, 3), channels blue, green, red, as OpenCV decodes."""
Batch = npt.NDArray[np.float32]
"""float32 (n, 3, h, w)."""


class InputSpec(BaseModel):
    """What a model wants to be fed; stored in the bundle, so nobody has to guess.

    A value v of a picture in 0..255 enters the model as `(v * scale - mean) / std`, per channel in `channels` order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    height_px: int = Field(gt=0)
    width_px: int = Field(gt=0)
    channels: Literal["rgb", "bgr"]
    resize: Literal["letterbox", "stretch"]
    scale: float = Field(gt=0)
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    pad_value: int = Field(default=114, ge=0, le=255, description="grey level of the letterbox border")


@dataclass(frozen=True)
class Letterbox:
    """How a frame was fitted into the input: `input = frame * gain + (left, top)`, pixels."""

    gain: float
    left_px: int
    top_px: int
    frame_width_px: int
    frame_height_px: int

    def to_frame(self, boxes_xyxy_px: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Boxes (n, 4) in input pixels → frame pixels, clipped to the frame."""
        offset = np.array([self.left_px, self.top_px, self.left_px, self.top_px], dtype=np.float32)
        boxes = (boxes_xyxy_px - offset) / np.float32(self.gain)
        boxes[:, 0::2] = boxes[:, 0::2].clip(0, self.frame_width_px)
        boxes[:, 1::2] = boxes[:, 1::2].clip(0, self.frame_height_px)
        return np.asarray(boxes, dtype=np.float32)


def letterbox_geometry(frame_height_px: int, frame_width_px: int, spec: InputSpec) -> Letterbox:
    """Fits a frame into the input, keeping its proportions, centred."""
    gain = min(spec.height_px / frame_height_px, spec.width_px / frame_width_px)
    width, height = round(frame_width_px * gain), round(frame_height_px * gain)
    return Letterbox(
        gain=gain,
        left_px=(spec.width_px - width) // 2,
        top_px=(spec.height_px - height) // 2,
        frame_width_px=frame_width_px,
        frame_height_px=frame_height_px,
    )


def letterboxed(frame: FrameBgr, spec: InputSpec, out: Batch | None = None) -> tuple[Batch, Letterbox]:
    """One frame → a batch of one, with the geometry that brings boxes back.

    Args:
        frame: The picture.
        spec: What the model wants.
        out: Written to and returned, if given: float32 (1, 3, h, w).
    """
    fit = letterbox_geometry(frame.shape[0], frame.shape[1], spec)
    width, height = round(frame.shape[1] * fit.gain), round(frame.shape[0] * fit.gain)
    resized = frame
    if (width, height) != (frame.shape[1], frame.shape[0]):
        resized = np.asarray(cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    batch = np.empty((1, 3, spec.height_px, spec.width_px), np.float32) if out is None else out
    bottom, right = fit.top_px + height, fit.left_px + width
    _write(resized, spec, batch[0, :, fit.top_px : bottom, fit.left_px : right])
    border = np.empty((3, 1, 1), np.float32)
    _write(np.full((1, 1, 3), spec.pad_value, np.uint8), spec, border)
    for strip in (
        batch[0, :, : fit.top_px],
        batch[0, :, bottom:],
        batch[0, :, :, : fit.left_px],
        batch[0, :, :, right:],
    ):
        strip[:] = border
    return batch, fit


def stretched(pictures: list[FrameBgr], spec: InputSpec) -> Batch:
    """Pictures of any size → a batch (n, 3, h, w), each stretched to the input's size."""
    size = (spec.width_px, spec.height_px)
    resized = [np.asarray(cv2.resize(p, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8) for p in pictures]
    return to_batch(resized, spec)


def to_batch(pictures: list[FrameBgr], spec: InputSpec) -> Batch:
    """Pictures already of the input's size → float32 (n, 3, h, w), channel order and scaling as `spec` says."""
    size = (spec.height_px, spec.width_px, 3)
    if wrong := [picture.shape for picture in pictures if picture.shape != size]:
        raise ValueError(f"pictures of {wrong[0]} do not fit an input of {spec.height_px}x{spec.width_px}")
    batch = np.empty((len(pictures), 3, spec.height_px, spec.width_px), np.float32)
    for picture, planes in zip(pictures, batch, strict=True):
        _write(picture, spec, planes)
    return batch


def _write(picture: FrameBgr, spec: InputSpec, planes: Batch) -> None:
    """Puts a picture (h, w, 3) into planes (3, h, w): twenty times as fast as one expression, and the same bits."""
    scale, mean, std = np.float32(spec.scale), np.array(spec.mean, np.float32), np.array(spec.std, np.float32)
    levels = cv2.split(picture)
    for channel, plane in enumerate(planes):
        np.multiply(levels[2 - channel if spec.channels == "rgb" else channel], scale, out=plane, dtype=np.float32)
        if mean[channel]:
            plane -= mean[channel]
        if std[channel] != 1:
            plane /= std[channel]


def person_crops(frame: FrameBgr, detections: Detections) -> list[FrameBgr]:
    """The picture inside each box, whole pixels, never empty: a box outside the frame is an error upstream."""
    height, width = frame.shape[:2]
    crops: list[FrameBgr] = []
    for x0, y0, x1, y1 in detections.boxes_xyxy_px:
        left, top = int(np.clip(np.floor(x0), 0, width - 1)), int(np.clip(np.floor(y0), 0, height - 1))
        right, bottom = int(np.clip(np.ceil(x1), left + 1, width)), int(np.clip(np.ceil(y1), top + 1, height))
        crops.append(frame[top:bottom, left:right])
    return crops
