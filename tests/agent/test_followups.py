"""Suggestions are tried before they are shown, and no answer waits for a model that only a suggestion needs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from assistant.agent.followups import FollowUpCheck
from assistant.caching import NotReady, OnceCache, only_ready


class _Models:
    """A tool that needs a model which takes long to fit."""

    name = "recommend_products"
    metadata = {"access": "read"}

    def __init__(self) -> None:
        self.cache, self.fitted = OnceCache(), 0

    def fit(self) -> str:
        self.fitted += 1
        return "model"

    def invoke(self, call: dict[str, Any]) -> Any:
        self.cache.get("model", self.fit, slow=True)
        return SimpleNamespace(artifact={"kind": "recommendation"})


def _check(tool: _Models) -> FollowUpCheck:
    shop = SimpleNamespace(status=lambda: SimpleNamespace(fingerprint="f", as_of="2026-06-18"))
    check = FollowUpCheck(None, [tool], shop)  # type: ignore[arg-type]
    calls = SimpleNamespace(tool_calls=[{"name": tool.name, "args": {}, "id": "1"}])
    check.__dict__["_model"] = SimpleNamespace(invoke=lambda messages: calls)
    return check


def test_a_suggestion_that_needs_a_model_not_fitted_yet_is_left_out_and_tried_again_later() -> None:
    tool = _Models()
    check = _check(tool)

    assert check.keep(["Recommend something"]) == [] and tool.fitted == 0
    tool.cache.get("model", tool.fit, slow=True)  # meanwhile somebody asked for it
    assert check.keep(["Recommend something"]) == ["Recommend something"] and tool.fitted == 1


def test_examples_are_tried_with_all_they_need() -> None:
    tool = _Models()

    assert _check(tool).works("Recommend something") and tool.fitted == 1


def test_only_what_takes_long_is_not_made() -> None:
    cache: OnceCache = OnceCache()
    with only_ready():
        assert cache.get("quick", lambda: 1) == 1
        with pytest.raises(NotReady, match="slow"):
            cache.get("slow", lambda: 2, slow=True)
    assert cache.get("slow", lambda: 2, slow=True) == 2


class _Choices:
    """A tool that tries its own next step while it runs."""

    name = "brief_shop"
    metadata = {"access": "read"}

    def __init__(self) -> None:
        self.check: FollowUpCheck | None = None
        self.runs = 0

    def invoke(self, call: dict[str, Any]) -> Any:
        self.runs += 1
        assert self.check is not None
        self.check.works("lowest by change")
        return SimpleNamespace(artifact={"kind": "briefing"})


def test_a_suggestion_that_leads_back_to_itself_is_tried_once() -> None:
    tool = _Choices()
    tool.check = _check(tool)  # type: ignore[arg-type]

    tool.check.works("lowest by change")
    assert tool.runs == 1
