"""What a marketer reads: parts that add up, figures with a source, precise refusals."""

from __future__ import annotations

import pytest

from assistant.data.objectors import objectors
from assistant.errors import NoRows, NotPermitted, UnknownName
from assistant.llm.replies import caveat_texts, compose
from assistant.models.uplift.effects import read_out
from assistant.models.uplift.money import Money, message_cost
from assistant.models.uplift.read_out_report import read_out_result
from assistant.models.uplift.report import uplift_result
from assistant.plans import Compare, Not, ReadOutRequest, UpliftRequest
from assistant.query.audience import customer_ids


def reply(result):
    text = compose([result]).text
    return " ".join([text, *(c.text for c in caveat_texts(result))])


@pytest.mark.parametrize("about", ["moved", "leave_alone", "sure_buyers", "sleeping_dogs", "quality"])
def test_every_question_has_a_list_an_exam_and_a_reply(demo_snapshot, model, scores, about):
    result = uplift_result(demo_snapshot, UpliftRequest(about=about, k=7), model, scores)
    lists = [t for t in result.tables if t.id == "customers"]
    assert (not lists) if about == "quality" else (len(lists[0].rows) == 7 <= lists[0].total_rows)
    assert result.table("exam").rows[-1][0] == "a random order" and any(r[-1] for r in result.table("exam").rows)
    text = reply(result)
    assert "Qini" in text or about == "sure_buyers"
    assert result.evidence.model.quality["qini"] == pytest.approx(model.exam_.of(model.exam_.used).qini.mean)
    assert result.evidence.definitions and result.evidence.assumptions


def test_the_saving_adds_up_and_fits_the_groups(demo_snapshot, model, scores):
    f = uplift_result(demo_snapshot, UpliftRequest(about="leave_alone"), model, scores).figures
    parts = f["messages_saved"].value + f["discount_saved"].value + f["margin_kept"].value
    assert parts == pytest.approx(f["saved"].value, abs=0.05)
    assert f["left_alone"].value == f["sure"].value + f["dogs"].value + f["not_worth"].value
    assert f["customers"].value == f["left_alone"].value + f["moved"].value
    assert f["gain_moved"].value - f["gain_everybody"].value == pytest.approx(f["saved"].value, abs=0.05)


def test_within_a_group_all_counts_are_of_the_group(demo_snapshot, model, scores):
    """Two groups that are everybody add up to everybody, and no list holds anybody from outside."""
    one = Compare(field="country", values=("Germany",))
    whole, inside, outside = (
        uplift_result(demo_snapshot, UpliftRequest(about="leave_alone", filter=rule, k=1000), model, scores)
        for rule in (None, one, Not(part=one)))
    for name in ("customers", "left_alone", "moved", "sure", "dogs"):
        assert whole.figures[name].value == inside.figures[name].value + outside.figures[name].value
    german = set(customer_ids(demo_snapshot, one))
    assert {row[0] for row in inside.table("customers").rows} <= german
    assert "country is Germany" in reply(inside) and inside.details["audience"]["filter"]["op_type"] == "and"


def test_abstaining_says_so_and_shows_no_list(demo_snapshot, model, scores):
    import copy
    from dataclasses import replace

    shy = copy.copy(model)
    shy.exam_ = replace(model.exam_, shown=False)
    for about in ("moved", "leave_alone", "sleeping_dogs", "quality"):
        result = uplift_result(demo_snapshot, UpliftRequest(about=about), shy, scores)
        assert "customers" not in {t.id for t in result.tables}
        assert "do not show that customers are moved differently" in reply(result)
    sure = uplift_result(demo_snapshot, UpliftRequest(about="sure_buyers"), shy, scores)
    assert sure.table("customers").rows, "who orders anyway needs no difference between customers"


def test_one_customer(demo_snapshot, model, scores):
    known = scores[scores["judged"]].iloc[0]
    result = uplift_result(demo_snapshot, UpliftRequest(customer_id=known["customer_id"]), model, scores)
    assert result.figures["one_uplift"].value == pytest.approx(100 * known["uplift"], abs=0.01)
    assert "chance to order" in reply(result)
    unlike = scores.loc[~scores["judged"], "customer_id"].iloc[0]
    with pytest.raises(NoRows, match="unlike everybody"):
        uplift_result(demo_snapshot, UpliftRequest(customer_id=unlike), model, scores)
    with pytest.raises(UnknownName):
        uplift_result(demo_snapshot, UpliftRequest(customer_id="nobody"), model, scores)
    objector = sorted(objectors(demo_snapshot))[0]
    with pytest.raises(NotPermitted, match="objected"):
        uplift_result(demo_snapshot, UpliftRequest(customer_id=objector), model, scores)


@pytest.mark.parametrize("by", ["segment", "recency", "orders", "promoted", "acquisition_channel", "country",
                                "campaign", "campaign_kind", "message_channel"])
def test_read_out_by_every_split(demo_snapshot, by):
    result = read_out_result(demo_snapshot, ReadOutRequest(by=by))
    table = result.table("groups")
    assert sum(r[1] for r in table.rows) == result.figures["contacted"].value
    assert sum(r[2] for r in table.rows) == result.figures["held_out"].value
    assert "differ" in result.figures and reply(result)


def test_one_campaign_is_its_arms_and_agrees_with_the_lift_of_data_questions(demo_snapshot):
    from assistant.plans import Compare, QueryPlan
    from assistant.query.compile import QueryOptions
    from assistant.query.engine import run_query

    f = read_out_result(demo_snapshot, ReadOutRequest(campaign="autumn win-back")).figures
    plan = QueryPlan(metrics=("lift",), filter=Compare(field="campaign", values=("Autumn Win-back",)))
    lift = run_query(demo_snapshot, plan, options=QueryOptions()).figures["lift"].value
    assert f["lift"].value == pytest.approx(lift, abs=0.05)
    assert f["orders_won"].value == round(f["lift"].value / 100 * f["contacted"].value)
    assert f["profit"].value == pytest.approx(f["margin_won"].value - f["cost"].value, abs=0.02)


def test_read_out_of_amounts_and_of_nothing(demo_snapshot):
    result = read_out_result(demo_snapshot, ReadOutRequest(campaign_kind="win_back", by="recency", measure="margin"))
    assert result.table("groups").columns[5].unit == "currency"
    with pytest.raises(NoRows, match="no such past campaign"):
        read_out_result(demo_snapshot, ReadOutRequest(campaign_kind="birthday"))


def test_value_of_a_contact_by_hand():
    money = Money(mean_order=100, won=0.5, kept=0.6, given=0.1, with_costs=True, per_message=1, message_cost="average")
    import numpy as np

    value = money.value(np.array([0.1, -0.1, 0.0]), np.array([0.2, 0.5, 0.0]), np.array([100.0, 200.0, 50.0]))
    # won 0.1·50 − 0.2·10 − 1; lost 0.1·120 + given on 0.4·20 + 1; the message alone
    assert value.tolist() == pytest.approx([2.0, -21.0, -1.0])


def test_cost_of_a_message():
    from dataclasses import replace
    from datetime import date

    from assistant.features.contacted import Campaign

    one = Campaign("1", "One", "k", "email", None, 0, date(2024, 1, 1), date(2024, 1, 30), 110.0, 100, 50, True)
    two = replace(one, contacted=300, cost=130.0)
    assert message_cost([one, two]) == (pytest.approx(240 / 400), "average")
    three = replace(one, contacted=500, cost=150.0)
    assert message_cost([one, two, three]) == (pytest.approx(0.1), "marginal")
    assert message_cost([replace(one, cost=None)]) == (0.0, "unknown")


def test_read_out_is_the_same_computation(demo_snapshot):
    from assistant.models.uplift.tested import tested as campaigns_with_arms

    past = campaigns_with_arms(demo_snapshot, channel="sms")
    direct = read_out(past.frame["ordered"].to_numpy(), past.frame["treatment"].to_numpy(),
                      experiment=past.frame["campaign_id"].to_numpy()).overall
    found = read_out_result(demo_snapshot, ReadOutRequest(channel="sms")).figures
    assert found["lift"].value == pytest.approx(100 * direct.lift, abs=0.01)
    assert past.alike > 0.001, "arms of the demo shop are drawn by lot"


def test_a_group_by_what_a_contact_changes_is_a_rule(demo_home, model, scores):
    """Members as a condition, in words, and refused where nothing is shown."""
    import copy
    from dataclasses import replace

    from assistant.models.uplift.members import members
    from assistant.plans import InGroup
    from assistant.plans.reword import reword

    kinds = {name: set(members(model, scores, name)) for name in ("moved", "leave_alone", "sure_buyers",
                                                                  "sleeping_dogs")}
    assert kinds["sure_buyers"] | kinds["sleeping_dogs"] <= kinds["leave_alone"]
    assert not kinds["moved"] & kinds["leave_alone"]
    assert kinds["moved"] | kinds["leave_alone"] == set(scores.loc[scores["judged"], "customer_id"])
    rule = InGroup(group="contact", name="leave_alone", channel="email")
    assert reword(rule) == "the customer is better left alone (e-mail)"
    with pytest.raises(ValueError, match="one of moved"):
        InGroup(group="contact", name="everybody")
    shy = copy.copy(model)
    shy.exam_ = replace(model.exam_, shown=False)
    with pytest.raises(NoRows, match="do not show"):
        members(shy, scores, "moved")


def test_the_list_names_its_customers_for_what_comes_next(demo_snapshot, model, scores):
    found = uplift_result(demo_snapshot, UpliftRequest(about="leave_alone", channel="sms"), model, scores)
    assert found.details["audience"]["filter"] == {
        "op_type": "group", "group": "contact", "name": "leave_alone", "method": "auto", "horizon_days": 90,
        "channel": "sms"}
