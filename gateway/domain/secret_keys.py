"""The form of the keys that encrypt secrets: 32 random bytes, written in base64."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

_KEY_BYTES = 32


def generate_key() -> str:
    """Return a new random key, as `parse_key` reads it."""
    return urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def parse_keys(text: str) -> list[bytes]:
    """Parse keys that are separated by spaces or lines. Raises ValueError, whose message repeats none of them."""
    return [_parse_key(number, word) for number, word in enumerate(text.split(), start=1)]


def _parse_key(number: int, word: str) -> bytes:
    try:
        key = urlsafe_b64decode(word.encode())
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES or urlsafe_b64encode(key).decode() != word:
        raise ValueError(f"key {number} is not one that `gateway secrets new-key` prints, of 44 characters")
    return key
