"""The pictures on which two forms of a re-ID model disagree most: named, listed, and laid side by side.

The sheet shows crops of the store's own data. It's written beside the models on the machine that trains, where these
crops lie anyway; nothing of it enters a bundle, and no run logs it as an artefact.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from dongsun.contract.durable import atomic_file
from dongsun.contract.embedding import Embeddings
from dongsun.contract.preprocess import FrameBgr
from dongsun.data.records import ReidRecord
from dongsun.eval.embed_manifest import read_picture_bgr
from dongsun.export.gate_crops import GateCrops

SHEET_NAME = "worst_disagreements.png"
LIST_NAME = "worst_disagreements.csv"
_SHOWN = 24
_COLUMNS = 8
_CELL_HEIGHT_PX, _CELL_WIDTH_PX, _CAPTION_PX = 192, 96, 18


@dataclass(frozen=True)
class Disagreement:
    """One crop.

    Attributes:
        cosine: Of its embeddings by the two forms; 1 is agreement.
        record: Its row of the manifest.
        path: The picture.
    """

    cosine: float
    record: ReidRecord
    path: Path


def worst_disagreements(
    gate: GateCrops, before: Embeddings, after: Embeddings, most: int = _SHOWN
) -> tuple[Disagreement, ...]:
    """The crops whose two embeddings (n, d) are least alike, worst first."""
    cosines = np.einsum("nd,nd->n", before, after)
    order = np.argsort(cosines, kind="stable")[:most]
    return tuple(Disagreement(float(cosines[i]), gate.records[i], gate.paths[i]) for i in order)


def write_disagreements(folder: Path, worst: tuple[Disagreement, ...]) -> tuple[Path, Path]:
    """Writes the list and the contact sheet into `folder`; their paths."""
    listed, sheet = folder / LIST_NAME, folder / SHEET_NAME
    with atomic_file(listed) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(("cosine", "split", "person_id", "camera_id", "path"))
        for one in worst:
            record = one.record
            table.writerow((f"{one.cosine:.6f}", record.split, record.person_id, record.camera_id, one.path.as_posix()))
    done, encoded = cv2.imencode(".png", _sheet(worst))
    if not done:
        raise ValueError(f"OpenCV could not encode {SHEET_NAME}")
    with atomic_file(sheet) as temporary:
        np.asarray(encoded).tofile(temporary)
    return listed, sheet


def forget_disagreements(folder: Path) -> None:
    """Takes away what a former refusal left."""
    for name in (LIST_NAME, SHEET_NAME):
        (folder / name).unlink(missing_ok=True)


def _sheet(worst: tuple[Disagreement, ...]) -> FrameBgr:
    rows = -(-len(worst) // _COLUMNS)
    sheet = np.full((rows * (_CELL_HEIGHT_PX + _CAPTION_PX), _COLUMNS * _CELL_WIDTH_PX, 3), 255, np.uint8)
    for index, one in enumerate(worst):
        top, left = (index // _COLUMNS) * (_CELL_HEIGHT_PX + _CAPTION_PX), (index % _COLUMNS) * _CELL_WIDTH_PX
        crop = cv2.resize(read_picture_bgr(one.path), (_CELL_WIDTH_PX, _CELL_HEIGHT_PX))
        sheet[top : top + _CELL_HEIGHT_PX, left : left + _CELL_WIDTH_PX] = crop
        below = (left + 4, top + _CELL_HEIGHT_PX + _CAPTION_PX - 5)
        cv2.putText(sheet, f"{one.cosine:.3f}", below, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    return sheet
