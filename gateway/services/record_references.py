"""The records that other records refer to, such as the patient of an appointment."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gateway import sql
from gateway.database import Reader, ResourceRecord
from gateway.domain import exact_json
from gateway.domain.enums import Permission
from gateway.domain.viewer import Viewer
from gateway.services.access import require_permissions


class ReferenceKey(NamedTuple):
    """A reference to a record of the same integration: `id` is its `_id`, or its id in the source system."""

    team_id: str
    integration_id: str
    type: str
    """The `config.type` of the record."""
    id: str


async def find_by_references(
    reader: Reader, viewer: Viewer, references: Sequence[ReferenceKey]
) -> Mapping[ReferenceKey, ResourceRecord]:
    """Return the records that these references find and that the viewer may see.

    A reference finds the record with this `_id`, else the lowest `_id` among those with this `config.id`. Raises
    Refused (FORBIDDEN) without READ_RECORDS.
    """
    require_permissions(viewer, Permission.READ_RECORDS)
    keys = exact_json.encode([each[1:] for each in references if each.team_id == viewer.team_id]).decode()
    statement = sql.resource_records.select_referenced(viewer, keys)
    rows = await reader.fetch_rows(statement, "integration_id", "type", "source_id")
    by_id, by_source_id = dict[ReferenceKey, ResourceRecord](), dict[ReferenceKey, ResourceRecord]()
    for row in sorted(rows, key=lambda row: row.id, reverse=True):
        reference = ReferenceKey(row.team_id, row.integration_id, row.type, row.id)
        by_id[reference] = row
        if row.source_id is not None:
            by_source_id[reference._replace(id=row.source_id)] = row
    found = by_source_id | by_id
    return {key: found[key] for key in references if key in found}
