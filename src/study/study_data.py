"""The crops that a study trains, calibrates and judges with."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dongsun.contract.errors import DongsunError
from dongsun.data.manifest import MANIFEST_NAME, count_rows, read_manifest, resolve
from dongsun.data.records import DISTRACTOR, ReidRecord, Split
from dongsun.data.sampling.policy import SamplingPolicy
from dongsun.data.sampling.stream import SamplingPlan, sample_stream
from dongsun.eval.reid_protocol import ReidProtocol
from dongsun.study.judged_people import JudgedPeople, read_judged
from dongsun.train.reid.crops import CropSet, read_crop_set

_CALIBRATION_FALLBACK = 300
_TRAIN: tuple[Split, ...] = ("train",)
_CALIBRATION: tuple[Split, ...] = ("calibration",)


@dataclass(frozen=True)
class StudyData:
    """What one store's manifest gives a study.

    Attributes:
        manifest: The manifest.
        train: Every training crop, in manifest order.
        validation: People to choose by.
        test: People to report on, across cameras.
        calibration: Pictures for INT8.
        fingerprint: SHA-256 of the manifest.
    """

    manifest: Path
    train: CropSet
    validation: JudgedPeople
    test: JudgedPeople
    calibration: tuple[Path, ...]
    fingerprint: str


def read_study_data(data_dir: Path, *, crops_per_person_and_camera: int) -> StudyData:
    """Reads the manifest in `data_dir` and the crops of its judged people.

    Raises:
        DongsunError: No manifest, too few people to train on, or nobody to validate or test on.
    """
    manifest = data_dir / MANIFEST_NAME
    train = read_crop_set(manifest, "train")
    with_two = int((np.bincount(train.persons, minlength=1) >= 2).sum())
    if with_two < 2:
        raise DongsunError(
            expected="two training persons with two crops each",
            got=str(with_two),
            where=str(manifest),
            mend="`dongsun twin render`, `ingest` and `sample sampling=full` make the data (docs/reid.md)",
        )
    protocol = ReidProtocol("cross_camera")
    most = crops_per_person_and_camera
    validation = read_judged(manifest, "validation", "validation", protocol, crops_per_person_and_camera=most)
    test = read_judged(manifest, "test", "cross_camera", protocol, crops_per_person_and_camera=most)
    calibration = [resolve(manifest, r.path) for r in read_manifest(manifest, ReidRecord, _CALIBRATION)]
    return StudyData(
        manifest=manifest,
        train=train,
        validation=validation,
        test=test,
        # A store without a calibration part calibrates on people who were trained on, never on judged ones.
        calibration=tuple(calibration) or train.paths[:: max(1, len(train) // _CALIBRATION_FALLBACK)],
        fingerprint=file_digest(manifest),
    )


def drawn_rows(manifest: Path, train: CropSet, policy: SamplingPolicy, seed: int) -> tuple[int, ...]:
    """The training crops that `dongsun sample` would keep with this policy and seed, as rows of `train`."""
    counts = count_rows(manifest, ReidRecord)
    plan = SamplingPlan(policy, seed, counts)
    records = read_manifest(manifest, ReidRecord, _TRAIN)
    kept = {
        resolve(manifest, record.path)
        for record in sample_stream(records, plan, lambda _: None)
        if record.person_id != DISTRACTOR
    }
    return tuple(row for row, path in enumerate(train.paths) if path in kept)


def no_crops() -> CropSet:
    """An empty set: the networks of a study are judged after training, and none of them chooses an epoch."""
    nothing = np.zeros(0, dtype=np.int64)
    return CropSet((), nothing, nothing, nothing, ())


def file_digest(path: Path) -> str:
    """SHA-256 of a file; `absent` where there is none."""
    if not path.is_file():
        return "absent"
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_of(parts: Iterable[str]) -> str:
    """SHA-256 of several texts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
