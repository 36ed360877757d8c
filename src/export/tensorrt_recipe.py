"""`tensorrt/<model>-recipe.json`: how a device builds its engine from the packed ONNX."""

from pathlib import Path
from typing import Literal

import onnx
from pydantic import BaseModel, ConfigDict, Field

from dongsun.contract.bundle import sha256_of
from dongsun.contract.errors import DongsunError

_OPTIMAL_BATCH = 4
_LARGEST_BATCH = 16


class ShapeProfile(BaseModel):
    """The batch sizes that an engine is built for; every shape is (n, 3, h, w)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    least: tuple[int, int, int, int]
    optimal: tuple[int, int, int, int]
    largest: tuple[int, int, int, int]


class BuildRecipe(BaseModel):
    """Everything that a build on the device needs beside TensorRT itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    onnx: str = Field(description="file beside this one")
    onnx_sha256: str
    opset: int
    input: str
    output: str
    profile: ShapeProfile
    tensorrt_10: tuple[str, ...] = Field(description="trtexec of TensorRT 10 (Jetson), as arguments")
    tensorrt_11: tuple[str, ...] = Field(
        description="trtexec of TensorRT 11: strongly typed, precision is in the graph"
    )
    notes: tuple[str, ...]


def build_recipe(path: Path) -> BuildRecipe:
    """The recipe for a Q/DQ ONNX whose batch is free and whose height and width are fixed.

    Raises:
        DongsunError: The graph has another input.
    """
    model = onnx.load(path, load_external_data=False)
    graph = model.graph
    dimensions = [d.dim_value for d in graph.input[0].type.tensor_type.shape.dim]
    if len(graph.input) != 1 or len(dimensions) != 4 or dimensions[0] or not all(dimensions[1:]):
        raise DongsunError(
            expected="one input (batch free, 3, h, w)",
            got=f"{len(graph.input)} inputs, the first {dimensions}",
            where=path.name,
            mend="export the model again",
        )
    channels, height, width = dimensions[1:]
    profile = ShapeProfile(
        least=(1, channels, height, width),
        optimal=(_OPTIMAL_BATCH, channels, height, width),
        largest=(_LARGEST_BATCH, channels, height, width),
    )
    name = graph.input[0].name
    shapes = (
        f"--minShapes={name}:{_by_x(profile.least)}",
        f"--optShapes={name}:{_by_x(profile.optimal)}",
        f"--maxShapes={name}:{_by_x(profile.largest)}",
    )
    files = (f"--onnx={path.name}", f"--saveEngine={path.stem}.engine")
    return BuildRecipe(
        onnx=path.name,
        onnx_sha256=sha256_of(path),
        opset=next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")),
        input=name,
        output=graph.output[0].name,
        profile=profile,
        tensorrt_10=("trtexec", *files, "--int8", "--fp16", *shapes),
        tensorrt_11=("trtexec", *files, "--stronglyTyped", *shapes),
        notes=(
            "Build on the device that will run the engine; an engine fits one GPU model and one TensorRT version.",
            "No calibration cache: the scales are the Q/DQ nodes of the graph, signed and symmetric.",
            "Keep the engine outside the bundle, named by onnx_sha256, GPU and TensorRT version; the bundle is sealed.",
            "After the build run the bundle's self-test with the engine.",
        ),
    )


def _by_x(shape: tuple[int, int, int, int]) -> str:
    return "x".join(str(side) for side in shape)
