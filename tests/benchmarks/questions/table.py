"""The tables of all questions: CPU time, its growth, and the price."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.benchmarks import report
from tests.benchmarks.questions.exceptions import EXCEPTIONS

MAX_CPU_MS, MAX_RATIO, MAX_FACTOR = 20.0, 1.5, 10.0
"""The limits of a question. `EXCEPTIONS` may take more time and grow. No price is further from the CPU time."""

_NOISE_MS = 1.0
"""A smaller difference between two numbers of records is no growth."""

_PERCENTS = (10, 50, 90, 99)


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds of CPU of the server and the database for one request, and its cost in the cost model."""

    cpu_ms: float
    price: int


Found = Mapping[int, Mapping[str, Figures]]
"""Figures by the number of records, the fewest first, and by the name of the question."""

Lines = Sequence[Sequence[str]]


class Report:
    """What the figures say of each question, with the most records unless said otherwise."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._fewest, self._most = next(iter(found.values())), [*found.values()][-1]
        self.unit_ms = median(each.cpu_ms / each.price for each in self._most.values())
        """The CPU time that a unit of price stands for."""

    def get_cpu_ms(self, name: str) -> float:
        return self._most[name].cpu_ms

    def get_ratio(self, name: str) -> float:
        return self._most[name].cpu_ms / self._fewest[name].cpu_ms

    def get_factor(self, name: str) -> float:
        """Return how many times the CPU time is what the price stands for."""
        return self._most[name].cpu_ms / (self._most[name].price * self.unit_ms)

    def describe(self) -> str:
        """Return the text above the tables."""
        over = [name for name in self._most if self._is_slow(name) or self._grows(name)]
        return (
            f"{len(self._most)} questions, CPU time of a request in ms, the least of the rounds. A unit of "
            f"price stands for {self.unit_ms * 1000:.2f} µs, the median. CPU / price is relative to it.\n"
            f"With {max(self._found):,} records {len(over)} questions take more than {MAX_CPU_MS:.0f} ms, or "
            f"{MAX_RATIO} times as long as with {min(self._found):,}: "
            f"{len([name for name in over if find_exception(name)])} of them are exceptions. The CPU time of "
            f"{sum(map(self._is_mispriced, self._most))} is more than {MAX_FACTOR:.0f} times from the price."
        )

    def build_distribution(self) -> Lines:
        """Return a head, and a line for each figure."""
        figures: Mapping[str, Callable[[str], float]] = {
            "CPU": self.get_cpu_ms,
            "ratio": self.get_ratio,
            "CPU / price": self.get_factor,
        }
        lines = [("of all questions", "least", *(f"p{percent}" for percent in _PERCENTS), "most")]
        for title, get in figures.items():
            values = sorted(map(get, self._most))
            chosen = (
                values[0],
                *(values[(len(values) - 1) * percent // 100] for percent in _PERCENTS),
                values[-1],
            )
            lines.append((title, *map(report.format_ratio, chosen)))
        return lines

    def build_exceptions(self) -> Lines:
        """Return a head, and a line for each exception."""
        lines = [("exception", "questions", "most CPU", "most ratio", "CPU / price")]
        for reason in EXCEPTIONS:
            names = [name for name in self._most if find_exception(name) == reason]
            if names:
                factors = sorted(map(self.get_factor, names))
                range_ = f"{report.format_ratio(factors[0])} to {report.format_ratio(factors[-1])}"
                most = report.format_milliseconds(max(map(self.get_cpu_ms, names)))
                ratio = report.format_ratio(max(map(self.get_ratio, names)))
                lines.append((reason, str(len(names)), most, ratio, range_))
        return lines

    def build_lines(self, count: int) -> Lines:
        """Return a head, and lines: questions above a limit that are no exceptions, and the slowest.

        `count` is the number of the slowest, or 0 for all questions.
        """
        slowest = sorted(self._most, key=self.get_cpu_ms, reverse=True)[: count or None]
        faulty = [name for name in self._most if self._is_faulty(name)]
        sizes = [f"CPU of {records:,}" for records in self._found]
        return [
            ("question", *sizes, "ratio", "price", "CPU / price"),
            *map(self._build_line, dict.fromkeys([*slowest, *sorted(faulty, key=self.get_cpu_ms, reverse=True)])),
        ]

    def _build_line(self, name: str) -> Sequence[str]:
        return (
            f"`{name}`",
            *(report.format_milliseconds(figures[name].cpu_ms) for figures in self._found.values()),
            report.format_ratio(self.get_ratio(name)),
            f"{self._most[name].price:,}",
            report.format_ratio(self.get_factor(name)),
        )

    def _is_slow(self, name: str) -> bool:
        return self.get_cpu_ms(name) > MAX_CPU_MS

    def _grows(self, name: str) -> bool:
        return has_grown(self._fewest[name].cpu_ms, self._most[name].cpu_ms)

    def _is_mispriced(self, name: str) -> bool:
        return not 1 / MAX_FACTOR <= self.get_factor(name) <= MAX_FACTOR

    def _is_faulty(self, name: str) -> bool:
        is_over = self._is_slow(name) or self._grows(name)
        return (is_over and find_exception(name) is None) or self._is_mispriced(name)


def has_grown(few: float, *more: float) -> bool:
    """Return whether the last of these CPU times is above the limit of growth from the first."""
    last = [few, *more][-1]
    return last > few * MAX_RATIO and last - few > _NOISE_MS


def find_exception(name: str) -> str | None:
    """Return the reason why a question may take more time than others, or grow; None if it may not."""
    return next((reason for reason, pattern in EXCEPTIONS.items() if re.search(pattern, name)), None)
