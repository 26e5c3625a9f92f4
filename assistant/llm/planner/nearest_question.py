"""A text that the grammar cannot read, read as the known question that it means.

The text is likened to the bank of questions (:mod:`assistant.llm.planner.question_likeness`); the nearest ones are put
in the grammar's words, with what the text names in their slots and what narrows it behind them, and planned. What is
alike enough is answered, and the reading said; what is less alike is asked about; the others are offered with the "no".
A reading that does not hold everything the text names is none.

The idea is the one of Berant and Liang (2014), Semantic parsing via paraphrasing, ACL, p. 1415–1425: of the questions
that can be answered the one is meant whose wording is the best paraphrase.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.llm.planner.candidate import Planned, ToolCall
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.named_things import Named, named_things
from assistant.llm.planner.question_bank import as_example, bank_words, filled
from assistant.llm.planner.question_likeness import Likeness, QuestionIndex
from assistant.llm.planner.question_ranker import ranked
from assistant.llm.planner.question_senses import senses, senses_of
from assistant.llm.planner.second_reading import MAKING, refused_for_words, refused_with
from assistant.llm.planner.spans import Reading, read
from assistant.llm.planner.vocabulary import Vocabulary

#: note of a plan that answers a text in other words
READ_WHOLE = "read_whole"
#: least chance of an answer; of one that overrules a refusal for another reason or an answer that left a word out, or
#: that is given in the middle of a talk
ANSWER, OVERRULE = 0.40, 0.75
#: how many times as likely as any other an answer must be
CLEAR = 1.5
#: least chance of the best reading that is asked about, and of one that is offered with a "no"
ASK, OFFER = 0.15, 0.04
#: least chance of the only reading there is, which is answered though the text says more than the known question
LIKELY = 0.50
#: least chance of a known refusal that is given where nothing else is as near
REFUSE = 0.40
#: least cosine of any reading, of one that answers or is asked about, of a wording that is known
ALIKE, CLOSE, SAME = 0.40, 0.55, 0.93
MOST_OPTIONS = 3
_TRIED = 6
#: words of a text that names nothing itself
_SHORT = 7
#: what is made anew in the conversation, and can be taken back there
_DRAFTS = frozenset({"draft_campaign", "draft_post"})
#: refusals that hold whatever else may be meant
_FINAL = frozenset({"not_permitted"})

_QUOTED = re.compile("“([^”]+)”")

Plan = Callable[[str], Planned]


@dataclass(frozen=True)
class Meant:
    """A known question with what the text names, and its plan."""

    text: str
    planned: Planned
    chance: float
    alike: float
    exact: bool
    wording: str


def nearest_question(
    text: str, first: Planned, context: DialogueContext, words: Vocabulary, index: QuestionIndex, plan: Plan,
    alone: Plan,
) -> Planned | None:
    """The plan of the known question that a text means, a question back, or a "no" with what can be asked instead.

    Args:
        text: as it was said.
        first: its plan, a "no" for want of words.
        context: the conversation so far.
        words: of the shop.
        index: known questions with their vectors.
        plan: plans another text in the same conversation, every word accounted for.
        alone: plans another text outside any conversation.

    Returns:
        None where the text was read, or no known question is near.
    """
    unread = refused_for_words(first, words)
    if not index.questions or not unread and not _doubtful(first) and not _refused(first):
        return None
    reading, named = named_things(text, words)
    if not context.past and _points_back(reading):
        return None
    found = index.nearest(reading, named, after=answered_before(context, words.lexicon.language))
    names = _names(reading, first, words)
    found = [one for one in found if all(_held(name, one) for name in names)
             and not _contradicts(one) and not _loses(one, words)]
    meant = _meant(ranked(found, index, words), reading, words, plan, alone if context.past else None)
    if not meant:
        return None
    best, rivals = meant[0], meant[1:]
    alone_asked = len(meant) == 1 or best.chance >= ANSWER / 2 and all(m.chance < OFFER for m in rivals)
    clear = all(best.chance >= CLEAR * m.chance for m in rivals)
    same = best.alike >= SAME  # next to a known wording, word for word
    may = not _asks(best.planned) and (same or not _changes(best.planned))
    sure = best.exact and best.alike >= CLOSE and (clear or same) and may
    careful = not unread or bool(context.past) and not same  # in a talk a text may mean what was just shown
    needed = OVERRULE if careful else ANSWER / 2 if alone_asked or same else ANSWER
    if sure and best.chance >= needed and (unread or _knows_what_was_guessed(first, best)):
        return _answer(best)
    if not unread:
        return None
    near = [m for m in meant if m.alike >= CLOSE and m.chance >= OFFER][:MOST_OPTIONS]
    if len(near) == 1 and best.chance >= LIKELY and near[0] is best and may and not careful:
        return _answer(best)
    if near and near[0].chance >= ASK:
        return _asked(near, words)
    return _offered(first, [best, *rivals])


def _answer(meant: Meant) -> Planned:
    """Its plan, with what the text was read as, and no surer than that reading."""
    planned, said = meant.planned, f"{READ_WHOLE}|{meant.text}"
    return replace(planned, score=min(planned.score, meant.chance), notes=[said, *planned.notes])


def _names(reading: Reading, first: Planned, words: Vocabulary) -> list[str]:
    """Names that nobody here bears: no question without them is the one that was asked."""
    unknown = [i for i, item in enumerate(reading.items) if i and not item.alts and item.tokens[0].kind == "word"]
    said = [reading.items[i].text for i in unknown if reading.items[i - 1].tokens[0].kind != "stop"]
    said = [name for name in said if name[:1].isupper() and not name.isupper()]
    said += [reading.items[i].text for i in unknown if not reading.is_skip(i) and _of_sales(reading, i + 1)]
    if refused_with(first, words, ("unknown_value", "unknown_values")):
        said += _QUOTED.findall(str(first.calls[0].args.get("message")))
    return said


def _of_sales(reading: Reading, i: int) -> bool:
    """Whether an amount stands there, of which the word before says what was sold: "blueberry sales"."""
    return i < len(reading.items) and reading.items[i].has("metric") and not reading.items[i].has("dim", "act")


def _held(name: str, likeness: Likeness) -> bool:
    """Whether a known question has a name, in its words or in what the text put into them."""
    put = [value for values in likeness.text.slots.values() for value in values]
    put += [one.said for one in likeness.text.behind]
    return name.casefold() in " ".join([likeness.wording, likeness.question.ask, *put]).casefold()


def _refused(planned: Planned) -> bool:
    """Whether a text was refused for a reason that another reading of it may not have."""
    no = planned.calls[0] if len(planned.calls) == 1 and planned.done is None else None
    return no is not None and no.name == "decline" and no.args.get("reason") not in _FINAL


def _changes(planned: Planned) -> bool:
    """Whether a plan keeps, changes or stops something: more than a draft is not made on a likeness."""
    return any(c.name in MAKING - _DRAFTS for c in planned.calls)


def _asks(planned: Planned) -> bool:
    return any(c.name == "ask_back" for c in planned.calls)


def _doubtful(planned: Planned) -> bool:
    """Whether a word was left out of an answer, or taken for a product for want of another meaning."""
    return planned.done is None and any(note.split("|")[0] in {"not_used", "goods_words"} for note in planned.notes)


def _knows_what_was_guessed(first: Planned, best: Meant) -> bool:
    """Whether the known question has the words that were taken for products: "our whales" are no animals there."""
    guessed = [note.split("|")[1] for note in first.notes if note.startswith("goods_words|")]
    wording = best.wording.casefold()
    return all(word in wording for said in guessed for word in said.casefold().split())


def answered_before(context: DialogueContext, language: str) -> frozenset[str]:
    """What was answered last, in the words of the bank's ``after``."""
    last = next((p for p in reversed(context.past) if not p.refused), None)
    if last is None:
        return frozenset()
    kinds = bank_words(language)["answered"]
    return frozenset(kinds.get(last.call.name, ("table",)))


def _meant(
    found: Sequence[tuple[Likeness, float]], reading: Reading, words: Vocabulary, plan: Plan, alone: Plan | None
) -> list[Meant]:
    """The likeliest questions that can be planned with everything that the text names; ``alone`` only in a talk."""
    meant: list[Meant] = []
    pointing = _points(reading)
    for likeness, chance in found[:_TRIED]:
        if likeness.score < ALIKE or chance < OFFER and len(meant) > 1:
            continue
        said, planned = _planned(likeness, words, plan)
        stands_alone = alone is not None and not likeness.question.after
        if planned is not None and (not stands_alone or _fits_the_talk(planned, alone(said), pointing)):
            one = Meant(said, planned, chance, likeness.score, _holds_all(likeness, words), likeness.wording)
            same = next((i for i, m in enumerate(meant) if _key(m.planned) == _key(planned)), None)
            if same is None:
                meant.append(one)
            else:  # two known questions with one plan: their chances count together
                known = meant[same]
                meant[same] = replace(known, chance=known.chance + chance, exact=known.exact or one.exact)
    return sorted(meant, key=lambda m: -m.chance)


def _contradicts(likeness: Likeness) -> bool:
    """Whether two things of one kind would narrow the question at once: "in Germany in Austria", "in 2024 in 2025"."""
    kinds = [one.kind for one in likeness.text.behind]
    return len(set(kinds)) < len(kinds) or any(kind in likeness.text.slots for kind in kinds)


def _loses(likeness: Likeness, words: Vocabulary) -> bool:
    """Whether a number or a word that narrows would be lost."""
    narrowing, percent = (bank_words(words.lexicon.language)[key] for key in ("narrowing", "percent"))
    known, said = (re.sub("|".join(percent), "%", text.casefold()) for text in (
        f"{as_example(likeness.wording, words.lexicon.language)} {likeness.question.ask}", likeness.text.text))
    if "%" in said and "%" not in known:
        return True
    return any(not _has(known, number) for number in likeness.text.left) or any(
        _has(said, word) and not _has(known, word) for word in narrowing)


def _fits_the_talk(planned: Planned, outside: Planned, pointing: bool) -> bool:
    """Whether a question that stands alone changes nothing in the talk, and is about those the text points to."""
    if [c.name for c in planned.calls] != [c.name for c in outside.calls]:
        return False
    return not pointing or _key(planned) != _key(outside)


def _planned(likeness: Likeness, words: Vocabulary, plan: Plan) -> tuple[str, Planned | None]:
    """The question with everything that the text names, and its plan; no plan where it is not understood."""
    said = filled(likeness.question.ask, likeness.text.slots)
    said = said[:1].upper() + said[1:]
    planned = plan(said)
    if not _read(planned, words):
        return said, None
    for one in likeness.text.behind:
        for more in _behind(said, one, words):
            narrowed = plan(more)
            if _declined(narrowed) and _read(narrowed, words) or _narrower(narrowed, planned, words):
                said, planned = more, narrowed
                break
        else:
            return said, None
    return said, planned


def _narrower(narrowed: Planned, planned: Planned, words: Vocabulary) -> bool:
    """Whether a plan is the other one with something more in it, and none of another kind."""
    return (_read(narrowed, words) and [c.name for c in narrowed.calls] == [c.name for c in planned.calls]
            and _key(narrowed) != _key(planned))


def _behind(said: str, one: Named, words: Vocabulary) -> Iterator[str]:
    rules = bank_words(words.lexicon.language)
    bare = one.kind == "time" and one.said.split()[0].casefold() in rules["led_times"]  # "last year", "since May"
    for form in ("{}",) if bare else rules["behind"][one.kind]:
        yield f"{said.rstrip(' ?.!')} {form.format(one.said)}"


def _read(planned: Planned, words: Vocabulary) -> bool:
    """Whether a text was understood; a refusal for want of data is understood."""
    if planned.done is not None or any(note.startswith("not_used|") for note in planned.notes):
        return False
    if not planned.calls or refused_for_words(planned, words):
        return False
    vague = _declined(planned) and planned.calls[0].args.get("reason") == "not_understood"
    return not vague or refused_with(planned, words, bank_words(words.lexicon.language)["precise"])


def _declined(planned: Planned) -> bool:
    return bool(planned.calls) and planned.calls[0].name == "decline"


def _key(planned: Planned) -> list[tuple[str, str]]:
    return [(c.name, repr(c.args)) for c in planned.calls]


def _holds_all(likeness: Likeness, words: Vocabulary) -> bool:
    """Whether the known question says no more and no less than the text."""
    said = likeness.text.text.casefold()
    wording = as_example(likeness.wording, words.lexicon.language).casefold()
    known = f"{wording} {likeness.question.ask}".casefold()
    denying = bank_words(words.lexicon.language)["denying"]
    put_in = any(_has(wording, word) and not _has(said, word) for word in denying)
    if _more(said, wording, likeness.question.ask, words.lexicon.language):
        return False
    pointed = not likeness.question.after and _points(read(said, words)) and not _points(read(wording, words))
    return not put_in and not pointed and not _narrowed(said, known, words)


def _more(said: str, wording: str, ask: str, language: str) -> bool:
    """Whether a text has a kind of word that the known question has in no wording: "the second highest"."""
    text, *own = senses_of([said, wording, ask], language)
    plain = frozenset(map(str, bank_words(language)["plain_groups"]))
    only = text > np.maximum(*own)
    return any(more and name not in plain for more, (name, _) in zip(only, senses(language), strict=True))


def _points_back(reading: Reading) -> bool:
    """Whether a text speaks of what nothing before it has named: "draft a campaign for them", "these customers"."""
    pointing = any(len(item.tokens) > 1 for item in reading.items if item.has("customers_pronoun"))
    return pointing or len(reading.tokens) <= _SHORT and (reading.has("customers_pronoun") or _points(reading))


def _points(reading: Reading) -> bool:
    return any(item.has("pronoun") for item in reading.items)


def _narrowed(said: str, known: str, words: Vocabulary) -> bool:
    """Whether an unknown word stands before what is counted, and not in the known question: "per working day"."""
    reading = read(said, words)
    held = set(known.split())
    for i, item in enumerate(reading.items[:-1]):
        after = reading.items[i + 1]
        unknown = not item.alts and item.tokens[0].kind == "word" and not reading.is_skip(i)
        if unknown and item.text.casefold() not in held and after.has("metric", "dim", "value", "grain"):
            return True
    return False


def _has(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)" if word[0].isalpha() else re.escape(word), text) is not None


def _asked(meant: Sequence[Meant], words: Vocabulary) -> Planned | None:
    """Which of the readings is meant, each with its plan."""
    best = meant[0]
    if _declined(best.planned):  # what is not held: asked about only where something that can be answered is as near
        meant = [m for m in meant if m.chance >= best.chance / 2]
    single = [m for m in meant if len(m.planned.calls) == 1 and m.planned.calls[0].name not in {"ask_back", "decline"}]
    if not single:
        if _declined(best.planned) and best.chance < REFUSE:
            return None
        note = f"{READ_WHOLE}|{best.text}"
        known = best.planned.calls[0].name in {"ask_back", "decline"}
        return replace(best.planned, notes=[note, *best.planned.notes]) if known else None
    text = str(words.lexicon.wording["asks"]["nearest"])
    call = ToolCall("ask_back", {
        "text": text, "options": [m.text for m in single],
        "plans": [{"name": m.planned.calls[0].name, "args": m.planned.calls[0].args} for m in single]})
    return Planned([call], single[0].chance, frame="ask")


def _offered(first: Planned, meant: Sequence[Meant]) -> Planned:
    """The "no", with the nearest questions that can be answered."""
    near = [m.text for m in meant if not _declined(m.planned)][:MOST_OPTIONS]
    call = first.calls[0]
    if not near or call.name != "decline":
        return first
    return replace(first, calls=[ToolCall("decline", {**call.args, "nearest": near})])


