"""Questions about recommendations in any order of words: each word is a cue, a name of the shop, or plain.

Where no form fits a text whole, its words are heard one by one (``recommendation_cues.yaml``): cues of what is asked,
names of products, categories, customers and recommenders, and a stretch of words for customers that the ordinary
grammar reads. The first rule whose needs were heard, and which takes all else that was, makes the plan. A text with any
word that is none of these is left to the other readings, so nothing that was said is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError

from assistant.llm.planner.candidate import PLAN_OF, Candidate, Planned, ToolCall, call
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.lexicon import PhraseTree, lexicon
from assistant.llm.planner.liking_forms import whom
from assistant.llm.planner.named_goods import names_several
from assistant.llm.planner.normalise import Token, tokenise
from assistant.llm.planner.period_grammar import read_period
from assistant.llm.planner.product_lists import Rules, rules_said
from assistant.llm.planner.recommendation_words import LOST as _LOST
from assistant.llm.planner.recommendation_words import PLAIN as _PLAIN
from assistant.llm.planner.recommendation_words import Piece, without_passing
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans import BuyersRequest, CheckRequest, CompareRecommendersRequest, RecommendRequest
from assistant.plans.briefing import BriefingRequest
from assistant.plans.filters import Filter
from assistant.plans.list_rules import ListRules
from assistant.plans.periods import Period
from assistant.plans.promotions import BundleRequest, PromotionRequest, SubstituteRequest
from assistant.plans.recommending import LaunchRequest
from assistant.plans.requests import TogetherRequest
from assistant.plans.shop import Shop

#: name of the frame: its words are accounted for here
FRAME = "recommendation_cues"
_LONGEST = 26
#: stretches of words that are tried for customers
_TRIES = 8
#: what the recommender in use is called among families
_USED = "used"
#: values of the shop that tell which customers are meant
_OF_PEOPLE = frozenset({"country", "city", "segment", "channel", "acquisition_channel", "customer_type", "gender"})
#: cues that begin or end no words for customers: "what would … go for"
_OF_THE_QUESTION = frozenset({"what", "modal", "rec", "like", "show", "hear", "why"})
_GOODS = ("product", "subcategory", "category")


@dataclass
class Asked:
    """What a text names beside its cues."""

    shop: Shop
    rules: Rules
    customers: list[str] = field(default_factory=list)
    #: products: ids where one is meant, else words of names
    products: list[tuple[str, str]] = field(default_factory=list)
    categories: list[tuple[str, str]] = field(default_factory=list)
    #: products and categories in the order said
    goods: list[str] = field(default_factory=list)
    families: list[str] = field(default_factory=list)
    number: int | None = None
    group: Filter | None = None
    period: Period | None = None
    tags: frozenset[str] = frozenset()
    #: what has to be said beside the answer
    notes: list[str] = field(default_factory=list)

    @property
    def k(self) -> dict[str, int]:
        return {} if self.number is None else {"k": self.number}

    @property
    def launched(self) -> dict[str, Any]:
        """What is said of when products came: the days, and whether the newest are asked for."""
        newest = "newest" in self.tags and not self.tags & {"promote", "rec", "like", "who", "hear"}
        return {"period": self.period, "newest_first": newest}

    def ids(self) -> list[str]:
        """Ids of the products named; words that several are called by stay, for the tool to say which it took."""
        return [name if kind == "id" or names_several(name, self.shop) else _nearest(name, self.shop)
                for kind, name in self.products]

    @property
    def category(self) -> dict[str, str]:
        return {"category": self.categories[0][1]} if self.categories else {}


def cued(
    text: str, shop: Shop, words: Vocabulary, tools: Collection[str], plan_one: Callable[[str], list[Candidate]],
    *, passing: bool = False,
) -> Planned | None:
    """The call that a text about recommendations asks for; None where a word of it is neither cue nor name.

    Args:
        plan_one: readings of a text by the ordinary grammar, best first: of words for customers.
        passing: ordinary words of which none narrows may be left over; they are named beside the answer. Only for texts
            that nothing else reads.
    """
    language = words.lexicon.language
    if not read_yaml(language, "recommendation_cues")["rules"]:
        return None
    rules = rules_said(text, shop, words)
    rules.whole = _groups_renamed(rules.whole, language)
    tokens, pieces = _heard(rules.whole, words, shop)
    if rules.values and any("why" in p.tags for p in pieces):  # "why this and not that" leaves nothing out
        rules = Rules(text, whole=text)
        tokens, pieces = _heard(text, words, shop)
    if not 1 < len(tokens) <= _LONGEST:
        return None
    asked = Asked(shop, rules)
    if passing:
        pieces, left = without_passing(pieces, tokens, words)
        asked.notes += [f"not_used|{said}" for said in left]
    heard = _with_group(pieces, tokens, rules.whole, asked, language, plan_one)
    if heard is None:
        return None
    _name(heard, asked, language)
    for rule in read_yaml(language, "recommendation_cues")["rules"]:
        if _fits(rule, heard, asked):
            asked.tags = frozenset().union(*(p.tags for p in heard))
            request = _made(str(rule["ask"]), asked)
            if request is not None:
                return _planned(request, asked, tools)
    return None


def _groups_renamed(text: str, language: str) -> str:
    """As in "our top spenders" → "our best customers", which has an agreed meaning."""
    for name, said in read_yaml(language, "recommendation_cues")["groups_said"].items():
        text = re.sub(rf"\b(?:{'|'.join(map(re.escape, said))})\b", name, text, flags=re.IGNORECASE)
    return text


# -- what is heard -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _cues(language: str) -> PhraseTree:
    raw = read_yaml(language, "recommendation_cues")
    content: Mapping[str, Any] = {_PLAIN: raw["plain"], **raw["words"]}
    return lexicon(language).tree_of(content)


@lru_cache(maxsize=4)
def _families(language: str) -> PhraseTree:
    models = read_yaml(language, "recommendation_forms")["models"]
    return lexicon(language).tree_of({"family": dict(models)})


def _heard(text: str, words: Vocabulary, shop: Shop) -> tuple[list[Token], list[Piece]]:
    tokens = [t for t in tokenise(text, words.lexicon.words) if t.kind != "stop"]
    return tokens, _pieces(tokens, words, shop) if 1 < len(tokens) <= _LONGEST else []


def _pieces(tokens: list[Token], words: Vocabulary, shop: Shop) -> list[Piece]:
    """The text cut into the longest pieces that are known; of equal length names before cues."""
    lemmas = [t.lemma for t in tokens]
    found: list[Piece] = []
    i = 0
    while i < len(tokens):
        options = [p for p in (_goods_said(tokens, lemmas, i, words), _cue(lemmas, i, words),
                               _words_of_names(lemmas, i, words), _single(tokens[i], i, words, shop),
                               _time(tokens, i, words)) if p is not None]
        piece = max(options, key=lambda p: p.end, default=Piece(i, i + 1, frozenset({_LOST})))
        if _LOST in piece.tags and found and "people" in found[-1].tags and tokens[i].text.strip("#").isdigit():
            piece = Piece(i, i + 1, frozenset({"customer"}), tokens[i].text.strip("#"))
        found.append(piece)
        i = piece.end
    return found


def _of_shop(lemmas: list[str], i: int, words: Vocabulary) -> Piece | None:
    """A value of the shop: a product, category, recommender; or one that tells customers apart."""
    best: Piece | None = None
    for end, entries in words.trees[1].matches(lemmas, i):
        own = " ".join(lemmas[i:end])
        named = [v for kind, v in entries if kind == "value"]
        # "coffee" is the category of that name before "Tea & Coffee"
        named.sort(key=lambda v: " ".join(words.lexicon.lemmas(str(v.value).lower())) == own)  # type: ignore[union-attr]
        values = {v.dimension: v.value for v in named}  # type: ignore[union-attr]
        goods = next((d for d in _GOODS if d in values), None)
        if goods is not None:
            tag = "product" if goods == "product" else "category"
            best = Piece(i, end, frozenset({tag}), f"{goods}|{values[goods]}")
        elif values.keys() & _OF_PEOPLE or any(kind in {"definition", "saved"} for kind, _ in entries):
            best = Piece(i, end, frozenset({_LOST}))
    for end, entries in _families(words.lexicon.language).matches(lemmas, i):
        said, cue = str(entries[0][1]), _cue(lemmas, i, words)
        if (best is None or end > best.end) and (end > i + 1 or said != _USED):
            best = Piece(i, end, frozenset({"family", *(("model",) if said == _USED else ())}), said)
            if cue is not None and cue.end == end:
                best = replace(best, tags=best.tags | cue.tags)
    cue = _cue(lemmas, i, words)
    return cue if best is not None and _LOST in best.tags and cue is not None and cue.end == best.end else best


def _goods_said(tokens: list[Token], lemmas: list[str], i: int, words: Vocabulary) -> Piece | None:
    """A value of the shop; "a mug" is one of the products called so, not all of Mugs & Cups."""
    piece = _of_shop(lemmas, i, words)
    if piece is None or "category" not in piece.tags or piece.end > i + 1 or tokens[i].text.lower() != lemmas[i]:
        return piece
    exact = words.lexicon.lemmas(piece.name.partition("|")[2].lower()) == (lemmas[i],)
    return piece if exact or not words.products_with([lemmas[i]]) else Piece(
        i, i + 1, frozenset({"product"}), f"words|{lemmas[i]}")


def _cue(lemmas: list[str], i: int, words: Vocabulary) -> Piece | None:
    best: Piece | None = None
    for end, entries in _cues(words.lexicon.language).matches(lemmas, i):
        best = Piece(i, end, frozenset(str(kind) for kind, _ in entries))
    return best


def _words_of_names(lemmas: list[str], i: int, words: Vocabulary) -> Piece | None:
    """The longest run of words that stand together in the name of some product: "wool scarf", "tea set"."""
    cues = _cues(words.lexicon.language)
    end = i
    for stop in range(i + 1, min(len(lemmas), i + 7) + 1):
        run = lemmas[i:stop]
        if run[-1] not in words.product_words or not words.products_with(run):
            break
        end = stop
    plain = [w for w in lemmas[i:end] if any(k == _PLAIN for k, _ in _entries(cues, w))]
    if end == i or len(plain) == end - i or lemmas[i] in plain:
        return None
    cue = _cue(lemmas, i, words)
    if cue is not None and cue.end >= end:
        return None
    return Piece(i, end, frozenset({"product"}), f"words|{' '.join(lemmas[i:end])}")


def _entries(tree: PhraseTree, lemma: str) -> list[Any]:
    node = tree.children.get(lemma)
    return list(node.entries) if node is not None else []


def _single(token: Token, i: int, words: Vocabulary, shop: Shop) -> Piece | None:
    """An id of a customer or product, or a small number."""
    plain = token.text.lstrip("#")
    if plain in words.customer_ids or (plain.isdigit() and len(plain) >= 4 and _is_customer(plain, shop)):
        return Piece(i, i + 1, frozenset({"customer"}), plain)
    if plain in words.product_ids:
        return Piece(i, i + 1, frozenset({"product"}), f"id|{plain}")
    small = token.kind == "number" and token.unit is None and token.value is not None and 1 <= token.value <= 50
    return Piece(i, i + 1, frozenset({"number"}), str(int(token.value or 0))) if small else None


def _time(tokens: list[Token], i: int, words: Vocabulary) -> Piece | None:
    """Days that have been: "in the last two months", "in November"."""
    found = read_period(tokens, i, words.lexicon, words.status.as_of)
    if found is None or found.period is None or found.kind != "period":
        return None
    lemmas = [t.lemma for t in tokens]
    if any((p := _of_shop(lemmas, j, words)) is not None and p.end == found.end for j in range(i, found.end)):
        return None  # "for Christmas": the goods of that name
    return Piece(i, found.end, frozenset({"period"}), found.period.model_dump_json(exclude_defaults=True))


def _is_customer(said: str, shop: Shop) -> bool:
    return any(m.value == said for m in shop.find(said, ("customer",), 1))


def _with_group(
    pieces: list[Piece], tokens: list[Token], text: str, asked: Asked, language: str,
    plan_one: Callable[[str], list[Candidate]],
) -> list[Piece] | None:
    """The pieces with one for the customers that are meant; None where words are left that say nothing known."""
    lost = [n for n, p in enumerate(pieces) if _LOST in p.tags]
    if not lost:
        return pieces
    first, last = lost[0], lost[-1]
    before = first
    while before and _PLAIN not in pieces[before - 1].tags and first - before < 2:
        before -= 1
    starts = [n for n in range(first + 1) if n >= before or pieces[n].tags & {"people", "who"}]
    if not _may_fit(pieces[: min(starts)], [*pieces[:first], *pieces[last + 1 :]], language):
        return None  # reading words for customers takes long, and no rule would take what is left
    ends = sorted({last + 1, len(pieces)} | {n + 1 for n in range(last, len(pieces)) if "people" in pieces[n].tags})
    tried = 0
    for start in starts:
        for end in reversed(ends):
            tried += 1
            if tried > _TRIES:
                return None
            span = pieces[start:end]
            if any(p.tags & {"customer", "family"} for p in span) or (span[0].tags | span[-1].tags) & _OF_THE_QUESTION:
                continue
            rule = _whom(span, pieces[start - 1] if start else None, tokens, text, language, plan_one)
            if rule is not None:
                asked.group = rule
                piece = Piece(span[0].start, span[-1].end, frozenset({"group"}))
                return [*_before_group(pieces[:start], tokens, language), piece, *pieces[end:]]
    return None


def _before_group(pieces: list[Piece], tokens: list[Token], language: str) -> list[Piece]:
    """Without "only" before words for customers, which says no more than they do: "only in Austria"."""
    only = read_yaml(language, "recommendation_cues")["only"]
    return [p for n, p in enumerate(pieces) if n < len(pieces) - 2 or tokens[p.start].lemma not in only]


def _whom(
    span: list[Piece], before: Piece | None, tokens: list[Token], text: str, language: str,
    plan_one: Callable[[str], list[Candidate]],
) -> Filter | None:
    """The customers that a stretch of words means, by itself or as in "buyers … in Germany" with the word before it."""
    end = tokens[span[-1].end - 1].end
    known, rule = whom(text[tokens[span[0].start].start : end], language, plan_one)
    if known and rule is not None or before is None or before.end - before.start > 1:
        return rule if known else None
    raw = read_yaml(language, "recommendation_cues")
    if tokens[before.start].lemma not in raw["of_people"]:
        return None
    known, rule = whom(str(raw["people_of"]).format(text[tokens[before.start].start : end]), language, plan_one)
    return rule if known else None


def _name(pieces: list[Piece], asked: Asked, language: str) -> None:
    """Names of the pieces into what was asked."""
    for p in pieces:
        kind, _, name = p.name.partition("|")
        if "customer" in p.tags:
            asked.customers.append(p.name)
        elif "period" in p.tags:
            asked.period = Period.model_validate_json(p.name)
        elif "family" in p.tags:
            asked.families.append(p.name)
        elif "number" in p.tags:
            asked.number = int(p.name)
        elif "category" in p.tags:
            asked.categories.append((kind, name))
            asked.goods.append(name)
        elif "product" in p.tags:
            asked.products.append(_product(kind, name, asked.shop))
            asked.goods.append(asked.ids()[-1])


def _product(kind: str, name: str, shop: Shop) -> tuple[str, str]:
    if kind == "id":
        return "id", name
    if kind == "product":
        found = [m for m in shop.find(name, ("product",), 1) if m.label == name or m.value == name]
        return ("id", found[0].value) if found else ("words", name)
    return kind, name


def _nearest(name: str, shop: Shop) -> str:
    found = [m for m in shop.find(name, ("product",), 1) if m.kind == "product"]
    return found[0].value if found else name


def _may_fit(kept: list[Piece], free: list[Piece], language: str) -> bool:
    """Whether some rule could take the text once the words between are customers.

    Args:
        kept: pieces that stay whatever is read as customers.
        free: pieces that may stay.
    """
    heard = frozenset({"group", "two", "pair"}).union(*(p.tags for p in free))
    for rule in read_yaml(language, "recommendation_cues")["rules"]:
        needs = [frozenset(str(n).split("|")) for n in rule["needs"]]
        allowed = frozenset().union(*needs) | set(rule["may"]) | {_PLAIN}
        if all(heard & n for n in needs) and all(p.tags & allowed for p in kept):
            return True
    return False


def _fits(rule: Mapping[str, Any], pieces: list[Piece], asked: Asked) -> bool:
    """Whether the needs of a rule were heard, and all that was heard has a place in it."""
    needs = [frozenset(str(n).split("|")) for n in rule["needs"]]
    allowed = frozenset().union(*needs) | set(rule["may"]) | {_PLAIN}
    if any(not p.tags & allowed for p in pieces):
        return False
    more = ({"two"} if len(asked.families) > 1 else set()) | ({"pair"} if len(asked.goods) == 2 else set())
    more |= {"brand"} if "brand" in asked.rules.values and not asked.goods else set()
    heard = frozenset().union(*(p.tags for p in pieces)) | more
    many = len(asked.products) > 1 and "many" not in allowed
    several = len(asked.customers) > 1 or (len(asked.categories) > 1 and "pair" not in allowed)
    return all(heard & n for n in needs) and not many and not several


# -- what is asked -----------------------------------------------------------------------------------------------------


def _made(ask: str, a: Asked) -> BaseModel | None:
    try:
        return _MAKERS[ask](a)
    except ValidationError:
        return None


def _planned(request: BaseModel, asked: Asked, tools: Collection[str]) -> Planned | None:
    """The plan with the rules of the list that were said; None where the tool cannot take one of them."""
    rules = asked.rules
    made = call(request)
    plan = PLAN_OF[made.name]
    if made.name not in tools or any(name not in plan.model_fields for name in rules.values):
        return None
    if rules.values:
        try:
            made = call(plan.model_validate({**made.args, **rules.values}))
        except ValidationError:
            return None
    return Planned([made], 0.95, frame=FRAME, notes=list(asked.notes))


def of_goods(made: ToolCall) -> bool:
    """Whether a plan made here speaks of products alone: "what can we offer them" may mean discounts, "… instead of the
    mug" and "… under 20, in stock" cannot."""
    if made.name in {"find_substitutes", "bought_together", "propose_bundles"}:
        return True
    ruled = ListRules.model_fields.keys() & made.args.keys()
    return made.name == "recommend_products" and bool(made.args.get("basket") or any(made.args[r] for r in ruled))


def _for_one(a: Asked, **more: Any) -> RecommendRequest:
    return RecommendRequest(customer_id=a.customers[0], **a.category, **a.k, **more)


def _why(a: Asked) -> RecommendRequest:
    return RecommendRequest(customer_id=a.customers[0], why=a.goods[0])


def _cart(a: Asked) -> RecommendRequest:
    customer = a.customers[0] if a.customers else None
    return RecommendRequest(customer_id=customer, basket=tuple(a.goods), **a.k)


def _buyers(a: Asked) -> BuyersRequest | None:
    ids = [name for kind, name in a.products if kind == "id"]
    new = "new" in a.tags and (bool(a.categories) or not ids)
    more: dict[str, Any] = {"filter": a.group, "new_only": new, **a.k}
    if not a.products and not a.categories:
        return BuyersRequest(brand=a.rules.values["brand"], **more)
    if a.categories:
        return None if a.products else BuyersRequest(category=a.categories[0][1], **more)
    if len(ids) == len(a.products):
        one = {"product_id": ids[0]} if len(ids) == 1 else {"product_ids": tuple(ids)}
        return BuyersRequest(**one, **more)
    return BuyersRequest(text=a.products[0][1], **more) if len(a.products) == 1 else None


def _substitutes(a: Asked) -> SubstituteRequest:
    way = "dearer" if "dearer" in a.tags else "cheaper" if "cheaper" in a.tags else None
    return SubstituteRequest(product_id=a.ids()[0], relative_price=way, **a.k)  # type: ignore[arg-type]


def _bundles(a: Asked) -> BundleRequest | None:
    if len(a.products) > 1:
        return None
    one = {"product_id": a.ids()[0]} if a.products else {}
    a.rules.values.update(a.category)
    return BundleRequest(**one, **a.k)


def _together(a: Asked) -> TogetherRequest | None:
    if not a.products:
        return TogetherRequest(**a.category, **a.k)
    kind, name = a.products[0]
    if len(a.products) > 1 or a.categories:  # one may be what is looked for: "which lunch bag goes with the jumbo bag"
        return None
    return TogetherRequest(**({"product_id": name} if kind == "id" else {"text": name}), **a.k)


def _new(a: Asked) -> LaunchRequest:
    return LaunchRequest(**a.category, **a.launched, filter=a.group, **a.k)


def _promotion(action: str) -> Callable[[Asked], BaseModel]:
    def make(a: Asked) -> BaseModel:
        return PromotionRequest(action=action, **a.category, **a.k)  # type: ignore[arg-type]

    return make


def _course(action: str) -> Callable[[Asked], BaseModel]:
    def make(a: Asked) -> BaseModel:
        return PromotionRequest(action=action, filter=a.group, period=a.period, **a.category, **a.k)  # type: ignore[arg-type]

    return make


def _promote_when(a: Asked) -> BaseModel | None:
    """What to promote in days that are named: what sold best in them, as evidence of its own."""
    return None if a.period is None else BriefingRequest(focus="promote", period=a.period)


def _newcomer_by_content(a: Asked) -> RecommendRequest:
    """Of somebody of whom nothing is known no product says anything: the popularity list, and why."""
    a.notes.append("content_of_nobody|")
    return RecommendRequest(method="popularity", **a.k)


def _check(about: str) -> Callable[[Asked], BaseModel]:
    return lambda a: CheckRequest(about=about)  # type: ignore[arg-type]


def _compare(a: Asked) -> CompareRecommendersRequest | None:
    named = [f for f in dict.fromkeys(a.families) if f != _USED]
    if not named or len(named) > 2:
        return None
    return CompareRecommendersRequest.model_validate(dict(zip(("model", "against"), named, strict=False)))


def _for_group(a: Asked, **more: Any) -> RecommendRequest:
    return RecommendRequest(filter=a.group, **a.category, **a.k, **more)


def _for_all(a: Asked) -> RecommendRequest | None:
    """Products of a category, or of what words of names say: "recommend gifts for Christmas"."""
    if not a.products:
        return RecommendRequest(**a.category, **a.k)
    ((kind, name), *others) = a.products
    if kind == "id" or others or a.categories:
        return None
    whom = {"customer_id": a.customers[0]} if a.customers else {"filter": a.group}
    return RecommendRequest(liking=name, **whom, **a.k)


_MAKERS: dict[str, Callable[[Asked], BaseModel | None]] = {
    "why_not": lambda a: RecommendRequest(customer_id=a.customers[0], why_not=a.goods[0]),
    "why": _why,
    "versus": lambda a: RecommendRequest(customer_id=a.customers[0], why=a.goods[0], why_not=a.goods[1]),
    "next_order": lambda a: _for_one(a, purpose="next"),
    "reorder": lambda a: _for_one(a, purpose="reorder"),
    "cart": _cart,
    "new_for": lambda a: LaunchRequest(customer_id=a.customers[0], **a.category, **a.launched, **a.k),
    "for_customer": _for_one,
    "newcomer_content": _newcomer_by_content,
    "newcomer": lambda a: RecommendRequest(method="popularity", **a.k),
    "buyers": _buyers,
    "gone": _substitutes,
    "substitutes": _substitutes,
    "bundles": _bundles,
    "together": _together,
    "new": _new,
    "check_all": _check("all"), "coverage": _check("coverage"), "popularity": _check("popularity"),
    "sameness": _check("sameness"),
    "age": _check("age"), "feedback": _check("feedback"),
    "compare": _compare,
    "quality": lambda a: CompareRecommendersRequest(),
    "rising": _course("rising"), "falling": _course("falling"), "promote_when": _promote_when,
    "stop": _promotion("stop"), "clear": _promotion("clear"), "promote": _promotion("promote"),
    "for_all": _for_all, "for_group": _for_group, "for_group_next": lambda a: _for_group(a, purpose="next"),
}


__all__ = ["FRAME", "cued", "of_goods"]
