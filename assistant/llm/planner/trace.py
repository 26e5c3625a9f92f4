"""What the arguments of finished calls hold, flattened, so that words can be looked for in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import BaseModel

from assistant.llm.planner.candidate import ToolCall

_NEGATIVE_OPS = frozenset({"ne", "not_in", "not_contains", "lt", "le", "is_null"})
NEGATIVE_NAMES = ("lost", "guest", "one_time", "out_of_stock", "net_", "unsubscribe")
#: Settings with a default that nobody says in passing.
_UNSAID = frozenset({"level", "window"})
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _length(node: dict[str, Any]) -> set[float]:
    """Days, weeks and months between two dates that stand for "in the last 30 days"."""
    values = [str(v) for v in node.get("values") or ()]
    if node.get("op") != "between" or len(values) != 2 or not all(DATE.fullmatch(v) for v in values):
        return set()
    days = (date.fromisoformat(values[1]) - date.fromisoformat(values[0])).days + 1
    return {float(days), float(round(days / 7)), float(round(days / 30.4))}


@dataclass
class Trace:
    """What the arguments of the calls hold, flattened.

    Attributes:
        numbers: every number, also those in names.
        dated: the numbers of dates, which only words of time account for.
        texts: every string, lower case.
        nodes: every mapping inside the arguments.
    """

    calls: Sequence[ToolCall]
    numbers: set[float] = field(default_factory=set)
    dated: set[float] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    nodes: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for one in self.calls:
            plan = one.plan()
            self._implied_by_study(getattr(plan, "study", None))
            self._walk(plan.model_dump(mode="json", exclude_none=True) if isinstance(plan, BaseModel) else plan)

    def _implied_by_study(self, study: Any) -> None:
        """Numbers that a study answers without naming them: every step of a ladder, the second order."""
        kind = getattr(study, "study", "")
        if kind == "ladder":
            self.numbers.update(float(n) for n in range(1, study.steps + 1))
        elif kind in {"early", "returning", "cohorts"}:
            self.numbers.update({1.0, 2.0})
        elif kind == "spread" and study.edges:
            self.numbers.update({0.0, 1.0, *(e - 1 for e in study.edges), *(e - 0.01 for e in study.edges)})

    def _walk(self, node: Any) -> None:
        if isinstance(node, dict):
            self.nodes.append(node)
            self.dated |= _length(node)
            for key, value in node.items():
                if key not in _UNSAID or (key == "window" and node.get("transform")):
                    self._walk(value)
        elif isinstance(node, list | tuple):
            for value in node:
                self._walk(value)
        elif isinstance(node, bool) or node is None:
            return
        elif isinstance(node, int | float):
            self.numbers.add(float(node))
        else:
            text = str(node).lower()
            self.texts.append(text)
            held = self.dated if DATE.fullmatch(text) else self.numbers
            held.update(float(n) for n in re.findall(r"\d+(?:\.\d+)?", text))

    def under(self, *keys: str) -> list[Any]:
        """Values of these keys anywhere, lists flattened."""
        found: list[Any] = []
        for node in self.nodes:
            for key in keys:
                value = node.get(key)
                found.extend(value if isinstance(value, list | tuple) else [] if value is None else [value])
        return found

    @property
    def tools(self) -> set[str]:
        return {c.name for c in self.calls}

    @property
    def metrics(self) -> list[str]:
        """Every measure the plan speaks of, in whatever role."""
        return [str(m) for m in self.under("metrics", "metric", "by")]

    @property
    def dimensions(self) -> list[str]:
        return [str(d) for d in self.under("dimensions", "dimension")]

    def negatives(self) -> int:
        """Parts of the plan that deny something."""
        found = 0
        for node in self.nodes:
            values = node.get("values")
            found += node.get("op_type") in {"not"}
            # "orders fell" asks for less than before and denies nothing
            found += node.get("op") in _NEGATIVE_OPS and node.get("of") not in {"change", "change_pct"}
            found += node.get("op") in {None, "eq", "ge", "gt"} and str(node.get("metric", "")).startswith("days_since")
            found += node.get("op") == "eq" and list(values or ()) == [0]
        found += any(n.get("focus") in {"stop", "risk", "unusual"} for n in self.nodes)
        found += sum(any(n in m for n in NEGATIVE_NAMES) for m in set(self.metrics))
        found += sum(n.get("op_type") == "customer" and self._only_once(n) for n in self.nodes)
        found += sum(n.get("asked") == "away" for n in self.nodes)
        # rules of a list of products: what is left out of it
        found += sum(len(n.get(rule) or ()) for n in self.nodes for rule in ("exclude_categories", "exclude_words"))
        found += sum(bool(n.get("one_per_variant")) for n in self.nodes)
        return found

    def _only_once(self, node: dict[str, Any]) -> bool:
        """One order and no more is what "never came back" means."""
        return node.get("op") == "eq" and list(node.get("values") or ()) == [1]
