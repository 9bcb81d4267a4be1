"""Says what to fetch or write. Each function returns a statement, which is a value: it runs nothing."""

from gateway.sql import (
    exports,
    imports,
    integration_filters,
    integrations,
    keys,
    paging,
    resource_records,
    statistics,
    use_case_groups,
    use_cases,
    users,
)

__all__ = [
    "exports",
    "imports",
    "integration_filters",
    "integrations",
    "keys",
    "paging",
    "resource_records",
    "statistics",
    "use_case_groups",
    "use_cases",
    "users",
]
