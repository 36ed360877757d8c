"""Is the machine's clock right, and kept right?"""

import ctypes
import ctypes.util
from datetime import datetime

from dongsun.contract.clock import iso_utc
from dongsun.serve_edge.doctor.finding import Finding, Words, advice, fault, fine

_UNSYNCHRONISED = 0x0040
"""STA_UNSYNC of adjtimex(2)."""
_TODO = Words(
    "Run `sudo timedatectl set-ntp true`, and see that the shop's network lets NTP (UDP 123) through.",
    "`sudo timedatectl set-ntp true`를 실행하고, 매장 네트워크가 NTP(UDP 123)를 허용하는지 확인하세요.",
)


class _Timex(ctypes.Structure):
    """The beginning of struct timex on 64-bit Linux; the rest is room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("room", ctypes.c_byte * 256),
    )


def kernel_is_synchronised() -> bool | None:
    """Whether somebody keeps the kernel's clock in step (NTP, chrony, PTP); None where that can't be asked."""
    name = ctypes.util.find_library("c")
    try:
        library = ctypes.CDLL(name or "libc.so.6", use_errno=True)
        asked = _Timex()
        answer = library.adjtimex(ctypes.byref(asked))
    except (OSError, AttributeError):
        return None
    return None if answer < 0 else not asked.status & _UNSYNCHRONISED


def clock_findings(now_utc: datetime, bundle_made_at_utc: datetime | None, synchronised: bool | None) -> list[Finding]:
    """What can be said of the clock.

    Args:
        now_utc: The wall clock.
        bundle_made_at_utc: The clock can't be earlier than that.
        synchronised: As `kernel_is_synchronised` says.
    """
    if bundle_made_at_utc is not None and now_utc < bundle_made_at_utc:
        return [
            fault(
                Words(
                    f"The clock says {iso_utc(now_utc)}, before this bundle was made",
                    f"시계가 번들 생성 이전인 {iso_utc(now_utc)}을 가리킵니다",
                ),
                _TODO,
            )
        ]
    if synchronised is None:
        said = Words("Whether the clock is kept right can't be told here", "시계 동기화 여부를 확인할 수 없습니다")
        return [advice(said, _TODO)]
    if not synchronised:
        return [advice(Words("Nothing keeps the clock right", "시계가 동기화되지 않습니다"), _TODO)]
    return [fine("The clock is kept right", "시계가 동기화되고 있습니다")]
