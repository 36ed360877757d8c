"""What a re-ID network costs: parameters, multiply-accumulates, and milliseconds a crop in FP32 and INT8."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import openvino as ov

from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import Batch, FrameBgr, InputSpec, stretched
from dongsun.export.graph_work import count_work
from dongsun.export.runners import Run, interleaved_ms, openvino_runner

Form = TypeVar("Form", bound=str)
BATCHES = (1, 8)
MsPerCrop = Mapping[int, float]
"""Batch size → median milliseconds a crop of the network alone (no reading, no resizing)."""


@dataclass(frozen=True)
class ModelCost:
    """Cost of one network.

    Attributes:
        parameters: Elements of the graph's floating-point constants.
        gmacs: 10^9 multiply-accumulates a crop (`dongsun.export.graph_work`).
        fp32_ms_per_crop: As measured here.
        int8_ms_per_crop: Likewise; empty where no INT8 model was given.
        threads: CPU threads that OpenVINO was allowed; a time says little without them.
    """

    parameters: int
    gmacs: float
    fp32_ms_per_crop: MsPerCrop
    int8_ms_per_crop: MsPerCrop
    threads: int


def measure_cost(
    model: ov.Model,
    crops_bgr: Sequence[FrameBgr],
    spec: InputSpec,
    *,
    int8: ov.Model | None = None,
    batches: Sequence[int] = BATCHES,
    threads: int | None = None,
    repeats: int = 30,
) -> ModelCost:
    """Counts `model` and times it, and `int8` in turn with it.

    Args:
        model: Float32 graph, batch free or one.
        crops_bgr: Real crops, at least one, repeated to fill a batch.
        spec: How they are fed.
        int8: The same network quantised (`dongsun.export.reid_to_int8`).
        batches: Batch sizes.
        threads: CPU threads; all by default.
        repeats: Timed calls of each, after three to warm up.

    Raises:
        DongsunError: No crop to run on, or an operation that can't be counted.
    """
    work = count_work(model, (1, 3, spec.height_px, spec.width_px))
    models = {"fp32": model} | ({} if int8 is None else {"int8": int8})
    threads = threads or os.cpu_count() or 1
    times = time_forms(models, crops_bgr, spec, batches=batches, threads=threads, repeats=repeats)
    return ModelCost(
        parameters=work.parameters,
        gmacs=work.gmacs,
        fp32_ms_per_crop=times["fp32"],
        int8_ms_per_crop=times.get("int8", {}),
        threads=threads,
    )


def time_forms(
    models: Mapping[Form, ov.Model],
    crops_bgr: Sequence[FrameBgr],
    spec: InputSpec,
    *,
    batches: Sequence[int] = BATCHES,
    threads: int,
    repeats: int = 30,
) -> dict[Form, dict[int, float]]:
    """Form → batch size → median milliseconds a crop, with the station's compilation settings.

    Every form takes its turn before any runs again, so that a machine that slows down slows them alike.

    Raises:
        DongsunError: No crop to run on.
    """
    if not crops_bgr:
        raise DongsunError(
            expected="crops to time a network on",
            got="none",
            where="timing of re-ID",
            mend="give at least one picture of a person",
        )
    picked = [crops_bgr[index % len(crops_bgr)] for index in range(max(batches))]
    inputs = stretched(picked, spec)
    times: dict[Form, dict[int, float]] = {form: {} for form in models}
    for size in batches:
        batch = np.ascontiguousarray(inputs[:size])
        runs = {form: _fixed_runner(model, batch, threads) for form, model in models.items()}
        for form, milliseconds in interleaved_ms(runs, batch, repeats).items():
            times[form][size] = milliseconds / size
    return times


def _fixed_runner(model: ov.Model, batch: Batch, threads: int) -> Run:
    fixed = model.clone()
    fixed.reshape(list(batch.shape))
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": "1",
    }
    return openvino_runner(ov.Core().compile_model(fixed, "CPU", settings))
