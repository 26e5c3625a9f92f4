"""What planning yields: tool calls with a cost, and what they left unexplained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from assistant.plans import (
    AdoptCategories,
    AudiencePair,
    BreakEvenRequest,
    BriefingRequest,
    BundleRequest,
    BuyersRequest,
    CampaignBrief,
    CampaignRequest,
    CampaignsRequest,
    ChangeCategories,
    ChangePlan,
    ChangeSegment,
    CheckRequest,
    ChurnExamRequest,
    ChurnRequest,
    CompareRecommendersRequest,
    CustomerRequest,
    DataRequest,
    DefineTerm,
    ExplainRequest,
    FairnessRequest,
    ForecastRequest,
    GroupsRequest,
    InterestRequest,
    LaunchRequest,
    MessageRequest,
    MoversRequest,
    OrderingRequest,
    PostRequest,
    PremiseRequest,
    PrivacyRequest,
    ProductSearchRequest,
    PromotionRequest,
    ProposeCategories,
    QueryPlan,
    ReadOutRequest,
    ReasonRequest,
    RecommendRequest,
    ReportRequest,
    SavedSegmentsRequest,
    SaveSegment,
    SegmentRequest,
    SegmentRule,
    ShowCategories,
    StockRequest,
    StudyRequest,
    SubstituteRequest,
    TableScoreRequest,
    TakeBackRequest,
    TermsRequest,
    TogetherRequest,
    UndoRequest,
    UpliftRequest,
    ValueRequest,
    WithdrawTerm,
)
from assistant.plans.experiments import ExperimentRequest, ExperimentSizeRequest
from assistant.plans.filters import And, Compare, Filter
from assistant.plans.offers import ExploreRequest, OfferRequest
from assistant.plans.sending import (
    CalendarRequest,
    DryRunRequest,
    ExportRequest,
    SendingRequest,
    SendPlan,
    StopRequest,
)

TOOL_OF: dict[type[BaseModel], str] = {
    QueryPlan: "query_data",
    ChangePlan: "explain_change",
    BriefingRequest: "brief_shop",
    BreakEvenRequest: "break_even",
    PremiseRequest: "check_premise",
    SegmentRule: "count_audience",
    SegmentRequest: "find_segments",
    CustomerRequest: "describe_customer",
    InterestRequest: "find_interests",
    FairnessRequest: "check_fairness",
    ReportRequest: "export_report",
    PrivacyRequest: "show_privacy",
    RecommendRequest: "recommend_products",
    CompareRecommendersRequest: "compare_recommenders",
    ProductSearchRequest: "search_products",
    ForecastRequest: "forecast_metric",
    ChurnRequest: "predict_churn",
    ChurnExamRequest: "check_churn",
    OrderingRequest: "predict_orders",
    TableScoreRequest: "score_table",
    CampaignBrief: "draft_campaign",
    PostRequest: "draft_post",
    StudyRequest: "run_study",
    TogetherRequest: "bought_together",
    ValueRequest: "customer_value",
    UpliftRequest: "predict_uplift",
    ReadOutRequest: "read_out_campaigns",
    OfferRequest: "choose_offers",
    ExperimentSizeRequest: "size_experiment",
    ExperimentRequest: "read_experiment",
    ExploreRequest: "explore_offers",
    BuyersRequest: "likely_buyers",
    PromotionRequest: "plan_promotion",
    BundleRequest: "propose_bundles",
    SubstituteRequest: "find_substitutes",
    StockRequest: "plan_stock",
    LaunchRequest: "new_products",
    CheckRequest: "check_recommender",
    SendPlan: "plan_sending",
    DryRunRequest: "dry_run_campaign",
    SendingRequest: "show_sendings",
    StopRequest: "stop_sending",
    ExportRequest: "export_campaign",
    CalendarRequest: "show_calendar",
    CampaignRequest: "show_campaign",
    CampaignsRequest: "list_campaigns",
    DataRequest: "describe_data",
    UndoRequest: "undo_campaign",
    MessageRequest: "explain_message",
    ReasonRequest: "explain_brief",
    ExplainRequest: "explain_answer",
    DefineTerm: "define_term",
    TermsRequest: "show_terms",
    WithdrawTerm: "withdraw_term",
    SaveSegment: "save_segment",
    SavedSegmentsRequest: "show_saved_segments",
    ChangeSegment: "change_segment",
    TakeBackRequest: "undo_change",
    AudiencePair: "compare_audiences",
    GroupsRequest: "compare_groups",
    MoversRequest: "find_movers",
    ProposeCategories: "propose_categories",
    AdoptCategories: "adopt_categories",
    ShowCategories: "show_categories",
    ChangeCategories: "change_categories",
}
PLAN_OF: dict[str, type[BaseModel]] = {tool: plan for plan, tool in TOOL_OF.items()}


@dataclass(frozen=True)
class ToolCall:
    """One call: the tool's name and its arguments as plain JSON."""

    name: str
    args: dict[str, Any] = field(default_factory=dict)

    def plan(self) -> Any:
        """The arguments as the tool's plan type; the arguments themselves for a tool without one."""
        kind = PLAN_OF.get(self.name)
        return kind.model_validate(self.args) if kind else self.args


def call(plan: BaseModel) -> ToolCall:
    """A plan as a call of its tool: only what differs from the defaults, validated."""
    args = _study_json(plan) if isinstance(plan, StudyRequest) else plan.model_dump(mode="json", exclude_defaults=True)
    args.pop("kind", None)
    args = _with_discriminators(args, plan)
    type(plan).model_validate(args)
    return ToolCall(TOOL_OF[type(plan)], args)


def _with_discriminators(args: dict[str, Any], plan: BaseModel) -> dict[str, Any]:
    """Filters in full: ``exclude_defaults`` drops the tags that tell the kinds of condition apart."""
    for name in ("filter", "audience", "first", "second", "source", "target", "against", "only", "things"):
        condition = getattr(plan, name, None)
        if hasattr(condition, "model_dump") and name in args:
            args[name] = filter_json(condition)
    for name in ("period", "compare", "offer", "since", "on"):
        part = getattr(plan, name, None)
        if part is not None and name in args and hasattr(part, "kind"):
            args[name] = {"kind": part.kind, **args[name]}
    whole = _whole(plan)
    if "compare" in args:
        args["compare"].pop("of", None)
        if whole is not None:
            args["compare"]["of"] = filter_json(whole)
    return args


def _whole(plan: BaseModel) -> Filter | None:
    """The whole of a share as the filter now has it: after "and in Hamburg?" the share is of Hamburg's customers."""
    of = getattr(getattr(plan, "compare", None), "of", None)
    condition = getattr(plan, "filter", None)
    if of is None or condition is None:
        return None
    if (isinstance(condition, Compare) and isinstance(of, Compare)) or set(_parts(of)) <= set(_parts(condition)):
        return of  # one thing as a share of another one, or of all that meets the other conditions
    said = {getattr(part, "field", None) for part in _parts(of)}
    held = tuple(part for part in _parts(condition) if isinstance(part, Compare) and part.field in said)
    return None if not held else held[0] if len(held) == 1 else And(parts=held)


def _parts(condition: Filter) -> tuple[Filter, ...]:
    return condition.parts if isinstance(condition, And) and condition.term is None else (condition,)


def _study_json(request: StudyRequest) -> dict[str, Any]:
    """A study with its tag, which ``exclude_defaults`` drops like the tags of its filter and periods."""
    study = request.study
    args = study.model_dump(mode="json", exclude_defaults=True)
    args = _with_discriminators(args, study)
    for name in ("base", "later"):
        part = getattr(study, name, None)
        if part is not None:
            args[name] = {"kind": part.kind, **args[name]}
    return {"study": {"study": study.study, **args}}


def filter_json(condition: BaseModel) -> dict[str, Any]:
    """A filter as short JSON that validates: tags kept, empty fields left out."""
    full = condition.model_dump(mode="json")

    def trim(node: Any) -> Any:
        if isinstance(node, dict):
            return {k: trim(v) for k, v in node.items() if v is not None}
        if isinstance(node, list):
            return [trim(v) for v in node]
        return node

    return dict(trim(full))


@dataclass
class Candidate:
    """One way to understand a text.

    Attributes:
        calls: tool calls, in order.
        cost: lower is better; 0 explains every word.
        unexplained: words with content that the calls do not use.
        notes: codes of readings that a person should see.
        frame: which kind of request it is.
        referred: something of an earlier answer was put in for a word like "them".
    """

    calls: list[ToolCall]
    cost: float
    frame: str
    unexplained: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    referred: bool = False


@dataclass
class Planned:
    """The outcome of planning one turn.

    Attributes:
        calls: what to call now; later requests of the sentence follow once these have answered.
        score: 1 is certain, 0 nothing understood.
        unexplained: words that no call uses.
        alternatives: other readings, best first.
        notes: codes of readings to show (``prompts/lexicon/<language>/wording.yaml``).
        frame: kind of request.
        done: how many requests of the text these calls cover, from its beginning (None: all of them).
    """

    calls: list[ToolCall]
    score: float = 1.0
    unexplained: list[str] = field(default_factory=list)
    alternatives: list[Candidate] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    frame: str = ""
    done: int | None = None


def one_query(planned: Planned) -> QueryPlan | None:
    """The plan of a turn that is a single question of the data; None for any other turn."""
    plan = planned.calls[0].plan() if [c.name for c in planned.calls] == ["query_data"] else None
    return plan if isinstance(plan, QueryPlan) else None
