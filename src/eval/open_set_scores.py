"""Appearances of people, scored against each other as a station scores a track against its gallery."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.eval.embedded_set import EmbeddedSet, Indices
from dongsun.eval.open_set_looks import Looks, evenly_spaced_looks, likeness
from dongsun.eval.reid_protocol import ReidProtocol
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy

GALLERIES_PER_PROBE = 4
"""Draws of everybody's entry for each probe: which of a person's appearances stands in the gallery is chance."""
_MOST_SCORES = 8_000_000
"""Bounds memory (32 MB of float32) and time (seconds)."""
Scores = npt.NDArray[np.float32]


@dataclass(frozen=True)
class OpenSetScores:
    """Probes against one gallery entry of every person.

    A row is a probe with one draw of entries; rows of one person together weigh as much as those of another.

    Attributes:
        others: float32 (rows, persons): similarity of the probe with that person's entry; minus infinity for its own.
        mate: float32 (rows,): similarity with its own person's entry; NaN where there is none to compare.
        person: int64 (rows,): whose probe, an index into the columns.
        probes: How many different appearances were searched for.
    """

    others: Scores
    mate: Scores
    person: Indices
    probes: int

    def __post_init__(self) -> None:
        rows, persons = self.others.shape
        if self.mate.shape != (rows,) or self.person.shape != (rows,) or np.isnan(self.others).any():
            raise ValueError("every probe needs a score with every other person, one with its own, and whose it is")
        if len(np.unique(self.person)) != persons:
            raise ValueError("every person must be searched for")

    @property
    def persons(self) -> int:
        """How many people."""
        return int(self.others.shape[1])

    @property
    def weights(self) -> npt.NDArray[np.float64]:
        """float64 (rows,): 1 / rows of the same person."""
        return np.asarray(1.0 / np.bincount(self.person)[self.person])


@dataclass(frozen=True)
class _Appearances:
    """Pictures of one person in one camera and recording, together, one row an appearance."""

    person: Indices
    camera: Indices
    sequence: Indices
    block: Indices
    probe: Looks
    entry: Looks


def open_set_scores(
    people: EmbeddedSet, protocol: ReidProtocol, *, policy: GalleryPolicy, seed: int
) -> OpenSetScores | None:
    """Scores every appearance of every person against drawn appearances of all persons; None if nobody is left.

    The score is the station's (`dongsun.serve_edge.pipeline.look_set.LookSet.similarity` under the same policy, less
    its margin): a probe has as many looks as decide who it is, an entry as many as are kept, evenly spaced. Crops tell
    no box, so looks weigh alike.

    An appearance is what one person showed to one camera in one recording. Under `cross_camera` entries come from
    another camera than the probe's, and people seen by one camera only are left out. Under `across_time` a recording
    is cut into blocks of `min_gap_frames`; a person's own entry is from another recording or at least two blocks away
    (so at least the gap), others' entries are unrestricted.
    """
    appearances = _appearances(people, protocol, policy)
    generator = np.random.default_rng(seed)
    persons = len(np.unique(appearances.person))
    if persons < 2:
        return None
    probes = _some_each(appearances.person, max(1, _MOST_SCORES // (GALLERIES_PER_PROBE * persons**2)), generator)
    rounds = [_one_round(appearances, probes, protocol, policy, generator) for _ in range(GALLERIES_PER_PROBE)]
    return OpenSetScores(
        others=np.concatenate([others for others, _ in rounds]),
        mate=np.concatenate([mate for _, mate in rounds]),
        person=np.tile(appearances.person[probes], GALLERIES_PER_PROBE),
        probes=len(probes),
    )


def _one_round(
    all_of: _Appearances,
    probes: Indices,
    protocol: ReidProtocol,
    policy: GalleryPolicy,
    generator: np.random.Generator,
) -> tuple[Scores, Scores]:
    """Scores (probes, persons) and mates (probes,) with one random order of each person's appearances: the first that
    may be compared with a probe is its gallery entry."""
    order = generator.permutation(len(all_of.person))
    order = order[np.argsort(all_of.person[order], kind="stable")]
    people = all_of.person[probes]
    others = np.empty((len(probes), int(all_of.person.max()) + 1), np.float32)
    mate = np.full(len(probes), np.nan, np.float32)
    cameras = all_of.camera[probes] if protocol.kind == "cross_camera" else np.full(len(probes), -1)
    for camera in np.unique(cameras):
        rows = np.flatnonzero(cameras == camera)
        elsewhere = order[all_of.camera[order] != camera]
        _, first = np.unique(all_of.person[elsewhere], return_index=True)
        others[rows] = likeness(all_of.probe.take(probes[rows]), all_of.entry.take(elsewhere[first]), policy)
    if protocol.kind == "cross_camera":
        mate[:] = others[np.arange(len(probes)), people]
    else:
        for row, probe in enumerate(probes):
            mine = order[np.searchsorted(all_of.person[order], people[row]) :][
                : np.bincount(all_of.person)[people[row]]
            ]
            apart = mine[_apart_in_time(all_of, mine, int(probe))]
            if len(apart):
                mate[row] = likeness(all_of.probe.take(probes[row : row + 1]), all_of.entry.take(apart[:1]), policy)[
                    0, 0
                ]
    others[np.arange(len(probes)), people] = -np.inf
    return others, mate


def _apart_in_time(all_of: _Appearances, mine: Indices, probe: int) -> npt.NDArray[np.bool_]:
    same_recording = (all_of.camera[mine] == all_of.camera[probe]) & (all_of.sequence[mine] == all_of.sequence[probe])
    return np.asarray(~same_recording | (np.abs(all_of.block[mine] - all_of.block[probe]) >= 2))


def _appearances(people: EmbeddedSet, protocol: ReidProtocol, policy: GalleryPolicy) -> _Appearances:
    known = people.take(~people.is_distractor)
    _, camera = np.unique(known.camera_ids, return_inverse=True)
    if protocol.kind == "cross_camera" and len(known):
        seen_by = {name: len(np.unique(camera[known.person_ids == name])) for name in known.persons}
        crossed = np.array([seen_by[str(name)] >= 2 for name in known.person_ids])
        known, camera = known.take(crossed), camera[crossed]
    _, person = np.unique(known.person_ids, return_inverse=True)
    _, sequence = np.unique(known.sequence_ids, return_inverse=True)
    block = known.frame_indices // protocol.min_gap_frames if protocol.kind == "across_time" else np.zeros_like(person)
    keys, group = np.unique(np.column_stack([person, camera, sequence, block]), axis=0, return_inverse=True)
    by_time = np.lexsort((known.frame_indices, group.reshape(-1)))
    members = np.split(by_time, np.cumsum(np.bincount(group.reshape(-1), minlength=len(keys)))[:-1])
    return _Appearances(
        person=keys[:, 0],
        camera=keys[:, 1],
        sequence=keys[:, 2],
        block=keys[:, 3],
        probe=evenly_spaced_looks(known.embeddings, members, policy.decide_looks),
        entry=evenly_spaced_looks(known.embeddings, members, policy.kept_looks),
    )


def _some_each(person: Indices, most: int, generator: np.random.Generator) -> Indices:
    """Rows: at most so many of each person, drawn at random, in order."""
    shuffled = generator.permutation(len(person))
    by_person = shuffled[np.argsort(person[shuffled], kind="stable")]
    starts = np.searchsorted(person[by_person], person[by_person])
    return np.asarray(np.sort(by_person[np.arange(len(person)) - starts < most]), dtype=np.int64)
