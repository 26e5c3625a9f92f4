"""What every connector keeps to. One contract test: ``tests/contracts/connector_contract.py``."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Protocol, Self

from assistant.campaigns.sending.outbox import Claimed


@dataclass(frozen=True)
class Outcome:
    """What became of one message.

    ``sent``: the receiver took it · ``failed``: it refused it for good · ``unknown``: nobody can tell · ``later``: it
    refused this one for now · ``unavailable``: the receiver could not be reached. In the last two it did not leave.
    """

    what: Literal["sent", "failed", "unknown", "later", "unavailable"]
    why: str = ""


class Connector(Protocol):
    """A way out. ``send`` never raises for what a receiver does; it says what became of the message."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None: ...

    def send(self, message: Claimed) -> Outcome: ...
