"""The secrets in the documents of integrations. They are encrypted and stored in the column `secrets`.

The stored document has null in the place of each secret, so that the secret can be put back there.
"""

from collections.abc import Mapping

from gateway.domain.enums import IntegrationKind
from gateway.domain.lenient_reading import Document, Json

CONFIG_SECRETS = ("accessToken", "refreshToken")
"""The keys of a connected integration's `config` that are secret."""

_WEBHOOK_SECRETS = ("token",)
"""The keys of a webhook's document that are secret."""

SECRET_NAMES = (*CONFIG_SECRETS, *_WEBHOOK_SECRETS)


def get_secrets(document: Document, kind: IntegrationKind) -> Document:
    """Return the secret keys that a document has, and their values; in a stored document these are null."""
    if kind is not IntegrationKind.CONNECTED:
        return _select(document, _WEBHOOK_SECRETS)
    config = document.get("config")
    return _select(config, CONFIG_SECRETS) if isinstance(config, dict) else {}


def _select(values: Document, names: tuple[str, ...]) -> Document:
    return {name: values[name] for name in names if name in values}


def put_secrets(document: Document, kind: IntegrationKind, values: Mapping[str, Json]) -> Document:
    """Return the document with these values of its secrets, each in its place, or else at the end.

    A document whose `config` is not an object has no place for them.
    """
    if not values:
        return document
    if kind is not IntegrationKind.CONNECTED:
        return {**document, **values}
    config = document.get("config", {})
    return {**document, "config": {**config, **values}} if isinstance(config, dict) else document


def drop_secrets(document: Document, kind: IntegrationKind) -> Document:
    """Return the document without its secrets and their keys."""
    dropped = get_secrets(document, kind)
    if not dropped:
        return document
    if kind is not IntegrationKind.CONNECTED:
        return {key: value for key, value in document.items() if key not in dropped}
    config = document["config"]
    assert isinstance(config, dict)  # noqa: S101 (it has the secrets)
    return {**document, "config": {key: value for key, value in config.items() if key not in dropped}}
