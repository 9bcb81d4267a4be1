"""Statements: which rows to read or write. Each function takes plain arguments and returns a statement.

The functions run nothing. Each module has the statements of one area; `paging`, `groupings`, `text_lists`,
`json_rows`, `breakdown_numbers`, `integration_filters`, `record_filters` and `visibility` have parts of
statements. Only `gateway.services` imports this package.
"""

from gateway.sql import (
    breakdown_numbers,
    cursors,
    day_counts,
    exports,
    groupings,
    imports,
    integration_filters,
    integrations,
    json_rows,
    keys,
    paging,
    record_filters,
    record_search,
    resource_records,
    sessions,
    statistics,
    text_lists,
    type_counts,
    use_case_groups,
    use_cases,
    users,
    verification,
    visibility,
)

__all__ = [
    "breakdown_numbers",
    "cursors",
    "day_counts",
    "exports",
    "groupings",
    "imports",
    "integration_filters",
    "integrations",
    "json_rows",
    "keys",
    "paging",
    "record_filters",
    "record_search",
    "resource_records",
    "sessions",
    "statistics",
    "text_lists",
    "type_counts",
    "use_case_groups",
    "use_cases",
    "users",
    "verification",
    "visibility",
]
