"""Whether a plan can be an answer to a question of that form at all.

"What brings people back to it" is answered by no number of people, "which things have the most buyers" by no list of
customers, "do mugs sell better in France or Germany" by no sum of both. The rules are data: a form of the text, and
what a plan that misses it looks like. They hold whichever reading made the plan.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.trace import Trace

_GOODS = frozenset({"product", "category", "subcategory", "brand"})
_PLACES = frozenset({"country", "city", "channel"})
_DAYS = frozenset({"weekday", "month_of_year", "season_of_year"})
_NAMES = frozenset({"eq", "in", "contains", None})
_KEYS = frozenset({"name", "asks", "unless"})


@dataclass(frozen=True)
class _Rule:
    asks: re.Pattern[str]
    unless: re.Pattern[str] | None
    plan: Mapping[str, Any]


@lru_cache(maxsize=4)
def _rules(language: str) -> tuple[_Rule, ...]:
    raw = read_yaml(language, "question_sense") or {}
    macros = raw.get("macros", {})

    def form(text: str) -> re.Pattern[str]:
        for name, value in macros.items():
            text = text.replace(f"<{name}>", value)
        return re.compile(text, re.IGNORECASE)

    rules = []
    for rule in raw.get("rules", ()):
        said = {key: value for key, value in rule.items() if key not in _KEYS}
        unknown = set(said) - set(_HOLDS)
        if unknown:
            raise ValueError(f"question_sense: {rule.get('name')!r} says {sorted(unknown)} of the plan")
        rules.append(_Rule(form(rule["asks"]), form(rule["unless"]) if "unless" in rule else None, said))
    return tuple(rules)


def beside_the_question(text: str, calls: Sequence[ToolCall], language: str) -> str | None:
    """The words whose form the calls do not answer; None where they may.

    Args:
        text: as it was said.
        calls: what it was planned as.
        language: folder of the lexicon.
    """
    said = text.replace("’", "'").strip()
    trace: Trace | None = None
    for rule in _rules(language):
        found = rule.asks.search(said)
        if found is None or (rule.unless is not None and rule.unless.search(said)):
            continue
        trace = trace or Trace(calls)
        if trace.tools & {"ask_back", "decline"}:
            return None
        if all(_HOLDS[key](trace, value) for key, value in rule.plan.items()):
            return found.group().strip(" ,?.!")
    return None


def _asked_measures(trace: Trace) -> set[str]:
    return {str(m) for call in trace.calls for m in call.args.get("metrics") or ()}


def _dimensions(trace: Trace) -> set[str]:
    return {str(d) for call in trace.calls for d in call.args.get("dimensions") or ()}


def _signs(trace: Trace, signs: Sequence[str]) -> bool:
    return any(sign in text for text in trace.texts for sign in signs)


def _either(trace: Trace, kind: Any) -> bool:
    """Whether one condition takes several goods (or places, or days) together that the answer does not tell apart."""
    looked_at = _GOODS if kind == "goods" else _GOODS | _PLACES | _DAYS
    fields = {str(n.get("field")) for n in trace.nodes if n.get("op") == "in" and len(n.get("values") or ()) > 1}
    for node in trace.nodes:
        if node.get("op_type") == "or":
            fields |= {str(p.get("field")) for p in node.get("parts") or () if isinstance(p, dict)}
    return len(trace.calls) == 1 and bool(fields & looked_at) and not fields & _dimensions(trace)


def _denied_goods(trace: Trace) -> bool:
    """Whether lines of some goods are left out, which says nothing of who never bought them."""
    denied = [n.get("part") for n in trace.nodes if n.get("op_type") == "not"]
    left_out = [n for n in trace.nodes if n.get("op") in {"ne", "not_in", "not_contains"}]
    return any(isinstance(n, dict) and str(n.get("field")) in _GOODS for n in (*denied, *left_out))


def _same_line(trace: Trace) -> bool:
    """Whether one line of an order would have to be two things at once."""
    for node in trace.nodes:
        parts = [p for p in node.get("parts") or () if isinstance(p, dict) and p.get("op_type") == "compare"]
        fields = [str(p.get("field")) for p in parts if str(p.get("field")) in _GOODS and p.get("op") in _NAMES]
        if node.get("op_type") == "and" and len(fields) != len(set(fields)):
            return True
    return False


def _twice(trace: Trace) -> bool:
    counts = [n for n in trace.nodes if n.get("op_type") in {"customer", "sequence"}]
    more = any(float(v) > (n.get("op") != "gt") for n in counts if n.get("metric") == "orders"
               for v in n.get("values") or () if isinstance(v, int | float))
    following = any(n.get("following") for n in trace.nodes)
    return more or following or len(counts) > 1 or trace.negatives() > 0


def _no_share(trace: Trace) -> bool:
    """Whether nothing is set against a whole; things without any sale are shown with how many were looked at."""
    unsold = bool(_dimensions(trace) & _GOODS) and any(
        isinstance(h, dict) and list(h.get("values") or ()) == [0] for h in trace.under("having"))
    part = any(str(name).endswith(("_rate", "_share", "_percent")) or "_over_" in str(name) for name in trace.metrics)
    if "order" in _dimensions(trace):
        return not trace.under("compare")  # each one's own share is none of so many orders
    against = trace.under("compare", "transform", "study") or set(map(str, trace.under("of"))) - {"value"}
    return not (unsold or part or against)


_HOLDS: dict[str, Callable[[Trace, Any], bool]] = {
    "tools": lambda trace, tools: bool(trace.tools) and trace.tools <= set(tools),
    "lacks": lambda trace, signs: not _signs(trace, signs),
    "has": _signs,
    "no_dimension": lambda trace, _: not _dimensions(trace) and not trace.under("compare"),
    "lists_no": lambda trace, names: not _dimensions(trace) & set(names),
    "lists": lambda trace, names: set(names) <= _dimensions(trace),
    "lists_one": lambda trace, names: bool(_dimensions(trace) & set(names)),
    "denies_nothing": lambda trace, _: trace.negatives() == 0,
    "no_share": lambda trace, _: _no_share(trace),
    "measures": lambda trace, names: bool(_asked_measures(trace)) and _asked_measures(trace) <= set(names),
    "either": _either,
    "denied_goods": lambda trace, _: _denied_goods(trace),
    "compared": lambda trace, _: bool(trace.under("compare")),
    "bounded": lambda trace, names: any(
        isinstance(h, dict) and h.get("metric") in names for h in trace.under("having")),
    "conditioned": lambda trace, _: any(node.get("op_type") == "customer" for node in trace.nodes),
    "same_line": lambda trace, _: _same_line(trace),
    "not_twice": lambda trace, _: not _twice(trace),
}
"""What a rule may say of a plan."""
