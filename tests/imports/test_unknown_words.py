"""Words that no enum knows, in each key of a document that an enum reads."""

import asyncio
from typing import Any, NamedTuple

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
)

from gateway import services
from gateway.domain.records.catalogue import RECORD_KINDS
from gateway.execution import DocumentField
from gateway.schema import schema
from tests.support.gateway import TEAM, USER, Gateway, serve_gateway
from tests.support.import_command import Run, write

WORD = "never-heard"
AT = "2025-03-09T12:00:00.000Z"

NARROWEST = {
    "Status": "INACTIVE",
    "BookingStatus": "PENDING",
    "IntegrationAccess": "PERSONAL",
    # The whole schedule is null.
    "ScheduleField": None,
}
"""What an unknown word reads as where the field cannot be null and the enum has no OTHER."""

COLUMN_KEYS = {
    "ConnectedIntegration.access": "access",
    "ConnectedIntegration.status": "status",
    "OutgoingWebhook.event": "event",
    "UseCaseConfig.type": "type",
}
"""The key of the document behind each enum field that reads a column or the whole document."""

DERIVED = {"tokenState", "key", "kind"}
"""The names of enum fields that no word of a document determines alone."""


class Case(NamedTuple):
    """An object of a document with unknown words, the fields that read them, and the expected answer."""

    document: dict[str, Any]
    selection: str
    readings: dict[str, Any]


def build_case(type_: GraphQLObjectType) -> Case:
    """Return the case of all enum fields of a type, and of the objects of the document below it."""
    document: dict[str, Any] = {}
    readings: dict[str, Any] = {}
    selection: list[str] = []
    for name, definition in type_.fields.items():
        field, coordinate = definition.extensions["strawberry-definition"], f"{type_.name}.{name}"
        key = field.key if isinstance(field, DocumentField) else COLUMN_KEYS.get(coordinate)
        named = get_named_type(definition.type)
        is_list = isinstance(get_nullable_type(definition.type), GraphQLList)
        if isinstance(named, GraphQLEnumType) and name not in DERIVED:
            assert key is not None, f"Which key of the document fills {coordinate}?"
            document[key] = [WORD] if is_list else WORD
            readings[name] = [] if is_list else expect_reading(definition.type, named)
            selection.append(name)
        elif isinstance(named, GraphQLObjectType) and isinstance(field, DocumentField):
            below = build_case(named)
            if below.selection:
                document[field.key] = [below.document] if is_list else below.document
                # A schedule of an unknown kind reads as no schedule.
                reading = None if named.name == "Schedule" else below.readings
                readings[name] = [reading] if is_list else reading
                selection.append(f"{name} {{ {below.selection} }}")
    return Case(document, " ".join(selection), readings)


def expect_reading(type_: GraphQLOutputType, enum: GraphQLEnumType) -> str | None:
    if "OTHER" in enum.values:
        return "OTHER"
    return NARROWEST[enum.name] if isinstance(type_, GraphQLNonNull) else None


def get_case(name: str) -> Case:
    type_ = schema._schema.type_map[name]
    assert isinstance(type_, GraphQLObjectType)
    return build_case(type_)


def list_record_cases() -> dict[str, tuple[str, Case]]:
    """Return the config type's name and the case of each record kind, by the word for the kind."""
    union = schema._schema.type_map["ResourceConfig"]
    assert isinstance(union, GraphQLUnionType)
    names = {type_.extensions["strawberry-definition"].origin.kind.member: type_.name for type_ in union.types}
    words = {kind.member: WORD if kind.type.name == "OTHER" else kind.type.value for kind in RECORD_KINDS}
    return {words[member]: (name, get_case(name)) for member, name in names.items()}


def build_export(cases: dict[str, Case], records: dict[str, tuple[str, Case]]) -> dict[str, Any]:
    owned: dict[str, Any] = {
        "teamId": TEAM,
        "createdBy": USER,
        "updatedBy": USER,
        "createdAt": AT,
        "updatedAt": AT,
    }
    part = {"integrationId": "i", **owned}
    integration = {"_id": "i", "logicalId": "li", "name": "I", "timezone": "UTC", **owned}
    use_case = {"_id": "u", "logicalId": "lu", "schedulerNames": [], **part}
    return {
        "integration": {**integration, **cases["ConnectedIntegration"].document},
        "use_cases": [{**use_case, **cases["UseCase"].document}],
        "resource_records": [
            {"_id": word, "logicalId": word, **part, "config": {**case.document, "type": word}}
            for word, (_, case) in records.items()
        ],
    }


async def answer(url: str, query: str) -> Any:
    async with serve_gateway(url) as gateway:
        return await (await gateway.client()).data(query)


def test_each_unknown_word_reads_as_other_or_as_the_narrowest(run: Run, database_url: str) -> None:
    names = ("ConnectedIntegration", "UseCase", "OutgoingWebhook")
    cases, records = {name: get_case(name) for name in names}, list_record_cases()
    webhook = {"_id": "wh", "type": "webhook-outgoing", **cases["OutgoingWebhook"].document}
    files = (
        write("export.json", build_export(cases, records)),
        write("webhooks.json", {"integrations": [webhook]}),
    )
    result = run("import", *files, "--team", TEAM)
    assert result.exit_code == 0, result.output
    fragments = " ".join(
        f"... on {name} {{ {case.selection} }}" for name, case in records.values() if case.selection
    )
    query = f"""{{
      integration(id: "i") {{ ... on ConnectedIntegration {{ {cases["ConnectedIntegration"].selection} }} }}
      useCase(id: "u") {{ {cases["UseCase"].selection} }}
      outgoing: integration(id: "wh") {{ ... on OutgoingWebhook {{ {cases["OutgoingWebhook"].selection} }} }}
    """
    for index, word in enumerate(records):
        query += f'r{index}: resourceRecord(id: "{word}") {{ type config {{ __typename {fragments} }} }} '
    found = asyncio.run(answer(database_url, f"{query} }}"))
    assert found["integration"] == cases["ConnectedIntegration"].readings
    assert found["useCase"] == cases["UseCase"].readings
    assert found["outgoing"] == cases["OutgoingWebhook"].readings
    assert get_case("IncomingWebhook").document == {}
    for index, (word, (name, case)) in enumerate(records.items()):
        type_ = "OTHER" if word == WORD else word.upper()
        assert found[f"r{index}"] == {"type": type_, "config": {"__typename": name, **case.readings}}
    exported = run("export", "i")
    assert exported.exit_code == 0
    assert exported.stdout.count(WORD) == str(build_export(cases, records)).count(WORD)


def test_filters_and_statistics_agree_with_what_is_read(run: Run, database_url: str) -> None:
    cases = {name: get_case(name) for name in ("ConnectedIntegration", "UseCase")}
    document = build_export(cases, list_record_cases())
    assert run("import", write("export.json", document), "--team", TEAM).exit_code == 0
    found = asyncio.run(
        answer(
            database_url,
            """{
              other: integrations(filter: {provider: [OTHER], enabled: false}) { totalCount }
              known: integrations(filter: {provider: [MICROSOFT, GOOGLE]}) { totalCount }
              integration(id: "i") { ... on ConnectedIntegration {
                useCases(type: OTHER, status: INACTIVE) { totalCount }
                resourceRecords(type: OTHER) { totalCount }
                appointmentStatistics { overview { pending total } }
                np: appointmentStatistics(appointmentType: NP) { overview { total } }
                patientStatistics { overview { pending total } }
              } }
            }""",
        )
    )
    assert (found["other"], found["known"]) == ({"totalCount": 1}, {"totalCount": 0})
    assert found["integration"] == {
        "useCases": {"totalCount": 1},
        "resourceRecords": {"totalCount": 1},
        "appointmentStatistics": {"overview": {"pending": 1, "total": 1}},
        "np": {"overview": {"total": 0}},
        "patientStatistics": {"overview": {"pending": 1, "total": 1}},
    }


async def test_missing_words_read_as_the_defaults(gateway: Gateway) -> None:
    async with gateway.database.write() as writer:
        await services.imports.import_as_operator(
            writer,
            {
                "integration": {"_id": "i", "teamId": TEAM, "createdBy": "someone", "config": {}},
                "use_cases": [{"_id": "u", "integrationId": "i", "config": {"actions": [{"logicalId": "a"}]}}],
                "resource_records": [],
            },
        )
    query = """{
      integration(id: "i") { ... on ConnectedIntegration { access config { provider authType } } }
      useCase(id: "u") { config { actions { actionType } } }
    }"""
    assert await (await gateway.client()).data(query) == {
        "integration": {"access": "TEAM", "config": {"provider": "OTHER", "authType": "OAUTH"}},
        "useCase": {"config": {"actions": [{"actionType": "SMS"}]}},
    }
