"""Campaign drafts in SQLite: every version is kept, a write is one transaction."""

from __future__ import annotations

import json
import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.errors import InvalidPlan, UnknownName
from assistant.plans import CampaignBrief
from assistant.results import Result
from assistant.sqlite_files import transaction

_SCHEMA = """
CREATE TABLE IF NOT EXISTS campaign_drafts (
    campaign_id TEXT NOT NULL, version INTEGER NOT NULL, at TEXT NOT NULL, fingerprint TEXT NOT NULL,
    brief TEXT NOT NULL, result TEXT NOT NULL, PRIMARY KEY (campaign_id, version)
);
CREATE TABLE IF NOT EXISTS campaign_ids (number INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS campaign_undone (
    campaign_id TEXT NOT NULL, version INTEGER NOT NULL, at TEXT NOT NULL, PRIMARY KEY (campaign_id, version)
);
"""


_STANDING = """campaign_drafts d WHERE NOT EXISTS (
    SELECT 1 FROM campaign_undone u WHERE u.campaign_id = d.campaign_id AND u.version = d.version)"""


@dataclass(frozen=True)
class Draft:
    """One stored version of a campaign."""

    campaign_id: str
    version: int
    at: datetime
    fingerprint: str
    brief: CampaignBrief
    result: Result


class DraftStore:
    """All drafts of one shop.

    Args:
        path: the SQLite file of the app's state; created when missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def _connect(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self.path, "campaign drafts", _SCHEMA, durable=True)

    def next_id(self) -> str:
        """A new id, ``c-1``, ``c-2`` …; taken at once, so that two drafts made at one time never share it."""
        with self._connect() as con:
            (number,) = con.execute(
                "INSERT INTO campaign_ids SELECT 1 + max("
                "(SELECT coalesce(max(number), 0) FROM campaign_ids),"
                "(SELECT coalesce(max(CAST(substr(campaign_id, 3) AS INTEGER)), 0) FROM campaign_drafts)"
                ") RETURNING number"
            ).fetchone()
        return f"c-{number}"

    def save(
        self, campaign_id: str, fingerprint: str, brief: CampaignBrief, result: Result, *, follows: int | None = None
    ) -> int:
        """Store a version and return its number.

        Args:
            follows: the version it was made from; another one made meanwhile is not passed over.

        Raises:
            InvalidPlan: the draft has changed since that version was read; nothing is stored.
        """
        with self._connect() as con:
            con.execute("BEGIN IMMEDIATE") if not con.in_transaction else None
            if follows is not None and _latest(con, campaign_id) != follows:
                raise InvalidPlan("The draft was changed by somebody else meanwhile; nothing was stored",
                                  received=campaign_id, hint="Look at the draft and say the change again.")
            (version,) = con.execute(
                "SELECT coalesce(max(version), 0) + 1 FROM campaign_drafts WHERE campaign_id = ?", (campaign_id,)
            ).fetchone()
            con.execute(
                "INSERT INTO campaign_drafts VALUES (?, ?, ?, ?, ?, ?)",
                (campaign_id, version, datetime.now(UTC).isoformat(), fingerprint, brief.model_dump_json(),
                 result.model_dump_json()),
            )
        return version

    def load(self, campaign_id: str | None = None) -> Draft:
        """The latest version of a draft, or of the latest draft.

        Raises:
            UnknownName: no such draft, or none at all.
        """
        where, values = ("AND d.campaign_id = ?", (campaign_id,)) if campaign_id else ("", ())
        with self._connect() as con:
            row = con.execute(
                f"SELECT * FROM {_STANDING} {where} ORDER BY at DESC, version DESC LIMIT 1", values
            ).fetchone()
            ids = [i for (i,) in con.execute("SELECT DISTINCT campaign_id FROM campaign_drafts ORDER BY 1")]
        if row is None:
            raise UnknownName(
                "There is no such campaign draft" if ids else "There is no campaign draft yet",
                received=campaign_id, valid=ids,
                nearest=() if ids else ("Draft a win-back campaign for lapsed customers",),
            )
        return _draft(row)

    def version(self, campaign_id: str, number: int) -> Draft:
        """One version of a draft, also one that was taken back.

        Raises:
            UnknownName: it has no such version.
        """
        with self._connect() as con:
            row = con.execute("SELECT * FROM campaign_drafts WHERE campaign_id = ? AND version = ?",
                              (campaign_id, number)).fetchone()
            known = [v for (v,) in con.execute(
                "SELECT version FROM campaign_drafts WHERE campaign_id = ? ORDER BY version", (campaign_id,))]
        if row is None:
            raise UnknownName(f"Draft {campaign_id} has no such version", received=number, valid=known)
        return _draft(row)

    def before(self, draft: Draft) -> Draft | None:
        """The version that stands before this one, or None for the first."""
        with self._connect() as con:
            row = con.execute(
                f"SELECT * FROM {_STANDING} AND d.campaign_id = ? AND d.version < ? ORDER BY version DESC LIMIT 1",
                (draft.campaign_id, draft.version),
            ).fetchone()
        return None if row is None else _draft(row)

    def undo(self, draft: Draft) -> None:
        """Take a version back: it is kept, and no longer stands. The one before stands again.

        Raises:
            InvalidPlan: it is no longer the latest version, or the only one; nothing is changed.
        """
        with self._connect() as con:
            con.execute("BEGIN IMMEDIATE") if not con.in_transaction else None
            standing = [v for (v,) in con.execute(
                f"SELECT d.version FROM {_STANDING} AND d.campaign_id = ? ORDER BY version", (draft.campaign_id,))]
            if len(standing) < 2 or standing[-1] != draft.version:
                raise InvalidPlan("There is no earlier version of this draft to go back to",
                                  received=f"{draft.campaign_id}, version {draft.version}",
                                  hint="It stays a draft; nothing is sent from here.")
            con.execute("INSERT INTO campaign_undone VALUES (?, ?, ?)",
                        (draft.campaign_id, draft.version, datetime.now(UTC).isoformat()))

    def list(self) -> list[dict[str, Any]]:
        """Id, versions, goal and time of every draft, latest first."""
        with self._connect() as con:
            rows = con.execute(
                "SELECT campaign_id, max(version), max(at), brief FROM campaign_drafts"
                " GROUP BY campaign_id ORDER BY max(at) DESC"
            ).fetchall()
        return [{"campaign_id": i, "version": v, "at": at, "goal": json.loads(b)["goal"]} for i, v, at, b in rows]


def _latest(con: sqlite3.Connection, campaign_id: str) -> int | None:
    """Number of the latest version that stands."""
    (version,) = con.execute(
        f"SELECT max(d.version) FROM {_STANDING} AND d.campaign_id = ?", (campaign_id,)
    ).fetchone()
    return None if version is None else int(version)


def _draft(row: tuple[Any, ...]) -> Draft:
    return Draft(row[0], row[1], datetime.fromisoformat(row[2]), row[3],
                 CampaignBrief.model_validate_json(row[4]), Result.model_validate_json(row[5]))
