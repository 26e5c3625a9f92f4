"""Which column holds what, and how far it is filled, against pandas."""

from __future__ import annotations

import pandas as pd
import pytest

from assistant.data.warehouse import open_snapshot, write_snapshot
from assistant.errors import MissingData, UnknownName
from assistant.llm.replies import compose
from assistant.plans import DataRequest
from assistant.query.data_answers import answer_about_data
from assistant.query.field_search import coverage, find_fields
from tests.support.tiny_shop import tiny_tables


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    made = tiny_tables()
    made["customers"]["gender"] = ["female", None, "male", None, None]
    made["products"]["x_fabric_weight"] = [1.0, None, 2.0, None, None]
    return made


@pytest.fixture(scope="module")
def shop(tables, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fields")
    write_snapshot(folder, tables, source="tests", name="tiny", currency="EUR")
    return open_snapshot(folder)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("date of first purchase", "first_order_date"), ("day of the first order", "first_order"),
        ("email marketing consent", "contacts.consent"), ("product costs", "products.cost"),
        ("gender", "customers.gender"), ("list price", "products.price"), ("order status", "orders.status"),
        ("phone number", "contacts.address"), ("birthday", "customers.birth_year"),
        ("acquisition channel", "customers.acquisition_channel"), ("last purchase date", "last_order_date"),
        ("whether an email was opened", "touches.opened"), ("units in stock", "products.stock"),
        ("fabric weight", "products.x_fabric_weight"), ("campaign cost", "campaigns.cost"),
    ],
)
def test_a_field_is_found_by_what_people_call_it(shop, words, expected):
    assert expected in [field.name for field, _ in find_fields(shop, words)]


@pytest.mark.parametrize("words", ["weather", "customer reviews", "payment method", "loyalty points", "warehouse"])
def test_what_no_column_holds_is_not_found(shop, words):
    assert find_fields(shop, words) == []
    with pytest.raises(MissingData, match=words):
        answer_about_data(shop, DataRequest(about="have", words=words))


def test_coverage_is_counted_in_the_data(shop, tables):
    assert coverage(shop, "customers.gender") == (5, int(tables["customers"].gender.notna().sum()))
    assert coverage(shop, "products.x_fabric_weight") == (5, int(tables["products"].x_fabric_weight.notna().sum()))
    assert coverage(shop, "contacts.consent")[1] == 0
    known = tables["order_lines"].customer_id.notna()
    assert coverage(shop, "order_lines.customer_id") == (len(known), int(known.sum()))


def test_a_column_that_is_not_filled_is_a_no_with_what_it_would_allow(shop):
    text = compose([answer_about_data(shop, DataRequest(about="have", words="birthday"))]).text
    assert text.startswith("No")
    assert "customers.birth_year" in text
    assert "age band" in text


def test_fields_for_an_audience_are_those_of_its_conditions(shop):
    request = DataRequest(about="fields", names=("days_since_last_order", "country"))
    found = answer_about_data(shop, request).details["fields"]
    assert found[:2] == ["days_since_last_order", "order_lines.country"] or found[0] == "days_since_last_order"
    assert "mailable_customers" in found


def test_rows_of_a_table_and_what_counts_as_sales(shop, tables):
    result = answer_about_data(shop, DataRequest(about="rows", table="orders"))
    assert result.figures["orders"].value == len(tables["orders"])
    sales = tables["order_lines"].query("line_type == 'sale'")
    assert result.figures["sale_orders"].value == sales.order_id.nunique()
    with pytest.raises(UnknownName):
        answer_about_data(shop, DataRequest(about="rows", table="nothing"))
    with pytest.raises(MissingData, match="touches"):
        answer_about_data(shop, DataRequest(about="rows", table="touches"))


def test_freshness_names_the_last_day(shop):
    result = answer_about_data(shop, DataRequest(about="freshness"))
    assert result.figures["last_day"].value == "2024-03-09"
    assert "9 March 2024" in compose([result]).text


def test_a_search_needs_something_to_look_for():
    with pytest.raises(ValueError, match="words or names"):
        DataRequest(about="fields")
