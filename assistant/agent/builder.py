"""Build the agent: model, tools, prompt, limits and the guard of writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from assistant.agent.prompts import Prompt, load_prompt
from assistant.plans.shop import Shop
from assistant.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.tools import BaseTool

SYSTEM_PROMPT = "system/agent"


def system_prompt(shop: Shop) -> tuple[str, Prompt]:
    """The system prompt for the loaded shop, and the prompt file it came from."""
    prompt = load_prompt(SYSTEM_PROMPT)
    status = shop.status()
    metrics, dimensions = shop.metrics(), shop.dimensions()
    missing = [f"{t.label} (needs {', '.join(t.missing)})" for t in (*metrics, *dimensions) if not t.available]
    text = prompt.render(
        shop_name=status.name, source=status.source, synthetic=status.synthetic,
        currency="an unknown currency" if status.currency == "XXX" else status.currency,
        first_day=status.first_day, last_day=status.last_day, as_of=status.as_of,
        metrics=", ".join(f"{t.name} ({t.label})" for t in metrics if t.available),
        dimensions=", ".join(f"{t.name} ({t.label})" for t in dimensions if t.available),
        unavailable=", ".join(missing),
        terms="; ".join(f"{d.term}: {d.meaning}" for d in shop.definitions()) or "none",
    )
    return text, prompt


def guard_writes() -> Any:
    """Middleware that refuses every tool declared ``write``, whatever the model says.

    Nothing can be approved yet, so no write can be permitted; the check reads the tool's own declaration.
    """
    from langchain.agents.middleware import wrap_tool_call
    from langchain_core.messages import ToolMessage

    @wrap_tool_call
    def refuse_writes(request: Any, handler: Callable[[Any], Any]) -> Any:
        access = ((getattr(request.tool, "metadata", None) or {}).get("access")) if request.tool else "unknown"
        if access in {"read", "draft"}:
            return handler(request)
        return ToolMessage(
            content="Refused (not_permitted): this needs a person's approval, which is given outside the chat.",
            tool_call_id=request.tool_call["id"], name=request.tool_call["name"], status="error",
        )

    return refuse_writes


def build_agent(
    model: BaseChatModel, tools: Sequence[BaseTool], shop: Shop, settings: Settings, checkpointer: Any = None
) -> tuple[Any, list[Prompt]]:
    """The compiled agent graph and the prompts it uses."""
    from langchain.agents import create_agent
    from langchain.agents.middleware import ModelCallLimitMiddleware, ToolCallLimitMiddleware

    text, prompt = system_prompt(shop)
    agent = create_agent(
        model=model,
        tools=list(tools),
        system_prompt=text,
        middleware=[
            guard_writes(),
            ModelCallLimitMiddleware(run_limit=settings.model_calls_per_turn, exit_behavior="end"),
            ToolCallLimitMiddleware(run_limit=settings.tool_calls_per_turn, exit_behavior="continue"),
        ],
        checkpointer=checkpointer,
    )
    return agent, [prompt]
