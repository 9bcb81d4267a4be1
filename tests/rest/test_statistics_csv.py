"""The dashboard as CSV: its tables, its cells, and the name of the file."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rest.csv_tables import print_tables
from tests.rest.test_statistics import CLINIC, create_clinic
from tests.support.factories import connected, record, store
from tests.support.gateway import Gateway, collect_statements
from tests.support.statistics_csv import URL, get, read_tables

TABLES = ["overview", "days", "source", "utmSource", "utmMedium", "utmCampaign"]
WHOLE = """\
overview
period,start,end,timezone,total,successful,failed,pending
queried,2025-03-08T06:00:00.000Z,2025-03-10T05:00:00.000Z,America/Chicago,3,1,1,1
previous,2025-03-06T06:00:00.000Z,2025-03-08T06:00:00.000Z,America/Chicago,0,0,0,0

days
day,timezone,successful,failed,pending
2025-03-08,America/Chicago,1,0,1
2025-03-09,America/Chicago,0,1,0

source
source,count,successful,failed,pending
web,2,1,0,1
unknown,1,0,1,0

utmSource
utmSource,count,successful,failed,pending
direct,2,1,1,0
google,1,0,0,1

utmMedium
utmMedium,count,successful,failed,pending
not set,2,1,0,1
cpc,1,0,1,0

utmCampaign
utmCampaign,count,successful,failed,pending
not set,2,1,0,1
spring,1,0,1,0
"""

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(characters) | st.text("=+-@\t\r\n\"',;1 ", max_size=6)
cells = texts | st.integers()


async def test_all_tables_stand_below_each_other(gateway: Gateway) -> None:
    client = await create_clinic(gateway)
    response = await get(client, firstDay="2025-03-08", lastDay="2025-03-09")
    assert response.content == WHOLE.replace("\n", "\r\n").encode()
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8; header=absent"
    assert response.headers["Cache-Control"] == "no-store"
    name = f'attachment; filename="{CLINIC}-all-from-2025-03-08-to-2025-03-09.csv"'
    assert response.headers["Content-Disposition"] == name


async def test_each_table_can_be_downloaded_alone(gateway: Gateway) -> None:
    client = await create_clinic(gateway)
    whole = read_tables((await get(client, days=30)).text)
    assert [*whole] == TABLES
    for part, rows in whole.items():
        response = await get(client, days=30, part=part)
        assert response.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
        assert [*csv.reader(StringIO(response.text, newline=""))] == rows


async def test_days_are_summed_by_week_and_month(gateway: Gateway) -> None:
    client = await create_clinic(gateway)
    weeks = (await get(client, part="days", by="WEEK")).text.splitlines()
    assert weeks[1:] == ["2025-03-03,America/Chicago,1,1,1", "2025-03-10,America/Chicago,1,0,0"]
    months = (await get(client, part="days", by="MONTH", timezone="Asia/Kathmandu")).text.splitlines()
    assert months[1:] == ["2025-03-01,Asia/Kathmandu,2,1,1"]


async def test_a_breakdown_has_all_values(gateway: Gateway) -> None:
    await store(gateway.database, connected(CLINIC))
    await store(gateway.database, *(record(f"{n:024x}", CLINIC, {"source": f"s{n}"}) for n in range(350)))
    client = await gateway.client()
    rows = (await get(client, part="source")).text.splitlines()
    assert sorted(rows[1:]) == sorted(f"s{n},1,0,0,1" for n in range(350))


async def test_filters_take_several_values(gateway: Gateway) -> None:
    client = await create_clinic(gateway)
    totals = {
        "source=web": 2,
        "source=web&source=desk": 3,
        "source=web&source=desk&utmSource=google": 1,
        "appointmentType=F_U": 1,
        "start=2025-03-09T06:00:00Z": 2,
        "end=2025-03-09": 1,
        "dateField=START": 4,
    }
    headers = {"Authorization": f"Bearer {client.key}"}
    for query, total in totals.items():
        url = f"{URL}?integrationId={CLINIC}&part=overview&{query}"
        response = await client.http.get(url, headers=headers)
        assert response.text.splitlines()[1].split(",")[4] == str(total), query


async def test_a_byte_order_mark_is_for_excel(gateway: Gateway) -> None:
    client = await create_clinic(gateway)
    plain, marked = await get(client, part="source"), await get(client, part="source", bom="true")
    assert marked.content == b"\xef\xbb\xbf" + plain.content


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"part": "days"}, "days"),
        ({"part": "utmSource", "firstDay": "2025-03-09"}, "utmSource-from-2025-03-09"),
        ({"part": "source", "lastDay": "2025-03-09"}, "source-to-2025-03-09"),
        (
            {"start": "2025-03-09T05:59:59Z", "end": "2025-03-10T05:00:00.001Z"},
            "all-from-2025-03-08-to-2025-03-10",
        ),
        ({"timezone": "UTC", "end": "2025-03-10T00:00:00Z"}, "all-to-2025-03-09"),
        ({"end": "0001-01-01T00:00:00Z"}, "all-to-0001-01-01"),
    ],
)
async def test_the_name_of_the_file_has_the_part_and_the_days(
    gateway: Gateway, parameters: dict[str, str], name: str
) -> None:
    client = await create_clinic(gateway)
    response = await get(client, **parameters)
    assert response.headers["Content-Disposition"] == f'attachment; filename="{CLINIC}-{name}.csv"'


async def test_an_odd_id_makes_a_plain_file_name(gateway: Gateway) -> None:
    id = 'a/b"c\\..;d'
    await store(gateway.database, connected(id))
    response = await get(await gateway.client(), integrationId=id, part="days")
    assert response.headers["Content-Disposition"] == 'attachment; filename="a_b_c_.._d-days.csv"'


async def test_the_number_of_statements_does_not_grow_with_rows(gateway: Gateway) -> None:
    client = await create_clinic(gateway)
    with collect_statements() as few:
        await get(client, days=30)
    await store(gateway.database, *(record(f"{n + 9:024x}", CLINIC, {"source": str(n)}) for n in range(100)))
    with collect_statements() as many:
        await get(client, days=30)
    assert len(few) == len(many)


@given(table=st.lists(st.lists(cells, min_size=1, max_size=4), max_size=6), bom=st.booleans())
def test_any_cells_are_read_back_and_none_is_a_formula(table: list[list[str | int]], bom: bool) -> None:
    text = print_tables({"any": table}, has_names=False, bom=bom).decode("utf-8-sig" if bom else "utf-8")
    found = [*csv.reader(StringIO(text, newline=""), strict=True)]
    starts = ("=", "+", "-", "@", "\t", "\r")
    expected = [
        [f"'{cell}" if isinstance(cell, str) and cell.startswith(starts) else str(cell) for cell in row]
        for row in table
    ]
    assert found == expected
    written = [cell for row, cells in zip(table, found, strict=True) for cell, _ in zip(cells, row, strict=True)]
    numbers = {str(cell) for row in table for cell in row if isinstance(cell, int)}
    assert [cell for cell in written if cell.startswith(starts) and cell not in numbers] == []
