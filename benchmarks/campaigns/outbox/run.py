"""A sender is killed at random moments while it sends to a real mail server; nothing arrives twice, nothing is lost."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path

from assistant.campaigns.sending.config import SendingConfig
from assistant.campaigns.sending.connectors.smtp import SmtpConnector
from assistant.campaigns.sending.contacts import Contacts
from assistant.campaigns.sending.drain import drain
from assistant.campaigns.sending.gate import Rules
from assistant.campaigns.sending.ledger import open_ledger
from assistant.campaigns.sending.outbox import Checks, counts
from assistant.campaigns.sending.secrets import ShopKey
from benchmarks.campaigns.made import NOON, Current, contacts_snapshot, queue, rows_for
from benchmarks.report import Outcome, Row

SEED = 20261123
MESSAGES, KILLS = 3_000, 100
FORK = multiprocessing.get_context("fork")


def _serve(log: Path, ready: Path) -> None:
    """A mail server that writes each recipient down, on the disk, before it says that it took the mail."""
    import asyncio
    import socket

    from aiosmtpd.smtp import SMTP

    class Keep:
        async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
            with log.open("a") as file:
                file.write(f"{envelope.rcpt_tos[0]}\n")  # type: ignore[attr-defined]
                file.flush()
                os.fsync(file.fileno())
            return "250 OK"

    async def main() -> None:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            server = await asyncio.get_running_loop().create_server(lambda: SMTP(Keep()), sock=listening)
            ready.write_text(str(listening.getsockname()[1]))
            await server.serve_forever()

    asyncio.run(main())


def _config(port: int) -> SendingConfig:
    return SendingConfig.model_validate({
        "enabled": True, "sender_address": "news@example.org", "postal_address": "x",
        "unsubscribe_url": "https://example.org/u/{token}",
        "smtp": {"host": "127.0.0.1", "port": port, "security": "none"}})


def _send(home: Path, port: int, again: bool) -> None:
    key = ShopKey(home)
    checks = Checks(Contacts(Current(home / "s")), key, Rules("Europe/Berlin"), ("email",))
    with open_ledger(home / "app.sqlite") as ledger:
        if again:  # the naive way: what is not known to have left is sent again
            with ledger.write() as con:
                con.execute("UPDATE outbox SET state = 'queued' WHERE state IN ('claimed', 'unknown')")
        drain(ledger, {"email": SmtpConnector(_config(port), key)}, checks, lambda: NOON, per_minute=10**9,
              pause=lambda s: None)


def _one(again: bool) -> tuple[Counter[str], dict[str, int], int]:
    """(deliveries by address, rows by state, kills that hit a running sender)."""
    draw, killed = random.Random(SEED), 0
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        contacts_snapshot(home / "s", dict.fromkeys(range(MESSAGES), True), set())
        with open_ledger(home / "app.sqlite") as ledger:
            queue(ledger, rows_for(ShopKey(home), range(MESSAGES)), SendingConfig())
        log, ready = home / "delivered.txt", home / "port"
        log.touch()
        server = FORK.Process(target=_serve, args=(log, ready), daemon=True)
        server.start()
        while not ready.exists() or not ready.read_text():
            time.sleep(0.01)
        port = int(ready.read_text())
        try:
            while killed < KILLS:
                before = log.stat().st_size
                sender = FORK.Process(target=_send, args=(home, port, again))
                sender.start()
                while sender.is_alive() and log.stat().st_size == before:  # it has begun to send
                    time.sleep(0.001)
                time.sleep(draw.uniform(0, 0.05))
                if not sender.is_alive():
                    break
                os.kill(int(sender.pid or 0), signal.SIGKILL)
                sender.join()
                killed += 1
            last = FORK.Process(target=_send, args=(home, port, again))
            last.start()
            last.join()
        finally:
            server.terminate()
        with open_ledger(home / "app.sqlite") as ledger:
            return Counter(log.read_text().split()), counts(ledger), killed


def run() -> Outcome:
    delivered, states, killed = _one(again=False)
    naive, _, _ = _one(again=True)
    twice, naive_twice = sum(n > 1 for n in delivered.values()), sum(n > 1 for n in naive.values())
    whole = sum(states.values()) == MESSAGES and set(states) <= {"sent", "queued", "failed", "unknown"}
    lost = states.get("sent", 0) - len(delivered)  # said to have left, and not delivered, where positive
    rows = [
        Row("kills that hit a running sender", str(killed), bar=str(KILLS), met=killed >= KILLS),
        Row("delivered twice", str(twice), f"{naive_twice} (what is not known to have left is sent again)", bar="0",
            met=twice == 0),
        Row("rows that end sent, queued, failed or unknown", f"{sum(states.values()):,} of {MESSAGES:,}",
            bar="all", met=whole),
        Row("recorded as sent and not delivered", str(max(lost, 0)), bar="0", met=lost <= 0),
        Row("unknown, listed for a person", str(states.get("unknown", 0)), bar=f"≤ {KILLS}",
            met=states.get("unknown", 0) <= KILLS),
    ]
    return Outcome("campaigns.outbox", rows, f"{MESSAGES:,} e-mails to aiosmtpd on this machine", str(SEED),
                   ("aiosmtpd",), [f"States at the end: {dict(sorted(states.items()))}.",
                                   "SIGKILL up to 50 ms after the first delivery of each sender."])
