"""May they, is it right, what follows. Each function takes a session and the viewer, then what is asked."""

from gateway.services import (
    audit,
    exports,
    imports,
    integrations,
    keys,
    resource_records,
    statistics,
    use_case_groups,
    use_cases,
    users,
)

__all__ = [
    "audit",
    "exports",
    "imports",
    "integrations",
    "keys",
    "resource_records",
    "statistics",
    "use_case_groups",
    "use_cases",
    "users",
]
