"""Whole texts about recommendations, read by their form: why this product, why not that one, a live basket, which
model, who should hear about a product

The forms are data (``prompts/lexicon/<language>/recommendation_forms.yaml``). A text that fits none is left to the
other readings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from assistant.llm.planner.candidate import Candidate, Planned, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.form_places import put_in
from assistant.llm.planner.heard import language
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern, LatePatterns
from assistant.llm.planner.liking_forms import whom
from assistant.llm.planner.named_goods import names_several
from assistant.plans import BuyersRequest, CheckRequest, CompareRecommendersRequest, RecommendRequest
from assistant.plans.shop import Shop

#: A name at least so much like a product's is taken for it; of several joined names each, and where it decides alone.
_LIKE, _EACH, _SURE = 80.0, 85.0, 95.0
#: What the model in use is called among the names of the lexicon.
_USED = "used"
#: Words for products are no longer than this.
_NAME = 60


def about_recommendations(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str],
    plan_one: Callable[[str], list[Candidate]] = lambda text: [],
) -> Planned | None:
    """The call a text about recommendations asks for; None where it fits no form, or names what the shop lacks.

    Args:
        plan_one: readings of a text by the ordinary grammar, best first: of words for a group of customers.
    """
    forms = _forms(language())
    if not forms:
        return None
    asked = _with_customers(_plain(text), shop)
    for kind, match in forms.fitting(asked):
        said = {name: value for name, value in match.groupdict().items() if value}
        request = _READ[kind](said, context, shop, asked)
        group = said.pop("group", None)
        if request is not None and group is not None:
            request = _among(request, group, plan_one)
        if request is None:
            continue
        found = call(request)
        if found.name in tools:
            return Planned([found], 0.95, frame="recommendation_forms")
    return None


# -- forms -------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _forms(spoken: str) -> LatePatterns[str]:
    """Every form of a language in the order of :data:`_READ`, its places put in."""
    raw = read_yaml(spoken, "recommendation_forms")
    if not any((raw.get("forms") or {}).values()):
        return ()
    places = dict(raw["macros"])
    places |= {"C": raw["customer"], "A": raw["any_customer"], "P": "(?P<product>.+?)", "O": "(?P<other>.+?)"}
    models = sorted((name for said in raw["models"].values() for name in said), key=len, reverse=True)
    names = "|".join(map(re.escape, models))
    places |= {"M": f"(?:the )?(?P<first>{names})", "N": f"(?:the )?(?P<second>{names})",
               "N2": f"(?:the )?(?P<third>{names})"}
    return LatePatterns((kind, LatePattern(put_in(form, places)))
                 for kind in _READ for form in raw["forms"].get(kind, ()))


@lru_cache(maxsize=4)
def _words(spoken: str) -> dict[str, Any]:
    raw = read_yaml(spoken, "recommendation_forms")
    expressions = ("polite", "lead", "trail", "people_of_after", "bare_id", "customer_before", "joins", "commas")
    return {name: re.compile(raw[name], re.IGNORECASE) for name in expressions} | {
        "pronouns": frozenset(raw["pronouns"]), "ordinals": raw["ordinals"],
        "all_listed": frozenset(raw.get("all_listed", ())),
        "never_bought": raw["never_bought"], "people_of": raw["people_of"], "customer_word": raw["customer_word"],
        "models": {name.casefold(): family for family, said in raw["models"].items() for name in said},
    }


def _plain(text: str) -> str:
    """Without opening and closing courtesies, straight apostrophes, single spaces."""
    words = _words(language())
    text = " ".join(text.replace("’", "'").split())
    while (cut := words["polite"].sub("", text)) != text:
        text = cut
    return text


def _with_customers(text: str, shop: Shop) -> str:
    """The text with "customer" before every id of a customer that stands alone: "remind 14407 to restock"."""
    words = _words(language())

    def named(match: re.Match[str]) -> str:
        known = any(m.value == match.group() for m in shop.find(match.group(), ("customer",), 1))
        said = words["customer_before"].search(text[: match.start()]) is not None
        return f"{words['customer_word']} {match.group()}" if known and not said else match.group()

    return words["bare_id"].sub(named, text)


# -- what is named -----------------------------------------------------------------------------------------------------


def _bare(name: str) -> str:
    lead = _words(language())["lead"]
    name = name.strip(" \"'“”«».,:")
    while (cut := lead.sub("", name)) != name:
        name = cut
    return name


def _product(name: str, context: DialogueContext, shop: Shop) -> str | None:
    """The id of a product named or pointed at; None where no product is like it, or a category is called that."""
    kinds = shop.find(_bare(name), ("category", "subcategory"), 1)
    if kinds and kinds[0].label.casefold() == _bare(name).casefold():
        return None
    words = _words(language())
    plain = name.strip(" \"'“”").casefold()
    place = 0 if plain in words["pronouns"] else words["ordinals"].get(plain)
    if place is not None:
        past = context.last("recommend_products")
        ids = context.column(past, "product") if past else []
        return ids[place] if -len(ids) <= place < len(ids) else None
    return _named(name, shop, _LIKE)


def _named(name: str, shop: Shop, like: float) -> str | None:
    for text in (name.strip(" \"'“”"), _bare(name)):
        if names_several(text, shop):
            return _bare(text)  # the tool knows them all, and says which of them it is about
        found = [m for m in shop.find(text, ("product",), 1) if m.kind == "product" and m.score >= like]
        if found:
            return found[0].value
    return None


def _says_all(name: str, product: str, shop: Shop) -> bool:
    """Whether the product's name has as many words as were said of it: otherwise more than it is named."""
    label = next((m.label for m in shop.find(product, ("product",), 1) if m.value == product), "")
    return len(_bare(name).split()) <= len(label.split()) + 1


def _products(name: str, context: DialogueContext, shop: Shop) -> list[str]:
    """Ids of one or several products named."""
    whole = _named(name, shop, _SURE)
    parts: list[str] = []
    if whole is not None and _says_all(name, whole, shop):
        return [whole]
    for joins in ("joins", "commas"):  # a comma may belong to a name
        parts = [p for p in _words(language())[joins].split(name) if p.strip()]
        each = [_named(p, shop, _EACH) for p in parts]
        if len(parts) > 1 and all(each):
            return [p for p in dict.fromkeys(each) if p]
    if len(parts) > 1:
        return []  # one of several is unknown: none is dropped
    one = _product(name, context, shop)
    return [one] if one else []


def _customer(said: dict[str, str], context: DialogueContext) -> str | None:
    """The customer named, else that of the last list."""
    if "customer" in said:
        return said["customer"]
    past = context.last("recommend_products")
    return past.call.args.get("customer_id") if past else None


def _last_list(customer: str, context: DialogueContext) -> dict[str, Any]:
    """Arguments of the last list, if it was this customer's: its rules hold on."""
    past = context.last("recommend_products")
    own = dict(past.call.args) if past is not None and past.call.args.get("customer_id") == customer else {}
    return {name: value for name, value in own.items() if name not in {"why", "why_not", "basket"}}


def _among(
    request: BaseModel, group: str, plan_one: Callable[[str], list[Candidate]]
) -> BaseModel | None:
    """The request narrowed to the customers that these words mean; None where the grammar does not know them."""
    words = _words(language())
    if words["people_of_after"].match(group):  # "who in Germany …"
        group = words["people_of"].format(group)
    known, rule = whom(group, language(), plan_one)
    return request.model_copy(update={"filter": rule}) if known and rule is not None else None


# -- readings ----------------------------------------------------------------------------------------------------------


def _why(said: dict[str, str], context: DialogueContext, shop: Shop, text: str) -> BaseModel | None:
    customer = _customer(said, context)
    named = {name: _product(said[place], context, shop)
             for name, place in (("why", "product"), ("why_not", "other")) if place in said}
    if customer is None:
        return None
    if "customer" in said and _bare(said["product"]).casefold() in _words(language())["all_listed"]:
        return RecommendRequest.model_validate({**_last_list(customer, context), "customer_id": customer})
    if "customer" in said:  # who is named with an unknown product hears which products are nearest
        named = {name: found or _bare(said["product" if name == "why" else "other"]) for name, found in named.items()}
    elif not all(named.values()):
        return None
    return RecommendRequest.model_validate({**_last_list(customer, context), "customer_id": customer, **named})


def _why_not(said: dict[str, str], context: DialogueContext, shop: Shop, text: str) -> BaseModel | None:
    customer, product = _customer(said, context), _product(said["product"], context, shop)
    if customer is None or (product is None and "customer" not in said):
        return None
    asked = {"customer_id": customer, "why_not": product or _bare(said["product"])}
    return RecommendRequest.model_validate({**_last_list(customer, context), **asked})


def _cart(said: dict[str, str], context: DialogueContext, shop: Shop, text: str) -> BaseModel | None:
    basket = _products(said["product"], context, shop)
    return RecommendRequest(customer_id=said.get("customer"), basket=tuple(basket or [_bare(said["product"])]))


def _compare(said: dict[str, str], context: DialogueContext, shop: Shop, text: str) -> BaseModel | None:
    families = _words(language())["models"]
    named = [families[" ".join(said[p].casefold().split())] for p in ("first", "second", "third") if p in said]
    if len(named) == 1 and "customer" in said and named[0] != _USED:
        return RecommendRequest(customer_id=said["customer"], method=named[0])
    models = [n for n in named if n != _USED]
    if len(named) > 1 and (not models or len(set(named)) < len(named)):
        return None
    return CompareRecommendersRequest.model_validate(
        dict(zip(("model", "against"), models, strict=False)) | {"customer_id": said.get("customer")})


def _quality(said: dict[str, str], context: DialogueContext, shop: Shop, text: str) -> BaseModel | None:
    return CompareRecommendersRequest()


def _buyers(said: dict[str, str], context: DialogueContext, shop: Shop, text: str) -> BaseModel | None:
    """A product named beyond doubt, several, or a category; words of names are left to the other readings."""
    products = _products(said["product"], context, shop)
    bare = _words(language())["trail"].sub("", _bare(said["product"]))
    category = [m for m in shop.find(bare, ("category", "subcategory"), 1) if m.score >= _SURE]
    sure = len(products) > 1 or (products and _named(said["product"], shop, _SURE) == products[0])
    if sure and any(names_several(p, shop) for p in products):
        return BuyersRequest(text=products[0]) if len(products) == 1 else None
    if sure and products:
        return BuyersRequest(product_id=products[0]) if len(products) == 1 else BuyersRequest(product_ids=products)
    return BuyersRequest(category=category[0].value) if category else None


def _for_group(said: dict[str, str], context: DialogueContext, shop: Shop, text: str) -> BaseModel | None:
    return RecommendRequest()


def _unseen(said: dict[str, str], context: DialogueContext, shop: Shop, text: str) -> BaseModel | None:
    return CheckRequest(about="coverage")


def _lacking(said: dict[str, str], context: DialogueContext, shop: Shop, text: str) -> BaseModel | None:
    """As in "who has not bought tea yet but is likely to": buyers of it, those who had it left out by the group."""
    found = _buyers(said, context, shop, text)
    name = _bare(said["product"])
    if found is None and len(name) <= _NAME:
        found = BuyersRequest(text=name) if shop.find(name, ("product",), 1) else None
    said["group"] = _words(language())["never_bought"].format(name)
    return found


def _newcomer(said: dict[str, str], context: DialogueContext, shop: Shop, text: str) -> BaseModel | None:
    """Somebody without purchases is shown what most customers buy."""
    return RecommendRequest(method="popularity")


def _again(said: dict[str, str], context: DialogueContext, shop: Shop, text: str) -> BaseModel | None:
    """When a customer orders again is told by product: usual days between orders, and whether they have passed."""
    return RecommendRequest(customer_id=said["customer"], purpose="reorder")


def _next_order(said: dict[str, str], context: DialogueContext, shop: Shop, text: str) -> BaseModel | None:
    return RecommendRequest(customer_id=said["customer"], purpose="next")


def _unknown(said: dict[str, str], context: DialogueContext, shop: Shop, text: str) -> BaseModel | None:
    """An id with letters, or one of nobody, which no other reading takes for one: the answer names the nearest."""
    customer = said["customer"]
    known = any(m.value.casefold() == customer.casefold() for m in shop.find(customer, ("customer",), 1))
    return None if known and not any(c.isalpha() for c in customer) else RecommendRequest(customer_id=customer)


_Reader = Callable[[dict[str, str], DialogueContext, Shop, str], BaseModel | None]
#: How each kind of form is read, in the order they are tried.
_READ: dict[str, _Reader] = {
    "cart": _cart, "versus": _why, "why_not": _why_not, "why": _why, "compare": _compare, "one_model": _compare,
    "quality": _quality, "versus_in_list": _why, "why_not_in_list": _why_not, "why_in_list": _why,
    "for_group": _for_group, "unseen": _unseen,
    "lacking": _lacking, "newcomer": _newcomer, "future": _again, "next_order": _next_order,
    "buyers": _buyers, "unknown": _unknown,
}
