"""Deleting a group with its use cases."""

from typing import Any

from gateway.domain.enums import Permission, UseCaseKey
from tests.support.factories import connected, store, use_case, use_case_group
from tests.support.gateway import OTHER_TEAM, USER, Client, Gateway
from tests.support.upserts import build_documented_input, read_stored_rows, upsert_accepted

DELETE = """
mutation ($id: ID!, $expectedVersion: Int) {
  deleteUseCaseGroup(id: $id, expectedVersion: $expectedVersion) { deletedIds errors { code message path } }
}
"""


async def delete(client: Client, id: str, **variables: object) -> Any:
    return (await client.data(DELETE, id=id, **variables))["deleteUseCaseGroup"]


async def refuse(client: Client, id: str, **variables: object) -> list[tuple[str, str]]:
    """Delete a group, which must be refused, and return code and path of each error."""
    payload = await delete(client, id, **variables)
    assert payload["deletedIds"] == []
    return [(error["code"], ".".join(error["path"])) for error in payload["errors"]]


async def test_a_group_is_deleted_with_its_use_cases_and_nothing_else(gateway: Gateway) -> None:
    rows = [
        (
            connected("i", team_id=team),
            use_case_group("other", "i", team_id=team),
            use_case("free", "i", team_id=team, type="no_such_type"),
        )
        for team in (OTHER_TEAM, "5eb7cf5a86d9755df3a6c593")
    ]
    await store(gateway.database, *(row for team in rows for row in team))
    await store(gateway.database, use_case("kept", "i", group=("other", UseCaseKey.LAB_REMINDER)))
    client = await gateway.client()
    before = await read_stored_rows(gateway)
    created = await upsert_accepted(client, build_documented_input())
    id = created["group"]["id"]
    assert len(await read_stored_rows(gateway)) == len(before) + 3
    use_case_ids = [each["useCase"]["id"] for each in created["useCases"]]
    assert await delete(client, id) == {"deletedIds": [id, *use_case_ids], "errors": []}
    assert await read_stored_rows(gateway) == before
    assert await refuse(client, id) == [("NOT_FOUND", "id")]


async def test_the_slug_of_a_deleted_group_is_free_again(gateway: Gateway) -> None:
    await store(gateway.database, connected("i"))
    client = await gateway.client()
    for _ in range(2):
        created = await upsert_accepted(client, {**build_documented_input(), "slug": "reminders"})
        await delete(client, created["group"]["id"])
    assert await read_stored_rows(gateway) == []


async def test_a_group_of_another_version_is_not_deleted(gateway: Gateway) -> None:
    await store(gateway.database, connected("i"))
    client = await gateway.client()
    id = (await upsert_accepted(client, build_documented_input()))["group"]["id"]
    before = await read_stored_rows(gateway)
    assert await refuse(client, id, expectedVersion=2) == [("VERSION_CONFLICT", "expectedVersion")]
    assert await read_stored_rows(gateway) == before
    assert (await delete(client, id, expectedVersion=1))["deletedIds"][0] == id


async def test_a_group_that_the_viewer_may_not_delete_stays(gateway: Gateway) -> None:
    await store(
        gateway.database,
        connected("i"),
        connected("p", access="personal", createdBy="someone"),
        connected("s", team_id=OTHER_TEAM, access="system"),
        use_case_group("ours", "i"),
        use_case_group("hidden", "p"),
        use_case_group("theirs", "s", team_id=OTHER_TEAM),
    )
    client = await gateway.client()
    before = await read_stored_rows(gateway)
    refused = [await refuse(client, id) for id in ("hidden", "theirs", "missing", "no id")]
    assert refused == [[("NOT_FOUND", "id")]] * 3 + [[("INVALID", "id")]]
    reader = await gateway.client(user_id=USER, permissions=[Permission.READ_INTEGRATIONS])
    assert await refuse(reader, "ours") == [("FORBIDDEN", "")]
    assert await read_stored_rows(gateway) == before
