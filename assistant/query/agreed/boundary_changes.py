"""How a member of a rule is changed in one respect, condition by condition, to stand just in and just out of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assistant.plans.filters import And, BoughtThen, Compare, CustomerCondition, Filter, InGroup, Predicted
from assistant.plans.reword import reword_filter
from assistant.query.agreed.boundary_contacts import contacted, of_lines
from assistant.query.agreed.boundary_people import Person, at_noon
from assistant.query.compile import Scope
from assistant.query.dimensions import dimension
from assistant.query.facts import CUSTOMERS, LINES, origin, widen
from assistant.query.filters import columns_of, comparisons, is_attribute, predicate

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

MONEY = frozenset({"revenue", "gross_revenue", "net_revenue"})
COUNTS = frozenset({"orders", "units"})
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Change:
    """What was done: ``axis`` is shared by steps along one line, in order."""

    kind: str
    label: str
    condition: str = ""
    axis: str = ""


@dataclass(eq=False)
class Probe:
    """What the changes need of the data: which lines meet a condition, and goods that do and do not."""

    snapshot: Snapshot
    rule: Filter
    leaves: tuple[Filter, ...]
    people: Sequence[Person]
    _goods: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @cached_property
    def scope(self) -> Scope:
        return Scope(self.snapshot)

    def window(self, leaf: Any) -> tuple[date, date]:
        """First and last day that a condition looks at."""
        found = self.scope.window(getattr(leaf, "period", None))
        return found or (self.snapshot.manifest.first_day, self.snapshot.as_of)

    def matching(self, where: Filter | None, window: tuple[date, date] | None, person: Person) -> list[str]:
        """Sale lines of an unchanged person that a condition counts."""
        mine = [li["line_id"] for li in person.sales
                if window is None or window[0] <= li["ordered_at"].date() <= window[1]]
        if where is None or not mine:
            return mine
        rows = widen(self.snapshot, LINES, ["line_id", *sorted(columns_of(where, LINES))])
        rows = rows.filter(rows.line_id.isin(mine) & predicate(self.scope, where, rows))
        kept = set(self.snapshot.execute(rows.select("line_id")).column("line_id").to_pylist())
        return [line for line in mine if line in kept]

    def goods(self, where: Filter | None, inside: bool, n: int = 1) -> list[dict[str, Any]]:
        """Lines of the shop that meet a condition, or that do not, of different products."""
        key = f"{'' if where is None else where.model_dump_json()}|{inside}|{n}"
        if key not in self._goods:
            lines = self.snapshot.table("order_lines")
            wanted = ["line_id", "line_type", "product_id", *sorted(columns_of(where, LINES) if where else ())]
            rows = widen(self.snapshot, LINES, dict.fromkeys(wanted))
            rows = rows.filter(rows.line_type == "sale")
            if where is not None:
                met = predicate(self.scope, where, rows)
                rows = rows.filter(met if inside else ~met)
            elif not inside:
                rows = rows.filter(rows.line_id.isnull())
            one = rows.group_by("product_id").aggregate(line_id=rows.line_id.min()).order_by("product_id").limit(n)
            ids = self.snapshot.execute(one).column("line_id").to_pylist()
            self._goods[key] = self.snapshot.execute(
                lines.filter(lines.line_id.isin(ids)).order_by("line_id")).to_pylist() if ids else []
        return self._goods[key]


def changes(probe: Probe) -> Iterator[tuple[Change, Person]]:
    """Every change of every member, then those that fill the places of a ranking."""
    made: list[Person] = []
    people = probe.people[:1] if any(getattr(c, "rank", None) for c in probe.leaves) else probe.people
    for n, person in enumerate(people):
        for change, changed in _of_one(probe, person, n):
            made.append(changed)
            yield change, changed
    from assistant.query.agreed.boundary_ranks import ladder

    for leaf in probe.leaves:
        if getattr(leaf, "rank", None) is not None and people:
            yield from ladder(probe, leaf, people[0], made)


def _of_one(probe: Probe, person: Person, n: int) -> Iterator[tuple[Change, Person]]:
    yield Change("member", "a member as it is"), person
    yield Change("refunded only", "everything was sent back"), person.sent_back()
    yield Change("never bought", "no order at all"), person.never_bought()
    for k, leaf in enumerate(probe.leaves):
        said = reword_filter(leaf)
        for kind, label, axis, changed in _of_leaf(probe, leaf, person):
            if changed is not person:
                yield Change(kind, label, said, f"{n}/{k}/{axis}"), changed


_Step = tuple[str, str, str, Person]


def _of_leaf(probe: Probe, leaf: Filter, person: Person) -> Iterator[_Step]:
    match leaf:
        case CustomerCondition():
            yield from _did(probe, leaf, person)
        case Compare() if is_attribute(probe.scope, leaf):
            yield from _is(probe, leaf, person)
        case Compare():
            yield from _did(probe, CustomerCondition(metric="orders", op="ge", values=(1,), where=leaf), person)
        case BoughtThen():
            yield from _in_order(probe, leaf, person)
        case InGroup():
            from assistant.query.agreed.boundary import key_of

            for member in (False, True):
                label = "in the group" if member else "not in the group"
                yield "edge", label, "group", person.in_group(key_of(leaf), member)
        case Predicted() if leaf.rank is None:
            for value in leaf.values:
                for step in (value - 0.01, value, value + 0.01):
                    yield "edge", f"{step:,.2f} is predicted", f"v{value}", person.expecting(leaf.attribute, step)
            yield "null", "nothing is predicted", "", person.expecting(leaf.attribute, None)


# -- what a customer did -----------------------------------------------------------------------------------------------


def _did(probe: Probe, leaf: CustomerCondition, person: Person) -> Iterator[_Step]:
    first, last = probe.window(leaf)
    last = min(last, probe.snapshot.as_of)
    if not of_lines(probe.scope, leaf):
        yield from contacted(leaf, person, (first, last))
        return
    lines = probe.matching(leaf.where, (first, last), person)
    if leaf.metric == "days_since_last_order":
        yield from _silent(probe, leaf, person)
    elif leaf.within_days is not None:
        yield from _close(leaf, person, lines)
    elif not lines:
        person, lines = _with_an_order(probe, leaf, person, min(max(first, last - timedelta(days=3)), last))
        yield "edge", "one matching order more", "added", person
    if leaf.rank is None and leaf.metric in MONEY | COUNTS and leaf.within_days is None:
        yield from _amounts(leaf, person, lines)
    if leaf.period is not None and leaf.period.kind != "all" and lines:
        orders = _orders_of(person, lines)
        for day in (first - timedelta(days=1), first, last, last + timedelta(days=1)):
            if day <= probe.snapshot.as_of:
                axis = "first" if day <= first else "last"
                yield "edge", f"on {day.isoformat()}", axis, person.moved(orders, at_noon(day))
    if leaf.where is not None and lines:
        yield from _goods(probe, leaf.where, person, lines)
    yield from _contacts(person)


def _orders_of(person: Person, lines: Sequence[str]) -> list[str]:
    which = set(lines)
    return list(dict.fromkeys(li["order_id"] for li in person.rows["order_lines"] if li["line_id"] in which))


def _with_an_order(
    probe: Probe, leaf: CustomerCondition, person: Person, day: date
) -> tuple[Person, list[str]]:
    """The person with one more order of one line that the condition counts."""
    if not person.sales:
        return person, []
    source = person.sales[-1]
    more = person.again(source["order_id"], "more", at_noon(day))
    lines = [li["line_id"] for li in more.sales if li["order_id"] == "more"]
    more = more.without(lines[1:])
    goods = probe.goods(leaf.where, inside=True)
    if leaf.where is not None and goods:
        more = more.of_goods(lines[:1], goods[0])
    return more, lines[:1]


def _amounts(leaf: CustomerCondition, person: Person, lines: Sequence[str]) -> Iterator[_Step]:
    bounds = [v for v in leaf.values if isinstance(v, int | float)]
    for bound in bounds:
        if leaf.metric in MONEY:
            for step in (-_CENT, Decimal(0), _CENT):
                total = Decimal(str(bound)).quantize(_CENT) + step
                yield "edge", f"{total} in all", f"v{bound}", person.worth(lines, total)
        elif leaf.metric == "units":
            for count in (int(bound) - 1, int(bound), int(bound) + 1):
                yield "edge", f"{count} units", f"v{bound}", person.units(lines, count)
        else:
            for count in (int(bound) - 1, int(bound), int(bound) + 1):
                if count >= 0:
                    held = _counted(person, lines, count)
                    yield "edge", f"{count} matching orders", f"v{bound}", held
                    yield from _unlike(held, lines, count)


def _unlike(person: Person, lines: Sequence[str], count: int) -> Iterator[_Step]:
    """Orders whose number, units and worth differ, so that one cannot be taken for the other."""
    left = [li["line_id"] for li in person.sales if li["line_id"] in set(lines)]
    if left:
        yield "near", f"{count} orders worth half a unit of money", "", person.worth(left, Decimal("0.50"))
        yield "near", f"{count} orders for nothing", "", person.for_nothing(left)
        yield "near", f"{count} orders of many units", "", person.units(left, 20 * len(left))
        yield "null", f"{count} orders of unknown units", "", person.units(left, None)


def _counted(person: Person, lines: Sequence[str], count: int) -> Person:
    """The person with exactly so many of the orders that hold these lines; the latest are kept."""
    orders = _orders_of(person, lines)
    gone = set(orders[: max(len(orders) - count, 0)])
    fewer = person.without(li["line_id"] for li in person.sales if li["line_id"] in set(lines)
                           and li["order_id"] in gone)
    for k in range(count - len(orders)):
        moment = next(li["ordered_at"] for li in person.sales if li["order_id"] == orders[0])
        fewer = fewer.again(orders[0], f"more{k}", moment + timedelta(minutes=k + 1))
    return fewer


def _silent(probe: Probe, leaf: CustomerCondition, person: Person) -> Iterator[_Step]:
    if not person.sales:
        return
    latest = max(li["ordered_at"] for li in person.sales)
    today = probe.snapshot.as_of
    order = next(li["order_id"] for li in person.sales if li["ordered_at"] == latest)
    for bound in leaf.values:
        for days in (int(bound) - 1, int(bound), int(bound) + 1):
            day = today - timedelta(days=days)
            moved = person.shifted((day - latest.date()).days)
            yield "edge", f"last order {days} days ago", f"v{bound}", moved
            if day > latest.date():
                yield "edge", f"one more order, {days} days ago", f"w{bound}", person.again(order, "more", at_noon(day))


def _close(leaf: CustomerCondition, person: Person, lines: Sequence[str]) -> Iterator[_Step]:
    """So many orders, the last one a day around the limit after the others."""
    if not lines or leaf.within_days is None:
        return
    first = _orders_of(person, lines)[0]
    alone = person.without(li["line_id"] for li in person.rows["order_lines"] if li["order_id"] != first)
    moment = next(li["ordered_at"] for li in alone.sales)
    for count in {max(2, int(v)) + more for v in leaf.values for more in (0, 1)}:
        for gap in (leaf.within_days - 1, leaf.within_days, leaf.within_days + 1):
            made = alone
            for k in range(count - 2):
                made = made.again(first, f"same{k}", moment + timedelta(minutes=k + 1))
            start = moment - timedelta(days=max(gap, 0) + 1)
            made = made.moved({li["order_id"] for li in made.sales}, start).again(
                first, "later", start + timedelta(days=max(gap, 0)))
            yield "edge", f"{count} orders in {gap} days", f"n{count}", made


def _goods(probe: Probe, where: Filter, person: Person, lines: Sequence[str]) -> Iterator[_Step]:
    for template in probe.goods(where, inside=False, n=2):
        yield "edge", f"{template['product_id']} instead", "goods", person.of_goods(lines, template)
    for part in comparisons(where):
        for value in part.values if part.op in {"eq", "in", "contains"} else ():
            single = Compare(field=part.field, op="contains" if part.op == "contains" else "eq", values=(value,))
            for template in probe.goods(single, inside=True):
                yield "near", f"{template['product_id']} for {value}", "", person.of_goods(lines, template)


def _contacts(person: Person) -> Iterator[_Step]:
    """Only where the person has any: consent given, refused and unknown, no messages."""
    if person.rows.get("touches"):
        yield "near", "no message at all", "", person.with_rows(touches=[])
    if person.rows.get("contacts"):
        for consent in (True, False, None):
            yield "near", f"consent {consent}", "", person.being("contacts", "consent", consent)


# -- what a customer is ------------------------------------------------------------------------------------------------


def _is(probe: Probe, leaf: Compare, person: Person) -> Iterator[_Step]:
    for column in dimension(leaf.field, for_filter=True).columns:
        source = origin(probe.snapshot, CUSTOMERS, column)
        if source is not None and source.join == "history":
            yield from _history(leaf, column, person)
        if source is None or source.table != "customers":
            continue
        for value in leaf.values:
            steps = (value - 1, value, value + 1) if isinstance(value, int | float) else (value,)
            for step in steps:
                yield "edge", f"{column} {step}", f"{column}{value}", person.being("customers", source.column, step)
        for other in _others(probe, source.column, leaf):
            yield "edge", f"{column} {other}", column, person.being("customers", source.column, other)
        yield "null", f"no {column}", "", person.being("customers", source.column, None)


def _others(probe: Probe, column: str, leaf: Compare) -> list[Any]:
    """Values of the shop that the condition does not name."""
    table = probe.snapshot.table("customers")
    filled = table.filter(table[column].notnull())
    known = filled.group_by(column).aggregate(n=filled.count())
    rows = probe.snapshot.execute(known.order_by([known.n.desc(), known[column]]).limit(8)).to_pylist()
    named = {str(v).casefold() for v in leaf.values}
    return [r[column] for r in rows if str(r[column]).casefold() not in named][:2]


def _history(leaf: Compare, column: str, person: Person) -> Iterator[_Step]:
    if not person.sales:
        return
    days = [li["ordered_at"].date() for li in person.sales]
    now = min(days) if column == "first_day" else max(days)
    for value in leaf.values:
        try:
            bound = date.fromisoformat(str(value))
        except ValueError:
            continue
        for step in (-1, 0, 1):
            day = bound + timedelta(days=step)
            yield "edge", f"{column} {day}", f"{column}{value}", person.shifted((day - now).days)


# -- one after another -------------------------------------------------------------------------------------------------


def _in_order(probe: Probe, leaf: BoughtThen, person: Person) -> Iterator[_Step]:
    """Two orders a day around the limit apart, the wrong way round, at one moment, and one of them alone."""
    named = [s for s in leaf.steps if s is not None]
    holders = [probe.goods(s, inside=True)[:1] if s is not None else probe.goods(None, inside=True)[:1]
               for s in leaf.steps]
    if not person.sales or not all(holders) or any("line_type" in columns_of(s, LINES) for s in named):
        return  # what was sent back is no good that could be bought instead
    bare = person
    for step in named:
        other = probe.goods(step if len(named) == 1 else _either(named), inside=False)
        hits = probe.matching(step, None, person)
        bare = bare.of_goods(hits, other[0]) if other and hits else bare
    source = person.sales[0]["order_id"]
    if None in leaf.steps:  # any other order would be one of the steps
        bare = bare.without(li["line_id"] for li in bare.rows["order_lines"])
    gap = leaf.within_days if leaf.within_days is not None else 7
    start = max(probe.window(leaf)[0], probe.snapshot.as_of - timedelta(days=gap + 30))
    steps = [h[0] for h in holders]

    def chain(days: Sequence[int], which: Sequence[dict[str, Any]]) -> Person:
        made = bare
        for k, (after, goods) in enumerate(zip(days, which, strict=True)):
            whole = person.again(source, f"step{k}", at_noon(start + timedelta(days=after)))
            lines = [li for li in whole.rows["order_lines"] if li["order_id"] == f"step{k}"][:1]
            orders = [o for o in whole.rows["orders"] if o["order_id"] == f"step{k}"]
            made = made.with_rows(orders=[*made.rows["orders"], *orders],
                                  order_lines=[*made.rows["order_lines"], *lines])
            made = made.of_goods([li["line_id"] for li in lines], goods)
        return made

    between = len(steps) - 2
    for days in (gap - 1, gap, gap + 1):
        if days > between:
            yield "edge", f"in order, {days} days apart", "gap", chain([*range(between + 1), days], steps)
    yield "edge", "at one moment", "turn", chain([0] * len(steps), steps)
    yield "edge", "one day apart", "turn", chain([*range(len(steps))], steps)
    yield "edge", "the other way round", "turn", chain([*range(len(steps))], steps[::-1])
    for k in range(len(steps)):
        yield "near", f"without step {k + 1}", "", chain([*range(len(steps) - 1)], steps[:k] + steps[k + 1 :])


def _either(parts: Sequence[Filter]) -> Filter:
    from assistant.plans.filters import Or

    return Or(parts=tuple(parts))


__all__ = ["And", "Change", "Probe", "changes"]
