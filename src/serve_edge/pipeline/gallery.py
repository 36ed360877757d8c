"""Who has been here: visitors and their looks, for the length of a run."""

import itertools
from dataclasses import dataclass, field

from dongsun.contract.embedding import Embeddings
from dongsun.serve_edge.pipeline.reappearance import mean_similarity

MAX_LOOKS = 8
"""Looks kept of a visitor, over all their tracks."""
MAX_VISITORS = 5000
"""The longest unseen visitor is forgotten beyond this: memory stays bounded on the busiest day."""


@dataclass
class Visitor:
    """A person who has been seen, perhaps on several tracks."""

    visitor_id: int
    looks: list[Embeddings] = field(default_factory=list)
    last_seen_s: float = 0.0


class Gallery:
    """Open-set identification of tracks: a known visitor, or a new one.

    A track is the visitor whose looks are most like its own, if that reaches the bundle's threshold (mean cosine over
    all pairs of looks) and the visitor was never in view while the track was: nobody is in two places at once.

    Args:
        similarity_threshold: The bundle's, at the precision in use; None without a re-ID model: every track is new.
    """

    def __init__(self, similarity_threshold: float | None) -> None:
        self._threshold = similarity_threshold
        self._ids = itertools.count(1)
        self._visitors: dict[int, Visitor] = {}
        self.count = 0

    def identify(self, looks: list[Embeddings], born_s: float, now_s: float) -> int:
        """The visitor of a track seen from `born_s` until now, with its looks (each (1, d)); perhaps a new one."""
        visitor = self._most_alike(looks, born_s) or self._new()
        visitor.looks.extend(looks)
        del visitor.looks[1 : max(1, len(visitor.looks) - MAX_LOOKS + 1)]
        visitor.last_seen_s = max(visitor.last_seen_s, now_s)
        return visitor.visitor_id

    def seen(self, visitor_id: int, time_s: float) -> None:
        """Notes that the visitor is in view at `time_s`."""
        if visitor_id in self._visitors:
            self._visitors[visitor_id].last_seen_s = time_s

    def _most_alike(self, looks: list[Embeddings], born_s: float) -> Visitor | None:
        if self._threshold is None or not looks:
            return None
        best: Visitor | None = None
        best_similarity = self._threshold
        for visitor in self._visitors.values():
            if visitor.last_seen_s >= born_s:
                continue
            similarity = mean_similarity(looks, visitor.looks)
            if similarity is not None and similarity >= best_similarity:
                best, best_similarity = visitor, similarity
        return best

    def _new(self) -> Visitor:
        if len(self._visitors) >= MAX_VISITORS:
            oldest = min(self._visitors.values(), key=lambda v: v.last_seen_s)
            del self._visitors[oldest.visitor_id]
        visitor = Visitor(next(self._ids))
        self._visitors[visitor.visitor_id] = visitor
        self.count += 1
        return visitor
