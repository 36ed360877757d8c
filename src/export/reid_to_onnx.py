"""A re-identification network as ONNX."""

from pathlib import Path

from torch import nn

from dongsun.contract.preprocess import InputSpec
from dongsun.export.torch_to_onnx import write_onnx

OUTPUT_NAME = "embeddings"


def reid_to_onnx(model: nn.Module, spec: InputSpec, path: Path) -> None:
    """Writes `model` (float32 (n, 3, h, w) → L2-normalised (n, d)), input `images`, output `embeddings`."""
    write_onnx(model.float().cpu().eval(), spec, OUTPUT_NAME, path)
