"""Questions, segments and campaigns about customers who are described in several clauses: "how many customers from
Germany or Austria who bought Kitchen at least twice in 2025 but nothing from Garden, and have not ordered for 90 days?"

The description is read clause by clause (``clause_grammar.py``) into one rule. The rest of the text ("how many …?",
"save … as X", "write to … with 10 % off") is planned with simple customers in their place, whose condition then gives
way to the rule. Where a clause is not understood there is no plan: the clause is named instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from assistant.llm.planner.candidate import Planned, ToolCall
from assistant.llm.planner.clause_grammar import ClauseReader, Described, Forms, forms, groups
from assistant.llm.planner.clause_meaning import Clause, Meaning
from assistant.llm.planner.clause_slots import Slotted, slotted
from assistant.llm.planner.people_acts import FRAMES as PEOPLE_ACTS
from assistant.llm.planner.replies import decline, quoted
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import (
    Among,
    And,
    BoughtThen,
    Compare,
    CustomerCondition,
    Filter,
    InGroup,
    Not,
    Or,
    Predicted,
)
from assistant.plans.shop import Shop

Plan = Callable[[str], Planned]
FRAME = "people_clauses"
_LONGEST = 600
#: with fewer clauses the ordinary grammar comes first
SEVERAL = 2
#: what a campaign to win back asks of its customers where nobody said for how long they have been silent
USUAL_SILENCE = "days_since_last_order"
#: orders that answered a message
ANSWERED = "answered"
#: groups that a clause may name
_GROUPS_HERE = ("about_to_leave", "saved", "segment")
_NO = (float("-inf"), float("inf"))
#: tools whose call selects customers, with the argument that says which
SELECTING = {"count_audience": "filter", "query_data": "filter", "save_segment": "filter", "draft_campaign": "audience"}


def settled(
    text: str, planned: Planned, shop: Shop, words: Vocabulary, tools: Collection[str], again: Plan, alone: Plan
) -> Planned:
    """The plan of the ordinary grammar, or that of the customers read clause by clause where the two differ.

    Args:
        planned: what the ordinary grammar makes of the text.
        again: the plan of another text in this conversation. alone: that of a text by itself.
    """
    if planned.frame in {"composed", "bought_after"} | PEOPLE_ACTS:
        return planned  # every word of it is a part of the question
    declined = [c.name for c in planned.calls] == ["decline"]
    reason = planned.calls[0].args.get("reason") if declined else ""
    if declined and reason not in {"not_understood", "not_permitted"}:
        return planned
    if len(planned.calls) == 1 and not declined and planned.calls[0].name not in SELECTING:
        return planned
    found = _found(text, shop, words, alone)
    if found is None or found[2].rule is None:
        return planned
    if reason == "not_permitted" and ("other" in found[2].kinds or found[2].failed):
        return planned
    least = 1 if declined else SEVERAL
    made = _described(found, shop, words, tools, again, least=least)
    if made is not None and made.calls[0].name not in SELECTING and not declined:
        made = _described(found, shop, words, tools, alone, least=least)  # no change of the list of leavers before it
    if reason == "not_permitted" and (made is None or made.calls[0].name == "draft_campaign"):
        return planned
    if declined and (made is None or _in_conflict(found[2].rule)):
        return _not_understood(found, planned, words)
    if declined and made is not None:
        return made
    if made is None or _in_conflict(found[2].rule):
        return planned
    if len(planned.calls) == 1 and (_alike(planned.calls[0], made.calls[0]) or _of_its_own(planned.calls[0])):
        return planned
    return made


def _alike(one: ToolCall, other: ToolCall) -> bool:
    """Whether two calls select by conditions that say the same, in another form at most."""
    drafts = [c.name == "draft_campaign" for c in (one, other)]
    if one.args.get("period") or one.args.get("having") or drafts[0] != drafts[1]:
        return False
    rules = [getattr(c.plan(), SELECTING.get(c.name, ""), None) for c in (one, other)]
    return rules[0] is not None and rules[1] is not None and _said(rules[0]) == _said(rules[1])


def _said(rule: Filter, negated: bool = False) -> Any:
    """What a rule says, the same for forms that select the same customers."""
    match rule:
        case Not():
            return _said(rule.part, not negated)
        case And() | Or():
            kind = "and" if isinstance(rule, And) != negated else "or"
            parts: set[Any] = set()
            for part in rule.parts:
                said = _said(part, negated)
                parts |= set(said[1]) if said[0] == kind else {said}
            return next(iter(parts)) if len(parts) == 1 else (kind, frozenset(parts))
        case Compare(op="in") if len(rule.values) > 1:
            return _said(Or(parts=tuple(Compare(field=rule.field, values=(v,)) for v in rule.values)), negated)
        case CustomerCondition(metric="orders", op="eq", values=(0,), where=None) if (
                rule.period is not None and rule.period.kind == "rolling" and not negated):
            return ("quiet", rule.period.unit, rule.period.count)
        case CustomerCondition(op="eq", values=(0,), rank=None):  # never is not once
            return _said(rule.model_copy(update={"op": "ge", "values": (1.0,)}), not negated)
        case CustomerCondition(op="ge", values=(1,)) if rule.where is not None and _said(rule.where)[0] == "or":
            once = tuple(rule.model_copy(update={"where": w}) for w in _sides(rule.where))
            return _said(Or(parts=once), negated)  # once of A or B is once of one of them
    told = rule.model_dump(mode="json", exclude_none=True, exclude={"term"})
    if "values" in told:
        told["values"] = [float(v) if isinstance(v, int | float) else str(v).casefold() for v in told["values"]]
    if isinstance(rule, CustomerCondition) and rule.where is not None:
        told["where"] = _said(rule.where)
    return ("not" if negated else "is", repr(sorted(told.items(), key=str)))


def _sides(rule: Filter) -> Sequence[Filter]:
    if isinstance(rule, Compare):
        return [Compare(field=rule.field, values=(v,)) for v in rule.values]
    return rule.parts if isinstance(rule, Or) else [rule]


def _of_its_own(call: ToolCall) -> bool:
    """Whether a call selects by what no clause here says: things one after another, what is predicted, answers to a
    message."""
    rule = getattr(call.plan(), SELECTING.get(call.name, ""), None)
    return rule is not None and any(_unsaid_here(part) for part in _leaves(rule))


def _leaves(rule: Filter) -> list[Filter]:
    if isinstance(rule, Not):
        return _leaves(rule.part)
    return [leaf for part in rule.parts for leaf in _leaves(part)] if isinstance(rule, And | Or) else [rule]


def _unsaid_here(part: Filter) -> bool:
    if isinstance(part, InGroup):
        return part.group not in _GROUPS_HERE
    return isinstance(part, BoughtThen | Predicted | Among) or (
        isinstance(part, CustomerCondition) and part.metric == ANSWERED)


def _in_conflict(rule: Filter) -> bool:
    """As in "more than 5 times and less than 3 times": nobody can meet both."""
    bounds: dict[str, list[tuple[float, float]]] = {}
    for part in rule.parts if isinstance(rule, And) else ():
        if isinstance(part, CustomerCondition) and len(part.values) == 1 and isinstance(part.values[0], int | float):
            value = float(part.values[0])
            low = value if part.op in {"gt", "ge", "eq"} else _NO[0]
            high = value if part.op in {"lt", "le", "eq"} else _NO[1]
            key = part.model_copy(update={"op": "eq", "values": (0.0,)}).model_dump_json()
            bounds.setdefault(key, []).append((low, high))
    return any(max(low for low, _ in pairs) > min(high for _, high in pairs) for pairs in bounds.values())


def _described(
    found: tuple[Slotted, int, Described], shop: Shop, words: Vocabulary, tools: Collection[str], again: Plan, *,
    least: int,
) -> Planned | None:
    """The plan for the customers described; None where not all of it is read, or in too few clauses."""
    slots, start, read = found
    known = forms(words.lexicon.language)
    rule = read.rule
    if known is None or rule is None or read.failed:
        return None
    told = [kind for kind in read.kinds if kind != "noun"]
    if not told or (len(read.kinds) < least and not _sure(rule, told, known)) or read.kinds == ["place"]:
        return None
    rest = slots.text[read.end:].strip(" .?!")
    if rest and not known.tail.match(rest):
        return None
    return _in_their_place(slots, start, read, rule, shop, known, tools, again)


def _not_understood(found: tuple[Slotted, int, Described], planned: Planned, words: Vocabulary) -> Planned:
    """A decline that names the clause of a description that was not understood, beside others that were."""
    failed = found[2].failed
    said = str(planned.calls[0].args.get("message"))
    general = [str(words.lexicon.wording["declines"][k]).partition("{")[0] for k in ("not_understood", "lost")]
    if not failed or not [k for k in found[2].kinds if k != "noun"] or not said.startswith(tuple(general)):
        return planned
    no = decline(words.lexicon, "not_understood", "clause", words=quoted([failed]),
                 nearest=planned.calls[0].args.get("nearest"))
    return Planned([no], 0.0, [failed], planned.alternatives, frame=planned.frame)


def _sure(rule: Filter, kinds: Sequence[str], known: Forms) -> bool:
    """Kinds of clauses that the ordinary grammar reads less surely."""
    several = isinstance(rule, And) and set(kinds) <= set(known.raw["sure_whole"])
    return several or set(kinds) <= set(known.raw["sure"])


def _found(text: str, shop: Shop, words: Vocabulary, alone: Plan) -> tuple[Slotted, int, Described] | None:
    known = forms(words.lexicon.language)
    if known is None or len(text) > _LONGEST or str(known.raw["stand_in_orders"]) in text:
        return None
    for said, instead in known.raw["writing"].items():
        text = re.sub(said, instead, text, count=1, flags=re.IGNORECASE)
    slots = slotted(text, words)

    def other(chunk: str) -> Filter | None:
        return _by_the_grammar(chunk, known, alone)

    best: tuple[Slotted, int, Described] | None = None
    if len(known.people.compiled.findall(slots.text)) > 1:
        return None  # two groups of customers
    matches = [*known.noun.finditer(slots.text), *([m] if (m := known.who.match(slots.text)) else [])]
    named = [m for m in matches if not groups(m).get("natives")]
    matches = named or matches  # "Germans who …" only where nobody else is named
    for match in matches[:3]:
        meaning = Meaning(slots, shop, known.raw)
        before = _before_the_noun(groups(match), meaning)
        if before is None:
            continue
        reader = ClauseReader(slots, shop, known, other)
        reader.meaning = meaning
        if groups(match).get("buyers"):
            reader.carried = Clause("buy", {}, {"goods": {"goods": groups(match)["buyers"]}})
        read = reader.read(match.end(), before)
        if len(read.kinds) > len(before) and (best is None or len(read.kinds) > len(best[2].kinds)):
            best = slots, match.start(), read
    return best


def _before_the_noun(said: dict[str, str], meaning: Meaning) -> list[Filter] | None:
    """As in "German customers", "lapsed Kitchen buyers"."""
    found: list[Filter] = []
    pieces: dict[str, str] = {}
    for piece in re.findall(r"‹[^›]*›", said.get("adjectives", "")):
        letters = piece[1 : piece.index(":")]
        kind = "places" if "C" in letters else "cities" if "Y" in letters else f"term{len(pieces)}"
        pieces[kind] = pieces.get(kind, "") + piece  # "German and Austrian customers" are either
    for kind, piece in pieces.items():
        clause = Clause("term", {"term": piece}) if kind.startswith("term") else Clause("place", {kind: piece})
        part = meaning.of(clause)
        if part is None:
            return None
        found.append(part)
    if said.get("natives"):
        found.append(meaning.one_of(said["natives"], {"country"}))
    if said.get("termnoun"):
        part = meaning.of(Clause("term", {"term": said["termnoun"]}))
        if part is None:
            return None
        found.append(part)
    if said.get("buyers"):
        part = meaning.of(Clause("buy", {"goods": said["buyers"]}))
        if part is None:
            return None
        found.append(part)
    return found


def _by_the_grammar(chunk: str, known: Forms, alone: Plan) -> Filter | None:
    """A clause as the rest of the planner reads it, where it leaves no word over."""
    other = known.raw["other"]
    lead = "" if re.match(other["as_is"], chunk, flags=re.IGNORECASE) else other["lead"]
    planned = alone(str(other["form"]).format(lead + chunk.strip(" ?.!,")))
    if len(planned.calls) != 1 or any(note.startswith("not_used") for note in planned.notes):
        return None
    call = planned.calls[0]
    args: dict[str, Any] = {k: v for k, v in call.args.items() if v not in (None, [], ())}
    plain = call.name == "count_audience" or (
        call.name == "query_data" and not set(args) & {"period", "having", "compare", "transform", "limit"}
        and (list(args.get("dimensions", ())) == ["customer"] or list(args.get("metrics", ())) == ["customers"]))
    if not plain or "filter" not in args:
        return None
    rule: Filter | None = getattr(call.plan(), "filter", None)
    return rule


# -- the rest of the question ------------------------------------------------------------------------------------------


def _in_their_place(
    slots: Slotted, start: int, read: Described, rule: Filter, shop: Shop, known: Forms, tools: Collection[str],
    again: Plan,
) -> Planned | None:
    """The plan of the text with simple customers, whose condition gives way to the rule."""
    pre = slots.said[: slots.source_place(start)] if start else ""
    post = slots.said[slots.source_place(read.end):] if read.end < len(slots.text) else ""
    stand_ins = _stand_ins(slots.said, shop, known)
    for form, marker in stand_ins if pre.strip() else stand_ins[::-1]:  # customers alone are listed
        if re.match(known.raw["who_alone"], slots.text) and not start:
            form = f"{known.raw['which']} {form}"
        planned = again(f"{pre}{form} {post}".replace("  ", " ").strip())
        if len(planned.calls) != 1 or any(note.startswith("not_used") for note in planned.notes):
            continue
        call = planned.calls[0]
        args, put = _put(call.args, marker, rule)
        if put != 1 or call.name not in tools:
            continue
        made = _counted(ToolCall(call.name, args))
        if made.name == "draft_campaign":
            made = _for_them(made, rule)
        return replace(planned, calls=[made], frame=FRAME, notes=list(dict.fromkeys([*planned.notes, *read.notes])))
    return None


def _stand_ins(said: str, shop: Shop, known: Forms) -> list[tuple[str, Filter]]:
    number = float(known.raw["stand_in_orders"])
    found: list[tuple[str, Filter]] = []
    countries = [c for c in shop.values("country") if str(c).lower() not in said.lower()] if any(
        d.name == "country" and d.available for d in shop.dimensions()) else []
    for form in known.raw["stand_in"]:
        if "{country}" not in form:
            found.append((form, CustomerCondition(metric="orders", op="eq", values=(number,))))
        elif countries:
            found.append((form.format(country=countries[0]), Compare(field="country", values=(str(countries[0]),))))
    return found


def _put(args: Any, marker: Filter, rule: Filter) -> tuple[Any, int]:
    """The arguments with the rule where the marker stood, and how often that was."""
    wanted = marker.model_dump(mode="json", exclude_none=True)
    if isinstance(args, dict):
        if args.get("op_type") and {k: v for k, v in args.items() if v is not None} == wanted:
            return rule.model_dump(mode="json", exclude_none=True), 1
        if args.get("op_type") == "and":
            return _put_among(args, marker, rule)
        done = {k: _put(v, marker, rule) for k, v in args.items()}
        return {k: v for k, (v, _) in done.items()}, sum(n for _, n in done.values())
    if isinstance(args, list | tuple):
        pairs = [_put(v, marker, rule) for v in args]
        return [v for v, _ in pairs], sum(n for _, n in pairs)
    return args, 0


def _put_among(args: dict[str, Any], marker: Filter, rule: Filter) -> tuple[Any, int]:
    """Among conditions that all must hold, those of the rule stand side by side with the others."""
    parts: list[Any] = []
    count = 0
    for part in args["parts"]:
        made, n = _put(part, marker, rule)
        count += n
        parts += made["parts"] if n and isinstance(made, dict) and made.get("op_type") == "and" else [made]
    return {**args, "parts": parts}, count


def _counted(call: ToolCall) -> ToolCall:
    """How many they are is counted as an audience, also those who never bought."""
    args = {k: v for k, v in call.args.items() if v not in (None, [], ())}
    if call.name == "query_data" and list(args.get("metrics", ())) == ["customers"] and set(args) <= {
            "metrics", "filter", "kind"}:
        return ToolCall("count_audience", {"filter": args["filter"]})
    return call


def _for_them(call: ToolCall, rule: Filter) -> ToolCall:
    """A draft for these customers: where the rule says how long they have been silent, no other length is added."""
    audience = call.args.get("audience")
    parts = rule.parts if isinstance(rule, And) else (rule,)
    silent = any(_of_silence(part) for part in parts)
    own = [part.model_dump(mode="json", exclude_none=True) for part in parts]
    if isinstance(audience, dict) and audience.get("op_type") == "and" and silent:
        kept = [p for p in audience["parts"] if p in own or p.get("metric") != USUAL_SILENCE]
        audience = kept[0] if len(kept) == 1 else {**audience, "parts": kept}
    return ToolCall(call.name, {**{k: v for k, v in call.args.items() if k != "audience_words"}, "audience": audience})


def _of_silence(part: Filter) -> bool:
    if isinstance(part, Not):
        return False
    if isinstance(part, Compare):
        return part.field == "last_order"
    return isinstance(part, CustomerCondition) and (
        part.metric == "days_since_last_order"
        or (part.metric == "orders" and part.op == "eq" and part.values == (0,) and part.where is None))


__all__ = ["FRAME", "settled"]
