"""How many people are beyond each line, by its crossings: never less than nobody, and wrong openly."""

from dataclasses import dataclass
from datetime import date

from dongsun.serve_edge.ledger.ledger import Ledger

_RUNNING = """
SELECT line_id, sum(step), min(running) FROM (
  SELECT line_id, CASE direction WHEN 'in' THEN 1 ELSE -1 END AS step,
         sum(CASE direction WHEN 'in' THEN 1 ELSE -1 END)
           OVER (PARTITION BY line_id ORDER BY crossed_at_utc, idempotency_key) AS running
  FROM crossings WHERE business_day = ?)
GROUP BY line_id ORDER BY line_id"""


@dataclass(frozen=True)
class LineBalance:
    """A line's comings and goings since the business day began with nobody inside; staff included.

    Both numbers tell how far the count has drifted: an entry was missed for each of `never_came_in`, and who is still
    `inside` when the shop is empty left uncounted. The next day begins with nobody again.

    Attributes:
        line_id: Of the store file.
        inside: In less out, and the missed entries; never below zero.
        never_came_in: At least so many went out whom nobody had seen come in.
    """

    line_id: str
    inside: int
    never_came_in: int


def line_balances(ledger: Ledger, day: date) -> tuple[LineBalance, ...]:
    """Of every line that was crossed on that business day."""
    return tuple(
        LineBalance(line_id, net + max(0, -least), max(0, -least))
        for line_id, net, least in ledger.rows(_RUNNING, (str(day),))
    )
