"""Words that mean more together than one by one: "items in an average order", "less than 10 left in stock", "guests".

Each shape looks at the gathered parts of a data question and settles them in place; a shape whose words are not there
leaves them alone. Shapes know roles and kinds of words; the words themselves are in the lexicon.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.llm.planner.clauses import MetricCondition
from assistant.llm.planner.contact_conditions import contact_conditions
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.spans import Item
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.values import join
from assistant.plans.filters import Compare

#: Measures of messages; "of our e-mail campaigns" then names the channel.
_OF_MESSAGES = frozenset(
    {
        "sent",
        "delivered",
        "opened",
        "clicked",
        "unsubscribed",
        "delivery_rate",
        "open_rate",
        "click_rate",
        "unsubscribe_rate",
        "response_rate",
        "responses",
        "contacted_customers",
    }
)
_MONEY_WORDS = heard("shapes.money_words")
#: what :mod:`compose` charges for a second measure that no word joins to the first
_SECOND_MEASURE = 0.7
_JOINED = heard("shapes.joined")


def adjust(p: Parts) -> None:
    """Settle the parts of a data question whose words belong together."""
    for shape in (
        _guests,
        _dates_of_customers,
        _basket,
        _per_thing,
        _returned_money,
        _returns_in_percent,
        _stock,
        _priced_products,
        _returning,
        _aged,
        _years_old,
        _cancelled,
        _discounted_orders,
        _times_returned,
        _single_things,
        _share_of_customers,
        _weekend_against_week,
        _messages,
        _one_by_one,
        _more_than_the_rest,
    ):
        shape(p)


def _words(p: Parts, *lemmas: str) -> list[int]:
    """Items that hold one of the words."""
    wanted = set(lemmas)
    return [i for i, item in enumerate(p.reading.items) if wanted & {t.lemma for t in item.tokens}]


def _role(p: Parts, name: str) -> str | None:
    return p.reading.vocabulary.role(name)


def _guests(p: Parts) -> None:
    """As in "revenue from guests", "share of anonymous sales"."""
    terms = p.reading.vocabulary.lexicon.terms["guests"]
    share = p.reading.has("share")
    if share and p.metrics == ["guest_revenue"] and "guest_share" in p.reading.vocabulary.metrics:
        p.metrics, p.shares_taken = ["guest_share"], True
        p.used.update(p.reading.having("share"))
        return
    dimension = p.reading.vocabulary.dimensions.get("customer_type")
    known = contact_conditions(p.reading).used  # "whose birthday is unknown"
    hits = [i for i in _words(p, *terms) if not p.reading.items[i].has("metric") and i not in known]
    if not hits or dimension is None or not dimension.available or any(m.startswith("guest") for m in p.metrics):
        return
    if any(i and p.reading.items[i - 1].has("group") and p.reading.items[i - 1].lemma in heard("by") for i in hits):
        return
    p.rows.append(Compare(field="customer_type", op="eq", values=("guest",)))
    p.groups = [g for g in p.groups if g != "customer_type"]
    p.used.update(hits)
    for i in hits:  # "guest customers", "anonymous buyers", "guest checkouts"
        if i + 1 < len(p.reading.items) and p.reading.items[i + 1].has("dim", "absent"):
            p.used.add(i + 1)
    if not p.metrics and share:
        p.metrics = [str(_role(p, "money"))]


def _dates_of_customers(p: Parts) -> None:
    """As in "customers and their last order date": a date of each customer, not one of the whole shop."""
    dates = {m for m in p.metrics if p.reading.vocabulary.metrics[m].unit == "date"}
    people = [
        i
        for i, item in enumerate(p.reading.items)
        if "customer" in item.alts.get("dim", ()) and not heard("how_many").begins(item.lemma)
    ]
    if dates and len(dates) >= len([m for m in p.metrics if m != "customers"]) and people and not p.groups:
        p.metrics = [m for m in p.metrics if m != "customers"]
        if not p.customer_ids:
            p.groups = ["customer"]


def _basket(p: Parts) -> None:
    """As in "how many items are in an average order"."""
    size, units = _role(p, "basket_size"), _role(p, "units")
    worth, orders = _role(p, "average_order_value"), _role(p, "orders")
    averaged = p.reading.has("average") or any(heard("average").within(item.lemma) for item in p.reading.items)
    both = set(p.metrics) in ({units, worth}, {units, orders}) or (p.metrics == [units] and "order" in p.groups)
    if size is None or not averaged or not both or not p.counted:
        return
    p.metrics, p.groups = [size], [g for g in p.groups if g != "order"]
    p.used.update(p.reading.having("average"))


def _per_thing(p: Parts) -> None:
    """As in "what do we earn per order": a mean, not a list of all orders."""
    items = p.reading.items
    names = {
        ("order", _role(p, "money")): "average_order_value",
        ("order", _role(p, "units")): "basket_size",
        ("customer", _role(p, "money")): "revenue_per_customer",
    }
    if len(p.groups) != 1 or p.descending is not None or p.conditions.customers or p.conditions.measures:
        return
    metrics = p.metrics or ([_role(p, "money")] if p.reading.having("act") else [])
    name = names.get((p.groups[0], metrics[0])) if len(metrics) == 1 else None
    role = _role(p, name) if name else None
    per = any(
        items[i].lemma in heard("shapes.each") and p.groups[0] in items[i + 1].alts.get("dim", ())
        for i in range(len(items) - 1)
    )
    if role is not None and per:
        p.metrics, p.groups = [role], []
        p.used.update(i for i in p.reading.having("act") if items[i].get("act") in {"sell", "spend", "buy"})


def _returned_money(p: Parts) -> None:
    """As in "value of returned goods", "how much money did we give back"."""
    verbs = [
        i for i in p.reading.having("act") if p.reading.items[i].get("act") == "return" and i not in p.conditions.used
    ]
    name = _role(p, "returns_value")
    many = any(heard("how_many").begins(item.lemma) for item in p.reading.items)
    given = _role(p, "money") in p.metrics and _role(p, "returns") in p.metrics
    if not (verbs or given) or name is None or many or not (_words(p, *_MONEY_WORDS) or _role(p, "money") in p.metrics):
        return
    if p.reading.has("share") or [m for m in p.metrics if m not in {_role(p, "money"), _role(p, "returns")}]:
        return
    after = {i + 1 for i in verbs}
    things = [i for i in after if i < len(p.reading.items) and "product" in p.reading.items[i].alts.get("dim", ())]
    if things and p.groups[:1] == ["product"] and p.descending is None:
        p.groups = p.groups[1:]
    p.metrics = [name]
    p.used.update([*verbs, *things])


def _returns_in_percent(p: Parts) -> None:
    """As in "which categories are sent back most, in percent", "returns in percent of sales"."""
    rate = _role(p, "return_rate")
    given_back = set(p.reading.vocabulary.lexicon.terms["roles"]["given_back"])
    said = bool(set(p.metrics) & given_back)
    verbs = [
        i for i in p.reading.having("act") if p.reading.items[i].get("act") == "return" and i not in p.conditions.used
    ]
    if rate is None or not p.reading.has("share") or not (said or verbs):
        return
    p.metrics, p.shares_taken = [rate], True
    p.groups = [g for g in p.groups if g != "order"]
    p.sort_metric = None
    p.used.update([*verbs, *p.reading.having("share")])


def _stock(p: Parts) -> None:
    """As in "products with less than 10 left in stock", "which products are out of stock"."""
    known = p.reading.vocabulary.metrics
    items = p.reading.items
    if "stock" not in known:
        return
    named = [i for i, item in enumerate(items) if {"stock", "out_of_stock"} & set(item.alts.get("metric", ()))]
    left = [i for i in _words(p, "left", "remaining", "available") if named or "product" in p.groups]
    if "out_of_stock" in p.metrics and not p.counted and p.groups in ([], ["product"]):
        money = _role(p, "money")
        p.metrics, p.groups = ["stock"], ["product"]
        p.conditions.measures.append(MetricCondition("stock", "le", (0.0,)))
        if p.descending is not None and money is not None:  # "which of our bestsellers are sold out?"
            p.metrics, p.sort_metric = [money, "stock"], money
            p.implied -= _SECOND_MEASURE  # the first one is what they are ranked by
        return
    if not (named or left):
        return
    p.used.update(left if named else [])
    for i, item in enumerate(items):
        number = items[i + 1].number if i + 1 < len(items) else None
        if item.has("cmp") and number is not None and i not in p.used and items[i + 1].unit is None:
            p.conditions.measures = [m for m in p.conditions.measures if number not in m.values]
            p.conditions.measures.append(MetricCondition("stock", str(item.get("cmp")), (number,)))
            p.metrics = ["stock", *[m for m in p.metrics if m not in {"stock", "units", "out_of_stock"}]]
            p.groups = p.groups or ["product"]
            p.used.update([i, i + 1, *named, *left])
            follows = i + 2
            if follows < len(items) and "units" in items[follows].alts.get("metric", ()):
                p.used.add(follows)
            return


def _priced_products(p: Parts) -> None:
    """As in "number of products under 10 euros": by list price."""
    price = p.reading.vocabulary.dimensions.get("list_price")
    money = _role(p, "money")
    sold = any(p.reading.items[i].get("act") == "sell" for i in p.reading.having("act"))
    limits = [m for m in p.conditions.measures if m.metric == money]
    if price is None or not price.available or not limits or sold:
        return
    if _goods_alone(p, limits, str(money)):
        p.groups = ["product"]
        p.conditions.measures = [m for m in p.conditions.measures if m.metric != money]
        p.metrics = [m for m in p.metrics if m != money] or [m for m in ("average_list_price",) if _role(p, m)]
        p.rows += [Compare(field="list_price", op=m.op, values=m.values) for m in limits]  # type: ignore[arg-type]
        return
    counted = len(p.metrics) == 1 and p.metrics[0] in {"product_count", "products_sold"}
    if not counted or "product_count" not in p.reading.vocabulary.metrics:
        return
    p.metrics = ["product_count"]
    p.conditions.measures = [m for m in p.conditions.measures if m.metric != money]
    p.rows += [Compare(field="list_price", op=m.op, values=m.values) for m in limits]  # type: ignore[arg-type]


def _goods_alone(p: Parts, limits: Sequence[MetricCondition], money: str) -> bool:
    """As in "products under 10 euros", "candles below 15 euros that are out of stock": of goods, of which nothing is
    said that was done, an amount of money bounds the price."""
    items = p.reading.items
    bounds = {v for m in limits for v in m.values}
    amounts = any(i.number in bounds and i.unit == "money" for i in items)
    listed = any("product" in i.alts.get("dim", ()) for i in items) or (
        bool(p.rows) and {getattr(f, "field", "") for f in p.rows} <= {"category", "subcategory", "brand"})
    spoken = any(money in i.alts.get("metric", ()) for i in items) or p.reading.has("act", "rank", "average", "per")
    stock_only = set(p.metrics) <= {money, "stock", "out_of_stock"}
    return amounts and listed and stock_only and p.groups in ([], ["product"]) and not (
        spoken or p.periods or p.conditions.customers)


def _returning(p: Parts) -> None:
    """As in "revenue from returning customers": the measure of those who came again."""
    known = p.reading.vocabulary.dimensions
    items = p.reading.items
    who = {"returning_customers": "returning", "new_customers": "new"}
    said = [m for m in p.metrics if m in who]
    at = next((i for i, item in enumerate(items) if said and said[0] in item.alts.get("metric", ())), 0)
    linked = at > 0 and items[at - 1].lemma in heard("shapes.before_thing")
    split = set(p.groups) - set(GRAINS) and not (linked and items[at - 1].lemma in heard("shapes.of"))
    if len(said) != 1 or len(p.metrics) != 2 or not linked or "new_vs_returning" not in known or split:
        return
    p.metrics = [m for m in p.metrics if m not in who]
    p.rows.append(Compare(field="new_vs_returning", op="eq", values=(who[said[0]],)))


def _aged(p: Parts) -> None:
    """As in "customers aged under 30", "people over 60 years old"."""
    age = p.reading.vocabulary.dimensions.get("age")
    items = p.reading.items
    said = [i for i in _words(p, "aged", "age") if "age_band" not in items[i].alts.get("dim", ()) or len(items) > i + 1]
    if age is None or not age.available:
        return
    for i in said:
        nxt = items[i + 1] if i + 1 < len(items) else None
        number = items[i + 2].number if i + 2 < len(items) else None
        if nxt is not None and nxt.has("cmp") and number is not None and 0 < number < 120:
            p.rows.append(Compare(field="age", op=nxt.get("cmp"), values=(number,)))
            p.conditions.measures = [m for m in p.conditions.measures if number not in m.values]
            p.groups = [g for g in p.groups if g != "age_band"]
            p.used |= {i, i + 1, i + 2}


def _cancelled(p: Parts) -> None:
    """As in "how many orders were cancelled": orders count sales, so that none of them has been cancelled."""
    orders, known = _role(p, "orders"), p.reading.vocabulary.metrics
    state = ("order_status", ("cancelled",))
    called_off = [r for r in p.rows if isinstance(r, Compare) and (r.field, r.values) == state]
    if called_off and p.metrics == [orders] and "cancelled_orders" in known and not p.conditions.customers:
        p.rows = [r for r in p.rows if r not in called_off]
        p.chosen.pop("order_status", None)
        p.metrics = ["cancelled_orders"]
        return
    hits = [i for i in _words(p, "cancelled", "canceled") if i not in p.used]
    if hits and p.metrics == [orders] and "cancelled_orders" in known:
        p.metrics = ["cancelled_orders"]
        p.used.update(hits)


def _discounted_orders(p: Parts) -> None:
    """As in "orders without a discount", "how many orders had a discount"."""
    orders = _role(p, "orders")
    if orders not in p.metrics or "discount_amount" not in p.reading.vocabulary.metrics or p.groups:
        return
    items = p.reading.items
    none = [
        i
        for i in p.reading.having("offer")
        if items[i].get("offer") == "none" and heard("shapes.discount").within(items[i].lemma)
    ]
    having = heard("shapes.having")
    some = [
        i
        for i in _words(p, "discount")
        if i and not none and items[i - 1].lemma in having
    ]
    if not none and not (some and len(p.metrics) == 2):
        return
    if some and p.counted and "discounted_orders" in p.reading.vocabulary.metrics:
        p.metrics = ["discounted_orders"]
        p.used.update(some)
        return
    p.conditions.measures.append(MetricCondition("discount_amount", "eq" if none else "gt", (0.0,)))
    p.metrics = [str(orders)]
    p.groups = ["order"]
    p.used.update([*none, *some])


def _times_returned(p: Parts) -> None:
    """As in "products returned more than 20 times": the times are of returns."""
    known = p.reading.vocabulary.metrics
    back = next((m for m in ("return_orders", _role(p, "returns")) if m in known), None)
    given = set(p.reading.vocabulary.lexicon.terms["roles"]["given_back"])
    verbs = any(p.reading.items[i].get("act") == "return" for i in p.reading.having("act"))
    if back is None or not p.reading.has("times_words") or not (verbs or given & set(p.metrics)):
        return
    orders = _role(p, "orders")
    p.conditions.measures = [
        MetricCondition(back, m.op, m.values) if m.metric == orders else m for m in p.conditions.measures
    ]
    if p.conditions.measures and given & set(p.metrics):
        p.metrics = [back if m in given else m for m in p.metrics if m != orders]


def _single_things(p: Parts) -> None:
    """As in "orders with more than 5 items", "products sold more than 500 units": one by one."""
    if not p.conditions.measures or p.groups:
        return
    measured = [m.metric for m in p.conditions.measures]
    orders = _role(p, "orders")
    rest = [m for m in p.metrics if m not in measured]
    if orders in p.metrics and orders not in measured and rest == [orders]:
        p.metrics, p.groups = measured, ["order"]
    elif len(rest) == 1 and (set(rest) & {"products_sold", "product_count"} or _items_listed(p, rest[0])):
        p.metrics, p.groups = measured, ["product"]


def _items_listed(p: Parts, metric: str) -> bool:
    """As in "items with stock below 10": the products, not a number of pieces."""
    first = next((item for item in p.reading.items if item.has("metric", "dim")), None)
    named = first is not None and metric in first.alts.get("metric", ()) and "product" in first.alts.get("dim", ())
    return named and not p.counted and not any(m.metric == metric for m in p.conditions.measures)


#: dimensions that say who somebody is
_OF_PEOPLE = frozenset(
    {"country", "city", "gender", "age", "age_band", "acquisition_channel", "customer_type", "cohort"}
)


def _share_of_customers(p: Parts) -> None:
    """As in "what share of customers ordered only once", "revenue share of the top 10 % of customers"."""
    if not p.conditions.customers or not p.reading.has("share") or p.groups not in ([], ["customer"]):
        return
    once_more = [
        c
        for c in p.conditions.customers
        if getattr(c, "metric", "") == _role(p, "orders")
        and getattr(c, "where", None) is None
        and getattr(c, "period", None) is None
        and (getattr(c, "op", ""), getattr(c, "values", ())) in {("gt", (1.0,)), ("ge", (2.0,))}
    ]
    measured = [m for m in p.metrics if m != _role(p, "customers")]
    p.used.update(p.reading.having("share"))
    if (
        len(once_more) == len(p.conditions.customers) == 1
        and not measured
        and "repeat_rate" in (p.reading.vocabulary.metrics)
    ):
        p.metrics, p.groups, p.shares_taken = ["repeat_rate"], [], True
        p.conditions.customers, p.conditions.joins = [], []
        return
    if p.rows and (measured or {str(getattr(row, "field", "")) for row in p.rows} - _OF_PEOPLE):
        p.implied += 1.0  # the share is of everybody; of a country's sales it would be another number
        return
    p.share_of = join(p.rows)
    p.metrics, p.groups, p.against_all = measured or [str(_role(p, "customers"))], [], True


def _weekend_against_week(p: Parts) -> None:
    """As in "weekend against weekday sales": Saturdays and Sundays against the rest."""
    ends = [
        i
        for i in p.reading.having("day_kind")
        if set(p.reading.items[i].get("day_kind").weekdays) == {"Saturday", "Sunday"}
    ]
    week = [
        i
        for i, item in enumerate(p.reading.items)
        if "weekday" in item.alts.get("dim", ())
        and item.tokens[-1].lemma in heard("shapes.weekday")
        and not (i and p.reading.items[i - 1].has("group"))
    ]
    if not ends or not week:
        return
    p.groups = [g for g in p.groups if g != "weekday"]
    p.against_rest = True
    p.chosen.pop("weekday", None)
    p.rows = [r for r in p.rows if getattr(r, "field", "") != "weekday"]
    days = tuple(p.reading.items[ends[0]].get("day_kind").weekdays)
    p.rows.append(Compare(field="weekday", op="in", values=days))
    p.used.update([*week, *p.reading.having("compare"), *p.reading.having("group")])


def _messages(p: Parts) -> None:
    """As in "open rate of our e-mail campaigns"."""
    if not p.metrics or not set(p.metrics) <= _OF_MESSAGES | {"customers"} or p.metrics == ["customers"]:
        return
    objects = [i for i in p.reading.having("object") if i not in p.used]
    channels: list[str] = []
    for i in objects:
        words = {t.lemma for t in p.reading.items[i].tokens}
        named = [
            c
            for c, more in (("email", {"email", "newsletter", "mailing", "mail"}), ("sms", {"sms", "text"}))
            if words & more
        ]
        channels += [c for c in named if c not in channels]
    p.used.update(objects)
    if channels and "message_channel" in p.reading.vocabulary.dimensions:
        p.rows.append(Compare(field="message_channel", op="in" if channels[1:] else "eq", values=tuple(channels)))
    if "customers" in p.metrics and len(p.metrics) > 1:
        p.metrics = [m for m in p.metrics if m != "customers"]  # "how many people opened …" counts messages


def _more_than_the_rest(p: Parts) -> None:
    """As in "do German customers order more than the rest": by what each of them does, not by how many they are."""
    if not p.reading.has("rest") or p.groups or p.metrics not in ([], [str(_role(p, "customers"))]):
        return
    acts = {str(p.reading.items[i].get("act")) for i in p.reading.having("act") if i not in p.conditions.used}
    name = "revenue_per_customer" if "spend" in acts else "orders_per_customer" if "buy" in acts else None
    role = _role(p, name) if name and name != "orders_per_customer" else name
    items = p.reading.items
    people = any("customer" in i.alts.get("dim", ()) or "customers" in i.alts.get("metric", ()) for i in items)
    if role is not None and people and not p.counted and role in p.reading.vocabulary.metrics:
        p.metrics = [role]
        p.used.update(i for i in p.reading.having("act") if p.reading.items[i].get("act") in {"buy", "spend"})


def _one_by_one(p: Parts) -> None:
    """As in "average order value in Berlin, Hamburg and Munich": a mean of several places is asked of each."""
    known = p.reading.vocabulary.metrics
    means = [m for m in p.metrics if m in known and (known[m].unit in {"percent", "days"} or _is_mean(m))]
    if p.groups or not means or len(means) < len(p.metrics) or _words(p, *_JOINED):
        return
    several = [d for d, values in p.chosen.items() if len(dict.fromkeys(values)) > 1]
    if len(several) == 1:
        p.groups = several


def _is_mean(metric: str) -> bool:
    return metric.startswith("average") or "_per_" in metric or metric.endswith(("_rate", "basket_size"))


def _of_customers(item: Item) -> bool:
    """As in "how many customers under 40"."""
    return "customer" in item.alts.get("dim", ()) or "customers" in item.alts.get("metric", ())


def _years_old(p: Parts) -> None:
    """As in "customers under 30 years old", "people over 60", "shoppers between 20 and 30"."""
    age, items = p.reading.vocabulary.dimensions.get("age"), p.reading.items
    if age is None:
        return
    for i, item in enumerate(items):
        if not item.has("cmp", "between") or i in p.conditions.used:
            continue
        numbers, k = [], i + 1
        while k < len(items) and len(numbers) < 2:
            length = items[k].get("duration")
            number = length.count if length is not None and length.unit == "year" else items[k].number
            if number is None or items[k].unit is not None:
                if numbers and items[k].lemma in heard("to_and"):
                    k += 1
                    continue
                break
            numbers.append(float(number))
            k += 1
        old = k < len(items) and items[k].lemma in heard("shapes.of_age")
        people = bool(i) and (_of_customers(items[i - 1]) or _of_gender(items[i - 1]))
        ends = k >= len(items) or not items[k].has("metric", "dim", "money")
        if not numbers or not 5 <= max(numbers) <= 120 or not (old or (people and ends)):
            continue
        both = item.has("between") and len(numbers) == 2
        if not both and not item.has("cmp"):
            continue
        op = "between" if both else str(item.get("cmp"))
        p.rows.append(Compare(field="age", op=op, values=tuple(numbers if both else numbers[:1])))  # type: ignore[arg-type]
        p.conditions.measures = [m for m in p.conditions.measures if not set(m.values) & set(numbers)]
        p.groups = [g for g in p.groups if g != "age_band"]
        p.used |= set(range(i, k + (1 if old else 0)))
        return


def _of_gender(item: Item) -> bool:
    return any(v.dimension == "gender" for v in item.alts.get("value", ()))
