"""A camera's address without its secrets."""

import re

_CREDENTIALS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/@\s]*@", re.IGNORECASE)


def redacted(text: str) -> str:
    """`text` with `user:password@` of every address in it taken out, for logs, errors and status pages."""
    return _CREDENTIALS.sub(r"\g<scheme>***@", text)
