"""Every column that a group shares reaches the documents of its use cases."""

import re
from typing import cast, get_type_hints

import pytest
from sqlalchemy import select

from gateway.database.tables import UseCase, UseCaseGroup
from gateway.domain.lenient_reading import Document
from gateway.domain.use_case_groups import COPIED_KEYS, SHARED_COLUMNS, GroupColumns
from tests.graph.test_use_case_group_upserts import create_client
from tests.support.gateway import Gateway
from tests.support.upserts import documented, upserted

UNSHARED = {"team_id", "id", "integration_id", "name", "slug", "version"}
AUDIT = {"created_at", "created_by", "updated_at", "updated_by"}
COLUMNS = [column.name for column in UseCaseGroup.__table__.c if column.name not in UNSHARED | AUDIT]
VALUES = {"timezone": "Asia/Kathmandu", "start_time": "09:30:00"}
OTHER_VALUE = "https://other.example/1"
"""A text that every other column accepts."""


def test_all_columns_of_a_group_are_its_own_or_shared() -> None:
    assert {*COLUMNS} == SHARED_COLUMNS
    assert {*get_type_hints(GroupColumns)} == SHARED_COLUMNS | {"name", "slug"}


def test_each_key_has_one_column() -> None:
    assert len({*COPIED_KEYS.values()}) == len(COPIED_KEYS)
    assert {*COPIED_KEYS} <= SHARED_COLUMNS


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("is_listed", [False, True])
async def test_a_shared_column_reaches_use_cases(gateway: Gateway, column: str, *, is_listed: bool) -> None:
    client, value = await create_client(gateway), VALUES.get(column, OTHER_VALUE)
    created = await upserted(client, documented())
    field = re.sub(r"_(\w)", lambda match: match[1].upper(), column)
    use_cases = documented()["useCases"] if is_listed else None
    changed = await upserted(
        client,
        {"groupId": created["group"]["id"], "name": created["group"]["name"], field: value, "useCases": use_cases},
    )
    assert len(changed["useCases"]) == len(created["useCases"])
    for entry in changed["useCases"]:
        assert entry["changedPaths"], column
        if column in COPIED_KEYS:
            assert f"config.{COPIED_KEYS[column]}" in entry["changedPaths"]
    async with gateway.read() as session:
        documents = [*await session.scalars(select(UseCase.document))]
    assert len(documents) == len(created["useCases"])
    if column in COPIED_KEYS:
        configs = [cast(Document, document["config"]) for document in documents]
        assert {config[COPIED_KEYS[column]] for config in configs} == {value}
