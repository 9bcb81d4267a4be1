"""Media types: which one a client reads, and whether it sends one that is read here."""

from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

_CACHE_SIZE = 64
_HTML = "text/html"


class MediaType(Enum):
    """What an answer is sent as. Where a client does not mind, as the first."""

    JSON = "application/json"
    GRAPHQL = "application/graphql-response+json"


class _AcceptRange(NamedTuple):
    """An entry of an Accept header."""

    name: str
    quality: float
    position: int
    """How far from the end of the header it stands."""

    def get_specificity(self, media_type: MediaType) -> int:
        """How closely it names a media type; 0 if it does not."""
        if self.name == media_type.value:
            return 3
        return {"application/*": 2, "*/*": 1}.get(self.name, 0)


@lru_cache(_CACHE_SIZE)
def negotiate(accept: bytes) -> MediaType | None:
    """The media type that an Accept header likes best, None if it takes neither."""
    return _find_best(list(_parse_accept(accept.decode("latin-1"))))[1]


@lru_cache(_CACHE_SIZE)
def is_html_preferred(accept: bytes) -> bool:
    """Whether an Accept header names HTML, and likes it better than all that the graph answers in."""
    ranges = list(_parse_accept(accept.decode("latin-1")))
    html_quality = max((entry.quality for entry in ranges if entry.name == _HTML), default=0.0)
    return html_quality > _find_best(ranges)[0]


def _find_best(ranges: list[_AcceptRange]) -> tuple[float, MediaType | None]:
    """The media type that is liked best, and how much."""
    best: tuple[float, int, int] = (0, 0, 0)
    chosen = None
    for media_type in MediaType:
        # The entry that names it most closely tells how much it is liked.
        ranks = [(entry.get_specificity(media_type), entry.quality, entry.position) for entry in ranges]
        closeness, quality, place = max(ranks, default=(0, 0, 0))
        if closeness and quality and (quality, closeness, place) > best:
            best, chosen = (quality, closeness, place), media_type
    return best[0], chosen


def _parse_accept(accept: str) -> Iterator[_AcceptRange]:
    for place, entry in enumerate(reversed(accept.split(","))):
        name, parameters = _parse_media_type(entry)
        if parameters.get("charset", "utf-8") != "utf-8":
            continue
        try:
            quality = float(parameters.get("q", "1"))
        except ValueError:
            continue
        if 0 <= quality <= 1:
            yield _AcceptRange(name, quality, place)


@lru_cache(_CACHE_SIZE)
def is_json(content_type: bytes) -> bool:
    """Whether a Content-Type header says JSON in UTF-8."""
    name, parameters = _parse_media_type(content_type.decode("latin-1"))
    return name == MediaType.JSON.value and parameters.get("charset", "utf-8") == "utf-8"


def _parse_media_type(media_type: str) -> tuple[str, dict[str, str]]:
    name, *parameters = (part.strip().lower() for part in media_type.split(";"))
    pairs = (parameter.partition("=") for parameter in parameters)
    return name, {key.strip(): value.strip().strip('"') for key, _, value in pairs}
