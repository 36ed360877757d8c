"""Is the machine enough for these cameras?"""

import statistics
import time
from dataclasses import dataclass

import numpy as np

from dongsun.serve_edge.doctor.finding import Finding, Words, advice, fault, fine
from dongsun.serve_edge.inference.detector import OpenVinoDetector

_REST = 1.25
"""Tracking, embedding and writing come to about a quarter of the detector's work."""
_BUSY = 0.75
"""Above this a busy hour has no reserve."""
_QUIET_DUTY = 0.5
"""With the motion gate the detector rests at least half of the time in an ordinary shop."""
_CAMERA_BYTES = 60_000_000
"""Of a camera: the decoder's reference pictures, two waiting ones, and what tracking remembers."""
_WINDOW_BYTES, _MESSAGE_BYTES = 700, 920
"""Of a window of 15 seconds on the disk, with its index; and of its message, as long as that is kept."""
_WINDOWS_A_DAY = 5_760
_LEAST_FREE_BYTES = 200_000_000


@dataclass(frozen=True)
class Load:
    """What the cameras ask for.

    Attributes:
        cameras: How many.
        analysis_fps: Pictures a second of each.
        detector_ms: Of one picture on one core.
        decode_cores: Of all cameras together, as measured.
        gated: Whether the motion gate spares still pictures.
    """

    cameras: int
    analysis_fps: float
    detector_ms: float
    decode_cores: float
    gated: bool

    @property
    def cores(self) -> float:
        """Cores in use while everything moves."""
        return self.cameras * self.analysis_fps * self.detector_ms / 1000 * _REST + self.decode_cores


def detector_ms(detector: OpenVinoDetector, width_px: int, height_px: int, pictures: int = 5) -> float:
    """Milliseconds of one detection here, the median of a few; `detector` should use one thread."""
    picture = np.random.default_rng(0).integers(0, 255, (height_px, width_px, 3), np.uint8)
    detector.detect(picture)
    times: list[float] = []
    for _ in range(pictures):
        began_s = time.perf_counter()
        detector.detect(picture)
        times.append(time.perf_counter() - began_s)
    return 1000 * statistics.median(times)


def cpu_findings(load: Load, cores: int) -> list[Finding]:
    """Whether the processor is enough.

    Args:
        load: Of all cameras.
        cores: That this process may use.
    """
    share = load.cores / cores
    figures = (
        f"{load.cores:.1f} of {cores} cores ({load.cameras} × {load.analysis_fps:g}/s × {load.detector_ms:.0f} ms)"
    )
    if share <= _BUSY:
        return [fine(f"The processor is enough: {figures}", f"CPU 충분: {figures}")]
    todo = Words(
        "Lower `streams.analysis_fps` (4 still counts walkers), ship the INT8 bundle, leave out a camera, or take a "
        "machine with more cores.",
        "`streams.analysis_fps`를 낮추거나(4까지 가능), INT8 번들을 쓰거나, 카메라를 줄이거나, "
        "코어가 더 많은 장비를 쓰세요.",
    )
    if share <= 1.0:
        return [advice(Words(f"The processor is nearly full: {figures}", f"CPU 여유 부족: {figures}"), todo)]
    if load.gated and share * _QUIET_DUTY <= 1.0:
        said = Words(
            f"The processor is enough only while some cameras see nothing move: {figures}",
            f"일부 카메라에 움직임이 없을 때만 CPU가 충분합니다: {figures}",
        )
        return [advice(said, todo)]
    return [fault(Words(f"The processor is not enough: {figures}", f"CPU 부족: {figures}"), todo)]


def memory_findings(cameras: int, used_bytes: int, available_bytes: int) -> list[Finding]:
    """Whether memory is enough.

    Args:
        cameras: How many.
        used_bytes: By a process that has loaded the models.
        available_bytes: That the machine can give to another.
    """
    need = used_bytes + cameras * _CAMERA_BYTES
    figures = f"{need / 1e9:.1f} GB / {available_bytes / 1e9:.1f} GB"
    if need <= available_bytes * _BUSY:
        return [fine(f"Memory is enough ({figures})", f"메모리 충분 ({figures})")]
    todo = Words("End other programs, or add memory.", "다른 프로그램을 끄거나 메모리를 늘리세요.")
    if need <= available_bytes:
        return [advice(Words(f"Memory is scarce ({figures})", f"메모리 여유 부족 ({figures})"), todo)]
    return [fault(Words(f"Memory is not enough ({figures})", f"메모리 부족 ({figures})"), todo)]


def disk_findings(
    cameras: int, free_bytes: int, most_bytes: int | None, windows_days: int, messages_days: int
) -> list[Finding]:
    """Whether the disk, and the ledger's limit, hold what is to be kept.

    Args:
        cameras: How many.
        free_bytes: On the ledger's disk, what the ledger already takes included.
        most_bytes: The ledger's limit; None is none.
        windows_days: How long windows are to be kept.
        messages_days: How long sent messages are; 0 where nothing is sent.
    """
    if free_bytes < _LEAST_FREE_BYTES:
        return [
            fault(
                Words(f"The disk is full ({free_bytes / 1e6:.0f} MB free)", f"디스크 부족 ({free_bytes / 1e6:.0f} MB)"),
                Words("Delete other files, or move `data_dir`.", "다른 파일을 지우거나 `data_dir`를 옮기세요."),
            )
        ]
    room = free_bytes if most_bytes is None else min(free_bytes, most_bytes)
    windows_a_day = max(1, cameras) * _WINDOWS_A_DAY
    days = max(0, int((room / windows_a_day - messages_days * _MESSAGE_BYTES) / _WINDOW_BYTES))
    if days >= windows_days:
        return [fine(f"The disk holds {windows_days} days", f"디스크: {windows_days}일 보관 가능")]
    return [
        advice(
            Words(
                f"There is room for about {days} days of windows, not {windows_days}; older ones will be given up",
                f"약 {days}일만 보관할 수 있고 {windows_days}일은 안 됩니다. 오래된 기록부터 지워집니다",
            ),
            Words(
                "Raise `database_most_mb`, free the disk, or lower `retention.windows_days`.",
                "`database_most_mb`를 늘리거나, 디스크를 비우거나, `retention.windows_days`를 낮추세요.",
            ),
        )
    ]
