"""The part of the workspace that chooses offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from assistant.errors import InvalidPlan, MissingData, NoRows
from assistant.plans.offers import ExploreRequest, OfferCandidate, OfferRequest
from assistant.results import Result
from assistant.workspace.part import Part

if TYPE_CHECKING:
    from assistant.campaigns.draft import Rooms
    from assistant.campaigns.offers.afterwards import Afterwards
    from assistant.campaigns.offers.exploration import ExplorationLog, Tested
    from assistant.campaigns.offers.terms import ShopTerms
    from assistant.models.uplift.fitted import ShopUplift
    from assistant.plans import CampaignBrief

#: Offers never tested, for which the lift they need is told beside a choice.
_OTHERS = (OfferCandidate(kind="none"), OfferCandidate(kind="free_delivery"), OfferCandidate(kind="early_access"))
#: Discounts that are looked at where none is named.
_USUAL = (10.0, 15.0, 20.0)


class Offering(Part):
    """Methods of :class:`~assistant.workspace.Workspace`, which gives the rest."""

    uplift_model: Callable[..., ShopUplift]
    _campaign_rooms: Callable[[], Rooms]

    def choose_offers(self, request: OfferRequest) -> Result:
        """Which offer each customer should get, what offers must achieve, or what choosing would have brought.

        Where no past campaign can be read as an experiment, the answer is the lift that offers need.
        """
        from assistant.query.audience import refuse_traits

        request, cited = self._put_in(request)
        refuse_traits(self.snapshot, request.filter)
        model, why = self._taught()
        if model is None or request.about in {"compare", "break_even"}:
            return self._citing(self._needs(request, model, why), cited)
        return self._citing(self._choice(request, model), cited)

    def with_best_offer(self, brief: CampaignBrief) -> CampaignBrief:
        """A brief that asks for the best offer, and names none, with the one that pays best for those it would contact;
        with the reason instead, where none was tested or none is expected to pay."""
        from assistant.campaigns.draft import goals, make_plan
        from assistant.campaigns.offers.choose import best_for_all, choose_offers
        from assistant.plans import OfferSpec

        if not brief.best_offer or brief.offer.kind != "none":
            return brief
        if brief.audience is None and not {"audience", "rhythm"} & goals()[brief.goal].keys():
            return brief  # asked first who is meant
        bare = brief.model_copy(update={"best_offer": False, "offer": OfferSpec(), "offer_chosen": None})
        model, why = self._taught()
        if model is not None:
            people = make_plan(self.snapshot, bare, self._campaign_rooms(), "c-0", recipients=0).split.contacted
            best = best_for_all(choose_offers(self.snapshot, model, people), brief.channels)
            if best is not None:
                offer = OfferSpec(kind=best.offer.kind, value=best.offer.value, category=best.offer.category)  # type: ignore[arg-type]
                return bare.model_copy(update={"offer": offer, "offer_chosen": offer})
            why = "no offer that past campaigns tested is expected to pay with these customers"
        return bare.model_copy(update={"not_included": (*brief.not_included, f"the best offer ({why})")})

    def _taught(self) -> tuple[ShopUplift | None, str]:
        """What past campaigns teach, or why they teach nothing."""
        try:
            return self.uplift_model(), ""
        except (MissingData, NoRows, InvalidPlan) as nothing:
            return None, nothing.message

    def _people(self, request: OfferRequest) -> Sequence[str] | None:
        from assistant.query.audience import customer_ids

        if request.filter is None:
            return None
        found = customer_ids(self.snapshot, request.filter)
        if not found:
            raise NoRows("No customer meets that condition", received="the customers named")
        return found

    def _choice(self, request: OfferRequest, model: ShopUplift) -> Result:
        from assistant.campaigns.offers.choose import Limits, choose_offers
        from assistant.campaigns.offers.exam import examine_choice
        from assistant.campaigns.offers.report import choice_result
        from assistant.campaigns.offers.terms import need
        from assistant.models.people.traits import traits

        groups = None
        if request.fair_by is not None:
            groups = next(iter(traits(self.snapshot, request.fair_by).values()))
        share = None if request.max_share is None else request.max_share / 100
        limits = Limits(request.budget, request.max_contacts, share, groups)
        people = self._people(request)
        after = self._afterwards(model)
        choice = choose_offers(self.snapshot, model, people, request.offers, limits, channel=request.channel,
                               forward=after.share if after is not None else 0.0)
        if not choice.menu.options:
            return self._needs(request, model, "None of the offers named was tested in a past campaign that can be "
                                               "read as an experiment")
        terms = self._terms(request, model)
        offers = request.offers or _OTHERS
        untested = [o for o in offers if not any(
            o.kind == x.offer.kind and (o.kind == "none" or o.value == x.offer.value) for x in choice.menu.options)]
        most = None  # where a limit binds, past campaigns are judged with as small a share contacted
        if choice.allocation.method != "unlimited":
            most = max(round(choice.picked / max(choice.could, 1), 2), 0.01)
        like = self._cached("offer exam", lambda snapshot: examine_choice(model, most), most)
        return choice_result(self.snapshot, request, model, choice, like, [need(terms, o) for o in untested], after)

    def _afterwards(self, model: ShopUplift) -> Afterwards | None:
        """Whether orders won were only brought forward."""
        from assistant.campaigns.offers.afterwards import afterwards

        won = model.effect_.overall.lift or 0.0
        return self._cached(  # type: ignore[no-any-return]
            "afterwards", lambda snapshot: afterwards(snapshot, model.tested_.campaigns, won))

    def _needs(self, request: OfferRequest, model: ShopUplift | None, why: str) -> Result:
        from assistant.campaigns.offers.menu import tested_menu
        from assistant.campaigns.offers.needs_report import needs_result
        from assistant.campaigns.offers.terms import need

        self._people(request)  # nobody: said at once
        terms = self._terms(request, model)
        offers = request.offers or (*(OfferCandidate(kind="percent_off", value=v) for v in _USUAL), *_OTHERS[1:2])
        tested, differ = [], None
        if model is not None:
            menu = tested_menu(self.snapshot, model, offers, request.channel)
            tested, differ = [*menu.options, *menu.out_of_season], menu.differ
        return needs_result(self.snapshot, request, terms, [need(terms, o) for o in offers], tested, why, differ)

    def _terms(self, request: OfferRequest, model: ShopUplift | None) -> ShopTerms:
        from assistant.campaigns.offers.terms import shop_terms
        from assistant.models.uplift.money import message_cost

        cost = None
        if model is not None:
            sent = [c for c in model.tested_.campaigns if request.channel in {None, c.channel}]
            each, known = message_cost(sent)
            cost = None if known == "unknown" else each
        return shop_terms(self.snapshot, request.filter, margin_percent=request.margin_percent, message=cost)

    # -- finding out ----------------------------------------------------------------------------------------------

    def exploration_log(self) -> ExplorationLog:
        """Tests of offers with every assignment."""
        from assistant.campaigns.offers.exploration import ExplorationLog

        return ExplorationLog(self.settings.app_db)

    def explore_offers(self, request: ExploreRequest) -> Result:
        """Start a test that learns, draw its next round, or show how it stands."""
        from assistant.campaigns.offers.exploration import next_round
        from assistant.campaigns.offers.exploration_report import exploration_result
        from assistant.query.audience import refuse_traits

        log = self.exploration_log()
        if request.about == "start":
            request, cited = self._put_in(request)
            refuse_traits(self.snapshot, request.filter)
            people = self._testable(request)
            test = self._begin(request, log)
        else:
            test, cited = log.load(request.test_id), []
            people = self._testable(ExploreRequest.model_validate(test.plan)) if request.about == "next" else []
        drawn = None
        if request.about != "show":
            size = ExploreRequest.model_validate(test.plan).per_round or max(100, len(people) // 5)
            drawn, _ = next_round(self.snapshot, log, test, people, request.per_round or size)
        return self._citing(exploration_result(self.snapshot, request, log, test, drawn), cited)

    def _testable(self, request: ExploreRequest) -> list[str]:
        """Who may be in a test: meets the condition, did not object, may be contacted that way."""
        from assistant.data.objectors import objectors
        from assistant.features.reachable import reachable
        from assistant.query.audience import customer_ids

        if request.wordings_of is not None:
            return self._recipients(request.wordings_of)
        found = set(customer_ids(self.snapshot, request.filter)) - objectors(self.snapshot)
        able = reachable(self.snapshot, [request.channel] if request.channel else [])
        found = found if able is None else found & able
        if not found:
            raise NoRows("Nobody who meets the condition may be contacted that way", received=request.channel)
        return sorted(found)

    def _recipients(self, wordings_of: str) -> list[str]:
        """Those whom a draft contacts."""
        from assistant.campaigns.draft import make_plan

        rooms = self._campaign_rooms()
        draft = rooms.store.load(None if wordings_of == "latest" else wordings_of)
        return list(make_plan(self.snapshot, draft.brief, rooms, draft.campaign_id, recipients=0).split.contacted)

    def _begin(self, request: ExploreRequest, log: ExplorationLog) -> Tested:
        from assistant.campaigns.offers.terms import need
        from assistant.plans.reword_offers import offer_words

        asked = OfferRequest(filter=request.filter, channel=request.channel, margin_percent=request.margin_percent)
        terms = self._terms(asked, self._taught()[0])
        earned = terms.order * (1.0 if terms.margin is None else terms.margin)
        if request.wordings_of is not None:
            draft = self._campaign_rooms().store.load(None if request.wordings_of == "latest" else request.wordings_of)
            if draft.brief.variants < 2:
                raise InvalidPlan(f"Draft {draft.campaign_id} has one wording only", received=draft.campaign_id,
                                  hint="Ask for two or more wordings first.", nearest=["Draft it in 2 variants"])
            arms = [f"wording {n}" for n in range(1, draft.brief.variants + 1)]
            request = request.model_copy(update={"wordings_of": draft.campaign_id})
            return log.begin(arms, [earned] * len(arms), [terms.message] * len(arms),
                             request.model_dump(mode="json"), self.snapshot.fingerprint)
        if len(request.offers) < 2:
            raise InvalidPlan("A test needs at least two offers to choose between",
                              received=", ".join(offer_words(o) for o in request.offers) or None,
                              nearest=["Let it find out whether 10 % or 15 % off works better"])
        needs = [need(terms, o) for o in request.offers]
        for one in needs:
            if one.state in {"below_cost", "unknown"}:
                why = "sells below cost" if one.state == "below_cost" else "has a cost that is not known"
                name = offer_words(one.offer, self.snapshot.currency)
                raise InvalidPlan(f"“{name}” {why}, so it is not tried out", received=name,
                                  hint="Say what one costs." if one.state == "unknown" else None)
        arms = [*(offer_words(o, self.snapshot.currency) for o in request.offers), "no contact"]
        given = [*(n.given or 0.0 for n in needs), 0.0]
        return log.begin(arms, [earned - g for g in given], [*[terms.message] * len(needs), 0.0],
                         request.model_dump(mode="json"), self.snapshot.fingerprint)
