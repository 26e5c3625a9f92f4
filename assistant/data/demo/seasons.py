"""The shop's calendar: window of the data, weekdays, yearly seasons, shopping days and growth, all planted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

#: Fixed, so that a seed gives the same shop on every day it is built. The last month has 18 of 30 days.
FIRST_DAY = date(2024, 7, 1)
LAST_DAY = date(2026, 6, 18)
#: Days simulated beyond the data and kept in the truth only: forecasts, churn and value are graded against them.
FUTURE_DAYS = 90
#: Growth of the order rate of a customer who stays, per year.
RATE_GROWTH = 0.05
#: Growth of the number of newcomers, per year.
NEWCOMER_GROWTH = 0.08
#: Factors Monday … Sunday.
WEEKDAYS = (1.06, 0.99, 0.96, 0.97, 0.94, 0.93, 1.15)
OFFICE_WEEKDAYS = (1.35, 1.40, 1.38, 1.35, 1.20, 0.17, 0.15)

#: Monthly factors (January … December) on the chance that a product of the category is chosen.
CATEGORY_MONTHS: dict[str, tuple[float, ...]] = {
    "Homeware": (0.95, 0.95, 1.0, 1.0, 1.0, 0.95, 0.9, 0.95, 1.05, 1.1, 1.15, 1.0),
    "Kitchen": (0.95, 0.9, 0.95, 1.0, 1.0, 0.95, 0.9, 0.95, 1.0, 1.05, 1.15, 1.2),
    "Garden": (0.3, 0.6, 1.5, 2.2, 2.3, 1.8, 1.3, 0.9, 0.8, 0.6, 0.25, 0.2),
    "Lighting": (1.1, 0.95, 0.8, 0.7, 0.65, 0.6, 0.6, 0.8, 1.15, 1.45, 1.6, 1.6),
    "Bed & Bath": (1.5, 1.1, 1.0, 0.9, 0.9, 0.9, 0.85, 0.9, 1.0, 1.05, 1.0, 0.9),
    "Stationery": (1.0, 0.8, 0.8, 0.8, 0.85, 0.85, 0.95, 1.6, 1.45, 0.9, 1.0, 1.1),
    "Toys & Games": (0.7, 0.7, 0.85, 0.85, 0.9, 1.0, 1.05, 0.85, 0.8, 1.0, 1.6, 1.7),
    "Accessories": (0.9, 0.95, 0.9, 0.9, 1.1, 0.9, 0.85, 0.85, 0.95, 1.05, 1.3, 1.35),
    "Bags & Travel": (0.7, 0.75, 0.9, 1.0, 1.2, 1.5, 1.5, 1.3, 0.95, 0.75, 0.75, 0.7),
    "Christmas": (0.08, 0.03, 0.02, 0.02, 0.02, 0.02, 0.03, 0.1, 0.7, 2.2, 5.2, 3.9),
    "Food & Treats": (0.95, 0.95, 1.0, 0.95, 0.9, 0.85, 0.8, 0.85, 0.95, 1.05, 1.2, 1.35),
    "Beauty & Wellness": (1.1, 1.05, 1.0, 0.95, 1.1, 0.95, 0.9, 0.9, 0.95, 1.0, 1.1, 1.05),
}
#: Factors on every segment's order rate: the gift season from November lifts the whole shop.
SHOP_MONTHS = (0.88, 0.87, 0.93, 0.95, 0.99, 0.92, 0.86, 0.85, 0.95, 1.05, 1.42, 1.33)


@dataclass(frozen=True)
class Calendar:
    """Days 0 … ``n_data - 1`` are in the data, up to ``n_all - 1`` in the truth."""

    first_day: date
    last_day: date
    n_data: int
    n_all: int
    dates: np.ndarray  # (n_all,) datetime64[D]
    month: np.ndarray  # (n_all,) 0 … 11
    weekday: np.ndarray  # (n_all,) Monday 0
    years: np.ndarray  # (n_all,) years since the first day

    def day_index(self, day: date) -> int:
        """Days since the first day of the data."""
        return (day - self.first_day).days


@lru_cache(maxsize=1)
def shop_calendar() -> Calendar:
    """The one calendar of the demo shop."""
    import numpy as np

    n_data = (LAST_DAY - FIRST_DAY).days + 1
    n_all = n_data + FUTURE_DAYS
    dates = np.datetime64(FIRST_DAY) + np.arange(n_all)
    months = dates.astype("datetime64[M]").astype(int) % 12
    weekday = (dates.astype("datetime64[D]").astype(int) + 3) % 7
    return Calendar(FIRST_DAY, LAST_DAY, n_data, n_all, dates, months, weekday, np.arange(n_all) / 365.25)


def smooth_months(months: tuple[float, ...], calendar: Calendar) -> np.ndarray:
    """Daily factors (mean 1 over a year) from monthly ones, interpolated between mid-months."""
    import numpy as np

    day_of_year = (calendar.dates - calendar.dates.astype("datetime64[Y]")).astype(int)
    middles = (np.arange(-1, 13) + 0.5) * 365.25 / 12
    values = np.array([months[-1], *months, months[0]]) / np.mean(months)
    return np.interp(day_of_year, middles, values)


def shopping_days(calendar: Calendar) -> dict[str, np.ndarray]:
    """Days of known shopping events, as boolean masks over the calendar."""
    import numpy as np

    def between(start: date, days: int) -> np.ndarray:
        mask = np.zeros(calendar.n_all, dtype=bool)
        begin = calendar.day_index(start)
        mask[max(begin, 0):max(begin + days, 0)] = True
        return mask

    masks: dict[str, np.ndarray] = {}
    for year in range(calendar.first_day.year, calendar.last_day.year + 1):
        november = date(year, 11, 1)
        thanksgiving = november + timedelta(days=(3 - november.weekday()) % 7 + 21)
        events = {
            "black_friday": (thanksgiving + timedelta(days=1), 4), "january_sale": (date(year, 1, 2), 14),
            "summer_sale": (date(year, 7, 8), 14), "christmas_rush": (date(year, 12, 1), 17),
            "christmas_pause": (date(year, 12, 22), 8),
        }
        for name, (start, days) in events.items():
            masks[name] = masks.get(name, np.zeros(calendar.n_all, dtype=bool)) | between(start, days)
    return masks


#: Factors of the shopping days on the order rate, for ordinary customers and for bargain hunters.
EVENT_FACTORS = {
    "black_friday": (1.7, 3.2), "january_sale": (1.15, 2.4), "summer_sale": (1.12, 2.4), "christmas_rush": (1.2, 1.1),
    "christmas_pause": (0.45, 0.5),
}


def daily_intensity(
    months: tuple[float, ...], calendar: Calendar, *, bargain: bool = False, office: bool = False
) -> np.ndarray:
    """Planted relative order rate per day of one segment.

    Args:
        months: the segment's own monthly factors, on top of the shop's.
        bargain: follows sales more strongly.
        office: buys on working days.

    Returns:
        (n_all,) factors, about 1 on an average day of the first year.
    """
    import numpy as np

    week = np.asarray(OFFICE_WEEKDAYS if office else WEEKDAYS)
    level = smooth_months(months, calendar) * smooth_months(SHOP_MONTHS, calendar)
    level = level * week[calendar.weekday] * np.exp(RATE_GROWTH * calendar.years)
    for name, mask in shopping_days(calendar).items():
        level[mask] *= EVENT_FACTORS[name][1 if bargain else 0]
    return level


def category_seasons(calendar: Calendar) -> dict[str, np.ndarray]:
    """Daily factors per category on the chance of being chosen."""
    return {name: smooth_months(months, calendar) for name, months in CATEGORY_MONTHS.items()}
