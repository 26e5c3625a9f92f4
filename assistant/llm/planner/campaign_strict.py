"""Whether a draft shows every word that asks for it.

A draft is made of many parts, and most of its words are about what is written, so a word may be taken for explained and
reach no part. Here the text is read once more without each word that the draft does not plainly hold: where that gives
the same draft, the word was passed over. What stands apart ("…, with a private concert") is named on the draft as not
understood; what belongs to the customers or the offer makes the whole unread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.llm.planner import brief
from assistant.llm.planner.campaign_asides import Aside, cut
from assistant.llm.planner.campaign_scope import cut_budget
from assistant.llm.planner.campaign_steps import Said, cut_steps, steps_of
from assistant.llm.planner.campaign_words import items_of
from assistant.llm.planner.campaign_words import said as words_of
from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.exclusions import cut_exclusion
from assistant.llm.planner.heard import heard
from assistant.llm.planner.spans import Item, Reading, read
from assistant.plans.filters import Filter

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames

#: a draft dearer than this is not answered anyway
_WORTH_IT = 0.65
_MOST_WORDS = 40
#: what a draft costs that loses words: just too much, so that these words are named
_UNREAD = 0.66


def drafted(frames: Frames) -> Candidate | None:
    """The reading as a campaign to be drafted, dearer by each word that the draft does not show."""
    text, asides, steps, left_out = frames.reading.text, [], None, None
    budget = None
    if _orders(frames.reading):
        text, asides = cut(text, frames.lex.language)
        text, steps = cut_steps(text, frames.lex.language)
        text, budget = cut_budget(read(text, frames.reading.vocabulary))
        text, left_out = cut_exclusion(read(text, frames.reading.vocabulary), frames.shop)
    own = _again(frames, text) if text != frames.reading.text else frames
    found = _draft(own, left_out)
    if found is None or found.calls[-1].name != "draft_campaign":
        return found
    own, found, unread = _without_tails(own, found, left_out)
    if found.cost <= _WORTH_IT and len(own.reading.items) <= _MOST_WORDS:
        lost = passed_over(own, found, left_out)
        found.cost = max(found.cost, _UNREAD) + len(lost) / 100 if lost else found.cost
        found.unexplained += [w for w in lost if w not in found.unexplained]
    _name(frames, found, [*asides, *unread])
    if budget is not None and found.calls[-1].name == "draft_campaign":
        found.calls[-1].args.setdefault("budget", budget)
    found.referred = found.referred or any(_points(a, frames.reading) for a in asides)
    if steps is not None:
        _in_steps(found, steps)
    return found


def _orders(reading: Reading) -> bool:
    """Whether a text may order a campaign: it makes, sends or names one near its beginning, and asks nothing."""
    first = reading.items[0] if reading.items else None
    if first is None or first.lemma in heard("brief.asking") or heard("how_many").begins(first.lemma):
        return False
    near = [i for i in range(min(6, len(reading.items))) if reading.items[i].has("goal", "object")]
    return bool(reading.does("create", "send") or near or first.lemma in heard("brief.reminding"))


def _in_steps(found: Candidate, steps: Said) -> None:
    """The draft in several messages."""
    args = found.calls[-1].args
    if found.calls[-1].name != "draft_campaign":
        return
    args["steps"] = steps_of(steps, tuple(args.get("channels") or ()))
    beside = [c for c in args.get("channels") or () if c in {"social", "popup"}]
    args["channels"] = [*dict.fromkeys(s["channel"] for s in args["steps"]), *beside]


def passed_over(frames: Frames, found: Candidate, left_out: Filter | None = None) -> list[str]:
    """Words without which the draft would be the same."""
    lost, reading = [], frames.reading
    args = found.calls[-1].args
    said = " ".join(map(str, _leaves(args))).lower()
    settled = frames.parts().conditions.used
    phrases = items_of(reading, [one for one in words_of(reading) if args.get(_OF_PHRASE.get(one.kind, ""))])
    for i, item in enumerate(reading.items):
        if reading.is_skip(i) or _introduces(item, reading) or _held(item, args, said):
            continue
        if i in phrases or item.text in found.unexplained or item.number is not None:
            continue  # numbers are looked for by value
        if any(_meant(str(term), frames, args) for term in item.alts.get("definition", ())):
            continue  # a goal may mean the same people
        if item.has("act") and i in settled:
            continue  # a verb of a condition that was read: another may stand for it
        if item.has("segment_word") and "saved" in said.split():
            continue  # "the segment Crown": the name alone means the same
        start, end = item.tokens[0].start, item.tokens[-1].end
        other = _draft(_again(frames, f"{reading.text[:start]} {reading.text[end:]}".strip()), left_out)
        if other is not None and _same(other, found):
            lost.append(item.text)
    return lost


#: parts of a draft that phrases fill
_OF_PHRASE = {
    "budget": "budget", "goal_birthday": "goal", "goal_abandoned_basket": "goal", "goal_post_purchase": "goal",
    "goal_replenishment": "goal", "goal_launch": "goal", "in_chinese": "language", "short_text": "length",
    "long_text": "length", "popup": "channels", "subject_lines": "variants", "variants": "variants", "gift": "offer",
    "best_offer": "best_offer",
}


# -- what stands apart -------------------------------------------------------------------------------------------------


def _without_tails(
    frames: Frames, found: Candidate, left_out: Filter | None
) -> tuple[Frames, Candidate, list[Aside]]:
    """The text and its draft without the last parts of which no word is understood, where they stand apart."""
    unread: list[Aside] = []
    while found.cost > _WORTH_IT and found.unexplained:
        reading = frames.reading
        start = _tail(reading, found.unexplained)
        if start is None:
            break
        words = reading.text[reading.items[start].tokens[0].start :].strip(" .,;!?")
        rest = _again(frames, reading.text[: reading.items[start].tokens[0].start].rstrip(" ,;"))
        if len(rest.reading.tokens) >= len(reading.tokens):
            break  # a text whose words were put in full has other places
        shorter = _draft(rest, left_out)
        if shorter is None:
            break
        frames, found = rest, shorter
        unread.insert(0, Aside("not_understood", words))
    return frames, found, unread


def _tail(reading: Reading, unexplained: list[str]) -> int | None:
    """Where a last part begins after "with", "and" or a comma, all of whose words are not understood."""
    for i in range(len(reading.items) - 1, 1, -1):
        item = reading.items[i]
        if item.tokens[0].kind == "stop" or item.lemma in heard("campaign_strict.apart"):
            own = [k for k in range(i + 1, len(reading.items)) if not reading.is_skip(k)]
            told = [reading.items[k] for k in own]
            if item.lemma in heard("campaign_strict.of_people") and _people(reading.items[i - 1]):
                return None  # "customers with a dog"
            if _may_narrow(reading, i):
                return None
            if not own or any(it.text not in unexplained or _of_people(it) or it.number is not None for it in told):
                return None
            return i
        if item.lemma in heard("campaign_strict.narrowing") or item.has("neg", "not_in", "only"):
            return None  # "…, app users only": it says who
    return None


def _may_narrow(reading: Reading, i: int) -> bool:
    """As in "… and own a cat", "… in Germany with a dog": what follows may say who, and passing over it would write to
    more people than were asked for."""
    item, before = reading.items[i], reading.items[i - 1]
    if item.lemma in heard("campaign_strict.of_people"):
        return before.has("value", "period", "act")
    after = next((t for t in reading.tokens[item.end :] if t.kind != "stop"
                  and t.lemma not in heard("campaign_strict.joining")), None)
    return after is None or after.lemma not in heard("campaign_strict.of_things")


def _people(item: Item) -> bool:
    return item.has("definition") or "customer" in item.alts.get("dim", ())


def _of_people(item: Item) -> bool:
    return item.has("who", "act", "definition", "value", "metric", "period", "neg", "not_in", "goal", "offer") or (
        "customer" in item.alts.get("dim", ()))


def _name(frames: Frames, found: Candidate, asides: list[Aside]) -> None:
    """Name on the draft what it does not hold."""
    if not asides or found.calls[-1].name != "draft_campaign":
        return
    reasons = frames.lex.wording["not_included"]
    args = found.calls[-1].args
    said = [reasons[a.kind].format(words=f"“{a.words}”") for a in asides if a.kind in reasons]
    if any(a.kind == "test_wordings" for a in asides):
        args.setdefault("variants", 2)
    if said:
        args["not_included"] = [*args.get("not_included", ()), *said]


def _points(aside: Aside, reading: Reading) -> bool:
    """As in "… and test them": a word that points is part of what was cut out, and points at nobody."""
    return any(item.has("customers_pronoun", "pronoun") for item in read(aside.words, reading.vocabulary).items)


# -- what a draft holds ------------------------------------------------------------------------------------------------


def _held(item: Item, args: dict[str, Any], said: str) -> bool:
    """Whether the draft plainly has what a word asks for."""
    offer = (args.get("offer") or {}).get("kind", "none")
    if item.has("goal") and args.get("goal", "promotion") in item.alts["goal"]:
        return True
    if item.has("goal") and set(item.alts["goal"]) <= {"promotion"}:
        return True
    if args.get("goal") == "launch" and item.lemma in heard("campaign_phrases.new"):
        return True
    if item.has("tone") and args.get("tone") in item.alts["tone"]:
        return True
    if item.has("offer") and (offer != "none") != (set(item.alts["offer"]) == {"none"}):
        return True
    if item.has("channel") and item.get("channel") in (args.get("channels") or ("email", "sms")):
        return True
    if item.has("content") and not set(item.alts) - {"content", "dim", "metric", "object"}:
        return not heard("campaign_strict.weighty") & {t.lemma for t in item.tokens}
    if item.has("metric") and any(str(m) in said.split() for m in item.alts["metric"]):
        return True
    return item.has("value") and any(v.value.lower() in said for v in item.alts["value"])


def _meant(term: str, frames: Frames, args: dict[str, Any]) -> bool:
    """Whether the audience holds what an agreed term stands for."""
    meant = brief.term_filter(frames.shop, term)
    if meant is None or not args.get("audience"):
        return False
    needed = {str(leaf) for leaf in _leaves(meant.model_dump(mode="json", exclude_defaults=True))} - {term}
    return needed <= {str(leaf) for leaf in _leaves(args["audience"])}


def _introduces(item: Item, reading: Reading) -> bool:
    """Whether a word only introduces others ("campaign", "customers", "want")."""
    if item.tokens[0].kind in {"stop", "symbol"} or item.has("segment_word"):
        return True  # "the segment" before its name
    introducing = heard("campaign_strict.introducing")
    return all(t.lemma in introducing or t.word in introducing or t.word in reading.skip for t in item.tokens)


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for v in value.values() for leaf in _leaves(v)]
    if isinstance(value, list | tuple):
        return [leaf for v in value for leaf in _leaves(v)]
    return [value]


# -- reading again -----------------------------------------------------------------------------------------------------


def _again(frames: Frames, text: str) -> Frames:
    return type(frames)(read(text, frames.reading.vocabulary), frames.context, frames.shop, frames.bound)


def _draft(frames: Frames, left_out: Filter | None) -> Candidate | None:
    if not frames.reading.items:
        return None
    return brief.draft(frames._audience_parts(), frames.context, frames.finish, frames.shop, left_out)


def _same(one: Candidate, other: Candidate) -> bool:
    return [_plan(c.args) for c in one.calls] == [_plan(c.args) for c in other.calls]


def _plan(args: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in args.items() if k != "audience_words"}
