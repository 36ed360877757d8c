"""The one error a user can mend: what was expected, what was got, where, and how to mend it."""


class DongsunError(Exception):
    """Bad input, stated so that the reader can act on it.

    Args:
        expected: What the code needed.
        got: What it found instead.
        where: File, line, setting or stream in which it was found.
        mend: What the user can do about it.

    Attributes:
        exit_code: With which a front door ends.
    """

    exit_code: int = 2

    def __init__(self, *, expected: str, got: str, where: str, mend: str) -> None:
        super().__init__(expected, got, where, mend)
        self.expected = expected
        self.got = got
        self.where = where
        self.mend = mend

    def __str__(self) -> str:
        return f"expected {self.expected}\n  got:   {self.got}\n  where: {self.where}\n  mend:  {self.mend}"

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling that process pools use.
        return (_rebuild, (self.expected, self.got, self.where, self.mend))


def _rebuild(expected: str, got: str, where: str, mend: str) -> DongsunError:
    return DongsunError(expected=expected, got=got, where=where, mend=mend)
