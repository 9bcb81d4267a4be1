"""JSON Lines of resource records, read into batches of what their rows are to hold.

Nothing here asks the database: it can be done by another process while that is at work.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import orjson
from msgspec import Struct, field

from gateway.domain.calendar import instants
from gateway.domain.documents.audit_fields import note_people, text_or_none
from gateway.domain.documents.entries import Entry, Path, read_entry, storable_text
from gateway.domain.documents.import_policy import Operators
from gateway.domain.documents.json_lines import NotJson, parsed
from gateway.domain.enums import ErrorCode
from gateway.domain.ids import is_id
from gateway.domain.records import COLUMNS, record_columns
from gateway.domain.statistics.day_counts import COUNTED

_COLUMNS = ("id", "document", *COLUMNS)

ROW = ("team_id", "integration_id", "version", *_COLUMNS)
"""The columns of a record's row."""

KEPT = ("id", "logical_id", *COUNTED)
"""Those of them that are looked at before the row is written."""

_MOST_BYTES = 1 << 25
"""Of the lines of a batch, however few they are."""


class Home(Struct, array_like=True):
    """Records below one integration, and the users of its team that they name, as `people` does."""

    team_id: str
    integration_id: str
    columns: dict[str, list[Any]] = field(default_factory=dict)
    """Of their rows, all in one order; instants and documents as text. A missing `logical_id` is empty.

    Words of closed sets are sent from one process to another by their spelling.
    """
    numbers: list[int] = field(default_factory=list)
    """Of their lines."""
    people: dict[str, str | None] = field(default_factory=dict)
    copied: bytes = b""
    """All of `rows` as `gateway.database.copy_format` spells it, where that is wanted; `columns` are then those of `KEPT`."""

    def rows(self) -> dict[str, list[Any]]:
        """All columns of their rows, in the order of `ROW`."""
        alike = zip(ROW, (self.team_id, self.integration_id, 1), strict=False)
        return {name: [value] * len(self.numbers) for name, value in alike} | self.columns

    def entries(self, documents: Sequence[str]) -> list[Entry]:
        """The records one by one, whose documents are these."""
        ids, logical_ids = self.columns["id"], self.columns["logical_id"]
        return [
            Entry(orjson.loads(document), id, logical_id or None, (number,))
            for number, id, logical_id, document in zip(self.numbers, ids, logical_ids, documents, strict=True)
        ]


class Batch(Struct, array_like=True):
    """Records that are taken in together, and what is wrong with the lines up to its end.

    No two have the same `_id`, or the same `logicalId` under the same integration, so that of two such lines the
    later one wins wherever batches end.
    """

    homes: list[Home] = field(default_factory=list)
    problems: list[tuple[ErrorCode, str, Path]] = field(default_factory=list)
    length: int = 0
    """How many records there are."""
    size: int = 0
    """The bytes of its lines."""


class RecordLines:
    """Reads lines, which are numbered from `first` on, into batches of at most so many records.

    `team_id` overrides the team that they name. A faulty line is reported by its number.
    """

    def __init__(self, most: int, team_id: str | None, first: int = 1) -> None:
        self._most, self._team_id, self._trust = most, team_id, Operators(team_id)
        self._number = first - 1
        self._begin()

    def _begin(self) -> None:
        self._batch = Batch()
        self._homes: dict[tuple[str, str], Home] = {}
        self._rows: dict[tuple[str, str], list[Sequence[object]]] = defaultdict(list)
        self._ids: set[str] = set()
        self._logical_ids: set[tuple[str, str]] = set()

    def read(self, lines: Iterable[bytes]) -> Iterator[Batch]:
        """The batches that these lines complete."""
        at = instants.now()
        for line in lines:
            self._number += 1
            entry = self._read(line) if line.strip() else None
            home = None if entry is None else self._home_of(entry)
            if entry is not None and home is not None:
                if self._is_full(entry, home):
                    yield self.end()
                self._add(entry, home, at)
            self._batch.size += len(line)

    def end(self) -> Batch:
        """The batch that is not complete; another one begins."""
        batch, homes, rows = self._batch, self._homes, self._rows
        for key, home in homes.items():
            home.columns = dict(zip(_COLUMNS, map(list, zip(*rows[key], strict=True)), strict=True))
        batch.homes = [*homes.values()]
        self._begin()
        return batch

    def _report(self, code: ErrorCode, message: str, *path: str | int) -> None:
        self._batch.problems.append((code, message, path))

    def _read(self, line: bytes) -> Entry | None:
        try:
            value, is_finite = parsed(line)
        except NotJson as error:
            self._report(ErrorCode.INVALID, f"This line is {error}.", self._number)
            return None
        return read_entry(value, self._report, self._number, text=storable_text(value) if is_finite else None)

    def _home_of(self, entry: Entry) -> tuple[str, str] | None:
        """The team and the integration of an entry; None, and it is reported, for one that does not name both."""
        team_id = self._team_id or text_or_none(entry.document.get("teamId")) or ""
        integration_id = text_or_none(entry.document.get("integrationId")) or ""
        if (team_id, integration_id) in self._homes or (is_id(team_id) and is_id(integration_id)):
            return team_id, integration_id
        if is_id(team_id):
            self._report(ErrorCode.REQUIRED, "No integration is named here.", *entry.path, "integrationId")
        else:
            message = "No team is named here: give one with --team."
            self._report(ErrorCode.REQUIRED, message, *entry.path, "teamId")
        return None

    def _is_full(self, entry: Entry, home: tuple[str, str]) -> bool:
        """Whether another batch has to begin with an entry."""
        return (
            self._batch.length == self._most
            or self._batch.size > _MOST_BYTES
            or entry.id in self._ids
            or (entry.logical_id, home[1]) in self._logical_ids
        )

    def _add(self, entry: Entry, key: tuple[str, str], at: datetime) -> None:
        home = self._homes.get(key)
        if home is None:
            home = self._homes[key] = Home(*key)
        document = entry.document if self._team_id is None else self._trust.first(entry, entry.id, None)
        text = entry.text if entry.text is not None and document is entry.document else orjson.dumps(document)
        columns = record_columns(document, entry.logical_id or "", at)
        self._rows[key].append((entry.id, text.decode(), *columns.values()))
        home.numbers.append(self._number)
        note_people(document, home.people)
        self._batch.length += 1
        self._ids.add(entry.id)
        if entry.logical_id is not None:
            self._logical_ids.add((entry.logical_id, key[1]))
