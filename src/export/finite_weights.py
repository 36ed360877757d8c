"""A checkpoint whose weights are not numbers is refused by name, before anything is made of it."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import openvino as ov
from torch import nn

from dongsun.contract.errors import DongsunError

_NAMED = 3
NamedArray = tuple[str, npt.NDArray[np.generic]]


def refuse_broken_network(network: nn.Module, where: str) -> None:
    """Refuses NaN and infinity in the parameters and buffers of a PyTorch network.

    Raises:
        DongsunError: It names the tensors.
    """
    state = network.state_dict()
    _refuse(((name, value.detach().cpu().float().numpy()) for name, value in state.items()), where)


def refuse_broken_graph(model: ov.Model, where: str) -> None:
    """Refuses NaN and infinity in the constants of an OpenVINO graph; a lone infinity may be a clamp's open end.

    Raises:
        DongsunError: It names the constants.
    """
    constants = (op for op in model.get_ordered_ops() if op.get_type_name() == "Constant")
    weights = ((op.get_friendly_name(), np.asarray(op.data)) for op in constants if op.get_element_type().is_real())
    _refuse(((name, value) for name, value in weights if value.size > 1), where)


def _refuse(weights: Iterable[NamedArray], where: str) -> None:
    broken = [name for name, value in weights if not np.isfinite(value).all()]
    if broken:
        more = f" and {len(broken) - _NAMED} more" if len(broken) > _NAMED else ""
        raise DongsunError(
            expected="weights that are finite numbers",
            got=f"NaN or infinity in {', '.join(broken[:_NAMED])}{more}",
            where=where,
            mend="this training diverged: lower the learning rate and train again, or give an earlier checkpoint",
        )
