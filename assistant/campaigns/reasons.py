"""Why one part of a draft is as it is: asked for, assumed, or from which data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from assistant.campaigns.draft import Rooms, make_plan
from assistant.campaigns.moments import FEWEST, LOOK_BACK, WEEKDAYS, Opened, Ordered, opened, ordered
from assistant.campaigns.send_times import send_times
from assistant.campaigns.timing import timing_words
from assistant.data.warehouse import Snapshot
from assistant.plans import ReasonRequest
from assistant.plans.reword import reword
from assistant.results import Column, Evidence, Figure, Result, Source, Table
from assistant.results.result import Unit

_BUSY_HOURS = 3


def explain_brief(
    snapshot: Snapshot, request: ReasonRequest, rooms: Rooms, send_at: Callable[[str], datetime | None] = lambda _: None
) -> Result:
    """Why a part of the latest (or named) draft is as it is.

    Args:
        send_at: the moment that was set for sending a campaign.

    Returns:
        kind ``campaign_reason`` (``send_times`` where no draft is meant).
        ``words``: part, decided, basis. For the timing the tables ``weekdays`` and
        ``opens`` with figures, where the data hold enough.

    Raises:
        UnknownName: no such draft.
    """
    if request.no_draft:
        return send_times(snapshot, request)
    draft = rooms.store.load(request.campaign_id)
    words = {"campaign": draft.campaign_id, "part": request.about, "decided": "", "basis": "", "orders": "",
             "opens": "", "when": "", "start_asked": "yes" if draft.brief.starts_on else ""}
    rows = draft.result.table("outline").rows if any(t.id == "outline" for t in draft.result.tables) else []
    for part, decided, basis in rows:
        if part == request.about:
            words |= {"decided": str(decided), "basis": str(basis)}
    result = Result(
        kind="campaign_reason", title=f"Draft {draft.campaign_id}: why this {request.about}",
        currency=snapshot.currency, words=words, details={"campaign_id": draft.campaign_id,
                                                          "brief": draft.brief.model_dump(mode="json")},
        evidence=Evidence(
            plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
            source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
            window_start=snapshot.manifest.first_day, window_end=snapshot.as_of,
            definitions=draft.result.evidence.definitions if draft.result.evidence else [],
            assumptions=list(draft.result.evidence.assumptions) if draft.result.evidence else [],
        ),
        followups=["Show the draft", "Show the campaign calendar"],
    )
    if request.about == "copy":
        result.tables += [t for t in draft.result.tables if t.id == "channels" and t.rows]
        words["channels_asked"] = "" if draft.result.words.get("assumed_channels") else "yes"
        result.words |= words
    if request.about == "experiment" and draft.result.evidence is not None:
        result.words["grounds"] = " ".join(a for a in draft.result.evidence.assumptions if "control group" in a)
    if request.about == "timing":
        plan = make_plan(snapshot, draft.brief.model_copy(update={"products_per_recipient": 0}), rooms,
                         draft.campaign_id, recipients=0)
        words["decided"], basis = timing_words(snapshot, draft.brief)
        moment = send_at(draft.campaign_id)
        words["sent_at"] = "" if moment is None else f"{moment.isoformat(sep=' ', timespec='minutes')}"
        words["basis"] = basis
        result.words |= words
        _add_orders(result, ordered(snapshot, plan.rule))
        _add_opens(result, opened(snapshot, draft.brief.channels))
    return result


def _figure(value: Any, unit: Unit, label: str, derivation: str) -> Figure:
    return Figure(value=value, unit=unit, label=label, source=Source(origin="derived", derivation=derivation))


def _add_orders(result: Result, found: Ordered | None) -> None:
    """When the audience orders."""
    result.figures["fewest"] = _figure(FEWEST, "count", "Orders needed to say it", "set")
    result.figures["look_back"] = _figure(LOOK_BACK, "days", "Looked back over", "set")
    if found is None:
        result.words["orders"] = "few"
        return
    rows: list[list[Any]] = [[WEEKDAYS[d], n, round(100 * n / found.total, 1)] for d, n in enumerate(found.by_day)]
    result.tables.append(Table(
        id="weekdays", title="Orders of the audience by weekday", rows=rows, total_rows=len(rows),
        columns=[Column(name="day", label="Weekday"), Column(name="orders", label="Orders", unit="count"),
                 Column(name="share", label="Share", unit="percent")]))
    first, busy = found.busiest(_BUSY_HOURS)
    best = found.best_day
    result.words |= {"orders": "uneven" if found.uneven else "even", "when": WEEKDAYS[best]}
    result.figures |= {
        "since": _figure(found.since.isoformat(), "date", "First day of the window", "the last year of the data"),
        "from_hour": _figure(first, "number", "Busiest hours from", "hours of the orders"),
        "to_hour": _figure(first + _BUSY_HOURS, "number", "Busiest hours to", "hours of the orders"),
        "orders": _figure(found.total, "count", "Orders of the audience", "orders in the window"),
        "day_share": _figure(100 * found.by_day[best] / found.total, "percent", f"On {WEEKDAYS[best]}",
                             "orders of that weekday / orders"),
        "even_share": _figure(100 / len(WEEKDAYS), "percent", "Evenly spread", "one of seven days"),
        "hour_share": _figure(100 * busy / found.total, "percent", "In the busiest hours", "orders of them / orders"),
    }

def _add_opens(result: Result, found: Opened | None) -> None:
    """When past messages were opened."""
    if found is None:
        result.words["opens"] = "unknown"
        return
    rows: list[list[Any]] = [
        [WEEKDAYS[d], found.by_day[d][0], found.by_day[d][1], round(100 * found.by_day[d][1] / found.by_day[d][0], 1)]
        for d in found.days]
    result.tables.append(Table(
        id="opens", title="Past messages by weekday of sending", rows=rows, total_rows=len(rows),
        columns=[Column(name="day", label="Weekday"), Column(name="sent", label="Delivered", unit="count"),
                 Column(name="opened", label="Opened", unit="count"),
                 Column(name="rate", label="Open rate", unit="percent")]))
    best = max(range(len(rows)), key=lambda k: rows[k][3])
    result.words |= {"opens": "one_day" if len(rows) == 1 else "uneven" if found.uneven else "even",
                     "open_day": rows[best][0]}
    result.figures["open_rate"] = result.table("opens").figure(best, "rate", "Highest open rate")
