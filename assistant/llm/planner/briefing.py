"""Open questions: "what should I focus on this week?", "anything unusual in Germany?", "how are we doing?".

The words of such a question say what is wanted (attention, risk, change …) and of what (products, customers, all). They
are composed here; the findings themselves know nothing of words.
"""

from __future__ import annotations

from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.requests import Finish
from assistant.llm.planner.units import GRAINS
from assistant.plans.briefing import BriefingRequest
from assistant.plans.filters import Compare, InGroup
from assistant.plans.periods import Period

#: what is asked for, the more particular first
_ORDER = (
    "reorder", "unusual", "money", "opportunity", "risk", "stop", "promote", "target", "attention", "change", "summary",
    "selling",
)
#: questions about what to do: "this week" is when it will be done, not what is looked at
_ACTIONS = frozenset({"focus", "risk", "opportunity", "stop", "promote", "customers", "products", "money", "reorder"})
#: what a measure named beside may be, so that the question is still an open one
_ANY_SALES = frozenset({"revenue", "gross_revenue", "net_revenue", "orders", "products_sold", "customers"})


def briefing(p: Parts, context: DialogueContext, finish: Finish) -> Candidate | None:
    """An open question as a request for findings; None where a figure, a person or a campaign is spoken of."""
    found = _open_words(p)
    kinds = {kind for of in found.values() for kind in of}
    said = kinds - {"asked", "returns"}
    if not said or p.conditions.customers or p.customer_ids or p.product_ids or len(p.periods) > 1:
        return None
    if p.counted or p.reading.has("share") or _how_much(p):
        return None
    about = _about(p)
    focus = _focus(p, said, about)
    if focus is None or _speaks_of_a_figure(p, focus, set(found)):
        return None
    if focus == "stop" and _fallen_most(p):
        return None
    _drop_what_is_no_filter(p, focus, set(found))
    if focus == "focus" and p.reading.has("improve"):
        focus = "opportunity"  # "what should we do to grow revenue"
    period = _period(p, focus)
    if period is None and p.period is not None and focus == "change":
        return None
    if p.future is not None and focus not in _ACTIONS:
        return None
    others = [g for g in p.groups if g not in {"product", "customer", *GRAINS}]
    if len(others) > 1:
        return None
    request = BriefingRequest(
        focus=focus, period=period, filter=p.filter(), about=others[0] if others else about, k=min(p.limit or 5, 10)
    )
    _take(p, focus, set(found))
    measured = set(p.reading.having("metric")) - set(found) if focus != "opportunity" else set()
    read = finish(p, [call(request)], "briefing", 0.1 if measured else -0.04)
    if "returns" in kinds and focus in {"customers", "promote", "focus"}:
        returns = [p.reading.items[i].text for i, of in found.items() if "returns" in of]
        read.notes.append(f"return_as_stake|{' '.join(returns)}")
    return read


def _fallen_most(p: Parts) -> bool:
    """As in "the biggest drop in sales": a change that is ranked, not a product to drop."""
    items = p.reading.items
    return any(one.has("rank") and two.has("growth") for one, two in zip(items, items[1:], strict=False))


def _how_much(p: Parts) -> bool:
    """As in "how much of our revenue comes from the app": a figure is wanted."""
    lemmas = [t.lemma for t in p.reading.tokens]
    return any(a in heard("how") and b in heard("briefing.much") for a, b in zip(lemmas, lemmas[1:], strict=False))


def _open_words(p: Parts) -> dict[int, set[str]]:
    """Items inside words of open questions, and the kinds of those words; the longest phrase wins."""
    r = p.reading
    lemmas = [t.lemma if t.kind != "stop" else f"\x00{t.text}" for t in r.tokens]
    at: dict[int, set[str]] = {}
    position = 0
    while position < len(lemmas):
        hits = list(r.vocabulary.lexicon.open_words.matches(lemmas, position))
        end, entries = hits[-1] if hits else (position + 1, [])
        for i, item in enumerate(r.items):
            inside = item.has("metric") and len(item.tokens) > end - position  # "different customers", "email sent"
            if entries and item.start < end and item.end > position and not inside:
                at.setdefault(i, set()).update(str(kind) for _, kind in entries)
        position = end
    return at


def _about(p: Parts) -> str | None:
    """Products or customers, where the question names them."""
    dims = {d for item in p.reading.items for d in item.alts.get("dim", ())}
    people = any("customers" in item.alts.get("metric", ()) or item.has("definition") for item in p.reading.items)
    who = p.reading.tokens and p.reading.tokens[0].lemma in heard("who_whom")
    if "product" in dims or "product" in p.groups:
        return "product"
    return "customer" if "customer" in dims or people or who else None


def _focus(p: Parts, said: set[str], about: str | None) -> str | None:
    """What the question wants, by the most particular of its words."""
    wanted = next((w for w in _ORDER if w in said), None)
    asks = _asks(p)
    if wanted == "reorder":
        return "reorder" if about in {None, "product"} and asks else None
    if wanted in {"stop", "promote"}:
        return wanted if asks and about != "customer" and not _bare_command(p) else None
    if wanted == "target" or (wanted in {"attention", "opportunity"} and about == "customer"):
        return "customers" if asks and about != "product" else None
    if wanted == "attention":
        return "products" if about == "product" else "focus"
    if wanted == "selling":
        return "products" if about == "product" and {"attention", "risk"} & said else None
    if wanted in {"risk", "opportunity"} and about == "product":
        return "products" if wanted == "risk" else "promote"
    if wanted == "risk" and about == "customer":
        return None  # "customers at risk" is the churn model's
    if wanted in {"change", "summary"} and about == "customer":
        return None
    return wanted


def _asks(p: Parts) -> bool:
    """Whether it is a question of what or whom, not an order to do it."""
    first = [t.lemma for t in p.reading.tokens[:8]]
    asking = heard("briefing.asking")
    return bool(asking & set(first))


def _bare_command(p: Parts) -> bool:
    """As in "promote garden products": an order for a campaign, not a question of what to promote."""
    return p.reading.tokens[0].lemma not in heard("briefing.openers")


def _speaks_of_a_figure(p: Parts, focus: str, opened: set[int]) -> bool:
    """As in "what changed in our return rate": another frame knows more of that."""
    r = p.reading
    others = r.does("forecast", "explain", "what_if", "recommend", "together", "similar", "segments", "profile")
    if others and focus != "promote":
        return True
    campaign = [i for i in r.having("object", "goal") if i not in opened]
    if campaign and focus not in {"customers", "promote"}:
        return True
    sales = {m for m in p.metrics if m in _ANY_SALES}
    particular = bool(sales) and focus in {"change", "unusual"} and not _said_as_shop(p, opened)
    return bool(set(p.metrics) - sales) or particular


def _said_as_shop(p: Parts, opened: set[int]) -> bool:
    """As in "what happened in sales": the whole, where the measure is only the name of the business."""
    return set(p.reading.having("metric")) <= opened


def _period(p: Parts, focus: str) -> Period | None:
    """What to look at; "this week" in a question about what to do names no data."""
    period = p.period
    if period is None and focus == "summary":
        grain = next((g for g in p.groups if g in GRAINS), None)
        return Period(kind="calendar", unit=grain, offset=-1) if grain else None
    if period is not None and focus == "change" and any(t.lemma in heard("between") for t in p.reading.tokens):
        return _second_of_two(period)
    current = period is not None and (
        (period.kind in {"calendar", "to_date"} and period.offset == 0) or period.kind == "to_date"
    )
    return None if current and focus in _ACTIONS else period


def _second_of_two(period: Period) -> Period | None:
    """As in "between April and May": the later month, which is set against the one before it; None for longer ones."""
    start, end = period.start, period.end
    if period.kind != "absolute" or start is None or end is None or start.day != 1:
        return None
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    return Period(kind="named", year=end.year, month=end.month) if months == 2 else None


def _drop_what_is_no_filter(p: Parts, focus: str, opened: set[int]) -> None:
    """ "Needs attention" is no segment here, and "this weekend" is when something will be done."""
    r = p.reading
    segments = {i for i in opened if any(v.dimension == "segment" for v in r.items[i].alts.get("value", ()))}
    if segments:
        p.rows = [f for f in p.rows if not isinstance(f, InGroup)]
    if focus in _ACTIONS:
        p.rows = [f for f in p.rows if not (isinstance(f, Compare) and f.field == "weekday")]


def _take(p: Parts, focus: str, opened: set[int]) -> None:
    """Everything that such a question is made of is understood."""
    r = p.reading
    used = opened | set(r.having("which", "rank", "improve", "perform", "money"))
    used |= {i for i in r.having("dim") if set(r.items[i].alts["dim"]) & {"product", "customer", *p.groups}}
    used |= {i for i in r.having("act") if r.items[i].get("act") in {"sell", "buy", "live"}}
    used |= set(r.does("create", "search", "describe"))
    if focus in {"change", "unusual", "risk"}:
        used |= set(r.having("growth", "change"))
    p.used |= used
