"""How many customers have left and will leave, by group: by country, channel, segment, category, or two groups.

"Churn rate" has two meanings here and both are given: who has already left (seen in the orders, by the shop's own rule)
and who is expected to (predicted, of those who have not). Groups that are split by something else than time are
compared by the first; two groups that were named by the second, since a rule may well say how long ago somebody
ordered. Intervals are Wilson's (Wilson 1927, *JASA* 22, 209–212; of an expectation as if that many had left), and a
difference counts where they do not touch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.errors import MissingData, NoRows
from assistant.models.close_inputs import proxy_caveats
from assistant.models.value.churn import ChurnModel
from assistant.models.value.exam_tables import calibration_table, exam_caveats, exam_figures, exam_table, one_row
from assistant.models.value.report import churn_evidence
from assistant.models.value.value_groups import MOST_GROUPS, NOT_SET, SMALL, WORDS, group_names
from assistant.plans import ChurnRequest, Filter, Not
from assistant.plans.reword import reword_filter
from assistant.results import Caveat, Chart, Column, Figure, Result, Source, Table

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot
    from assistant.results.result import Scalar

_WORDS = {name: words[0] for name, words in WORDS.items()} | {
    "category": "Category bought", "message_channel": "Agreed to"}
#: Splits of which one customer may be in several groups.
_OVERLAPPING = frozenset({"category", "message_channel"})
EVERYBODY_ELSE = "everybody else"
#: Splits by when people ordered: who came lately cannot have left yet.
_OF_TIME = frozenset({"segment", "first_month", "first_quarter", "first_year"})
_INSTEAD = ["Churn rate by segment", "Churn rate by country"]


def churn_groups_result(snapshot: Snapshot, request: ChurnRequest, fitted: ChurnModel, scores: pd.DataFrame) -> Result:
    """One row per group: customers, who have left, who will.

    Args:
        scores: of :meth:`ChurnModel.predict`.

    Raises:
        MissingData: the data do not hold what is split by. NoRows: nobody of the selection can be scored.
    """
    chosen = scores if request.filter is None or request.against is not None else _of(snapshot, request.filter, scores)
    if chosen.empty:
        raise NoRows("No customer of this selection has an order, so there is nothing to predict from")
    groups = _groups(snapshot, request, chosen)
    table = _table(groups, str(request.by) if request.by else "")
    everybody = _row("", chosen if request.against is None else _either(groups, chosen))
    names = [c.name for c in table.columns]
    summary = one_row("summary", "All of them", [
        (name, c.label, c.unit, value) for name, c, value in zip(names[1:], table.columns[1:], everybody[1:],
                                                                strict=True)]
        + [("horizon", "No order within", "days", request.horizon_days)])
    tables = [table, summary, exam_table(fitted.exam_, fitted.uses_rule_),
              calibration_table(fitted.exam_)]
    figures = {c.name: summary.figure(0, c.name) for c in summary.columns if summary.cell(0, c.name) is not None}
    figures |= exam_figures(tables)
    words, more = _verdict(table, request)
    return Result(
        kind="churn_groups", title=f"Leaving by {_WORDS[request.by].lower()}" if request.by else "Leaving, two groups",
        currency=snapshot.currency, figures=figures | more, headline=["lapsed_share", "leaving_share"], tables=tables,
        charts=[Chart(kind="bar", table="groups", x="group", y=["lapsed_share", "leaving_share"],
                      title="Have left, and will leave")] if len(table.rows) > 1 else [],
        words={"by": _WORDS[request.by].lower() if request.by else "",
               "overlapping": "yes" if request.by in _OVERLAPPING or _share_people(groups) else "",
               "circular": "segment" if request.by == "segment" else "cohort" if request.by in _OF_TIME else "",
               "rule_used": "yes" if fitted.uses_rule_ else "", **words},
        caveats=[*exam_caveats(fitted.exam_, fitted.uses_rule_, figures), *proxy_caveats(fitted.proxies_),
                 *_small(table)],
        evidence=churn_evidence(snapshot, request, fitted),
        followups=["Who is about to leave?", "What are the main drivers of churn?", "Is the churn model any good?"],
    )


def _of(snapshot: Snapshot, condition: Filter, scores: pd.DataFrame) -> pd.DataFrame:
    from assistant.query.audience import customer_ids

    return scores[scores["customer_id"].isin(set(customer_ids(snapshot, condition)))]


def _groups(snapshot: Snapshot, request: ChurnRequest, chosen: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The customers of each group by its name."""
    if request.against is not None:
        assert request.filter is not None
        rest = request.against == Not(part=request.filter)
        return {reword_filter(request.filter): _of(snapshot, request.filter, chosen),
                EVERYBODY_ELSE if rest else reword_filter(request.against): _of(snapshot, request.against, chosen)}
    by = str(request.by)
    if by in _OVERLAPPING:
        held = _categories(snapshot) if by == "category" else _channels(snapshot)
        return {name: part for name, ids in held.items()
                if len(part := chosen[chosen["customer_id"].isin(ids)])}
    names = group_names(snapshot, chosen.rename(columns={"tenure_days": "age_days"}), by).astype(str)
    return {str(name): part for name, part in chosen.groupby(names)}


def _categories(snapshot: Snapshot) -> dict[str, set[str]]:
    """Customers by the categories they bought anything of."""
    if not snapshot.has("products", "category"):
        raise MissingData("The data hold no categories of products", received="products.category", nearest=_INSTEAD)
    lines = snapshot.table("order_lines")
    products = snapshot.table("products").select("product_id", "category")
    sold = lines.filter((lines.line_type == "sale") & (lines.quantity > 0) & lines.customer_id.notnull())
    pairs = sold.select("customer_id", "product_id").left_join(products, "product_id")
    return _by_name(snapshot.execute(pairs.select("customer_id", group=pairs.category).distinct()).to_pylist())


def _channels(snapshot: Snapshot) -> dict[str, set[str]]:
    """Customers by the channels they agreed to be contacted on."""
    if not snapshot.has("contacts", "consent"):
        raise MissingData("The data hold no consents of customers", received="contacts.consent", nearest=_INSTEAD)
    contacts = snapshot.table("contacts")
    agreed = contacts.filter(contacts.consent.fill_null(False))
    return _by_name(snapshot.execute(agreed.select("customer_id", group=agreed.channel).distinct()).to_pylist())


def _by_name(rows: list[dict[str, Any]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(str(row["group"] or NOT_SET), set()).add(str(row["customer_id"]))
    return found


def _either(groups: dict[str, pd.DataFrame], chosen: pd.DataFrame) -> pd.DataFrame:
    ids = {c for part in groups.values() for c in part["customer_id"]}
    return chosen[chosen["customer_id"].isin(ids)]


def _share_people(groups: dict[str, pd.DataFrame]) -> bool:
    return sum(map(len, groups.values())) > len({c for part in groups.values() for c in part["customer_id"]})


def _row(name: str, part: pd.DataFrame) -> list[Scalar]:
    active, n, gone = part[~part["lapsed"]], len(part), int(part["lapsed"].sum())
    low, high = _interval(float(gone), n)
    return [name, n, gone, 100 * gone / n if n else None, low, high, len(active), int(active["at_risk"].sum()),
            100 * float(active["churn_probability"].mean()) if len(active) else None]


def _interval(hits: float, n: int) -> tuple[float | None, float | None]:
    if not n:
        return None, None
    import numpy as np

    from assistant.features.baskets import wilson

    low, high = wilson(np.array([hits]), np.array([float(n)]))
    return 100 * float(low[0]), 100 * float(high[0])


def _table(groups: dict[str, pd.DataFrame], by: str) -> Table:
    rows = [_row(name, part) for name, part in groups.items()]
    if by.startswith("first_"):
        rows = sorted(rows, key=lambda r: str(r[0]))[-MOST_GROUPS:]
    elif by:
        rows = sorted(rows, key=lambda r: (int(r[1] or 0) < SMALL, -float(r[3] or 0), str(r[0])))[:MOST_GROUPS]
    return Table(id="groups", title=f"By {_WORDS[by].lower()}" if by else "Two groups", rows=rows,
                 total_rows=len(groups), columns=[
        Column(name="group", label=_WORDS.get(by, "Customers where")),
        Column(name="customers", label="Customers with orders", unit="count"),
        Column(name="lapsed", label="Have left", unit="count"),
        Column(name="lapsed_share", label="Share that has left", unit="percent"),
        Column(name="lower", label="At least", unit="percent"), Column(name="upper", label="At most", unit="percent"),
        Column(name="active", label="Have not left", unit="count"),
        Column(name="at_risk", label="Of these about to leave", unit="count"),
        Column(name="leaving_share", label="Of these expected to leave", unit="percent")])


def _verdict(table: Table, request: ChurnRequest) -> tuple[dict[str, str], dict[str, Figure]]:
    """Which group loses the largest share, and whether it is apart from the one that loses the smallest."""
    counted, measure = ("active", "leaving_share") if request.by is None else ("customers", "lapsed_share")
    n, share = table.column_index(counted), table.column_index(measure)
    large = [i for i, row in enumerate(table.rows)
             if int(row[n] or 0) >= (1 if request.by is None else SMALL) and row[0] != NOT_SET]
    if len(large) < 2 or request.by in _OF_TIME:
        return {"most": "", "least": "", "apart": ""}, {}
    most, least = (pick(large, key=lambda i: float(table.rows[i][share] or 0)) for pick in (max, min))
    ends = [_interval(float(table.rows[i][share] or 0) / 100 * int(table.rows[i][n] or 0), int(table.rows[i][n] or 0))
            for i in (most, least)]
    apart = float(ends[0][0] or 0) > float(ends[1][1] or 0)
    return {"most": str(table.rows[most][0]), "least": str(table.rows[least][0]), "apart": "yes" if apart else ""}, {
        "most_share": table.figure(most, measure), "least_share": table.figure(least, measure)}


def _small(table: Table) -> list[Caveat]:
    place = table.column_index("customers")
    few = sum(int(row[place] or 0) < SMALL for row in table.rows)
    if not few or len(table.rows) < 2:
        return []
    n = Figure(value=few, unit="count", label="Small groups",
               source=Source(table="groups", derivation=f"groups of fewer than {SMALL} customers", origin="derived"))
    return [Caveat(code="churn_small_groups", figures={"n": n})]
