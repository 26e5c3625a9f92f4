"""Which offer, if any, each customer gets: the most expected incremental profit within the limits, all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.campaigns.offers.allocate import Allocation, Limit, allocate
from assistant.campaigns.offers.gains import Gains, gains
from assistant.campaigns.offers.menu import Menu, Option, tested_menu
from assistant.plans.offers import OfferCandidate

if TYPE_CHECKING:
    import numpy as np

    from assistant.data.warehouse import Snapshot
    from assistant.models.uplift.fitted import ShopUplift

#: Lowest rate of being chosen among groups as a share of the highest (the four-fifths rule of the EEOC's Uniform
#: Guidelines, 29 CFR 1607.4 D), where fairness is asked for.
FOUR_FIFTHS = 0.8
#: Groups smaller than this are not held to it.
SMALLEST_GROUP = 30


@dataclass(frozen=True)
class Limits:
    """What a choice must keep to.

    Attributes:
        budget: most that messages and offers may cost together, shop currency.
        max_contacts: most customers contacted. max_share: most of those who could get an offer, 0–1.
        groups: customer → group whose rates of being chosen must lie within the four-fifths rule.
    """

    budget: float | None = None
    max_contacts: int | None = None
    max_share: float | None = None
    groups: Mapping[str, str] | None = None


@dataclass(frozen=True, eq=False)
class Choice:
    """The choice, what it was made from, and simpler ways to spend the same.

    Attributes:
        everybody: best single option for everybody, the best first where the limits end it; (n,) like ``chosen``.
        likeliest: the option each customer would get, given to the likeliest to order first (propensity targeting).
    """

    menu: Menu
    gains: Gains
    allocation: Allocation
    everybody: np.ndarray
    likeliest: np.ndarray

    @property
    def chosen(self) -> np.ndarray:
        """(n,) place of each customer's option, -1 for none."""
        return self.allocation.chosen

    @property
    def picked(self) -> int:
        """Customers who get an offer."""
        return int((self.chosen >= 0).sum())

    @property
    def could(self) -> int:
        """Customers who could get one."""
        return int(self.gains.allowed.any(axis=1).sum())

    def offers(self) -> dict[str, Option]:
        """Customer → option, of those who get one."""
        return {str(c): self.menu.options[int(j)] for c, j in zip(self.gains.customers, self.chosen, strict=True)
                if j >= 0}


def choose_offers(
    snapshot: Snapshot, model: ShopUplift, people: Sequence[str] | None = None,
    candidates: Sequence[OfferCandidate] = (), limits: Limits | None = None, *, channel: str | None = None,
    forward: float = 0.0,
) -> Choice:
    """Choose one tested offer or none for every customer.

    Args:
        model: what past campaigns teach (:class:`assistant.models.uplift.fitted.ShopUplift`).
        people: only these customers; everybody without.
        candidates: offers to choose from; all that were tested without. Those never tested are not chosen.
        channel: only messages by it.
        forward: share of orders won that are only brought forward, 0–1.

    Raises:
        sklearn.exceptions.NotFittedError: the model has not learnt yet.
    """
    limits = limits or Limits()
    menu = tested_menu(snapshot, model, candidates, channel)
    found = gains(snapshot, model, menu.options, people, forward)
    limits = _counted(limits, found)
    rules = rules_of(limits, found)
    return Choice(menu, found, allocate(found.gain, found.allowed, rules),
                  _everybody(found, limits), _likeliest(found, limits))


def _counted(limits: Limits, found: Gains) -> Limits:
    """A share of customers as a number of them."""
    if limits.max_share is None:
        return limits
    most = int(limits.max_share * int(found.allowed.any(axis=1).sum()))
    return replace(limits, max_contacts=min(most, limits.max_contacts or most), max_share=None)


def best_for_all(choice: Choice, channels: Sequence[str]) -> Option | None:
    """The one option by one of these channels that brings most when everybody who may get it does; None where none is
    expected to bring anything."""
    import numpy as np

    best, most = None, 0.0
    for j, option in enumerate(choice.menu.options):
        gain = float(np.where(choice.gains.allowed[:, j], choice.gains.gain[:, j], 0.0).sum())
        if option.channel in channels and gain > most:
            best, most = option, gain
    return best


def rules_of(limits: Limits, found: Gains) -> list[Limit]:
    """The limits as rows of a programme."""
    import numpy as np

    rules = []
    if limits.budget is not None:
        rules.append(Limit("budget", found.spend, limits.budget))
    if limits.max_contacts is not None:
        rules.append(Limit("contacts", np.ones_like(found.gain), float(limits.max_contacts)))
    if limits.groups is not None:
        rules += _fairness(limits.groups, found)
    return rules


def _fairness(groups: Mapping[str, str], found: Gains) -> list[Limit]:
    """For each pair of groups: four fifths of one's rate may not exceed the other's."""
    import numpy as np

    able = found.allowed.any(axis=1)
    label = np.array([groups.get(str(c), "") if a else "" for c, a in zip(found.customers, able, strict=True)])
    names = [g for g in np.unique(label) if g and (label == g).sum() >= SMALLEST_GROUP]
    rules = []
    for high in names:
        for low in names:
            if high == low:
                continue
            row = np.zeros(len(label))
            row[label == high] = FOUR_FIFTHS / (label == high).sum()
            row[label == low] = -1 / (label == low).sum()
            weight = np.repeat(row[:, None] * len(label), found.gain.shape[1], axis=1)
            rules.append(Limit(f"{high} against {low}", weight, 0.0))
    return rules


def _everybody(found: Gains, limits: Limits) -> np.ndarray:
    """The one option that brings most when everybody who may get it does, in the order of the customer numbers."""
    import numpy as np

    n, options = found.gain.shape
    best, most = np.full(n, -1), 0.0
    for j in range(options):
        chosen = _first(np.where(found.allowed[:, j], j, -1), np.arange(n), found, limits)
        total = float(found.gain[chosen >= 0, j].sum())
        if total > most:
            best, most = chosen, total
    return best


def _likeliest(found: Gains, limits: Limits) -> np.ndarray:
    """Each customer's own best option, to the likeliest to order first, whatever it brings."""
    import numpy as np

    if not found.gain.shape[1]:
        return np.full(len(found.gain), -1)
    free = np.where(found.allowed, found.gain, -np.inf)
    option = np.where(np.isfinite(free.max(axis=1)), free.argmax(axis=1), -1)
    chance = np.where(option >= 0, found.baseline[np.arange(len(option)), np.maximum(option, 0)], -1.0)
    return _first(option, np.argsort(-chance, kind="stable"), found, limits)


def _first(option: np.ndarray, order: np.ndarray, found: Gains, limits: Limits) -> np.ndarray:
    """The options of the first customers in an order, as far as budget and contacts last."""
    import numpy as np

    rows = order[option[order] >= 0]
    spend = np.cumsum(found.spend[rows, option[rows]])
    count = len(rows)
    if limits.budget is not None:
        count = min(count, int(np.searchsorted(spend, limits.budget + 1e-9, side="right")))
    if limits.max_contacts is not None:
        count = min(count, limits.max_contacts)
    chosen = np.full(len(option), -1)
    chosen[rows[:count]] = option[rows[:count]]
    return chosen
