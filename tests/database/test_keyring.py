"""Encryption of secrets: what is encrypted belongs to one field of one row, and no message shows a key."""

import re
from base64 import urlsafe_b64encode

import pytest

from gateway.database.keyring import Keyring, SecretUnreadable
from gateway.domain.lenient_reading import Json
from gateway.domain.secret_keys import generate_key, parse_keys
from tests import SECRET_KEY

FIELD = ("team", "row", "accessToken")


def build_keyring(*keys: str) -> Keyring:
    return Keyring(lambda: parse_keys(" ".join(keys)))


@pytest.mark.parametrize("value", ["token", "", "é💥\n", 5, 2**70, 1.5, False, [1, {"a": None}], {}])
def test_each_json_value_is_decrypted_as_it_was(value: Json) -> None:
    keyring = build_keyring(generate_key())
    encrypted = keyring.encrypt(value, *FIELD)
    assert keyring.decrypt(encrypted, *FIELD) == value
    assert re.fullmatch(r"[0-9a-f]{16}\.[A-Za-z0-9_-]+={0,2}", encrypted)


def test_equal_values_are_encrypted_differently() -> None:
    keyring = build_keyring(generate_key())
    assert len({keyring.encrypt("token", *FIELD) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "other",
    [("other", "row", "accessToken"), ("team", "other", "accessToken"), ("team", "row", "refreshToken")],
)
def test_a_value_of_another_team_row_or_field_cannot_be_decrypted(other: tuple[str, str, str]) -> None:
    keyring = build_keyring(generate_key())
    encrypted = keyring.encrypt("token", *FIELD)
    with pytest.raises(SecretUnreadable, match="belongs to another row"):
        keyring.decrypt(encrypted, *other)


@pytest.mark.parametrize(
    "change", [lambda text: text[:-6] + "AAAAA=", lambda text: text[:20], lambda text: text[:17]]
)
def test_a_damaged_value_cannot_be_decrypted(change: object) -> None:
    keyring = build_keyring(generate_key())
    assert callable(change)
    with pytest.raises(SecretUnreadable, match="`accessToken` of the integration row cannot be decrypted"):
        keyring.decrypt(change(keyring.encrypt("token", *FIELD)), *FIELD)


def test_the_newest_key_encrypts_and_older_ones_decrypt() -> None:
    old, new = generate_key(), generate_key()
    encrypted = build_keyring(old).encrypt("token", *FIELD)
    both = build_keyring(new, old)
    assert both.decrypt(encrypted, *FIELD) == "token"
    assert both.ids == [*build_keyring(new).ids, *build_keyring(old).ids]
    assert both.encrypt("token", *FIELD).partition(".")[0] == both.ids[0]
    with pytest.raises(SecretUnreadable, match=f"the key {both.ids[1]} is missing"):
        build_keyring(new).decrypt(encrypted, *FIELD)


def test_the_id_of_a_key_is_no_part_of_it() -> None:
    key = generate_key()
    (id,) = build_keyring(key).ids
    assert id not in parse_keys(key)[0].hex()


def test_generated_keys_differ_and_can_be_parsed() -> None:
    keys = [generate_key() for _ in range(100)]
    assert len({*map(bytes, parse_keys("\n".join(keys)))}) == 100
    assert {len(key) for key in parse_keys(" ".join(keys))} == {32}


@pytest.mark.parametrize(
    "wrong",
    [
        "short",
        urlsafe_b64encode(bytes(31)).decode(),
        urlsafe_b64encode(bytes(33)).decode(),
        "é" * 44,
        SECRET_KEY[:-1],
        # The last character has bits that no key uses.
        urlsafe_b64encode(bytes(32)).decode()[:-2] + "B=",
    ],
)
def test_what_is_no_key_is_refused_without_showing_it(wrong: str) -> None:
    with pytest.raises(ValueError, match="key 2 is not one that `gateway secrets new-key` prints") as caught:
        parse_keys(f"{generate_key()} {wrong}")
    assert wrong not in str(caught.value)
