"""What is kept from models and rules, who objected, and what is left of the privacy budget, as one answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.data.objectors import objectors
from assistant.data.privacy_budget import PrivacyBudget
from assistant.data.sensitive import NOTABLE, Proxy, sensitive_columns, shop_proxies, trait_of
from assistant.errors import MissingData
from assistant.plans.people import PrivacyRequest
from assistant.plans.reword import reword
from assistant.query.shared_report import budget_figures
from assistant.results import Chart, Column, Evidence, Figure, Result, Source, Table

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot


def privacy_result(snapshot: Snapshot, request: PrivacyRequest, budget: PrivacyBudget) -> Result:
    """The part asked for, or all of it.

    Returns:
        kind ``privacy``. Tables: ``sensitive`` (column, trait, how it was known), ``proxies`` (columns that tell
        much of one), ``objectors`` (people by channel and reason), ``releases`` (reports with noise of the year).

    Raises:
        MissingData: objections are asked about, and the data hold no contacts.
    """
    about = request.about
    tables: list[Table] = []
    figures: dict[str, Figure] = {}
    if about in {"all", "sensitive", "proxies"}:
        tables += [_sensitive(snapshot), _proxies(shop_proxies(snapshot, NOTABLE))]
        figures |= {"sensitive": _count("sensitive", "Sensitive columns", len(tables[0].rows)),
                    "proxies": _count("proxies", "Close proxies", sum(r[3] == "set aside" for r in tables[1].rows))}
    if about in {"all", "objectors"}:
        if snapshot.has("contacts", "suppressed"):
            tables.append(_objectors(snapshot))
            figures["objectors"] = Figure(value=len(objectors(snapshot)), unit="count", label="Customers who objected",
                                          source=Source(origin="evidence"))
        elif about == "objectors":
            raise MissingData("Who objected to direct marketing is not known: the data hold no contacts",
                              received="contacts.suppressed", nearest=["What data do you have?"])
    if about in {"all", "budget"}:
        tables.append(_releases(budget))
        figures |= budget_figures(budget) | {"releases": _count("releases", "Reports with noise", len(tables[-1].rows))}
    manifest = snapshot.manifest
    columns = ", ".join(str(r[0]) for r in tables[0].rows) if "sensitive" in figures else ""
    return Result(
        kind="privacy", title="Privacy of customers", currency=snapshot.currency, tables=tables, figures=figures,
        headline=[f for f in ("objectors", "left") if f in figures][:2],
        words={"about": about, "columns": columns},
        charts=[Chart(kind="bar", table="objectors", x="reason", y=["customers"], title="Suppressed, by reason")]
        if about == "objectors" else [],
        evidence=Evidence(
            plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=manifest.id,
            source=manifest.source, synthetic=manifest.synthetic, as_of=snapshot.as_of,
            window_start=manifest.first_day, window_end=snapshot.as_of,
            assumptions=["A column is sensitive by its name, or because the settings declare it so.",
                         "A close proxy tells a sensitive column with an association (Cramér's V) of at least a half.",
                         "Whoever is suppressed for another reason than a bad address counts as an objector."],
        ),
        followups=["Is the churn model fair?", "How much of the privacy budget is left?",
                   "How many customers objected to marketing?"],
    )


def _count(table: str, label: str, value: int) -> Figure:
    return Figure(value=value, unit="count", label=label,
                  source=Source(table=table, origin="derived", derivation="number of rows"))


def _sensitive(snapshot: Snapshot) -> Table:
    rows = [[f"customers.{c}", trait_of(c) or "declared", "its name" if trait_of(c) else "the settings"]
            for c in sensitive_columns(snapshot)]
    return Table(id="sensitive", title="Columns that no model and no rule uses", rows=rows, total_rows=len(rows),
                 columns=[Column(name="column", label="Column"), Column(name="trait", label="Trait"),
                          Column(name="by", label="Known by")])


def _proxies(found: list[Proxy]) -> Table:
    from assistant.data.sensitive import CLOSE

    rows = [[f"customers.{p.column}", p.of, round(p.strength, 4), "set aside" if p.strength >= CLOSE else "may be used",
             p.known] for p in found]
    return Table(id="proxies", title="Columns that tell of a sensitive one", rows=rows, total_rows=len(rows), columns=[
        Column(name="column", label="Column"), Column(name="of", label="Tells of"),
        Column(name="strength", label="Association", unit="ratio"), Column(name="use", label="Use"),
        Column(name="known", label="Customers known", unit="count")])


def _objectors(snapshot: Snapshot) -> Table:
    contacts = snapshot.table("contacts")
    kept = contacts.filter(contacts.suppressed.fill_null(False))
    kept = kept.mutate(reason=kept.suppressed_reason.fill_null("not said"))
    found = kept.group_by("reason").aggregate(customers=kept.customer_id.nunique()).order_by("reason")
    rows = [[r["reason"], int(r["customers"])] for r in snapshot.execute(found).to_pylist()]
    return Table(id="objectors", title="Suppressed, by reason", rows=rows, total_rows=len(rows), columns=[
        Column(name="reason", label="Reason"), Column(name="customers", label="Customers", unit="count")])


def _releases(budget: PrivacyBudget) -> Table:
    rows = [[r.at.date().isoformat(), r.what, r.epsilon, r.author] for r in budget.releases()]
    return Table(id="releases", title="Reports with noise of this year", rows=rows, total_rows=len(rows), columns=[
        Column(name="day", label="Made on", unit="date"), Column(name="what", label="What"),
        Column(name="epsilon", label="Epsilon", unit="number"), Column(name="author", label="By")])
