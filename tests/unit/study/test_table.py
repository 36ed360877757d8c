import csv
import io

import pytest

from dongsun.study.table import csv_text, markdown_table, spread


@pytest.mark.parametrize(
    ("values", "said"),
    [([0.5], "50.0"), ([0.4, 0.6], "50.0 ± 14.1"), ([0.5, 0.5, 0.5], "50.0 ± 0.0")],
)
def test_mean_and_spread(values: list[float], said: str) -> None:
    assert spread(values).said(100) == said


def test_rows_may_differ_in_columns() -> None:
    text = csv_text([{"name": "a", "x": 1.0}, {"name": "b, c", "y": 2.0}])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows == [{"name": "a", "x": "1.0", "y": ""}, {"name": "b, c", "x": "", "y": "2.0"}]


def test_markdown() -> None:
    assert markdown_table(["n", "x"], [["a", "1"]]) == "| n | x |\n| --- | ---: |\n| a | 1 |\n"
