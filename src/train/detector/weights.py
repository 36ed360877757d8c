"""Where a detector starts: from scratch, from a file, or from weights published under a name."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dongsun.contract.errors import DongsunError
from dongsun.train.detector.library import quieten_ultralytics

if TYPE_CHECKING:
    from ultralytics.nn.tasks import DetectionModel

_LOCAL_INSTEAD = "give a file: detector.weights=/path/to.pt, or train from scratch: detector.weights=null"


@dataclass(frozen=True)
class StartPoint:
    """What ultralytics is told to start from.

    Attributes:
        checkpoint: None is from scratch.
        name: `scratch` or the checkpoint's file name, for provenance.
    """

    checkpoint: Path | None
    name: str


def start_point(weights: str | None, architecture: str) -> StartPoint:
    """Finds the start, downloading published weights where there is a network.

    Raises:
        DongsunError: No such file, no such name, no network, or weights of another architecture.
    """
    if weights is None:
        return StartPoint(checkpoint=None, name="scratch")
    path = Path(weights).expanduser()
    if not path.is_file():
        path = _downloaded(weights)
    _check_architecture(load_detection_model(path), architecture, path)
    return StartPoint(checkpoint=path.resolve(), name=path.name)


def new_detection_model(architecture: str | dict[str, Any]) -> "DetectionModel":
    """An untrained model, from the name of an architecture that ultralytics ships or from a model's own `yaml`."""
    quieten_ultralytics()
    from ultralytics.nn.tasks import DetectionModel

    return DetectionModel(f"{architecture}.yaml" if isinstance(architecture, str) else architecture, verbose=False)


def load_detection_model(path: Path) -> "DetectionModel":
    """The float32 model of an ultralytics detection checkpoint, in eval mode.

    Raises:
        DongsunError: The file is no such checkpoint.
    """
    quieten_ultralytics()
    from ultralytics.nn.tasks import DetectionModel, load_checkpoint

    if not path.is_file():
        raise DongsunError(
            expected="a detector checkpoint",
            got="nothing there",
            where=str(path),
            mend="run `dongsun train-detector`, or give the path of a .pt",
        )
    try:
        model, _ = load_checkpoint(str(path))
    except (TypeError, RuntimeError, ModuleNotFoundError, KeyError, EOFError, AttributeError, ValueError) as error:
        raise _no_checkpoint(path, f"{type(error).__name__}: {error}") from error
    if not isinstance(model, DetectionModel):
        raise _no_checkpoint(path, type(model).__name__)
    return model


def _check_architecture(model: "DetectionModel", architecture: str, path: Path) -> None:
    """Compares by structure, since old checkpoints do not carry their architecture's name; the head may differ."""
    wanted = new_detection_model(architecture)
    head = f"model.{len(wanted.model) - 1}."
    shapes = {name: value.shape for name, value in model.state_dict().items()}
    differing = [
        name
        for name, value in wanted.state_dict().items()
        if not name.startswith(head) and shapes.get(name) != value.shape
    ]
    if differing:
        raise DongsunError(
            expected=f"weights of {architecture}",
            got=f"another architecture ({len(differing)} tensors differ, first {differing[0]})",
            where=str(path),
            mend="choose the detector group that the weights belong to (detector=yolov8n …), or other weights",
        )


def _no_checkpoint(path: Path, got: str) -> DongsunError:
    return DongsunError(
        expected="an ultralytics detection checkpoint (.pt)", got=got, where=str(path), mend=_LOCAL_INSTEAD
    )


def _downloaded(weights: str) -> Path:
    quieten_ultralytics()
    from ultralytics.utils import is_online
    from ultralytics.utils.downloads import GITHUB_ASSETS_NAMES, attempt_download_asset

    name = weights if weights.endswith(".pt") else f"{weights}.pt"
    if name not in GITHUB_ASSETS_NAMES:
        raise DongsunError(
            expected="an existing file, or the name of published weights such as yolo26n",
            got=repr(weights),
            where="detector.weights",
            mend=_LOCAL_INSTEAD,
        )
    if not is_online():
        raise _offline(weights, "no network (or YOLO_OFFLINE is set)")
    try:
        return Path(attempt_download_asset(name))
    except (OSError, ConnectionError, RuntimeError) as error:
        raise _offline(weights, str(error)) from error


def _offline(weights: str, got: str) -> DongsunError:
    return DongsunError(
        expected=f"the published weights {weights!r}, to be downloaded",
        got=got,
        where="detector.weights",
        mend=_LOCAL_INSTEAD,
    )
