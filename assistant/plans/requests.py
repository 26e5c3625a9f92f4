"""Requests to the models and to the campaign room."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field, model_validator

from assistant.plans.base import PlanModel
from assistant.plans.filters import Filter, SplitMethod
from assistant.plans.list_rules import ListRules
from assistant.plans.periods import Period

ChannelName = Literal["email", "sms", "push", "post"]
#: What the values of customers can be split by.
ValueGroup = Literal["acquisition_channel", "country", "city", "segment", "first_month", "first_quarter", "first_year"]
#: What leaving can be split by; groups by ``category`` (bought in it) and ``message_channel`` (consents) overlap.
ChurnGroup = ValueGroup | Literal["category", "message_channel"]
#: where copy of a campaign may stand: what goes to an address, and what everyone sees
CopyChannel = Literal["email", "sms", "push", "post", "social", "popup"]


class SegmentRule(PlanModel):
    """Customers selected by a rule in the filter language."""

    kind: Literal["segment_rule"] = "segment_rule"
    filter: Filter
    name: str | None = None
    reach: bool = Field(default=False, description="also how many of them may be contacted, by channel")


#: Most segments that are made: more cannot be told apart or treated each in its own way.
MOST_SEGMENTS = 20


class SegmentRequest(PlanModel):
    """Split all customers into groups. ``k`` only for the methods that find groups; unset: chosen from the data.

    ``method``: ``rfm`` rules on recency, frequency and money; ``kmeans`` or ``gaussian`` groups found on them
    (``found``: the better of the two); ``behaviour`` kinds of buyers by what they buy, when, where and how.

    ``view``: who they are (``profile``), what to do with each (``actions``), ``metrics`` per segment in ``period``
    (``measure``), sizes now and ``days_ago`` days before (``trend``), or whether the split holds (``check``).
    """

    kind: Literal["segments"] = "segments"
    method: SplitMethod = "auto"
    k: int | None = Field(default=None, ge=2, le=1_000_000_000, description=f"at most {MOST_SEGMENTS} are made")
    view: Literal["profile", "actions", "measure", "trend", "check"] = "profile"
    metrics: tuple[str, ...] = Field(default=(), max_length=4)
    period: Period | None = None
    days_ago: int = Field(default=90, ge=1, le=3650)
    since: Period | None = Field(default=None, description="trend: from before this period to its end, not days_ago")
    segment: str | None = Field(default=None, max_length=100, description="trend: the one that is asked about")
    on: Period | None = Field(default=None, description="as of the last day of this period, with what was known then")
    refused: str | None = Field(default=None, max_length=60, description="a method asked for that is not offered")


class CustomerRequest(PlanModel):
    """Everything known about one customer; with ``why_segment`` the reason for the segment it is in.

    ``why_segment``: the segment that is asked about ("why is 17850 a champion?"), which need not be the customer's own.
    """

    kind: Literal["customer"] = "customer"
    customer_id: str
    why_segment: str | None = Field(default=None, max_length=60)


class RecommendRequest(ListRules):
    """Products for one customer, for everybody a filter selects, or for everybody (neither given)."""

    kind: Literal["recommend"] = "recommend"
    customer_id: str | None = None
    filter: Filter | None = Field(default=None, description="customers the list is meant for")
    k: int = Field(default=5, ge=1, le=100)
    adults_only: bool = Field(default=False, description="only customers known to be of age")
    unowned: bool = Field(default=False, description="nothing the customer ever bought, not even what is bought again")
    method: str = Field(default="auto", max_length=60, description="'auto', or the family of a registered recommender")
    why: str | None = Field(default=None, description="a product_id of the list: 'why did you recommend X?'")
    purpose: Literal["new", "next", "reorder"] = Field(
        default="new", description="what they could like; what they buy next, repeats counted; what they order again"
    )
    why_not: str | None = Field(default=None, description="a product_id the person asks about: 'why not Y?'")
    basket: tuple[str, ...] = Field(default=(), max_length=20, description="product_ids in the cart, or known of one")
    liking: str | None = Field(default=None, max_length=200, description="what they like: 'gardening', 'cats'")

    @model_validator(mode="after")
    def _one_source(self) -> RecommendRequest:
        if self.liking and (self.basket or self.why or self.why_not):
            raise ValueError("'liking' goes with neither a basket nor 'why' nor 'why_not'")
        return self


class ProductSearchRequest(PlanModel):
    """Products by words, or like another product, or all that pass the filters.

    ``relative_price``: 'cheaper' or 'dearer' than the product that ``text`` or ``like_product_id`` names.
    ``containing`` and ``without``: words that each product's name or description must or must not have.
    """

    kind: Literal["product_search"] = "product_search"
    text: str | None = Field(default=None, max_length=500)
    like_product_id: str | None = None
    alike: bool = Field(default=False, description="text names a product: 'alternatives to the mug'")
    relative_price: Literal["cheaper", "dearer"] | None = None
    min_price: float | None = Field(default=None, ge=0)
    max_price: float | None = Field(default=None, gt=0)
    category: str | None = None
    brand: str | None = Field(default=None, max_length=100)
    containing: tuple[str, ...] = Field(default=(), max_length=6, description="words: 'made of glass'")
    without: tuple[str, ...] = Field(default=(), max_length=6, description="words: 'not red'")
    in_stock_only: bool = False
    sort: Literal["match", "cheapest", "dearest", "newest", "best_selling"] = "match"
    k: int = Field(default=5, ge=1, le=100)

    @model_validator(mode="after")
    def _complete(self) -> ProductSearchRequest:
        if not (self.text or self.like_product_id or self.category or self.brand or self.containing):
            raise ValueError("a product search needs text, like_product_id, category, brand or containing")
        if self.alike and not self.text:
            raise ValueError("alike needs text that names the product")
        if self.relative_price and not (self.text or self.like_product_id):
            raise ValueError("relative_price needs a product, as text or like_product_id")
        return self


class ForecastRequest(PlanModel):
    """Forecast a metric. ``horizon`` counts ``grain`` units after the last complete one.

    With ``last_day`` the days from ``first_day`` (unset: the day after the analysis date) to it are totalled, whatever
    ``grain`` and ``horizon`` say; days that have been are taken as they were. ``target`` asks for the chance that the
    total reaches it. ``split_by`` forecasts the ``top`` largest values of a dimension, each by itself.
    """

    kind: Literal["forecast"] = "forecast"
    metric: Literal["revenue", "orders", "units", "customers"] = "revenue"
    grain: Literal["day", "week", "month"] = "week"
    horizon: int = Field(default=8, ge=1, le=366)
    filter: Filter | None = None
    level: int = Field(default=80, ge=50, le=99, description="prediction interval in percent")
    first_day: date | None = None
    last_day: date | None = Field(default=None, description="total only the days up to this one: 'in December'")
    occasion: str | None = Field(default=None, description="season or shopping day, the next one: summer, christmas …")
    target: float | None = Field(default=None, gt=0, description="chance that the total is at least this much")
    split_by: str | None = Field(default=None, description="dimension: country, category, product …")
    top: int = Field(default=6, ge=1, le=20)

    @model_validator(mode="after")
    def _in_order(self) -> ForecastRequest:
        if self.first_day is not None and (self.last_day is None or self.last_day < self.first_day):
            raise ValueError("first_day needs a last_day that is not before it")
        return self


class ChurnRequest(PlanModel):
    """Customers least likely to order again within ``horizon_days``, by churn probability or value at risk.

    ``everyone``: each customer that ``filter`` selects with the probability ("our 20 best and how likely each is to
    leave"). ``by``: how many have left and will leave, per group ("churn rate by country"); ``against``: the customers
    of ``filter`` set against these.
    """

    kind: Literal["churn"] = "churn"
    horizon_days: int = Field(default=90, ge=7, le=730)
    k: int = Field(default=20, ge=1, le=1000)
    customer_id: str | None = None
    order_by: Literal["churn_probability", "value_at_risk"] = "value_at_risk"
    filter: Filter | None = Field(default=None, description="only customers it selects")
    yearly_value_over: float | None = Field(default=None, ge=0, description="net sales of 12 months, shop currency")
    value_at_risk_over: float | None = Field(default=None, ge=0, description="probability × those sales")
    everyone: bool = False
    by: ChurnGroup | None = None
    against: Filter | None = None

    @model_validator(mode="after")
    def _one_view(self) -> ChurnRequest:
        if sum((self.customer_id is not None, self.everyone, self.by is not None, self.against is not None)) > 1:
            raise ValueError("give at most one of customer_id, everyone, by and against")
        if self.filter is None and (self.everyone or self.against is not None):
            raise ValueError("'everyone' and 'against' are about the customers of a filter")
        return self


class ValueRequest(PlanModel):
    """What customers have brought and what is expected of them within ``horizon_days``: one, or the ``k`` highest.

    ``about``: ``value`` · ``alive`` (how many still buy) · ``new`` (what a newly won customer brings within
    ``horizon_days`` of the first order, and when ``acquisition_cost`` is paid back) · ``exam`` (how good the
    expectation is). ``by`` splits. Values are sales; with ``measure`` margin they are multiplied by the shop's gross
    margin rate, or by ``margin_percent``; ``discount_percent`` a year is taken off what comes later.
    """

    kind: Literal["customer_value"] = "customer_value"
    about: Literal["value", "alive", "new", "exam"] = "value"
    customer_id: str | None = None
    filter: Filter | None = Field(default=None, description="only customers it selects")
    by: ValueGroup | None = None
    horizon_days: int = Field(default=365, ge=7, le=1825)
    k: int = Field(default=20, ge=1, le=1000)
    measure: Literal["sales", "margin"] = "sales"
    margin_percent: float | None = Field(default=None, gt=0, le=100)
    discount_percent: float = Field(default=0.0, ge=0, le=100, description="a year, for what comes later")
    acquisition_cost: float | None = Field(default=None, gt=0, description="cost of winning one customer")

    @model_validator(mode="after")
    def _one_or_many(self) -> ValueRequest:
        if self.customer_id is not None and (self.by is not None or self.about in {"new", "exam", "alive"}):
            raise ValueError("one customer has a value; 'by' and the other questions are about many")
        if self.acquisition_cost is not None and self.about != "new":
            raise ValueError("'acquisition_cost' is paid back by new customers: about='new'")
        return self


class BuyersRequest(PlanModel):
    """Customers a product, a category or words of product names suit best; or customers who buy like one customer."""

    kind: Literal["buyers"] = "buyers"
    product_id: str | None = None
    product_ids: tuple[str, ...] = Field(default=(), max_length=20, description="several products: any of them")
    category: str | None = None
    text: str | None = Field(default=None, max_length=100, description="words that product names hold")
    like_customer_id: str | None = None
    brand: str | None = Field(default=None, description="of them only products of this brand; alone all of the brand")
    new_only: bool = Field(default=False, description="of a category, a brand or of words only what is new")
    filter: Filter | None = Field(default=None, description="only customers it selects")
    k: int = Field(default=20, ge=1, le=1000)

    @model_validator(mode="after")
    def _one_thing(self) -> BuyersRequest:
        said = (self.product_id, self.product_ids, self.category, self.text, self.like_customer_id)
        named = len([v for v in said if v])
        if named > 1 or (named == 0 and not self.brand):
            raise ValueError("give exactly one of product_id, product_ids, category, text and like_customer_id")
        return self


class StockRequest(PlanModel):
    """How long the stock of a product lasts, or which products run out within ``within_days`` (the time to restock)."""

    kind: Literal["stock"] = "stock"
    product_id: str | None = None
    within_days: int = Field(default=14, ge=1, le=365)
    k: int = Field(default=20, ge=1, le=1000)


class OfferSpec(PlanModel):
    """What is offered. ``value`` is percent for ``percent_off`` and shop currency for ``amount_off``."""

    kind: Literal["percent_off", "amount_off", "free_delivery", "gift", "none"] = "none"
    value: float | None = Field(default=None, gt=0)
    category: str | None = None
    product_ids: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> OfferSpec:
        if self.kind in {"percent_off", "amount_off"} and self.value is None:
            raise ValueError(f"an offer of kind {self.kind} needs a value")
        if self.kind == "percent_off" and self.value is not None and self.value >= 100:
            raise ValueError(f"a discount of {self.value} % cannot be offered; it must be below 100 %")
        return self


class JourneyStep(PlanModel):
    """One message of a campaign in several steps, ``after_days`` days after the one before."""

    channel: ChannelName
    after_days: int = Field(default=0, ge=0, le=365)
    only_if: Literal["always", "no_order", "no_open", "has_address", "no_address"] = "always"
    words: str | None = Field(default=None, max_length=200, description="how the person named the message")
    waits_by_default: bool = Field(default=False, description="the wait was not said and is an assumption")


class CopyEdit(PlanModel):
    """A text of a campaign written by hand or by a language model. It passes the compiler: prices, discounts, dates,
    stock, names and claims stand in slots such as ``{offer}``, ``{shop_name}`` or ``{?top_product} … {/top_product}``.
    """

    channel: Literal["email", "sms", "push", "social", "popup"] = "email"
    piece: Literal["subject", "preheader", "greeting", "body", "offer_line", "button", "sign_off", "title", "text"]
    text: str = Field(min_length=1, max_length=1500)
    variant: int | None = Field(default=None, ge=1, le=5, description="unset: every variant")
    language: Literal["en", "zh"] = "en"


class PieceTurn(PlanModel):
    """One piece of the copy that was asked for in other words: just others, or shorter or longer ones."""

    channel: Literal["email", "sms", "push", "social", "popup"] = "email"
    piece: Literal["subject", "preheader", "greeting", "body", "offer_line", "button", "sign_off", "title", "text"]
    aim: Literal["other", "shorter", "longer"] = "other"


class CampaignBrief(PlanModel):
    """One campaign in its maker's words, typed. Whatever is unset becomes a visible assumption."""

    kind: Literal["campaign"] = "campaign"
    goal: Literal[
        "win_back", "welcome", "cross_sell", "launch", "clearance", "seasonal", "loyalty", "retention", "promotion",
        "post_purchase", "replenishment", "birthday", "abandoned_basket", "reviews",
    ] = "promotion"
    audience: Filter | None = Field(default=None, description="unset: the goal's default audience, as an assumption")
    audience_words: str | None = Field(default=None, description="how the person described the audience")
    offer: OfferSpec = OfferSpec()
    best_offer: bool = Field(default=False, description="choose the tested offer that pays best with these customers")
    offer_chosen: OfferSpec | None = Field(default=None, description="the offer chosen that way; not to be filled in")
    channels: tuple[CopyChannel, ...] = Field(default=("email", "sms"), min_length=1)
    products_per_recipient: int = Field(default=3, ge=0, le=10)
    holdout_share: float | None = Field(default=None, ge=0, le=0.9)
    starts_on: date | None = None
    ends_on: date | None = None
    tone: Literal["friendly", "formal", "playful", "urgent"] | None = Field(
        default=None, description="unset: that of the brand voice"
    )
    language: Literal["en", "zh"] = Field(default="en", description="language of the copy")
    length: Literal["short", "normal", "long"] = "normal"
    edits: tuple[CopyEdit, ...] = Field(default=(), max_length=40, description="texts written by hand, in order")
    wording: int = Field(default=0, ge=0, le=1000, description="how often other words were asked for")
    piece_turns: tuple[PieceTurn, ...] = Field(
        default=(), max_length=40, description="single pieces asked for in other words, in order")
    goods: Literal["best", "new", "slow"] | None = Field(
        default=None, description="the goods it is about: those that brought most lately, new ones, slow ones")
    period: Period | None = Field(default=None, description="season or occasion named in the brief")
    campaign_id: str | None = Field(default=None, description="the stored draft that this is the next version of")
    title: str | None = Field(default=None, max_length=120)
    theme: str | None = Field(default=None, max_length=120, description="words of the products it is about")
    variants: int = Field(default=1, ge=1, le=5, description="wordings per channel")
    budget: float | None = Field(default=None, gt=0, description="most the campaign may cost, in shop currency")
    exit_when: Literal["order", "order_in_category", "never"] | None = Field(
        default=None, description="who is not written to any more once they did this; unset: as usual for the goal"
    )
    after_hours: int | None = Field(default=None, ge=1, le=720, description="basket left, or order placed, so long ago")
    within_days: int | None = Field(default=None, ge=1, le=90, description="days of baskets, orders or birthdays")
    favourites: bool = Field(default=False, description="products of each recipient's favourite category")
    first_channel: bool = Field(
        default=False, description="one message each: by the first of the channels that reaches the person")
    at_most: int | None = Field(default=None, ge=1, le=5000, description="longest text that was asked for")
    at_most_of: Literal["characters", "words"] = "characters"
    leave_alone: bool | None = Field(
        default=None, description="without those whom past campaigns show not worth it; unset: where they show it")
    steps: tuple[JourneyStep, ...] = Field(default=(), max_length=8)
    runs_days: int | None = Field(default=None, ge=1, le=365, description="length of the whole campaign")
    not_included: tuple[str, ...] = Field(default=(), description="asked for, and not in the draft, with the reason")

    @model_validator(mode="after")
    def _ordered(self) -> CampaignBrief:
        if not set(self.channels) - {"social", "popup"}:
            raise ValueError("a campaign needs a channel with addresses; a post or pop-up alone is no campaign")
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValueError(f"the campaign ends ({self.ends_on}) before it starts ({self.starts_on})")
        return self


class PostRequest(PlanModel):
    """Words for a post on social media about products of the shop, or subject lines to choose from."""

    kind: Literal["social_post"] = "social_post"
    theme: str | None = Field(default=None, max_length=200, description="words of the products it is about")
    category: str | None = None
    bestsellers: bool = Field(default=False, description="the products that brought most in the last 90 days")
    title: str | None = Field(default=None, max_length=120)
    audience_words: str | None = Field(default=None, max_length=120)
    variants: int = Field(default=1, ge=1, le=5)
    k: int = Field(default=3, ge=1, le=5)
    channel: Literal["social", "popup", "subject"] = Field(
        default="social", description="popup: on the shop's own pages; subject: subject lines of an e-mail alone")
    language: Literal["en", "zh"] = "en"
    goal: str = Field(default="promotion", max_length=40, description="of subject lines: the kind of campaign")
    offer: OfferSpec = OfferSpec()
    tone: Literal["friendly", "formal", "playful", "urgent"] | None = None
    length: Literal["short", "normal", "long"] = "normal"
    wording: int = Field(default=0, ge=0, le=1000, description="how often other words were asked for")
    not_included: tuple[str, ...] = ()


class DataRequest(PlanModel):
    """What data are loaded.

    ``about``: ``all`` · ``fields`` (which column holds ``words``, or the figures and dimensions ``names``; or every
    column of ``table``) · ``have`` (whether the data hold it, and how far it is filled) · ``freshness`` · ``rows`` (how
    many of each table, or of ``table``) · ``cleaning`` (what was left out, and why).
    """

    kind: Literal["data"] = "data"
    about: Literal["all", "fields", "have", "freshness", "rows", "cleaning"] = "all"
    words: str | None = Field(default=None, max_length=300, description="what is looked for, in the person's words")
    names: tuple[str, ...] = Field(default=(), description="figures and dimensions that the search is about")
    table: str | None = Field(default=None, description="customers, products, orders, order_lines, contacts …")

    @model_validator(mode="after")
    def _complete(self) -> DataRequest:
        searched = self.words or self.names or (self.about == "fields" and self.table)
        if self.about in {"fields", "have"} and not searched:
            raise ValueError("a search for a field needs words or names")
        return self


class CampaignRequest(PlanModel):
    """A stored draft; the latest one without an id. ``changes``: only what its version changed.

    ``version``: an earlier one of its versions; ``against``: the version it is set against, with ``changes``.
    ``part``: only its cost, who of its people is left out, what to expect, or what may go wrong.
    """

    kind: Literal["show_campaign"] = "show_campaign"
    campaign_id: str | None = None
    changes: bool = False
    version: int | None = Field(default=None, ge=1)
    against: int | None = Field(default=None, ge=1)
    part: Literal["cost", "people", "result", "risks"] | None = None


class ReasonRequest(PlanModel):
    """Why one part of a draft is as it is: asked for, assumed, or from which data. ``timing``: when people order.

    ``no_draft``: the best time to send in general, by a ``channel`` or any.
    """

    kind: Literal["campaign_reason"] = "campaign_reason"
    campaign_id: str | None = None
    no_draft: bool = False
    channel: ChannelName | None = None
    about: Literal[
        "goal", "audience", "exit", "offer", "products", "copy", "timing", "cost", "expected result", "experiment"
    ] = "timing"


class MessageRequest(PlanModel):
    """What one recipient of a draft gets, and why: line by line. Without a customer the first recipient is taken."""

    kind: Literal["campaign_message"] = "campaign_message"
    campaign_id: str | None = None
    customer_id: str | None = None
    channel: Literal["email", "sms", "push", "post", "social", "popup"] | None = None
    variant: int = Field(default=1, ge=1, le=5)


class UndoRequest(PlanModel):
    """Take back the latest version of a draft (of the latest draft without an id), or all after a ``version``."""

    kind: Literal["undo_campaign"] = "undo_campaign"
    campaign_id: str | None = None
    version: int | None = Field(default=None, ge=1, description="the version that shall stand again")


class ExplainRequest(PlanModel):
    """How an answer was computed: the tool call that gave it, made once more.

    ``about``: "method" for how it was got, "check" for whether it is right; ``before`` is the figure shown then.
    """

    kind: Literal["explain_answer"] = "explain_answer"
    tool: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    about: Literal["method", "check"] = "method"
    before: float | None = None


class CampaignsRequest(PlanModel):
    """Every campaign draft, and the past campaigns of the data. ``automations``: journeys and flows were asked for;
    ``waiting``: those whose dry run waits for a person's approval."""

    kind: Literal["list_campaigns"] = "list_campaigns"
    about: Literal["campaigns", "automations", "waiting"] = "campaigns"


class AskRequest(PlanModel):
    """A question back to the person."""

    kind: Literal["ask_back"] = "ask_back"
    text: str
    options: tuple[str, ...] = ()
    plans: tuple[dict[str, Any], ...] = Field(
        default=(), description="the calls that the options stand for, in their order; may be left out"
    )


class DeclineRequest(PlanModel):
    """A precise "no"."""

    kind: Literal["decline"] = "decline"
    reason: Literal["missing_data", "no_rows", "not_permitted", "not_understood"]
    message: str
    missing: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()


class TogetherRequest(PlanModel):
    """Products bought together in one order: overall, with one product, or two products with each other."""

    kind: Literal["together"] = "together"
    product_id: str | None = None
    text: str | None = Field(default=None, max_length=100, description="words of names: any of several, 'lunch bag'")
    category: str | None = Field(default=None, description="any product of it")
    with_product_id: str | None = Field(default=None, description="only how often both products were in one order")
    also_product_ids: tuple[str, ...] = Field(
        default=(), max_length=3, description="further products that the same orders hold: 'with X and Y'"
    )
    complements: bool = Field(default=False, description="no variants of the product, and from another category")
    k: int = Field(default=10, ge=1, le=100)

    @model_validator(mode="after")
    def _two_products(self) -> TogetherRequest:
        if self.with_product_id is not None and self.product_id in {None, self.with_product_id}:
            raise ValueError("'with_product_id' needs another product in 'product_id'")
        family = self.text is not None or self.category is not None
        if family and (self.product_id or self.with_product_id or self.also_product_ids):
            raise ValueError("'text' and 'category' stand for the products they name: give no product id beside them")
        if self.text is not None and self.category is not None:
            raise ValueError("give 'text' or 'category', not both")
        one = self.product_id is not None or family
        if (self.also_product_ids or self.complements) and (not one or self.with_product_id is not None):
            raise ValueError("'also_product_ids' and 'complements' need one product in 'product_id'")
        return self
