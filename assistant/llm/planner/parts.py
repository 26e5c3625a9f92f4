"""The parts of a data question, gathered from a reading in whatever order they were said."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from typing import Any

from assistant.llm.planner.contact_conditions import contact_conditions, measured_contacts
from assistant.llm.planner.filters import ConditionReader, Conditions
from assistant.llm.planner.heard import heard
from assistant.llm.planner.mentions import dimension_values, products_named, read_ids
from assistant.llm.planner.nothing import nothing_counted
from assistant.llm.planner.noun_roles import chained_role, lead_of, measures_and_groups
from assistant.llm.planner.people_rules import people_rules
from assistant.llm.planner.period_words import PeriodReading
from assistant.llm.planner.said_rankings import ranking
from assistant.llm.planner.spans import Reading
from assistant.llm.planner.text_order import in_order_of_text
from assistant.llm.planner.values import join, named_texts, value_filters
from assistant.plans.filters import Filter
from assistant.plans.periods import LONGEST, Period


@dataclass
class Parts:
    """What a text says about a data question; every item that was understood is in ``used``.

    Attributes:
        metrics: names, in order; ``groups`` likewise (time grains among them).
        rows: filters on rows (values named); customers: conditions on what customers did.
        periods: all stretches of time that no condition took.
        sort_metric: measure named by "by …" after a ranking, or by "most orders".
        limit: rows asked for; offset: rows to skip; descending: direction (None: not ranked).
        singular: "which country has …" wants one row.
    """

    reading: Reading
    used: set[int] = field(default_factory=set)
    metrics: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    rows: list[Filter] = field(default_factory=list)
    chosen: dict[str, list[str]] = field(default_factory=dict)
    conditions: Conditions = field(default_factory=Conditions)
    periods: list[PeriodReading] = field(default_factory=list)
    future: PeriodReading | None = None
    sort_metric: str | None = None
    limit: int | None = None
    offset: int = 0
    descending: bool | None = None
    singular: bool = False
    counted: bool = False
    average: bool = False
    implied: float = 0.0
    customer_ids: list[str] = field(default_factory=list)
    product_ids: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str = ""
    #: the word for a share went into a rate
    shares_taken: bool = False
    lists_movers: bool = False
    #: set against everything, or against what the filter leaves out
    against_all: bool = False
    #: the part that is the whole of a share: "of customers in Berlin"
    share_of: Filter | None = None
    against_rest: bool = False
    #: only an order of rows was asked for, not the first of them; ``ranked_terms``: agreed terms read as a ranking
    sorted_only: bool = False
    settled: bool = False  # the measures belong together, whether or not a word joins them
    ranked_terms: set[int] = field(default_factory=set)
    #: something of an earlier answer is meant ("the second one", "of them")
    referred: bool = False
    #: … and it is a row, named by its place
    placed: bool = False

    def copy(self) -> Parts:
        """The same parts, to be changed on their own."""
        return _own(self)

    def flag(self, kind: str) -> bool:
        """Whether a word of the kind was said; marks it as used."""
        hits = self.reading.having(kind)
        self.used.update(hits)
        return bool(hits)

    def filter(self) -> Filter | None:
        """Rows and customers in one filter."""
        return join([*self.rows, *([self.customer_filter()] if self.conditions.customers else [])])  # type: ignore[list-item]

    def customer_filter(self) -> Filter | None:
        return join(self.conditions.customers, self.conditions.joins)

    @property
    def period(self) -> Period | None:
        """The main period; None for the whole data."""
        found = self.periods[0].period if self.periods else None
        return None if found is None or found.kind == "all" else found


def _own(value: Any) -> Any:
    """A copy of what holds other things; plans and readings are never changed and are shared."""
    if isinstance(value, (Parts, Conditions)):
        held = copy(value)
        vars(held).update((name, _own(part)) for name, part in vars(value).items()
                          if isinstance(part, (list, set, dict, Conditions)))
        return held
    if isinstance(value, dict):
        return {key: _own(held) for key, held in value.items()}
    return value.copy() if isinstance(value, (list, set)) else value


def gather(reading: Reading) -> Parts:
    """Read every part of a data question out of a text."""
    p = Parts(reading)
    named, texts = named_texts(reading)
    contacts, nothing = contact_conditions(reading), nothing_counted(reading)
    rules = people_rules(reading)
    p.conditions = ConditionReader(reading, named | contacts.used | nothing.used | rules.used).read()
    if not rules.customers and "or" in (*contacts.joins, *p.conditions.joins):
        in_order_of_text(contacts, p.conditions)
    else:
        p.conditions.customers = [*contacts.customers, *rules.customers, *p.conditions.customers]
        p.conditions.joins = [*contacts.joins, *("and" for _ in rules.customers), *p.conditions.joins]
    nothing.put_into(p)
    p.rows += texts
    p.used |= p.conditions.used | named
    p.notes += p.conditions.notes
    read_ids(p)
    _periods(p)
    rows, explained, p.chosen = value_filters(reading, p.used)
    p.rows += [*p.conditions.rows, *rows]
    p.used |= explained
    dimension_values(p)
    ranking(p)
    measures_and_groups(p)
    _grains(p)
    _who_and_what(p)
    products_named(p)
    measured_contacts(p, contacts)
    return p


def _periods(p: Parts) -> None:
    for i, item in enumerate(p.reading.items):
        if i in p.used or _names_a_value(p, i):
            continue
        if item.has("bad_period"):
            p.problem = p.problem or item.get("bad_period").problem
            p.used.add(i)
        elif item.has("future"):
            p.future = p.future or item.get("future")
            p.used.add(i)
        elif item.has("period") and not item.has("year_earlier", "previous", "goal"):
            p.periods.append(item.get("period"))
            p.used.add(i)
        elif item.has("ago") and (then := _unit_ago(p, i)) is not None:
            p.periods.append(then)
            p.used.add(i)


def _unit_ago(p: Parts, i: int) -> PeriodReading | None:
    """As in "revenue two weeks ago": that week of the calendar; None after "since", "more than" and the like."""
    found = p.reading.items[i].get("ago")
    bounded = i > 0 and p.reading.items[i - 1].lemma in heard("parts.before_ago")
    if bounded or p.conditions.customers or found.count != int(found.count) or not 1 <= found.count <= LONGEST:
        return None
    period = Period(kind="calendar", unit=found.unit, offset=-int(found.count))
    return PeriodReading("period", found.start, found.end, period)


def _names_a_value(p: Parts, i: int) -> bool:
    """As in "the Christmas category": its dimension stands beside it."""
    items = p.reading.items
    mine = {v.dimension for v in items[i].alts.get("value", ())}
    beside = [items[k] for k in (i - 1, i + 1) if 0 <= k < len(items)]
    after = items[i + 1].alts.get("dim", ()) if i + 1 < len(items) else ()
    if "product" in after and mine & {"category", "subcategory", "brand"}:
        return True
    return any(mine & set(item.alts.get("dim", ())) for item in beside)


def _who_and_what(p: Parts) -> None:
    """As in "who spent the most" (by customer) and "what did Germans buy" (by product)."""
    items = p.reading.items
    who = bool(items) and items[0].lemma in heard("who") and p.descending is not None and not p.groups
    if who and p.metrics and not p.conditions.customers:
        several = len(items) > 1 and items[1].text.casefold() in heard("parts.several")  # "who are", not "who bought"
        p.groups, p.singular = ["customer"], p.limit is None and not several
    if p.groups or p.metrics or p.conditions.customers:
        return
    verbs = {str(items[i].get("act")) for i in p.reading.having("act")}
    first = next((item.lemma for item in items if item.lemma in heard("parts.who_what")), "")
    if first in heard("who") and p.descending is not None:
        p.groups = ["customer"]
        p.sort_metric = p.reading.vocabulary.role("orders") if "buy" in verbs else None
    elif (
        first in heard("parts.what")
        and "buy" in verbs
        and "product" in p.reading.vocabulary.dimensions
        and not p.counted
    ):
        p.groups = ["product"]
        p.descending = True if p.descending is None else p.descending


def _grains(p: Parts) -> None:
    """As in "by month", "monthly", "which day", "over time"."""
    items = p.reading.items
    for i, item in enumerate(items):
        if i in p.used or not item.has("grain"):
            continue
        lead = lead_of(p, i)
        word = item.tokens[-1].word
        if (
            i > 1
            and items[i - 1].lemma in heard("in")
            and p.reading.vocabulary.in_days(items[i - 2].alts.get("metric", ()))
        ):
            p.used.add(i)  # "lifespan in weeks": a unit, not a split
            continue
        said = (
            (lead is not None and lead.has("group", "which", "rank"))
            or heard("each.adverb").ends(word)
            or len(item.tokens) > 1
            or (word in heard("parts.annual"))
            or chained_role(p, i, {}) == "group"
            or i == 0
            or (
                lead is not None
                and lead.lemma in heard("parts.leads")
            )
        )
        if not said and i and items[i - 1].has("metric") and p.descending is not None:
            said, p.singular = True, word == item.tokens[-1].lemma  # "lowest revenue month"
        if not said and not (lead is not None and lead.text == ","):
            continue
        p.used.add(i)
        if i and items[i - 1].has("group"):
            p.used.add(i - 1)
        grain = str(item.get("grain"))
        if grain not in p.groups and grain in p.reading.vocabulary.dimensions:
            p.groups.insert(0, grain)
            named = lead.has("which", "rank") if lead is not None else i == 0 and not heard("each.adverb").ends(word)
            if p.descending is not None and named:
                p.singular = word == item.tokens[-1].lemma
