"""Everything about one shop's sendings in one place: dry run, decision of a person, start, sending, files.

Tools reach what needs no approval. :meth:`SendingDesk.decide`, :meth:`SendingDesk.begin`, :meth:`SendingDesk.send`
and :meth:`SendingDesk.test` are for a card's button and the terminal only: no tool calls them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from assistant.campaigns.draft import make_plan
from assistant.campaigns.experiment.own import SEALED
from assistant.campaigns.experiment.seal import seal, seal_path
from assistant.campaigns.sending import approval, outbox
from assistant.campaigns.sending.against import add_against
from assistant.campaigns.sending.audit import Checked, record, verify
from assistant.campaigns.sending.automation import Repeated, check_limits, due, repeat, standing
from assistant.campaigns.sending.batches import BATCH
from assistant.campaigns.sending.calendar import Entry, calendar_result, span
from assistant.campaigns.sending.config import SendingConfig, load_sending
from assistant.campaigns.sending.connectors.base import Connector
from assistant.campaigns.sending.contacts import Contacts
from assistant.campaigns.sending.drain import Drained, drain
from assistant.campaigns.sending.exports import Recipient, Written, write_recipients
from assistant.campaigns.sending.gate import Rules, Verdict
from assistant.campaigns.sending.intake import Notice, take_in
from assistant.campaigns.sending.ledger import Ledger, open_ledger, stamp
from assistant.campaigns.sending.objections import unsubscribe
from assistant.campaigns.sending.orders import Orders
from assistant.campaigns.sending.papers import brief_page, calendar_file, write_paper
from assistant.campaigns.sending.report import Tally, dry_run_result, state_result
from assistant.campaigns.sending.runs import (
    Done,
    Row,
    Source,
    addresses_of,
    begins_at,
    digest_of,
    plan_of,
    rows_of,
    terms_of,
    wording_of,
)
from assistant.campaigns.sending.secrets import ShopKey
from assistant.campaigns.sending.timing import Timing
from assistant.campaigns.sending.touched import Touches
from assistant.errors import InvalidPlan, MissingData, NoRows, NotPermitted, SettingsError
from assistant.plans.sending import (
    CalendarRequest,
    DryRunRequest,
    ExportRequest,
    SendingRequest,
    SendPlan,
    StopRequest,
)

if TYPE_CHECKING:
    from assistant.campaigns.draft import Plan, Rooms
    from assistant.campaigns.store import Draft
    from assistant.data.warehouse import Snapshot
    from assistant.results import Result


@dataclass(frozen=True)
class SendingDesk:
    """Sendings of one shop.

    Args:
        home: its state folder. app_db: file of the app's state. exports_dir: where files go.
        actor: who acts.
        rooms: drafts and products for people.
        snapshot: the data as they are shown.
        current: the data as they are loaded now; asked for every message.
        clock: the real one.
    """

    home: Path
    app_db: Path
    exports_dir: Path
    actor: str
    rooms: Rooms
    snapshot: Snapshot
    current: Callable[[], Snapshot]
    clock: Callable[[], datetime] = approval.utc_now

    @property
    def config(self) -> SendingConfig:
        return load_sending(self.home)

    @property
    def key(self) -> ShopKey:
        return ShopKey(self.home)

    # -- what a tool may call ------------------------------------------------------------------------------------

    def plan(self, asked: SendPlan) -> tuple[str, SendPlan]:
        """Keep how a draft is to be sent: what is said changes, the rest stays. An approval of it is void by that."""
        draft = self.rooms.store.load(asked.campaign_id)
        with open_ledger(self.app_db) as ledger:
            before = self._stored(ledger, draft.campaign_id)
            said = asked.model_dump(exclude_none=True, exclude={"campaign_id", "kind"})
            if said.get("codes") == "shared" and not (asked.code or before.code):
                said["code"] = self.key.code(draft.campaign_id, "*")
            if said.get("code"):
                said.setdefault("codes", "shared")
            plan = SendPlan.model_validate({**before.model_dump(), **said, "campaign_id": draft.campaign_id,
                                            **({"code": None} if said.get("codes") in {"none", "unique"} else {})})
            check_limits(plan)
            now = self.clock()
            with ledger.write() as con:
                con.execute("INSERT OR REPLACE INTO send_plans VALUES (?, ?, ?)",
                            (draft.campaign_id, plan.model_dump_json(), stamp(now)))
                if plan != before:
                    approval.void_all(con, draft.campaign_id, self.actor, now)
                    record(con, now, self.actor, "planned", draft.campaign_id, **said)
        return draft.campaign_id, plan

    def dry_run(self, request: DryRunRequest) -> Result:
        """What sending would do now; recorded, so that a person can approve exactly this."""
        draft = self.rooms.store.load(request.campaign_id)
        with open_ledger(self.app_db) as ledger:
            source = self._source(ledger, draft.campaign_id)
            check_limits(source.plan)
            plan = plan_of(source, draft)
            done, tally = outbox.done_of(ledger, draft.campaign_id), Tally.empty()
            started = approval.latest_run(ledger, draft.campaign_id)
            terms = terms_of(source, draft, plan.split.digest)
            rows = self._counted(ledger, source, plan, done, tally)
            run = approval.prepare(ledger, terms, rows, self.actor, self.clock()) if not (
                started and started.state == "started" and not self._any_left(source, plan, done)) else started
            result = dry_run_result(source, plan, run, tally, len(done), request)
            add_against(result, ledger, run)
        return result

    def state(self, request: SendingRequest) -> Result:
        """What became of sendings."""
        with open_ledger(self.app_db) as ledger:
            return state_result(self.snapshot, ledger, request.campaign_id, request.about, request)

    def stop(self, request: StopRequest) -> tuple[str, int | None, dict[str, int]]:
        """Stop a campaign (all of them where none is named), and take back what has not left if asked to."""
        campaign = request.campaign_id or "*"
        with open_ledger(self.app_db) as ledger:
            outbox.stop(ledger, campaign, self.actor, self.clock())
            back = None
            if request.undo:
                whose = [campaign] if request.campaign_id else [
                    r["campaign_id"] for r in ledger.rows("SELECT DISTINCT campaign_id FROM outbox")]
                back = sum(outbox.undo(ledger, c, self.actor, self.clock()) for c in whose)
            return campaign, back, outbox.counts(ledger, request.campaign_id)

    def export(self, request: ExportRequest) -> tuple[str, list[Written | Path]]:
        """Write the file asked for; one with addresses only for an approved run."""
        draft = self.rooms.store.load(request.campaign_id)
        if request.target == "brief":
            content = brief_page(draft).encode()
            return draft.campaign_id, [write_paper(self.exports_dir, draft.campaign_id, "brief.html", content)]
        if request.target == "calendar":
            starts, ends, _ = span(draft.brief.starts_on, draft.brief.ends_on, self.clock().date())
            content = calendar_file(draft, starts, ends)
            return draft.campaign_id, [write_paper(self.exports_dir, draft.campaign_id, "dates.ics", content)]
        return draft.campaign_id, list(self._export_people(draft, request))

    def calendar(self, request: CalendarRequest) -> Result:
        """Drafts and past campaigns by day, and where they meet."""
        today = self.clock().date()
        with open_ledger(self.app_db) as ledger:
            states = {r["campaign_id"]: r["state"] for r in ledger.rows(
                "SELECT campaign_id, state FROM send_runs WHERE state IN ('approved', 'started') ORDER BY at")}
        entries = []
        for listed in self.rooms.store.list():
            draft = self.rooms.store.load(listed["campaign_id"])
            starts, ends, assumed = span(draft.brief.starts_on, draft.brief.ends_on, today)
            words = draft.result.words
            entries.append(Entry(draft.campaign_id, words.get("goal", ""), starts, ends, draft.brief.channels,
                                 words.get("offer", ""), states.get(draft.campaign_id, "draft"), self._people(draft),
                                 assumed))
        return calendar_result(self.snapshot, request, entries, today)

    def states(self) -> dict[str, str]:
        """What became of each campaign that got further than a draft, in words."""
        with open_ledger(self.app_db) as ledger:
            told = {r["campaign_id"]: "approved, nothing sent" for r in ledger.rows(
                "SELECT campaign_id FROM send_runs WHERE state = 'approved'")}
            rows = ledger.rows("SELECT campaign_id, count(*) n, sum(state = 'sent') sent, sum(state = 'queued') queued "
                               "FROM outbox GROUP BY campaign_id")
        return told | {r["campaign_id"]: f"{r['sent']:,} of {r['n']:,} sent, {r['queued']:,} waiting" for r in rows}

    def send_at(self, campaign_id: str) -> datetime | None:
        """The moment before which a campaign does not leave; None where none was set."""
        with open_ledger(self.app_db) as ledger:
            return self._stored(ledger, campaign_id).send_at

    def waiting(self) -> frozenset[str]:
        """Campaigns whose dry run waits for a person's approval."""
        with open_ledger(self.app_db) as ledger:
            return frozenset(r["campaign_id"] for r in ledger.rows(
                "SELECT campaign_id FROM send_runs WHERE state = 'prepared'"))

    # -- what only a person does ---------------------------------------------------------------------------------

    def decide(self, digest: str, *, approve: bool, via: str, typed: str | None = None) -> approval.Run:
        """Approve or reject a dry run."""
        with open_ledger(self.app_db) as ledger:
            if not approve:
                return approval.reject(ledger, digest, actor=self.actor, via=via, now=self.clock())
            run = approval.run_of(ledger, digest)
            source, draft = self._source(ledger, run.campaign_id), self.rooms.store.load(run.campaign_id)
            plan = plan_of(source, draft, recipients=0)
            return approval.approve(ledger, digest, terms_of(source, draft, plan.split.digest), source.config,
                                    actor=self.actor, via=via, now=self.clock(), typed=typed)

    def begin(self, digest: str) -> int:
        """Put an approved run into the outbox; returns the number of messages. Nothing has left yet."""
        with open_ledger(self.app_db) as ledger:
            run = approval.run_of(ledger, digest)
            source, draft = self._source(ledger, run.campaign_id), self.rooms.store.load(run.campaign_id)
            absent = set(run.channels) - set(source.config.sends())
            if ledger.rows("SELECT 1 FROM send_stops WHERE campaign_id = '*'"):
                raise NotPermitted("Every sending is stopped", received="*",
                                   hint="Take the stop back in the terminal: campaign resume '*'.")
            if absent:
                raise NotPermitted(f"Nothing can be sent by {' or '.join(sorted(absent))} from here",
                                   received="sending.toml", hint="Switch it on there, or export the campaign.")
            plan = plan_of(source, draft)
            rows = rows_of(source, plan, outbox.done_of(ledger, run.campaign_id))
            with self._sealed(source, plan, run.digest):
                return approval.start(
                    ledger, digest, terms_of(source, draft, plan.split.digest), rows, source.config, actor=self.actor,
                    now=self.clock(), timing=self._timing(source, plan), holdout=plan.split.holdout)

    def send(self, most: int | None = None, pause: Callable[[float], None] | None = None) -> Drained:
        """Send what is queued and may leave now."""
        config = self.config
        ways = connectors(config, self.key)
        if not ways:
            raise NotPermitted("Sending is off", received="sending.toml",
                               hint="Set enabled = true and a way out there.")
        with open_ledger(self.app_db) as ledger:
            more = {} if pause is None else {"pause": pause}
            return drain(ledger, ways, self._checks(config, tuple(ways)), self.clock, per_minute=config.per_minute,
                         most=most, **more)

    def test(self, campaign_id: str | None) -> list[tuple[str, str]]:
        """Send the first message of a draft to the seed addresses; returns address and outcome."""
        config, draft = self.config, self.rooms.store.load(campaign_id)
        ways = connectors(config, self.key)
        if "email" not in ways or not config.seeds:
            raise NotPermitted("There is nobody to send a test to", received="seeds",
                               hint="Set seeds and smtp in sending.toml.")
        with open_ledger(self.app_db) as ledger, ways["email"] as way:
            source = self._source(ledger, draft.campaign_id)
            plan = plan_of(source, draft, recipients=1)
            first = next((r for r in rows_of(source, plan) if r.channel == "email"), None)
            if first is None:
                raise NoRows("This campaign has no e-mail", received=draft.campaign_id)
            told = [(seed, way.send(_claimed(first, draft.campaign_id, seed, n, source.key)).what)
                    for n, seed in enumerate(config.seeds)]
            with ledger.write() as con:
                record(con, self.clock(), self.actor, "tested", draft.campaign_id, messages=len(told))
        return told

    def repeat(self) -> list[Repeated]:
        """Re-evaluate every campaign that was approved to repeat, within its limits."""
        done = []
        with open_ledger(self.app_db) as ledger:
            for campaign_id, approved in standing(ledger):
                source, draft = self._source(ledger, campaign_id), self.rooms.store.load(campaign_id)
                why = due(ledger, campaign_id, approved, source.snapshot.fingerprint, self.clock())
                if why:
                    done.append(Repeated(campaign_id, 0, why))
                    continue
                plan = plan_of(source, draft)
                held = {r["customer_id"] for r in ledger.rows(
                    "SELECT customer_id FROM send_holdouts WHERE campaign_id = ?", (campaign_id,))}
                rows = [r for r in rows_of(source, plan, outbox.done_of(ledger, campaign_id))
                        if r.customer_id not in held]
                terms = terms_of(source, draft, plan.split.digest)
                with self._sealed(source, plan, digest_of(terms, rows)) if rows else nullcontext():
                    done.append(repeat(ledger, approved, terms, rows, source.config, self.clock(),
                                       replace(self._timing(source, plan), again=source.plan.send_at is not None)))
                with ledger.write() as con:
                    written = {c for c, _, _ in outbox.done_of(ledger, campaign_id)}
                    approval.hold(con, campaign_id, (c for c in plan.split.holdout if c not in written))
        return done

    def unsubscribe(self, token: str) -> tuple[str, str]:
        """Carry out an unsubscribe link."""
        with open_ledger(self.app_db) as ledger:
            return unsubscribe(ledger, self.key, token, self.clock())

    def take_in(self, notices: Sequence[Notice], origin: str) -> dict[str, int]:
        """Record what came back: bounces, complaints, replies."""
        with open_ledger(self.app_db) as ledger:
            return take_in(ledger, self.key, self.current(), notices, origin, self.clock())

    def settle(self, row: int, sent: bool) -> bool:
        """A person found out whether an unknown message left."""
        with open_ledger(self.app_db) as ledger:
            return outbox.settle(ledger, row, "sent" if sent else "failed", self.actor, self.clock())

    def resume(self, campaign_id: str) -> None:
        """Take a stop back."""
        with open_ledger(self.app_db) as ledger:
            outbox.resume(ledger, campaign_id, self.actor, self.clock())

    def verify(self, head: str | None = None) -> Checked:
        """Check the log."""
        with open_ledger(self.app_db) as ledger:
            return verify(ledger, head)

    def source(self, campaign_id: str) -> Source:
        """What a run of a campaign is made from now."""
        with open_ledger(self.app_db) as ledger:
            return self._source(ledger, campaign_id)

    # -- within --------------------------------------------------------------------------------------------------

    def _stored(self, ledger: Ledger, campaign_id: str) -> SendPlan:
        found = ledger.rows("SELECT plan FROM send_plans WHERE campaign_id = ?", (campaign_id,))
        return SendPlan.model_validate_json(found[0]["plan"]) if found else SendPlan(campaign_id=campaign_id)

    def _source(self, ledger: Ledger, campaign_id: str) -> Source:
        return Source(self.snapshot, self.rooms, self.config, self.key, self._stored(ledger, campaign_id),
                      self.clock().date())

    def _timing(self, source: Source, plan: Plan) -> Timing:
        """When the messages of this start may leave."""
        contacts, people = Contacts(self.current), plan.split.contacted

        def zone(customer_id: str, channel: str) -> str | None:
            if not contacts.knows(customer_id):  # the rows come in the order of the people
                at = bisect_left(people, customer_id)
                contacts.load(people[at : at + BATCH])
            found = contacts.standing(customer_id, channel)
            return found.zone if found else None

        return Timing(self.clock(), source.config.time_zone, source.config.expires_hours, begins_at(source, plan),
                      source.plan.clock == "recipient", zones=zone)

    @contextmanager
    def _sealed(self, source: Source, plan: Plan, run: str) -> Iterator[None]:
        """Write down who is in which arm before anything leaves; taken back where nothing leaves by an error."""
        zone = ZoneInfo(source.config.time_zone)
        now = self.clock().astimezone(zone)
        at = begins_at(source, plan) or now
        starts = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(zone).date()
        known = seal_path(self.home / SEALED, plan, run).exists()
        path = seal(self.home / SEALED, plan, run, max(starts, now.date()), wording_of)
        begun = False
        try:
            yield
            begun = True
        finally:
            if not begun and not known:
                path.unlink(missing_ok=True)

    def _any_left(self, source: Source, plan: Plan, done: frozenset[Done]) -> bool:
        return next(rows_of(source, plan, done), None) is not None

    def _checks(self, config: SendingConfig, channels: tuple[str, ...]) -> outbox.Checks:
        zone = config.time_zone
        return outbox.Checks(Contacts(self.current), self.key, Rules.of(config), channels, Touches(self.current, zone),
                             Orders(self.current, zone))

    def _counted(
        self, ledger: Ledger, source: Source, plan: Plan, done: frozenset[Done], tally: Tally
    ) -> Iterator[Row]:
        """The rows, each counted with what the checks of this moment say."""
        checks, now = self._checks(source.config, ()), self.clock()
        for row in rows_of(source, plan, done):
            self._ready(checks, plan, row.customer_id)
            tally.add(row, outbox.look(ledger.con, row, checks, now))
            yield row

    def _ready(self, checks: outbox.Checks, plan: Plan, customer_id: str) -> None:
        """Read the next people's facts in one go; rows come in the order of the people."""
        if not checks.contacts.knows(customer_id):
            at = bisect_left(plan.split.contacted, customer_id)
            checks.load(plan.split.contacted[at : at + BATCH])

    def _export_people(self, draft: Draft, request: ExportRequest) -> Iterator[Written]:
        with open_ledger(self.app_db) as ledger:
            run = approval.latest_run(ledger, draft.campaign_id)
            if run is None or run.state not in {"approved", "started"}:
                raise NotPermitted("A file with addresses needs an approved campaign", received=draft.campaign_id,
                                   hint="Make a dry run, look at it, and approve it on its card or in the terminal.",
                                   nearest=(f"Dry run of {draft.campaign_id}",))
            source = self._source(ledger, draft.campaign_id)
            plan = plan_of(source, draft)
            if run.terms != terms_of(source, draft, plan.split.digest).canonical():
                raise InvalidPlan("The campaign, the data or the settings changed since they were approved",
                                  received=draft.campaign_id, hint="Make a dry run again and approve it.",
                                  nearest=(f"Dry run of {draft.campaign_id}",))
            if request.target == "codes":
                yield self._codes(source, plan)
                return
            with self._sealed(source, plan, run.digest):
                written = write_recipients(self.exports_dir, draft.campaign_id, request.target,
                                           self._recipients(ledger, source, plan))
            with ledger.write() as con:
                record(con, self.clock(), self.actor, "exported", draft.campaign_id, target=request.target,
                       rows=written.rows, sha256=written.sha256)
            yield written
            from assistant.campaigns.sending.suppressed import write_suppressed

            yield write_suppressed(self.exports_dir, draft.campaign_id, request.target, self.current(), ledger)

    def _recipients(self, ledger: Ledger, source: Source, plan: Plan) -> Iterator[Recipient]:
        """Every message that may leave by consent and objection now, with its address; quiet hours do not count."""
        checks = self._checks(source.config, ())
        addresses = addresses_of(self.current(), plan.brief.channels)
        for row in rows_of(source, plan):
            self._ready(checks, plan, row.customer_id)
            found: Verdict = outbox.look(ledger.con, row, checks, self.clock())
            if found.do != "skip" or found.why == "contacted too recently":
                yield Recipient(row, addresses[row.customer_id, row.channel], plan.campaign_id)

    def _codes(self, source: Source, plan: Plan) -> Written:
        if source.plan.codes in {None, "none"}:
            raise InvalidPlan("This campaign has no promo codes", received=plan.campaign_id,
                              hint='Say "use unique promo codes" first.')
        from assistant.campaigns.sending.codes import write_codes

        return write_codes(self.exports_dir, source, plan)

    def _people(self, draft: Draft) -> frozenset[str] | None:
        """Who would be contacted by a draft; None where that cannot be said on the data as they are."""
        try:
            made = make_plan(self.snapshot, draft.brief.model_copy(update={"products_per_recipient": 0}), self.rooms,
                             draft.campaign_id, recipients=0)
        except (NoRows, MissingData, InvalidPlan):
            return None
        return None if made.audience.reachable is None else frozenset(made.split.contacted)


def connectors(config: SendingConfig, key: ShopKey) -> dict[str, Connector]:
    """Channel → connector, as the operator's file says; empty while sending is off."""
    from assistant.campaigns.sending.connectors.smtp import SmtpConnector
    from assistant.campaigns.sending.connectors.webhook import WebhookConnector

    makers: dict[str, Any] = {"smtp": SmtpConnector, "webhook": WebhookConnector}
    sends = config.sends()
    if config.enabled and not sends:
        raise SettingsError("Sending is on, but there is no way out", received="sending.toml",
                            valid=("[smtp]", "[webhook]"))
    made = {name: makers[name](config, key) for name in sorted(set(sends.values()))}
    return {channel: made[name] for channel, name in sends.items()}


def _claimed(row: Row, campaign_id: str, address: str, number: int, key: ShopKey) -> outbox.Claimed:
    """The message as a test; whoever follows its unsubscribe link takes nobody real off a list."""
    own, seed = key.token(row.customer_id, row.channel), f"test-{number}"
    texts = {"text": row.text, "html": row.html}
    payload = {"subject": row.subject, "preheader": row.preheader,
               **{name: text.replace(own, key.token(seed, row.channel)) for name, text in texts.items()}}
    return outbox.Claimed(0, campaign_id, seed, row.channel, address, payload, f"{number:02d}{row.digest()[2:]}")
