"""All campaigns at a glance: every stored draft, and the latest past campaigns that the data hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from assistant.campaigns.store import DraftStore
from assistant.plans import CampaignsRequest
from assistant.plans.reword import reword
from assistant.results import Caveat, Column, Evidence, Figure, Result, Source, Table

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

SHOWN = 50
UNSENT = "draft, nothing sent"
WAITING = "dry run made, waits for approval"


def list_campaigns(
    snapshot: Snapshot, request: CampaignsRequest, store: DraftStore, states: Mapping[str, str] | None = None,
    waiting: Collection[str] = (),
) -> Result:
    """Every draft with its audience, offer, status and day; and how many past campaigns the data hold.

    Returns:
        kind ``campaign_list``. Table ``drafts`` (id, kind, audience, customers, to be contacted, offer, status,
        versions, day), table ``past`` (the latest past campaigns: name, kind, channel, offer, day) where there are any.
        Figures ``drafts``, ``past``, ``last_past``.
    """
    told = dict.fromkeys(waiting, WAITING) | dict(states or {})
    drafts, past = _drafts(store, told), _past(snapshot)
    if request.about == "waiting":
        drafts.rows = [row for row in drafts.rows if row[0] in waiting]
        drafts.total_rows = len(drafts.rows)
    manifest = snapshot.manifest
    figures = {"drafts": _count(len(drafts.rows), "campaign drafts")}
    if past is not None:
        figures["past"] = _count(past.total_rows, "past campaigns")
        figures["last_past"] = past.figure(0, "day", "start of the latest past campaign")
    return Result(
        kind="campaign_list", title="Campaigns", currency=manifest.currency, figures=figures, headline=["drafts"],
        tables=[drafts, *([past] if past is not None else [])],
        words={"has_past": "yes" if past is not None else "", "asked": request.about,
               "unsent": "yes" if not told else ""},
        caveats=[Caveat(code="synthetic")] if manifest.synthetic and past is not None else [],
        evidence=Evidence(
            plan=request.model_dump(mode="json"), plan_words=reword(request),
            snapshot=manifest.id, source=manifest.source, synthetic=manifest.synthetic, as_of=snapshot.as_of,
            computed_at=datetime.now(UTC),
        ),
        followups=[
            *(["Show the draft"] if drafts.rows else ["Draft a win-back campaign for lapsed customers"]),
            *(["Response rate by campaign", "Lift by campaign", "Campaign cost by campaign"] if past else []),
        ],
    )


def _count(value: int, label: str) -> Figure:
    return Figure(value=value, unit="count", label=label, source=Source(origin="evidence"))


def _drafts(store: DraftStore, states: Mapping[str, str]) -> Table:
    rows: list[list] = []
    for entry in store.list()[:SHOWN]:
        draft = store.load(entry["campaign_id"])
        figures, words = draft.result.figures, draft.result.words
        size = figures["audience"].value if "audience" in figures else None
        contacted = figures["contacted"].value if {"contacted", "mailable"} <= figures.keys() else None
        rows.append([
            draft.campaign_id, words.get("goal", draft.brief.goal.replace("_", "-")), words.get("audience_words", ""),
            size, contacted, words.get("offer", ""), states.get(draft.campaign_id, UNSENT), draft.version,
            draft.at.date().isoformat(),
        ])
    columns = [
        Column(name="campaign", label="draft", unit="id"), Column(name="kind", label="kind"),
        Column(name="audience", label="audience"), Column(name="customers", label="customers", unit="count"),
        Column(name="contacted", label="to be contacted", unit="count"), Column(name="offer", label="offer"),
        Column(name="status", label="status"), Column(name="versions", label="versions", unit="count"),
        Column(name="day", label="last changed", unit="date"),
    ]
    return Table(id="drafts", title="Campaign drafts", columns=columns, rows=rows, total_rows=len(rows))


def _past(snapshot: Snapshot) -> Table | None:
    """The latest past campaigns; None where the data hold none."""
    if not snapshot.has("campaigns", "campaign_id"):
        return None
    import ibis

    campaigns = snapshot.table("campaigns")
    order = [ibis.desc(campaigns.started_at, nulls_first=False), ibis.asc(campaigns.campaign_id)]
    picked = campaigns.order_by(order).select("campaign_id", "name", "kind", "channel", "offer", "started_at")
    found = snapshot.execute(picked).to_pylist()
    if not found:
        return None
    rows: list[list] = [
        [r["name"] or r["campaign_id"], (r["kind"] or "").replace("_", "-"), r["channel"] or "", r["offer"] or "",
         r["started_at"].date().isoformat() if r["started_at"] else None]
        for r in found
    ]
    columns = [
        Column(name="name", label="campaign"), Column(name="kind", label="kind"),
        Column(name="channel", label="channel"), Column(name="offer", label="offer"),
        Column(name="day", label="started", unit="date"),
    ]
    return Table(id="past", title="Past campaigns", columns=columns, rows=rows[:SHOWN], total_rows=len(rows))
