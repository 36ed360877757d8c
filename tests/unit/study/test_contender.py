from dataclasses import replace
from pathlib import Path

from dongsun.data.augmentation import AugmentRecipe
from dongsun.study.heads.contender import cells_of, osnet_contenders, reid_trunk_contenders
from dongsun.study.heads.settings import HeadsGrid, NamedHead, OsnetBaseline, TrainingPlan
from dongsun.train.reid.heads.settings import LinearHeadSettings
from dongsun.train.reid.settings import ReidSettings, YoloBackboneSettings

WEIGHTS = Path(__file__).parents[3] / "weights"
PLAN = TrainingPlan(steps=3, learning_rate=1e-3)
RECIPE = AugmentRecipe("none", ())


def grid(**others: object) -> HeadsGrid:
    plans = {"frozen": PLAN, "finetuned": PLAN, "osnet_plan": PLAN}
    heads = (NamedHead("linear", LinearHeadSettings()),)
    return HeadsGrid(Path("detector.pt"), **plans, heads=heads, cuts=("P4",), seeds=(1,), **others)  # type: ignore[arg-type]


def base() -> ReidSettings:
    return ReidSettings(YoloBackboneSettings(Path("detector.pt")))


def test_a_baseline_trains_as_the_study_does_unless_told_otherwise() -> None:
    rows = (
        OsnetBaseline("osnet", "osnet_x0_25"),
        OsnetBaseline("osnet-own-way", "osnet_x0_25", learning_rate=5e-4, triplet_weight=0.0),
    )
    alike, own_way = (contender.settings for contender in osnet_contenders(grid(osnet=rows), base()))
    assert (alike.learning_rate, alike.loss) == (1e-3, base().loss)
    assert (own_way.learning_rate, own_way.loss) == (5e-4, replace(base().loss, triplet_weight=0.0))
    assert own_way.steps == alike.steps == 3


def test_an_earlier_trunk_is_fed_as_it_was() -> None:
    (row,) = reid_trunk_contenders(grid(reid_trunk=WEIGHTS / "twin-reid-wide.pt"), base(), "frozen")
    assert (row.settings.height_px, row.settings.width_px) == (192, 96)
    assert row.settings.trunk == "frozen"


def test_a_trunk_that_is_not_there_still_has_its_row() -> None:
    (row,) = reid_trunk_contenders(grid(reid_trunk=Path("nowhere.pt")), base(), "finetuned")
    assert row.start == Path("nowhere.pt")


def test_a_cell_knows_the_weights_that_it_starts_from(tmp_path: Path) -> None:
    start = tmp_path / "osnet.pth"
    (row,) = osnet_contenders(grid(osnet=(OsnetBaseline("osnet", "osnet_x0_25", weights=start),)), base())
    absent = cells_of(row, (1,), RECIPE)[0].settings["start"]
    start.write_bytes(b"some")
    some = cells_of(row, (1,), RECIPE)[0].settings["start"]
    start.write_bytes(b"other")
    assert len({absent, some, cells_of(row, (1,), RECIPE)[0].settings["start"]}) == 3
