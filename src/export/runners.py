"""Every form of a model behind one signature: a batch in, the first output out."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import onnxruntime
import openvino as ov
import torch
from torch import nn

from dongsun.contract.preprocess import Batch

Form = TypeVar("Form", bound=str)
RawOutput = npt.NDArray[np.float32]
Run = Callable[[Batch], RawOutput]
"""float32 (n, 3, h, w) → float32, first axis n."""


def torch_runner(model: nn.Module) -> Run:
    """The PyTorch model, which everything is compared with."""

    def run(batch: Batch) -> RawOutput:
        with torch.inference_mode():
            return np.asarray(model(torch.from_numpy(batch)).numpy(), dtype=np.float32)

    return run


def onnx_runner(path: Path) -> Run:
    """ONNX Runtime on the CPU."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run(batch: Batch) -> RawOutput:
        return np.asarray(session.run(None, {name: batch})[0], dtype=np.float32)

    return run


def openvino_runner(model: Path | ov.CompiledModel) -> Run:
    """OpenVINO on the CPU with the batch left free; the station's settings otherwise."""
    compiled = model if isinstance(model, ov.CompiledModel) else _compiled(model)
    request = compiled.create_infer_request()

    def run(batch: Batch) -> RawOutput:
        request.infer({0: batch})
        return np.array(request.get_output_tensor(0).data, dtype=np.float32)

    return run


def in_batches(run: Run, batch: Batch, size: int) -> RawOutput:
    """Runs `batch` (n, …) in pieces of `size` and joins the outputs."""
    return np.concatenate([run(batch[start : start + size]) for start in range(0, len(batch), size)])


def median_ms(run: Run, batch: Batch, repeats: int = 15) -> float:
    """Median wall-clock milliseconds of one call on `batch`, after three calls to warm up."""
    return interleaved_ms({"run": run}, batch, repeats)["run"]


def interleaved_ms(runs: Mapping[Form, Run], batch: Batch, repeats: int) -> dict[Form, float]:
    """As `median_ms` for several, in turns: whatever else the machine does falls on all of them alike."""
    for run in runs.values():
        for _ in range(3):
            run(batch)
    taken: dict[Form, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            started = perf_counter()
            run(batch)
            taken[name].append((perf_counter() - started) * 1e3)
    return {name: median(times) for name, times in taken.items()}


def _compiled(path: Path) -> ov.CompiledModel:
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": os.cpu_count() or 1,
        "NUM_STREAMS": "1",
    }
    return ov.Core().compile_model(path, "CPU", settings)
