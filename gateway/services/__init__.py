"""Business rules: permissions, validation and the effects of changes.

A function takes a `Reader` or a `Writer`, then the viewer whose permissions it checks, then its arguments.
Functions for operators take no viewer and check no permission.
"""

from gateway.services import (
    access,
    audit,
    batches,
    connected_integrations,
    cursors,
    dashboard_day_counts,
    day_counts,
    exports,
    imports,
    integration_changes,
    integrations,
    keys,
    rate_limits,
    record_counts,
    record_references,
    resource_records,
    sessions,
    statistics,
    teams,
    type_counts,
    use_case_groups,
    use_cases,
    verification,
    webhooks,
)

__all__ = [
    "access",
    "audit",
    "batches",
    "connected_integrations",
    "cursors",
    "dashboard_day_counts",
    "day_counts",
    "exports",
    "imports",
    "integration_changes",
    "integrations",
    "keys",
    "rate_limits",
    "record_counts",
    "record_references",
    "resource_records",
    "sessions",
    "statistics",
    "teams",
    "type_counts",
    "use_case_groups",
    "use_cases",
    "verification",
    "webhooks",
]
