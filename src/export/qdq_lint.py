"""What TensorRT demands of explicit quantisation, checked on the graph without TensorRT."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

_QUANTISING = ("QuantizeLinear", "DequantizeLinear")


def qdq_problems(model: onnx.ModelProto) -> tuple[str, ...]:
    """Everything in `model` that TensorRT would refuse; empty when it's legal.

    Rules: at least one Q/DQ pair; only QuantizeLinear and DequantizeLinear (no QLinearConv, no dynamic
    quantisation); zero points are INT8 constants and all zero; scales are positive float constants.
    """
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute and node.attribute[0].HasField("t"):
            constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    problems: list[str] = []
    pairs = 0
    for node in model.graph.node:
        if node.op_type in _QUANTISING:
            pairs += 1
            problems += _node_problems(node, constants)
        elif node.op_type.startswith("QLinear") or node.op_type in ("DynamicQuantizeLinear", "ConvInteger"):
            problems.append(f"{node.name}: {node.op_type} is no explicit Q/DQ")
    if not pairs:
        problems.append("there is no Q/DQ node at all")
    return tuple(problems)


def _node_problems(node: onnx.NodeProto, constants: Mapping[str, npt.NDArray[np.generic]]) -> list[str]:
    scale = constants.get(node.input[1])
    problems = []
    if scale is None or not np.all(np.asarray(scale, np.float64) > 0):
        problems.append(f"{node.name}: its scale isn't a positive constant")
    if len(node.input) < 3 or not node.input[2]:
        problems.append(f"{node.name}: no zero point, which means UINT8")
        return problems
    zero_point = constants.get(node.input[2])
    if zero_point is None:
        problems.append(f"{node.name}: its zero point isn't a constant")
    elif zero_point.dtype != np.int8:
        problems.append(f"{node.name}: zero point of type {zero_point.dtype}, not int8")
    elif np.any(zero_point):
        problems.append(f"{node.name}: asymmetric, zero point {int(np.ravel(zero_point)[0])}")
    return problems
