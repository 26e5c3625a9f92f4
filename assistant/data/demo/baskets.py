"""What is in each order: products chosen by taste, season, price and availability; complements and substitutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.data.demo.catalogue import Catalogue, price_utility
from assistant.data.demo.customers import SEGMENTS, Customers
from assistant.data.demo.past_campaigns import PLANS, OrderEvents
from assistant.data.demo.randomness import stream
from assistant.data.demo.seasons import Calendar, category_seasons

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

CHUNK = 3000
MAX_LINES = 18
#: Chance that a second colour or size of the same thing stays in a basket.
KEEP_SUBSTITUTE = 0.12
#: Chance that something that lasts is bought again.
KEEP_AGAIN = 0.35
NEVER = -1e9


@dataclass(frozen=True)
class Lines:
    """Product lines, sorted by order. Money in whole cents per unit."""

    order: np.ndarray
    product: np.ndarray
    quantity: np.ndarray
    list_price: np.ndarray
    charged: np.ndarray


def build_lines(
    seed: int, calendar: Calendar, catalogue: Catalogue, customers: Customers, events: OrderEvents,
    progress: Callable[[float], None],
) -> Lines:
    """Draw the lines of every order. Deterministic in ``seed``.

    A basket is a Plackett–Luce draw (the k largest of log attraction plus Gumbel noise), so that a product's share
    follows the planted elasticity and season.
    """
    import numpy as np

    rng = stream(seed, "baskets")
    order, product = _choose(rng, calendar, catalogue, customers, events, progress)
    order, product = _add_complements(rng, catalogue, events, order, product)
    order, product = _drop_substitutes(rng, catalogue, order, product)
    order, product = _drop_repeats(rng, catalogue, events, order, product)
    quantity = _quantities(rng, catalogue, customers, events.person[order], product)
    day = events.day[order]
    listed, charged = catalogue.list_price[day, product], catalogue.charged[day, product]
    offers = np.array([p.discount for p in PLANS] + [0.0])[events.offer[order]] / 100
    categories = catalogue.products["category"].to_numpy()
    promoted = np.array([p.category or "" for p in PLANS] + [""], dtype=object)[events.offer[order]]
    applies = (promoted == "") | (promoted == categories[product])
    charged = np.minimum(charged, np.round(listed * (1 - np.where(applies, offers, 0.0))))
    return Lines(order, product, quantity, listed.astype(int), charged.astype(int))


def _choose(
    rng: np.random.Generator, calendar: Calendar, catalogue: Catalogue, customers: Customers, events: OrderEvents,
    progress: Callable[[float], None],
) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    seasons = category_seasons(calendar)
    category = catalogue.products["category"].to_numpy()
    base = np.log(np.maximum(np.stack([seasons[c] for c in category], axis=1), 0.01))
    base = np.where(catalogue.available, base, NEVER)
    price = price_utility(catalogue)
    promoted = np.stack([
        0.9 * (category == p.category) if p.category else np.zeros(len(category)) for p in PLANS
    ] + [np.zeros(len(category))])
    mean = np.array([s.lines for s in SEGMENTS])[customers.segment[events.person]]
    mean = mean * np.where(np.isin(calendar.month[events.day], [10, 11]), 1.15, 1.0)
    sizes = np.minimum(1 + rng.poisson(rng.gamma(1.6, (mean - 1) / 1.6)), MAX_LINES)
    n, chosen = len(events.person), []
    for start in range(0, n, CHUNK):
        rows = slice(start, min(start + CHUNK, n))
        person, day = events.person[rows], events.day[rows]
        utility = customers.taste[person] + base[day] + promoted[events.offer[rows]]
        utility += price[day] * customers.price_sensitivity[person][:, None]
        utility += rng.gumbel(size=utility.shape)
        best = np.argpartition(-utility, MAX_LINES, axis=1)[:, :MAX_LINES]
        ranked = np.argsort(-np.take_along_axis(utility, best, axis=1), axis=1)
        chosen.append(np.take_along_axis(best, ranked, axis=1))
        progress(min(start + CHUNK, n) / n)
    kept = np.arange(MAX_LINES)[None, :] < sizes[:, None]
    order, slot = np.nonzero(kept)
    return order, np.concatenate(chosen)[order, slot]


def _unique(order: np.ndarray, product: np.ndarray, n_products: int) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    key = np.unique(order.astype(np.int64) * n_products + product)
    return key // n_products, key % n_products


def _add_complements(
    rng: np.random.Generator, catalogue: Catalogue, events: OrderEvents, order: np.ndarray, product: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A basket with a product gains its complement with the planted chance."""
    import numpy as np

    partner = catalogue.complement[product]
    wanted = (partner >= 0) & (rng.random(partner.shape) < catalogue.complement_chance[product])
    row, slot = np.nonzero(wanted)
    other = partner[row, slot]
    on_sale = catalogue.available[events.day[order[row]], other]
    order = np.concatenate([order, order[row][on_sale]])
    product = np.concatenate([product, other[on_sale]])
    return _unique(order, product, len(catalogue.family))


def _drop_substitutes(
    rng: np.random.Generator, catalogue: Catalogue, order: np.ndarray, product: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of several colours or sizes of one thing, a basket rarely holds a second."""
    import numpy as np

    group = catalogue.group[product]
    shuffled = rng.permutation(len(order))
    key = order[shuffled].astype(np.int64) * (catalogue.group.max() + 2) + group[shuffled]
    first = np.zeros(len(order), dtype=bool)
    first[shuffled[np.unique(key, return_index=True)[1]]] = True
    keep = first | (group < 0) | (rng.random(len(order)) < KEEP_SUBSTITUTE)
    return order[keep], product[keep]


def _drop_repeats(
    rng: np.random.Generator, catalogue: Catalogue, events: OrderEvents, order: np.ndarray, product: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Things that last are seldom bought twice; an order always keeps one line. Orders are sorted by day."""
    import numpy as np

    key = events.person[order].astype(np.int64) * len(catalogue.family) + product
    first = np.zeros(len(order), dtype=bool)
    first[np.unique(key, return_index=True)[1]] = True
    keep = first | catalogue.consumable[product] | (rng.random(len(order)) < KEEP_AGAIN)
    has_line = np.zeros(len(events.person), dtype=bool)
    has_line[order[keep]] = True
    leading = np.zeros(len(order), dtype=bool)
    leading[np.unique(order, return_index=True)[1]] = True
    keep |= leading & ~has_line[order]
    return order[keep], product[keep]


def _quantities(
    rng: np.random.Generator, catalogue: Catalogue, customers: Customers, person: np.ndarray, product: np.ndarray
) -> np.ndarray:
    """Units per line: mostly one, more of small things, dozens for businesses."""
    import numpy as np

    n = len(person)
    cents = catalogue.list_price[0][product]
    more = np.where(cents < 700, 0.55, np.where(cents < 1600, 0.28, 0.07))
    quantity = 1 + np.where(rng.random(n) < more, rng.geometric(0.6, n), 0)
    bulk = np.array([s.bulk for s in SEGMENTS])[customers.segment[person]] * np.where(cents < 4000, 1.0, 0.25)
    dozens = rng.choice([6, 10, 12, 24, 36, 48], n, p=[0.52, 0.2, 0.2, 0.06, 0.015, 0.005])
    business = customers.segment[person] == [s.name for s in SEGMENTS].index("small_businesses")
    small = np.minimum(dozens, np.where(business, 48, 6))
    return np.where(rng.random(n) < np.where(business, bulk, bulk * 0.25), small, quantity)
