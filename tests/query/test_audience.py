"""Audiences of the tiny shop, counted on paper."""

from __future__ import annotations

import pytest

from assistant.errors import MissingData, NoRows, NotPermitted, UnknownName
from assistant.llm.replies import caveat_texts, compose
from assistant.plans import And, Compare, CustomerCondition, Not, SegmentRule
from assistant.query.audience import count_rule, customer_ids, mask
from assistant.query.definitions import Definitions

GERMANY = Compare(field="country", values=("Germany",))
SPENT_40 = CustomerCondition(metric="revenue", op="gt", values=(40,))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (None, ["C1", "C2", "C3", "C4", "C5"]),
        (GERMANY, ["C1", "C2"]),
        (Not(part=GERMANY), ["C3", "C4", "C5"]),
        (And(parts=(GERMANY, SPENT_40)), ["C1"]),
        (Compare(field="category", values=("Kitchen",)), ["C1", "C2", "C3", "C4"]),
        (Compare(field="category", op="ne", values=("Kitchen",)), ["C5"]),
        (Compare(field="product", op="contains", values=("mug",)), ["C1", "C2", "C3", "C4"]),
        (Compare(field="first_product", values=("P4",)), ["C5"]),
        (Compare(field="first_order", op="lt", values=("2023-12-01",)), ["C1", "C2"]),
    ],
)
def test_ids(shop, rule, expected):
    assert customer_ids(shop, rule) == expected


def test_an_earlier_analysis_date_knows_only_what_was_known_then(shop):
    from datetime import date

    lapsed = CustomerCondition(metric="days_since_last_order", op="ge", values=(30,))
    assert customer_ids(shop, lapsed) == ["C3", "C4"]
    assert customer_ids(shop.at(date(2024, 1, 5)), lapsed) == ["C1", "C2", "C3"]


def test_waterfall_profile_and_sample(shop):
    result = count_rule(shop, SegmentRule(filter=And(parts=(GERMANY, SPENT_40)), name="Germans"))
    assert [r[1] for r in result.table("waterfall").rows] == [5, 2, 1]
    assert [r[2] for r in result.table("waterfall").rows] == [0, 3, 1]
    profile = result.table("profile")
    assert profile.rows[0][:3] == ["audience", 1, 116.0]
    assert profile.rows[1][:3] == ["everyone else", 4, 165 / 4]
    assert result.figures["share"].value == 20.0
    assert result.table("sample").rows[0][0] == mask("C1") != "C1"
    codes = {c.code for c in result.caveats}
    assert {"guests_unselectable", "small_sample"} <= codes
    assert "**1** customer meets" in compose([result]).text
    assert caveat_texts(result)


def test_refusals_name_the_condition(shop):
    with pytest.raises(NoRows, match="90,000"):
        rich = CustomerCondition(metric="revenue", op="gt", values=(90000,))
        count_rule(shop, SegmentRule(filter=And(parts=(GERMANY, rich))))
    with pytest.raises(NotPermitted):
        customer_ids(shop, Compare(field="gender", values=("f",)))
    with pytest.raises(MissingData):
        customer_ids(shop, CustomerCondition(metric="discount_rate", op="ge", values=(10,)))
    with pytest.raises(MissingData):
        customer_ids(shop, Compare(field="city", values=("Paris",)))
    with pytest.raises(UnknownName):
        customer_ids(shop, Compare(field="country", values=("Germny",)))


def test_every_built_in_definition_is_a_rule_that_runs_or_names_what_is_missing(shop):
    definitions = Definitions()
    assert definitions.definition_filter("Lapsed customers")["metric"] == "days_since_last_order"
    assert definitions.definition_filter("bestsellers") is None
    assert definitions.find("bestsellers").rank_by == "units"
    assert definitions.find("no such word") is None
    ran = 0
    for definition in definitions.all():
        if definition.filter is None:
            continue
        try:
            customer_ids(shop, definition.filter)
            ran += 1
        except MissingData as error:
            assert "order_lines.discount" in str(error)
    assert ran >= 10


def test_an_agreed_definition_hides_the_built_in_one():
    from datetime import date

    from assistant.query.definitions import Definition

    agreed = Definition(
        "lapsed",
        "no order for 200 days",
        CustomerCondition(metric="days_since_last_order", op="ge", values=(200,)),
        words=("gone quiet",),
        author="Ada",
        decided_on=date(2024, 1, 2),
    )
    definitions = Definitions(agreed=(agreed,))
    assert definitions.definition_filter("lapsed")["values"] == [200]
    used = definitions.used("gone quiet")[0]
    assert (used.author, used.assumed) == ("Ada", False)
    assert len([d for d in definitions.all() if d.term == "lapsed"]) == 1


def test_who_is_silently_left_out_is_counted(shop):
    result = count_rule(shop, SegmentRule(filter=CustomerCondition(metric="orders", op="ge", values=(0,))))
    codes = {c.code: c for c in result.caveats}
    assert "selects_everyone" in codes and "never_bought" not in codes  # everybody known has bought
    assert [r[0] for r in result.table("left_out").rows] == ["guests: no customer is known"]


def test_known_customers_who_never_bought_are_told_apart(tmp_path):
    from tests.support.shop_builder import shop_of

    shop = shop_of(tmp_path, [("A", "2024-01-01", ["P1"]), ("B", "2024-01-02", ["P1"])], customers=["C", "D"])
    result = count_rule(shop, SegmentRule(filter=CustomerCondition(metric="orders", op="ge", values=(1,))))
    told = next(c for c in result.caveats if c.code == "never_bought")
    assert (told.figures["n"].value, told.figures["inside"].value, told.figures["outside"].value) == (2, 0, 2)
    assert "2 known customers have never bought" in caveat_texts(result)[0].text + caveat_texts(result)[1].text


@pytest.mark.parametrize(("goods", "said"), [
    (Compare(field="product", op="contains", values=("unicorn",)), "No product's name holds “unicorn”"),
    (And(parts=(Compare(field="product", op="contains", values=("mug",)),
                Compare(field="product", op="contains", values=("unicorn",)))), "“mug” and “unicorn”"),
])
def test_goods_that_were_never_sold_are_named_with_the_nearest(shop, goods, said):
    with pytest.raises(UnknownName, match=said) as error:
        count_rule(shop, SegmentRule(filter=And(parts=(
            GERMANY, CustomerCondition(metric="orders", op="ge", values=(1,), where=goods)))))
    assert error.value.valid


def test_goods_that_were_sold_to_others_are_not_called_missing(shop):
    bought = CustomerCondition(metric="orders", op="ge", values=(1,), where=Compare(field="product", values=("P4",)))
    with pytest.raises(NoRows, match="nobody is left after"):
        count_rule(shop, SegmentRule(filter=And(parts=(GERMANY, bought))))
