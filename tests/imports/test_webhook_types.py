"""The `type` of imported webhooks may be any JSON."""

import pytest

from gateway.domain.documents import read_export, read_webhooks
from gateway.domain.lenient_reading import Json
from gateway.domain.unreadable_values import find_unreadable_in_row
from gateway.errors import ProblemList


@pytest.mark.parametrize("word", [[], ["webhook-incoming"], {}, 5, None, "webhook"])
def test_a_type_that_is_no_word_for_webhooks_is_refused(word: Json) -> None:
    problems = ProblemList()
    assert read_webhooks([{"_id": "w", "type": word}], problems.add) == []
    assert [problem.message for problem in problems] == ["`type` must be webhook-incoming or webhook-outgoing."]


@pytest.mark.parametrize("word", [[], {}])
def test_a_connected_integration_may_have_any_type(word: Json) -> None:
    problems = ProblemList()
    row: dict[str, Json] = {"_id": "i", "type": word}
    document: Json = {"integration": row, "use_cases": [], "resource_records": []}
    assert read_export(document, problems.add) is not None
    assert [*problems] == []
    assert [*find_unreadable_in_row(row, ("integration",))] == []
