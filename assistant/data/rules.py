"""The cleaning rules, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.data.currencies import Currency
from assistant.data.presets import Rules
from assistant.data.schema import LINE_TYPES
from assistant.data.stage import Staged
from assistant.data.workbench import Workbench

if TYPE_CHECKING:
    import ibis

#: share of negative quantities from which order ids that begin with C are taken for cancellations
_MOSTLY = 0.9


@dataclass(frozen=True)
class Rule:
    """One cleaning rule: lines that meet ``when`` and no rule above become ``line_type``; null quarantines them."""

    name: str
    reason: str
    when: Any
    line_type: str | None


def rules_of(
    bench: Workbench, t: ibis.Table, staged: Staged, rules: Rules, currency: Currency, fed: Collection[str]
) -> list[Rule]:
    """All rules in their order.

    Args:
        fed: staged columns that the source has; rules about others are left out.
    """
    import ibis

    never = ibis.literal(False)
    unreadable = [
        Rule(
            "missing_order_id",
            "neither an order id nor a customer and a date",
            t.order_id.isnull() | (t.order_id == ""),
            None,
        ),
        Rule(
            "unreadable_date",
            "the date cannot be read, or can be read in two ways",
            t.has_ordered_at & t.ordered_at.isnull(),
            None,
        ),
        Rule("missing_date", "no date", t.ordered_at.isnull(), None),
        Rule(
            "implausible_date",
            "the date lies before 1970 or after 2100",
            (t.ordered_at.year() < 1970) | (t.ordered_at.year() > 2100),
            None,
        ),
        Rule("unreadable_quantity", "the quantity is no number", t.has_quantity & t.quantity.isnull(), None),
        Rule(
            "unreadable_price",
            "the price or amount is no number, or can be read in two ways",
            (t.has_unit_price & t.unit_price.isnull()) | (t.has_amount & t.amount.isnull()),
            None,
        ),
        *(
            [Rule("other_currency", f"the amount is not in {currency.code}", t.currency != currency.code, None)]
            if currency.others
            else []
        ),
        Rule("missing_amount", "no price or amount", t.amount.isnull(), None),
    ]
    if not staged.with_products:
        return [
            *unreadable,
            Rule("negative_orders", "amount below zero: money given back", t.amount < 0, "return"),
            *([Rule("free_orders", "amount of zero", t.amount == 0, None)] if rules.free_lines == "quarantine" else []),
        ]
    unreadable += [
        Rule("missing_quantity", "no quantity", t.units.isnull(), None),
        Rule("missing_product", "no product code", t.product_id.isnull(), None),
    ]
    adjusts = t.order_id.re_search(rules.adjustment_order) if rules.adjustment_order else never
    cancels = t.order_id.re_search(_cancelling(bench, t, rules) or r"^\b$")
    free = (
        [Rule("free_lines", "price of zero", (t.unit_price == 0) | (t.amount == 0), None)]
        if rules.free_lines == "quarantine"
        else []
    )
    codes = [
        Rule(
            f"code_{c.line_type}_{i}" if _repeated(rules, c.line_type) else f"{c.line_type}_codes",
            f"the code names no product: {c.reason}",
            t.code_rule == i,
            c.line_type,
        )
        for i, c in enumerate(rules.codes)
    ]
    given = t.given_type.lower().re_replace("[ -]", "_")
    kinds = [k for k in LINE_TYPES if k != "sale"] if "given_type" in fed else []
    typed = [Rule(f"given_{k}", f"the source types the line as {k}", given == k, k) for k in kinds]
    return [
        *unreadable,
        Rule(
            "bookkeeping_orders",
            "the order id marks book-keeping such as bad debt, not an order",
            adjusts,
            "adjustment",
        ),
        *typed,
        *_bad_values(t, cancels),
        *free,
        *codes,
        Rule("cancelled_orders", "the order id marks a cancellation", cancels, "cancellation"),
        Rule("negative_quantities", "a quantity below zero: units taken back", t.units < 0, "return"),
    ]


def _bad_values(t: ibis.Table, cancels: ibis.Value) -> list[Rule]:
    return [
        Rule(
            "stock_corrections",
            "a quantity below zero without a price: stock written off, not a return",
            (t.units < 0) & ~cancels & (t.amount == 0),
            None,
        ),
        Rule("zero_quantity", "quantity of zero", t.units == 0, None),
        Rule("negative_prices", "a price below zero: a correction, not a sale", t.unit_price < 0, "adjustment"),
    ]


def with_code_rule(bench: Workbench, t: ibis.Table, rules: Rules) -> ibis.Table:
    """Add ``code_rule``: place of the code rule that a line's product code meets, null for products.

    Every different code is compared once, in capitals; with a product pattern only codes outside it can be
    something else.
    """
    import ibis

    codes = t.select("product_id").distinct()
    product = codes.product_id.re_search(rules.product_code) if rules.product_code else ibis.literal(False)
    places = [(codes.product_id.upper().re_search(c.pattern), i) for i, c in enumerate(rules.codes)]
    met = ibis.cases((product, ibis.null("int64")), *places, else_=ibis.null("int64"))
    found = bench.keep(
        "code_rules", codes.select(code="product_id", code_rule=met).filter(lambda c: c.code_rule.notnull())
    )
    return t.left_join(found, t.product_id == found.code).drop("code_right")


def _repeated(rules: Rules, line_type: str) -> bool:
    return sum(c.line_type == line_type for c in rules.codes) > 1


def _cancelling(bench: Workbench, t: ibis.Table, rules: Rules) -> str | None:
    """Pattern of cancelling order ids: the preset's, or C before a number where such orders are mostly negative."""
    if rules.cancelled_order:
        return rules.cancelled_order
    marked = t.order_id.re_search("^C[0-9]+$")
    got = bench.one(
        t.aggregate(
            n=marked.sum(), negative=(marked & (t.units < 0)).sum(), plain=t.order_id.re_search("^[0-9]+$").sum()
        )
    )
    n, negative, plain = (got[k] or 0 for k in ("n", "negative", "plain"))
    return "^C[0-9]+$" if n and plain > n and negative >= _MOSTLY * n else None
