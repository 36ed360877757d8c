"""The networks that the study trains, and their cells."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from dongsun.data.augmentation import AugmentRecipe
from dongsun.study.cell import Cell
from dongsun.study.heads.settings import HeadsGrid, TrainingPlan
from dongsun.study.study_data import digest_of, file_digest
from dongsun.train.reid.checkpoint import load_embedder
from dongsun.train.reid.losses.settings import IdentityTripletSettings
from dongsun.train.reid.osnet import OSNET_EMBEDDING_SIZE
from dongsun.train.reid.settings import Cut, OsnetSettings, ReidSettings, ReidTrunkSettings, YoloBackboneSettings

Kind = Literal["frozen", "finetuned", "osnet", "also"]
Trained = Literal["frozen", "finetuned"]
_EPOCHS = 1  # nothing happens between epochs: the last weights are judged
_WARM_UP_SHARE = 0.1
_SETTINGS, _RECIPE = TypeAdapter(ReidSettings), TypeAdapter(AugmentRecipe)


@dataclass(frozen=True)
class Contender:
    """A network that is trained once a seed.

    Attributes:
        row: Its row of the table.
        kind: What is trained: the head alone, everything, OSNet, or a recipe of its own.
        cut: Of the detector, or `reid-trunk`; empty where neither applies.
        head: The head's name; empty where it has none of the study's.
        settings: Of its training.
    """

    row: str
    kind: Kind
    cut: str
    head: str
    settings: ReidSettings

    @property
    def start(self) -> Path | None:
        """The weights that it starts from."""
        backbone = self.settings.backbone
        return backbone.weights if isinstance(backbone, OsnetSettings) else backbone.checkpoint


def frozen_contenders(grid: HeadsGrid, base: ReidSettings) -> tuple[Contender, ...]:
    """Every head at every cut, the trunk as the detector left it."""
    return _at_cuts(grid, base, "frozen", grid.cuts)


def finetuned_contenders(grid: HeadsGrid, base: ReidSettings, cuts: Sequence[Cut]) -> tuple[Contender, ...]:
    """Every head at `cuts`, everything trained."""
    return _at_cuts(grid, base, "finetuned", cuts)


def reid_trunk_contenders(grid: HeadsGrid, base: ReidSettings, kind: Trained) -> tuple[Contender, ...]:
    """Every head on the trunk of an earlier re-ID model, fed as that model was; none where the grid names none."""
    if grid.reid_trunk is None:
        return ()
    backbone = ReidTrunkSettings(grid.reid_trunk)
    if grid.reid_trunk.is_file():
        fed = load_embedder(grid.reid_trunk)[1].input
        base = replace(base, height_px=fed.height_px, width_px=fed.width_px, mean=fed.mean, std=fed.std)
    return tuple(_headed(grid, base, kind, "reid-trunk", backbone, index) for index in range(len(grid.heads)))


def other_contenders(grid: HeadsGrid) -> tuple[Contender, ...]:
    """Networks with recipes of their own; their last epoch is kept, for nobody is there to choose another by."""
    return tuple(Contender(one.row, "also", "", "", replace(one.settings, keep="last")) for one in grid.also)


def osnet_contenders(grid: HeadsGrid, base: ReidSettings) -> tuple[Contender, ...]:
    """The baselines: the same crops, batches, loss, augmentation and steps as a finetuned trunk, their own input."""
    return tuple(
        Contender(
            row=baseline.row,
            kind="osnet",
            cut="",
            head="",
            settings=_planned(
                replace(
                    base,
                    backbone=OsnetSettings(name=baseline.name, weights=baseline.weights),
                    embedding_size=OSNET_EMBEDDING_SIZE,
                    height_px=baseline.height_px,
                    width_px=baseline.width_px,
                    mean=baseline.mean,
                    std=baseline.std,
                    loss=_weighted(base.loss, baseline.triplet_weight),
                ),
                "finetune",
                _at_rate(grid.osnet_plan, baseline.learning_rate),
            ),
        )
        for baseline in grid.osnet
    )


def cells_of(contender: Contender, seeds: Sequence[int], recipe: AugmentRecipe) -> tuple[Cell, ...]:
    """One cell a seed."""
    settings, plan = contender.settings, (_SETTINGS.dump_json(contender.settings), _RECIPE.dump_json(recipe))
    return tuple(
        Cell(
            row=contender.row,
            settings={
                "kind": contender.kind,
                "cut": contender.cut,
                "head": contender.head,
                "steps": settings.steps,
                "learning_rate": settings.learning_rate,
                "input": f"{settings.height_px}x{settings.width_px}",
                "start": None if contender.start is None else file_digest(contender.start),
                "whole": digest_of(part.decode() for part in plan),
            },
            seed=seed,
        )
        for seed in seeds
    )


def _at_cuts(grid: HeadsGrid, base: ReidSettings, kind: Trained, cuts: Sequence[Cut]) -> tuple[Contender, ...]:
    return tuple(
        _headed(grid, base, kind, str(cut), YoloBackboneSettings(grid.checkpoint, cut), index)
        for cut in cuts
        for index in range(len(grid.heads))
    )


def _headed(
    grid: HeadsGrid,
    base: ReidSettings,
    kind: Trained,
    cut: str,
    backbone: YoloBackboneSettings | ReidTrunkSettings,
    head: int,
) -> Contender:
    named, plan = grid.heads[head], grid.frozen if kind == "frozen" else grid.finetuned
    settings = replace(base, backbone=backbone, head=named.settings)
    trunk: Literal["frozen", "finetune"] = "frozen" if kind == "frozen" else "finetune"
    return Contender(f"{kind}-{cut}-{named.name}", kind, cut, named.name, _planned(settings, trunk, plan))


def _at_rate(plan: TrainingPlan, learning_rate: float | None) -> TrainingPlan:
    return plan if learning_rate is None else replace(plan, learning_rate=learning_rate)


def _weighted(loss: IdentityTripletSettings, triplet_weight: float | None) -> IdentityTripletSettings:
    return loss if triplet_weight is None else replace(loss, triplet_weight=triplet_weight)


def _planned(settings: ReidSettings, trunk: Literal["frozen", "finetune"], plan: TrainingPlan) -> ReidSettings:
    return replace(
        settings,
        start=None,
        trunk=trunk,
        steps=plan.steps,
        epochs=_EPOCHS,
        warmup_epochs=_WARM_UP_SHARE,  # of the steps: an epoch is the whole training here
        learning_rate=plan.learning_rate,
        trunk_learning_rate_ratio=plan.trunk_learning_rate_ratio,
        keep="last",
    )
