"""Interest tags as a result: all there are, who has one, or those of one customer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.data.objectors import objectors
from assistant.data.sensitive import tells_a_trait
from assistant.errors import NoRows, NotPermitted, UnknownName
from assistant.features.interactions import EPOCH
from assistant.models.people.interests import (
    FEWEST_ORDERS,
    LEAST_STRENGTH,
    PRIOR_ORDERS,
    Interests,
    strength_word,
)
from assistant.plans import And, Filter, InGroup
from assistant.plans.people import InterestRequest
from assistant.plans.reword import reword, reword_filter
from assistant.results import Caveat, Chart, Column, DefinitionUsed, Evidence, Figure, Result, Source, Table

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: Rows of the overview, and tags shown of one customer.
OVERVIEW = 50
SHOWN = 12
#: Likeness (0–100) from which a misspelt or inflected name is taken for a topic.
_ALIKE = 86.0

TAG_COLUMNS = [
    Column(name="interest", label="Interest"), Column(name="kind", label="Kind"),
    Column(name="strength", label="Times as often as the average customer", unit="ratio"),
    Column(name="strength_word", label="Strength"),
    Column(name="orders_with", label="Orders with it", unit="count"),
    Column(name="orders", label="Orders", unit="count"),
    Column(name="last_day", label="Last bought", unit="date"),
]


def topic_place(found: Interests, name: str) -> int:
    """The place of the topic that a person names, however it is inflected; of equal names the widest kind.

    Raises:
        NotPermitted: a topic that would tell a sensitive trait.
        UnknownName: there is no such topic; ``valid`` holds the nearest.
    """
    from rapidfuzz import fuzz, process

    wanted = name.strip().casefold()
    names = [n.casefold() for n in found.topics.names]
    for alike in (wanted, wanted.removesuffix("s"), f"{wanted}s", wanted.removesuffix("ing")):
        if alike in names:
            return names.index(alike)
    if tells_a_trait(name) or wanted in {w.casefold() for w in found.topics.withheld}:
        raise NotPermitted(f"Nobody is tagged with “{name}”: it would tell a sensitive trait of the person",
                           received=name, hint="Interests in other categories are shown.",
                           nearest=["What are our customers interested in?"])
    parts = [i for i, n in enumerate(names) if wanted in n.split() or wanted.removesuffix("s") in n.split()]
    if parts:
        return parts[0]
    near = process.extract(wanted, names, scorer=fuzz.ratio, limit=4)
    if near and near[0][1] >= _ALIKE:
        return int(near[0][2])
    valid = [found.topics.names[place] for _, _, place in near]
    raise UnknownName(f"No interest is called “{name}”", received=name, valid=valid,
                      nearest=[f"Who is interested in {v}?" for v in valid[:2]])


def members_interested(found: Interests, name: str) -> list[str]:
    """Ids of everybody with a tag, sorted. Raises as :func:`topic_place`."""
    return found.members(topic_place(found, name))


def interest_result(snapshot: Snapshot, request: InterestRequest, found: Interests, customer: str | None) -> Result:
    """The tags asked for.

    Args:
        customer: the customer's id as the shop writes it, where one is asked about.

    Raises:
        NoRows: nobody has the tag, or the customer has no order. UnknownName, NotPermitted: see :func:`topic_place`.
    """
    if customer is not None:
        return _of_customer(snapshot, request, found, customer)
    wanted = _wanted(snapshot, request)
    if request.interest is not None:
        return _with_topic(snapshot, request, found, wanted)
    return _overview(snapshot, request, found, wanted)


def tag_rows(found: Interests, customer_id: str, limit: int) -> list[list[Any]]:
    """Rows of :data:`TAG_COLUMNS` of a customer's tags, the strongest first."""
    return [
        [found.topics.names[topic], found.topics.kinds[topic], round(float(found.strengths[place]), 4),
         strength_word(float(found.strengths[place])), int(found.counts.data[place]),
         _orders_of(found, customer_id), _day(int(found.last_days[place]))]
        for topic, place in found.of_customer(customer_id)[:limit]
    ]


def _orders_of(found: Interests, customer_id: str) -> int:
    return int(found.orders[int(np.searchsorted(found.customer_ids.astype(str), customer_id))])


def _day(number: int) -> str:
    return (EPOCH + timedelta(days=number)).isoformat()


def _wanted(snapshot: Snapshot, request: InterestRequest) -> set[str] | None:
    from assistant.query.audience import customer_ids

    return None if request.filter is None else set(customer_ids(snapshot, request.filter))


def _of_customer(snapshot: Snapshot, request: InterestRequest, found: Interests, customer: str) -> Result:
    if customer in objectors(snapshot):
        raise NotPermitted(f"Customer {customer} objected to direct marketing, so no interests are inferred",
                           received=customer, nearest=[f"Show customer {customer}"])
    if customer not in set(found.customer_ids.astype(str)):
        raise NoRows(f"Customer {customer} has not bought anything up to {snapshot.as_of.isoformat()}",
                     received=customer, nearest=["What are our customers interested in?"])
    rows = tag_rows(found, customer, SHOWN)
    table = Table(id="interests", title=f"Interests of customer {customer}", columns=TAG_COLUMNS, rows=rows,
                  total_rows=len(found.of_customer(customer)))
    figures = {"orders": Figure(value=_orders_of(found, customer), unit="count", label="Orders",
                                source=Source(origin="evidence"))} | _rule_figures()
    asked = None if request.interest is None else found.topics.names[topic_place(found, request.interest)]
    has = next((row for row in tag_rows(found, customer, len(found.topics.names)) if row[0] == asked), None)
    return Result(
        kind="interests", title=f"Interests of customer {customer}", currency=snapshot.currency, tables=[table],
        figures=figures, headline=[], words={"view": "customer", "customer": customer,
                                             "by_words": _by_words(found), "asked": asked or "",
                                             "has": str(has[3]) if has else ""},
        charts=[Chart(kind="bar", table="interests", x="interest", y=["strength"],
                      title="Times as often as the average customer")] if len(rows) > 1 else [],
        caveats=[Caveat(code="few_orders", figures={"n": figures["orders"]})]
        if _orders_of(found, customer) < 3 else [],
        evidence=_evidence(snapshot, request, found),
        followups=[f"Show customer {customer}", f"What should we recommend to customer {customer}?",
                   *(f"Who is interested in {r[0]}?" for r in rows[:1])],
    )


def _with_topic(
    snapshot: Snapshot, request: InterestRequest, found: Interests, wanted: set[str] | None
) -> Result:
    topic = topic_place(found, request.interest or "")
    name = found.topics.names[topic]
    people = [(row, place) for row, place in found.with_topic(topic)
              if wanted is None or found.customer_ids[row] in wanted]
    if not people:
        raise NoRows(f"No customer {'of these ' if wanted is not None else ''}counts as interested in {name}",
                     received=name, nearest=["What are our customers interested in?"])
    rows: list[list[Any]] = [
        [str(found.customer_ids[row]), round(float(found.strengths[place]), 4),
         strength_word(float(found.strengths[place])), int(found.counts.data[place]), int(found.orders[row]),
         _day(int(found.last_days[place]))] for row, place in people[: request.k]
    ]
    columns = [Column(name="customer_id", label="Customer", unit="id"), *TAG_COLUMNS[2:]]
    table = Table(id="customers", title=f"Interested in {name}", columns=columns, rows=rows, total_rows=len(people))
    words = [strength_word(float(found.strengths[p])) for _, p in people]
    counts = [[w, words.count(w)] for w in ("strong", "clear", "slight")]
    split = Table(id="strengths", title="How strongly", columns=[Column(name="strength", label="Strength"),
                  Column(name="customers", label="Customers", unit="count")], rows=counts, total_rows=len(counts))
    source = Source(table="customers", origin="derived", derivation="number of rows found")
    figures = {
        "people": Figure(value=len(people), unit="count", label="Customers interested", source=source),
        "strong": split.figure(0, "customers", "Strongly interested"),
        "share": Figure(value=round(100 * float(found.shares[topic]), 4), unit="percent",
                        label="Orders of all customers that hold it", source=Source(origin="evidence")),
        **_rule_figures(),
    }
    group: Filter = InGroup(group="interest", name=name)
    if request.filter is not None:
        also = request.filter.parts if isinstance(request.filter, And) else (request.filter,)
        group = And(parts=(group, *also))
    return Result(
        kind="interests", title=f"Customers interested in {name}", currency=snapshot.currency, tables=[table, split],
        figures=figures, headline=["people", "strong"],
        words={"view": "topic", "topic": name, "kind": found.topics.kinds[topic], "by_words": _by_words(found)},
        charts=[Chart(kind="bar", table="strengths", x="strength", y=["customers"], title="How strongly")],
        caveats=_left_out(found), evidence=_evidence(snapshot, request, found),
        details={"audience": {"filter": group.model_dump(mode="json"),
                              "words": f"customers interested in {name}" if wanted is None else reword_filter(group)}},
        followups=["Draft a campaign for them", f"Who would buy {name}?", "What are our customers interested in?"],
    )


def _overview(snapshot: Snapshot, request: InterestRequest, found: Interests, wanted: set[str] | None) -> Result:
    keep = np.ones(len(found.customer_ids), dtype=bool) if wanted is None else np.isin(
        found.customer_ids.astype(str), list(wanted))
    if not keep.any():
        raise NoRows("None of these customers has an order to find interests in", received="interests")
    owner = np.repeat(np.arange(len(keep)), np.diff(found.counts.indptr))
    tags = found.tagged & keep[owner]
    n = len(found.topics.names)
    people = np.bincount(found.counts.indices[tags], minlength=n)
    strong = np.bincount(found.counts.indices[tags & (found.strengths >= 3.0)], minlength=n)
    rows: list[list[Any]] = [
        [found.topics.names[t], found.topics.kinds[t], int(people[t]), 100 * int(people[t]) / int(keep.sum()),
         int(strong[t]), 100 * float(found.shares[t])]
        for t in sorted(range(n), key=lambda t: (-people[t], found.topics.names[t])) if people[t]
    ]
    if not rows:
        raise NoRows("No interest shows yet: it takes two orders with the same kind of thing", received="interests")
    columns = [*TAG_COLUMNS[:2], Column(name="customers", label="Customers", unit="count"),
               Column(name="share", label="Share of customers", unit="percent"),
               Column(name="strong", label="Strongly", unit="count"),
               Column(name="orders_share", label="Orders that hold it", unit="percent")]
    table = Table(id="interests", title="Interests of the customers", columns=columns, rows=rows[:OVERVIEW],
                  total_rows=len(rows))
    per = np.bincount(owner[tags], minlength=len(keep))[keep]
    cells: list[tuple[str, str, Any]] = [
        ("customers", "Customers with an order", int(keep.sum())), ("tagged", "With an interest", int((per > 0).sum())),
        ("topics", "Interests", len(rows)), ("tags", "Tags given", int(per.sum())),
    ]
    summary = Table(id="summary", title="In short", rows=[[c[2] for c in cells]], total_rows=1,
                    columns=[Column(name=c[0], label=c[1], unit="count") for c in cells])
    return Result(
        kind="interests", title="What customers are interested in", currency=snapshot.currency,
        tables=[table, summary], figures={c[0]: summary.figure(0, c[0]) for c in cells} | _rule_figures(),
        headline=["tagged", "topics"], words={"view": "all", "by_words": _by_words(found)},
        charts=[Chart(kind="bar", table="interests", x="interest", y=["customers"], title="Customers by interest")],
        caveats=_left_out(found), evidence=_evidence(snapshot, request, found),
        followups=[f"Who is interested in {rows[0][0]}?", f"Who is interested in {rows[-1][0]}?"],
    )


def _by_words(found: Interests) -> str:
    return "yes" if "word" in found.topics.kinds else ""


def _rule_figures() -> dict[str, Figure]:
    told = Source(origin="definition")
    return {"least": Figure(value=LEAST_STRENGTH, unit="number", label="Counts from, times the average", source=told),
            "fewest": Figure(value=FEWEST_ORDERS, unit="count", label="Orders needed", source=told)}


def _left_out(found: Interests) -> list[Caveat]:
    if not found.left_out:
        return []
    n = Figure(value=found.left_out, unit="count", label="Customers who objected", source=Source(origin="evidence"))
    return [Caveat(code="objectors_left_out", figures={"n": n})]


def _evidence(snapshot: Snapshot, request: InterestRequest, found: Interests) -> Evidence:
    said = [
        f"An interest is a {' or '.join(dict.fromkeys(found.topics.kinds))} that at least {FEWEST_ORDERS} orders of a "
        f"customer hold, {LEAST_STRENGTH} times as often as those of the average customer or more.",
        f"Strength: (orders with it + {PRIOR_ORDERS:g} p) / (orders + {PRIOR_ORDERS:g}) / p, where p is the share of "
        "all customers' orders that hold it. What was wholly sent back does not count.",
        "Purchases say what somebody buys, also as a gift; they say nothing else of the person.",
    ]
    if found.topics.withheld:
        said.append("No interest is made of " + ", ".join(found.topics.withheld) + ": it would tell a sensitive trait.")
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        window_start=snapshot.manifest.first_day, window_end=snapshot.as_of,
        rows_scanned=snapshot.manifest.tables["order_lines"].rows, assumptions=said,
        definitions=[DefinitionUsed(term="strong, clear, slight interest",
                                    meaning="three, two, one and a half times as often as the average customer, or "
                                            "more")],
    )
