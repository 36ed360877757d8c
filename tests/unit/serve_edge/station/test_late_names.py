"""Events whose visitor is known only later."""

from dataclasses import dataclass, field

from dongsun.serve_edge.ledger.batch import NamedEvent
from dongsun.serve_edge.pipeline.staff_register import StaffRegister, StaffRules
from dongsun.serve_edge.station.late_names import LateNames


@dataclass
class Names:
    """As far as `People` is asked."""

    of: dict[int, int] = field(default_factory=dict)

    def visitor_of(self, track_id: int, time_s: float | None = None) -> int | None:
        return self.of.get(track_id)


def test_each_event_is_named_once_and_ended_tracks_are_given_up() -> None:
    late, people, staff = LateNames(), Names(), StaffRegister(StaffRules(frozenset({"till"}), zone_s=1.0))
    staff.stayed(70, 2.0)
    for key, track in (("a", 1), ("b", 2), ("c", 2), ("d", 3)):
        late.note(key, track, 5.0)
    assert late.resolve(people, (), staff) == ()
    people.of = {2: 70}
    assert late.resolve(people, (), staff) == (NamedEvent("b", 70, True), NamedEvent("c", 70, True))
    people.of = {1: 71, 2: 70}
    assert late.resolve(people, (1, 3), staff) == (NamedEvent("a", 71, False),)  # named as it ended
    people.of = {3: 72}
    assert late.resolve(people, (), staff) == ()  # its track number may be somebody else's by now


def test_no_more_than_a_thousand_wait() -> None:
    late, people = LateNames(), Names({1: 7})
    for number in range(1_500):
        late.note(str(number), 1, 0.0)
    named = late.resolve(people, (), StaffRegister())
    assert [event.idempotency_key for event in named] == [str(number) for number in range(500, 1_500)]
