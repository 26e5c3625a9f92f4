"""Bounces, complaints and replies that come back, turned into suppressions at once, each with where it came from.

They come as signed JSON from a provider or gateway, or as mail: delivery reports (RFC 3464), complaint reports
(RFC 5965) and plain answers. Only what is certain suppresses: a delivery that failed for good because of the address
(not a full box, not a refusal of policy), a complaint, and an answer whose first line is one of the agreed words.
Everything else is counted for a person to read.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from assistant.campaigns.sending.ledger import Ledger
from assistant.campaigns.sending.objections import object_to, unsubscribe
from assistant.campaigns.sending.secrets import ShopKey
from assistant.errors import InvalidPlan, NotPermitted, UnknownName

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: enhanced status codes (RFC 3463) of a delivery that failed for good, but not because the address is dead
_NOT_THE_ADDRESS = re.compile(r"5\.(2\.[234]|[34567]\.\d+)")
_MOST = 10_000


class Notice(BaseModel):
    """One thing that came back. ``address`` or ``token`` says from whom.

    ``kind``: ``bounce`` (``status``: code of RFC 3463; without one ``permanent`` must say so), ``complaint``,
    ``unsubscribe``, ``objection`` (to all marketing), ``reply`` (``text``: what was answered).
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: Literal["bounce", "complaint", "unsubscribe", "objection", "reply"]
    channel: Literal["email", "sms", "push", "post"] = "email"
    address: str | None = Field(default=None, max_length=320)
    token: str | None = Field(default=None, max_length=600)
    status: str | None = Field(default=None, max_length=20)
    permanent: bool | None = None
    text: str = Field(default="", max_length=20_000)


_NOTICES = TypeAdapter(list[Notice])


def signed_notices(body: bytes, signature: str, secret: str) -> list[Notice]:
    """Notices of a signed request: one JSON object or a list of them.

    Args:
        signature: ``sha256=`` and the hexadecimal HMAC-SHA256 of the body.
        secret: empty where the operator set none; then nothing is taken.

    Raises:
        NotPermitted: no secret is set, or the signature is not of this body.
        InvalidPlan: no notices.
    """
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not secret or not hmac.compare_digest(signature.removeprefix("sha256=").encode(), wanted.encode()):
        raise NotPermitted("The report is not signed with the secret of this shop; it was not taken",
                           hint="The secret is in the environment variable that intake_secret_env names.")
    try:
        found = json.loads(body)
        notices = _NOTICES.validate_python(found if isinstance(found, list) else [found])
    except (ValueError, ValidationError) as error:
        raise InvalidPlan("The report is not understood; nothing was recorded", received=str(error)[:200],
                          valid=sorted(Notice.model_fields)) from error
    if len(notices) > _MOST:
        raise InvalidPlan("Too many notices in one report", received=len(notices), valid=[f"at most {_MOST}"])
    return notices


def take_in(ledger: Ledger, key: ShopKey, snapshot: Snapshot | None, notices: Sequence[Notice], source: str,
            now: datetime) -> dict[str, int]:
    """Record suppressions for what came back.

    Args:
        snapshot: whose contacts tell who has an address; None where no data are loaded.
        source: where the notices came from; kept with each suppression.

    Returns:
        ``suppressed`` (notices that led to one), ``to_read`` (for a person), ``ignored`` (not for good), ``unknown``
        (from nobody that can be told).
    """
    who = _customers(key, snapshot, notices)
    done: Counter[str] = Counter(suppressed=0, to_read=0, ignored=0, unknown=0)
    for notice in notices:
        what = decided(notice)
        if what in {"to_read", "ignored"}:
            done[what] += 1
        elif notice.token:
            try:
                unsubscribe(ledger, key, notice.token, now, everywhere=what == "objection", source=source)
                done["suppressed"] += 1
            except UnknownName:
                done["unknown"] += 1
        elif not notice.address:
            done["unknown"] += 1
        else:
            digest = key.address(notice.channel, notice.address)
            for customer in who.get((notice.channel, digest), [None]):
                object_to(ledger, customer, notice.channel, what, source, now, digest)
            done["suppressed"] += 1
    return dict(done)


def decided(notice: Notice) -> str:
    """The kind of suppression that a notice leads to, or ``ignored`` or ``to_read``."""
    if notice.kind == "bounce":
        if notice.status is not None:
            dead = notice.status.startswith("5") and not _NOT_THE_ADDRESS.fullmatch(notice.status.strip())
            return "bounce" if dead else "ignored"
        return "bounce" if notice.permanent else "ignored"
    if notice.kind != "reply":
        return notice.kind
    return "unsubscribe" if wants_to_stop(notice.text) else "to_read"


@lru_cache(maxsize=1)
def _stop_words() -> frozenset[str]:
    words = yaml.safe_load(files("prompts").joinpath("copy", "stop_words.yaml").read_text(encoding="utf-8"))
    return frozenset(_plain(w) for group in words.values() for w in group)


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isalnum() or c.isspace() else " " for c in text).casefold().split())


def wants_to_stop(text: str) -> bool:
    """Whether the first line of an answer that is no quotation says nothing but that it shall stop."""
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith(">")), "")
    return _plain(first) in _stop_words()


def _customers(key: ShopKey, snapshot: Snapshot | None, notices: Iterable[Notice]) -> dict[tuple[str, str], list[str]]:
    """(channel, digest of the address) → customers who have it."""
    wanted = {(n.channel, key.address(n.channel, n.address)) for n in notices if n.address}
    if not wanted or snapshot is None or not snapshot.has("contacts", "address"):
        return {}
    contacts = snapshot.table("contacts")
    rows = snapshot.execute(contacts.filter(
        contacts.channel.isin(sorted({c for c, _ in wanted})) & contacts.address.notnull()
    ).select("customer_id", "channel", "address"))
    found: dict[tuple[str, str], list[str]] = {}
    for batch in rows.to_batches(max_chunksize=50_000):
        for row in batch.to_pylist():
            place = (row["channel"], key.address(row["channel"], row["address"]))
            if place in wanted:
                found.setdefault(place, []).append(row["customer_id"])
    return found
