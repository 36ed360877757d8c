"""What a network costs by arithmetic alone: parameters and multiply-accumulates, counted on its OpenVINO graph.

One counter for every network, whoever made it, so that figures of different frameworks can stand in one table.
"""

from dataclasses import dataclass
from math import prod

import openvino as ov

from dongsun.contract.errors import DongsunError

_UNCOUNTED = frozenset(
    {"ConvolutionBackpropData", "GroupConvolutionBackpropData", "DeformableConvolution", "Einsum"}
    | {"LSTMSequence", "GRUSequence", "RNNSequence", "LSTMCell", "GRUCell", "RNNCell", "TensorIterator", "Loop", "If"}
)
"""Operations that multiply and that no network here uses: refused, because a silent zero would flatter."""


@dataclass(frozen=True)
class GraphWork:
    """Size of a graph.

    Attributes:
        parameters: Elements of its floating-point constants, batch normalisation folded as the graph has it.
        macs: Multiply-accumulates of convolutions, group convolutions, matrix products and attention at batch one.
            A FLOP count that counts a multiplication and an addition apart (Open Model Zoo's) is twice as large;
            torchreid's "FLOPs" are these.
    """

    parameters: int
    macs: int

    @property
    def gmacs(self) -> float:
        """In units of 10^9."""
        return self.macs / 1e9


def count_work(model: ov.Model, input_shape: tuple[int, int, int, int]) -> GraphWork:
    """Counts a copy of `model` reshaped to `input_shape` (1, 3, h, w); the model itself is left alone.

    Raises:
        DongsunError: An operation that multiplies isn't known here, or a shape stays unknown.
    """
    fixed = model.clone()
    fixed.reshape(list(input_shape))
    operations = fixed.get_ordered_ops()
    return GraphWork(
        parameters=sum(_elements_of_constant(operation) for operation in operations),
        macs=sum(_macs(operation) for operation in operations),
    )


def _elements_of_constant(operation: ov.Node) -> int:
    if operation.get_type_name() != "Constant" or not operation.get_element_type().is_real():
        return 0
    return prod(operation.get_output_shape(0))


def _macs(operation: ov.Node) -> int:
    kind = operation.get_type_name()
    if kind in _UNCOUNTED or (operation.get_output_size() and operation.get_output_partial_shape(0).is_dynamic):
        raise DongsunError(
            expected="a graph of convolutions, matrix products and attention, with fixed shapes",
            got=f"{kind} ({operation.get_friendly_name()})",
            where="counting multiply-accumulates",
            mend="teach dongsun.export.graph_work this operation",
        )
    if kind == "Convolution":
        return _outputs(operation) * prod(_shape(operation, 1)[1:])
    if kind == "GroupConvolution":
        return _outputs(operation) * prod(_shape(operation, 1)[2:])
    if kind == "MatMul":
        left = _shape(operation, 0)
        summed = left[-2] if operation.get_attributes()["transpose_a"] and len(left) > 1 else left[-1]
        return _outputs(operation) * summed
    if kind == "ScaledDotProductAttention":
        queries, keys, values = (_shape(operation, port) for port in range(3))
        return prod(queries[:-1]) * keys[-2] * (queries[-1] + values[-1])
    return 0


def _outputs(operation: ov.Node) -> int:
    return prod(operation.get_output_shape(0))


def _shape(operation: ov.Node, port: int) -> tuple[int, ...]:
    return tuple(operation.get_input_shape(port))
