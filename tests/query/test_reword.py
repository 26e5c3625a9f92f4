"""Plans in words: complete, and different for different plans."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest

from assistant import plans
from assistant.plans import (
    Among,
    And,
    AskRequest,
    BoughtThen,
    BreakEvenRequest,
    BriefingRequest,
    BuyersRequest,
    CampaignBrief,
    CampaignRequest,
    CampaignsRequest,
    ChangePlan,
    ChurnExamRequest,
    ChurnRequest,
    CohortStudy,
    Compare,
    Comparison,
    ConcentrationStudy,
    ContrastStudy,
    CustomerCondition,
    CustomerRequest,
    DataRequest,
    DeclineRequest,
    EarlyStudy,
    ExplainRequest,
    FairnessRequest,
    ForecastRequest,
    Having,
    InterestRequest,
    JourneyStep,
    LadderStudy,
    Not,
    OfferSpec,
    Or,
    OrderingRequest,
    Period,
    PostRequest,
    Predicted,
    PremiseRequest,
    PrivacyRequest,
    ProductSearchRequest,
    QueryPlan,
    RecommendRequest,
    ReportRequest,
    ReturnStudy,
    SegmentRequest,
    SegmentRule,
    Sort,
    SpreadStudy,
    StandingStudy,
    StockRequest,
    StudyRequest,
    TableScoreRequest,
    TogetherRequest,
    UndoRequest,
    ValueRequest,
)
from assistant.plans.filters import Operator
from assistant.plans.reword import reword, reword_filter

GERMANY = Compare(field="country", values=("Germany",))
NOVEMBER = Period(kind="named", month=11, year=2011)

WORDS = [
    (plans.PromotionRequest(max_price=20, exclude_words=("candle",)),
     "5 products to promote, nothing named 'candle', at most 20 each"),
    (plans.BundleRequest(size=3, max_total=50, k=1), "1 bundle of 3 products, at most 50 together"),
    (plans.SubstituteRequest(product_id="P1", relative_price="cheaper", max_per_category=2),
     "5 products to offer instead of product P1, cheaper, at most 2 per category"),
    (plans.DefineTerm(term="loyal", filter=GERMANY), "agree that “loyal” means customers where country is Germany"),
    (plans.DefineTerm(term="bestseller", rank_by="revenue"), "agree that “bestseller” ranks products by revenue"),
    (plans.TermsRequest(), "the meanings of words in force"),
    (plans.TermsRequest(term="loyal"), "what “loyal” means"),
    (plans.AdoptCategories(), "use the proposed categories"),
    (plans.AdoptCategories(action="stop"), "stop using the agreed categories"),
    (plans.ChangeCategories(action="rename", category="Bags", new_name="Carriers"),
     "rename the category “Bags” to “Carriers”"),
    (plans.ChangeCategories(action="merge", category="Bags", into="Luggage"),
     "merge the category “Bags” into “Luggage”"),
    (plans.ChangeCategories(action="move", product_ids=("P1",), into="Bags"),
     "move the products P1 to the category “Bags”"),
    (plans.ProposeCategories(), "propose categories from the product names"),
    (plans.ShowCategories(), "the categories in use"),
    (plans.ShowCategories(category="Bags"), "the products of the category “Bags”"),
    (plans.UpliftRequest(), "the 20 customers most moved by a message"),
    (plans.UpliftRequest(about="leave_alone", channel="email", campaign_kind="win_back", k=5),
     "the 5 customers whom a win-back e-mail should leave alone first, and what that saves"),
    (plans.UpliftRequest(customer_id="C1", channel="sms"), "what an SMS changes for customer C1"),
    (plans.ReasonRequest(about="timing", campaign_id="c-7"), "why the timing of c-7 is as it is"),
    (plans.MessageRequest(campaign_id="c-1", customer_id="10023", channel="popup"),
     "what customer 10023 would get from c-1 (pop-up), line by line with the reasons"),
    (plans.ReadOutRequest(),
     "how all past campaigns changed the share of customers who ordered, against customers held out"),
    (plans.ReadOutRequest(campaign="Garden Opening", by="segment", measure="margin"),
     "how the campaign Garden Opening changed margin per customer, against customers held out, by customer segment"),
    (plans.CheckRequest(), "whether the recommendations are any good"),
    (plans.CheckRequest(about="sameness"), "whether everybody gets the same recommendations"),
    (plans.CompareRecommendersRequest(), "how good the recommendations are, all recommenders compared"),
    (plans.CompareRecommendersRequest(model="popularity", against="ease"), "the recommender popularity against ease"),
    (plans.LaunchRequest(), "the 5 new products, launched within 60 days, that suit most customers"),
    (plans.LaunchRequest(customer_id="C1", days=30, k=3),
     "the 3 new products, launched within 30 days, that suit customer C1 best"),
    (
        plans.WithdrawTerm(term="loyal"),
        "give up the agreed meaning of “loyal” for the built-in one, if there is one",
    ),
    (
        plans.SaveSegment(name="Germans", filter=GERMANY),
        "save the customers where country is Germany as the segment “Germans”",
    ),
    (plans.SavedSegmentsRequest(name="Germans"), "the saved segment “Germans”"),
    (
        plans.SavedSegmentsRequest(growth="up", min_percent=20),
        "the saved segments that grew by more than 20 %",
    ),
    (plans.ChangeSegment(name="Germans", action="delete"), "delete the saved segment “Germans”"),
    (
        plans.ChangeSegment(name="Germans", action="rename", new_name="DACH"),
        "rename the saved segment “Germans” to “DACH”",
    ),
    (
        plans.TakeBackRequest(of="segment", name="Germans"),
        "take back the latest change of a saved segment, “Germans”",
    ),
    (
        plans.AudiencePair(first=GERMANY, second=GERMANY, first_name="A", second_name="B"),
        "customers in both or only one of A (country is Germany) and B (country is Germany)",
    ),
    (
        QueryPlan(
            metrics=("net_revenue",),
            dimensions=("country",),
            period=NOVEMBER,
            compare=Comparison(kind="period", period=Period(kind="named", month=11, year=2010)),
            limit=10,
        ),
        "net revenue by country, November 2011, against November 2010, top 10 by net revenue",
    ),
    (
        QueryPlan(metrics=("revenue", "orders"), filter=GERMANY),
        "revenue and orders, where country is Germany, all data",
    ),
    (
        QueryPlan(
            metrics=("revenue",), dimensions=("product",), limit=1, offset=1, sort=Sort(by="units", descending=False)
        ),
        "revenue by product, all data, lowest 1 after the first 1 by units sold",
    ),
    (
        QueryPlan(
            metrics=("revenue",), dimensions=("customer",), having=(Having(metric="revenue", op="gt", values=(500,)),)
        ),
        "revenue by customer, all data, only with revenue above 500",
    ),
    (
        QueryPlan(metrics=("revenue",), dimensions=("month",), transform="cumulative", chart="area"),
        "cumulative revenue by month, all data, as an area chart",
    ),
    (
        ChangePlan(period=NOVEMBER, dimension="country"),
        "why revenue changed in November 2011, against the period before, split by country",
    ),
    (
        SegmentRule(filter=And(parts=(GERMANY, CustomerCondition(metric="revenue", op="gt", values=(500,))))),
        "customers where country is Germany and the customer spent above 500",
    ),
    (
        SegmentRule(filter=Or(parts=(GERMANY, Not(part=Compare(field="category", op="contains", values=("mug",)))))),
        "customers where country is Germany or not (category contains mug)",
    ),
    (SegmentRequest(method="rfm"), "split all customers by recency, frequency and value"),
    (ValueRequest(by="first_quarter", margin_percent=40, discount_percent=10),
     "value of all customers to date, and expected within 365 days by quarter of the first order, as margin at 40 %, "
     "discounted at 10 % a year"),
    (ValueRequest(about="new", acquisition_cost=30, horizon_days=90),
     "what newly won customers bring within 90 days of their first order, and when a cost of 30 is paid back"),
    (ValueRequest(about="alive", by="country"), "how many of all customers still buy by country"),
    (ValueRequest(about="exam"), "how good the expected value of customers within 365 days is"),
    (CustomerRequest(customer_id="17850"), "everything about customer 17850"),
    (InterestRequest(interest="Garden"), "customers interested in Garden"),
    (InterestRequest(customer_id="7"), "interests of customer 7"),
    (FairnessRequest(of="segments"), "whether groups of people are treated alike: who is in which segment"),
    (ReportRequest(plan=QueryPlan(metrics=("revenue",), dimensions=("country",)), noise=True),
     "a file to share with revenue by country, all data, with differential-privacy noise"),
    (PrivacyRequest(about="budget"), "what is left of the privacy budget"),
    (
        RecommendRequest(customer_id="17850", k=3, category="Kitchen"),
        "3 products to recommend to customer 17850, category Kitchen",
    ),
    (ProductSearchRequest(text="red mug", relative_price="cheaper"), "5 products like 'red mug', cheaper than it"),
    (ForecastRequest(), "forecast of revenue for the next 8 weeks, 80 % interval"),
    (BreakEvenRequest(change_percent=-20), "break-even of prices 20 % lower"),
    (BriefingRequest(focus="risk"), "what is at risk"),
    (PremiseRequest(relation="opened", year=2011), "whether sales began in 2011"),
    (
        PremiseRequest(relation="bound", op="gt", value=50, share=True, plan=QueryPlan(metrics=("customers",))),
        "whether the share is more than 50: customers, all data",
    ),
    (
        BriefingRequest(focus="change", period=Period(kind="calendar", unit="month", offset=-1), about="country"),
        "what changed, country, last month",
    ),
    (ForecastRequest(first_day=date(2026, 7, 1), last_day=date(2026, 7, 31), target=150_000),
     "forecast of revenue from 1 July 2026 to 31 July 2026, chance of at least 150,000, 80 % interval"),
    (ForecastRequest(split_by="country", occasion="christmas"),
     "forecast of revenue by country, the 6 largest for the next christmas, 80 % interval"),
    (ValueRequest(customer_id="C1"), "value of customer C1 to date, and expected within 365 days"),
    (ValueRequest(k=5), "value of all customers to date, and expected within 365 days, the 5 highest"),
    (BuyersRequest(like_customer_id="C1", k=3), "the 3 customers who buy most like customer C1"),
    (PostRequest(category="Garden", title="Spring"), "post for social media about Garden, titled 'Spring', 3 products"),
    (StockRequest(k=5), "the 5 products whose stock ends within 14 days"),
    (JourneyStep(channel="sms", after_days=7), "sms after 7 days"),
    (BuyersRequest(category="Garden"), "the 20 customers most suited to Garden"),
    (plans.GroupsRequest(first=plans.InGroup(group="segment", name="Loyal"), first_name="Loyal"),
     "compare customers where the customer is in the segment Loyal with all other customers"),
    (plans.MoversRequest(source=plans.InGroup(group="segment", name="Loyal"), source_name="Loyal",
                   period=Period(kind="calendar", unit="quarter")),
     "customers who moved from “Loyal” (the customer is in the segment Loyal) this quarter, the 20 who spent most"),
    (SegmentRequest(view="trend", since=Period(kind="calendar", unit="quarter")),
     "split all customers, sizes before and after this quarter"),
    (SegmentRequest(method="behaviour"), "split all customers by what they buy, when, where and how"),
    (SegmentRequest(view="trend"), "split all customers, sizes now and 90 days ago"),
    (SegmentRequest(view="measure", metrics=("average_order_value",)),
     "average order value of each segment, split all customers"),
    (ChurnRequest(k=10), "10 customers least likely to order again within 90 days, by value at risk"),
    (ChurnRequest(k=10, filter=GERMANY),
     "10 customers least likely to order again within 90 days, by value at risk, among country is Germany"),
    (ChurnExamRequest(), "how good the prediction of no order within 90 days is, against simpler rules"),
    (ChurnExamRequest(about="drivers"), "what speaks for no order within 90 days, over all customers"),
    (OrderingRequest(category="Garden", k=5),
     "the 5 customers most likely to buy something of Garden within 30 days"),
    (OrderingRequest(text="mug"), "the 20 customers most likely to buy products with 'mug' in the name within 30 days"),
    (OrderingRequest(customer_id="C1"), "probability that customer C1 will order within 30 days"),
    (TableScoreRequest(table="telco"), "the 20 rows of the table telco most likely to have the outcome"),
    (TableScoreRequest(about="drivers"), "what speaks for the outcome in the table loaded last"),
    (OfferSpec(kind="percent_off", value=10, category="Homeware"), "10 % off on Homeware"),
    (Period(kind="calendar", unit="month", offset=-1), "last month"),
    (Period(kind="rolling", unit="day", count=30), "the last 30 days"),
    (Period(kind="absolute", start=date(2011, 3, 1)), "since 1 March 2011"),
    (Comparison(kind="rest"), "against the rest"),
    (TogetherRequest(product_id="P1", k=3), "3 products most often bought together with product P1"),
    (DataRequest(), "what data are loaded"),
    (Among(dimension="city", limit=5, descending=False), "city is one of the 5 with the lowest revenue"),
    (BoughtThen(steps=(Compare(field="category", values=("Garden",)), None), within_days=30),
     "the customer bought category Garden and in a later order anything within 30 days"),
    (Predicted(attribute="churn_probability", op="ge", values=(70,), horizon_days=90),
     "the customer has a probability of leaving of at least 70 % within 90 days"),
    (Predicted(attribute="expected_value", rank="top_percent", values=(20,)),
     "the customer is among the top 20 % by expected sales within 365 days"),
    (
        StudyRequest(study=CohortStudy(grain="quarter", period=Period(kind="named", year=2011))),
        "customers by quarter of their first order: share who ordered again, quarter by quarter, first ordered in 2011",
    ),
    (
        StudyRequest(study=ReturnStudy(base=Period(kind="named", year=2010), later=Period(kind="named", year=2011))),
        "customers who ordered in 2010: how many ordered in 2011",
    ),
    (StudyRequest(study=StandingStudy(top_percent=5, filter=GERMANY)),
     "revenue of the last of the top 5 % of customers, highest revenue first, where country is Germany"),
    (StudyRequest(study=LadderStudy(steps=4)), "customers by number of orders, up to 4 or more"),
    (
        StudyRequest(study=SpreadStudy(edges=(100, 500), filter=GERMANY)),
        "customers by bands of revenue with limits at 100 or 500, where country is Germany",
    ),
    (
        StudyRequest(study=EarlyStudy(days=30, by="brand")),
        "share of customers who order again within 30 days of the first order by brand",
    ),
    (
        StudyRequest(study=ConcentrationStudy(of="product", reach=50)),
        "how many products bring 50 % of revenue",
    ),
    (
        StudyRequest(study=ContrastStudy(first=Compare(field="country", values=("Spain",)), measure="orders")),
        "orders per customer of customers where country is Spain, against all other customers",
    ),
    (CampaignRequest(campaign_id="c7"), "campaign draft c7"),
    (UndoRequest(campaign_id="c-1"), "undo the latest version of c-1"),
    (ExplainRequest(tool="query_data"), "how query data got its answer"),
    (CampaignsRequest(), "campaign drafts and past campaigns"),
    (CampaignsRequest(about="automations"), "automated journeys and flows"),
    (DataRequest(about="fields", words="date of first purchase"), "which columns hold date of first purchase"),
    (DataRequest(about="rows", table="order_lines"), "how many order lines are loaded"),
    (DataRequest(about="cleaning"), "what cleaning left out, and why"),
    (AskRequest(text="Which year?"), "ask back: Which year?"),
    (DeclineRequest(reason="no_rows", message="Nothing there"), "decline: Nothing there"),
    (
        CustomerCondition(metric="days_since_last_order", op="ge", values=(90,)),
        "the customer last ordered at least 90 days ago",
    ),
    (
        CustomerCondition(
            metric="revenue", rank="top_percent", values=(10,), period=Period(kind="calendar", unit="year")
        ),
        "the customer is among the top 10 % by revenue this year",
    ),
]


@pytest.mark.parametrize(("plan", "words"), WORDS, ids=[w for _, w in WORDS])
def test_words(plan, words):
    assert reword(plan) == words


def test_a_campaign_says_audience_offer_channels_and_dates():
    brief = CampaignBrief(
        goal="win_back",
        audience_words="lapsed customers",
        offer=OfferSpec(kind="percent_off", value=10),
        starts_on=date(2024, 1, 2),
        holdout_share=0.1,
    )
    words = reword(brief)
    for part in ("win-back", "lapsed customers", "10 % off", "email and sms", "2 January 2024", "10 % held out"):
        assert part in words


@pytest.mark.parametrize("op", get_args(Operator))
def test_every_operator_has_words_for_fields_and_customers(op):
    values = {"between": (1, 2), "is_null": (), "not_null": ()}.get(op, (1,))
    assert reword_filter(Compare(field="quantity", op=op, values=values)).startswith("quantity")
    assert reword_filter(CustomerCondition(metric="orders", op=op, values=values)).startswith("the customer")


def test_different_operators_read_differently():
    said = {
        reword_filter(Compare(field="quantity", op=op, values=(1, 2) if op == "between" else (1,)))
        for op in get_args(Operator)
    }
    assert len(said) == len(get_args(Operator))


def test_every_public_plan_type_can_be_worded():
    studies = {type(plan.study).__name__ for plan, _ in WORDS if isinstance(plan, StudyRequest)}
    known = {type(plan).__name__ for plan, _ in WORDS} | studies | {
        "CampaignBrief",
        "CopyEdit",
        "PieceTurn",
        "Compare",
        "InGroup",
        "And",
        "Or",
        "Not",
        "Having",
        "Sort",
        "PlanModel",
        "Filter",
    }
    assert set(plans.__all__) - known == set()


def test_groups_made_by_models_are_worded():
    assert reword_filter(plans.InGroup(group="about_to_leave")) == "the customer is about to leave (within 90 days)"
    assert reword_filter(plans.InGroup(group="segment", name="Loyal")) == "the customer is in the segment Loyal"


def test_other_things_are_not_plans():
    with pytest.raises(TypeError):
        reword("revenue")
