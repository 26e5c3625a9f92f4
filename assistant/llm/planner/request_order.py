"""Several requests of one text, in order; a later one may need the result of one before."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

from assistant.llm.planner.accounting import accounted
from assistant.llm.planner.candidate import Candidate, Planned, ToolCall
from assistant.llm.planner.candidate_readings import candidates
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.country_codes import spelled_out
from assistant.llm.planner.dialogue import pointing
from assistant.llm.planner.elision import complete
from assistant.llm.planner.its import with_its
from assistant.llm.planner.latest_campaigns import name_latest, with_noun
from assistant.llm.planner.marketing import with_source
from assistant.llm.planner.one_request import one_request
from assistant.llm.planner.piece_forms import by_form
from assistant.llm.planner.rank import Encoder
from assistant.llm.planner.replies import decline
from assistant.llm.planner.respelled import rephrased
from assistant.llm.planner.several import Requests, after, settles, split
from assistant.llm.planner.shared_scope import shared
from assistant.llm.planner.spans import read
from assistant.llm.planner.tool_names import ALL_TOOLS
from assistant.llm.planner.vocabulary import Vocabulary, vocabulary
from assistant.plans.shop import Shop


def in_order(
    texts: Sequence[str], start: int, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary,
    encoder: Encoder | None,
) -> Planned:
    """The requests from ``start`` on, as far as none needs the result of one before; ``done`` says how far."""
    planned: list[Planned] = []
    known, position = context, start
    for text in texts[start:]:
        alone = partial(one_request, context=context, shop=shop, tools=tools, words=words, encoder=encoder)
        whole = with_its(text, planned[-1], words, alone) if planned else None
        if whole is not None:
            planned[-1], position = whole, position + 1
            continue
        if planned and (pointing(read(text, words)) or settles(Candidate([], 0.0, planned[-1].frame))):
            break  # speaks of the result of one before: planned once it is there
        one = _looked_at(text, known, shop, tools, words, encoder)
        if _for_nobody(one):
            spoken = _spoken_of(texts[:position], words)
            if spoken and planned:
                break  # for the customers of a request before: planned again once they are known
            if spoken:
                one = _for_those_before(text, known, shop, tools, words, encoder)
        planned.append(one)
        known = after(known, Candidate(one.calls, 0.0, one.frame), text)
        position += 1
    calls: list[ToolCall] = []
    for one in planned:
        calls += [c for c in one.calls if c not in calls]
    frame = next((p.frame for p in planned if p.frame != "decline"), planned[0].frame)
    return Planned(
        calls,
        min(p.score for p in planned),
        [w for p in planned for w in p.unexplained],
        [],
        [n for p in planned for n in p.notes],
        frame,
        position,
    )


def _looked_at(
    text: str, known: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary, encoder: Encoder | None
) -> Planned:
    """One request, unless it passes over a word of its text."""

    def plan(piece: str, encode: Encoder | None) -> Planned:
        return by_form(piece, known, shop, tools, words) or one_request(piece, known, shop, tools, words, encode)

    return accounted(text, plan(text, encoder), words, shop, lambda t: plan(t, None).calls)


def _for_nobody(one: Planned) -> bool:
    """A draft that names no customers."""
    return any(c.name == "draft_campaign" and "audience" not in c.args for c in one.calls)


def _spoken_of(texts: Sequence[str], words: Vocabulary) -> bool:
    """Whether an earlier request of the text is about customers ("Find customers who … Write a win-back email.")."""
    readings = [read(text, words) for text in texts]
    return any("customer" in item.alts.get("dim", ()) or item.has("definition") for r in readings for item in r.items)


def _for_those_before(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary, encoder: Encoder | None
) -> Planned:
    """The draft for the customers that a request before found; declined where it found none."""
    found = context.audience()
    turn = max((p.turn for p in context.past), default=0)
    if found is None or all(p.refused or p.call.name == "decline" for p in context.past if p.turn == turn):
        return Planned([decline(words.lexicon, "not_understood", "needs_first", words=text)], 0.0, frame="decline")
    for_them = words.lexicon.wording["phrases"]["for_them"]
    return one_request(f"{text.rstrip(' .!')} {for_them}", context, shop, tools, words, encoder)


def remaining(
    text: str,
    context: DialogueContext,
    shop: Shop,
    done: int,
    *,
    tools: Collection[str] = ALL_TOOLS,
    language: str = "en",
) -> Planned | None:
    """The later requests of the same text, once those before have answered ("…, and draft a win-back for them").

    Args:
        context: the conversation with this turn's calls so far.
        done: how many requests of the text have been planned.
    """
    words = vocabulary(shop, language)
    before = DialogueContext([p for p in context.past if p.turn < len(context.questions)], context.questions[:-1])
    texts = requests_of(complete(text, language), before, shop, tools, words).texts
    if len(texts) <= done:
        return None
    made = [p for p in context.past if p.turn == len(context.questions)]
    if made and all(p.refused for p in made) and pointing(read(texts[done], words)):
        no = decline(words.lexicon, "not_understood", "needs_first", words=texts[done])
        return Planned([no], 0.0, frame="decline", done=done + 1)
    return in_order(texts, done, context, shop, tools, words, None)


def requests_of(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary
) -> Requests:
    said = name_latest(rephrased(with_noun(spelled_out(text, words, shop), words), words), words)
    said = with_source(said, words) if context.past else said
    planned: dict[tuple[str, int], list[Candidate]] = {}

    def plan(piece: str, known: DialogueContext) -> list[Candidate]:
        """Readings of a piece; the same piece is not read twice."""
        key = (piece, len(known.past))
        if key not in planned:
            planned[key] = candidates(read(piece, words), known, shop, tools)
        return planned[key]

    found = split(said, context, words, plan)
    texts = shared(found.texts, words, lambda piece: next(iter(plan(piece, context)), None))
    return replace(found, texts=tuple(texts))
