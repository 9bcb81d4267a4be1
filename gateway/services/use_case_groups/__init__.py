"""Use-case groups: reading them, and the upsert that creates or changes a group with its use cases."""

from gateway.services.use_case_groups import upsert
from gateway.services.use_case_groups.queries import (
    count_use_case_groups,
    find_by_keys,
    find_parent_groups,
    find_parent_integrations,
    get_use_case_group,
    list_use_case_groups,
)

__all__ = [
    "count_use_case_groups",
    "find_by_keys",
    "find_parent_groups",
    "find_parent_integrations",
    "get_use_case_group",
    "list_use_case_groups",
    "upsert",
]
