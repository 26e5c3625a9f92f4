"""What a question takes for granted: "since we don't sell in France, which …", "why is the app our best channel?".

A text is cut into a claim and a question (``prompts/lexicon/<language>/premises.yaml``); the claim is put into words
that the ordinary grammar reads as a query, so that it can be checked like any other figure. The check is called first
and says so where the claim is false; the question follows where it still makes sense.
"""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Candidate, Planned, ToolCall, call
from assistant.llm.planner.heard import expression
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern
from assistant.llm.planner.normalise import clean, expand
from assistant.llm.planner.units import GRAINS, NEVER_NOUGHT
from assistant.llm.planner.unwrapped import unwrapped
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import Compare
from assistant.plans.periods import Period
from assistant.plans.premise import PremiseRequest
from assistant.plans.query import ChangePlan, Comparison, QueryPlan, Sort
from assistant.plans.reword_periods import period_phrase

#: plans a text as one question, best first
PlanOne = Callable[[str], list[Candidate]]
#: plans whatever is left of the text
PlanText = Callable[[str], Planned]
#: a claim is checked only where its words are read this well
WELL = 0.2
#: a longer text is a report or a pasted page, no claim with a question
LONGEST = 400
#: claims that are asked about as such; whether there is nothing, or something moved, is answered by the figure
_ASKED = frozenset({"first", "bound"})
_MACRO = re.compile(r"(?<!\?P)<(\w+)>")


@dataclass(frozen=True)
class _Rules:
    splits: tuple[tuple[LatePattern, dict[str, Any]], ...]
    claims: tuple[tuple[LatePattern, dict[str, Any]], ...]
    pronouns: tuple[tuple[LatePattern, dict[str, Any]], ...]
    raw: dict[str, Any]


@dataclass
class Claim:
    """A claim that can be checked, and the words that its question may stand for."""

    request: PremiseRequest
    names: dict[str, str] = field(default_factory=dict)
    judged: str | None = None


@dataclass(frozen=True)
class _Cut:
    claim: str
    ask: str
    why: bool
    said: bool


@lru_cache(maxsize=4)
def _rules(language: str) -> _Rules | None:
    try:
        raw: dict[str, Any] = read_yaml(language, "premises")
    except FileNotFoundError:
        return None
    macros: dict[str, str] = {}
    for name, body in raw["macros"].items():
        macros[name] = f"(?:{_expanded(body, macros)})"

    def compiled(pattern: str, whole: bool = True) -> LatePattern:
        body = _expanded(pattern, macros)
        return LatePattern(rf"\W*(?:{body})[\s.?!,;:)*_-]*$" if whole else body)

    claims = tuple((compiled(p), rule) for rule in raw["claims"] for p in rule["for"])
    splits = tuple((compiled(rule["for"]), rule) for rule in raw["splits"])
    pronouns = tuple((compiled(rule["for"], whole=False), rule) for rule in raw["pronouns"])
    return _Rules(splits, claims, pronouns, raw)


def _expanded(pattern: str, macros: dict[str, str]) -> str:
    return _MACRO.sub(lambda m: macros.get(m.group(1), m.group()), pattern).replace(" ?", r"\s*").replace(" ", r"\s+")


def with_premise(text: str, words: Vocabulary, plan_one: PlanOne, plan_text: PlanText) -> Planned | None:
    """The check of what a text takes for granted, and the answer to its question.

    Args:
        text: as typed.
        words: the shop's vocabulary.
        plan_one: readings of a text as one question.
        plan_text: plans the question that is left.

    Returns:
        None where the text takes nothing for granted that can be checked.
    """
    rules = _rules(words.lexicon.language)
    if rules is None:
        return None
    if len(text) > LONGEST:
        return None
    plain = expand(clean(text), words.lexicon.words).strip()
    for cut in _cuts(plain, rules):
        claim = _claim(cut, rules, words, plan_one)
        if claim is None:
            continue
        check = _call(claim.request)
        answer = _answer(cut, claim, rules, words, plan_text)
        if answer is None:
            return Planned([check], 0.9, frame="premise")
        return Planned([check, *answer.calls], answer.score, answer.unexplained, [], answer.notes, answer.frame)
    return _unchecked(plain, rules, plan_text) or _unknown_name(plain, rules, plan_text)


def asked_claim(
    text: str, words: Vocabulary, plan_one: PlanOne, share: Callable[[str], Planned | None]
) -> Planned | None:
    """The check of a claim that is itself the question: "is Friday really our best day, or is that a myth?".

    Args:
        text: as typed.
        words: the shop's vocabulary.
        plan_one: readings of a text as one question.
        share: the plan of a text that asks for a share.
    """
    rules = _rules(words.lexicon.language)
    if rules is None or not rules.raw.get("asked") or len(text) > LONGEST:
        return None
    said, wrapped = unwrapped(expand(clean(text), words.lexicon.words), words.lexicon.language)
    asks = re.match(rules.raw["asked"], said, re.IGNORECASE)
    if asks is None and not wrapped:
        return None
    part = None if asks is None else _asked_part(said, rules, share)
    if part is not None:
        return Planned([_call(part)], 0.9, frame="premise")
    cut = _Cut(said if asks is None else said[asks.end() :].strip(), "", False, False)
    claim = _claim(cut, rules, words, plan_one)
    if claim is None or claim.request.relation not in _ASKED:
        return None
    request = claim.request.model_copy(update={"asked": "whether"})
    return Planned([_call(request)], 0.9, frame="premise")


def _asked_part(said: str, rules: _Rules, share: Callable[[str], Planned | None]) -> PremiseRequest | None:
    """As in "were more than half of the orders in November from repeat customers": a share set against an amount."""
    match = re.match(rules.raw["asked_part"], said, re.IGNORECASE)
    bound = None if match is None else _amount({k: v for k, v in match.groupdict().items() if v}, rules)
    if match is None or bound is None:
        return None
    for place in re.finditer(rules.raw["part_begins"], match["rest"], re.IGNORECASE):
        at = place.start()
        planned = share(rules.raw["share_asked"].format(
            whole=match["rest"][:at].strip(), verb=match["verb"], part=match["rest"][at:].strip()))
        plan = planned.calls[0].plan() if planned is not None else None
        if isinstance(plan, QueryPlan):
            op, value, slack = bound
            return PremiseRequest(
                relation="bound", plan=plan, op=op, value=value, slack=slack, share=True, asked="whether"
            )
    return None


def _unknown_name(text: str, rules: _Rules, plan_text: PlanText) -> Planned | None:
    """A claim that names a place which is none of the shop's ("our 3 shops in Canada: …")."""
    for cut in _cuts(text, rules):
        place = re.search(rules.raw["place"], cut.claim)
        if place is None:
            continue
        planned = plan_text(rules.raw["of_place"].format(**place.groupdict()))
        unknown = [c for c in planned.calls if c.name == "decline" and place["name"] in c.args.get("message", "")]
        if unknown and plan_text(text).frame == "decline":
            return planned
    return None


def _cuts(text: str, rules: _Rules) -> Iterator[_Cut]:
    for pattern, rule in rules.splits:
        match = pattern.match(text)
        if match:
            found = match.groupdict()
            yield _Cut(found["claim"].strip(), (found.get("ask") or "").strip(), bool(rule.get("why")),
                       bool(rule.get("said")))


def _unchecked(text: str, rules: _Rules, plan_text: PlanText) -> Planned | None:
    """The answer to the question alone, saying that what it takes for granted was not checked."""
    for cut in _cuts(text, rules):
        if not cut.said or not _lost(plan_text(text)):
            continue  # words that were read need no word of caution
        planned = plan_text(cut.ask)
        if _lost(planned) or any(c.name == "ask_back" for c in planned.calls):
            return None
        planned.notes.append(f"unchecked|{cut.claim}")
        return planned
    return None


def _lost(planned: Planned) -> bool:
    """Whether a text was not understood as a question about figures."""
    return planned.frame == "decline" or any(c.name in {"decline", "search_products"} for c in planned.calls)


# -- the claim ---------------------------------------------------------------------------------------------------------


def _claim(cut: _Cut, rules: _Rules, words: Vocabulary, plan_one: PlanOne) -> Claim | None:
    for pattern, rule in rules.claims:
        match = pattern.match(cut.claim)
        if not match:
            continue
        if cut.why and rule["relation"] == "change" and match["dir"].lower() not in rules.raw["factors"]:
            continue  # why a figure moved is answered by what checks the direction itself
        said = {k: v.strip() if k not in {"rest", "thing"} else v for k, v in match.groupdict().items() if v}
        try:
            found = _READERS[rule["relation"]](said, rule, rules, words, plan_one)
        except ValidationError:
            continue
        if found is not None:
            return found
    return None


def _best(text: str, plan_one: PlanOne) -> Any:
    """The plan that a text is well read as, or None."""
    best = next(iter(plan_one(" ".join(text.split()))), None)
    if best is None or best.cost > WELL or len(best.calls) != 1 or best.calls[0].name == "decline":
        return None
    plan = best.calls[0].plan()
    return plan if isinstance(plan, QueryPlan | ChangePlan) else None


def _asked(rule: dict[str, Any], names: dict[str, str], plan_one: PlanOne) -> Iterator[QueryPlan]:
    """Queries behind a claim: every wording whose names are all said and that the grammar reads."""
    for wording in rule["ask"]:
        if set(re.findall(r"\{(\w+)\}", wording)) <= set(names):
            plan = _best(wording.format(**names), plan_one)
            if isinstance(plan, QueryPlan):
                yield plan


def _single(plan: QueryPlan) -> bool:
    """Whether a plan gives one figure."""
    return not (plan.dimensions or plan.having or plan.transform or plan.limit or plan.compare)


def _opened(said: dict[str, str], rule: dict[str, Any], rules: _Rules, words: Vocabulary, plan_one: PlanOne) -> Claim:
    return Claim(PremiseRequest(relation="opened", year=int(said["year"])))


def _nothing(
    said: dict[str, str], rule: dict[str, Any], rules: _Rules, words: Vocabulary, plan_one: PlanOne
) -> Claim | None:
    names = {"thing": "", "rest": "", **said}
    for plan in _asked(rule, names, plan_one):
        unit = words.metrics[plan.metrics[0]].unit if plan.metrics[0] in words.metrics else "text"
        if _single(plan) and unit not in NEVER_NOUGHT and (plan.filter or plan.period or said.get("thing")):
            return Claim(PremiseRequest(relation="nothing", plan=plan), _item_names(plan, said, rules, words))
    return None


def _first(
    said: dict[str, str], rule: dict[str, Any], rules: _Rules, words: Vocabulary, plan_one: PlanOne
) -> Claim | None:
    thing = _thing(said["item"], plan_one)
    if thing is None:
        return None
    rank = said["rank"].lower()
    if isinstance(thing, Period) and thing.kind == "named" and thing.year is None:
        return _every_year(thing, rank in rules.raw["low"])
    names = {"rest": "", **said, "high": "lowest" if rank in rules.raw["low"] else "highest"}
    noun = said.get("noun", "").lower()
    names["noun"] = rules.raw["nouns"].get(noun) or noun
    if isinstance(thing, Compare):
        names["field"] = thing.field.replace("_", " ")
    for plan in _asked(rule, names, plan_one):
        if len(plan.dimensions) != 1 or plan.sort is None or plan.sort.by not in plan.metrics:
            continue
        if plan.limit not in {None, 1} and plan.limit != 10:
            continue
        ranking = plan.model_copy(update={"limit": None, "metrics": (plan.sort.by,), "compare": None, "chart": "auto"})
        field_name = plan.dimensions[0]
        if isinstance(thing, Compare) and thing.field == field_name:
            request = PremiseRequest(relation="first", plan=ranking, item=str(thing.values[0]))
            return Claim(request, {"item": str(thing.values[0]), "noun": said.get("noun", "")})
        if isinstance(thing, Period) and field_name in GRAINS and ranking.period is None:
            request = PremiseRequest(relation="first", plan=ranking, item_period=thing)
            return Claim(request, {"period": period_phrase(thing)})
    return None


def _every_year(month: Period, low: bool) -> Claim | None:
    """As in "December is always our best month": about every December, per day, so that years cut off do not count
    for less."""
    if month.month is None or month.day is not None:
        return None
    plan = QueryPlan(metrics=("revenue_per_day",), dimensions=("month_of_year",),
                     sort=Sort(by="revenue_per_day", descending=not low))
    return Claim(PremiseRequest(relation="first", plan=plan, item=month_name[month.month]))


def _thing(text: str, plan_one: PlanOne) -> Compare | Period | None:
    """What a name stands for: one of the shop's own values, or a time."""
    for wording in ("revenue of {}", "revenue in {}", "revenue from {}", "revenue on {}", "revenue {}"):
        plan = _best(wording.format(text), plan_one)
        if not isinstance(plan, QueryPlan) or not _single(plan):
            continue
        condition = plan.filter
        one = isinstance(condition, Compare) and condition.op == "eq" and len(condition.values) == 1
        if one and plan.period is None:
            return condition  # type: ignore[return-value]
        if condition is None and plan.period is not None:
            return plan.period
    return None


def _larger(
    said: dict[str, str], rule: dict[str, Any], rules: _Rules, words: Vocabulary, plan_one: PlanOne
) -> Claim | None:
    one, other = _thing(said["item"], plan_one), _thing(said["than"], plan_one)
    if not isinstance(one, Compare) or not isinstance(other, Compare) or one.field != other.field:
        return None
    names = {**said, "field": one.field.replace("_", " ")}
    both = Compare(field=one.field, op="in", values=(one.values[0], other.values[0]))
    for plan in _asked(rule, names, plan_one):
        if plan.dimensions != (one.field,) or plan.filter is not None:
            continue
        plan = plan.model_copy(update={"filter": both, "limit": None, "sort": Sort(by=plan.metrics[0])})
        way = "down" if said["than_word"].lower() in rules.raw["smaller"] else "up"
        item, than = str(one.values[0]), str(other.values[0])
        return Claim(PremiseRequest(relation="larger", plan=plan, item=item, than=than, way=way), {"item": item})
    return None


def _bound(
    said: dict[str, str], rule: dict[str, Any], rules: _Rules, words: Vocabulary, plan_one: PlanOne
) -> Claim | None:
    bound = (*rule["fixed"], 0.05) if "fixed" in rule else _amount(said, rules)
    if bound is None:
        return None
    op, value, slack = bound
    names = {"rest": "", **said}
    for plan in _asked(rule, names, plan_one):
        whole = plan.compare is not None and plan.compare.kind == "total"
        known = words.metrics.get(plan.metrics[0])
        rate = plan.metrics[0].endswith("_rate") or (known is not None and known.unit == "percent")
        percent = "amount" in said or "fixed" in rule or "%" in said.get("n", "") or "per" in said.get("n", "")
        if len(plan.metrics) != 1 and not whole:
            plan = plan.model_copy(update={"metrics": plan.metrics[:1]})
        if percent != (whole or rate) or not _single(plan.model_copy(update={"compare": None})):
            continue
        if whole == (plan.compare is None) or (whole and plan.filter is None):
            continue
        request = PremiseRequest(relation="bound", plan=plan, op=op, value=value, slack=slack, share=whole)
        judged = said.get("judged", "").lower()
        down = judged in rules.raw["bad"] or (not judged and said.get("op", "").lower() in rules.raw["only"])
        way = "down" if down else "up" if judged in rules.raw["good"] else None
        return Claim(request, _item_names(plan, said, rules, words), way)
    return None


def _amount(said: dict[str, str], rules: _Rules) -> tuple[Any, float, float] | None:
    """Comparison, figure, and how far off it may be."""
    op = rules.raw["ops"].get(said.get("op", "").lower())
    if "amount" in said:
        combined = rules.raw["amounts"].get(f"{said.get('op', '')} {said['amount']}".lower().strip())
        if combined is not None:
            return combined[0], float(combined[1]), 5.0
        text = expression("premises.vast").sub("", said["amount"].lower()).strip()
        if text[:1].isdigit():
            value = float(re.sub(r"[^\d.]", "", text))
            return (op or "eq"), value, max(1.0, 0.1 * value)
        text = expression("premises.a_or_one").sub("", text)
        held = rules.raw["amounts"].get(text)
        if held is None:
            return None
        usual, value = held
        return (op if op and usual == "eq" else usual), float(value), 5.0
    marked = bool(re.search(r"[£$€%km]", said["n"].lower()))
    bare = "when" in said and not (marked or op or "judged" in said)
    if bare or re.fullmatch(r"(?:19|20)\d\d", said["n"].strip()):
        return None  # a year, or a number that is not said to be money
    raw = said["n"].lower().strip("£$€ ")
    scales: dict[str, int] = rules.raw["scales"]
    word = next((w for w in sorted(scales, key=len, reverse=True) if raw.endswith(w)), None)
    digits = re.sub(r"[^\d.,]", "", raw).strip(".,")
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        digits = digits.replace(",", "")
    digits = digits.replace(",", ".")
    if digits.count(".") > 1 or not digits:
        return None
    factor = float(scales[word]) if word else 1.0
    value = float(digits) * factor
    last = factor / 10 ** len(digits.partition(".")[2])  # the worth of the last written digit
    return (op or "eq"), value, max(0.03 * value, min(last, 0.1 * value))


def _change(
    said: dict[str, str], rule: dict[str, Any], rules: _Rules, words: Vocabulary, plan_one: PlanOne
) -> Claim | None:
    moved = said["dir"].lower()
    way = next((w for w, held in rules.raw["moves"].items() if moved in held), None)
    if way is None:
        return None
    names = {"rest": "", **said, "moved": rules.raw["moved"][way]}
    plan = _best(rule["ask"][0].format(**names), plan_one)
    if not isinstance(plan, ChangePlan):
        return None
    query = QueryPlan(metrics=(plan.metric,), filter=plan.filter, period=plan.period, compare=plan.compare)
    request = PremiseRequest(relation="change", plan=query, way=way, factor=rules.raw["factors"].get(moved))
    return Claim(request, {"period": period_phrase(plan.period)})


def _item_names(plan: QueryPlan, said: dict[str, str], rules: _Rules, words: Vocabulary) -> dict[str, str]:
    names = {k: v for k, v in said.items() if k == "noun"}
    metric = plan.metrics[0]
    if metric in words.metrics:
        names["figure"] = words.metrics[metric].label
    measure = rules.raw["measured"].get(metric)
    if measure is not None:
        names |= {"metric": measure["by"], "worst": measure["worst"], "best": measure["best"]}
    condition = plan.filter
    if isinstance(condition, Compare) and len(condition.values) == 1:
        names["item"] = str(condition.values[0])
    if plan.period is not None:
        names["period"] = period_phrase(plan.period)
    return names


_READERS: dict[str, Callable[..., Claim | None]] = {
    "opened": _opened, "nothing": _nothing, "first": _first, "larger": _larger, "bound": _bound, "change": _change,
}


def _call(request: PremiseRequest) -> ToolCall:
    args = request.model_dump(mode="json", exclude_defaults=True)
    if request.plan is not None:
        args["plan"] = call(request.plan).args
    if request.item_period is not None:
        args["item_period"] = {**request.item_period.model_dump(mode="json", exclude_defaults=True),
                               "kind": request.item_period.kind}
    PremiseRequest.model_validate(args)
    return ToolCall("check_premise", args)


# -- the question ------------------------------------------------------------------------------------------------------


def _answer(cut: _Cut, claim: Claim, rules: _Rules, words: Vocabulary, plan_text: PlanText) -> Planned | None:
    """What is asked beside the claim; None where the check says all that can be said."""
    if cut.why or not cut.ask:
        reasons = _reasons(claim) if cut.why else None
        return None if reasons is None else Planned([reasons], 0.9, frame="query")
    for asked in _spoken(cut.ask, claim, rules):
        planned = plan_text(asked)
        if not _lost(planned):
            return planned
    reasons = _reasons(claim)
    if reasons is not None and claim.judged is not None:
        return Planned([reasons], 0.9, frame="query")
    planned = plan_text(cut.ask)
    if any(c.name == "decline" and c.args.get("reason") in {"missing_data", "not_permitted"} for c in planned.calls):
        return planned
    return Planned([], 0.6, notes=[f"only_premise|{cut.ask}"], frame="premise")


def _spoken(ask: str, claim: Claim, rules: _Rules) -> Iterator[str]:
    """The question with the words for what the claim speaks of put in."""
    said = ask
    for pattern, rule in rules.pronouns:
        name = claim.names.get(rule["needs"])
        match = pattern.search(said)
        if name and match:
            own = {k: v for k, v in match.groupdict().items() if v}
            if "rank" in own:  # "worst", "best": the figure of the claim is what is ranked
                own["rank"] = claim.names[own["rank"].lower()]
            put = rule["say"].format(**claim.names, **own)
            said = said[: match.start()] + put + said[match.end() :]
    period = claim.names.get("period")
    if period and not expression("premises.dated").search(said):
        yield rules.raw["within"].format(ask=said.rstrip(" ?!."), period=period)
    yield said


def _reasons(claim: Claim) -> ToolCall | None:
    """What stands behind a figure: the ranking in its parts, or the change in its parts."""
    request = claim.request
    plan = request.plan
    if plan is None:
        return None
    if request.relation in {"first", "larger"} and plan.dimensions and request.item_period is None:
        parts = tuple(dict.fromkeys((*plan.metrics, "orders", "customers", "average_order_value")))
        if plan.metrics[0] != "revenue" or plan.dimensions[0] in {"product", "category", "brand"}:
            parts = tuple(dict.fromkeys((*plan.metrics, "orders", "customers", "units")))
        return call(plan.model_copy(update={"metrics": parts, "limit": 5}))
    if request.share and isinstance(plan.filter, Compare):
        return call(QueryPlan(metrics=plan.metrics, dimensions=(plan.filter.field,), period=plan.period,
                              sort=Sort(by=plan.metrics[0]), limit=5))
    period = request.item_period or plan.period
    if period is None or period.kind == "all":
        return None
    if request.relation in {"bound", "change", "first"} and not request.share:
        claimed = claim.judged or request.way
        compare = plan.compare or Comparison(kind="previous")
        if compare.kind == "total":
            return None
        return call(ChangePlan(metric=plan.metrics[0], period=period, compare=compare, filter=plan.filter,
                               claimed=claimed if claimed in {"up", "down"} else None))
    return None
