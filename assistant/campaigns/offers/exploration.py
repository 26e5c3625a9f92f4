"""Tests that learn while they run: who got which arm in which round with which chance, and what followed.

A round is a draw by :mod:`assistant.campaigns.offers.thompson`; every assignment is stored with its chance before
anybody is contacted and never changed, so that the log can be evaluated off-policy later. What followed is read from
the orders of the data, once the days in which an answer counts are over.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.campaigns.offers.terms import ANSWER_DAYS
from assistant.campaigns.offers.thompson import Arm, assign, chances
from assistant.errors import NoRows, UnknownName
from assistant.sqlite_files import transaction

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot

_SCHEMA = """
CREATE TABLE IF NOT EXISTS explorations (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS exploration_rounds (
    number INTEGER NOT NULL REFERENCES explorations (number), round INTEGER NOT NULL, as_of TEXT NOT NULL,
    chances TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (number, round)
);
CREATE TABLE IF NOT EXISTS exploration_log (
    number INTEGER NOT NULL, round INTEGER NOT NULL, customer_id TEXT NOT NULL, arm INTEGER NOT NULL,
    propensity REAL NOT NULL, PRIMARY KEY (number, customer_id),
    FOREIGN KEY (number, round) REFERENCES exploration_rounds (number, round)
);
"""


@dataclass(frozen=True)
class Tested:
    """What a test tries out.

    Attributes:
        arms: names; the same place is the same arm in every round. per_answer, per_contact: profit of an answer and
            cost of a contact of each, shop currency.
        plan: the request that began it, as JSON.
        data: fingerprint of the data when it began.
    """

    number: int
    at: datetime
    arms: tuple[str, ...]
    per_answer: tuple[float, ...]
    per_contact: tuple[float, ...]
    plan: dict[str, Any]
    data: str

    @property
    def test_id(self) -> str:
        return f"x-{self.number}"


@dataclass(frozen=True)
class Round:
    """One draw: the day it was made, the chances of the arms, and a digest over all its assignments."""

    number: int
    as_of: date
    chances: tuple[float, ...]
    digest: str


class ExplorationLog:
    """All tests of one shop.

    Args:
        path: the SQLite file of the app's state.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self, arms: Sequence[str], per_answer: Sequence[float], per_contact: Sequence[float],
              plan: Mapping[str, Any], data: str) -> Tested:
        """A new test without a round yet."""
        at = datetime.now(UTC)
        body = {"arms": list(arms), "per_answer": list(per_answer), "per_contact": list(per_contact),
                "plan": dict(plan), "data": data}
        with transaction(self.path, "tests of offers", _SCHEMA, durable=True) as con:
            number = con.execute("INSERT INTO explorations (at, body) VALUES (?, ?)",
                                 (at.isoformat(), json.dumps(body))).lastrowid
        return self.load(f"x-{number}")

    def load(self, test_id: str | None = None) -> Tested:
        """A test by its id; the latest one without.

        Raises:
            UnknownName: there is none.
        """
        with transaction(self.path, "tests of offers", _SCHEMA) as con:
            rows = con.execute("SELECT number, at, body FROM explorations ORDER BY number").fetchall()
        known = {f"x-{r[0]}": r for r in rows}
        if test_id is not None and test_id not in known or not known:
            raise UnknownName("No test of offers of that name is running" if known else "No test of offers was started",
                              received=test_id, valid=list(known)[-10:],
                              nearest=["Let it find out whether 10 % or 15 % off works better"])
        number, at, text = known[test_id] if test_id is not None else rows[-1]
        body = json.loads(text)
        return Tested(number, datetime.fromisoformat(at), tuple(body["arms"]), tuple(body["per_answer"]),
                      tuple(body["per_contact"]), body["plan"], body["data"])

    def rounds(self, test: Tested) -> list[Round]:
        """Its rounds, the oldest first."""
        with transaction(self.path, "tests of offers", _SCHEMA) as con:
            rows = con.execute("SELECT round, as_of, chances, digest FROM exploration_rounds WHERE number = ? "
                               "ORDER BY round", (test.number,)).fetchall()
        return [Round(r[0], date.fromisoformat(r[1]), tuple(json.loads(r[2])), r[3]) for r in rows]

    def assigned(self, test: Tested) -> pd.DataFrame:
        """``round``, ``customer_id``, ``arm`` (its place), ``propensity``: the whole log, as it was drawn."""
        import pandas as pd

        with transaction(self.path, "tests of offers", _SCHEMA) as con:
            rows = con.execute("SELECT round, customer_id, arm, propensity FROM exploration_log WHERE number = ? "
                               "ORDER BY round, customer_id", (test.number,)).fetchall()
        return pd.DataFrame(rows, columns=["round", "customer_id", "arm", "propensity"])

    def draw(self, test: Tested, people: Sequence[str], chance: Sequence[float], as_of: date) -> Round:
        """Assign the next round and store it whole, or not at all."""
        number = len(self.rounds(test)) + 1
        arms = assign(f"{test.test_id} round {number}", people, chance)
        rows = [(test.number, number, c, j, float(chance[j])) for c, j in zip(people, arms, strict=True)]
        digest = hashlib.sha256("\n".join(f"{c} {j} {p:.12f}" for _, _, c, j, p in rows).encode()).hexdigest()
        with transaction(self.path, "tests of offers", _SCHEMA, durable=True) as con:
            con.execute("INSERT INTO exploration_rounds VALUES (?, ?, ?, ?, ?)",
                        (test.number, number, as_of.isoformat(), json.dumps([float(c) for c in chance]), digest))
            con.executemany("INSERT INTO exploration_log VALUES (?, ?, ?, ?, ?)", rows)
        return Round(number, as_of, tuple(float(c) for c in chance), digest)


def answers(snapshot: Snapshot, log: ExplorationLog, test: Tested) -> pd.DataFrame:
    """The log with what followed.

    Returns:
        the columns of :meth:`ExplorationLog.assigned` with ``answered`` (an order in the days after the round that was
        not cancelled) and ``over`` (those days are all in the data).
    """
    import pandas as pd

    frame, rounds = log.assigned(test), {r.number: r.as_of for r in log.rounds(test)}
    frame["day"] = pd.to_datetime(frame["round"].map(rounds))
    frame["over"] = frame["day"] + timedelta(days=ANSWER_DAYS) <= pd.Timestamp(snapshot.as_of)
    orders = snapshot.table("orders")
    known = orders.filter(orders.customer_id.isin(frame["customer_id"].tolist()))
    if snapshot.has("orders", "status"):
        known = known.filter(known.status.fill_null("") != "cancelled")
    bought = snapshot.execute(known.select("customer_id", day_of=known.ordered_at.date())).to_pandas()
    met = frame[["customer_id", "day"]].merge(bought, on="customer_id")
    after = pd.to_datetime(met["day_of"]) - met["day"]
    inside = met.loc[(after > timedelta(0)) & (after <= timedelta(days=ANSWER_DAYS)), "customer_id"]
    frame["answered"] = frame["customer_id"].isin(set(inside)).astype(int)
    return frame.drop(columns="day")


def seen(test: Tested, frame: pd.DataFrame) -> list[Arm]:
    """The arms with what the rounds that are over have shown."""
    over = frame[frame["over"]]
    return [
        Arm(name, int((over["arm"] == j).sum()), int(over.loc[over["arm"] == j, "answered"].sum()),
            test.per_answer[j], test.per_contact[j]) for j, name in enumerate(test.arms)]


def next_round(
    snapshot: Snapshot, log: ExplorationLog, test: Tested, people: Sequence[str], size: int
) -> tuple[Round, list[Arm]]:
    """Draw a round among customers who were in none yet.

    Args:
        people: who may be in it. size: how many are.

    Raises:
        NoRows: everybody has been in one.
    """
    frame = answers(snapshot, log, test)
    arms = seen(test, frame)
    left = sorted(set(people) - set(frame["customer_id"]),
                  key=lambda c: hashlib.sha256(f"{test.test_id}\0{c}".encode()).digest())
    if not left:
        raise NoRows("Everybody who may be in this test has been in a round", received=test.test_id)
    even = [1 / len(arms)] * len(arms)  # nothing seen: profits that are set against rates nobody knows would mislead
    chance = list(chances(arms)) if any(a.trials for a in arms) else even
    return log.draw(test, sorted(left[:size]), chance, snapshot.as_of), arms


def drawn_wordings(path: Path, campaign_id: str) -> dict[str, int]:
    """Customer → wording (from 0) of a draft, where a test has drawn one; nothing where none tries its wordings."""
    if not path.exists():
        return {}
    with transaction(path, "tests of offers", _SCHEMA) as con:
        rows = con.execute(
            "SELECT l.customer_id, l.arm FROM exploration_log l JOIN explorations e USING (number) "
            "WHERE json_extract(e.body, '$.plan.wordings_of') = ? ORDER BY l.number", (campaign_id,)).fetchall()
    return {str(customer): int(arm) for customer, arm in rows}
