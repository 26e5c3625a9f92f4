"""Questions drawn by a seed: parts of a plan, each with words of its own, put in an order that people use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from assistant.plans import QueryPlan

#: the years that periods are put into, per shop: the year of the data's last day and the one before
YEARS = {"demo": (2026, 2025), "ori": (2011, 2010)}
ABSENT = {"demo": frozenset(), "ori": frozenset({"cost", "channel", "category", "discount"})}
_WORDINGS = Path(__file__).with_name("wordings.yaml")


@dataclass(frozen=True)
class Composed:
    """A question and the plans of which each is right; none: the shop's data cannot answer it."""

    text: str
    plans: tuple[QueryPlan, ...]
    shape: str
    parts: tuple[str, ...]


@dataclass
class _Draft:
    metric: str
    parts: list[str] = field(default_factory=list)  # phrases that may stand in any order
    names: list[str] = field(default_factory=list)
    filters: list[dict[str, Any]] = field(default_factory=list)
    split_values: str | None = None  # a condition that sets values against each other
    may_split: bool = False
    period: dict[str, Any] | None = None
    compare: dict[str, Any] | None = None
    dimensions: list[str] = field(default_factory=list)
    absent: bool = False
    tail: str = ""  # stands right behind the noun ("orders over 80")


@lru_cache(maxsize=1)
def wordings() -> dict[str, Any]:
    """The parts and their words."""
    return yaml.safe_load(_WORDINGS.read_text(encoding="utf-8"))


class Generator:
    """Questions of one shop.

    Args:
        shop: ``demo`` or ``ori``.
        seed: the same seed gives the same questions.
        kept: also the words that were kept back.
    """

    def __init__(self, shop: str, seed: int, *, kept: bool = False) -> None:
        self._shop, self._kept = shop, kept
        self._draw = Random(f"{shop}-{seed}")
        self._words = wordings()

    def questions(self, count: int) -> list[Composed]:
        """So many different questions."""
        found: dict[str, Composed] = {}
        while len(found) < count:
            one = self._one()
            if one is not None:
                found.setdefault(one.text, one)
        return list(found.values())

    def _one(self) -> Composed | None:
        shape = self._draw.choices(
            ["plain", "split", "compared", "split_compared", "share", "versus", "ranked", "each", "keyword", "two_part",
             "set_apart"],
            [30, 20, 14, 5, 8, 7, 14, 4, 4, 6, 3],
        )[0]
        if shape in {"share", "keyword", "two_part", "set_apart"}:
            return getattr(self, f"_{shape}")()  # type: ignore[no-any-return]
        metric = self._metric(ranked=shape in {"ranked", "each"})
        draft = _Draft(metric, absent=self._lacks(self._words["measures"][metric]))
        if shape == "versus":
            if not self._versus(draft):
                return None
        elif self._draw.random() < 0.75:
            self._condition(draft)
            if self._draw.random() < 0.3:
                self._condition(draft)
        if "compared" in shape:
            self._comparison(draft)
        elif (
            self._draw.random() < 0.8 or metric == "new_customers"
        ):  # who is new without a time is a matter of definition
            self._time(draft)
        if shape in {"split", "split_compared"} and not self._split(draft):
            return None
        if shape in {"ranked", "each"}:
            return self._ranking(draft, each=shape == "each")
        return self._worded(draft, shape)

    # -- parts

    def _said(self, entry: dict[str, Any]) -> str:
        return self._draw.choice([*entry["words"], *entry.get("kept", ())] if self._kept else entry["words"])

    def _lacks(self, entry: dict[str, Any]) -> bool:
        return entry.get("needs") in ABSENT[self._shop] or self._shop in entry.get("values", {}).get("absent", ())

    def _metric(self, *, ranked: bool = False) -> str:
        names = list(self._words["measures"])
        weights = [entry.get("weight", 1) for entry in self._words["measures"].values()]
        while True:
            name = self._draw.choices(names, weights)[0]
            if ranked and name in {"median_order_value", "new_customers", "orders_per_customer"}:
                continue
            if not self._lacks(self._words["measures"][name]) or self._draw.random() < 0.25:
                return name

    def _condition(self, draft: _Draft) -> None:
        known = self._words["conditions"]
        name = self._draw.choices(list(known), [6, 5, 4, 2, 2, 2, 4, 2, 2, 1, 1])[0]
        entry = known[name]
        field_of = entry.get("of", name)
        values = known[field_of].get("values", {})
        lacking = self._lacks(entry) or self._lacks(known[field_of])
        if name in draft.names or draft.metric not in entry.get("measures", [draft.metric]):
            return
        if "bare" in entry and draft.tail:
            return
        if {name, *draft.names} >= {"city", "country"} or {name, *draft.names} >= {"category", "contains"}:
            return
        if lacking and "lacking" not in entry and not values.get(self._shop) and self._draw.random() > 0.25:
            return
        pool = values.get(self._shop) or values.get("demo", [])
        forms = [f for f in ("is", "not", "either", "both", "each", "group", "over", "least") if f in entry]
        form = self._draw.choices(
            forms, [5 if f in {"is", "over", "least"} else 2 if f == "not" else 1 for f in forms]
        )[0]
        if form in {"either", "both", "each"} and draft.split_values:
            return
        draft.names.append(name)
        draft.absent |= lacking
        if form in {"over", "least"}:
            number = self._draw.choice(entry["numbers"])
            if draft.metric == "orders":
                draft.tail = " " + self._said(entry["bare"]).format(n=number)
            else:
                draft.parts.append(self._said(entry[form]).format(n=number))
            draft.filters.append(_compare(name, "gt" if form == "over" else "ge", [float(number)]))
            return
        if form == "group":
            draft.parts.append(self._said(entry["group"]))
            draft.filters.append(_compare(name, "in", entry["group"]["values"]))
            return
        first, second = self._draw.sample(pool, 2)
        spoken = self._said(entry["spoken"][first]) if "spoken" in entry else ""
        said = self._said(entry[form] if not lacking or "lacking" not in entry else entry["lacking"])
        if draft.metric == "orders" and "bare" in entry:
            draft.tail = " " + self._said(entry["bare"]).format(v=first)
        else:
            draft.parts.append(said.format(v=first, w=second, s=spoken))
        if name == "contains":
            holding = {"op_type": "among", "dimension": "order", "limit": 0, "where": _compare(field_of, "eq", [first])}
            draft.filters.append(holding)
        elif form == "is":
            draft.filters.append(_compare(name, "eq", [first]))
        elif form == "not":
            draft.filters.append({"op_type": "not", "part": _compare(name, "eq", [first])})
        else:
            draft.filters.append(_compare(name, "in", [first, second]))
            draft.may_split |= form in {"both", "each"}
            draft.split_values = name if form != "either" else None
            draft.names[-1] = f"{name}_{form}"

    def _versus(self, draft: _Draft) -> bool:
        known = {
            n: e
            for n, e in self._words["conditions"].items()
            if "versus" in e and not self._lacks(e) and draft.metric in e.get("measures", [draft.metric])
        }
        name = self._draw.choice(list(known))
        first, second = self._draw.sample(known[name]["values"][self._shop], 2)
        draft.parts.append(self._said(known[name]["versus"]).format(v=first, w=second))
        draft.filters.append(_compare(name, "in", [first, second]))
        draft.split_values, draft.may_split = name, True
        draft.names.append(f"{name}_versus")
        return True

    def _time(self, draft: _Draft) -> None:
        entry = self._draw.choice(self._words["times"])
        draft.parts.append(self._dated(self._said(entry)))
        draft.period = self._days(entry["plan"])

    def _comparison(self, draft: _Draft) -> None:
        kinds = self._words["comparisons"]
        kind = self._draw.choice(["year_earlier", "previous", "periods"])
        if kind == "periods":
            entry = self._draw.choice(kinds["periods"])
            draft.parts.append(self._dated(self._said(entry)))
            draft.period = self._days(entry["plan"])
            draft.compare = {"kind": "period", "period": self._days(entry["than"])}
        else:
            self._time(draft)
            draft.parts[-1] += " " + self._said(kinds[kind])
            draft.compare = {"kind": kind}

    def _split(self, draft: _Draft) -> bool:
        known = self._words["splits"]
        name = self._draw.choice(list(known))
        if draft.metric not in known[name].get("measures", [draft.metric]) or name in " ".join(draft.names):
            return False
        if self._lacks(known[name]):
            if self._draw.random() > 0.2:
                return False
            draft.absent = True
        if draft.compare and name in {"month", "quarter", "week", "day"}:
            return False
        if draft.split_values:
            return False
        draft.dimensions = [name]
        draft.parts.append(self._said(known[name]))
        draft.names.append(f"by_{name}")
        return True

    def _dated(self, text: str) -> str:
        year, before = YEARS[self._shop]
        return text.format(y=year, p=before, o=before - 1, yy=year % 100, pp=before % 100)

    def _days(self, plan: dict[str, Any]) -> dict[str, Any]:
        year, before = YEARS[self._shop]
        put = {"Y": year, "P": before, "O": before - 1}
        return {k: put.get(v, self._dated(v) if isinstance(v, str) else v) for k, v in plan.items()}

    # -- whole questions

    def _worded(self, draft: _Draft, shape: str) -> Composed:
        measure = self._words["measures"][draft.metric]
        asked = "ask" in measure and not draft.dimensions and self._draw.random() < 0.4
        core = self._said(measure["ask"]) if asked and not draft.tail else self._opened(draft)
        parts = list(draft.parts)
        self._draw.shuffle(parts)
        if parts and self._draw.random() < 0.15 and " vs " not in parts[0]:
            core = f"{parts.pop(0)}, {core}"
        text = " ".join([core, *parts]) + self._said(self._words["closers"])
        text = f"{self._said(self._words['frames'])}{text}" if self._draw.random() < 0.15 else text
        return Composed(text, () if draft.absent else tuple(_plans(draft)), shape, (draft.metric, *draft.names))

    def _opened(self, draft: _Draft) -> str:
        """A measure as a noun; what would ask for a list of things is not put before things."""
        noun = self._said(self._words["measures"][draft.metric]["noun"]) if not draft.tail else f"orders{draft.tail}"
        opener = self._said(self._words["openers"])
        plural = noun.split()[0].endswith("s") or noun.endswith("s")
        listing = plural and draft.metric in {"orders", "customers", "new_customers", "units", "units_returned"}
        if listing and not draft.dimensions and not draft.compare:
            opener = self._draw.choice(["", "how many " if " " not in noun.removesuffix(draft.tail) else ""])
        if plural:
            opener = opener.replace("was our", "were our")
        return opener + noun

    def _share(self) -> Composed | None:
        draft = _Draft(self._draw.choice(["revenue", "orders", "units"]))
        name = self._draw.choice(
            [
                n
                for n in ("country", "category", "channel", "brand", "new_vs_returning")
                if not self._lacks(self._words["conditions"][n])
            ]
        )
        value = self._draw.choice(self._words["conditions"][name]["values"][self._shop])
        self._time(draft)
        spoken = f"the {value}" if name == "channel" else f"{value} customers" if name == "new_vs_returning" else value
        text = self._said(self._words["shares"]).format(
            m=self._said(self._words["measures"][draft.metric]["noun"]), v=spoken
        )
        draft.filters = [_compare(name, "eq", [value])]
        draft.compare = {"kind": "total"}
        plans = list(_plans(draft))
        return Composed(
            f"{text} {draft.parts[0]}{self._said(self._words['closers'])}", tuple(plans), "share", (draft.metric, name)
        )

    def _keyword(self) -> Composed | None:
        """As typed into a search box: "top 5 garden march 2026 units"."""
        if self._lacks(self._words["conditions"]["category"]):
            return None
        metric = self._draw.choice(["revenue", "units", "orders"])
        draft = _Draft(metric)
        self._time(draft)
        value = self._draw.choice(self._words["conditions"]["category"]["values"][self._shop])
        number = self._draw.randint(2, 8)
        text = self._said(self._words["keywords"]).format(
            n=number, v=value.lower(), t=draft.parts[0].removeprefix("in "),
            m=self._said(self._words["measures"][metric]["noun"]))
        plan = QueryPlan.model_validate({
            "metrics": [metric], "dimensions": ["product"], "filter": _compare("category", "eq", [value]),
            "period": draft.period, "sort": {"by": metric, "descending": True}, "limit": number})
        return Composed(text, (plan,), "keyword", (metric, "category"))

    def _two_part(self) -> Composed:
        """A second half that speaks of the first: "… and is that up on Q1 2025?", "… and what share of all orders"."""
        kind = self._draw.choice(["compared", "share"])
        if kind == "compared":
            draft = _Draft(self._draw.choice(["revenue", "orders", "units", "average_order_value"]))
            entry = self._draw.choice(self._words["second_halves"]["times"])
            draft.period, than = self._days(entry["plan"]), self._days(entry["than"])
            draft.compare = {"kind": "period", "period": than}
            first, second = self._dated(self._said(entry)), self._dated(self._said(entry["other"]))
            ask = self._words["measures"][draft.metric]["ask"]
            text = f"{self._said(ask)} {first} {self._said(self._words['second_halves']['compared']).format(t=second)}"
        else:
            draft = _Draft("orders")
            number = self._draw.choice(self._words["conditions"]["order_value"]["numbers"])
            self._time(draft)
            draft.filters = [_compare("order_value", "gt", [float(number)])]
            draft.compare = {"kind": "total"}
            half = self._said(self._words["second_halves"]["share"])
            text = f"how many orders over {number} {draft.parts[0]} {half}"
        return Composed(text + self._said(self._words["closers"]), tuple(_plans(draft)), f"two_part_{kind}",
                        (draft.metric,))

    def _set_apart(self) -> Composed:
        """Weekends against the other days."""
        draft = _Draft(self._draw.choice(["revenue", "orders", "average_order_value", "items_per_order"]))
        self._time(draft)
        draft.parts.insert(0, self._said(self._words["set_apart"]))
        draft.filters = [_compare("weekday", "in", ["Saturday", "Sunday"])]
        draft.compare = {"kind": "rest"}
        return self._worded(draft, "set_apart")

    def _ranking(self, draft: _Draft, *, each: bool) -> Composed | None:
        known = self._words["ranked"]
        names = [n for n in known if not self._lacks(known[n]) and n not in " ".join(draft.names)]
        ranked = self._draw.choice(names)
        bad = draft.metric in {"return_rate", "units_returned", "discount_amount"}  # the best of these are the lowest
        whole = draft.period is None or draft.period.get("unit") == "year" or set(draft.period) == {"kind", "year"}
        if draft.tail or bad or (ranked == "month" and not whole):
            return None
        if draft.split_values or (ranked == "customer" and draft.metric in {"customers", "orders_per_customer"}):
            return None
        kind = "each" if each else self._draw.choice(["top", "top", "bottom", "first", "first", "last", "nth"])
        number = self._draw.randint(2, 8)
        group = self._draw.choice(
            [n for n in names if n not in {ranked, "customer", "product", "weekday", "month"}] or [""]
        )
        if each and not group:
            return None
        noun = self._said(self._words["measures"][draft.metric]["noun"])
        head = self._said(self._words["rankings"][kind]).format(
            n=number, d=known[ranked]["one"], ds=known[ranked]["many"], m=noun, g=known[group]["one"] if group else ""
        )
        text = " ".join([head, *self._shuffled(draft.parts)]) + self._said(self._words["closers"])
        draft.dimensions = [ranked] if not each else [group, ranked]
        rank: dict[str, Any] = {
            "sort": {"by": draft.metric, "descending": kind not in {"bottom", "last"}},
            "limit": number if kind in {"top", "bottom", "each"} else 1,
        }
        if kind == "nth":
            rank["offset"] = 1
        if each:
            rank["within"] = [group]
        plans = [
            p.model_copy(
                update={
                    k: v
                    for k, v in QueryPlan.model_validate({**p.model_dump(), **rank}).__dict__.items()
                    if k in {"sort", "limit", "offset", "within"}
                }
            )
            for p in _plans(draft)
        ]
        return Composed(
            text, () if draft.absent else tuple(plans), f"ranked_{kind}", (draft.metric, ranked, *draft.names)
        )

    def _shuffled(self, parts: Sequence[str]) -> list[str]:
        return self._draw.sample(list(parts), len(parts))


def _compare(name: str, op: str, values: list[Any]) -> dict[str, Any]:
    return {"op_type": "compare", "field": name, "op": op, "values": values}


def _plans(draft: _Draft) -> list[QueryPlan]:
    """Every plan that is right: in one figure, one for each value, or both."""
    narrowed: dict[str, Any] | None = None
    if draft.filters:
        narrowed = draft.filters[0] if len(draft.filters) == 1 else {"op_type": "and", "parts": draft.filters}
    whole = QueryPlan.model_validate(
        {
            "metrics": [draft.metric],
            "dimensions": draft.dimensions,
            "filter": narrowed,
            "period": draft.period,
            "compare": draft.compare,
        }
    )
    found = [whole]
    if draft.metric == "gross_margin":  # the word names two measures, which are shown beside each other
        found.append(whole.model_copy(update={"metrics": ("gross_margin", "margin_rate")}))
    if draft.split_values:
        split = whole.model_copy(update={"dimensions": (draft.split_values, *whole.dimensions)})
        forced = any(n.endswith(("_each", "_versus")) for n in draft.names)
        splits = [one.model_copy(update={"dimensions": split.dimensions}) for one in found]
        found = splits if forced else [*found, *splits]
        if draft.split_values == "new_vs_returning":  # its two values are all there are, guests apart
            found.append(split.model_copy(update={"filter": None}))
    return found
