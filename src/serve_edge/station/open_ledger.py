"""The ledger of a station, as its settings say."""

from dongsun.contract.business_day import BusinessCalendar
from dongsun.contract.store import StoreConfig
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.station.station_settings import StationSettings

_BYTES_PER_MB = 1_000_000


def open_ledger(settings: StationSettings, store: StoreConfig) -> Ledger:
    """Opens the ledger, or begins one; its folder must exist.

    Raises:
        DongsunError: The key can't be read or doesn't fit, or the file can't be used.
    """
    key = settings.database_key.read("database_key") if settings.database_key else None
    most_mb = settings.database_most_mb
    return Ledger(
        settings.ledger_path, BusinessCalendar.of(store), key, None if most_mb is None else most_mb * _BYTES_PER_MB
    )
