"""Who has been here: visitors and their looks, for the length of a run."""

import itertools
from dataclasses import dataclass

from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy
from dongsun.serve_edge.pipeline.look_set import LookSet


@dataclass
class Visitor:
    """A person who has been seen, perhaps on several tracks."""

    visitor_id: int
    looks: LookSet
    last_seen_s: float = 0.0


class Gallery:
    """Open-set identification of tracks: a known visitor, or a new one.

    A track is the visitor whose looks are most like its own, if that reaches the bundle's threshold and the visitor
    was never in view while the track was: nobody is in two places at once.

    Args:
        similarity_threshold: The bundle's, at the precision in use; None without a re-ID model: every track is new.
        policy: What is kept and how it is compared.
    """

    def __init__(self, similarity_threshold: float | None, policy: GalleryPolicy) -> None:
        self._threshold = None if similarity_threshold is None else similarity_threshold + policy.margin
        self._policy = policy
        self._ids = itertools.count(1)
        self._visitors: dict[int, Visitor] = {}
        self.count = 0

    def __len__(self) -> int:
        return len(self._visitors)

    def identify(self, looks: LookSet, born_s: float, sure_s: float) -> int | None:
        """The visitor on a track seen from `born_s` and surely the same until `sure_s`, with its looks.

        Perhaps a new one; None if they are nobody known and the looks are too poor to found a visitor on.
        """
        self._forget(sure_s)
        visitor = self._most_alike(looks, born_s)
        if visitor is None:
            if self._threshold is not None and float(looks.weights.sum()) < self._policy.found_quality:
                return None
            visitor = self._new()
        visitor.looks = visitor.looks.with_looks(looks, self._policy)
        visitor.last_seen_s = max(visitor.last_seen_s, sure_s)
        return visitor.visitor_id

    def seen(self, visitor_id: int, time_s: float, looks: LookSet) -> None:
        """Notes that the visitor is in view at `time_s`, with the looks taken since."""
        visitor = self._visitors.get(visitor_id)
        if visitor is None:
            return
        visitor.last_seen_s = max(visitor.last_seen_s, time_s)
        if len(looks) and self._policy.learn:
            visitor.looks = visitor.looks.with_looks(looks, self._policy)

    def unseen_since(self, visitor_id: int, time_s: float) -> None:
        """Takes back that the visitor was in view after `time_s`: it was somebody else."""
        if visitor := self._visitors.get(visitor_id):
            visitor.last_seen_s = min(visitor.last_seen_s, time_s)

    def _most_alike(self, looks: LookSet, born_s: float) -> Visitor | None:
        if self._threshold is None:
            return None
        best: Visitor | None = None
        best_similarity = self._threshold
        for visitor in self._visitors.values():
            if visitor.last_seen_s >= born_s + self._policy.overlap_s:
                continue
            similarity = looks.similarity(visitor.looks, self._policy)
            if similarity is not None and similarity >= best_similarity:
                best, best_similarity = visitor, similarity
        return best

    def _new(self) -> Visitor:
        if len(self._visitors) >= self._policy.most_visitors:
            oldest = min(self._visitors.values(), key=lambda v: v.last_seen_s)
            del self._visitors[oldest.visitor_id]
        visitor = Visitor(next(self._ids), LookSet())
        self._visitors[visitor.visitor_id] = visitor
        self.count += 1
        return visitor

    def _forget(self, now_s: float) -> None:
        if self._policy.forget_after_s is None:
            return
        before_s = now_s - self._policy.forget_after_s
        self._visitors = {key: v for key, v in self._visitors.items() if v.last_seen_s >= before_s}
