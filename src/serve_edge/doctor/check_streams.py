"""Is every camera there, and does it show the shop?"""

from dongsun.serve_edge.doctor.finding import Finding, Words, advice, fault, fine
from dongsun.serve_edge.doctor.glimpse import Glimpse

_SMALL_PX, _LARGE_PX = 360, 1080
"""Heights of pictures: under 360 people soon are too small; over 1080 decoding costs more than looking."""
_SLOWER = 0.8
"""A camera measured over two seconds may seem this much slower than it is."""


def stream_findings(camera_id: str, seen: Glimpse, analysis_fps: float) -> list[Finding]:
    """What a look at one camera tells."""
    if not seen.pictures:
        return [_no_picture(camera_id, seen)]
    size = f"{seen.width_px}×{seen.height_px}"
    if seen.fault is not None:
        return [
            fault(
                Words(
                    f"Camera {camera_id} answers, but its picture is {seen.fault.value}",
                    f"카메라 {camera_id}: 연결되지만 화면이 비어 있습니다({seen.fault.value})",
                ),
                Words(
                    "Take off the lens cap, switch on the light, and turn off the camera's privacy mask.",
                    "렌즈 덮개를 벗기고 조명을 켠 뒤 카메라의 프라이버시 마스크를 끄세요.",
                ),
            )
        ]
    rate = "" if seen.pictures_per_s is None else f", {seen.pictures_per_s:.0f}/s"
    found = [
        fine(f"Camera {camera_id} shows a picture ({size}{rate})", f"카메라 {camera_id}: 영상 정상 ({size}{rate})")
    ]
    if seen.corrupt > seen.pictures:
        found.append(
            advice(
                Words(f"Camera {camera_id}: many pictures arrive broken", f"카메라 {camera_id}: 깨진 영상이 많습니다"),
                Words(
                    "Check its network cable and switch, and lower its bit rate.",
                    "네트워크 케이블과 스위치를 확인하고 비트레이트를 낮추세요.",
                ),
            )
        )
    if seen.pictures_per_s is not None and seen.pictures_per_s < _SLOWER * analysis_fps:
        found.append(_slow(camera_id, seen.pictures_per_s, analysis_fps))
    if seen.height_px < _SMALL_PX or seen.height_px > _LARGE_PX:
        found.append(_size(camera_id, seen.height_px < _SMALL_PX, size))
    return found


def _no_picture(camera_id: str, seen: Glimpse) -> Finding:
    text = seen.error.lower()
    title = Words(f"Camera {camera_id} gives no picture", f"카메라 {camera_id}: 영상이 없습니다")
    if "401" in text or "403" in text or "unauthorized" in text:
        todo = Words(
            "The camera refuses the user or password: try them in the camera's own app, then put them into the "
            "address's secret.",
            "카메라가 사용자 이름이나 비밀번호를 거부합니다. 카메라 앱에서 확인한 뒤 주소의 비밀값을 고치세요.",
        )
    elif "404" in text:
        todo = Words(
            "The camera answers, but not at this path: copy the RTSP address from its settings.",
            "카메라는 응답하지만 경로가 다릅니다. 카메라 설정에서 RTSP 주소를 복사하세요.",
        )
    elif "refused" in text or "timed out" in text or "unreachable" in text or "resolve" in text or "hangs" in text:
        todo = Words(
            "Nothing answers at its address: is it powered, is its cable plugged in, is the address right?",
            "주소에서 응답이 없습니다. 전원, 케이블, 주소를 확인하세요.",
        )
    elif seen.corrupt or not text:
        todo = Words(
            "It answers, but no picture can be decoded: set the stream to H.264 and restart the camera.",
            "응답하지만 영상을 해석할 수 없습니다. 스트림을 H.264로 설정하고 카메라를 다시 시작하세요.",
        )
    else:
        todo = Words("Check the address of the camera.", "카메라 주소를 확인하세요.")
    said = f" ({seen.error})" if seen.error else ""
    return fault(title, Words(todo.english + said, todo.korean + said))


def _slow(camera_id: str, per_s: float, analysis_fps: float) -> Finding:
    return advice(
        Words(
            f"Camera {camera_id} gives {per_s:.1f} pictures a second, and {analysis_fps:g} are to be looked at",
            f"카메라 {camera_id}: 초당 {per_s:.1f}장을 보내지만 {analysis_fps:g}장이 필요합니다",
        ),
        Words(
            "Raise the camera's frame rate, or lower `streams.analysis_fps`; fast walkers are missed below 4.",
            "카메라 프레임 수를 올리거나 `streams.analysis_fps`를 낮추세요. 4 미만이면 빨리 걷는 사람을 놓칩니다.",
        ),
    )


def _size(camera_id: str, small: bool, size: str) -> Finding:
    if small:
        return advice(
            Words(f"Camera {camera_id}: a small picture, {size}", f"카메라 {camera_id}: 화면이 작습니다 ({size})"),
            Words("Choose a stream of 640×360 or more.", "640×360 이상의 스트림을 고르세요."),
        )
    return advice(
        Words(f"Camera {camera_id}: a very large picture, {size}", f"카메라 {camera_id}: 화면이 매우 큽니다 ({size})"),
        Words(
            "Choose its second stream (720p is plenty): decoding this costs more than counting.",
            "보조 스트림(720p면 충분)을 고르세요. 디코딩 비용이 계수 비용보다 큽니다.",
        ),
    )
