"""What is done in each kind of cell of the heads study."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dongsun.export.reid_source import reid_from_openvino, reid_to_openvino
from dongsun.study.cell import Cell, CellResult, Outcome, PersonScores, no_outcome
from dongsun.study.cell_runner import Work
from dongsun.study.cell_store import CellStore
from dongsun.study.heads.contender import Contender
from dongsun.study.heads.settings import GivenNet
from dongsun.study.heads.shipping import openvino_embed, shipping_figures
from dongsun.study.judged_people import JudgedPeople, embed_all, judge
from dongsun.study.network import Workshop, torch_embed, train_network
from dongsun.study.shared_maps import SharedMaps
from dongsun.study.study_data import StudyData, file_digest
from dongsun.train.reid.checkpoint import load_embedder, save_reid
from dongsun.train.reid.settings import OsnetSettings, ReidSettings
from dongsun.train.reid.structure import build_embedder

_WEIGHTS = ".pt"


@dataclass(frozen=True)
class HeadsWork:
    """Trains, ships and judges.

    Attributes:
        data: The study's crops.
        judged: Every set of people that networks are judged on; validation is among them.
        workshop: What trainings share.
        maps: Feature maps of frozen trunks.
        store: Where cells are kept; their weights lie beside them.
    """

    data: StudyData
    judged: tuple[JudgedPeople, ...]
    workshop: Workshop
    maps: SharedMaps
    store: CellStore

    def training(self, contender: Contender) -> Work:
        """Trains the contender with a cell's seed and judges its float32 embeddings (PyTorch)."""

        def work(cell: Cell) -> Outcome:
            if contender.start is not None and not contender.start.is_file():
                return no_outcome(f"{contender.start} isn't there")
            settings = contender.settings
            frozen = contender.kind == "frozen"
            maps = self.maps.of(settings) if frozen else None
            network = train_network(self.workshop, settings, cell.seed, maps=maps)
            save_reid(self.store.path_of(cell, _WEIGHTS), network.embedder, network.structure)
            metrics = {"train_s": network.seconds, "maps_s": self.maps.seconds(settings) if frozen else 0.0}
            scores: dict[str, PersonScores] = {}
            for people in self.judged:
                judgement = judge(people, embed_all(network.embed, people.crops_bgr))
                metrics |= judgement.metrics(people.name)
                scores[people.name] = judgement.scores
            return Outcome(metrics, scores)

        return work

    def shipping(self, trained: CellResult) -> Work:
        """Converts and quantises the weights of a trained cell."""

        def work(cell: Cell) -> Outcome:
            weights = self.store.path_of(trained.cell, _WEIGHTS)
            if not weights.is_file():
                return no_outcome(f"{weights.name} is gone: delete {self.store.path_of(trained.cell).name} too")
            embedder, structure = load_embedder(weights)
            model = reid_to_openvino(embedder, structure.input)
            return Outcome(shipping_figures(model, structure.input, self.data, self.judged), {})

        return work

    def given(self, net: GivenNet, base: ReidSettings) -> Work:
        """Judges a network as it is, and ships it."""

        def work(cell: Cell) -> Outcome:
            if not net.path.is_file():
                return no_outcome(f"{net.path} isn't there (DONGSUN_ASSETS names the folder of given files)")
            if net.osnet is None:
                source = reid_from_openvino(net.path, net.input)
                model, embed = source.model, openvino_embed(source.model, source.input)
            else:
                backbone = OsnetSettings(name=net.osnet, weights=net.path)
                shape = {"height_px": net.height_px, "width_px": net.width_px, "mean": net.mean, "std": net.std}
                embedder, structure = build_embedder(replace(base, backbone=backbone, **shape))  # type: ignore[arg-type]
                model, embed = reid_to_openvino(embedder, structure.input), torch_embed(embedder, structure)
            metrics, scores = shipping_figures(model, net.input, self.data, self.judged, exact_bias=False), {}
            for people in self.judged:
                judgement = judge(people, embed_all(embed, people.crops_bgr))
                metrics |= judgement.metrics(people.name)
                scores[people.name] = judgement.scores
            return Outcome(metrics, scores)

        return work


def given_cell(net: GivenNet) -> Cell:
    """A given network has one cell: nothing in it is random."""
    settings = {"kind": "given", "path": net.path.name, "weights": _weights_digest(net.path), "input": str(net.input)}
    return Cell(net.row, settings, 0)


def shipping_cell(contender: Contender, trained: CellResult, fingerprint: str) -> Cell:
    """The cell that ships what `trained` left; `fingerprint` is that cell's."""
    settings = {"kind": "shipping", "of": trained.cell.name, "fingerprint": fingerprint}
    return Cell(f"{contender.row}-shipped", settings, trained.cell.seed)


def best_by_validation(results: tuple[CellResult, ...]) -> CellResult | None:
    """The seed that finds the validation people best; None where no cell was finished."""
    done = [result for result in results if result.outcome.absent is None]
    return max(done, key=lambda r: _validation_map(r.outcome.metrics), default=None)


def _validation_map(metrics: Mapping[str, float]) -> float:
    return metrics["validation_map"]


def _weights_digest(path: Path) -> str:
    return file_digest(path.with_suffix(".bin") if path.suffix == ".xml" else path)
