"""Round trips of random groups and use cases of two integrations into an empty team."""

from collections import Counter
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gateway.domain.enums import UseCaseKey
from gateway.domain.use_cases import KNOWN_USE_CASES
from tests.support.examples import export, use_case
from tests.support.gateway import Client, Gateway
from tests.support.importing import import_accepted
from tests.support.upserts import upsert_accepted

LAW = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PROVIDERS = {"i1": "GOOGLE", "i2": "MICROSOFT"}
EXPORT = """query($id: ID!, $groups: GroupsMode!) {
  integrationExport(integrationId: $id, groups: $groups) { document checksum }
}"""
USE_CASES = """
useCases(first: 100) { nodes {
  logicalId key %s config {
    displayName assistantId status timezone type name sheetLink
    actions {
      logicalId actionType templateName context reportEmails daysWindow status
      schedule { field startDateTime endDateTime }
    }
  }
} }
"""
GROUPS = """
useCaseGroups(first: 100) { nodes {
  id name slug sheetLink assistantId timezone startTime useCases { logicalId key }
} }
"""

KEYS = st.sampled_from(UseCaseKey)
ACTIONS = st.lists(
    st.fixed_dictionaries(
        {
            "actionType": st.sampled_from(["SMS", "CALL"]),
            "context": st.sampled_from(["a", "b"]),
            "day": st.integers(0, 3),
            "templateName": st.sampled_from(["First", "Second"]),
        }
    ),
    max_size=3,
    unique_by=lambda action: (action["actionType"], action["context"], action["day"]),
)
USE_CASE_INPUTS: SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"useCase": KEYS.map(lambda key: key.name), "enabled": st.booleans()}, optional={"actions": ACTIONS}
)
INPUTS: SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Laboratory", "Appointment Reminders", "Überweisung"]),
        "useCases": st.lists(USE_CASE_INPUTS, max_size=4, unique_by=lambda listed: str(listed["useCase"])),
    },
    optional={
        "sheetLink": st.none() | st.just("https://sheets.example/1"),
        "assistantId": st.none() | st.just("a1"),
        "timezone": st.none() | st.sampled_from(["America/Chicago", "Asia/Kathmandu"]),
        "startTime": st.none() | st.sampled_from(["00:00:00", "08:30:00"]),
    },
)
CONFIGS = st.one_of(
    st.just({"type": "unheard of", "name": "Lab Reminder"}),
    KEYS.map(lambda key: {"type": KNOWN_USE_CASES[key].type.value, "name": KNOWN_USE_CASES[key].name}),
)
CONTENTS = st.fixed_dictionaries(
    {id: st.tuples(st.lists(CONFIGS, max_size=3), st.lists(INPUTS, max_size=3)) for id in PROVIDERS}
)


async def fill(client: Client, contents: dict[str, Any]) -> None:
    """Import the integrations with their use cases without groups, and create their groups."""
    for number, (id, (configs, inputs)) in enumerate(contents.items()):
        config = {"provider": PROVIDERS[id].lower(), "authType": "oauth"}
        document = export(0, 0, _id=id, logicalId=id, config=config)
        document["use_cases"] = [
            use_case(10 * number + index, config=config) for index, config in enumerate(configs)
        ]
        await import_accepted(client, document)
        for input in inputs:
            await upsert_accepted(client, input, provider=PROVIDERS[id])


async def read_graph(client: Client, id: str, *, groups: bool) -> Any:
    """Return the use cases of an integration, and its groups, in a fixed order."""
    use_cases = USE_CASES % ("group { slug }" if groups else "")
    query = f"""query($id: ID!) {{ integration(id: $id) {{ ... on ConnectedIntegration {{
      name status timezone {use_cases} {GROUPS} }} }} }}"""
    found = (await client.data(query, id=id))["integration"]
    found["useCases"]["nodes"].sort(key=lambda node: str(node["logicalId"]))
    nodes = found["useCaseGroups"]["nodes"]
    nodes.sort(key=lambda node: str(node["slug"]))
    for node in nodes:
        node["useCases"].sort(key=lambda member: str(member["logicalId"]))
    if not groups:
        del found["useCaseGroups"]
    return found


async def copy(source: Client, target: Client, groups: str) -> None:
    for id in PROVIDERS:
        exported = (await source.data(EXPORT, id=id, groups=groups))["integrationExport"]
        await import_accepted(target, exported["document"])
        again = (await target.data(EXPORT, id=id, groups=groups))["integrationExport"]
        assert again["checksum"] == exported["checksum"]


@LAW
@given(contents=CONTENTS)
async def test_with_groups_the_graph_is_the_same_and_upserts_change_nothing(
    gateway: Gateway, contents: dict[str, Any]
) -> None:
    source, target = await gateway.client(uuid4().hex), await gateway.client(uuid4().hex)
    await fill(source, contents)
    await copy(source, target, "INCLUDE")
    for id, (_, inputs) in contents.items():
        graph = await read_graph(source, id, groups=True)
        assert await read_graph(target, id, groups=True) == graph
        # The groups of one name are in the order of their slugs, `name`, `name-2` and `name-3`.
        slugs = Counter[str]()
        for input in inputs:
            slugs[input["name"]] += 1
            ids = [group["id"] for group in graph["useCaseGroups"]["nodes"] if group["name"] == input["name"]]
            again = {**input, "groupId": ids[slugs[input["name"]] - 1]}
            payload = await upsert_accepted(target, again, provider=PROVIDERS[id])
            assert payload["outcome"] == "UNCHANGED"


@LAW
@given(contents=CONTENTS)
async def test_without_groups_the_use_cases_are_the_same_and_upserts_adopt_them(
    gateway: Gateway, contents: dict[str, Any]
) -> None:
    source, target = await gateway.client(uuid4().hex), await gateway.client(uuid4().hex)
    await fill(source, contents)
    await copy(source, target, "OMIT")
    for id in contents:
        graph = await read_graph(source, id, groups=False)
        assert await read_graph(target, id, groups=False) == graph
        nodes = graph["useCases"]["nodes"]
        counts = Counter(node["key"] for node in nodes if node["key"])
        listed = [{"useCase": key} for key, count in counts.items() if count == 1]
        input = {"name": "All", "useCases": listed}
        payload = await upsert_accepted(target, input, provider=PROVIDERS[id])
        assert {entry["outcome"] for entry in payload["useCases"]} <= {"UPDATED"}
        after = (await read_graph(target, id, groups=False))["useCases"]["nodes"]
        assert [node["logicalId"] for node in after] == [node["logicalId"] for node in nodes]
