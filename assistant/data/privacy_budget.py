"""What noisy reports have used of the privacy budget: every release is kept, and the same one is not paid for twice.

The losses of releases add up (basic composition; Dwork & Roth 2014, *The Algorithmic Foundations of Differential
Privacy*, section 3.5.1). The budget is that of a calendar year, over all data of the shop: people stay the same when
newer orders are loaded.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.errors import NotPermitted
from assistant.sqlite_files import transaction

_SCHEMA = """
CREATE TABLE IF NOT EXISTS privacy_releases (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, year INTEGER NOT NULL, author TEXT NOT NULL,
    key TEXT NOT NULL, what TEXT NOT NULL, epsilon REAL NOT NULL, delta REAL NOT NULL, body TEXT NOT NULL,
    UNIQUE (year, key)
);
"""


@dataclass(frozen=True)
class Release:
    """One noisy report: what it held, what it cost, and the noisy figures themselves."""

    at: datetime
    author: str
    what: str
    epsilon: float
    delta: float
    body: dict[str, Any]


class PrivacyBudget:
    """The ledger of one shop.

    Args:
        path: the SQLite file of the app's state. total: epsilon that a year may use.
        clock: now, in UTC.
    """

    def __init__(self, path: Path, total: float, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path, self.total, self._clock = path, total, clock

    def releases(self) -> list[Release]:
        """This year's releases, the oldest first."""
        if not self.path.exists():
            return []
        with transaction(self.path, "releases with noise", _SCHEMA) as con:
            rows = con.execute("SELECT at, author, what, epsilon, delta, body FROM privacy_releases WHERE year = ?"
                               " ORDER BY number", (self._clock().year,)).fetchall()
        return [Release(datetime.fromisoformat(r[0]), r[1], r[2], r[3], r[4], json.loads(r[5])) for r in rows]

    def spent(self) -> float:
        """Epsilon used this year."""
        return sum(r.epsilon for r in self.releases())

    def release(
        self, key: str, what: str, epsilon: float, delta: float, author: str, make: Callable[[], dict[str, Any]]
    ) -> tuple[dict[str, Any], bool]:
        """The noisy figures of a report, and whether they are new.

        The same report (``key``) is given again at no cost: noise drawn anew could be averaged away. What is made is
        stored and paid for in one transaction before anybody sees it, so that no two processes overdraw the budget.

        Raises:
            NotPermitted: the budget left is too small.
        """
        year = self._clock().year
        with transaction(self.path, "releases with noise", _SCHEMA, durable=True) as con:
            con.execute("BEGIN IMMEDIATE")
            known = con.execute("SELECT body FROM privacy_releases WHERE year = ? AND key = ?", (year, key)).fetchone()
            if known is not None:
                return json.loads(known[0]), False
            spent = con.execute("SELECT coalesce(sum(epsilon), 0) FROM privacy_releases WHERE year = ?",
                                (year,)).fetchone()[0]
            if spent + epsilon > self.total + 1e-9:
                raise NotPermitted(
                    f"The privacy budget does not allow it: epsilon {epsilon:g} is asked for and "
                    f"{max(self.total - spent, 0):g} of {self.total:g} is left until the end of {year}",
                    received=epsilon, hint="Ask for less (a smaller epsilon means more noise), or for a report without "
                    "noise, in which small groups are left out.", nearest=["How much of the privacy budget is left?"],
                )
            body = make()
            con.execute(
                "INSERT INTO privacy_releases (at, year, author, key, what, epsilon, delta, body)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (self._clock().isoformat(), year, author, key, what, epsilon, delta, json.dumps(body)))
        return body, True
