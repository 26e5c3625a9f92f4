"""Groups for which nothing was counted, against pandas."""

from __future__ import annotations

import pandas as pd
import pytest

from assistant.data.warehouse import open_snapshot, write_snapshot
from assistant.errors import MissingData
from assistant.llm.replies import compose
from assistant.plans import And, Compare, CustomerCondition, Having, Not, Period, QueryPlan, SegmentRule
from assistant.query.agreed.boundary import boundary_cases
from assistant.query.audience import count_rule
from assistant.query.engine import run_query
from tests.support.tiny_shop import tiny_tables

NONE = "eq"
JANUARY = Period(kind="named", month=1, year=2024)
DECEMBER = Period(kind="named", month=12, year=2023)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """The tiny shop with two customers who never ordered, and contacts and messages for some."""
    made = tiny_tables()
    made["customers"] = pd.concat(
        [made["customers"], pd.DataFrame([("C6", "Spain"), ("C7", "France")], columns=["customer_id", "country"])],
        ignore_index=True,
    )
    made["contacts"] = pd.DataFrame(
        [("C1", "email", "c1@example.com", True, False), ("C2", "email", "c2@example.com", True, True),
         ("C3", "email", "c3@example.com", False, False), ("C6", "email", "c6@example.com", True, False),
         ("C1", "sms", "+49 0", None, False)],
        columns=["customer_id", "channel", "address", "consent", "suppressed"],
    )
    made["campaigns"] = pd.DataFrame(
        [("K1", "First", "email", pd.Timestamp("2023-12-01"), "10 % off")],
        columns=["campaign_id", "name", "channel", "started_at", "offer"],
    )
    made["touches"] = pd.DataFrame(
        [("K1", "C1", "treatment", "email", pd.Timestamp("2023-12-01"), True, True),
         ("K1", "C2", "treatment", "email", pd.Timestamp("2023-12-01"), True, False),
         ("K1", "C6", "control", "email", pd.Timestamp("2023-12-01"), False, False)],
        columns=["campaign_id", "customer_id", "arm", "channel", "sent_at", "delivered", "opened"],
    )
    return made


@pytest.fixture(scope="module")
def shop(tables, tmp_path_factory):
    folder = tmp_path_factory.mktemp("empty")
    write_snapshot(folder, tables, source="tests", name="tiny", currency="EUR")
    return open_snapshot(folder)


def _without(metric: str) -> tuple[Having, ...]:
    return (Having(metric=metric, op=NONE, values=(0,)),)


def _listed(shop, plan: QueryPlan) -> list:
    result = run_query(shop, plan)
    return [row[0] for row in result.table("result").rows]


def _sales(tables, start: str, end: str) -> pd.DataFrame:
    lines = tables["order_lines"]
    day = lines.ordered_at.dt.strftime("%Y-%m-%d")
    return lines[(lines.line_type == "sale") & day.between(start, end)]


def test_countries_without_a_sale(shop, tables):
    plan = QueryPlan(metrics=("revenue",), dimensions=("country",), period=JANUARY, having=_without("revenue"))
    everywhere = set(tables["order_lines"].country)
    assert _listed(shop, plan) == sorted(everywhere - set(_sales(tables, "2024-01-01", "2024-01-31").country))


def test_products_and_categories_without_a_sale(shop, tables):
    sold = set(_sales(tables, "2023-12-01", "2023-12-31").product_id)
    listed = tables["products"]
    products = QueryPlan(metrics=("units",), dimensions=("product",), period=DECEMBER, having=_without("units"))
    assert set(_listed(shop, products)) == set(listed.product_id) - sold
    categories = products.model_copy(update={"dimensions": ("category",)})
    assert set(_listed(shop, categories)) == set(listed.category) - set(
        listed[listed.product_id.isin(sold)].category
    )


def test_a_trait_of_the_product_narrows_the_list_and_one_of_the_sale_does_not(shop, tables):
    narrowed = QueryPlan(
        metrics=("units",), dimensions=("product",), having=_without("units"), period=DECEMBER,
        filter=Compare(field="category", values=("Kitchen",)),
    )
    sold = set(_sales(tables, "2023-12-01", "2023-12-31").product_id)
    kitchen = tables["products"].query("category == 'Kitchen'").product_id
    assert set(_listed(shop, narrowed)) == set(kitchen) - sold
    german = QueryPlan(
        metrics=("units",), dimensions=("product",), having=_without("units"),
        filter=Compare(field="country", values=("France",)),
    )
    french = tables["order_lines"].query("country == 'France' and line_type == 'sale'").product_id
    assert set(_listed(shop, german)) == set(tables["products"].product_id) - set(french)


def test_months_and_weekdays_without_an_order(shop, tables):
    months = QueryPlan(
        metrics=("orders",), dimensions=("day",), having=_without("orders"),
        period=Period(kind="absolute", start="2024-01-01", end="2024-01-31"),
    )
    days = set(_sales(tables, "2024-01-01", "2024-01-31").ordered_at.dt.strftime("%Y-%m-%d"))
    every = {d.strftime("%Y-%m-%d") for d in pd.date_range("2024-01-01", "2024-01-31")}
    assert set(_listed(shop, months)) == every - days
    weekdays = months.model_copy(update={"dimensions": ("weekday",), "period": None})
    names = set(tables["order_lines"].query("line_type == 'sale'").ordered_at.dt.day_name())
    assert set(_listed(shop, weekdays)) == {
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"
    } - names


def test_where_every_group_has_something_the_answer_is_none(shop):
    plan = QueryPlan(metrics=("orders",), dimensions=("month",), having=_without("orders"))
    result = run_query(shop, plan)
    assert result.figures["groups"].value == 0
    assert result.figures["checked"].value == 5  # November to March
    assert compose([result]).text.startswith("**None**: each of the 5 months")


def test_customers_who_never_ordered_are_listed_and_counted(shop, tables):
    never = CustomerCondition(metric="orders", op="eq", values=(0,))
    bought = set(tables["order_lines"].query("line_type == 'sale'").customer_id.dropna())
    expected = set(tables["customers"].customer_id) - bought
    plan = QueryPlan(metrics=("revenue",), dimensions=("customer",), filter=never)
    assert set(_listed(shop, plan)) == expected
    assert count_rule(shop, SegmentRule(filter=never)).figures["customers"].value == len(expected)
    having = QueryPlan(metrics=("orders",), dimensions=("customer",), having=_without("orders"))
    assert set(_listed(shop, having)) == expected


@pytest.mark.parametrize(
    ("metric", "channel", "op", "value"),
    [("contactable_customers", "email", "eq", 0), ("consenting_customers", "email", "ge", 1),
     ("mailable_customers", "email", "ge", 1), ("suppressed_customers", "email", "ge", 1),
     ("delivered", "email", "eq", 0), ("opened", "email", "ge", 1), ("contactable_customers", "sms", "ge", 1)],
)
def test_conditions_on_contacts_and_messages(shop, tables, metric, channel, op, value):
    contacts = tables["contacts"].query("channel == @channel")
    agreed = contacts.consent.eq(True)
    rows = {
        "contactable_customers": contacts,
        "consenting_customers": contacts[agreed],
        "mailable_customers": contacts[agreed & ~contacts.suppressed.astype(bool)],
        "suppressed_customers": contacts[contacts.suppressed.astype(bool)],
        "delivered": tables["touches"].query("arm != 'control' and delivered"),
        "opened": tables["touches"].query("arm != 'control' and opened"),
    }[metric]
    having, everyone = set(rows.customer_id), set(tables["customers"].customer_id)
    expected = having if value else everyone - having
    condition = CustomerCondition(
        metric=metric, op=op, values=(value,), where=Compare(field="message_channel", values=(channel,))
    )
    assert count_rule(shop, SegmentRule(filter=condition)).figures["customers"].value == len(expected)
    if not value:
        plan = QueryPlan(metrics=("revenue",), dimensions=("customer",), filter=condition)
        assert set(_listed(shop, plan)) == expected


def test_missing_tables_are_named(tmp_path):
    write_snapshot(tmp_path, tiny_tables(), source="tests", name="tiny", currency="EUR")
    bare = open_snapshot(tmp_path)
    condition = CustomerCondition(metric="opened", op="eq", values=(0,))
    with pytest.raises(MissingData, match="touches"):
        run_query(bare, QueryPlan(metrics=("revenue",), dimensions=("customer",), filter=condition))
    with pytest.raises(MissingData, match="contacts"):
        run_query(bare, QueryPlan(metrics=("mailable_customers",)))


def test_the_lift_has_its_interval(tmp_path, tables):
    sizes = {"treatment": (40, 12), "control": (25, 3)}
    made = {**tables}
    rows, answers = [], []
    for arm, (size, hits) in sizes.items():
        rows += [("K1", f"{arm}{i}", arm, "email", pd.Timestamp("2023-12-01"), True, True) for i in range(size)]
        answers += [("K1", f"{arm}{i}", pd.Timestamp("2023-12-05"), 10.0) for i in range(hits)]
    made["touches"] = pd.DataFrame(rows, columns=list(tables["touches"].columns))
    made["responses"] = pd.DataFrame(answers, columns=["campaign_id", "customer_id", "responded_at", "revenue"])
    write_snapshot(tmp_path, made, source="tests", name="tiny", currency="EUR")
    plan = QueryPlan(metrics=("lift", "lift_low", "lift_high"))
    figures = run_query(open_snapshot(tmp_path), plan).figures
    a, b = 12 / 40, 3 / 25
    spread = 1.96 * (a * (1 - a) / 40 + b * (1 - b) / 25) ** 0.5
    assert figures["lift"].value == pytest.approx((a - b) * 100)
    assert figures["lift_low"].value == pytest.approx((a - b - spread) * 100)
    assert figures["lift_high"].value == pytest.approx((a - b + spread) * 100)


def test_without_a_control_group_there_is_no_lift(tmp_path, tables):
    made = {**tables, "touches": tables["touches"].query("arm != 'control'").reset_index(drop=True)}
    made["responses"] = pd.DataFrame(
        [("K1", "C1", pd.Timestamp("2023-12-05"), 10.0)],
        columns=["campaign_id", "customer_id", "responded_at", "revenue"],
    )
    write_snapshot(tmp_path, made, source="tests", name="tiny", currency="EUR")
    assert run_query(open_snapshot(tmp_path), QueryPlan(metrics=("lift",))).figures["lift"].value is None


def test_rules_on_consents_and_messages_have_boundary_customers(shop):
    by_email = Compare(field="message_channel", values=("email",))
    bought = CustomerCondition(metric="orders", op="ge", values=(1,))
    for metric, op, value in (("consenting_customers", "eq", 0), ("mailable_customers", "ge", 1), ("opened", "ge", 1)):
        rule = And(parts=(bought, CustomerCondition(metric=metric, op=op, values=(value,), where=by_email)))
        cases = boundary_cases(shop, rule)
        sides = {c.label: c.expected for c in cases.cases}
        if metric == "consenting_customers":
            assert (sides["consent True"], sides["consent False"], sides["consent None"]) == (False, True, True)
        turned = And(parts=(bought, Not(part=rule.parts[1])))
        assert cases.selected(shop, rule) and cases.selected(shop, turned) != cases.selected(shop, rule), metric
