"""Moments in text columns: ISO, day or month first, names of months, compact, spreadsheet serials, Unix time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from assistant.data.counts import number_of
from assistant.data.values import text

if TYPE_CHECKING:
    import ibis

    from assistant.data.workbench import Workbench

Order = Literal["day", "month", "per_row"]

_FAMILIES = {
    "ISO (2024-01-31)": r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?$",
    "numbers (31/01/2024)": r"^\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})([T ,].*)?$",
    "month names (31 Jan 2024)":
        r"^(\d{1,2}[ .-]*[A-Za-zäéû]{3,10}|[A-Za-zäéû]{3,10}\.? \d{1,2})[ ,.-]+\d{4}([ ,T].*)?$",
    "compact (20240131)": r"^(19|20)\d{6}$",
    "spreadsheet serial (45322)": r"^[2-6]\d{4}(\.\d+)?$",
    "Unix time (1706659200)": r"^1\d{9}(\d{3}){0,2}$",
}
_ISO, _NUMERIC, _NAMED, _COMPACT, _SERIAL, _UNIX = _FAMILIES
_PARTS = r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})"
#: first letters of month names in English, German, French, Spanish, Italian, Dutch, Portuguese
_MONTHS = {
    1: "jan|jän|ene|gen",
    2: "feb|fév|fev",
    3: "mar|mär|mrz|maa",
    4: "apr|avr|abr",
    5: "may|mai|mag|mei|mayo",
    6: "jun|juin|giu",
    7: "jul|juil|lug",
    8: "aug|aoû|aou|ago",
    9: "sep|set",
    10: "oct|okt|out|ott",
    11: "nov",
    12: "dec|dez|déc|dic",
}


@dataclass(frozen=True)
class DateFacts:
    """How the dates of a column are written.

    Attributes:
        families: format → rows, most frequent first; empty for a typed column.
        order: which part comes first where dates are numbers.
        assumed: the order could not be told from the values.
        plain: every value is ISO without a zone, the engine reads it as it is.
    """

    families: dict[str, int] = field(default_factory=dict)
    order: Order = "day"
    assumed: bool = False
    plain: bool = False

    def warnings(self, column: str) -> list[str]:
        """What a person should know about the reading of this column."""
        words = []
        if len(self.families) > 1:
            listed = ", ".join(f"{name}: {number_of(rows, 'row')}" for name, rows in self.families.items())
            words.append(f"Column '{column}' holds dates in {len(self.families)} formats ({listed})")
        if self.order == "per_row":
            words.append(
                f"Column '{column}' holds dates with the day first and with the month first; "
                "rows that can be read both ways are quarantined"
            )
        elif self.assumed:
            words.append(
                f"Dates in '{column}' could be read with the day or the month first; "
                f"the {self.order} was taken to come first"
            )
        return words


def date_facts(bench: Workbench, table: ibis.Table, column: str, row: str) -> DateFacts:
    """Decide how to read a text column of dates, from all its rows.

    Args:
        row: column with the row number: files are mostly in the order of time, which decides where values do not.
    """
    if not table[column].type().is_string():
        return DateFacts()
    value = text(table[column])
    first, second = (value.re_extract(_PARTS, i).try_cast("int64") for i in (1, 2))
    measures: dict[str, Any] = {f"f{i}": value.re_search(p).sum() for i, p in enumerate(_FAMILIES.values())}
    measures |= {
        "n": value.count(),
        "cast": value.try_cast("timestamp").count(),
        "zoned": value.re_search(r":\d{2}.*(Z|UTC|[+-]\d{2}:?\d{2})$").sum(),
        "day": (first > 12).sum(),
        "month": (second > 12).sum(),
        "dots": value.re_search(r"^\d+\.\d+\.").sum(),
    }
    got = {k: v or 0 for k, v in bench.one(table.aggregate(**measures)).items()}
    families = {name: got[f"f{i}"] for i, name in enumerate(_FAMILIES) if got[f"f{i}"]}
    families = dict(sorted(families.items(), key=lambda item: -item[1]))
    plain = got["f0"] == got["cast"] == got["n"] and not got["zoned"]
    if _NUMERIC not in families:
        return DateFacts(families, plain=plain)
    if got["day"] and got["month"]:
        return DateFacts(families, "per_row")
    if got["day"] or got["month"]:
        return DateFacts(families, "day" if got["day"] else "month")
    if len(families) > 1:
        return DateFacts(families, "per_row")
    return DateFacts(families, _likely_order(bench, table, column, row, got["dots"] > 0), assumed=True)


def _likely_order(bench: Workbench, table: ibis.Table, column: str, row: str, dots: bool) -> Order:
    """With no value above 12: the reading under which the file runs backwards in time less often."""
    import ibis

    backwards: dict[str, Any] = {}
    readings = {"day": DateFacts({_NUMERIC: 1}, "day"), "month": DateFacts({_NUMERIC: 1}, "month")}
    base = table.select(row=table[row], **{o: moment(table[column], f) for o, f in readings.items()})
    window = ibis.window(order_by=base.row)
    steps = base.mutate(**{f"{o}_back": (base[o] < base[o].lag().over(window)).ifelse(1, 0) for o in readings})
    backwards = bench.one(steps.aggregate(**{o: steps[f"{o}_back"].sum() for o in readings}))
    day, month = backwards["day"] or 0, backwards["month"] or 0
    if day == month:
        return "day"
    if dots:
        return "day"  # dots stand between day, month and year only where the day comes first
    return "day" if day < month else "month"


def moment(column: ibis.Value, facts: DateFacts) -> ibis.TimestampValue:
    """The moment a value names in the shop's own time (a zone is dropped, the wall clock stays), else null."""
    import ibis

    kind = column.type()
    if kind.is_timestamp() or kind.is_date():
        return column.cast("timestamp")
    if kind.is_numeric():
        value = column.cast("string").re_replace(r"\.0+$", "")
    else:
        value = text(column)
        if facts.plain:
            return value.try_cast("timestamp")
    branches = [
        (value.re_search(pattern), _READERS[name](value, facts.order))
        for name, pattern in _FAMILIES.items()
        if not facts.families or name in facts.families
    ]
    if not branches:
        return ibis.null("timestamp")
    return ibis.cases(*branches, else_=ibis.null("string")).try_cast("timestamp")


def _clock(value: ibis.StringValue) -> ibis.StringValue:
    """`` HH:MM:SS`` of a text with a time in it, midnight without."""
    import ibis

    hour = value.re_extract(r"[T ,](\d{1,2}):\d{2}", 1)
    rest = value.re_extract(r"[T ,]\d{1,2}:(\d{2})", 1)
    second = value.re_extract(r"[T ,]\d{1,2}:\d{2}:(\d{2})", 1)
    half = value.lower().re_extract(r":\d{2}\s*([ap])\.?m", 1)
    number = hour.try_cast("int64")
    number = ibis.cases((half == "p", number % 12 + 12), (half == "a", number % 12), else_=number)
    filled = second.nullif("").fill_null("00")
    clock = ibis.literal(" ") + number.cast("string").lpad(2, "0") + ":" + rest + ":" + filled
    return number.isnull().ifelse(" 00:00:00", clock)


def _iso(value: ibis.StringValue, _order: Order) -> ibis.StringValue:
    pattern = r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"
    year, month, day = (value.re_extract(pattern, i) for i in (1, 2, 3))
    return year + "-" + month.lpad(2, "0") + "-" + day.lpad(2, "0") + _clock(value)


def _numeric(value: ibis.StringValue, order: Order) -> ibis.StringValue:
    import ibis

    first, second, written = (value.re_extract(_PARTS, i) for i in (1, 2, 3))
    short = (written.try_cast("int64") < 70).ifelse(ibis.literal("20") + written, ibis.literal("19") + written)
    year = (written.length() == 2).ifelse(short, written)
    day_first = year + "-" + second.lpad(2, "0") + "-" + first.lpad(2, "0")
    month_first = year + "-" + first.lpad(2, "0") + "-" + second.lpad(2, "0")
    if order == "day":
        day = day_first
    elif order == "month":
        day = month_first
    else:
        a, b = first.try_cast("int64"), second.try_cast("int64")
        day = ibis.cases((a > 12, day_first), (b > 12, month_first), (a == b, day_first), else_=ibis.null("string"))
    return day + _clock(value)


def _named(value: ibis.StringValue, _order: Order) -> ibis.StringValue:
    import ibis

    word = value.lower().re_extract(r"([a-zäéû]{3,10})", 1)
    month = ibis.cases(
        *((word.re_search(f"^(?:{names})"), f"{n:02d}") for n, names in _MONTHS.items()), else_=ibis.null("string")
    )
    day = value.re_extract(r"^\D*(\d{1,2})\b", 1)
    year = value.re_extract(r"\b(\d{4})\b", 1)
    return year + "-" + month + "-" + day.lpad(2, "0") + _clock(value)


def _compact(value: ibis.StringValue, _order: Order) -> ibis.StringValue:
    return value.substr(0, 4) + "-" + value.substr(4, 2) + "-" + value.substr(6, 2)


def _serial(value: ibis.StringValue, _order: Order) -> ibis.StringValue:
    # day 1 is 1 January 1900 and 1900 counts as a leap year, so the zero of today's dates is 30 December 1899
    seconds = ((value.try_cast("float64") - 25569.0) * 86400.0).round().cast("int64")
    return seconds.as_timestamp("s").cast("string")


def _unix(value: ibis.StringValue, _order: Order) -> ibis.StringValue:
    number = value.try_cast("int64")
    seconds = (value.length() > 13).ifelse(number // 1_000_000, (value.length() > 10).ifelse(number // 1000, number))
    return seconds.as_timestamp("s").cast("string")


_READERS = {_ISO: _iso, _NUMERIC: _numeric, _NAMED: _named, _COMPACT: _compact, _SERIAL: _serial, _UNIX: _unix}
