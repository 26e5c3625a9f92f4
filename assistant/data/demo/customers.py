"""Customers of the demo shop: planted segments, tastes, order rates, churn hazards, and where they live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.data.demo.catalogue import STYLES, Catalogue
from assistant.data.demo.randomness import stream
from assistant.data.demo.seasons import (
    CATEGORY_MONTHS,
    NEWCOMER_GROWTH,
    SHOP_MONTHS,
    WEEKDAYS,
    Calendar,
    smooth_months,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

FIRST_ID = 10001
#: Numbers run on by one or two, as in a shop where some accounts were closed.
ID_STEP = 1.6
_FLAT = (1.0,) * 12
_GIFT = (0.45, 1.1, 0.6, 0.5, 1.2, 0.6, 0.5, 0.5, 0.6, 0.9, 2.6, 2.6)
_SPRING = (0.5, 0.8, 1.6, 1.9, 1.8, 1.3, 1.0, 0.8, 0.8, 0.7, 0.5, 0.5)
_SCHOOL = (0.8, 0.8, 0.9, 0.9, 1.0, 1.0, 1.1, 1.5, 1.2, 0.9, 1.0, 1.1)


@dataclass(frozen=True)
class Segment:
    """One planted kind of customer. Rates are per year, favourites are log weights on categories."""

    name: str
    share: float
    order_rate: float
    churn_hazard: float
    lines: float
    price_sensitivity: float
    channels: tuple[float, float, float]  # web, app, store
    favourites: dict[str, float]
    months: tuple[float, ...] = _FLAT
    bulk: float = 0.06
    returns: float = 1.0
    bargain: bool = False
    office: bool = False


SEGMENTS: tuple[Segment, ...] = (
    Segment("gift_givers", 0.16, 3.0, 0.38, 3.3, 0.8, (0.75, 0.15, 0.10),
            {"Christmas": 1.3, "Stationery": 1.1, "Accessories": 0.9, "Toys & Games": 0.8, "Food & Treats": 0.6},
            _GIFT),
    Segment("home_stylists", 0.15, 4.6, 0.45, 3.0, 0.7, (0.65, 0.25, 0.10),
            {"Homeware": 1.9, "Lighting": 1.6, "Bed & Bath": 1.5}, returns=1.4),
    Segment("kitchen_and_tea_regulars", 0.15, 8.0, 0.32, 3.4, 0.8, (0.55, 0.20, 0.25),
            {"Kitchen": 1.7, "Food & Treats": 2.1, "Beauty & Wellness": 1.0}, returns=0.7),
    Segment("bargain_hunters", 0.15, 4.6, 0.55, 2.9, 2.6, (0.50, 0.45, 0.05),
            {"Accessories": 0.6, "Bed & Bath": 0.5, "Kitchen": 0.4}, bargain=True, returns=1.3),
    Segment("gardeners", 0.10, 4.4, 0.36, 3.2, 0.9, (0.70, 0.05, 0.25),
            {"Garden": 2.7, "Homeware": 0.5, "Food & Treats": 0.4}, _SPRING, returns=0.8),
    Segment("young_families", 0.13, 5.4, 0.48, 3.0, 1.2, (0.35, 0.60, 0.05),
            {"Toys & Games": 2.2, "Bags & Travel": 1.0, "Stationery": 1.0, "Bed & Bath": 0.4}, _SCHOOL, returns=1.3),
    Segment("small_businesses", 0.035, 9.0, 0.25, 5.0, 0.9, (0.97, 0.01, 0.02),
            {"Homeware": 0.9, "Kitchen": 0.9, "Stationery": 0.9, "Lighting": 0.5, "Christmas": 0.5}, bulk=0.5,
            returns=0.4, office=True),
    Segment("try_outs", 0.12, 1.0, 3.2, 2.1, 1.3, (0.70, 0.25, 0.05), {}, returns=1.5),
)
#: Country → share, time zone, dialling prefix of numbers reserved for fiction, cities (those with a store first).
COUNTRIES: dict[str, tuple[float, str, tuple[str, ...]]] = {
    "Germany": (0.31, "Europe/Berlin", ("Berlin", "Hamburg", "Munich", "Cologne", "Leipzig", "Stuttgart", "Bremen")),
    "United Kingdom": (0.20, "Europe/London", ("London", "Manchester", "Bristol", "Leeds", "Edinburgh", "Norwich")),
    "France": (0.15, "Europe/Paris", ("Paris", "Lyon", "Lille", "Nantes", "Bordeaux")),
    "Netherlands": (0.12, "Europe/Amsterdam", ("Amsterdam", "Rotterdam", "Utrecht", "Groningen")),
    "Austria": (0.06, "Europe/Vienna", ("Vienna", "Graz", "Salzburg")),
    "Belgium": (0.05, "Europe/Brussels", ("Brussels", "Antwerp", "Ghent")),
    "Spain": (0.04, "Europe/Madrid", ("Madrid", "Barcelona", "Valencia")),
    "Italy": (0.03, "Europe/Rome", ("Milan", "Rome", "Bologna")),
    "Ireland": (0.02, "Europe/Dublin", ("Dublin", "Cork", "Galway")),
    "Denmark": (0.02, "Europe/Copenhagen", ("Copenhagen", "Aarhus")),
}
STORE_CITIES = ("Berlin", "Hamburg", "London", "Amsterdam")
ACQUISITION = ("search", "social", "email", "referral", "store", "affiliate")
_ACQUISITION_SHARE = {
    "default": (0.36, 0.22, 0.12, 0.12, 0.10, 0.08), "bargain_hunters": (0.25, 0.22, 0.08, 0.06, 0.04, 0.35),
    "young_families": (0.25, 0.42, 0.10, 0.13, 0.05, 0.05), "try_outs": (0.34, 0.38, 0.05, 0.05, 0.06, 0.12),
}
#: Chance that a contact puts a customer off, by how the customer came: planted so that it can be learnt.
_AVERSION = {"search": 0.06, "social": 0.05, "email": 0.01, "referral": 0.34, "store": 0.28, "affiliate": 0.03}
CHANNELS = ("web", "app", "store")


@dataclass(frozen=True)
class Customers:
    """All people who order, guests' hidden profiles last. Arrays follow the row order.

    Attributes:
        frame: canonical columns of the first ``n_known`` rows.
        segment: index into ``SEGMENTS``.
        order_rate, churn_hazard: per year.
        joined: day of the first order (negative: before the data begin).
        churned: day after which the person never orders again by themselves.
        taste: (people, products) log attraction, without season and price.
        sleeping_dog: a contact lowers their chance to order.
        favourite_style: index into ``STYLES``.
        city: name per person, also for guests.
    """

    frame: pd.DataFrame
    n_known: int
    segment: np.ndarray
    order_rate: np.ndarray
    churn_hazard: np.ndarray
    joined: np.ndarray
    churned: np.ndarray
    taste: np.ndarray
    sleeping_dog: np.ndarray
    favourite_style: np.ndarray
    price_sensitivity: np.ndarray
    country: np.ndarray
    city: np.ndarray
    acquisition: np.ndarray


def customer_ids(rows: np.ndarray | int) -> np.ndarray | str:
    """The shop's ids of customers by row; one row gives one id."""
    import numpy as np

    ids = (FIRST_ID + np.floor(np.asarray(rows) * ID_STEP).astype(int)).astype(str)
    return ids if ids.ndim else str(ids)


def newcomer_density(calendar: Calendar) -> np.ndarray:
    """(days,) planted share of all newcomers of the calendar that come on each day."""
    import numpy as np

    level = smooth_months(SHOP_MONTHS, calendar) * np.asarray(WEEKDAYS)[calendar.weekday]
    level = level * np.exp(NEWCOMER_GROWTH * calendar.years)
    return level / level.sum()


def build_customers(seed: int, calendar: Calendar, catalogue: Catalogue, n: int) -> Customers:
    """Draw ``n`` customers and the profiles of the guests. Deterministic in ``seed``."""
    import numpy as np
    import pandas as pd

    rng = stream(seed, "customers")
    guests = round(0.42 * n)
    total = n + guests
    shares = np.array([s.share for s in SEGMENTS])
    segment = rng.choice(len(SEGMENTS), total, p=shares / shares.sum())
    order_rate, hazard, joined, churned = _lifetimes(rng, segment, n, calendar)
    # newcomers of the simulated future get the last numbers, so that those in the data have no gap among them
    later = np.append(np.argsort(joined[:n] >= calendar.n_data, kind="stable"), np.arange(n, total))
    segment, order_rate, hazard, joined, churned = (a[later] for a in (segment, order_rate, hazard, joined, churned))
    country, city = _places(rng, total)
    acquisition = _acquisition(rng, segment)
    aversion = np.array([_AVERSION[a] for a in acquisition])
    sleeping = rng.random(total) < aversion * np.where(np.isin(segment, [1, 2, 4, 6]), 1.5, 0.6)
    taste, style = _tastes(rng, segment, catalogue)
    sensitivity = np.array([s.price_sensitivity for s in SEGMENTS])[segment] * np.exp(rng.normal(0, 0.25, total))
    registered = joined - rng.exponential(4, total) * (rng.random(total) < 0.3)
    midnight = np.datetime64(calendar.first_day).astype("datetime64[s]")
    # accounts made on the day of the first order are made before it, whatever its hour
    early = np.floor(registered[:n]) >= np.maximum(joined[:n], 0)
    second = np.where(early, rng.integers(0, 21600, n), rng.integers(25200, 82800, n))
    birth = 1998 - np.round(rng.gamma(5, 5.2, n)).astype(int)
    known = slice(0, n)
    frame = pd.DataFrame({
        "customer_id": customer_ids(np.arange(n)),
        "country": country[known], "city": city[known], "acquisition_channel": acquisition[known],
        "registered_at": midnight + (np.floor(registered[known]) * 86400 + second).astype(int),
        "birth_year": pd.array(np.where(rng.random(n) < 0.6, birth, -1), dtype="Int64"),
        "gender": np.where(rng.random(n) < 0.5, rng.choice(["female", "male", "other"], n, p=[0.6, 0.38, 0.02]), None),
    })
    frame.loc[frame["birth_year"] == -1, "birth_year"] = pd.NA
    return Customers(
        frame=frame, n_known=n, segment=segment, order_rate=order_rate, churn_hazard=hazard, joined=joined,
        churned=churned, taste=taste, sleeping_dog=sleeping, favourite_style=style, price_sensitivity=sensitivity,
        country=country, city=city, acquisition=acquisition,
    )


def _lifetimes(
    rng: np.random.Generator, segment: np.ndarray, n: int, calendar: Calendar
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Order rates, hazards, first days and last days. Guests (after row ``n``) order once, on their first day."""
    import numpy as np

    total = len(segment)
    base_rate = np.array([s.order_rate for s in SEGMENTS])[segment]
    spread = rng.gamma(1.5, 1 / 1.5, total)
    order_rate = base_rate * np.maximum(spread, 0.05)
    hazard = np.array([s.churn_hazard for s in SEGMENTS])[segment] * rng.gamma(3, 1 / 3, total) * spread ** -0.2
    # people who came before the data begin are seen only if they stayed until then, so few of them are try-outs
    before = (rng.random(total) < 0.56) & (segment != len(SEGMENTS) - 1)
    newcomers = np.searchsorted(np.cumsum(newcomer_density(calendar)), rng.random(total)).astype(float)
    # whoever stayed until then is of the loyal kind
    hazard = np.where(before, 0.62 * hazard, hazard)
    joined = np.where(before, -rng.exponential(420, total) - 5, newcomers)
    joined[n:] = newcomers[n:]
    lifetime = rng.exponential(1, total) / hazard * 365.25
    churned = np.where(before, 0, joined) + lifetime
    # a few had already left, and are only names in the customer table
    left = before & (rng.random(total) < 0.09)
    churned[left] = joined[left] / 2
    return order_rate, hazard, np.floor(joined), churned


def _places(rng: np.random.Generator, total: int) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    names = list(COUNTRIES)
    share = np.array([COUNTRIES[c][0] for c in names])
    country = np.array(names, dtype=object)[rng.choice(len(names), total, p=share / share.sum())]
    city = np.empty(total, dtype=object)
    for name in names:
        cities = COUNTRIES[name][2]
        weight = 1 / np.arange(1, len(cities) + 1) ** 0.8
        rows = np.flatnonzero(country == name)
        city[rows] = np.array(cities, dtype=object)[rng.choice(len(cities), len(rows), p=weight / weight.sum())]
    return country, city


def _acquisition(rng: np.random.Generator, segment: np.ndarray) -> np.ndarray:
    import numpy as np

    result = np.empty(len(segment), dtype=object)
    for index, planted in enumerate(SEGMENTS):
        rows = np.flatnonzero(segment == index)
        share = _ACQUISITION_SHARE.get(planted.name, _ACQUISITION_SHARE["default"])
        result[rows] = np.array(ACQUISITION, dtype=object)[rng.choice(len(ACQUISITION), len(rows), p=share)]
    return result


def _tastes(rng: np.random.Generator, segment: np.ndarray, catalogue: Catalogue) -> tuple[np.ndarray, np.ndarray]:
    """(people, products) log attraction: segment, own categories, styles and shelves, and habits for consumables."""
    import numpy as np

    total, names = len(segment), list(CATEGORY_MONTHS)
    categories = np.array([names.index(c) for c in catalogue.products["category"]])
    planted = np.array([[s.favourites.get(c, 0.0) for c in names] for s in SEGMENTS])
    by_category = planted[segment] + rng.normal(0, 0.65, (total, len(names)))
    shelves, shelf = np.unique(catalogue.products["subcategory"].to_numpy(dtype=str), return_inverse=True)
    by_shelf = rng.normal(0, 0.75, (total, len(shelves)))
    favourite = rng.integers(0, len(STYLES), total)
    second = rng.integers(0, len(STYLES), total)
    by_style = rng.normal(0, 0.3, (total, len(STYLES)))
    by_style[np.arange(total), favourite] += 1.7
    by_style[np.arange(total), second] += 0.8
    taste = catalogue.popularity[None, :] + by_category[:, categories] + by_shelf[:, shelf]
    taste += by_style[:, catalogue.style]
    habit = np.flatnonzero(catalogue.consumable)
    taste[:, habit] += rng.gumbel(0, 0.9, (total, len(habit))) - 0.5
    return taste, favourite
