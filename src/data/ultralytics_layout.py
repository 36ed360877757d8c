"""The sampled detector frames as ultralytics wants them."""

from contextlib import ExitStack
from pathlib import Path, PurePosixPath

import yaml

from dongsun.contract.durable import atomic_directory, write_text
from dongsun.contract.errors import DongsunError
from dongsun.data.manifest import MANIFEST_NAME, count_rows, read_class_names, read_manifest
from dongsun.data.records import DetectorRecord
from dongsun.data.sampling.systematic import Systematic

LISTS = ("train", "val", "validation", "calibration", "test")


def write_lists(detector_dir: Path, val_every: int, seed: int) -> dict[str, int]:
    """Writes `train.txt`, `val.txt`, `calibration.txt`, `test.txt` and `data.yaml` beside the sampled manifest.

    Validation during training is every `val_every`-th sampled training frame from a seeded start; calibration and
    test frames never serve it. Lines are relative to the list. Frames without a label file are listed for
    calibration alone: ultralytics would take them for frames without people.

    Args:
        detector_dir: `data/processed/<store>/detector`, with its manifest.
        val_every: At least 2.
        seed: For the start.

    Returns:
        Frames per list.

    Raises:
        DongsunError: Fewer than two labelled training frames, so that there is nothing to validate on.
    """
    manifest = detector_dir / MANIFEST_NAME
    counts = dict.fromkeys(LISTS, 0)
    names = read_class_names(manifest)
    sampled = count_rows(manifest, DetectorRecord)["train"]
    every = Systematic(interval=float(max(2, min(val_every, sampled))))
    for_val = every.decisions("val", seed, sampled)
    with ExitStack() as stack:
        streams = {n: stack.enter_context((detector_dir / f"{n}.txt").open("w", encoding="utf-8")) for n in LISTS}
        for record in read_manifest(manifest, DetectorRecord):
            if record.label_path is None and record.split != "calibration":
                continue
            name = "val" if record.split == "train" and next(for_val) else str(record.split)
            line = record.path if PurePosixPath(record.path).is_absolute() else f"./{record.path}"
            streams[name].write(f"{line}\n")
            counts[name] += 1
    if names and not (counts["train"] and counts["val"]):
        raise DongsunError(
            expected="at least two labelled training frames after sampling",
            got=f"{counts['train']} to train on, {counts['val']} to validate on",
            where=str(detector_dir),
            mend="raise sampling.detector.fraction, or ingest more labelled frames",
        )
    if names:
        _write_yaml(detector_dir / "data.yaml", names, {n: f"{n}.txt" for n in ("train", "val", "test")}, root=None)
    return counts


def write_ultralytics_data_yaml(processed_dir: Path, out_path: Path) -> Path:
    """Makes a throw-away view of the data set for one training, with absolute paths, and its `data.yaml`.

    The view is a folder of links, `<out_path's name>.view/<list>/{images,labels}/`, because ultralytics writes label
    caches beside the labels it reads: a stage's outputs must not change after the stage.

    Args:
        processed_dir: `data/processed/<store>` (or its `detector` folder).
        out_path: Where to write the YAML, in the training's own working folder.

    Returns:
        `out_path`, absolute.

    Raises:
        DongsunError: `dongsun sample` has not run, or a listed image or label is gone.
    """
    detector_dir = processed_dir / "detector" if (processed_dir / "detector").is_dir() else processed_dir
    names = read_class_names(detector_dir / MANIFEST_NAME)
    out_path = out_path.absolute()
    view = out_path.with_name(f"{out_path.stem}.view")
    with atomic_directory(view) as temporary:
        for name in LISTS:
            _link_list(detector_dir, name, temporary / name)
    _write_yaml(out_path, names, {n: f"{n}/images" for n in ("train", "val", "test")}, root=view)
    return out_path


def label_path_for(image: Path) -> Path:
    """`…/images/x.jpg` → `…/labels/x.txt`, by the last folder of that name, as ultralytics does."""
    parts = list(image.parts)
    last = len(parts) - 1 - parts[::-1].index("images") if "images" in parts else -1
    if last >= 0:
        parts[last] = "labels"
    return Path(*parts).with_suffix(".txt")


def _link_list(detector_dir: Path, name: str, folder: Path) -> None:
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    for number, line in enumerate((detector_dir / f"{name}.txt").read_text(encoding="utf-8").splitlines()):
        image = (detector_dir / line).resolve()
        label = label_path_for(image)
        if not image.is_file() or (name != "calibration" and not label.is_file()):
            raise DongsunError(
                expected="the image and its label file",
                got="one of them is missing",
                where=str(image),
                mend="run `dongsun ingest` and `dongsun sample` again",
            )
        # Numbered, because frames from different folders may share a name.
        (folder / "images" / f"{number:07d}_{image.name}").symlink_to(image)
        if label.is_file():
            (folder / "labels" / f"{number:07d}_{label.name}").symlink_to(label)


def _write_yaml(path: Path, names: tuple[str, ...], lists: dict[str, str], root: Path | None) -> None:
    content: dict[str, object] = {} if root is None else {"path": str(root)}
    content |= lists
    content["names"] = dict(enumerate(names))
    write_text(path, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
