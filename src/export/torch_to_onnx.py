"""One way of writing ONNX: fixed height and width, free batch."""

import warnings
from pathlib import Path

import torch
from torch import nn
from torch.jit._trace import TracerWarning

from dongsun.contract.durable import atomic_file
from dongsun.contract.preprocess import InputSpec

INPUT_NAME = "images"
OPSET = 17
"""The newest that ONNX Runtime's static quantisation, OpenVINO and TensorRT 10 all read without a conversion."""
_TRACED_BATCH = 2
"""Not one: a trace at batch one bakes in broadcasts that fail at any other."""


def write_onnx(model: nn.Module, spec: InputSpec, output_name: str, path: Path) -> None:
    """Traces `model` (float32 (n, 3, h, w) → one tensor whose first axis is n) and writes it atomically.

    Args:
        model: In eval mode, on the CPU.
        spec: Gives h and w, which stay fixed.
        output_name: Name of the output in the graph; the input is called `images`.
        path: The `.onnx` file.
    """
    example = torch.rand((_TRACED_BATCH, 3, spec.height_px, spec.width_px), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode(False), torch.no_grad(), warnings.catch_warnings(), atomic_file(path) as temporary:
        # Said of shapes that are constant by construction, and of the tracer itself; batch parity is tested instead.
        warnings.simplefilter("ignore", category=TracerWarning)
        warnings.simplefilter("ignore", category=DeprecationWarning)
        torch.onnx.export(
            model,
            (example,),
            str(temporary),
            opset_version=OPSET,
            input_names=[INPUT_NAME],
            output_names=[output_name],
            dynamic_axes={INPUT_NAME: {0: "batch"}, output_name: {0: "batch"}},
            dynamo=False,
        )
