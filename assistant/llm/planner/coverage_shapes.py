"""What a question's shape asks of its plan: a count for "how many", groups for "which", the latest of a thing, a
change of place, a count of different things, what happens within one order.

Each check yields the places of words whose meaning the plan does not hold. They look at the form of the question, where
:mod:`~assistant.llm.planner.coverage` looks at single words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.lexicon import Lexicon
from assistant.llm.planner.spans import Item, Reading
from assistant.llm.planner.trace import Trace
from assistant.llm.planner.units import GRAINS

Gap = tuple[int, str]
_THINGS = frozenset({"category", "subcategory", "brand", "country", "city", "channel", "product", "campaign"})
_GROUPS_OF_GOODS = frozenset({"category", "subcategory", "brand", "country", "channel"})
_GOODS = frozenset({"category", "subcategory", "brand", "product"})
_MONEY = frozenset({"currency", "money"})


@lru_cache(maxsize=4)
def _words(lex: Lexicon) -> dict[str, Any]:
    return dict(read_yaml(lex.language, "coverage_shapes"))


def shape_gaps(reading: Reading, trace: Trace) -> Iterator[Gap]:
    """Words whose meaning, by the form of the question, the plan lacks.

    Args:
        reading: the text.
        trace: what the finished calls hold.
    """
    if trace.tools & {"ask_back", "decline"}:
        return
    words = _words(reading.vocabulary.lexicon)
    if trace.tools == {"query_data"}:
        yield from _counts(reading, trace)
        yield from _listed(reading, trace, words)
        yield from _within_one_order(reading, trace, words)
        if not any(sign in text for text in trace.texts for sign in ("order", "frequency", "sent", "response")):
            yield from _phrases(reading, words["often"])
        yield from _every_time(reading, trace, words)
        yield from _more_or_less(reading, trace, words)
        yield from _beyond_average(reading, trace, words)
        yield from _in_each_unit(reading, trace, words)
        yield from _listed_measures(reading, trace, words)
        yield from _several_counted(reading, trace)
        yield from _of_the_catalogue(reading, trace, words)
        yield from _two_courses(reading, trace, words)
        yield from _what_they_bought(reading, trace, words)
        yield from _both_in_one(reading, trace, words)
        yield from _more_than_others(reading, trace, words)
        yield from _seasonal(reading, trace, words)
    if trace.tools & {"query_data", "count_audience"}:
        yield from _lately(reading, trace, words)
        yield from _latest(reading, trace, words)
        yield from _moves(reading, trace, words)
        yield from _different_things(reading, trace)
        yield from _deeds(reading, trace, words)
        yield from _again(reading, trace, words)
    if trace.tools == {"bought_together"}:
        said = {str(d) for item in reading.items for d in item.alts.get("dim", ())}
        if said & _GROUPS_OF_GOODS and "product" not in said:
            yield from ((it.start, it.text) for it in reading.items if _GROUPS_OF_GOODS & set(it.alts.get("dim", ())))
    if trace.tools == {"search_products"}:
        for item in reading.items:  # "orders with status …" looks for orders, not for goods
            if "order" in item.alts.get("dim", ()) or "together" in item.alts.get("do", ()):
                yield item.start, item.text
    if trace.tools == {"predict_churn"}:
        yield from _leaving(reading, trace, words)
    if trace.tools & {"brief_shop"}:
        yield from _sizes(reading, words)


def _counts(reading: Reading, trace: Trace) -> Iterator[Gap]:
    """As in "how many new buyers …": no sum of money answers it."""
    if trace.dimensions or trace.under("compare"):
        return
    known = reading.vocabulary.metrics
    measured = [m for m in map(str, trace.under("metrics")) if m in known]
    money = measured and all(known[m].unit in _MONEY for m in measured)
    asked = next((item for item in reading.items if item.has("how_many", "count")), None)
    if asked is not None and money:
        yield asked.start, asked.text


def counted_heads(reading: Reading, trace: Trace) -> Iterator[Gap]:
    """As in "how many of those customers came back" after a figure in money: heads, which no sum of money counts."""
    people = any(item.has("customers_pronoun") or "customer" in item.alts.get("dim", ()) for item in reading.items)
    if trace.tools == {"query_data"} and people:
        yield from _counts(reading, trace)


def _listed(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "which countries …", "what was the first order": one total names none of them."""
    if trace.dimensions or trace.under("compare") or len(trace.calls) > 1 or not reading.tokens:
        return
    first = reading.tokens[0]
    dated = any(m.endswith("_date") for m in trace.metrics)
    named = any(_of_things(item) for item in reading.items[1:3])
    event = any("first_order_date" in item.alts.get("metric", ()) for item in reading.items)
    if event and first.lemma in words["what"] and trace.metrics == ["new_customers"]:
        yield 0, next(item.text for item in reading.items if "first_order_date" in item.alts.get("metric", ()))
    if (first.lemma in words["which"] and named) or (first.lemma in words["when"] and not dated):
        yield 0, first.text


def _of_things(item: Item) -> bool:
    """As in "which countries", "which EU countries do we sell to"."""
    counted = any(str(m).endswith("_count") for m in item.alts.get("metric", ()))
    return bool(_THINGS & set(item.alts.get("dim", ()))) or counted


def _within_one_order(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "more than 100 units in a single order": what a customer bought over all orders is something else."""
    over_all = any(n.get("op_type") == "customer" and n.get("metric") not in {"orders"} for n in trace.nodes)
    if over_all and not any("order_value" in t or "per_order" in t or "basket" in t for t in trace.texts):
        yield from _phrases(reading, words["one_order"])


def _every_time(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "customers who buy every month": those who do so in all of them, not each with each month. A share of one
    kind of customers is not what part of them came from somewhere."""
    if "customer" in trace.dimensions and (set(GRAINS) & set(trace.dimensions)) - set(trace.under("within")):
        yield from _phrases(reading, [f"{word} {grain}" for word in words["every"] for grain in sorted(GRAINS)])
    things = _THINGS & set(trace.dimensions)
    if "customer" in trace.dimensions and things and not trace.under("within", "limit"):
        named = {item.lemma for item in reading.items if things & set(item.alts.get("dim", ()))}
        heads = [f"{lead} {word}" for lead in words["all_of"] for word in words["every"]]
        yield from _phrases(reading, [f"{head} {name}" for head in heads for name in named])
    if trace.under("filter") and any(m.endswith("_share") for m in trace.metrics):
        yield from _phrases(reading, words["out_of"])


def _more_or_less(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "did they spend less this year?": less than before, which one total does not tell."""
    if trace.under("compare") or set(trace.dimensions) - {"customer"}:
        return
    for verb in words["doing"]:
        for place, text in _phrases(reading, [f"{verb} {how}" for how in words["more_or_less"]]):
            after = reading.tokens[place + 2 : place + 3]
            if not after or after[0].lemma not in words["than"]:
                yield place, text


def _beyond_average(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "above the average", "more than the average customer": a list without that condition is another one."""
    if "average" in trace.under("of"):
        return
    tokens = reading.tokens
    for k, token in enumerate(tokens[:-1]):
        after = k + 1
        while after < len(tokens) and tokens[after].lemma in words["articles"]:
            after += 1
        if token.lemma in words["beyond"] and after < len(tokens) and tokens[after].lemma in words["average"]:
            yield k, f"{token.text} {tokens[after].text}"


def _in_each_unit(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "in each of the last 3 months": all of them together are something else."""
    several = any(n.get("kind") in {"rolling", "calendar"} and int(n.get("count") or 1) > 1 for n in trace.nodes)
    people = any(n.get("op_type") == "customer" for n in trace.nodes)
    if not (several and people):
        return
    for item, after in zip(reading.items, reading.items[1:], strict=False):
        if after.has("period") and {t.lemma for t in item.tokens} & set(words["every"]):
            yield item.start, f"{item.text} {after.text}"


def _listed_measures(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "orders, average order value and lifespan": of measures in one list, each must be there itself."""
    held = {*trace.metrics, *map(str, trace.under("metric")), *map(str, trace.under("by"))}
    if len(trace.calls) > 1 or not held:
        return
    items = reading.items
    named = [i for i, item in enumerate(items) if item.has("metric") and (not item.has("act") or not item.singular)]
    joined = {pair for pair in zip(named, named[1:], strict=False) if _listed_with(reading, *pair, words)}
    for i in named:
        beside = [b if a == i else a for a, b in joined if i in (a, b)]
        names = set(map(str, items[i].alts["metric"]))
        whole = {str(m) for j in beside for m in items[j].alts["metric"]} & held
        if beside and whole and not names & held and not set(items[i].alts.get("dim", ())) & set(trace.dimensions):
            yield items[i].start, items[i].text


def _listed_with(reading: Reading, one: int, two: int, words: dict[str, Any]) -> bool:
    """Whether nothing but joining words and adjectives stands between two items, and a joining word does."""
    between = reading.items[one + 1 : two]
    joins = [it for it in between if it.text == "," or it.lemma in words["joining"]]
    rest = [it for it in between if it not in joins and it.lemma not in words["adjectives"]]
    return bool(joins) and not rest


def _several_counted(reading: Reading, trace: Trace) -> Iterator[Gap]:
    """As in "how many orders, products and customers": counts of each, not orders by product and customer."""
    things = {"customer", "product", "order"} & set(trace.dimensions)
    first = reading.items[0] if reading.items else None
    if first is not None and first.has("how_many") and len(things) > 1:
        yield first.start, first.text


def _of_the_catalogue(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "how many products were purchased": what is on file was not all sold. The first product of a month is not
    the first one of its customers."""
    if set(trace.metrics) == {"product_count"}:
        for k, token in enumerate(reading.tokens):
            if token.word in words["sold"]:
                yield k, token.text
    buyers = {t.lemma for t in reading.tokens} & set(words["buyer"])
    if "first_product" in trace.dimensions and not buyers:
        yield from _phrases(reading, words["first_sold"])
    if {"customer", "category"} <= set(trace.dimensions):  # who bought in all of them is no list of each
        yield from _phrases(reading, words["all_groups"])


def _two_courses(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "sales of the previous month and cumulative sales": a running total and a comparison are two tables."""
    if {"cumulative", "moving_average"} & set(trace.under("transform")) and trace.under("compare"):
        for k, token in enumerate(reading.tokens):
            if token.lemma in words["before_and"]:
                yield k, token.text


def _what_they_bought(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "our top customers and what they bought most": the things are asked for beside the people."""
    if _GOODS & set(trace.dimensions) or len(trace.calls) > 1:
        return
    for k, item in enumerate(reading.items[:-2]):
        who, deed = reading.items[k + 1 : k + 3]
        if k and item.lemma in words["what"] and who.has("customers_pronoun") and deed.has("act"):
            yield item.start, f"{item.text} {who.text} {deed.text}"
    opening = [t.lemma for t in reading.tokens[:2]]
    people = any("customer" in item.alts.get("dim", ()) for item in reading.items)
    buying = [item for item in reading.items if item.get("act") == "buy"]
    if len(opening) == 2 and opening[0] in words["what"] and opening[1] in words["do"] and people and buying:
        yield buying[0].start, f"{reading.tokens[0].text} … {buying[0].text}"


def _both_in_one(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "orders with both mugs and teapots": orders with either are more."""
    either = {str(n.get("field")) for n in trace.nodes if n.get("op") == "in" and len(n.get("values") or ()) > 1}
    if "orders" in trace.metrics and either & _GOODS:
        yield from _phrases(reading, words["both"])


def _more_than_others(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "products that men buy more than women": those on one side of a comparison, not all with both sides."""
    if len(set(trace.dimensions)) < 2 or trace.under("having"):
        return
    items = reading.items
    for k, item in enumerate(items[1:-1], start=1):
        apart = {t.lemma for t in item.tokens} & set(words["than"]) and item.has("cmp")
        around = [{v.dimension for v in it.alts.get("value", ())} for it in (*items[max(0, k - 3) : k], items[k + 1])]
        if apart and items[0].has("which") and any(a & around[-1] for a in around[:-1]):
            yield item.start, item.text


def _leaving(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "items about to run out": it is customers who leave, not goods; those of a category are not all."""
    first = next((item for item in reading.items if item.has("dim")), None)
    which = any(item.lemma in words["which"] for item in reading.items)
    if first is not None and (set(first.alts["dim"]) <= _GOODS or (which and _THINGS & set(first.alts["dim"]))):
        yield first.start, first.text
    for item in reading.items:
        goods = {v.dimension for v in item.alts.get("value", ())}
        if goods and goods <= _GOODS and not any(item.text.lower() in text for text in trace.texts):
            yield item.start, item.text


def _seasonal(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "which products are seasonal": a ranking that holds no time of the year does not tell. The seasonal
    campaigns are not all campaigns."""
    if not words["seasonal"] or words["seasonal"][0] in trace.texts:
        return
    kind = [f"{word} {thing}" for word in words["seasonal"] for thing in words["campaign_like"]]
    yield from _phrases(reading, kind)
    by_time = {*GRAINS, "month_of_year", "season_of_year", "weekday"}
    if not {*trace.dimensions, *map(str, trace.under("grain", "granularity"))} & by_time:
        yield from _phrases(reading, words["seasonal"])


def _lately(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "have not bought recently": a time without orders, not never an order."""
    nobody = [n for n in trace.nodes if n.get("op_type") == "customer" and list(n.get("values") or ()) == [0]]
    if any(not n.get("period") for n in nobody):
        yield from _phrases(reading, words["lately"])


def _latest(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "our last newsletter": one of them, not all."""
    if "campaign" in trace.dimensions or any("campaign" in str(f) for f in trace.under("field")):
        return
    for item, after in zip(reading.items, reading.items[1:], strict=False):
        alone = item.lemma in words["latest"] and not item.has("period", "duration", "ago")
        alone = alone or _named_after_a_season(item)
        if alone and after.has("object") and after.tokens[-1].word not in words["many"]:
            yield item.start, item.text


def _named_after_a_season(item: Item) -> bool:
    """As in "the spring campaign", which is a campaign and no season."""
    period = item.get("period").period if item.has("period") else None
    return period is not None and bool(period.event)


def _moves(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "moved from France to Germany": not those of either."""
    either = {
        str(n.get("field")) for n in trace.nodes if n.get("op") == "in" and len(n.get("values") or ()) > 1
    }
    for k, item in enumerate(reading.items[:-3]):
        one, to, two = reading.items[k + 1 : k + 4]
        kinds = [{v.dimension for v in part.alts.get("value", ())} for part in (one, two)]
        if item.lemma in words["from"] and to.lemma in words["to"] and kinds[0] & kinds[1] & either:
            yield item.start, f"{item.text} {one.text} {to.text} {two.text}"


def _different_things(reading: Reading, trace: Trace) -> Iterator[Gap]:
    """As in "from at least three categories": a number of orders is not a number of categories."""
    for item, after in _neighbours(reading):
        things = _THINGS & set(after.alts.get("dim", ()))
        if item.number is None or not things or item.has("period", "duration", "times", "value"):
            continue
        held = [n for n in trace.nodes if item.number in (n.get("values") or ()) and n.get("metric")]
        if held and all(str(n["metric"]) in {"orders", "customers"} for n in held):
            yield item.start, f"{item.text} {after.text}"


def _neighbours(reading: Reading) -> Iterator[tuple[Item, Item]]:
    """Every item with the next one, over words like "different"."""
    for k, item in enumerate(reading.items[:-1]):
        step = 2 if k + 2 < len(reading.items) and not reading.items[k + 1].has("dim", "metric") else 1
        yield item, reading.items[k + 1]
        if step == 2 and reading.is_skip(k + 1):
            yield item, reading.items[k + 2]


def _deeds(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "customers who returned goods": the deed must be measured, whatever else is."""
    for item in reading.items:
        signs = words["deeds"].get(str(item.get("act"))) if item.has("act") else None
        never = item.get("act") == "join" and any(list(n.get("values") or ()) == [0] for n in trace.nodes)
        if signs and not never and not item.has("metric", "period") and not _any(signs, trace.texts):
            yield item.start, item.text


def _again(reading: Reading, trace: Trace, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "how many customers ordered again": a second order, not any."""
    counts = [n for n in trace.nodes if n.get("op_type") == "customer" and n.get("metric") == "orders"]
    twice = any(float(v) > (n.get("op") != "gt") for n in counts for v in n.get("values") or () if str(v).isdigit() or
                isinstance(v, float)) or len(counts) > 1
    repeated = twice or _any(words["again_measures"], trace.texts) or trace.negatives()
    for item, after in zip(reading.items, reading.items[1:], strict=False):
        if item.has("act") and after.lemma in words["again"] and not repeated:
            yield item.start, f"{item.text} {after.text}"


def _any(signs: Sequence[str], texts: Sequence[str]) -> bool:
    return any(sign in text for text in texts for sign in signs)


def _sizes(reading: Reading, words: dict[str, Any]) -> Iterator[Gap]:
    """As in "how big is …": a figure is wanted, not findings."""
    tokens = reading.tokens
    for k, (one, two) in enumerate(zip(tokens, tokens[1:], strict=False)):
        if one.lemma in words["how"] and two.lemma in words["big"]:
            yield k, f"{one.text} {two.text}"


def _phrases(reading: Reading, phrases: Sequence[str]) -> Iterator[Gap]:
    lemmas = [t.lemma for t in reading.tokens]
    for phrase in phrases:
        parts = str(phrase).split()
        for k in range(len(lemmas) - len(parts) + 1):
            if lemmas[k : k + len(parts)] == parts:
                yield k, " ".join(t.text for t in reading.tokens[k : k + len(parts)])
