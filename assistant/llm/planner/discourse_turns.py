"""Moves between turns: back to an earlier question with a change, a new beginning, what was offered after a "no"."""

from __future__ import annotations

import re
from dataclasses import replace

from assistant.llm.planner.candidate import Candidate, Planned, ToolCall
from assistant.llm.planner.context import FRESH_START, DialogueContext, Past
from assistant.llm.planner.discourse_scene import FRAME, Move, Scene
from assistant.llm.planner.lexicon import Lexicon
from assistant.llm.planner.picks import open_options, option_at
from assistant.llm.planner.replies import ask
from assistant.llm.planner.several import after
from assistant.llm.planner.spans import read

_SHOWING = frozenset({"draft_campaign", "undo_campaign"})
_NOT_SAID = frozenset({"decline", "ask", "ask_back"})


def fresh_start(s: Scene) -> Planned | None:
    """As in "start over": nothing said before counts any more."""
    if not s.context.past:
        return None
    lex: Lexicon = s.words.lexicon
    return Planned([ask(lex, FRESH_START, lex.wording["lists"]["greeting"])], 1.0, frame=FRESH_START)


def back_to(s: Scene) -> Planned | None:
    """As in "back to the first question, but for France", "back to the categories: and in 2024?"."""
    turns = s.context.turns()
    index = _at(s, turns)
    if index is None:
        return None
    made = turns[index]
    rest = s.said.get("rest", "").strip(" ,.:;-–")
    if not rest:
        return Planned([_once_more(p) for p in made], 1.0, frame="back")
    upto = DialogueContext([p for p in s.context.past if p.turn <= made[-1].turn], s.context.questions)
    found = _changed(s, upto, rest)
    return None if found is None else replace(found, frame=FRAME)


def _at(s: Scene, turns: list[list[Past]]) -> int | None:
    """Which of the answered turns is meant."""
    if not turns:
        return None
    if "topic" in s.said:
        return _of_topic(s, turns, s.said["topic"])
    place = s.raw["places"].get(s.said.get("place", "first").lower(), 0)
    return place if -len(turns) <= place < len(turns) and len(turns) > 1 else None


def _of_topic(s: Scene, turns: list[list[Past]], topic: str) -> int | None:
    """The latest turn, not the last one, that was about what is named."""
    tool = next((str(t) for t, names in s.raw["topics"].items() if topic.lower() in names), None)
    meant = {str(name) for item in read(topic, s.words).items for kind in ("dim", "grain", "metric", "value")
             for name in item.alts.get(kind, ()) if isinstance(name, str)}
    for index in range(len(turns) - 2, -1, -1):
        for past in turns[index]:
            args = past.call.args
            named = {*args.get("dimensions", ()), *args.get("metrics", ()), args.get("metric")}
            if past.call.name == tool or meant & named:
                return index
    return None


def _once_more(past: Past) -> ToolCall:
    """The call again; a draft is shown, not made a second time."""
    if past.call.name not in _SHOWING:
        return past.call
    named = ((past.result or {}).get("details") or {}).get("campaign_id")
    return ToolCall("show_campaign", {"campaign_id": named} if named else {})


def _changed(s: Scene, known: DialogueContext, rest: str) -> Planned | None:
    """The rest of the text, said right after that turn."""
    for text in (s.raw["and_what"].format(rest=rest), rest):
        found = s.within(known, text)
        if found.frame not in _NOT_SAID and found.score > 0 and all(c.name not in _NOT_SAID for c in found.calls):
            return found
    return None


def offered(s: Scene) -> Planned | None:
    """As in "fine, use the first", "the second one, but for 2025" after a question back or a "no" that offers some."""
    option = option_at(s.context, s.raw["places"].get(s.said["place"].lower()))
    if option is None:
        return None
    rest = s.said.get("rest", "").strip(" ,.:;-–")
    first = (
        Planned(list(option.calls), 1.0, frame="picked") if option.calls
        else s.within(DialogueContext(s.context.past[:0]), option.text)
    )
    if first.frame in _NOT_SAID or first.score <= 0:
        return None
    if not rest:
        return replace(first, frame="picked")
    known = after(s.context, Candidate(first.calls, 0.0, first.frame), option.text)
    found = _changed(s, known, rest)
    return None if found is None else replace(found, frame="picked")


def offered_unit(s: Scene) -> Planned | None:
    """As in "in percent" after "gross margin or margin rate?": the one option whose measure has that unit."""
    wanted = next(unit for unit in s.raw["units"] if unit in s.said)
    fitting = [o for o in open_options(s.context) if len(o.calls) == 1 and _unit(s, o.calls[0]) == wanted]
    return Planned(list(fitting[0].calls), 1.0, frame="picked") if len(fitting) == 1 else None


def _unit(s: Scene, one: ToolCall) -> str:
    """The unit of the first measure of a data question."""
    name = next(iter(one.args.get("metrics", ())), "")
    return s.words.metrics[name].unit if name in s.words.metrics else ""


def left_off(s: Scene) -> Planned | None:
    """As in "then without that" after "revenue by weather": the question without what the data do not hold."""
    stuck = s.context.open_turn()
    if len(stuck) != 1 or stuck[0].call.name != "decline" or not 0 < stuck[0].turn <= len(s.context.questions):
        return None
    question = s.context.questions[stuck[0].turn - 1]
    absent = [item.text for item in read(question, s.words).items if item.has("absent")]
    named = s.said.get("what", "").lower()
    if len(absent) != 1 or (named and named not in absent[0].lower() and absent[0].lower() not in named):
        return None
    phrase = rf"(?:,? \b(?:{s.raw['before_absent']})\b)?(?: \b(?:the|our|all)\b)? {re.escape(absent[0])}\b"
    shorter = re.sub(phrase, "", question, count=1, flags=re.IGNORECASE)
    if shorter == question or not shorter.strip():
        return None
    found = s.within(s.context, shorter)
    rest = s.said.get("rest", "").strip(" ,.:;-–")
    if rest and found.frame not in _NOT_SAID:
        known = after(s.context, Candidate(found.calls, 0.0, found.frame), shorter)
        found = _changed(s, known, rest) or found
    return replace(found, frame=FRAME) if found.frame not in _NOT_SAID and found.score > 0 else None


MOVES: dict[str, Move] = {"fresh_start": fresh_start, "offered": offered, "offered_unit": offered_unit,
                          "left_off": left_off, "back_to": back_to}
