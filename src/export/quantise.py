"""INT8 by post-training quantisation (NNCF), with the heads' arithmetic left in float."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass

import nncf
import openvino as ov
from nncf.common.logging.logger import set_log_level

from dongsun.contract.errors import DongsunError
from dongsun.export.calibration import CalibrationSet
from dongsun.export.to_openvino import without_origin

Evaluate = Callable[[ov.CompiledModel], float]
"""The task metric of a compiled model, higher is better."""
_BRANCH = re.compile(r"(one2one_)?cv\d\.")
"""Convolution branches of an ultralytics head; everything else in the head is box arithmetic."""
REID_HEAD = ("/head/", "/neck/")
"""How operations of a head and neck trained here are named, in ONNX and in OpenVINO."""
_WEIGHTED = ("Convolution", "GroupConvolution", "MatMul")


@dataclass(frozen=True)
class Quantised:
    """An INT8 model and how it came to be.

    Attributes:
        model: The OpenVINO graph, FakeQuantize inside, batch free.
        method: `ptq`, or `accuracy_control` when plain quantisation lost too much.
        calibration_pictures: How many pictures set the ranges.
    """

    model: ov.Model
    method: str
    calibration_pictures: int


def head_arithmetic(model: ov.Model, head_index: int) -> tuple[str, ...]:
    """Names of the operations of a YOLO head that decode boxes and scores: all but its convolution branches.

    Quantising these (distances × stride, sigmoid, concatenation of pixels with probabilities, top-k indices) would
    put values of different ranges on one scale: scores vanish beside pixel coordinates.

    Raises:
        DongsunError: The graph has no such head; the names changed.
    """
    prefix = f"/model.{head_index}/"
    names = tuple(
        operation.get_friendly_name()
        for operation in model.get_ordered_ops()
        if operation.get_friendly_name().startswith(prefix)
        and not _BRANCH.match(operation.get_friendly_name()[len(prefix) :])
        and operation.get_type_name() != "Constant"
    )
    if not names:
        raise DongsunError(
            expected=f"operations named {prefix}… (a YOLO head)",
            got="none in the graph",
            where="INT8 quantisation of the detector",
            mend="export this architecture with export.shipped_detector=FP32, or adapt export/quantise.py",
        )
    return names


def reid_head(model: ov.Model) -> tuple[str, ...]:
    """Names of the operations after the trunk of a re-ID network: its head and neck, and all that follows from them.

    The head is a few percent of the work, and its last layers are the embedding itself: their rounding is the
    embedding's. Conversion renames some of them (a LayerNorm becomes an `MVN` of no module, the scaling to unit length
    is nobody's), so the head is known by its names and the rest by following the graph. A model given from outside has
    no such names: there only what follows its last layer with weights stays in float.
    """
    operations = model.get_ordered_ops()
    head = {name for o in operations if (name := o.get_friendly_name()).startswith(REID_HEAD)}
    weighted = [o.get_friendly_name() for o in operations if o.get_type_name() in _WEIGHTED]
    start = head or set(weighted[-1:])
    after = set(start)
    for operation in operations:
        if any(port.get_source_output().get_node().get_friendly_name() in after for port in operation.inputs()):
            after.add(operation.get_friendly_name())
    if not head:
        after -= start
    return tuple(
        operation.get_friendly_name()
        for operation in operations
        if operation.get_friendly_name() in after and operation.get_type_name() not in ("Constant", "Result")
    )


def first_convolution(model: ov.Model) -> tuple[str, ...]:
    """Name of the layer that reads the picture: a percent of the work, and every later layer inherits its rounding."""
    for operation in model.get_ordered_ops():
        if operation.get_type_name() in ("Convolution", "GroupConvolution"):
            return (operation.get_friendly_name(),)
    return ()


def quantised_among(model: ov.Model, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `names` that read a quantised value; empty when they were left in float."""
    wanted = set(names)
    return tuple(
        operation.get_friendly_name()
        for operation in model.get_ordered_ops()
        if operation.get_friendly_name() in wanted
        and any(port.get_source_output().get_node().get_type_name() == "FakeQuantize" for port in operation.inputs())
    )


def quantise(
    model: ov.Model,
    calibration: CalibrationSet,
    float_operations: tuple[str, ...],
    name: str,
    *,
    exact_bias: bool = False,
) -> Quantised:
    """Post-training quantisation of `model`; `float_operations` stay as they are.

    Activations are asymmetric where NNCF's MIXED preset wants it (SiLU has a short negative tail); weights symmetric
    per channel. `exact_bias` corrects each layer's bias on what the layers before it really give once quantised, rather
    than all at once: seconds for a small network, and the difference between a mean cosine of 0.97 and 0.999 for the
    re-ID models here (docs/bundle.md).

    Raises:
        DongsunError: An operation that was to stay in float was quantised.
    """
    _quieten()
    quantised = nncf.quantize(
        model.clone(),
        nncf.Dataset(calibration),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(calibration),
        fast_bias_correction=not exact_bias,
        ignored_scope=_ignored(float_operations),
    )
    return Quantised(_checked(quantised, float_operations, name), "ptq", len(calibration))


def quantise_with_accuracy_control(
    model: ov.Model,
    calibration: CalibrationSet,
    float_operations: tuple[str, ...],
    name: str,
    evaluate: Evaluate,
    max_drop: float,
) -> Quantised:
    """Quantises, then takes back into float the operations that cost most until `evaluate` drops by `max_drop` or less.

    Slower than `quantise` by one evaluation an operation tried; meant as the fallback.
    """
    _quieten()
    quantised = nncf.quantize_with_accuracy_control(
        model.clone(),
        nncf.Dataset(calibration),
        # NNCF hands these back to the validation function, which brings its own data.
        nncf.Dataset([0]),
        validation_fn=lambda compiled, _: (evaluate(compiled), None),
        max_drop=max_drop,
        drop_type=nncf.DropType.ABSOLUTE,
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(calibration),
        ignored_scope=_ignored(float_operations),
    )
    return Quantised(_checked(quantised, float_operations, name), "accuracy_control", len(calibration))


def _ignored(float_operations: tuple[str, ...]) -> nncf.IgnoredScope:
    # Not validated: NNCF drops shape arithmetic from its graph and would miss those names. `_checked` looks instead.
    return nncf.IgnoredScope(names=list(float_operations), validate=False)


def _checked(model: ov.Model, float_operations: tuple[str, ...], name: str) -> ov.Model:
    if wrong := quantised_among(model, float_operations):
        raise DongsunError(
            expected="the head in float",
            got=f"quantised: {', '.join(wrong[:5])}",
            where="INT8 quantisation",
            mend="report this: the installed NNCF does not honour the ignored scope",
        )
    return without_origin(model, name)


def _quieten() -> None:
    set_log_level(logging.WARNING)
