"""Where a re-ID model comes from: the store's training, or a finished OpenVINO model."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import openvino as ov

from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import InputSpec
from dongsun.export.finite_weights import refuse_broken_graph, refuse_broken_network
from dongsun.export.reid_to_onnx import reid_to_onnx
from dongsun.export.runners import Run, openvino_runner, torch_runner
from dongsun.export.to_openvino import onnx_to_openvino, without_origin

if TYPE_CHECKING:
    from torch import nn

    from dongsun.train.reid.checkpoint import LoadedReid

NAME = "reid"
"""Name of the graph and stem of the files."""


@dataclass(frozen=True)
class ReidSource:
    """A float32 re-ID model and what its exported forms are compared with.

    Attributes:
        model: OpenVINO graph, batch free.
        reference: The model as it was given: PyTorch, or the given OpenVINO file.
        reference_name: `torch` or `given`.
        input: How crops are fed.
        embedding_size: Numbers in an embedding.
        onnx: Float32 ONNX; None where only an OpenVINO model was given.
    """

    model: ov.Model
    reference: Run
    reference_name: str
    input: InputSpec
    embedding_size: int
    onnx: Path | None


def reid_to_openvino(network: "nn.Module", spec: InputSpec) -> ov.Model:
    """Any PyTorch re-ID network (float32 (n, 3, h, w) → (n, d)) as a float32 OpenVINO graph, batch free."""
    with tempfile.TemporaryDirectory() as work:
        onnx = Path(work) / f"{NAME}.onnx"
        reid_to_onnx(network, spec, onnx)
        return onnx_to_openvino(onnx, NAME)


def reid_from_checkpoint(loaded: "LoadedReid", work: Path, where: str = "re-ID checkpoint") -> ReidSource:
    """Converts a trained model; the ONNX goes to the folder `work`.

    Raises:
        DongsunError: A weight is NaN or infinite; `where` is named.
    """
    refuse_broken_network(loaded.model, where)
    onnx = work / f"{NAME}.onnx"
    reid_to_onnx(loaded.model, loaded.input, onnx)
    return ReidSource(
        model=onnx_to_openvino(onnx, NAME),
        reference=torch_runner(loaded.model),
        reference_name="torch",
        input=loaded.input,
        embedding_size=loaded.embedding_size,
        onnx=onnx,
    )


def reid_from_openvino(path: Path, spec: InputSpec | None) -> ReidSource:
    """Takes a finished OpenVINO model, for example one of the Open Model Zoo.

    Args:
        path: The `.xml`, its `.bin` beside it.
        spec: How crops are fed; there's nothing in the file that would tell, so None is refused.

    Raises:
        DongsunError: No such model, no `spec`, a model of another input, or a weight that's NaN or infinite.
    """
    if spec is None:
        raise DongsunError(
            expected="how crops are to be fed to the given re-ID model",
            got="export.reid_input is null",
            where="conf/export",
            mend="set export.reid_input (height_px, width_px, channels, resize: stretch, scale) by its model card",
        )
    try:
        model = ov.Core().read_model(path)
        model.reshape([-1, 3, spec.height_px, spec.width_px])
    except RuntimeError as error:
        raise DongsunError(
            expected=f"an OpenVINO model of crops of {spec.height_px}x{spec.width_px}",
            got=str(error).strip().splitlines()[-1],
            where=str(path),
            mend="check export.reid and export.reid_input",
        ) from error
    refuse_broken_graph(model, str(path))
    model = without_origin(model, NAME)
    size = 1
    for dimension in list(model.output(0).get_partial_shape())[1:]:
        size *= dimension.get_length()
    reference = openvino_runner(ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}))
    return ReidSource(model, reference, "given", spec, size, None)
