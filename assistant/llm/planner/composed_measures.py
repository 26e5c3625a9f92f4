"""What names a measure in a composed question: a word of the shop's vocabulary, several joined, or one taken per order,
customer or unit in any order of words ("revenue per head", "per customer revenue", "money made per order")."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assistant.llm.planner.vocabulary import Vocabulary
from assistant.llm.planner.word_patterns import Filler, Found
from assistant.plans.ratio_names import ratio_name

_MEASURES = frozenset(
    {
        "revenue",
        "gross_revenue",
        "net_revenue",
        "orders",
        "units",
        "net_units",
        "customers",
        "new_customers",
        "returning_customers",
        "average_order_value",
        "median_order_value",
        "items_per_order",
        "lines_per_order",
        "orders_per_customer",
        "revenue_per_customer",
        "average_price",
        "return_rate",
        "units_returned",
        "returned_value",
        "discount_amount",
        "discount_rate",
        "gross_margin",
        "margin_rate",
        "products_sold",
        "units_per_customer",
        "revenue_per_product",
        "margin_per_order",
        "margin_per_unit",
        "margin_per_customer",
        "discount_per_order",
        "gift_card_revenue",
        "returning_customer_share",
        "new_customer_share",
    }
)
#: a measure and what it is taken per: the measure that is meant
_PER = {
    ("revenue", "order"): "average_order_value",
    ("revenue", "customer"): "revenue_per_customer",
    ("revenue_per_customer", "customer"): "revenue_per_customer",  # "average spend per person"
    ("orders_per_customer", "customer"): "orders_per_customer",
    ("average_order_value", "order"): "average_order_value",
    ("items_per_order", "order"): "items_per_order",
    ("revenue", "unit"): "average_price",
    ("revenue", "product"): "revenue_per_product",
    ("orders", "customer"): "orders_per_customer",
    ("units", "order"): "items_per_order",
    ("units", "customer"): "units_per_customer",
    ("gross_margin", "order"): "margin_per_order",
    ("gross_margin", "unit"): "margin_per_unit",
    ("gross_margin", "customer"): "margin_per_customer",
    ("discount_amount", "order"): "discount_per_order",
}
#: what the count of things is the count of
_COUNTED = {"orders": "order", "customers": "customer", "units": "unit", "products_sold": "product"}


#: the count of things that a sum is divided by
_NUMBER_OF = {"order": "orders", "customer": "customers", "unit": "units", "product": "products_sold"}


def taken_per(metric: str, what: str, words: Vocabulary) -> str | None:
    """What a sum or count becomes per order, customer, unit or product; None of what is an average already."""
    made, under = _PER.get((metric, what)), _NUMBER_OF[what]
    if made in words.metrics:
        return made
    known = words.metrics.get(metric)
    sums = known is not None and known.unit in {"count", "currency"} and (known.adds_up or metric in _COUNTED)
    return ratio_name(metric, under) if sums and metric != under and made is None else None


class MeasureWords(ABC):
    """Fills the slots for measures; a part of :class:`assistant.llm.planner.composed_parts.Parts`."""

    _words: Vocabulary
    _fillers: Mapping[str, Filler]

    @abstractmethod
    def _entries(self, at: int) -> dict[int, list[tuple[str, Any]]]:
        """What the vocabulary holds that begins here, by where it ends."""

    @abstractmethod
    def _all(self, group: str, place: int) -> Iterator[Found]:
        """Every fit of a group's patterns that begins here."""

    @abstractmethod
    def _all_ends(self, group: str, at: int) -> Sequence[int]:
        """Where the words of a group end that may begin here, and here itself."""

    def _metric(self, at: int) -> Iterator[tuple[int, Any]]:
        for end, (names, listed) in [*self._plain(at), *self._worded(at)]:
            yield end, (names, listed)
            per = self._taken_per(names)
            yield from ((f.end, (per[f.get("per_what")], False)) for f in self._all("taken_per", end)
                        if f.get("per_what") in per)
        for found in self._all("taken_per", at):  # "per customer revenue", "average per order revenue"
            for end, (names, _) in self._plain(found.end):
                per = self._taken_per(names)
                if found.get("per_what") in per:
                    yield end, (per[found.get("per_what")], False)
        for found in self._all("ratio_of", at):
            over, under = (names[0] for names, _ in found.every("plain"))
            made = _PER.get((over, _COUNTED.get(under, "")), ratio_name(over, under))
            if over != under:
                yield found.end, ((made,), False)
        for found in self._all("counted", at):
            yield found.end, (found.get("metric")[0], False)

    def _taken_per(self, names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        """What a measure becomes per order, customer and so on, where the shop has that."""
        return {
            what: (made,)
            for (name, what), made in _PER.items()
            if name == names[0] and (len(names) == 1 or name == "gross_margin") and made in self._words.metrics
        }

    def _per_what(self, at: int) -> Iterator[tuple[int, Any]]:
        for name in ("order", "customer", "unit", "product"):
            yield from ((found.end, name) for found in self._all(f"per_what.{name}", at))

    def _spent_per(self, at: int) -> Iterator[tuple[int, Any]]:
        """ "… the most per order": revenue, taken per order."""
        for found in self._all("taken_per", at):
            made = self._taken_per(("revenue",)).get(found.get("per_what"))
            if made is not None:
                yield found.end, (made, False)

    def _worded(self, at: int) -> Iterator[tuple[int, Any]]:
        """A measure in other words that are one only where "per …" follows: "the money we make per order"."""
        for found in self._all("money", at):
            yield from ((e, v) for e, v in [(found.end, (("revenue",), False))] if any(
                f.get("per_what") for f in self._all("taken_per", e)))

    def _plain(self, at: int) -> Iterator[tuple[int, Any]]:
        for end, entries in sorted(self._entries(at).items(), reverse=True):
            names = tuple(dict.fromkeys(v for k, v in entries if k == "metric" and v in _MEASURES))
            if not names or (len(names) > 1 and set(names) != {"gross_margin", "margin_rate"}):
                continue
            if any(k == "metric" and v not in _MEASURES for k, v in entries):
                continue  # it names another measure as well
            listed = any(k == "dim" and v in {"order", "customer", "product"} for k, v in entries) or names[0] in {
                "new_customers",
                "returning_customers",
            }
            yield end, (names, listed)

    def _metrics(self, at: int) -> Iterator[tuple[int, Any]]:
        """One measure, or several joined."""
        for skipped in self._all_ends("determiners", at):
            for end, (names, listed) in self._fillers["metric"](skipped):
                yield end, (names, listed)
                for joint in self._all_ends("joints", end):
                    for last, (more, _) in self._fillers["metrics"](joint) if joint > end else ():
                        if not set(more) & set(names):
                            yield last, ((*names, *more), False)
