"""Statements about the numbers of records by type."""

from sqlalchemy import Select, func, select

from gateway.database import ResourceRecord, TypeCount, prepared


@prepared
def select_stored(team_id: str, integration_id: str) -> Select[str, int]:
    """Select the stored numbers of an integration's records: type and number, one row per type."""
    return select(TypeCount.type, TypeCount.record_count).where(
        TypeCount.team_id == team_id, TypeCount.integration_id == integration_id
    )


@prepared
def select_counted(team_id: str, integration_id: str) -> Select[str, int]:
    """Count the records of an integration: type and number, one row per type."""
    return (
        select(ResourceRecord.type, func.count())
        .where(ResourceRecord.team_id == team_id, ResourceRecord.integration_id == integration_id)
        .group_by(ResourceRecord.type)
    )
