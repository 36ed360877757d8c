"""Can the station keep what it counts, and nobody else read it?"""

import os
import shutil
import stat
from datetime import datetime
from pathlib import Path

import apsw

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import StoreConfig
from dongsun.serve_edge.doctor.check_capacity import disk_findings
from dongsun.serve_edge.doctor.finding import Finding, Words, advice, broken, fault, fine
from dongsun.serve_edge.ledger.batch import LedgerBatch
from dongsun.serve_edge.ledger.damaged_files import DamagedFiles
from dongsun.serve_edge.ledger.ledger_errors import LedgerWriteError
from dongsun.serve_edge.station.open_ledger import open_ledger
from dongsun.serve_edge.station.station_settings import StationSettings


def storage_findings(settings: StationSettings, store: StoreConfig, now_utc: datetime) -> list[Finding]:
    """What can be said of `data_dir`, the disk and the ledger; no ledger is begun, no folder made."""
    folder = settings.data_dir
    if not folder.exists():
        return _absent(folder, settings, store)
    if not folder.is_dir() or not _writable(folder):
        return [_unwritable(folder)]
    ledger_bytes = settings.ledger_path.stat().st_size if settings.ledger_path.is_file() else 0
    found = [*_permissions(folder), *_disk(folder, ledger_bytes, settings, store)]
    if not settings.ledger_path.is_file():
        return [*found, *_key(settings)]
    return [*found, _ledger(settings, store, now_utc), *_set_aside(settings)]


def _set_aside(settings: StationSettings) -> list[Finding]:
    kept = DamagedFiles(settings.ledger_path).kept()
    if not kept:
        return []
    names = ", ".join(path.name for path in kept)
    title = Words(f"The ledger was damaged lately ({names})", f"최근 기록 데이터베이스가 손상되었습니다 ({names})")
    todo = Words(
        "The station began a new one and copies what it can. Look at the disk (`smartctl -a`): it may be dying.",
        "스테이션이 새로 시작해 복사 중입니다. 디스크 상태를 확인하세요(`smartctl -a`). 고장 직전일 수 있습니다.",
    )
    return [advice(title, todo)]


def _ledger(settings: StationSettings, store: StoreConfig, now_utc: datetime) -> Finding:
    title = Words("The ledger can't be used", "기록 데이터베이스를 쓸 수 없습니다")
    try:
        with open_ledger(settings, store) as ledger:
            ledger.append(LedgerBatch(), now_utc)  # takes the write lock, writes nothing
    except DongsunError as error:
        return broken(title, error)
    except (LedgerWriteError, apsw.Error, OSError) as error:
        todo = Words(
            f"Let the station's user write {settings.ledger_path} ({error}).",
            f"스테이션 사용자가 {settings.ledger_path}에 쓸 수 있게 하세요 ({error}).",
        )
        return fault(title, todo)
    return fine("The ledger opens and can be written", "기록 데이터베이스 정상")


def _key(settings: StationSettings) -> list[Finding]:
    try:
        if settings.database_key is not None:
            settings.database_key.read("database_key")
    except DongsunError as error:
        return [broken(Words("The ledger's key can't be read", "데이터베이스 키를 읽을 수 없습니다"), error)]
    return [fine("The ledger begins at the first start", "기록 데이터베이스는 첫 시작 때 만들어집니다")]


def _absent(folder: Path, settings: StationSettings, store: StoreConfig) -> list[Finding]:
    parent = next(parent for parent in folder.parents if parent.exists())
    if not parent.is_dir() or not _writable(parent):
        return [_unwritable(folder)]
    return [*_disk(parent, 0, settings, store), *_key(settings)]


def _disk(folder: Path, ledger_bytes: int, settings: StationSettings, store: StoreConfig) -> list[Finding]:
    most = None if settings.database_most_mb is None else settings.database_most_mb * 1_000_000
    free_bytes = shutil.disk_usage(folder).free + ledger_bytes
    sent_days = settings.retention.sent_days if settings.upstream else 0
    return disk_findings(len(store.cameras), free_bytes, most, settings.retention.windows_days, sent_days)


def _permissions(folder: Path) -> list[Finding]:
    status = folder.stat()
    found: list[Finding] = []
    if status.st_mode & 0o007:
        found.append(
            advice(
                Words(
                    f"Everybody on this machine may look into {folder} (mode {stat.S_IMODE(status.st_mode):o})",
                    f"이 장비의 누구나 {folder}를 볼 수 있습니다 (모드 {stat.S_IMODE(status.st_mode):o})",
                ),
                Words(f"Run `chmod 700 {folder}`.", f"`chmod 700 {folder}`을 실행하세요."),
            )
        )
    if status.st_uid != os.geteuid():
        found.append(
            advice(
                Words(
                    "This check ran as another user than the station", "점검을 스테이션과 다른 사용자로 실행했습니다"
                ),
                Words(
                    "Run it as the station's user (`sudo -u dongsun …`): what you may read, it may not.",
                    "스테이션 사용자로 실행하세요(`sudo -u dongsun …`). 권한이 서로 다를 수 있습니다.",
                ),
            )
        )
    return found


def _writable(folder: Path) -> bool:
    """By trial: root passes every question about permissions, and fails on a read-only disk all the same."""
    trial = folder / f".dongsun-check-{os.getpid()}"
    try:
        trial.touch(exist_ok=False)
        trial.unlink()
    except OSError:
        return False
    return True


def _unwritable(folder: Path) -> Finding:
    return fault(
        Words(f"Nothing can be written to {folder}", f"{folder}에 쓸 수 없습니다"),
        Words(
            "Mend `data_dir`, or give the folder to the station's user (`chown dongsun`).",
            "`data_dir`를 고치거나 폴더 소유자를 스테이션 사용자로 바꾸세요(`chown dongsun`).",
        ),
    )
