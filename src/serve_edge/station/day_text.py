"""A business day as text for whoever runs the shop, in Korean and English; what wasn't seen is said, never guessed."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dongsun.contract.business_day import BusinessCalendar
from dongsun.contract.store import StoreConfig
from dongsun.serve_edge.ledger.day_report import CameraDay, DayReport

_UNKNOWN = "–"
_WORTH_SAYING_S = 60.0
"""A camera that missed less of a day saw the day."""


def day_text(report: DayReport, store: StoreConfig, now_utc: datetime) -> str:
    """The day's numbers, line by line.

    Args:
        report: Of the day.
        store: Whose lines, zones and cameras it has to name, also those at which nothing was counted.
        now_utc: To know how much of the day has passed.
    """
    calendar = BusinessCalendar.of(store)
    begins_utc, ends_utc = calendar.begins_utc(report.business_day), calendar.ends_utc(report.business_day)
    until_utc = min(max(now_utc, begins_utc), ends_utc)
    passed_s = (until_utc - begins_utc).total_seconds()
    zone = ZoneInfo(store.timezone)
    rows = [
        f"{store.id}   {report.business_day}   {begins_utc.astimezone(zone):%m-%d %H:%M} – "
        f"{until_utc.astimezone(zone):%m-%d %H:%M}" + ("   (진행 중 / so far)" if until_utc < ends_utc else ""),
        "",
        *_visitors(report),
        *_lines(report, store),
        *_balances(report, over=until_utc == ends_utc),
        *_zones(report, store),
        *_seen(report, store, passed_s),
    ]
    if report.unsent:
        rows += ["", f"아직 보내지 못한 메시지 / messages not sent yet: {report.unsent}"]
    return "\n".join(rows)


def _visitors(report: DayReport) -> list[str]:
    return [
        f"{'고유 방문객 / unique visitors':<34} {_or_unknown(report.unique_visitors):>7}",
        f"{'재방문 / re-entries':<36} {_or_unknown(report.re_entries):>7}",
        f"{'직원 / staff':<36} {_or_unknown(report.unique_staff):>7}",
    ]


def _lines(report: DayReport, store: StoreConfig) -> list[str]:
    counted = {line.line_id: line for line in report.lines}
    seen = {camera.camera_id for camera in report.cameras if camera.observed_s > 0}
    rows = ["", "출입선 / line                 입 in     출 out   직원 staff in/out"]
    for camera_id, camera in store.cameras.items():
        for line_id in camera.lines:
            line = counted.pop(line_id, None)
            name = f"{camera_id} · {line_id}"
            if line is not None:
                rows.append(_line_row(name, line.visitors_in, line.visitors_out, line.staff_in, line.staff_out))
            elif camera_id in seen:
                rows.append(_line_row(name, 0, 0, 0, 0))
            else:
                rows.append(f"{name:<28} {_UNKNOWN:>6} {_UNKNOWN:>8}   {_UNKNOWN}")
    rows += [_line_row(f"({n})", o.visitors_in, o.visitors_out, o.staff_in, o.staff_out) for n, o in counted.items()]
    return rows if len(rows) > 2 else []


def _line_row(name: str, inward: int, outward: int, staff_in: int, staff_out: int) -> str:
    return f"{name:<28} {inward:>6} {outward:>8}   {staff_in}/{staff_out}"


def _balances(report: DayReport, *, over: bool) -> list[str]:
    """Who is inside while the day lasts; afterwards nobody should be, and whoever is was miscounted."""
    rows = []
    for line in report.lines:
        if over and line.inside:
            rows.append(f"{line.line_id}: 나간 것을 못 센 사람 / left uncounted {line.inside}")
        elif not over:
            rows.append(f"{line.line_id}: 지금 안에 / inside now {line.inside}")
        if line.never_came_in:
            rows.append(f"{line.line_id}: 들어온 것을 못 센 사람 / came in uncounted {line.never_came_in}")
    return ["", *rows] if rows else []


def _zones(report: DayReport, store: StoreConfig) -> list[str]:
    counted = {zone.zone_id: zone for zone in report.zones}
    seen = {camera.camera_id for camera in report.cameras if camera.observed_s > 0}
    rows = ["", "구역 / zone                방문 visits   체류 중앙값 median stay (s)"]
    for camera_id, camera in store.cameras.items():
        for zone_id in camera.zones:
            zone = counted.get(zone_id)
            visits = zone.visits if zone else 0
            stay = _UNKNOWN if zone is None or zone.dwell_p50_s is None else f"{zone.dwell_p50_s:.0f}"
            shown = str(visits) if zone or camera_id in seen else _UNKNOWN
            rows.append(f"{camera_id + ' · ' + zone_id:<28} {shown:>8}   {stay:>10}")
    return rows if len(rows) > 2 else []


def _seen(report: DayReport, store: StoreConfig, passed_s: float) -> list[str]:
    cameras = {camera.camera_id: camera for camera in report.cameras}
    rows = ["", "카메라 / camera"]
    for camera_id in store.cameras:
        rows.append(f"{camera_id:<28} {_seen_text(cameras.get(camera_id), passed_s)}")
    if any(_missing_s(cameras.get(camera_id), passed_s) >= _WORTH_SAYING_S for camera_id in store.cameras):
        rows += [
            "보지 못한 시간의 방문객 수는 0이 아니라 알 수 없습니다.",
            "What was not seen is unknown, not zero: the true numbers may be higher.",
        ]
    return rows


def _seen_text(camera: CameraDay | None, passed_s: float) -> str:
    missing_s = _missing_s(camera, passed_s)
    if camera is None or camera.observed_s == 0:
        return f"전혀 보지 못함 / saw nothing of {_duration(passed_s)}"
    if missing_s < _WORTH_SAYING_S:
        return f"모두 봄 / saw all of {_duration(passed_s)}"
    return (
        f"{_duration(passed_s)} 중 {_duration(camera.observed_s)} 봄, {_duration(missing_s)} 못 봄 / "
        f"saw {_duration(camera.observed_s)} of {_duration(passed_s)}, {_duration(missing_s)} not seen"
    )


def _missing_s(camera: CameraDay | None, passed_s: float) -> float:
    """A window that isn't there was not seen either, so the day's length counts, not the windows'."""
    return max(0.0, passed_s - (camera.observed_s if camera else 0.0))


def _duration(seconds: float) -> str:
    if seconds < _WORTH_SAYING_S:
        return f"{seconds:.0f} s"
    minutes = round(timedelta(seconds=seconds) / timedelta(minutes=1))
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def _or_unknown(count: int | None) -> str:
    return _UNKNOWN if count is None else str(count)
