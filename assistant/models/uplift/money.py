"""What an order brings, what an offer gives away and what a message costs, from past campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.features.contacted import Campaign

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Campaigns of a channel from which fixed costs are told from costs per message.
FEWEST_FOR_FIXED = 3
#: Orders of a customer from which their own mean counts more than the shop's.
ORDERS_TO_TRUST = 2


@dataclass(frozen=True)
class Money:
    """What contacts cost and bring, as shares of the customer's own usual order.

    Attributes:
        mean_order: sales of an average past order, shop currency.
        won: margin of an order won, discount paid, as a share of the usual order.
        kept: margin left in the window by somebody who orders by themselves, as a share of the usual order (some order
            more than once).
        given: discount beyond the usual one that a contacted customer gets on orders in the window, likewise.
        with_costs: whether these are margins; without costs of goods they are sales, the best case.
        per_message: cost of one more message, shop currency.
        message_cost: how that is known: ``marginal`` (several campaigns told fixed costs apart), ``average`` or
            ``unknown`` (then 0).
    """

    mean_order: float
    won: float
    kept: float
    given: float
    with_costs: bool
    per_message: float
    message_cost: str

    def order_value(self, frame: pd.DataFrame) -> np.ndarray:
        """(n,) usual order of each customer: the mean of past orders, held near the shop's while they are few."""
        total = frame["monetary_value"].to_numpy(dtype=float) + ORDERS_TO_TRUST * self.mean_order
        return total / (frame["order_count"].to_numpy(dtype=float) + ORDERS_TO_TRUST)  # type: ignore[no-any-return]

    def parts(self, uplift: np.ndarray, baseline: np.ndarray, order: np.ndarray) -> dict[str, np.ndarray]:
        """What contacting each customer brings and costs: ``margin`` of orders won (below nought: of orders lost),
        ``discount`` given on orders that come anyway, ``message``; shop currency."""
        import numpy as np

        margin = np.where(uplift > 0, uplift * self.won, uplift * self.kept) * order
        anyway = np.clip(baseline + np.minimum(uplift, 0.0), 0.0, 1.0)
        return {"margin": margin, "discount": anyway * self.given * order,
                "message": np.full(len(order), self.per_message)}

    def value(self, uplift: np.ndarray, baseline: np.ndarray, order: np.ndarray) -> np.ndarray:
        """(n,) expected gain of contacting each customer."""
        found = self.parts(uplift, baseline, order)
        return found["margin"] - found["discount"] - found["message"]  # type: ignore[no-any-return]


def money(frame: pd.DataFrame, campaigns: Sequence[Campaign]) -> Money:
    """Amounts of the cases of :func:`assistant.features.contacted.cases`.

    Args:
        campaigns: whose cost per message counts.
    """
    with_costs = bool(frame["margin"].notna().all())
    orders = float(frame["order_count"].sum())
    first = Money(float(frame["monetary_value"].sum()) / orders if orders else 0.0, 0.0, 0.0, 0.0, with_costs, 0.0, "")
    ordered = frame[frame["ordered"] == 1]
    usual = first.order_value(ordered)
    held = (ordered["treatment"] == 0).to_numpy()
    gain = ordered["margin" if with_costs else "revenue"].to_numpy()
    placed, discount = ordered["orders"].to_numpy(), ordered["given"].to_numpy()
    given = max(_ratio(discount[~held], usual[~held]) - _ratio(discount[held], usual[held]), 0.0)
    cost, known = message_cost(campaigns)
    return Money(
        mean_order=first.mean_order, won=max(_ratio(gain[held], (placed * usual)[held]) - given, 0.0),
        kept=max(_ratio(gain[held], usual[held]), 0.0), given=given, with_costs=with_costs, per_message=cost,
        message_cost=known)


def _ratio(part: np.ndarray, whole: np.ndarray) -> float:
    total = float(whole.sum())
    return float(part.sum()) / total if total > 0 else 0.0


def message_cost(campaigns: Sequence[Campaign]) -> tuple[float, str]:
    """Cost of one more message and how it is known, over channels weighted by their messages.

    Where at least three campaigns of a channel differ in size, a straight line of cost on messages tells what is fixed
    from what each message adds.
    """
    total = cost = 0.0
    known = "unknown"
    for channel in sorted({c.channel for c in campaigns}):
        of = [(c.contacted, c.cost) for c in campaigns if c.channel == channel and c.cost is not None and c.contacted]
        if not of:
            continue
        each, how = _each(of)
        sent = sum(n for n, _ in of)
        total, cost = total + sent, cost + sent * each
        known = how if known in {"unknown", how} else "average"
    return (cost / total, known) if total else (0.0, "unknown")


def _each(of: list[tuple[int, float]]) -> tuple[float, str]:
    import numpy as np

    sent, cost = np.array(of, dtype=float).T
    if len(of) >= FEWEST_FOR_FIXED and sent.max() > 1.2 * sent.min():
        slope = float(np.polyfit(sent, cost, 1)[0])
        if slope >= 0:
            return slope, "marginal"
    return float(cost.sum() / sent.sum()), "average"
