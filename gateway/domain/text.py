"""Case folding, patterns of LIKE, and words of a search."""

import unicodedata

LIKE_ESCAPE = "\\"


def fold(text: str) -> str:
    """Return the case-folded text, for sorting and searching.

    SQLite and PostgreSQL would each fold differently.
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def escape_like(text: str) -> str:
    """Return `text` as a literal of LIKE: `LIKE_ESCAPE` escapes `%`, `_` and itself."""
    for character in (LIKE_ESCAPE, "%", "_"):
        text = text.replace(character, LIKE_ESCAPE + character)
    return text


def parse_search_words(search: str | None) -> tuple[str, ...]:
    """Return the distinct case-folded words of a search. A match contains each of them."""
    return tuple(dict.fromkeys(fold(search or "").split()))
