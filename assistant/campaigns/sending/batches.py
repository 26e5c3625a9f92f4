"""What the data know of the people whose messages come next, read for some hundreds at a time.

A sender needs them one by one; a query for each would be slow, and everybody at once would not fit. What was read is
dropped as soon as another snapshot became current, so a change of the data counts from the next message on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: people read at a time
BATCH = 1000


class Batched(ABC):
    """Facts about a batch of people of the current snapshot.

    Args:
        current: the snapshot that is current at the moment of the call; cheap.
    """

    def __init__(self, current: Callable[[], Snapshot]) -> None:
        self._current = current
        self._of: str | None = None
        self._people: frozenset[str] = frozenset()

    def load(self, customer_ids: Sequence[str]) -> None:
        """Read these people, and forget those before."""
        snapshot = self._current()
        self._of, self._people = snapshot.manifest.id, frozenset(customer_ids)
        self.read(snapshot, sorted(self._people))

    def knows(self, customer_id: str) -> bool:
        """Whether this person was read, from the data as they are now."""
        return customer_id in self._people and self._of == self._current().manifest.id

    def need(self, customer_id: str) -> None:
        """Read this person where that has not been done."""
        if not self.knows(customer_id):
            self.load([customer_id])

    @abstractmethod
    def read(self, snapshot: Snapshot, customer_ids: list[str]) -> None:
        """Replace what is known by what the snapshot says of these people."""
