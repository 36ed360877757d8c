"""A random shop that could be one, from a seed."""

from typing import Any

import numpy as np

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import parse_store
from dongsun.twin.crowd.floor import browsing_spots, walkable_floor
from dongsun.twin.generate.furnish import Furniture, furnish
from dongsun.twin.generate.hall import draw_hall
from dongsun.twin.generate.hang import HEIGHT_PX, WIDTH_PX, Hung, door_camera, shelf_camera
from dongsun.twin.plan.checks import check_plan
from dongsun.twin.plan.survey import survey
from dongsun.twin.plan.twin_plan import twin_plan

ATTEMPTS = 300
MOST_CAMERAS = 4
UNIFORMS = ("#1f3a6e", "#1d5a3c", "#8a2c3a", "#3b3b40", "#b0752a")


def generate_store(seed: int) -> dict[str, Any]:
    """A random store file, checked, surveyed, and reachable from the street.

    Args:
        seed: The same seed gives the same store.

    Returns:
        What `conf/store/<id>.yaml` would hold; the id is `random-<seed>`.

    Raises:
        DongsunError: No shop was found (not known to happen).
    """
    for attempt in range(ATTEMPTS):
        rng = np.random.default_rng([seed, attempt, 0x5B0B])
        raw = _draft(f"random-{seed}", rng)
        if raw is None:
            continue
        try:
            return _proven(raw)
        except DongsunError:
            continue  # a draft that cannot be a shop: draw another
    raise DongsunError(
        expected=f"a shop within {ATTEMPTS} drafts",
        got="none that people can walk in and cameras can watch",
        where=f"seed {seed}",
        mend="use another seed",
    )


def _proven(raw: dict[str, Any]) -> dict[str, Any]:
    """The store with its cameras surveyed.

    Raises:
        DongsunError: It cannot be.
    """
    name = raw["id"]
    store = parse_store(raw, where=name)
    plan = twin_plan(store, name)
    check_plan(plan, store, name)
    browsing_spots(plan, walkable_floor(plan))
    cameras = {camera_id: raw["cameras"][camera_id] | measured for camera_id, measured in survey(plan).items()}
    if any(len(camera["floor_points"]) < 4 for camera in cameras.values()):
        raise DongsunError(
            expected="at least four floor marks in every picture", got="fewer", where=name, mend="hang it elsewhere"
        )
    surveyed = raw | {"cameras": cameras}
    store = parse_store(surveyed, where=name)
    check_plan(twin_plan(store, name), store, name)
    return surveyed


def _draft(name: str, rng: np.random.Generator) -> dict[str, Any] | None:
    hall = draw_hall(rng)
    furniture = furnish(hall, rng)
    if not furniture.shelves:
        return None
    hung: dict[str, Hung] = {}
    doors: dict[str, Any] = {}
    for index, opening in enumerate(hall.openings):
        camera = door_camera(furniture, opening, rng)
        if camera is None:
            return None
        doors[f"door-{index + 1}"] = {
            "from": _point(opening.start), "to": _point(opening.end), "weight": 3.0 if index == 0 else 1.0,
        }  # fmt: skip
        hung[f"entrance-{index + 1}"] = camera
    for index in range(int(rng.integers(0, MOST_CAMERAS - len(hung) + 1))):
        camera = shelf_camera(furniture, rng)
        if camera is not None:
            hung[f"aisle-{index + 1}"] = camera
    return {
        "id": name,
        "timezone": "Asia/Seoul",
        "business_day_starts": "06:00",
        "cameras": {c: {"source": f"data/raw/{name}/test/{c}.mp4", "lens": h.lens} for c, h in hung.items()},
        "twin": {
            "width_px": WIDTH_PX,
            "height_px": HEIGHT_PX,
            "fps": 10,
            "decoration_seed": int(rng.integers(1, 10_000)),
            "floor": [_point(corner) for corner in hall.corners],
            "height_m": round(float(rng.uniform(3.1, 4.0)), 2),
            "doors": doors,
            **_fittings(furniture),
            **_people(furniture, rng),
            "cameras": {c: h.twin for c, h in hung.items()},
        },
    }


def _fittings(furniture: Furniture) -> dict[str, Any]:
    def placed(bounds: tuple[float, float, float, float], height_m: float) -> dict[str, float]:
        return dict(zip(("x0_m", "y0_m", "x1_m", "y1_m"), bounds, strict=True)) | {"height_m": height_m}

    return {
        "shelves": [placed(shelf.bounds, shelf.height_m) for shelf in furniture.shelves],
        "counters": {
            f"till-{k + 1}": placed(till.piece.bounds, till.piece.height_m)
            | {"queue": [_point(p) for p in till.queue], "staff_spots": [_point(p) for p in till.staff_spots]}
            for k, till in enumerate(furniture.tills)
        },
    }


def _people(furniture: Furniture, rng: np.random.Generator) -> dict[str, Any]:
    area = float(furniture.hall.floor.area)
    return {
        "lighting": {
            "lamp_spacing_m": round(float(rng.uniform(2.2, 3.6)), 1),
            "lamp_strength": round(float(rng.uniform(1.0, 1.4)), 2),
            "daylight": [["00:00", 0.0], ["06:00", 0.1], ["10:00", round(float(rng.uniform(0.6, 1.2)), 2)],
                         ["16:00", 0.9], ["19:30", 0.1], ["23:59", 0.0]],
        },
        "visitors": {
            "per_hour": round(float(np.clip(area * rng.uniform(0.6, 2.0), 30, 300))),
            "curve": [["09:00", 0.4], ["12:30", round(float(rng.uniform(0.8, 1.6)), 2)], ["15:00", 0.8],
                      ["18:30", round(float(rng.uniform(0.8, 1.8)), 2)], ["22:00", 0.2]],
            "group_share": round(float(rng.uniform(0.1, 0.45)), 2),
            "queue_share": round(float(rng.uniform(0.1, 0.6)), 2),
            "u_turn_share": round(float(rng.uniform(0.0, 0.1)), 2),
            "trolley_share": round(float(rng.uniform(0.0, 0.1)), 2),
            "pause_mean_s": round(float(rng.uniform(4.0, 12.0)), 1),
        },
        "staff": {
            "count": int(rng.integers(0, 2 + int(area > 60) + int(area > 120))),
            "uniform": {"top": str(rng.choice(UNIFORMS)), "lower": "#202226"},
        },
        "wardrobe": {"plain_share": round(float(rng.uniform(0.4, 0.8)), 2)},
    }  # fmt: skip


def _point(point: tuple[float, float]) -> list[float]:
    return [round(point[0], 2), round(point[1], 2)]
