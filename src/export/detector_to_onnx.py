"""A trained detector as a plain torch module, and that module as ONNX."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import InputSpec
from dongsun.export.torch_to_onnx import write_onnx
from dongsun.train.detector.description import DetectorDescription

DetectionModel = Any
"""Ultralytics' network, as `dongsun.train.detector.weights.load_detection_model` gives it; named only there."""

OUTPUT_NAME = "detections"


@dataclass(frozen=True)
class TraceableDetector:
    """A detector ready to be traced and to be compared with.

    Attributes:
        model: Eval mode, fused; float32 (n, 3, h, w) → float32 (n, k, 6) or (n, 4 + classes, anchors).
        head_index: Place of the detection head in the layer list; its operations are named `/model.<index>/…`.
    """

    model: nn.Module
    head_index: int


def describe_checkpoint(network: DetectionModel, spec: InputSpec, name: str) -> DetectorDescription:
    """Describes a checkpoint that nobody trained here, for zero-shot use; end-to-end where its head can.

    Raises:
        DongsunError: None of its classes is called `person`.
    """
    names: Mapping[int, str] = network.names
    class_names = tuple(str(names[index]) for index in sorted(names))
    if "person" not in class_names:
        raise DongsunError(
            expected="a class called person",
            got=", ".join(class_names[:10]),
            where=name,
            mend="give a detector of people in export.detector_weights",
        )
    return DetectorDescription(
        # Old checkpoints don't carry their architecture's name; their file's name then has to do.
        architecture=Path(str(network.yaml.get("yaml_file") or name)).stem,
        input=spec,
        output="end2end_xyxy_score_class" if _has_one_to_one_branch(network) else "raw_cxcywh_scores",
        class_names=class_names,
        person_class=class_names.index("person"),
        trained_from=name,
    )


def prepare_detector(network: DetectionModel, description: DetectorDescription) -> TraceableDetector:
    """Selects the branch that `description.output` names and fuses batch norms. Changes `network` in place.

    Raises:
        DongsunError: The network can't give that output, its classes are others, or the input doesn't fit its strides.
    """
    _refuse_mismatch(network, description)
    network = network.float().cpu().eval()
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    # Ultralytics turns this off by default even where the head was trained end-to-end.
    network.end2end = description.output == "end2end_xyxy_score_class"
    fused: Any = network.fuse(verbose=False)
    for module in fused.modules():
        if hasattr(module, "export"):
            # The head then gives one tensor, and grids are constants of the graph.
            module.export, module.format = True, "onnx"
    return TraceableDetector(model=fused, head_index=int(fused.model[-1].i))


def detector_to_onnx(detector: TraceableDetector, spec: InputSpec, path: Path) -> None:
    """Writes the detector as ONNX, input `images`, output `detections`, batch free."""
    write_onnx(detector.model, spec, OUTPUT_NAME, path)


def _has_one_to_one_branch(network: DetectionModel) -> bool:
    return getattr(network.model[-1], "one2one_cv2", None) is not None


def _refuse_mismatch(network: DetectionModel, description: DetectorDescription) -> None:
    stride = int(torch.as_tensor(network.stride).max())
    spec = description.input
    where = f"the detector {description.architecture}"
    if spec.height_px % stride or spec.width_px % stride:
        raise DongsunError(
            expected=f"an input whose sides are multiples of {stride}",
            got=f"{spec.height_px}x{spec.width_px}",
            where=where,
            mend=f"choose the nearest multiples of {stride} in detector.height_px and width_px",
        )
    if description.output == "end2end_xyxy_score_class" and not _has_one_to_one_branch(network):
        raise DongsunError(
            expected="a head with a one-to-one branch, as YOLO26 has, for end-to-end output",
            got="a head that gives raw boxes alone",
            where=where,
            mend="train again, so that detector.json and detector.pt agree",
        )
    if len(network.names) != len(description.class_names):
        raise DongsunError(
            expected=f"{len(description.class_names)} classes, as detector.json says",
            got=f"{len(network.names)} in detector.pt",
            where=where,
            mend="train again, so that detector.json and detector.pt agree",
        )
