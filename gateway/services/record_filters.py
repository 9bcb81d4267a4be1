"""Limits of the filters of records."""

from collections.abc import Collection

from gateway.domain.statistics import MAX_FILTER_VALUES
from gateway.errors import ProblemList


def check_values(values: Collection[object] | None, problems: ProblemList, *path: str) -> None:
    """Add a problem (INVALID) for more than `MAX_FILTER_VALUES` values. The path ends with the condition."""
    if values is not None and len(values) > MAX_FILTER_VALUES:
        message = f"`{path[-1]}` may have at most {MAX_FILTER_VALUES} values, not {len(values)}."
        problems.add_invalid(message, *path)
