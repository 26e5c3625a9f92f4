"""Whole texts about experiments, read by form: how large, how long, what it can show, what it showed, may I look.

The forms are data (``prompts/lexicon/<language>/experiments.yaml``). Numbers and ids may stand anywhere in the text, so
they are taken out first; what is left must fit a form as a whole. Which customers are meant ("for lapsed customers in
Germany") is read by the ordinary grammar. A text that fits no form is left to the other readings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError

from assistant.llm.planner.candidate import Candidate, Planned, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.form_places import put_in
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.patterns import patterns
from assistant.plans.experiments import ExperimentRequest, ExperimentSizeRequest
from assistant.plans.filters import Filter
from assistant.plans.query import QueryPlan
from assistant.plans.requests import SegmentRule

PlanOne = Callable[[str], list[Candidate]]
_LONGEST = 240
#: the ordinary grammar is followed only where it reads so well
_WELL = 0.65
_OURS = frozenset({"size_experiment", "read_experiment"})
_SIZES = ("control_group", "duration", "detectable", "test")


def about_experiments(
    text: str, context: DialogueContext, tools: Collection[str], language: str, plan_one: PlanOne
) -> Planned | None:
    """The call that a text about an experiment asks for; None where it fits no form.

    Args:
        plan_one: readings of a text by the ordinary grammar, best first.
    """
    if len(text) > _LONGEST or not _raw(language).get("signs"):  # a language without words for it
        return None
    last = context.last()
    again = last is not None and last.call.name in _OURS
    if not again and not re.search(_raw(language)["signs"], text, re.IGNORECASE):
        return None
    try:
        found = _request(text, context, language, plan_one)
    except ValidationError:  # a share of 0 %, two kinds of effect at once
        return None
    if found is None:
        return None
    made = call(found)
    return Planned([made], 0.95, frame="experiments") if made.name in tools else None


def _request(text: str, context: DialogueContext, language: str, plan_one: PlanOne) -> BaseModel | None:
    asked = _plain(text, language)
    rest, heard = _taken_out(asked, language)
    for kind, said in _fitting(rest, _SIZES, language):
        found = _size(kind, said | _id(asked), heard, asked, language, plan_one)
        if found is not None:
            return found
    for kind, said in _fitting(asked, ("look", "own", "wording", "arms", "tables", "learnt", "table"), language):
        found = _read(kind, said, language)
        if found is not None:
            return found
    return _again(asked, rest, heard, context, language)


def _fitting(text: str, kinds: tuple[str, ...], language: str) -> Iterator[tuple[str, dict[str, str]]]:
    for kind in kinds:
        for pattern in _compiled(language, kind):
            match = pattern.fullmatch(text)
            if match is not None:
                yield kind, {k: v.strip(" ,") for k, v in match.groupdict().items() if v and v.strip(" ,")}


@lru_cache(maxsize=4)
def _raw(language: str) -> dict[str, Any]:
    return dict(read_yaml(language, "experiments"))


@lru_cache(maxsize=64)
def _compiled(language: str, kind: str) -> tuple[re.Pattern[str], ...]:
    raw = _raw(language)
    places = {**raw["macros"], "split": raw["split"]}
    return tuple(re.compile(_once(put_in(form, places)), re.IGNORECASE) for form in raw[kind])


def _once(form: str) -> str:
    """A form in which a name stands twice: the later ones get a number, so that each is read."""
    seen: dict[str, int] = {}

    def named(match: re.Match[str]) -> str:
        name = match.group(1)
        seen[name] = seen.get(name, 0) + 1
        return match.group() if seen[name] == 1 else f"(?P<{name}_{seen[name]}>"

    return re.sub(r"\(\?P<(\w+)>", named, form)


def _plain(text: str, language: str) -> str:
    polite = re.compile(_raw(language)["polite"], re.IGNORECASE)
    text = " ".join(text.replace("’", "'").split())
    while (cut := polite.sub("", text)) != text:
        text = cut
    return text


def _one(said: dict[str, str], name: str) -> str | None:
    """What a group of this name, or a numbered one of it, holds."""
    return next((v for k, v in said.items() if k.rstrip("_0123456789") == name), None)


def _id(text: str) -> dict[str, str]:
    found = re.search(r"\bc-\d+\b", text, re.IGNORECASE)
    return {"id": found.group().casefold()} if found else {}


def _taken_out(text: str, language: str) -> tuple[str, dict[str, str]]:
    """The text without the parts that hold numbers or an id, and what they hold."""
    heard: dict[str, str] = {}
    raw = _raw(language)
    words = rf"\b({'|'.join(raw['numbers'])}){raw['counted']}"
    text = re.sub(words, lambda m: str(raw["numbers"][m.group(1).casefold()]), text, flags=re.IGNORECASE)
    for pattern in _compiled(language, "parts"):
        match = pattern.search(text)
        said = {} if match is None else {k: v for k, v in match.groupdict().items() if v}
        if match is None or heard.keys() & said.keys():
            continue
        heard |= said
        text = " ".join((text[:match.start()] + " " + text[match.end():]).split())
    text = re.sub(str(_raw(language)["named"]), "", text, flags=re.IGNORECASE)
    return text.strip(" ,?."), heard


def _numbers(heard: dict[str, str], language: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    names = {"points": "effect", "percent": "effect_relative", "baseline": "baseline"}
    for group, field in names.items():
        if group in heard:
            found[field] = float(heard[group])
    if "people" in heard:
        said = heard["people"].casefold()
        thousand = 1000 if said.endswith("k") else 1
        found["people"] = round(float(said.rstrip("k").replace(",", "")) * thousand)
    if "share" in heard:
        found["share"] = float(heard["share"]) / 100
    if "arms" in heard:
        numbers = _raw(language)["numbers"]
        found["arms"] = int(numbers.get(heard["arms"].casefold(), heard["arms"]))
    return found


def _size(
    kind: str, said: dict[str, str], heard: dict[str, str], text: str, language: str, plan_one: PlanOne
) -> BaseModel | None:
    fields = _numbers(heard, language)
    if "id" in said:
        fields["campaign_id"] = said["id"]
    who = _one(said, "who")
    if who is not None and who.casefold() not in _raw(language)["nobody"] and not _only_a_kind(who, language):
        condition = _customers(who, language, plan_one)
        if condition is None:
            return None
        fields |= {"audience": condition, "audience_words": who}
    goal = _goal(text, language)
    if goal is not None:
        fields["goal"] = goal
    return ExperimentSizeRequest.model_validate({"about": kind, **fields})


def _only_a_kind(who: str, language: str) -> bool:
    """As in "a win-back": a kind of campaign, whose usual customers are meant."""
    raw = _raw(language)
    bare = re.sub(raw["around_kind"], "", who.casefold()).strip()
    return any(bare in words for words in raw["goals"].values())


def _customers(who: str, language: str, plan_one: PlanOne) -> Filter | None:
    """Which customers words mean, by the ordinary grammar."""
    for form in ("count_them", "count_people"):
        found = plan_one(_raw(language)[form].format(who=who))
        if found and found[0].cost <= _WELL and len(found[0].calls) == 1:
            plan = found[0].calls[0].plan()
            if isinstance(plan, SegmentRule) or (isinstance(plan, QueryPlan) and not plan.dimensions):
                return plan.filter
    return None


def _goal(text: str, language: str) -> str | None:
    low = f" {text.casefold()} "
    goals = _raw(language)["goals"]
    return next((goal for goal, words in goals.items() if any(f" {w} " in low for w in words)), None)


def _read(kind: str, said: dict[str, str], language: str) -> BaseModel | None:
    named = _one(said, "id")
    own = {"campaign_id": named.casefold()} if named else {}
    if kind == "look":
        return ExperimentRequest(about="look", **own)
    if kind in {"tables", "learnt"}:
        return ExperimentRequest(about=kind)
    if kind == "wording":
        return ExperimentRequest(about="wordings", **own)
    table = _one(said, "table")
    if kind == "arms":
        return ExperimentRequest(about="arms", table=table)
    split = _split(said.get("split"), language) if said.get("split") else None
    if said.get("split") and split is None:
        return None
    if kind == "own":
        return ExperimentRequest.model_validate({**own, "split": split})
    return ExperimentRequest(table=table, by=said.get("by"), outcome=said.get("outcome"))


def _split(words: str | None, language: str) -> str | None:
    """The split of a campaign's customers that words name."""
    said = (words or "").casefold().strip()
    splits = patterns(language, "uplift").raw["splits"]
    hits = [(len(phrase), value) for value, phrases in splits.items() for phrase in phrases if phrase == said]
    return str(max(hits)[1]) if hits else None


def _again(
    asked: str, rest: str, heard: dict[str, str], context: DialogueContext, language: str
) -> BaseModel | None:
    """What changes the question before: "and with 20 % held out?", "by channel"."""
    last = context.last()
    if last is None:
        return None
    if last.call.name == "size_experiment" and heard:
        if not re.fullmatch(_raw(language)["follow"], rest, re.IGNORECASE):
            return None
        fields = _numbers(heard, language)
        before = last.call.plan().model_dump()
        if fields.keys() & {"effect", "effect_relative"}:
            before |= {"effect": None, "effect_relative": None}
        if "people" in fields:
            before |= {"audience": None, "audience_words": None, "campaign_id": None}
        return ExperimentSizeRequest.model_validate({**before, **fields})
    if last.call.name == "read_experiment":
        for _, said in _fitting(asked, ("again_table",), language):
            before = last.call.plan()
            if before.campaign_id is not None:
                split = _split(said.get("by"), language)
                return None if split is None else before.model_copy(update={"split": split, "about": "read_out"})
            return ExperimentRequest.model_validate({**before.model_dump(), "about": "read_out", **said})
    return None
