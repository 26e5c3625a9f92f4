"""What is refused whoever asks: showing personal data, and doing things outside this program."""

from __future__ import annotations

from functools import lru_cache

from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.contact_conditions import contact_conditions
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.heard import heard
from assistant.llm.planner.lexicon import Lexicon, PhraseTree, read_yaml
from assistant.llm.planner.replies import candidate, decline
from assistant.llm.planner.spans import Reading

_OPENERS = heard("refusals.openers")
_NOUN_AFTER = heard("refusals.noun_after")
_DESTROYING = heard("refusals.destroying")
_ARTICLES = heard("refusals.articles")
_SENDING = heard("refusals.sending")


def refused(r: Reading, context: DialogueContext) -> Candidate | None:
    """A decline where personal data are asked for or a deed is ordered; None where neither is."""
    return _private(r) or _running(r) or _outside(r, context)


@lru_cache(maxsize=4)
def _run_words(lex: Lexicon) -> tuple[PhraseTree, PhraseTree]:
    """Verbs of running a campaign, and what can be run."""
    raw, trees = read_yaml(lex.language, "refusals"), (PhraseTree(), PhraseTree())
    for tree, kind in zip(trees, ("running", "run_things"), strict=True):
        for phrase in raw[kind]:
            tree.add(lex.lemmas(phrase), (kind, True))
    return trees


def _running(r: Reading) -> Candidate | None:
    """As in "pause the Spring campaign", "activate my welcome flow": nothing runs here that could be."""
    lex = r.vocabulary.lexicon
    lemmas = [t.lemma for t in r.tokens if t.kind != "stop"]
    first = next((k for k, lemma in enumerate(lemmas) if lemma not in heard("refusals.openers")), None)
    verbs, things = _run_words(lex)
    said = None if first is None else max((end for end, _ in verbs.matches(lemmas, first)), default=None)
    if said is None or not any(next(things.matches(lemmas, k), None) for k in range(said, len(lemmas))):
        return None
    return candidate(decline(lex, "not_permitted", "not_sent", examples="campaign"), -0.05, "refused")


def _private(r: Reading) -> Candidate | None:
    """As in "the phone numbers of our best customers"."""
    known = contact_conditions(r).used  # "without a phone number" asks who, not what the number is
    goods = {i for i, after in enumerate(r.items[1:]) if after.lemma in heard("private.goods")}  # "a birthday party"
    hits = [i for i in r.having("private") if not r.items[i].has("value") and i not in known | goods]
    about = any(
        "customer" in item.alts.get("dim", ())
        or "customers" in item.alts.get("metric", ())
        or item.has("customers_pronoun", "definition", "private")
        for item in r.items
    )
    drafting = r.does("create") and r.has("object", "goal")
    if not hits or not about or drafting:
        return None
    return candidate(decline(r.vocabulary.lexicon, "not_permitted", "private", examples="private"), 0.0, "refused")


def _outside(r: Reading, context: DialogueContext) -> Candidate | None:
    """As in "increase all prices by 5 %", "email everybody 20 % off right now": an order to act on the world."""
    first = next(
        (i for i, item in enumerate(r.items) if item.lemma not in _OPENERS and item.tokens[0].kind == "word"), -1
    )
    if first < 0 or first > 3:
        return None
    item = r.items[first]
    if r.has("chart") and item.tokens[0].lemma not in _DESTROYING:  # "drop the table" draws none
        return None
    if not item.has("outside") and item.tokens[0].lemma not in r.vocabulary.lexicon.outside:
        return None
    rest = r.items[first + 1 :]
    verb, after = item.tokens[0].lemma, (rest[0].lemma if rest else "")
    lex = r.vocabulary.lexicon
    if verb in _SENDING:
        words = " ".join(t.lemma for t in r.tokens)
        now = any(words.endswith(f" {w}") or f" {w} " in words for w in lex.outside_now)
        if now and not r.does("create"):
            return candidate(decline(lex, "not_permitted", "not_sent", examples="campaign"), -0.05, "refused")
        return None
    longer = any(t.lemma not in _ARTICLES for t in item.tokens[1:]) and not item.has("outside")
    noun = item.tokens[0].word != verb and item.tokens[0].word.endswith("s")  # "discounts by brand"
    if not rest or after in _NOUN_AFTER or longer or noun:
        return None
    things = [i for i in rest if i.has("dim", "value", "metric") or i.lemma in r.vocabulary.product_words]
    editing = context.last() is not None and (
        len(r.items) <= 5
        or context.last("draft_campaign") is context.last()
        or r.has("offer", "object", "tone", "channel")
    )
    priced = any(t.lemma in heard("refusals.settings") for t in r.tokens[first + 1 :])
    if not (things or priced) or (editing and not priced) or (r.has("object", "goal") and not priced):
        return None
    return candidate(decline(lex, "not_permitted", "read_only", examples="read_only"), 0.0, "refused")
