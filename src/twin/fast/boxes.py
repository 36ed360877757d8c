"""Where people are in a camera's pictures and how much of them shows, from floor positions and heights alone."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.twin.compiled import compiled
from dongsun.twin.crowd.trajectories import Trajectories
from dongsun.twin.fast.figure import figure
from dongsun.twin.fast.sight import LEVEL_M, LEVELS, sight_masks
from dongsun.twin.plan.twin_plan import TwinPlan

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

SHOULDER_SHARE = 0.82
ROWS, COLUMNS = 8, 5
COVER_SHARE = 0.75
"""How much of its widest a body hides, on average over its height."""
MARGIN_SHARE = 0.35
"""People whose chest is farther than this off the picture (in picture sizes) show nothing."""
CHUNK = 200_000
ALL_SEEN = (1 << LEVELS) - 1


@dataclass(frozen=True)
class CameraBoxes:
    """Every person of whom anything shows, ordered by frame, then person.

    Attributes:
        width_px: Of the picture.
        height_px: Of the picture.
        fps: Pictures a second of this camera.
        offsets: int64 (frames + 1,): frame k's rows are `offsets[k]` up to `offsets[k + 1]`.
        person_ids: int64 (n,).
        amodal_xyxy_px: float32 (n, 4), the whole body's box; it may reach out of the picture.
        seen_xyxy_px: float32 (n, 4), the box of what shows, within the picture.
        visibility: float32 (n,), share of the body that shows.
    """

    width_px: int
    height_px: int
    fps: int
    offsets: I64
    person_ids: I64
    amodal_xyxy_px: F32
    seen_xyxy_px: F32
    visibility: F32

    @property
    def frames(self) -> int:
        """Number of pictures."""
        return len(self.offsets) - 1

    @property
    def frame_of_row(self) -> I64:
        """int64 (n,): the frame of each row."""
        return np.repeat(np.arange(self.frames), np.diff(self.offsets))

    def rows(self, frame: int) -> slice:
        """The rows of a frame."""
        return slice(int(self.offsets[frame]), int(self.offsets[frame + 1]))


def camera_boxes(
    plan: TwinPlan, trajectories: Trajectories, camera_id: str, *, heights_m: Mapping[int, float] | None = None
) -> CameraBoxes:
    """Boxes of everybody in every picture of one camera.

    A body is an upright line from foot to crown with a ring about its shoulders, brought into the picture by the
    camera's own projection. What shows of it is sampled at 8 × 5 points: hidden by furniture and walls (ray test, on a
    0.1 m grid), by nearer people, or out of the picture. A camera of a lower rate takes every so-manieth sample.

    Args:
        plan: The shop.
        trajectories: Where people are.
        camera_id: Which camera.
        heights_m: Heights of the people; `figure`'s by default.
    """
    people = _samples(plan, trajectories, camera_id, heights_m)
    camera = plan.camera(camera_id)
    size = np.array([camera.width_px, camera.height_px], np.float64)
    moved = np.ones(len(people), np.bool_)
    for column in (1, 2, 3):  # who stands still looks the same as a frame ago
        change = people[1:, column] != people[:-1, column]
        moved[1:] = change if column == 1 else moved[1:] | change
    fresh = people[moved]
    parts = [_outlines(plan, camera_id, fresh[k : k + CHUNK], size) for k in range(0, max(len(fresh), 1), CHUNK)]
    near = np.concatenate([part[0] + k * CHUNK for k, part in enumerate(parts)])
    shape, boxes, far = (np.concatenate([part[c] for part in parts]) for c in (1, 2, 3))
    masks = sight_masks(plan, camera_id, fresh[near, 2], fresh[near, 3])
    place = np.full(len(fresh), -1)
    place[near] = np.arange(len(near))
    source = place[np.cumsum(moved) - 1]
    kept = np.flatnonzero(source >= 0)
    kept = kept[np.lexsort((people[kept, 1], people[kept, 0]))]
    source = source[kept]
    shape, boxes, far, masks = shape[source], boxes[source], far[source], masks[source]
    frames = -(-trajectories.frames // (plan.fps // plan.fps_of(camera_id)))
    offsets = np.searchsorted(people[kept, 0], np.arange(frames + 1)).astype(np.int64)
    lost, visibility = _visible(offsets, shape, boxes, far, masks, people[kept, 4], size)
    seen = boxes + lost
    seen = np.clip(seen, 0.0, np.concatenate([size, size]))
    shows = (visibility > 0) & (seen[:, 2] - seen[:, 0] >= 1) & (seen[:, 3] - seen[:, 1] >= 1)
    counts = np.concatenate([[0], np.cumsum(shows)])
    return CameraBoxes(
        camera.width_px, camera.height_px, plan.fps_of(camera_id), counts[offsets].astype(np.int64),
        people[kept[shows], 1].astype(np.int64), boxes[shows].astype(np.float32), seen[shows].astype(np.float32),
        visibility[shows].astype(np.float32),
    )  # fmt: skip


def _samples(plan: TwinPlan, trajectories: Trajectories, camera_id: str, heights_m: Mapping[int, float] | None) -> F64:
    """(n, 6): frame of the camera, person, x, y, height, half width."""
    every = plan.fps // plan.fps_of(camera_id)
    parts = [np.zeros((0, 6))]
    for walk in trajectories.walks:
        frames = np.arange(walk.first_frame, walk.end_frame)
        taken = np.flatnonzero(frames % every == 0)
        body = figure(walk.person_id, trajectories.members[walk.person_id].child)
        height = heights_m[walk.person_id] if heights_m else body.height_m
        part = np.empty((len(taken), 6))
        part[:, 0], part[:, 1] = frames[taken] // every, walk.person_id
        part[:, 2], part[:, 3] = walk.x_m[taken], walk.y_m[taken]
        part[:, 4], part[:, 5] = height, body.half_width_m
        parts.append(part)
    return np.concatenate(parts)


def _outlines(plan: TwinPlan, camera_id: str, people: F64, size: F64) -> tuple[I64, F64, F64, F64]:
    """Rows near the picture; (m, 6) foot, axis to the crown, half across, in pixels; boxes (m, 4); distances (m,)."""
    camera = plan.camera(camera_id)
    x, y, height, half = people[:, 2], people[:, 3], people[:, 4], people[:, 5]
    pixels, front = camera.project(np.column_stack([x, y, 0.7 * height]))
    with np.errstate(invalid="ignore"):
        near = front.copy()
        for axis in (0, 1):
            near &= (pixels[:, axis] > -MARGIN_SHARE * size[axis]) & (pixels[:, axis] < (1 + MARGIN_SHARE) * size[axis])
    rows = np.flatnonzero(near)
    x, y, height, half = x[rows], y[rows], height[rows], half[rows]
    dx, dy = x - camera.position_m[0], y - camera.position_m[1]
    away = np.hypot(dx, dy)
    ux, uy = np.where(away > 1e-6, dx, 1.0) / np.maximum(away, 1e-6), dy / np.maximum(away, 1e-6)
    shoulder = SHOULDER_SHARE * height
    body = (
        (x, y, np.zeros_like(x)),
        (x, y, height),
        (x - uy * half, y + ux * half, shoulder),
        (x + uy * half, y - ux * half, shoulder),
        (x + ux * half * 0.5, y + uy * half * 0.5, shoulder),
        (x - ux * half * 0.5, y - uy * half * 0.5, shoulder),
    )
    points, front = camera.project(np.concatenate([np.column_stack(p) for p in body]))
    points, front = points.reshape(len(body), -1, 2), front.reshape(len(body), -1)
    whole = front.all(axis=0)
    points, rows = points[:, whole], rows[whole]
    shape = np.concatenate([points[0], points[1] - points[0], (points[2] - points[3]) / 2], axis=1)
    low, high = points[0], points[0]
    for point in points[1:]:
        low, high = np.minimum(low, point), np.maximum(high, point)
    boxes = np.concatenate([low, high], axis=1)
    far = np.hypot(away, camera.position_m[2] - 0.7 * height)[whole]
    return rows.astype(np.int64), shape, boxes, far


@compiled
def _visible(
    offsets: I64, shape: F64, boxes: F64, far: F64, masks: npt.NDArray[np.uint32], height_m: F64, size: F64
) -> tuple[F64, F64]:
    """How far each side of the box (n, 4) moves in to hold only what shows, and the share (n,) that shows."""
    lost, share = np.zeros((len(far), 4)), np.zeros(len(far))
    for frame in range(len(offsets) - 1):
        first, end = offsets[frame], offsets[frame + 1]
        for i in range(first, end):
            overlapped = False
            for j in range(first, end):
                beside = boxes[j, 0] >= boxes[i, 2] or boxes[j, 2] <= boxes[i, 0]
                apart = beside or boxes[j, 1] >= boxes[i, 3] or boxes[j, 3] <= boxes[i, 1]
                overlapped |= far[j] < far[i] and not apart
            within = boxes[i, 0] >= 0 and boxes[i, 1] >= 0 and boxes[i, 2] <= size[0] and boxes[i, 3] <= size[1]
            if within and not overlapped and masks[i] == ALL_SEEN:
                share[i] = 1.0
                continue
            all0, all1, all2, all3 = 1e9, 1e9, -1e9, -1e9
            see0, see1, see2, see3 = 1e9, 1e9, -1e9, -1e9
            count = 0
            for row in range(ROWS):
                up = (row + 0.5) / ROWS
                level = min(int(up * height_m[i] / LEVEL_M), LEVELS - 1)
                stands_clear = (masks[i] >> level) & 1
                for column in range(COLUMNS):
                    aside = (2 * column + 1) / COLUMNS - 1
                    px = shape[i, 0] + up * shape[i, 2] + aside * shape[i, 4]
                    py = shape[i, 1] + up * shape[i, 3] + aside * shape[i, 5]
                    all0, all1, all2, all3 = min(all0, px), min(all1, py), max(all2, px), max(all3, py)
                    if not stands_clear or px < 0 or py < 0 or px >= size[0] or py >= size[1]:
                        continue
                    covered = False
                    for j in range(first, end if overlapped else first):
                        if far[j] >= far[i]:
                            continue
                        det = shape[j, 2] * shape[j, 5] - shape[j, 3] * shape[j, 4]
                        if abs(det) < 1e-6:
                            continue
                        qx, qy = px - shape[j, 0], py - shape[j, 1]
                        f = (qx * shape[j, 5] - qy * shape[j, 4]) / det
                        s = (shape[j, 2] * qy - shape[j, 3] * qx) / det
                        if f >= 0 and f <= 1 and abs(s) <= COVER_SHARE:
                            covered = True
                            break
                    if covered:
                        continue
                    count += 1
                    see0, see1, see2, see3 = min(see0, px), min(see1, py), max(see2, px), max(see3, py)
            share[i] = count / (ROWS * COLUMNS)
            if count:
                # What lies out of the picture is cut by the picture itself, not here.
                lost[i, 0] = see0 - all0 if all0 >= 0 else 0.0
                lost[i, 1] = see1 - all1 if all1 >= 0 else 0.0
                lost[i, 2] = see2 - all2 if all2 < size[0] else 0.0
                lost[i, 3] = see3 - all3 if all3 < size[1] else 0.0
    return lost, share
