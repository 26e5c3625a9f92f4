"""Typed plans and requests: what a language model may ask for, as data.

Nothing here executes. Every model refuses unknown keys, is immutable, and can be put into plain words with
:func:`assistant.plans.reword.reword`.
"""

from assistant.plans.agreements import (
    AudiencePair,
    ChangeSegment,
    DefineTerm,
    SavedSegmentsRequest,
    SaveSegment,
    TakeBackRequest,
    TermsRequest,
    WithdrawTerm,
)
from assistant.plans.base import PlanModel
from assistant.plans.break_even import BreakEvenRequest
from assistant.plans.briefing import BriefingRequest
from assistant.plans.categories import AdoptCategories, ChangeCategories, ProposeCategories, ShowCategories
from assistant.plans.filters import (
    Among,
    And,
    BoughtThen,
    Compare,
    CustomerCondition,
    Filter,
    InGroup,
    Not,
    Or,
    Predicted,
)
from assistant.plans.groups import GroupsRequest, MoversRequest
from assistant.plans.people import FairnessRequest, InterestRequest, PrivacyRequest, ReportRequest
from assistant.plans.periods import Period
from assistant.plans.premise import PremiseRequest
from assistant.plans.promotions import BundleRequest, PromotionRequest, SubstituteRequest
from assistant.plans.propensity import ChurnExamRequest, OrderingRequest, TableScoreRequest
from assistant.plans.query import ChangePlan, Comparison, Having, QueryPlan, Sort
from assistant.plans.recommenders import CompareRecommendersRequest
from assistant.plans.recommending import CheckRequest, LaunchRequest
from assistant.plans.requests import (
    AskRequest,
    BuyersRequest,
    CampaignBrief,
    CampaignRequest,
    CampaignsRequest,
    ChurnRequest,
    CopyEdit,
    CustomerRequest,
    DataRequest,
    DeclineRequest,
    ExplainRequest,
    ForecastRequest,
    JourneyStep,
    MessageRequest,
    OfferSpec,
    PieceTurn,
    PostRequest,
    ProductSearchRequest,
    ReasonRequest,
    RecommendRequest,
    SegmentRequest,
    SegmentRule,
    StockRequest,
    TogetherRequest,
    UndoRequest,
    ValueRequest,
)
from assistant.plans.studies import (
    CohortStudy,
    ConcentrationStudy,
    ContrastStudy,
    EarlyStudy,
    LadderStudy,
    ReturnStudy,
    SpreadStudy,
    StandingStudy,
    StudyRequest,
)
from assistant.plans.uplift import ReadOutRequest, UpliftRequest

__all__ = [
    "AdoptCategories", "Among", "And", "AskRequest", "AudiencePair", "BoughtThen", "BreakEvenRequest",
    "BriefingRequest", "BundleRequest", "BuyersRequest", "CampaignBrief", "CampaignRequest", "CampaignsRequest",
    "ChangeCategories", "ChangePlan", "ChangeSegment", "CheckRequest", "ChurnExamRequest", "ChurnRequest",
    "CohortStudy", "Compare", "CompareRecommendersRequest", "Comparison", "ConcentrationStudy", "ContrastStudy",
    "CopyEdit",
    "PieceTurn", "CustomerCondition", "CustomerRequest", "DataRequest", "DeclineRequest", "DefineTerm",
    "EarlyStudy", "ExplainRequest", "FairnessRequest", "Filter", "ForecastRequest", "GroupsRequest", "Having",
    "InGroup", "InterestRequest", "JourneyStep", "LadderStudy", "LaunchRequest", "MessageRequest", "MoversRequest",
    "Not", "OfferSpec", "Or", "OrderingRequest", "Period", "PlanModel", "PostRequest", "Predicted", "PremiseRequest",
    "PrivacyRequest", "ProductSearchRequest", "ReasonRequest", "PromotionRequest", "ProposeCategories", "QueryPlan",
    "ReadOutRequest", "RecommendRequest", "ReportRequest", "ReturnStudy", "SavedSegmentsRequest", "SaveSegment",
    "SegmentRequest", "SegmentRule", "ShowCategories", "Sort", "SpreadStudy", "StandingStudy", "StockRequest",
    "StudyRequest", "SubstituteRequest", "TableScoreRequest", "TakeBackRequest", "TermsRequest", "TogetherRequest",
    "UndoRequest", "UpliftRequest", "ValueRequest", "WithdrawTerm",
]
