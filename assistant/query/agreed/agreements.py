"""What was agreed on in one shop: the store, what is in force, and the requests about both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.plans.agreements import (
    AudiencePair,
    ChangeSegment,
    DefineTerm,
    SavedSegmentsRequest,
    SaveSegment,
    TakeBackRequest,
    TermsRequest,
    WithdrawTerm,
)
from assistant.plans.filters import Filter
from assistant.query.agreed.in_force import InForce
from assistant.query.agreed.store import AgreementStore
from assistant.results import Result

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot


@dataclass(frozen=True)
class DraftAudience:
    """A campaign draft as far as a change of meaning may alter it: its audience, or the word its goal stands for."""

    name: str
    audience: Filter | None
    term: str | None = None


class Agreements:
    """Meanings and saved segments of one shop. Reading is cached until any process writes.

    Args:
        store: where they are kept.
        snapshot: gives the data as they are now.
        author: who signs changes.
        drafts: gives the campaign drafts that a change of meaning may alter.
    """

    def __init__(
        self, store: AgreementStore, snapshot: Callable[[], Snapshot], author: str,
        drafts: Callable[[], Sequence[DraftAudience]] = lambda: (),
    ) -> None:
        self.store, self.author, self.drafts = store, author, drafts
        self._snapshot = snapshot
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, ...], InForce] | None = None

    @property
    def snapshot(self) -> Snapshot:
        """The data as they are now."""
        return self._snapshot()

    def in_force(self) -> InForce:
        """Everything agreed on, as of now.

        Raises:
            StorageError: the file cannot be read.
        """
        stamp = self.store.stamp()
        with self._lock:
            if self._read is not None and self._read[0] == stamp:
                return self._read[1]
        found = InForce.of(self.store.current())
        with self._lock:
            self._read = (stamp, found)
        return found

    def forget_read(self) -> None:
        """Read again at the next use: a write of this process may fall into the same tick of the clock."""
        with self._lock:
            self._read = None

    # -- requests ------------------------------------------------------------------------------------------------

    def define(self, request: DefineTerm) -> Result:
        """Agree on a meaning."""
        from assistant.query.agreed.terms import define

        return define(self, request)

    def terms(self, request: TermsRequest) -> Result:
        """Meanings in force, or one of them."""
        from assistant.query.agreed.terms import show_terms

        return show_terms(self, request)

    def withdraw(self, request: WithdrawTerm) -> Result:
        """Give up an agreed meaning."""
        from assistant.query.agreed.terms import withdraw

        return withdraw(self, request)

    def save(self, request: SaveSegment) -> Result:
        """Save a segment."""
        from assistant.query.agreed.segments import save

        return save(self, request)

    def segments(self, request: SavedSegmentsRequest) -> Result:
        """Saved segments, or one of them."""
        from assistant.query.agreed.segments import show_segments

        return show_segments(self, request)

    def change(self, request: ChangeSegment) -> Result:
        """Rename or delete a segment."""
        from assistant.query.agreed.segments import change

        return change(self, request)

    def undo(self, request: TakeBackRequest) -> Result:
        """Take back the latest change."""
        from assistant.query.agreed.undoing import undo

        return undo(self, request)

    def pair(self, request: AudiencePair) -> Result:
        """Two groups against each other."""
        from assistant.query.agreed.overlap import compare

        return compare(self, request)
