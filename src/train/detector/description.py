"""`detector.json`: what a trained detector is. Read by export without torch."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dongsun.contract.bundle import DetectorOutput
from dongsun.contract.detections import BoxExtent
from dongsun.contract.durable import write_json
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import InputSpec

CHECKPOINT_NAME = "detector.pt"
DESCRIPTION_NAME = "detector.json"


class DetectorDescription(BaseModel):
    """What export needs to know of `detector.pt`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    architecture: str
    input: InputSpec
    output: DetectorOutput
    class_names: tuple[str, ...] = Field(min_length=1)
    person_class: int = Field(ge=0)
    box_extent: BoxExtent = Field(default="visible", description="what the labels' person boxes went around")
    trained_from: str = Field(description="`scratch`, or the file name of the checkpoint that training started from")


def write_description(directory: Path, description: DetectorDescription) -> None:
    """Writes `detector.json` into `directory`."""
    write_json(directory / DESCRIPTION_NAME, description.model_dump(mode="json"))


def read_description(directory: Path) -> DetectorDescription:
    """Reads `detector.json` from the folder that `train-detector` wrote.

    Raises:
        DongsunError: It is absent or of another format.
    """
    path = directory / DESCRIPTION_NAME
    try:
        return DetectorDescription.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        got = "nothing there"
        raise _unreadable(path, got) from error
    except ValidationError as error:
        raise _unreadable(path, str(error)) from error


def _unreadable(path: Path, got: str) -> DongsunError:
    return DongsunError(
        expected="the description of a trained detector",
        got=got,
        where=str(path),
        mend="run `dongsun train-detector` for this store",
    )
