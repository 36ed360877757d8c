"""The running average of a network's weights, which is steadier than the weights (Polyak and Juditsky, 1992)."""

import copy

import torch
from torch import Tensor, nn

_YOUNG = 10.0


class MovingAverage(nn.Module):
    """An exponential average of `network`'s floating-point state, batch-norm statistics included.

    In the first steps it forgets faster, min(decay, (1 + t) / (10 + t)), and so outgrows its random start.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        """Args: network: what is averaged, as it starts; decay: in (0, 1)."""
        super().__init__()
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.updates: Tensor
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))
        self._decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Takes in the weights of one more step."""
        self.updates += 1
        age = float(self.updates)
        decay = min(self._decay, (1.0 + age) / (_YOUNG + age))
        now = network.state_dict()
        for name, average in self.network.state_dict().items():
            value = now[name].detach()
            if average.dtype.is_floating_point:
                average.lerp_(value.to(average.dtype), 1.0 - decay)
            else:
                average.copy_(value)

    def train(self, mode: bool = True) -> "MovingAverage":
        """Stays in eval mode: an average is only ever looked at."""
        return super().train(False)
