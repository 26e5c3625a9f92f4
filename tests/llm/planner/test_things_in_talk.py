"""What is asked of the thing in talk: campaigns, forecasts, recommendations, bundles, briefings, changes, customers."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.campaigns_in_talk import by_campaign
from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.cue_rules import Heard
from assistant.llm.planner.planner import plan_turn
from assistant.plans import (
    BriefingRequest,
    CustomerRequest,
    ForecastRequest,
    ReadOutRequest,
    RecommendRequest,
    SegmentRequest,
    TogetherRequest,
)
from assistant.plans.base import PlanModel
from assistant.plans.filters import Compare, InGroup
from assistant.plans.periods import Period
from assistant.plans.query import ChangePlan, QueryPlan
from assistant.plans.requests import SegmentRule
from tests.support.planner_shops import PlannerShop


class CampaignShop(PlannerShop):
    """The shop of these tests with past campaigns, the latest first."""

    def labels(self, dimension: str) -> list[str]:
        names = ["Spring Win-back", "Garden Opening", "January Win-back", "Thank You Letter"]
        return names if dimension == "campaign" else list(super().labels(dimension))


SHOP = CampaignShop()


def asked(text: str, *before: tuple[PlanModel, dict[str, Any]]) -> Planned:
    past = [Past(call(plan), result, i) for i, (plan, result) in enumerate(before, start=1)]
    return plan_turn(text, DialogueContext(past, [""] * len(past)), SHOP)


def table(name: str, columns: str, *rows: tuple[Any, ...]) -> dict[str, Any]:
    return {"tables": [{"id": name, "columns": [{"name": c} for c in columns.split()], "rows": list(map(list, rows))}]}


SPRING = (ReadOutRequest(campaign="Spring Win-back"), {"words": {"campaign": "Spring Win-back"}})
JANUARY = (ReadOutRequest(campaign="January Win-back"), {"words": {"campaign": "January Win-back"}})
EARNED = (ReadOutRequest(earned="most"),
          table("earned", "campaign profit", ("Garden Opening", 9.0), ("Thank You Letter", 3.0)))
FORECAST = (ForecastRequest(first_day="2012-01-01", last_day="2012-01-31"),
            table("summary", "total year_earlier", (5.0, 4.0)))
WEEKS = (ForecastRequest(horizon=4), table("summary", "total first_period last_day", (5.0, "2011-12-05", "2012-01-01")))
LIST = (RecommendRequest(customer_id="17850"),
        table("products", "product_id price", ("P1", 9.5), ("P2", 4.0), ("P3", 7.0)))
GOES_WITH = (TogetherRequest(product_id="P1"), table("pairs", "product_id with_product_id", ("P1", "P2")))
GARDEN, KITCHEN = ((BriefingRequest(focus="summary", filter=Compare(field="category", values=(c,))),
                    {"evidence": {"window_start": "2011-10-03", "window_end": "2011-11-27"}})
                   for c in ("Garden", "Kitchen"))
CHANGE = (ChangePlan(period=Period(kind="named", year=2011, month=5), claimed="down"), {})
PERSON = (CustomerRequest(customer_id="17850"), {})


@pytest.mark.parametrize(("text", "name"), [
    ("what about the one before", "Garden Opening"), ("and the previous one?", "Garden Opening"),
    ("and the January one", "January Win-back"), ("how did the letter do", "Thank You Letter"),
])
def test_a_campaign_is_found_by_its_place_in_time_or_by_words_of_its_name(text: str, name: str) -> None:
    assert asked(text, SPRING).calls[0].args["campaign"] == name


@pytest.mark.parametrize(("text", "metric", "most"), [
    ("which of the two lost us more subscribers", "unsubscribed", True),
    ("which of them cost less", "campaign_cost", False), ("which one had more clicks?", "clicked", True),
])
def test_the_two_spoken_of_last_stand_beside_each_other(text: str, metric: str, most: bool) -> None:
    args = asked(text, SPRING, JANUARY).calls[0].args

    assert args["metrics"] == [metric] and args["filter"]["values"] == ["Spring Win-back", "January Win-back"]
    assert args["sort"].get("descending", True) is most


def test_which_was_better_sets_both_side_by_side() -> None:
    (one,) = asked("which was better", SPRING, JANUARY).calls

    assert one.args == {"earned": "most", "among": ["Spring Win-back", "January Win-back"]}


@pytest.mark.parametrize(("text", "name", "metric"), [
    ("what did that one cost", "Garden Opening", "campaign_cost"),
    ("what did the second cost us", "Thank You Letter", "campaign_cost"),
    ("how big was its control group", "Garden Opening", "control_size"),
])
def test_it_is_the_first_of_a_ranking_and_a_place_is_a_row_of_it(text: str, name: str, metric: str) -> None:
    args = asked(text, EARNED).calls[0].args

    assert args["metrics"] == [metric] and args["filter"]["values"] == [name]


def test_nothing_before_the_first_campaign_is_said() -> None:
    letter = (ReadOutRequest(campaign="Thank You Letter"), {"words": {"campaign": "Thank You Letter"}})

    assert "no such campaign before" in asked("and the one before that", letter).calls[0].args["message"]


def test_why_a_campaign_did_badly_is_not_measured() -> None:
    assert asked("why was the second one so bad", EARNED).frame == "decline"


def test_a_figure_of_marketing_by_campaign_keeps_its_time() -> None:
    year = (QueryPlan(metrics=("unsubscribed",), period=Period(kind="named", year=2011)), {})
    args = asked("which campaign lost us the most", year).calls[0].args

    assert args["metrics"] == ["unsubscribed"] and args["period"]["year"] == 2011 and args["dimensions"] == ["campaign"]
    assert "filter" not in args


@pytest.mark.parametrize(("text", "first", "last", "before"), [
    ("and the month after that?", "2012-02-01", "2012-02-29", FORECAST),
    ("and the 2 months after", "2012-02-01", "2012-03-31", FORECAST),
    ("the following week?", "2012-01-02", "2012-01-08", WEEKS),
    ("and the 4 weeks after", "2012-01-02", "2012-01-29", WEEKS),
])
def test_a_forecast_goes_on(text: str, first: str, last: str, before: Any) -> None:
    args = asked(text, before).calls[0].args

    assert (args["first_day"], args["last_day"]) == (first, last)


@pytest.mark.parametrize("text", [
    "how far off are these forecasts usually", "how accurate is that normally", "can I trust that?",
])
def test_the_error_of_a_forecast_is_told(text: str) -> None:
    assert asked(text, FORECAST).calls[0].name == "explain_answer"


def test_cheaper_is_below_everything_shown_and_dearer_above() -> None:
    assert asked("something cheaper", LIST).calls[0].args["max_price"] == 3.99
    assert asked("anything more expensive?", LIST).calls[0].args["min_price"] == 9.51


def test_had_before_is_asked_of_what_was_recommended() -> None:
    args = asked("did they already buy it", LIST).calls[0].args

    assert args["filter"]["parts"][1]["values"] == ["P1", "P2", "P3"] and args["dimensions"] == ["product"]


def test_a_bundle_of_goods_has_a_price_and_buyers() -> None:
    assert asked("what would that bundle cost", GOES_WITH).calls[0].name == "propose_bundles"
    assert asked("who would buy it", GOES_WITH).calls[0].args["product_id"] == "P1"


def test_a_briefing_goes_on_with_its_time_and_filter() -> None:
    against = asked("vs the same time last year", GARDEN).calls[0].args
    drivers = asked("what's driving it", GARDEN).calls[0].args

    assert against["period"] == drivers["period"] == {"kind": "absolute", "start": "2011-10-31", "end": "2011-11-27"}
    assert against["filter"]["values"] == drivers["filter"]["values"] == ["Garden"]
    assert against["compare"]["kind"] == "year_earlier"


@pytest.mark.parametrize("text", ["which of the two is better", "which one sold more?"])
def test_two_briefings_are_set_side_by_side(text: str) -> None:
    args = asked(text, GARDEN, KITCHEN).calls[0].args

    assert args["dimensions"] == ["category"] and args["filter"]["values"] == ["Garden", "Kitchen"]


def test_a_change_is_explained_of_the_month_before_without_the_claim() -> None:
    args = asked("what about the month before", CHANGE).calls[0].args

    assert args["period"]["month"] == 4 and "claimed" not in args


def test_the_parts_of_a_change_are_said_again() -> None:
    assert asked("was it fewer customers or smaller baskets", CHANGE).calls[0].name == "explain_change"


def test_one_person_stays_one_whoever_was_listed_since() -> None:
    similar = asked("anyone similar", PERSON).calls[0]
    listed = (similar.plan(), table("customers", "customer_id", ("1",), ("2",)))

    assert similar.args["like_customer_id"] == "17850"
    assert asked("when did she last order", PERSON, listed).calls[0].args == {"customer_id": "17850"}


def test_a_segment_is_followed_since_a_time() -> None:
    at_risk = (SegmentRule(filter=InGroup(group="segment", name="At risk", method="rfm")), {})
    args = asked("how did that change since September", at_risk).calls[0].args

    assert args["view"] == "trend" and args["segment"] == "At risk" and args["since"]
    assert asked("what should we do with them", (SegmentRequest(method="rfm"), {})).calls[0].args["view"] == "actions"


SEGMENTS = (SegmentRequest(method="rfm"),
            table("segments", "segment customers", ("Champions", 5), ("Loyal", 9), ("At risk", 2)))


@pytest.mark.parametrize(("text", "name", "tool"), [
    ("how big are the champions", "Champions", "count_audience"),
    ("how many people are in the smallest", "At risk", "count_audience"),
    ("how much revenue do the at risk ones make", "At risk", "query_data"),
    ("what do the people in the second one buy", "Loyal", "query_data"),
])
def test_a_segment_is_meant_by_name_place_or_size(text: str, name: str, tool: str) -> None:
    made = asked(text, SEGMENTS).calls[0]

    assert made.name == tool and made.args["filter"]["name"] == name


def test_a_question_about_nobody_is_about_the_customer_in_talk_and_says_so() -> None:
    planned = asked("the return rate by category", PERSON)

    assert planned.calls[0].args["filter"]["values"] == ["17850"] and planned.notes == ["kept_person|17850"]


@pytest.mark.parametrize(("text", "field", "value"), [
    ("something under 20 pounds maybe?", "max_price", 20.0), ("five more", "k", 10),
    ("why that first one?", "why", "P1"),
])
def test_a_recommendation_goes_on(text: str, field: str, value: Any) -> None:
    args = asked(text, LIST).calls[0].args

    assert args[field] == value and args["customer_id"] == "17850"


def test_a_product_has_a_price_and_cheaper_ones() -> None:
    assert asked("is there a cheaper alternative to it", GOES_WITH).calls[0].args["relative_price"] == "cheaper"
    assert asked("what does it cost", GOES_WITH).calls[0].args["metrics"] == ["average_price"]


@pytest.mark.parametrize(("text", "before", "tool", "field", "value"), [
    ("ones he never bought", LIST, "recommend_products", "unowned", True),
    ("how good is that prediction", LIST, "check_recommender", "kind", None),
    ("when will she order next", PERSON, "predict_orders", "customer_id", "17850"),
    ("when is her next order due", PERSON, "predict_orders", "customer_id", "17850"),
    ("would a bundle make sense", GOES_WITH, "propose_bundles", "product_id", "P1"),
    ("was that money well spent", SPRING, "read_out_campaigns", "measure", "margin"),
    ("how valuable is she", PERSON, "customer_value", "customer_id", "17850"),
    ("describe the smallest group", SEGMENTS, "compare_groups", "first_name", "At risk"),
    ("who are the loyal ones", SEGMENTS, "query_data", "dimensions", ["customer"]),
    ("how do we win them back", SEGMENTS, "find_segments", "view", "actions"),
])
def test_what_the_thing_before_completes(text: str, before: Any, tool: str, field: str, value: Any) -> None:
    made = asked(text, before).calls[0]

    assert (made.name, made.args.get(field)) == (tool, value)


def test_one_campaign_is_compared_with_the_one_before_it() -> None:
    planned = asked("compare it with the one before that", SPRING)

    assert planned.calls[0].args["among"] == ["Spring Win-back", "Garden Opening"]


def test_words_of_time_describe_no_campaign() -> None:
    assert asked("and the year before's", SPRING).calls[0].args.get("campaign") is None


@pytest.mark.parametrize(("metric", "text", "descending"), [
    ("open_rate", "which one did worst", False), ("open_rate", "which one did best", True),
    ("unsubscribe_rate", "which one did worst", True), ("unsubscribe_rate", "which one did best", False),
])
def test_the_worst_campaign_is_the_last_of_a_good_figure(metric: str, text: str, descending: bool) -> None:
    rows = Past(call(QueryPlan(metrics=(metric,), dimensions=("campaign",))), {}, 1)
    heard = Heard("campaigns_by_it", frozenset({"campaign", text.rpartition(" ")[2]}), {})
    made = by_campaign(heard, rows)
    assert made is not None
    assert made.calls[0].args["sort"]["by"] == metric
    assert made.calls[0].args["sort"].get("descending", True) is descending


def test_whether_to_repeat_a_campaign_is_what_it_was_worth() -> None:
    made = asked("should we repeat it", SPRING).calls[0]
    assert (made.name, made.args["measure"]) == ("read_out_campaigns", "margin")


def test_a_question_of_what_was_done_makes_no_draft() -> None:
    assert asked("did we email people who opted out").calls[0].name == "decline"
