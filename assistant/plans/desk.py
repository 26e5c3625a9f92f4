"""What the screen may do with data and files, besides chatting. Implemented by the workspace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from assistant.results import Result

Progress = Callable[[str, float | None], None]
"""Called with a phrase and the share done (0–1, None when unknown)."""


@dataclass(frozen=True)
class ColumnProposal:
    """One source column and the canonical column proposed for it (None: ignored)."""

    source: str
    target: str | None  # "order_lines.quantity", "customers.country", …
    confidence: float  # 0–1
    reason: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadPreview:
    """What a load would do, before anything is replaced."""

    paths: tuple[Path, ...]
    preset: str | None
    columns: tuple[ColumnProposal, ...]
    rows: int
    missing: tuple[str, ...] = field(default=())  # required canonical columns without a source
    warnings: tuple[str, ...] = field(default=())
    targets: tuple[str, ...] = field(default=())  # every canonical column that a source column may be taken for
    #: column → arm, outcome or None, where the file looks like the table of an experiment
    experiment: tuple[tuple[str, str | None], ...] = field(default=())


@dataclass(frozen=True)
class LoadSummary:
    """What a finished load did, in words and counts."""

    snapshot: str
    source: str
    steps: tuple[tuple[str, int], ...]
    exclusions: tuple[tuple[str, str, int], ...]  # rule, reason, count
    warnings: tuple[str, ...]
    first_day: str
    last_day: str


class Desk(Protocol):
    """Load, status and export."""

    def preview_load(self, paths: Sequence[Path]) -> LoadPreview: ...

    def load(
        self, paths: Sequence[Path], mapping: Mapping[str, str | None] | None = None, progress: Progress | None = None,
        *, name: str | None = None, currency: str | None = None,
    ) -> LoadSummary:
        """Load and switch; ``name`` and three-letter ``currency`` of the shop where the data do not say.

        Raises DataError / StorageError and leaves the old data in place.
        """
        ...

    def load_experiment(self, path: Path, arm: str, outcomes: Sequence[str], *, random: bool = True) -> str:
        """Keep a table of an experiment; returns the name it is asked for by.

        Raises UnreadableFile / EmptyData / InvalidPlan / UnknownName / StorageError.
        """
        ...

    def set_as_of(self, day: date | None) -> date:
        """See the data as of another day (None: the default again); returns the date in force."""
        ...

    def example_questions(self) -> Sequence[str]:
        """Six questions that have been checked to run on the loaded data."""
        ...

    def export_table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
        """Write a table as CSV for people (formula-safe) and return its path."""
        ...

    def export_result(self, result: Result, table_id: str) -> Path:
        """Write a table of an answer as CSV for people, without figures of groups of people that are too small.

        Raises KeyError for a table that the answer does not have.
        """
        ...

    def export_campaign(self, campaign_id: str) -> Path:
        """Write the recipients of an approved draft as CSV and return its path."""
        ...

    def decide_campaign(self, digest: str, decision: str, typed: str | None = None) -> str:
        """Carry out what a person pressed on the card of a dry run (approve, reject, send, stop); in words."""
        ...

    def unsubscribe_channel(self, token: str) -> str:
        """The channel that an unsubscribe link is about; nothing changes.

        Raises UnknownName for a link that is none of this shop's.
        """
        ...

    def unsubscribe(self, token: str, everywhere: bool = False) -> str:
        """Carry out an unsubscribe link at once (``everywhere``: for all channels); returns its channel.

        Raises UnknownName, or StorageError where it could not be recorded.
        """
        ...

    def take_in(self, body: bytes, signature: str) -> dict[str, int]:
        """Bounces, complaints and replies that another system reports, signed; counts of what was done.

        Raises NotPermitted (not signed), InvalidPlan (not understood), StorageError.
        """
        ...
