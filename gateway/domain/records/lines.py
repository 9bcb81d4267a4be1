"""JSON Lines of resource records, parsed into batches of columns for the table of records."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias, cast

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

_MAX_PENDING_RECORDS = 50_000
_MAX_PENDING_BYTES = 1 << 25
"""The maximum number of parsed records that wait for a batch, and the maximum size of their lines.

The more of them, the more records of an integration, and of its days, a batch has: see `RecordLineParser`.
"""

_Key: TypeAlias = tuple[str, str]
"""The team and the integration of records."""


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
    warnings: list[Excess | UnreadableValue] = field(default_factory=list)
    """Records that are larger than a mutation would accept, and values that cannot be read."""

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
    """Records of one transaction, and the problems of the lines that were read since the batch before.

    In a batch, each `_id` is unique, and each `logicalId` is unique in its integration.
    """

    integrations: list[IntegrationRecords] = field(default_factory=list)
    problems: list[tuple[ErrorCode, str, DocumentPath]] = field(default_factory=list)
    record_count: int = 0
    byte_count: int = 0
    """The size of the lines that were read since the batch before, faulty ones included."""


@dataclass(slots=True)
class _PendingRecords:
    """Parsed records of one integration that wait for a batch."""

    records: IntegrationRecords
    rows: list[Sequence[object]] = field(default_factory=list)
    """The values of each record in `_PARSED_COLUMNS`; the first is its id."""
    logical_ids: set[str] = field(default_factory=set)
    byte_count: int = 0


class RecordLineParser:
    """Parses the lines of one file into batches of at most `max_records` records.

    `team_id` overrides the team of the records. Problems of a line have its number, from 1 on.

    A batch has all pending records of the integrations that have most of them, so that few integrations and days
    are written again and again. The records of an integration stay in the order of their lines. Of two lines with
    the same id, the earlier one is in an earlier batch, so the later one wins.
    """

    def __init__(self, max_records: int, team_id: str | None) -> None:
        self._max_records, self._team_id, self._policy = max_records, team_id, OperatorImportPolicy(team_id)
        self._line_number = 0
        self._batch = RecordBatch()
        self._pending: dict[_Key, _PendingRecords] = {}
        self._pending_bytes = 0
        self._keys_by_id: dict[str, _Key] = {}

    def parse_lines(self, lines: Iterable[bytes], at: datetime) -> Iterator[RecordBatch]:
        """Yield the batches of all lines; the last one has no records if only faulty lines follow. `at` is now."""
        for line in lines:
            self._line_number += 1
            self._batch.byte_count += len(line)
            entry = self._read_entry(line) if line.strip() else None
            key = None if entry is None else self._read_integration_key(entry)
            if entry is not None and key is not None:
                while (due := self._find_due(entry, key)) is not None:
                    yield self._finish_batch(due)
                self._add_entry(entry, key, at, len(line))
        while self._pending:
            yield self._finish_batch(self._find_largest())
        if self._batch.byte_count:
            yield self._batch

    def _find_due(self, entry: ImportEntry, key: _Key) -> _Key | None:
        """Return an integration whose pending records must be in a batch before an entry is added."""
        if entry.id in self._keys_by_id:
            return self._keys_by_id[entry.id]
        pending = self._pending.get(key)
        if pending and (len(pending.rows) == self._max_records or entry.logical_id in pending.logical_ids):
            return key
        is_full = len(self._keys_by_id) >= _MAX_PENDING_RECORDS or self._pending_bytes > _MAX_PENDING_BYTES
        return self._find_largest() if is_full else None

    def _find_largest(self) -> _Key:
        return max(self._pending, key=self._count_pending)

    def _count_pending(self, key: _Key) -> int:
        return len(self._pending[key].rows)

    def _finish_batch(self, first: _Key) -> RecordBatch:
        """Return a batch of the records of an integration, and of others that have most of them."""
        batch, self._batch = self._batch, RecordBatch()
        largest = sorted(self._pending, key=self._count_pending, reverse=True)
        for key in (first, *(key for key in largest if key != first)):
            if batch.record_count + self._count_pending(key) > self._max_records:
                break
            pending = self._pending.pop(key)
            for id, *_ in pending.rows:
                del self._keys_by_id[cast(str, id)]
            self._pending_bytes -= pending.byte_count
            columns = map(list, zip(*pending.rows, strict=True))
            pending.records.columns = dict(zip(_PARSED_COLUMNS, columns, strict=True))
            batch.integrations.append(pending.records)
            batch.record_count += len(pending.rows)
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

    def _read_integration_key(self, entry: ImportEntry) -> _Key | None:
        """Return the team and the integration of an entry.

        Report the problem and return None if one is missing.
        """
        team_id = self._team_id or get_text_or_none(entry.document.get("teamId")) or ""
        integration_id = get_text_or_none(entry.document.get("integrationId")) or ""
        if (team_id, integration_id) in self._pending or (is_id(team_id) and is_id(integration_id)):
            return team_id, integration_id
        if is_id(team_id):
            self._report(
                ErrorCode.REQUIRED, "`integrationId` is missing or not an id.", *entry.path, "integrationId"
            )
        else:
            message = "`teamId` is missing or not an id; set the team with --team."
            self._report(ErrorCode.REQUIRED, message, *entry.path, "teamId")
        return None

    def _add_entry(self, entry: ImportEntry, key: _Key, at: datetime, byte_count: int) -> None:
        pending = self._pending.get(key)
        if pending is None:
            pending = self._pending[key] = _PendingRecords(IntegrationRecords(*key))
        records = pending.records
        document = entry.document if self._team_id is None else self._policy.build_new(entry, entry.id, None)
        text = entry.text if entry.text is not None and document is entry.document else exact_json.encode(document)
        records.warnings += check_size(len(text), self._line_number)
        columns = read_record_columns(document, entry.logical_id or "", at)
        instants_read = (columns["created_at"], columns["updated_at"], columns["start"])
        records.warnings += find_unreadable_in_record(document, (self._line_number,), instants_read)
        records.line_numbers.append(self._line_number)
        add_people(document, records.people)
        pending.rows.append((entry.id, text.decode(), *columns.values()))
        pending.byte_count += byte_count
        if entry.logical_id is not None:
            pending.logical_ids.add(entry.logical_id)
        self._pending_bytes += byte_count
        self._keys_by_id[entry.id] = key
