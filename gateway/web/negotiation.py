"""Choose the media type of a response from `Accept`, and check the media type of a body.

We parse `Accept` ourselves. `python-mimeparse` compares types case-sensitively, ignores `charset` and the order of
equal entries, which GraphQL over HTTP suggests to respect, and has no type annotations. Werkzeug is a framework.
"""

import re
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from starlette.types import Scope

_CACHE_SIZE = 64
_HTML = "text/html"
_UTF_8_NAMES = ("", "utf-8", "utf8")
"""What clients write for UTF-8; JSON has no other encoding, so it needs no name."""
_ENTRIES = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
"""Entries separated by commas, which may also stand in a quoted parameter."""
_PARTS = re.compile(r'(?:^|;)((?:[^;"]|"(?:[^"\\]|\\.)*"?)*)')


class MediaType(Enum):
    """The media types of responses. The first is the default."""

    JSON = "application/json"
    GRAPHQL = "application/graphql-response+json"


class _AcceptRange(NamedTuple):
    """An entry of an `Accept` header."""

    name: str
    quality: float
    position: int
    """The number of entries after this one."""

    def get_specificity(self, media_type: MediaType) -> int:
        """Return how specifically the entry matches a media type, from 1 to 3; 0 if it does not match."""
        if self.name == media_type.value:
            return 3
        return {"application/*": 2, "*/*": 1}.get(self.name, 0)


@lru_cache(_CACHE_SIZE)
def negotiate(accept: bytes) -> MediaType | None:
    """Return the media type that an `Accept` header prefers, or None if it excludes both."""
    return _find_best(list(_parse_accept(accept.decode("latin-1"))))[1]


@lru_cache(_CACHE_SIZE)
def is_html_preferred(accept: bytes) -> bool:
    """Return whether an `Accept` header names HTML, and prefers it to the media types of GraphQL."""
    ranges = list(_parse_accept(accept.decode("latin-1")))
    html_quality = max((entry.quality for entry in ranges if entry.name == _HTML), default=0.0)
    return html_quality > _find_best(ranges)[0]


def wants_page(scope: Scope) -> bool:
    """Return whether a request is that of a browser which opens a page."""
    accepts = (value for name, value in scope["headers"] if name == b"accept")
    return scope["method"] in ("GET", "HEAD") and any(map(is_html_preferred, accepts))


@lru_cache(_CACHE_SIZE)
def is_gzip_accepted(accept_encoding: bytes) -> bool:
    """Return whether an `Accept-Encoding` header allows gzip."""
    qualities = {entry.name: entry.quality for entry in _parse_accept(accept_encoding.decode("latin-1"))}
    return qualities.get("gzip", qualities.get("*", 0.0)) > 0


def _find_best(ranges: list[_AcceptRange]) -> tuple[float, MediaType | None]:
    """Return the quality of the preferred media type, and that type."""
    best: tuple[float, int, int] = (0, 0, 0)
    chosen = None
    for media_type in MediaType:
        # The most specific entry has the quality that applies.
        ranks = [(entry.get_specificity(media_type), entry.quality, entry.position) for entry in ranges]
        specificity, quality, position = max(ranks, default=(0, 0, 0))
        if specificity and quality and (quality, specificity, position) > best:
            best, chosen = (quality, specificity, position), media_type
    return best[0], chosen


def _parse_accept(accept: str) -> Iterator[_AcceptRange]:
    for position, entry in enumerate(reversed(_ENTRIES.findall(accept))):
        name, parameters = _parse_media_type(entry)
        if parameters.get("charset", "") not in _UTF_8_NAMES:
            continue
        try:
            quality = float(parameters.get("q", "1"))
        except ValueError:
            continue
        if 0 <= quality <= 1:
            yield _AcceptRange(name, quality, position)


@lru_cache(_CACHE_SIZE)
def is_json(content_type: bytes) -> bool:
    """Return whether a `Content-Type` header means JSON in UTF-8."""
    name, parameters = _parse_media_type(content_type.decode("latin-1"))
    return name == MediaType.JSON.value and parameters.get("charset", "") in _UTF_8_NAMES


def _parse_media_type(media_type: str) -> tuple[str, dict[str, str]]:
    """Return the name and the parameters of a media type, all in lower case and without quotes."""
    name, *parameters = (part.strip().lower() for part in _PARTS.findall(media_type))
    pairs = (parameter.partition("=") for parameter in parameters)
    return name, {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}
