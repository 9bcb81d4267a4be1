"""The search of records: what an index of trigrams can find, and how a statement finds records."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.statement_arguments import StatementArguments

TRIGRAM_LENGTH = 3
"""Letters and digits in a row that a word needs, for an index of trigrams to find it."""

SAMPLE_SIZE = 200
"""Records of one integration, at the beginning or the end of the list, that tell how frequent the words are."""

FREQUENT, VERY_FREQUENT = SAMPLE_SIZE // 100, SAMPLE_SIZE // 3
"""Records of a sample with the words.

From the first number on, a list soon has a page of records in its order. From the second on, reading all records
takes less time than finding them one by one: PostgreSQL compares all texts, and SQLite reads the records in the
order of their numbers.
"""

MAX_MATCHES = 2_000
"""Records of one integration whose keys a search reads."""

MAX_READ_RECORDS = 10_000
"""Records that a search may read one after the other, if the index can find none of its words."""

_MAX_TRIGRAMS = 3
"""Trigrams that a search looks up. The records with all of them are candidates; more cost more than they save."""

_LETTERS = re.compile(rf"[^\W_]{{{TRIGRAM_LENGTH},}}")


@dataclass(frozen=True, slots=True)
class RecordSearch(StatementArguments):
    """The words of a search, and how a statement finds records with them: by `keys`, or by `trigrams`.

    With neither, the statement compares the text of each record with the words.
    """

    words: tuple[str, ...] = ()
    """Case-folded; the search text of a record contains each of them."""
    trigrams: tuple[str, ...] | None = None
    """The index finds the records with all of these, and their texts are compared with the words.

    Without any, SQLite's index finds all records of an integration, in the order of the table.
    """
    keys: str | None = None
    """The keys of all records with the words, by integration: a JSON list of rows, an id and a list of keys.

    A key is an id on PostgreSQL, and a number on SQLite.
    """

    @property
    def reads_all(self) -> bool:
        """Whether the statement compares the text of each record with the words."""
        return self.trigrams is None and self.keys is None


def is_indexed(words: Sequence[str]) -> bool:
    """Return whether an index of trigrams can find one of the words."""
    return any(map(_LETTERS.search, words))


def choose_trigrams(words: Sequence[str], sample: Sequence[str]) -> tuple[str, ...]:
    """Return trigrams of the words that the fewest texts of a sample have.

    Beside the rarest, those that most texts have are left out: they take time and exclude few records.
    """
    runs = [run for word in words for run in _LETTERS.findall(word)]
    trigrams = dict.fromkeys(
        run[start : start + TRIGRAM_LENGTH] for run in runs for start in range(len(run) - TRIGRAM_LENGTH + 1)
    )
    numbers = {each: sum(each in text for text in sample) for each in trigrams}
    rarest, *others = sorted(trigrams, key=lambda each: numbers[each])
    return (rarest, *(each for each in others if numbers[each] <= len(sample) // 2))[:_MAX_TRIGRAMS]


def count_matches(words: Sequence[str], sample: Sequence[str]) -> int:
    """Return the number of texts with all words."""
    return sum(all(word in text for word in words) for text in sample)
