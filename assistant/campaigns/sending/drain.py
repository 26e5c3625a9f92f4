"""Send what is queued, one message at a time, until nothing may leave any more."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from assistant.campaigns.sending.audit import record
from assistant.campaigns.sending.connectors.base import Connector
from assistant.campaigns.sending.ledger import Ledger, only_one
from assistant.campaigns.sending.outbox import Checks, claim, finish, put_back, recover

#: a message refused for now is tried again after this, as long as it has not expired
RETRY_AFTER = timedelta(minutes=15)


@dataclass
class Drained:
    """What one pass did: messages by outcome, those found unknown at the start, and why it ended early."""

    outcomes: dict[str, int] = field(default_factory=dict)
    recovered: int = 0
    broke_off: str = ""


def drain(
    ledger: Ledger, connectors: Mapping[str, Connector], checks: Checks, clock: Callable[[], datetime], *,
    per_minute: int, most: int | None = None, pause: Callable[[float], None] = time.sleep,
) -> Drained:
    """Send until nothing may leave now.

    Args:
        connectors: channel → connector.
        checks: asked of every recipient in the transaction that claims the message.
        per_minute: most messages in a minute.
        most: end after so many.

    Raises:
        StorageError: another process is sending, or the disk refuses.
    """
    done = Drained()
    with only_one(ledger.path), ExitStack() as opened:
        done.recovered = recover(ledger, clock())
        for connector in {id(c): c for c in connectors.values()}.values():
            opened.enter_context(connector)
        while most is None or sum(done.outcomes.values()) < most:
            message = claim(ledger, checks, clock())
            if message is None:
                break
            outcome = connectors[message.channel].send(message)
            if outcome.what == "later":
                put_back(ledger, message, outcome.why, clock() + RETRY_AFTER)
                pause(60.0 / per_minute)
                continue
            if outcome.what == "unavailable":
                put_back(ledger, message, outcome.why, clock())
                done.broke_off = outcome.why
                break
            finish(ledger, message, outcome.what, outcome.why, clock())
            done.outcomes[outcome.what] = done.outcomes.get(outcome.what, 0) + 1
            pause(60.0 / per_minute)
        if done.outcomes or done.broke_off:
            with ledger.write() as con:
                record(con, clock(), "outbox", "sent", None, **done.outcomes, broke_off=done.broke_off)
    return done
