"""OSNet (Zhou et al., 2019) from torchreid, taken apart into trunk and head: the baseline."""

import warnings
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor, nn

from dongsun.contract.errors import DongsunError

OSNET_EMBEDDING_SIZE = 512


class _OsnetHead(nn.Module):
    """OSNet's own: average pooling → linear → batch norm → ReLU."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, feature_map: Tensor) -> Tensor:
        embedding: Tensor = self.layers(feature_map.mean(dim=(2, 3)))
        return embedding


def build_osnet(name: str, weights: Path | None) -> tuple[nn.Sequential, nn.Module]:
    """OSNet's trunk and head.

    Args:
        name: As torchreid names it, such as `osnet_x0_25`.
        weights: Local state dict, bare or under the key `state_dict`; None leaves the random start.

    Returns:
        Trunk (n, 3, h, w) → (n, c, h / 16, w / 16), and head → (n, 512).

    Raises:
        DongsunError: The weights are absent, not finite or of another network.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchreid announces that its Cython ranking is not built; it is not used
        from torchreid.reid.models import build_model

        network = build_model(name, num_classes=1, pretrained=False)
    if weights is not None:
        _load(network, weights, name)
    trunk = nn.Sequential(network.conv1, network.maxpool, network.conv2, network.conv3, network.conv4, network.conv5)
    return trunk, _OsnetHead(network.fc)


def _load(network: nn.Module, weights: Path, name: str) -> None:
    where = str(weights)
    if not weights.is_file():
        raise DongsunError(
            expected=f"weights of {name}",
            got="nothing there",
            where=where,
            mend="give a local file: reid.backbone.weights=/path/to.pth, or null for a random start",
        )
    try:
        loaded = torch.load(weights, map_location="cpu", weights_only=True)
        state = loaded.get("state_dict", loaded)
    except (UnpicklingError, RuntimeError, EOFError, AttributeError) as error:
        raise DongsunError(
            expected=f"weights of {name}",
            got=f"{type(error).__name__}: {error}",
            where=where,
            mend="give an intact state dict as torch saves it",
        ) from error
    state = {key.removeprefix("module."): value for key, value in state.items() if "classifier" not in key}
    try:
        missing, unexpected = network.load_state_dict(state, strict=False)
        wrong = [key for key in (*missing, *unexpected) if not key.startswith("classifier.")]
    except RuntimeError as error:
        wrong = [str(error).splitlines()[-1].strip()]
    broken = [key for key, value in network.state_dict().items() if not bool(value.isfinite().all())]
    if broken:
        raise DongsunError(
            expected="finite weights",
            got=f"{len(broken)} tensors with NaN or infinity, first {broken[0]}",
            where=where,
            mend="give another file of weights",
        )
    if wrong:
        raise DongsunError(
            expected=f"weights of {name}",
            got=f"{len(wrong)} tensors that do not fit, first {wrong[0]}",
            where=where,
            mend="choose the reid.backbone.name that the weights belong to",
        )
