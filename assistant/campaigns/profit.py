"""Expected incremental profit of a draft, and how good its evidence is: this very offer tested, or an assumption.

Against no campaign, with n people contacted, l the lift of the chance to order, b the chance to order anyway, o the
order of these customers, m its margin, g what the offer takes of an order and C the cost of sending:

    profit = n · (l · (m · o − g) − b · g) − C

The interval is that of the lift alone. What the offer takes is worked out as in
:mod:`assistant.campaigns.offers.terms`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.campaigns.experiment.past import PastLift, past_lift
from assistant.campaigns.offers.terms import lift_needed, shop_terms, taken
from assistant.data.warehouse import Snapshot
from assistant.errors import UserError
from assistant.plans.offers import OfferCandidate
from assistant.plans.requests import OfferSpec

if TYPE_CHECKING:
    from assistant.campaigns.draft import Plan


@dataclass(frozen=True)
class Profit:
    """What a draft is expected to earn beyond no campaign, shop currency.

    Attributes:
        expected, lower, upper: with the ends of a 95 % interval; None where no lift is known.
        tested: whether past campaigns of this kind made this very offer on these goods.
        past: the lift it rests on.
        needed: change of the chance to order (0–1) at which it pays for itself; None where it never does.
        order: average order of these customers; given: what the offer takes of it.
    """

    needed: float | None
    order: float
    given: float
    tested: bool = False
    past: PastLift | None = None
    expected: float | None = None
    lower: float | None = None
    upper: float | None = None


def _candidate(offer: OfferSpec) -> OfferCandidate:
    """The offer as its cost is worked out; the value of a gift is what one costs."""
    if offer.kind == "gift":
        return OfferCandidate(kind="gift", cost=offer.value)
    return OfferCandidate(kind=offer.kind, value=offer.value, category=offer.category)


def expected_profit(snapshot: Snapshot, plan: Plan, learnt: Snapshot) -> Profit | None:
    """The expected profit of a draft; None where costs of goods, the price of a message, what the offer costs, or who
    would order anyway is not known.

    Args:
        learnt: the past campaigns with one's own finished experiments among them.
    """
    n, cost, baseline = len(plan.split.contacted), plan.costs.total, plan.sizing.baseline
    if not n or cost is None or baseline is None or plan.audience.reachable is None:
        return None
    try:
        terms = shop_terms(snapshot, plan.rule)
    except UserError:  # too few orders to say what one of them leaves
        return None
    if terms.margin is None:
        return None
    terms = replace(terms, baseline=baseline)
    offer = plan.brief.offer
    given = taken(terms, _candidate(offer))
    if given is None or offer.product_ids:
        return None
    needed = lift_needed(terms, given, cost / n)
    tested = None if offer.kind not in {"none", "percent_off"} else past_lift(learnt, plan.brief.goal, offer)
    past = tested or plan.past
    if past is None or (tested is None and past.lower <= 0):
        return Profit(needed, terms.order, given)  # a lift that is not shown is not carried over to another offer

    def earned(lift: float) -> float:
        return n * (lift * (terms.margin * terms.order - given) - baseline * given) - cost

    ends = sorted((earned(past.lower), earned(past.upper)))
    return Profit(needed, terms.order, given, tested is not None, past, earned(past.lift), *ends)
