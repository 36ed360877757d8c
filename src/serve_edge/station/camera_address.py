"""Where a station finds a camera."""

from pydantic import SecretStr

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import StoreConfig
from dongsun.serve_edge.station.station_settings import StationSettings


def camera_address(settings: StationSettings, store: StoreConfig, camera_id: str) -> SecretStr:
    """The address of a camera: `station.yaml`'s, or else the store file's `source`.

    Raises:
        DongsunError: Neither names one, or its secret can't be read.
    """
    if camera_id in settings.cameras:
        return settings.cameras[camera_id].read(f"cameras.{camera_id}")
    source = store.camera(camera_id).source
    if not source:
        raise DongsunError(
            expected=f"an address of the camera {camera_id}",
            got="none, neither in the station's file nor in the store's",
            where=f"cameras.{camera_id}",
            mend="add `cameras: {" + camera_id + ": {env: NAME}}` to station.yaml",
        )
    return SecretStr(source)
