"""Random writes of records by each mutation that changes counts."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from gateway.domain.lenient_reading import Document, Json
from gateway.domain.statistics import APPOINTMENT_STATISTICS
from tests.graph.test_record_changes import DELETE, UPSERT
from tests.support.gateway import TEAM, Client, Gateway
from tests.support.importing import IMPORT
from tests.support.integration_operations import DELETE as DELETE_INTEGRATION
from tests.support.integration_operations import UPDATE

CLINIC = "clinic"
ZONES = ("America/Chicago", "America/Goose_Bay", "Asia/Kathmandu", "Pacific/Kiritimati", "UTC")

_TYPES = ("appointments", "appointments", "appointments", "patients", "organizations")
_MEMBERS = {"appointments": "appointment", "patients": "patient", "organizations": "organization"}
_STATES = ("successful", "failed", "pending")
_VISITS = {"NP": "NP", "F_U": "F/U", None: None}
SOURCES: Sequence[str | None] = ("web", "Web", " web ", "x" * 130, "x" * 131, "", None)
INSTANTS: Sequence[str] = (
    *("0001-01-01T00:00:00.000Z", "2010-11-07T02:59:59.999Z", "2010-11-07T03:00:00.000Z"),
    *("2010-11-07T03:00:59.999Z", "2010-11-07T03:01:00.000Z", "2010-11-07T04:00:00.000Z"),
    *("2025-03-09T05:59:59.999Z", "2025-03-09T06:00:00.000Z", "2025-05-31T18:15:00.000Z"),
    "9999-12-31T23:59:59.999Z",
)
_CODES = {"INVALID", "NOT_FOUND"}
"""Codes after a concurrent write: another writer changed the type of a record or deleted it."""


class RandomWrites:
    """Writes drawn by a generator of random numbers."""

    def __init__(
        self,
        client: Client,
        random: Random,
        sources: Sequence[str | None] = SOURCES,
        instants: Sequence[str] = INSTANTS,
    ) -> None:
        self._client, self._random, self._sources, self._instants = client, random, sources, instants

    async def run(self, number: int = 1) -> None:
        """Run this number of writes in sequence."""
        for _ in range(number):
            await self._random.choice(
                (self.upsert, self.upsert, self.delete, self.import_records, self.change_timezone)
            )()

    async def upsert(self, *, dry: bool = False) -> None:
        """Create and change some records."""
        records = [self._build_input(number) for number in self._random.sample(range(20), 5)]
        await self._mutate("upsertResourceRecords", UPSERT, records=records, dry=dry)

    async def delete(self) -> None:
        """Delete some existing records."""
        query = "{ integration(id: %s) { ... on ConnectedIntegration { resourceRecords { nodes { id } } } } }"
        integration = (await self._client.data(query % '"clinic"'))["integration"]
        if integration and (ids := [node["id"] for node in integration["resourceRecords"]["nodes"]]):
            some = self._random.sample(ids, min(len(ids), 3))
            await self._mutate("deleteResourceRecords", DELETE, ids=some)

    async def import_records(self, mode: str | None = None, *, dry: bool = False) -> None:
        """Import some records, which may change their type; REPLACE deletes the others."""
        mode = mode or self._random.choice(("MERGE", "MERGE", "REPLACE"))
        await self._mutate("importIntegration", IMPORT, document=self.document(), mode=mode, dryRun=dry)

    async def change_timezone(self) -> None:
        """Change the time zone of the clinic."""
        input = {"connected": {"timezone": self._random.choice(ZONES)}}
        await self._mutate("updateIntegration", UPDATE, id=CLINIC, input=input)

    async def delete_integration(self) -> None:
        """Delete the clinic."""
        await self._mutate("deleteIntegration", DELETE_INTEGRATION, id=CLINIC)

    def document(self) -> Document:
        """Return an export document with some records."""
        records: list[Json] = [self.record(number) for number in self._random.sample(range(20), 6)]
        config: Document = {"provider": "google", "authType": "oauth"}
        integration: Document = {"_id": CLINIC, "logicalId": f"integration_{CLINIC}", "name": CLINIC}
        integration |= {"config": config, "access": "team", "timezone": self._random.choice(ZONES)}
        return {"integration": integration, "use_cases": [], "resource_records": records}

    def record(self, number: int) -> Document:
        """Return a record of an export document or of JSON Lines."""
        choice = self._random.choice
        config: Document = {"type": choice((*_TYPES, "device")), "bookingStatus": choice((*_STATES, "lost", None))}
        config |= {
            **{breakdown.key: choice(self._sources) for breakdown in APPOINTMENT_STATISTICS.breakdowns},
            "firstName": "A",
            "name": "B",
        }
        config |= {"appointmentType": choice([*_VISITS.values()]), "patientName": "Everybody"}
        config |= {"start": choice((*self._instants, "<string>", None))}
        return {
            "_id": f"{number:024x}",
            "logicalId": f"r{number}",
            "integrationId": CLINIC,
            "teamId": TEAM,
            "createdAt": choice(self._instants),
            "config": config,
        }

    def _build_input(self, number: int) -> Document:
        choice = self._random.choice
        type_ = _TYPES[number % len(_TYPES)]
        config: Document = {"source": choice(self._sources), "bookingStatus": choice(_STATES).upper()}
        if type_ == "appointments":
            config |= {"appointmentType": choice([*_VISITS]), "utmSource": choice(self._sources)}
            config |= {"patientName": "Everybody", "start": choice((*self._instants, None))}
        elif type_ == "patients":
            config |= {"firstName": "A", "lastName": "B"}
        else:
            config = {"name": choice(("A", "B"))}
        given: Document = {"logicalId": f"r{number}", "config": {_MEMBERS[type_]: config}}
        return given | {"createdAt": choice(self._instants)} if choice((True, False)) else given

    async def _mutate(self, name: str, mutation: str, **variables: object) -> None:
        payload: Mapping[str, Any] = (await self._client.data(mutation, **variables))[name]
        codes = {error["code"] for error in payload["errors"]}
        assert codes <= _CODES, payload["errors"]


async def create_writes(gateway: Gateway, seed: int) -> RandomWrites:
    """Create random writes with this seed, by a client with all permissions."""
    return RandomWrites(await gateway.client(), Random(seed))
