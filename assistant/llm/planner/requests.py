"""Readings of requests to the models: churn, recommendation, search, baskets, segments, one customer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import ValidationError

from assistant.llm.planner.absent import lacking
from assistant.llm.planner.candidate import Candidate, ToolCall, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.heard import expression, heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.values import join
from assistant.plans.filters import Compare, Filter
from assistant.plans.requests import (
    ChurnRequest,
    CustomerRequest,
    ProductSearchRequest,
    RecommendRequest,
    SegmentRequest,
)
from assistant.plans.shop import Shop

Finish = Callable[[Parts, list[ToolCall], str, float], Candidate]


def take_verbs(p: Parts, *actions: str) -> bool:
    """Mark the words of an action as used; whether there were any."""
    hits = p.reading.does(*actions)
    p.used.update(hits)
    return bool(hits)


def _take(p: Parts, *lemmas: str) -> None:
    p.used.update(i for i, item in enumerate(p.reading.items) if item.lemma in lemmas)


# -- churn -------------------------------------------------------------------------------------------------------------


def churn(p: Parts, context: DialogueContext, finish: Finish) -> Candidate | None:
    """As in "Who is about to leave?" · "50 customers most likely to churn" · "how likely is customer 12346 to
    leave"."""
    if not p.reading.does("churn"):
        return None
    denied = [i for i in p.reading.having("neg") if i + 1 < len(p.reading.items)]
    if any("churn" in p.reading.items[i + 1].alts.get("do", ()) for i in denied):
        return None  # "who will not leave" is another list
    if any(item.has("cmp") and i not in p.conditions.used for i, item in enumerate(p.reading.items)):
        return None  # "with a value above 500" is a condition, not the length of a list
    take_verbs(p, "churn", *(["explain"] if len(p.customer_ids) == 1 else []))  # the answer says why
    if (
        p.conditions.customers
        or [m for m in p.metrics if m not in {"customers", "lost_customers"}]
        and not p.reading.has("rank")
    ):
        return None
    _take(
        p,
        "high",
        "risk",
        "likely",
        "highest",
        "probability",
        "probable",
        "chance",
        "soon",
        "likelihood",
        "predict",
        "value",
        "at",
        "most",
    )
    take_verbs(p, "forecast")
    p.used.update(p.reading.having("share", "duration", "down", "rank"))
    days = next((item.get("duration").days for item in p.reading.items if item.has("duration")), None)
    if p.future is not None:
        days = p.future.days
    limit = p.limit
    if p.flag("as_file") | p.flag("everybody") | _said_all(p):
        limit = limit or 1000
    by_value = any(
        item.lemma in heard("requests.value") or "revenue" in item.alts.get("metric", ())
        for item in p.reading.items
    )
    likely = any(heard("requests.likely").within(item.lemma) for item in p.reading.items)
    if limit is None:
        limit = next(
            (
                int(item.number)
                for i, item in enumerate(p.reading.items)
                if item.number
                and item.unit is None
                and not item.has("duration", "period")
                and i not in p.used
                and item.number <= 1000
            ),
            None,
        )
        p.used.update(i for i, item in enumerate(p.reading.items) if limit is not None and item.number == limit)
    request = ChurnRequest(
        horizon_days=min(max(days or 90, 7), 730),
        k=min(limit or 20, 1000),
        customer_id=p.customer_ids[0] if p.customer_ids else None,
        order_by="churn_probability" if likely and not by_value else "value_at_risk",
    )
    extra = 0.5 * (len(p.rows) > bool(p.customer_ids)) + 0.3 * bool(p.periods)
    return finish(p, [call(request)], "churn", extra)


def _said_all(p: Parts) -> bool:
    """As in "all customers at risk", "every customer about to leave", and a list is asked for."""
    items = p.reading.items
    return any(
        item.lemma in heard("requests.every") and i + 1 < len(items) and "customer" in items[i + 1].alts.get("dim", ())
        for i, item in enumerate(items)
    )


# -- recommendation and search -----------------------------------------------------------------------------------------


def recommend(p: Parts, context: DialogueContext, finish: Finish, defined: list[Filter]) -> Candidate | None:
    """As in "What should we recommend to customer 17850, and why?"."""
    if not p.reading.does("recommend") or p.reading.does("together"):
        return None
    if any(item.lemma in heard("requests.new_products") for item in p.reading.items):
        return None  # which products are new is not asked of this list
    if p.counted and p.metrics:
        return None  # "how many units did we sell to customers who …"
    asked = p.reading.items[:2]
    if len(asked) == 2 and asked[0].has("which") and "customer" in asked[1].alts.get("dim", ()):
        return None  # "which customers are likely to buy again": people are asked for, not goods
    take_verbs(p, "recommend", "explain")
    p.used.update(
        i for i in p.reading.having("act") if p.reading.items[i].get("act") in {"buy", "sell", "like", "return"}
    )
    _take(p, "next", "best", "offer", "should", "product", "interested", "interest")
    filter_, rows = None, [r for r in p.rows if getattr(r, "field", "") not in {"customer", "category"}]
    category = next((r.values[0] for r in p.rows if getattr(r, "field", "") == "category" and len(r.values) == 1), None)  # type: ignore[union-attr]
    max_price = price_limit(p, {"lt", "le"})
    customers = [*defined, *p.conditions.customers]
    if any(getattr(r, "field", "") == "product" for r in rows) and not p.customer_ids:
        return None
    filter_ = join([*rows, *customers])
    if not p.customer_ids and filter_ is None:
        filter_ = _audience_of(p, context)
    if len(p.customer_ids) > 1:
        filter_ = join([r for r in p.rows if getattr(r, "field", "") == "customer"])
    k = p.limit or small_number(p) or 5
    one = p.customer_ids[0] if len(p.customer_ids) == 1 else None if p.customer_ids else _one_customer(filter_)
    request = RecommendRequest(
        customer_id=one,
        filter=filter_ if one is None or p.customer_ids else None,
        k=min(k, 100),
        category=str(category) if category else None,
        max_price=max_price,
        purpose=purpose_of(p),
    )
    extra = 0.0 if p.customer_ids or filter_ is not None else 0.2
    if len(p.customer_ids) == 1 and filter_ is not None:
        extra += 0.7  # what else was said cannot be asked of a list for one customer
    return finish(p, [call(request)], "recommend", extra)


def _one_customer(filter_: Filter | None) -> str | None:
    """Who is meant where "them" is one customer."""
    single = isinstance(filter_, Compare) and filter_.field == "customer" and filter_.op == "eq"
    return str(filter_.values[0]) if single and len(filter_.values) == 1 else None


def purpose_of(p: Parts) -> Literal["new", "next", "reorder"]:
    """As in "what will customer 17850 buy next?" · "which products is customer 17850 likely to buy again?"."""
    said = " ".join(t.word for t in p.reading.tokens)
    if expression("next_basket.again").search(said):
        return "reorder"
    return "next" if expression("next_basket.next").search(said) else "new"


def _audience_of(p: Parts, context: DialogueContext) -> Filter | None:
    """As in "… for them": the customers of the conversation."""
    if not p.reading.has("customers_pronoun") and not any(i.lemma in heard("requests.them") for i in p.reading.items):
        return None
    found = context.audience()
    if found is None:
        return None
    p.used.update(p.reading.having("customers_pronoun", "pronoun"))
    p.referred = True
    return found[0]


def price_limit(p: Parts, ops: set[str]) -> float | None:
    """As in "under 20 pounds": the price limit; measures of the query grammar that were only this are taken back."""
    for i, item in enumerate(p.reading.items):
        spent = i > 0 and p.reading.items[i - 1].get("act") == "spend"  # of what customers spent, not of a product
        if item.has("cmp") and item.get("cmp") in ops and not spent:
            for k in range(i + 1, min(i + 4, len(p.reading.items))):
                number = p.reading.items[k].number
                after = p.reading.items[k + 1].lemma if k + 1 < len(p.reading.items) else ""
                if after in heard("requests.amounts"):
                    return None  # "with more than 500 pieces" is no price
                if number is not None and p.reading.items[k].unit in {None, "money"} and number > 0:
                    p.used.update(range(i, k + 1))
                    _drop_measure(p, number)
                    p.used.update(
                        j for j, it in enumerate(p.reading.items) if it.lemma in heard("requests.price")
                    )
                    return number
    return None


def _drop_measure(p: Parts, number: float) -> None:
    p.conditions.measures = [m for m in p.conditions.measures if number not in m.values]
    p.conditions.customers = [c for c in p.conditions.customers if number not in (getattr(c, "values", None) or ())]


def small_number(p: Parts) -> int | None:
    """A bare number up to a hundred that nothing else took, as in "list 10"; marks it as used."""
    for i, item in enumerate(p.reading.items):
        if (
            item.number is not None
            and item.unit is None
            and i not in p.used
            and not item.has("period", "duration")
            and item.number <= 100
        ):
            p.used.add(i)
            return max(1, int(item.number))
    return None


_PLAIN = heard("requests.plain")


def search(p: Parts, context: DialogueContext, finish: Finish, shop: Shop) -> Candidate | None:
    """As in "Something like the red mug but cheaper" · "mugs under 10" · "similar products to P1"."""
    similar = p.reading.does("similar")
    looking = p.reading.does("search")
    items = p.reading.items
    priced = any(item.has("cmp") for item in items) and not p.metrics and not p.reading.has("do", "act", "which")
    named = priced and any(i.has("value") or i.lemma in p.reading.vocabulary.product_words for i in items)
    if named and lacking(p.reading, p.reading.vocabulary):
        named = False  # "more than two children" is no price
    if not similar and not looking and not named:
        return None
    relative = None
    for i, item in enumerate(p.reading.items):
        if item.lemma in heard("requests.cheaper") or heard("cheaper").within(item.lemma):
            relative = "cheaper"
            p.used.add(i)
        elif item.lemma in heard("requests.dearer") or (
            item.lemma in heard("requests.expensive") and i and p.reading.items[i - 1].lemma in heard("more")
        ):
            relative = "dearer"
            p.used |= {i, i - 1}
    max_price, min_price = price_limit(p, {"lt", "le"}), price_limit(p, {"gt", "ge"})
    category = next((r.values[0] for r in p.rows if getattr(r, "field", "") == "category"), None)  # type: ignore[union-attr]
    text = _search_text(p, similar or looking)
    like = p.product_ids[0] if p.product_ids else None
    if not text and not like:
        like = _like_from_context(p, context)
        p.referred = like is not None
        if like is None and category is None:
            return None
    take_verbs(p, "similar", "search")
    p.used.update(p.reading.having("pronoun"))
    in_stock = any(item.lemma in heard("requests.in_stock") for item in p.reading.items)
    p.used.update(
        i for i, item in enumerate(p.reading.items) if item.lemma in heard("requests.stocked_product")
    )
    if similar and text and like is None:
        like = _exact_product(shop, text)
    try:
        request = ProductSearchRequest(
            text=None if like and similar else (text or (str(category) if category else None)),
            like_product_id=like if similar or not text else None,
            alike=bool(similar and text and not like and expression("wanted.alike").search(p.reading.text)),
            relative_price=relative,
            min_price=min_price,
            max_price=max_price,
            k=min(p.limit or 5, 100),
            category=str(category) if category and text else None,
            in_stock_only=in_stock,
        )
    except ValidationError:
        return None
    if p.conditions.customers and not similar:
        return None  # "find everyone who bought a red mug" looks for people
    known = bool(like) or any(w in p.reading.vocabulary.product_words for w in text.split()) or category is not None
    extra = (0.0 if similar else 0.05) + (0.0 if known else 0.6) + (0.0 if similar or not p.metrics else 0.8)
    return finish(p, [call(request)], "search", extra)


def _exact_product(shop: Shop, text: str) -> str | None:
    """The product a phrase names beyond doubt; otherwise the search decides by the words."""
    found = [m for m in shop.find(text, ("product",), 2) if m.kind == "product"]
    if found and found[0].score >= 95 and (len(found) == 1 or found[1].score < found[0].score - 3):
        return found[0].value
    return None


def _like_from_context(p: Parts, context: DialogueContext) -> str | None:
    past = context.last("search_products", "recommend_products", "query_data", "bought_together")
    ids = context.column(past, "product") if past else []
    return ids[0] if ids else None


def _search_text(p: Parts, verbs: list[int]) -> str:
    """The words that name what is looked for: those after the verb that nothing else explains."""
    words: list[str] = []
    for i, item in enumerate(p.reading.items):
        token = item.tokens[0]
        if token.kind == "quote":
            words.append(token.text)
            p.used.add(i)
            continue
        if (
            item.has("cmp", "chart")
            or i in verbs
            or item.lemma in heard("requests.alternatives")
            or token.kind == "stop"
        ):
            continue
        if i < min(verbs, default=0) and not item.has("value") and item.lemma not in p.reading.vocabulary.product_words:
            continue
        if item.number is not None or (item.has("period") and not item.has("value")):
            continue
        partial = [
            v
            for v in item.alts.get("value", ())
            if v.dimension in {"category", "subcategory"} and v.value.lower() != item.text.lower()
        ]
        if item.has("value") and (partial or any(v.dimension == "product" for v in item.alts["value"])):
            words.append(item.text.lower())
            p.used.add(i)
        elif item.lemma in p.reading.vocabulary.product_words or (
            not p.reading.is_skip(i)
            and not item.has("dim", "metric", "value", "absent")
            and item.lemma not in _PLAIN
            and i not in p.used
        ):
            words.extend(t.lemma for t in item.tokens)
            p.used.add(i)
        elif i in p.used and any(str(v) in item.lemma for r in p.rows for v in getattr(r, "values", ())):
            words.extend(t.lemma for t in item.tokens)
    return " ".join(dict.fromkeys(words))


def together(p: Parts, context: DialogueContext, finish: Finish, shop: Shop) -> Candidate | None:
    """As in "What goes well with the tea towel?" · "which products are bought together"."""
    from assistant.llm.planner.families import family_said
    from assistant.llm.planner.products import products_said  # it builds on this module

    if not p.reading.does("together"):
        return None
    take_verbs(p, "together")
    p.used.update(i for i in p.reading.does("recommend", "create") if not p.reading.items[i].has("object"))
    p.used.update(i for i in p.reading.having("act", "rank", "which", "object") if not p.reading.items[i].has("metric"))
    _take(p, "often", "usually", "frequently", "commonly", "typically", "together", "most", "best", "well", "pair")
    words = [t for i in sorted(p.used) for t in _product_word(p, i)]
    product: str | None = p.product_ids[0] if p.product_ids else None
    product = product or next(iter(products_said(p, shop)), None)
    if product is None and words:
        found = [m for m in shop.find(" ".join(words), ("product",), 3) if m.kind == "product"]
        product = found[0].value if found and found[0].score >= 60 else None
    if product is None and p.reading.has("pronoun") and context.last() is not None:
        product = _like_from_context(p, context)
        p.referred = True
        p.used.update(p.reading.having("pronoun"))
    args: dict[str, object] = {}
    if product is not None:
        family = None if p.product_ids else family_said(p.reading, product, shop)
        args |= {"product_id": product} if family is None else {"text": family}
    said = products_said(p, shop)
    both = [] if p.reading.has("which") or len(said) != 2 else said
    if both:  # "how often were A and B ordered together"
        args = {"product_id": both[0], "with_product_id": both[1]}
    if p.limit:
        args["k"] = min(p.limit, 100)  # a longer list than the tool gives is another request
    extra = 0.4 * bool(p.periods) + 0.4 * (len(p.rows) > (len(both) or (1 if words or p.product_ids else 0)))
    return finish(p, [ToolCall("bought_together", args)], "together", extra)


def _product_word(p: Parts, i: int) -> list[str]:
    item = p.reading.items[i]
    if any(v.dimension == "product" for v in item.alts.get("value", ())):
        return [item.text]
    if (
        len(item.tokens) == 1
        and item.lemma in p.reading.vocabulary.product_words
        and not item.has("do", "dim", "which", "rank", "act", "group")
    ):
        return [item.tokens[0].lemma]
    return []


# -- customers ---------------------------------------------------------------------------------------------------------


def segments(p: Parts, context: DialogueContext, finish: Finish) -> Candidate | None:
    """As in "Split our customers into segments and tell me what each looks like"."""
    hits = p.reading.does("segments")
    split = any(item.lemma in heard("requests.splitting") for item in p.reading.items)
    if not hits:
        return None
    if p.conditions.customers or p.rows or [m for m in p.metrics if m != "customers"] or p.periods:
        return None
    take_verbs(p, "segments", "explain", "describe", "create", "recommend", "profile")
    _take(
        p,
        "split",
        "into",
        "group",
        "look",
        "like",
        "each",
        "describe",
        "customer",
        "base",
        "type",
        "describing",
        "different",
        "action",
        "recommended",
        "shopper",
        "characterise",
        "characterize",
        "name",
        "them",
        "divide",
        "explain",
        "using",
        "behaviour",
        "behavior",
        "buying",
        "characteristic",
        "kind",
        "sort",
        "whole",
        "identify",
        "distinct",
        "natural",
        "similar",
        "profile",
        "method",
    )
    p.used.update(p.reading.having("act", "object", "count", "pronoun", "group", "which"))
    method = "rfm" if any(heard("rfm").within(item.lemma) for item in p.reading.items) else "auto"
    if any(t.lemma in heard("requests.clusters") for t in p.reading.tokens) and any(
        t.lemma in heard("requests.kmeans") for t in p.reading.tokens
    ):
        method = "kmeans"
    number = p.limit or small_number(p)
    k = number if number and 2 <= number <= 20 and method != "rfm" else None
    return finish(p, [call(SegmentRequest(method=method, k=k))], "segments", 0.0 if split or method == "rfm" else 0.05)  # type: ignore[arg-type]


def customer(p: Parts, context: DialogueContext, finish: Finish) -> Candidate | None:
    """As in "Tell me everything about customer 12346"."""
    if len(p.customer_ids) != 1:
        return None
    asked = take_verbs(p, "profile")
    last = any(p.reading.items[i].has("last_order") for i in range(len(p.reading.items))) or any(
        item.lemma in heard("last") for item in p.reading.items
    )
    if not asked and not last and (p.metrics or p.reading.has("do")):
        return None
    p.used.update(p.reading.having("last_order", "act", "which", "metric") if last or asked else ())
    p.used.update(
        i
        for i, item in enumerate(p.reading.items)
        if "customer" in item.alts.get("dim", ()) or item.has("customers_pronoun")
    )
    _take(p, "last", "first", "when", "buy", "kind", "summary", "overview")
    return finish(p, [call(CustomerRequest(customer_id=p.customer_ids[0]))], "customer", 0.0 if asked else 0.1)
