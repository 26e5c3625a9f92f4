"""Campaign drafts in SQLite: every version is kept, a write is one transaction."""

from __future__ import annotations

import json
import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.errors import UnknownName
from assistant.plans import CampaignBrief
from assistant.results import Result
from assistant.sqlite_files import transaction

_SCHEMA = """
CREATE TABLE IF NOT EXISTS campaign_drafts (
    campaign_id TEXT NOT NULL, version INTEGER NOT NULL, at TEXT NOT NULL, fingerprint TEXT NOT NULL,
    brief TEXT NOT NULL, result TEXT NOT NULL, PRIMARY KEY (campaign_id, version)
);
CREATE TABLE IF NOT EXISTS campaign_ids (number INTEGER PRIMARY KEY);
"""


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

    def save(self, campaign_id: str, fingerprint: str, brief: CampaignBrief, result: Result) -> int:
        """Store a version and return its number."""
        with self._connect() as con:
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
        where, values = ("WHERE campaign_id = ?", (campaign_id,)) if campaign_id else ("", ())
        with self._connect() as con:
            row = con.execute(
                f"SELECT * FROM campaign_drafts {where} ORDER BY at DESC, version DESC LIMIT 1", values
            ).fetchone()
            ids = [i for (i,) in con.execute("SELECT DISTINCT campaign_id FROM campaign_drafts ORDER BY 1")]
        if row is None:
            raise UnknownName(
                "There is no such campaign draft" if ids else "There is no campaign draft yet",
                received=campaign_id, valid=ids,
                nearest=() if ids else ("Draft a win-back campaign for lapsed customers",),
            )
        return Draft(row[0], row[1], datetime.fromisoformat(row[2]), row[3],
                     CampaignBrief.model_validate_json(row[4]), Result.model_validate_json(row[5]))

    def list(self) -> list[dict[str, Any]]:
        """Id, versions, goal and time of every draft, latest first."""
        with self._connect() as con:
            rows = con.execute(
                "SELECT campaign_id, max(version), max(at), brief FROM campaign_drafts"
                " GROUP BY campaign_id ORDER BY max(at) DESC"
            ).fetchall()
        return [{"campaign_id": i, "version": v, "at": at, "goal": json.loads(b)["goal"]} for i, v, at, b in rows]
