"""What exactly would be sent: one row per recipient and channel, and one digest over all of it.

The digest covers the terms (brief, version, data, sender, limits, how it is sent) and every row with its whole text,
so that what runs is what was approved or nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from assistant.campaigns.draft import Plan, Rooms, make_plan
from assistant.campaigns.exits import ends_if
from assistant.campaigns.sending.bodies import Filled, message_of
from assistant.campaigns.sending.config import SendingConfig
from assistant.campaigns.sending.links import tagged
from assistant.campaigns.sending.parts import parts_of
from assistant.campaigns.sending.secrets import ShopKey
from assistant.errors import InvalidPlan, MissingData
from assistant.plans.sending import SendPlan

if TYPE_CHECKING:
    from assistant.campaigns.store import Draft
    from assistant.data.warehouse import Snapshot


#: (customer, channel, step) that has a row in the outbox
Done = tuple[str, str, int]


@dataclass(frozen=True)
class Row:
    """One message. ``address`` is a keyed digest: the address itself is read at the last instant.

    Attributes:
        variant: place of the message in its campaign's steps, from 0.
        after_days: how long after the first one it leaves.
        only_if: ``no_order``: only where no order came in since the message before.
        ends_if: what ends the campaign for its recipient: "", ``order``, or ``order_in_category:<category>``.
        since: last day of the data the audience was counted on; a later order is a new one.
    """

    customer_id: str
    channel: str
    address: str
    subject: str
    preheader: str
    text: str
    html: str
    product_ids: tuple[str, ...] = ()
    code: str = ""
    wording: int = 0
    variant: int = 0
    after_days: int = 0
    only_if: str = ""
    ends_if: str = ""
    since: str = ""

    def canonical(self) -> str:
        """The row as one line that is equal for equal rows."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=True)

    def digest(self) -> str:
        return hashlib.sha256(self.canonical().encode()).hexdigest()


@dataclass(frozen=True)
class Terms:
    """What holds for the whole run."""

    campaign_id: str
    version: int
    fingerprint: str
    brief: dict[str, Any]
    plan: dict[str, Any]
    operator: dict[str, Any]
    holdout: str

    def canonical(self) -> str:
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=True, default=str)


class RunDigest:
    """Digest of a run, row by row."""

    def __init__(self, terms: Terms) -> None:
        self._sha = hashlib.sha256(terms.canonical().encode())
        self.rows = 0
        self.channels: dict[str, int] = {}

    def add(self, row: Row) -> None:
        self._sha.update(b"\n" + row.digest().encode())
        self.rows += 1
        self.channels[row.channel] = self.channels.get(row.channel, 0) + 1

    def hex(self) -> str:
        return self._sha.hexdigest()


def digest_of(terms: Terms, rows: Iterable[Row]) -> str:
    """Digest of a run with these terms and rows."""
    found = RunDigest(terms)
    for row in rows:
        found.add(row)
    return found.hex()


@dataclass(frozen=True)
class Source:
    """What a run is made from.

    Attributes:
        snapshot: the data.
        rooms: drafts, products for people.
        config: the operator's file.
        key: of the shop.
        plan: how the campaign is to be sent.
        today: of the real clock.
    """

    snapshot: Snapshot
    rooms: Rooms
    config: SendingConfig
    key: ShopKey
    plan: SendPlan
    today: date


def begins_at(source: Source, plan: Plan) -> datetime | None:
    """The moment before which nothing leaves: as planned, else the first day of the brief; None for at once."""
    if source.plan.send_at is not None or plan.brief.starts_on is None:
        return source.plan.send_at
    return datetime.combine(plan.brief.starts_on, time())


def terms_of(source: Source, draft: Draft, holdout: str) -> Terms:
    """The terms of a run of this draft."""
    operator = source.config.model_dump(mode="json", exclude={"seeds", "per_minute", "typed_above", "approval_hours",
                                                            "intake_secret_env"})
    return Terms(draft.campaign_id, draft.version, source.snapshot.fingerprint, draft.brief.model_dump(mode="json"),
                 source.plan.model_dump(mode="json", exclude={"campaign_id"}), operator, holdout)


def plan_of(source: Source, draft: Draft, *, recipients: int | None = None) -> Plan:
    """The draft decided on the data as they are.

    Raises:
        MissingData: no contacts or consents are loaded.
        InvalidPlan: nobody is left, or the campaign ended before today.
    """
    brief = draft.brief
    source.snapshot.require("contacts", "consent", "address", needed_for="Sending or exporting a campaign")
    if brief.ends_on is not None and brief.ends_on < source.today:
        raise InvalidPlan("The campaign ended before today", received=brief.ends_on.isoformat(),
                          valid=[f"a day from {source.today.isoformat()} on"], hint="Change its end date.")
    until = source.plan.codes_until
    if until is not None and until < source.today:
        raise InvalidPlan("The promo codes would have expired before today", received=until.isoformat())
    _products_on_sale(source, brief.offer.product_ids)
    made = make_plan(source.snapshot, brief, source.rooms, draft.campaign_id, recipients=recipients)
    if made.audience.reachable is None:
        raise MissingData("Nobody can be written to: the data hold no contacts", received="contacts")
    if not made.split.contacted:
        raise InvalidPlan("Nobody is left to be contacted after consent, suppression and the control group",
                          received=draft.campaign_id)
    return made


def _products_on_sale(source: Source, product_ids: Sequence[str]) -> None:
    if not product_ids or not source.snapshot.has("products", "discontinued_at"):
        return
    products = source.snapshot.table("products")
    gone = source.snapshot.execute(products.filter(
        products.product_id.isin(list(product_ids)) & (products.discontinued_at < source.snapshot.as_of)
    ).select("product_id"))["product_id"].to_pylist()
    if gone:
        raise InvalidPlan("The offer names products that were withdrawn from sale", received=", ".join(sorted(gone)),
                          hint="Change the offer of the draft.")


def rows_of(source: Source, plan: Plan, done: frozenset[Done] = frozenset()) -> Iterator[Row]:
    """Every message of a run, in the order of customer ids, and of steps for each.

    Args:
        done: what this campaign already wrote, or is about to.
    """
    reachable = {channel: set(ids) for channel, ids in (plan.audience.reachable or {}).items()}
    addresses = addresses_of(source.snapshot, plan.brief.channels)
    until = code_until(source, plan)
    since = source.snapshot.as_of.isoformat()
    parts, ends = parts_of(plan.brief), ends_if(plan.brief)
    for customer in plan.split.contacted:
        channels = {channel for channel, ids in reachable.items() if customer in ids}
        picks = plan.picks.get(customer, ())
        first = wording_of(plan, customer)
        for part in parts:
            channel = part.channel
            if channel == "post" or (customer, channel, part.step) in done or not part.meant_for(channels):
                continue
            filled = fill(source, plan.campaign_id, customer, channel, until)
            wording = first + plan.brief.variants * part.step  # a later message has other words
            body = message_of(plan.copy, picks, channel, filled, wording)
            yield Row(customer, channel, source.key.address(channel, addresses[customer, channel]), body.subject,
                      body.preheader, body.text, body.html, tuple(p.product_id for p in picks), filled.code, wording,
                      part.step, part.after_days, "no_order" if part.only_if == "no_order" else "", ends, since)


def wording_of(plan: Plan, customer: str) -> int:
    """Which of the wordings a customer gets: at random, and the same whenever it is asked for."""
    if plan.brief.variants == 1:
        return 0
    tried = plan.wordings.get(customer)
    if tried is not None and tried < plan.brief.variants:
        return tried  # drawn by a test that learns, with its chance logged
    drawn = hashlib.sha256(f"{plan.campaign_id}\0wording\0{customer}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") % plan.brief.variants


def fill(source: Source, campaign_id: str, customer: str, channel: str, until: date | None) -> Filled:
    """What the sender puts into the message of one recipient."""
    config, plan = source.config, source.plan
    defaults = Filled()
    code = {"shared": plan.code or "", "unique": source.key.code(campaign_id, customer)}.get(plan.codes or "", "")
    token = source.key.token(customer, channel)
    return Filled(
        unsubscribe=config.unsubscribe_url.replace("{token}", token) if config.unsubscribe_url else
        defaults.unsubscribe,
        postal=config.postal_address or defaults.postal,
        link=tagged(config.shop_url, campaign_id, channel) if config.shop_url else "",
        code=code, code_until=until.isoformat() if code and until else "",
    )


def code_until(source: Source, plan: Plan) -> date | None:
    """Last day of the promo codes: as planned, else the end of the offer."""
    return source.plan.codes_until or plan.brief.ends_on


def addresses_of(snapshot: Snapshot, channels: Sequence[str]) -> dict[tuple[str, str], str]:
    """(customer, channel) → address."""
    contacts = snapshot.table("contacts")
    rows = snapshot.execute(contacts.filter(
        contacts.channel.isin(list(channels)) & contacts.address.notnull()
    ).select("customer_id", "channel", "address")).to_pylist()
    return {(row["customer_id"], row["channel"]): row["address"] for row in rows}


