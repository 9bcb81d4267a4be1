"""What a kind of resource record says of itself, and what its entries have in common."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from gateway.domain.calendar import instants, timezones
from gateway.domain.enums import ResourceType
from gateway.domain.ids import MAX_ID_LENGTH, is_id
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.statistics import STATISTICS_COLUMNS, Statistics

_INVALID_ID = f"`{{}}` must be an id: 1 to {MAX_ID_LENGTH} visible ASCII characters."
_SLOT_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


class Fault(NamedTuple):
    """One thing that is wrong with what was given, and where."""

    message: str
    path: tuple[str | int, ...]


def build_empty_columns(config: Mapping[str, Json]) -> Mapping[str, object]:  # noqa: ARG001 (as others of its kind)
    """The columns of a record that no statistics count."""
    return dict.fromkeys(("start", "appointment_type", *STATISTICS_COLUMNS))


def merge_values(values: Document, stored: Document, instant_keys: frozenset[str]) -> Document:
    """`stored` saying what is given: null clears a key, and what is unknown here, or says the same, stays.

    Clearing leaves a key out; one that is already stored as null or as an empty list stays that way.
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
            result[key] = [_merge_entry(item, before if isinstance(before, list) else []) for item in value]
        elif not (key in instant_keys and is_same_instant(value, before)):
            result[key] = value
    return result


def _merge_new(value: Json) -> Json:
    """What `merged` makes of a value where nothing is stored."""
    if isinstance(value, dict):
        return merge_values(value, {}, frozenset())
    return [_merge_entry(item, []) for item in value] if isinstance(value, list) else value


def _merge_entry(value: Json, stored: list[Json]) -> Json:
    """An entry of a list: the stored one that says the same, with what else that holds, or a new one."""
    if not isinstance(value, dict):
        return value
    for item in stored:
        if isinstance(item, dict) and merge_values(value, item, frozenset()) == item:
            return item
    return merge_values(value, {}, frozenset())


def is_same_instant(one: Json, other: Json) -> bool:
    """Whether two texts are spellings of one instant."""
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    return (found := instants.parse_instant(one)) is not None and found == instants.parse_instant(other)


@dataclass(frozen=True, slots=True)
class RecordKind:
    """A kind of resource record.

    `member` names it in the graph's input. `searched` are the keys of `config` whose text is searched, beside
    the document's `_id`. `faults` finds what is wrong with a given config, at an instant. `columns` are those
    that statistics read. `odd_spellings` are keys that the document spells unlike the graph.
    """

    type: ResourceType
    member: str
    searched_keys: tuple[str, ...]
    find_faults: Callable[[Document, datetime], Iterable[Fault]]
    read_columns: Callable[[Mapping[str, Json]], Mapping[str, object]] = build_empty_columns
    instant_keys: frozenset[str] = frozenset()
    document_keys: Mapping[str, str] = field(default_factory=dict)

    def build_config(self, values: Document, stored: Document) -> Document:
        """The document's `config` that says what is given, with what `stored` holds beyond that."""
        if self.document_keys:
            values = {self.document_keys.get(key, key): value for key, value in values.items()}
        return merge_values({"type": self.type.value, **values}, stored, self.instant_keys)


def join_searched_keys(keys: Iterable[str], statistics: Statistics) -> tuple[str, ...]:
    """Return the keys and those of the breakdowns, each once."""
    return tuple(dict.fromkeys((*keys, *(breakdown.key for breakdown in statistics.breakdowns))))


def find_blank(values: Mapping[str, Json], *keys: str) -> Iterator[Fault]:
    """Those of these texts that are given and hold nothing to read."""
    for key in keys:
        value = values.get(key)
        if isinstance(value, str) and not value.strip():
            yield Fault(f"`{key}` must not be blank.", (key,))


def find_invalid_ids(values: Mapping[str, Json], *keys: str) -> Iterator[Fault]:
    """Those of these references, or lists of them, that are given and are no ids."""
    for key in keys:
        value = values.get(key)
        if value is None:
            continue
        if isinstance(value, str) and not is_id(value):
            yield Fault(_INVALID_ID.format(key), (key,))
        elif isinstance(value, list):
            for place, item in enumerate(value):
                if isinstance(item, str) and not is_id(item):
                    yield Fault(_INVALID_ID.format(key), (key, place))


def find_invalid_timezone(values: Mapping[str, Json], key: str) -> Iterator[Fault]:
    """The zone under this key, if it is given and there is none of that name."""
    value = values.get(key)
    if isinstance(value, str) and not timezones.is_timezone(value):
        yield Fault(
            f"`{key}` must be the IANA name of a time zone in its own spelling, such as `America/Chicago`.", (key,)
        )


def iterate_objects(values: Mapping[str, Json], key: str) -> Iterator[tuple[int, Document]]:
    """The objects of a given list, each with its place."""
    value = values.get(key)
    for place, item in enumerate(value if isinstance(value, list) else []):
        if isinstance(item, dict):
            yield place, item


def find_slot_faults(values: Mapping[str, Json], day: str) -> Iterator[Fault]:
    """What is wrong with the working hours of a day."""
    for place, slot in iterate_objects(values, day):
        start, end = str(slot.get("start")), str(slot.get("end"))
        faulty = [key for key, value in (("start", start), ("end", end)) if not _SLOT_TIME.fullmatch(value)]
        for key in faulty:
            message = f"`{key}` must be a time of day from 00:00 to 23:59, such as `08:30`."
            yield Fault(message, (day, place, key))
        if not faulty and start >= end:
            message = "`end` must be after `start`; hours across midnight are two slots on two days."
            yield Fault(message, (day, place, "end"))
