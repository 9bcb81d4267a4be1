"""Origins of pages as browsers send them in `Origin`: scheme, host, and port unless it is the scheme's default."""

import re

_ORIGIN = re.compile(r"https?://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(:[1-9]\d{0,4})?")
_DEFAULT_PORT = re.compile(r"http://.*:80|https://.*:443")


def check_origin(text: str) -> str:
    """Return the origin. Raises ValueError, with the allowed form, if no browser sends such an origin."""
    if _ORIGIN.fullmatch(text) and not _DEFAULT_PORT.fullmatch(text):
        return text
    raise ValueError(
        f"`{text}` is not an origin such as `https://clinic.example` or `http://localhost:3000`: use lower case, "
        "and no path, no trailing slash, no default port and no `*`"
    )
