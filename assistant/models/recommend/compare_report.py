"""How good the recommendations are, and one recommender against another: results of kind ``recommender_comparison``."""

from __future__ import annotations

from typing import Any

from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, NoRows, UnknownName
from assistant.models.recommend.comparison import Comparison, compare
from assistant.models.recommend.explained import name_of
from assistant.models.recommend.fitted import FittedRecommender, recommend_for_customers
from assistant.models.recommend.list_measures import Difference
from assistant.models.recommend.model_table import add_models
from assistant.models.recommend.report import known_customer
from assistant.models.registry import RECOMMENDERS
from assistant.plans.recommenders import CompareRecommendersRequest, reword_recommenders
from assistant.results import Column, Evidence, Figure, Result, Source, Table


def comparison_result(
    snapshot: Snapshot, request: CompareRecommendersRequest, fitted: FittedRecommender
) -> Result:
    """All recommenders on the shop's test weeks; with ``request.model`` two of them, paired over the same customers.

    Returns:
        table ``models``; of two also ``differences`` (first less second with a 95 % interval) and ``alike`` (what the
        lists share); with a customer ``lists``, place by place.

    Raises:
        UnknownName: no such recommender or customer. InvalidPlan: a recommender against itself. NoRows: too few
        customers bought again to measure anything.
    """
    used = fitted.family()
    result = Result(
        kind="recommender_comparison", title="How good the recommendations are", currency=snapshot.currency,
        words={"used": RECOMMENDERS[fitted.names[used]].words, "why": fitted.choice.why, "two": "", "lists": ""},
        evidence=Evidence(
            plan=request.model_dump(mode="json"), plan_words=reword_recommenders(request),
            snapshot=snapshot.manifest.id, source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic,
            as_of=snapshot.as_of, window_start=snapshot.manifest.first_day, window_end=snapshot.as_of,
            model=fitted.info(used), rows_scanned=int(fitted.interactions.matrix.nnz)),
        followups=["Which products should we recommend to all customers?", "Top 10 products by revenue"],
    )
    add_models(result, fitted, used)
    names: tuple[str, str] | None = None
    if request.model is not None:
        names = _two(fitted, request)
        _add_two(result, compare(fitted, *names))
    elif fitted.choice.stretch is None:
        raise NoRows("Too few customers bought again in the last weeks to measure how good the recommendations are: "
                     + fitted.choice.why)
    if request.customer_id is not None:
        _add_lists(result, snapshot, fitted, request, names)
    return result


def _two(fitted: FittedRecommender, request: CompareRecommendersRequest) -> tuple[str, str]:
    """Names of the two: the second is the one in use, or the popularity list where that is the first."""
    first = _known(fitted, request.model or "")
    chosen = fitted.choice.name
    if request.against is not None:
        second = _known(fitted, request.against)
    else:
        second = chosen if _name(fitted, first) != chosen else "popularity"
    if _name(fitted, first) == _name(fitted, second):
        raise InvalidPlan("A recommender cannot be compared with itself", received=f"{first}, {second}",
                          valid=sorted(fitted.names))
    return first, second


def _known(fitted: FittedRecommender, asked: str) -> str:
    if asked not in fitted.names and asked not in RECOMMENDERS:
        raise UnknownName("There is no recommender of that name", received=asked, valid=sorted(fitted.names))
    return asked


def _name(fitted: FittedRecommender, asked: str) -> str:
    return asked if asked in RECOMMENDERS and asked not in fitted.names else fitted.names[asked]


def _add_two(result: Result, found: Comparison) -> None:
    first, second = found.first, found.second
    rows: list[list[Any]] = [
        ["later purchases found", *_points(first.recall, second.recall, found.recall)],
        ["nDCG, times a hundred", *_points(first.ndcg, second.ndcg, found.ndcg)],
        ["share of the catalogue shown", round(100 * first.coverage, 1), round(100 * second.coverage, 1),
         round(100 * (first.coverage - second.coverage), 1), None, None],
    ]
    table = Table(
        id="differences", title=f"{first.words} against {second.words}", rows=rows, total_rows=len(rows), columns=[
            Column(name="measure", label="Measure"), Column(name="first", label=first.words, unit="percent"),
            Column(name="second", label=second.words, unit="percent"),
            Column(name="difference", label="Difference", unit="points"),
            Column(name="low", label="Low (95 %)", unit="points"), Column(name="high", label="High (95 %)",
                                                                          unit="points")])
    alike = Table(
        id="alike", title=f"How alike the lists of {found.k} are", total_rows=1,
        rows=[[round(100 * found.overlap, 1), round(100 * found.same_first, 1), found.users]], columns=[
            Column(name="overlap", label="Products in both lists", unit="percent"),
            Column(name="same_first", label="Customers with the same first product", unit="percent"),
            Column(name="customers", label="Customers compared", unit="count")])
    result.tables[:0] = [table, alike]
    result.title = f"{first.words} against {second.words}"
    better = "first" if found.recall.low > 0 else "second" if found.recall.high < 0 else ""
    result.words |= {"two": "yes", "first": first.words, "second": second.words, "better": better}
    for name in ("first", "second", "difference", "low", "high"):
        result.figures[f"found_{name}"] = table.figure(0, name)
    result.figures["overlap"] = alike.figure(0, "overlap")
    result.figures["compared"] = alike.figure(0, "customers")


def _points(first: float, second: float, gap: Difference) -> list[float]:
    return [round(100 * value, 2) for value in (first, second, gap.mean, gap.low, gap.high)]


def _add_lists(
    result: Result, snapshot: Snapshot, fitted: FittedRecommender, request: CompareRecommendersRequest,
    names: tuple[str, str] | None,
) -> None:
    """Both lists of one customer, place by place."""
    customer = known_customer(snapshot, fitted, request.customer_id or "")
    first, second = (_family(fitted, n) for n in names or (fitted.family(), "popularity"))
    if first == second:
        raise InvalidPlan("The two recommenders are variants of one family, of which a list shows only the better",
                          received=first)
    lists = [recommend_for_customers(fitted, [customer], request.k, method=family, reasons=False).product_ids[0]
             for family in (first, second)]
    place = {p: i for i, p in enumerate(fitted.interactions.item_ids)}
    shown = [[None if p is None else name_of(fitted, place[p]) for p in products] for products in lists]
    rows: list[list[Any]] = [[i + 1, a, b] for i, (a, b) in enumerate(zip(*shown, strict=True))]
    words = [RECOMMENDERS[fitted.names[f]].words for f in (first, second)]
    table = Table(id="lists", title=f"Lists for customer {customer}", rows=rows, total_rows=len(rows), columns=[
        Column(name="place", label="Place", unit="count"), Column(name="first", label=words[0]),
        Column(name="second", label=words[1])])
    both = len(set(filter(None, lists[0])) & set(filter(None, lists[1])))
    shared = Table(id="shared", title="Products in both lists", rows=[[both]], total_rows=1,
                   columns=[Column(name="products", label="Products in both lists", unit="count")])
    result.tables += [table, shared]
    result.words |= {"lists": "yes", "list_first": words[0], "list_second": words[1]}
    result.figures["customer"] = Figure(value=customer, unit="id", label="Customer", source=Source(origin="plan"))
    result.figures["shared"] = shared.figure(0, "products")


def _family(fitted: FittedRecommender, name: str) -> str:
    return name if name in fitted.names else RECOMMENDERS[name].family
