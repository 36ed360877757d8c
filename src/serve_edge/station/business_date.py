"""How a business day is asked for."""

from datetime import date, timedelta

from dongsun.contract.errors import DongsunError


def business_date(text: str, today: date) -> date:
    """`today`, `yesterday` or an ISO date.

    Args:
        text: As somebody wrote it.
        today: The business day that it is now.

    Raises:
        DongsunError: It's none of them.
    """
    named = {"today": today, "yesterday": today - timedelta(days=1)}
    if text in named:
        return named[text]
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DongsunError(
            expected="today, yesterday or a date such as 2026-11-20", got=repr(text), where="day", mend="write it so"
        ) from None
