"""Use-case groups: reading them, and the upsert that creates or changes a group with its use cases."""

from gateway.services.use_case_groups import upsert
from gateway.services.use_case_groups.queries import above, by_keys, counts, get, integrations_above, listed

__all__ = ["above", "by_keys", "counts", "get", "integrations_above", "listed", "upsert"]
