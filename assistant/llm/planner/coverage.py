"""Whether a plan shows a trace of every word that changes what is asked.

A reading may explain a word and yet lose it on the way into the plan. What is lost silently is answered wrongly, so the
finished calls are checked against the text once more, by value: every number must occur in the arguments (as it stands,
or as the percent, days, date or position it means), every denial must have a negative part, every aggregate, share,
comparison and rank a part that carries it, every value and measure named its name. What has no trace is a gap, and a
gap costs more than an answer may cost (:data:`~assistant.llm.planner.planner.LIMIT`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.coverage_people import people_gaps
from assistant.llm.planner.coverage_shapes import counted_heads, shape_gaps
from assistant.llm.planner.heard import heard
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.lexicon import Lexicon
from assistant.llm.planner.normalise import Token
from assistant.llm.planner.nothing import read_elsewhere
from assistant.llm.planner.spans import Item, Reading
from assistant.llm.planner.trace import DATE, NEGATIVE_NAMES, Trace
from assistant.llm.planner.units import GRAINS
from assistant.plans.ratio_names import ratio_parts

GAP = 1.0
"""Cost of one word without a trace."""

MEANS = (
    "average",
    "_per_",
    "rate",
    "share",
    "margin_rate",
    "days_between",
    "lifetime_days",
    "days_since",
    "size",
    "mean",
)
#: Kinds that a measure's word may also be, which do not account for it in a question about data.
_LIGHT_KINDS = frozenset({"offer", "content", "pick", "tone", "goal"})
_DATA_TOOLS = frozenset({"query_data", "explain_change", "count_audience"})
#: tools that are planned only where a pattern fits the whole text, each of its words
_WHOLE_TEXTS = frozenset({
    "predict_uplift", "read_out_campaigns", "choose_offers", "explore_offers", "size_experiment", "read_experiment",
})
_FREE_TEXT_TOOLS = frozenset({"search_products", "draft_campaign", "describe_data", "show_campaign", "list_campaigns"})
#: Measures of one family stand for each other ("orders returned" → the return rate).
_FAMILIES = (
    (
        "revenue",
        "value",
        "amount",
        "spend",
        "price",
        "margin",
        "cost",
        "clv",
        "sales",
        "responses",
        "return_rate",
    ),
    ("order", "frequency", "basket", "item", "response", "contacted", "between", "since", "cohort"),
    ("unit", "item", "quantity", "product", "sold", "basket", "line", "stock", "return"),
    ("discount",),
    ("return", "refund", "net", "lost", "repeat", "retention", "cancel"),
    ("customer", "guest", "contacted", "cohort", "lost", "repeat", "retention", "response"),
)


# -- the words ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _phrases(lex: Lexicon) -> dict[str, list[tuple[str, ...]]]:
    raw = read_yaml(lex.language, "coverage")
    found = {}
    for name, entry in raw.items():
        for kind, phrases in entry.items():
            found[f"{name}.{kind}"] = sorted({tuple(str(p).split()) for p in phrases}, key=len, reverse=True)
    return found


def _places(tokens: Sequence[Token], phrases: Iterable[tuple[str, ...]]) -> list[range]:
    """Where the phrases stand, longest first, none inside another."""
    found: list[range] = []
    taken: set[int] = set()
    words = [(t.word, t.lemma) if t.kind != "quote" else ("", "") for t in tokens]
    said = {form for forms in words for form in forms}
    for phrase in phrases:
        if phrase[0] not in said:
            continue
        for i in range(len(words) - len(phrase) + 1):
            if all(p in words[i + k] for k, p in enumerate(phrase)) and not taken & set(range(i, i + len(phrase))):
                taken |= set(range(i, i + len(phrase)))
                found.append(range(i, i + len(phrase)))
    return sorted(found, key=lambda r: r.start)


class Coverage:
    """The check of one reading's calls against its text.

    Args:
        reading: the text.
        calls: what it was read as.
        follow_up: the calls edit an earlier plan, so a part may be what was dropped from it.
    """

    def __init__(self, reading: Reading, calls: Sequence[ToolCall], *, follow_up: bool = False) -> None:
        self.r, self.trace, self.follow_up = reading, Trace(calls), follow_up
        self.phrases = _phrases(reading.vocabulary.lexicon)
        self.item_at = {k: item for item in reading.items for k in range(item.start, item.end)}
        said = " ".join(self.trace.texts)
        #: tokens that are part of a name the plan holds ("Set of 3 …", "Bed without …")
        self.named = {
            k
            for item in reading.items
            if (item.has("value") and any(v.value.lower() in said for v in item.alts["value"]))
            or any(str(name).lower() in said for name in item.alts.get("saved", ()))
            for k in range(item.start, item.end)
            if len(item.tokens) > 1 or not item.has("metric", "dim")
        }

    def gaps(self) -> list[str]:
        """Words without a trace in the plan, in order; empty when all are accounted for."""
        if not self.trace.calls or self.trace.tools & {"ask_back", "decline"} or self.trace.tools <= _WHOLE_TEXTS:
            return []
        found: list[tuple[int, str]] = []
        for check in self._checks():
            found += list(check())
        if self.follow_up:
            found += counted_heads(self.r, self.trace)
        else:
            found += [*shape_gaps(self.r, self.trace), *people_gaps(self.r, self.trace)]
        words: list[str] = []
        for _, text in sorted(found):
            if text not in words:
                words.append(text)
        return words

    def _checks(self) -> tuple[Callable[[], Iterator[tuple[int, str]]], ...]:
        always = (self._numbers, self._denials)
        if self.trace.tools & _FREE_TEXT_TOOLS:
            return always if "describe_data" not in self.trace.tools else ()
        if not self.trace.tools & _DATA_TOOLS:
            return (*always, self._middles, self._names)
        return (
            *always,
            self._middles,
            self._means,
            self._shares,
            self._comparisons,
            self._ranks,
            self._joined,
            self._within,
            self._subjects,
            self._each,
            self._names,
            self._values,
            self._measures,
            self._bounds,
        )

    def _said(self, name: str) -> list[range]:
        """Places of a kind of word outside names and harmless phrases."""
        tokens = self.r.tokens
        harmless = {k for place in _places(tokens, self.phrases.get(f"{name}.harmless", ())) for k in place}
        return [
            place
            for place in _places(tokens, self.phrases[f"{name}.words"])
            if not harmless & set(place) and not set(place) <= self.named
        ]

    def _text(self, place: range) -> tuple[int, str]:
        return place.start, " ".join(self.r.tokens[k].text for k in place)

    # -- numbers -------------------------------------------------------------------------------------------------

    def _numbers(self) -> Iterator[tuple[int, str]]:
        for k, token in enumerate(self.r.tokens):
            if token.value is None and token.kind != "date":
                continue
            if k in self.named or token.text.lower() in heard("coverage.small_numbers") and self._pronoun(k):
                continue
            if self.follow_up and k and self.r.tokens[k - 1].lemma in heard("references.numbered"):
                continue  # "number 2": a row of the answer before
            if not self._has_number(token, self.item_at[k]):
                yield k, token.text

    def _pronoun(self, k: int) -> bool:
        """As in "the second one", "which one"."""
        before = self.r.tokens[k - 1].lemma if k else ""
        return self.follow_up or before in heard("coverage.before_one")

    def _has_number(self, token: Token, item: Item) -> bool:
        timely = item.has("period", "future", "duration", "ago", "day_kind", "bad_period") or token.kind == "date"
        numbers = self.trace.numbers | (self.trace.dated if timely or token.unit == "ordinal" else set())
        if token.kind == "date":
            return {float(p) for p in re.findall(r"\d+", token.text)} <= numbers | {
                n - 2000 for n in numbers if n > 2000
            } or item.has("bad_period")
        value = float(token.value or 0)
        whole = re.compile(rf"(?<!\w){re.escape(token.text.lower().strip())}(?!\w)")
        if any(whole.search(t) for t in self.trace.texts if timely or not DATE.fullmatch(t)):
            return True
        if len(item.tokens) > 1 and item.has("definition", "metric", "dim", "value"):
            return True  # a word of a longer name ("placed a second order", "regency cakestand 3 tier")
        if token.unit == "ordinal":
            return self._position(int(value), item)
        near = {value, float(round(value)), value / 100 if token.unit == "percent" else value}
        length = item.get("duration") or item.get("ago") or item.get("future")
        period = item.get("period")
        if length is not None:
            near |= {float(length.days), -value, value * 3, value * 12, value * 7, value * 30, value * 365}
            near |= {float(round(length.days / 7)), float(round(length.days / 30.4))}
            return bool(near & numbers) or (value == 1 and bool(self.trace.nodes))
        if period is not None and period.period is not None:
            if period.computed or value == 1 or self.trace.tools & {"forecast_metric"}:
                return True
            if period.period.kind == "named" and period.period.year == value:
                return value in numbers  # a year stands for itself
            near |= {value + 1, value * 30, value * 7, value * 365}  # "until 5 June" ends there, "after" begins later
            near |= {value - 1, value + 2000, -value}
        if value == 1 and not item.has("times") and item.unit is None:
            return bool({1.0} & numbers) or self._single()
        if value == 12 and token.kind == "number" and not token.text[:1].isdigit():
            return 12.0 in numbers
        return bool(near & numbers)

    def _single(self) -> bool:
        """As in "one customer", "one of our products"."""
        return not any(self.r.items[i].has("cmp") for i in range(len(self.r.items)))

    def _position(self, n: int, item: Item) -> bool:
        """As in "second best" (one row is skipped), "the 3rd" of a list, "1st of June", "first order"."""
        offsets = {int(v) for v in self.trace.under("offset")}
        if n == 1:
            known = ("first", "new_", "cohort", "days_between", "one_time", "join")
            firsts = any(any(w in t for w in known) for t in self.trace.texts)
            return (
                firsts
                or "run_study" in self.trace.tools
                or item.has("period")
                or len(item.tokens) > 1
                or self.follow_up
                or bool(self.trace.under("limit"))
            )
        return (n - 1) in offsets or float(n) in self.trace.numbers or self.follow_up or item.has("period")

    # -- denials and aggregates ----------------------------------------------------------------------------------

    def _denials(self) -> Iterator[tuple[int, str]]:
        places = [p for p in self._said("denial") if not self._in_measure(p) and not self._of_leaving(p)]
        if self.follow_up and self.r.has("drop", "instead"):
            return
        if self.follow_up and len(self.r.tokens) > 1 and self.r.tokens[1].kind == "stop":
            places = [p for p in places if p.start]  # "no, June"
        places = [p for p in places if not self._gone(self.item_at.get(p.stop))]
        lacking = len(places) + self._implied(places) - self.trace.negatives() - self._no_offer()
        for place in places[:lacking] if lacking > 0 else ():
            yield self._text(place)

    def _gone(self, item: Item | None) -> bool:
        """As in "without Italy" after Germany, France and Italy: the value was in the plan, and no longer is."""
        if not self.follow_up or item is None or not item.has("value"):
            return False
        before = self.item_at.get(item.start - 1)
        said = " ".join(self.trace.texts)
        shut_out = before is not None and before.has("not_in", "drop")
        return shut_out and not any(v.value.lower() in said for v in item.alts["value"])

    def _of_leaving(self, place: range) -> bool:
        """As in "does not come back", "run out of stock": the denial is what leaving and running out mean."""
        item = self.item_at[place.start]
        if "plan_stock" in self.trace.tools and item.has("stock_out"):
            return True
        return "predict_churn" in self.trace.tools and "churn" in item.alts.get("do", ())

    def _implied(self, places: Sequence[range]) -> int:
        """Negative parts that words without a denial account for: "inactive", "less than", "lapsed"."""
        denying = {k for place in places for k in place}
        found = 0
        for item in self.r.items:
            if denying & set(range(item.start, item.end)):
                continue
            low = item.get("cmp") in {"lt", "le"} or (item.get("after") == "le" and not item.has("rank"))
            names = [str(m) for m in item.alts.get("metric", ())]
            held = set(names) & set(self.trace.metrics)
            negative = any(n in m for m in held for n in NEGATIVE_NAMES)
            found += low or negative or item.has("inactive", "last_order")
            once = item.number == 1 or item.get("times") == 1 or item.get("definition") == "one-time buyers"
            found += once and not self._not_again(places)
            found += item.has("definition") and not negative and self._recency_term(item)
        fell = any(item.has("down") for item in self.r.items)
        return found + (fell and any(n.get("of") == "change" and n.get("op") == "lt" for n in self.trace.nodes))

    def _not_again(self, places: Sequence[range]) -> bool:
        """As in "bought once and never came back": one condition, said twice."""
        after = (self.item_at.get(place.stop) for place in places)
        return any(item is not None and item.get("act") == "visit" for item in after)

    def _recency_term(self, item: Item) -> bool:
        """As in "lapsed", "at risk": terms that stand for a long time without an order."""
        return any(m.startswith("days_since") for m in self.trace.metrics) and item.get("definition") not in {
            "loyal",
            "high-value",
            "new customers",
            "active",
        }

    def _no_offer(self) -> int:
        """As in "without a discount": an offer of nothing."""
        said = any(self.r.items[i].get("offer") == "none" for i in self.r.having("offer"))
        return int(said and any(n.get("kind") == "none" for n in self.trace.nodes))

    def _in_measure(self, place: range) -> bool:
        """Whether the words are part of a longer name of a measure or term ("revenue excluding returns")."""
        item = self.item_at[place.start]
        return (
            len(item.tokens) > 1
            and (
                (item.has("metric") and bool(set(item.alts["metric"]) & set(self.trace.metrics)))
                or item.has("cmp", "after", "definition", "previous", "compare", "churn")
                or (item.has("goal", "offer") and "draft_campaign" in self.trace.tools)
            )
            or self._sales_only(place)
        )

    def _sales_only(self, place: range) -> bool:
        """As in "orders excluding cancellations": orders and units count sales anyway."""
        given_back = set(self.r.vocabulary.lexicon.terms["roles"]["given_back"])
        after = [self.item_at[k] for k in range(place.stop, min(place.stop + 3, len(self.r.tokens)))]
        left_out = any(given_back & set(item.alts.get("metric", ())) for item in after)
        return left_out and bool({"orders", "units"} & set(self.trace.metrics))

    def _middles(self) -> Iterator[tuple[int, str]]:
        measures = " ".join(self.trace.metrics)
        if any(s in ("spread", "early") for s in self.trace.under("study")):
            return  # these tell the median and how values lie
        for place in self._said("middle"):
            text = self._text(place)
            if text[1].lower() not in measures.replace("_", " ") and not self.item_at[place.start].has("chart"):
                yield text

    def _means(self) -> Iterator[tuple[int, str]]:
        meant = any(any(n in m for n in MEANS) for m in self.trace.metrics)
        meant = meant or "average" in self.trace.under("of")
        if meant or self.trace.under("summary") or "moving_average" in self.trace.under("transform"):
            return
        yield from (self._text(place) for place in self._said("mean"))

    def _shares(self) -> Iterator[tuple[int, str]]:
        known = self.r.vocabulary.metrics
        if (
            self.trace.under("transform", "rank")
            or "total" in self.trace.under("kind")
            or self.trace.under("compare")
            or {"explain_change", "count_audience"} & self.trace.tools
            or any(m in known and known[m].unit in {"percent", "points"} or "rate" in m for m in self.trace.metrics)
        ):
            return
        if any(ratio_parts(m) or "_per_" in m for m in self.trace.metrics):
            return  # "the ratio of orders to customers"
        percents = [p for p in self._said("share") if self.r.tokens[p.start].kind != "number"]
        for k, token in enumerate(self.r.tokens):
            if token.unit == "percent" and float(token.value or 0) not in self.trace.numbers:
                percents.append(range(k, k + 1))
        yield from (self._text(place) for place in percents)

    def _comparisons(self) -> Iterator[tuple[int, str]]:
        several = len(self.trace.calls) > 1 or self.trace.dimensions or "explain_change" in self.trace.tools
        bound = self.trace.under("op") or self.trace.under("having") or self.trace.under("relative_price")
        if self.trace.under("compare"):
            return
        for place in self._said("against"):
            if "repeat_rate" in self.trace.metrics and self._more_than_once(place):
                continue
            than = self.r.tokens[place.start].lemma in heard("coverage.set_against")
            if not (several or (than and bound)):
                yield self._text(place)
        if "explain_change" not in self.trace.tools and not self.follow_up:
            for place in self._said("moved"):
                item = self.item_at[place.start]
                if not set(GRAINS) & set(self.trace.dimensions) and not (item.has("period")):
                    yield self._text(place)

    def _more_than_once(self, place: range) -> bool:
        """As in "who bought more than once", which is what the repeat rate measures."""
        item = self.item_at.get(place.stop)
        return item is not None and item.get("times") == 1

    def _ranks(self) -> Iterator[tuple[int, str]]:
        picks = self.follow_up and any(
            item.lemma in heard("coverage.ones") for item in self.r.items
        )  # a row: "the best one"
        if self.trace.under("sort", "rank", "limit") or picks or "explain_change" in self.trace.tools:
            return
        settled = {id(self.r.items[i]) for i in read_elsewhere(self.r)}
        for place in self._said("ranked"):
            item = self.item_at[place.start]
            if id(item) in settled:
                continue
            bounded = item.has("cmp", "after", "definition", "period", "metric", "sorted", "goal")
            bounded = bounded and not self._extreme(item)
            months = item.tokens[0].value is not None and item.has("period")
            before = self.r.tokens[place.start - 1].lemma if place.start else ""
            if not bounded and not months and before not in heard("coverage.at") and not self._said_at(item, "join"):
                yield self._text(place)

    def _extreme(self, item: Item) -> bool:
        """As in "minimum and maximum order value": no number follows that it would bound."""
        after = self.item_at.get(item.end)
        alone = item.has("cmp") and item.has("rank") and not item.has("metric", "period")
        numbers = [t for t in self.r.tokens[item.end : item.end + 3] if t.value is not None]
        return alone and after is not None and not numbers

    def _said_at(self, item: Item, act: str) -> bool:
        return item.get("act") == act

    def _within(self) -> Iterator[tuple[int, str]]:
        """The first of each group, and a share of a part, are not what a ranking of pairs or a share of all says."""
        entities = [d for d in self.trace.dimensions if d not in GRAINS]
        if self.trace.under("limit") and len(self.trace.dimensions) > 1 and not self.trace.under("within"):
            yield from (self._text(place) for place in self._said("each"))
        of_months = "share" in self.trace.under("transform") and self.trace.dimensions and not entities
        if of_months and self.trace.under("field"):  # months of a part, not the part of the whole
            yield from (self._text(place) for place in self._said("share"))
        narrowed = any(
            n.get("op_type") == "and" and len(n.get("parts") or ()) > 1 and not n.get("term") for n in self.trace.nodes
        )
        of_part = any(isinstance(whole, dict) for whole in self.trace.under("of"))
        if "total" in self.trace.under("kind") and narrowed and not of_part:
            yield from (self._text(place) for place in self._said("share"))

    def _joined(self) -> Iterator[tuple[int, str]]:
        several = {
            str(node.get("field"))
            for node in self.trace.nodes
            if node.get("op") == "in" and len(node.get("values") or ()) > 1
        }
        if several & set(self.trace.dimensions):
            for place in self._said("joined"):
                if self.r.tokens[place.start].lemma not in heard("in"):
                    yield self._text(place)

    def _each(self) -> Iterator[tuple[int, str]]:
        per = any("_per_" in m or "rate" in m or "average" in m for m in self.trace.metrics)
        if per or self.trace.dimensions or self.trace.under("transform"):
            return
        for place in self._said("each"):
            item = self.item_at[place.start]
            if not item.has("metric", "duration", "period") and self.trace.tools == {"query_data"}:
                yield self._text(place)

    # -- names ---------------------------------------------------------------------------------------------------

    def _subjects(self) -> Iterator[tuple[int, str]]:
        """A denied deed of customers needs somebody who does it: "countries without orders" speaks of no customer."""
        denied = [n for n in self.trace.nodes if n.get("op_type") == "customer" and list(n.get("values") or ()) == [0]]
        groups = [d for d in self.trace.dimensions if d not in GRAINS and d != "customer"]
        people = any(
            "customer" in item.alts.get("dim", ())
            or "customers" in item.alts.get("metric", ())
            or item.has("customers_pronoun", "definition")
            for item in self.r.items
        )
        if denied and groups and not people:
            yield from (self._text(place) for place in self._said("denial"))

    def _names(self) -> Iterator[tuple[int, str]]:
        texts = [
            str(v).lower().split()
            for node in self.trace.nodes
            if node.get("op") in {"contains", "not_contains"}
            for v in node.get("values") or ()
        ]
        for place in self._said("named"):
            near = {t.word for t in self.r.tokens[max(0, place.start - 5) : place.stop + 4]}
            near |= {w for t in self.r.tokens for w in t.text.lower().split() if t.kind == "quote"}
            if not any(set(words) <= near for words in texts) and not set(place) & self.named:
                yield self._text(place)

    def _values(self) -> Iterator[tuple[int, str]]:
        """A value that can be nothing else must be in the plan."""
        said = " ".join(self.trace.texts)
        for item in self.r.items:
            kinds = set(item.alts) - {"value"}
            if not item.has("value") or kinds or all(t.word in self.r.skip for t in item.tokens) or self._gone(item):
                continue
            if not any(v.value.lower() in said for v in item.alts["value"]) and not any(
                t.lemma in said for t in item.tokens
            ):
                yield item.start, item.text

    def _measures(self) -> Iterator[tuple[int, str]]:
        """A measure named must be in the plan, itself or one of its family."""
        held = " ".join([*self.trace.metrics, *self.trace.dimensions, *map(str, self.trace.under("field"))])
        elsewhere = read_elsewhere(self.r)
        for i, item in enumerate(self.r.items):
            names = [str(m) for m in item.alts.get("metric", ())] if i not in elsewhere else []
            other = set(item.alts) - {"metric", "dim", "act", *_LIGHT_KINDS}
            if not names or other or "customers" in names or all(t.word in self.r.skip for t in item.tokens):
                continue
            if any(n in held for n in names) or any(d in held for d in item.alts.get("dim", ())):
                continue
            if item.has("act") and self._verb_kept(item):
                continue
            before = self.r.tokens[item.start - 1].lemma if item.start else ""
            if "orders" in names and before in heard("coverage.from_all") and self.trace.metrics:
                continue  # "revenue from completed orders"
            if self._left_out(item) or self._replaced(i):
                continue
            if not any(any(w in n for w in f) and any(w in held for w in f) for n in names for f in _FAMILIES):
                yield item.start, item.text

    def _replaced(self, i: int) -> bool:
        """As in "show orders instead of revenue": what is no longer shown."""
        items = self.r.items
        return self.follow_up and i > 1 and items[i - 1].lemma in heard("of") and items[i - 2].has("instead")

    def _left_out(self, item: Item) -> bool:
        """As in "… excluding cancellations and returns", where sales are counted anyway."""
        given_back = set(self.r.vocabulary.lexicon.terms["roles"]["given_back"])
        denied = any(self._sales_only(place) for place in self._said("denial") if place.start < item.start)
        return denied and bool(given_back & set(item.alts.get("metric", ())))

    def _verb_kept(self, item: Item) -> bool:
        """As in "customers who ordered": a verb is kept by a condition or by money or orders measured."""
        return bool(self.trace.under("where", "filter")) or any(
            m in {"revenue", "orders", "units", "products_sold", "customers"} or "revenue" in m or m.endswith("_count")
            for m in self.trace.metrics
        )

    def _bounds(self) -> Iterator[tuple[int, str]]:
        """A comparing word before a number needs a comparison of that number."""
        bounds = {
            float(v)
            for node in self.trace.nodes
            if node.get("values") is not None and (node.get("op") or node.get("metric"))
            for v in node["values"]
            if isinstance(v, int | float)
        }
        lengths = {float(n.get("count") or 0) for n in self.trace.nodes if n.get("kind") in {"rolling", "calendar"}}
        for place in self._said("bounds"):
            after = place.stop
            while after < len(self.r.tokens) and self.r.tokens[after].lemma in heard("light_before_number"):
                after += 1
            if after >= len(self.r.tokens):
                continue
            token, item = self.r.tokens[after], self.item_at[after]
            if token.value is None or token.unit == "ordinal":
                continue
            length = item.get("duration") or item.get("ago")
            days = {float(length.days)} if length is not None else set()
            held = {float(token.value)} | days
            if not (held & bounds or item.has("period") or (length is not None and float(token.value) in lengths)):
                yield self._text(range(place.start, after + 1))


def gaps(reading: Reading, calls: Sequence[ToolCall], *, follow_up: bool = False) -> list[str]:
    """Words that change what is asked and that the calls show no trace of."""
    return Coverage(reading, calls, follow_up=follow_up).gaps()


def number_gaps(reading: Reading, calls: Sequence[ToolCall]) -> list[str]:
    """Figures of a text, apart from those of times, that the calls hold neither as they stand nor as what they mean:
    "the middle 20 %" is from 40 to 60, "the next 15 % after the top 5 %" up to 20."""
    looked_at = Coverage(reading, calls)
    timely = {k for item in reading.items if item.has("period", "duration", "ago", "future", "bad_period")
              for k in range(item.start, item.end)}
    said = [float(t.value) for t in reading.tokens if t.value is not None]
    numbers = looked_at.trace.numbers | looked_at.trace.dated
    found = []
    for k, token in enumerate(reading.tokens):
        if k in timely or k in looked_at.named or token.value is None or not token.text[:1].isdigit():
            continue
        meant = {token.value, 100 - token.value, 50 - token.value / 2, 50 + token.value / 2}
        meant |= {abs(token.value + sign * other) for other in said for sign in (1, -1)} - {0.0}
        if not meant & numbers and not looked_at._has_number(token, looked_at.item_at[k]):
            found.append(token.text)
    return found
