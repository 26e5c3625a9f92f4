"""Returns that a measure is to leave out: "revenue excluding returns and cancellations"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.llm.planner.heard import heard

if TYPE_CHECKING:
    from assistant.llm.planner.parts import Parts

_AFTER = heard("parts.after")
_ONE = heard("left_out.one")


def _net(p: Parts, k: int) -> bool:
    """As in "excluding returns" said of revenue, before "and cancellations"."""
    item = p.reading.items[k]
    return len(item.tokens) > 1 and item.get("metric") == p.reading.vocabulary.role("net")


def excluded(p: Parts, i: int, roles: dict[int, str]) -> bool:
    """As in "revenue excluding returns and cancellations"."""
    items = p.reading.items
    given_back = set(p.reading.vocabulary.lexicon.terms["roles"]["given_back"])
    if not given_back & set(items[i].alts.get("metric", ())):
        return False
    for k in range(i - 1, max(-1, i - 4), -1):
        if items[k].lemma in _AFTER and items[k + 1].lemma in _ONE:
            return False  # "do they come back after a return"
        if items[k].has("not_in") or items[k].lemma in _AFTER or roles.get(k) == "excluded" or _net(p, k):
            p.used.update(range(k, i))
            return True
        if not p.reading.is_skip(k):
            return False
    return False


def without_returns(p: Parts) -> None:
    """Money is then meant net; orders and units count sales anyway."""
    money, net = p.reading.vocabulary.role("money"), p.reading.vocabulary.role("net")
    if money in p.metrics and net is not None:
        p.metrics = [net if m == money else m for m in p.metrics]
    else:
        p.notes.append("returns_apart")
