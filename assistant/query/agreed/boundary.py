"""Boundary customers of a rule: its unit tests.

For every condition of a rule, members are changed in one respect until they are just in and just out: a cent around an
amount, one order more or fewer, a day around each end of a period, another product, no value at all, everything sent
back. Which side each of them falls on is recorded when the rule is saved. Asked later, the rule (with the meanings of
its words as they are then) must put every one of them on the same side.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from assistant.plans.filters import And, BoughtThen, Compare, CustomerCondition, Filter, InGroup, Not, Or, Predicted
from assistant.query.agreed.boundary_changes import Change, Probe, changes
from assistant.query.agreed.boundary_people import Person, Rows, copied, named, shop_of_people
from assistant.query.audience import customer_expression, tables_read
from assistant.query.compile import Scope
from assistant.query.filters import customer_set
from assistant.query.rows import fetch

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: members that are changed, and the most lines that one of them may have
MEMBERS, LINES_AT_MOST = 3, 60
#: boundary customers of one rule at most
MOST = 2_000


@dataclass(frozen=True)
class Case:
    """One boundary customer: what it is, the condition it tries, and whether the rule selected it when saved."""

    id: str
    kind: str
    label: str
    condition: str
    expected: bool


@dataclass(frozen=True)
class BoundaryCases:
    """The boundary customers of one rule, with the little shop they live in.

    Attributes:
        as_of: the analysis date on which they were made; relative periods are read from it.
        groups, predicted: what models said of them, frozen.
    """

    cases: tuple[Case, ...]
    rows: Rows
    shared: Rows
    as_of: date
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    predicted: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)

    def selected(self, like: Snapshot, rule: Filter) -> set[str]:
        """Ids of the boundary customers that a resolved rule selects.

        Raises:
            InvalidPlan, MissingData: the rule cannot be read on these columns.
        """
        shop = shop_of_people(
            self.rows, self.shared, like.at(self.as_of), lambda s, c: self.groups.get(key_of(c), ()),
            lambda s, c: self.predicted.get(c.attribute, {}),
        )
        try:
            people = customer_set(Scope(shop), rule)
            return {r["customer_id"] for r in fetch(Scope(shop), people)}
        finally:
            shop.con.disconnect()

    def to_json(self) -> str:
        """For the store."""
        return json.dumps({
            "cases": [c.__dict__ for c in self.cases], "rows": _filled(self.rows), "shared": _filled(self.shared),
            "as_of": self.as_of.isoformat(), "groups": {k: list(v) for k, v in self.groups.items()},
            "predicted": self.predicted,
        }, default=_plain, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> BoundaryCases:
        raw = json.loads(text)
        return cls(
            tuple(Case(**c) for c in raw["cases"]), _typed(raw["rows"]), _typed(raw["shared"]),
            date.fromisoformat(raw["as_of"]), raw["groups"], raw["predicted"],
        )


def _filled(rows: Rows) -> Rows:
    return {t: [{k: v for k, v in r.items() if v is not None} for r in held] for t, held in rows.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, Decimal):
        return {"money": str(value)}
    raise TypeError(f"{type(value).__name__} is not stored")


def _typed(rows: Any) -> Any:
    if isinstance(rows, dict):
        if set(rows) == {"at"}:
            return datetime.fromisoformat(rows["at"])
        if set(rows) == {"day"}:
            return date.fromisoformat(rows["day"])
        if set(rows) == {"money"}:
            return Decimal(rows["money"])
        return {k: _typed(v) for k, v in rows.items()}
    return [_typed(r) for r in rows] if isinstance(rows, list) else rows


def key_of(condition: InGroup) -> str:
    """A group condition as a key."""
    return condition.model_copy(update={"term": None}).model_dump_json()


# -- making them -------------------------------------------------------------------------------------------------------


def leaves(rule: Filter) -> Iterator[Filter]:
    """Conditions of a rule that are not made of others."""
    match rule:
        case And() | Or():
            for part in rule.parts:
                yield from leaves(part)
        case Not():
            yield from leaves(rule.part)
        case _:
            yield rule


def boundary_cases(snapshot: Snapshot, rule: Filter) -> BoundaryCases:
    """Make the boundary customers of a resolved rule and record on which side each of them falls.

    Args:
        snapshot: the data that the rule was saved on.

    Raises:
        UnknownName, MissingData, InvalidPlan, NotPermitted: see :func:`assistant.query.audience.customer_expression`.
    """
    read = tables_read(Scope(snapshot), rule)
    people = _with_models(snapshot, rule, copied(snapshot, _members(snapshot, rule), read))
    probe = Probe(snapshot, rule, tuple(leaves(rule)), people)
    made: list[tuple[Change, Person]] = []
    for change, person in changes(probe):
        made.append((change, person))
        if len(made) >= MOST:
            break
    names = [f"T{n:03d}" for n in range(1, len(made) + 1)]
    rows: Rows = {}
    for name, (_, person) in zip(names, made, strict=True):
        for table, mine in named(person, name).items():
            rows.setdefault(table, []).extend(mine)
    groups: dict[str, list[str]] = {key_of(c): [] for c in probe.leaves if isinstance(c, InGroup)}
    predicted: dict[str, dict[str, float | None]] = {}
    for name, (_, person) in zip(names, made, strict=True):
        for key in person.groups:
            groups.setdefault(key, []).append(name)
        for attribute, value in person.predicted.items():
            predicted.setdefault(attribute, {})[name] = value
    bare = BoundaryCases((), rows, _shared(snapshot, rows), snapshot.as_of, groups, predicted)
    chosen = bare.selected(snapshot, rule)
    cases = _cases(names, [change for change, _ in made], chosen)
    return BoundaryCases(cases, rows, bare.shared, snapshot.as_of, groups, predicted)


def _members(snapshot: Snapshot, rule: Filter) -> list[str]:
    """Members with few lines: the fewest of all, the fewest of several orders, and one for each way of getting in."""
    found: list[str] = []
    ways: list[Filter] = [rule]
    for node in _choices(rule):
        ways += [
            And(parts=(rule, part, *(Not(part=p) for p in node.parts if p != part))) for part in node.parts
        ]
    for n, way in enumerate(ways):
        for orders in (1, 3) if n == 0 else (1,):
            if len(found) < MEMBERS + len(ways):
                found += [c for c in _lightest(snapshot, way, orders) if c not in found]
    return found


def _choices(rule: Filter) -> Iterator[Or]:
    match rule:
        case Or():
            yield rule
            for part in rule.parts:
                yield from _choices(part)
        case And():
            for part in rule.parts:
                yield from _choices(part)
        case Not():
            yield from _choices(rule.part)


def _lightest(snapshot: Snapshot, rule: Filter, orders: int) -> list[str]:
    lines = snapshot.table("order_lines")
    chosen = customer_expression(snapshot, rule)
    mine = lines.filter(lines.customer_id.isin(chosen.customer_id))
    counted = mine.group_by("customer_id").aggregate(n=mine.count(), orders=mine.order_id.nunique())
    wanted = counted.filter((counted.orders >= orders) & (counted.n <= LINES_AT_MOST))
    rows = snapshot.execute(wanted.order_by([wanted.n, wanted.customer_id]).limit(1)).to_pylist()
    if not rows:
        rows = snapshot.execute(chosen.order_by("customer_id").limit(1)).to_pylist() if orders == 1 else []
    return [r["customer_id"] for r in rows]


def _with_models(snapshot: Snapshot, rule: Filter, people: dict[str, Person]) -> list[Person]:
    """Put in what models say of each."""
    found = dict(people)
    for leaf in leaves(rule):
        if isinstance(leaf, InGroup) and snapshot.groups is not None:
            members = set(snapshot.groups(snapshot, leaf))
            found = {c: p.in_group(key_of(leaf), c in members) for c, p in found.items()}
        elif isinstance(leaf, Predicted) and snapshot.predicted is not None:
            values = snapshot.predicted(snapshot, leaf)
            found = {c: p.expecting(leaf.attribute, values.get(c)) for c, p in found.items()}
    return list(found.values())


def _shared(snapshot: Snapshot, rows: Rows) -> Rows:
    """The products and campaigns that the invented customers' rows name."""
    shared: Rows = {}
    for table, key, named_in in (("products", "product_id", ("order_lines",)),
                                 ("campaigns", "campaign_id", ("touches", "responses"))):
        wanted = sorted({r[key] for t in named_in for r in rows.get(t, ()) if r.get(key) is not None})
        if wanted and snapshot.has(table):
            source = snapshot.table(table)
            shared[table] = snapshot.execute(source.filter(source[key].isin(wanted))).to_pylist()
    return shared


def _cases(names: Sequence[str], made: Sequence[Change], chosen: set[str]) -> tuple[Case, ...]:
    """Name the side of each; of a row of steps along one axis, the neighbours on both sides are the boundary."""
    along: dict[str, list[int]] = {}
    for n, change in enumerate(made):
        along.setdefault(change.axis, []).append(n)
    cases = []
    for n, (name, change) in enumerate(zip(names, made, strict=True)):
        inside = name in chosen
        kind = change.kind
        if kind == "edge":
            steps = along[change.axis]
            at = steps.index(n)
            beside = steps[max(at - 1, 0) : at + 2]
            turns = any((names[k] in chosen) != inside for k in beside)
            kind = ("just in" if inside else "just out") if turns else "near"
        cases.append(Case(name, kind, change.label, change.condition, inside))
    return tuple(cases)


__all__ = ["BoughtThen", "BoundaryCases", "Case", "Compare", "CustomerCondition", "boundary_cases", "key_of", "leaves"]
