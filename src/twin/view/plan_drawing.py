"""The floor plan as SVG."""

import html
import math
from collections.abc import Iterable

from dongsun.twin.plan.frozen import FloorPoint
from dongsun.twin.plan.twin_plan import TwinPlan

MARGIN_M = 3.2
"""Shows the pavement."""
VIEW_M = 2.2
"""How far a camera's wedge is drawn."""


def draw_plan(plan: TwinPlan) -> str:
    """An SVG in metres, y up: walls, doors, furniture, cameras, lines and zones, and an empty group for the people."""
    x0, y0, x1, y1 = plan.bounds_m
    x0, y0, x1, y1 = x0 - 1.5, y0 - MARGIN_M, x1 + 1.5, y1 + 0.6
    if len(plan.doors) > 1:
        x0, x1 = x0 - 1.5, x1 + 1.5
    parts = [f'<polygon class="floor" points="{_points(plan.floor)}"/>']
    for shelf in plan.shelves:
        parts.append(_box("shelf", shelf.x0_m, shelf.y0_m, shelf.x1_m, shelf.y1_m, ""))
    for name, till in plan.counters.items():
        parts.append(_box("counter", till.x0_m, till.y0_m, till.x1_m, till.y1_m, name))
        if till.queue:
            parts.append(f'<polyline class="queue" points="{_points(till.queue)}"/>')
    parts += [f'<polyline class="wall" points="{_points((wall.start, wall.end))}"/>' for wall in plan.walls]
    for name, door in plan.doors.items():
        parts.append(f'<polyline class="door" points="{_points((door.start, door.end))}">{_title(name)}</polyline>')
    for doll in plan.disturbances.mannequins:
        parts.append(f'<circle class="doll" cx="{doll.at[0]}" cy="{doll.at[1]}" r=".2">{_title("mannequin")}</circle>')
    for poster in plan.disturbances.posters:
        at = poster.at
        parts.append(f'<circle class="doll" cx="{at[0]}" cy="{at[1]}" r=".12">{_title("poster")}</circle>')
    for camera_id, camera in plan.cameras.items():
        for name, corners in camera.zones.items():
            shown = _title(f"{camera_id}: {name}")
            parts.append(f'<polygon class="zone" points="{_points(corners)}">{shown}</polygon>')
        for name, line in camera.lines.items():
            shown = _title(f"{camera_id}: {name}")
            parts.append(f'<polyline class="line" points="{_points((line.start, line.end))}">{shown}</polyline>')
        parts.append(_camera(camera_id, camera.position_m, camera.yaw_deg, camera.pitch_deg, camera.hfov_deg))
    view = f"{x0:g} {-y1:g} {x1 - x0:g} {y1 - y0:g}"
    return (
        f'<svg id="plan" viewBox="{view}" role="img" aria-label="Floor plan, 평면도">'
        f'<g transform="scale(1,-1)">{"".join(parts)}<g id="people"></g></g></svg>'
    )


def _camera(name: str, position_m: tuple[float, float, float], yaw: float, pitch: float, hfov: float) -> str:
    x, y, _ = position_m
    dot = f'<circle class="camera" cx="{x}" cy="{y}" r=".16">{_title(name)}</circle>'
    if pitch > 80:
        return f'<circle class="wedge" cx="{x}" cy="{y}" r="{VIEW_M}"/>{dot}'
    sides = [math.radians(yaw + s * min(hfov, 170.0) / 2) for s in (-1, 1)]
    ends = [(x + VIEW_M * math.cos(a), y + VIEW_M * math.sin(a)) for a in sides]
    return f'<polygon class="wedge" points="{_points([(x, y), *ends])}"/>{dot}'


def _box(kind: str, x0: float, y0: float, x1: float, y1: float, name: str) -> str:
    shown = _title(name) if name else ""
    return f'<rect class="{kind}" x="{x0}" y="{y0}" width="{x1 - x0:.3f}" height="{y1 - y0:.3f}">{shown}</rect>'


def _points(points: Iterable[FloorPoint]) -> str:
    return " ".join(f"{x:.3f},{y:.3f}" for x, y in points)


def _title(text: str) -> str:
    return f"<title>{html.escape(text)}</title>"
