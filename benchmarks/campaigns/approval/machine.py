"""A state machine of approvals: whatever is done in whatever order, only what was approved runs, and once."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from assistant.campaigns.sending.approval import approve, prepare, reject, run_of, start, void_all
from assistant.campaigns.sending.config import SendingConfig
from assistant.campaigns.sending.connectors.base import Outcome
from assistant.campaigns.sending.drain import drain
from assistant.campaigns.sending.gate import Rules, Standing
from assistant.campaigns.sending.ledger import open_ledger
from assistant.campaigns.sending.outbox import Checks, Claimed, counts, done_of, recover, resume, stop, undo
from assistant.campaigns.sending.runs import Row, RunDigest, Terms
from assistant.campaigns.sending.secrets import ShopKey
from assistant.errors import AssistantError
from benchmarks.campaigns.made import NOON, address, rows_for, terms

CONFIG = SendingConfig(typed_above=3)
#: on a memory disk where there is one: what is tested is the order of events, not the disk
PLACE = "/dev/shm" if Path("/dev/shm").is_dir() else None


class _Everybody:
    """Contacts of whoever is asked about: all agreed."""

    def knows(self, customer_id: str) -> bool:
        return True

    def standing(self, customer_id: str, channel: str) -> Standing:
        return Standing(True, False, address(int(customer_id[1:])), "Europe/Berlin")


class _Way:
    def __init__(self, sent: list[Claimed], mood: str) -> None:
        self._sent, self._mood = sent, mood

    def __enter__(self) -> _Way:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing is open."""

    def send(self, message: Claimed) -> Outcome:
        if self._mood in {"sent", "unknown"}:  # an unknown one may have arrived
            self._sent.append(message)
        return Outcome(self._mood)  # type: ignore[arg-type]


class Approvals(RuleBasedStateMachine):
    """Drafts change, dry runs are made, approved, rejected, started with what was seen or with something else."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(dir=PLACE))
        self._open = open_ledger(self.home / "app.sqlite")
        self.ledger, self.key = self._open.__enter__(), ShopKey(self.home)
        self.sent: list[Claimed] = []
        #: digests of rows that a person approved and that were started, in the machine's own books
        self.granted: dict[tuple[str, str], str] = {}
        self.approved: dict[str, datetime] = {}
        self.digests: list[str] = []
        self.now, self.version, self.text, self.size = NOON, 1, "Hello", 3

    @initialize(size=st.integers(1, 6), way=st.sampled_from(["started", "started", "approved", "prepared"]))
    def begin(self, size: int, way: str) -> None:
        """Most runs begin with one that a person approved or started, so that what comes has something to break."""
        self.size = size
        self.dry_run()
        if way != "prepared":
            self._approve(self.digests[0], typed=True)
        if way == "started":
            self._start(self.digests[0], "no")

    def what(self) -> tuple[Terms, list[Row]]:
        """The campaign as it is now."""
        done = done_of(self.ledger, "c-1")
        everybody = rows_for(self.key, range(self.size), self.text)
        rows = [r for r in everybody if (r.customer_id, r.channel, r.variant) not in done]
        return terms(version=self.version), rows

    def digest_now(self) -> str:
        made, rows = self.what()
        found = RunDigest(made)
        for row in rows:
            found.add(row)
        return found.hex()

    @rule(size=st.integers(1, 6), text=st.sampled_from(["Hello", "Bye"]), version=st.booleans())
    def change_the_draft(self, size: int, text: str, version: bool) -> None:
        self.size, self.text, self.version = size, text, self.version + version

    @rule()
    def dry_run(self) -> None:
        made, rows = self.what()
        try:
            found = prepare(self.ledger, made, rows, "ann", self.now)
        except AssistantError:
            assert not rows
            return
        assert found.digest == self.digest_now()
        self.approved = {d: at for d, at in self.approved.items() if d == found.digest and found.state == "approved"}
        if found.digest not in self.digests:
            self.digests.append(found.digest)

    @precondition(lambda self: self.digests)
    @rule(data=st.data(), typed=st.booleans())
    def approve_one(self, data: st.DataObject, typed: bool) -> None:
        self._approve(data.draw(st.sampled_from(self.digests)), typed)

    def _approve(self, digest: str, typed: bool) -> None:
        run = run_of(self.ledger, digest)
        try:
            approve(self.ledger, digest, self.what()[0], CONFIG, actor="ann", via="card", now=self.now,
                    typed=str(run.recipients) if typed else None)
        except AssistantError:
            return
        assert run.state == "approved" or typed or run.recipients <= CONFIG.typed_above
        self.approved.setdefault(digest, self.now)

    @precondition(lambda self: self.digests)
    @rule(data=st.data())
    def reject_one(self, data: st.DataObject) -> None:
        digest = data.draw(st.sampled_from(self.digests))
        try:
            reject(self.ledger, digest, actor="ann", via="card", now=self.now)
        except AssistantError:
            return
        self.approved.pop(digest, None)

    @precondition(lambda self: self.digests)
    @rule(data=st.data(), forged=st.sampled_from(["no", "no", "no", "text", "address", "more", "fewer"]))
    def start_one(self, data: st.DataObject, forged: str) -> None:
        self._start(data.draw(st.sampled_from(self.digests)), forged)

    @rule(forged=st.sampled_from(["no", "no", "text", "fewer"]), changed=st.sampled_from([False, False, True]))
    def go_through(self, forged: str, changed: bool) -> None:
        """The usual way in one go, so that most runs get somewhere; sometimes something changes under way."""
        self.dry_run()
        digest = self.digest_now()
        if digest not in self.digests:
            return
        self._approve(digest, typed=True)
        if changed:
            self.text += "?"
        self._start(digest, forged)

    def _start(self, digest: str, forged: str) -> None:
        made, rows = self.what()
        true = self.digest_now()
        if rows and forged == "text":
            rows[0] = replace(rows[0], text=rows[0].text + "!")
        elif rows and forged == "address":
            rows[0] = replace(rows[0], address="0" * 64)
        elif forged == "more":
            rows = [*rows, *rows_for(self.key, [99], self.text)]
        elif rows and forged == "fewer":
            rows = rows[1:]
        try:
            start(self.ledger, digest, made, rows, CONFIG, actor="ann", now=self.now)
        except AssistantError:
            return
        assert digest in self.approved, "started without approval"
        assert digest == true and (forged == "no" or not rows), "something else was started than what was approved"
        assert self.now - self.approved.pop(digest) <= timedelta(hours=CONFIG.approval_hours)
        for row in rows:
            assert (row.customer_id, row.channel) not in self.granted
            self.granted[row.customer_id, row.channel] = row.digest()

    @rule(most=st.integers(1, 6), mood=st.sampled_from(["sent", "sent", "failed", "unknown", "later", "unavailable"]))
    def send(self, most: int, mood: str) -> None:
        checks = Checks(_Everybody(), self.key, Rules("Europe/Berlin"), ("email",))  # type: ignore[arg-type]
        drain(self.ledger, {"email": _Way(self.sent, mood)}, checks, lambda: self.now, per_minute=10**9, most=most,
              pause=lambda s: None)

    @rule(what=st.sampled_from(["stop", "resume", "undo", "crash", "plan"]))
    def hold(self, what: str) -> None:
        if what == "stop":
            stop(self.ledger, "c-1", "ann", self.now)
        elif what == "resume":
            resume(self.ledger, "c-1", "ann", self.now)
        elif what == "undo":
            undo(self.ledger, "c-1", "ann", self.now)
        elif what == "crash":
            recover(self.ledger, self.now)
        else:
            with self.ledger.write() as con:
                void_all(con, "c-1", "ann", self.now)
            self.approved.clear()

    @rule(hours=st.sampled_from([1, 24, 73]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def only_what_was_approved_left_and_once(self) -> None:
        left = Counter((m.customer_id, m.channel) for m in self.sent)
        assert all(n == 1 for n in left.values()), "sent twice"
        assert all(self.granted.get((m.customer_id, m.channel)) == m.row_digest for m in self.sent), "not approved"
        assert sum(counts(self.ledger).values()) == len(self.granted), "queued is not what was approved"

    def teardown(self) -> None:
        self._open.__exit__(None, None, None)
        shutil.rmtree(self.home, ignore_errors=True)
