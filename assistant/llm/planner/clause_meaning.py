"""What one clause of a description of customers means: its head ("bought", "last order", "email consent") with what
followed it ("Kitchen", "at least twice", "in 2025") as a condition of the filter language.

A clause whose parts do not go together has no meaning here, and is then not understood: nothing is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.brief import term_filter
from assistant.llm.planner.clause_slots import Slotted
from assistant.llm.planner.filters import ConditionReader
from assistant.llm.planner.period_grammar import PeriodReader
from assistant.llm.planner.period_words import PeriodReading
from assistant.plans.filters import And, Compare, CustomerCondition, Filter, InGroup, Not, Or
from assistant.plans.periods import Period
from assistant.plans.shop import Shop

_OPPOSITE = {"gt": "le", "ge": "lt", "lt": "ge", "le": "gt", "eq": "ne"}
_YEAR = re.compile(r"(?:19|20)\d\d")
_GOODS = frozenset({"category", "subcategory", "brand", "product"})
#: days ahead where nobody said
USUAL_AHEAD = 90


@dataclass
class Clause:
    """A clause as it was found: its head, and what followed, by kind."""

    head: str
    said: dict[str, str]
    mods: dict[str, dict[str, str]] = field(default_factory=dict)
    negated: bool = False
    only: bool = False


class NotRead(Exception):
    """The parts of a clause do not go together."""


class Meaning:
    """Clauses → conditions, for one text.

    Args:
        raw: ``people_clauses.yaml``.
    """

    def __init__(self, text: Slotted, shop: Shop, raw: dict[str, Any]) -> None:
        self.t, self.shop, self.raw = text, shop, raw
        self.words = text.reading.vocabulary
        self.today: date = self.words.status.as_of
        self.orders = self.words.role("orders") or "orders"
        self.money = self.words.role("money") or "revenue"
        self.recency = self.words.role("recency") or "days_since_last_order"
        self.notes: list[str] = []

    def of(self, clause: Clause) -> Filter | None:
        """The condition; None where its parts do not go together."""
        read: Callable[[Clause], Filter] | None = getattr(self, f"_{clause.head}", None)
        if read is None:
            return None
        try:
            return read(clause)
        except (NotRead, ValidationError, KeyError, ValueError):
            return None

    # -- parts ---------------------------------------------------------------------------------------------------

    def _all_values(self, piece: str, fields: frozenset[str]) -> list[Filter]:
        found: list[Filter] = []
        for item in self.t.items(piece):
            values = [v for v in item.alts.get("value", ()) if v.dimension in fields]
            if values:
                found.append(Compare(field=values[0].dimension, op="eq", values=(values[0].value,)))
            elif fields is _GOODS:
                named = ConditionReader(self.t.reading)._object(self.t.reading.items.index(item))
                if named is None:
                    raise NotRead
                found.append(named[0])
        if not found:
            raise NotRead
        return found

    def one_of(self, piece: str, fields: set[str]) -> Filter:
        parts = self._all_values(piece, frozenset(fields))
        names = {p.field for p in parts if isinstance(p, Compare)}
        if len(names) == 1 and len(parts) > 1:
            values = tuple(v for p in parts if isinstance(p, Compare) for v in p.values)
            return Compare(field=names.pop(), op="in", values=values)
        return parts[0] if len(parts) == 1 else Or(parts=tuple(parts))

    def _goods(self, clause: Clause) -> tuple[list[Filter], str]:
        """The goods named, and how: any of them, all, or exactly one."""
        said = clause.mods.get("goods") or (clause.said if "goods" in clause.said else None)
        if said is None:
            return [], "any"
        parts = self._all_values(said["goods"], _GOODS)
        between = re.sub(r"‹[^›]*›", " ", said["goods"])
        together = re.search(self.raw["together"], between) and not re.search(self.raw["either_of"], between)
        if said.get("notboth"):
            return parts, "one"
        return parts, "all" if said.get("each") or (together and not said.get("one")) else "any"

    def _period(self, clause: Clause) -> Period | None:
        piece = clause.mods.get("period", {}).get("period") or clause.said.get("period")
        if not piece:
            return None
        period = self.t.items(piece)[0].get("period").period
        return None if period is None or period.kind == "all" else period

    def _length(self, piece: str) -> PeriodReading:
        item = self.t.items(piece)[0]
        found = item.get("duration") or item.get("ago")
        if found is None:
            raise NotRead
        return found  # type: ignore[no-any-return]

    def _op(self, said: dict[str, str], usual: str) -> str:
        word, later = (said.get("op") or said.get("lop") or "").strip(), (said.get("after") or "").strip()
        for op, phrases in self.raw["after"].items():
            if later and later in phrases:
                return str(op)
        if not word:
            return usual
        for name, op in self.raw["operators"].items():
            if re.fullmatch(self.raw["macros"][name], word):
                return str(op)
        raise NotRead

    def _number(self, piece: str) -> float:
        if piece in self.raw["numbers"]:
            return float(self.raw["numbers"][piece])
        item = self.t.items(piece)[0]
        value = item.get("times") if item.has("times") else item.number
        if _YEAR.fullmatch(item.text):
            raise NotRead  # "in 2010 and 2011"
        return float(value)

    def _compared(self, said: dict[str, str], usual: str) -> tuple[str, tuple[float, ...]]:
        """As in "at least 3", "between 100 and 200", "twice": how it is compared, and with what."""
        if said.get("low"):
            low, high = self._number(said["low"]), self._number(said["high"])
            return "between", (min(low, high), max(low, high))
        piece = next((said[k] for k in ("n", "n2", "n3", "m", "times", "q") if said.get(k)), None)
        if piece is None:
            raise NotRead
        if said.get("n2") or said.get("n3"):
            return "ge", (self._number(piece),)
        if piece in self.raw["several"]:
            return "ge", (2.0,)
        return self._op(said, usual), (self._number(piece),)

    @staticmethod
    def _turned(op: str, negated: bool) -> str:
        if not negated:
            return op
        if op not in _OPPOSITE:
            raise NotRead
        return _OPPOSITE[op]

    def _days_back(self, length: PeriodReading) -> str:
        return (self.today - timedelta(days=length.days)).isoformat()

    def _line_where(self, clause: Clause) -> list[Filter]:
        """What each order must be, beside its goods."""
        found: list[Filter] = []
        if "channel" in clause.mods:
            found.append(self.one_of(clause.mods["channel"]["channels"], {"channel"}))
        if "early" in clause.mods:
            length = self._length(clause.mods["early"]["early"])
            found.append(Compare(field="days_since_first_order", op="le", values=(length.days,)))
        return found

    # -- what was bought -----------------------------------------------------------------------------------------

    def _buy(self, clause: Clause) -> Filter:
        goods, how = self._goods(clause)
        beside = self._line_where(clause)
        mods, said = clause.mods, clause.said
        nothing = bool(mods.get("goods", {}).get("nothing"))
        only = clause.only or "nothing_else" in mods or (nothing and self._is_only(mods["goods"]["nothing"]))
        none = bool(mods.get("any", {}).get("none"))
        negated = clause.negated or bool(said.get("no")) or none or (nothing and not only)
        period = self._period(clause)
        counted = next((mods[k] for k in ("count", "often", "bare_count") if k in mods), None)
        if counted is None and any(said.get(k) for k in ("n", "low")):
            counted = said
        if "price" in mods:
            if counted or "kinds" in mods:
                raise NotRead
            return self._amounts(clause, mods["price"], goods, how, beside, negated, period)
        metric = "discounted_orders" if "cut" in mods else "undiscounted_orders" if "full" in mods else self.orders
        if "kinds" in mods:
            metric, counted = self.raw["kinds"][mods["kinds"]["kind"]], mods["kinds"]
        if only and counted is not None and not goods and not beside:  # "ordered only once"
            only = False
            counted = {**counted, "op": counted.get("op") or ""}
        if "ago" in mods:
            return self._since(clause, mods["ago"], negated, bool(goods or beside or counted or period))
        if "length" in mods:
            length = self._length(mods["length"]["length"])
            if counted is None and not goods and not beside and negated and not {"cut", "full", "kinds"} & {*mods}:
                op = self._op(mods["length"], "ge")
                return CustomerCondition(metric=self.recency, op=op, values=(length.days,))  # type: ignore[arg-type]
            period = length.rolling() if period is None else self._refuse()
        if negated and counted is None and not goods and not beside and period is not None \
                and period.kind == "rolling" and not {"cut", "full"} & {*mods}:
            length = PeriodReading("duration", 0, 0, count=period.count, unit=str(period.unit))
            return CustomerCondition(metric=self.recency, op="ge", values=(length.days,))
        days = self._length(mods["close"]["close"]).days if "close" in mods else None
        op, values = self._compared(counted, "eq") if counted is not None else ("ge", (1.0,))
        op, values = self._turned(op, negated), values
        if counted is None and negated:
            op, values = "eq", (0.0,)

        def condition(what: Filter | None) -> Filter:
            parts = [*([what] if what is not None else []), *beside]
            where = None if not parts else parts[0] if len(parts) == 1 else And(parts=tuple(parts))
            return CustomerCondition(metric=metric, op=op, values=values, where=where, period=period, within_days=days)  # type: ignore[arg-type]

        if only:
            return self._nothing_else(goods, beside, condition, negated or counted is not None, period)
        return self._together(goods, how, condition, negated)

    def _refuse(self) -> Any:
        raise NotRead

    def _is_only(self, said: str) -> bool:
        return bool(re.search(self.raw["but"], said))

    def _together(
        self, goods: Sequence[Filter], how: str, condition: Callable[[Filter | None], Filter], negated: bool
    ) -> Filter:
        """One condition for goods of which any will do; one for each where all are meant, or exactly one."""
        if not goods:
            return condition(None)
        if how == "any" or len(goods) == 1 or (negated and how == "all"):  # "no Kitchen and Garden": neither of them
            return condition(goods[0] if len(goods) == 1 else Or(parts=tuple(goods)))
        each = tuple(condition(g) for g in goods)
        if how == "all":
            return And(parts=each)
        if negated:
            raise NotRead
        return And(parts=(Or(parts=each), Not(part=And(parts=each))))

    def _nothing_else(
        self, goods: Sequence[Filter], beside: Sequence[Filter], condition: Callable[[Filter | None], Filter],
        more: bool, period: Period | None,
    ) -> Filter:
        """As in "only ever bought Kitchen", "shopped only in the app"."""
        if more or (bool(goods) == bool(beside)):
            raise NotRead
        parts = list(goods or beside)
        what: Filter = parts[0] if len(parts) == 1 else Or(parts=tuple(parts))
        bought = condition(what) if goods else condition(None)
        others = CustomerCondition(metric=self.orders, op="eq", values=(0,), where=Not(part=what), period=period)
        return And(parts=(bought, others))

    def _since(self, clause: Clause, said: dict[str, str], negated: bool, more: bool) -> Filter:
        """As in "ordered less than 30 days ago"."""
        if more or negated:
            raise NotRead
        return self._recent(said)

    def _recent(self, said: dict[str, str]) -> Filter:
        op = "ge" if said.get("later") else self._op(said, "eq")
        if op == "eq" and not said.get("op"):
            raise NotRead  # "90 days ago" to the day, or about that long
        return CustomerCondition(metric=self.recency, op=op, values=(self._length(said["ago"]).days,))  # type: ignore[arg-type]

    def _amounts(
        self, clause: Clause, said: dict[str, str], goods: Sequence[Filter], how: str, beside: Sequence[Filter],
        negated: bool, period: Period | None, metric: str | None = None,
    ) -> Filter:
        op, values = self._compared(said, "eq")
        if op == "eq" and not said.get("op"):
            raise NotRead
        op = self._turned(op, negated)
        if how == "one":
            raise NotRead

        def condition(what: Filter | None) -> Filter:
            parts = [*([what] if what is not None else []), *beside]
            where = None if not parts else parts[0] if len(parts) == 1 else And(parts=tuple(parts))
            return CustomerCondition(metric=metric or self.money, op=op, values=values, where=where, period=period)  # type: ignore[arg-type]

        if not goods:
            return condition(None)
        return condition(goods[0] if len(goods) == 1 else Or(parts=tuple(goods)))  # of all of them together

    def _spend(self, clause: Clause) -> Filter:
        goods, how = self._goods(clause)
        period, mods = self._period(clause), clause.mods
        said = mods.get("amount") or clause.said
        if "length" in mods:
            period = self._length(mods["length"]["length"]).rolling() if period is None else self._refuse()
        metric = "average_order_value" if "avg" in mods or said.get("avg") else None
        if clause.only or "cut" in mods:
            raise NotRead
        return self._amounts(clause, said, goods, how, self._line_where(clause), clause.negated, period, metric)

    def _value(self, clause: Clause) -> Filter:
        return self._amounts(clause, clause.mods["amount"], [], "any", self._line_where(clause), clause.negated,
                             self._period(clause), "average_order_value")

    def _returned_share(self, clause: Clause) -> Filter:
        op, values = self._compared(clause.mods["share"], "eq")
        return CustomerCondition(metric="return_rate", op=self._turned(op, clause.negated), values=values,  # type: ignore[arg-type]
                                 period=self._period(clause))

    def _returned(self, clause: Clause) -> Filter:
        goods, how = self._goods(clause)
        if not goods and not clause.said.get("what") and "any" not in clause.mods:
            raise NotRead  # "who returned": came back, or sent something back
        if how != "any" and len(goods) > 1:
            raise NotRead
        parts = [goods[0] if len(goods) == 1 else Or(parts=tuple(goods))] if goods else []
        if "return" in self.words.line_types:
            parts.append(Compare(field="line_type", op="eq", values=("return",)))
        where = None if not parts else parts[0] if len(parts) == 1 else And(parts=tuple(parts))
        negated = clause.negated or bool(clause.said.get("no") or clause.mods.get("any", {}).get("none"))
        counted = clause.mods.get("count") or (clause.said if clause.said.get("n") else None)
        op, values = self._compared(counted, "eq") if counted else ("ge", (1.0,))
        op, values = ("eq", (0.0,)) if negated and not counted else (self._turned(op, negated), values)
        period = self._period(clause)
        if "length" in clause.mods:
            period = self._length(clause.mods["length"]["length"]).rolling() if period is None else self._refuse()
        name = self.words.role("returns") or "units_returned"
        return CustomerCondition(metric=name, op=op, values=values, where=where, period=period)  # type: ignore[arg-type]

    def _discount(self, clause: Clause) -> Filter:
        negated = clause.negated or bool(clause.said.get("no") or clause.said.get("no2"))
        counted = clause.mods.get("count")
        op, values = self._compared(counted, "eq") if counted else ("ge", (1.0,))
        op, values = ("eq", (0.0,)) if negated and not counted else (self._turned(op, negated), values)
        period = self._period(clause)
        return CustomerCondition(metric="discounted_orders", op=op, values=values, period=period)  # type: ignore[arg-type]

    def _full_price(self, clause: Clause) -> Filter:
        if clause.negated:
            raise NotRead
        period = self._period(clause)
        return And(parts=(
            CustomerCondition(metric=self.orders, op="ge", values=(1,), period=period),
            CustomerCondition(metric="discounted_orders", op="eq", values=(0,), period=period)))

    # -- the first and the last order ----------------------------------------------------------------------------

    def _first(self, clause: Clause) -> Filter:
        goods, how = self._goods(clause)
        beside, period = self._line_where(clause), self._period(clause)
        if "ago" in clause.mods:
            said = clause.mods["ago"]
            op = self._op(said, "ge" if said.get("later") else "")
            when = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}[op]
            if goods or beside or period:
                raise NotRead
            found: Filter = Compare(field="first_order", op=when, values=(self._days_back(self._length(said["ago"])),))  # type: ignore[arg-type]
            return Not(part=found) if clause.negated else found
        if "length" in clause.mods and period is None:
            period = self._length(clause.mods["length"]["length"]).rolling()
        if not goods and not beside and period is None:
            raise NotRead
        name = self.words.role("new_customers")
        if name is None or how == "one":
            raise NotRead

        def condition(what: Filter | None) -> Filter:
            parts = [*([what] if what is not None else []), *beside]
            where = None if not parts else parts[0] if len(parts) == 1 else And(parts=tuple(parts))
            return CustomerCondition(metric=name, op="ge", values=(1,), where=where, period=period)

        found = self._together(goods, how, condition, False)
        return Not(part=found) if clause.negated else found

    def _last(self, clause: Clause) -> Filter:
        goods, how = self._goods(clause)
        beside, period, mods = self._line_where(clause), self._period(clause), clause.mods
        found: list[Filter] = []
        if "ago" in mods:
            found.append(self._recent(mods["ago"]))
        if "length" in mods:
            op = self._op(mods["length"], "le")
            days = self._length(mods["length"]["length"]).days
            found.append(CustomerCondition(metric=self.recency, op=op, values=(days,)))  # type: ignore[arg-type]
        if period is not None:
            found.append(self._last_in(period))
        if goods or beside:
            if how == "one":
                raise NotRead
            latest = Compare(field="days_before_last_order", op="eq", values=(0,))

            def condition(what: Filter | None) -> Filter:
                parts = [latest, *([what] if what is not None else []), *beside]
                return CustomerCondition(metric=self.orders, op="ge", values=(1,), where=And(parts=tuple(parts)))

            found.append(self._together(goods, how, condition, False))
        if not found:
            raise NotRead
        whole = found[0] if len(found) == 1 else And(parts=tuple(found))
        return Not(part=whole) if clause.negated else whole

    def _last_in(self, period: Period) -> Filter:
        first, last = self._bounds(period)
        if first is not None and last is not None:
            return Compare(field="last_order", op="between", values=(first.isoformat(), last.isoformat()))
        if first is not None:
            return Compare(field="last_order", op="ge", values=(first.isoformat(),))
        if last is None:
            raise NotRead
        return Compare(field="last_order", op="le", values=(last.isoformat(),))

    def _bounds(self, period: Period) -> tuple[date | None, date | None]:
        if period.kind == "absolute":
            return period.start, period.end
        if period.kind == "rolling":
            length = PeriodReading("duration", 0, 0, count=period.count, unit=str(period.unit)).days
            return self.today - timedelta(days=length - 1), self.today
        if period.kind == "to_date":
            found = self._reader().bounds(Period(kind="calendar", unit=period.unit))
        else:
            found = self._reader().bounds(period)
        if found is None:
            raise NotRead
        return found

    def _reader(self) -> PeriodReader:
        return PeriodReader(self.t.reading.tokens, self.words.lexicon, self.today)

    def _back(self, clause: Clause) -> Filter:
        op, least = ("eq", 1.0) if clause.negated else ("ge", 2.0)
        return CustomerCondition(metric=self.orders, op=op, values=(least,))  # type: ignore[arg-type]

    def _tenure(self, clause: Clause) -> Filter:
        said = clause.mods["length"]
        op = "ge" if said.get("later") else self._op(said, "ge")
        when = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}[self._turned(op, clause.negated)]
        return Compare(field="first_order", op=when, values=(self._days_back(self._length(said["length"])),))  # type: ignore[arg-type]

    def _quiet(self, clause: Clause) -> Filter:
        said = clause.mods["length"]
        op = self._turned(self._op(said, "ge"), clause.negated)
        return CustomerCondition(metric=self.recency, op=op, values=(self._length(said["length"]).days,))  # type: ignore[arg-type]

    # -- who they are --------------------------------------------------------------------------------------------

    def _place(self, clause: Clause) -> Filter:
        said = clause.said
        kind = "places" if said.get("places") else "cities"
        found = self.one_of(said[kind], {"country" if kind == "places" else "city"})
        return Not(part=found) if clause.negated != bool(said.get("outside")) else found

    def _source(self, clause: Clause) -> Filter:
        found = self.one_of(clause.said["sources"], {"acquisition_channel"})
        return Not(part=found) if clause.negated else found

    def _term(self, clause: Clause) -> Filter:
        term = str(self.t.items(clause.said["term"])[0].get("definition"))
        found = term_filter(self.shop, term)
        if found is None:
            raise NotRead
        for meaning in self.shop.definitions():
            if meaning.assumed and meaning.term == term:
                self.notes.append(f"defined_term|{term}|{meaning.meaning}")
        return Not(part=found) if clause.negated else found

    def _saved(self, clause: Clause) -> Filter:
        found = InGroup(group="saved", name=str(self.t.items(clause.said["saved"])[0].get("saved")))
        return Not(part=found) if clause.negated else found

    def _leave(self, clause: Clause) -> Filter:
        days = USUAL_AHEAD
        if clause.said.get("ahead"):
            ahead = self.t.items(clause.said["ahead"])[0].get("future")
            days = ahead.days
        found = InGroup(group="about_to_leave", horizon_days=days)
        return Not(part=found) if clause.negated else found

    def _consent(self, clause: Clause) -> Filter:
        return self._contact("consenting_customers", clause)

    def _reachable(self, clause: Clause) -> Filter:
        return self._contact("mailable_customers", clause)

    def _contact(self, metric: str, clause: Clause) -> Filter:
        said = clause.said.get("chan")
        channel = next((c for c, words in self.raw["channels"].items() if said in words), None)
        where = Compare(field="message_channel", values=(channel,)) if channel else None
        if said and channel is None:
            raise NotRead
        negated = clause.negated or bool(clause.said.get("neg2"))
        op, value = ("eq", 0) if negated else ("ge", 1)
        return CustomerCondition(metric=metric, op=op, values=(value,), where=where)  # type: ignore[arg-type]
