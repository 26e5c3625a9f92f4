"""A session over a scripted model and one small tool."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool

from assistant.agent.events import Brain
from assistant.agent.session import Session
from assistant.plans.shop import Match, ShopStatus, Term
from assistant.results import DefinitionUsed, Refusal, Result
from assistant.results.text import to_text
from assistant.settings import load_settings
from tests.support.results import ranking


class StillShop:
    """A shop with fixed facts."""

    def status(self) -> ShopStatus:
        day = date(2024, 3, 9)
        return ShopStatus("tests", "tests", "GBP", True, "s1", "f1", date(2023, 1, 1), day, day, {}, {})

    def metrics(self) -> Sequence[Term]:
        return (Term("revenue", "Revenue", ("sales",), "currency"),
                Term("margin", "Margin", ("profit",), "currency", False, ("products.cost",)))

    def dimensions(self) -> Sequence[Term]:
        return (Term("product", "Product", ("products",)),)

    def values(self, dimension: str) -> Sequence[str]:
        return ()

    def find(self, text: str, kinds: Sequence[str] = (), k: int = 5) -> Sequence[Match]:
        return ()

    def definitions(self) -> Sequence[DefinitionUsed]:
        return (DefinitionUsed(term="lapsed", meaning="no order for 90 days"),)

    def segment_names(self) -> Sequence[str]:
        return ()

    def definition_filter(self, term: str) -> dict[str, Any] | None:
        return None


def ranking_tool(calls: list[dict[str, Any]], error: Exception | None = None) -> BaseTool:
    """A read tool that returns the ranking, or raises."""

    def show_ranking(n: int = 2) -> tuple[str, dict[str, Any]]:
        """Rank products."""
        calls.append({"n": n})
        if error is not None:
            raise error
        result = ranking().model_copy(update={"kind": "data_test"})
        return to_text(result), result.model_dump(mode="json")

    return StructuredTool.from_function(
        show_ranking, response_format="content_and_artifact", metadata={"access": "read"}
    )


def refusing_tool() -> BaseTool:
    """A read tool that always says no."""

    def refuse() -> tuple[str, dict[str, Any]]:
        """Refuse."""
        result = Result(kind="refusal", title="no",
                        refusal=Refusal(reason="missing_data", message="Opens are not in the data."))
        return to_text(result), result.model_dump(mode="json")

    return StructuredTool.from_function(refuse, response_format="content_and_artifact", metadata={"access": "read"})


def write_tool(calls: list[dict[str, Any]]) -> BaseTool:
    """A tool that would reach beyond the assistant."""

    def send_everything() -> str:
        """Send."""
        calls.append({"sent": True})
        return "sent"

    return StructuredTool.from_function(send_everything, metadata={"access": "write"})


def make_session(model: Any, tools: Sequence[BaseTool], home: Path, **settings: Any) -> Session:
    """A remembering session with its state below ``home``."""
    return Session(model, Brain("scripted", "test", "test", "test"), tools, StillShop(),
                   load_settings(home, **settings))
