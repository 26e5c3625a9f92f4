"""The part of the workspace that chooses offers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from assistant.errors import InvalidPlan, MissingData, NoRows
from assistant.plans.offers import OfferCandidate, OfferRequest
from assistant.results import Result

if TYPE_CHECKING:
    from assistant.campaigns.offers.terms import ShopTerms
    from assistant.data.warehouse import Snapshot
    from assistant.models.uplift.fitted import ShopUplift

#: Offers never tested, for which the lift they need is told beside a choice.
_OTHERS = (OfferCandidate(kind="none"), OfferCandidate(kind="free_delivery"), OfferCandidate(kind="early_access"))
#: Discounts that are looked at where none is named.
_USUAL = (10.0, 15.0, 20.0)


class Offering:
    """Methods of :class:`~assistant.workspace.Workspace`, which gives the rest."""

    uplift_model: Callable[..., ShopUplift]
    _put_in: Callable[..., Any]
    _citing: Callable[..., Result]

    @property
    @abstractmethod
    def snapshot(self) -> Snapshot: ...

    @abstractmethod
    def _cached(self, name: str, compute: Callable[[Snapshot], Any], *key: Any) -> Any: ...

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
        limits = Limits(request.budget, request.max_contacts, groups)
        people = self._people(request)
        choice = choose_offers(self.snapshot, model, people, request.offers, limits, channel=request.channel)
        if not choice.menu.options:
            return self._needs(request, model, "None of the offers named was tested in a past campaign that can be "
                                               "read as an experiment")
        terms = self._terms(request, model)
        offers = request.offers or _OTHERS
        untested = [o for o in offers if not any(
            o.kind == x.offer.kind and (o.kind == "none" or o.value == x.offer.value) for x in choice.menu.options)]
        exam = self._cached("offer exam", lambda snapshot: examine_choice(model))
        return choice_result(self.snapshot, request, model, choice, exam, [need(terms, o) for o in untested])

    def _needs(self, request: OfferRequest, model: ShopUplift | None, why: str) -> Result:
        from assistant.campaigns.offers.menu import tested_menu
        from assistant.campaigns.offers.needs_report import needs_result
        from assistant.campaigns.offers.terms import need

        self._people(request)  # nobody: said at once
        terms = self._terms(request, model)
        offers = request.offers or (*(OfferCandidate(kind="percent_off", value=v) for v in _USUAL), *_OTHERS[1:2])
        tested = []
        if model is not None:
            menu = tested_menu(self.snapshot, model, offers, request.channel)
            tested = [*menu.options, *menu.out_of_season]
        return needs_result(self.snapshot, request, terms, [need(terms, o) for o in offers], tested, why)

    def _terms(self, request: OfferRequest, model: ShopUplift | None) -> ShopTerms:
        from assistant.campaigns.offers.terms import shop_terms
        from assistant.models.uplift.money import message_cost

        cost = None
        if model is not None:
            sent = [c for c in model.tested_.campaigns if request.channel in {None, c.channel}]
            each, known = message_cost(sent)
            cost = None if known == "unknown" else each
        return shop_terms(self.snapshot, request.filter, margin_percent=request.margin_percent, message=cost)
