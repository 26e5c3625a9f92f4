"""Every dimension, defined once: what figures can be split by and what filters can name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal

from assistant.errors import UnknownName
from assistant.query.lexicon import words_for
from assistant.query.periods import MONTHS
from assistant.results.result import Unit

if TYPE_CHECKING:
    import ibis

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NOT_SET = "(not set)"
_PLURALS = {
    "day": "days", "week": "weeks", "month": "months", "quarter": "quarters", "year": "years", "weekday": "weekdays",
    "hour": "hours", "month_of_year": "months of the year", "season_of_year": "seasons",
    "product": "products", "category": "categories",
    "subcategory": "subcategories", "brand": "brands", "price_band": "price bands", "country": "countries",
    "city": "cities", "channel": "sales channels", "acquisition_channel": "acquisition channels",
    "customer": "customers", "order": "orders", "cohort": "months of first order", "first_product": "products",
    "first_category": "categories of the first purchase",
    "orders_band": "bands", "campaign": "campaigns", "campaign_kind": "kinds of campaign",
    "message_channel": "message channels", "offer": "offers",
    "line_type": "types of order line", "order_status": "order statuses",
    "return_reason": "reasons of return", "gender": "genders", "age_band": "age bands",
}
TIME_GRAINS = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True)
class DimensionContext:
    """What a dimension may know besides its rows: edges of the price bands, and the fiscal year."""

    price_edges: tuple[float, ...] = ()
    as_of: date | None = None


@dataclass(frozen=True)
class Dimension:
    """One dimension.

    Attributes:
        columns: wide columns it reads (see :mod:`assistant.query.facts`).
        expression: value of a row.
        role: ``time`` (has an order and can have gaps), ``ordered`` (a natural order), ``entity`` (id with a label),
            ``group`` (anything else), ``filter`` (only for filters).
        label_column: wide column with the entity's label.
        plural: what several of its values are called.
        decode: value in the engine → value shown.
        encode: value a person gives → value in the engine.
    """

    name: str
    label: str
    columns: tuple[str, ...]
    words: tuple[str, ...] = ()
    unit: Unit = "text"
    role: Literal["time", "ordered", "entity", "group", "filter"] = "group"
    label_column: str | None = None
    plural: str = "groups"
    sensitive: bool = False
    type: Literal["text", "number", "date"] = "text"
    expression: Callable[[ibis.Table, DimensionContext], ibis.Value] = field(default=lambda t, c: None, compare=False)
    decode: Callable[[Any], Any] | None = field(default=None, compare=False)
    encode: Callable[[Any], Any] | None = field(default=None, compare=False)


def _column(name: str) -> Callable[[ibis.Table, DimensionContext], ibis.Value]:
    return lambda t, c: t[name]


def _time(grain: str) -> Callable[[ibis.Table, DimensionContext], ibis.Value]:
    code = {"day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}[grain]
    return lambda t, c: t["at"].truncate(code).date() if grain != "day" else t["at"].date()


def show_time(grain: str) -> Callable[[date], str]:
    """How the first day of a unit is shown: ``Nov 2011``, ``Q4 2011``, ``2011``, or the day itself in ISO form."""
    return {
        "day": lambda d: d.isoformat(),
        "week": lambda d: d.isoformat(),
        "month": lambda d: f"{MONTHS[d.month - 1][:3]} {d.year}",
        "quarter": lambda d: f"Q{(d.month + 2) // 3} {d.year}",
        "year": lambda d: str(d.year),
    }[grain]


def _weekday_number(value: Any) -> int | None:
    return _place(value, WEEKDAYS, 0)


def _month_number(value: Any) -> int | None:
    return _place(value, MONTHS, 1)


#: by the calendar of the north, as weather services count them
SEASONS = ("spring (March to May)", "summer (June to August)", "autumn (September to November)",
           "winter (December to February)")


def season_of(month: int) -> int:
    """The season of a month: 0 for spring."""
    return (month + 9) % 12 // 3


def _season_number(value: Any) -> int | None:
    text = str(value).strip().casefold()
    text = "autumn" if text == "fall" else text
    return next((i for i, name in enumerate(SEASONS) if text and text in {name, name.split(" ")[0], str(i)}), None)


def _place(value: Any, names: tuple[str, ...], first: int) -> int | None:
    """Number of a weekday or month given as a number, a name or its first three letters."""
    if isinstance(value, int | float):
        return int(value)
    text = str(value).strip().casefold()
    if text.isdigit():
        return int(text)
    for number, name in enumerate(names, start=first):
        if len(text) >= 3 and name.casefold().startswith(
            text.rstrip("s") if text.rstrip("s") == name.casefold() else text
        ):
            return number
    return None


def _new_or_returning(t: ibis.Table, c: DimensionContext) -> ibis.Value:
    import ibis

    return ibis.cases((t.customer_id.isnull(), "guest"), (t["at"].date() == t.first_day, "new"), else_="returning")


def _customer_type(t: ibis.Table, c: DimensionContext) -> ibis.Value:
    import ibis

    return ibis.cases((t.customer_id.isnull(), "guest"), else_="known customer")


def _cohort(t: ibis.Table, c: DimensionContext) -> ibis.Value:
    return (
        t.first_day.truncate("M").date()
        if t.first_day.type().is_timestamp()
        else t.first_day.truncate("M").cast("date")
    )


def _band(column: str) -> Callable[[ibis.Table, DimensionContext], ibis.Value]:
    def expression(t: ibis.Table, c: DimensionContext) -> ibis.Value:
        import ibis

        if not c.price_edges:
            return ibis.literal("all prices")
        price = t[column].cast("float64")
        return ibis.cases(*((price < edge, i) for i, edge in enumerate(c.price_edges)), else_=len(c.price_edges))

    return expression


def price_band_label(edges: tuple[float, ...], index: int) -> str:
    """``under 5``, ``5 to under 10``, ``20 and over``."""
    if not edges:
        return "all prices"
    if index == 0:
        return f"under {edges[0]:g}"
    if index >= len(edges):
        return f"{edges[-1]:g} and over"
    return f"{edges[index - 1]:g} to under {edges[index]:g}"


#: upper end of a band of orders per customer, and what it is called
ORDERS_BANDS = ((1, "1 order"), (2, "2 orders"), (5, "3–5 orders"), (10, "6–10 orders"), (None, "more than 10 orders"))


def _orders_band(t: ibis.Table, c: DimensionContext) -> ibis.Value:
    import ibis

    ends = [end for end, _ in ORDERS_BANDS if end is not None]
    return ibis.cases(*((t.order_count <= end, i) for i, end in enumerate(ends)), (t.order_count > ends[-1], len(ends)))


def _orders_band_number(value: Any) -> int | None:
    text = str(value).strip().casefold().replace("-", "–")
    return next((i for i, (_, name) in enumerate(ORDERS_BANDS) if text in {name, name.split(" ")[0]}), None)


def _age_band(t: ibis.Table, c: DimensionContext) -> ibis.Value:
    import ibis

    age = (c.as_of or date.today()).year - t.birth_year
    return ibis.cases(
        (age < 25, "under 25"),
        (age < 35, "25–34"),
        (age < 45, "35–44"),
        (age < 55, "45–54"),
        (age < 65, "55–64"),
        (age >= 65, "65 and over"),
    )


def _age(t: ibis.Table, c: DimensionContext) -> ibis.Value:
    return (c.as_of or date.today()).year - t.birth_year


def _d(name: str, label: str, columns: tuple[str, ...], **options: Any) -> Dimension:
    options.setdefault("expression", _column(columns[0]))
    if name in _PLURALS:
        options["plural"] = _PLURALS[name]
    return Dimension(name, label, columns, words_for("dimensions").get(name, ()), **options)


DIMENSIONS: dict[str, Dimension] = {
    d.name: d
    for d in (
        *(
            _d(
                g,
                "week from" if g == "week" else g,
                ("at",),
                role="time",
                expression=_time(g),
                decode=show_time(g),
                type="date",
                unit="date" if g in {"day", "week"} else "text",
            )
            for g in TIME_GRAINS
        ),
        _d(
            "weekday",
            "weekday",
            ("at",),
            role="ordered",
            expression=lambda t, c: t["at"].day_of_week.index(),
            decode=lambda i: WEEKDAYS[i],
            encode=_weekday_number,
        ),
        _d(
            "hour",
            "hour of day",
            ("at",),
            role="ordered",
            expression=lambda t, c: t["at"].hour(),
            type="number",
            unit="count",
        ),
        _d(
            "month_of_year",
            "month of the year",
            ("at",),
            role="ordered",
            expression=lambda t, c: t["at"].month(),
            decode=lambda i: MONTHS[i - 1],
            encode=_month_number,
        ),
        _d(
            "season_of_year",
            "season of the year",
            ("at",),
            role="ordered",
            expression=lambda t, c: ((t["at"].month() + 9) % 12 / 3).floor().cast("int64"),
            decode=lambda i: SEASONS[i],
            encode=_season_number,
        ),
        _d("product", "product", ("product_id",), role="entity", label_column="product_name", unit="id"),
        _d("category", "category", ("category",)),
        _d("subcategory", "subcategory", ("subcategory",)),
        _d("brand", "brand", ("brand",)),
        _d("price_band", "price band", ("unit_price",), role="ordered", expression=_band("unit_price")),
        _d("country", "country", ("country",)),
        _d("city", "city", ("city",)),
        _d("channel", "sales channel", ("channel",)),
        _d("acquisition_channel", "acquisition channel", ("acquisition_channel",)),
        _d("customer", "customer", ("customer_id",), role="entity", unit="id"),
        _d("order", "order", ("order_id",), role="entity", unit="id"),
        _d(
            "orders_band",
            "number of orders",
            ("customer_id", "line_type", "order_count"),
            role="ordered",
            expression=_orders_band,
            decode=lambda i: ORDERS_BANDS[i][1],
            encode=_orders_band_number,
        ),
        _d(
            "cohort",
            "month of first order",
            ("customer_id", "first_day"),
            role="time",
            expression=_cohort,
            decode=show_time("month"),
            type="date",
        ),
        _d("new_vs_returning", "new or returning", ("customer_id", "at", "first_day"), expression=_new_or_returning),
        _d("customer_type", "guest or known customer", ("customer_id",), expression=_customer_type),
        _d(
            "first_product",
            "first product bought",
            ("first_product",),
            role="entity",
            label_column="first_product_name",
            unit="id",
        ),
        _d("first_category", "category of the first product bought", ("first_category",)),
        _d("campaign", "campaign", ("campaign_id",), role="entity", label_column="campaign_name", unit="id"),
        _d("campaign_kind", "kind of campaign", ("campaign_kind",)),
        _d("message_channel", "message channel", ("message_channel",)),
        _d("offer", "campaign offer", ("offer",)),
        _d("arm", "treatment or control", ("arm",)),
        _d("line_type", "type of order line", ("line_type",)),
        _d("return_reason", "reason of return", ("x_return_reason",)),
        _d(
            "order_status",
            "order status",
            ("status",),
        ),
        _d("gender", "gender", ("gender",), sensitive=True),
        _d("age_band", "age band", ("birth_year",), sensitive=True, role="ordered", expression=_age_band),
        # only in filters
        _d("customer_country", "country of the customer", ("customer_country",), role="filter"),
        _d("unit_price", "price paid per unit", ("unit_price",), role="filter", type="number", unit="currency"),
        _d("list_price", "list price", ("list_price",), role="filter", type="number", unit="currency"),
        _d("quantity", "units on the line", ("quantity",), role="filter", type="number", unit="count"),
        _d(
            "order_value",
            "order value",
            ("order_id", "order_value"),
            role="filter",
            type="number",
            unit="currency",
            expression=_column("order_value"),
        ),
        _d("order_units", "units in the order", ("order_id", "order_units"), role="filter", type="number", unit="count",
           expression=_column("order_units")),
        _d("order_products", "different products in the order", ("order_id", "order_products"), role="filter",
           type="number", unit="count", expression=_column("order_products")),
        _d("discount", "discount on the line", ("discount",), role="filter", type="number", unit="currency"),
        _d("line_amount", "line amount", ("amount",), role="filter", type="number", unit="currency"),
        _d("stock", "units in stock", ("stock",), role="filter", type="number", unit="count"),
        _d("age", "age", ("birth_year",), role="filter", type="number", unit="number", expression=_age, sensitive=True),
        _d(
            "registered",
            "registration day",
            ("registered_at",),
            role="filter",
            type="date",
            expression=lambda t, c: t.registered_at.date(),
        ),
        _d("launched", "launch day", ("launched_at",), role="filter", type="date"),
        _d("first_order", "day of the first order", ("first_day",), role="filter", type="date"),
        _d(
            "days_since_first_order",
            "days since the customer's first order",
            ("at", "first_day"),
            role="filter",
            type="number",
            unit="days",
            expression=lambda t, c: t["at"].date().delta(t.first_day, unit="day"),
        ),
        _d(
            "days_before_last_order",
            "days before the customer's last order",
            ("at", "last_day"),
            role="filter",
            type="number",
            unit="days",
            expression=lambda t, c: t.last_day.delta(t["at"].date(), unit="day"),
        ),
        _d(
            "days_since_previous_order",
            "days since the customer's order before",
            ("at", "previous_day"),
            role="filter",
            type="number",
            unit="days",
            expression=lambda t, c: t["at"].date().delta(t.previous_day, unit="day"),
        ),
        _d("last_order", "day of the last order", ("last_day",), role="filter", type="date"),
    )
}


def dimension(name: str, *, for_filter: bool = False) -> Dimension:
    """The dimension of that name.

    Raises:
        UnknownName: with the nearest names; also for a filter-only field asked for as a dimension.
    """
    found = DIMENSIONS.get(name)
    if found is None or (found.role == "filter" and not for_filter):
        offered = [n for n, d in DIMENSIONS.items() if for_filter or d.role != "filter"]
        near = get_close_matches(name, offered, n=5, cutoff=0.4)
        raise UnknownName(
            "No such field to filter by" if for_filter else "No such dimension", received=name, valid=near or offered
        )
    return found


def offered_dimensions() -> list[str]:
    """Names that figures can be split by."""
    return [n for n, d in DIMENSIONS.items() if d.role != "filter"]
