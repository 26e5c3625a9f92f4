"""What cannot be read: the most precise "no" that the words allow, and the nearest question that works."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.llm.planner.absent import missing_concepts
from assistant.llm.planner.agreements import ask_meaning
from assistant.llm.planner.candidate import Candidate, ToolCall
from assistant.llm.planner.candidate_readings import candidates
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.contradictions import asked_and_excluded
from assistant.llm.planner.heard import expression, heard
from assistant.llm.planner.other_times import other_times
from assistant.llm.planner.period_grammar import PeriodReader
from assistant.llm.planner.period_words import PeriodReading
from assistant.llm.planner.rank import NEGATIONS
from assistant.llm.planner.replies import decline, quoted
from assistant.llm.planner.spans import Reading, read
from assistant.llm.planner.tool_names import ALL_TOOLS
from assistant.llm.planner.unknown_fields import unknown_field
from assistant.llm.planner.unknown_values import unknown
from assistant.llm.planner.unreadable import other_language
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.query import QueryPlan
from assistant.plans.question import as_question
from assistant.plans.shop import Shop


def bad_date(reading: Reading) -> PeriodReading | None:
    return next((item.get("bad_period") for item in reading.items if item.has("bad_period")), None)


def declined(reading: Reading, best: Candidate | None, words: Vocabulary, shop: Shop) -> ToolCall:
    """The most precise "no" that the words allow."""
    lex = words.lexicon
    if other_language(reading.text, lex):
        return decline(lex, "not_understood", "not_a_language")
    both = asked_and_excluded(reading)
    if both:
        return decline(lex, "not_understood", "both_ways", words=quoted(both))
    outside = other_times(reading, words)
    if outside is not None:
        return outside
    concepts = missing_concepts(reading, best, words)
    missing = [c for c in concepts if not c.say]
    if concepts and not missing:
        return decline(lex, concepts[0].reason, concepts[0].say, nearest=concepts[0].nearest)
    if missing:
        concepts = missing
        return decline(
            lex, "missing_data", "absent", missing=list(dict.fromkeys(a for c in concepts for a in c.add)),
            nearest=list(dict.fromkeys(q for c in concepts for q in c.nearest)),
            what=str(lex.wording["joins"]["or_on"]).join(c.name for c in concepts),
        )
    pronouns = [
        item.text for item in reading.items if item.has("pronoun") and item.lemma not in heard("planner.the_it")
    ]
    if best is None and pronouns and len(reading.items) <= 10:
        return decline(lex, "not_understood", "no_referent", words=pronouns[0])
    left = best.unexplained if best else [i.text for k, i in enumerate(reading.items) if not reading.is_skip(k)]
    lacking = unknown_field(reading.text, words)
    if lacking is not None:
        return lacking
    named_values = unknown(left, reading, shop, lambda text: _works(text, words, shop))
    if named_values is not None:
        if _town(reading, named_values.names, words):
            return decline(lex, "missing_data", "no_town", missing=["customers.city"], words=quoted(named_values.names))
        return _unknown_value(reading, named_values.names, named_values.kind, named_values.nearest, words)
    asked = ask_meaning(reading, left)
    if asked is not None:
        return asked
    named = [w for w in left if len(w) > 1 or w.isdigit()]
    if best is not None and named and len(named) <= 4 and best.cost < 4:
        without = nearest_without(named, reading, words, shop)
        nearest = [without, *lex.wording["examples"]["general"][:2]] if without else None
        return decline(lex, "not_understood", "not_understood", words=quoted(named), nearest=nearest)
    return decline(lex, "not_understood", "not_understood_all")


def _town(reading: Reading, names: list[str], words: Vocabulary) -> bool:
    """Whether people are said to live in a place that is no country, where the data hold no towns."""
    city = words.dimensions.get("city")
    if city is not None and city.available:
        return False
    people = any("customer" in i.alts.get("dim", ()) or "customers" in i.alts.get("metric", ()) for i in reading.items)
    beside = zip(reading.items, reading.items[1:], strict=False)
    live = any(a.get("act") == "live" and b.text in names for a, b in beside)
    return people and live and not any(n.lower() in group for n in names for group in words.lexicon.places)


def _unknown_value(reading: Reading, names: list[str], kind: str, values: list[str], words: Vocabulary) -> ToolCall:
    """A name that the shop does not have; a time that the data do not cover is named with it."""
    lex, status = words.lexicon, words.status
    what = next((d for d, plural in lex.terms["plurals"].items() if plural == kind), "")
    if what in words.dimensions and not words.dimensions[what].available:
        return decline(lex, "missing_data", "absent", missing=list(words.dimensions[what].missing), what=kind)
    for item in reading.items:
        period = item.get("period").period if item.has("period") else None
        bounds = PeriodReader(reading.tokens, lex, status.as_of).bounds(period) if period is not None else None
        if bounds is None or (bounds[1] >= status.first_day and bounds[0] <= status.as_of):
            continue
        first, last = (f"{d.day} {d:%B} {d.year}" for d in (status.first_day, status.as_of))
        nearest = [" ".join(expression("planner.when", [item.text]).sub("", v).split())
                   for v in values]
        return decline(
            lex, "not_understood", "outside_period", nearest=nearest, words=quoted(names), kind=kind, first=first,
            last=last,
        )
    key = "unknown_values" if len(names) > 1 else "unknown_value"
    return decline(lex, "not_understood", key, nearest=list(values) or None, words=quoted(names), kind=kind)


def nearest_without(left: Sequence[str], reading: Reading, words: Vocabulary, shop: Shop) -> str | None:
    """The question without the words that were not understood, where that can be answered."""
    gone = {t for w in left for t in w.lower().split()}
    first = next((t for t in reading.tokens if t.kind == "word"), None)
    changing = any(i.has("rank", "cmp", "not_in", "neg", "compare") for i in reading.items if i.text in left)
    changing = changing or bool(gone & (NEGATIONS | {"nobody", "none", "nothing"}))
    if changing or (first is not None and first.text.lower() in gone):
        return None  # what is left would be another question
    kept = [t for t in reading.tokens if t.text.lower() not in gone]
    while kept and (kept[-1].kind == "stop" or kept[-1].lemma in _DANGLING):
        kept.pop()
    text = " ".join(f'"{t.text}"' if t.kind == "quote" else t.text for t in kept).strip()
    text = expression("planner.dangling").sub(r"\1", text)
    if not text or len(kept) < 2 or len(kept) == len(reading.tokens):
        return None
    found = candidates(read(text, words), DialogueContext(), shop, ALL_TOOLS)
    answered = found and found[0].cost <= 0.3 and found[0].frame not in {"decline", "ask", "refused", "small_talk"}
    if not answered:
        return None
    plan = found[0].calls[0].plan()
    return as_question(plan) if isinstance(plan, QueryPlan) else f"{text[:1].upper()}{text[1:]}"


def _works(text: str, words: Vocabulary, shop: Shop) -> bool:
    """Whether a text offered as a question is one."""
    found = candidates(read(text, words), DialogueContext(), shop, ALL_TOOLS)
    return bool(found) and found[0].cost <= 0.3 and found[0].frame not in {"decline", "ask", "refused", "small_talk"}


_DANGLING = heard("planner.dangling")
