"""Frames: every kind of request reads the text on its own terms; the cheapest reading wins."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.llm.planner import (
    churned,
    compliance,
    customers,
    forecasting,
    groups,
    products,
    requests,
    stock,
)
from assistant.llm.planner.absent import lacking
from assistant.llm.planner.average_frames import AverageFrames
from assistant.llm.planner.briefing import briefing
from assistant.llm.planner.campaign_lists import campaign_list
from assistant.llm.planner.campaign_strict import drafted
from assistant.llm.planner.campaign_words import costs_something
from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.changes import change, with_nouns
from assistant.llm.planner.compose import query_plan
from assistant.llm.planner.contact_conditions import OF_CONTACTS, as_audience
from assistant.llm.planner.data_questions import data_question
from assistant.llm.planner.dialogue import pointing
from assistant.llm.planner.each_unit import each_unit, same_day
from assistant.llm.planner.gone import gone
from assistant.llm.planner.group_bounds import bounded
from assistant.llm.planner.heard import heard
from assistant.llm.planner.marketing import marketing
from assistant.llm.planner.means import mean_over_time
from assistant.llm.planner.nested import inner_ranking, itself_excluded, nested
from assistant.llm.planner.of_them import head_count, what_they_bought
from assistant.llm.planner.parts import Parts, gather
from assistant.llm.planner.plain_frames import PlainFrames
from assistant.llm.planner.rank import ABSENT
from assistant.llm.planner.ranking_terms import ranked_by_term, recent_time
from assistant.llm.planner.readings import ranked_of_what
from assistant.llm.planner.refusals import refused
from assistant.llm.planner.shapes import adjust
from assistant.llm.planner.studies import studies
from assistant.llm.planner.values import join
from assistant.llm.planner.wanted import wanted
from assistant.llm.planner.what_if import what_if
from assistant.llm.planner.whole_seasons import whole_seasons
from assistant.llm.planner.whole_texts import whole_texts
from assistant.plans.filters import Filter, InGroup
from assistant.plans.query import QueryPlan, Sort
from assistant.plans.requests import SegmentRule

#: answers about the shop as a whole, or by likeness, which an open word could hide in
_WHOLE_SHOP = frozenset({"brief_shop", "search_products"})


class Frames(AverageFrames, PlainFrames):
    """All readings of one text."""

    def all(self) -> list[Candidate]:
        """Every reading whose tools are bound, cheapest first."""
        found = [c for c in self._each() if c is not None and all(self.bound(k.name) for k in c.calls)]
        if lacking(self.reading, self.reading.vocabulary):
            for c in found:  # an open question that names what nobody has is not one about the shop as a whole
                c.cost += ABSENT if any(k.name in _WHOLE_SHOP for k in c.calls) else 0.0
        if self._names_a_measure() and not self.reading.does("search", "similar"):
            for c in found:  # nobody asked for products by those words
                c.cost += ABSENT if any(k.name == "search_products" for k in c.calls) else 0.0
        if costs_something(self.reading):
            for c in found:
                c.cost += ABSENT if any(k.name == "recommend_products" for k in c.calls) else 0.0
        items = self.reading.items
        counts = self.reading.has("how_many") or any("customers" in i.alts.get("metric", ()) for i in items)
        # it names every condition itself; "how many people bought something from Garden" counts people
        wish = None if counts else wanted(self.reading, self.context, self.shop)
        found += [wish] if wish is not None and self.bound("search_products") else []
        return sorted(found, key=lambda c: c.cost)

    def _names_a_measure(self) -> bool:
        """As in "revenue of the Garden Opening campaign": a measure or campaign, which no product's name holds."""
        known = self.reading.vocabulary.product_words
        return any(
            (item.has("metric", "object", "goal") or "campaign" in item.alts.get("dim", ())) and item.lemma not in known
            and not self.reading.is_skip(i) and not {"products_sold", "product_count", "average_list_price", "stock"}
            & set(map(str, item.alts.get("metric", ())))
            for i, item in enumerate(self.reading.items)
        ) and not any(item.has("cmp") for item in self.reading.items)

    def _each(self) -> Iterator[Candidate | None]:
        yield from whole_texts(self)
        yield from (
            refused(self.reading, self.context),
            compliance.refused(self.reading),
            self.refused_action(),
            what_if(self.parts()),
            self.small_talk(),
            self.open_question(),
        )
        yield briefing(gather(self.reading), self.context, self.finish)
        p = self.parts()
        defined = self._defined(p)
        self._notes(p, defined)
        yield data_question(p, self.finish, defined)
        yield self.describe()
        yield from studies(self)
        yield forecasting.forecast(self.parts(), self.context, self.finish)
        yield self.forecast_groups()
        yield requests.churn(self.parts(), self.context, self.finish)
        p = self._audience_parts()
        yield requests.recommend(p, self.context, self.finish, self._defined(p, aside=("customer", "product")))
        yield requests.search(self.parts(), self.context, self.finish, self.shop)
        yield stock.stock(self.parts(), self.finish, self.shop)
        yield products.phrase(self.parts(), self.context, self.finish)
        yield products.basket(self.parts(), self.context, self.finish, self.shop)
        yield products.why_not(self.parts(), self.context, self.finish, self.shop)
        yield requests.together(self.parts(), self.context, self.finish, self.shop)
        yield requests.segments(self.parts(), self.context, self.finish)
        yield churned.churned(self.parts(), self.finish, self.shop)
        yield customers.segments(self.parts(), self.context, self.finish)
        p = self.parts()
        yield customers.value(p, self.context, self.finish, self._defined(p))
        p = self.parts()
        yield customers.buyers(p, self.context, self.finish, self.shop, self._defined(p))
        yield requests.customer(self.parts(), self.context, self.finish)
        yield drafted(self)
        yield self.show_draft()
        yield campaign_list(self.parts(), self.finish)
        yield self.change()
        yield self.audience()
        yield self.query()
        p = self.parts()
        left = gone(p)
        yield self.finish(p, [call(left)], "query") if left is not None else None
        yield nested(self)
        yield bounded(self)
        yield each_unit(self)
        yield same_day(self)

    # -- frames --------------------------------------------------------------------------------------------------

    def query(self) -> Candidate | None:
        p = self._audience_parts()
        defined = self._defined(p)
        if self._ranked_customers(p, defined):
            defined = []
        p.conditions.customers = [*defined, *p.conditions.customers]
        p.conditions.joins = ["and"] * len(defined) + p.conditions.joins
        definitions = self.shop.definitions()
        ranked_by_term(p, definitions)
        recent_time(p, self.shop, definitions)
        self._notes(p, defined)
        self._pronoun_filter(p)
        head_count(p)
        itself_excluded(p)
        adjust(p)
        marketing(p)
        over_rows = self._over_rows(p)
        if self.reading.has("average") and over_rows is None and not self._average(p):
            return self._ask_average(p)
        plan = query_plan(p)
        if plan is None:
            return None
        plan = whole_seasons(self._listing(p, plan), self.reading.vocabulary.status.as_of)
        if over_rows is not None and (plan.limit is not None or plan.dimensions):
            plan = plan.model_copy(update={"summary": over_rows})
        ranked = self._ranked_of_what(p, plan)
        if ranked is not None:
            return ranked
        rule = as_audience(plan)
        if rule is not None:
            return self.finish(p, [call(rule)], "audience", p.implied)
        calls = [call(plan)]
        if self._two_directions() == "joined" and plan.sort is not None and plan.limit:
            turned = plan.sort.model_copy(update={"descending": not plan.sort.descending})
            calls.append(call(plan.model_copy(update={"sort": turned})))
        ahead = p.future is not None or forecasting.speaks_of_future(p)
        extra = p.implied + (1.0 if ahead else 0.0) + (1.0 if len(p.periods) > 2 else 0.0)
        inner = inner_ranking(self.reading)
        if inner is not None and inner.single and len(plan.dimensions) > 1:
            extra += 0.5  # one ranking over pairs is not a ranking inside what another one finds
        return self.finish(p, calls, "query", extra)

    def _over_rows(self, p: Parts) -> str | None:
        """As in "average revenue of the five best countries": a mean over the rows of a ranking, not a measure."""
        hits = self.reading.having("average")
        ranked = p.limit is not None and p.limit > 1 and p.groups and not p.reading.has_each(-1)
        if hits and mean_over_time(p):
            return "mean"
        if not hits or not ranked or any(self.reading.items[i - 1].has("group") for i in hits if i):
            return None
        p.used.update(hits)
        return "mean"

    def _ranked_of_what(self, p: Parts, plan: QueryPlan) -> Candidate | None:
        """As in "which have the highest margins?": a question back, where a ranking names nothing to rank."""
        r = self.reading
        asks = r.items[0].has("which") and not r.items[0].has("metric") and p.descending is not None
        if not asks or plan.dimensions or p.counted or not self.bound("ask_back"):
            return None
        bare = plan if p.descending else plan.model_copy(update={"sort": Sort(by=plan.metrics[0], descending=False)})
        asked = ranked_of_what(bare, r)
        if asked is None:
            return None
        base = self.finish(p, [], "query")
        return Candidate([asked], base.cost + p.implied, "ask", base.unexplained, base.absent)

    def _ranked_customers(self, p: Parts, defined: list[Filter]) -> bool:
        """As in "best customers" is a ranking where a number stands with it; any other term stays a condition."""
        if not defined or p.descending is None or p.limit is None:
            return False
        terms = [self.reading.items[i] for i in self.reading.having("definition") if i in p.used]
        return all(t.tokens[0].lemma in heard("intents.best") and len(t.tokens) > 1 for t in terms)

    def _pronoun_filter(self, p: Parts) -> None:
        """As in "which of these customers …": the customers of the conversation."""
        if self.context.last() is None and not (p.limit and p.groups) and self._speaks_of_nobody():
            p.implied += 1.0
        if not self.reading.has("customers_pronoun") or self.context.last() is None:
            return
        many = [i for i in self.reading.having("customers_pronoun") if len(self.reading.items[i].tokens) > 1]
        hits = many or (self.reading.having("customers_pronoun") if pointing(self.reading) else [])
        found = self.context.audience() if hits else None
        whom = found[0] if found is not None else self.context.buyers() if many else None
        if whom is not None:
            p.used.update(hits)
            p.referred = True
            p.conditions.customers.insert(0, whom)
            p.conditions.joins.insert(0, "and")
            counted = p.counted or self.reading.has("how_many", "count")
            if many and not p.groups and not counted and not p.metrics:
                p.groups = ["customer"]
            what_they_bought(p)

    def _speaks_of_nobody(self) -> bool:
        """As in "which of these customers …", "add when their last order was", at the start of a conversation."""
        items = self.reading.items
        these = any(i.has("customers_pronoun") and len(i.tokens) > 1 for i in items)
        whom = any(
            "customer" in i.alts.get("dim", ()) or "customers" in i.alts.get("metric", ()) or i.has("definition", "who")
            for i in items
        )
        theirs = any(i.lemma in heard("intents.their") for i in items)
        return these or (theirs and not whom)

    def _listing(self, p: Parts, plan: QueryPlan) -> QueryPlan:
        """A list of customers shows what its conditions speak of, biggest spenders first."""
        if plan.dimensions != ("customer",) or not p.conditions.customers:
            return plan
        shown = list(plan.metrics)
        for condition in p.conditions.customers:
            name = getattr(condition, "metric", None)
            if (
                name
                and name not in shown
                and name in self.reading.vocabulary.metrics
                and name not in {*OF_CONTACTS, "new_customers"}
                and not getattr(condition, "period", None)
            ):
                shown.append(name)
        sort = plan.sort or Sort(by=shown[0])
        return plan.model_copy(update={"metrics": tuple(shown), "sort": sort})

    def audience(self) -> Candidate | None:
        """How many customers meet conditions; or a segment made of them."""
        p = self._audience_parts()
        creating = self.reading.does("create", "search")
        segment = self.reading.does("segments") + [
            i
            for i, item in enumerate(self.reading.items)
            if item.lemma in heard("intents.audience")
        ]
        about = any("customer" in item.alts.get("dim", ()) for item in self.reading.items) or self.reading.has(
            "customers_pronoun"
        )
        defined = self._defined(p)
        self._notes(p, defined)
        about = about or bool(defined) or any(isinstance(c, InGroup) for c in p.conditions.customers)
        rows = list(p.rows)
        conditions = [*defined, *p.conditions.customers]
        if not conditions and not (segment and rows and creating):
            return None
        if not segment and any(getattr(r, "field", "") == "gender" for r in rows):
            return None  # a figure by a sensitive trait, and no audience
        if not (p.counted and (about or segment)) and not (
            segment and (creating or self.reading.does("segments") or p.counted)
        ):
            return None
        if p.metrics and p.metrics != ["customers"] or (p.periods and not p.conditions.customers):
            return None
        if [g for g in p.groups if g not in {"customer", "segment"}]:
            return None
        _take_create(p)
        p.used.update(segment)
        p.used.update(i for i in self.reading.having("which", "count", "dim", "object"))
        both = join([*rows, *([join(conditions, ["and"] * len(defined) + p.conditions.joins)] if conditions else [])])  # type: ignore[list-item]
        if both is None:
            return None
        return self.finish(p, [call(SegmentRule(filter=both))], "audience", 0.0)

    def change(self) -> Candidate | None:
        p = gather(with_nouns(self.reading))
        groups.attach(p, self.context)
        found = change(p)
        return None if found is None else self.finish(p, [call(found[0])], "change", found[1])


def _take_create(p: Parts) -> None:
    requests.take_verbs(p, "create", "search", "segments", "send")
