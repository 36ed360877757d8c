"""The day's change: drift is said and set right."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from dongsun.contract.clock import ManualClock
from dongsun.serve_edge.ledger.batch import LedgerBatch
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.ledger.ledger_writer import LedgerWriter
from dongsun.serve_edge.ledger.line_balance import LineBalance
from dongsun.serve_edge.pipeline.floor_heat import FloorHeat
from dongsun.serve_edge.pipeline.gallery import Gallery
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy
from dongsun.serve_edge.station.day_keeper import DayKeeper
from dongsun.serve_edge.station.station_settings import RetentionSettings
from tests.unit.serve_edge.station.conftest import NOON, SEOUL, crossing


def test_what_is_left_over_when_the_day_ends_is_said_and_forgotten(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock, retention = ManualClock(NOON), RetentionSettings()
    with Ledger(tmp_path / "ledger.db", SEOUL) as ledger:
        writer = LedgerWriter(ledger, tmp_path, clock, ballast_bytes=0)
        keeper = DayKeeper(ledger, writer, FloorHeat({}), lambda: Gallery(None, GalleryPolicy()), NOON)
        assert keeper.drift == ()
        writer.write(LedgerBatch((crossing(1), crossing(2), crossing(3, "out"))))
        clock.advance(18 * 3600)
        assert keeper.turn(clock.now_utc())
        late = crossing(4).model_copy(update={"crossed_at_utc": NOON + timedelta(hours=17)})
        writer.write(LedgerBatch((late,)))  # a camera's last track ends after the day has turned
        clock.advance(60)
        with caplog.at_level(logging.WARNING):
            keeper.keep_house(clock.now_utc(), retention)
            keeper.keep_house(clock.now_utc(), retention)
        assert keeper.drift == (LineBalance("door", 2, 0),)
        assert caplog.text.count("had drifted at line door: 2 left uncounted, 0 came in uncounted") == 1
        again = DayKeeper(ledger, writer, FloorHeat({}), lambda: Gallery(None, GalleryPolicy()), clock.now_utc())
        assert again.drift == keeper.drift  # a restarted station knows it too
