"""How a search finds records: by an index of trigrams, or by reading the records one after the other.

A sample tells how frequent the words are. If they are rare, the index finds all records of an integration with
them, or reports that they are many. If they are frequent, a list reads its records in order until the page is
full; a count reads the records that the index finds, or those of the chosen days if they are fewer.

The index finds no words of one or two characters. A search with such words alone may read a bounded number of
records. All statements of an operation read one snapshot: keys that one finds are right for the next.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from gateway import sql
from gateway.database import Reader
from gateway.domain import exact_json
from gateway.domain.paging import PageArguments
from gateway.domain.record_filters import RecordFilter
from gateway.domain.record_search import (
    FREQUENT,
    MAX_MATCHES,
    MAX_READ_RECORDS,
    SAMPLE_SIZE,
    TRIGRAM_LENGTH,
    VERY_FREQUENT,
    RecordSearch,
    choose_trigrams,
    count_matches,
    is_indexed,
)
from gateway.domain.statistics import Statistics, StatisticsFilter
from gateway.domain.text import parse_search_words
from gateway.domain.viewer import Viewer
from gateway.errors import ProblemList, invalid_input

MAX_SEARCH_LENGTH = 500
"""In characters."""

SHORT_WORDS = (
    f"Without {TRIGRAM_LENGTH} letters or digits in a row, it may search {MAX_READ_RECORDS} records at most."
)
"""The description of the limit, for the arguments of the schema."""


class SearchPart(NamedTuple):
    """Integrations whose records are found in the same way."""

    integration_ids: list[str]
    search: RecordSearch
    trigrams: tuple[str, ...] | None = None
    """Another way to find them: what the index would look up."""

    def with_index(self) -> "SearchPart":
        """Return the part with a search by the index, if that is another way."""
        return self._replace(search=replace(self.search, trigrams=self.trigrams))


def parse_search(search: str | None) -> tuple[str, ...]:
    """Return the case-folded words of a search. Raises Refused (INVALID) for a search that is too long."""
    problems = ProblemList()
    check_search(search, problems)
    problems.raise_if_any()
    return parse_search_words(search)


def check_search(search: str | None, problems: ProblemList) -> None:
    """Add a problem (INVALID) for a search longer than `MAX_SEARCH_LENGTH`."""
    if search is not None and len(search) > MAX_SEARCH_LENGTH:
        problems.add_invalid(f"`search` may have at most {MAX_SEARCH_LENGTH} characters.", "search")


async def plan_list(
    reader: Reader,
    viewer: Viewer,
    integration_ids: list[str],
    page: PageArguments,
    filter: RecordFilter,
    words: tuple[str, ...],
) -> Sequence[SearchPart]:
    """Return how a list finds its records. Integrations that have none may be left out.

    Raises Refused (INVALID) if there are too many records to read for words that the index cannot find.
    """
    await _require_few_records(reader, viewer, integration_ids, filter, words)
    return await _plan(reader, viewer, integration_ids, words, backward=page.backward)


async def plan_count(
    reader: Reader, viewer: Viewer, integration_ids: list[str], filter: RecordFilter, words: tuple[str, ...]
) -> Sequence[SearchPart]:
    """Return how the records of a list are counted. Raises Refused as `plan_list` does."""
    await _require_few_records(reader, viewer, integration_ids, filter, words)
    return [part.with_index() for part in await _plan(reader, viewer, integration_ids, words, backward=True)]


async def plan_statistics(
    reader: Reader, viewer: Viewer, statistics: Statistics, integration_ids: list[str], filter: StatisticsFilter
) -> Sequence[SearchPart]:
    """Return how dashboards find the records that they count. Raises Refused as `plan_list` does."""
    if filter.words and not is_indexed(filter.words):
        limit = MAX_READ_RECORDS + 1
        statement = sql.statistics.select_bounded_count(viewer, statistics, integration_ids, filter, limit)
        ((number,),) = await reader.fetch_tuples(statement)
        _require_few(number)
    parts = await _plan(reader, viewer, integration_ids, filter.words, backward=True)
    if filter.start is None and filter.end is None:
        return [part.with_index() for part in parts]
    return [await _choose_days_or_words(reader, viewer, statistics, filter, part) for part in parts]


async def _require_few_records(
    reader: Reader, viewer: Viewer, integration_ids: list[str], filter: RecordFilter, words: tuple[str, ...]
) -> None:
    if words and not is_indexed(words):
        statement = sql.resource_records.select_counts(
            viewer, integration_ids, RecordFilter(filter.type), RecordSearch()
        )
        _require_few(sum(number for _, number in await reader.fetch_tuples(statement)))


def _require_few(number: int) -> None:
    if number > MAX_READ_RECORDS:
        raise invalid_input(
            f"`search` needs a word with {TRIGRAM_LENGTH} letters or digits in a row, since there are more "
            f"than {MAX_READ_RECORDS} records to read. Add a longer word, or select fewer records.",
            "search",
        )


async def _plan(
    reader: Reader, viewer: Viewer, integration_ids: list[str], words: tuple[str, ...], *, backward: bool
) -> Sequence[SearchPart]:
    """Return the records of each integration with rare words by their keys, and others by their words.

    Without an index, or words that it finds, all records are read.
    """
    if not is_indexed(words):
        return [SearchPart(integration_ids, RecordSearch(words))]
    samples = await reader.fetch_tuples(
        sql.record_search.select_samples(viewer.team_id, integration_ids, SAMPLE_SIZE, backward)
    )
    if not all(has_index for *_, has_index in samples):
        return [SearchPart(integration_ids, RecordSearch(words))]
    trigrams = choose_trigrams(words, [text for _, texts, _ in samples for text in texts])
    numbers = {id: count_matches(words, texts) for id, texts, _ in samples}
    rare = [id for id, number in numbers.items() if number < FREQUENT]
    found, many = await _find_keys(reader, viewer, rare, words, trigrams)
    frequent = [id for id, number in numbers.items() if FREQUENT <= number < VERY_FREQUENT]
    very_frequent = [id for id, number in numbers.items() if number >= VERY_FREQUENT]
    parts = (
        SearchPart([*found], RecordSearch(words, keys=exact_json.encode([*found.items()]).decode())),
        SearchPart(many, RecordSearch(words, trigrams), trigrams),
        # One trigram: a planner takes several for independent, and the records with all of them for few.
        SearchPart(frequent, RecordSearch(words), trigrams[:1]),
        # No trigram: SQLite reads all records of an integration by number, which is the order of its table.
        SearchPart(very_frequent, RecordSearch(words), ()),
    )
    return [part for part in parts if part.integration_ids]


async def _find_keys(
    reader: Reader, viewer: Viewer, integration_ids: list[str], words: tuple[str, ...], trigrams: tuple[str, ...]
) -> tuple[dict[str, list[str]], list[str]]:
    """Return the keys of the records with the words by integration, and the integrations that have too many."""
    if not integration_ids:
        return {}, []
    statement = sql.record_search.select_keys(viewer.team_id, integration_ids, words, trigrams, MAX_MATCHES + 1)
    rows = await reader.fetch_tuples(statement)
    found = {id: keys for id, keys in rows if 0 < len(keys) <= MAX_MATCHES}
    return found, [id for id, keys in rows if len(keys) > MAX_MATCHES]


async def _choose_days_or_words(
    reader: Reader, viewer: Viewer, statistics: Statistics, filter: StatisticsFilter, part: SearchPart
) -> SearchPart:
    """Return the part as a search by the index if that reads fewer records than there are within the bounds."""
    if not part.trigrams:
        return part
    choice = sql.statistics.select_choice(viewer, statistics, part.integration_ids, filter, part.trigrams)
    ((is_by_index,),) = await reader.fetch_tuples(choice)
    return part.with_index() if is_by_index else SearchPart(part.integration_ids, RecordSearch(filter.words))
