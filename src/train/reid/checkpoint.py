"""`reid.pt`: structure and weights in one file that loads without running anybody's code."""

from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from pydantic import ValidationError
from torch import nn

from dongsun.contract.durable import atomic_file
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import InputSpec
from dongsun.train.reid.embedder import ReidEmbedder
from dongsun.train.reid.structure import ReidStructure, rebuild_embedder

CHECKPOINT_NAME = "reid.pt"
DESCRIPTION_NAME = "reid.json"


@dataclass(frozen=True)
class LoadedReid:
    """A trained re-ID model, ready to embed or to export.

    Attributes:
        model: In eval mode; float32 (n, 3, h, w) as `input` says → float32 (n, d), rows of length one.
        input: How crops are fed.
        embedding_size: d.
        description: What `reid.json` holds.
    """

    model: nn.Module
    input: InputSpec
    embedding_size: int
    description: dict[str, Any]


def save_reid(path: Path, embedder: ReidEmbedder, structure: ReidStructure) -> None:
    """Writes structure and weights to `path`, atomically."""
    state = {name: value.detach().cpu() for name, value in embedder.state_dict().items()}
    with atomic_file(path) as temporary:
        torch.save({"structure": structure.model_dump_json(), "state_dict": state}, temporary)


def load_reid(path: Path) -> LoadedReid:
    """Reads `reid.pt`.

    Raises:
        DongsunError: It is absent, damaged or of another format.
    """
    embedder, structure = load_embedder(path)
    return LoadedReid(
        model=embedder,
        input=structure.input,
        embedding_size=structure.embedding_size,
        description=structure.model_dump(mode="json"),
    )


def load_embedder(path: Path) -> tuple[ReidEmbedder, ReidStructure]:
    """As `load_reid`, for training to go on from.

    Raises:
        DongsunError: It is absent, damaged or of another format.
    """
    if not path.is_file():
        raise _unreadable(path, "nothing there")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        structure = ReidStructure.model_validate_json(content["structure"])
        embedder = rebuild_embedder(structure)
        embedder.load_state_dict(content["state_dict"])
    except (UnpicklingError, RuntimeError, EOFError, KeyError, TypeError, ValidationError) as error:
        raise _unreadable(path, f"{type(error).__name__}: {error}") from error
    return embedder.eval(), structure


def _unreadable(path: Path, got: str) -> DongsunError:
    return DongsunError(
        expected="a re-ID checkpoint of this version",
        got=got,
        where=str(path),
        mend="run `dongsun train-reid` for this store, or give the path of another reid.pt",
    )
