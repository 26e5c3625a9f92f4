"""Turns that the grammar cannot read, planned by likeness to the known questions, where the shop has an encoder."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from functools import partial
from weakref import WeakKeyDictionary

from assistant.errors import AssistantError
from assistant.llm.planner.candidate import Planned
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.nearest_question import nearest_question
from assistant.llm.planner.planner import plan_turn
from assistant.llm.planner.question_bank import known_questions
from assistant.llm.planner.question_likeness import QuestionIndex
from assistant.llm.planner.question_sense import beside_the_question
from assistant.llm.planner.vocabulary import vocabulary
from assistant.plans.answering import Likening
from assistant.plans.shop import Shop

log = logging.getLogger(__name__)

_INDICES: WeakKeyDictionary[object, dict[str, QuestionIndex]] = WeakKeyDictionary()
_LOCK = threading.Lock()


def by_likeness(
    text: str, planned: Planned, context: DialogueContext, shop: Shop, *, tools: Collection[str], language: str
) -> Planned:
    """The plan of a text, by its likeness to a known question where the grammar could not read it.

    Args:
        text: as it was said.
        planned: its plan by the grammar.
        context: the conversation so far.
        shop: loaded; without an encoder the plan stays.
        tools: names of the tools that may be called.
        language: folder of the lexicon and of the bank.
    """
    if not isinstance(shop, Likening):
        return planned
    try:
        found = nearest_question(
            text, planned, context, vocabulary(shop, language), index_of(shop, language),
            partial(plan_turn, context=context, shop=shop, tools=tools, language=language),
            partial(plan_turn, context=None, shop=shop, tools=tools, language=language))
    except AssistantError as error:
        log.warning("no known question is looked for: %s", error)
        return planned
    if found is None or not all(c.name in tools for c in found.calls):
        return planned
    if found.frame != "ask" and beside_the_question(text, found.calls, language) is not None:
        return planned  # the known question is another one than was asked
    return found


def warm_questions(shop: Likening, language: str = "en") -> None:
    """Encode the known questions now, so that the first text that needs them does not wait.

    Raises:
        ModelUnavailable: the encoder cannot be loaded.
    """
    index_of(shop, language).ready()


def index_of(shop: Likening, language: str) -> QuestionIndex:
    """The known questions with their vectors, encoded once."""
    with _LOCK:
        indices = _INDICES.setdefault(shop, {})
        if language not in indices:
            indices[language] = QuestionIndex(
                known_questions(language), language, shop.sentence_vectors, partial(shop.sentence_vectors, keep=True))
        return indices[language]
