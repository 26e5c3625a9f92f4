"""Patterns over words: literal words, choices, what may be left out, and slots that are filled by what is heard there.

A pattern is text: ``<of> (the|our)? {values} (only)?``. ``<name>`` is another pattern of the same file, ``(a|b c)`` a
choice, ``?`` says that what stands before it may be missing, and ``{slot}`` is filled by a function that knows what
may stand at a place and where it ends. A pattern is matched at one place and yields every end that it may have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

_PART = re.compile(r"\{\w+\}|[()|?]|[^\s(){}|?]+")
_MACRO = re.compile(r"<(\w+)>")

#: what may stand at a place: its end and what it means
Filler = Callable[[int], Sequence[tuple[int, Any]]]


@dataclass(frozen=True)
class Found:
    """A match: where it ends and what the slots hold, in order."""

    end: int
    slots: tuple[tuple[str, Any], ...] = ()

    def get(self, name: str) -> Any:
        """What the first slot of the name holds, or None."""
        return next((value for slot, value in self.slots if slot == name), None)

    def every(self, name: str) -> list[Any]:
        """What every slot of the name holds."""
        return [value for slot, value in self.slots if slot == name]


@dataclass(frozen=True)
class _Node:
    kind: str  # word, slot, choice
    text: str = ""
    choices: tuple[tuple[_Node, ...], ...] = ()
    optional: bool = False
    #: of each choice the words that it may begin with; None where they cannot be told
    firsts: tuple[frozenset[str] | None, ...] = ()


@dataclass
class Pattern:
    """A compiled pattern."""

    nodes: tuple[_Node, ...]
    #: words of which one begins every match; empty where a slot may
    first: frozenset[str] = field(default_factory=frozenset)

    def at(self, words: Sequence[str], start: int, fillers: Mapping[str, Filler]) -> Iterator[Found]:
        """Every match that begins at a place."""
        if self.first and (start >= len(words) or words[start] not in self.first):
            return
        yield from _match(self.nodes, words, start, fillers)


def compiled(pattern: str, macros: Mapping[str, str]) -> Pattern:
    """A pattern from its text.

    Raises:
        ValueError: brackets that do not close.
    """
    while _MACRO.search(pattern):
        pattern = _MACRO.sub(lambda m: f"({macros[m.group(1)]})", pattern)
    parts = _PART.findall(pattern)
    choices, end = _choices(parts, 0)
    if end != len(parts):
        raise ValueError(f"a bracket too many in the pattern: {pattern}")
    nodes = choices[0] if len(choices) == 1 else (
        _Node("choice", choices=choices, firsts=tuple(map(_first, choices))),)
    return Pattern(nodes, _first(nodes) or frozenset())


def _choices(parts: Sequence[str], at: int) -> tuple[tuple[tuple[_Node, ...], ...], int]:
    found: list[list[_Node]] = [[]]
    while at < len(parts) and parts[at] != ")":
        part = parts[at]
        at += 1
        if part == "|":
            found.append([])
            continue
        if part == "(":
            inner, at = _choices(parts, at)
            if at >= len(parts):
                raise ValueError(f"a bracket does not close: {' '.join(parts)}")
            at += 1
            node = _Node("choice", choices=inner, firsts=tuple(map(_first, inner)))
        elif part.startswith("{"):
            node = _Node("slot", part[1:-1])
        else:
            node = _Node("word", part)
        if at < len(parts) and parts[at] == "?":
            node = replace(node, optional=True)
            at += 1
        found[-1].append(node)
    return tuple(tuple(nodes) for nodes in found), at


def _first(nodes: Sequence[_Node]) -> frozenset[str] | None:
    """Words that a match may begin with; None where they cannot be told."""
    found: set[str] = set()
    for node in nodes:
        if node.kind == "slot":
            return None
        if node.kind == "word":
            return frozenset(found | {node.text})
        for inner in node.firsts:
            if inner is None:
                return None
            found |= inner
        if not node.optional:
            return frozenset(found)
    return None


def _match(nodes: Sequence[_Node], words: Sequence[str], at: int, fillers: Mapping[str, Filler]) -> Iterator[Found]:
    while nodes and nodes[0].kind == "word" and not nodes[0].optional:
        if at >= len(words) or words[at] != nodes[0].text:
            return
        nodes, at = nodes[1:], at + 1
    if not nodes:
        yield Found(at)
        return
    node, rest = nodes[0], nodes[1:]
    for one in _one(node, words, at, fillers):
        for other in _match(rest, words, one.end, fillers):
            yield Found(other.end, one.slots + other.slots)
    if node.optional:
        yield from _match(rest, words, at, fillers)


def _one(node: _Node, words: Sequence[str], at: int, fillers: Mapping[str, Filler]) -> Iterator[Found]:
    if node.kind == "word":
        if at < len(words) and words[at] == node.text:
            yield Found(at + 1)
    elif node.kind == "slot":
        for end, value in fillers[node.text](at) if at < len(words) else ():
            yield Found(end, ((node.text, value),))
    else:
        word = words[at] if at < len(words) else None
        for choice, first in zip(node.choices, node.firsts, strict=True):
            if first is None or word in first:
                yield from _match(choice, words, at, fillers)
