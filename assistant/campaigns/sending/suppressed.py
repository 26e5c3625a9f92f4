"""Those who must not be written to, as a file that travels with every export, so that the other system knows too."""

from __future__ import annotations

import csv
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.campaigns.sending.exports import MACHINES, Written, email_of, phone_of, sha256
from assistant.campaigns.sending.ledger import Ledger
from assistant.data.objectors import objectors
from assistant.results.export import file_stem, safe_cell, whole_file

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot


def write_suppressed(folder: Path, campaign_id: str, target: str, snapshot: Snapshot, ledger: Ledger) -> Written:
    """Write every address of somebody who objected in the data or here, and every one that fails; for Meta and Google
    hashed as theirs are.

    Raises:
        StorageError: the disk refuses; no partial file is left.
    """
    path = folder / f"{file_stem(f'{campaign_id}-{target}-suppressed')}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.csv"
    n = 0
    with whole_file(path) as part:
        with part.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(["channel", "address"])
            for channel, address in _objecting(snapshot, ledger):
                written = {"email": email_of, "sms": phone_of}.get(channel, str)(address)
                if written is None or (target in MACHINES and channel not in {"email", "sms"}):
                    continue
                hashed = target in {"meta", "google"}
                writer.writerow([channel, sha256(written) if hashed else safe_cell(written)])
                n += 1
        digest = hashlib.sha256(part.read_bytes()).hexdigest()
    return Written(path, n, digest, {})


def _objecting(snapshot: Snapshot, ledger: Ledger) -> list[tuple[str, str]]:
    contacts = snapshot.table("contacts")
    rows = snapshot.execute(contacts.filter(contacts.address.notnull()).select(
        "customer_id", "channel", "address", "suppressed")).to_pylist()
    everywhere = objectors(snapshot)
    here: dict[str, set[str]] = {}
    for row in ledger.rows("SELECT customer_id, channel FROM objections WHERE customer_id IS NOT NULL"):
        here.setdefault(row["customer_id"], set()).add(row["channel"])
    return sorted({
        (r["channel"], r["address"]) for r in rows
        if r["suppressed"] or r["customer_id"] in everywhere or {"*", r["channel"]} & here.get(r["customer_id"], set())
    })
