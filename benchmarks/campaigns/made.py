"""Runs made without a draft, for the benchmarks of sending: rows, terms, a ledger, contacts that can change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from assistant.campaigns.sending.approval import approve, prepare, start
from assistant.campaigns.sending.config import SendingConfig
from assistant.campaigns.sending.ledger import Ledger
from assistant.campaigns.sending.runs import Row, Terms
from assistant.campaigns.sending.secrets import ShopKey
from assistant.data.warehouse import POINTER, Snapshot, open_snapshot, write_snapshot

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def terms(campaign: str = "c-1", version: int = 1) -> Terms:
    """Terms of a run."""
    return Terms(campaign, version, "data", {"goal": "win_back"}, {}, {}, "holdout")


def address(number: int) -> str:
    return f"p{number}@example.com"


def rows_for(key: ShopKey, numbers: Sequence[int], text: str = "Hello") -> list[Row]:
    """One e-mail for each number."""
    return [Row(f"P{n}", "email", key.address("email", address(n)), "Mugs", "", f"{text} {n}", "") for n in numbers]


def queue(ledger: Ledger, rows: list[Row], config: SendingConfig, campaign: str = "c-1") -> str:
    """Prepare, approve and start a run; returns its digest."""
    made = terms(campaign)
    run = prepare(ledger, made, rows, "bench", NOON)
    approve(ledger, run.digest, made, config, actor="bench", via="terminal", now=NOON, typed=str(run.recipients))
    start(ledger, run.digest, made, rows, config, actor="bench", now=NOON)
    return run.digest


class Current:
    """The current snapshot of a folder, opened again when the pointer was switched, as the workspace does."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._seen = folder, -1

    def __call__(self) -> Snapshot:
        seen = (self._folder / POINTER).stat().st_mtime_ns
        if seen != self._seen:
            self._open, self._seen = open_snapshot(self._folder), seen
        return self._open


def contacts_snapshot(folder: Path, consent: dict[int, object], suppressed: set[int]) -> Snapshot:
    """A snapshot whose contacts are those of the numbers given; the rest of the shop is one order."""
    import pandas as pd

    at = pd.Timestamp("2026-11-01 10:00")
    frame = pd.DataFrame({
        "customer_id": [f"P{n}" for n in consent], "channel": "email", "address": [address(n) for n in consent],
        "consent": pd.array([pd.NA if c is None else c for c in consent.values()], dtype="boolean"),
        "suppressed": [n in suppressed for n in consent], "suppressed_reason": None, "time_zone": "Europe/Berlin"})
    orders = pd.DataFrame({"order_id": ["O1"], "customer_id": ["P0"], "ordered_at": [at]})
    lines = pd.DataFrame({"line_id": ["L1"], "order_id": ["O1"], "customer_id": ["P0"], "ordered_at": [at],
                          "product_id": ["X"], "line_type": ["sale"], "quantity": [1], "unit_price": [1.0],
                          "amount": [1.0]})
    write_snapshot(folder, {"contacts": frame, "orders": orders, "order_lines": lines}, source="benchmark",
                   currency="EUR")
    return open_snapshot(folder)
