"""A question about customers that it describes itself: "what did lapsed customers buy last year", "AOV of our top 100".

Such a text is two questions: who they are, and what is asked of them. Both are planned as in a conversation: the
customers are counted first, and what is asked is asked of "them". The plan is taken where the text was not understood,
or where its plan holds nothing of the customers that it names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.population import Population
from assistant.llm.planner.population import in_talk as last_spoken_of
from assistant.llm.planner.second_reading import MAKING, refused_for_words
from assistant.llm.planner.spans import read
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import CustomerCondition
from assistant.plans.requests import SegmentRule

FRAME = "asked_of_people"
_LONGEST = 30
#: words of a text that is a question of its own in a talk
_WHOLE = 5
_TRIES = 6
_MOST = 100_000

#: plans a text in a conversation, every word accounted for
Within = Callable[[DialogueContext, str], Planned]


@lru_cache(maxsize=4)
def _forms(language: str) -> dict[str, Any]:
    raw = read_yaml(language, "asked_of_people")
    if not raw:
        return {}
    put = {name: str(text) for name, text in raw["macros"].items()}

    def form(name: str) -> re.Pattern[str]:
        text = str(raw[name])
        for key, value in put.items():
            text = text.replace(f"<{key}>", value)
        return re.compile(text, re.IGNORECASE)

    return {**raw, **{name: form(name) for name in ("people", "ranked", "led", "ends", "told")}}


def asked_of_people(
    text: str, first: Planned, words: Vocabulary, within: Within, *, in_talk: bool = False
) -> Planned | None:
    """The plan of what a text asks of the customers that it describes; None where another one is as good.

    Args:
        text: as it was said.
        first: its plan by the other readings.
        words: of the shop.
        within: plans another text in another conversation.
        in_talk: something was answered before; a text that points there, or is a scrap, is left to the talk.
    """
    forms = _forms(words.lexicon.language)
    refused = refused_for_words(first, words)
    if not forms or len(text.split()) > _LONGEST or not refused and [c.name for c in first.calls] != ["query_data"]:
        return None
    if in_talk and (len(text.split()) < _WHOLE or any(
            item.has("customers_pronoun", "pronoun") for item in read(text, words).items)):
        return None
    for start, end, one, notes in _described(text, words, forms, within, every=refused):
        known = DialogueContext()
        known.questions.append(text[start:end])
        known.past.append(Past(one, None))
        whom = last_spoken_of(known)
        if whom is None:
            continue
        if not refused and (whom.held_by(first.calls[0]) or _chosen(first.calls[0].args.get("filter"))):
            return None
        asked = within(known, f"{text[:start]}{_pronoun(text[:start], forms)}{text[end:]}")
        if _answers(asked, whom):
            said = [note for note in asked.notes if not note.startswith("those_people|")]  # no "they" was said
            return Planned(asked.calls, asked.score, notes=[*notes, *said], frame=FRAME)
    return None


def _described(
    text: str, words: Vocabulary, forms: dict[str, Any], within: Within, *, every: bool
) -> Iterator[tuple[int, int, ToolCall, list[str]]]:
    """Where customers are described after a word that leads to them, the call that counts them, and what it notes."""
    ranked = forms["ranked"].search(text)
    if ranked is not None:
        said = ranked["many"].lower()
        many = int(forms["numbers"].get(said, said))
        metric = words.role(str(forms["measures"].get((ranked["by"] or "").lower(), "money")))
        if metric is not None and 0 < many <= _MOST:
            rule = CustomerCondition(metric=metric, op="gt", values=(float(many),), rank="top_n")
            yield *ranked.span("people"), call(SegmentRule(filter=rule)), []
        return
    tries = 0
    for match in forms["people"].finditer(text):
        start = match.start("people")
        for end in _ends(text, match.end("people"), forms):
            said = text[start:end]
            if not every and forms["told"].search(said) is None:
                continue
            tries += 1
            if tries > _TRIES:
                return
            counted = within(DialogueContext(), forms["count"].format(people=said))
            if _counts(counted):
                yield start, end, counted.calls[0], [n for n in counted.notes if n.startswith("defined_term|")]


def _ends(text: str, noun: int, forms: dict[str, Any]) -> Iterator[int]:
    """Where the description may end, the longest first: at the end, before a verb of what they do, after the noun."""
    whole = len(text.rstrip(" ?.!"))
    found = [m.start() for m in forms["ends"].finditer(text, noun)]
    yield from (end for end in dict.fromkeys([whole, *reversed(found), noun]) if noun <= end <= whole)


def _chosen(node: Any) -> bool:
    """Whether a condition chooses customers by what they did."""
    inner = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list | tuple) else ()
    return isinstance(node, dict) and node.get("op_type") == "customer" or any(_chosen(one) for one in inner)


def _counts(planned: Planned) -> bool:
    """Whether a plan counts the customers of a description, with every word used."""
    if len(planned.calls) != 1 or planned.done is not None or _unused(planned):
        return False
    one = planned.calls[0]
    counted = one.args.get("metrics") == ["customers"] and not one.args.keys() & {"dimensions", "period", "compare"}
    return one.name == "count_audience" or one.name == "query_data" and counted and bool(one.args.get("filter"))


def _pronoun(before: str, forms: dict[str, Any]) -> str:
    return str(forms["subject"] if forms["led"].search(before) else forms["object"])


def _answers(asked: Planned, whom: Population) -> bool:
    """Whether one call answers of those customers, with every word used."""
    if len(asked.calls) != 1 or asked.done is not None or _unused(asked):
        return False
    one = asked.calls[0]
    return one.name not in MAKING | {"decline", "ask_back", "count_audience"} and whom.held_by(one)


def _unused(planned: Planned) -> bool:
    return any(note.startswith("not_used|") for note in planned.notes)
