"""Where a page comes from, as browsers say it in `Origin`: scheme, host, and port if not the scheme's own."""

import re

_ORIGIN = re.compile(r"https?://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(:[1-9]\d{0,4})?")
_DEFAULT_PORT = re.compile(r"http://.*:80|https://.*:443")


def check_origin(text: str) -> str:
    """The origin, if browsers would spell one like this. Raises ValueError, whose message says what is allowed."""
    if _ORIGIN.fullmatch(text) and not _DEFAULT_PORT.fullmatch(text):
        return text
    raise ValueError(
        f"`{text}` is no origin as browsers spell it, such as `https://clinic.example` or "
        "`http://localhost:3000`: small letters, no path, no slash at the end, no port where it is the scheme's "
        "own, and no `*`"
    )
