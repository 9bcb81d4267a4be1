"""Type counts: the numbers of an integration's records by type, which lists show without counting the records.

Every write of records updates them. Callers that write counts have locked the integration: see
`gateway.services.integrations.lock_integration`.
"""

from collections.abc import Mapping, Sequence

from gateway import sql
from gateway.database import Reader, TypeCount, Writer
from gateway.domain.statistics import TypeDifference

_COLUMNS = ("team_id", "integration_id", "type", "record_count")


async def add_counts(writer: Writer, team_id: str, integration_id: str, changes: Mapping[str, int]) -> None:
    """Add these changes to the numbers of records by type. Numbers that become zero are deleted."""
    rows = [(team_id, integration_id, type_, number) for type_, number in sorted(changes.items()) if number]
    await writer.increment_rows(TypeCount, _COLUMNS, rows)


async def find_differences(reader: Reader, team_id: str, integration_id: str) -> Sequence[TypeDifference]:
    """Count the records of an integration by type, and return the stored numbers that differ, sorted by type."""
    stored = dict(await reader.fetch_tuples(sql.type_counts.select_stored(team_id, integration_id)))
    counted = dict(await reader.fetch_tuples(sql.type_counts.select_counted(team_id, integration_id)))
    return [
        TypeDifference(type_, stored.get(type_), counted.get(type_))
        for type_ in sorted({*stored, *counted})
        if stored.get(type_) != counted.get(type_)
    ]


async def correct_counts(writer: Writer, team_id: str, integration_id: str) -> Sequence[TypeDifference]:
    """Replace stored numbers that differ from the records, and return the differences."""
    differences = await find_differences(writer, team_id, integration_id)
    key = {"team_id": team_id, "integration_id": integration_id}
    await writer.delete_rows(TypeCount, [{**key, "type": each.type} for each in differences])
    counted = [each for each in differences if each.counted is not None]
    await writer.insert_rows(
        TypeCount, [{**key, "type": each.type, "record_count": each.counted} for each in counted]
    )
    return differences
