"""The keys that encrypt the secrets of integrations: AES-256-GCM with a random nonce for each value.

An encrypted value is `ID.DATA`: the id of its key, and the nonce with the ciphertext in base64. It belongs to one
field of one row, whose names are authenticated with it: copied into another row, it cannot be decrypted.

The keys come from the settings. SQLite without such settings has them in a file beside the database, which the
migration that first encrypts creates.
"""

import hmac
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.domain import exact_json
from gateway.domain.lenient_reading import Json
from gateway.domain.secret_keys import generate_key, parse_keys
from gateway.errors import GatewayError, SettingsInvalid
from gateway.settings import Settings, get_variable_name

_NONCE_BYTES = 12
KEY_ID_LENGTH = 16
"""The length of a key's id, in characters. `gateway.sql.secrets` reads it from encrypted values."""


class SecretUnreadable(GatewayError):
    """A stored secret cannot be decrypted. The message shows no part of it."""

    def __init__(self, row_id: str, name: str, reason: str) -> None:
        super().__init__(f"`{name}` of the integration {row_id} cannot be decrypted: {reason}.")


class Keyring:
    """Encrypts with its newest key, and decrypts with any."""

    def __init__(self, load: Callable[[], Sequence[bytes]]) -> None:
        """`load` returns the keys, the newest first. It is called when one is first needed."""
        self._load = load

    @cached_property
    def _ciphers(self) -> Mapping[str, AESGCM]:
        return {_get_id(key): AESGCM(key) for key in self._load()}

    @property
    def ids(self) -> Sequence[str]:
        """The ids of the keys, the newest first. Raises SettingsInvalid if there is none."""
        return [*self._ciphers]

    def encrypt(self, value: Json, team_id: str, row_id: str, name: str) -> str:
        """Encrypt the value of a field of a row."""
        id, cipher = next(iter(self._ciphers.items()))
        nonce = secrets.token_bytes(_NONCE_BYTES)
        encrypted = cipher.encrypt(nonce, exact_json.encode(value), _name_field(team_id, row_id, name))
        return f"{id}.{urlsafe_b64encode(nonce + encrypted).decode()}"

    def decrypt(self, text: str, team_id: str, row_id: str, name: str) -> Json:
        """Decrypt the value of a field of a row. Raises SecretUnreadable."""
        id, _, data = text.partition(".")
        cipher = self._ciphers.get(id)
        if cipher is None:
            raise SecretUnreadable(row_id, name, f"the key {id} is missing")
        try:
            encrypted = urlsafe_b64decode(data)
            nonce, ciphertext = encrypted[:_NONCE_BYTES], encrypted[_NONCE_BYTES:]
            decrypted = cipher.decrypt(nonce, ciphertext, _name_field(team_id, row_id, name))
        except (InvalidTag, ValueError):
            raise SecretUnreadable(row_id, name, "it was damaged, or belongs to another row") from None
        return cast(Json, exact_json.decode(decrypted))


def _get_id(key: bytes) -> str:
    """Return the id of a key, in hexadecimal. The key cannot be computed from it."""
    return hmac.digest(key, b"gateway key id", "sha256").hex()[:KEY_ID_LENGTH]


def _name_field(team_id: str, row_id: str, name: str) -> bytes:
    # No id contains the separator: PostgreSQL cannot store it, and imports refuse it.
    return f"{team_id}\0{row_id}\0{name}".encode()


def describe_source(settings: Settings) -> str:
    """Return where the keys come from, for messages: a variable or a file."""
    file = _find_file(settings)
    if file is None:
        return get_variable_name("secret_keys")
    return f"{get_variable_name('secret_keys_file')} ({file})" if settings.secret_keys_file else str(file)


def _find_file(settings: Settings) -> Path | None:
    """Return the file with the keys; None if a variable has them."""
    if settings.secret_keys_file:
        return Path(settings.secret_keys_file)
    database = settings.sqlite_file
    return None if settings.secret_keys or database is None else database.with_name(f"{database.name}.keys")


def load_keys(settings: Settings) -> Sequence[bytes]:
    """Return the keys, the newest first. Raises SettingsInvalid if there is none, or if one is wrong."""
    variable, source = get_variable_name("secret_keys"), describe_source(settings)
    if settings.secret_keys and settings.secret_keys_file:
        raise SettingsInvalid(f"{variable} and {get_variable_name('secret_keys_file')} are both set: unset one.")
    file = _find_file(settings)
    try:
        keys = parse_keys(settings.secret_keys if file is None else file.read_text())
    except OSError as error:
        raise SettingsInvalid(
            f"{source} cannot be read: {error.strerror}. It has the keys that encrypt tokens: restore it from a "
            "backup."
        ) from None
    except ValueError as error:
        raise SettingsInvalid(f"{source}: {error}.") from None
    if not keys:
        raise SettingsInvalid(
            f"{source} has no key that encrypts tokens. Set one; `gateway secrets new-key` prints it."
        )
    return keys


def load_or_create_keys(settings: Settings) -> Sequence[bytes]:
    """Return the keys as `load_keys` does; create SQLite's file if it does not exist.

    The caller holds the lock of the database, so that two starts do not create two keys.
    """
    file = _find_file(settings)
    if file is not None and not settings.secret_keys_file and not file.exists():
        _create_file(file)
    return load_keys(settings)


def _create_file(file: Path) -> None:
    """Create a file with a new key that only its owner can read. It is on the disk before the database uses it."""
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(descriptor, f"{generate_key()}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if os.name == "posix":
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
