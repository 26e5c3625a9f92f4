"""Which option of a question back a text picks: by place, by its words, or by part of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.lexicon import Lexicon
from assistant.llm.planner.normalise import tokenise

_LONGEST = 8
"""Words of an answer that may be part of an option; more are a question of their own."""


@dataclass(frozen=True)
class Pick:
    """An option: its words, and the calls it stands for where they are known."""

    text: str
    calls: tuple[ToolCall, ...] = ()


def picked(text: str, context: DialogueContext, lex: Lexicon) -> Pick | None:
    """The option that a text picks; None where it is something else.

    An option's own words pick it as long as the conversation lasts; places ("the first") and parts of an option only
    right after the question.
    """
    asked = [_asked(past) for past in context.past]
    for question in reversed(asked):
        for index, option in enumerate(_options(question)):
            if _plain(option) == _plain(text):
                return _pick(question, index)
    last = asked[-1] if asked else {}
    if not _options(last):
        return None
    index = _by_place(text, len(_options(last)), lex)
    if index is None:
        index = _by_words(text, _options(last), lex)
    return None if index is None else _pick(last, index)


def option_at(context: DialogueContext, place: int | None) -> Pick | None:
    """What stands at a place (0 is the first, -1 the last) of what the last turn asked back or offered after a "no"."""
    last = context.past[-1] if context.past else None
    if last is None or place is None:
        return None
    offers = {"options": last.call.args.get("nearest", ())} if last.call.name == "decline" else _asked(last)
    options = _options(offers)
    return _pick(offers, place) if -len(options) <= place < len(options) else None


def open_options(context: DialogueContext) -> list[Pick]:
    """The options of a question back that the last turn asked, with what each stands for."""
    asked = _asked(context.past[-1]) if context.past else {}
    return [_pick(asked, i) for i in range(len(_options(asked)))]


def _asked(past: Past) -> dict[str, Any]:
    """What a call asked back: by itself, or as the answer of a tool."""
    return past.call.args if past.call.name == "ask_back" else (past.result or {}).get("question") or {}


def _options(question: dict[str, Any]) -> list[str]:
    return [str(o) for o in question.get("options", ())]


def _pick(question: dict[str, Any], index: int) -> Pick:
    plans = list(question.get("plans", ()))
    option = _options(question)[index]
    index = index if index >= 0 else len(_options(question)) + index
    if index >= len(plans):
        return Pick(option)
    return Pick(option, (ToolCall(str(plans[index]["name"]), dict(plans[index]["args"])),))


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text).casefold().strip()


def _by_place(text: str, count: int, lex: Lexicon) -> int | None:
    places: dict[str, int] = {str(w): int(n) for n, words in lex.words["places"].items() for w in words}
    words = _plain(text).split()
    while words and words[0] in lex.words["place_words"]:
        words = words[1:]
    while words and words[-1] in lex.words["place_words"]:
        words = words[:-1]
    if len(words) != 1 or words[0] not in places:
        return None
    index = places[words[0]]
    index = count + index if index < 0 else index - 1
    return index if 0 <= index < count else None


def _by_words(text: str, options: list[str], lex: Lexicon) -> int | None:
    """As in "the rate", "by category": content words that one option has and no other."""
    said = _content(text, lex)
    if not said or len(said) > _LONGEST:
        return None
    held = [_content(option, lex) for option in options]
    fitting = [i for i, words in enumerate(held) if said <= words]
    if len(fitting) == 1:
        return fitting[0]
    return None


def _content(text: str, lex: Lexicon) -> set[str]:
    tokens = tokenise(text, lex.words)
    words = [t for t in tokens if t.kind in {"word", "number"}]
    return {t.lemma for t in words if not {t.word, t.lemma} & lex.skip}
