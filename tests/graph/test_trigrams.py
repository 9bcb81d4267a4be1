"""The trigrams of words that a search looks up."""

from gateway.domain.record_search import choose_trigrams


def test_trigrams_that_most_texts_have_are_left_out() -> None:
    sample = [*["ada example-2000"] * 8, "ada example-1417", "ada example-1418"]
    assert choose_trigrams(("example-1417",), sample) == ("417", "141")
    assert choose_trigrams(("example",), sample) == ("exa",)
    assert choose_trigrams(("quixley",), sample) == ("qui", "uix", "ixl")
