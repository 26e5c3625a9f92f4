"""Messages of a whole audience, one after another: memory does not grow with the number of recipients.

Products are chosen for a batch of recipients at a time; templates, layouts and product lines are compiled once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from assistant.campaigns.copy.slots import Message
from assistant.campaigns.draft import PickProducts, Rooms, make_plan, picks_for
from assistant.campaigns.messages import Picks, RecipientCopy
from assistant.data.warehouse import Snapshot
from assistant.results.export import whole_file

BATCH = 1000
Progress = Callable[[str, float | None], None]


@dataclass(frozen=True)
class Addressed:
    """One recipient: the channels that reach them, and which wording (from 0) they get."""

    customer_id: str
    channels: tuple[str, ...]
    variant: int = 0


@dataclass(frozen=True)
class Written:
    """One message of one recipient."""

    customer_id: str
    variant: int
    message: Message


def wording_of(campaign_id: str, customer_id: str, variants: int) -> int:
    """Which wording (from 0) a recipient gets: drawn evenly by SHA-256, the same at every run."""
    digest = hashlib.sha256(f"{campaign_id}\0wording\0{customer_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % variants


def personalised(
    copy: RecipientCopy, recipients: Iterable[Addressed], pick: PickProducts, *, k: int, category: str | None = None,
    total: int | None = None, progress: Progress | None = None, html: bool = True, batch: int = BATCH,
) -> Iterator[Written]:
    """Every message of every recipient, in their order.

    Args:
        pick: chooses ``k`` products for a batch of customers.
        total: number of recipients, for the share done.
        progress: called after each batch.
        html: whether e-mails are laid out as HTML.
    """
    waiting, done = iter(recipients), 0
    while people := list(islice(waiting, batch)):
        picks = pick([p.customer_id for p in people], k, category) if k else {}
        for person in people:
            chosen = picks.get(person.customer_id, ())
            for message in copy.messages(chosen, person.channels, person.variant, traced=False, html=html):
                yield Written(person.customer_id, person.variant, message)
        done += len(people)
        if progress is not None:
            progress(f"{done:,} recipients written", done / total if total else None)


def write_messages(
    snapshot: Snapshot, campaign_id: str | None, rooms: Rooms, folder: Path, progress: Progress | None = None
) -> tuple[Path, int]:
    """Write every message of a draft to ``<folder>/<id>-messages.parquet``, without addresses; nothing is sent.

    Consent, suppression and the control group are read again at this moment.

    Returns:
        the file and the number of messages in it.

    Raises:
        UnknownName: no such draft.
        StorageError: the disk refuses; no partial file is left.
    """
    draft = rooms.store.load(campaign_id)
    plan = make_plan(snapshot, draft.brief, rooms, draft.campaign_id, recipients=0)
    reachable = {c: set(ids) for c, ids in (plan.audience.reachable or {}).items()}
    people = (
        Addressed(i, tuple(c for c in draft.brief.channels if i in reachable.get(c, ())),
                  min(plan.wordings.get(i, wording_of(draft.campaign_id, i, draft.brief.variants)),
                      draft.brief.variants - 1))
        for i in plan.split.contacted
    )

    def pick(ids: Sequence[str], k: int, category: str | None) -> Mapping[str, Picks]:
        return picks_for(snapshot, plan, ids, rooms)

    stream = personalised(plan.copy, people, pick, k=draft.brief.products_per_recipient,
                          category=draft.brief.offer.category, total=len(plan.split.contacted), progress=progress)
    path = folder / f"{draft.campaign_id}-messages.parquet"
    return path, _write(path, stream)


_COLUMNS = ("customer_id", "variant", "channel", "subject", "preheader", "text", "html")


def _write(path: Path, stream: Iterator[Written]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.int32() if name == "variant" else pa.string()) for name in _COLUMNS])
    count = 0
    with whole_file(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        while rows := [_row(w) for w in islice(stream, BATCH)]:
            writer.write_batch(pa.record_batch([list(c) for c in zip(*rows, strict=True)], schema=schema))
            count += len(rows)
    return count


def _row(written: Written) -> Sequence[object]:
    m = written.message
    return (written.customer_id, written.variant + 1, m.channel, m.subject, m.preheader, m.body, m.html)
