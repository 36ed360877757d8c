"""The ledger of a station, as its settings say."""

from dongsun.contract.business_day import BusinessCalendar
from dongsun.contract.errors import DongsunError
from dongsun.contract.store import StoreConfig
from dongsun.serve_edge.ledger.ballast import Ballast
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.ledger.ledger_errors import LedgerFullError
from dongsun.serve_edge.station.station_settings import StationSettings

_BYTES_PER_MB = 1_000_000


def open_ledger(settings: StationSettings, store: StoreConfig, *, mends: bool = False) -> Ledger:
    """Opens the ledger, or begins one; its folder must exist. The station's own `mends` a damaged one.

    Raises:
        DongsunError: The key can't be read or doesn't fit, the file can't be used, or there is no room even to open it.
    """
    key = settings.database_key.read("database_key") if settings.database_key else None
    most_mb = settings.database_most_mb
    most_bytes = None if most_mb is None else most_mb * _BYTES_PER_MB
    calendar = BusinessCalendar.of(store)
    try:
        return Ledger(settings.ledger_path, calendar, key, most_bytes, mends=mends)
    except LedgerFullError:
        Ballast(settings.data_dir).give_up()
    try:
        return Ledger(settings.ledger_path, calendar, key, most_bytes, mends=mends)
    except LedgerFullError as error:
        raise DongsunError(
            expected="room to open the ledger",
            got=str(error),
            where=str(settings.ledger_path),
            mend="make room on the disk",
        ) from error
