"""Which pictures calibrate and which judge, read from the store's manifests."""

from collections.abc import Iterator
from pathlib import Path

from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import InputSpec
from dongsun.data.manifest import read_class_names, read_manifest, resolve
from dongsun.data.records import DetectorRecord, ReidRecord, Split
from dongsun.eval.embed_manifest import select_records
from dongsun.eval.labelled_frames import read_labelled_frames
from dongsun.export.calibration import CalibrationSet, calibration_set, evenly_spaced
from dongsun.export.detector_gate import GateFrames
from dongsun.export.gate_crops import GateCrops
from dongsun.export.settings import ExportSettings

_CALIBRATING: tuple[Split] = ("calibration",)
_JUDGING: tuple[Split, Split] = ("validation", "test")
"""The first steers quantisation, the choice of precision and thresholds; the second only tells (and may fail)."""


class GateInputs:
    """Calibration sets and gate splits of one store.

    Args:
        detector_manifest: Frames.
        reid_manifest: Crops.
        settings: How many of each.
        seed: Of the choice of crops.
    """

    def __init__(self, detector_manifest: Path, reid_manifest: Path, settings: ExportSettings, seed: int) -> None:
        self._detector_manifest = detector_manifest
        self._reid_manifest = reid_manifest
        self._settings = settings
        self._seed = seed

    def calibration_frames(self, spec: InputSpec) -> CalibrationSet:
        """Frames of the calibration split, letterboxed."""
        return calibration_set(self._calibration_paths(), spec, self._settings.calibration_pictures, "frames")

    def calibration_crops(self, spec: InputSpec) -> CalibrationSet:
        """Crops of the calibration split, stretched."""
        manifest = self._reid_manifest
        rows = read_manifest(manifest, ReidRecord, _CALIBRATING)
        paths = [resolve(manifest, row.path) for row in rows]
        return calibration_set(paths, spec, self._settings.calibration_pictures, "crops")

    def gate_frames(self) -> tuple[GateFrames, ...]:
        """Labelled validation and test frames; unlabelled calibration frames where there is not one label.

        Raises:
            DongsunError: There are no frames at all.
        """
        most = self._settings.gate_frames
        gates = []
        for split in _JUDGING:
            if not self._has_labels(split):
                continue
            frames = read_labelled_frames(self._detector_manifest, split, most=most)
            if any((~frame.truth.ignored).any() for frame in frames):
                gates.append(GateFrames(split, tuple(f.path for f in frames), tuple(f.truth for f in frames)))
        if gates:
            return tuple(gates)
        unlabelled = evenly_spaced(self._calibration_paths(), most)
        if not unlabelled:
            raise DongsunError(
                expected="labelled frames in validation or test, or at least frames in calibration",
                got="none",
                where=str(self._detector_manifest),
                mend="check the data set's splits, or set export.detector_manifest to another store's",
            )
        return (GateFrames("calibration", unlabelled, None),)

    def gate_crops(self) -> tuple[GateCrops, ...]:
        """Crops of validation, and of test where there are some.

        Raises:
            DongsunError: No crops in validation: a threshold needs them.
        """
        splits = [_JUDGING[0], *(split for split in _JUDGING[1:] if self._has_crops(split))]
        most = self._settings.gate_crops_per_person
        return tuple(
            GateCrops(
                split,
                select_records(self._reid_manifest, split, most_per_person_and_camera=most, seed=self._seed),
                self._reid_manifest,
            )
            for split in splits
        )

    def _calibration_paths(self) -> list[Path]:
        rows = read_manifest(self._detector_manifest, DetectorRecord, _CALIBRATING)
        return [resolve(self._detector_manifest, row.path) for row in rows]

    def _has_labels(self, split: Split) -> bool:
        rows: Iterator[DetectorRecord] = read_manifest(self._detector_manifest, DetectorRecord, (split,))
        return "person" in read_class_names(self._detector_manifest) and any(row.label_path for row in rows)

    def _has_crops(self, split: Split) -> bool:
        return any(True for _ in read_manifest(self._reid_manifest, ReidRecord, (split,)))
