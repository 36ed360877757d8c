"""The plan in plain words, English and Korean, for whoever hangs the cameras."""

from dataclasses import dataclass
from typing import Literal

from dongsun.twin.coverage.planning import CameraPlan, JudgedLine, Option
from dongsun.twin.coverage.proposal import Wanted

Weight = Literal["good", "look", "bad"]

REASONS: dict[str, tuple[str, str, str, str]] = {
    "sky": (
        "it lies above the horizon of the picture, where there is no floor",
        "화면의 지평선 위에 있어 바닥이 없습니다",
        "draw it on the floor",
        "바닥 위에 다시 그으세요",
    ),
    "no_floor": (
        "on one side there is less than half a metre of floor to walk on",
        "한쪽에 걸을 수 있는 바닥이 50 cm도 없습니다",
        "move it away from the wall or shelf",
        "벽이나 진열대에서 떨어뜨리세요",
    ),
    "out_of_picture": (
        "the feet are out of the picture on one side or both",
        "한쪽 또는 양쪽에서 발이 화면 밖에 있습니다",
        "move it towards the middle of the picture, at least half a metre of floor from the edge",
        "화면 가장자리에서 바닥 50 cm 이상 안쪽으로 옮기세요",
    ),
    "hidden": (
        "furniture or a wall hides the feet on one side or both",
        "가구나 벽이 한쪽 또는 양쪽의 발을 가립니다",
        "move the line to open floor, or the camera",
        "가리지 않는 바닥으로 선을 옮기거나 카메라를 옮기세요",
    ),
    "too_small": (
        "people there are less than 25 px tall",
        "그곳 사람의 키가 25 px보다 작습니다",
        "use a nearer camera or more resolution",
        "더 가까운 카메라나 더 높은 해상도를 쓰세요",
    ),
    "flat": (
        "it is seen so flat that both sides fall on nearly the same place of the picture",
        "너무 비스듬히 보여 선의 양쪽이 화면에서 거의 같은 자리에 겹칩니다",
        "use a higher or nearer camera, or turn the line",
        "더 높거나 가까운 카메라를 쓰거나 선의 방향을 바꾸세요",
    ),
}
"""Reason → (English, Korean, how to mend it in English, in Korean)."""


@dataclass(frozen=True)
class Finding:
    """One thing worth saying."""

    weight: Weight
    english: str
    korean: str


def findings(plan: CameraPlan, wanted: Wanted) -> tuple[Finding, ...]:
    """All that the plan has to say, most general first."""
    told = [_floor(plan, wanted)]
    told += [_door(name, share) for name, share in plan.present.doors.items()]
    told += [
        _zone(camera_id, zone_id, share)
        for camera_id, figures in plan.present.cameras.items()
        for zone_id, share in figures.zones.items()
    ]
    told += [_line(line) for line in plan.lines]
    told += [_best_line(plan, door) for door in plan.suggestions]
    told.append(_option(plan.anew, wanted, keeping=False))
    told.append(_option(plan.added, wanted, keeping=True))
    return tuple(told)


def _floor(plan: CameraPlan, wanted: Wanted) -> Finding:
    now = plan.present
    weight: Weight = "good" if now.floor_share >= wanted.coverage else "look"
    return Finding(
        weight,
        f"The present cameras see {now.floor_share:.0%} of the floor (wanted {wanted.coverage:.0%}), people there are "
        f"typically {now.median_height_px:.0f} px tall; two cameras at once see {now.twice_share:.0%}.",
        f"현재 카메라는 바닥의 {now.floor_share:.0%} 를 봅니다(목표 {wanted.coverage:.0%}). 그곳 사람의 키는 보통 "
        f"{now.median_height_px:.0f} px이고, 두 대 이상이 함께 보는 곳은 {now.twice_share:.0%} 입니다.",
    )


def _door(name: str, share: float) -> Finding:
    weight: Weight = "good" if share >= 0.8 else "look" if share > 0 else "bad"
    words = {"good": ("is seen", "잘 보입니다"), "look": ("is seen in part", "일부만 보입니다")}
    english, korean = words.get(weight, ("is seen by no camera", "어느 카메라에도 보이지 않습니다"))
    return Finding(weight, f"Door {name} {english} ({share:.0%}).", f"출입문 {name}: {korean} ({share:.0%}).")


def _zone(camera_id: str, zone_id: str, share: float) -> Finding:
    weight: Weight = "good" if share >= 0.8 else "look" if share >= 0.3 else "bad"
    english = {"good": "sees", "look": "sees only", "bad": "hardly sees:"}[weight]
    korean = {"good": "잘 보입니다", "look": "일부만 보입니다", "bad": "거의 보이지 않습니다"}[weight]
    return Finding(
        weight,
        f"Zone {zone_id}: its camera {camera_id} {english} {share:.0%} of it well enough.",
        f"구역 {zone_id}(카메라 {camera_id}): {korean} ({share:.0%}).",
    )


def _line(line: JudgedLine) -> Finding:
    name = f"{camera_name(line)}"
    if line.verdict == "good" and line.sight:
        return Finding(
            "good",
            f"Line {name} can count: people on it are {line.sight.height_px:.0f} px tall.",
            f"계수선 {name}: 셀 수 있습니다. 선 위 사람의 키는 {line.sight.height_px:.0f} px입니다.",
        )
    english, korean, mend, mend_korean = REASONS[line.reason]
    if line.verdict == "never":
        return Finding(
            "bad",
            f"Line {name} can never count: {english}. Mend: {mend}.",
            f"계수선 {name}: 셀 수 없습니다. {korean}. 해결: {mend_korean}.",
        )
    share = line.sight.countable if line.sight else 0.0
    return Finding(
        "look",
        f"Line {name} counts over {share:.0%} of its length only; on the rest {english}. Mend: {mend}.",
        f"계수선 {name}: 길이의 {share:.0%} 에서만 셀 수 있습니다. 나머지는 {korean}. 해결: {mend_korean}.",
    )


def camera_name(line: JudgedLine) -> str:
    """A line's name among all cameras."""
    return f"{line.camera_id}/{line.line_id}"


def _best_line(plan: CameraPlan, door: str) -> Finding:
    found = plan.suggestions[door]
    if not found:
        return Finding(
            "bad",
            f"No present camera can count at door {door}: nowhere from 0.6 to 2 m inside it would a line work.",
            f"출입문 {door}: 문 안쪽 0.6~2 m 어디에도 현재 카메라로 셀 수 있는 선이 없습니다.",
        )
    best = found[0]
    place = "from: {from}, to: {to}, inside: {inside}".format(**best.picture)
    whole = best.fan_share >= 0.95
    narrow = "" if whole else f", but it spans {best.fan_share:.0%} only of where people walk in"
    narrow_korean = "" if whole else f", 다만 사람들이 들어오는 폭의 {best.fan_share:.0%} 만 지납니다"
    return Finding(
        "good" if best.sight.verdict == "good" and whole else "look",
        f"Best line at door {door}: camera {best.camera_id}, {best.offset_m:.1f} m inside, people "
        f"{best.sight.height_px:.0f} px tall{narrow}: {{{place}, anchor: foot}}",
        f"출입문 {door}의 가장 좋은 계수선: 카메라 {best.camera_id}, 문에서 {best.offset_m:.1f} m 안쪽, "
        f"사람 키 {best.sight.height_px:.0f} px{narrow_korean}: {{{place}, anchor: foot}}",
    )


def _option(option: Option, wanted: Wanted, *, keeping: bool) -> Finding:
    found, seen = option.proposal, option.assessment.floor_share
    count = len(found.cameras)
    if keeping and count == 0:
        return Finding("good", "The present cameras suffice.", "현재 카메라로 충분합니다.")
    proof = "no fewer would do" if found.proven else f"at least {found.least_possible} are needed; not proven fewest"
    proof_korean = "최소임이 증명됨" if found.proven else f"최소 {found.least_possible}대 필요, 최적 증명 안 됨"
    start = "Keeping the present cameras, add" if keeping else "With all cameras hung anew, the shop needs"
    start_korean = "현재 카메라를 두고 추가" if keeping else "새로 설치"
    english = f"{start} {count} ({proof} among {found.tried} places tried): {seen:.0%} of the floor."
    korean = f"{start_korean}: {count}대({found.tried}개 후보 중 {proof_korean}), 바닥의 {seen:.0%}."
    if found.asked < wanted.coverage - 1e-9:
        english += f" More than {found.reachable:.0%} cannot be seen from any wall."
        korean += f" 어느 벽에서도 {found.reachable:.0%} 보다 많이 볼 수 없습니다."
    for door in found.unreachable_doors:
        english += f" No place on the walls sees door {door} well."
        korean += f" 출입문 {door}: 잘 보이는 설치 자리가 없습니다."
    return Finding("look" if keeping or not found.proven else "good", english, korean)
