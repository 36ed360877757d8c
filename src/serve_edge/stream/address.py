"""A camera's address without its secrets."""

import re

_CREDENTIALS = re.compile(r"://[^/\s]*@")
"""Up to the last @ before the path: passwords hold @ too. No scheme before it: that takes minutes on long words."""


def redacted(text: str) -> str:
    """`text` with `user:password@` of every address in it taken out, for logs, errors and status pages."""
    return _CREDENTIALS.sub("://***@", text)
