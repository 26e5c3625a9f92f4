"""Shapes of marketing questions: campaigns by name, channels of messages, whether a campaign worked, where customers
came from, and what returns and shipping do to the profit."""

from __future__ import annotations

from functools import lru_cache

from assistant.llm.planner.heard import heard
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.lexicon import Lexicon, PhraseTree
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.spans import Reading
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import Compare

#: measures of campaigns and messages
OF_MARKETING = frozenset(
    {
        "sent", "delivered", "opened", "clicked", "unsubscribed", "delivery_rate", "open_rate", "click_rate",
        "unsubscribe_rate", "response_rate", "control_response_rate", "responses", "contacted_customers", "lift",
        "lift_low", "lift_high", "campaign_count", "campaign_cost", "campaign_revenue", "cost_per_response", "answered",
        "campaign_return",
        "control_size", "mailable_customers", "consenting_customers", "suppressed_customers", "contactable_customers",
    }
)
_WORKED = ("lift", "response_rate", "control_response_rate")
#: how people of different sources are compared where no visits are known
_CONVERTING = ("customers", "orders_per_customer", "repeat_rate", "revenue_per_customer")
#: words of a follow-up that only names a source
_SHORT = 5
_PROFIT = ("gross_margin", "returned_value", "shipping_revenue", "discount_amount")


@lru_cache(maxsize=4)
def _words(lex: Lexicon) -> PhraseTree:
    return lex.tree_of(read_yaml(lex.language, "marketing"))


def _hits(reading: Reading, kind: str) -> list[tuple[int, int, str]]:
    """Longest phrases of a kind: first token, end, value."""
    lemmas = [t.lemma if t.kind != "stop" else "\x00" for t in reading.tokens]
    tree, found, end = _words(reading.vocabulary.lexicon), [], 0
    for k in range(len(lemmas)):
        ends = [(e, str(v)) for e, entries in tree.matches(lemmas, k) for n, v in entries if n == kind]
        if ends and k >= end:
            end, value = max(ends)
            found.append((k, end, value))
    return found


def _items(reading: Reading, start: int, end: int) -> set[int]:
    return {i for i, item in enumerate(reading.items) if item.start < end and item.end > start}


def marketing(p: Parts) -> None:
    """Settle the parts of a question about campaigns, sources of customers, or costs and profit."""
    _sources(p)
    _profit(p)
    _beside_orders(p)
    _ages(p)
    _campaigns(p)


def _ages(p: Parts) -> None:
    """As in "oldest customer by gender", "the youngest and oldest ages": ages, not how long somebody has been one."""
    items = p.reading.items
    ages = {"youngest_age": heard("marketing.youngest"), "oldest_age": heard("marketing.oldest")}
    said = {
        i: age for i, item in enumerate(items) for t in item.tokens for age, words in ages.items() if t.lemma in words
    }
    aged = [i for i, item in enumerate(items) if any(t.lemma in heard("marketing.age") for t in item.tokens)]
    if not said or not (aged or "gender" in p.groups) or not set(ages) <= set(p.reading.vocabulary.metrics):
        return
    p.metrics, p.settled = list(dict.fromkeys(said.values())), True
    p.groups = [g for g in p.groups if g not in {"age_band", "customer"}]
    p.descending = p.limit = p.sort_metric = None
    p.used |= {*said, *aged}
    p.reading.memo.setdefault("settled", set()).update(said)
    p.used |= {i for i, item in enumerate(items) if "customer" in item.alts.get("dim", ())}


def _beside_orders(p: Parts) -> None:
    """As in "compare email engagement with order data": rates of messages and orders, month by month."""
    known, items = p.reading.vocabulary.metrics, p.reading.items
    mails = [m for m in p.metrics if m in {"open_rate", "click_rate", "opened", "clicked", "response_rate"}]
    orders = [i for i, item in enumerate(items) if {"orders", "revenue"} & set(map(str, item.alts.get("metric", ())))
              or "order" in item.alts.get("dim", ())]
    if not mails or not orders or not p.reading.has("compare"):
        return
    wanted = dict.fromkeys([*mails, "open_rate", "click_rate", "orders", "revenue"])
    p.metrics, p.settled = [m for m in wanted if m in known], True
    p.groups = [g for g in p.groups if g not in {"order", "customer"}] or ["month"]
    p.used |= {*orders, *p.reading.having("compare")}
    p.notes.append("side_by_side")


def _campaigns(p: Parts) -> None:
    named = [r for r in p.rows if getattr(r, "field", "") == "campaign"]
    about = bool(named) or {"campaign", "offer", "campaign_kind"} & set(p.groups) or "campaign_count" in p.metrics
    effect = _hits(p.reading, "effect") if about else []
    known = p.reading.vocabulary.metrics
    if effect and not [m for m in p.metrics if m != "campaign_count"]:
        p.metrics = [m for m in _WORKED if m in known]
        split = [g for g in p.groups if g in {"offer", "campaign_kind", "message_channel", "campaign"}]
        p.groups = [] if named else split or ["campaign"]
        for start, end, _ in effect:
            p.used |= _items(p.reading, start, end)
        if "lift" in known and not known["lift"].available:
            p.used.update(range(len(p.reading.items)))  # whichever campaign: the shop has the results of none
            p.periods, p.rows, p.conditions.customers, p.conditions.measures = [], [], [], []
    if named:
        p.metrics = [_OF_CAMPAIGN.get(m, m) for m in p.metrics if m != "campaign_count"] or ["response_rate"]
        p.groups = [g for g in p.groups if g != "campaign"]
        p.used |= {i for i, item in enumerate(p.reading.items) if "campaign" in item.alts.get("dim", ())}
    if not p.metrics or not set(p.metrics) <= OF_MARKETING:
        return
    p.groups = ["message_channel" if g == "channel" else g for g in p.groups]
    if "campaign" in p.groups:
        p.groups = [g for g in p.groups if g != "offer"]
    if "lift" in p.metrics:  # never without its interval
        rates = ("response_rate", "control_response_rate") if named else ()
        beside = (*rates, "lift_low", "lift_high")
        p.metrics += [m for m in beside if m in known and m not in p.metrics]
        p.settled = True
        for start, end, _ in _hits(p.reading, "interval"):
            p.used |= _items(p.reading, start, end)
    _channels(p)


_OF_CAMPAIGN = {
    "revenue": "campaign_revenue", "customers": "contacted_customers", "orders": "responses", "sent": "sent",
    "discount_amount": "campaign_cost", "cost_of_goods": "campaign_cost",
}


def _channels(p: Parts) -> None:
    """As in "how many campaigns used sms": a channel of messages that nothing else has read."""
    if any(getattr(r, "field", "") == "message_channel" for r in p.rows) or "message_channel" in p.groups:
        return
    open_ = [i for i in p.reading.having("channel") if i not in p.used]
    values = list(dict.fromkeys(str(p.reading.items[i].get("channel")) for i in open_))
    if values:
        p.rows.append(Compare(field="message_channel", op="in" if values[1:] else "eq", values=tuple(values)))
        p.used.update(open_)


# -- where customers came from -----------------------------------------------------------------------------------------


def _sources(p: Parts) -> None:
    """As in "orders by source", "where do our customers come from", "people from paid social and from email"."""
    dimension = p.reading.vocabulary.dimensions.get("acquisition_channel")
    if dimension is None:
        return
    for start, end, _ in _hits(p.reading, "found_us"):
        p.metrics, p.groups = p.metrics or ["customers"], [dimension.name]
        p.used |= _items(p.reading, start, end)
        return
    split = [h for h in _hits(p.reading, "sources") if not _items(p.reading, h[0], h[1]) & p.used]
    if split and dimension.name not in p.groups:
        p.groups.append(dimension.name)
        p.metrics = p.metrics or ["customers"]
        for start, end, _ in split:
            p.used |= _items(p.reading, start, end)
    _named_sources(p)


def _named_sources(p: Parts) -> None:
    values = {v.lower(): v for v in _values(p.reading)}
    rows = [r for r in p.rows if getattr(r, "field", "") == "acquisition_channel"]
    chosen = [str(v) for r in rows for v in getattr(r, "values", ())]
    for start, end, alias in _hits(p.reading, "aliases"):
        found = next((values[v] for v in values if alias in v), None if values else alias)
        before = p.reading.tokens[start - 1].lemma if start else ""
        if found is None or before not in _FROM:
            continue
        said = " ".join(t.text for t in p.reading.tokens[start:end])
        if said.lower() != found.lower():
            p.notes.append(f"source_as_channel|{said}|{found}")
        if found not in chosen:
            chosen.append(found)
        p.used |= _items(p.reading, start, end)
    if not chosen:
        return
    for i, item in enumerate(p.reading.items):  # "from facebook or search"
        more = [v.value for v in item.alts.get("value", ()) if v.dimension == "acquisition_channel"]
        if more and i and i not in p.used and p.reading.items[i - 1].lemma in heard("and_or") and more[0] not in chosen:
            chosen.append(more[0])
            p.used.add(i)
    acquired = {
        i for i, item in enumerate(p.reading.items) if any(t.lemma in heard("marketing.acquired") for t in item.tokens)
    }
    if acquired:
        p.used |= acquired
        p.reading.memo.setdefault("settled", set()).update(acquired)
        p.metrics = [m for m in p.metrics if m != "new_customers" or len(p.metrics) == 1]
        p.rows = [r for r in p.rows if getattr(r, "field", "") != "new_vs_returning"]  # acquired there, whenever
    p.rows = [r for r in p.rows if r not in rows]
    p.rows.append(Compare(field="acquisition_channel", op="in" if chosen[1:] else "eq", values=tuple(chosen)))
    convert, differ = _hits(p.reading, "convert"), _hits(p.reading, "differ")
    if convert:
        known = p.reading.vocabulary.metrics
        p.metrics, p.settled = [m for m in _CONVERTING if m in known], True
        p.notes.append("conversion_as_orders")
    if convert or (differ and len(chosen) > 1):
        if "acquisition_channel" not in p.groups and len(chosen) > 1:
            p.groups = ["acquisition_channel", *[g for g in p.groups if g != "customer"]]
        for start, end, _ in (*convert, *differ):
            p.used |= _items(p.reading, start, end)
        p.used.update(p.reading.having("compare"))
        p.used |= {i for i, item in enumerate(p.reading.items) if "customer" in item.alts.get("dim", ())}


_FROM = heard("marketing.from")


def _values(reading: Reading) -> list[str]:
    """The shop's acquisition channels, as the vocabulary holds them."""
    return list(reading.vocabulary.sources)


# -- profit ------------------------------------------------------------------------------------------------------------


def _profit(p: Parts) -> None:
    """As in "how are my shipping and return costs affecting profit": the profit with what is said to weigh on it."""
    affect = _hits(p.reading, "affect")
    profit = [m for m in p.metrics if m in {"gross_margin", "margin_rate"}]
    costs = {"returned_value", "units_returned", "return_rate", "return_orders", "shipping_revenue", "discount_amount",
             "discount_rate", "cost_of_goods"}
    if not affect or not profit or not costs & set(p.metrics):
        return
    known = p.reading.vocabulary.metrics
    shipping = any(t.lemma in heard("marketing.shipping") for t in p.reading.tokens)
    wanted = ["gross_margin", *([] if not shipping else ["shipping_revenue"])]
    wanted += [m for m in ("returned_value", "return_rate") if {"returned_value", "units_returned", "return_rate",
                                                                "return_orders"} & set(p.metrics)]
    wanted += [m for m in ("discount_amount",) if {"discount_amount", "discount_rate"} & set(p.metrics)]
    p.metrics, p.settled = [m for m in dict.fromkeys(wanted) if m in known], True
    p.groups = [g for g in p.groups if g not in {"order", "customer"}]
    for start, end, _ in affect:
        p.used |= _items(p.reading, start, end)
    p.used |= {i for i, item in enumerate(p.reading.items) if any(
        t.lemma in heard("marketing.costs") for t in item.tokens)}
    if shipping:
        p.notes.append("shipping_charged")


def with_source(text: str, words: Vocabulary) -> str:
    """A short follow-up with the shop's own name of a source: "only from facebook" → "only from social"."""
    aliases = read_yaml(words.lexicon.language, "marketing").get("aliases") or {}
    said = text.casefold().rstrip(" ?.!").split()
    if not words.sources or len(said) > _SHORT or not heard("marketing.from") & set(said):
        return text
    for alias, names in aliases.items():
        found = next((s for s in words.sources if alias in s.lower()), None)
        last = max((n for n in names if " ".join(said).endswith(f" {n}")), key=len, default=None)
        if found is not None and last is not None:
            return f"{text.rstrip(' ?.!')[: -len(last)]}{found}"
    return text
