"""Drawn plots: the same numbers give the same bytes, in both themes, whatever things are called."""

import base64
from collections.abc import Callable

import pytest

from dongsun.eval.report.blocks import Bilingual, Picture
from dongsun.eval.report.charts import (
    Distributions,
    LineTimeline,
    Stratum,
    grouped_bars,
    kept_per_stratum,
    similarity_distributions,
    stage_times,
    timeline,
    training_curves,
)

_WORDS = Bilingual("words", "말")
EVIL = "<script>$x^{2&"
CHARTS: dict[str, Callable[[], Picture]] = {
    "timeline": lambda: timeline((LineTimeline(EVIL, (1.0,), (2.0,), (3.0,)), LineTimeline("out", (), (), ())), (0, 9)),
    "no crossing at all": lambda: timeline((LineTimeline("door, in", (), (), ()),), (0.0, 9.0)),
    "distributions": lambda: similarity_distributions(
        Distributions((-1.0, 0.0, 1.0), (0, 3), (5, 1)), 0.5, (0.4, 0.6), EVIL
    ),
    "no pairs": lambda: similarity_distributions(Distributions((-1.0, 1.0), (0,), (0,)), 0.5, (0.4, 0.6), "nobody"),
    "bars": lambda: grouped_bars(
        ("mAP", EVIL), {EVIL: (0.0, 1.0), "b": (0.5, 0.5), "c": (1.0, 1.0)}, alt="a", caption=_WORDS
    ),
    "curves": lambda: training_curves(
        {"loss": [(1.0, 2.0), (2.0, 1.0)], EVIL: [(1.0, 0.5)]}, caption=_WORDS, label="x"
    ),
    "strata": lambda: kept_per_stratum([Stratum(EVIL, 9, 4), Stratum("b", 3, 3)], EVIL, wide=True),
    "stage times": lambda: stage_times({f"stage {n} {EVIL}": float(n) for n in range(9)}, EVIL),
    "no time at all": lambda: stage_times({"decode": 0.0}, "ms"),
}


@pytest.mark.parametrize("name", CHARTS)
def test_charts_draw_in_both_themes_and_stay_text(name: str) -> None:
    picture = CHARTS[name]()
    for uri in (picture.data_uri, picture.dark_data_uri):
        text = base64.b64decode(uri.partition(",")[2]).decode("utf-8")
        assert text.startswith("<?xml") and "<script" not in text
    assert picture.data_uri != picture.dark_data_uri
    assert picture.alt


def test_same_numbers_give_same_bytes() -> None:
    assert CHARTS["timeline"]() == CHARTS["timeline"]()


def test_a_timeline_says_in_words_what_it_shows() -> None:
    lanes = (LineTimeline("door, in", (1.0, 2.0), (3.0,), ()),)
    assert timeline(lanes, (0.0, 9.0)).alt == "Crossings over time. door, in: 2 right, 1 missed, 0 extra."
