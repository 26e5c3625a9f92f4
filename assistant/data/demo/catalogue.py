"""Products of the demo shop with prices over time, planted elasticities, complements and substitutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from typing import TYPE_CHECKING

from assistant.data.demo.randomness import stream
from assistant.data.demo.seasons import Calendar

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

STYLES = ("n", "c", "r", "f", "m", "s")
SIZE_STEP = 1.32
#: Mean own-price elasticity by category; products vary around it.
ELASTICITY = {
    "Homeware": -1.7, "Kitchen": -1.5, "Garden": -1.6, "Lighting": -1.9, "Bed & Bath": -2.0, "Stationery": -1.0,
    "Toys & Games": -1.8, "Accessories": -2.3, "Bags & Travel": -2.2, "Christmas": -1.1, "Food & Treats": -0.8,
    "Beauty & Wellness": -1.3,
}
CROSS_ELASTICITY = 0.45
RECENT_DAYS = 42


@dataclass(frozen=True)
class Catalogue:
    """Products in row order, and arrays that follow it.

    Attributes:
        products: canonical columns.
        family, style, group: codes per product; ``group`` is ≥ 0 where products substitute each other.
        popularity: log attraction.
        elasticity: own-price elasticity.
        list_price, charged: (days, products) list price and price after promotions, whole cents.
        available: (days, products) on sale that day.
        complement: (products, slots) row of the complement or -1; ``complement_chance`` beside it.
        pairs: planted pairs as product_id, other_product_id, relation, strength.
        return_rate: share of lines sent back by an average customer.
        consumable: used up and bought again.
    """

    products: pd.DataFrame
    family: np.ndarray
    style: np.ndarray
    group: np.ndarray
    popularity: np.ndarray
    elasticity: np.ndarray
    list_price: np.ndarray
    charged: np.ndarray
    available: np.ndarray
    complement: np.ndarray
    complement_chance: np.ndarray
    pairs: pd.DataFrame
    return_rate: np.ndarray
    consumable: np.ndarray


def read_words() -> dict:
    """The catalogue's texts."""
    import yaml

    return yaml.safe_load(files("assistant.data.demo").joinpath("catalogue.yaml").read_text(encoding="utf-8"))


def build_catalogue(seed: int, calendar: Calendar) -> Catalogue:
    """Build products, their price history and what is planted about them. Deterministic in ``seed``."""
    import numpy as np

    rng = stream(seed, "catalogue")
    words = read_words()
    frame = _product_rows(words, rng)
    n = len(frame)
    launched, discontinued = _life(frame, rng, calendar)
    category = frame["category"].to_numpy()
    elasticity = np.array([ELASTICITY[c] for c in category]) * np.exp(rng.normal(0, 0.22, n))
    list_price = _list_prices(np.round(frame["price"].to_numpy() * 100), rng, calendar)
    charged = _promotions(list_price, category, frame["family"].to_numpy(), rng, calendar)
    day = np.arange(calendar.n_all)[:, None]
    complement, chance, pairs = _complements(frame, words)
    stock = _stock(n, discontinued, rng, calendar)
    first = np.datetime64(calendar.first_day)
    last_list = list_price[calendar.n_data - 1]
    cost_share = np.array([words["categories"][c]["cost_share"] for c in category]) * rng.uniform(0.86, 1.14, n)
    products = frame[["product_id", "name", "description", "category", "subcategory", "brand"]].assign(
        price=last_list / 100,
        cost=np.round(frame["price"].to_numpy() * 100 * cost_share) / 100,
        stock=stock,
        launched_at=(first + launched).astype("datetime64[D]").astype(object),
        discontinued_at=[None if d < 0 else calendar.first_day + timedelta(days=int(d)) for d in discontinued],
    )
    ends = np.where(discontinued < 0, calendar.n_all, discontinued)
    kind = frame["variant_kind"].to_numpy()
    return Catalogue(
        products=products, family=frame["family"].to_numpy(), style=frame["style"].to_numpy(),
        group=np.where(np.isin(kind, ["c", "s"]), frame["family"].to_numpy(), -1),
        popularity=rng.normal(0, 0.55, n) + rng.normal(0, 0.35, frame["family"].max() + 1)[frame["family"]]
        - 0.25 * (frame["price"].to_numpy() > 60),
        elasticity=elasticity, list_price=list_price, charged=charged,
        available=(day >= launched[None, :]) & (day <= ends[None, :]),
        complement=complement, complement_chance=chance, pairs=_pairs(frame, pairs),
        return_rate=np.array([words["categories"][c]["return_rate"] for c in category]),
        consumable=np.isin(category, ["Food & Treats", "Beauty & Wellness"]),
    )


def _product_rows(words: dict, rng: np.random.Generator) -> pd.DataFrame:
    """One row per product, in the order of the texts; names, prices and brands."""
    import pandas as pd

    rows, family = [], 0
    for category, facts in words["categories"].items():
        number = 1001
        for line in facts["families"]:
            name, sub, price, style, variants, text = (part.strip() for part in line.split(" | "))
            brand = words["brands"][style][int(rng.integers(len(words["brands"][style])))]
            kind, values = ("-", [""]) if variants == "-" else (variants[0], variants[2:].split(","))
            for position, value in enumerate(values):
                step = SIZE_STEP ** position if kind == "s" else 1.0
                # shops price to .90, .50 or .00; a colour may cost a little less than its sisters
                amount = float(price) * step * (0.92 if kind == "c" and rng.random() < 0.18 else 1.0)
                rows.append({
                    "product_id": f"{facts['prefix']}-{number}", "name": _variant_name(name, kind, value),
                    "description": _describe(text, kind, value, brand), "category": category, "subcategory": sub,
                    "brand": brand, "price": _shop_price(amount), "family": family, "family_name": name,
                    "style": STYLES.index(style), "variant_kind": kind, "variant": value,
                })
                number += 1
            family += 1
    return pd.DataFrame(rows)


def _variant_name(name: str, kind: str, value: str) -> str:
    if kind == "c":
        return f"{value} {name}"
    return f"{name}, {value}" if value else name


def _describe(text: str, kind: str, value: str, brand: str) -> str:
    detail = {"c": f" Colour: {value.lower()}.", "s": f" Size: {value}.", "f": f" Variety: {value}."}.get(kind, "")
    return f"{text}{detail} By {brand}."


def _shop_price(amount: float) -> float:
    """Nearest price that ends in .00, .50 or .90."""
    whole = int(amount)
    return min((whole + e for e in (-0.1, 0.0, 0.5, 0.9, 1.0)), key=lambda p: abs(p - amount))


def _life(frame: pd.DataFrame, rng: np.random.Generator, calendar: Calendar) -> tuple[np.ndarray, np.ndarray]:
    """First and last day on sale per product; whole families are launched together. -1: still on sale."""
    import numpy as np

    families = frame["family"].max() + 1
    draw = rng.random(families)
    launched = -rng.integers(60, 1600, families)
    window = (draw > 0.74) & (draw <= 0.95)
    launched[window] = rng.integers(20, calendar.n_data - RECENT_DAYS, window.sum())
    recent = draw > 0.95
    launched[recent] = calendar.n_data - rng.integers(5, RECENT_DAYS, recent.sum())
    # mugs and teapots are named in the documentation: they are always old products
    staple = frame.loc[frame["subcategory"].isin(["Mugs & Cups", "Tea & Coffee"]), "family"].unique()
    launched[staple] = -np.abs(launched[staple]) - 60
    launched = launched[frame["family"]]
    discontinued = np.full(len(frame), -1)
    old = (launched < 0) & ~frame["family"].isin(staple).to_numpy() & (rng.random(len(frame)) < 0.075)
    discontinued[old] = rng.integers(120, calendar.n_data - 20, old.sum())
    return launched, discontinued


def _list_prices(start: np.ndarray, rng: np.random.Generator, calendar: Calendar) -> np.ndarray:
    """(days, products) list prices in cents: one to three changes per product, upwards more often than down."""
    import numpy as np

    n = len(start)
    prices = np.tile(start, (calendar.n_all, 1))
    for _ in range(3):
        day = rng.integers(30, calendar.n_data, n)
        factor = np.where(rng.random(n) < 0.68, rng.uniform(1.02, 1.10, n), rng.uniform(0.90, 0.98, n))
        changed = np.arange(calendar.n_all)[:, None] >= day[None, :]
        happens = rng.random(n) < 0.6
        prices = np.where(changed & happens[None, :], np.round(prices * factor[None, :] / 10) * 10, prices)
    return np.maximum(prices, 100)


def _promotions(
    list_price: np.ndarray, category: np.ndarray, family: np.ndarray, rng: np.random.Generator, calendar: Calendar
) -> np.ndarray:
    """(days, products) charged prices: promotions of families at random times, and sales of parts of the range.

    The random ones do not follow the seasons, so that price effects can be told from seasonal ones.
    """
    import numpy as np

    from assistant.data.demo.seasons import shopping_days

    cut = np.zeros_like(list_price)
    families = family.max() + 1
    for _ in range(6):
        start = rng.integers(0, calendar.n_all, families)
        length = rng.integers(7, 22, families)
        depth = rng.choice([0.10, 0.15, 0.20, 0.25, 0.30], families)
        day = np.arange(calendar.n_all)[:, None]
        on = (day >= start) & (day < start + length)
        cut = np.maximum(cut, np.where(on[:, family], depth[family][None, :], 0.0))
    masks = shopping_days(calendar)
    for event, share, depth in (("black_friday", 0.5, 0.20), ("january_sale", 0.4, 0.25), ("summer_sale", 0.4, 0.20)):
        chosen = rng.random(families)[family] < share
        cut = np.maximum(cut, np.where(masks[event][:, None] & chosen[None, :], depth, 0.0))
    return np.round(list_price * (1 - cut))


def _stock(n: int, discontinued: np.ndarray, rng: np.random.Generator, calendar: Calendar) -> np.ndarray:
    """Units on the last day: some products are sold out, discontinued ones mostly gone."""
    import numpy as np

    stock = rng.negative_binomial(1.4, 1.4 / (1.4 + 70), n) + 3
    stock[rng.random(n) < 0.065] = 0
    gone = discontinued >= 0
    stock[gone] = np.where(rng.random(gone.sum()) < 0.8, 0, rng.integers(1, 9, gone.sum()))
    return stock


def _complements(frame: pd.DataFrame, words: dict) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int, float]]]:
    """Planted complements: up to four slots per product, with the chance that the basket gains the other."""
    import numpy as np

    by_family = {name: rows.index.to_numpy() for name, rows in frame.groupby("family_name", sort=False)}
    pairs: list[tuple[int, int, float]] = []
    for line in words["complements"]:
        first, second, chance = (part.strip() for part in line.split(" | "))
        for source, target, strength in ((first, second, float(chance)), (second, first, float(chance) / 2)):
            options = by_family[target]
            for position, row in enumerate(by_family[source]):
                same = [o for o in options if frame["variant"][o] and frame["variant"][o] == frame["variant"][row]]
                pairs.append((int(row), int(same[0] if same else options[position % len(options)]), strength))
    slots = np.full((len(frame), 6), -1)
    chances = np.zeros((len(frame), 6))
    used = np.zeros(len(frame), dtype=int)
    for source, target, strength in pairs:
        slots[source, used[source]] = target
        chances[source, used[source]] = strength
        used[source] += 1
    return slots, chances, pairs


def _pairs(frame: pd.DataFrame, complements: list[tuple[int, int, float]]) -> pd.DataFrame:
    """Truth about pairs: complements (directed) and substitutes (both directions)."""
    import pandas as pd

    ids = frame["product_id"].to_numpy()
    rows = [(ids[a], ids[b], "complement", s) for a, b, s in complements]
    for _, sisters in frame[frame["variant_kind"].isin(["c", "s"])].groupby("family"):
        members = sisters["product_id"].tolist()
        strength = CROSS_ELASTICITY / max(len(members) - 1, 1)
        rows += [(a, b, "substitute", strength) for a in members for b in members if a != b]
    return pd.DataFrame(rows, columns=["product_id", "other_product_id", "relation", "strength"])


def price_utility(catalogue: Catalogue) -> np.ndarray:
    """(days, products) log attraction of the day's prices: own effect, and that of the substitutes' prices."""
    import numpy as np

    reference = np.log(catalogue.list_price[0])[None, :]
    deviation = np.log(catalogue.charged) - reference
    own = deviation * catalogue.elasticity[None, :]
    cross = np.zeros_like(own)
    for group in np.unique(catalogue.group[catalogue.group >= 0]):
        members = np.flatnonzero(catalogue.group == group)
        if len(members) > 1:
            others = deviation[:, members].sum(axis=1, keepdims=True) - deviation[:, members]
            cross[:, members] = CROSS_ELASTICITY * others / (len(members) - 1)
    return own + cross
