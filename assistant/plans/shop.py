"""What planner, agent and screen may know of the shop. ``app.py`` hands in the workspace, which implements it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from assistant.results import DefinitionUsed


@dataclass(frozen=True)
class Term:
    """A metric or dimension: its name in plans, the words people use, and whether the loaded data allow it."""

    name: str
    label: str
    words: tuple[str, ...] = ()
    unit: str = "text"
    available: bool = True
    missing: tuple[str, ...] = field(default=(), metadata={"doc": "columns to add, as table.column"})
    adds_up: bool = field(default=False, metadata={"doc": "of a metric: groups that do not overlap sum to the total"})
    of_now: bool = field(default=False, metadata={"doc": "of a metric: how things stand now, whatever the period"})


@dataclass(frozen=True)
class Match:
    """One of the shop's own values that a text may mean. ``score`` is 0–100."""

    kind: str  # customer, product, category, subcategory, brand, country, city, channel, campaign, segment …
    value: str  # the id or value to use in a plan
    label: str  # what to show
    score: float


@dataclass(frozen=True)
class ShopStatus:
    """Headline facts of what is loaded."""

    name: str
    source: str
    currency: str
    synthetic: bool
    snapshot: str
    fingerprint: str
    first_day: date
    last_day: date
    as_of: date
    rows: dict[str, int]
    filled: dict[str, list[str]]
    added: dict[str, str] = field(default_factory=dict)  # ``table.column`` → where a column not of the data comes from


class Shop(Protocol):
    """Facts about the loaded shop; cheap to call, cached by snapshot."""

    def status(self) -> ShopStatus: ...

    def metrics(self) -> Sequence[Term]: ...

    def dimensions(self) -> Sequence[Term]: ...

    def values(self, dimension: str) -> Sequence[str]:
        """All values of a dimension of the shop (at most a few thousand), most frequent first."""
        ...

    def labels(self, dimension: str) -> Sequence[str]:
        """What people call the values of a dimension, in the order of :meth:`values`; the values themselves where
        they have no other name (products have ids and names)."""
        ...

    def find(self, text: str, kinds: Sequence[str] = (), k: int = 5) -> Sequence[Match]:
        """The shop's own values nearest to ``text`` (fuzzy), best first; empty ``kinds`` means all."""
        ...

    def definitions(self) -> Sequence[DefinitionUsed]:
        """Terms with an agreed or built-in meaning ("lapsed", "loyal" …)."""
        ...

    def definition_filter(self, term: str) -> dict[str, Any] | None:
        """The filter (plan JSON) that a term stands for, or None if the term has no definition."""
        ...

    def segment_names(self) -> Sequence[str]:
        """Names of the segments that people saved."""
        ...
