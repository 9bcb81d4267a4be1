"""The text of generated Python code."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple


class Mode(NamedTuple):
    """A variant of a generated function."""

    is_careful: bool = False
    """Whether it reads each field by its resolver, and decodes nothing."""
    is_chunked: bool = False
    """Whether it is a coroutine function that pauses between chunks of long lists."""


class GeneratedModule:
    """Generated functions with one namespace."""

    def __init__(self, namespace: dict[str, object]) -> None:
        self.namespace = namespace
        self._bound_names: dict[int, str] = {}
        self._counter = count()
        self._lines: list[str] = []

    def create_name(self, letter: str) -> str:
        """Return a new name."""
        return f"{letter}{next(self._counter)}"

    def bind(self, value: object) -> str:
        """Return a name that refers to a Python object."""
        name = self._bound_names.get(id(value))
        if name is None:
            name = self._bound_names[id(value)] = self.create_name("n")
            self.namespace[name] = value
        return name

    def add_lines(self, lines: Sequence[str]) -> None:
        self._lines += lines

    def load(self) -> None:
        """Execute the lines that were added since the last call."""
        text, self._lines = "\n".join(self._lines), []
        exec(text, self.namespace)  # noqa: S102 (names from the schema and documents are quoted)


@dataclass(slots=True)
class CodeBlock:
    """Lines of one indentation."""

    lines: list[str] = field(default_factory=list)
    depth: int = 1

    def add_line(self, line: str) -> None:
        self.lines.append(f"{' ' * self.depth}{line}")

    def open_inner(self, header: str) -> "CodeBlock":
        """Add a header and return the block below it. Fill it before adding to this block again."""
        self.add_line(header)
        return CodeBlock(self.lines, self.depth + 1)


@dataclass(frozen=True, slots=True)
class CodeBlocks:
    """The lines that build an object: guarded ones in a `try`, then unguarded ones, which call other functions.

    Within a loop or a condition both are the same block. `depth` counts the enclosing objects and lists.
    """

    guarded: CodeBlock
    unguarded: CodeBlock
    depth: int = 0

    @property
    def is_split(self) -> bool:
        return self.guarded is not self.unguarded

    def nest(self, block: CodeBlock | None = None) -> "CodeBlocks":
        """Return the blocks one level deeper: the same ones, or the block of a loop or a condition."""
        return CodeBlocks(block or self.guarded, block or self.unguarded, self.depth + 1)
