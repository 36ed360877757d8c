"""Q/DQ ONNX for TensorRT: explicit, signed, symmetric INT8, and the recipe by which a device builds its engine.

TensorRT 11 knows explicit Q/DQ alone (calibrators are gone), and no TensorRT takes zero points other than zero. The
engine itself is built on the device that runs it, because it's bound to that GPU and that TensorRT.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from dongsun.contract.durable import write_text
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import Batch
from dongsun.export.calibration import CalibrationSet
from dongsun.export.qdq_lint import qdq_problems
from dongsun.export.quantise import REID_HEAD
from dongsun.export.tensorrt_recipe import build_recipe
from dongsun.export.torch_to_onnx import INPUT_NAME

TENSORRT_DIRECTORY = "tensorrt"
_QUANTISED_OPERATORS = ["Conv", "MatMul", "Gemm"]
"""What costs time. Everything else, above all the head's box arithmetic, stays in float (FP16 on the device)."""


@dataclass(frozen=True)
class QdqScheme:
    """What differs between models.

    Attributes:
        float_nodes: Names of the nodes of a graph that stay in float.
        mean_extremes: A tensor's range is the mean of each picture's own extremes rather than the extremes of all: one
            odd picture no longer makes every other coarser.
    """

    float_nodes: Callable[[onnx.ModelProto], list[str]]
    mean_extremes: bool


def _arithmetic_convolutions(model: onnx.ModelProto) -> list[str]:
    """The fixed convolution that turns a box distribution into a distance: an expectation, not a filter."""
    return [node.name for node in model.graph.node if node.op_type == "Conv" and "/dfl/" in node.name]


def _reid_ends(model: onnx.ModelProto) -> list[str]:
    """The layer that reads the picture, and the head and neck: `dongsun.export.reid_to_int8` says why."""
    first = [node.name for node in model.graph.node if node.op_type == "Conv"][:1]
    return first + [node.name for node in model.graph.node if node.name.startswith(REID_HEAD)]


DETECTOR_QDQ = QdqScheme(_arithmetic_convolutions, mean_extremes=False)
REID_QDQ = QdqScheme(_reid_ends, mean_extremes=True)


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    """Feeds calibration batches to ONNX Runtime, one at a time."""

    def __init__(self, calibration: CalibrationSet) -> None:
        self._batches: Iterator[Batch] = iter(calibration)

    def get_next(self) -> dict[str, npt.NDArray[np.float32]] | None:
        """The next input, or None at the end."""
        batch = next(self._batches, None)
        return None if batch is None else {INPUT_NAME: batch}


def pack_tensorrt(onnx_path: Path, calibration: CalibrationSet, folder: Path, scheme: QdqScheme = DETECTOR_QDQ) -> Path:
    """Writes `<stem>-qdq.onnx` and `<stem>-recipe.json` into `folder` of a bundle being made.

    Returns:
        The ONNX written.

    Raises:
        DongsunError: What came out breaks TensorRT's rules.
    """
    folder.mkdir(exist_ok=True)
    destination = folder / f"{onnx_path.stem}-qdq.onnx"
    quantise_for_tensorrt(onnx_path, calibration, destination, scheme)
    recipe = build_recipe(destination)
    write_text(folder / f"{onnx_path.stem}-recipe.json", recipe.model_dump_json(indent=2) + "\n")
    return destination


def quantise_for_tensorrt(
    onnx_path: Path, calibration: CalibrationSet, destination: Path, scheme: QdqScheme = DETECTOR_QDQ
) -> None:
    """Writes `destination`: the model with Q/DQ pairs around its convolutions and matrix products.

    Raises:
        DongsunError: What came out breaks TensorRT's rules.
    """
    with tempfile.TemporaryDirectory() as work:
        prepared = Path(work) / "prepared.onnx"
        # Symbolic shape inference fails on the heads' shape arithmetic and isn't needed for it.
        quant_pre_process(str(onnx_path), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(destination),
            _Reader(calibration),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=_QUANTISED_OPERATORS,
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=scheme.float_nodes(onnx.load(prepared)),
            extra_options={
                "ActivationSymmetric": True,
                "WeightSymmetric": True,
                "QuantizeBias": False,
                "AddQDQPairToWeight": True,
                "CalibMovingAverage": scheme.mean_extremes,
            },
        )
    if problems := qdq_problems(onnx.load(destination)):
        raise DongsunError(
            expected="Q/DQ that TensorRT accepts: signed, symmetric",
            got="; ".join(problems[:5]),
            where=destination.name,
            mend="set export.tensorrt=false, and report it: the installed onnxruntime quantises otherwise than told",
        )
