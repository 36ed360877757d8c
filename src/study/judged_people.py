"""The people that every network of a study is judged on, and the judgement."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dongsun.contract.embedding import Embeddings, cosine_similarity
from dongsun.contract.preprocess import FrameBgr
from dongsun.data.manifest import resolve
from dongsun.data.records import DISTRACTOR, ReidRecord, Split
from dongsun.eval.embed_manifest import EmbedFn, read_picture_bgr, select_records
from dongsun.eval.embedded_set import EmbeddedSet
from dongsun.eval.pair_similarities import pair_similarities
from dongsun.eval.reid_metrics import evaluate_reid, query_scores, split_by_role
from dongsun.eval.reid_protocol import ReidProtocol
from dongsun.eval.verification import verification_rates
from dongsun.study.cell import PersonScores

_AT_ONCE = 32


@dataclass(frozen=True)
class JudgedPeople:
    """Crops of people whom nobody trained on, decoded once.

    Attributes:
        name: Of the set, the start of its figures' names: `cross_camera`, `across_time`, `validation`.
        records: Rows of a manifest; distractors left out.
        paths: Their pictures.
        crops_bgr: The pictures.
        protocol: Which pictures are compared.
    """

    name: str
    records: tuple[ReidRecord, ...]
    paths: tuple[Path, ...]
    crops_bgr: tuple[FrameBgr, ...]
    protocol: ReidProtocol

    @property
    def persons(self) -> tuple[str, ...]:
        """Identities, sorted: the order of `PersonScores`."""
        return tuple(sorted({record.person_id for record in self.records}))

    def embedded(self, embeddings: Embeddings) -> EmbeddedSet:
        """Embeddings (n, d) of the crops, in their order, with whom they show."""
        return EmbeddedSet(
            embeddings=embeddings,
            person_ids=np.array([record.person_id for record in self.records]),
            camera_ids=np.array([record.camera_id for record in self.records]),
            sequence_ids=np.array([record.sequence_id for record in self.records]),
            frame_indices=np.array([record.frame_index for record in self.records], dtype=np.int64),
            roles=np.array([record.role or "" for record in self.records]),
        )


@dataclass(frozen=True)
class Judgement:
    """How well one network tells one set of people apart; all in [0, 1].

    Attributes:
        mean_average_precision, rank1, rank5, mean_inverse_negative_penalty: See `ReidMetrics`.
        map_ci95: Bootstrap interval over the test persons.
        eer, tmr_at_1pct, tmr_at_01pct: See `VerificationRates`.
        scores: Person by person.
    """

    mean_average_precision: float
    rank1: float
    rank5: float
    mean_inverse_negative_penalty: float
    map_ci95: tuple[float, float]
    eer: float
    tmr_at_1pct: float
    tmr_at_01pct: float
    scores: PersonScores

    def metrics(self, name: str) -> dict[str, float]:
        """Flat figures, each name starting with `name`."""
        return {
            f"{name}_map": self.mean_average_precision,
            f"{name}_rank1": self.rank1,
            f"{name}_rank5": self.rank5,
            f"{name}_minp": self.mean_inverse_negative_penalty,
            f"{name}_eer": self.eer,
            f"{name}_tmr_at_1pct": self.tmr_at_1pct,
            f"{name}_tmr_at_01pct": self.tmr_at_01pct,
            f"{name}_map_ci95_low": self.map_ci95[0],
            f"{name}_map_ci95_high": self.map_ci95[1],
        }


def read_judged(
    manifest: Path, split: Split, name: str, protocol: ReidProtocol, *, crops_per_person_and_camera: int
) -> JudgedPeople:
    """The people of one split, thinned: the same crops whatever is judged.

    Raises:
        DongsunError: No manifest, no row of the split, or an unreadable picture.
    """
    chosen = select_records(manifest, split, most_per_person_and_camera=crops_per_person_and_camera)
    records = tuple(record for record in chosen if record.person_id != DISTRACTOR)
    paths = tuple(resolve(manifest, record.path) for record in records)
    return JudgedPeople(name, records, paths, tuple(read_picture_bgr(path) for path in paths), protocol)


def embed_all(embed: EmbedFn, crops_bgr: Sequence[FrameBgr]) -> Embeddings:
    """Float32 (n, d), rows of length one."""
    parts = [embed(list(crops_bgr[start : start + _AT_ONCE])) for start in range(0, len(crops_bgr), _AT_ONCE)]
    return np.concatenate(parts).astype(np.float32)


def judge(people: JudgedPeople, embeddings: Embeddings) -> Judgement:
    """Every figure of a network's embeddings of `people`.

    Raises:
        DongsunError: Nobody can be found under the protocol.
    """
    embedded = people.embedded(embeddings)
    query, gallery = split_by_role(embedded)
    found = evaluate_reid(query, gallery, people.protocol)
    pairs = pair_similarities(embedded, people.protocol)
    rates = verification_rates(pairs.genuine, pairs.impostor)
    return Judgement(
        mean_average_precision=found.mean_average_precision,
        rank1=found.rank1,
        rank5=found.rank5,
        mean_inverse_negative_penalty=found.mean_inverse_negative_penalty,
        map_ci95=found.map_ci95,
        eer=rates.eer,
        tmr_at_1pct=rates.tmr_at_1pct,
        tmr_at_01pct=rates.tmr_at_01pct,
        scores=person_scores(people, embeddings),
    )


def person_scores(people: JudgedPeople, embeddings: Embeddings) -> PersonScores:
    """Each person's average precisions, as `evaluate_reid` counts them."""
    query, gallery = split_by_role(people.embedded(embeddings))
    right = np.asarray(query.person_ids[:, None] == gallery.person_ids[None, :])
    similarities = cosine_similarity(query.embeddings, gallery.embeddings)
    scores = query_scores(similarities, right, people.protocol.left_out(query, gallery))
    person = np.searchsorted(np.array(people.persons), query.person_ids[scores.valid])
    count = len(people.persons)
    sums = np.bincount(person, weights=scores.average_precision[scores.valid], minlength=count)
    return PersonScores(tuple(sums.tolist()), tuple(np.bincount(person, minlength=count).tolist()))
