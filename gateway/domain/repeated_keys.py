"""Find keys that stand twice in one JSON object. Parsers use the last value and drop the others silently."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[][{},\n]')
"""The parts of JSON that tell where a key stands."""


class RepeatedKey(ValueError):
    """A key stands twice in one object."""

    def __init__(self, path: tuple[str | int, ...], line: int) -> None:
        super().__init__(f"{'.'.join(map(str, path))} stands twice in one object")
        self.path = path
        self.line = line
        """The line of the second one, from 1 on."""


@dataclass(slots=True)
class _Container:
    """An open object or list, and the key or index of its current item."""

    position: str | int
    keys: set[str] | None = None
    """The keys of an object so far; None for a list."""


def require_distinct_keys(text: bytes, encoding: bytes | None) -> None:
    r"""Raise RepeatedKey for the first key that stands twice in one object of a valid JSON text.

    `encoding` is what orjson writes for the parsed value; None if it cannot. It lacks the two quotes of each key
    that the parser dropped. Otherwise both have the same quotes, where orjson writes `\u0022` with a quote. So a
    count proves that no key is repeated, and the text is searched only if the counts differ.
    """
    if encoding is not None and (text.strip() == encoding or _count_quotes(text) == encoding.count(b'"')):
        return
    for path, line in _find_repetitions(text):
        raise RepeatedKey(path, line)


def _count_quotes(text: bytes) -> int:
    """Return the number of quotes; too many if an escaped backslash precedes `u0022`, but never too few."""
    return text.count(b'"') + (text.count(b"\\u0022") if b"\\" in text else 0)


def _find_repetitions(text: bytes) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """Yield the path of each key that its object already has, and its line."""
    open_containers: list[_Container] = []
    line, expects_key = 1, False
    for token in map(re.Match[bytes].group, _TOKEN.finditer(text)):
        if token == b"\n":
            line += 1
        elif token in b"{[":
            open_containers.append(_Container("", set()) if token == b"{" else _Container(0))
            expects_key = token == b"{"
        elif token in b"}]":
            open_containers.pop()
            expects_key = False
        elif token == b",":
            container = open_containers[-1]
            expects_key = container.keys is not None
            if isinstance(container.position, int):
                container.position += 1
        elif expects_key:
            container, expects_key = open_containers[-1], False
            key = container.position = str(json.loads(token.decode()))
            if container.keys is not None and key in container.keys:
                yield tuple(each.position for each in open_containers), line
            elif container.keys is not None:
                container.keys.add(key)
