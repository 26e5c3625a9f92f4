"""The parts of a data question, gathered from a reading in whatever order they were said."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from assistant.llm.planner.contact_conditions import contact_conditions, measured_contacts
from assistant.llm.planner.filters import ConditionReader, Conditions
from assistant.llm.planner.heard import heard
from assistant.llm.planner.left_out import excluded, without_returns
from assistant.llm.planner.listed import listed_with, measured_by
from assistant.llm.planner.mentions import dimension_values, products_named, read_ids
from assistant.llm.planner.nothing import nothing_counted
from assistant.llm.planner.owned import owner
from assistant.llm.planner.people_rules import people_rules
from assistant.llm.planner.period_words import PeriodReading
from assistant.llm.planner.ranked_units import ranked_units
from assistant.llm.planner.spans import Item, Reading
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.values import join, named_texts, value_filters
from assistant.plans.filters import Filter
from assistant.plans.periods import Period


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
        return replace(self, **{f.name: _own(getattr(self, f.name)) for f in fields(self) if f.name != "reading"})

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
    if isinstance(value, Conditions):
        return replace(value, **{f.name: _own(getattr(value, f.name)) for f in fields(value)})
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
    _ranking(p)
    _measures_and_groups(p)
    _grains(p)
    _who_and_what(p)
    products_named(p)
    measured_contacts(p, contacts)
    return p


# -- time --------------------------------------------------------------------------------------------------------------


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


def _names_a_value(p: Parts, i: int) -> bool:
    """As in "the Christmas category": its dimension stands beside it."""
    items = p.reading.items
    mine = {v.dimension for v in items[i].alts.get("value", ())}
    beside = [items[k] for k in (i - 1, i + 1) if 0 <= k < len(items)]
    after = items[i + 1].alts.get("dim", ()) if i + 1 < len(items) else ()
    if "product" in after and mine & {"category", "subcategory", "brand"}:
        return True
    return any(mine & set(item.alts.get("dim", ())) for item in beside)


# -- ranking -----------------------------------------------------------------------------------------------------------


def _ranked_term(p: Parts) -> None:
    """As in "our 10 best customers": with a number in front, an agreed term is a ranking."""
    items = p.reading.items
    for i in p.reading.having("definition"):
        number = items[i - 1].number if i else None
        best = items[i].tokens[0].lemma in heard("parts.best") and len(items[i].tokens) > 1
        if best and number is not None and items[i - 1].unit is None and 0 < number <= 1000:
            p.limit, p.descending, p.groups = int(number), True, ["customer"]
            p.used |= {i - 1, i}
            p.ranked_terms.add(i)
        elif best and p.reading.has_each(i):  # "best customer in every country"
            p.limit, p.descending, p.groups = (1 if items[i].singular else 3), True, ["customer"]
            p.used.add(i)
            p.ranked_terms.add(i)


def _ranking(p: Parts) -> None:
    """As in "top 10", "the 5 best", "second best", "worst"."""
    items = p.reading.items
    _ranked_term(p)
    for i, item in enumerate(items):
        if i in p.used or not item.has("rank"):
            continue
        if p.descending is None or p.limit is None:
            p.descending = item.get("rank") == "desc" if p.descending is None else p.descending
        p.used.add(i)
        p.sorted_only = item.lemma in heard("parts.ordered")
        ranked_units(p, i + 1)
        for k in (i + 1, i - 1):
            if (
                0 <= k < len(items)
                and k not in p.used
                and items[k].number is not None
                and items[k].unit is None
                and not items[k].has("duration")
            ):
                p.limit = min(max(int(items[k].number or 1), 1), 10_000)
                p.used.add(k)
                break
            if k == i - 1 and k >= 0 and items[k].unit == "ordinal":
                p.limit, p.offset = 1, max(0, int(items[k].tokens[0].value or 1) - 1)
                p.used.add(k)
        named = item.alts.get("rank_metric")
        if named and p.sort_metric is None:
            p.sort_metric = p.reading.vocabulary.role(named[0])
    if p.limit is None:
        _first_n(p)


def _first_n(p: Parts) -> None:
    """As in "which five categories …", "the first 3"."""
    items = p.reading.items
    for i, item in enumerate(items):
        nxt = items[i + 1] if i + 1 < len(items) else None
        if i in p.used or item.number is None or item.unit is not None or item.has("duration", "period"):
            continue
        if (
            nxt is not None
            and nxt.has("dim")
            and not nxt.has("grain")
            and item.number <= 1000
            and item.number == int(item.number) > 0
        ):
            p.limit = int(item.number)
            p.used.add(i)
            return


# -- measures and groups -----------------------------------------------------------------------------------------------


def _before(p: Parts, i: int, *, over: int = 3) -> list[Item]:
    """The nearest items before ``i``, nearest first, as far as they belong to the same phrase."""
    found = []
    for k in range(i - 1, max(-1, i - 1 - over), -1):
        if p.reading.items[k].tokens[0].kind == "stop" and p.reading.items[k].text != ",":
            break
        found.append(p.reading.items[k])
    return found


_ADJECTIVES = heard("parts.adjectives")


def _lead(p: Parts, i: int) -> Item | None:
    """The word that governs the noun at ``i``: articles and adjectives are passed over."""
    for item in _before(p, i, over=4):
        if item.has("group", "count", "rank", "which", "share", "average") or item.number is not None:
            return item
        if item.lemma not in _ADJECTIVES and not item.has("value"):
            return item
    return None


def _measures_and_groups(p: Parts) -> None:
    items = p.reading.items
    most = [it.tokens[0].lemma for it in items if it.has("metric") and it.tokens[0].lemma in heard("parts.superlative")]
    if p.descending is None and most:
        p.descending = heard("parts.least").isdisjoint(most)  # "most profitable category"
    nouns = [
        i for i, item in enumerate(items) if i not in p.used and item.has("metric", "dim") and not _is_verb_form(p, i)
    ]
    roles: dict[int, str] = {}
    for i in nouns:
        roles[i] = "excluded" if excluded(p, i, roles) else _role(p, i, nouns, roles)
    _settle(p, nouns, roles)
    for i in nouns:
        item, role = items[i], roles[i]
        p.used.add(i)
        if role == "metric":
            name = str(item.get("metric"))
            if name not in p.metrics:
                p.metrics.append(name)
        elif role == "sort":
            p.sort_metric = str(item.get("metric"))
        elif role == "group":
            name = _dimension(item)
            if name not in p.groups:
                p.groups.append(name)
        elif role == "subject" and "customer" in item.alts.get("dim", ()):
            p.counted = p.counted or False
    p.counted = any(items[i].has("metric") and items[i].tokens[0].lemma in heard("parts.counting") for i in nouns)
    p.counted = p.counted or any(
        item.has("count") and heard("parts.how_many").ends(item.lemma) for item in items
    )
    if "excluded" in roles.values():
        without_returns(p)
    p.counted = p.counted or any((lead := _lead(p, i)) is not None and lead.has("count") for i in nouns)
    p.used.update(k for k, item in enumerate(items) if item.has("group", "count", "which") and not item.has("act"))
    _sort_direction(p, nouns, roles)


def _who_and_what(p: Parts) -> None:
    """As in "who spent the most" (by customer) and "what did Germans buy" (by product)."""
    items = p.reading.items
    who = bool(items) and items[0].lemma in heard("who") and p.descending is not None and not p.groups
    if who and p.metrics and not p.conditions.customers:
        p.groups, p.singular = ["customer"], p.limit is None  # "who bought the most units of …"
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


_NOUNS = heard("parts.nouns")


def _is_verb_form(p: Parts, i: int) -> bool:
    """As in "customers **order**": a verb in the middle of a sentence, not a measure; listed nouns stay."""
    item = p.reading.items[i]
    said = item.tokens[0]
    word = said.lemma + "s" * said.word.endswith("s") if said.misspelt else said.word  # "ordes" for "orders"
    return item.has("act") and word not in _NOUNS and len(item.tokens) == 1


def _dimension(item: Item) -> str:
    return str(item.get("dim"))


def _role(p: Parts, i: int, nouns: list[int], roles: dict[int, str]) -> str:
    """metric, group, sort or subject, by the word in front."""
    items = p.reading.items
    item, lead = items[i], _lead(p, i)
    metric, dim = item.has("metric"), item.has("dim")
    if dim and (owner(items, i) or not metric and _all_but(p, i)):
        return "subject"
    counted = {"orders", "customers"} & set(item.alts.get("metric", ()))
    if counted and lead is not None and lead.lemma in heard("parts.from_of") and "metric" in roles.values():
        return "subject"  # "revenue from completed orders"
    if lead is not None and lead.has("group") and lead.lemma not in heard("in"):
        ranked = any(roles.get(k) in {"group", "ranked"} for k in nouns if k < i) or bool(set(p.groups) & set(GRAINS))
        ranked = ranked and p.descending is not None
        if metric and (not dim or ranked):
            return "sort" if p.descending is not None or roles else "metric"
        return "group" if dim else "metric"
    if lead is not None and lead.has("count"):
        return "metric" if metric else "count_of"
    if lead is not None and (lead.has("rank") or (lead.number is not None and p.limit is not None and dim)):
        if metric and not dim:
            return "metric"
        return "ranked" if metric else "group"
    listing = lead is not None and lead.has("which") and lead.lemma not in heard("what_which")
    if listing and metric and {"order", "orders_band"} & set(item.alts.get("dim", ())):  # "show number of orders"
        return "either"
    between = {items[k].lemma for k in range(max(0, i - 3), i)}
    if not heard("of").isdisjoint(between):
        between -= heard("parts.the_our")  # "which of our products"
    if lead is not None and lead.has("which") and dim and not between & heard("parts.being"):
        return "which" if metric else "group"
    chained = _chained(p, i, roles)
    if chained:
        return (
            chained
            if (chained == "group" and dim) or (chained == "metric" and metric)
            else ("metric" if metric else "group")
        )
    if metric and not dim:
        return "metric"
    if metric:
        return "either"
    return "plain"


def _all_but(p: Parts, i: int) -> bool:
    """As in "to all countries except Germany": the rest of them together, not one by one."""
    items = p.reading.items
    if i + 2 >= len(items) or not items[i + 1].has("not_in") or not i:
        return False
    beside = {v.dimension for v in items[i + 2].alts.get("value", ())}
    whole = items[i - 1].lemma in heard("parts.before_plural")
    return whole and bool(beside & set(items[i].alts["dim"]))


def _chained(p: Parts, i: int, roles: dict[int, str]) -> str | None:
    """As in "by month and country", "revenue, orders and units": the role carries over "and" and commas."""
    items = p.reading.items
    k = i - 1
    while k > 0 and p.reading.is_skip(k) and items[k].lemma in _ADJECTIVES:
        k -= 1  # "…, total orders placed"
    joins = k >= 0 and (items[k].lemma in heard("and_sign") or items[k].text == ",")
    totals = k < i - 1 and items[i].has("metric") and items[i - 1].lemma in heard("parts.total")
    if not joins or totals:
        return "metric" if joins else None
    while k >= 0 and (items[k].lemma in heard("parts.and_the") or items[k].text == ","):
        k -= 1
    role = roles.get(k)
    if role is None and k >= 0 and items[k].has("grain") and k and items[k - 1].has("group"):
        return "group"
    return {"group": "group", "metric": "metric"}.get(role or "")


def _settle(p: Parts, nouns: list[int], roles: dict[int, str]) -> None:
    """Decide the nouns that may be measure or group once the others are known."""
    items = p.reading.items
    firm_metric = any(roles[i] in {"metric", "sort"} for i in nouns)
    firm_group = any(roles[i] == "group" for i in nouns)
    grain = any(item.has("grain") for k, item in enumerate(items) if k not in p.used and not item.has("dim"))
    for i in nouns:
        if roles[i] == "ranked":  # "most orders", "top customers"
            word = next((it for it in _before(p, i) if it.has("rank")), None)
            most = heard("parts.bare_ranks")
            bare = word is not None and word.lemma in most
            roles[i] = (
                "metric"
                if bare
                and (
                    firm_group
                    or grain
                    or any(roles[k] in {"which", "group"} or _other_thing(p, k, i, roles) for k in nouns if k < i)
                )
                else "group"
            )
            firm_metric |= roles[i] == "metric"
            firm_group |= roles[i] == "group"
    for i in nouns:
        if roles[i] == "which":
            roles[i], firm_group = "group", True
    for i in nouns:
        after = items[i + 1] if i + 1 < len(items) else None
        acting = after is not None and after.has("act") and i + 1 not in p.conditions.used
        if roles[i] == "either" and acting and firm_group and "customer" in items[i].alts["dim"]:
            roles[i] = "subject"  # "which brands do our customers buy"
        if roles[i] == "plain" and "product" in items[i].alts["dim"] and i and items[i - 1].has("value"):
            roles[i] = "subject"  # "Garden products"
    for i in reversed(nouns):
        listed = p.conditions.customers and "customer" in items[i].alts.get("dim", ())
        if roles[i] == "either" and listed_with(items, i, roles) and not listed:
            roles[i] = "metric"  # "orders, customers and sales"
    for i in nouns:
        measure = measured_by(items, i) if roles[i] == "either" and i == nouns[0] else None
        if measure is not None and "customer" in items[i].alts["dim"]:
            roles[i], roles[measure], firm_group = "group", "metric", True  # "customers by revenue"
        if roles[i] == "either":
            listed = p.conditions.customers and "customer" in items[i].alts.get("dim", ())
            if _chained(p, i, roles) == "metric" and not listed:
                roles[i] = "metric"  # "orders and customers in May"
                continue
            taken = (
                firm_metric
                or (listed and i == nouns[0])
                or (
                    p.descending is not None and not firm_group and "customer" in items[i].alts["dim"] and p.sort_metric
                )
            )
            roles[i] = "subject" if taken else "metric"
            firm_metric = firm_metric or roles[i] == "metric"
        elif roles[i] == "plain":
            roles[i] = "group" if "new_vs_returning" in items[i].alts["dim"] else "plain_group"
    for i in nouns:
        if roles[i] == "plain_group" and not {"product", "customer", "order", "campaign"} & set(items[i].alts["dim"]):
            roles[i] = "group"  # "rank countries by orders": a split nobody would name in passing
        elif roles[i] == "plain_group" and (_ranked_before(p, i) or (p.limit is not None and not firm_group)):
            roles[i], firm_group = "group", True  # "least profitable products", "products in Germany, top 5 by revenue"
        elif roles[i] == "plain_group":
            roles[i] = "subject" if firm_metric and (firm_group or not _lists_things(p, i)) else "group"
        elif roles[i] == "count_of":
            roles[i] = (
                "subject" if any(roles[k] == "metric" for k in nouns) and "product" in items[i].alts["dim"] else "group"
            )


def _ranked_before(p: Parts, i: int) -> bool:
    """Whether a measure used as an adjective, with "most" or "least", stands right before the noun."""
    items = p.reading.items
    if p.descending is None or not i or not items[i - 1].has("metric"):
        return False
    return items[i - 1].tokens[0].lemma in heard("parts.superlative") or (i > 1 and items[i - 2].has("rank"))


def _other_thing(p: Parts, k: int, i: int, roles: dict[int, str]) -> bool:
    """As in "cities with the most customers": the noun before is what is ranked, the one after "most" the measure."""
    items = p.reading.items
    if roles[k] not in {"plain", "either"} or not items[k].has("dim"):
        return False
    linked = any(items[j].lemma in heard("parts.having") for j in range(k + 1, i))
    return linked and items[k].alts["dim"] != items[i].alts.get("dim")


def _lists_things(p: Parts, i: int) -> bool:
    """As in "products with revenue over 1000", "countries where orders fell": the noun begins the question."""
    items = p.reading.items
    before = [k for k in range(i) if not p.reading.is_skip(k) and not items[k].has("which", "rank")]
    after = items[i + 1].lemma if i + 1 < len(items) else ""
    moving = i + 1 < len(items) and items[i + 1].has("growth", "down", "up")
    if not before and moving:
        p.lists_movers = True  # "products losing sales"
        return True
    return not before and (
        after in heard("parts.narrowing") or bool(p.conditions.measures) or measured_by(items, i) is not None
    )


def _sort_direction(p: Parts, nouns: list[int], roles: dict[int, str]) -> None:
    """As in "which country has the most orders" sorts by orders; "highest revenue by country" too."""
    if p.descending is None:
        return
    for i in nouns:
        if roles[i] == "metric":
            lead = _lead(p, i)
            if lead is not None and lead.has("rank") and p.sort_metric is None:
                p.sort_metric = str(p.reading.items[i].get("metric"))
    if p.groups and p.limit is None:
        for i in nouns:
            if roles[i] == "group":
                token = p.reading.items[i].tokens[-1]
                p.singular = token.word == token.lemma and token.lemma not in heard("parts.sku")
                return


def _grains(p: Parts) -> None:
    """As in "by month", "monthly", "which day", "over time"."""
    items = p.reading.items
    for i, item in enumerate(items):
        if i in p.used or not item.has("grain"):
            continue
        lead = _lead(p, i)
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
            or _chained(p, i, {}) == "group"
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
