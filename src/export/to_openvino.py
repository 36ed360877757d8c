"""ONNX → OpenVINO IR, and IR files that tell nothing of the machine they were made on."""

from pathlib import Path

import openvino as ov

from dongsun.contract.durable import atomic_file


def onnx_to_openvino(path: Path, name: str) -> ov.Model:
    """Converts; float32 throughout, the batch stays free, height and width fixed."""
    return without_origin(ov.convert_model(str(path)), name)


def without_origin(model: ov.Model, name: str) -> ov.Model:
    """The same graph under `name`, without the model-level notes (conversion parameters, paths) of its making."""
    return ov.Model(model.get_results(), model.get_sinks(), model.get_parameters(), name)


def save_openvino(model: ov.Model, path: Path) -> None:
    """Writes `path` (.xml) and the weights beside it (.bin); weights keep their precision.

    The weights take their name before the graph does, so a graph never stands there without its weights.
    """
    weights = path.with_suffix(".bin")
    with atomic_file(path) as temporary:
        ov.save_model(model, str(temporary), compress_to_fp16=False)
        with atomic_file(weights) as temporary_weights:
            temporary.with_suffix(".bin").replace(temporary_weights)
