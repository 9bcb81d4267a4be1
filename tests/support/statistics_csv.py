"""Requests for statistics as CSV, and their tables."""

import csv
import itertools
from io import StringIO
from typing import Any

from httpx import Response

from tests.rest.test_statistics import CLINIC
from tests.support.gateway import Client
from tests.support.openapi import assert_described

URL = "/statistics.csv"


async def get(client: Client, **parameters: Any) -> Response:
    headers = {"Authorization": f"Bearer {client.key}"}
    response = await client.http.get(URL, params={"integrationId": CLINIC, **parameters}, headers=headers)
    assert_described(response)
    return response


async def post(client: Client, body: object, **parameters: Any) -> Response:
    headers = {"Authorization": f"Bearer {client.key}"}
    response = await client.http.post(URL, json=body, params=parameters, headers=headers)
    assert_described(response)
    return response


def read_tables(text: str) -> dict[str, list[list[str]]]:
    """Return the rows of each table by its name, as `rest.md` shows."""
    groups = itertools.groupby(csv.reader(StringIO(text, newline="")), bool)
    return {name: rows for (name,), *rows in (list(group) for has_cells, group in groups if has_cells)}
