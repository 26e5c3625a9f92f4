"""Base metrics of contacts and consents: how many customers the shop could write to, and may write to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.query.metric_types import MetricContext, base

if TYPE_CHECKING:
    import ibis


def _on_file(t: ibis.Table) -> ibis.BooleanValue:
    return t.address.notnull() & (t.address != "")


@base(
    "contactable_customers",
    "customers with contact details",
    "count",
    "customers with an e-mail address, phone number or other address on file",
    grain="contacts",
    columns=("customer_id", "address"),
    higher_is="neutral",
)
def contactable_customers(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.customer_id.nunique(where=_on_file(t))


@base(
    "consenting_customers",
    "customers who agreed to marketing",
    "count",
    "customers who agreed to direct marketing on the channel; no entry is no consent",
    grain="contacts",
    columns=("customer_id", "consent"),
)
def consenting_customers(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.customer_id.nunique(where=t.consent.fill_null(False))


@base(
    "mailable_customers",
    "customers who may be contacted",
    "count",
    "customers with an address and consent on the channel who are not suppressed on it",
    grain="contacts",
    columns=("customer_id", "address", "consent", "suppressed"),
)
def mailable_customers(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.customer_id.nunique(where=_on_file(t) & t.consent.fill_null(False) & ~t.suppressed.fill_null(False))


@base(
    "suppressed_customers",
    "suppressed customers",
    "count",
    "customers who must not be contacted on the channel (objection, bounce, complaint)",
    grain="contacts",
    columns=("customer_id", "suppressed"),
    higher_is="worse",
)
def suppressed_customers(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.customer_id.nunique(where=t.suppressed.fill_null(False))


# --- age, where birthdays are known ---


@base(
    "youngest_age",
    "age of the youngest customer",
    "number",
    "years from the latest year of birth among customers with a sale to the analysis date",
    columns=("line_type", "birth_year"),
    typical=True,
    higher_is="neutral",
)
def youngest_age(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return c.as_of.year - t.birth_year.max(where=t.line_type == "sale")


@base(
    "oldest_age",
    "age of the oldest customer",
    "number",
    "years from the earliest year of birth among customers with a sale to the analysis date",
    columns=("line_type", "birth_year"),
    typical=True,
    higher_is="neutral",
)
def oldest_age(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return c.as_of.year - t.birth_year.min(where=t.line_type == "sale")
