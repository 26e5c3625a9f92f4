"""A small shop whose drafts can be sent: hand-made contacts, a ledger, a clock."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

import pandas as pd

from assistant.campaigns.draft import Rooms, draft_campaign
from assistant.campaigns.sending.config import SendingConfig
from assistant.campaigns.sending.contacts import Contacts
from assistant.campaigns.sending.gate import Rules
from assistant.campaigns.sending.ledger import Ledger
from assistant.campaigns.sending.outbox import Checks, done_of
from assistant.campaigns.sending.runs import Row, Source, Terms, plan_of, rows_of, terms_of
from assistant.campaigns.sending.secrets import ShopKey
from assistant.data.warehouse import Snapshot, open_snapshot, write_snapshot
from assistant.plans.sending import SendPlan
from tests.campaigns.test_draft import brief, rooms
from tests.support.tiny_shop import tiny_tables

#: a Tuesday noon, outside quiet hours everywhere in Europe
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PEOPLE = ("C1", "C2", "C3", "C4", "C5")


def contact_rows(**changes: dict[str, object]) -> pd.DataFrame:
    """E-mail contacts of everybody, all agreed; ``C1={"consent": False}`` changes one."""
    rows = [{"customer_id": c, "channel": "email", "address": f"{c.lower()}@example.com", "consent": True,
             "suppressed": False, "time_zone": "Europe/Berlin", **changes.get(c, {})} for c in PEOPLE]
    return pd.DataFrame(rows)


def load_contacts(folder: Path, frame: pd.DataFrame) -> Snapshot:
    """Make a new snapshot current."""
    write_snapshot(folder / "snapshots", {**tiny_tables(), "contacts": frame}, source="tests", currency="EUR")
    return open_snapshot(folder / "snapshots")


@dataclass(frozen=True)
class Shop:
    """Everything a run is made from."""

    folder: Path
    snapshot: Snapshot
    rooms: Rooms
    config: SendingConfig
    plan: SendPlan = SendPlan()

    @property
    def key(self) -> ShopKey:
        return ShopKey(self.folder)

    def source(self) -> Source:
        return Source(self.snapshot, self.rooms, self.config, self.key, self.plan, NOON.date())

    def run(self, ledger: Ledger | None = None) -> tuple[Terms, list[Row]]:
        """Terms and rows of the latest draft as they are now."""
        source, draft = self.source(), self.rooms.store.load()
        made = plan_of(source, draft)
        done = done_of(ledger, draft.campaign_id) if ledger else frozenset()
        return terms_of(source, draft, made.split.digest), list(rows_of(source, made, done))

    def checks(self, **rules: object) -> Checks:
        return Checks(Contacts(lambda: open_snapshot(self.folder / "snapshots")), self.key,
                      Rules(**{"zone": "Europe/Berlin", **rules}), ("email",))  # type: ignore[arg-type]

    def with_(self, **changes: object) -> Shop:
        return replace(self, **changes)  # type: ignore[arg-type]


def config(**values: object) -> SendingConfig:
    """Sending on, through a mail server of this machine."""
    return SendingConfig.model_validate({
        "enabled": True, "sender_address": "news@example.org", "sender_name": "Tiny",
        "postal_address": "Mug Street 1, Cologne", "unsubscribe_url": "https://example.org/u/{token}",
        "smtp": {"host": "127.0.0.1", "port": 2525, "security": "none"}, **values})


@lru_cache(maxsize=1)
def _template() -> Path:
    """A folder with the snapshot of everybody, built once and copied."""
    folder = Path(tempfile.mkdtemp(prefix="sending-shop-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    load_contacts(folder, contact_rows())
    return folder


def shop(folder: Path, **fields: object) -> Shop:
    """The shop with one draft for everybody."""
    shutil.copytree(_template(), folder, dirs_exist_ok=True)
    snapshot = open_snapshot(folder / "snapshots")
    made = rooms(folder)
    draft_campaign(snapshot, brief(channels=("email",), ends_on=date(2026, 12, 24), **fields), made)
    return Shop(folder, snapshot, made, config())
