"""A dry run, the state of sendings and the log as typed results. People are masked; no address is shown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assistant.campaigns.copy.segments import sms_segments
from assistant.campaigns.exits import exit_words
from assistant.campaigns.sending.approval import Run
from assistant.campaigns.sending.gate import Verdict
from assistant.campaigns.sending.ledger import Ledger
from assistant.campaigns.sending.outbox import STATES, counts
from assistant.campaigns.sending.parts import left_out
from assistant.campaigns.sending.runs import Row, begins_at
from assistant.plans.reword import reword
from assistant.query.audience import mask
from assistant.results import Caveat, Column, Evidence, Figure, Result, Source, Table
from assistant.results.result import Unit

if TYPE_CHECKING:
    from assistant.campaigns.draft import Plan
    from assistant.campaigns.sending.config import SendingConfig
    from assistant.campaigns.sending.runs import Source as RunSource
    from assistant.campaigns.sending.secrets import ShopKey
    from assistant.data.warehouse import Snapshot
    from assistant.plans.base import PlanModel
    from assistant.plans.sending import SendPlan

SAMPLES, LOGGED = 3, 20


@dataclass
class Tally:
    """What is counted while the rows of a run pass by."""

    messages: Counter[str]
    parts: Counter[str]
    verdicts: Counter[tuple[str, str]]
    samples: list[Row]
    people: set[str]
    parts_of_it: Counter[tuple[int, int, str, str]]
    words: dict[tuple[str, int, int], Row]

    @classmethod
    def empty(cls) -> Tally:
        return cls(Counter(), Counter(), Counter(), [], set(), Counter(), {})

    def add(self, row: Row, found: Verdict) -> None:
        self.messages[row.channel] += 1
        self.parts[row.channel] += sms_segments(row.text)[1] if row.channel == "sms" else 1
        self.verdicts[found.do, found.why] += 1
        self.people.add(row.customer_id)
        self.parts_of_it[row.variant, row.after_days, row.channel, row.only_if] += 1
        self.words.setdefault((row.channel, row.variant, row.wording), row)  # every wording is shown for approval
        if sum(s.channel == row.channel for s in self.samples) < SAMPLES:
            self.samples.append(row)


def _figure(value: Any, unit: Unit, label: str, derivation: str) -> Figure:
    return Figure(value=value, unit=unit, label=label, source=Source(origin="derived", derivation=derivation))


def _table(id_: str, title: str, columns: Sequence[tuple[str, str, Unit]], rows: Iterable[Sequence[Any]]) -> Table:
    listed = [list(row) for row in rows]
    return Table(id=id_, title=title, columns=[Column(name=n, label=label, unit=u) for n, label, u in columns],
                 rows=listed, total_rows=len(listed))


def evidence_of(snapshot: Snapshot, request: PlanModel, assumptions: Sequence[str] = ()) -> Evidence:
    """How an answer about sendings was got."""
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        assumptions=list(assumptions), computed_at=datetime.now(UTC))


def dry_run_result(source: RunSource, plan: Plan, run: Run, tally: Tally, already: int, request: PlanModel) -> Result:
    """What sending would do: who, what, cost, what stands in the way; and what a person approves by it.

    Returns:
        kind ``dry_run``. Tables ``channels``, ``now``, ``what``, ``samples`` (masked). Details: ``digest``, ``state``,
        ``typed`` (whether the number of messages must be typed), ``copy``.
    """
    config, known = source.config, set(source.config.sends())
    without = without_consent(plan)
    costs = costs_of(config, plan, tally)
    priced = [cost for cost in costs.values() if cost is not None]
    tables = [_channels(config, tally, costs, without), _steps(plan, tally), _now(tally), _what(source, plan),
              _samples(tally)]
    figures = {
        "messages": _figure(run.recipients, "count", "Messages", "rows of the run"),
        "people": _figure(len(tally.people), "count", "People", "different customers of the run"),
        "holdout": _figure(len(plan.split.holdout), "count", "Control group, not contacted", "sealed assignment"),
        "already": _figure(already, "count", "Written to before", "rows of this campaign in the outbox"),
        "allowed": _figure(_of(tally, "send"), "count", "Might leave now", "checks of this moment"),
        "waiting": _figure(_of(tally, "wait"), "count", "Would wait", "quiet hours of this moment, or a later day"),
        "skipped": _figure(_of(tally, "skip"), "count", "Would be skipped", "checks of this moment"),
    }
    if priced and len(priced) == len(costs):
        figures["cost"] = _figure(round(sum(cost for cost, _ in priced), 2), "currency", "Cost of sending",
                                  "messages * unit cost (parts of an SMS where the price is set for one)")
    if plan.brief.budget is not None:
        figures["budget"] = _figure(plan.brief.budget, "currency", "Budget", "the draft")
    state = {"started": "started", "approved": "approved"}.get(run.state, "waits for approval")
    sendable = set(tally.messages) & known
    return Result(
        kind="dry_run", title=f"Dry run of {plan.campaign_id}", currency=source.snapshot.currency, figures=figures,
        headline=["messages", "holdout", "allowed"], tables=[t for t in tables if t.rows],
        words={"campaign": plan.campaign_id, "digest": run.digest[:12], "state": state,
               "channels": " and ".join(sorted(tally.messages)),
               "offer": plan.copy.offer.text if plan.copy.offer else "",
               "sending": "all" if set(tally.messages) <= known else "some" if sendable else "off",
               "codes": source.plan.codes or "none", "steps": "yes" if plan.brief.steps else "",
               "without": " and ".join(without),
               "cost_from": " and ".join(sorted({price for _, price in priced})),
               "cost_unknown": " and ".join(c for c, cost in costs.items() if cost is None),
               "typed": "yes" if run.recipients > config.typed_above else ""},
        details={"campaign_id": plan.campaign_id, "digest": run.digest, "state": run.state,
                 "messages": run.recipients, "typed": run.recipients > config.typed_above,
                 "sends": bool(sendable), "copy": _shown(tally, source.key)},
        caveats=[*_caveats(source, tally)],
        evidence=evidence_of(source.snapshot, request, [
            "The run is bound to a SHA-256 over terms and every message; a change of anything voids an approval.",
            "Consent, objections, caps and quiet hours are asked again for every message at the moment it leaves.",
            f"Quiet hours are those of the recipient's time zone, else of {source.config.time_zone}.",
            "Today is that of the real clock.",
        ]),
        followups=_next(run.state, plan.campaign_id, source.plan.codes),
    )


def _next(state: str, campaign: str, codes: str | None) -> list[str]:
    """What a marketer may want to do after a dry run; each is checked before it is shown."""
    if state == "approved":
        files = [f"Export the promo codes of {campaign}"] if codes not in {None, "none"} else []
        return [f"Export {campaign} for Klaviyo", *files, f"Export {campaign} as Excel", "Show the campaign calendar"]
    if state == "started":
        return [f"Sending status of {campaign}", "What came back?", f"Stop the sending of {campaign}"]
    first = [] if codes not in {None, "none"} else [f"Use unique promo codes for {campaign}"]
    return [*first, f"Make a printable brief of {campaign}", "Show the campaign calendar", "Show the draft"]


def _of(tally: Tally, do: str) -> int:
    return sum(n for (what, _), n in tally.verdicts.items() if what == do)


def without_consent(plan: Plan) -> list[str]:
    """Channels of the brief on which the data hold nobody who agreed and has an address."""
    reachable = plan.audience.reachable or {}
    return [c for c in plan.brief.channels if c in reachable and not reachable[c]]


def costs_of(config: SendingConfig, plan: Plan, tally: Tally) -> dict[str, tuple[float, str] | None]:
    """Channel → cost of its messages in shop currency and where the price is from; None where none is known.

    A price that the operator set is of one part of a message; what past campaigns cost was booked per message.
    """
    found: dict[str, tuple[float, str] | None] = {}
    for channel, n in sorted(tally.messages.items()):
        set_price = config.cost_per_message.get(channel)  # type: ignore[call-overload]
        unit = plan.costs.units.get(channel)
        if set_price is not None:
            found[channel] = set_price * tally.parts[channel], "settings"
        else:
            found[channel] = None if unit is None else (unit.value * n, unit.source)
    return found


def _channels(
    config: SendingConfig, tally: Tally, costs: Mapping[str, tuple[float, str] | None], without: Sequence[str]
) -> Table:
    ways = config.sends()
    rows: list[list[Any]] = [[channel, 0, 0, None, "nobody agreed to it"] for channel in without]
    for channel, n in sorted(tally.messages.items()):
        cost = costs[channel]
        rows.append([channel, n, tally.parts[channel], None if cost is None else round(cost[0], 2),
                     ways.get(channel, "export only")])
    return _table("channels", "Messages by channel", [
        ("channel", "Channel", "text"), ("messages", "Messages", "count"), ("parts", "Parts", "count"),
        ("cost", "Cost", "currency"), ("way", "Leaves through", "text")], rows)


def _steps(plan: Plan, tally: Tally) -> Table:
    """Messages in order, where the campaign has several; also those that cannot be sent from here."""
    rows: list[list[Any]] = []
    if plan.brief.steps:
        conditions = {"no_order": "no order since the message before", "": "no condition"}
        rows = [[step + 1, day, channel, conditions[only_if], n]
                for (step, day, channel, only_if), n in sorted(tally.parts_of_it.items())]
        rows += [[p.step + 1, p.after_days, p.channel, "not sent from here: who opened is not known", 0]
                 for p in left_out(plan.brief)]
    return _table("steps", "Messages in order", [
        ("step", "Message", "count"), ("day", "Day", "count"), ("channel", "Channel", "text"),
        ("only_if", "Asked again when it leaves", "text"), ("messages", "Messages", "count")], sorted(rows))


def _now(tally: Tally) -> Table:
    words = {"send": "may leave", "wait": "would wait", "skip": "would be skipped"}
    return _table("now", "If it left at this moment", [
        ("what", "What", "text"), ("why", "Why", "text"), ("messages", "Messages", "count")],
        [[words[do], why or "all checks passed", n] for (do, why), n in sorted(tally.verdicts.items())])


def _what(source: RunSource, plan: Plan) -> Table:
    chosen, config = source.plan, source.config
    codes = {"shared": f"shared: {chosen.code}", "unique": "one per person"}.get(chosen.codes or "", "none")
    rows = [
        ["audience", f"{len(plan.split.contacted):,} contacted, {len(plan.split.holdout):,} held out"],
        ["assignment", plan.split.digest[:12]],
        ["offer", plan.copy.offer.text if plan.copy.offer else "none"],
        ["exit", exit_words(plan.brief)],
        ["promo codes", codes],
        ["link", config.shop_url or "none"],
        ["not before", _begins(begins_at(source, plan), chosen, config)],
        ["repeats", (chosen.repeats or "never").replace("_", " ")],
        ["postal address", config.postal_address or "left to the sending system"],
    ]
    return _table("what", "What is approved", [("what", "Decision", "text"), ("value", "Value", "text")], rows)


def _begins(at: datetime | None, chosen: SendPlan, config: SendingConfig) -> str:
    if at is None:
        return "as soon as it is started"
    clock = "of each recipient's own clock" if chosen.clock == "recipient" else f"({config.time_zone})"
    return f"{at.isoformat(' ', 'minutes')} {clock}"


def _samples(tally: Tally) -> Table:
    return _table("samples", "Some recipients, masked", [
        ("customer", "Customer", "text"), ("channel", "Channel", "text"), ("subject", "Subject", "text"),
        ("products", "Products", "count")],
        [[mask(row.customer_id), row.channel, row.subject, len(row.product_ids)] for row in tally.samples])


def _shown(tally: Tally, key: ShopKey) -> list[dict[str, Any]]:
    """Every wording of every message once, in order; without the right to unsubscribe that a real link carries."""
    shown = []
    for _, row in sorted(tally.words.items(), key=lambda found: found[0][1:]):
        copy = _copy(row)
        copy["body"] = copy["body"].replace(key.token(row.customer_id, row.channel), "•••")
        shown.append(copy)
    return shown


def _copy(row: Row) -> dict[str, Any]:
    alphabet, segments = sms_segments(row.text) if row.channel == "sms" else ("", 0)
    return {"channel": row.channel, "step": row.variant + 1, "wording": row.wording + 1,
            "subject": row.subject, "preheader": row.preheader, "body": row.text, "slots": [],
            "alphabet": alphabet, "segments": segments, "for_customer": mask(row.customer_id)}


def _caveats(source: RunSource, tally: Tally) -> list[Caveat]:
    found = []
    if not source.config.enabled:
        found.append(Caveat(code="sending_is_off"))
    if "sms" in tally.messages and tally.parts["sms"] > tally.messages["sms"]:
        found.append(Caveat(code="sms_in_parts", figures={
            "parts": _figure(tally.parts["sms"], "count", "SMS parts", "GSM-7 or UCS-2 segments")}))
    if source.plan.repeats not in {None, "never"}:
        found.append(Caveat(code="automation_runs_on"))
    return found


def state_result(snapshot: Snapshot, ledger: Ledger, campaign_id: str | None, about: str, request: PlanModel) -> Result:
    """Messages by state, by campaign; those of which nobody knows; the end of the log."""
    by_state = counts(ledger, campaign_id)
    figures = {state: _figure(by_state.get(state, 0), "count", state, "rows of the outbox") for state in STATES}
    figures["entries"] = _figure(ledger.rows("SELECT count(*) n FROM audit")[0]["n"], "count", "Entries of the log",
                                 "rows of the log")
    tables = [_by_campaign(ledger, campaign_id), _why(ledger, campaign_id)]
    if about == "unknown":
        tables.insert(0, _unknown(ledger, campaign_id))
    if about == "audit":
        tables.insert(0, _log(ledger))
    if about == "objections":
        tables = [_objections(ledger)]
        figures["objections"] = _figure(sum(row[-1] for row in tables[0].rows), "count", "Suppressions recorded here",
                                        "rows of the objections")
    return Result(
        kind="sending_state", title="Sendings", figures=figures,
        headline={"audit": ["entries"], "objections": ["objections"]}.get(about, ["sent", "queued", "unknown"]),
        tables=[t for t in tables if t.rows],
        words={"about": about, "campaign": campaign_id or "", "any": "yes" if by_state else ""},
        evidence=evidence_of(snapshot, request, ["Counted in the outbox, at this moment of the real clock."]),
        followups=["What came back?", "Show the audit log", "Show the campaign calendar", "List my campaigns"],
    )


def _by_campaign(ledger: Ledger, campaign_id: str | None) -> Table:
    where, values = ("WHERE campaign_id = ?", (campaign_id,)) if campaign_id else ("", ())
    rows = ledger.rows(f"SELECT campaign_id, channel, state, count(*) n FROM outbox {where} "
                       "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3", values)
    return _table("by_campaign", "Messages by campaign and state", [
        ("campaign", "Campaign", "id"), ("channel", "Channel", "text"), ("state", "State", "text"),
        ("messages", "Messages", "count")], [list(row) for row in rows])


def _why(ledger: Ledger, campaign_id: str | None) -> Table:
    where, values = ("AND campaign_id = ?", (campaign_id,)) if campaign_id else ("", ())
    rows = ledger.rows("SELECT state, why, count(*) n FROM outbox WHERE why <> '' AND state <> 'sent' "
                       f"{where} GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 20", values)
    return _table("why", "Why the others were not sent", [
        ("state", "State", "text"), ("why", "Why", "text"), ("messages", "Messages", "count")],
        [list(row) for row in rows])


def _unknown(ledger: Ledger, campaign_id: str | None) -> Table:
    where, values = ("AND campaign_id = ?", (campaign_id,)) if campaign_id else ("", ())
    rows = ledger.rows("SELECT id, campaign_id, customer_id, channel, claimed_at, why FROM outbox "
                       f"WHERE state = 'unknown' {where} ORDER BY id LIMIT 50", values)
    return _table("unknown", "Messages of which nobody knows whether they left", [
        ("row", "Row", "id"), ("campaign", "Campaign", "id"), ("customer", "Customer", "text"),
        ("channel", "Channel", "text"), ("at", "Begun", "text"), ("why", "Why", "text")],
        [[str(r["id"]), r["campaign_id"], mask(r["customer_id"]), r["channel"], r["claimed_at"][:16], r["why"]]
         for r in rows])


def _objections(ledger: Ledger) -> Table:
    rows = ledger.rows("SELECT kind, channel, source, count(*) n FROM objections GROUP BY 1, 2, 3 "
                       "ORDER BY 4 DESC, 1, 2, 3")
    return _table("objections", "Who may no longer be written to, recorded here", [
        ("kind", "Kind", "text"), ("channel", "Channel", "text"), ("source", "From", "text"), ("n", "People", "count")],
        [[r["kind"], "every channel" if r["channel"] == "*" else r["channel"], r["source"], r["n"]] for r in rows])


def _log(ledger: Ledger) -> Table:
    rows = ledger.rows("SELECT * FROM audit ORDER BY seq DESC LIMIT ?", (LOGGED,))
    return _table("log", "Latest entries of the log", [
        ("seq", "Entry", "id"), ("at", "At", "text"), ("actor", "Who", "text"), ("action", "What", "text"),
        ("campaign", "Campaign", "id"), ("details", "Details", "text"), ("hash", "Hash", "id")],
        [[str(r["seq"]), r["at"][:19], r["actor"], r["action"], r["campaign_id"], _words(r["details"]), r["hash"][:12]]
         for r in rows])


def _words(details: str) -> str:
    return ", ".join(f"{k} {str(v)[:12] if k == 'run' else v}" for k, v in json.loads(details).items() if v != "")


def done_result(snapshot: Snapshot, request: PlanModel, kind: str, title: str, words: dict[str, str],
                figures: dict[str, int], followups: Sequence[str]) -> Result:
    """A small result that says what was done."""
    return Result(kind=kind, title=title, words=words, followups=list(followups),
                  figures={n: _figure(v, "count", n, "rows of the outbox") for n, v in figures.items()},
                  evidence=evidence_of(snapshot, request))
