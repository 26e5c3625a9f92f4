"""What may stand at a place of a composed question, and what it means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from assistant.llm.planner.composed_measures import MeasureWords
from assistant.llm.planner.composed_times import joined_times
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.normalise import Token
from assistant.llm.planner.period_grammar import PeriodReader, read_period
from assistant.llm.planner.period_words import PeriodReading
from assistant.llm.planner.vocabulary import Value, Vocabulary
from assistant.llm.planner.word_patterns import Filler, Found, Pattern, compiled
from assistant.plans.filters import Among, Compare, Filter, Not
from assistant.plans.periods import Period

#: of a value that several dimensions have, the first of these is meant
_KINDS = ("country", "category", "subcategory", "brand", "channel", "city", "product")
_GOODS = frozenset({"category", "subcategory", "brand", "product"})
_SPLITS = frozenset(
    {
        "country",
        "city",
        "category",
        "subcategory",
        "brand",
        "channel",
        "product",
        "weekday",
        "hour",
        "acquisition_channel",
        "price_band",
        "new_vs_returning",
        "customer",
        "return_reason",
    }
)
_RANKED = _SPLITS - {"price_band", "new_vs_returning"}
#: a list of goods of which nothing else is said
_BEST_SELLING = {
    "metrics": ("revenue",), "dimension": "product", "limit": 10, "descending": True, "offset": 0, "judged": True,
    "time": None,
}
_WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NEW = Compare(field="new_vs_returning", op="eq", values=("new",))
_RETURNING = Compare(field="new_vs_returning", op="eq", values=("returning",))


@dataclass(frozen=True)
class Part:
    """A stretch of the text and what it is.

    Attributes:
        kind: open, showing, link, close, metrics, clause, tail, rule, each, split, time, compare, rank, share, growth.
        core: it names the measure.
        of_orders: it ends in "orders", so that what orders are worth or hold may follow.
        listed: the noun is as well that of a list.
        both: several values that are joined by "and".
    """

    end: int
    kind: str
    value: Any = None
    core: bool = False
    of_orders: bool = False
    listed: bool = False
    both: bool = False


@dataclass(frozen=True)
class _Grammar:
    raw: dict[str, Any]
    groups: dict[str, tuple[Pattern, ...]]

    def __getitem__(self, name: str) -> tuple[Pattern, ...]:
        return self.groups.get(name, ())

    def under(self, section: str) -> list[tuple[str, tuple[Pattern, ...]]]:
        return [(n.partition(".")[2], p) for n, p in self.groups.items() if n.startswith(f"{section}.")]


@lru_cache(maxsize=4)
def _grammar(language: str) -> _Grammar:
    raw = dict(read_yaml(language, "composed"))
    macros = raw.get("macros", {})
    groups: dict[str, tuple[Pattern, ...]] = {}
    for section, content in raw.items():
        if section in {"macros", "ordinals", "channels", "needs"}:
            continue
        named = content.items() if isinstance(content, dict) else [("", content)]
        for name, patterns in named:
            key = f"{section}.{name}" if name else section
            groups[key] = tuple(compiled(p, macros) for p in patterns)
    return _Grammar(raw, groups)


class Parts(MeasureWords):
    """Parts of one text.

    Args:
        tokens: of the text, spelling corrected.
        words: the shop's vocabulary.
    """

    def __init__(self, tokens: Sequence[Token], words: Vocabulary) -> None:
        self._grammar = _grammar(words.lexicon.language)
        self._tokens = list(tokens)
        self._words = words
        self._said = [t.word for t in self._tokens]
        self._lemmas = [t.lemma if t.kind != "stop" else f"\x00{t.text}" for t in self._tokens]
        self.count = len(self._tokens)
        self._memo: dict[tuple[str, int], list[tuple[int, Any]]] = {}
        self._fillers: dict[str, Filler] = {
            name: self._kept(name, getattr(self, f"_{name}"))
            for name in (
                "metric",
                "plain",
                "metrics",
                "value",
                "values",
                "source",
                "channel",
                "dim",
                "grain",
                "repeated",
                "period",
                "days",
                "day",
                "number",
                "ranked",
                "ranked_one",
                "nth",
                "nth_number",
                "part",
                "worth",
                "sized",
                "held",
                "things",
                "unit",
                "span",
                "time",
                "weekend",
                "per_what",
                "spent_per",
                "week_part",
            )
        }

    def at(self, place: int, *, core: bool, of_orders: bool) -> list[Part]:
        """Every part that may begin at a place, the longest first."""
        found: list[Part] = []
        if of_orders:  # before "with" is taken for lines
            for name in ("worth", "sized", "held"):
                found += [Part(end, "rule", rule) for end, rule in self._fillers[name](place)]
        found += self._beside(place, core)
        if not core:
            found += self._cores(place)
        found += self._narrowing(place)
        return sorted(found, key=lambda p: -p.end)

    def begins(self, period: Period) -> date:
        """The first day of a period."""
        bounds = PeriodReader(list(self._tokens), self._words.lexicon, self._words.status.as_of).bounds(period)
        return bounds[0] if bounds is not None else date.min

    # -- kinds of parts

    def _all(self, group: str, place: int) -> Iterator[Found]:
        for pattern in self._grammar[group]:
            yield from (f for f in pattern.at(self._said, place, self._fillers) if f.end > place)

    def _beside(self, place: int, core: bool) -> Iterator[Part]:
        if self._tokens[place].kind == "stop":
            yield Part(place + 1, "close")
        if not core:
            for kind in ("open", "showing", "link"):
                yield from (Part(f.end, kind) for f in self._all(f"aside.{kind}", place))
        else:
            yield from (Part(f.end, "close") for f in self._all("aside.close", place))
            yield from (Part(f.end, "average") for f in self._all("aside.average", place))
            yield from (Part(f.end, "tail") for f in self._all("tails", place))

    def _cores(self, place: int) -> Iterator[Part]:
        for end, (names, bare) in self._fillers["metrics"](place):
            yield Part(end, "metrics", names, True, names[-1] == "orders", bare)
        for name, patterns in self._grammar.under("measures"):
            if name not in self._words.metrics:
                continue
            for start in self._all_ends("determiners", place):
                for found in (f for p in patterns for f in p.at(self._said, start, self._fillers)):
                    of_orders = self._said[found.end - 1] in self._grammar.raw["order_words"]
                    yield Part(found.end, "clause", (name,), True, of_orders or name == "orders")
        for found in self._all("qualified", place):
            rule = _of_values(found)
            if rule is not None:
                names, bare = found.get("metric")
                of_orders = names[-1] == "orders"
                yield Part(found.end, "clause_of", {"metrics": names, "rule": rule}, True, of_orders, bare)
        for name, patterns in self._grammar.under("asked_of"):
            for found in (f for p in patterns for f in p.at(self._said, place, self._fillers)):
                rule = found.get("part")
                yield Part(found.end, "clause_of", {"metrics": (name,), "rule": rule}, True)
                if isinstance(rule, Compare) and rule.field == "country":  # said of customers, beside where orders went
                    home = rule.model_copy(update={"field": "customer_country"})
                    yield Part(found.end, "clause_of", {"metrics": (name,), "rule": home}, True)
        for found in self._all("early_splits", place):
            yield Part(found.end, "split", [found.get("grain")])
        for name, down in (("launched_lists", True), ("launched_worst", False)):
            for found in self._all(name, place):
                rule = self._launched(found.get("period"))
                if rule is not None:
                    yield Part(found.end, "rank", _BEST_SELLING | {"inside": rule, "descending": down}, True)
        for name, patterns in self._grammar.under("rankings"):
            for found in (f for p in patterns for f in p.at(self._said, place, self._fillers)):
                yield from self._ranking(name, found)
        for found in self._all("shares", place):
            yield Part(
                found.end,
                "share",
                {"metrics": found.get("metric")[0], "rule": found.get("part"), "time": found.get("period")},
                True,
            )
        for found in self._all("share_heads", place):
            inside = _of_values(found)
            value = {"metrics": found.get("metric")[0], "rule": None, "time": found.get("period"), "inside": inside}
            yield Part(found.end, "share", value, True, self._said[found.end - 1] in self._grammar.raw["order_words"])
        for found in self._all("which_more", place):
            measured = found.get("metric")
            yield Part(found.end, "which_more", measured[0] if measured else ("revenue",), True)
        for found in self._all("growth", place):
            yield Part(found.end, "growth", {"metrics": found.get("metric")[0]}, True)

    def _ranking(self, name: str, found: Found) -> Iterator[Part]:
        measured = found.get("metric") or found.get("spent_per")
        dimension = found.get("ranked") or found.get("ranked_one")
        number = found.get("number")
        place = found.get("nth") or found.get("nth_number")
        if name == "nth_at" and number:
            place, number = number, None
        limit = int(number) if number else 1
        inside = _of_values(found) if found.get("values") else None
        if found.get("values") and (inside is None or inside.field == dimension):
            return
        said = {
            "metrics": measured[0] if measured else ("orders_per_customer",) if name == "often_per" else (),
            "inside": inside,
            "dimension": dimension,
            "limit": limit,
            "descending": "worst" not in name,
            "offset": int(place) - 1 if place else 0,
            "judged": True,
            "time": found.get("period"),
        }
        if limit >= 1:
            yield Part(found.end, "rank", said, True)

    def _narrowing(self, place: int) -> Iterator[Part]:
        for name, patterns in self._grammar.under("conditions"):
            for found in (f for p in patterns for f in p.at(self._said, place, self._fillers) if f.end > place):
                joined = not any(w in self._grammar.raw["either"] for w in self._said[place : found.end])
                for part in self._condition(name, found):
                    yield replace(part, both=joined and name == "values")
        for found in self._all("splits", place):
            named = next((v for v in map(found.get, ("repeated", "span", "grain")) if v), "acquisition_channel")
            dims = found.every("dim") or [named]
            if not self._by_itself(place, found.end, dims):
                yield Part(found.end, "split", dims)
        yield from (Part(f.end, "share_end", f.get("part")) for f in self._all("share_ends", place))
        yield from (Part(f.end, "per_day") for f in self._all("per_day", place))
        yield from (Part(f.end, "yearly") for f in self._all("yearly", place))
        for end, reading in self._fillers["period"](place):
            yield Part(end, "time", reading)
        for down, name in ((True, "highest"), (False, "lowest")):
            yield from (Part(f.end, "sorted", down) for f in self._all(f"sorted.{name}", place))
        for found in self._all("ranked_by", place):
            yield Part(found.end, "ranked_by", found.get("metric")[0])
        for name, patterns in self._grammar.under("comparisons"):
            for found in (f for p in patterns for f in p.at(self._said, place, self._fillers)):
                count = found.get("number")
                yield Part(
                    found.end,
                    "compare",
                    {
                        "kind": name,
                        "periods": found.every("period"),
                        "period": found.get("period"),
                        "unit": found.get("unit"),
                        "count": int(count) if count else None,
                    },
                )

    def _condition(self, name: str, found: Found) -> Iterator[Part]:
        rule: Filter | None
        if name in {"values", "not", "each", "either_or", "against_rest"}:
            rule = _of_values(found)
            if rule is None:
                return
            yield Part(
                found.end,
                name if name in {"each", "either_or", "against_rest"} else "rule",
                Not(part=rule) if name == "not" else rule,
            )
        elif name == "launched":
            rule = self._launched(found.get("period"))
            if rule is not None:
                yield Part(found.end, "rule", rule)
        elif name == "home":
            rule = _of_values(found)
            if rule is not None and rule.field == "country":
                yield Part(found.end, "rule", rule.model_copy(update={"field": "customer_country"}))
        elif name == "source":
            yield Part(found.end, "rule", _is("acquisition_channel", [found.get("source")]))
        elif name in {"new", "returning"}:
            yield Part(found.end, "rule", _NEW if name == "new" else _RETURNING)
        elif name == "new_or_returning":
            yield Part(found.end, "split", ["new_vs_returning"])
        elif name == "not_orders":
            yield Part(found.end, "rule", Not(part=found.slots[-1][1]))
        elif name == "week_parts":
            first, second = found.every("week_part")
            if not set(first) & set(second):
                whole = len(first) + len(second) == len(_WEEK)
                rule = _is("weekday", first if whole else first + second)
                yield Part(found.end, "against_rest" if whole else "each", rule)
        elif name == "week_rest":
            yield Part(found.end, "against_rest", _is("weekday", found.get("week_part")))
        elif name == "working_days":
            yield Part(found.end, "rule", _is("weekday", [d.capitalize() for d in self._grammar.raw["weekdays"][:5]]))
        elif name == "days":
            named = [d for slot in ("days", "day", "weekend") for days in found.every(slot) for d in days]
            yield Part(found.end, "rule", _is("weekday", list(dict.fromkeys(named))))
        else:
            yield Part(found.end, "rule", found.slots[-1][1])

    def _launched(self, reading: PeriodReading) -> Compare | None:
        """As in "products launched since March": by the day of their launch, not of their sales."""
        term, period = self._words.dimensions.get("launched"), reading.period
        if term is None or not term.available or period is None:
            return None
        reader = PeriodReader(list(self._tokens), self._words.lexicon, self._words.status.as_of)
        bounds = reader.bounds(period) if period.kind != "absolute" else (period.start, period.end)
        if bounds is None or bounds[0] is None:
            return None
        last = bounds[1] or self._words.status.as_of
        return Compare(field="launched", op="between", values=(bounds[0].isoformat(), last.isoformat()))

    def _by_itself(self, place: int, end: int, dims: Sequence[str]) -> bool:
        """ "per day" is as well an average: left to the other readings."""
        return (
            "day" in dims
            and any(w in self._grammar.raw["averaging"] for w in self._said[place:end])
            and (self._said[place] not in self._grammar.raw["for_each"])
        )

    # -- what fills a slot

    def _kept(self, name: str, fill: Filler) -> Filler:
        def filler(at: int) -> Sequence[tuple[int, Any]]:
            if (name, at) not in self._memo:
                self._memo[name, at] = list(fill(at)) if at < self.count else []
            return self._memo[name, at]

        return filler

    def _entries(self, at: int) -> dict[int, list[tuple[str, Any]]]:
        found: dict[int, list[tuple[str, Any]]] = {}
        for tree in self._words.trees:
            for end, entries in tree.matches(self._lemmas, at):
                found.setdefault(end, []).extend(entries)
        return found

    def _all_ends(self, group: str, at: int) -> list[int]:
        """Where the words of a group end that may begin here, and here itself."""
        return [at, *{f.end for f in self._all(group, at)}] if at < self.count else [at]

    def _value(self, at: int) -> Iterator[tuple[int, Any]]:
        for end, entries in self._entries(at).items():
            values = [v for k, v in entries if k == "value" and v.dimension in _KINDS]
            if values and not any(k in {"metric", "definition"} for k, _ in entries):
                yield end, min(values, key=lambda v: _KINDS.index(v.dimension))
        for value, phrases in self._grammar.raw.get("channels", {}).items():
            for phrase in phrases if value in self._channels() else ():
                length = len(phrase.split())
                if self._said[at : at + length] == phrase.split():
                    yield at + length, Value("channel", value)

    def _channels(self) -> frozenset[str]:
        term = self._words.dimensions.get("channel")
        return frozenset(self._grammar.raw.get("channels", {})) if term is not None and term.available else frozenset()

    def _values(self, at: int) -> Iterator[tuple[int, Any]]:
        """Values of one dimension: one, or several joined."""
        for end, value in self._fillers["value"](at):
            yield end, [value]
            for joint in self._all_ends("joints", end):
                for start in self._all_ends("determiners", joint) if joint > end else ():
                    for last, more in self._fillers["values"](start) if start < self.count else ():
                        if more[0].dimension == value.dimension and value not in more:
                            yield last, [value, *more]

    def _source(self, at: int) -> Iterator[tuple[int, Any]]:
        if not self._words.sources and self._said[at] in self._grammar.raw["sources"]:
            yield at + 1, self._said[at]  # the answer then says that nobody holds how customers came
        for end, entries in self._entries(at).items():
            for kind, value in entries:
                if kind == "value" and value.dimension == "acquisition_channel":
                    yield end, value.value

    def _channel(self, at: int) -> Iterator[tuple[int, Any]]:
        """A channel without a word before it: "online", "in store"."""
        for end, value in self._fillers["value"](at):
            if value.dimension == "channel" and self._lemmas[at:end] != [value.value.lower()]:
                yield end, value

    def _dim(self, at: int) -> Iterator[tuple[int, Any]]:
        for end, entries in self._entries(at).items():
            for kind, name in entries:
                if (
                    (kind == "dim" and name in _SPLITS)
                    or (kind == "grain" and self._said[at] in self._words.lexicon.time_words)
                    or kind == "grain"
                ):
                    yield end, name

    def _grain(self, at: int) -> Iterator[tuple[int, Any]]:
        """A unit of time as an adjective: "monthly"."""
        for end, entries in self._entries(at).items():
            for kind, name in entries:
                if kind == "grain" and end == at + 1 and self._lemmas[at] != name:
                    yield end, name

    def _repeated(self, at: int) -> Iterator[tuple[int, Any]]:
        """As in "country by country", "month by month", "weekly"."""
        for end, name in self._fillers["dim"](at):
            if end + 1 < self.count and self._said[end] in self._grammar.raw["by_itself"]:
                for last, again in self._fillers["dim"](end + 1):
                    if again == name:
                        yield last, name
            if end - at >= 3:
                yield end, name
        yield from self._fillers["grain"](at)

    def _ranked(self, at: int) -> Iterator[tuple[int, Any]]:
        for end, name in self._fillers["dim"](at):
            if (name in _RANKED or name in ("month", "quarter", "week", "day", "year")) and (
                self._said[end - 1] != self._lemmas[end - 1]
            ):
                yield end, name

    def _ranked_one(self, at: int) -> Iterator[tuple[int, Any]]:
        for end, name in self._fillers["dim"](at):
            if (name in _RANKED or name in ("month", "quarter", "week", "day", "year")) and (
                self._said[end - 1] == self._lemmas[end - 1] and self._lemmas[at:end] != [f"{name}ly"]
            ):
                yield end, name

    def _period(self, at: int) -> Iterator[tuple[int, Any]]:
        yield from self._fillers["time"](at)
        for found in self._all("periods", at):  # "the whole of 2025", "the month of May"
            yield found.end, found.get("time")
        for found in self._all("periods_open", at):
            reading = found.get("time")
            if reading.ends is not None or self._fillers["days"](found.end) or self._fillers["week_part"](found.end):
                continue  # "from March to May on Thursdays"
            start = self.begins(reading.period) if reading.period is not None else date.min
            if start > date.min:
                yield found.end, replace(reading, period=Period(kind="absolute", start=start), open_end="since")

    def _time(self, at: int) -> Iterator[tuple[int, Any]]:
        found = read_period(self._tokens, at, self._words.lexicon, self._words.status.as_of)
        if found is not None and found.kind == "duration":  # "in 2025 day by day" holds no 2,025 days
            found = read_period(self._tokens[: found.end - 1], at, self._words.lexicon, self._words.status.as_of)
        if found is None or found.kind != "period" or found.period is None or found.period.kind == "all":
            return
        yield found.end, found
        if found.ends is not None:  # "from Q1 2025 to Q1 2026" is as well from one to the other
            for end in range(at + 1, found.end):
                first = read_period(self._tokens[:end], at, self._words.lexicon, self._words.status.as_of)
                if first is not None and first.kind == "period" and first.end == end and first.ends is None:
                    yield end, first
        for joint in self._all_ends("joints", found.end):
            if joint == found.end or joint >= self.count:
                continue
            other = read_period(self._tokens, joint, self._words.lexicon, self._words.status.as_of)
            if isinstance(other, PeriodReading) and other.kind == "period":
                whole = joined_times(found, other)
                if whole is not None:
                    yield other.end, replace(found, end=other.end, period=whole, year_said=True)

    def _days(self, at: int) -> Iterator[tuple[int, Any]]:
        found = read_period(self._tokens, at, self._words.lexicon, self._words.status.as_of)
        if found is None or found.kind != "day_kind" or found.hours is not None or not found.weekdays:
            return
        if self._said[found.end - 1] != self._lemmas[found.end - 1]:  # "on Monday" is the latest one
            yield found.end, list(found.weekdays)

    def _weekend(self, at: int) -> Iterator[tuple[int, Any]]:
        found = read_period(self._tokens, at, self._words.lexicon, self._words.status.as_of)
        if found is not None and found.kind == "day_kind" and found.hours is None and len(found.weekdays) > 1:
            yield found.end, list(found.weekdays)

    def _week_part(self, at: int) -> Iterator[tuple[int, Any]]:
        """Weekends, working days or days by name: "at weekends", "on weekdays", "saturdays"."""
        for name, days in (("weekend", _WEEK[5:]), ("week", _WEEK[:5])):
            yield from ((found.end, list(days)) for found in self._all(f"week_parts.{name}", at))
        for found in self._all("week_parts.named", at):
            yield found.end, [d for slot in ("day", "days") for days in found.every(slot) for d in days]

    def _span(self, at: int) -> Iterator[tuple[int, Any]]:
        """A unit of time longer than a day."""
        yield from ((end, name) for end, name in self._fillers["unit"](at) if name != "day")

    def _day(self, at: int) -> Iterator[tuple[int, Any]]:
        found = read_period(self._tokens, at, self._words.lexicon, self._words.status.as_of)
        if found is not None and found.kind == "day_kind" and found.hours is None and len(found.weekdays) == 1:
            yield found.end, list(found.weekdays)
        for name in self._grammar.raw["weekdays"]:
            if self._said[at] == name:
                yield at + 1, [name.capitalize()]

    def _number(self, at: int) -> Iterator[tuple[int, Any]]:
        token = self._tokens[at]
        if token.value is not None and token.unit in {None, "money"} and token.kind in {"number", "word"}:
            yield at + 1, token.value

    def _nth(self, at: int) -> Iterator[tuple[int, Any]]:
        for said, number in self._grammar.raw["ordinals"].items():
            words = said.split()
            if self._said[at : at + len(words)] == words:
                yield at + len(words), number

    def _nth_number(self, at: int) -> Iterator[tuple[int, Any]]:
        for end, value in self._fillers["number"](at):
            if 1 < value < 20:
                yield end, value

    def _unit(self, at: int) -> Iterator[tuple[int, Any]]:
        for end, entries in self._entries(at).items():
            for kind, name in entries:
                if kind == "grain" and end == at + 1:
                    yield end, name

    def _part(self, at: int) -> Iterator[tuple[int, Any]]:
        """What a share is of."""
        for found in self._all("share_parts.values", at):
            rule = _of_values(found)
            if rule is not None:
                yield found.end, rule
        for name, rule in (("new", _NEW), ("returning", _RETURNING)):
            yield from ((f.end, rule) for f in self._all(f"share_parts.{name}", at))
        for found in self._all("share_parts.source", at):
            yield found.end, _is("acquisition_channel", [found.get("source")])
        yield from ((end, _is("weekday", days)) for end, days in self._fillers["days"](at))

    def _worth(self, at: int) -> Iterator[tuple[int, Any]]:
        for op, patterns in self._grammar.under("worth"):
            for found in (f for p in patterns for f in p.at(self._said, at, self._fillers)):
                yield found.end, Compare(field="order_value", op=op, values=tuple(found.every("number")))

    def _sized(self, at: int) -> Iterator[tuple[int, Any]]:
        for op, patterns in self._grammar.under("sized"):
            for found in (f for p in patterns for f in p.at(self._said, at, self._fillers)):
                yield found.end, Compare(field=found.get("things"), op=op, values=(found.get("number"),))

    def _things(self, at: int) -> Iterator[tuple[int, Any]]:
        for name, patterns in self._grammar.under("things"):
            for found in (f for p in patterns for f in p.at(self._said, at, self._fillers)):
                yield found.end, name

    def _held(self, at: int) -> Iterator[tuple[int, Any]]:
        for found in self._all("held", at):
            rule = _of_values(found)
            if isinstance(rule, Compare) and rule.field in _GOODS:
                yield found.end, Among(dimension="order", metric="units", limit=0, where=rule)


def _is(field: str, values: Sequence[Any]) -> Compare:
    return Compare(field=field, op="eq" if len(values) == 1 else "in", values=tuple(values))


def _of_values(found: Found) -> Compare | None:
    """The values that a phrase names; None where they are of several dimensions."""
    values: list[Value] = [
        v
        for name, held in found.slots
        if name in {"values", "value", "channel"}
        for v in (held if isinstance(held, list) else [held])
    ]
    kinds = {v.dimension for v in values}
    if len(kinds) != 1 or len(set(values)) != len(values):
        return None
    return _is(kinds.pop(), [v.value for v in values])
