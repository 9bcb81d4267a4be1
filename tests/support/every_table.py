"""A database with rows in every table."""

from sqlalchemy import func, select

from gateway import services
from gateway.database.database import Database
from gateway.database.tables import Base
from gateway.demo.groups import GROUPS
from gateway.domain.audit import AuditAction
from gateway.domain.enums import Permission
from gateway.domain.lenient_reading import Document
from gateway.domain.records import KINDS_BY_MEMBER
from gateway.domain.viewer import Viewer
from gateway.services.resource_records import RecordInput
from tests.support.examples import example
from tests.support.gateway import TEAM, USER
from tests.support.sessions import open_session

APPOINTMENTS: list[Document] = [
    {"source": "web", "bookingStatus": "successful"},
    {"source": "web", "utmSource": "there", "utmCampaign": " Spring ", "bookingStatus": "failed"},
    {"utmCampaign": "long " * 40, "appointmentType": "F/U"},
]


async def fill_every_table(database: Database) -> str:
    """Write rows into every table, and return the id of the integration that they belong to."""
    async with database.write() as session:
        imported = await services.imports.import_as_operator(session, example("export.response"))
        await services.keys.create_key(session, team_id=TEAM, user_id=USER, name="any", permissions=Permission)
        (key,) = await services.keys.list_keys(session, TEAM)
        viewer = Viewer(TEAM, USER, USER, key.id, frozenset(Permission))
        await services.sessions.create_session(session, viewer)
        await services.audit.record(session, viewer, AuditAction.SECRET_READ, "integration any", ["token"])
        await services.resource_records.upsert_resource_records(
            session,
            viewer,
            imported.integration.id,
            [
                RecordInput(KINDS_BY_MEMBER["appointment"], config, logical_id=f"appointment-{number}")
                for number, config in enumerate(APPOINTMENTS)
            ],
        )
        provider = imported.integration.provider
        assert provider is not None
        keyed = services.idempotency.KeyedRequest("any", {"upsert": []}).get_mutation("upsert")
        await services.idempotency.run_once(
            session,
            viewer,
            keyed,
            services.use_case_groups.upsert.UpsertedGroup,
            lambda writer: services.use_case_groups.upsert.upsert_group(writer, viewer, provider, GROUPS[0].input),
        )
    return imported.integration.id


async def count_rows(database: Database) -> dict[str, int]:
    """Return the number of rows of each table."""
    async with open_session(database) as session:
        return {
            table.name: await session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }
