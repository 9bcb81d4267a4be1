"""The parameters `sort` and `fields` of `integrations.list`."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias, Union

from gateway.domain.lenient_reading import Document, Json
from gateway.domain.paging import SortKey
from gateway.rest.webhook_conditions import ParameterInvalid, list_names, shorten

_Paths: TypeAlias = dict[str, Union["_Paths", None]]
"""The keys at which paths begin, each with what follows; None at the end of a path."""

_SORT_COLUMNS: Mapping[str, str] = {
    "_id": "id",
    "name": "name_key",
    "username": "username_key",
    "type": "kind",
    "enabled": "enabled",
    "channel": "channels",
    "event": "event",
    "urls": "urls",
    "userId": "user_id",
    "_createdAt": "created_at",
    "_updatedAt": "updated_at",
}

DEFAULT_SORT = (SortKey("updated_at", descending=True),)


def parse_sort(sort: Json) -> Sequence[SortKey]:
    """Return these keys of an order, 1 for ascending and -1 for descending. Raises ParameterInvalid."""
    if not isinstance(sort, dict):
        raise ParameterInvalid("`sort` takes a JSON object")
    keys = []
    for key, direction in sort.items():
        if key not in _SORT_COLUMNS:
            raise ParameterInvalid(f"`{shorten(key)}` is no key to sort by; use {list_names(_SORT_COLUMNS)}")
        keys.append(SortKey(_SORT_COLUMNS[key], descending=_parse_number(key, direction, (1, -1)) == -1))
    return keys or DEFAULT_SORT


def _parse_number(key: str, value: Json, allowed: tuple[int, int]) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
        raise ParameterInvalid(f"`{shorten(key)}` takes {allowed[0]} or {allowed[1]}")
    return value


class Projection:
    """Which parts of a document are shown, as MongoDB's projections say it.

    Of a list, the parts of each object are shown.
    """

    def __init__(self, fields: Json) -> None:
        """Parse paths with 1 to show only them, or with 0 to hide them. Raises ParameterInvalid."""
        if not isinstance(fields, dict):
            raise ParameterInvalid("`fields` takes a JSON object")
        numbers = {path: _parse_number(path, value, (1, 0)) for path, value in fields.items()}
        shows_id = numbers.pop("_id", None)
        if len({*numbers.values()}) > 1:
            raise ParameterInvalid("`fields` takes 1 for each path, or 0 for each; only `_id` may differ")
        self._is_inclusive = 1 in numbers.values() or (not numbers and shows_id == 1)
        if (shows_id != 0) == self._is_inclusive:
            numbers["_id"] = 1
        self._paths = _build_paths(numbers)

    def apply(self, document: Document) -> Document:
        """Return the document with the parts that are shown, in its own order."""
        return _include(document, self._paths) if self._is_inclusive else _exclude(document, self._paths)


def _build_paths(paths: Mapping[str, int]) -> _Paths:
    found: _Paths = {}
    for path in paths:
        keys = path.split(".")
        if not all(keys) or any(key.startswith("$") for key in keys):
            raise ParameterInvalid(f"`{shorten(path)}` is no path; write keys with a dot between them")
        *outer, last = keys
        level = found
        for key in outer:
            inner = level.setdefault(key, {})
            if inner is None:
                break
            level = inner
        else:
            if last not in level:
                level[last] = None
                continue
        raise ParameterInvalid(f"`{shorten(path)}` is a part of another path, or contains it; use one of them")
    return found


def _include(document: Document, paths: _Paths) -> Document:
    shown: Document = {}
    for key, value in document.items():
        if key not in paths:
            continue
        inner = paths[key]
        if inner is None:
            shown[key] = value
        elif isinstance(value, dict):
            shown[key] = _include(value, inner)
        elif isinstance(value, list):
            shown[key] = [_include(item, inner) for item in value if isinstance(item, dict)]
    return shown


def _exclude(document: Document, paths: _Paths) -> Document:
    shown: Document = {}
    for key, value in document.items():
        inner = paths.get(key, {})
        if inner is None:
            continue
        if isinstance(value, dict):
            shown[key] = _exclude(value, inner)
        elif isinstance(value, list):
            shown[key] = [_exclude(item, inner) if isinstance(item, dict) else item for item in value]
        else:
            shown[key] = value
    return shown
