"""Captions, posts and subject lines asked for by themselves, in any words for them, and what is said of them next.

"An Instagram caption for our bathroom towels", "three subject lines for the garden e-mail", then "shorter", "another
one", "use the second one in a draft for garden buyers". Data: ``post_forms.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.brief_clauses import clauses_of
from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.dialogue_campaign import spoken_of
from assistant.llm.planner.form_places import put_in
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.normalise import clean
from assistant.llm.planner.patterns import Patterns, patterns
from assistant.llm.planner.replies import ask
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.requests import CampaignBrief, CopyEdit, OfferSpec, PostRequest
from assistant.plans.shop import Shop

FRAME = "post"
_FILE, _LONGEST = "post_forms", 240
_LENGTHS = {"shorter": "short", "longer": "long"}


def posts_said(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary,
    plan: Callable[[str], Planned],
) -> Planned | None:
    """The words that a text asks for, or asks to be put otherwise; None where it is about something else.

    Args:
        plan: plans a text of its own.
    """
    language = words.lexicon.language
    raw = read_yaml(language, _FILE)
    if "draft_post" not in tools or len(text) > _LONGEST or not raw.get("caption"):
        return None
    plain = " ".join(clean(text).split())
    last = context.last()
    if last is not None and last.call.name == "draft_post":
        next_ = _next(plain, last, tools, words, plan)
        if next_ is not None:
            return next_
    for kind in ("caption", "subject"):
        match = _pattern(language, kind).search(plain)
        if match is None or re.search(raw["no_order"], plain, re.IGNORECASE):
            continue
        before = _pattern(language, "order").fullmatch(plain[: match.start()])
        if before is None or kind == "subject" and spoken_of(context) is not None:
            continue
        return _asked(kind, plain, match, before, shop, words)
    return None


def _asked(
    kind: str, text: str, match: re.Match[str], before: re.Match[str], shop: Shop, words: Vocabulary
) -> Planned | None:
    language = words.lexicon.language
    raw = read_yaml(language, _FILE)
    rest = text[match.end() :]
    found: dict[str, Any] = {"variants": _count(before, match, text, raw)}
    tone = next((t for t, said in raw["tones"].items() for w in said if re.search(rf"\b{w}\b", text, re.I)), None)
    percent = re.search(raw["percent"], rest, re.IGNORECASE)
    if percent is not None:
        found["offer"] = OfferSpec(kind="percent_off", value=float(percent["percent"]))
        rest = f"{rest[: percent.start()]} {rest[percent.end():]}"
    goods = _goods(rest, raw)
    missing = [words.lexicon.wording["not_included"]["picture"]] if re.search(raw["picture"], text, re.I) else []
    if kind == "subject":
        goal = clauses_of(text, language).goal
        goods = " ".join(re.sub(raw["campaign"], " ", goods, flags=re.IGNORECASE).split()).strip(" ,'’")
        found |= {"channel": "subject", "goal": goal}
        if not goods and goal == "promotion" and "offer" not in found and not rest.strip(" .,!?"):
            goods = ""
    goods = re.sub(raw["lead"], "", goods, flags=re.IGNORECASE)
    passed = re.search(raw["not_looked_at"], goods, re.IGNORECASE)
    if passed is not None:
        missing.append(words.lexicon.wording["not_included"]["post_goods"].format(words=f"“{passed.group()}”"))
        goods = " ".join(re.sub(raw["not_looked_at"], " ", goods, flags=re.IGNORECASE).split())
    if goods.lower() in raw["vague"]:
        goods = ""
    if kind == "caption" and not goods:
        return None
    named = {} if not goods else _named(goods, shop)
    try:
        request = PostRequest(tone=tone, not_included=tuple(missing), **named, **found)
    except ValidationError:
        return None
    return Planned([call(request)], 1.0, frame=FRAME)


def _count(before: re.Match[str], match: re.Match[str], text: str, raw: dict[str, Any]) -> int:
    said = (before["count"] or "").lower()
    if said and raw["counts"].get(said) != 1:
        return max(1, min(5, int(raw["counts"].get(said, said))))
    several = re.search(raw["few"], text, re.I) or re.search(raw["plural"], match.group(), re.I)
    return int(raw["several"]) if several else 1


def _goods(rest: str, raw: dict[str, Any]) -> str:
    about = re.search(raw["about"], rest, re.IGNORECASE)
    return "" if about is None else re.sub(raw["tail"], "", about["goods"], flags=re.IGNORECASE).strip(" ,'’\"")


def _named(goods: str, shop: Shop) -> dict[str, Any]:
    """The category that is named, else the person's words for the goods."""
    exact = [m for m in shop.find(goods, ("category",), 1)
             if m.kind == "category" and goods.casefold() in {m.value.casefold(), m.label.casefold()}]
    return {"category": exact[0].value} if exact else {"theme": goods[:120]}


# -- what is said of it next -------------------------------------------------------------------------------------------


def _next(
    text: str, last: Past, tools: Collection[str], words: Vocabulary, plan: Callable[[str], Planned]
) -> Planned | None:
    request = PostRequest.model_validate(last.call.args)
    found = patterns(words.lexicon.language, _FILE)
    bare = found.bare(text)
    changes = _changes(found, bare, request)
    if changes is not None:
        return Planned([call(request.model_copy(update=changes))], 1.0, frame=FRAME)
    if request.channel == "subject" and "draft_campaign" in tools:
        return _taken(found, bare, request, last, words, plan)
    return None


def _changes(found: Patterns, text: str, request: PostRequest) -> dict[str, Any] | None:
    for group, length in _LENGTHS.items():
        if _fits(found, group, text):
            if request.channel == "subject":  # lines have one length: other ones
                return {"wording": request.wording + 1}
            return {"length": length, "k": max(1, min(5, request.k + (1 if group == "longer" else -1)))}
    if _fits(found, "again", text):
        return {"wording": request.wording + 1}
    for slots in found.fits("more_tone", text):
        return {"tone": found.raw["tone_of"][slots["tone"].lower()]}
    return {"language": "zh"} if _fits(found, "chinese", text) else None


def _fits(found: Patterns, group: str, text: str) -> bool:
    return any(True for _ in found.fits(group, text))


def _taken(
    found: Patterns, text: str, request: PostRequest, last: Past, words: Vocabulary, plan: Callable[[str], Planned]
) -> Planned | None:
    """One of the lines as the subject of a draft; nobody is chosen by default."""
    raw = found.raw
    one = re.search(raw["chosen"], text, re.IGNORECASE)
    lines = ((last.result or {}).get("details") or {}).get("lines") or []
    if one is None or not lines or not re.search(raw["take"], text, re.IGNORECASE):
        return None
    said = (one["ordinal"] or one["number"]).lower()
    place = int(raw["ordinals"].get(said, said))
    if place > len(lines):
        return None
    line = lines[place - 1] if place > 0 else lines[-1]
    goods = request.category or request.theme
    filled = {"goal": raw["goal_names"].get(request.goal, request.goal),
              "about": raw["say_about"].format(goods=goods) if goods else ""}
    into = re.search(raw["into"], text, re.IGNORECASE)
    who = into["who"] if into is not None else None
    who = who or words.lexicon.wording["goal_terms"].get(request.goal) and raw["usual"]
    if not who:
        options = [raw["say_option"].format(who=who, line=line, **filled) for who in raw["options_for"]]
        return Planned([ask(words.lexicon, "line_for_whom", options)], 1.0, frame="ask")
    said_draft = raw["say_usual"] if who == raw["usual"] else raw["say_draft"]
    planned = plan(said_draft.format(who=who.strip(), **filled))
    if [c.name for c in planned.calls] != ["draft_campaign"]:
        return planned
    brief = planned.calls[0].plan()
    edit = CopyEdit(channel="email", piece="subject", text=line, language=request.language)
    offer = {} if request.offer.kind == "none" else {"offer": request.offer.model_dump()}
    made = CampaignBrief.model_validate({**brief.model_dump(), "edits": (edit.model_dump(),), **offer})
    return replace(planned, calls=[call(made)])


@lru_cache(maxsize=8)
def _pattern(language: str, name: str) -> re.Pattern[str]:
    raw = read_yaml(language, _FILE)
    return re.compile(put_in(str(raw[name]), raw["macros"]), re.IGNORECASE)
