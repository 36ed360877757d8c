"""The dataset manifests: parquet, one row an image, written and read as streams."""

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any, Generic, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from dongsun.contract.detections import BoxExtent
from dongsun.contract.durable import atomic_file
from dongsun.contract.errors import DongsunError
from dongsun.data.audit import AuditResult, CameraRule, ManifestAudit, repeated_paths
from dongsun.data.records import SPLITS, DetectorRecord, ReidRecord, Split

R = TypeVar("R", ReidRecord, DetectorRecord)

MANIFEST_NAME = "manifest.parquet"
ROWS_PER_GROUP = 16_384
_KIND_KEY = b"dongsun.manifest"
_CLASSES_KEY = b"dongsun.class_names"
_EXTENT_KEY = b"dongsun.box_extent"
_KIND_OF: dict[type, bytes] = {ReidRecord: b"reid/1", DetectorRecord: b"detector/1"}

REID_SCHEMA = pa.schema(
    [
        pa.field("path", pa.string(), nullable=False),
        pa.field("person_id", pa.string(), nullable=False),
        pa.field("camera_id", pa.string(), nullable=False),
        pa.field("sequence_id", pa.string(), nullable=False),
        pa.field("frame_index", pa.int64(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("captured_at_utc", pa.timestamp("us", tz="UTC")),
        pa.field("scene", pa.string()),
        pa.field("clothes_id", pa.string()),
        pa.field("role", pa.string()),
        pa.field("box_xyxy_px", pa.list_(pa.float32())),
        pa.field("visibility", pa.float32()),
    ]
)
DETECTOR_SCHEMA = pa.schema(
    [
        pa.field("path", pa.string(), nullable=False),
        pa.field("label_path", pa.string()),
        pa.field("camera_id", pa.string(), nullable=False),
        pa.field("sequence_id", pa.string(), nullable=False),
        pa.field("frame_index", pa.int64(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("width_px", pa.int32(), nullable=False),
        pa.field("height_px", pa.int32(), nullable=False),
        pa.field("people", pa.int32()),
    ]
)
_SCHEMA_OF: dict[type, Any] = {ReidRecord: REID_SCHEMA, DetectorRecord: DETECTOR_SCHEMA}


class ManifestWriter(Generic[R]):
    """Appends records to a parquet file by row groups. Open it with `write_manifest`, which also verifies."""

    def __init__(self, path: Path, kind: type[R], class_names: Sequence[str], box_extent: BoxExtent) -> None:
        self._pending: list[R] = []
        self._audit = ManifestAudit()
        classes = json.dumps(list(class_names)).encode()
        metadata = {_KIND_KEY: _KIND_OF[kind], _CLASSES_KEY: classes, _EXTENT_KEY: box_extent.encode()}
        self._schema = _SCHEMA_OF[kind].with_metadata(metadata)
        self._path = path
        self._parquet = pq.ParquetWriter(path, self._schema, compression="zstd")
        self.result: AuditResult | None = None
        """Set when the manifest is closed and verified."""

    def write(self, record: R) -> None:
        """Appends one row. The caller decides the order; sampling wants stratum order."""
        self._audit.add(record)
        self._pending.append(record)
        if len(self._pending) >= ROWS_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._pending:
            columns = {name: [getattr(record, name) for record in self._pending] for name in self._schema.names}
            self._parquet.write_table(pa.Table.from_pydict(columns, schema=self._schema))
            self._pending.clear()

    def abandon(self) -> None:
        """Closes the file without verifying."""
        self._parquet.close()

    def finish(self, where: Path, camera_rule: CameraRule) -> None:
        """Writes what is pending, closes and verifies.

        Raises:
            DongsunError: No rows, a path twice, or persons shared between splits.
        """
        self._flush()
        self._parquet.close()
        result = self._audit.finish(str(where), camera_rule)
        if not sum(result.images.values()):
            raise DongsunError(
                expected="at least one image",
                got="none that could be used",
                where=str(where),
                mend="check the data set's folder; the problems listed by ingest say what was refused",
            )
        suspects = self._audit.suspected_duplicates()
        if suspects:
            self._refuse_duplicates(where, suspects)
        self.result = result

    def _refuse_duplicates(self, where: Path, suspects: frozenset[int]) -> None:
        seen: set[str] = set()
        for batch in pq.ParquetFile(self._path).iter_batches(columns=["path"]):
            repeated = repeated_paths(batch.column(0).to_pylist(), suspects, seen)
            if repeated:
                raise DongsunError(
                    expected="every image once",
                    got=f"a path twice: {repeated[0]}",
                    where=str(where),
                    mend="remove the doubled source or folder from the data set's configuration",
                )


@contextmanager
def write_manifest(
    path: Path,
    kind: type[R],
    *,
    camera_rule: CameraRule = "report",
    class_names: Sequence[str] = (),
    box_extent: BoxExtent = "visible",
) -> Iterator[ManifestWriter[R]]:
    """Opens a manifest for writing; on a clean exit it is verified, synced and takes its name.

    Args:
        path: Where the parquet file goes.
        kind: `ReidRecord` or `DetectorRecord`.
        camera_rule: `require` refuses test persons who were seen by one camera in a data set with several.
        class_names: Names of a detector's label classes, by index.
        box_extent: What persons' boxes go around.

    Raises:
        DongsunError: The rows break a rule; nothing is left behind.
    """
    with atomic_file(path) as temporary:
        writer = ManifestWriter(temporary, kind, class_names, box_extent)
        try:
            yield writer
        except BaseException:
            writer.abandon()
            raise
        writer.finish(path, camera_rule)


def _open(path: Path, kind: type[Any]) -> Any:
    try:
        parquet = pq.ParquetFile(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise DongsunError(
            expected="a dataset manifest (parquet)",
            got=str(error),
            where=str(path),
            mend="run `dongsun ingest` and `dongsun sample` for this store",
        ) from error
    found = (parquet.schema_arrow.metadata or {}).get(_KIND_KEY, b"none")
    if found != _KIND_OF[kind]:
        raise DongsunError(
            expected=f"manifest format {_KIND_OF[kind].decode()}",
            got=found.decode(),
            where=str(path),
            mend="run `dongsun ingest` again with this version",
        )
    return parquet


def read_manifest(path: Path, kind: type[R], splits: Collection[Split] = SPLITS) -> Iterator[R]:
    """Streams the rows of a manifest, in file order, of the given splits.

    Raises:
        DongsunError: No such file, or not a manifest of this kind.
    """
    parquet = _open(path, kind)
    for batch in parquet.iter_batches(batch_size=ROWS_PER_GROUP):
        for row in batch.to_pylist():
            if row["split"] in splits:
                yield _record(kind, row)


def _record(kind: type[R], row: dict[str, Any]) -> R:
    if row.get("box_xyxy_px") is not None:
        row["box_xyxy_px"] = tuple(row["box_xyxy_px"])
    if row.get("captured_at_utc") is not None:
        row["captured_at_utc"] = row["captured_at_utc"].astimezone(UTC)
    return kind(**row)


def read_class_names(path: Path) -> tuple[str, ...]:
    """Class names of a detector manifest, by label index; empty for unlabelled sources."""
    return tuple(json.loads(_open(path, DetectorRecord).schema_arrow.metadata[_CLASSES_KEY]))


def read_box_extent(path: Path) -> BoxExtent:
    """What the persons' boxes of a detector manifest go around; manifests of earlier versions don't say: `visible`."""
    metadata = _open(path, DetectorRecord).schema_arrow.metadata
    return "whole_body" if metadata.get(_EXTENT_KEY) == b"whole_body" else "visible"


def count_rows(path: Path, kind: type[R]) -> dict[Split, int]:
    """Rows per split, reading that column alone."""
    counts: dict[Split, int] = dict.fromkeys(SPLITS, 0)
    for batch in _open(path, kind).iter_batches(columns=["split"]):
        for entry in batch.column(0).value_counts().to_pylist():
            counts[entry["values"]] += entry["counts"]
    return counts


def resolve(manifest_path: Path, path: str) -> Path:
    """The file that a row's `path` or `label_path` names."""
    return manifest_path.parent / path
