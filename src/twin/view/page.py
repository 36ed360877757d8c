"""One self-contained HTML page: plan, pictures with boxes, events, and a slider through time."""

import base64
import html
import json

from dongsun.contract.store import StoreConfig
from dongsun.twin.plan.twin_plan import TwinPlan
from dongsun.twin.view.filmed_split import FilmedSplit
from dongsun.twin.view.page_template import TEMPLATE
from dongsun.twin.view.plan_drawing import draw_plan

STAFF_FROM = 800_000
"""Person numbers above it are staff (docs/twin.md)."""


def compose_page(store: StoreConfig, plan: TwinPlan, split: FilmedSplit, *, name: str) -> str:
    """The page's HTML, which loads nothing from anywhere.

    Args:
        store: Its lines and zones are drawn into the pictures.
        plan: The floor plan.
        split: What was filmed.
        name: The split's, for the heading.
    """
    data = {
        "staffFrom": STAFF_FROM,
        "times": split.times_s,
        "people": split.people,
        "cameras": {camera_id: {"boxes": roll.boxes} for camera_id, roll in split.cameras.items()},
        "pictures": {
            camera_id: [base64.b64encode(jpeg).decode("ascii") for jpeg in roll.jpegs]
            for camera_id, roll in split.cameras.items()
        },
        "events": [[e.time_s, e.kind, e.camera_id, e.place, e.person_id, e.lasts_s] for e in split.events],
    }
    values = {
        "STORE": html.escape(store.id),
        "SPLIT": html.escape(name),
        "PLAN": draw_plan(plan),
        "CAMERAS": "".join(_camera(store, split, camera_id) for camera_id in split.cameras),
        "LAST": str(len(split.times_s) - 1),
        # "</" would end the script element early.
        "DATA": json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/"),
    }
    page = TEMPLATE
    for key, value in values.items():
        page = page.replace(f"@@{key}@@", value)
    return page


def _camera(store: StoreConfig, split: FilmedSplit, camera_id: str) -> str:
    roll, config = split.cameras[camera_id], store.cameras[camera_id]
    width, height = roll.width_px, roll.height_px

    def points(corners: tuple[tuple[float, float], ...]) -> str:
        return " ".join(f"{x * width:.1f},{y * height:.1f}" for x, y in corners)

    drawn = [
        f'<polygon class="zone" points="{points(zone.polygon)}"><title>{html.escape(name)}</title></polygon>'
        for name, zone in config.zones.items()
    ]
    drawn += [
        f'<polyline class="line" points="{points((line.line_from, line.line_to))}">'
        f"<title>{html.escape(name)}</title></polyline>"
        for name, line in config.lines.items()
    ]
    label = html.escape(camera_id)
    return (
        f'<figure><svg viewBox="0 0 {width} {height}" data-camera="{label}" role="img" aria-label="{label}">'
        f'<image width="{width}" height="{height}"/>{"".join(drawn)}<g class="boxes"></g></svg>'
        f"<figcaption>{label}</figcaption></figure>"
    )
