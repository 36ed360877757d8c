"""What one counting run is asked to do."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dongsun.contract.bundle import Precision
from dongsun.contract.store import StoreConfig

UNKNOWN_START_UTC = datetime(1970, 1, 1, tzinfo=UTC)
"""A file whose start nobody stated starts here: its UTC times are then plainly stream times, not guesses."""


@dataclass(frozen=True)
class CountSettings:
    """One run of `dongsun-edge count`.

    Attributes:
        bundle: Directory of the bundle.
        store: The store, for its lines, zones and staff.
        camera_id: Which of its cameras took the video.
        source: The recorded video.
        out: Directory of the results; appears whole or not at all.
        annotate: Write `annotated.mp4` too, faces blurred.
        precision: Which models of the bundle to run; each model's shipped precision by default.
        first_frame: Frames before this index are decoded but not looked at.
        end_frame: Index after the last frame looked at; all by default.
        face_model: YuNet ONNX that finds faces for the annotated video; without it whole people are blurred.
        started_at_utc: When the first frame of the source was taken.
        threads: CPU threads of the models; all by default.
        progress: Show a progress bar on a terminal.
        store_file: Where `store` was read from: a uniform gallery named in it lies beside it; by default here.
        motion_gate: Spare the detector still pictures, as a station does.
    """

    bundle: Path
    store: StoreConfig
    camera_id: str
    source: Path
    out: Path
    annotate: bool = False
    precision: Precision | None = None
    first_frame: int = 0
    end_frame: int | None = None
    face_model: Path | None = None
    started_at_utc: datetime = UNKNOWN_START_UTC
    threads: int | None = None
    progress: bool = True
    store_file: Path = Path("store.yaml")
    motion_gate: bool = False
