"""ONNX → OpenVINO IR, and IR files that tell nothing of the machine they were made on."""

import re
from pathlib import Path

import openvino as ov

from dongsun.contract.durable import atomic_file

_NUMBERED = re.compile(r"[A-Za-z]+_\d+")


def onnx_to_openvino(path: Path, name: str) -> ov.Model:
    """Converts; float32 throughout, the batch stays free, height and width fixed."""
    return without_origin(ov.convert_model(str(path)), name)


def without_origin(model: ov.Model, name: str) -> ov.Model:
    """The same graph under `name`, without the model-level notes (conversion parameters, paths) of its making.

    OpenVINO and NNCF number nameless operations by a counter of the process, so the same model made after another one
    has other names, another file and another hash: they are numbered by their place in the graph instead.
    """
    for place, operation in enumerate(model.get_ordered_ops()):
        if _NUMBERED.fullmatch(operation.get_friendly_name()):
            operation.set_friendly_name(f"{operation.get_type_name()}_{place}")
    return ov.Model(model.get_results(), model.get_sinks(), model.get_parameters(), name)


def save_openvino(model: ov.Model, path: Path, *, half_weights: bool = False) -> None:
    """Writes `path` (.xml) and the weights beside it (.bin); weights keep their precision, or are halved.

    The weights take their name before the graph does, so a graph never stands there without its weights.
    """
    weights = path.with_suffix(".bin")
    with atomic_file(path) as temporary:
        ov.save_model(model, str(temporary), compress_to_fp16=half_weights)
        with atomic_file(weights) as temporary_weights:
            temporary.with_suffix(".bin").replace(temporary_weights)
