"""Similarities of pairs that show one person, and of pairs that show two."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.contract.errors import DongsunError
from dongsun.eval.embedded_set import EmbeddedSet, Indices
from dongsun.eval.reid_protocol import ReidProtocol

_MOST_IMAGES = 3000


@dataclass(frozen=True)
class PairSimilarities:
    """Cosine similarities of pairs of pictures, in [-1, 1].

    Attributes:
        genuine: float32 (g,): both pictures show one person.
        genuine_person: int64 (g,): which, an index into `persons`.
        impostor: float32 (i,): the pictures show two persons.
        impostor_persons: int64 (i, 2): which two, the lower index first.
        persons: Identities that the indices name.
        protocol: Which pairs were allowed.
    """

    genuine: npt.NDArray[np.float32]
    genuine_person: Indices
    impostor: npt.NDArray[np.float32]
    impostor_persons: Indices
    persons: tuple[str, ...]
    protocol: ReidProtocol

    def __post_init__(self) -> None:
        if self.genuine.shape != self.genuine_person.shape or self.impostor_persons.shape != (len(self.impostor), 2):
            raise ValueError("every similarity needs the person or persons it belongs to")
        if not (np.isfinite(self.genuine).all() and np.isfinite(self.impostor).all()):
            raise ValueError("a similarity is not finite")


def pair_similarities(
    people: EmbeddedSet,
    protocol: ReidProtocol,
    *,
    most_images_per_person: int = 40,
    most_pairs: int = 100_000,
    seed: int = 0,
) -> PairSimilarities:
    """Compares the pictures of a set with each other.

    Under `cross_camera` both kinds of pairs join different cameras: a similarity within one camera shares its light
    and is too easy for one person, too hard for two. Under `across_time` pairs of one person keep the protocol's gap,
    and pairs of two persons are unrestricted: people who stand there together are the ones a station can confuse.
    Distractors are left out, because two of them may show one person.

    Persons count alike: at most `most_images_per_person` pictures of each (drawn at random), and when pairs exceed
    `most_pairs` they are drawn in turns, one a person (one a pair of persons) after another.

    Raises:
        DongsunError: No pair of one of the two kinds is possible.
    """
    generator = np.random.default_rng(seed)
    known = people.take(~people.is_distractor)
    images_each = max(2, min(most_images_per_person, _MOST_IMAGES // max(1, len(known.persons))))
    _, person_of = np.unique(known.person_ids, return_inverse=True)
    known = known.take(np.sort(_in_turns(person_of, images_each * len(known.persons), generator, images_each)))
    names, person = np.unique(known.person_ids, return_inverse=True)

    first, second = np.triu_indices(len(known), k=1)
    same_person = person[first] == person[second]
    allowed = ~protocol.left_out(known, known)[first, second]
    if protocol.kind == "cross_camera":
        allowed &= known.camera_ids[first] != known.camera_ids[second]
    genuine, impostor = np.flatnonzero(same_person & allowed), np.flatnonzero(~same_person & allowed)
    _refuse_none(len(genuine), len(impostor), len(names), protocol)

    genuine = genuine[_in_turns(person[first[genuine]], most_pairs, generator)]
    two_persons = np.sort(np.column_stack([person[first], person[second]])[impostor], axis=1)
    drawn = _in_turns(two_persons[:, 0] * len(names) + two_persons[:, 1], most_pairs, generator)
    impostor, two_persons = impostor[drawn], two_persons[drawn]
    return PairSimilarities(
        genuine=_cosines(known, first[genuine], second[genuine]),
        genuine_person=person[first[genuine]],
        impostor=_cosines(known, first[impostor], second[impostor]),
        impostor_persons=two_persons,
        persons=tuple(str(name) for name in names),
        protocol=protocol,
    )


def _in_turns(groups: Indices, most: int, generator: np.random.Generator, most_each: int | None = None) -> Indices:
    """Rows drawn at random, one of every group before a second of any, at most `most` (and `most_each` a group)."""
    shuffled = generator.permutation(len(groups))
    by_group = shuffled[np.argsort(groups[shuffled], kind="stable")]
    sorted_groups = groups[by_group]
    starts = np.flatnonzero(np.r_[True, sorted_groups[1:] != sorted_groups[:-1]]) if len(groups) else np.zeros(0, int)
    turn = np.arange(len(groups)) - np.repeat(starts, np.diff(np.r_[starts, len(groups)]))
    if most_each is not None:
        by_group, turn = by_group[turn < most_each], turn[turn < most_each]
    # Groups are in order within a turn; a second shuffle keeps the cut of the last turn from favouring low groups.
    tie_break = generator.permutation(len(turn))
    return np.asarray(by_group[np.lexsort((tie_break, turn))][:most], dtype=np.int64)


def _cosines(people: EmbeddedSet, first: Indices, second: Indices) -> npt.NDArray[np.float32]:
    cosines = np.einsum("nd,nd->n", people.embeddings[first], people.embeddings[second])
    return np.asarray(np.clip(cosines, -1.0, 1.0), dtype=np.float32)


def _refuse_none(genuine: int, impostor: int, persons: int, protocol: ReidProtocol) -> None:
    if genuine and impostor:
        return
    raise DongsunError(
        expected="pairs of one person and pairs of two persons to compare",
        got=f"{genuine} same-person and {impostor} different-person pairs from {persons} persons under {protocol}",
        where="re-ID pairs",
        mend="add validation persons seen by two cameras, or lower min_gap_frames for a single camera",
    )
