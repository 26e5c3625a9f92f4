"""Readings of what people agree on: meanings of words given, asked for, given up and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from assistant.llm.planner.brief import term_filter
from assistant.llm.planner.candidate import Candidate, ToolCall, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.heard import heard
from assistant.llm.planner.meanings import adjusted, rule_of
from assistant.llm.planner.patterns import Patterns, patterns
from assistant.llm.planner.replies import candidate, decline
from assistant.llm.planner.spans import Reading
from assistant.llm.planner.unknown_values import bought_by_name
from assistant.plans.agreements import DefineTerm, TakeBackRequest, TermsRequest, WithdrawTerm
from assistant.plans.filters import CustomerCondition, Filter
from assistant.results import DefinitionUsed

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames

#: these readings fit the whole text, so they come before what only explains its words
SURE, LIKELY = -0.5, -0.3
_LONGEST_TERM = 5
#: tools after which a change is still what "undo that" takes back
_LOOKING = frozenset({
    "show_terms", "show_saved_segments", "show_categories", "propose_categories", "ask_back", "decline",
})
#: readings that take a step on from the answer before them
_STEPS = frozenset({"follow_up", "change", "undo", "back"})
#: tools whose outcome has steps of its own
_WITH_STEPS = frozenset({"draft_campaign", "draft_post", "show_campaign", "undo_campaign", "plan_sending",
                         "stop_sending", "dry_run_campaign"})
LONGEST_TEXT = 300
_SENTENCE_END = re.compile(r"[.!?;]\s+\S")
#: tools that change what was agreed, and what a taking back of their change is about
CHANGES = {"define_term": "definition", "withdraw_term": "definition", "save_segment": "segment",
           "change_segment": "segment", "undo_change": "any", "adopt_categories": "category",
           "change_categories": "category"}


class AgreementReader:
    """Reads one text. Every method gives candidates, or none where the text says something else."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self.lex = frames.lex
        self.p: Patterns = patterns(frames.lex.language)
        self.text = self.p.bare(frames.reading.text)
        self.context: DialogueContext = frames.context
        self._definitions: list[DefinitionUsed] | None = None

    def read(self) -> Iterator[Candidate]:
        """Candidates, the most specific kind of request first."""
        if not self.text or len(self.text) > LONGEST_TEXT or _SENTENCE_END.search(self.text):
            return  # several sentences are read one by one
        for reader in (self._undo, self._withdraw, self._shown, self._defined):
            found = reader()
            if found is not None:
                yield found
                return

    # -- words ---------------------------------------------------------------------------------------------------

    @property
    def definitions(self) -> list[DefinitionUsed]:
        """Meanings in force."""
        if self._definitions is None:
            self._definitions = list(self.frames.shop.definitions())
        return self._definitions

    def known(self, words: str) -> DefinitionUsed | None:
        """The definition that words name: by its term or another word for it, in any number."""
        wanted = self._stem(words)
        by_stem = [{self._stem(w) for w in (d.term, *d.words)} for d in self.definitions]
        for d in self.definitions:  # a term beats another term's word
            if self._stem(d.term) == wanted:
                return d
        ranked = sorted(zip(self.definitions, by_stem, strict=True), key=lambda e: e[0].assumed)
        return next((d for d, stems in ranked if wanted in stems), None)

    def _stem(self, words: str) -> tuple[str, ...]:
        """Lemmas of a term without an article before it and "customers" behind it."""
        return self.lex.lemmas(self.term(words).replace("-", " "))

    def term(self, words: str) -> str:
        """A term as it is agreed on: without article, quotation marks, and "customers" behind it."""
        text = words.strip(" \"'.,!?:;")
        for _ in range(2):
            text = self.p.expression("articles").sub("", text).strip(" \"'")
        shorter = self.p.expression("people_after").sub("", text).strip(" \"'")
        return shorter or text

    def all_terms(self) -> list[str]:
        return sorted({w for d in self.definitions for w in (d.term, *d.words)})

    # -- asked for -----------------------------------------------------------------------------------------------

    def _shown(self) -> Candidate | None:
        for _ in self.p.fits("list_terms", self.text):
            only = self.p.has("agreed_only", self.text)
            return Candidate([call(TermsRequest(agreed_only=only))], SURE, "terms")
        for slots in self.p.fits("ask_term", self.text, self.all_terms()):
            term = self.term(slots["term"])
            found = self.known(term)
            if found is not None:
                return Candidate([call(TermsRequest(term=found.term))], SURE, "terms")
            if not self._plain_term(term) or self._names_data(term):
                return None
            return Candidate([call(TermsRequest(term=term))], 0.04, "terms")
        return None

    def _plain_term(self, term: str) -> bool:
        words = term.lower().split()
        inside = set(words) & set(self.p.raw["not_in_terms"])
        return 0 < len(words) <= _LONGEST_TERM and words[0] not in self.p.raw["not_terms"] and not inside

    def _names_data(self, term: str) -> bool:
        """Whether the words speak of measures, dimensions, values or this program: not a term to agree on."""
        wanted = self.lex.lemmas(term)
        for item in self.frames.reading.items:
            if set(item.lemma.split()) & set(wanted) and item.has("metric", "dim", "value", "absent"):
                return True
        return bool(set(wanted) & set(self.p.raw["of_the_program"]))

    # -- given ---------------------------------------------------------------------------------------------------

    def _defined(self) -> Candidate | None:
        unread = ""
        measure = ""
        for group in ("define", "define_if_read", "define_if_known"):
            for slots in self.p.fits(group, self.text):
                for term, meaning in self._pairs(slots):
                    if not self._can_be_term(term):
                        measure = measure or (term if self._is_measure(term) else "")
                        continue
                    if group == "define_if_known" and not (self.known(term) and any(c.isdigit() for c in meaning)):
                        continue
                    found = self._define(term, meaning)
                    if found is not None:
                        return found
                    if group == "define" and not unread:
                        unread = meaning
        if measure and not unread:
            said = decline(self.lex, "not_permitted", "measure_meaning", words=f"“{measure}”")
            return candidate(said, 0.0, "refused")
        if not unread:
            return None
        said = decline(self.lex, "not_understood", "meaning_unread", words=f"“{unread}”", examples="meaning")
        return candidate(said, 0.03, "decline")

    def _pairs(self, slots: dict[str, str]) -> Iterator[tuple[str, str]]:
        """Term and meaning; for "call customers with 3 orders regulars" every place where the term may begin."""
        if "meaning_term" not in slots:
            yield slots["term"], slots["meaning"]
            return
        said = slots["meaning_term"]
        quoted = re.fullmatch(r"(.+?),?\s+[\"']([^\"']+)[\"']?", said)
        if quoted:
            yield quoted.group(2), quoted.group(1)
            return
        words = said.split()
        for length in range(1, min(4, len(words) - 1) + 1):
            yield " ".join(words[-length:]), " ".join(words[:-length]).strip(" ,:")

    def _can_be_term(self, words: str) -> bool:
        term = self.term(words)
        if not self._plain_term(term) or term.lower() in self.p.raw["pronoun"]:
            return False
        reading = self.frames.reading
        wanted = self.lex.lemmas(term)
        named = [i for i in reading.items if i.lemma == " ".join(wanted)]
        if self.known(term) is not None:
            return True
        if any(i.has("do", "object") and set(i.lemma.split()) <= set(wanted) for i in reading.items):
            return False  # "make an audience: …"
        named = [i for i in named if not i.has("definition")]
        splits = any(set(i.alts.get("dim", ())) - {"customer"} or i.has("grain") for i in named)
        return not splits and not any(  # "rank weekdays by orders" sorts
            i.has("metric", "value", "period", "number") for i in named
        )

    def _is_measure(self, term: str) -> bool:
        """As in "by sales I mean net sales": both sides of it speak of measures."""
        wanted = self.lex.lemmas(term)
        items = self.frames.reading.items
        named = [i for i in items if i.has("metric") and tuple(i.lemma.split()) == wanted]
        return bool(named) and sum(i.has("metric") for i in items) > 1

    def _define(self, words: str, meaning: str) -> Candidate | None:
        known = self.known(words)
        term = self.term(words)
        if known is not None and (self._stem(known.term) == self._stem(words)
                                  or term.lower() in self.lex.wording["time_terms"]):
            term = known.term
        old = term_filter(self.frames.shop, known.term) if known is not None else None
        rule = adjusted(old, self.frames, meaning) if old is not None else None
        rule = rule or self._meant(meaning)
        if rule is None:
            return self._ranking(term, known, meaning)
        rule = at_least(rule, meaning, self.p)
        return Candidate([call(DefineTerm(term=term, filter=rule))], SURE, "define")

    def _meant(self, meaning: str) -> Filter | None:
        if meaning.lower() in self.p.raw["pronoun"] or meaning.lower() in heard("agreements.these_customers"):
            found = self.context.audience()
            return found[0] if found is not None else None
        return rule_of(self.frames, meaning, self.p)

    def _ranking(self, term: str, known: DefinitionUsed | None, meaning: str) -> Candidate | None:
        """As in "bestsellers are ranked by revenue"."""
        if known is None or known.rank_by is None:
            return None
        lemmas = set(self.lex.lemmas(meaning))
        said = [item for item in self.frames.reading.items if set(item.lemma.split()) <= lemmas]
        if any(item.number is not None or item.has("period", "duration") for item in said):
            more = decline(self.lex, "not_understood", "ranking_only", words=f"“{known.term}”", examples="ranking")
            return candidate(more, 0.0, "refused")  # how many, and of which time, is no part of a ranking
        for item in self.frames.reading.items:
            names = item.alts.get("metric", ())
            if names and set(item.lemma.split()) <= lemmas:
                return Candidate([call(DefineTerm(term=known.term, rank_by=str(names[0])))], SURE, "define")
        return None

    # -- given up and taken back ---------------------------------------------------------------------------------

    def _withdraw(self) -> Candidate | None:
        for group, to in (("withdraw_to_previous", "previous"), ("withdraw", "builtin")):
            for slots in self.p.fits(group, self.text, self.all_terms()):
                found = self.known(slots["term"])
                term = found.term if found is not None else self.term(slots["term"])
                return Candidate([call(WithdrawTerm(term=term, to=to))], SURE, "define")  # type: ignore[arg-type]
        return None

    def _undo(self) -> Candidate | None:
        for slots in self.p.fits("undo_definition", self.text):
            name = self.term(slots["term"]) if slots.get("term") else None
            found = self.known(name) if name else None
            return self._take_back("definition", found.term if found else name)
        if not any(True for _ in self.p.fits("undo", self.text)):
            return None
        past = last_change(self.context)
        if past is None:
            return None
        return self._take_back(CHANGES[past.call.name], _named(past))

    def _take_back(self, of: str, name: str | None) -> Candidate:
        return Candidate([call(TakeBackRequest(of=of, name=name))], SURE, "take_back")  # type: ignore[arg-type]


def _named(past: Past) -> str | None:
    """What a change was about; a change that was itself a taking back names nothing."""
    args = past.call.args
    name = args.get("new_name") or args.get("name") or args.get("term")
    return None if past.call.name == "undo_change" or CHANGES[past.call.name] == "category" else name


def last_change(context: DialogueContext) -> Past | None:
    """The latest change of an agreement that "undo" can mean.

    Whatever only looked or asked anew since changed nothing, so it is passed over. An answer that was narrowed or
    turned step by step is what "undo" goes back on, and a draft has its own way back.
    """
    asked = False
    for past in reversed(context.past):
        if past.call.name in CHANGES and not past.refused:
            return None if asked and past.call.name == "undo_change" else past
        if past.refused or past.call.name in _LOOKING:
            continue
        if past.frame in _STEPS or past.call.name in _WITH_STEPS:
            return None
        asked = True
    return None


def at_least(rule: Filter, words: str, said: Patterns) -> Filter:
    """As in "loyal means 5 orders": a bare number of a meaning is a least number, unless "exactly" was said."""
    if said.has("exact_words", words):
        return rule
    if isinstance(rule, CustomerCondition) and rule.op == "eq" and rule.values and rule.rank is None:
        number = rule.values[0]
        if isinstance(number, int | float) and number > 1:
            return rule.model_copy(update={"op": "ge"})
    parts = getattr(rule, "parts", None)
    if parts and rule.term is None:
        return rule.model_copy(update={"parts": tuple(at_least(p, words, said) for p in parts)})
    return rule


def ask_meaning(reading: Reading, left: Sequence[str]) -> ToolCall | None:
    """As in "how many superstars do we have?": the one unknown word that stands where customers are named is asked
    about; None where the words leave open more than that."""
    unknown = [i for i, item in enumerate(reading.items)
               if not item.alts and not reading.is_skip(i) and item.tokens[0].kind == "word" and item.text.isalpha()]
    if len(unknown) != 1 or any(w != reading.items[unknown[0]].text for w in left):
        return None
    i = unknown[0]
    if bought_by_name(reading, i):
        return None  # goods
    items = reading.items
    after = items[i + 1] if i + 1 < len(items) else None
    before = items[i - 1] if i else None
    people = after is not None and "customer" in after.alts.get("dim", ())
    lex = reading.vocabulary.lexicon
    said = patterns(lex.language)
    noun = before is not None and items[i].text.lower() != items[i].lemma and (
        before.has("how_many") or before.lemma in said.raw["owned_by"]
    )
    term = items[i].text
    sold = any(item.get("act") == "sell" for item in items[i + 1 :])  # "how many laptops did we sell?" names a thing
    if not (people or noun) or (sold and not people) or len(term) < 4 or term[:1].isupper() and i:
        return None
    ordered = i == 0 and any(item.has("who") for item in items)  # "Notify customers who …" is an order
    if ordered or (noun and not people and reading.has("object", "goal")):
        return None
    question = reading.text.strip()
    options = [str(o).format(name=term, question=question) for o in lex.wording["named_options"]["term_meaning"]]
    return ToolCall("ask_back", {"text": str(lex.wording["asks"]["term_meaning"]).format(term=term),
                                 "options": options})
