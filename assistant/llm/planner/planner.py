"""One turn: text and conversation in, tool calls out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

from assistant.llm.planner.absent import missing_concepts
from assistant.llm.planner.agreements import ask_meaning
from assistant.llm.planner.bought_it import unclear_goods, with_goods_named
from assistant.llm.planner.brief_talk import about_brief, with_details
from assistant.llm.planner.campaign_kinds import named_kind, no_such_offer, without_data
from assistant.llm.planner.campaign_steps import about_steps
from assistant.llm.planner.campaign_talk import about_campaigns
from assistant.llm.planner.campaign_words import costs_something
from assistant.llm.planner.candidate import Candidate, Planned, ToolCall
from assistant.llm.planner.churn_forms import about_what_comes
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.contradictions import asked_and_excluded
from assistant.llm.planner.contrasts import contrasted
from assistant.llm.planner.copy_talk import about_copy
from assistant.llm.planner.country_codes import spelled_out
from assistant.llm.planner.coverage import GAP
from assistant.llm.planner.currency import amounts
from assistant.llm.planner.dialogue import follow_ups, pointing
from assistant.llm.planner.draft_edits import about_draft
from assistant.llm.planner.elision import complete
from assistant.llm.planner.experiment_talk import about_experiments
from assistant.llm.planner.heard import expression, heard, hearing
from assistant.llm.planner.idle import passed_over
from assistant.llm.planner.intents import Frames
from assistant.llm.planner.its import with_its
from assistant.llm.planner.journeys import journey
from assistant.llm.planner.latest_campaigns import name_latest, with_noun
from assistant.llm.planner.limits import limited
from assistant.llm.planner.marketing import with_source
from assistant.llm.planner.offer_forms import about_offers
from assistant.llm.planner.offered import answerable
from assistant.llm.planner.order_sets import order_sets
from assistant.llm.planner.other_times import other_times
from assistant.llm.planner.people_forms import about_people
from assistant.llm.planner.people_sets import people_sets
from assistant.llm.planner.percent_bands import percent_bands
from assistant.llm.planner.period_grammar import PeriodReader
from assistant.llm.planner.period_words import PeriodReading
from assistant.llm.planner.picks import picked
from assistant.llm.planner.posts import post
from assistant.llm.planner.premises import with_premise
from assistant.llm.planner.product_lists import product_list
from assistant.llm.planner.rank import NEGATIONS, Encoder, by_meaning
from assistant.llm.planner.readings import settle
from assistant.llm.planner.recommendation_forms import about_recommendations
from assistant.llm.planner.repair import repairs
from assistant.llm.planner.replies import decline, quoted
from assistant.llm.planner.respelled import rephrased, unswapped
from assistant.llm.planner.segment_talk import about_groups
from assistant.llm.planner.sending_forms import about_sending
from assistant.llm.planner.several import Requests, after, settles, split
from assistant.llm.planner.shared_scope import shared
from assistant.llm.planner.spans import Reading, read
from assistant.llm.planner.two_sided import two_sided
from assistant.llm.planner.unknown_fields import unknown_field
from assistant.llm.planner.unknown_values import unknown
from assistant.llm.planner.unreadable import other_language, unreadable
from assistant.llm.planner.uplift_talk import about_contacts
from assistant.llm.planner.vocabulary import Vocabulary, vocabulary
from assistant.llm.planner.wording import reword
from assistant.plans.query import QueryPlan
from assistant.plans.question import as_question
from assistant.plans.shop import Shop

ALL_TOOLS = (
    "query_data",
    "explain_change",
    "run_study",
    "brief_shop",
    "break_even",
    "check_premise",
    "describe_data",
    "count_audience",
    "find_segments",
    "describe_customer",
    "find_interests",
    "check_fairness",
    "export_report",
    "show_privacy",
    "recommend_products",
    "bought_together",
    "search_products",
    "forecast_metric",
    "predict_churn",
    "check_churn",
    "predict_orders",
    "score_table",
    "customer_value",
    "predict_uplift",
    "read_out_campaigns",
    "choose_offers",
    "size_experiment",
    "read_experiment",
    "explore_offers",
    "likely_buyers",
    "plan_promotion",
    "propose_bundles",
    "find_substitutes",
    "plan_stock",
    "new_products",
    "check_recommender",
    "draft_campaign",
    "draft_post",
    "show_campaign",
    "list_campaigns",
    "undo_campaign",
    "explain_brief",
    "plan_sending",
    "dry_run_campaign",
    "show_sendings",
    "stop_sending",
    "export_campaign",
    "show_calendar",
    "explain_message",
    "explain_answer",
    "define_term",
    "show_terms",
    "withdraw_term",
    "save_segment",
    "show_saved_segments",
    "change_segment",
    "undo_change",
    "compare_audiences",
    "compare_groups",
    "find_movers",
    "propose_categories",
    "adopt_categories",
    "show_categories",
    "change_categories",
    "ask_back",
    "decline",
)
#: A reading that leaves more than this is not answered.
LIMIT = 0.65


def plan_turn(
    text: str,
    context: DialogueContext | None,
    shop: Shop,
    *,
    tools: Collection[str] = ALL_TOOLS,
    language: str = "en",
    encoder: Encoder | None = None,
) -> Planned:
    """Plan one turn of a conversation.

    Args:
        text: what the person typed; anything.
        context: the conversation so far.
        shop: vocabulary, values and agreed terms of the loaded shop.
        tools: names of the tools that may be called.
        language: folder of the lexicon.
        encoder: sentence encoder to order readings of nearly equal cost; without one the costs decide.

    Returns:
        At least one call; a text that means nothing here becomes ``decline``.
    """
    with hearing(language):
        return _turn(text, context or DialogueContext(), shop, tools, language, encoder)


def _turn(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], language: str, encoder: Encoder | None
) -> Planned:
    text = complete(text, language)
    words = vocabulary(shop, language)
    text = with_goods_named(text, context)
    unclear = unclear_goods(text, context)
    if unclear is not None:
        no = decline(words.lexicon, "not_understood", "not_understood", words=quoted([unclear]))
        return Planned([no], 0.0, frame="decline")
    copy = about_copy(text, context, tools, words.lexicon)  # before slots in braces count as places left open
    if copy is not None:
        return copy
    text = unswapped(text, words)
    later = about_steps(text, context, words.lexicon) if "draft_campaign" in tools else None
    if later is not None:
        return later
    briefed = about_brief(text, context, tools, words)
    if briefed is not None:
        return briefed
    redone = about_draft(text, context, tools, words, shop, lambda t: _turn(t, context, shop, tools, language, encoder))
    if redone is not None:
        return redone
    asked_of = about_campaigns(text, context, tools, words)
    if asked_of is not None:
        return asked_of
    kind = without_data(text, tools, language) or no_such_offer(text, words, tools)
    if kind is not None:
        return kind
    text = named_kind(text, language)
    if "draft_campaign" in tools:
        whole = with_details(text, words, lambda t: _turn(t, context, shop, tools, language, encoder))
        if whole is not None:
            return whole
    early = unreadable(text, words.lexicon)
    if early is not None:
        return Planned([early], 0.0, frame="decline")
    chosen = picked(text, context, words.lexicon)
    if chosen is not None and chosen.calls and all(c.name in tools for c in chosen.calls):
        return Planned(list(chosen.calls), 1.0, frame="picked")
    own = shop.status().currency
    asked = amounts(chosen.text if chosen is not None else text, own, language)
    if asked.wanted is not None:
        nearest = [asked.text] if _answerable(asked.text, context, shop, tools, words) else None
        no = decline(words.lexicon, "missing_data", "no_rates", nearest=nearest, own=own, other=asked.wanted)
        return Planned([no], 0.0, frame="decline")
    contacts = about_contacts(asked.text, context, shop, tools, language)
    if contacts is not None:
        return contacts
    offers = about_offers(asked.text, context, shop, words, tools,
                          lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
    if offers is not None:
        return offers
    held = order_sets(asked.text, words, lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
    if held is not None and "query_data" in tools:
        return held
    listed = product_list(
        asked.text, context, shop, words, tools, lambda t: candidates(read(t, words), context, shop, tools)
    )
    if listed is not None and not costs_something(read(asked.text, words)):
        if asked.foreign_amount is not None:
            listed.notes.append(f"own_currency|{asked.foreign_amount}|{own}")
        return listed
    ranges = two_sided(asked.text, words.lexicon)
    if ranges.empty:
        no = decline(words.lexicon, "not_understood", "empty_range", words=ranges.empty)
        return Planned([no], 0.0, frame="decline")
    planned = _planned(ranges.text, context, shop, tools, words, encoder)
    if asked.foreign_amount is not None:
        planned.notes.append(f"own_currency|{asked.foreign_amount}|{own}")
    return planned


def _planned(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary, encoder: Encoder | None
) -> Planned:
    tested = about_experiments(text, context, tools, words.lexicon.language,
                               lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
    if tested is not None:
        return tested
    coming = about_what_comes(text, context, shop, words, tools,
                              lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
    if coming is not None:
        return coming
    banded = percent_bands(text, words.lexicon.language, lambda t: candidates(read(t, words), context, shop, tools))
    if banded is not None and banded.calls[0].name in tools:
        return banded
    joined = people_sets(text, words, lambda t: candidates(read(t, words), context, shop, tools))
    if joined is not None:
        return joined
    person = about_people(text, context, shop, words, tools,
                          lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
    if person is not None:
        return person
    groups = about_groups(Frames(read(text, words), context, shop, tools.__contains__))
    if groups is not None:
        return groups
    leaving = about_sending(text, words, tools, shop.status().as_of)
    if leaving is not None:
        return leaving
    words_only = post(text, words) if "draft_post" in tools else None
    if words_only is not None:
        return words_only
    listed = about_recommendations(text, context, shop, tools)
    if listed is not None:
        return listed
    if "check_premise" in tools:
        left = [t for t in tools if t != "check_premise"]  # a question is cut once
        claimed = with_premise(text, words, lambda t: candidates(read(t, words), DialogueContext(), shop, left),
                               lambda t: _planned(t, context, shop, left, words, encoder))
        if claimed is not None:
            return claimed
    if "run_study" in tools:  # before other words are put, which would lose who is set against whom
        whole = contrasted(text, words, lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
        if whole:
            return Planned(whole[0].calls, 1.0, frame=whole[0].frame)
    several = journey(text, words, lambda r: candidates(r, context, shop, tools)) if "draft_campaign" in tools else None
    if several is not None:
        return several
    no = limited(text, context, words.lexicon)
    if no is not None:
        return Planned([no], 0.0, frame="decline")
    asked = _requests(text, context, shop, tools, words)
    if len(asked.texts) == 1:
        planned = _one(asked.texts[0], context, shop, tools, words, encoder)
    else:
        planned = _in_order(asked.texts, 0, context, shop, tools, words, encoder)
    if asked.background and planned.frame != "decline":
        planned.notes.append(f"background|{'; '.join(asked.texts)}")
    return planned


def _answerable(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary
) -> bool:
    return _one(text, context, shop, tools, words, None).frame != "decline"


def _one(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary, encoder: Encoder | None
) -> Planned:
    reading = read(text, words)
    found = candidates(reading, context, shop, tools)
    if "run_study" in tools:
        found += contrasted(text, words, lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
    mended = repairs(reading, context, lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
    found = sorted([*mended, *found], key=lambda c: c.cost)
    if encoder is not None:
        found = by_meaning(text, found, lambda c: reword(c, words), encoder)
    found = _accounted(found, reading, context, shop, tools, words)
    best = found[0] if found else None
    problem = _bad_date(reading)
    if problem is not None:
        message = "reversed" if problem.ends else "bad_date"
        no = decline(words.lexicon, "not_understood", message, words=quoted([problem.problem]))
        return Planned([no], 0.0, frame="decline")
    if best is None or best.cost > LIMIT:
        return Planned(
            [_declined(reading, best, words, shop)], 0.0, best.unexplained if best else [], found[:3], frame="decline"
        )
    if "ask_back" in tools:
        best = settle(found, reading, shop)
        best = answerable(
            best, words, lambda t: next(iter(candidates(read(t, words), DialogueContext(), shop, tools)), None)
        )
    return Planned(best.calls, max(0.0, 1 - best.cost), best.unexplained, found[1:4], best.notes, best.frame)


def _accounted(
    found: list[Candidate], reading: Reading, context: DialogueContext, shop: Shop, tools: Collection[str],
    words: Vocabulary,
) -> list[Candidate]:
    """The readings, cheapest first, once the cheapest is not one that passes over what the text says."""

    def again(text: str) -> list[ToolCall] | None:
        other = candidates(read(text, words), context, shop, tools)
        return other[0].calls if other else None

    for _ in found[:2]:
        best = found[0]
        lost = passed_over(reading, best, again) if best.cost <= LIMIT else []
        if not lost:
            break
        best.cost += GAP * len(lost)
        best.unexplained += [w for w in lost if w not in best.unexplained]
        found = sorted(found, key=lambda c: c.cost)
    return found


def candidates(reading: Reading, context: DialogueContext, shop: Shop, tools: Collection[str]) -> list[Candidate]:
    """All readings, fresh and as follow-ups, cheapest first."""
    if not reading.items:
        return []  # nothing but marks
    frames = Frames(reading, context, shop, lambda name: name in tools)
    found = frames.all()
    found += [c for c in follow_ups(frames, found) if all(k.name in tools for k in c.calls)]
    return sorted(found, key=lambda c: c.cost)


# -- several requests --------------------------------------------------------------------------------------------------


def _in_order(
    texts: Sequence[str], start: int, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary,
    encoder: Encoder | None,
) -> Planned:
    """The requests from ``start`` on, as far as none needs the result of one before; ``done`` says how far."""
    planned: list[Planned] = []
    known, position = context, start
    for text in texts[start:]:
        alone = partial(_one, context=context, shop=shop, tools=tools, words=words, encoder=encoder)
        whole = with_its(text, planned[-1], words, alone) if planned else None
        if whole is not None:
            planned[-1], position = whole, position + 1
            continue
        if planned and (pointing(read(text, words)) or settles(Candidate([], 0.0, planned[-1].frame))):
            break  # speaks of the result of one before: planned once it is there
        one = _one(text, known, shop, tools, words, encoder)
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
    return _one(f"{text.rstrip(' .!')} {for_them}", context, shop, tools, words, encoder)


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
    texts = _requests(complete(text, language), before, shop, tools, words).texts
    if len(texts) <= done:
        return None
    made = [p for p in context.past if p.turn == len(context.questions)]
    if made and all(p.refused for p in made) and pointing(read(texts[done], words)):
        no = decline(words.lexicon, "not_understood", "needs_first", words=texts[done])
        return Planned([no], 0.0, frame="decline", done=done + 1)
    return _in_order(texts, done, context, shop, tools, words, None)


def _requests(
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


# -- what cannot be read -----------------------------------------------------------------------------------------------


def _bad_date(reading: Reading) -> PeriodReading | None:
    return next((item.get("bad_period") for item in reading.items if item.has("bad_period")), None)


def _declined(reading: Reading, best: Candidate | None, words: Vocabulary, shop: Shop) -> ToolCall:
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
        return decline(lex, "not_understood", concepts[0].say, nearest=concepts[0].nearest)
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
        return _unknown_value(reading, named_values.names, named_values.kind, named_values.nearest, words)
    asked = ask_meaning(reading, left)
    if asked is not None:
        return asked
    named = [w for w in left if len(w) > 1 or w.isdigit()]
    if best is not None and named and len(named) <= 4 and best.cost < 4:
        without = _without(named, reading, words, shop)
        nearest = [without, *lex.wording["examples"]["general"][:2]] if without else None
        return decline(lex, "not_understood", "not_understood", words=quoted(named), nearest=nearest)
    return decline(lex, "not_understood", "not_understood_all")


def _unknown_value(reading: Reading, names: list[str], kind: str, values: list[str], words: Vocabulary) -> ToolCall:
    """A name that the shop does not have; a time that the data do not cover is named with it."""
    lex, status = words.lexicon, words.status
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


def _without(left: Sequence[str], reading: Reading, words: Vocabulary, shop: Shop) -> str | None:
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
