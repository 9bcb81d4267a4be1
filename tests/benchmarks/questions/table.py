"""The table of all questions: CPU time, its growth, and the price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.benchmarks import report

SIMPLE_READS = ("integration", "useCaseGroup", "useCase", "resourceRecord")
"""Questions for one thing by its id. They say what a unit of price is worth."""

MAX_CPU_MS, MAX_RATIO, MAX_FACTOR = 20.0, 1.5, 10.0
"""A question above one of these is counted in the text above the table."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds of CPU of the server and the database for one request, and its cost in the cost model."""

    cpu_ms: float
    price: int


Found = Mapping[int, Mapping[str, Figures]]
"""Figures by the number of records, the fewest first, and by the name of the question."""


def compute_unit(figures: Mapping[str, Figures]) -> float:
    """Return the milliseconds of CPU that a unit of price stands for: the median of the simple reads."""
    chosen = [figures[name] for name in SIMPLE_READS if name in figures] or [*figures.values()]
    return median(each.cpu_ms / each.price for each in chosen)


def build_lines(found: Found, count: int) -> Sequence[Sequence[str]]:
    """Return a head and lines, the dearest question first; `count` is the number of lines, or 0 for all."""
    most = [*found.values()][-1]
    unit = compute_unit(most)
    sizes = [f"CPU of {records:,}" for records in found]
    lines = [
        (
            f"`{name}`",
            *(report.format_milliseconds(figures[name].cpu_ms) for figures in found.values()),
            report.format_ratio(_get_ratio(found, name)),
            f"{most[name].price:,}",
            report.format_ratio(most[name].cpu_ms / (most[name].price * unit)),
        )
        for name in sorted(most, key=lambda name: -most[name].cpu_ms)
    ]
    return [("question", *sizes, "ratio", "price", "CPU / price"), *(lines[:count] if count else lines)]


def describe(found: Found) -> str:
    """Return the text above the table."""
    most = [*found.values()][-1]
    unit = compute_unit(most)
    factors = {name: each.cpu_ms / (each.price * unit) for name, each in most.items()}
    return (
        f"{len(most)} questions, median CPU time in ms of a request. A unit of price is {unit * 1000:.2f} µs, the "
        f"median of {', '.join(SIMPLE_READS)}.\n"
        f"With {max(found):,} records: {sum(each.cpu_ms > MAX_CPU_MS for each in most.values())} questions over "
        f"{MAX_CPU_MS:.0f} ms, {sum(_get_ratio(found, name) > MAX_RATIO for name in most)} with a ratio over "
        f"{MAX_RATIO}, {sum(not 1 / MAX_FACTOR <= factor <= MAX_FACTOR for factor in factors.values())} whose CPU "
        f"time is not within a factor of {MAX_FACTOR:.0f} of the price. The dearest questions:"
    )


def _get_ratio(found: Found, name: str) -> float:
    figures = [each[name] for each in found.values()]
    return figures[-1].cpu_ms / figures[0].cpu_ms
