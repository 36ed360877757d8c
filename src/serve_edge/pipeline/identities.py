"""Who is on which track, and since when: identities are settled by looks, and taken back when the looks change."""

from collections.abc import Sequence
from dataclasses import dataclass

from dongsun.serve_edge.pipeline.gallery import Gallery
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy
from dongsun.serve_edge.pipeline.look_set import LookSet
from dongsun.serve_edge.pipeline.sighting import Sighting
from dongsun.serve_edge.pipeline.track import Track


@dataclass(frozen=True)
class Stretch:
    """A part of a track, walked by one visitor (None: nobody knows who) until the next part begins."""

    from_s: float
    visitor_id: int | None


@dataclass(frozen=True)
class Share:
    """How much of a span of a track a visitor walked."""

    visitor_id: int
    seconds: float


class Identities:
    """Settles which visitor walks on each track.

    Two people who meet may leave each other's box: the track goes on with another person. Its looks tell. When
    `change_looks` of them in a row are unlike those before, the track's identity ends where it was last sure, and the
    rest is identified anew.

    Args:
        similarity_threshold: The bundle's, at the precision in use; None without a re-ID model: every track is new.
        policy: How looks are kept and compared.
        min_visitor_s: Who was seen shorter is no visitor.
        gallery: Shared by the cameras of a store; by default this camera's own.
        camera_id: Tells this camera in a shared gallery.
    """

    def __init__(
        self,
        similarity_threshold: float | None,
        policy: GalleryPolicy,
        min_visitor_s: float,
        gallery: Gallery | None = None,
        camera_id: str = "",
    ) -> None:
        self._gallery = Gallery(similarity_threshold, policy) if gallery is None else gallery
        self._camera_id = camera_id
        self._threshold = similarity_threshold
        self._policy = policy
        self._min_visitor_s = min_visitor_s
        self._stretches: dict[int, list[Stretch]] = {}
        self.unidentified = 0

    @property
    def visitors(self) -> int:
        """Unique visitors so far."""
        return self._gallery.count

    def visitor_of(self, track_id: int, time_s: float | None = None) -> int | None:
        """The visitor on a track at a time, or the last one; None as long as nobody knows."""
        stretches = self._stretches.get(track_id, [])
        if time_s is not None:
            stretches = [stretch for stretch in stretches if stretch.from_s <= time_s]
        return stretches[-1].visitor_id if stretches else None

    def shares(self, track_id: int, from_s: float, to_s: float) -> list[Share]:
        """Who walked how much of a track between two times; parts that nobody is known to have walked are left out."""
        stretches = self._stretches.get(track_id)
        if not stretches:
            return []
        ends_s = [*(stretch.from_s for stretch in stretches[1:]), to_s]
        found: list[Share] = []
        for number, (stretch, end_s) in enumerate(zip(stretches, ends_s, strict=True)):
            # The first stretch begins with the track, though its first sightings may be dated before its birth.
            begin_s = from_s if number == 0 else max(stretch.from_s, from_s)
            seconds = min(end_s, to_s) - begin_s
            if stretch.visitor_id is not None and seconds > 0:
                found.append(Share(stretch.visitor_id, seconds))
        return found

    def forget(self, track_id: int) -> None:
        """Drops what is remembered of a track that ended and was counted."""
        self._stretches.pop(track_id, None)

    def look(self, track: Track, look: LookSet, time_s: float) -> None:
        """Takes a look (a set of one) at a track."""
        if self._is_odd(track, look):
            track.take_odd_look(look, time_s, self._policy)
            if track.odd_looks >= self._policy.change_looks:
                self._end_stretch(track)
        else:
            track.take_look(look, time_s, self._policy)

    def settle(self, track: Track, others: Sequence[Track] = (), *, last_chance: bool = False) -> None:
        """Settles who is on a track that has an id, as far as the looks go; `others` are in the camera's view too."""
        assert track.track_id is not None
        # With looks, somebody is in view as long as a look says so: the box may since have gone on with another.
        sure_s = track.last.stream_time_s if self._threshold is None else track.sure_s
        if track.visitor_id is not None:
            self._gallery.seen(track.visitor_id, sure_s, track.news, self._camera_id)
            track.news = LookSet()
            return
        if track.last.stream_time_s - track.stretch_from_s < self._min_visitor_s:
            return
        enough = self._threshold is None or track.stretch_looks >= max(self._policy.decide_looks, track.asked_looks + 1)
        if enough or last_chance:
            self._identify(track, sure_s, others)
            self.unidentified += last_chance and track.visitor_id is None

    def _is_odd(self, track: Track, look: LookSet) -> bool:
        if self._policy.change is None or self._threshold is None:
            return False
        similarity = look.similarity(track.looks, self._policy)
        return similarity is not None and similarity < self._threshold - self._policy.change

    def _identify(self, track: Track, sure_s: float, others: Sequence[Track] = ()) -> None:
        assert track.track_id is not None
        track.asked_looks = track.stretch_looks
        if self._threshold is not None and not len(track.looks):
            return
        apart = {
            other.visitor_id for other in others if other.visitor_id is not None and _apart(track.last, other.last)
        }
        track.visitor_id = self._gallery.identify(track.looks, track.stretch_from_s, sure_s, self._camera_id, apart)
        if track.visitor_id is not None:
            track.news = LookSet()
            self._stretches.setdefault(track.track_id, []).append(Stretch(track.stretch_from_s, track.visitor_id))

    def _end_stretch(self, track: Track) -> None:
        if track.visitor_id is not None:
            self._gallery.unseen_since(track.visitor_id, track.sure_s, self._camera_id)
        elif track.track_id is not None and track.sure_s - track.stretch_from_s >= self._min_visitor_s:
            self._identify(track, track.sure_s)
            self.unidentified += track.visitor_id is None
        track.begin_stretch()
        if track.track_id is not None:
            self._stretches.setdefault(track.track_id, []).append(Stretch(track.stretch_from_s, None))


def _apart(a: Sighting, b: Sighting) -> bool:
    """True if both were seen in one picture, and their boxes don't touch: they are two people."""
    if a.frame_index != b.frame_index:
        return False
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = a.seen_xyxy_px, b.seen_xyxy_px
    return ax1 < bx0 or bx1 < ax0 or ay1 < by0 or by1 < ay0
