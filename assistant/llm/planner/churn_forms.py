"""Whole texts about what customers will do, read by form: who leaves and why, how good that prediction is, who will
order or buy, tables with an outcome.

The forms are data (``prompts/lexicon/<language>/churn_forms.yaml``). Which customers are meant ("in France") is read by
the ordinary grammar. A text that fits none is left to the other readings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.form_places import put_in, told_apart
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern, LatePatterns
from assistant.llm.planner.people_forms import Ask, PlanOne, last_customer, plain, whom
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans import ChurnExamRequest, ChurnRequest, OrderingRequest, TableScoreRequest
from assistant.plans.filters import CustomerCondition
from assistant.plans.shop import Shop

_AMOUNT = r"\d[\d,]*(?:\.\d+)?"
_LONGEST = 200
#: likeness from which a name is taken for a category, or for a product
_CATEGORY, _PRODUCT = 90.0, 90.0
#: letters by which a product's name may differ from what is said
_SPELLING = 4
LEAVE_DAYS, ORDER_DAYS = 90, 30


def about_what_comes(
    text: str, context: DialogueContext, shop: Shop, words: Vocabulary, tools: Collection[str], plan_one: PlanOne
) -> Planned | None:
    """The call that a text about what customers will do asks for; None where it fits no form."""
    language = words.lexicon.language
    if len(text) > _LONGEST or not _raw(language).get("forms"):
        return None
    asked = _written_out(plain(text, language), language)
    for kind, match in _compiled(language).fitting(asked):
        said = {name.partition("__")[0]: value.strip() for name, value in match.groupdict().items() if value}
        request = _READ[kind](Ask(said, asked, context, shop, words, plan_one))
        if request is None:
            continue
        made = call(request)
        if made.name in tools:
            return Planned([made], 0.95, notes=_days_not_calendar(asked, language), frame="churn_forms")
    return None


def _days_not_calendar(asked: str, language: str) -> list[str]:
    """As in "who will order next month": read as the days after the last day of the data, which is said."""
    match = re.search(str(_raw(language).get("calendar_like") or "(?!)"), asked, re.IGNORECASE)
    return [] if match is None else [f"next_as_days|{match.group()}"]


@lru_cache(maxsize=4)
def _raw(language: str) -> dict[str, Any]:
    return dict(read_yaml(language, "churn_forms"))


@lru_cache(maxsize=4)
def _compiled(language: str) -> LatePatterns[str]:
    raw = _raw(language)
    units = "|".join(sorted(raw["units"], key=len, reverse=True))
    numbers = "|".join(sorted(map(re.escape, raw["numbers"]), key=len, reverse=True))
    places = dict(raw["macros"])
    places |= {
        "C": raw["customer"], "P": "(?P<pronoun>" + "|".join(map(re.escape, raw["pronouns"])) + ")",
        "T": "(?P<goods>.+?)", "W": "(?P<whom>.+?)", "TABLE": raw["table"], "ROW": raw["row"],
        "K": r"(?P<k>\d{1,4})", "MONEY": rf"(?P<money>{_AMOUNT})", "RISK": rf"(?P<risk>{_AMOUNT})",
        "NTH": "(?P<nth>" + "|".join(sorted(raw["ordinals"], key=len, reverse=True)) + ")",
        "NUMBER": rf"(?P<n>\d{{1,3}}|{numbers})", "UNIT": rf"(?P<unit>{units})",
    }
    return LatePatterns((kind, LatePattern(told_apart(put_in(form, places))))
                        for kind in _READ for form in raw["forms"].get(kind, ()))


def _written_out(text: str, language: str) -> str:
    """Short forms as whole words, as a language lists them."""
    for short, whole in (_raw(language).get("expand") or {}).items():
        text = re.sub(rf"\b{re.escape(short)}(?!\w)", str(whole), text, flags=re.IGNORECASE)
    return text


# -- what is said ------------------------------------------------------------------------------------------------------


def _days(ask: Ask, otherwise: int, least: int = 7, most: int = 365) -> int:
    """Length of the stretch named, in days."""
    raw = _raw(ask.words.lexicon.language)
    unit = ask.said.get("unit")
    if unit is None:
        return otherwise
    if "n" not in ask.said and unit.casefold() in raw["several"]:
        return max(int(raw["several"][unit.casefold()]), least)
    number = ask.said.get("n", "1").casefold()
    count = int(number) if number.isdigit() else int(raw["numbers"].get(number, 1))
    return min(max(count * int(raw["units"][unit.casefold()]), least), most)


def _customer(ask: Ask) -> str | None:
    """The customer named, or the one last spoken of."""
    return ask.said.get("customer") or (last_customer(ask.context) if "pronoun" in ask.said else None)


def _shown(ask: Ask) -> dict[str, int]:
    return {"k": min(int(ask.said["k"]), 1000)} if "k" in ask.said and int(ask.said["k"]) > 0 else {}


def _goods(ask: Ask) -> dict[str, Any] | None:
    """The category or product named."""
    raw = _raw(ask.words.lexicon.language)
    name = ask.said["goods"]
    for part in ("lead", "trail"):
        pattern = re.compile(raw[part], re.IGNORECASE)
        while (cut := pattern.sub("", name).strip(" \"'“”,")) != name:
            name = cut
    if not name or name.casefold() in raw["anything"]:
        return {}
    categories = ask.shop.find(name, ("category", "subcategory"), 1)
    if categories and categories[0].score >= _CATEGORY:
        return {"category": categories[0].value}
    products = [m for m in ask.shop.find(name, ("product",), 1) if m.kind == "product" and m.score >= _PRODUCT]
    if not products:
        return None
    whole = abs(len(products[0].label) - len(name)) <= _SPELLING
    return {"product_ids": (products[0].value,)} if whole else {"text": name}  # a word of names is no one product


def _among(ask: Ask) -> dict[str, Any] | None:
    """The customers the text is about: nothing for all of them, None where its words are not read."""
    if "whom" not in ask.said:
        return {}
    known, chosen = whom(ask, ask.said["whom"])
    everybody = ask.said["whom"].casefold() in ask.raw["all_people"]
    return {"filter": chosen} if known and chosen is not None else {} if everybody else None


# -- readings ----------------------------------------------------------------------------------------------------------


def _leaving(ask: Ask) -> BaseModel | None:
    among = _among(ask)
    if among is None:
        return None
    by_chance = re.search(_raw(ask.words.lexicon.language)["by_probability"], ask.text, re.IGNORECASE)
    return ChurnRequest.model_validate({
        "horizon_days": _days(ask, LEAVE_DAYS, most=730), **_shown(ask), **among,
        **({"order_by": "churn_probability"} if by_chance else {}),
        **{name: float(ask.said[group].replace(",", ""))
           for name, group in (("yearly_value_over", "money"), ("value_at_risk_over", "risk")) if group in ask.said}})


def _that_exam(ask: Ask) -> BaseModel | None:
    """How good the prediction of the answer before is."""
    last = ask.context.last()
    args = {} if last is None else last.call.args
    days = {"horizon_days": args["horizon_days"]} if "horizon_days" in args else {}
    if last is None or last.call.name not in {"predict_churn", "check_churn", "predict_orders", "score_table"}:
        return None
    if last.call.name == "predict_orders":
        goods = {name: args[name] for name in ("category", "product_ids", "text") if name in args}
        return OrderingRequest.model_validate({**days, **goods, "about": "exam"})
    if last.call.name == "score_table":
        return TableScoreRequest(table=args.get("table"), about="exam")
    return ChurnExamRequest.model_validate(days)


def _leaving_one(ask: Ask) -> BaseModel | None:
    customer = _customer(ask)
    if customer is None:
        return None
    return ChurnRequest(customer_id=customer, horizon_days=_days(ask, LEAVE_DAYS, most=730))


def _exam(ask: Ask) -> BaseModel | None:
    return ChurnExamRequest(horizon_days=_days(ask, LEAVE_DAYS, most=730))


def _drivers(ask: Ask) -> BaseModel | None:
    return ChurnExamRequest(horizon_days=_days(ask, LEAVE_DAYS, most=730), about="drivers")


def _ordering(ask: Ask) -> BaseModel | None:
    goods = _goods(ask) if "goods" in ask.said else {}
    among = _among(ask)
    if goods is None or among is None:
        return None
    return OrderingRequest.model_validate({"horizon_days": _days(ask, ORDER_DAYS), **_shown(ask), **goods, **among})


def _nth_order(ask: Ask) -> BaseModel | None:
    """Those with one order less than the one that is asked about."""
    ordinals = _raw(ask.words.lexicon.language)["ordinals"]
    number = int(ordinals[ask.said["nth"].casefold()]) if "nth" in ask.said else 2
    before = CustomerCondition(metric="orders", op="eq", values=(number - 1,)) if number else None
    return OrderingRequest(horizon_days=_days(ask, ORDER_DAYS), filter=before, **_shown(ask))


def _that_why(ask: Ask) -> BaseModel | None:
    """Why those of the answer before are likely to leave."""
    last = ask.context.last()
    if last is None or last.call.name != "predict_churn" or "customer_id" in last.call.args:
        return None
    return ChurnExamRequest(horizon_days=last.call.args.get("horizon_days", LEAVE_DAYS), about="drivers")


def _staying(ask: Ask) -> BaseModel | None:
    return OrderingRequest(horizon_days=_days(ask, LEAVE_DAYS), **_shown(ask))


def _ordering_one(ask: Ask) -> BaseModel | None:
    customer = _customer(ask)
    goods = _goods(ask) if "goods" in ask.said else {}
    if customer is None or goods is None:
        return None
    return OrderingRequest.model_validate({"horizon_days": _days(ask, ORDER_DAYS), "customer_id": customer, **goods})


def _ordering_exam(ask: Ask) -> BaseModel | None:
    return OrderingRequest(horizon_days=_days(ask, ORDER_DAYS), about="exam")


def _table(about: str) -> Callable[[Ask], BaseModel | None]:
    def read(ask: Ask) -> BaseModel | None:
        asked = {"table": ask.said.get("table"), "row_id": ask.said.get("row"), "about": about, **_shown(ask)}
        return TableScoreRequest.model_validate({name: value for name, value in asked.items() if value is not None})

    return read


#: How each kind of form is read, in the order they are tried.
_READ: dict[str, Callable[[Ask], BaseModel | None]] = {
    "that_exam": _that_exam, "that_why": _that_why, "tables": _table("tables"), "table_exam": _table("exam"),
    "table_drivers": _table("drivers"), "table_list": _table("list"), "table_one": _table("list"),
    "exam": _exam, "ordering_exam": _ordering_exam, "drivers": _drivers,
    "leaving_one": _leaving_one, "leaving": _leaving, "staying": _staying,
    "ordering_one": _ordering_one, "nth_order": _nth_order, "ordering": _ordering,
    "ordering_goods": _ordering,
}
