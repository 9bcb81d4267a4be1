"""Python text in the making."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple


class Manner(NamedTuple):
    """How a generated function gives its response data."""

    is_careful: bool = False
    """Whether it reads every field as a resolver does."""
    in_slices: bool = False
    """Whether it is a coroutine that gives the loop its turn between slices of long lists."""


class Module:
    """Generated functions that share their names."""

    def __init__(self, names: dict[str, object]) -> None:
        self.names = names
        self._bound: dict[int, str] = {}
        self._numbers = count()
        self._text: list[str] = []

    def name(self, letter: str) -> str:
        """A name that nothing else has."""
        return f"{letter}{next(self._numbers)}"

    def bind(self, value: object) -> str:
        """A name by which the code has a Python object."""
        name = self._bound.get(id(value))
        if name is None:
            name = self._bound[id(value)] = self.name("n")
            self.names[name] = value
        return name

    def add(self, lines: Sequence[str]) -> None:
        self._text += lines

    def load(self) -> None:
        """Make what was added since the last time."""
        text, self._text = "\n".join(self._text), []
        exec(text, self.names)  # noqa: S102 (our own text: names come from the schema and are quoted)


@dataclass(slots=True)
class Block:
    """Lines of one depth."""

    lines: list[str] = field(default_factory=list)
    depth: int = 1

    def add(self, line: str) -> None:
        self.lines.append(f"{' ' * self.depth}{line}")

    def inner(self, header: str) -> "Block":
        """The block below a header, to be filled before anything else is added to this one."""
        self.add(header)
        return Block(self.lines, self.depth + 1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object is written: first what may turn out not to be plain, then what calls other functions.

    Within a loop or a condition both are one. `depth` is how many objects and lists it is written into.
    """

    now: Block
    later: Block
    depth: int = 0

    @property
    def is_split(self) -> bool:
        return self.now is not self.later

    def within(self, block: Block | None = None) -> "Place":
        """One deeper: in the same blocks, or in one of a loop or a condition."""
        return Place(block or self.now, block or self.later, self.depth + 1)
