"""Several requests in one text: sentences, lists and clauses that each ask for something; the rest is background.

A text is first cut where its writer cut it (lines, list marks, sentences), then inside a sentence where a second
request begins ("…, and who …", "… and top 5 products"). A piece counts as a request by its form or because it can be
planned alone. Whatever else a text holds ("You are …", greetings, reports) is data, never a command.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from assistant.llm.planner.at_once import measured_at_once
from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.heard import expression, heard
from assistant.llm.planner.parts import gather
from assistant.llm.planner.spans import Reading, read
from assistant.llm.planner.vocabulary import Vocabulary

#: plans a text as one request in a conversation, best first
PlanOne = Callable[[str, DialogueContext], list[Candidate]]
_WELL, _FAIR = 0.15, 0.65
_MOST = 8
#: a sentence of more items is no list of requests; more joints than this are not tried
_LONGEST, _JOINTS = 60, 8
_SENTENCE = re.compile(r"(?<=[?!])\s+(?=\S)|(?<=[a-z0-9)%\"'”’])\.\s+(?=[A-Za-z\"'“])|\s*;\s+")


@dataclass(frozen=True)
class Requests:
    """The requests of a text, in order; ``background`` says that it holds more than them."""

    texts: tuple[str, ...]
    background: bool = False


def split(text: str, context: DialogueContext, words: Vocabulary, plan: PlanOne) -> Requests:
    """The requests of a text.

    Args:
        text: what was typed.
        context: the conversation; a piece may follow up on it.
        words: the shop's vocabulary.
        plan: plans one piece.

    Returns:
        The text itself as the only request where it asks for one thing, or for nothing that can be told apart.
    """
    sentences = _sentences(text)
    if len(sentences) == 1:
        pieces = _pieces(sentences[0], context, words, plan)
        return Requests(tuple(pieces) if len(pieces) > 1 else (text,))
    asking = [s for s in sentences if _asks(s, words)]
    if len(asking) < 2:
        whole = next(iter(plan(text, context)), None)
        agrees = any(settles(next(iter(plan(s, context)), None)) for s in sentences)
        if whole is not None and whole.cost <= _WELL and len(sentences) <= 3 and not agrees:
            return Requests((text,))
    sentences = [_core(s, context, words, plan) if s in asking else s for s in sentences[: 2 * _MOST]]
    asking = [s for s in sentences if _asks(s, words)]
    planned = {s: next(iter(plan(s, context)), None) for s in sentences}
    wanted = [s for s in sentences if s in asking or _says_alone(planned.get(s))]
    if any(s in asking and _says(planned.get(s)) for s in wanted):
        wanted = [s for s in wanted if s in asking or _listed(s, text) or settles(planned.get(s))]
    if len(wanted) > 1 and not _listed(wanted[0], text):  # rhetorical and polite sentences ask for nothing
        settled = next((k for k, s in enumerate(wanted) if settles(planned.get(s))), len(wanted))
        useful = [s for k, s in enumerate(wanted) if k > settled or _says(planned.get(s))
                  or _names_something(s, words) or _refers(s, words)]
        wanted = useful or wanted
    if not wanted:
        return Requests((text,))
    found = [piece for s in wanted for piece in _pieces(s, context, words, plan)]
    return Requests(tuple(found[:_MOST]), background=len(wanted) < len(sentences))


def _sentences(text: str) -> list[str]:
    """Lines, list entries and sentences."""
    lines = [line for line in expression("several.line").split(text) if line and line.strip(" \t-*•.")]
    found = [s.strip() for line in lines for s in _SENTENCE.split(line) if s and s.strip(" .?!,;:-")]
    return [expression("several.lead").sub("", s) for s in found] or [text]


def _core(sentence: str, context: DialogueContext, words: Vocabulary, plan: PlanOne) -> str:
    """The question inside a longer sentence ("… I need this: how many orders …"), where only that can be planned."""
    best = next(iter(plan(sentence, context)), None)
    if best is not None and best.cost <= _WELL:
        return sentence
    for match in expression("several.inner").finditer(sentence):
        inner = sentence[match.end() :]
        found = next(iter(plan(inner, context)), None)
        if found is not None and found.cost <= _WELL and _says(found):
            return inner
    return sentence


def _listed(sentence: str, text: str) -> bool:
    """Whether a piece stands behind a list mark."""
    return bool(expression("several.listed", [sentence]).search(text))


def _asks(sentence: str, words: Vocabulary) -> bool:
    """Whether a sentence asks or orders by its form."""
    lowered = sentence.lower().lstrip("\"'“( ")
    lowered = expression("several.polite").sub("", lowered)
    if any(lowered.startswith(f"{phrase} ") for phrase in words.lexicon.personas):
        return False
    if sentence.rstrip().endswith("?"):
        return True
    if any(phrase in lowered for phrase in words.lexicon.wishes):
        return True
    first = expression("several.asks").match(lowered)
    return bool(first) and not expression("several.helping").match(lowered)


def _says(best: Candidate | None) -> bool:
    """Whether a piece can be planned."""
    return best is not None and best.cost <= _FAIR and best.frame not in {"decline", "small_talk", "ask"}


def settles(best: Candidate | None) -> bool:
    """Whether a piece says what a word means or saves a segment: what follows may use it, once that is done."""
    return best is not None and best.frame in {"define", "save", "take_back"}


def _says_alone(best: Candidate | None) -> bool:
    vague = {"search", "refused", "describe"}
    return _says(best) and best is not None and best.cost <= _WELL and best.frame not in vague


def _names_something(sentence: str, words: Vocabulary) -> bool:
    """Whether a sentence names a measure, a thing of the shop or something the data do not hold."""
    reading = read(sentence, words)
    return any(
        item.has("metric", "absent", "goal", "value", "definition") or ("dim" in item.alts and not item.has("do"))
        for i, item in enumerate(reading.items)
        if not reading.is_skip(i)
    ) or bool(reading.does("churn", "forecast", "segments", "recommend"))


def _refers(sentence: str, words: Vocabulary) -> bool:
    reading = read(sentence, words)
    return bool(reading.has("customers_pronoun") and (reading.has("object", "goal") or reading.does("recommend")))


# -- inside one sentence -----------------------------------------------------------------------------------------------


def _pieces(sentence: str, context: DialogueContext, words: Vocabulary, plan: PlanOne) -> list[str]:
    """The requests of one sentence, in order."""
    for match in islice(expression("several.strong").finditer(sentence), _JOINTS):
        left, right = sentence[: match.start()].strip(" ,"), sentence[match.end() :].strip()
        if _apart(left, right, match.group(), words) and _both(left, right, context, words, plan, strict=False):
            if _supposed(left, right, context, plan):
                return [sentence]
            if measured_at_once(sentence, left, right, words, lambda t: next(iter(plan(t, context)), None)):
                return [sentence]
            then = expression("several.lead").sub("", right)
            return [*_weakly(left, context, words, plan), *_pieces(then, context, words, plan)]
    return _weakly(sentence, context, words, plan)


def _supposed(left: str, right: str, context: DialogueContext, plan: PlanOne) -> bool:
    """As in "if I drop the price to 20, how many more will I sell?": what follows asks what the change would bring."""
    if not expression("several.supposition").match(left) or not expression("several.outcome").match(right):
        return False
    best = next(iter(plan(left, context)), None)
    return best is not None and best.frame == "what_if"


def _weakly(sentence: str, context: DialogueContext, words: Vocabulary, plan: PlanOne) -> list[str]:
    """Cut before a second noun phrase that is complete in itself ("revenue last month and top 5 products")."""
    reading = read(sentence, words)
    if reading.has("compare", "between") or not 5 <= len(reading.items) <= _LONGEST:
        return [sentence]
    for match in expression("several.weak").finditer(sentence):
        left, right = sentence[: match.start()].strip(" ,"), sentence[match.end() :].strip()
        if _complete(left, words) and _begins(right, words) and _both(left, right, context, words, plan, strict=True):
            if _says_both(sentence, left, right, context, words, plan):
                return [sentence]
            return [left, *_weakly(expression("several.lead").sub("", right), context, words, plan)]
    return [sentence]


def _apart(left: str, right: str, joint: str, words: Vocabulary) -> bool:
    """Whether what follows begins something new, and does not go on about the people before ("… and who live in")."""
    before = read(left, words)
    first = right.split()[0].lower() if right.split() else ""
    if len(left.split()) < 2 or len(right.split()) < 2:
        return False
    whom = heard("several.people")
    people = any("customer" in i.alts.get("dim", ()) or i.lemma in whom for i in before.items)
    if first in heard("several.who") and people:
        return right.rstrip().endswith("?") and bool(expression("several.who_of").match(right))
    if first in heard("several.whose"):
        return False
    after = read(right, words)
    helping = heard("several.helping")
    if first in helping or (first in heard("several.make") and not after.has("object")):
        return right.rstrip().endswith("?") and first not in heard("several.past")
    return True


def _both(left: str, right: str, context: DialogueContext, words: Vocabulary, plan: PlanOne, *, strict: bool) -> bool:
    """Whether each half is a request: both can be planned, or one names what the data do not hold."""
    first = next(iter(plan(left, context)), None)
    if not (_says(first) or _lacking(left, words)):
        return False
    known = context if first is None else after(context, first, left)
    second = next(iter(plan(expression("several.lead").sub("", right), known)), None)
    if _says(second) and second is not None and second.cost <= (_WELL if strict else _FAIR):
        return True
    if strict:
        return _lacking(right, words) and not _says(next(iter(plan(f"{left} and {right}", context)), None))
    return _lacking(right, words) or _refers(right, words)


def _says_both(
    whole: str, left: str, right: str, context: DialogueContext, words: Vocabulary, plan: PlanOne
) -> bool:
    """Whether one plan holds the measures of both halves ("monthly revenue and units for Germany in 2025")."""
    first = gather(read(left, words))
    if first.periods or first.rows or first.conditions.customers:
        return False
    best = next(iter(plan(whole, context)), None)
    if best is None or best.cost > _WELL or len(best.calls) != 1:
        return False
    wanted = {*first.metrics, *gather(read(right, words)).metrics}
    return bool(wanted) and wanted <= set(best.calls[0].args.get("metrics") or ())


def _lacking(text: str, words: Vocabulary) -> bool:
    reading = read(text, words)
    absent = any(item.has("absent") and not item.has("metric", "value") for item in reading.items)
    return absent and len(reading.items) <= 8


def _complete(text: str, words: Vocabulary) -> bool:
    """A measure with its period, place or split, a ranking, or something absent: nothing more need follow."""
    p = gather(read(text, words))
    if _lacking(text, words):
        return True
    return bool(p.metrics) and bool(p.periods or p.rows or p.groups) or (p.limit is not None and bool(p.groups))


def _begins(text: str, words: Vocabulary) -> bool:
    """Whether a noun phrase begins a request of its own: a ranking, or a measure with a period or place of its own."""
    cut = expression("several.weak").split(text)[0]
    reading: Reading = read(cut, words)
    p = gather(reading)
    items = [i for i in reading.items if i.lemma not in heard("the_our")]
    if not items:
        return False
    if items[0].has("rank") and (p.groups or p.metrics):
        return p.limit is not None or len(items) > 1
    total = len(items) > 1 and items[0].lemma in heard("several.totals") and items[1].has("metric")
    led = items[0].has("metric") or total
    return (led and bool(p.periods or p.rows)) or _lacking(cut, words)


def after(context: DialogueContext, best: Candidate, text: str) -> DialogueContext:
    """The conversation as it will be once a piece has been answered (without its figures)."""
    from assistant.llm.planner.context import Past

    turn = len(context.questions) + 1
    made = [Past(one, None, turn, best.frame) for one in best.calls]
    return DialogueContext([*context.past, *made], [*context.questions, text])
