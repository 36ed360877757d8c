"""Can a line ever count? Can a zone ever be entered?"""

import numpy as np
import numpy.typing as npt

from dongsun.contract.geometry import Point, point_in_polygon, signed_distance
from dongsun.contract.store import LineConfig, ZoneConfig
from dongsun.serve_edge.doctor.finding import Finding, Words, advice, fault, fine
from dongsun.serve_edge.doctor.floor_view import FloorView

Floats = npt.NDArray[np.float64]
_ROOM, _SCANT_ROOM = 0.02, 0.06
"""Of the picture's height, on each side of a line. A side is decided a tenth of a person beyond the line, and people
at a door are a third of the picture high and more: less room than 2 % decides nothing, less than 6 % not for all."""
_SHORT_PX, _SCANT_PX = 20.0, 48.0
"""Shorter than shoulders are wide, and than a person in the middle of a picture."""
_SHORT_M, _SCANT_M, _LONG_M = 0.4, 0.75, 30.0
_BLURRED_PX, _SMALL_PX = 25.0, 50.0
"""Heights of people: the detector finds few under 25 px, and re-identification wants 50 (docs/counting.md)."""
_TINY_ZONE_PX = 20.0
_INSIDE_NEAR = 0.01
"""Of the picture; a point this near names a side, but hardly the one that was meant."""
_GRID = tuple(float(x) for x in np.linspace(0.005, 0.995, 100))


def line_findings(name: str, line: LineConfig, width_px: int, height_px: int, view: FloorView | None) -> list[Finding]:
    """What can be said of one line.

    Args:
        name: Camera and line, for the reader.
        line: As the store file has it.
        width_px: Of the camera's picture.
        height_px: Likewise.
        view: The camera's floor, if it is measured.
    """
    title = Words(f"Line {name}", f"출입선 {name}")
    found = [*_length(title, line, width_px, height_px), *_room(title, line, width_px, height_px)]
    if abs(signed_distance(line.inside, line.line_from, line.line_to)) < _INSIDE_NEAR:
        found.append(
            advice(
                _titled(title, "its `inside` point lies almost on it", "`inside` 점이 선에 너무 가깝습니다"),
                Words("Move `inside` well into the shop.", "`inside`를 매장 안쪽으로 충분히 옮기세요."),
            )
        )
    if view is not None:
        found += _on_the_floor(title, line, view)
    return found or [fine(f"Line {name} can count", f"출입선 {name}: 계수 가능")]


def zone_findings(name: str, zone: ZoneConfig, width_px: int, height_px: int, view: FloorView | None) -> list[Finding]:
    """What can be said of one zone."""
    title = Words(f"Zone {name}", f"구역 {name}")
    corners = np.array(zone.polygon) * (width_px, height_px)
    if _crosses_itself(zone.polygon):
        return [
            fault(
                _titled(title, "its edges cross each other", "변이 서로 교차합니다"),
                Words("Name its corners in order, round the zone.", "꼭짓점을 구역 둘레 순서대로 적으세요."),
            )
        ]
    if _area(corners) < _TINY_ZONE_PX**2:
        return [
            fault(
                _titled(title, "too small to stand in", "서 있기에 너무 작습니다"),
                Words("Draw it larger than a person's feet.", "사람 발보다 크게 그리세요."),
            )
        ]
    if view is not None and any(view.length_m(corner, corner) is None for corner in zone.polygon):
        return [_beyond(title)]
    if not any(point_in_polygon((x, y), zone.polygon) for x in _GRID for y in _GRID):
        return [
            advice(
                _titled(title, "very thin", "매우 얇습니다"),
                Words("Draw it as wide as people stand.", "사람이 서는 폭만큼 넓게 그리세요."),
            )
        ]
    return [fine(f"Zone {name} can be entered", f"구역 {name}: 정상")]


def _length(title: Words, line: LineConfig, width_px: int, height_px: int) -> list[Finding]:
    across = (line.line_to[0] - line.line_from[0]) * width_px
    down = (line.line_to[1] - line.line_from[1]) * height_px
    length_px = float(np.hypot(across, down))
    if length_px >= _SCANT_PX:
        return []
    said = _titled(title, f"only {length_px:.0f} pixels long", f"길이가 {length_px:.0f}픽셀뿐입니다")
    todo = Words("Draw it across the whole passage, wall to wall.", "통로 전체를 벽에서 벽까지 가로지르도록 그리세요.")
    return [fault(said, todo) if length_px < _SHORT_PX else advice(said, todo)]


def _room(title: Words, line: LineConfig, width_px: int, height_px: int) -> list[Finding]:
    """How far one can walk from the line's middle to either side before leaving the picture."""
    start, end = (np.array(p) * (width_px, height_px) for p in (line.line_from, line.line_to))
    along = (end - start) / max(float(np.linalg.norm(end - start)), 1e-9)
    normal = np.array([-along[1], along[0]])
    room = min(_walk((start + end) / 2, way, width_px, height_px) for way in (normal, -normal))
    if room >= _SCANT_ROOM * height_px:
        return []
    said = _titled(title, "at the edge of the picture", "화면 가장자리에 있습니다")
    todo = Words(
        "People must be seen on both sides of it: move it toward the middle, or turn the camera.",
        "선 양쪽에서 사람이 보여야 합니다. 선을 화면 안쪽으로 옮기거나 카메라를 돌리세요.",
    )
    return [fault(said, todo) if room < _ROOM * height_px else advice(said, todo)]


def _walk(point: Floats, way: Floats, width_px: int, height_px: int) -> float:
    steps: list[float] = []
    for at, toward, most in zip(point, way, (width_px, height_px), strict=True):
        if abs(toward) > 1e-9:
            steps.append(((most if toward > 0 else 0.0) - at) / toward)
    return float(min(steps))


def _on_the_floor(title: Words, line: LineConfig, view: FloorView) -> list[Finding]:
    middle = (line.line_from[0] + line.line_to[0]) / 2, (line.line_from[1] + line.line_to[1]) / 2
    length_m, tall_px = view.length_m(line.line_from, line.line_to), view.person_height_px(middle)
    if length_m is None or tall_px is None:
        return [_beyond(title)]
    found = []
    if length_m < _SCANT_M or length_m > _LONG_M:
        said = _titled(title, f"{length_m:.1f} m long on the floor", f"바닥에서 {length_m:.1f} m입니다")
        todo = Words(
            "A person needs 0.75 m to pass; if the line is drawn right, the floor points are wrong.",
            "사람이 지나려면 0.75 m가 필요합니다. 선이 맞다면 바닥 점(floor_points)이 틀렸습니다.",
        )
        found.append(fault(said, todo) if length_m < _SHORT_M else advice(said, todo))
    if tall_px < _SMALL_PX:
        said = _titled(
            title, f"people are {tall_px:.0f} pixels tall there", f"그곳의 사람 키가 {tall_px:.0f}픽셀입니다"
        )
        todo = Words(
            "Move the camera nearer, zoom in, or choose a larger stream: 50 pixels or more are needed.",
            "카메라를 가까이 옮기거나 확대하거나 더 큰 스트림을 고르세요. 50픽셀 이상이 필요합니다.",
        )
        found.append(fault(said, todo) if tall_px < _BLURRED_PX else advice(said, todo))
    return found


def _beyond(title: Words) -> Finding:
    return fault(
        _titled(title, "it reaches above the floor's horizon", "바닥의 지평선 위에 있습니다"),
        Words(
            "Draw it where feet stand, or measure the floor points again.",
            "발이 닿는 바닥에 그리거나 바닥 점(floor_points)을 다시 재세요.",
        ),
    )


def _titled(title: Words, english: str, korean: str) -> Words:
    return Words(f"{title.english}: {english}", f"{title.korean}: {korean}")


def _area(corners: Floats) -> float:
    x, y = corners[:, 0], corners[:, 1]
    return 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))


def _crosses_itself(polygon: tuple[Point, ...]) -> bool:
    edges = list(zip(polygon, polygon[1:] + polygon[:1], strict=True))
    return any(
        _cross(*edges[i], *edges[j])
        for i in range(len(edges))
        for j in range(i + 2, len(edges))
        if (j + 1) % len(edges) != i
    )


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    if a == b or c == d:
        return False
    return (signed_distance(a, c, d) > 0) != (signed_distance(b, c, d) > 0) and (signed_distance(c, a, b) > 0) != (
        signed_distance(d, a, b) > 0
    )
