"""Visitors against people."""

from hypothesis import given
from hypothesis import strategies as st

from dongsun.eval.visitor_scores import VisitorScores, score_visitors


def test_a_split_a_merge_a_ghost_and_a_missed_one() -> None:
    shared = {("a", 1): 50, ("a", 2): 20, ("b", 3): 40, ("c", 3): 30, ("c", 1): 5, ("passer", 4): 3}
    scores = score_visitors(shared, {"a": 80, "b": 40, "c": 40, "d": 25, "passer": 3}, 4, least_boxes=10)
    assert (scores.people, scores.visitors) == (4, 4)
    assert (scores.splits, scores.merges, scores.ghosts, scores.missed) == (1, 1, 1, 1)
    assert scores.right_boxes == 50 + 40 + 3
    assert scores.id_f1 == 2 * scores.right_boxes / (185 + 148)
    assert (scores.signed_error, scores.count_error) == (0.0, 0.0)


def test_too_many_here_do_not_make_up_for_too_few_there() -> None:
    over = score_visitors({("a", 1): 20, ("a", 2): 20}, {"a": 40}, 2, least_boxes=10)
    under = score_visitors({("a", 1): 20, ("b", 1): 20}, {"a": 20, "b": 20}, 1, least_boxes=10)
    both = over + under
    assert (both.visitors, both.people, both.signed_error) == (3, 3, 0.0)
    assert both.count_error == 2 / 3


def test_nobody_anywhere() -> None:
    assert score_visitors({}, {}, 0, least_boxes=10) == VisitorScores()


PAIRS = st.dictionaries(st.tuples(st.sampled_from("abcd"), st.integers(1, 5)), st.integers(1, 30))


@given(PAIRS, st.dictionaries(st.sampled_from("abcd"), st.integers(1, 30)))
def test_the_parts_make_up_the_count(shared: dict[tuple[str, int], int], true: dict[str, int]) -> None:
    scores = score_visitors(shared, true, 5, least_boxes=10)
    assert scores.visitors == scores.people - scores.missed + scores.splits - scores.merges + scores.ghosts
    assert min(scores.splits, scores.merges, scores.ghosts, scores.missed) >= 0
    assert scores.right_boxes <= scores.named_boxes
