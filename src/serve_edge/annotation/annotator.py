"""The annotated video."""

from pathlib import Path

import cv2
import numpy as np

from dongsun.contract.detections import Detections
from dongsun.contract.geometry import Point
from dongsun.contract.preprocess import FrameBgr
from dongsun.contract.store import CameraConfig
from dongsun.serve_edge.annotation.h264_writer import H264Writer
from dongsun.serve_edge.pipeline.counter import Counter
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.people import People
from dongsun.serve_edge.pipeline.track import Track, TrackState
from dongsun.serve_edge.privacy.guard import PrivacyGuard
from dongsun.serve_edge.stream.frame import Frame

_LINE = (60, 60, 235)
_ZONE = (200, 160, 40)
_INK = (255, 255, 255)
_PLATE = (40, 40, 40)
_UNSURE = (150, 150, 150)
_PALETTE = ((80, 175, 76), (54, 162, 235), (235, 162, 54), (180, 105, 255), (64, 208, 208), (205, 120, 80))


class Annotator:
    """Writes each frame with everyone hidden and what was counted drawn over it.

    Args:
        path: The mp4.
        size: Of the pictures.
        frame_rate_hz: Nominal.
        camera: Lines and zones to draw.
        guard: Hides people; the only way from a picture to the file leads through it.
    """

    def __init__(
        self, path: Path, size: FrameSize, frame_rate_hz: float, camera: CameraConfig, guard: PrivacyGuard
    ) -> None:
        self._writer = H264Writer(path, size, frame_rate_hz)
        self._size = size
        self._camera = camera
        self._guard = guard
        self._font = max(0.35, size.height_px / 900)

    def write(self, frame: Frame, found: Detections, people: People, counter: Counter) -> None:
        """Hides, draws and writes one frame.

        Args:
            frame: The frame as decoded.
            found: All detections in it.
            people: Tracks after this frame.
            counter: Counts after this frame.
        """
        unseen = [t.motion.box_xyxy_px for t in people.tracks if t.last.frame_index != frame.index]
        canvas = self._guard.hide(frame.picture_bgr, found, np.array(unseen).reshape(-1, 4))
        self._draw_zones(canvas)
        self._draw_lines(canvas, counter)
        for track in people.tracks:
            if track.last.frame_index == frame.index and track.state is not TrackState.REMOVED:
                self._draw_track(canvas, track, people)
        self._text(canvas, f"{frame.stream_time_s:7.2f} s   visitors {people.visitors}", (6, self._size.height_px - 8))
        self._writer.write(canvas, frame.stream_time_s)

    def close(self) -> None:
        """Finishes the file."""
        self._writer.close()

    def _draw_zones(self, canvas: FrameBgr) -> None:
        for name, zone in self._camera.zones.items():
            corners = np.array([self._pixel(p) for p in zone.polygon], dtype=np.int32)
            cv2.polylines(canvas, [corners], isClosed=True, color=_ZONE, thickness=1, lineType=cv2.LINE_AA)
            x, y = corners[0]
            self._text(canvas, name, (int(x) + 3, int(y) + 14))

    def _draw_lines(self, canvas: FrameBgr, counter: Counter) -> None:
        for row, (name, line) in enumerate(self._camera.lines.items()):
            a, b = np.array(self._pixel(line.line_from)), np.array(self._pixel(line.line_to))
            cv2.line(canvas, tuple(a.tolist()), tuple(b.tolist()), _LINE, 2, cv2.LINE_AA)
            inside = np.array(self._pixel(line.inside), dtype=np.float64)
            middle, along = (a + b) / 2, (b - a) / np.linalg.norm(b - a)
            across = (inside - middle) - ((inside - middle) @ along) * along
            tip = middle + across / np.linalg.norm(across) * self._size.height_px * 0.05
            cv2.arrowedLine(canvas, _whole(middle), _whole(tip), _LINE, 2, cv2.LINE_AA, tipLength=0.4)
            totals = f"{name}: in {counter.total(name, 'in')}  out {counter.total(name, 'out')}"
            self._text(canvas, totals, (6, int(20 * self._font * 2) * (row + 1)))

    def _draw_track(self, canvas: FrameBgr, track: Track, people: People) -> None:
        x0, y0, x1, y1 = (round(v) for v in track.last.seen_xyxy_px)
        if track.track_id is None:
            cv2.rectangle(canvas, (x0, y0), (x1, y1), _UNSURE, 1)
            return
        colour = _PALETTE[track.track_id % len(_PALETTE)]
        cv2.rectangle(canvas, (x0, y0), (x1, y1), colour, 2)
        visitor = people.visitor_of(track.track_id)
        self._text(canvas, f"{track.track_id}" + (f" v{visitor}" if visitor else ""), (x0, max(y0 - 4, 12)))
        foot = track.last.anchor_px("foot")
        cv2.circle(canvas, _whole(np.array(foot)), 3, colour, -1, cv2.LINE_AA)

    def _pixel(self, point: Point) -> tuple[int, int]:
        return round(point[0] * (self._size.width_px - 1)), round(point[1] * (self._size.height_px - 1))

    def _text(self, canvas: FrameBgr, text: str, at: tuple[int, int]) -> None:
        (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, self._font, 1)
        corner = (at[0] + width + 2, at[1] + below)
        cv2.rectangle(canvas, (at[0] - 2, at[1] - height - 2), corner, _PLATE, -1)
        cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, self._font, _INK, 1, cv2.LINE_AA)


def _whole(point: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))
