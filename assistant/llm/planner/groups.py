"""Groups of customers that models make, named in a text: segments of a split, and those about to leave."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.saved_names import attach_saved
from assistant.llm.planner.spans import Item
from assistant.plans.filters import Compare, InGroup


def attach(p: Parts, context: DialogueContext) -> None:
    """Put a segment that the text names among the conditions on customers."""
    if attach_saved(p):
        return
    found = _segment(p, context)
    if found is None:
        return
    group, used = found
    p.conditions.customers.append(group)
    p.conditions.joins.append("and")
    p.used |= used
    p.conditions.used |= used
    said = str(group.name).casefold()  # "Garden buyers" names a segment, and no category beside it
    p.rows = [r for r in p.rows if not (isinstance(r, Compare) and r.values
                                        and all(str(v).casefold() in said for v in r.values))]
    p.groups = [g for g in p.groups if g not in {"segment", "customer"}]


def leaving(p: Parts) -> bool:
    """Put those about to leave among the conditions; whether the text speaks of them as a group."""
    items = p.reading.items
    people = any(
        "customer" in item.alts.get("dim", ())
        or "customers" in item.alts.get("metric", ())
        or item.lemma in heard("who")
        for item in items
    )
    hits = [
        i
        for i in p.reading.does("churn")
        if i not in p.conditions.used and (people or not items[i].has("growth", "down", "up"))
        and not items[i].has("definition")  # "at risk customers" in the shop's meaning, which is a condition already
    ]
    if not hits or p.customer_ids:
        return False
    ahead = [i for i in p.reading.having("duration") if _of_leaving(items, i)]
    days = items[ahead[0]].get("duration").days if ahead else 90
    group = InGroup(group="about_to_leave", horizon_days=min(max(days, 7), 730))
    p.conditions.customers.append(group)
    p.conditions.joins.append("and")
    p.used.update(hits)
    p.used.update(ahead)
    return True


def _of_leaving(items: Sequence[Item], i: int) -> bool:
    """Whether a length of time belongs to the leaving, not to another deed that stands nearer before it."""
    deeds = [item.get("act") for item in items[:i] if item.has("act")]
    return not deeds or deeds[-1] == "churn"


def _segment(p: Parts, context: DialogueContext) -> tuple[InGroup, set[int]] | None:
    past = context.last("find_segments")
    known = [] if past is None else [*context.column(past, "segment"), *context.column(past, "name")]
    standard = p.reading.vocabulary.lexicon.segment_names
    if past is not None and not known and past.call.args.get("method") != "kmeans":
        known = standard
    tokens = p.reading.tokens
    for name in sorted({*known, *standard}, key=len, reverse=True):
        words = name.lower().split()
        for at in range(len(tokens) - len(words) + 1):
            if [t.word for t in tokens[at : at + len(words)]] != words:
                continue
            end = at + len(words)
            after = tokens[end].lemma if end < len(tokens) else ""
            before = tokens[at - 1].lemma if at else ""
            shown = name in known and (tokens[at].text[:1].isupper() or after in heard("groups.segment_or_group"))
            called = after in heard("groups.segment") or before in heard("groups.segment")
            plain = name in p.reading.vocabulary.lexicon.plain_segments and (after not in heard("groups.segment"))
            if not (shown or plain or (name in standard and called)):
                continue
            stop = end + (after in heard("groups.segment_of"))
            begin = at - (before in heard("groups.segment"))
            used = {i for i, item in enumerate(p.reading.items) if item.start < stop and item.end > begin}
            return _group(name, past.call if past and name in known else None), used
    return None


def _group(name: str, split: ToolCall | None) -> InGroup:
    """The segment, by the method of the split that showed it."""
    if split is None:
        return InGroup(group="segment", name=name, method="rfm")
    return InGroup(group="segment", name=name, method=split.args.get("method", "auto"), k=split.args.get("k"))
