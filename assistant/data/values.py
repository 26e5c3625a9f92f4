"""Text and typed columns → canonical values, as Ibis expressions. The style is decided from the whole column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from assistant.data.currencies import CODES
from assistant.data.schema import MONEY

if TYPE_CHECKING:
    import ibis

    from assistant.data.workbench import Workbench

NumberStyle = Literal["plain", "dot", "comma", "mixed"]

#: what may stand around a number: currency signs and codes, percent, spaces (also the non-breaking ones), apostrophes
_AROUND = "[^0-9.,()+-]"
_BESIDE = rf"(?:(?i:{CODES}|kr|zł|Kč|Fr|R\$|A\$|C\$)\.?|[£$€¥₹₽₺₩%])"
_NUMBER = rf"^[-+(]?\s*{_BESIDE}?\s*[-+(]?\s*[0-9.,][0-9., '’\x{{a0}}\x{{202f}}]*\s*{_BESIDE}?\)?-?$"
_PLAIN = r"^[-+]?[0-9]+(\.[0-9]+)?$"
_SCIENTIFIC = r"^[-+]?[0-9]+(\.[0-9]+)?[eE][-+]?[0-9]+$"
#: proof that the comma is the decimal sign, or that the dot is; anything else tells nothing
_COMMA_DECIMAL = (
    r"(^|[^,])[0-9],[0-9]{1,2}\D*$|\.[0-9]{3},[0-9]|^\D*[0-9]+,[0-9]{4,}\D*$|^\D*[0-9]{1,3}(\.[0-9]{3}){2,}\D*$"
)
_DOT_DECIMAL = (
    r"(^|[^.])[0-9]\.[0-9]{1,2}\D*$|,[0-9]{3}\.[0-9]|^\D*[0-9]+\.[0-9]{4,}\D*$|^\D*[0-9]{1,3}(,[0-9]{3}){2,}\D*$"
)
_LONE_SEPARATOR = r"^\D*[0-9]{1,3}[.,][0-9]{3}\D*$"

_TRUE = ("true", "yes", "y", "1", "t", "ja", "oui", "si", "sí", "sim", "subscribed", "opted in", "opt-in", "x")
_FALSE = ("false", "no", "n", "0", "f", "nein", "non", "não", "unsubscribed", "opted out", "opt-out", "not subscribed")


@dataclass(frozen=True)
class NumberFacts:
    """How the numbers of a text column are written; ``ambiguous`` rows are readable either way."""

    style: NumberStyle
    ambiguous: int = 0


def text(column: ibis.Value) -> ibis.StringValue:
    """Text without space around it; empty becomes null."""
    value = column if column.type().is_string() else column.cast("string")
    # all white space sorts before "!": two comparisons of a character spare nearly every value the costly stripping
    spaced = (value < "!") | (value.right(1) < "!")
    return spaced.ifelse(value.strip(), value).nullif("")


def identifier(column: ibis.Value) -> ibis.StringValue:
    """An id as text; ``13085.0``, which spreadsheets make of ids with gaps, becomes ``13085``."""
    kind = column.type()
    if kind.is_floating() or kind.is_decimal():
        whole = column.cast("int64")
        return (whole == column).ifelse(whole.cast("string"), column.cast("string"))
    if kind.is_string():
        value = text(column)
        return value.endswith(".0").ifelse(value.re_replace(r"^([0-9]+)\.0+$", r"\1"), value)
    return column.cast("string")


def written(column: ibis.Value) -> ibis.BooleanValue:
    """Whether anything stands in the column."""
    return text(column).notnull() if column.type().is_string() else column.notnull()


def boolean(column: ibis.Value) -> ibis.BooleanValue:
    """Yes and no in several languages; anything else becomes null."""
    import ibis

    if column.type().is_boolean():
        return column
    value = text(column).lower()
    return ibis.cases((value.isin(_TRUE), True), (value.isin(_FALSE), False), else_=ibis.null("boolean"))


def number_facts(bench: Workbench, table: ibis.Table, columns: list[str]) -> dict[str, NumberFacts]:
    """Number style of text columns, from all their rows, in one pass."""
    chosen = [c for c in columns if table[c].type().is_string()]
    facts = {c: NumberFacts("plain") for c in columns}
    if not chosen:
        return facts
    parts: dict[str, Any] = {}
    for c in chosen:
        value = text(table[c])
        parts |= {
            f"{c}_odd": (value.notnull() & ~value.re_search(_PLAIN)).sum(),
            f"{c}_comma": value.re_search(_COMMA_DECIMAL).sum(),
            f"{c}_dot": value.re_search(_DOT_DECIMAL).sum(),
            f"{c}_lone": value.re_search(_LONE_SEPARATOR).sum(),
        }
    row = bench.one(table.aggregate(**parts))
    for c in chosen:
        odd, comma, dot, lone = (row[f"{c}_{k}"] or 0 for k in ("odd", "comma", "dot", "lone"))
        if comma and dot:
            facts[c] = NumberFacts("mixed", lone)
        elif comma:
            facts[c] = NumberFacts("comma")
        elif odd:
            facts[c] = NumberFacts("dot")
    return facts


def number(column: ibis.Value, facts: NumberFacts, kind: str = MONEY) -> ibis.Value:
    """A number of the given type; null where the text is none, or where it could be read in two ways."""
    if not column.type().is_string():
        return column.try_cast(kind)
    value = text(column)
    if facts.style == "plain":
        return value.try_cast(kind)
    import ibis

    digits = value.re_replace(_AROUND, "")
    negative = digits.startswith("-") | digits.startswith("(") | digits.endswith("-")
    bare = digits.re_replace("[()+-]", "")
    with_dot = bare.replace(",", "")
    with_comma = bare.replace(".", "").replace(",", ".")
    if facts.style == "dot":
        plain = with_dot
    elif facts.style == "comma":
        plain = with_comma
    else:
        plain = ibis.cases(
            (value.re_search(_COMMA_DECIMAL), with_comma),
            (value.re_search(_DOT_DECIMAL), with_dot),
            (value.re_search(_LONE_SEPARATOR), ibis.null("string")),
            else_=with_dot,
        )
    size = plain.try_cast(kind)
    signed = negative.ifelse(-size, size)
    return ibis.cases(
        (value.re_search(_SCIENTIFIC), value.try_cast("float64").try_cast(kind)),
        (value.re_search(_NUMBER), signed),
        else_=ibis.null(kind),
    )
