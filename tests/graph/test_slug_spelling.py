"""Slugs from names in other letters than a to z."""

import pytest

from tests.support.factories import connected, store
from tests.support.gateway import Gateway
from tests.support.upserts import upsert as upsert_group


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Straßenärzte", "strassenarzte"),
        ("STRASSE ẞ", "strasse-ss"),
        ("½ Tag", "1-2-tag"),
        ("Łódź & Ærø", "lodz-aero"),
        ("Þorður", "thordur"),
        ("Привет", "privet"),
        ("\u0438\u0306\u043e\u0434", "yod"),
        ("йод", "yod"),
        ("北京 2", "beijing-2"),
        ("①②", "12"),
        ("ﬁn\u200bal", "final"),
        ("🏥", "hospital"),
        ("\u0301!", "group"),
    ],
)
async def test_a_slug_spells_a_name_in_latin_letters(gateway: Gateway, name: str, slug: str) -> None:
    await store(gateway.database, connected("i", config={"provider": "microsoft"}))
    payload = await upsert_group(await gateway.client(), {"name": name})
    assert (payload["errors"], payload["group"]["slug"]) == ([], slug)
