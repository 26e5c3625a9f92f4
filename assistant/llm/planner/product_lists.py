"""Lists of products with rules: "what should I promote this week, nothing over 20, no candles", "make it more varied".

Rules are cut out of the text first (``prompts/lexicon/<language>/product_lists.yaml``). The rest is read whole as one
of the questions there, or by the ordinary grammar, or, where nothing is left, as a change of the list before; then the
rules are put into the plan. A rule that a list cannot take is declined with its words: none is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import PLAN_OF, Candidate, Planned, ToolCall, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.heard import language as heard_language
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern
from assistant.llm.planner.liking_forms import liking
from assistant.llm.planner.named_goods import names_several
from assistant.llm.planner.normalise import clean, expand
from assistant.llm.planner.rephrase import rephrase
from assistant.llm.planner.replies import decline, quoted
from assistant.llm.planner.trend_forms import trend
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.list_rules import ListRules
from assistant.plans.promotions import BundleRequest, PromotionRequest, SubstituteRequest
from assistant.plans.requests import TogetherRequest
from assistant.plans.shop import Shop

PlanOne = Callable[[str], list[Candidate]]
#: weight of variety at first, and what one more "more varied" adds
VARIED, MORE_VARIED, MOST_VARIED = 0.3, 0.2, 0.9
_LONGEST = 300
#: the rest of a text is taken only where it is read this well
_WELL = 0.65
_MACRO = re.compile(r"(?<!\?P)<(\w+)>")
_SURE = 0.3
#: a rule's name here → the field of the plan
_FIELDS = {
    "min_margin": "min_margin", "max_per_category": "max_per_category", "one_per_variant": "one_per_variant",
    "diversity": "diversity", "in_stock": "in_stock_only", "also_out_of_stock": "in_stock_only",
    "adults_only": "adults_only", "unowned": "unowned", "max_price": "max_price", "min_price": "min_price",
}


#: words of a price limit → its field; "nothing under" is read before "under"
_PRICES = (
    ("not_over", "max_price"), ("not_under", "min_price"), ("max_price", "max_price"), ("min_price", "min_price"),
)


@dataclass
class Rules:
    """Rules found in a text, and the text without them.

    ``said``: the words of each field. ``each``: a price was said of each product.
    """

    rest: str
    values: dict[str, Any] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    each: bool = False
    #: words left out that name nothing here, and the text without them
    unknown: list[str] = field(default_factory=list)
    without_unknown: str = ""
    #: the rest with the joining words at its ends, which may be words of the question: "what do they go for"
    whole: str = ""
    #: where the last rule was cut out
    seam: int = -9


@lru_cache(maxsize=4)
def _raw(language: str) -> dict[str, Any]:
    return dict(read_yaml(language, "product_lists"))


def _expanded(pattern: str, language: str, shop_words: dict[str, str]) -> str:
    raw = _raw(language)
    macros = {**raw["macros"], "cheaper": raw["cheaper"], "dearer": raw["dearer"], "cat": raw["category_words"],
              **shop_words}
    for _ in range(4):
        pattern = _MACRO.sub(lambda m: f"(?:{macros[m.group(1)]})" if m.group(1) in macros else m.group(), pattern)
    return pattern.replace(" ", r"\s+").replace(r"\s+?", r"\s*").replace(r"\s+*", r"\s*")


@lru_cache(maxsize=256)
def _compiled(pattern: str, language: str, categories: tuple[str, ...], whole: bool) -> LatePattern:
    names = "|".join(re.escape(c.lower()).replace(r"\ ", " ") for c in sorted(categories, key=len, reverse=True))
    body = _expanded(pattern, language, {"category": names or r"(?!)"})
    return LatePattern(rf"\W*(?:{body})[\s.?!]*$" if whole else body)


def product_list(
    text: str, context: DialogueContext, shop: Shop, words: Vocabulary, tools: Any, plan_one: PlanOne
) -> Planned | None:
    """The plan of a text about a list of products; None where it is another kind of text.

    Args:
        plan_one: readings of a text by the ordinary grammar, best first.
    """
    language = words.lexicon.language
    raw = _raw(language)
    if len(text) > _LONGEST or not raw.get("asks") or not raw.get("prices"):
        return None  # too long, or the language has no words for it yet
    plain = re.sub(r"\s+", " ", expand(clean(text), words.lexicon.words)).strip()
    plain = re.sub(raw["courtesy"], "", plain, flags=re.IGNORECASE).strip()
    if re.search(raw["reasons"], plain, re.IGNORECASE):
        return None  # "why this and not that" asks for no list, and leaves nothing out
    rules = _cut(plain, shop, words)
    if "brand" in rules.values and re.match(raw["brand"]["of_people"], rules.rest, re.IGNORECASE):
        return None
    found = _asked(rules, language, shop, tools)
    def plan_words(said: str) -> list[Candidate]:
        return plan_one(rephrase(said, words.lexicon.words))

    found = found or _course(rules, language, shop, tools, plan_words)
    if found is None and not rules.unknown:
        found = _taste(rules, language, tools, plan_words)
    cut = bool(rules.values or rules.unknown)
    if found is None and cut and _searches(next(iter(plan_one(text)), None)):
        return None  # "mugs that are not red, under 10": a search of products names its conditions itself
    if found is None and not rules.values:
        return _unknown_things(rules, context, shop, tools, words, plan_one)
    if found is None and _is_filler(rules.rest, language):
        last = _last_list(context, tools)
        if last is not None:
            return _with_rules(last, rules, words, follow_up=True)
    if found is None:
        best = next(iter(plan_one(rephrase(rules.rest, words.lexicon.words))), None)
        listed = best is not None and best.cost <= _WELL and len(best.calls) == 1 and _takes_rules(best.calls[0])
        listed = listed and best is not None and not rules.values.keys() & best.calls[0].args.keys()  # said twice
        found = best.calls[0] if best is not None and listed else None
    return None if found is None else _with_rules(found, rules, words, follow_up=False)


def _searches(best: Candidate | None) -> bool:
    return best is not None and best.cost <= 0 and [c.name for c in best.calls] == ["search_products"]


# -- rules ------------------------------------------------------------------------------------------------------------


def _cut(text: str, shop: Shop, words: Vocabulary) -> Rules:
    """The rules a text states, and what is left of it."""
    language = words.lexicon.language
    raw, rules = _raw(language), Rules(text)
    for name, patterns in raw["rules"].items():
        for pattern in patterns:
            match = _compiled(pattern, language, (), False).search(rules.rest)
            if match is not None and _FIELDS[name] not in rules.values:
                _take(rules, match, _FIELDS[name], _value(name, match, language))
                break
    between = _compiled(raw["prices"]["between"], language, (), False).search(rules.rest)
    if between is not None and not _of_a_deed(rules.rest, between, raw):
        low, high = (_number(between[k], language) for k in ("low", "high"))
        _take(rules, between, "min_price", min(low, high))
        rules.values["max_price"], rules.said["max_price"] = max(low, high), rules.said["min_price"]
    for words_of, name in _PRICES:
        if name in rules.values:
            continue
        match = _compiled(raw["prices"][words_of], language, (), False).search(rules.rest)
        if match is not None and (abs(match.start() - rules.seam) <= 1 or not _of_a_deed(rules.rest, match, raw)):
            rules.each |= re.search(raw["prices"]["each"], match.group(), re.IGNORECASE) is not None
            bare = name == "max_price" and not (match["m"] or match["u"])
            if bare and re.search(raw["counting"], match.group().lower()):
                _take(rules, match, "k", int(_number(match["n"], language)))
                continue
            _take(rules, match, name, _number(match["n"], language))
    _cut_excluded(rules, shop, words)
    _cut_brand(rules, shop, language)
    rules.whole, rules.rest = rules.rest, _trimmed(rules.rest, language)
    return rules


def rules_said(text: str, shop: Shop, words: Vocabulary) -> Rules:
    """The rules of a list that a text states, and its words without them and without courtesies."""
    raw = _raw(words.lexicon.language)
    plain = re.sub(r"\s+", " ", expand(clean(text), words.lexicon.words)).strip()
    return _cut(re.sub(raw["courtesy"], "", plain, flags=re.IGNORECASE).strip(), shop, words)


def _of_a_deed(text: str, match: re.Match[str], raw: dict[str, Any]) -> bool:
    """As in "customers who spent under 20": the amount is of what customers did, not of a product."""
    apart = match.group().lstrip()[:1] == ","
    deed = re.search(raw["prices"]["not_after"], text[: match.start()].rstrip(), re.IGNORECASE)
    return not apart and deed is not None


def _trimmed(text: str, language: str) -> str:
    """Without the joining words that a rule cut out leaves at either end."""
    return re.sub(_expanded(_raw(language)["dangling"], language, {}), "", text, flags=re.IGNORECASE).strip()


def _unknown_things(
    rules: Rules, context: DialogueContext, shop: Shop, tools: Any, words: Vocabulary, plan_one: PlanOne
) -> Planned | None:
    """A list is asked for without something that is neither a category nor in a product's name: said so."""
    if not rules.unknown:
        return None
    language = words.lexicon.language
    bare = Rules(_trimmed(rules.without_unknown, language))
    read = _asked(bare, language, shop, tools) or _course(bare, language, shop, tools, plan_one)
    listed = (read or _taste(bare, language, tools, plan_one)) is not None
    if not listed and _is_filler(bare.rest, language):
        listed = _last_list(context, tools) is not None
    if not listed:
        best = next(iter(plan_one(bare.rest)), None)
        listed = best is not None and best.cost <= _SURE and any(_takes_rules(c) for c in best.calls)
    if not listed:
        return None
    near = [m.label for t in rules.unknown for m in shop.find(t, ("category", "subcategory", "product"), 3)]
    no = decline(words.lexicon, "not_understood", "nothing_named", words=quoted(rules.unknown),
                 near=", ".join(dict.fromkeys(near)) or "-")
    return Planned([no], 0.0, rules.unknown, frame="decline")


def _take(rules: Rules, match: re.Match[str], name: str, value: Any) -> None:
    rules.values[name], rules.said[name], rules.seam = value, match.group().strip(" ,.;"), match.start()
    rules.rest = re.sub(r"\s+", " ", f"{rules.rest[: match.start()]} {rules.rest[match.end() :]}").strip()


def _value(name: str, match: re.Match[str], language: str) -> Any:
    if name == "also_out_of_stock":
        return False
    if name == "diversity":
        return VARIED
    if name == "max_per_category":
        return int(_number(match["n"], language)) if "n" in match.re.groupindex else 1
    return _number(match["n"], language) if "n" in match.re.groupindex else True


def _number(said: str, language: str) -> float:
    numbers = _raw(language)["numbers"]
    last = said.lower().split()[-1]
    return float(numbers[last]) if last in numbers else float(said.replace(",", "."))


def _cut_brand(rules: Rules, shop: Shop, language: str) -> None:
    """The one brand named, with the word before it: "a mug by Seaglass"; not one of what customers did."""
    raw, brands = _raw(language)["brand"], _brands(shop)
    if not brands:
        return
    names = "|".join(re.escape(b).replace(r"\ ", r"\s+") for b in sorted(brands, key=len, reverse=True))
    found = list(re.finditer(rf"(?:\b(?:{raw['before']})\s+)?(?<!\w)(?P<brand>{names})(?:['’]s)?(?!\w)", rules.rest,
                             re.IGNORECASE))
    if len(found) != 1:
        return
    match = found[0]
    if re.search(raw["not_after"], rules.rest[: match.start("brand")].rstrip(), re.IGNORECASE) or re.match(
            raw["not_before"], rules.rest[match.end() :].lstrip(), re.IGNORECASE):
        return
    said = " ".join(match["brand"].casefold().split())
    _take(rules, match, "brand", next(b for b in brands if " ".join(b.casefold().split()) == said))


def _cut_excluded(rules: Rules, shop: Shop, words: Vocabulary) -> None:
    """Categories and words left out; the words stay in the text where they name neither."""
    raw = _raw(words.lexicon.language)
    pattern = _compiled(raw["excluded"][0], words.lexicon.language, (), False)
    categories, start = _categories(shop), 0
    while (match := pattern.search(rules.rest, start)) is not None:
        things = [t.strip() for t in re.split(raw["separators"], match["thing"]) if t.strip()]
        named = [_thing(t, categories, words) for t in things]
        if not things or any(n is None for n in named):
            rules.unknown += [t for t, n in zip(things, named, strict=True) if n is None]
            rules.without_unknown = f"{rules.rest[: match.start()]} {rules.rest[match.end() :]}".strip()
            start = match.end()
            continue
        for kind, value in (n for n in named if n is not None):
            held = rules.values.get(kind, ())
            rules.values[kind] = (*held, value) if value not in held else held
            rules.said[kind] = match.group().strip(" ,.;")
        rules.rest = re.sub(r"\s+", " ", f"{rules.rest[: match.start()]} {rules.rest[match.end() :]}").strip()
        start = match.start()


def _thing(said: str, categories: tuple[str, ...], words: Vocabulary) -> tuple[str, str] | None:
    """A category of the shop, else a word that product names hold."""
    wanted = words.lexicon.lemmas(said.lower())
    for name in categories:
        own = words.lexicon.lemmas(name.lower())
        if wanted == own or [w for w in own if w.isalnum()] == list(wanted):
            return "exclude_categories", name
    for name in categories:  # "toys" of "Toys & Games"
        if len(wanted) == 1 and wanted[0] in words.lexicon.lemmas(name.lower()) and not name[:1].islower():
            return "exclude_categories", name
    if wanted and all(w in words.product_words for w in wanted):
        return "exclude_words", said.lower()
    return None


def _brands(shop: Shop) -> tuple[str, ...]:
    known = {term.name for term in shop.dimensions()}
    return tuple(shop.values("brand")) if "brand" in known else ()


def _categories(shop: Shop) -> tuple[str, ...]:
    known = {term.name for term in shop.dimensions()}
    return tuple(v for d in ("category", "subcategory") if d in known for v in shop.values(d))


# -- what is asked ----------------------------------------------------------------------------------------------------


def _asked(rules: Rules, language: str, shop: Shop, tools: Any) -> ToolCall | None:
    """The rest read whole as a question about a list; a category said in it joins the rules."""
    raw, categories = _raw(language), _categories(shop)
    rest, category = rules.rest, None
    after = _compiled(raw["category_after"], language, categories, False).search(rest)
    if after is not None:
        rest, category = f"{rest[: after.start()]} {rest[after.end() :]}".strip(), after["category"]
    for name, patterns in raw["asks"].items():
        for pattern in patterns:
            match = _compiled(pattern, language, categories, True).match(rest)
            if match is None:
                continue
            said = {k: v.strip() for k, v in match.groupdict().items() if v}
            named = [said.pop(name, None) for name in ("category", "category2")]
            category = next((c for c in named if c), category)
            plan = _MAKERS[name](said, rules, language, shop)
            made = None if plan is None else call(plan)
            if made is None or made.name not in tools:
                continue
            if category is not None:
                rules.values["category"] = next(c for c in categories if c.lower() == category.lower())
                rules.said["category"] = category
            return made
    return None


def _course(rules: Rules, language: str, shop: Shop, tools: Any, plan_one: PlanOne) -> ToolCall | None:
    """As in "what is trending in Kitchen": how products move; a category said in it joins the rules."""
    rest, category = _without_category(rules.rest, language, shop)
    request = trend(rest, language, plan_one) if "plan_promotion" in tools else None
    if request is not None and category is not None:
        rules.values["category"] = rules.said["category"] = category
    return None if request is None else call(request)


def _taste(rules: Rules, language: str, tools: Any, plan_one: PlanOne) -> ToolCall | None:
    """As in "something for people who like gardening"."""
    request = liking(rules.rest, language, plan_one) if "recommend_products" in tools else None
    return None if request is None else call(request)


def _without_category(text: str, language: str, shop: Shop) -> tuple[str, str | None]:
    """The text without "in Kitchen", and the category named there as the shop writes it."""
    categories = _categories(shop)
    after = _compiled(_raw(language)["category_after"], language, categories, False).search(text)
    if after is None:
        return text, None
    named = next(c for c in categories if c.lower() == after["category"].lower())
    return f"{text[: after.start()]} {text[after.end() :]}".strip(), named


def _k(said: dict[str, str], language: str) -> dict[str, int]:
    return {"k": max(1, int(_number(said["k"], language)))} if "k" in said else {}


def _product(said: str, shop: Shop) -> str:
    """Id of the product that words name; the words themselves where several are called so, or it is not clear, for the
    tool to say so."""
    plain = re.sub(str(_raw(heard_language())["trailing"]), "", said.strip(" ?!.\"'"), flags=re.IGNORECASE)
    if names_several(plain, shop):
        return plain
    found = [m for m in shop.find(plain, ("product",), 1) if m.kind == "product" and m.score >= 80]
    return found[0].value if found else plain


def _promotion(action: str) -> Callable[..., PromotionRequest]:
    def make(said: dict[str, str], rules: Rules, language: str, shop: Shop) -> PromotionRequest:
        return PromotionRequest(action=action, **_k(said, language))  # type: ignore[arg-type]

    return make


def _bundles(said: dict[str, str], rules: Rules, language: str, shop: Shop) -> BundleRequest | None:
    size = said.get("size") or said.get("size2")
    args: dict[str, Any] = _k(said, language)
    if size:
        args["size"] = int(_number(size, language))
    if "product" in said:
        args["product_id"] = _product(said["product"], shop)
    if "max_price" in rules.values and not rules.each:
        args["max_total"] = rules.values.pop("max_price")
    try:
        return BundleRequest(**args)
    except ValidationError:
        return None


def _substitutes(said: dict[str, str], rules: Rules, language: str, shop: Shop) -> SubstituteRequest:
    relative = said.get("rel") or said.get("rel2")
    way = None
    if relative:
        way = "cheaper" if re.fullmatch(_raw(language)["cheaper"], relative, re.IGNORECASE) else "dearer"
    return SubstituteRequest(product_id=_product(said["product"], shop), relative_price=way, **_k(said, language))  # type: ignore[arg-type]


def _upsell(said: dict[str, str], rules: Rules, language: str, shop: Shop) -> SubstituteRequest:
    return SubstituteRequest(product_id=_product(said["product"], shop), relative_price="dearer", **_k(said, language))


def _together(said: dict[str, str], rules: Rules, language: str, shop: Shop) -> TogetherRequest | None:
    first, second = (_product(said[name], shop) for name in ("product", "product2"))
    if any(names_several(p, shop) for p in (first, second)):
        return None  # pairs of families are not counted
    if any(shop.find(p, ("product",), 1)[:1] == [] for p in (first, second)):
        return None
    return TogetherRequest(product_id=first, also_product_ids=(second,), **_k(said, language))


def _complements(said: dict[str, str], rules: Rules, language: str, shop: Shop) -> TogetherRequest:
    product = _product(said["product"], shop)
    which = {"text": product} if names_several(product, shop) else {"product_id": product}
    return TogetherRequest(**which, complements=True, **_k(said, language))


_MAKERS: dict[str, Callable[..., Any]] = {
    "promote": _promotion("promote"), "stop": _promotion("stop"), "clear": _promotion("clear"), "bundles": _bundles,
    "substitutes": _substitutes, "upsell": _upsell, "together": _together, "complements": _complements,
}


# -- the plan with its rules ------------------------------------------------------------------------------------------


def _takes_rules(made: ToolCall) -> bool:
    plan = PLAN_OF.get(made.name)
    return plan is not None and (issubclass(plan, ListRules) or made.name in {"search_products", "bought_together"})


def _last_list(context: DialogueContext, tools: Any) -> ToolCall | None:
    last = context.last()
    return last.call if last is not None and last.call.name in tools and _takes_rules(last.call) else None


def _is_filler(rest: str, language: str) -> bool:
    return re.fullmatch(_raw(language)["filler"].replace(" ", r"\s"), rest, re.IGNORECASE) is not None


def _with_rules(made: ToolCall, rules: Rules, words: Vocabulary, *, follow_up: bool) -> Planned:
    """The call with the rules in it; a decline that names the rules it cannot take."""
    plan = PLAN_OF[made.name]
    excluding = rules.values and rules.values.keys() <= {"exclude_words", "exclude_categories"}
    if made.name == "bought_together" and excluding:
        request = made.plan()  # "what goes with tea but is not tea": nothing of its own kind
        request = request.model_copy(update={"complements": True})
        return Planned([call(request)], 1.0, frame="product_list")
    missing = [rules.said[name] for name in rules.values if name not in plan.model_fields]
    if missing:
        no = decline(words.lexicon, "not_understood", "rule_not_taken", words=quoted(missing), nearest=None)
        return Planned([no], 0.0, missing, frame="decline")
    of_one = {"why", "why_not"} if follow_up else set()  # the list is asked for again, not the reason for one of it
    args = {name: value for name, value in made.args.items() if name not in of_one}
    for name, value in rules.values.items():
        if isinstance(value, tuple):
            value = tuple(dict.fromkeys((*args.get(name, ()), *value)))
        if name == "diversity" and follow_up and args.get(name):
            value = min(float(args[name]) + MORE_VARIED, MOST_VARIED)
        args[name] = value
    try:
        whole = plan.model_validate(args)
    except ValidationError as error:
        said = str(error.errors()[0].get("msg", "")).removeprefix("Value error, ")
        no = decline(words.lexicon, "not_understood", "rules_clash", words=said)
        return Planned([no], 0.0, list(rules.said.values()), frame="decline")
    return Planned([call(whole)], 1.0, frame="follow_up" if follow_up else "product_list")


__all__ = ["Rules", "product_list", "rules_said"]
