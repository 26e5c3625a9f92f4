"""What every option would bring with every customer: uplift × margin, less what it gives away, less the message.

    gain = change of the chance to order × (margin of the order − offer on it) × (1 − share only brought forward)
           − chance to order anyway × offer on that order                  (cannibalisation)
           − cost of the message

A customer's order is their usual one. Where a contact lowers the chance to order, the margin of the order lost counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.campaigns.offers.menu import Option
from assistant.data.objectors import objectors
from assistant.features.contacted import customers_now
from assistant.features.reachable import reachable

if TYPE_CHECKING:
    import numpy as np

    from assistant.data.warehouse import Snapshot
    from assistant.models.uplift.fitted import ShopUplift
    from assistant.models.uplift.money import Money


@dataclass(frozen=True, eq=False)
class Gains:
    """Arrays (n customers, J options), money in shop currency.

    Attributes:
        customers: (n,) ids, sorted; those who objected to marketing are not among them.
        uplift: change of the chance to order. baseline: chance to order without a contact.
        order: (n,) usual order.
        gain: expected incremental profit (sales without costs of goods). spend: message and what the offer gives away
            on all orders that are expected.
        won, given, message: the parts: gain = won − given − message.
        judged: like customers whom the option's campaigns tested. able: may be contacted that way (all where the data
            hold no contacts).
    """

    customers: np.ndarray
    uplift: np.ndarray
    baseline: np.ndarray
    order: np.ndarray
    gain: np.ndarray
    spend: np.ndarray
    won: np.ndarray
    given: np.ndarray
    message: np.ndarray
    judged: np.ndarray
    able: np.ndarray

    @property
    def allowed(self) -> np.ndarray:
        """(n, J) whether an option may be given."""
        return self.judged & self.able  # type: ignore[no-any-return]


def parts(
    money: Money, uplift: np.ndarray, baseline: np.ndarray, order: np.ndarray, share: float, forward: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Margin of orders won (below nought: lost) and what the offer gives to orders that come anyway.

    Args:
        share: what the offer takes from an order, 0–1.
        forward: share of the orders won that are only brought forward, 0–1.
    """
    import numpy as np

    margin = money.won + money.given - share  # money.won is after the usual campaign's own discount
    won = np.where(uplift > 0, uplift * margin * (1 - forward), uplift * money.kept) * order
    return won, np.clip(baseline + np.minimum(uplift, 0.0), 0.0, 1.0) * share * order


def gains(
    snapshot: Snapshot, model: ShopUplift, options: Sequence[Option], people: Sequence[str] | None = None,
    forward: float = 0.0,
) -> Gains:
    """Every option with every customer who did not object to marketing.

    Args:
        people: only these customers. forward: see :func:`parts`.
    """
    import numpy as np

    now = customers_now(snapshot, [o.offer.category for o in options] or [None])
    keep = ~now["customer_id"].isin(objectors(snapshot))
    now = now[keep & now["customer_id"].isin(set(people))] if people is not None else now[keep]
    each = now.drop_duplicates("customer_id")
    ids, order = each["customer_id"].to_numpy(), model.money_.order_value(each)
    found: dict[str, list[np.ndarray]] = {k: [] for k in ("uplift", "baseline", "won", "given", "judged", "able")}
    for option in options:
        rows = now[now["promoted"] == (option.offer.category or "")]
        inside, baseline, uplift = model.for_campaign(rows, option.like)
        won, given = parts(model.money_, uplift, baseline, order, option.share, forward)
        able = reachable(snapshot, [option.channel])
        reach = np.ones(len(ids), dtype=bool) if able is None else np.array([i in able for i in ids], dtype=bool)
        for name, column in zip(found, (uplift, baseline, won, given, inside > 0, reach), strict=True):
            found[name].append(column)
    shape = (len(ids), len(options))
    stacked = {k: np.column_stack(v) if v else np.zeros(shape) for k, v in found.items()}
    message = np.tile([o.per_message for o in options], (len(ids), 1)).reshape(shape)
    orders = np.clip(stacked["baseline"] + stacked["uplift"], 0.0, 1.0)
    taken = orders * order[:, None] * np.array([o.share for o in options]).reshape(1, -1)
    return Gains(ids, stacked["uplift"], stacked["baseline"], order,
                 stacked["won"] - stacked["given"] - message, taken + message, stacked["won"], stacked["given"],
                 message, stacked["judged"].astype(bool), stacked["able"].astype(bool))
