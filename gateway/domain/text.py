"""Text as people search and sort it."""

import unicodedata

LIKE_ESCAPE = "\\"


def fold(text: str) -> str:
    """The case-folded form that name keys and search texts are stored in; the same on every database."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def escape_like(text: str) -> str:
    """`text` for LIKE with `LIKE_ESCAPE`: `%`, `_` and the backslash stand for themselves."""
    for character in (LIKE_ESCAPE, "%", "_"):
        text = text.replace(character, LIKE_ESCAPE + character)
    return text


def parse_search_words(search: str | None) -> tuple[str, ...]:
    """The folded words of a search; each must occur."""
    return tuple(dict.fromkeys(fold(search or "").split()))
