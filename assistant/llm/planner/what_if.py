"""Questions of what would happen: a change of prices has a break-even; everything else is not measured."""

from __future__ import annotations

from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.replies import candidate, decline
from assistant.plans.break_even import BreakEvenRequest


def what_if(p: Parts) -> Candidate | None:
    """The break-even where prices change by a percentage, else a precise no; None where nothing of it is asked."""
    r = p.reading
    if not r.does("what_if"):
        return None
    lex = r.vocabulary.lexicon
    change = _price_change(p)
    if change is not None and not p.conditions.customers:
        return candidate(call(BreakEvenRequest(change_percent=change, filter=p.filter())), 0.03, "what_if")
    said = decline(lex, "missing_data", "what_if", missing=["an experiment or price test"], examples="what_if")
    return candidate(said, 0.03, "what_if")


def _price_change(p: Parts) -> float | None:
    """Percent by which prices would change, with its sign; None where none is named."""
    words = p.reading.vocabulary.lexicon.price_words
    tokens = p.reading.tokens
    shares = [float(t.value) for t in tokens if t.unit == "percent" and t.value is not None]
    lemmas = {t.lemma for t in tokens} | {t.text.lower() for t in tokens}
    priced, off = bool(lemmas & words["price"]), bool(lemmas & words["off"])
    up, down = bool(lemmas & words["up"]), bool(lemmas & words["down"]) or off
    if len(shares) != 1 or not (priced or off) or up == down or not 0 < shares[0] <= 1000:
        return None
    if down and shares[0] >= 100:
        return None
    return shares[0] if up else -shares[0]
