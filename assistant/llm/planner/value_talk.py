"""Readings of questions about what customers are worth: who still buys, what a new one brings, payback, by channel.

What modifies such a question, a horizon, a margin, a discount rate, a cost, may stand anywhere and is taken out first;
the rest must fit one of the forms of ``value_talk.yaml`` as a whole. What a slot holds is read by the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.late_patterns import LatePattern
from assistant.llm.planner.meanings import rule_of
from assistant.llm.planner.patterns import Patterns, patterns
from assistant.plans.filters import Filter
from assistant.plans.requests import ValueRequest

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames

#: these readings fit the whole text, so they come before what only explains its words
_SURE = -0.3
_LONGEST = 200
_SHORTEST_DAYS, _LONGEST_DAYS = 7, 1825
_MOST = 1000
_FILE = "value_talk"
#: forms → what the request is about; those with ``by_part`` may be split
_WHOLE = {"alive": "alive", "new": "new", "exam": "exam"}


@dataclass(frozen=True)
class _Said:
    """The text without its modifiers, and what these said as fields of the request."""

    rest: str
    changes: dict[str, Any] = field(default_factory=dict)
    ahead: bool = False
    #: the horizon begins with the first order: "in their first year"
    first: bool = False


class _Forms(Patterns):
    """The forms, with the file's own abbreviations put in."""

    def _compile(self, pattern: str, words: tuple[str, ...]) -> LatePattern:
        text = pattern.replace("{by_part}", f"{self.raw['split']} (?:the |our |different |their )*{{by}}")
        text = text.replace("{from_part}", "(?P<from>(?:from|in|of|who|that|with|via|through|out of|coming from) .+?)")
        for name, phrase in self.raw["phrases"].items():
            text = re.sub(rf"\b{name}\b", lambda m, p=phrase: p, text)
        return super()._compile(text, words)

    def modifiers(self, name: str) -> list[re.Pattern[str]]:
        """Expressions of one kind of modifier."""
        numbers = "|".join(sorted(self.raw["numbers"], key=len, reverse=True))
        found = [str(p).replace("{numbers}", numbers) for p in self.raw["modifiers"][name]]
        return [re.compile(p, re.IGNORECASE) for p in found]  # blanks of the text are single by now

    def by(self, words: str) -> str | None:
        """What customers are split by, in the words of requests."""
        plain = words.casefold().strip(" ?.")
        return next((name for name, said in self.raw["by_words"].items() if plain in said), None)


@lru_cache(maxsize=4)
def _forms(language: str) -> _Forms:
    return _Forms(language, _FILE)


@lru_cache(maxsize=8)
def _modifiers(language: str, name: str) -> list[re.Pattern[str]]:
    return _forms(language).modifiers(name)


@lru_cache(maxsize=8)
def _versus_forms(language: str) -> tuple[LatePattern, ...]:
    return tuple(LatePattern(str(form)) for form in _forms(language).raw.get("versus", ()))


def value_talk(frames: Frames) -> Iterator[Candidate]:
    """The reading of the text as one of these questions, if it is one."""
    forms = _forms(frames.lex.language)
    text = forms.bare(frames.reading.text)
    if not text or len(text) > _LONGEST:
        return
    for said in _readings(forms, frames.lex.language, text):
        both = _versus(frames, forms, said)
        if both is not None:
            yield Candidate([call(request) for request in both], _SURE, "value")
            return
        request = _request(frames, forms, said)
        if request is not None:
            yield Candidate([call(request)], _SURE, "value")
            return


def value_follow_up(frames: Frames, plan: ValueRequest) -> Candidate | None:
    """As in "over the next 6 months", "as margin", "by country" after such an answer: the request with that changed."""
    forms = _forms(frames.lex.language)
    text = forms.bare(frames.reading.text)
    if not text or len(text) > _LONGEST:
        return None
    said = _stripped(forms, frames.lex.language, text)
    changes = dict(said.changes)
    if "acquisition_cost" in changes:
        changes["about"] = "new"
    for slots in forms.fits("follow_up", said.rest or "it"):
        if "by" in slots:
            by = forms.by(slots["by"])
            if by is None or plan.customer_id is not None:
                return None
            changes["by"] = by
        if not changes:
            return None
        try:
            changed = ValueRequest.model_validate({**plan.model_dump(), **changes})
        except ValidationError:
            return None
        return None if changed == plan else Candidate([call(changed)], _SURE, "follow_up")
    return None


def _readings(forms: _Forms, language: str, text: str) -> Iterator[_Said]:
    """The text without its modifiers, then as it stands: a modifier's words may be part of a form."""
    stripped = _stripped(forms, language, text)
    yield stripped
    if stripped.rest != text:
        yield _Said(text)


def _stripped(forms: _Forms, language: str, text: str) -> _Said:
    changes: dict[str, Any] = {}
    ahead = first = False

    def take(name: str, instead: str = "") -> re.Match[str] | None:
        nonlocal text
        for pattern in _modifiers(language, name):
            match = pattern.search(text)
            if match is not None and _apart(text, match):
                kept = match.groupdict().get("kept") or instead
                text = " ".join(f"{text[:match.start()]} {kept} {text[match.end():]}".split()).strip(" ,")
                return match
        return None

    cost = take("cost")
    if cost is not None:
        changes["acquisition_cost"] = _number(cost["cost"])
    for name, key in (("discount", "discount_percent"), ("percent_margin", "margin_percent")):
        match = take(name)
        if match is not None:
            changes[key] = _number(match["percent"])
    if take("margin") is not None or take("margin_noun", forms.raw["value_word"]) is not None:
        changes["measure"] = "margin"
    horizon = take("horizon")
    if horizon is not None:
        changes["horizon_days"] = _days(forms, horizon)
        word = (horizon.groupdict().get("ahead") or "").casefold()
        first, ahead = word in forms.raw["first_words"], bool(word)
    top = take("top")
    if top is not None:
        changes["k"] = min(int(next(g for g in top.groups() if g)), _MOST)
    return _Said(forms.bare(text) if text else "", changes, ahead, first)


def _apart(text: str, match: re.Match[str]) -> bool:
    """Whether the match begins and ends where words do."""
    before, after = text[:match.start()], text[match.end():]
    return (not before or not before[-1].isalnum() or not text[match.start()].isalnum()) and \
        (not after or not after[0].isalnum())


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _days(forms: _Forms, match: re.Match[str]) -> int:
    said = (match["n"] or "1").casefold()
    count = float(said) if said.isdigit() else float(forms.raw["numbers"].get(said, 1))
    unit = next(days for name, days in forms.raw["units"].items() if match["unit"].casefold().startswith(name))
    return int(min(max(round(count * unit), _SHORTEST_DAYS), _LONGEST_DAYS))


def _request(frames: Frames, forms: _Forms, said: _Said) -> ValueRequest | None:
    rest, changes = said.rest, said.changes
    for form, about in _WHOLE.items():
        if about == "alive" and "horizon_days" in changes:
            continue  # "who will buy in the next month" asks for more than being alive
        for slots in forms.fits(form, rest):
            found = _filled(frames, forms, slots, about, changes)
            if found is not None:
                return found
    if "acquisition_cost" in changes:
        return None
    for slots in forms.fits("alive_of", rest):
        found = _filled(frames, forms, slots, "alive", changes)
        if found is not None:
            return found
    valued = "new" if said.first else "value"
    if any(True for _ in forms.fits("worth_each", rest)):
        return _checked({"about": valued, **changes})
    for slots in forms.fits("first_days", rest) if said.first else ():
        return _filled(frames, forms, slots, "new", changes)
    for slots in forms.fits("value_by", rest):
        found = _filled(frames, forms, slots, valued, changes)
        if found is not None and found.by is not None:
            return found
    for slots in forms.fits("one", rest):
        customer = _customer(frames, slots["customer"])
        if customer is not None and (changes or _forward(forms, rest)):
            return _checked({"customer_id": customer, **changes})
    for slots in forms.fits("value_of", rest):
        found = _filled(frames, forms, slots, valued, changes)
        if found is not None and found.filter is not None:
            return found
    forward = said.ahead or {"measure", "margin_percent", "discount_percent"} & set(changes)
    if forward and forms.expression("of_people").search(rest) and any(True for _ in forms.fits("top", rest)):
        return _checked({"about": valued, **changes})
    return _checked(changes) if any(True for _ in forms.fits("top_ahead", rest)) else None


def _versus(frames: Frames, forms: _Forms, said: _Said) -> list[ValueRequest] | None:
    """As in "a loyal customer compared to a new one": one request for each; None where one of them is not read."""
    for form in _versus_forms(frames.lex.language):
        match = form.fullmatch(said.rest)
        if match is None:
            continue
        found = []
        for group in (match["a"], match["b"]):
            named = re.sub(forms.raw["ones"], forms.raw["one_said"], group.strip(" ,"), flags=re.IGNORECASE)
            found.append(_request(frames, forms, replace(said, rest=str(forms.raw["versus_asked"]).format(named))))
        first, second = found
        if first is not None and second is not None and first != second:
            return [first, second]
    return None


def _forward(forms: _Forms, text: str) -> bool:
    """Whether the words look ahead by themselves: "will bring", "expected value"."""
    return bool(forms.expression("forward").search(text))


def _filled(frames: Frames, forms: _Forms, slots: dict[str, str], about: str, changes: dict[str, Any]
            ) -> ValueRequest | None:
    """The request with what the slots say; None where one says nothing that can be asked for."""
    given: dict[str, Any] = {"about": about, **changes}
    if "by" in slots:
        given["by"] = forms.by(slots["by"])
        if given["by"] is None:
            return None
    whom = slots.get("group") or slots.get("from")
    if whom is not None and forms.expression("set_against").search(whom):
        return None  # two groups beside each other are not one
    if whom is not None:
        rule = _rule(frames, " ".join(s for s in (slots.get("group_noun"), whom, slots.get("group_after")) if s))
        if rule is None and slots.get("group_after"):  # "a Google customer"
            rule = _rule(frames, str(forms.raw["from_frame"]).format(whom))
        if rule is None:
            return None
        given["filter"] = rule
    return _checked(given)


def _checked(given: dict[str, Any]) -> ValueRequest | None:
    try:
        return ValueRequest.model_validate(given)
    except ValidationError:
        return None


def _rule(frames: Frames, words: str) -> Filter | None:
    return rule_of(frames, words, patterns(frames.lex.language))


def _customer(frames: Frames, words: str) -> str | None:
    """The id of the customer named, as the shop writes it where it knows one; None where no id is said."""
    found = [m for m in frames.shop.find(words, ("customer",), 1) if m.value.casefold() == words.casefold()]
    said = [c for c in frames.parts().customer_ids if c.casefold() == words.casefold()]
    return found[0].value if found else said[0] if said else None
