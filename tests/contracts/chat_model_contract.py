"""What every chat model promises to the agent, whichever it is.

The contract is about mechanics (tools reach the model, its calls come out valid, results go in, text comes out), and it
needs a model that can answer one kind of question with a tool. How *well* a model answers is measured elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import BaseTool, StructuredTool, tool
from pydantic import BaseModel, ConfigDict, Field

from assistant.errors import ModelUnavailable
from tests.support.aio import run_async


class SalesRequest(BaseModel):
    """Arguments of the contract's own tool."""

    model_config = ConfigDict(extra="forbid")

    country: str = Field(description="country of the orders")
    limit: int = Field(default=10, ge=1, description="rows to return")


@tool(args_schema=SalesRequest)
def count_sales(country: str, limit: int = 10) -> str:
    """Count the sales of a country."""
    return f"There were 42 sales in {country}."


@tool
def list_products() -> str:
    """List all products."""
    return "Red Mug, Blue Mug"


@dataclass
class Case:
    """Tools, two questions that need a tool, and what a tool would return."""

    tools: list[BaseTool] = field(default_factory=lambda: [count_sales, list_products])
    question: str = "How many sales in France?"
    second_question: str = "How many sales in Germany?"
    tool_text: str = "There were 42 sales in France."
    artifact: Any = None


class ChatModelContract:
    """Subclass and provide ``model``; override ``case`` for a model that knows other tools."""

    @pytest.fixture
    def model(self) -> BaseChatModel:
        raise AssertionError("a subclass provides the model")

    @pytest.fixture
    def case(self) -> Case:
        return Case()

    @staticmethod
    def conversation(case: Case) -> list[BaseMessage]:
        return [SystemMessage("You are the assistant of a shop."), HumanMessage(case.question)]

    @staticmethod
    def answered(call: dict[str, Any], case: Case) -> ToolMessage:
        return ToolMessage(case.tool_text, tool_call_id=call["id"], name=call["name"], artifact=case.artifact)

    @staticmethod
    def check_calls(message: BaseMessage, case: Case) -> list[dict[str, Any]]:
        assert isinstance(message, AIMessage)
        assert message.invalid_tool_calls == []
        assert message.tool_calls, f"no tool call in {message.text!r}"
        tools = {t.name: t for t in case.tools}
        for call in message.tool_calls:
            schema = tools[call["name"]].args_schema
            assert isinstance(schema, type)
            schema.model_validate(call["args"])
            assert call["id"]
        assert len({c["id"] for c in message.tool_calls}) == len(message.tool_calls)
        return list(message.tool_calls)

    def test_bound_tools_give_valid_calls(self, model: BaseChatModel, case: Case) -> None:
        self.check_calls(model.bind_tools(case.tools).invoke(self.conversation(case)), case)

    def test_text_follows_a_tool_result(self, model: BaseChatModel, case: Case) -> None:
        bound = model.bind_tools(case.tools)
        messages = self.conversation(case)
        request = bound.invoke(messages)
        calls = self.check_calls(request, case)
        reply = bound.invoke([*messages, request, *(self.answered(c, case) for c in calls)])
        assert isinstance(reply, AIMessage)
        assert reply.tool_calls == []
        assert reply.text.strip()

    def test_a_later_turn_calls_again(self, model: BaseChatModel, case: Case) -> None:
        bound = model.bind_tools(case.tools)
        messages = self.conversation(case)
        request = bound.invoke(messages)
        messages += [request, *(self.answered(c, case) for c in request.tool_calls)]
        messages += [bound.invoke(messages), HumanMessage(case.second_question)]
        second = self.check_calls(bound.invoke(messages), case)
        assert {c["id"] for c in second}.isdisjoint(c["id"] for c in request.tool_calls)

    def test_async_gives_the_same(self, model: BaseChatModel, case: Case) -> None:
        bound = model.bind_tools(case.tools)
        messages = self.conversation(case)

        def plain(message: BaseMessage) -> list[tuple[str, Any]]:
            return [(c["name"], c["args"]) for c in self.check_calls(message, case)]

        assert plain(run_async(bound.ainvoke(messages))) == plain(bound.invoke(messages))

    def test_streaming_ends_in_the_same_calls(self, model: BaseChatModel, case: Case) -> None:
        bound = model.bind_tools(case.tools)
        messages = self.conversation(case)
        whole = None
        for chunk in bound.stream(messages):
            whole = chunk if whole is None else whole + chunk
        assert whole is not None
        invoked = bound.invoke(messages)
        assert [(c["name"], c["args"]) for c in whole.tool_calls] == [(c["name"], c["args"])
                                                                      for c in invoked.tool_calls]

    def test_the_agent_loop_ends_in_text(self, model: BaseChatModel, case: Case) -> None:
        from langchain.agents import create_agent

        def standing_in(original: BaseTool) -> BaseTool:
            return StructuredTool(
                name=original.name, description=original.description, args_schema=original.args_schema,
                func=lambda **_: (case.tool_text, case.artifact), response_format="content_and_artifact",
            )

        agent = create_agent(model, [standing_in(t) for t in case.tools],
                             system_prompt="You are the assistant of a shop.")
        messages = agent.invoke({"messages": [HumanMessage(case.question)]}, {"recursion_limit": 12})["messages"]
        assert any(isinstance(m, ToolMessage) for m in messages)
        assert isinstance(messages[-1], AIMessage)
        assert messages[-1].text.strip()

    def test_messages_are_left_as_they_were(self, model: BaseChatModel, case: Case) -> None:
        messages = self.conversation(case)
        before = [m.model_dump() for m in messages]
        model.bind_tools(case.tools).invoke(messages)
        assert [m.model_dump() for m in messages] == before


class FreeTextContract(ChatModelContract):
    """For models that write free text: without tools they answer in text, and ``stop`` is kept."""

    def test_without_tools_the_reply_is_text(self, model: BaseChatModel, case: Case) -> None:
        reply = model.invoke([HumanMessage("Say hello")])
        assert reply.text.strip()
        assert reply.tool_calls == []

    def test_stop_ends_the_reply(self, model: BaseChatModel, case: Case) -> None:
        full = model.invoke([HumanMessage("Say hello")]).text
        stop = full.split()[1]
        stopped = model.invoke([HumanMessage("Say hello")], stop=[stop]).text
        assert stop not in stopped
        assert stopped.strip() == full.split(stop)[0].strip()


class RemovableContract(FreeTextContract):
    """For models that can be absent: the error is typed, for calls and for the probe alike."""

    @pytest.fixture
    def unreachable(self) -> BaseChatModel:
        raise AssertionError("a subclass provides a model that is not there")

    def test_an_absent_model_is_a_typed_error(self, unreachable: BaseChatModel, case: Case) -> None:
        with pytest.raises(ModelUnavailable):
            unreachable.bind_tools(case.tools).invoke(self.conversation(case))
        with pytest.raises(ModelUnavailable):
            run_async(unreachable.ainvoke(self.conversation(case)))
        with pytest.raises(ModelUnavailable):
            list(unreachable.stream(self.conversation(case)))
        with pytest.raises(ModelUnavailable):
            unreachable.probe()

    def test_a_present_model_passes_the_probe(self, model: BaseChatModel) -> None:
        assert model.probe() is None
