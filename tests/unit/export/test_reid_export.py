"""The re-ID way on people who are told apart by colour alone."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import InputSpec
from dongsun.data.records import ReidRecord
from dongsun.eval.threshold_settings import ThresholdSettings
from dongsun.export.calibration import calibration_set
from dongsun.export.gate_crops import GateCrops
from dongsun.export.quantise import reid_head
from dongsun.export.reid_export import ReidExport
from dongsun.export.reid_gate import ReidGate, ScoredForm
from dongsun.export.reid_source import ReidSource, reid_from_checkpoint, reid_to_openvino
from dongsun.export.reid_to_int8 import reid_int8
from dongsun.export.settings import ExportSettings, LossLimits
from dongsun.export.to_openvino import save_openvino
from dongsun.train.reid.checkpoint import LoadedReid

SPEC = InputSpec(height_px=32, width_px=16, channels="rgb", resize="stretch", scale=1 / 255)
PEOPLE, CROPS = 8, 12


class ColourNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.trunk = nn.Sequential(nn.Conv2d(3, 16, 3, stride=2), nn.SiLU(), nn.Conv2d(16, 16, 3, stride=2))
        self.head = nn.Linear(16, 8)

    def forward(self, crops: Tensor) -> Tensor:
        return nn.functional.normalize(self.head(self.trunk(crops).mean(dim=(2, 3))), dim=1)


@pytest.fixture(scope="module")
def crops(tmp_path_factory: pytest.TempPathFactory) -> GateCrops:
    folder = tmp_path_factory.mktemp("crops")
    generator = np.random.default_rng(0)
    records = []
    for person in range(PEOPLE):
        colour = generator.integers(0, 200, 3)
        for number in range(CROPS):
            picture = (colour + generator.integers(0, 50, (40, 20, 3))).astype(np.uint8)
            name = f"{person}_{number}.png"
            cv2.imwrite(str(folder / name), picture)
            records.append(ReidRecord(name, str(person), "c", "s", 10 * number, "test", "made"))
    return GateCrops("test", tuple(records), folder / "manifest.parquet")


def source(work: Path) -> ReidSource:
    net = ColourNet().eval()
    return reid_from_checkpoint(LoadedReid(model=net, input=SPEC, embedding_size=8, description={}), work)


def test_both_precisions_get_a_threshold_of_their_own(crops: GateCrops, tmp_path: Path) -> None:
    (tmp_path / "openvino").mkdir()
    export = ReidExport(
        source(tmp_path),
        ExportSettings(limits=LossLimits(reid_map_points=5)),
        ThresholdSettings(target_false_match_rate=0.05, bootstrap=100, min_gap_frames=5),
        calibration_set(crops.paths, SPEC, 20, "crops"),
        (crops,),
        seed=0,
    )
    exported = export.run(tmp_path)
    assert set(exported.spec.thresholds) == {"FP32", "INT8"}
    assert exported.spec.shipped_precision == "INT8"
    for threshold in exported.spec.thresholds.values():
        assert threshold.false_match_rate <= 0.05
        assert threshold.persons == PEOPLE
    assert exported.metrics["reid_fp32_lowest_cosine"] > 0.9999
    assert exported.metrics["reid_int8_mean_cosine"] > 0.98
    assert exported.metrics["reid_tensorrt_qdq_mean_cosine"] > 0.98
    assert exported.metrics["reid_test_tensorrt_qdq_map_drop_points"] <= 5
    assert exported.metrics["reid_int8_batch_gap"] < 1e-5
    assert exported.metrics["reid_parameters"] == sum(p.numel() for p in ColourNet().parameters())
    assert {path.name for path in (tmp_path / "tensorrt").iterdir()} == {"reid-qdq.onnx", "reid-recipe.json"}


def test_a_form_below_the_limit_fails_the_stage_and_names_a_crop(crops: GateCrops, tmp_path: Path) -> None:
    (tmp_path / "openvino").mkdir()
    export = ReidExport(
        source(tmp_path),
        ExportSettings(limits=LossLimits(int8_cosine=1.0), accuracy_control=False, tensorrt=False),
        ThresholdSettings(target_false_match_rate=0.05, bootstrap=100, min_gap_frames=5),
        calibration_set(crops.paths[:1], SPEC, 1, "crops"),
        (crops,),
        seed=0,
    )
    with pytest.raises(DongsunError, match=r"worst on .*\.png"):
        export.run(tmp_path)


class NormedNet(nn.Module):
    """A head whose layers conversion renames: a LayerNorm, and the scaling to unit length, which is nobody's module."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.trunk = nn.Sequential(nn.Conv2d(3, 16, 3, stride=2), nn.SiLU(), nn.Conv2d(16, 16, 3, stride=2))
        self.head = nn.Sequential(nn.Conv2d(16, 16, 1), nn.Flatten(2), nn.LayerNorm(7 * 3), nn.Linear(7 * 3, 1))

    def forward(self, crops: Tensor) -> Tensor:
        return nn.functional.normalize(self.head(self.trunk(crops)).flatten(1), dim=1)


def test_the_embedding_itself_is_never_rounded(crops: GateCrops) -> None:
    """A LayerNorm becomes an `MVN` and the last division `embeddings`: names alone don't find them."""
    model = reid_to_openvino(NormedNet().eval(), SPEC)
    quantised = reid_int8(model, crops.paths, SPEC, most=4, exact_bias=False)
    rounded = [op for op in quantised.get_ordered_ops() if op.get_type_name() == "FakeQuantize"]
    readers = {port.get_node().get_type_name() for op in rounded for port in op.output(0).get_target_inputs()}
    assert readers == {"Convolution"}
    assert {"MVN_", "embe"} <= {name[:4] for name in reid_head(model)}


def test_of_a_model_given_from_outside_what_follows_its_last_layer_stays_in_float(crops: GateCrops) -> None:
    bare = nn.Sequential(*NormedNet().trunk, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 8), nn.Tanh()).eval()
    model = reid_to_openvino(bare, SPEC)
    kinds = {op.get_friendly_name(): op.get_type_name() for op in model.get_ordered_ops()}
    assert [kinds[name] for name in reid_head(model)] == ["Add", "Tanh"]


def test_the_test_split_can_fail_an_export_but_never_steers_it(
    crops: GateCrops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "openvino").mkdir()
    judged: list[tuple[str, str]] = []
    honest = ReidGate.judge

    def judge(self: ReidGate, gate: GateCrops, before: ScoredForm, after: ScoredForm) -> Mapping[str, float]:
        judged.append((gate.split, after.form))
        if gate.split == "test" and after.form == "int8":
            raise DongsunError(expected="no loss", got="a loss that only test shows", where="test", mend="none")
        return honest(self, gate, before, after)

    monkeypatch.setattr(ReidGate, "judge", judge)
    export = ReidExport(
        source(tmp_path),
        ExportSettings(shipped_reid="auto", tensorrt=False, limits=LossLimits(reid_map_points=5)),
        ThresholdSettings(target_false_match_rate=0.05, bootstrap=100, min_gap_frames=5),
        calibration_set(crops.paths, SPEC, 20, "crops"),
        (GateCrops("validation", crops.records, crops.manifest), crops),
        seed=0,
    )
    with pytest.raises(DongsunError, match="only test shows"):
        export.run(tmp_path)
    # Nothing is tried again after the refusal, nothing is left out because of it, and test came last.
    assert judged == [("validation", form) for form in ("fp32", "fp16", "int8")] + [
        ("test", form) for form in ("fp32", "fp16", "int8")
    ]


def test_what_fails_on_validation_is_left_out_where_the_precision_was_left_open(
    crops: GateCrops, tmp_path: Path
) -> None:
    (tmp_path / "openvino").mkdir()
    export = ReidExport(
        source(tmp_path),
        ExportSettings(shipped_reid="auto", accuracy_control=False, tensorrt=False, limits=LossLimits(int8_cosine=1.0)),
        ThresholdSettings(target_false_match_rate=0.05, bootstrap=100, min_gap_frames=5),
        calibration_set(crops.paths, SPEC, 4, "crops"),
        (GateCrops("validation", crops.records, crops.manifest),),
        seed=0,
    )
    exported = export.run(tmp_path)
    assert set(exported.spec.files) == {"FP32", "FP16"}
    assert exported.spec.shipped_precision in ("FP32", "FP16")
    assert any("INT8 of re-ID is left out" in note for note in exported.notes)
    assert {path.stem for path in (tmp_path / "openvino").iterdir()} == {"reid-fp32", "reid-fp16"}
    sizes = {p: (tmp_path / f"openvino/reid-{p}.bin").stat().st_size for p in ("fp32", "fp16")}
    assert sizes["fp16"] < 0.6 * sizes["fp32"]
    assert exported.metrics["reid_fp16_lowest_cosine"] > 0.9999


def test_the_same_model_gives_the_same_bytes_whatever_was_made_before(crops: GateCrops, tmp_path: Path) -> None:
    """OpenVINO numbers nameless operations by a counter of the process."""
    written = []
    for number in range(2):
        model = reid_int8(reid_to_openvino(NormedNet().eval(), SPEC), crops.paths, SPEC, most=4)
        save_openvino(model, tmp_path / f"{number}.xml")
        written.append([(tmp_path / f"{number}{suffix}").read_bytes() for suffix in (".xml", ".bin")])
    assert written[0] == written[1]
