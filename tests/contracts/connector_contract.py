"""What every way out keeps to. Subclass it, give the fixtures, and the tests are inherited."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from assistant.campaigns.sending.connectors.base import Connector
from assistant.campaigns.sending.outbox import Claimed


def message(number: int = 1, **payload: str) -> Claimed:
    """A message as it is claimed."""
    body = {"subject": f"Mugs {number}", "preheader": "", "text": "Hello\n\nMug at 9.00", "html": "<p>Hello</p>",
            "code": "", **payload}
    return Claimed(number, "c-1", f"C{number}", "email", f"c{number}@example.com", body, f"{number:064x}")


class ConnectorContract(ABC):
    """The receiver is real and local."""

    @abstractmethod
    def connector(self) -> Connector:
        """One that reaches the receiver."""

    @abstractmethod
    def unreachable(self) -> Connector:
        """One whose receiver does not answer."""

    @abstractmethod
    def received(self) -> list[dict[str, Any]]:
        """What the receiver took: address and text of every message, in order."""

    @abstractmethod
    def refuse(self, *, for_good: bool) -> None:
        """Let the receiver refuse what comes next."""

    @abstractmethod
    def break_off(self) -> None:
        """Let the receiver take the next message and fall silent before it says so."""

    def test_what_is_sent_arrives_once_and_as_it_was(self) -> None:
        with self.connector() as way:
            assert [way.send(message(n)).what for n in (1, 2)] == ["sent", "sent"]
        assert [r["address"] for r in self.received()] == ["c1@example.com", "c2@example.com"]
        assert all("Mug at 9.00" in r["text"] for r in self.received())

    def test_without_a_receiver_nothing_leaves(self) -> None:
        with self.unreachable() as way:
            found = way.send(message())
        assert found.what == "unavailable" and found.why

    def test_a_refusal_is_said(self) -> None:
        self.refuse(for_good=True)
        with self.connector() as way:
            assert way.send(message()).what == "failed"
        assert self.received() == []

    def test_a_refusal_for_now_is_not_for_good(self) -> None:
        self.refuse(for_good=False)
        with self.connector() as way:
            assert way.send(message()).what in {"later", "unavailable"}
        assert self.received() == []

    def test_an_interruption_after_handing_over_is_unknown(self) -> None:
        self.break_off()
        with self.connector() as way:
            assert way.send(message()).what == "unknown"
