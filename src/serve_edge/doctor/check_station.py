"""All that can be checked before a station is left alone."""

import os

import psutil

from dongsun.contract.bundle import BundleManifest
from dongsun.contract.clock import Clock
from dongsun.contract.errors import DongsunError
from dongsun.contract.store import CameraConfig, StoreConfig, load_store
from dongsun.serve_edge.doctor.check_bundle import bundle_findings
from dongsun.serve_edge.doctor.check_capacity import Load, cpu_findings, detector_ms, memory_findings
from dongsun.serve_edge.doctor.check_clock import clock_findings, kernel_is_synchronised
from dongsun.serve_edge.doctor.check_floor import floor_view, mirror_findings
from dongsun.serve_edge.doctor.check_lines import line_findings, zone_findings
from dongsun.serve_edge.doctor.check_storage import storage_findings
from dongsun.serve_edge.doctor.check_streams import stream_findings
from dongsun.serve_edge.doctor.check_upstream import upstream_findings
from dongsun.serve_edge.doctor.finding import Finding, Words, advice, broken, fault
from dongsun.serve_edge.doctor.floor_view import FloorView
from dongsun.serve_edge.doctor.glimpse import Glimpse, glimpses
from dongsun.serve_edge.inference.detector import OpenVinoDetector
from dongsun.serve_edge.station.camera_address import camera_address
from dongsun.serve_edge.station.station_settings import StationSettings
from dongsun.serve_edge.stream.feed_settings import FeedSettings

_LOOK_S = 2.0
_ORDINARY_PX = (1280, 720)


def check_station(settings: StationSettings, clock: Clock, look_s: float = _LOOK_S) -> tuple[Finding, ...]:
    """Looks at everything that a station needs; takes some ten seconds, and changes nothing.

    Args:
        settings: Of `station.yaml`.
        clock: The machine's.
        look_s: How long each camera is looked at; all at once.
    """
    try:
        store = load_store(settings.store)
    except DongsunError as error:
        return (broken(Words("The store file can't be used", "매장 파일을 쓸 수 없습니다"), error),)
    now_utc = clock.now_utc()
    manifest, found = bundle_findings(settings.bundle, settings.precision, store.id)
    seen, cameras = _cameras(settings, store, look_s)
    found += [*_names(settings, store), *cameras]
    found += clock_findings(now_utc, manifest.created_at_utc if manifest else None, kernel_is_synchronised())
    found += storage_findings(settings, store, now_utc)
    if manifest is not None:
        found += _capacity(settings, manifest, seen)
    return (*found, *upstream_findings(settings, store.id))


def _names(settings: StationSettings, store: StoreConfig) -> list[Finding]:
    """What one file names and the other doesn't know."""
    zones = {zone_id for camera in store.cameras.values() for zone_id in camera.zones}
    unknown = [f"cameras.{name}" for name in settings.cameras if name not in store.cameras]
    unknown += [f"staff.zones: {name}" for name in store.staff.zones if name not in zones]
    return [
        fault(
            Words(f"{name} is not in the store file", f"{name}: 매장 파일에 없습니다"),
            Words("Mend the name; both files must agree.", "이름을 고쳐 두 파일을 맞추세요."),
        )
        for name in unknown
    ]


def _cameras(settings: StationSettings, store: StoreConfig, look_s: float) -> tuple[dict[str, Glimpse], list[Finding]]:
    found: list[Finding] = []
    feeds: list[FeedSettings] = []
    for camera_id in store.cameras:
        try:
            address = camera_address(settings, store, camera_id)
        except DongsunError as error:
            title = Words(f"Camera {camera_id}: its address can't be had", f"카메라 {camera_id}: 주소를 알 수 없습니다")
            found.append(broken(title, error))
        else:
            streams = settings.streams.model_dump(exclude={"loop"})
            feeds.append(FeedSettings(camera_id=camera_id, address=address, **streams))
    seen = glimpses(tuple(feeds), look_s)
    views: dict[str, tuple[CameraConfig, FloorView]] = {}
    for camera_id, glimpse in seen.items():
        found += stream_findings(camera_id, glimpse, settings.streams.analysis_fps)
        camera = store.cameras[camera_id]
        if glimpse.pictures:
            view, of_floor = floor_view(camera_id, camera, glimpse.width_px, glimpse.height_px)
            found += [*of_floor, *_places(camera_id, camera, glimpse, view)]
            if view is not None:
                views[camera_id] = (camera, view)
        elif camera.lines or camera.zones or camera.floor_points:
            found.append(_unchecked(camera_id))
    return seen, found + mirror_findings(views)


def _places(camera_id: str, camera: CameraConfig, seen: Glimpse, view: FloorView | None) -> list[Finding]:
    size = seen.width_px, seen.height_px
    found: list[Finding] = []
    for line_id, line in camera.lines.items():
        found += line_findings(f"{camera_id} · {line_id}", line, *size, view)
    for zone_id, zone in camera.zones.items():
        found += zone_findings(f"{camera_id} · {zone_id}", zone, *size, view)
    if not camera.lines and not camera.zones:
        found.append(
            advice(
                Words(f"Camera {camera_id} has neither line nor zone", f"카메라 {camera_id}: 출입선도 구역도 없습니다"),
                Words(
                    "Draw one in the store file, or leave the camera out.", "매장 파일에 추가하거나 카메라를 빼세요."
                ),
            )
        )
    return found


def _unchecked(camera_id: str) -> Finding:
    return advice(
        Words(
            f"Camera {camera_id}: lines, zones and floor points are unchecked",
            f"카메라 {camera_id}: 출입선, 구역, 바닥 점을 확인하지 못했습니다",
        ),
        Words("Check again once it gives a picture.", "영상이 나오면 다시 점검하세요."),
    )


def _capacity(settings: StationSettings, manifest: BundleManifest, seen: dict[str, Glimpse]) -> list[Finding]:
    precision = settings.precision or manifest.detector.shipped_precision
    detector = OpenVinoDetector(manifest.detector, settings.bundle, precision, threads=1)
    sizes = [(glimpse.width_px, glimpse.height_px) for glimpse in seen.values() if glimpse.pictures]
    load = Load(
        cameras=len(seen),
        analysis_fps=settings.streams.analysis_fps,
        detector_ms=detector_ms(detector, *(sizes[0] if sizes else _ORDINARY_PX)),
        decode_cores=sum(glimpse.decode_cores for glimpse in seen.values()),
        gated=settings.motion_gate.enabled,
    )
    cores = settings.threads or len(os.sched_getaffinity(0))
    process, memory = psutil.Process(), psutil.virtual_memory()
    return [
        *cpu_findings(load, cores),
        *memory_findings(len(seen), int(process.memory_info().rss), int(memory.available)),
    ]
