"""Embeds the crops of a re-ID manifest, with whatever embeds: PyTorch, or the exported model."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from dongsun.contract.embedding import Embeddings
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import FrameBgr
from dongsun.data.manifest import read_manifest, resolve
from dongsun.data.records import ReidRecord, Split
from dongsun.eval.embedded_set import EmbeddedSet

EmbedFn = Callable[[list[FrameBgr]], Embeddings]
"""BGR crops of any size (n) → float32 (n, d), rows of length one."""
_CROPS_AT_ONCE = 32


def select_records(
    manifest: Path, split: Split, *, most_per_person_and_camera: int | None = None, seed: int = 0
) -> tuple[ReidRecord, ...]:
    """The rows of one split, at most so many (drawn at random) of each person in each camera and role, in file order.

    Raises:
        DongsunError: No manifest there, or no row in the split.
    """
    rows = list(read_manifest(manifest, ReidRecord, (split,)))
    if not rows:
        raise DongsunError(
            expected=f"crops in the split {split!r}",
            got="none",
            where=str(manifest),
            mend="check the data set's splits and run `dongsun ingest` and `dongsun sample` again",
        )
    if most_per_person_and_camera is None:
        return tuple(rows)
    generator = np.random.default_rng(seed)
    groups: dict[tuple[str, str, str | None], list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        groups[row.person_id, row.camera_id, row.role].append(index)
    kept: list[int] = []
    for members in groups.values():
        drawn = generator.permutation(len(members))[:most_per_person_and_camera]
        kept.extend(members[position] for position in drawn)
    return tuple(rows[index] for index in sorted(kept))


def embed_records(
    embed: EmbedFn, records: Sequence[ReidRecord], manifest: Path, *, progress: str = "embed"
) -> EmbeddedSet:
    """Embeds the crops that `records` name, in their order.

    Args:
        embed: What embeds.
        records: Rows of `manifest`; at least one.
        manifest: Their manifest: relative paths start at its folder.
        progress: What the progress bar is called.

    Raises:
        DongsunError: A crop can't be read.
    """
    parts: list[Embeddings] = []
    with tqdm(total=len(records), desc=progress, unit="crop", disable=None) as bar:
        for start in range(0, len(records), _CROPS_AT_ONCE):
            some = records[start : start + _CROPS_AT_ONCE]
            parts.append(embed([read_picture_bgr(resolve(manifest, record.path)) for record in some]))
            bar.update(len(some))
    return EmbeddedSet(
        embeddings=np.concatenate(parts).astype(np.float32),
        person_ids=np.array([record.person_id for record in records]),
        camera_ids=np.array([record.camera_id for record in records]),
        sequence_ids=np.array([record.sequence_id for record in records]),
        frame_indices=np.array([record.frame_index for record in records], dtype=np.int64),
        roles=np.array([record.role or "" for record in records]),
    )


def embed_manifest(
    embed: EmbedFn,
    manifest: Path,
    split: Split,
    *,
    most_per_person_and_camera: int | None = None,
    seed: int = 0,
    progress: str = "embed",
) -> EmbeddedSet:
    """`select_records` and `embed_records` in one."""
    records = select_records(manifest, split, most_per_person_and_camera=most_per_person_and_camera, seed=seed)
    return embed_records(embed, records, manifest, progress=progress)


def read_picture_bgr(path: Path) -> FrameBgr:
    """A picture file as uint8 (h, w, 3), blue, green, red.

    Raises:
        DongsunError: It is absent or no picture.
    """
    content = np.fromfile(path, dtype=np.uint8) if path.is_file() else np.zeros(0, np.uint8)
    picture = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if picture is None:
        raise DongsunError(
            expected="a picture",
            got="a file that no decoder reads" if content.size else "no file, or an empty one",
            where=str(path),
            mend="run `dongsun ingest` again: it reports damaged pictures",
        )
    return np.asarray(picture, dtype=np.uint8)
