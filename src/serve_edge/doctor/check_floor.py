"""Do a camera's floor points make sense?"""

import numpy as np

from dongsun.contract.errors import DongsunError
from dongsun.contract.floor_map import FloorMap
from dongsun.contract.store import CameraConfig
from dongsun.serve_edge.doctor.finding import Finding, Words, advice, broken, fault, fine
from dongsun.serve_edge.doctor.floor_view import FloorView

_GOOD_M, _POOR_M = 0.15, 0.5
"""A careful hand with a tape measure is within 10 cm; half a metre off, a floor map tells aisles wrongly."""
_SHRUNK = 0.8
"""People lower in the picture may seem this much smaller, by the edges of a lens and the floor points' errors."""
_EXACT = 4
"""Four points are always fitted exactly, right or wrong."""


def floor_view(
    camera_id: str, camera: CameraConfig, width_px: int, height_px: int
) -> tuple[FloorView | None, list[Finding]]:
    """The camera's floor if its points can be used, and what can be said of them.

    Args:
        camera_id: For the reader.
        camera: Of the store file.
        width_px: Of its picture.
        height_px: Likewise.
    """
    if not camera.floor_points:
        return None, []
    title = Words(f"Camera {camera_id}: its floor points", f"카메라 {camera_id}: 바닥 점")
    try:
        floor = FloorMap.of(camera, width_px / height_px, f"cameras.{camera_id}")
    except DongsunError as error:
        return None, [broken(Words(f"{title.english} can't be used", f"{title.korean}을 쓸 수 없습니다"), error)]
    view = FloorView(floor, width_px, height_px)
    return view, _accuracy(title, camera, floor) + _upside_down(title, camera, view)


def mirror_findings(views: dict[str, tuple[CameraConfig, FloorView]]) -> list[Finding]:
    """Cameras whose floors turn opposite ways: one of them has x and y, or two points, exchanged."""
    mirrored = {
        camera_id: view.is_mirrored((camera.floor_points[0][0], camera.floor_points[0][1]))
        for camera_id, (camera, view) in views.items()
    }
    turned = [camera_id for camera_id, is_mirrored in mirrored.items() if is_mirrored]
    plain = [camera_id for camera_id, is_mirrored in mirrored.items() if is_mirrored is False]
    if not turned or not plain:
        return []
    return [
        fault(
            Words(
                f"The floor points of {', '.join(turned)} and {', '.join(plain)} are mirror images of each other",
                f"{', '.join(turned)}와 {', '.join(plain)}의 바닥 점이 서로 거울상입니다",
            ),
            Words(
                "Use one plan with the same x and y for all cameras; one of them has x and y exchanged.",
                "모든 카메라에 같은 평면도의 같은 x, y를 쓰세요. 한쪽의 x와 y가 뒤바뀌었습니다.",
            ),
        )
    ]


def _accuracy(title: Words, camera: CameraConfig, floor: FloorMap) -> list[Finding]:
    error_m = floor.reprojection_error_m
    todo = Words(
        "Measure the marks on the floor again, and the lens if it bends straight edges; one point is probably wrong.",
        "바닥 표시를 다시 재고, 직선이 휘어 보이면 렌즈 값도 확인하세요. 점 하나가 틀렸을 가능성이 큽니다.",
    )
    said = Words(f"{title.english} are {error_m:.2f} m off", f"{title.korean}의 오차가 {error_m:.2f} m입니다")
    if error_m > _POOR_M:
        return [fault(said, todo)]
    if error_m > _GOOD_M:
        return [advice(said, todo)]
    if len(camera.floor_points) == _EXACT:
        return [
            advice(
                Words(
                    f"{title.english}: only four, so no mistake can show",
                    f"{title.korean}이 네 개뿐이라 오류를 알 수 없습니다",
                ),
                Words("Measure one or two more.", "한두 개를 더 재세요."),
            )
        ]
    return [fine(f"{title.english} agree within {error_m:.2f} m", f"{title.korean}: 오차 {error_m:.2f} m로 일치")]


def _upside_down(title: Words, camera: CameraConfig, view: FloorView) -> list[Finding]:
    """What is lower in a picture is nearer, and larger; at the bottom there is floor. A fisheye has no bottom."""
    if camera.lens.model == "fisheye":
        return []
    low = np.array([[x, 0.9] for x in (0.35, 0.5, 0.65)])
    ordered = sorted(camera.floor_points, key=lambda point: point[1])
    high_px, low_px = (view.person_height_px((point[0], point[1])) for point in (ordered[0], ordered[-1]))
    shrinks = high_px is not None and low_px is not None and low_px < _SHRUNK * high_px
    if np.isfinite(view.floor.to_floor(low)).any() and not shrinks:
        return []
    return [
        fault(
            Words(f"{title.english} stand the floor on its head", f"{title.korean}: 바닥이 거꾸로 놓입니다"),
            Words(
                "Picture y grows downward, and what is lower is nearer: check points and mounting.",
                "화면의 y는 아래로 커지고 아래쪽이 더 가깝습니다. 점과 카메라 설치 방향을 확인하세요.",
            ),
        )
    ]
