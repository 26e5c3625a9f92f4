"""Requests that no data are asked for: what the data hold, the draft at hand, greetings, what is not done here."""

from __future__ import annotations

from assistant.llm.planner.candidate import Candidate, ToolCall
from assistant.llm.planner.frame_base import FrameBase
from assistant.llm.planner.heard import heard
from assistant.llm.planner.nested import inner_ranking
from assistant.llm.planner.replies import ask, candidate, decline
from assistant.llm.planner.units import GRAINS


class PlainFrames(FrameBase):
    """Readings that need no plan of their own."""

    def describe(self) -> Candidate | None:
        hits = self.reading.does("describe")
        if not hits:
            return None
        p = self.parts()
        if p.metrics and not any(
            len(self.reading.items[i].tokens) > 1 or self.reading.items[i].lemma in heard("intents.column")
            for i in hits
        ):
            return None
        strong = any(
            self.reading.items[i].lemma in heard("intents.which_column")
            for i in hits
        )
        p.used.update(range(len(self.reading.items)) if strong else hits)
        p.used.update(self.reading.having("dim", "object", "group", "which", "act", "definition"))
        return self.finish(p, [ToolCall("describe_data", {})], "describe", 0.05)

    def show_draft(self) -> Candidate | None:
        hits = self.reading.does("show_draft")
        if not hits:
            return None
        p = self.parts()
        p.used.update(hits)
        p.used.update(self.reading.having("which", "object", "dim", "pronoun", "chart"))
        return self.finish(p, [ToolCall("show_campaign", {})], "show_draft", 0.0)

    def refused_action(self) -> Candidate | None:
        """Sending, approving and changing data: not here, whoever asks."""
        r = self.reading
        first = next((i for i in range(len(r.items)) if not r.is_skip(i) or r.items[i].has("do")), None)
        approve = r.does("approve")
        change = [i for i in r.does("change_data") if i == first or (first is not None and i <= first + 1)]
        if approve and not r.has("goal", "offer") and (len(approve) and approve[0] <= 3 or len(r.items) <= 6):
            return candidate(decline(self.lex, "not_permitted", "not_sent", examples="campaign"), 0.02, "refused")
        sends = r.does("send")
        if (
            sends
            and sends[0] == first
            and not r.has("goal", "offer")
            and not r.does("create")
            and not self._new_content()
        ):
            return candidate(decline(self.lex, "not_permitted", "not_sent", examples="campaign"), 0.05, "refused")
        phrase = any(len(r.items[i].tokens) > 1 for i in change)  # "set the price" says what of
        if change and not r.has("chart") and (phrase or r.has("dim", "value", "metric", "object", "absent")):
            last = self.context.last()
            if last is not None and len(r.items) <= 5 and not r.has("dim"):
                return None
            return candidate(decline(self.lex, "not_permitted", "read_only", examples="read_only"), 0.04, "refused")
        return None

    def _new_content(self) -> bool:
        return bool(self.reading.having("object")) and bool(self.reading.having("definition", "value", "act"))

    def forecast_groups(self) -> Candidate | None:
        """A forecast split by what is no series of its own (customers, orders) is not made."""
        p = self.parts()
        groups = [g for g in p.groups if g not in GRAINS]
        if not (self.reading.does("forecast") or p.future) or not groups or self.reading.does("explain", "churn"):
            return None
        if self.reading.has("stock_out", "worth"):
            return None
        label = p.reading.vocabulary.dimensions[groups[0]].label
        said = decline(self.lex, "not_understood", "forecast_groups", examples="what_if", what=label)
        return candidate(said, 0.45, "decline")

    def small_talk(self) -> Candidate | None:
        r = self.reading
        content = [i for i in range(len(r.items)) if not r.is_skip(i)]
        if (
            r.does("greet")
            and all("greet" in r.items[i].alts.get("do", ()) for i in content)
            and r.does("greet")[0] == 0
        ):
            return candidate(ask(self.lex, "greeting", self.lex.wording["lists"]["greeting"]), 0.06, "small_talk")
        if r.does("thanks") and all("thanks" in r.items[i].alts.get("do", ()) for i in content):
            return candidate(ask(self.lex, "thanks", self.lex.wording["lists"]["greeting"]), -0.05, "small_talk")
        return None

    def _two_directions(self) -> str:
        """Whether best and worst are both asked for: "joined" by "and", or "tangled" ("top 5 worst best")."""
        items = self.reading.items
        ranked = [(i, item.get("rank")) for i, item in enumerate(items) if item.has("rank")]
        for (a, first), (b, second) in zip(ranked, ranked[1:], strict=False):
            if first != second:
                joined = any(
                    items[k].lemma in heard("intents.side_by_side") or items[k].text == "," for k in range(a + 1, b)
                )
                return "joined" if joined else "tangled"
        return ""

    def open_question(self) -> Candidate | None:
        """Requests that need one decision of the person first."""
        r = self.reading
        p = self.parts()
        first = [t.lemma for t in r.tokens[:3]]
        advising = first[:1] == ["how"] and first[1:2] and first[1] in {"can", "do", "should", "could", "to", "would"}
        should = first[:1] == ["should"] and not r.does("recommend")
        if should or (advising and r.has("improve")):
            sure = should or first[2:3] in (["i"], ["we"])
            return candidate(decline(self.lex, "not_understood", "advice"), -0.02 if sure else 0.1, "advice")
        if self._two_directions() == "tangled" and inner_ranking(r) is None:
            return candidate(decline(self.lex, "not_understood", "contradiction"), -0.1, "decline")
        bare = (
            r.does("create")
            and r.having("object")
            and not r.has("goal", "offer", "definition", "customers_pronoun", "value", "period", "act")
        )
        content = [i for i in range(len(r.items)) if not r.is_skip(i) and not r.items[i].has("object", "do", "dim")]
        counting = p.counted or r.has("how_many")
        if bare and not counting and not content and not p.conditions.customers and not r.does("churn"):
            return candidate(ask(self.lex, "campaign"), 0.0, "ask")
        return None
