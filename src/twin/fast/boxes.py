"""Where people are in a camera's pictures and how much of them shows, from floor positions and heights alone."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.twin.compiled import compiled
from dongsun.twin.crowd.trajectories import Trajectories
from dongsun.twin.fast.outlines import outlines
from dongsun.twin.fast.presences import Presences
from dongsun.twin.fast.sight import LEVEL_M, LEVELS
from dongsun.twin.plan.twin_plan import TwinPlan

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]

ROWS, COLUMNS = 8, 5
COVER_SHARE = 0.75
"""How much of its widest a body hides, on average over its height."""
ALL_SEEN = (1 << LEVELS) - 1
LEAST_SIDE_PX = 1.0


@dataclass(frozen=True)
class CameraBoxes:
    """Every person of whom anything shows, ordered by frame, then person.

    Attributes:
        width_px: Of the picture.
        height_px: Of the picture.
        fps: Pictures a second of this camera.
        offsets: int64 (frames + 1,): frame k's rows are `offsets[k]` up to `offsets[k + 1]`.
        person_ids: int64 (n,); −2 and below are posters and mannequins.
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
    """Boxes of everybody, and of every poster and mannequin, in every picture of one camera.

    A body is an upright line from foot to crown with a ring about its shoulders, brought into the picture by the
    camera's own projection. What shows of it is sampled at 8 × 5 points: hidden by furniture and walls (ray test, on a
    0.1 m grid), by nearer people, or out of the picture. A camera of a lower rate takes every so-manieth sample.

    Args:
        plan: The shop.
        trajectories: Where people are.
        camera_id: Which camera.
        heights_m: Heights of the people; `figure`'s by default.
    """
    camera, every = plan.camera(camera_id), plan.fps // plan.fps_of(camera_id)
    frames = -(-trajectories.frames // every)
    people = Presences.of(plan, trajectories, camera_id, heights_m)
    found = outlines(plan, camera_id, people, frames, every)
    size = np.array([camera.width_px, camera.height_px], np.float64)
    rows = len(found.shape)
    amodal, seen = np.empty((rows, 4), np.float32), np.empty((rows, 4), np.float32)
    who, share = np.empty(rows, np.int64), np.empty(rows, np.float32)
    offsets = _visible(
        found.offsets, found.presence, found.shape, found.shapes, found.masks, people.bodies_m, people.person_ids, size,
        who, amodal, seen, share,
    )  # fmt: skip
    n = int(offsets[-1])
    return CameraBoxes(
        camera.width_px, camera.height_px, plan.fps_of(camera_id), offsets, who[:n], amodal[:n], seen[:n], share[:n]
    )


@compiled
def _visible(
    offsets: I64, presence: I32, shape: I32, shapes: F64, masks: I64, bodies_m: F64, person_ids: I64, size: F64,
    who: I64, amodal: F32, seen: F32, share: F32,
) -> I64:  # fmt: skip
    """Fills the last four with those of whom something shows; returns where each frame's rows begin."""
    shown, n = np.zeros(len(offsets), np.int64), 0
    lost = np.zeros(4)
    for frame in range(len(offsets) - 1):
        first, end = offsets[frame], offsets[frame + 1]
        for i in range(first, end):
            one = shapes[shape[i]]
            shows = _share(first, end, i, shape, shapes, masks, bodies_m[presence[i]], size, lost)
            x0, y0 = max(one[6] + lost[0], 0.0), max(one[7] + lost[1], 0.0)
            x1, y1 = min(one[8] + lost[2], size[0]), min(one[9] + lost[3], size[1])
            if shows <= 0 or x1 - x0 < LEAST_SIDE_PX or y1 - y0 < LEAST_SIDE_PX:
                continue
            who[n], share[n] = person_ids[presence[i]], shows
            amodal[n, 0], amodal[n, 1], amodal[n, 2], amodal[n, 3] = one[6], one[7], one[8], one[9]
            seen[n, 0], seen[n, 1], seen[n, 2], seen[n, 3] = x0, y0, x1, y1
            n += 1
        shown[frame + 1] = n
    return shown


@compiled
def _share(
    first: int, end: int, i: int, shape: I32, shapes: F64, masks: I64, body_m: F64, size: F64, lost: F64
) -> float:
    """The share of body i that shows; writes how far each side of its box moves in to hold only that (4,)."""
    lost[:] = 0.0
    me = shapes[shape[i]]
    overlapped = False
    for j in range(first, end):
        other = shapes[shape[j]]
        if other[10] < me[10]:
            beside = other[6] >= me[8] or other[8] <= me[6]
            overlapped |= not (beside or other[7] >= me[9] or other[9] <= me[7])
    mask = masks[shape[i]]
    if not overlapped and mask == ALL_SEEN and me[6] >= 0 and me[7] >= 0 and me[8] <= size[0] and me[9] <= size[1]:
        return 1.0
    all0, all1, all2, all3 = 1e9, 1e9, -1e9, -1e9
    see0, see1, see2, see3 = 1e9, 1e9, -1e9, -1e9
    count = 0
    for row in range(ROWS):
        up = (row + 0.5) / ROWS
        stands_clear = (mask >> min(int((body_m[2] + up * body_m[0]) / LEVEL_M), LEVELS - 1)) & 1
        for column in range(COLUMNS):
            aside = (2 * column + 1) / COLUMNS - 1
            px, py = me[0] + up * me[2] + aside * me[4], me[1] + up * me[3] + aside * me[5]
            all0, all1, all2, all3 = min(all0, px), min(all1, py), max(all2, px), max(all3, py)
            if not stands_clear or px < 0 or py < 0 or px >= size[0] or py >= size[1]:
                continue
            if overlapped and _covered(first, end, px, py, me[10], shape, shapes):
                continue
            count += 1
            see0, see1, see2, see3 = min(see0, px), min(see1, py), max(see2, px), max(see3, py)
    if count:
        # What lies out of the picture is cut by the picture itself, not here.
        lost[0] = see0 - all0 if all0 >= 0 else 0.0
        lost[1] = see1 - all1 if all1 >= 0 else 0.0
        lost[2] = see2 - all2 if all2 < size[0] else 0.0
        lost[3] = see3 - all3 if all3 < size[1] else 0.0
    return count / (ROWS * COLUMNS)


@compiled
def _covered(first: int, end: int, px: float, py: float, far: float, shape: I32, shapes: F64) -> bool:
    """Whether a nearer body hides a point of the picture."""
    for j in range(first, end):
        other = shapes[shape[j]]
        if other[10] >= far:
            continue
        det = other[2] * other[5] - other[3] * other[4]
        if abs(det) < 1e-6:
            continue
        qx, qy = px - other[0], py - other[1]
        up, aside = (qx * other[5] - qy * other[4]) / det, (other[2] * qy - other[3] * qx) / det
        if 0 <= up <= 1 and abs(aside) <= COVER_SHARE:
            return True
    return False
