"""Statements on the secrets of integrations and their keys."""

from sqlalchemy import Select, String, delete, func, select, tuple_, type_coerce
from sqlalchemy.sql.dml import ReturningDelete

from gateway.database import KEY_ID_LENGTH, CollatedText, Integration, SecretKey, prepared
from gateway.domain.integration_secrets import SECRET_NAMES

_INTEGRATION_KEY = (Integration.team_id, Integration.id)
# Each write encrypts all secrets of its row, so that they have one key.
_ENCRYPTED = func.coalesce(*(Integration.secrets[name].as_string() for name in SECRET_NAMES))
_KEY_ID = func.substr(_ENCRYPTED, 1, KEY_ID_LENGTH, type_=String)
"""The id of the key of a row's secrets; null without secrets."""


@prepared
def select_key_ids() -> Select[str]:
    """Select the ids of the keys in use, one row each."""
    return select(SecretKey.id).order_by(SecretKey.id)


@prepared
def select_counts_by_key() -> Select[str, int]:
    """Select the ids of the keys of rows, and how many rows each has."""
    return select(_KEY_ID, func.count()).where(_KEY_ID.is_not(None)).group_by(_KEY_ID)


@prepared
def select_for_rotation(newest_id: str, team_id: str, id: str, size: int) -> Select[Integration]:
    """Select integrations after this one whose secrets have another key, ordered by team and id.

    Their rows are locked until the transaction ends.
    """
    position = tuple_(type_coerce(team_id, CollatedText), type_coerce(id, CollatedText))
    return (
        select(Integration)
        .where(tuple_(*_INTEGRATION_KEY) > position, _KEY_ID.is_distinct_from(newest_id), _KEY_ID.is_not(None))
        .order_by(*_INTEGRATION_KEY)
        .limit(size)
        .with_for_update(key_share=True)
    )


@prepared
def delete_other_keys(id: str) -> ReturningDelete[str]:
    """Delete the ids of all keys but this one."""
    return delete(SecretKey).where(SecretKey.id != id).returning(SecretKey.id)
