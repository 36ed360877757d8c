"""`dongsun-edge report`: a business day's numbers, and the day as files."""

from pathlib import Path
from typing import get_args

from dongsun.contract.business_day import BusinessCalendar
from dongsun.contract.clock import Clock, SystemClock
from dongsun.contract.errors import DongsunError
from dongsun.contract.store import load_store
from dongsun.serve_edge.ledger.day_export import ExportFormat, export_day
from dongsun.serve_edge.ledger.day_report import day_report, days_kept
from dongsun.serve_edge.station.business_date import business_date
from dongsun.serve_edge.station.day_text import day_text
from dongsun.serve_edge.station.open_ledger import open_ledger
from dongsun.serve_edge.station.station_settings import load_station


def run_report(path: Path, day: str, export: Path | None = None, kind: str = "csv", clock: Clock | None = None) -> str:
    """A day's report as text; the station may run meanwhile.

    Args:
        path: `station.yaml`.
        day: `today`, `yesterday` or an ISO date: a business day.
        export: Folder for the day's tables, replaced whole; None writes none.
        kind: `csv` or `parquet`.
        clock: The machine's by default.

    Raises:
        DongsunError: Bad settings, no ledger, another key, a day of which nothing is known, or an unknown `kind`.
    """
    kinds: tuple[ExportFormat, ...] = get_args(ExportFormat)
    chosen = next((each for each in kinds if each == kind), None)
    if chosen is None:
        raise DongsunError(expected=" or ".join(kinds), got=repr(kind), where="report", mend="choose one")
    settings = load_station(path)
    store = load_store(settings.store)
    if not settings.ledger_path.is_file():  # opening would begin one, and nothing would look like zero visitors
        raise DongsunError(
            expected="the station's ledger",
            got="no such file",
            where=str(settings.ledger_path),
            mend="start the station first, or mend `data_dir`",
        )
    now_utc = (clock or SystemClock()).now_utc()
    today = BusinessCalendar.of(store).day_of(now_utc)
    wanted = business_date(day, today)
    with open_ledger(settings, store) as ledger:
        kept = days_kept(ledger)
        if wanted not in kept and wanted != today:
            got = f"nothing; there are days from {kept[0]} to {kept[-1]}" if kept else "nothing of any day"
            raise DongsunError(
                expected=f"windows of {wanted}", got=got, where=str(settings.ledger_path), mend="ask for another day"
            )
        text = day_text(day_report(ledger, wanted), store, now_utc)
        files = export_day(ledger, wanted, export, chosen) if export is not None else ()
    return "\n".join([text, *([""] if files else []), *(f"→ {file}" for file in files)])
