"""Reproducible random values: ids, people and weighted choices."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import TypeVar

T = TypeVar("T")

_FIRST_NAMES = (
    ("Ada", "female"), ("Alma", "female"), ("Bela", "male"), ("Caspar", "male"), ("Cleo", "female"),
    ("Dario", "male"), ("Edda", "female"), ("Emil", "male"), ("Fenja", "female"), ("Gwen", "female"),
    ("Hugo", "male"), ("Ines", "female"), ("Jonas", "male"), ("Juno", "female"), ("Kian", "male"),
    ("Lena", "female"), ("Levi", "male"), ("Mara", "female"), ("Milo", "male"), ("Nadia", "female"),
    ("Nils", "male"), ("Odile", "female"), ("Otto", "male"), ("Paula", "female"), ("Quinn", "other"),
    ("Rhea", "female"), ("Robin", "other"), ("Samir", "male"), ("Selma", "female"), ("Tariq", "male"),
    ("Tilda", "female"), ("Uma", "female"), ("Viggo", "male"), ("Wanda", "female"), ("Yara", "female"),
    ("Zeno", "male"),
)  # fmt: skip
_LAST_NAMES = (
    "Abelard", "Ashcombe", "Birkwood", "Brightwater", "Calloway-Reed", "Castellan", "Dunmore", "Eastlake",
    "Elderfield", "Farrowby", "Fennimore", "Galloran", "Greystone", "Hartwell", "Hollowell", "Inglemoor",
    "Jessamy", "Kestrelton", "Kirkbride", "Lindqvist", "Lockridge", "Marchbanks", "Merriden", "Nightingale",
    "Northam", "O'Tarrant", "Oakhurst", "Pemberley", "Quillfeather", "Ravensworth", "Rosendahl", "Silverthorne",
    "Stillwater", "Thistlewood", "Underhill", "Vanterpool", "Wetherby", "Winterbourne", "Yarrowby", "Zellander",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """A fictional person."""

    first_name: str
    last_name: str
    gender: str

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def mailbox(self) -> str:
        """Local part of the e-mail address."""
        return f"{self.first_name}.{self.last_name}".lower().replace("'", "")


def invent_person(rng: Random) -> Person:
    first_name, gender = rng.choice(_FIRST_NAMES)
    return Person(first_name, rng.choice(_LAST_NAMES), gender)


def invent_phone(rng: Random) -> str:
    """Return one of the hundred phone numbers that are reserved for fiction."""
    return f"555-01{rng.randrange(100):02}"


def invent_object_id(rng: Random, at: datetime) -> str:
    """Return 24 hexadecimal digits that sort by `at`."""
    return f"{int(at.timestamp()):08x}{rng.getrandbits(64):016x}"


def invent_logical_id(rng: Random, kind: str) -> str:
    return f"{kind}_{uuid.UUID(int=rng.getrandbits(128), version=4)}"


def pick_weighted(rng: Random, weights: Mapping[T, float]) -> T:
    """Return one of the keys with a probability in proportion to its weight."""
    return rng.choices(list(weights), list(weights.values()))[0]
