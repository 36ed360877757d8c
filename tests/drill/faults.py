"""Each fault: what is done, what is expected, and what happened."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.drill.camera import EVERY_S
from tests.drill.rig import Rig, now_s, wait_for

SETTLE_S = 2.0
"""A crossing is written this long after it happened at the latest, on a machine with other work."""

SEEN_BEFORE_S = 1.5
"""Whoever crosses must have been seen on the one side first; a station that has just begun hasn't."""


@dataclass(frozen=True)
class Outcome:
    """A row of the table; `wrong` is empty where what happened is what was expected."""

    fault: str
    expected: str
    happened: str
    wrong: str


def _counted(rig: Rig, seconds: float, offset_s: float = 0.0) -> str:
    """Lets the station count for a while; what was wrong with it."""
    began = now_s() + SEEN_BEFORE_S
    time.sleep(seconds)
    ended = now_s()
    time.sleep(SETTLE_S)
    return rig.judge(began, ended - EVERY_S / 2, offset_s)


def nothing(rig: Rig) -> Outcome:
    """Counting as it should be."""
    wrong = _counted(rig, 4 * EVERY_S)
    return Outcome("none", "every crossing counted once", f"{len(rig.crossings())} counted", wrong)


def stall(rig: Rig) -> Outcome:
    """The server holds the connection and sends nothing."""
    rig.relay.stalled = True
    wait_for(lambda: rig.status()["cameras"][0]["gap_s"] > 1.5, 15, "a gap is told")
    seen = rig.status()["cameras"][0]
    rig.relay.stalled = False
    wait_for(rig.ready, 30, "the camera lives again")
    wrong = _counted(rig, 2 * EVERY_S)
    return Outcome("camera stalls", "a gap, a new connection, exact counts after", f"{seen['state']}, then live", wrong)


def server_restart(rig: Rig) -> Outcome:
    """The server drops everybody."""
    before = rig.status()["cameras"][0]["counters"]["connections"]
    rig.relay.disconnect()
    wait_for(lambda: rig.status()["cameras"][0]["counters"]["connections"] > before, 30, "it connects again")
    wait_for(rig.ready, 30, "the camera lives again")
    wrong = _counted(rig, 2 * EVERY_S)
    return Outcome("RTSP server restarts", "reconnected, exact counts after", "reconnected", wrong)


def garbage(rig: Rig) -> Outcome:
    """The packets' contents are spoilt."""
    before = rig.status()["cameras"][0]
    rig.relay.garbled = True

    def noticed() -> bool:
        now = rig.status()["cameras"][0]
        faulty = sum(now["counters"]["faulty"].values()) > sum(before["counters"]["faulty"].values())
        return bool(faulty) or bool(now["counters"]["failures"] > before["counters"]["failures"])

    wait_for(noticed, 20, "spoilt pictures are noticed")
    rig.relay.garbled = False
    time.sleep(2.0)
    wait_for(rig.ready, 30, "the camera lives again")
    wrong = _counted(rig, 2 * EVERY_S)
    return Outcome("camera sends garbage", "withheld, exact counts after", "withheld", wrong)


def lens_cap(rig: Rig) -> Outcome:
    """Black pictures."""
    rig.cap(True)
    wait_for(lambda: rig.status()["cameras"][0]["counters"]["faulty"].get("black", 0) > 10, 20, "black is noticed")
    rig.cap(False)
    time.sleep(1.0)
    wrong = _counted(rig, 2 * EVERY_S)
    return Outcome("lens covered", "black pictures withheld, exact counts after", "withheld", wrong)


def broker_away(rig: Rig) -> Outcome:
    """No network upstream."""
    rig.broker.stop()
    wrong = _counted(rig, 3 * EVERY_S)
    waiting = rig.status()["waiting"]
    if not waiting:
        wrong = wrong or "nothing waits in the outbox"
    rig.broker.start()
    wait_for(lambda: rig.status()["waiting"] == 0, 60, "the outbox is empty again")
    return Outcome(
        "broker away", "counting goes on, messages wait, then all are sent", f"{waiting} waited, all sent", wrong
    )


def small_disk(rig: Rig) -> Outcome:
    """Something else fills the disk, to the last byte, and takes whatever is given up."""
    assert rig.disk is not None
    began = now_s() + SEEN_BEFORE_S
    time.sleep(EVERY_S)
    with rig.disk_full():
        wait_for(lambda: rig.status()["writer"]["full"], 30, "the station says that the disk is full")
        ready = rig.ready()
        time.sleep(2 * EVERY_S)
        waiting = rig.status()["writer"]["waiting"]
    ended = now_s()
    wait_for(lambda: not rig.status()["writer"]["full"], 30, "it has room again")
    wait_for(rig.ready, 30, "it is ready again")
    time.sleep(SETTLE_S)
    wrong = rig.judge(began, ended - EVERY_S / 2)
    if ready or not waiting:
        wrong = wrong or f"ready: {ready}, {waiting} batches waited"
    if lost := rig.status()["writer"]["lost"]:
        wrong = wrong or f"{lost} batches lost"
    how = "no space left on a disk of 24 MB" if rig.disk.small else "files that may not grow"
    happened = f"{how}: not ready, {waiting} batches waited, none lost"
    return Outcome("disk full", "it is said; what is counted waits and is written once there is room", happened, wrong)


def damaged_ledger(rig: Rig) -> Outcome:
    """A page of the ledger's file turns to rubbish: one from which nothing is lost, so that all can be asked for."""
    before = {key for key, _ in rig.crossings()}
    rig.spoil_index()
    wrong = _counted(rig, 3 * EVERY_S)
    wait_for(lambda: rig.status()["ledgers_begun"] == 1, 30, "the damage is met")
    wait_for(lambda: rig.status()["waiting"] == 0, 60, "all messages, old and new, are sent")
    copied, ready = rig.status()["salvaged_rows"], rig.ready()
    if lost := before - {key for key, _ in rig.crossings()}:
        wrong = wrong or f"{len(lost)} of {len(before)} crossings before are gone"
    if not ready or not copied:
        wrong = wrong or f"ready: {ready}, {copied} rows copied"
    expected = "set aside, a new one begun, the old one copied; no crossing lost"
    return Outcome("ledger damaged", expected, f"{copied} rows copied, {len(before)} crossings before kept", wrong)


def killed(rig: Rig) -> Outcome:
    """SIGKILL in the middle of counting."""
    time.sleep(EVERY_S)
    before = rig.crossings()
    rig.kill_station()
    kept = rig.crossings()
    rig.start_station()
    wrong = _counted(rig, 2 * EVERY_S)
    after = {key for key, _ in rig.crossings()}
    if lost := {key for key, _ in kept} - after:
        wrong = wrong or f"{len(lost)} lost"
    if len(kept) < len(before):
        wrong = wrong or "a committed crossing is gone"
    return Outcome("SIGKILL", "no committed crossing lost or doubled; the day goes on", f"{len(kept)} kept", wrong)


def clock_set(rig: Rig) -> Outcome:
    """Somebody sets the wall clock an hour back, and NTP forward again."""
    rig.set_clock(-3600.0)
    time.sleep(1.0)
    wrong = _counted(rig, 2 * EVERY_S, offset_s=-3600.0)
    rig.set_clock(0.0)
    time.sleep(1.0)
    wrong = wrong or _counted(rig, 2 * EVERY_S)
    jumps = rig.status()["clock_jumps"]
    if jumps < 2:
        wrong = wrong or f"{jumps} jumps noticed of 2"
    return Outcome(
        "wall clock set back an hour and forth", "noticed, counted on, new windows", f"{jumps} jumps noticed", wrong
    )


def clean_stop(rig: Rig) -> Outcome:
    """SIGTERM, while neither camera nor broker answer; afterwards windows and crossings must agree."""
    rig.relay.stalled = True
    with rig.broker_frozen():
        time.sleep(1.0)
        code, seconds = rig.stop_station()
    wrong = f"exit code {code}" if code else ""
    if seconds > 6.0:
        wrong = wrong or f"it took {seconds:.1f} s"
    crossings, windows = len(rig.crossings()), rig.windows()
    if sum(count for _, _, count in windows) != crossings:
        wrong = wrong or f"{sum(count for _, _, count in windows)} crossings in windows, {crossings} kept"
    if not any(observed < 14.0 for _, observed, _ in windows):
        wrong = wrong or "no window says that something wasn't seen"
    return Outcome(
        "SIGTERM",
        "ends within 5 s although nobody answers; windows and crossings agree",
        f"{seconds:.1f} s, {crossings} crossings",
        wrong,
    )


SHORT: tuple[Callable[[Rig], Outcome], ...] = (
    nothing,
    stall,
    broker_away,
    small_disk,
    damaged_ledger,
    killed,
    clean_stop,
)
ALL: tuple[Callable[[Rig], Outcome], ...] = (
    nothing,
    stall,
    server_restart,
    garbage,
    lens_cap,
    broker_away,
    small_disk,
    damaged_ledger,
    killed,
    clock_set,
    clean_stop,
)
