"""Every tool the agent may be given, one line each. READ or WRITE is declared data, enforced in code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from assistant.plans import PlanModel
from assistant.results import Result
from tools import (
    agreements,
    campaigns,
    categories,
    contacting,
    conversation,
    customers,
    data,
    experiments,
    explaining,
    forecasting,
    foreseeing,
    grouping,
    offers,
    people,
    products,
    recommending,
    sending,
    studies,
)

#: ``read`` changes nothing · ``draft`` changes only drafts inside the assistant · ``write`` reaches beyond it and never
#: runs without a person's recorded approval.
Access = Literal["read", "draft", "write"]


@dataclass(frozen=True)
class ToolSpec:
    """A tool: its function ``(workspace, request) -> Result``; name and description come from the function.

    ``trial`` says of a tool that leaves something behind whether it could run now: it raises what the tool would raise,
    and changes nothing.
    """

    function: Callable[..., Result]
    access: Access = "read"
    trial: Callable[..., None] | None = None

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def request(self) -> type[PlanModel]:
        """The type of the second parameter: the schema of the arguments."""
        from typing import get_type_hints

        hints = get_type_hints(self.function)
        return hints["request"]


TOOLS: tuple[ToolSpec, ...] = (
    ToolSpec(data.query_data),
    ToolSpec(data.explain_change),
    ToolSpec(studies.run_study),
    ToolSpec(data.brief_shop),
    ToolSpec(data.break_even),
    ToolSpec(data.check_premise),
    ToolSpec(data.describe_data),
    ToolSpec(customers.count_audience),
    ToolSpec(customers.find_segments),
    ToolSpec(customers.describe_customer),
    ToolSpec(people.find_interests),
    ToolSpec(people.check_fairness),
    ToolSpec(people.export_report, access="draft"),
    ToolSpec(people.show_privacy),
    ToolSpec(customers.predict_churn),
    ToolSpec(foreseeing.check_churn),
    ToolSpec(foreseeing.predict_orders),
    ToolSpec(foreseeing.score_table),
    ToolSpec(customers.customer_value),
    ToolSpec(contacting.predict_uplift),
    ToolSpec(contacting.read_out_campaigns),
    ToolSpec(offers.choose_offers),
    ToolSpec(experiments.size_experiment),
    ToolSpec(experiments.read_experiment),
    ToolSpec(offers.explore_offers, access="draft"),
    ToolSpec(products.recommend_products),
    ToolSpec(products.compare_recommenders),
    ToolSpec(products.bought_together),
    ToolSpec(products.search_products),
    ToolSpec(products.likely_buyers),
    ToolSpec(recommending.new_products),
    ToolSpec(recommending.check_recommender),
    ToolSpec(products.plan_promotion),
    ToolSpec(products.propose_bundles),
    ToolSpec(products.find_substitutes),
    ToolSpec(forecasting.forecast_metric),
    ToolSpec(forecasting.plan_stock),
    ToolSpec(campaigns.draft_campaign, access="draft"),
    ToolSpec(campaigns.draft_post),
    ToolSpec(campaigns.show_campaign),
    ToolSpec(campaigns.explain_message),
    ToolSpec(campaigns.explain_brief),
    ToolSpec(campaigns.list_campaigns),
    ToolSpec(campaigns.undo_campaign, access="draft"),
    ToolSpec(sending.plan_sending, access="draft", trial=sending.would_run),
    ToolSpec(sending.dry_run_campaign, access="draft", trial=sending.would_run),
    ToolSpec(sending.show_sendings),
    ToolSpec(sending.stop_sending, access="draft", trial=sending.would_run),
    ToolSpec(sending.export_campaign, access="draft", trial=sending.would_run),
    ToolSpec(sending.show_calendar),
    ToolSpec(explaining.explain_answer),
    ToolSpec(agreements.define_term, access="draft"),
    ToolSpec(agreements.show_terms),
    ToolSpec(agreements.withdraw_term, access="draft"),
    ToolSpec(agreements.save_segment, access="draft"),
    ToolSpec(agreements.show_saved_segments),
    ToolSpec(agreements.change_segment, access="draft"),
    ToolSpec(agreements.undo_change, access="draft"),
    ToolSpec(agreements.compare_audiences),
    ToolSpec(grouping.compare_groups),
    ToolSpec(grouping.find_movers),
    ToolSpec(categories.propose_categories),
    ToolSpec(categories.adopt_categories, access="draft"),
    ToolSpec(categories.show_categories),
    ToolSpec(categories.change_categories, access="draft"),
    ToolSpec(conversation.ask_back),
    ToolSpec(conversation.decline),
)
