"""What the teacher makes of every training crop, computed once."""

from collections.abc import Callable
from typing import Any

import numpy as np
import openvino as ov
import torch
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from dongsun.contract.errors import DongsunError
from dongsun.train.reid.crops import CropDataset, CropSet
from dongsun.train.reid.embedder import ReidEmbedder
from dongsun.train.reid.osnet import OSNET_EMBEDDING_SIZE, build_osnet
from dongsun.train.reid.teacher_settings import OpenVinoTeacher, OsnetTeacher, TeacherModel

_BATCH = 32
_Embed = Callable[[Tensor], Tensor]


def teacher_embeddings(teacher: TeacherModel, crops: CropSet, *, workers: int) -> Tensor:
    """The teacher's embeddings of the plain crops, centred: float32 (n, d), rows of length one.

    The pupil's neck centres what it makes of the training crops. A teacher's embeddings often share a large part (all
    positive after a ReLU, for one), which would have the pupil see likeness where there is none to see.

    Raises:
        DongsunError: The teacher is absent, damaged, of another input or output, or makes numbers that are not finite.
    """
    embed = _osnet(teacher) if isinstance(teacher, OsnetTeacher) else _openvino(teacher)
    loader = DataLoader(CropDataset(crops, teacher.input, None), _BATCH, num_workers=workers)
    blocks = [embed(pictures).float() for pictures, _, _ in tqdm(loader, desc="teacher", unit="batch", disable=None)]
    vectors = torch.cat(blocks)
    vectors = vectors - vectors.mean(dim=0)
    lengths = vectors.norm(dim=1, keepdim=True)
    if not bool(vectors.isfinite().all()) or not bool((lengths > 0).all()):
        raise DongsunError(
            expected="a teacher whose embeddings are finite and differ",
            got="NaN, infinite or equal embeddings",
            where=_where(teacher),
            mend="give another teacher, or say in reid.teacher.model how its input is scaled",
        )
    centred: Tensor = vectors / lengths
    return centred


def check_teacher(teacher: TeacherModel) -> None:
    """Opens the teacher and lets it go, so that a wrong one is found before an hour of other work.

    Raises:
        DongsunError: The teacher is absent, damaged, or of another input or output.
    """
    embed = _osnet(teacher) if isinstance(teacher, OsnetTeacher) else _openvino(teacher)
    embed(torch.zeros(2, 3, teacher.input.height_px, teacher.input.width_px))


def _osnet(teacher: OsnetTeacher) -> _Embed:
    if not teacher.weights.is_file():
        raise _absent(teacher, teacher.weights.suffix or "file of weights")
    trunk, head = build_osnet(teacher.name, teacher.weights)
    network = ReidEmbedder(trunk, head, OSNET_EMBEDDING_SIZE).eval()

    def embed(pictures: Tensor) -> Tensor:
        with torch.inference_mode():
            vectors: Tensor = network.head(network.trunk(pictures))
        return vectors

    return embed


def _openvino(teacher: OpenVinoTeacher) -> _Embed:
    if not teacher.model.is_file() or not teacher.model.with_suffix(".bin").is_file():
        raise _absent(teacher, ".xml with its .bin beside it")
    shape = [-1, 3, teacher.height_px, teacher.width_px]
    try:
        core = ov.Core()
        model = core.read_model(teacher.model)
        given: Any = model.input(0).partial_shape  # raises for a model of several inputs or none
        if not given.compatible(ov.PartialShape([given[0], *shape[1:]])):
            raise _other_shape(teacher, f"input {given}")
        model.reshape(shape)
        compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    except RuntimeError as error:
        first = str(error).strip().splitlines()[-1]
        raise DongsunError(
            expected="an OpenVINO model of one picture input",
            got=first,
            where=_where(teacher),
            mend="give the .xml of an intact re-ID model: reid.teacher.model.model",
        ) from error

    def embed(pictures: Tensor) -> Tensor:
        vectors = np.asarray(compiled(pictures.numpy())[0])
        if vectors.ndim != 2 or len(vectors) != len(pictures):
            raise _other_shape(teacher, f"output {list(vectors.shape)} for {len(pictures)} pictures")
        return torch.from_numpy(vectors.copy())

    return embed


def _where(teacher: TeacherModel) -> str:
    return f"reid.teacher.model={teacher.weights if isinstance(teacher, OsnetTeacher) else teacher.model}"


def _absent(teacher: TeacherModel, what: str) -> DongsunError:
    return DongsunError(
        expected=f"a teacher: {what}",
        got="nothing there",
        where=_where(teacher),
        mend="give a local file, or train without a teacher: reid.teacher=null",
    )


def _other_shape(teacher: OpenVinoTeacher, got: str) -> DongsunError:
    return DongsunError(
        expected=f"a teacher from pictures (n, 3, {teacher.height_px}, {teacher.width_px}) to embeddings (n, d)",
        got=got,
        where=_where(teacher),
        mend="say its size in reid.teacher.model.height_px and width_px, or give another teacher",
    )
