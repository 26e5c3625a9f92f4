"""Whole texts about offers, read by form: who should get which, is one better, what lift it needs, did choosing pay.

The forms are data (``prompts/lexicon/<language>/offer_forms.yaml``). Limits and the channel are taken out of the text
wherever they stand; offers are read word by word, customers by the ordinary grammar. What is left over makes a form not
fit, so that nothing that was said is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.form_places import put_in, told_apart
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern, LatePatterns
from assistant.llm.planner.people_forms import Ask, PlanOne, forms_of, plain, whom
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import Compare, Filter
from assistant.plans.offers import ExploreRequest, OfferCandidate, OfferRequest
from assistant.plans.shop import Shop

_AMOUNT = r"\d[\d,]*(?:\.\d+)?"
_LONGEST = 220
_TOOL, _EXPLORE = "choose_offers", "explore_offers"
_SLOTS = {"O": "offers", "O2": "others", "W": "whom"}
_ABOUT = {"evaluate": "evaluate", "leave": "choose", "choose": "choose", "choose_for": "choose", "compare": "compare",
          "break_even": "break_even"}
#: likeness from which a word is taken for a category
_CATEGORY = 90.0
#: the ordinary grammar is followed only where it reads so well
_WELL = 0.3


def about_offers(
    text: str, context: DialogueContext, shop: Shop, words: Vocabulary, tools: Collection[str], plan_one: PlanOne
) -> Planned | None:
    """The call that a text about offers asks for; None where it is about something else."""
    language = words.lexicon.language
    if _TOOL not in tools or len(text) > _LONGEST or not _raw(language).get("forms"):
        return None
    asked = plain(text, language).strip(" ?.!")
    last = context.last()
    before = last.call.plan() if last is not None and last.call.name == _TOOL else None
    ask = Ask({}, asked, context, shop, words, plan_one)
    request = _tried_out(ask, asked) if _EXPLORE in tools else None
    request = request or _fresh(ask, asked) or (
        _changed(ask, asked, before) if isinstance(before, OfferRequest) else None)
    return None if request is None else Planned([call(request)], 0.95, frame="offers")


# -- a question of its own ---------------------------------------------------------------------------------------------


def _fresh(ask: Ask, asked: str) -> OfferRequest | None:
    language = ask.words.lexicon.language
    rest, said = _limits(language, asked)
    rest, channel = _channel(language, rest)
    for kind, match in _compiled(language).fitting(rest):
        found = {k.partition("__")[0]: v.strip(" ,") for k, v in match.groupdict().items() if v}
        more = {"left_alone": True} if kind == "leave" else {}
        request = _request(ask, _ABOUT[kind], found, said | more | ({"channel": channel} if channel else {}))
        if request is not None:
            return request
    return None


def _request(ask: Ask, about: str, found: dict[str, str], said: dict[str, Any]) -> OfferRequest | None:
    values: dict[str, Any] = {"about": about, **said}
    offers: list[OfferCandidate] = []
    for name in ("offers", "others"):
        if name in found:
            read = _offers(ask, found[name])
            if not read:
                return None
            offers += [o for o in read if o not in offers]
    if offers:
        values["offers"] = tuple(offers)
    if about == "compare" and len(offers) < 2:
        values["about"] = "break_even"
    if "whom" in found:
        known, chosen = _whom(ask, found["whom"])
        if not known:
            return None
        values["filter"] = chosen
    return _valid(values)


def _whom(ask: Ask, text: str) -> tuple[bool, Filter | None]:
    """Customers in words, also one by number."""
    language = ask.words.lexicon.language
    one = re.fullmatch(forms_of(language)["customer"], text, re.IGNORECASE)
    if one is not None:  # "what should we offer customer 17850?" asks for products
        if not re.search(put_in(_raw(language)["names_an_offer"], _places(language)), ask.text, re.IGNORECASE):
            return False, None
        return True, Compare(field="customer", op="eq", values=(one["customer"],))
    known, chosen = whom(ask, text)
    if known:
        return True, chosen
    raw = _raw(language)
    drafted = next(iter(ask.plan_one(str(raw["drafted"]).format(customers=text))), None)
    if drafted is None or drafted.cost > _WELL or [c.name for c in drafted.calls] != ["draft_campaign"]:
        return False, None
    audience = drafted.calls[0].plan().audience
    return audience is not None, audience


def _valid(values: dict[str, Any]) -> OfferRequest | None:
    try:
        return OfferRequest(**values)
    except ValidationError:
        return None


def _tried_out(ask: Ask, asked: str) -> ExploreRequest | None:
    """As in "let it find out whether 10 % or 15 % works better", "draw the next round", "how does the test stand?"."""
    language = ask.words.lexicon.language
    rest, said = _limits(language, asked)
    if said.keys() - {"margin_percent"}:
        return None
    rest, channel = _channel(language, rest)
    values: dict[str, Any] = {**said, **({"channel": channel} if channel else {})}
    spoken = _raw(language)["per_round"]  # empty in a language without these words
    size = re.search(spoken, rest, re.IGNORECASE) if spoken else None
    if size is not None:
        values["per_round"] = int(_number(size["per_round"]))
        rest = f"{rest[: size.start()]}{rest[size.end() :]}".strip(" ,")
    for kind, match in _tests(language).fitting(rest):
        found = {k.partition("__")[0]: v.strip(" ,") for k, v in match.groupdict().items() if v}
        request = _test(ask, kind, found, values)
        if request is not None:
            return request
    return None


def _test(ask: Ask, kind: str, found: dict[str, str], values: dict[str, Any]) -> ExploreRequest | None:
    if kind in {"next", "show"}:
        return _explored({**values, "about": kind, "test_id": found.get("test")})
    if kind == "start_wordings":
        return _explored({**values, "wordings_of": found.get("draft", "latest")})
    offers: list[OfferCandidate] = []
    for name in ("offers", "others"):
        offers += [o for o in _offers(ask, found[name]) if o not in offers] if name in found else []
    known, chosen = _whom(ask, found["whom"]) if "whom" in found else (True, None)
    if len(offers) < 2 or not known:
        return None
    return _explored({**values, "offers": tuple(offers), "filter": chosen})


def _explored(values: dict[str, Any]) -> ExploreRequest | None:
    try:
        return ExploreRequest(**values)
    except ValidationError:
        return None


# -- a change of the answer before -------------------------------------------------------------------------------------


def _changed(ask: Ask, asked: str, before: OfferRequest) -> OfferRequest | None:
    """As in "with a budget of 500", "only by e-mail", "and for lapsed customers?", "what about free delivery?"."""
    language = ask.words.lexicon.language
    raw = _raw(language)
    rest, said = _limits(language, asked)
    rest, channel = _channel(language, rest)
    changes = said | ({"channel": channel} if channel else {})
    base = before.model_dump()
    if changes and re.fullmatch(raw["again"]["plain"], rest.replace(" ", ""), re.IGNORECASE):
        about = "choose" if said.keys() & {"budget", "max_contacts", "max_share", "fair_by"} else before.about
        return _valid({**base, **changes, "about": about})
    places = _places(language)
    for name in ("offers", "whom"):
        match = re.fullmatch(told_apart(put_in(raw["again"][name], places)), rest, re.IGNORECASE)
        if match is None:
            continue
        found = {k.partition("__")[0]: v.strip(" ,") for k, v in match.groupdict().items() if v}
        if name == "offers":
            offers = _offers(ask, found.get("offers", ""))
            if offers:
                about = "break_even" if before.about != "compare" else "compare"
                return _valid({**base, **changes, "offers": tuple(offers), "about": about})
        else:
            known, chosen = _whom(ask, found.get("whom", ""))
            if known:
                return _valid({**base, **changes, "filter": chosen})
    return None


# -- what is said ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _raw(language: str) -> dict[str, Any]:
    return dict(read_yaml(language, "offer_forms"))


@lru_cache(maxsize=4)
def _places(language: str) -> dict[str, str]:
    return dict(_raw(language)["macros"]) | {
        place: rf"(?<!\w)(?P<{name}>.+?)(?!\w)" for place, name in _SLOTS.items()}


@lru_cache(maxsize=4)
def _compiled(language: str) -> LatePatterns[str]:
    places = _places(language)
    return LatePatterns((kind, LatePattern(told_apart(put_in(form, places)))) for kind in _ABOUT
                        for form in _raw(language)["forms"].get(kind, ()))


@lru_cache(maxsize=4)
def _tests(language: str) -> LatePatterns[str]:
    places = _places(language)
    return LatePatterns((kind, LatePattern(told_apart(put_in(form, places)))) for kind, forms
                        in _raw(language)["tests"].items() for form in forms)


@lru_cache(maxsize=4)
def _limit_patterns(language: str) -> tuple[LatePattern, ...]:
    places = dict(_raw(language)["macros"])
    return tuple(LatePattern(put_in(form, places).replace("AMOUNT", _AMOUNT)) for form in _raw(language)["limits"])


def _limits(language: str, text: str) -> tuple[str, dict[str, Any]]:
    """The text without its limits, and what they are."""
    found: dict[str, Any] = {}
    for pattern in _limit_patterns(language):
        match = pattern.search(text)
        if match is None:
            continue
        said = {k: v for k, v in match.groupdict().items() if v}
        values = _limit(language, said)
        if not values or values.keys() & found.keys():
            continue
        found |= values
        text = " ".join(f"{text[: match.start()]} {text[match.end() :]}".split()).strip(" ,")
    return text, found


def _limit(language: str, said: dict[str, str]) -> dict[str, Any]:
    if "budget" in said:
        amount = _number(said["budget"]) * (1000 if "budget_k" in said else 1)
        return {"budget": amount} if amount > 0 else {}
    if "contacts" in said:
        return {"max_contacts": int(_number(said["contacts"]))}
    if "share" in said:
        share = _number(said["share"])
        return {"max_share": share} if 0 < share <= 100 else {}
    if "margin" in said:
        margin = _number(said["margin"])
        return {"margin_percent": margin} if 0 < margin <= 100 else {}
    return {"fair_by": _raw(language)["fair_words"][said["fair"].casefold()]} if "fair" in said else {}


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _channel(language: str, text: str) -> tuple[str, str | None]:
    """The text without the channel it names, and the channel."""
    for channel, forms in _raw(language)["channels"].items():
        for form in forms:
            match = re.search(rf",? ?\b(?:{form})\b", text, re.IGNORECASE)
            if match:
                return " ".join(f"{text[: match.start()]} {text[match.end() :]}".split()), str(channel)
    return text, None


def _offers(ask: Ask, text: str) -> list[OfferCandidate]:
    """The offers that a phrase names; nothing where it says anything else."""
    raw = _raw(ask.words.lexicon.language)
    found: list[tuple[int, OfferCandidate]] = []
    rest = text
    for kind, form in raw["offers"].items():
        expression = told_apart(form.replace("AMOUNT", _AMOUNT).replace("CATEGORY", r"[\w& -]+?").replace(
            "JOINER", raw["joiners"]))
        pattern = re.compile(rf"(?<![\w€£$.])(?:{expression})(?=\s*(?:$|,|/|\b{raw['joiners']}\b))", re.IGNORECASE)
        while (match := pattern.search(rest)) is not None:
            offer = _offer(ask, kind, match)
            if offer is None:
                return []
            found.append((match.start(), offer))
            rest = rest[: match.start()] + " " * (match.end() - match.start()) + rest[match.end() :]
    left = [w for w in re.split(r"[\s,/]+", rest) if w]
    if any(not re.fullmatch(raw["joiners"], w, re.IGNORECASE) for w in left):
        return []
    return [offer for _, offer in sorted(found, key=lambda f: f[0])]


def _offer(ask: Ask, kind: str, match: re.Match[str]) -> OfferCandidate | None:
    said = {re.sub(r"\d*(__\d+)?$", "", k): v for k, v in match.groupdict().items() if v}
    values: dict[str, Any] = {"kind": kind}
    for name in ("value", "cost"):
        if name in said:
            values[name] = _number(said[name])
    if "category" in said:
        best = ask.shop.find(said["category"], ("category", "subcategory"), 1)
        if not best or best[0].score < _CATEGORY:
            return None
        values["category"] = best[0].value
    try:
        return OfferCandidate(**values)
    except ValidationError:
        return None
