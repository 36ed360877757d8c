"""A re-ID network as INT8, by the one recipe that export ships and studies time."""

from collections.abc import Sequence
from pathlib import Path

import openvino as ov

from dongsun.contract.preprocess import InputSpec
from dongsun.export.calibration import CalibrationSet, calibration_set
from dongsun.export.quantise import Quantised, first_convolution, quantise, reid_head
from dongsun.export.reid_source import NAME

CALIBRATION_CROPS = 300


def reid_int8(
    model: ov.Model,
    calibration: Sequence[Path],
    spec: InputSpec,
    *,
    most: int = CALIBRATION_CROPS,
    exact_bias: bool = True,
) -> ov.Model:
    """Plain post-training quantisation of a float32 re-ID graph (`dongsun.export.reid_source.reid_to_openvino`).

    Args:
        model: Left alone; a quantised copy comes back, batch free.
        calibration: Pictures of people who neither tune a threshold nor judge.
        spec: How they are fed.
        most: At most so many of them, evenly spaced.
        exact_bias: As export does. False is quicker, computes as fast, and is only for timing.

    Raises:
        DongsunError: There is no picture, or NNCF quantised what was to stay in float.
    """
    return quantise_reid(model, calibration_set(calibration, spec, most, "crops"), exact_bias=exact_bias).model


def quantise_reid(model: ov.Model, calibration: CalibrationSet, *, exact_bias: bool = True) -> Quantised:
    """As `reid_int8`, from a calibration set and with what is known of the making."""
    return quantise(model, calibration, float_operations(model), NAME, exact_bias=exact_bias)


def float_operations(model: ov.Model) -> tuple[str, ...]:
    """What stays in float: the layer that reads the picture, and the head and neck of a network trained here."""
    return first_convolution(model) + reid_head(model)
