"""Python text in the making."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple


class Mode(NamedTuple):
    """How a generated function gives its response data."""

    is_careful: bool = False
    """Whether it reads every field as a resolver does."""
    is_chunked: bool = False
    """Whether it is a coroutine that gives the loop its turn between slices of long lists."""


class GeneratedModule:
    """Generated functions that share their names."""

    def __init__(self, namespace: dict[str, object]) -> None:
        self.namespace = namespace
        self._bound_names: dict[int, str] = {}
        self._counter = count()
        self._lines: list[str] = []

    def create_name(self, letter: str) -> str:
        """A name that nothing else has."""
        return f"{letter}{next(self._counter)}"

    def bind(self, value: object) -> str:
        """A name by which the code has a Python object."""
        name = self._bound_names.get(id(value))
        if name is None:
            name = self._bound_names[id(value)] = self.create_name("n")
            self.namespace[name] = value
        return name

    def add_lines(self, lines: Sequence[str]) -> None:
        self._lines += lines

    def load(self) -> None:
        """Make what was added since the last time."""
        text, self._lines = "\n".join(self._lines), []
        exec(text, self.namespace)  # noqa: S102 (our own text: names come from the schema and are quoted)


@dataclass(slots=True)
class CodeBlock:
    """Lines of one depth."""

    lines: list[str] = field(default_factory=list)
    depth: int = 1

    def add_line(self, line: str) -> None:
        self.lines.append(f"{' ' * self.depth}{line}")

    def open_inner(self, header: str) -> "CodeBlock":
        """The block below a header, to be filled before anything else is added to this one."""
        self.add_line(header)
        return CodeBlock(self.lines, self.depth + 1)


@dataclass(frozen=True, slots=True)
class CodeBlocks:
    """Where an object is written: first what may turn out not to be plain, then what calls other functions.

    Within a loop or a condition both are one. `depth` is how many objects and lists it is written into.
    """

    guarded: CodeBlock
    unguarded: CodeBlock
    depth: int = 0

    @property
    def is_split(self) -> bool:
        return self.guarded is not self.unguarded

    def nest(self, block: CodeBlock | None = None) -> "CodeBlocks":
        """One deeper: in the same blocks, or in one of a loop or a condition."""
        return CodeBlocks(block or self.guarded, block or self.unguarded, self.depth + 1)
