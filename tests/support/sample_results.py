"""One believable result of every kind, for drawing. The numbers are of an invented shop."""

from __future__ import annotations

from datetime import date, timedelta

from assistant.results import (
    Chart,
    Column,
    DefinitionUsed,
    Evidence,
    Figure,
    ModelInfo,
    Question,
    Refusal,
    Result,
    Source,
    Table,
)
from assistant.results.result import Scalar, Unit

EVIDENCE = Evidence(
    plan={"kind": "query", "metrics": ["revenue"]}, plan_words="Revenue by week, last month",
    sql="SELECT week, sum(amount) AS revenue\nFROM order_lines\nGROUP BY 1", rows_scanned=184_210,
    snapshot="20260301T1200", source="demo", synthetic=True, as_of=date(2026, 3, 9),
    window_start=date(2024, 3, 1), window_end=date(2026, 3, 9),
    definitions=[DefinitionUsed(term="sales", meaning="product lines before returns")],
    assumptions=["“Last month” is February 2026, the last complete month."], milliseconds=41.0,
)


def table(id_: str, title: str, columns: list[tuple[str, str, Unit]], rows: list[list[Scalar]],
          total: int | None = None) -> Table:
    """A table from ``(name, label, unit)`` columns."""
    return Table(id=id_, title=title, columns=[Column(name=n, label=lab, unit=u) for n, lab, u in columns], rows=rows,
                 total_rows=len(rows) if total is None else total)


def query() -> Result:
    weeks = [date(2026, 1, 5) + timedelta(weeks=i) for i in range(10)]
    values = [18240.5, 17110.0, 19022.25, 18877.75, 21040.0, 20551.5, 22010.0, 21877.25, 23110.5, 9120.0]
    rows = table("weekly", "Revenue by week", [("week", "Week", "date"), ("revenue", "Revenue", "currency"),
                                               ("orders", "Orders", "count"), ("incomplete", "Incomplete", "text")],
                 [[d.isoformat(), v, int(v / 41), i == 9] for i, (d, v) in enumerate(zip(weeks, values, strict=True))])
    return Result(
        kind="query", title="Revenue, February 2026", currency="GBP", tables=[rows],
        figures={
            "revenue": Figure(value=85478.75, unit="currency", label="Revenue, February 2026",
                              source=Source(table="weekly", row=4, column="revenue")),
            "change": Figure(value=12.4, unit="percent", label="Change from January",
                             source=Source(derivation="february / january - 1", origin="derived",
                                           inputs={"february": Source(table="weekly", row=4, column="revenue")})),
        },
        headline=["revenue", "change"],
        charts=[Chart(kind="line", table="weekly", x="week", y=["revenue"], title="Revenue by week")],
        evidence=EVIDENCE,
    )


def change() -> Result:
    rows = table("drivers", "What made the difference",
                 [("driver", "Driver", "text"), ("effect", "Effect", "currency"), ("measure", "Kind", "text")],
                 [["October", 71020.0, "start"], ["Customers", 6210.0, "relative"], ["Orders per customer", -1180.0,
                  "relative"], ["Items per order", 2210.0, "relative"], ["Price", 980.0, "relative"],
                  ["Mix", -460.0, "relative"], ["November", 78780.0, "end"]])
    return Result(kind="change", title="Revenue, November against October", currency="GBP", tables=[rows],
                  charts=[Chart(kind="waterfall", table="drivers", x="driver", y=["effect"],
                                title="From October to November")],
                  figures={"change": rows.figure(1, "effect", "Change by customers")}, headline=["change"],
                  evidence=EVIDENCE)


def forecast() -> Result:
    start = date(2025, 12, 1)
    rows: list[list[Scalar]] = []
    for i in range(14):
        rows.append([(start + timedelta(weeks=i)).isoformat(), 18000.0 + 450 * (i % 5), None, None, None])
    for i in range(14, 22):
        point = 19400.0 + 300 * (i % 4)
        rows.append([(start + timedelta(weeks=i)).isoformat(), None, point, point - 1500, point + 1600])
    series = table("series", "History and forecast",
                   [("ds", "Week", "date"), ("y", "Revenue", "currency"), ("forecast", "Forecast", "currency"),
                    ("lower", "Lower", "currency"), ("upper", "Upper", "currency")], rows)
    evidence = EVIDENCE.model_copy(update={"model": ModelInfo(
        name="AutoETS", parameters={"season_length": 52}, quality={"mase": 0.82, "coverage": 0.79},
        baseline={"mase": 1.0, "coverage": 0.74})})
    return Result(kind="forecast", title="Revenue, next 8 weeks", currency="GBP", tables=[series], evidence=evidence,
                  charts=[Chart(kind="line", table="series", x="ds", y=["y", "forecast"], lower="lower", upper="upper",
                                title="Revenue by week, with an 80 % interval")],
                  figures={"total": Figure(value=156800.0, unit="currency", label="Next 8 weeks",
                                           source=Source(derivation="sum(forecast)", origin="derived"))},
                  headline=["total"])


def segments() -> Result:
    columns: list[tuple[str, str, Unit]] = [
        ("segment", "Segment", "text"), ("customers", "Customers", "count"), ("share", "Share of revenue", "percent"),
        ("days", "Days since last order", "days"),
    ]
    rows = table("segments", "Segments", columns, [
        ["Champions", 412, 38.2, 9], ["Loyal", 806, 27.1, 28], ["New", 390, 6.4, 17], ["At risk", 640, 18.8, 133],
        ["Asleep", 1204, 9.5, 311]])
    picture = Chart(kind="bar", table="segments", x="segment", y=["customers"], title="Customers by segment")
    return Result(kind="segments", title="Customer segments", currency="GBP", tables=[rows], evidence=EVIDENCE,
                  charts=[picture])


def recommendation() -> Result:
    rows = table("products", "Recommended", [("rank", "Rank", "number"), ("product_id", "Id", "id"),
                                             ("name", "Product", "text"), ("price", "Price", "currency"),
                                             ("reason", "Why", "text")],
                 [[1, "P3", "Linen Cushion", 25.0, "bought with Garden Lantern"], [2, "P5", "Tea Towel", 5.0, None]])
    return Result(kind="recommendation", title="For customer 17850", currency="GBP", tables=[rows], evidence=EVIDENCE)


def new_products() -> Result:
    rows = table("products", "New products", [("product_id", "Id", "id"), ("name", "Product", "text"),
                                              ("price", "Price", "currency"), ("reason", "Reason", "text")],
                 [["P9", "Oak Tray", 18.0, "like Linen Cushion, which they bought (brand Birch)"]])
    return Result(kind="new_products", title="New for 17850", currency="GBP", tables=[rows], evidence=EVIDENCE)


def campaign() -> Result:
    waterfall = table("audience", "Audience", [("condition", "Condition", "text"), ("size", "Customers", "count")],
                      [["All customers", 5012], ["Not ordered for 90 days", 1840], ["Bought before", 1333],
                       ["May be e-mailed", 702], ["After control group", 632]])
    products = table("products", "Products", [("name", "Product", "text"), ("price", "Price", "currency"),
                                              ("offer_price", "With offer", "currency")],
                     [["Linen Cushion", 25.0, 22.5], ["Garden Lantern", 40.0, 36.0]])
    return Result(
        kind="campaign", title="Win back lapsed customers", currency="GBP", tables=[waterfall, products],
        charts=[Chart(kind="bar", table="audience", x="condition", y=["size"], title="Audience after each condition")],
        figures={"mailable": waterfall.figure(3, "size", "May be e-mailed")}, headline=["mailable"], evidence=EVIDENCE,
        details={
            "campaign_id": "c-1", "copy": [
                {"channel": "email", "subject": "We kept your favourites", "preheader": "10 % off homeware",
                 "body": "Hello,\n\nyour next cushion is waiting: Linen Cushion, now £22.50 instead of £25.00."},
                {"channel": "sms", "body": "10 % off homeware until 31 March. Linen Cushion £22.50. STOP to end."},
            ],
            "checklist": [{"text": "Consent checked per channel", "done": True}, {"text": "Copy read by a person",
                                                                                 "done": False}],
        },
    )


def refusal() -> Result:
    return Result(kind="refusal", title="Return rate by category", refusal=Refusal(
        reason="missing_data", message="The data have no product categories.", missing=["products.category"],
        nearest=["What is our return rate by product?"]))


def question() -> Result:
    return Result(kind="question", title="Which do you mean?", question=Question(
        text="Which “best” do you mean?", options=["Best by revenue", "Best by units sold"]))


def simple(kind: str, title: str) -> Result:
    """A plain table of a kind without a special shape."""
    columns: list[tuple[str, str, Unit]] = [
        ("id", "Customer", "id"), ("value", "Spent", "currency"), ("p", "Chance", "probability")]
    rows = table("rows", title, columns,
                 [[str(12340 + i), 812.5 - 31 * i, 0.9 - i / 40] for i in range(20)], total=312)
    return Result(kind=kind, title=title, currency="GBP", tables=[rows], evidence=EVIDENCE,
                  charts=[Chart(kind="bar", table="rows", x="id", y=["value"], title=title)])


def categories(kind: str = "categories") -> Result:
    size: list[tuple[str, str, Unit]] = [("products", "Products", "count"), ("revenue", "Revenue", "currency"),
                                         ("revenue_share", "Share of revenue", "percent")]
    named: tuple[str, str, Unit] = ("category", "Category", "text")
    sold: tuple[str, str, Unit] = ("examples", "Best sellers", "text")
    tops = table("categories", "Categories", [named, *size, sold,
                                              ("subcategories", "Subcategories", "text")],
                 [["Bags", 244, 2054952.95, 10.5, "Jumbo bag", "Gift bags and Purses"], ["Other", 267, 1414120.22, 7.2,
                                                                                         "Party cone", ""]])
    subs = table("subcategories", "Subcategories", [named, ("subcategory", "Subcategory", "text"),
                                                    *size, sold],
                 [["Bags", "Gift bags", 153, 1800000.0, 9.2, "Jumbo bag"]])
    return Result(kind=kind, title="Categories in use", currency="GBP", tables=[tops, subs], evidence=EVIDENCE)


def every_kind() -> dict[str, Result]:
    """One result per kind."""
    made = [query(), change(), forecast(), segments(), recommendation(), new_products(), campaign(), refusal(),
            question(),
            *map(categories, ("categories", "categories_proposed", "categories_changed"))]
    plain = [simple(kind, kind.replace("_", " ")) for kind in (
        "data_overview", "audience", "customer_profile", "interests", "fairness", "report", "privacy",
        "bought_together", "product_search", "product_trends", "interest_list",
        "segment_reason", "churn", "churn_standing", "churn_groups", "churn_exam", "churn_drivers", "ordering",
        "ordering_exam",
        "table_scores", "table_exam", "table_drivers", "table_list", "uplift", "read_out", "campaign_list",
        "campaign_message", "campaign_reason", "send_times",
        "dry_run", "sending_state", "campaign_calendar", "exported", "send_plan", "sending_stopped",
        "usual", "runs", "gap", "reach", "pace", "scaled",
        "cohorts", "returning", "ladder", "spread", "early", "concentration", "standing",
        "term_agreed", "term_withdrawn", "terms", "segment_saved", "saved_segment", "saved_segments", "segment_change",
        "segment_changed", "segment_tested", "segment_refreshed", "segment_drift", "category_edited",
        "category_products", "undone",
        "audience_pair", "group_comparison", "group_movers",
        "campaigns_seen", "experiment", "experiment_history", "experiment_list", "experiment_size", "experiment_days",
        "subject_lines", "exploration",
        "offer_choice", "offer_needs", "own_experiment",
        "explanation", "recommendation_why", "recommender_comparison", "promotion", "bundles",
        "substitutes", "something_new")]
    return {result.kind: result for result in made + plain}
