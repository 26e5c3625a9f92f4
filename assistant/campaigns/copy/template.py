"""Templates of copy: free text, ``{slot}`` and blocks ``{?slot}…{/slot}`` (where it is filled) and ``{!slot}…{/slot}``
(where it is not). Nothing else: no expressions, no loops, no filters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from assistant.campaigns.copy.slots import Slot
from assistant.errors import InvalidPlan

#: stands for a filled slot where free text is read
FILLED = "\ufffc"
MOST_BLOCKS = 5
_TAG = re.compile(r"\{([^{}]*)\}")
_INSIDE = re.compile(r"([?!/]?)([a-z][a-z0-9_]*)")


@dataclass(frozen=True)
class Fill:
    """The place of a slot."""

    name: str


@dataclass(frozen=True)
class Block:
    """Nodes that are printed only where a slot is filled (``wanted``), or only where it is not."""

    name: str
    wanted: bool
    nodes: tuple[Node, ...]


Node = str | Fill | Block


@dataclass(frozen=True)
class Template:
    """A parsed template."""

    nodes: tuple[Node, ...]

    @cached_property
    def slots(self) -> tuple[str, ...]:
        """Names of the slots it prints, in order, each once."""
        return tuple(dict.fromkeys(n.name for n in walk(self.nodes) if isinstance(n, Fill)))

    @cached_property
    def blocks(self) -> tuple[str, ...]:
        """Names of the slots its blocks hang on."""
        return tuple(dict.fromkeys(n.name for n in walk(self.nodes) if isinstance(n, Block)))

    def states(self) -> Iterator[str]:
        """Its free text, slots replaced by a sign, once for each choice of its blocks."""
        for chosen in product((True, False), repeat=len(self.blocks)):
            yield _text(self.nodes, dict(zip(self.blocks, chosen, strict=True)))

    def bind(self, slots: Mapping[str, Slot | None]) -> Template:
        """The template with these slots put in for good (None: not filled)."""
        return Template(joined(_bound(self.nodes, slots)))

    def fill(self, texts: Mapping[str, str]) -> str:
        """The finished text; a slot that is absent or empty leaves its blocks out.

        Raises:
            InvalidPlan: a slot outside its block that nothing fills.
        """
        if self.blocks:
            found: list[str] = []
            _fill(self.nodes, texts, found)
            return "".join(found)
        parts = list(self._parts)
        try:
            for place, name in self._places:
                parts[place] = texts[name]
        except KeyError as error:
            raise _unfilled(error.args[0], texts) from error
        return "".join(parts)

    @cached_property
    def _parts(self) -> tuple[str, ...]:
        """For a template without blocks: what it prints, with nothing yet at the places of its slots."""
        return tuple(node if isinstance(node, str) else "" for node in self.nodes)

    @cached_property
    def _places(self) -> tuple[tuple[int, str], ...]:
        return tuple((n, node.name) for n, node in enumerate(self.nodes) if isinstance(node, Fill))

    def used(self, slots: Mapping[str, Slot]) -> list[tuple[str, str, str]]:
        """What filling prints: (name, text, source), in the order of the text."""
        return [(name, slots[name].text, slots[name].source) for name in _printed(self.nodes, slots)]


def parse(text: str) -> Template:
    """Read a template.

    Raises:
        InvalidPlan: unbalanced braces, a slot that is no plain name, a block that is not closed, or too many blocks.
    """
    root: list[Node] = []
    stack: list[tuple[str, bool, list[Node]]] = []
    here, position = root, 0
    for found in _TAG.finditer(text):
        _literal(text[position : found.start()], text, here)
        position = found.end()
        inside = _INSIDE.fullmatch(found.group(1))
        if inside is None:
            raise InvalidPlan("A slot of the copy is not a plain name", received=found.group(0))
        sign, name = inside.groups()
        if sign == "/":
            if not stack or stack[-1][0] != name:
                raise InvalidPlan("A block of the copy is closed that is not open", received=found.group(0))
            _, wanted, nodes = stack.pop()
            here = stack[-1][2] if stack else root
            here.append(Block(name, wanted, tuple(nodes)))
        elif sign:
            stack.append((name, sign == "?", []))
            here = stack[-1][2]
        else:
            here.append(Fill(name))
    _literal(text[position:], text, here)
    if stack:
        raise InvalidPlan("A block of the copy is not closed", received=stack[-1][0], valid=["{?slot} … {/slot}"])
    template = Template(tuple(root))
    if len(template.blocks) > MOST_BLOCKS:
        raise InvalidPlan(f"A piece of copy may hang on {MOST_BLOCKS} slots at most", received=len(template.blocks))
    return template


def _literal(piece: str, text: str, here: list[Node]) -> None:
    if "{" in piece or "}" in piece:
        raise InvalidPlan("The copy has unbalanced braces", received=text)
    if piece:
        here.append(piece)


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """Every node, those inside blocks too."""
    for node in nodes:
        yield node
        if isinstance(node, Block):
            yield from walk(node.nodes)


def _text(nodes: tuple[Node, ...], state: Mapping[str, bool]) -> str:
    parts = []
    for node in nodes:
        if isinstance(node, str):
            parts.append(node)
        elif isinstance(node, Fill):
            parts.append(FILLED)
        elif state[node.name] == node.wanted:
            parts.append(_text(node.nodes, state))
    return "".join(parts)


def _bound(nodes: tuple[Node, ...], slots: Mapping[str, Slot | None]) -> list[Node]:
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, str) or node.name not in slots:
            inner = node if not isinstance(node, Block) else Block(
                node.name, node.wanted, joined(_bound(node.nodes, slots)))
            found.append(inner)
            continue
        slot = slots[node.name]
        if isinstance(node, Block):
            if (slot is not None) == node.wanted:
                found += _bound(node.nodes, slots)
        elif slot is None:
            raise InvalidPlan("The copy names a slot that no data fill", received=node.name)
        else:
            found.append(slot.text)
    return found


def joined(nodes: list[Node]) -> tuple[Node, ...]:
    joined: list[Node] = []
    for node in nodes:
        if isinstance(node, str) and joined and isinstance(joined[-1], str):
            joined[-1] += node
        else:
            joined.append(node)
    return tuple(joined)


def _fill(nodes: tuple[Node, ...], texts: Mapping[str, str], parts: list[str]) -> None:
    for node in nodes:
        if isinstance(node, str):
            parts.append(node)
        elif isinstance(node, Block):
            if bool(texts.get(node.name)) == node.wanted:
                _fill(node.nodes, texts, parts)
        else:
            text = texts.get(node.name)
            if text is None:
                raise _unfilled(node.name, texts)
            parts.append(text)


def _unfilled(name: str, texts: Mapping[str, str]) -> InvalidPlan:
    return InvalidPlan("The copy names a slot that no data fill", received=name, valid=sorted(texts))


def _printed(nodes: tuple[Node, ...], slots: Mapping[str, Slot]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, Fill):
            yield node.name
        elif isinstance(node, Block) and (node.name in slots) == node.wanted:
            yield from _printed(node.nodes, slots)
