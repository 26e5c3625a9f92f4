"""The scripted model itself can fail."""

from __future__ import annotations

import pytest
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool

from tests.support.scripted_model import ScriptedChatModel, Step, call


@tool
def count_orders(country: str) -> str:
    """Count orders."""
    return f"3 orders in {country}"


def test_plays_its_steps_in_order_inside_an_agent() -> None:
    from langchain.agents import create_agent

    with ScriptedChatModel.playing(
        Step(call("count_orders", country="France"), sees="How many"), Step("Three.", sees="3 orders in France")
    ) as model:
        agent = create_agent(model, [count_orders])
        messages = agent.invoke({"messages": [HumanMessage("How many orders in France?")]})["messages"]
    assert messages[-1].text == "Three."
    assert any(isinstance(m, ToolMessage) for m in messages)
    assert model.bound == [["count_orders"]] * 2


def test_fails_on_an_unexpected_call_even_when_it_is_swallowed() -> None:
    model = ScriptedChatModel.playing("only one")
    model.invoke("first")
    with pytest.raises(AssertionError, match="unexpected call 2"):
        model.invoke("second")
    with pytest.raises(AssertionError, match="unexpected call 2"):
        model.finish()


def test_fails_on_an_unused_step() -> None:
    with pytest.raises(AssertionError, match="1 step.s. of the script were not used"), \
            ScriptedChatModel.playing("one", "two") as model:
        model.invoke("first")


def test_fails_when_it_sees_something_else() -> None:
    model = ScriptedChatModel.playing(Step("ok", sees="France"))
    with pytest.raises(AssertionError, match="expected to see"):
        model.invoke("Germany?")


def test_fails_when_the_script_calls_a_tool_that_is_not_bound() -> None:
    model = ScriptedChatModel.playing(call("count_orders", country="France"))
    with pytest.raises(AssertionError, match="bound tools are"):
        model.invoke("How many?")


def test_raises_a_scripted_error() -> None:
    model = ScriptedChatModel.playing(TimeoutError("slow"))
    with pytest.raises(TimeoutError):
        model.invoke("anything")
