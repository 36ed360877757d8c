"""Everybody's outline in every picture of one camera: one compiled pass over all samples."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.twin.compiled import compiled
from dongsun.twin.fast.eye import eye_of, project
from dongsun.twin.fast.presences import Presences
from dongsun.twin.fast.sight import CELL_M, sight_mask, standing_boxes, standing_walls
from dongsun.twin.plan.twin_plan import TwinPlan

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]

SHOULDER_SHARE = 0.82
MARGIN_SHARE = 0.35
"""People whose chest is farther than this off the picture (in picture sizes) show nothing."""
UNKNOWN = np.int64(1) << 40
COLUMNS = 11


@dataclass(frozen=True)
class Outlines:
    """Who is near the picture, ordered by frame, then by presence.

    Attributes:
        offsets: int64 (frames + 1,): frame k's rows are `offsets[k]` up to `offsets[k + 1]`.
        presence: int32 (n,), index of the presence.
        shape: int32 (n,), row of `shapes` and `masks`; who stands still keeps theirs.
        shapes: float64 (m, 11) in pixels: foot x, y; from foot to crown x, y; half across the shoulders x, y; box of
            the whole body; and the distance in metres.
        masks: int64 (m,), see `sight_masks`.
    """

    offsets: I64
    presence: I32
    shape: I32
    shapes: F64
    masks: I64


def outlines(plan: TwinPlan, camera_id: str, presences: Presences, frames: int, every: int) -> Outlines:
    """Outlines of everybody; a body is an upright line from foot to crown with a ring about its shoulders.

    Args:
        plan: The shop.
        camera_id: Which camera.
        presences: Where people are.
        frames: Pictures of the camera.
        every: Samples between two pictures.
    """
    camera = plan.camera(camera_id)
    size = np.array([camera.width_px, camera.height_px], np.float64)
    x, y = presences.x_m, presences.y_m
    corner = np.floor(np.array([x.min(initial=0.0), y.min(initial=0.0)]) / CELL_M).astype(np.int64) - 1
    far = np.ceil(np.array([x.max(initial=0.0), y.max(initial=0.0)]) / CELL_M).astype(np.int64) + 2
    grid = np.full(tuple(far - corner), UNKNOWN, np.int64)
    room = len(x) // every + len(presences.starts)
    frame, presence, shape = (np.empty(room, np.int32) for _ in range(3))
    shapes, masks = np.empty((room, COLUMNS)), np.empty(room, np.int64)
    obstacles = standing_boxes(plan), standing_walls(plan)
    rows, fresh = _trace(
        presences.starts, presences.first_frames, x, y, presences.bodies_m, every, eye_of(camera), size, *obstacles,
        corner, grid, frame, presence, shape, shapes, masks,
    )  # fmt: skip
    offsets, order = by_frame(frame[:rows], frames)
    return Outlines(offsets, presence[order], shape[order], shapes[:fresh], masks[:fresh])


@compiled
def _trace(
    starts: I64, first_frames: I64, x_m: F64, y_m: F64, bodies_m: F64, every: int, eye: F64, size: F64, boxes: F64,
    walls: F64, corner: I64, grid: I64, frame: I32, presence: I32, shape: I32, shapes: F64, masks: I64,
) -> tuple[int, int]:  # fmt: skip
    """Fills the last five arrays; returns how many rows of the first three and of the last two are used."""
    rows, fresh = 0, 0
    for who in range(len(starts) - 1):
        seen, before = False, -1
        for k in range(starts[who], starts[who + 1]):
            now = first_frames[who] + k - starts[who]
            if now % every:
                continue
            if before < 0 or x_m[k] != x_m[before] or y_m[k] != y_m[before]:
                seen = _outline(x_m[k], y_m[k], bodies_m[who], eye, size, shapes[fresh])
                if seen:
                    i, j = np.int64(np.rint(x_m[k] / CELL_M)), np.int64(np.rint(y_m[k] / CELL_M))
                    cell = grid[i - corner[0], j - corner[1]]
                    if cell == UNKNOWN:
                        cell = sight_mask(eye, i * CELL_M, j * CELL_M, boxes, walls)
                        grid[i - corner[0], j - corner[1]] = cell
                    masks[fresh] = cell
                    fresh += 1
            before = k
            if seen:
                frame[rows], presence[rows], shape[rows] = now // every, who, fresh - 1
                rows += 1
    return rows, fresh


@compiled
def _outline(x_m: float, y_m: float, body_m: F64, eye: F64, size: F64, out: F64) -> bool:
    """Writes one row of `Outlines.shapes`; False where the body is not near the picture."""
    height, half, base = body_m[0], body_m[1], body_m[2]
    px, py, mapped = project(eye, x_m, y_m, base + 0.7 * height)
    if not mapped or px <= -MARGIN_SHARE * size[0] or px >= (1 + MARGIN_SHARE) * size[0]:
        return False
    if py <= -MARGIN_SHARE * size[1] or py >= (1 + MARGIN_SHARE) * size[1]:
        return False
    dx, dy = x_m - eye[0], y_m - eye[1]
    away = np.hypot(dx, dy)
    ux, uy = (dx / away, dy / away) if away > 1e-6 else (1.0, 0.0)
    shoulder = base + SHOULDER_SHARE * height
    foot_x, foot_y, foot_mapped = project(eye, x_m, y_m, base)
    crown_x, crown_y, crown_mapped = project(eye, x_m, y_m, base + height)
    left_x, left_y, left_mapped = project(eye, x_m - uy * half, y_m + ux * half, shoulder)
    right_x, right_y, right_mapped = project(eye, x_m + uy * half, y_m - ux * half, shoulder)
    back_x, back_y, back_mapped = project(eye, x_m + ux * half * 0.5, y_m + uy * half * 0.5, shoulder)
    front_x, front_y, front_mapped = project(eye, x_m - ux * half * 0.5, y_m - uy * half * 0.5, shoulder)
    if not (foot_mapped and crown_mapped and left_mapped and right_mapped and back_mapped and front_mapped):
        return False
    out[0], out[1], out[2], out[3] = foot_x, foot_y, crown_x - foot_x, crown_y - foot_y
    out[4], out[5] = (left_x - right_x) / 2, (left_y - right_y) / 2
    out[6] = min(foot_x, crown_x, left_x, right_x, back_x, front_x)
    out[7] = min(foot_y, crown_y, left_y, right_y, back_y, front_y)
    out[8] = max(foot_x, crown_x, left_x, right_x, back_x, front_x)
    out[9] = max(foot_y, crown_y, left_y, right_y, back_y, front_y)
    out[10] = np.hypot(away, eye[2] - base - 0.7 * height)
    return True


@compiled
def by_frame(frame: I32, frames: int) -> tuple[I64, I64]:
    """Where each frame's rows begin (frames + 1,), and the rows by frame, else as they were (counting sort)."""
    offsets = np.zeros(frames + 1, np.int64)
    for k in range(len(frame)):
        offsets[frame[k] + 1] += 1
    for k in range(frames):
        offsets[k + 1] += offsets[k]
    at, order = offsets[:-1].copy(), np.empty(len(frame), np.int64)
    for k in range(len(frame)):
        order[at[frame[k]]] = k
        at[frame[k]] += 1
    return offsets, order
