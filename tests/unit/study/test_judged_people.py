from pathlib import Path

import numpy as np
import pytest

from dongsun.contract.embedding import Embeddings, l2_normalised
from dongsun.contract.errors import DongsunError
from dongsun.eval.reid_metrics import evaluate_reid, split_by_role
from dongsun.eval.reid_protocol import ReidProtocol
from dongsun.study.judged_people import JudgedPeople, embed_all, judge, person_scores, read_judged
from dongsun.study.resampling import weighted_map
from tests.unit.study.conftest import PEOPLE


@pytest.fixture
def people(data_dir: Path) -> JudgedPeople:
    protocol = ReidProtocol("cross_camera")
    return read_judged(data_dir / "manifest.parquet", "test", "cross_camera", protocol, crops_per_person_and_camera=2)


def random_embeddings(people: JudgedPeople, seed: int) -> Embeddings:
    random = np.random.default_rng(seed)
    return l2_normalised(random.normal(size=(len(people.records), 6)).astype(np.float32))


def test_thinned_alike_for_everybody(people: JudgedPeople) -> None:
    assert len(people.persons) == PEOPLE["test"]
    assert len(people.records) == len(people.crops_bgr) == len(people.paths) == PEOPLE["test"] * 3 * 2


@pytest.mark.parametrize("seed", range(5))
def test_person_by_person_they_make_the_whole(people: JudgedPeople, seed: int) -> None:
    embeddings = random_embeddings(people, seed)
    query, gallery = split_by_role(people.embedded(embeddings))
    whole = evaluate_reid(query, gallery, people.protocol, bootstrap=1).mean_average_precision
    scores = person_scores(people, embeddings)
    assert weighted_map(scores, np.ones((1, len(people.persons))))[0] == pytest.approx(whole, abs=1e-12)
    assert sum(scores.queries) == len(people.records)


def test_a_perfect_network_scores_one(people: JudgedPeople) -> None:
    one_hot = np.eye(len(people.persons), dtype=np.float32)
    place = [people.persons.index(record.person_id) for record in people.records]
    judgement = judge(people, one_hot[place])
    assert judgement.mean_average_precision == judgement.rank1 == judgement.tmr_at_01pct == 1.0
    assert judgement.eer == 0.0
    assert judgement.metrics("x")["x_minp"] == 1.0


def test_embeds_everything_once_and_in_order(people: JudgedPeople) -> None:
    sizes: list[int] = []

    def embed(crops: list[np.ndarray]) -> Embeddings:  # type: ignore[type-arg]
        sizes.append(len(crops))
        return l2_normalised(np.array([[crop.mean(), 1.0] for crop in crops], dtype=np.float32))

    many = people.crops_bgr * 3
    embedded = embed_all(embed, many)
    assert sum(sizes) == len(many) and max(sizes) <= 32
    assert np.array_equal(embedded, embed(list(many)))


def test_nobody_to_judge_is_refused(data_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(DongsunError):
        read_judged(tmp_path / "none.parquet", "test", "x", ReidProtocol("cross_camera"), crops_per_person_and_camera=2)
