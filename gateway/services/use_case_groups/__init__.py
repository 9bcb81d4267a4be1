"""Use-case groups: queries, the upsert that creates or updates a group with its use cases, and deletion.

`upsert` writes what `locate` finds. `checks` validates the input, also of changes to single use cases.
"""

from gateway.services.use_case_groups import upsert
from gateway.services.use_case_groups.deletion import delete_group
from gateway.services.use_case_groups.queries import (
    count_use_case_groups,
    find_by_keys,
    find_parent_groups,
    get_use_case_group,
    get_use_case_group_by_slug,
    list_use_case_groups,
)

__all__ = [
    "count_use_case_groups",
    "delete_group",
    "find_by_keys",
    "find_parent_groups",
    "get_use_case_group",
    "get_use_case_group_by_slug",
    "list_use_case_groups",
    "upsert",
]
