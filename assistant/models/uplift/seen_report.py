"""Past campaigns without a control group drawn by lot: whom they reached and who answered, and no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.errors import NoRows
from assistant.plans.reword import reword
from assistant.plans.uplift import ReadOutRequest
from assistant.results import Caveat, Chart, Column, DefinitionUsed, Evidence, Figure, Result, Source, Table
from assistant.results.result import Scalar

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

SHOWN = 50


def only_seen(snapshot: Snapshot) -> bool:
    """Whether the data say whom campaigns reached, and of nobody that they were held out."""
    return snapshot.has("campaigns", "campaign_id") and snapshot.has("touches", "customer_id") and not snapshot.has(
        "touches", "arm")


def seen_result(snapshot: Snapshot, request: ReadOutRequest) -> Result:
    """Customers reached and answers by campaign, labelled as observed.

    Raises:
        NoRows: no campaign of that name, kind or channel.
    """
    found = _campaigns(snapshot, request)
    rows: list[list[Scalar]] = [
        [r["name"] or r["campaign_id"], r["kind"] or "", r["started"], r["reached"], r["answered"],
         round(100 * r["answered"] / r["reached"], 2)] for r in found]
    columns = [Column(name="campaign", label="Campaign"), Column(name="kind", label="Kind"),
               Column(name="started", label="Start", unit="date"),
               Column(name="reached", label="Customers reached", unit="count"),
               Column(name="answered", label="Of these answered", unit="count"),
               Column(name="share", label="Share", unit="percent")]
    table = Table(id="campaigns", title="Campaigns and answers", columns=columns, rows=rows[:SHOWN],
                  total_rows=len(rows))
    reached, answered = (sum(r[k] for r in found) for k in ("reached", "answered"))
    answers = snapshot.has("responses", "customer_id")
    figures = {name: Figure(value=value, unit="count", label=label, source=Source(origin="evidence"))
               for name, value, label in (("campaigns", len(found), "Campaigns"), ("reached", reached, "Contacts"),
                                          ("answered", answered, "Answers"))}
    manifest = snapshot.manifest
    return Result(
        kind="campaigns_seen", title="Whom past campaigns reached", currency=manifest.currency, tables=[table],
        figures=figures, headline=["reached"], words={"answers": "yes" if answers else ""},
        charts=[Chart(kind="bar", table="campaigns", x="campaign", y=["share"], title="Answers by campaign")]
        if answers else [],
        caveats=[Caveat(code="campaigns_not_random")],
        evidence=Evidence(
            plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=manifest.id,
            source=manifest.source, synthetic=manifest.synthetic, as_of=snapshot.as_of, rows_scanned=reached,
            definitions=[DefinitionUsed(term="answered", meaning="a recorded response (a redeemed coupon, an order) to "
                                                                 "the campaign by a customer whom it reached")],
            assumptions=["Observed, not tested: nobody was held out by lot, so what would have happened without the "
                         "campaign is not known."]),
        followups=["How big must the control group be?", "What lift can the test show?"],
    )


def _campaigns(snapshot: Snapshot, request: ReadOutRequest) -> list[dict]:
    import ibis

    touches = snapshot.table("touches").select("campaign_id", "customer_id").distinct()
    if snapshot.has("responses", "customer_id"):
        said = snapshot.table("responses").select("campaign_id", "customer_id").distinct().mutate(answered=1)
        joined = touches.left_join(said, ["campaign_id", "customer_id"])
        counted = joined.group_by("campaign_id").aggregate(reached=joined.count(), answered=joined.answered.count())
    else:
        counted = touches.group_by("campaign_id").aggregate(reached=touches.count(), answered=ibis.literal(0))
    campaigns = snapshot.table("campaigns")
    met = campaigns.select("campaign_id", "name", "kind", "channel", "started_at").inner_join(counted, "campaign_id")
    rows = snapshot.execute(met.order_by([ibis.desc(met.started_at, nulls_first=False), met.campaign_id])).to_pylist()
    wanted = [r | {"started": r["started_at"].date().isoformat() if r["started_at"] else None} for r in rows
              if _is_meant(r, request)]
    if not wanted:
        raise NoRows("The data hold no such past campaign", received=request.campaign or request.campaign_kind,
                     valid=sorted({str(r["name"] or r["campaign_id"]) for r in rows})[:12])
    return wanted


def _is_meant(row: dict, request: ReadOutRequest) -> bool:
    named = request.campaign is None or request.campaign.casefold() in {
        str(row["name"]).casefold(), str(row["campaign_id"]).casefold()}
    return named and request.channel in {None, row["channel"]} and request.campaign_kind in {None, row["kind"]}
