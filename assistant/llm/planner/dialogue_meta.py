"""Follow-ups about the answers themselves: take it back, go back, say it again, how was it got, is it so, export it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assistant.llm.planner import dialogue_campaign
from assistant.llm.planner.candidate import Candidate, ToolCall
from assistant.llm.planner.context import Past
from assistant.llm.planner.heard import heard
from assistant.llm.planner.replies import decline
from assistant.llm.planner.spans import Reading

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames

_CUES = ("undo", "back", "how_got", "sure", "export", "summary", "again")
#: answers that can be computed once more without leaving anything behind
_REPEATABLE = frozenset({
    "query_data", "explain_change", "count_audience", "find_segments", "describe_customer", "predict_churn",
    "recommend_products", "bought_together", "search_products", "forecast_metric", "describe_data", "find_interests",
    "check_fairness", "show_privacy",
})  # fmt: skip


#: answers that have a method, not a change to explain
_WITHOUT_CAUSES = _REPEATABLE - {"query_data", "explain_change", "describe_data"}


def _asks_of_the_answer(r: Reading) -> bool:
    """As in "why?", "why the second one?", "why these?"."""
    return not [
        i for i, item in enumerate(r.items)
        if not r.is_skip(i) and item.unit != "ordinal" and not item.has(*_PASSING) and item.lemma not in _PLAIN
        and not set(item.alts.get("do", ())) & {"explain"}
    ]


def cue(r: Reading) -> str:
    """The words that speak of an answer as such, where the text says nothing else; empty otherwise."""
    return next((r.items[hits[0]].text for kind in _CUES if (hits := r.having(kind)) and only(r, kind)), "")


def only(r: Reading, kind: str) -> bool:
    """Whether a text says nothing but this."""
    return not [
        i
        for i, item in enumerate(r.items)
        if not r.is_skip(i) and not item.has(kind, *_PASSING) and item.unit != "ordinal" and item.lemma not in _PLAIN
    ]


_PASSING = (
    "pronoun", "customers_pronoun", "also", "instead", "then_cue", "object", "chart", "which", "pick", "count",
)  # fmt: skip
_PLAIN = heard("dialogue_meta.plain")  # fmt: skip


def asks_why(r: Reading) -> bool:
    """As in "why?" and nothing else."""
    return bool(r.does("explain")) and len([i for i in range(len(r.items)) if not r.is_skip(i)]) <= 1


def about_answers(frames: Frames, last: Past) -> Iterator[Candidate | None]:
    """Every reading of a text as one about the answers so far."""
    r = frames.reading
    yield dialogue_campaign.changed(frames, last)
    if r.does("explain") and last.call.name in _WITHOUT_CAUSES and _asks_of_the_answer(r):
        yield _explain(frames, last, "how_got")
    for kind in _CUES:
        if r.has(kind) and only(r, kind):
            yield _READINGS[kind](frames, last, kind)


def _whole(calls: list[ToolCall], frame: str) -> Candidate:
    """A reading that explains every word of the text."""
    return Candidate(calls, -0.15, frame, referred=True)


def _once_more(made: list[Past]) -> list[ToolCall]:
    """The calls of a turn again; a draft is shown, not made a second time."""
    calls = []
    for past in made:
        named = dialogue_campaign.campaign_id(past)
        drafted = past.call.name in {"draft_campaign", "undo_campaign"}
        calls.append(ToolCall("show_campaign", {"campaign_id": named} if named else {}) if drafted else past.call)
    return calls


def _undo(frames: Frames, last: Past, kind: str) -> Candidate | None:
    """As in "undo that", "go back": the answer before the last step."""
    if last.call.name in dialogue_campaign.SHOWING:
        return _whole([dialogue_campaign.undo_call(last)], "undo_campaign")
    turns = frames.context.turns()
    if len(turns) < 2:
        said = decline(frames.lex, "not_understood", "nothing_before")
        return _whole([said], "decline")
    return _whole(_once_more(turns[-2]), "undo")


def _back(frames: Frames, last: Past, kind: str) -> Candidate | None:
    """As in "back to the first question": that question again."""
    turns = frames.context.turns()
    words = {t.lemma for t in frames.reading.tokens}
    if not turns:
        return None
    place = next((int(i.tokens[0].value or 1) for i in frames.reading.items if i.unit == "ordinal"), 1)
    earlier = not words & heard("dialogue_meta.beginning") and place == 1
    index = -2 if earlier else place - 1
    if not -len(turns) <= index < len(turns):
        return None
    return _whole(_once_more(turns[index]), "back")


def _explain(frames: Frames, last: Past, kind: str) -> Candidate | None:
    """As in "how did you get this?", "are you sure?": the same computation once more, with how it is made."""
    if last.call.name not in _REPEATABLE:
        return None
    figure = _first_figure(last)
    about = "check" if kind == "sure" else "method"
    args: dict[str, Any] = {"tool": last.call.name, "arguments": last.call.args, "about": about}
    if figure is not None:
        args["before"] = figure
    return _whole([ToolCall("explain_answer", args)], "explain")


def _first_figure(last: Past) -> float | None:
    """The number that the answer showed first, to set the new one against."""
    result = last.result or {}
    names = [*result.get("headline", ()), *result.get("figures", {})]
    values = (result.get("figures", {}).get(name, {}).get("value") for name in names)
    return next((float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)), None)


def _export(frames: Frames, last: Past, kind: str) -> Candidate | None:
    """Exporting is a person's deed, outside the chat."""
    return _whole([decline(frames.lex, "not_permitted", "export", examples="export")], "refused")


def _repeat(frames: Frames, last: Past, kind: str) -> Candidate | None:
    """As in "summarise that": the last answer once more."""
    made = [past for past in frames.context.past if past.turn == last.turn and not past.refused]
    return _whole(_once_more(made), "repeat")


_READINGS = {
    "undo": _undo, "back": _back, "how_got": _explain, "sure": _explain, "export": _export, "summary": _repeat,
    "again": _repeat,
}  # fmt: skip
