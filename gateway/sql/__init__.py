"""Says what to fetch or write. Each function returns a statement, which is a value: it runs nothing."""

from gateway.sql import (
    day_counts,
    exports,
    imports,
    integration_filters,
    integrations,
    keys,
    paging,
    resource_records,
    sessions,
    statistics,
    use_case_groups,
    use_cases,
    users,
    verification,
)

__all__ = [
    "day_counts",
    "exports",
    "imports",
    "integration_filters",
    "integrations",
    "keys",
    "paging",
    "resource_records",
    "sessions",
    "statistics",
    "use_case_groups",
    "use_cases",
    "users",
    "verification",
]
