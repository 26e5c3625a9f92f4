"""Conditions on messages and contacts in words: "haven't opened an email in 90 days", "without a phone number".

Read from the tokens with a lexicon of its own (``contacts.yaml``), before the grammar of orders sees the text; what is
read here is marked as explained. What a customer *did* with messages needs a customer as its subject: "emails opened
last month" stays a measure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from assistant.llm.planner.heard import heard
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.lexicon import Lexicon, PhraseTree
from assistant.llm.planner.spans import Reading
from assistant.plans.filters import And, Compare, CustomerCondition, Filter, Or
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan
from assistant.plans.requests import SegmentRule

if TYPE_CHECKING:
    from assistant.llm.planner.parts import Parts

#: tokens between a verb and the message it names, and between a denial and what it denies
_NEAR, _BEFORE = 5, 6


@dataclass
class ContactConditions:
    """What was found.

    Attributes:
        customers: conditions on customers, in order; ``joins`` the word before each, ``places`` where each begins.
        used: items explained.
        states: measures of contacts that a condition stands for, with the channel ("" for any).
    """

    customers: list[Filter] = field(default_factory=list)
    joins: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    states: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class _Words:
    """The lexicon as phrase trees: (kind, value) under each phrase."""

    tree: PhraseTree
    needs_message: frozenset[tuple[str, ...]]
    people: frozenset[str]
    negations: frozenset[str]
    breaks: frozenset[str]
    fillers: frozenset[str]
    channels: dict[str, str]


@lru_cache(maxsize=4)
def _words(lex: Lexicon) -> _Words:
    raw = read_yaml(lex.language, "contacts")
    tree = PhraseTree()
    for kind in ("deeds", "messages", "details", "traits", "states"):
        for value, phrases in raw[kind].items():
            for phrase in phrases:
                tree.add(lex.lemmas(phrase), (kind, value))
    for kind in ("absent", "absent_after", "present", "on_file", "shown"):
        for phrase in raw[kind]:
            tree.add(lex.lemmas(phrase), (kind, True))
    channels = {w: channel for channel, words in raw["channel_in"].items() for p in words for w in lex.lemmas(p)}
    return _Words(
        tree,
        frozenset(lex.lemmas(p) for p in raw["needs_message"]),
        frozenset(w for p in raw["people"] for w in lex.lemmas(p)),
        frozenset(raw["negations"]),
        frozenset(raw["breaks"]),
        frozenset(raw["fillers"]),
        channels,
    )


def contact_conditions(reading: Reading) -> ContactConditions:
    """All conditions on messages and contacts of a text; read once."""
    if "contacts" not in reading.memo:
        reading.memo["contacts"] = _Reader(reading).read()
    found: ContactConditions = reading.memo["contacts"]
    return found


class _Reader:
    """One text, left to right."""

    def __init__(self, reading: Reading) -> None:
        self.r, self.words = reading, _words(reading.vocabulary.lexicon)
        self.lemmas = [t.lemma if t.kind != "stop" else "\x00" for t in reading.tokens]
        self.found = ContactConditions()
        self.taken: set[int] = set()

    def read(self) -> ContactConditions:
        drafting = self.r.does("create") and self.r.has("object") and not self.r.does("segments")
        k = self._audience() if drafting else 0
        while k < len(self.lemmas):
            end = self._state(k) or self._detail(k) or self._deed(k) or self._answer(k) or k
            k = max(end, k + 1)
        for i, item in enumerate(self.r.items):
            if self.taken & set(range(item.start, item.end)):
                self.found.used.add(i)
        return self.found

    def _audience(self) -> int:
        """Where an order to write something begins to say for whom ("an email to customers who never opened one")."""
        for k in range(1, len(self.lemmas)):
            if self.lemmas[k] in heard("contact_conditions.who") and self.lemmas[k - 1] in self.words.people:
                return k
        return len(self.lemmas)

    # -- matching ------------------------------------------------------------------------------------------------

    def _longest(self, k: int, kind: str) -> tuple[int, str] | None:
        """End and value of the longest phrase of a kind that begins at a token."""
        best: tuple[int, str] | None = None
        for end, entries in self.words.tree.matches(self.lemmas, k):
            for found, value in entries:
                if found == kind:
                    best = (end, str(value))
        return best

    def _next(self, k: int, kind: str, over: int = _NEAR) -> tuple[int, int, str] | None:
        """The first phrase of a kind within a few tokens of one clause: start, end, value."""
        for at in range(k, min(k + over, len(self.lemmas))):
            found = self._longest(at, kind)
            if found is not None and at not in self.taken:
                return at, *found
            if self.lemmas[at] in self.words.breaks or self.lemmas[at] == "\x00":
                return None
        return None

    def _negated(self, k: int) -> int | None:
        """Place of the denial that governs the word at ``k``."""
        for at in range(k - 1, max(-1, k - 1 - _BEFORE), -1):
            lemma = self.lemmas[at]
            if lemma in self.words.negations:
                return at
            if lemma in self.words.breaks or lemma == "\x00" or lemma in heard("customer") or at in self.taken:
                return None
        return None

    def _of_people(self, k: int) -> bool:
        """Whether a customer, and not a message, is what the verb at ``k`` speaks of."""
        for at in range(k - 1, -1, -1):
            if self.lemmas[at] in self.words.people:
                return True
            if self._longest(at, "messages") and at not in self.taken:
                return False
        return False

    def _keep(
        self, metric: str, channel: str, none: bool, tokens: range, period: Period | None = None,
        campaign: Compare | None = None,
    ) -> int:
        by = Compare(field="message_channel", op="eq", values=(channel,)) if channel else None
        said = tuple(c for c in (by, campaign) if c is not None)
        where = And(parts=said) if len(said) > 1 else said[0] if said else None
        condition = CustomerCondition(
            metric=metric, op="eq" if none else "ge", values=(0 if none else 1,), where=where, period=period
        )
        return self._add(condition, tokens)

    def _add(self, condition: Filter, tokens: range) -> int:
        before = [self.lemmas[at] for at in range(max(0, tokens.start - 5), tokens.start) if at not in self.taken]
        if not self.found.customers:  # of a condition of another kind: only a word right before it joins the two
            before = before[-2:] if before and before[-1] in heard("filters.verb_before") else before[-1:]
        self.found.joins.append("or" if not heard("or").isdisjoint(before) else "and")
        self.found.customers.append(condition)
        self.found.places.append(tokens.start)
        self.taken |= set(tokens)
        return tokens.stop

    # -- what was done with messages -----------------------------------------------------------------------------

    def _deed(self, k: int) -> int | None:
        """As in "haven't opened an email in 90 days", "who received the newsletter"."""
        verb = self._longest(k, "deeds")
        if verb is None or not self._of_people(k):
            return None
        end, deed = verb
        also, end = self._more_deeds(end)
        message = self._next(end, "messages")
        if message is None and tuple(self.lemmas[k:end]) in self.words.needs_message:
            return self._of_the_same(k, end, deed)
        between = range(end, message[0]) if message else range(0)
        inside = next((at for at in between if self.lemmas[at] in self.words.negations), None)  # "got no message"
        denial = self._negated(k) if inside is None else k
        stop = message[1] if message else end
        said = [self.words.channels[w] for w in self.lemmas[k:end] if w in self.words.channels]
        channel = (message[2] if message else said[0] if said else "any").replace("any", "")
        bound = self._how_many(between)
        named, stop = self._campaign(k, stop)
        period, stop = self._period(stop)
        tokens = range(k if denial is None else denial, stop)
        after = self._keep(deed, channel, denial is not None, tokens, period, named)
        if bound is not None and denial is None:  # "received more than 5 emails"
            told = {"op": bound[0], "values": bound[1]}
            self.found.customers[-1] = self.found.customers[-1].model_copy(update=told)
        for either, other in also:  # "not opened or clicked" denies both
            self._keep(other, channel, denial is not None, range(stop, stop), period, named)
            self.found.joins[-1] = "or" if either and denial is None else "and"
        return after

    def _answer(self, k: int) -> int | None:
        """As in "opened the spring campaign but did not buy": whether an order answered that message."""
        last = self.found.customers[-1] if self.found.customers else None
        if self.lemmas[k] not in heard("contact_conditions.buying") or not isinstance(last, CustomerCondition):
            return None
        narrowed = last.period is not None or "campaign" in str(last.where)
        alone = k + 1 == len(self.lemmas) or self.lemmas[k + 1] in {"\x00", *heard("contact_conditions.after_buying")}
        if last.metric not in OF_CONTACTS or not narrowed or not alone or self._negated(k) is None:
            return None
        return self._of_the_same(k, k + 1, "answered")

    def _how_many(self, between: range) -> tuple[str, tuple[float, ...]] | None:
        """As in "more than 5" before a message: how it is compared, and with what."""
        inside = [item for item in self.r.items if item.start in between]
        number = next((item for item in inside if item.number is not None), None)
        if number is None:
            return None
        said = next((str(item.get("cmp")) for item in inside if item.has("cmp")), "eq")
        if said == "eq" and number.number == 1 and not number.text.isdigit():
            return None  # "one of our e-mails" is any of them
        later = next((str(item.get("cmp_after")) for item in inside if item.has("cmp_after")), said)
        return later, (float(number.number or 0),)

    def _of_the_same(self, k: int, end: int, deed: str) -> int | None:
        """As in "received a message in the last 7 days but didn't click": the message and time of the deed before."""
        last = self.found.customers[-1] if self.found.customers else None
        if not isinstance(last, CustomerCondition) or last.metric not in OF_CONTACTS:
            return None
        denial = self._negated(k)
        period, stop = self._period(end)
        condition = last.model_copy(update={
            "metric": deed, "op": "ge" if denial is None else "eq", "values": (1.0 if denial is None else 0.0,),
            "period": period or last.period,
        })
        return self._add(condition, range(k if denial is None else denial, stop))

    def _more_deeds(self, end: int) -> tuple[list[tuple[bool, str]], int]:
        """As in "opened or clicked": further deeds with the same message, each with whether "or" stands before it."""
        more: list[tuple[bool, str]] = []
        while end + 1 < len(self.lemmas) and self.lemmas[end] in heard("contact_conditions.further"):
            other = self._longest(end + 1, "deeds")
            if other is None:
                break
            more.append((self.lemmas[end] not in heard("and"), other[1]))
            end = other[0]
        return more, end

    def _campaign(self, k: int, stop: int) -> tuple[Compare | None, int]:
        """The campaign named between the verb and the message, or right after it."""
        for item in self.r.items:
            names = [v.value for v in item.alts.get("value", ()) if v.dimension == "campaign"]
            if names and k < item.start <= stop + 2:
                end = max(stop, item.end)
                after = self._longest(end, "messages") if end < len(self.lemmas) else None
                return Compare(field="campaign", values=(names[0],)), after[0] if after else end
        return None, stop

    def _period(self, k: int) -> tuple[Period | None, int]:
        """A period or length of time right after the words, and where it ends."""
        for item in self.r.items:
            if item.start < k or item.start > k + 3:
                continue
            if any(self.lemmas[at] in self.words.breaks for at in range(k, item.start)):
                return None, k
            if item.has("duration"):
                length = item.get("duration")
                period = length.rolling()
                return period, item.end
            if item.has("period") and item.get("period").period is not None:
                found = item.get("period").period
                return (None if found.kind == "all" else found), item.end
        return None, k

    # -- states and details --------------------------------------------------------------------------------------

    def _state(self, k: int) -> int | None:
        """As in "opted in to email", "may we e-mail", "suppressed"."""
        state = self._longest(k, "states")
        if state is None:
            return None
        end, name = state
        said = [self.words.channels[w] for w in self.lemmas[k:end] if w in self.words.channels]
        near = self._next(end, "messages", 4) or self._next(end, "details", 4)
        if near is None and not said and k:
            before = self._longest(k - 1, "messages")
            near = (k - 1, k, before[1]) if before and before[0] == k else None
        start = min(k, near[0]) if near else k
        stop = max(end, near[1]) if near else end
        while (more := self._next(stop, "messages", 1)) is not None:  # "consent for sms marketing"
            stop = more[1]
        if (
            name == "consenting_customers"
            and " ".join(self.lemmas[k:end]) in heard("contact_conditions.bare")
            and near is None
        ):
            return None  # a bare word, not yet a condition
        if near is None and not said and not any(lemma in self.words.people for lemma in self.lemmas):
            return None  # "can we reach 2 million"
        channel = (near[2] if near else said[0] if said else "any").replace("any", "")
        asked = self.lemmas[k] in heard("contact_conditions.asking")  # "bought tea but not coffee can I e-mail"
        denial = None if asked else self._negated(k)
        none = (denial is not None) != name.startswith("not ")
        metric = name.removeprefix("not ")
        if not none:
            self.found.states.append((metric, channel))
        end = self._keep(metric, channel, none, range(start if denial is None else min(denial, start), stop))
        while end + 1 < len(self.lemmas) and self.lemmas[end] in heard("and_or"):  # "to both email and sms"
            other = self._longest(end + 1, "messages")
            if other is None or not channel:
                break
            either = self.lemmas[end] in heard("or") and not none  # "by sms or push": one of the two is enough
            end = self._keep(metric, other[1].replace("any", ""), none, range(end, other[0]))
            if either:
                second, first = self.found.customers.pop(), self.found.customers.pop()
                self.found.joins.pop()
                self.found.places.pop()
                self.found.customers.append(Or(parts=(first, second)))
        return end

    def _detail(self, k: int) -> int | None:
        """As in "without a phone number", "no email on file", "whose birthday is unknown"."""
        for kind in ("details", "traits"):
            noun = self._longest(k, kind)
            if noun is None:
                continue
            end, what = noun
            lead = self._lead(k)
            after = self._next(end, "absent_after", 4)
            if lead is None and after is None:
                continue
            start, none = (lead if lead is not None else (k, True))
            if after is not None:
                end, none = after[1], True
            kept = self._next(end, "on_file", 2)
            if not none and kind == "traits" and kept is None:
                continue  # "customers with city and country" asks to see them
            if not none and not self._of_people(start):
                continue
            end = kept[1] if kept else end
            if kind == "details":
                return self._keep("contactable_customers", what.replace("any", ""), none, range(start, end))
            return self._add(Compare(field=what, op="is_null" if none else "not_null"), range(start, end))
        return None

    def _lead(self, k: int) -> tuple[int, bool] | None:
        """The word that says a detail is absent or present: its place, and whether it denies."""
        for at in range(k - 1, max(-1, k - 6), -1):
            whole = self._longest(at, "absent")
            if whole is not None and whole[0] == k and at not in self.taken:
                return at, True  # "did not tell us their birthday"
        for at in range(k - 1, max(-1, k - 5), -1):
            if self.lemmas[at] in self.words.breaks or self.lemmas[at] == "\x00" or at in self.taken:
                return None
            if self.lemmas[at] in heard("contact_conditions.their"):
                return None  # "with their e-mail address" asks to see it
            absent, present = self._longest(at, "absent"), self._longest(at, "present")
            reach = max((found[0] for found in (absent, present) if found), default=at + 1)
            near = all(lemma in self.words.fillers for lemma in self.lemmas[reach:k])
            if absent is not None and absent[0] <= k and near:
                denial = self._negated(at)
                return (at if denial is None else denial), True
            if present is not None and present[0] <= k and near:
                denial = self._negated(at)
                return (at, False) if denial is None else (denial, True)
        return None


#: measures of messages and contacts, which customers without an order have too
OF_CONTACTS = frozenset(
    {
        "sent", "delivered", "opened", "clicked", "unsubscribed", "answered", "contactable_customers",
        "consenting_customers", "mailable_customers", "suppressed_customers",
    }
)


def as_audience(plan: QueryPlan) -> SegmentRule | None:
    """A bare count of customers by contacts, messages or orders never placed: of all known customers, not of buyers."""
    bare = plan.metrics == ("customers",) and not plan.dimensions and not plan.having and plan.period is None
    if not bare or plan.filter is None or (plan.compare is not None and plan.compare.kind != "total"):
        return None
    parts = plan.filter.parts if isinstance(plan.filter, And) else (plan.filter,)
    return SegmentRule(filter=plan.filter) if any(_of_everyone(part) for part in parts) else None


def _of_everyone(condition: Filter) -> bool:
    if isinstance(condition, Compare):
        return condition.op == "is_null" or condition.field == "registered"
    if not isinstance(condition, CustomerCondition):
        return False
    never = condition.metric == "orders" and condition.op == "eq" and condition.values == (0,)
    return condition.metric in OF_CONTACTS or (never and condition.where is None and condition.period is None)


def measured_contacts(p: Parts, contacts: ContactConditions) -> None:
    """As in "mailable customers by country": split by something, a state of contacts is a measure."""
    groups = [g for g in p.groups if g != "customer"]
    if not contacts.customers:
        return
    if p.reading.has("share"):
        p.counted = True
        p.used.update(p.reading.having("share"))
    single = len(contacts.states) == len(contacts.customers) == len(p.conditions.customers) == 1
    if not groups or not single or [m for m in p.metrics if m not in {"customers", "sent"}]:
        return
    name, channel = contacts.states[0]
    if name not in p.reading.vocabulary.metrics:
        return
    p.metrics, p.groups = [name], groups
    p.conditions.customers, p.conditions.joins = [], []
    if channel and "message_channel" not in groups:
        p.rows.append(Compare(field="message_channel", op="eq", values=(channel,)))
