"""JSON Lines of resource records, parsed into batches of columns for the table of records."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from gateway.domain import exact_json
from gateway.domain.bounds import Excess, check_size
from gateway.domain.documents import (
    DocumentPath,
    ImportEntry,
    InvalidJson,
    OperatorImportPolicy,
    add_people,
    get_text_or_none,
    is_surely_storable,
    parse_and_encode,
    read_entry,
)
from gateway.domain.enums import ErrorCode
from gateway.domain.ids import is_id
from gateway.domain.lenient_reading import Document
from gateway.domain.records.catalogue import RECORD_COLUMNS, read_record_columns
from gateway.domain.repeated_keys import RepeatedKey
from gateway.domain.unreadable_values import UnreadableValue, find_unreadable_in_record

_PARSED_COLUMNS = ("id", "document", *RECORD_COLUMNS)

ROW_COLUMNS = ("team_id", "integration_id", "version", *_PARSED_COLUMNS)
"""All columns of `gateway.database.tables.ResourceRecord`."""

_MAX_BATCH_BYTES = 1 << 25
"""The maximum size of a batch's lines."""


@dataclass(slots=True)
class IntegrationRecords:
    """The records of one integration, and the users in their audit fields."""

    team_id: str
    integration_id: str
    columns: dict[str, list[Any]] = field(default_factory=dict)
    """The values of each column, in the order of the records. Instants and documents are text.

    A missing `logical_id` is an empty text.
    """
    line_numbers: list[int] = field(default_factory=list)
    """The number of each record's line."""
    people: dict[str, str | None] = field(default_factory=dict)
    """Usernames by user id; see `add_people`."""

    def build_columns(self) -> dict[str, list[Any]]:
        """Return the values of all columns, in the order of `ROW_COLUMNS`."""
        constants = zip(ROW_COLUMNS, (self.team_id, self.integration_id, 1), strict=False)
        return {name: [value] * len(self.line_numbers) for name, value in constants} | self.columns

    def build_entries(self) -> list[ImportEntry]:
        """Return one entry for each record."""
        values = (self.columns[name] for name in ("id", "logical_id", "document"))
        return [
            ImportEntry(cast(Document, exact_json.decode(document)), id, logical_id or None, (number,))
            for number, id, logical_id, document in zip(self.line_numbers, *values, strict=True)
        ]


@dataclass(slots=True)
class RecordBatch:
    """Records of one transaction, and the problems of the lines up to its end.

    In a batch, each `_id` is unique, and each `logicalId` is unique in its integration. So of two lines with the
    same id the later one wins, wherever a batch ends.
    """

    integrations: list[IntegrationRecords] = field(default_factory=list)
    problems: list[tuple[ErrorCode, str, DocumentPath]] = field(default_factory=list)
    warnings: list[Excess | UnreadableValue] = field(default_factory=list)
    """Records that are larger than a mutation would accept, and values that cannot be read."""
    record_count: int = 0
    byte_count: int = 0
    """The size of its lines, faulty ones included."""


class RecordLineParser:
    """Parses the lines of one file into batches of at most `max_records` records.

    `team_id` overrides the team of the records. Problems of a line have its number, from 1 on.
    """

    def __init__(self, max_records: int, team_id: str | None) -> None:
        self._max_records, self._team_id, self._policy = max_records, team_id, OperatorImportPolicy(team_id)
        self._line_number = 0
        self._start_batch()

    def _start_batch(self) -> None:
        self._batch = RecordBatch()
        self._integrations: dict[tuple[str, str], IntegrationRecords] = {}
        self._rows: dict[tuple[str, str], list[Sequence[object]]] = defaultdict(list)
        self._ids: set[str] = set()
        self._logical_ids: set[tuple[str, str]] = set()

    def parse_lines(self, lines: Iterable[bytes], at: datetime) -> Iterator[RecordBatch]:
        """Yield the batches of all lines; the last one may be empty. `at` is now."""
        for line in lines:
            self._line_number += 1
            entry = self._read_entry(line) if line.strip() else None
            key = None if entry is None else self._read_integration_key(entry)
            if entry is not None and key is not None:
                if self._is_full(entry, key):
                    yield self._finish_batch()
                self._add_entry(entry, key, at)
            self._batch.byte_count += len(line)
        yield self._finish_batch()

    def _finish_batch(self) -> RecordBatch:
        batch, integrations, rows = self._batch, self._integrations, self._rows
        for key, records in integrations.items():
            records.columns = dict(zip(_PARSED_COLUMNS, map(list, zip(*rows[key], strict=True)), strict=True))
        batch.integrations = [*integrations.values()]
        self._start_batch()
        return batch

    def _report(self, code: ErrorCode, message: str, *path: str | int) -> None:
        self._batch.problems.append((code, message, path))

    def _read_entry(self, line: bytes) -> ImportEntry | None:
        try:
            value, text = parse_and_encode(line)
        except InvalidJson as error:
            self._report(ErrorCode.INVALID, f"This line is {error}.", self._line_number)
            return None
        except RepeatedKey as error:
            message = "This key stands twice in one object; keep one of them."
            self._report(ErrorCode.INVALID, message, self._line_number, *error.path)
            return None
        if text is not None and not is_surely_storable(text):
            text = None
        return read_entry(value, self._report, self._line_number, text=text)

    def _read_integration_key(self, entry: ImportEntry) -> tuple[str, str] | None:
        """Return the team and the integration of an entry.

        Report the problem and return None if one is missing.
        """
        team_id = self._team_id or get_text_or_none(entry.document.get("teamId")) or ""
        integration_id = get_text_or_none(entry.document.get("integrationId")) or ""
        if (team_id, integration_id) in self._integrations or (is_id(team_id) and is_id(integration_id)):
            return team_id, integration_id
        if is_id(team_id):
            self._report(
                ErrorCode.REQUIRED, "`integrationId` is missing or not an id.", *entry.path, "integrationId"
            )
        else:
            message = "`teamId` is missing or not an id; set the team with --team."
            self._report(ErrorCode.REQUIRED, message, *entry.path, "teamId")
        return None

    def _is_full(self, entry: ImportEntry, key: tuple[str, str]) -> bool:
        """Return whether an entry must begin another batch."""
        return (
            self._batch.record_count == self._max_records
            or self._batch.byte_count > _MAX_BATCH_BYTES
            or entry.id in self._ids
            or (entry.logical_id, key[1]) in self._logical_ids
        )

    def _add_entry(self, entry: ImportEntry, key: tuple[str, str], at: datetime) -> None:
        records = self._integrations.get(key)
        if records is None:
            records = self._integrations[key] = IntegrationRecords(*key)
        document = entry.document if self._team_id is None else self._policy.build_new(entry, entry.id, None)
        text = entry.text if entry.text is not None and document is entry.document else exact_json.encode(document)
        self._batch.warnings += check_size(len(text), self._line_number)
        columns = read_record_columns(document, entry.logical_id or "", at)
        instants_read = (columns["created_at"], columns["updated_at"], columns["start"])
        self._batch.warnings += find_unreadable_in_record(document, (self._line_number,), instants_read)
        self._rows[key].append((entry.id, text.decode(), *columns.values()))
        records.line_numbers.append(self._line_number)
        add_people(document, records.people)
        self._batch.record_count += 1
        self._ids.add(entry.id)
        if entry.logical_id is not None:
            self._logical_ids.add((entry.logical_id, key[1]))
