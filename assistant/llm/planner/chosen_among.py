"""Things to choose from that stand beside their kind: "which channel (Meta / Google / email) has the highest LTV",
"which category, Kitchen or Garden, grew more".

The question is planned without the list; the list becomes a condition of the typed plan. What is no value of that kind
is named and left out, and where none is, that is said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.heard import expression
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.plan_edits import with_filter
from assistant.llm.planner.replies import decline, quoted
from assistant.llm.planner.spans import read
from assistant.llm.planner.values import join
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import Compare
from assistant.plans.query import QueryPlan
from assistant.plans.shop import Shop
from assistant.plans.studies import StudyRequest

_MOST = 8
_WORDS_OF_ONE = 5


def chosen_among(text: str, shop: Shop, words: Vocabulary, plan: Callable[[str], Planned]) -> Planned | None:
    """The plan over the things named alone; None where the text has no such list.

    Args:
        plan: plans a text on its own.
    """
    found = expression("chosen_among.list").match(text.strip().rstrip(" ?!."))
    if found is None:
        return None
    pieces = [p.strip() for p in expression("chosen_among.between").split(found["list"]) if p.strip()]
    kinds = [str(d) for item in read(found["head"], words).items[-1:] for d in item.alts.get("dim", ())]
    if not 2 <= len(pieces) <= _MOST or any(len(p.split()) > _WORDS_OF_ONE for p in pieces):
        return None
    for kind in (k for k in kinds if k in words.dimensions):
        known = words.dimensions[kind]
        plural = str(words.lexicon.terms["plurals"].get(kind, f"{known.label}s"))
        if not known.available:
            no = decline(words.lexicon, "missing_data", "absent", missing=list(known.missing), what=plural)
            return Planned([no], 0.0, frame="decline")
        held = {p: value for p in pieces if (value := _value(p, kind, shop, words)) is not None}
        planned = plan(f"{found['head']} {found['rest']}")
        one = planned.calls[0] if len(planned.calls) == 1 else None
        if one is None or not held and one.name == "decline":
            continue
        if not held:
            return Planned([decline(words.lexicon, "no_rows", "unknown_values", words=quoted(pieces),
                                    kind=plural,
                                    nearest=list(shop.labels(kind))[:3])], 0.0, frame="decline")
        values = tuple(dict.fromkeys(held.values()))
        args = _kept_to(one.plan(), Compare(field=kind, op="in" if values[1:] else "eq", values=values), kind)
        if args is None:
            continue
        gone = [p for p in pieces if p not in held]
        other = [(p, v) for p, v in held.items() if kind == "acquisition_channel" and p.casefold() != v.casefold()]
        notes = [f"source_as_channel|{p}|{v}" for p, v in other]
        notes += [f"not_among|{', '.join(gone)}|{known.label}"] if gone else []
        return replace(planned, calls=[call(args)], notes=[*planned.notes, *notes])
    return None


def _kept_to(plan: object, chosen: Compare, kind: str) -> QueryPlan | StudyRequest | None:
    """The plan with the condition, where it splits by that kind; all that were named are shown, not the first alone."""
    if isinstance(plan, QueryPlan) and kind in plan.dimensions:
        fields = with_filter(plan.model_copy(update={"limit": None, "offset": 0}),
                             join([*([plan.filter] if plan.filter is not None else []), chosen]))
        return None if fields is None else QueryPlan.model_validate(fields)
    if isinstance(plan, StudyRequest) and getattr(plan.study, "by", None) == kind:
        condition = getattr(plan.study, "filter", None)
        fields = with_filter(plan.study, join([*([condition] if condition is not None else []), chosen]))
        return None if fields is None else StudyRequest.model_validate({"study": fields})
    return None


def _value(said: str, kind: str, shop: Shop, words: Vocabulary) -> str | None:
    """The value of the shop that a word names: by its own name, or by one that people give to sources."""
    values = {label.casefold(): value for label, value in zip(shop.labels(kind), shop.values(kind), strict=False)}
    values |= {v.casefold(): v for v in shop.values(kind)}
    plain = said.casefold()
    if plain in values:
        return values[plain]
    items = read(said, words).items
    named = [v for item in items for v in item.alts.get("value", ()) if v.dimension == kind]
    if len(named) == 1 and len(items) == 1:
        return str(named[0].value)
    if kind != "acquisition_channel":
        return None
    aliases = read_yaml(words.lexicon.language, "marketing").get("aliases") or {}
    return next((values[a] for a, names in aliases.items() if plain in names and a in values), None)
