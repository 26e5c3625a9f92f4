"""Customers left out of an audience: "but not those who bought last week", "excluding customers in Germany"."""

from __future__ import annotations

from assistant.llm.planner.brief import term_filter
from assistant.llm.planner.campaign_scope import GOODS, buyers_of
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import gather
from assistant.llm.planner.spans import Reading, read
from assistant.llm.planner.values import join
from assistant.plans.filters import Filter, Not
from assistant.plans.shop import Shop

_LEAVING_OUT = heard("exclusions.leaving_out")
_PEOPLE = heard("exclusions.people")


def cut_exclusion(reading: Reading, shop: Shop) -> tuple[str, Filter | None]:
    """The text without the customers it leaves out, and these as a denied filter; the whole text and None where it
    leaves out nobody, or where not all of the words are understood."""
    found = _place(reading)
    if found is None:
        return reading.text, None
    start, words = found
    end = _end(reading, start + words)
    tail = [t.text for t in reading.tokens[start + words : end]]
    if tail and tail[0].lower() in heard("exclusions.somebody"):
        tail = tail[1:]
    named = bool(tail) and tail[0].lower() in heard("exclusions.customers")
    parts = meant(" ".join(tail if named else ["customers", *tail]), reading, shop)
    if parts is None:
        return reading.text, None
    before, after = reading.text[: reading.tokens[start].start], reading.text[reading.tokens[end - 1].end :]
    return " ".join(f"{before.rstrip(' ,')} {after}".split()), Not(part=parts)


def meant(text: str, reading: Reading, shop: Shop) -> Filter | None:
    """The customers a phrase names: by a condition, a place, an agreed term, or what they bought."""
    own = gather(read(text, reading.vocabulary))
    bought = buyers_of(own)
    named: list[Filter] = []
    for i in own.reading.having("definition"):
        term = term_filter(shop, str(own.reading.items[i].get("definition")))
        if term is not None and i not in own.conditions.used:
            named.append(term)
            own.used.add(i)
    rows = [r for r in own.rows if not (bought and getattr(r, "field", "") in GOODS)]
    customers = own.customer_filter()
    left = [i for i in own.reading.unexplained(own.used) if not own.reading.items[i].has("dim", "metric", "which")]
    if left:
        return None
    return join([*named, *rows, *([customers] if customers is not None else []), *bought])


def _end(r: Reading, start: int) -> int:
    """Token at which the offer, the channel or the tone begins again ("… in Germany with 5 % off")."""
    for k in range(start, len(r.tokens)):
        if r.tokens[k].kind == "stop" or r.tokens[k].lemma in heard("exclusions.closing"):
            following = [i for i in r.items if k < i.start <= k + 3]
            if any(i.has("offer", "tone") or i.unit == "percent" or i.get("channel") for i in following):
                return k
    return len(r.tokens)


def _place(r: Reading) -> tuple[int, int] | None:
    """Token of the word that leaves out, where people follow; and how many tokens it takes."""
    for k in range(1, len(r.tokens) - 1):
        for length in (2, 1):
            phrase = " ".join(t.lemma for t in r.tokens[k : k + length])
            after = r.tokens[k + length].lemma if k + length < len(r.tokens) else ""
            if phrase in _LEAVING_OUT and (after in _PEOPLE or _people_near(r, k + length)):
                return k, length
    return None


def _people_near(r: Reading, start: int) -> bool:
    """As in "excluding garden buyers", "without VIPs": a name or an agreed term that stands for people."""
    for item in r.items:
        if item.start != start:
            continue
        after = r.tokens[item.end].lemma if item.end < len(r.tokens) else ""
        return item.has("definition") or (item.has("value") and after in _PEOPLE)
    return False
