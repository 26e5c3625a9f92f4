""""average" before a measure: a measure that is one, a mean over customers or orders, or a question back."""

from __future__ import annotations

from assistant.llm.planner.candidate import Candidate, ToolCall, call
from assistant.llm.planner.compose import query_plan
from assistant.llm.planner.coverage import gaps
from assistant.llm.planner.frame_base import FrameBase
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.replies import ask, decline
from assistant.llm.planner.units import GRAINS


def _rest_of(p: Parts) -> str:
    """Groups and period of the question in its own words, for the options of a question back."""
    words: list[str] = []
    groups = [g for g in p.groups if g not in GRAINS]
    if groups:
        terms = p.reading.vocabulary.dimensions
        words.append("by " + " and ".join(terms[g].label for g in groups if g in terms))
    for found in p.periods[:1]:
        words.append(" ".join(t.text for t in p.reading.tokens[found.start : found.end]))
    return (" " + " ".join(words)) if words else ""


class AverageFrames(FrameBase):
    """Readings of "average"."""

    def _average(self, p: Parts) -> bool:
        """Whether "average" belongs to a measure that is an average already, or to none."""
        p.used.update(self.reading.having("average"))
        averages = [
            m
            for m in p.metrics
            if m not in {"revenue", "orders", "units", "net_revenue", "gross_revenue", "customers", "gross_margin"}
        ]
        if averages:
            return True
        per = next((g for g in p.groups if g in {"order", "customer"}), None)
        if per is None:
            after = [i + 1 for i in self.reading.having("average") if i + 1 < len(self.reading.items)]
            dims = {d for i in after for d in self.reading.items[i].alts.get("dim", ())}
            per = next((d for d in ("customer", "order") if d in dims and d + "s" not in p.metrics), None)
            per = per or ("customer" if self._one_spends() else None)
            p.metrics = [m for m in p.metrics if m != "customers"] if per == "customer" else p.metrics
        names = {
            ("order", "revenue"): "average_order_value",
            ("customer", "revenue"): "revenue_per_customer",
            ("customer", "orders"): "orders_per_customer",
            ("order", "units"): "basket_size",
            ("orders", "units"): "basket_size",
        }
        for metric in p.metrics or ["revenue"]:
            name = names.get((per or "", metric))
            role = self.reading.vocabulary.role(name) if name else None
            if role and per:
                p.metrics, p.groups = [role], [g for g in p.groups if g != per]
                return True
        return False

    def _one_spends(self) -> bool:
        """As in "how much does a customer spend on average"."""
        items = self.reading.items
        one = any(
            "customer" in items[i].alts.get("dim", ())
            and items[i - 1].lemma in heard("intents.before_unit")
            and items[i].tokens[-1].word == items[i].tokens[-1].lemma
            for i in range(1, len(items))
        )
        return one and any(items[i].get("act") in {"spend", "pay", "buy"} for i in self.reading.having("act"))

    def _ask_average(self, p: Parts) -> Candidate | None:
        plan = query_plan(p)
        if plan is None or not self.bound("ask_back"):
            return None
        base = self.finish(p, [], "query")
        each = self._mean_of_each(p)
        if each is not None:
            return Candidate([each], base.cost, "decline", base.unexplained, base.absent)
        means = {self.reading.items[i].text for i in self.reading.having("average")}
        lost = [word for word in gaps(self.reading, [call(plan)]) if word not in means]
        asked = ask(self.lex, "average", rest=_rest_of(p))
        whole = self._in_its_words(p)
        if whole:
            asked = ToolCall("ask_back", {**asked.args, "options": whole})
        elif p.rows or p.conditions.customers or p.conditions.measures or p.limit:
            return None  # an option would drop a condition of the question
        return Candidate([asked], base.cost + 0.05 + len(lost), "ask", base.unexplained + lost, base.absent)

    def _mean_of_each(self, p: Parts) -> ToolCall | None:
        """As in "average monthly revenue by category": a mean over months for each group, which is not computed."""
        terms, known = self.reading.vocabulary.dimensions, self.reading.vocabulary.metrics
        grain = next((g for g in p.groups if g in GRAINS and g in terms), None)
        group = next((g for g in p.groups if g not in GRAINS and g in terms), None)
        if grain is None or group is None or p.limit or not p.metrics or p.metrics[0] not in known:
            return None
        names = {"metric": known[p.metrics[0]].label, "grain": terms[grain].label, "group": terms[group].label}
        nearest = [q.format(**names) for q in self.lex.wording["shown_instead"]["mean_of_each"]]
        return decline(self.lex, "not_understood", "mean_of_each", nearest=nearest, **names)

    def _in_its_words(self, p: Parts) -> list[str]:
        """The question with "average …" replaced by each thing that it may mean; empty where it does not stand so."""
        r = self.reading
        first = r.having("average")[0]
        last = next((k for k in range(first, min(first + 4, len(r.items))) if r.items[k].has("metric")), None)
        if last is None:
            return []
        before = " ".join(i.text for i in r.items[:first])
        after = " ".join(i.text for i in r.items[last + 1 :])
        meanings = [m.format(rest="") for m in self.lex.wording["options"]["average"]]
        if any(g == "order" for g in p.groups):
            return []
        return [" ".join(f"{before} {m[:1].lower()}{m[1:]} {after}".split()) for m in meanings]
