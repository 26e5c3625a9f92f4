"""Whoever withdraws between build and send is not written to; generated profiles against an independent oracle."""

from __future__ import annotations

import random
import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from assistant.campaigns.sending.batches import BATCH
from assistant.campaigns.sending.config import SendingConfig
from assistant.campaigns.sending.connectors.base import Outcome
from assistant.campaigns.sending.contacts import Contacts
from assistant.campaigns.sending.drain import drain
from assistant.campaigns.sending.gate import Rules, Standing, is_quiet, verdict, zone_of
from assistant.campaigns.sending.ledger import Ledger, open_ledger
from assistant.campaigns.sending.objections import object_to
from assistant.campaigns.sending.outbox import Checks, Claimed
from assistant.campaigns.sending.secrets import ShopKey
from benchmarks.campaigns.made import NOON, Current, contacts_snapshot, queue, rows_for
from benchmarks.report import Outcome as Measured
from benchmarks.report import Row

SEED = 20261123
PEOPLE, FLIPS = 3_000, 1_000
PROFILES = 100_000
CONTACTS, REPEATS = 100_000, 5
ZONES = ("Europe/Berlin", "America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata",
         "Pacific/Apia", "America/Sao_Paulo", "Africa/Casablanca", "Asia/Tokyo", "Pacific/Chatham", None, "No/Where")
#: days on which clocks change somewhere, and ordinary ones
DAYS = ("2026-03-08", "2026-03-29", "2026-04-05", "2026-09-27", "2026-10-04", "2026-10-25", "2026-11-01",
        "2026-06-15", "2026-12-31", "2028-02-29")
CAPS = {"email": 16.0, "sms": 24.0, "push": 24.0}


class _Recorder:
    """A way out that remembers whom it wrote to, and flips people in between."""

    def __init__(self, ledger: Ledger, key: ShopKey, later: list[int]) -> None:
        self.reached: list[str] = []
        self._ledger, self._key, self._later = ledger, key, later

    def __enter__(self) -> _Recorder:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing is open."""

    def send(self, message: Claimed) -> Outcome:
        self.reached.append(message.customer_id)
        if self._later:  # somebody unsubscribes while others are being written to
            object_to(self._ledger, f"P{self._later.pop()}", "email", "unsubscribe", "benchmark", NOON)
        return Outcome("sent")


def flips() -> tuple[int, int, int]:
    """(flipped and reached, the same without asking again, others missed)."""
    draw = random.Random(SEED)
    flipped = draw.sample(range(PEOPLE), FLIPS)
    by_data, by_objection = set(flipped[:600]), flipped[600:]
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        contacts_snapshot(home / "s", dict.fromkeys(range(PEOPLE), True), set())
        key, config = ShopKey(home), SendingConfig()
        with open_ledger(home / "app.sqlite") as ledger:
            queue(ledger, rows_for(key, range(PEOPLE)), config)
            choices = {n: draw.choice([False, None, "suppressed"]) for n in by_data}
            consent = {n: True if choices.get(n, True) in {True, "suppressed"} else choices[n] for n in range(PEOPLE)}
            contacts_snapshot(home / "s", consent, {n for n, c in choices.items() if c == "suppressed"})
            # those who unsubscribe while others are sent to: late in the queue, so that they still wait
            late = sorted(by_objection)[-200:]
            for n in set(by_objection) - set(late):
                object_to(ledger, f"P{n}", "email", draw.choice(["unsubscribe", "objection", "complaint"]), "b", NOON)
            way = _Recorder(ledger, key, late[:])
            checks = Checks(Contacts(Current(home / "s")), key, Rules("Europe/Berlin"), ("email",))
            drain(ledger, {"email": way}, checks, lambda: NOON, per_minute=10**9, pause=lambda s: None)
            wrong = len({f"P{n}" for n in flipped} & set(way.reached))
            missed = PEOPLE - FLIPS - len(set(way.reached) - {f"P{n}" for n in flipped})
    return wrong, FLIPS, missed


def profiles() -> Counter[str]:
    """What the gate said of generated profiles against an oracle that converts times with pandas."""
    import pandas as pd

    draw, rules, made = random.Random(SEED), Rules("Europe/Berlin", cap_hours=tuple(CAPS.items())), []
    for _ in range(PROFILES):
        now = datetime.fromisoformat(draw.choice(DAYS)).replace(tzinfo=UTC) + timedelta(minutes=draw.randrange(2880))
        ago = draw.choice([None, *(timedelta(minutes=draw.randrange(0, 3000)),) * 2])
        made.append((draw.choice(tuple(CAPS)), draw.choice([True, True, True, False, None]), draw.random() < 0.15,
                     None if draw.random() < 0.05 else "x@example.com", draw.choice(ZONES), now, ago))
    names = ["channel", "consent", "objected", "address", "zone", "now", "ago"]
    frame = pd.DataFrame(made, columns=names, dtype=object)
    frame["known"] = [z if z in ZONES[:-2] else "Europe/Berlin" for z in frame["zone"]]
    quiet = pd.Series(False, index=frame.index)
    for zone, part in frame.groupby("known"):
        local = pd.DatetimeIndex(pd.to_datetime(part["now"], utc=True)).tz_convert(str(zone))
        quiet[part.index] = (local.hour >= 21) | (local.hour < 8)
    naive = pd.Series(False, index=frame.index)  # each zone's offset of January all year round
    for zone, part in frame.groupby("known"):
        january = pd.Timestamp("2026-01-15", tz=str(zone)).utcoffset()
        hour = (pd.DatetimeIndex(pd.to_datetime(part["now"], utc=True)) + january).hour
        naive[part.index] = (hour >= 21) | (hour < 8)
    told: Counter[str] = Counter()
    for i, row in enumerate(frame.itertuples(index=False)):
        last = None if row.ago is None else row.now - row.ago
        found = verdict(row.channel, Standing(row.consent, row.objected, row.address, row.zone), last, row.now, rules)
        eligible = row.consent is True and not row.objected and row.address is not None and (
            row.ago is None or row.ago >= timedelta(hours=CAPS[row.channel]))
        may = eligible and not quiet[i]
        told["sent against a rule"] += found.do == "send" and not may
        told["withheld without a rule"] += found.do != "send" and may
        told["waits into quiet hours"] += found.do == "wait" and (
            found.until is None or is_quiet(found.until, zone_of(row.zone, "Europe/Berlin"), rules))
        told["naive: sent in quiet hours"] += eligible and bool(quiet[i]) and not naive[i]
        told["sent"] += found.do == "send"
    return told


@dataclass(frozen=True)
class Many:
    """Consents of a large shop: seconds and memory in MiB, in batches and all read at once; and a flip half-way."""

    seconds: float
    memory: float
    seconds_at_once: float
    memory_at_once: float
    missed: int


def many() -> Many:
    """Ask for the standing of 100,000 people in batches; half-way other data withdraw everybody's consent."""
    ids = [f"P{n}" for n in range(CONTACTS)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "s"
        contacts_snapshot(folder, dict.fromkeys(range(CONTACTS), True), set())
        current = Current(folder)
        current()
        took: tuple[list[float], list[float]] = ([], [])
        for repeat in range(REPEATS):
            for way in (0, 1) if repeat % 2 else (1, 0):
                begun = time.perf_counter()
                _asked(current, ids) if way == 0 else _at_once(current)
                took[way].append(time.perf_counter() - begun)
        memory = [_memory(lambda: _asked(current, ids)), _memory(lambda: _at_once(current))]
        half = CONTACTS // 2 - BATCH // 2  # in the middle of a batch

        def flip(asked: int) -> None:
            if asked == half:
                contacts_snapshot(folder, dict.fromkeys(range(CONTACTS), False), set())

        agreed = _asked(current, ids, flip)
    return Many(median(took[0]), memory[0], median(took[1]), memory[1], agreed - half)


def _asked(current: Current, ids: list[str], before: Callable[[int], None] = lambda n: None) -> int:
    """How many agreed, asked one after the other as a sender does."""
    contacts, agreed = Contacts(current), 0
    for n, customer in enumerate(ids):
        before(n)
        if not contacts.knows(customer):
            contacts.load(ids[n : n + BATCH])
        found = contacts.standing(customer, "email")
        agreed += bool(found and found.consent)
    return agreed


def _at_once(current: Current) -> int:
    """The same with every contact of the shop in memory."""
    snapshot = current()
    contacts = snapshot.table("contacts")
    rows = snapshot.execute(contacts.select("customer_id", "channel", "address", "consent", "suppressed",
                                            "suppressed_reason", "time_zone")).to_pylist()
    known = {(r["customer_id"], r["channel"]): Standing(r["consent"], bool(r["suppressed"]), r["address"],
                                                        r["time_zone"]) for r in rows}
    return sum(bool(s.consent) for s in known.values())


def _memory(work: Callable[[], int]) -> float:
    """Most memory of Python that some work adds, in MiB."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return peak


def run() -> Measured:
    wrong, naive, missed = flips()
    told, large = profiles(), many()
    rows = [
        Row("people who withdrew between build and send, and were written to", f"{wrong} of {FLIPS:,}",
            f"{naive:,} (asked once, when built)", bar="0", met=wrong == 0),
        Row("people who did not withdraw, and were missed", str(missed), bar="0", met=missed == 0),
        Row(f"violations in {PROFILES:,} profiles", str(told["sent against a rule"]),
            f"{told['naive: sent in quiet hours']:,} (fixed offset of each zone)", bar="0",
            met=told["sent against a rule"] == 0),
        Row("withheld without a rule", str(told["withheld without a rule"]), bar="0",
            met=told["withheld without a rule"] == 0),
        Row(f"consent withdrawn from all between two of {CONTACTS:,}: asked afterwards and still taken for agreed",
            str(large.missed), bar="0", met=large.missed == 0),
        Row(f"memory to ask for {CONTACTS:,} people one after the other", f"{large.memory:.1f} MiB",
            f"{large.memory_at_once:.1f} MiB (all read at once)"),
        Row("time of it against reading all at once", f"{large.seconds / large.seconds_at_once:.1f} ×"),
        Row("put off into quiet hours", str(told["waits into quiet hours"]), bar="0",
            met=told["waits into quiet hours"] == 0),
    ]
    return Measured("campaigns.consent", rows, "generated: consent × objection × address × 12 zones × 10 days with and "
                    "without a change of clocks × caps", str(SEED), ("pandas", "duckdb"), [
        f"Flips: {FLIPS:,} of {PEOPLE:,} people; new data with a withdrawn, missing or suppressed consent, objections "
        "recorded before the sending, and unsubscriptions between two messages.",
        f"The oracle converts times with pandas, the gate with the standard library. {told['sent']:,} profiles may be "
        "written to.",
    ])
