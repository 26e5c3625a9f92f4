"""The customers behind a figure of sales, and what is asked of them next."""

from __future__ import annotations

from assistant.llm.planner.candidate import Candidate, Planned
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.planner import plan_turn
from assistant.llm.planner.several import after
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


def _talk(*texts: str) -> Planned:
    context, planned = DialogueContext(), None
    for text in texts:
        planned = plan_turn(text, context, SHOP)
        context = after(context, Candidate(planned.calls, 0.0, planned.frame), text)
    assert planned is not None
    return planned


def test_how_many_counts_those_who_bought() -> None:
    args = _talk("revenue of Garden in 2011", "how many of those customers came back").calls[0].args

    assert args["metrics"] == ["customers"]
    bought, again = args["filter"]["parts"]
    assert bought["where"]["values"] == ["Garden"] and bought["period"]["year"] == 2011
    assert (again["metric"], again["op"], again["values"]) == ("orders", "gt", [1.0])


def test_who_drove_a_figure_is_asked_by_customer() -> None:
    call = _talk("revenue last month", "which customers drove that?").calls[0]

    assert (call.name, call.args["dimension"]) == ("explain_change", "customer")


def test_a_time_said_of_them_is_not_said_of_those_before() -> None:
    first = plan_turn("our top 10 customers and which of them have not ordered in 60 days?", None, SHOP)

    assert first.done == 1
    assert "period" not in first.calls[0].args


def test_whose_goes_on_about_the_same_people() -> None:
    text = "I'd like the customers that haven't purchased in the last 90 days, but whose total spend is above 500"
    planned = plan_turn(text, None, SHOP)

    assert [c.name for c in planned.calls] == ["query_data"]
    assert planned.calls[0].args["filter"]["metric"] == "days_since_last_order"
    assert planned.calls[0].args["having"] == [{"metric": "revenue", "values": [500.0]}]
