"""The class of record kinds, the merge of their values, and checks that several kinds share."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from gateway.domain import exact_json
from gateway.domain.bounds import is_blank
from gateway.domain.calendar import instants, timezones
from gateway.domain.enums import ResourceType
from gateway.domain.ids import MAX_ID_LENGTH, is_id
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.statistics import STATISTICS_COLUMNS, Statistics

_INVALID_ID = f"`{{}}` must be an id: 1 to {MAX_ID_LENGTH} visible ASCII characters."
_SLOT_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


DOCUMENT_KEYS: Mapping[str, str] = {
    "sourceId": "id",
    "preferredVisitingReasons": "preferred_visiting_reasons",
}
"""The keys of `config` whose name differs from the GraphQL field, by the field."""


class Fault(NamedTuple):
    """One problem of a `config` in a mutation, and its path."""

    message: str
    path: tuple[str | int, ...]


def build_empty_columns(config: Mapping[str, Json]) -> Mapping[str, object]:  # noqa: ARG001 (the signature of `read_columns`)
    """Return the columns of a record that no statistics count; all are None."""
    return dict.fromkeys(("start", "appointment_type", *STATISTICS_COLUMNS))


def merge_values(values: Document, stored: Document, instant_keys: frozenset[str]) -> Document:
    """Return `stored` with these values; null removes a key, and keys without a value stay.

    An instant in `instant_keys` keeps its stored spelling if it is the same instant. A key that is stored as null
    or as an empty list keeps that value when it is cleared.
    """
    if not stored:
        return {
            key: value if type(value) is str else _merge_new(value)
            for key, value in values.items()
            if value is not None
        }
    result = dict(stored)
    for key, value in values.items():
        before = stored.get(key)
        if value is None:
            if before not in (None, [], {}):
                del result[key]
        elif before is None and isinstance(value, str):
            result[key] = value
        elif isinstance(value, dict):
            result[key] = merge_values(value, before if isinstance(before, dict) else {}, frozenset())
        elif isinstance(value, list):
            result[key] = _merge_entries(value, before if isinstance(before, list) else [])
        elif not (key in instant_keys and is_same_instant(value, before)):
            result[key] = value
    return result


def _merge_new(value: Json) -> Json:
    """Return the result of `merge_values` for a value without a stored one."""
    if isinstance(value, dict):
        return merge_values(value, {}, frozenset())
    return _merge_entries(value, []) if isinstance(value, list) else value


def _merge_entries(values: list[Json], stored: list[Json]) -> list[Json]:
    """Return for each object the stored entry that has all its values, with its other keys, or a new entry."""
    objects = [item for item in stored if isinstance(item, dict)]
    by_keys: dict[tuple[str, ...], dict[bytes, Document]] = {}
    merged: list[Json] = []
    for value in values:
        if not isinstance(value, dict):
            merged.append(value)
            continue
        keys = tuple(sorted(value))
        # Entries are found by an index: comparing each with each would take quadratic time.
        if keys not in by_keys:
            by_keys[keys] = {_encode_values(item, keys): item for item in reversed(objects)}
        found = by_keys[keys].get(_encode_values(value, keys))
        merged.append(merge_values(value, {}, frozenset()) if found is None else found)
    return merged


def _encode_values(item: Document, keys: Sequence[str]) -> bytes:
    """Return the values at these keys as one text. A missing value, null and an empty one are the same."""
    return exact_json.encode([None if item.get(key) in (None, [], {}) else item.get(key) for key in keys])


def is_same_instant(first: Json, second: Json) -> bool:
    """Return whether two texts are the same instant."""
    if not isinstance(first, str) or not isinstance(second, str):
        return False
    return (found := instants.parse_instant(first)) is not None and found == instants.parse_instant(second)


@dataclass(frozen=True, slots=True)
class RecordKind:
    """A kind of resource records."""

    type: ResourceType
    member: str
    """The field of the GraphQL input `ResourceConfigInput`."""
    searched_keys: tuple[str, ...]
    """The keys of `config` that a search covers, beside the document's `_id`."""
    find_faults: Callable[[Document, datetime], Iterable[Fault]]
    """Finds the problems of a `config` in a mutation; the instant is now."""
    read_columns: Callable[[Mapping[str, Json]], Mapping[str, object]] = build_empty_columns
    """Returns the columns that statistics count, for a `config`."""
    instant_keys: frozenset[str] = frozenset()
    """The keys of `config` that are instants."""
    is_referenced: bool = False
    """Whether other records refer to records of this kind, as `patientId` does."""

    def build_config(self, values: Document, stored: Document) -> Document:
        """Return the `config` of these values, merged into `stored`."""
        config: Document = {"type": self.type.value}
        config.update((DOCUMENT_KEYS.get(key, key), value) for key, value in values.items())
        return merge_values(config, stored, self.instant_keys)


def join_searched_keys(keys: Iterable[str], statistics: Statistics) -> tuple[str, ...]:
    """Return the keys and those of the breakdowns, each once."""
    return tuple(dict.fromkeys((*keys, *(breakdown.key for breakdown in statistics.breakdowns))))


def find_blank(values: Mapping[str, Json], *keys: str) -> Iterator[Fault]:
    """Yield a fault for each key with a blank text."""
    for key in keys:
        value = values.get(key)
        if isinstance(value, str) and is_blank(value):
            yield Fault(f"`{key}` must not be blank.", (key,))


def find_invalid_ids(values: Mapping[str, Json], *keys: str) -> Iterator[Fault]:
    """Yield a fault for each key whose value, or an entry of it, is not a valid id."""
    for key in keys:
        value = values.get(key)
        if value is None:
            continue
        if isinstance(value, str) and not is_id(value):
            yield Fault(_INVALID_ID.format(key), (key,))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, str) and not is_id(item):
                    yield Fault(_INVALID_ID.format(key), (key, index))


def find_invalid_timezone(values: Mapping[str, Json], key: str) -> Iterator[Fault]:
    """Yield a fault if the key has a text that is not a time zone."""
    value = values.get(key)
    if isinstance(value, str) and not timezones.is_timezone(value):
        yield Fault(f"`{key}` must be the exact IANA name of a time zone, such as `America/Chicago`.", (key,))


def iterate_objects(values: Mapping[str, Json], key: str) -> Iterator[tuple[int, Document]]:
    """Yield the objects of a list, each with its index."""
    value = values.get(key)
    for index, item in enumerate(value if isinstance(value, list) else []):
        if isinstance(item, dict):
            yield index, item


def find_slot_faults(values: Mapping[str, Json], day: str) -> Iterator[Fault]:
    """Yield the faults of a day's working hours."""
    for index, slot in iterate_objects(values, day):
        start, end = str(slot.get("start")), str(slot.get("end"))
        invalid = [key for key, value in (("start", start), ("end", end)) if not _SLOT_TIME.fullmatch(value)]
        for key in invalid:
            message = f"`{key}` must be a time of day from 00:00 to 23:59, such as `08:30`."
            yield Fault(message, (day, index, key))
        if not invalid and start >= end:
            message = "`end` must be after `start`; use two slots for hours across midnight."
            yield Fault(message, (day, index, "end"))
