"""Only what works is suggested: a follow-up is planned and run before it is shown."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assistant.caching import NotReady, only_ready
from assistant.plans.shop import Shop

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.tools import BaseTool

log = logging.getLogger(__name__)

#: tools whose run would leave something behind are never run to try them; some can say whether they would
_TRIED_ACCESS = "read"
_REMEMBERED = 500


class FollowUpCheck:
    """Keeps the candidates that the brain can plan and the tools can run on the loaded data.

    Args:
        model: the chat model; only a built-in planner is asked (a hosted one would cost money for a suggestion).
        tools: the tools of the agent.
        shop: its fingerprint is part of the memory's key.
    """

    def __init__(self, model: BaseChatModel, tools: Sequence[BaseTool], shop: Shop) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._shop = shop
        self._given = model
        self._known: OrderedDict[tuple[str, str], bool] = OrderedDict()
        self._lock = threading.Lock()
        self._trying = threading.local()

    @cached_property
    def _model(self) -> Any:
        return _planner(self._given, self._shop).bind_tools(list(self._tools.values()))

    def keep(self, candidates: Sequence[str], limit: int = 3, *, known: Collection[str] = ()) -> list[str]:
        """The first ``limit`` candidates that work, in order, without repeats.

        Args:
            known: what was asked or suggested before in the conversation; it is not suggested again.
        """
        kept: list[str] = []
        seen = {_plain(text) for text in known}
        for text in candidates:
            if len(kept) == limit:
                break
            if _plain(text) not in seen and self.works(text, wait=False):
                kept.append(text)
                seen.add(_plain(text))
        return kept

    def works(self, text: str, *, wait: bool = True) -> bool:
        """Whether the candidate can be planned and run; remembered per snapshot.

        Args:
            wait: also where a model has to be fitted for it, which can take minutes; otherwise such a candidate is left
                out this time, so that no answer waits for what is only suggested beside it.
        """
        status = self._shop.status()
        key = (f"{status.fingerprint}@{status.as_of}", text)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        under_way: set[str] = self._trying.__dict__.setdefault("texts", set())
        if text in under_way:  # it leads to a choice of which it is one itself
            return False
        under_way.add(text)
        try:
            works, lasting = self._try(text) if wait else self._try_now(text)
        finally:
            under_way.discard(text)
        if not lasting:  # what a person does meanwhile changes it
            return works
        with self._lock:
            self._known[key] = works
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return works

    def _try_now(self, text: str) -> tuple[bool, bool]:
        """The same with what is fitted already; without it nothing lasting is said."""
        try:
            with only_ready():
                return self._try(text)
        except NotReady as missing:
            log.info("a suggestion was left out, %s", missing)
            return False, False

    def _try(self, text: str) -> tuple[bool, bool]:
        """Whether it works, and whether that holds as long as the data are the same."""
        from langchain_core.messages import HumanMessage

        calls = self._model.invoke([HumanMessage(text)]).tool_calls
        if not calls:
            return False, True
        for call in calls:
            tool = self._tools.get(call["name"])
            if tool is None or call["name"] in {"decline", "ask_back"}:
                return False, True
            told = tool.metadata or {}
            if told.get("access") != _TRIED_ACCESS:
                return (told["trial"](call["args"]), False) if told.get("trial") else (
                    call["name"] == "draft_campaign", True)
            message = tool.invoke({**call, "type": "tool_call"})
            artifact = message.artifact
            if not artifact or artifact.get("refusal") or artifact.get("question"):
                return False, True
        return True, True


def _plain(text: str) -> str:
    """The words of a suggestion, however it is written."""
    return " ".join(text.casefold().strip(" ?.!").split())


def _planner(model: BaseChatModel, shop: Shop) -> BaseChatModel:
    from assistant.llm.planner.model import PlannerChatModel

    return model if isinstance(model, PlannerChatModel) else PlannerChatModel(shop=shop)
