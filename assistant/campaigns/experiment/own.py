"""Experiments of one's own campaigns: which there are, who ordered when, and how they teach what follows.

:func:`with_own` shows finished ones as past campaigns of the data, with both arms and their responses, so that
read-outs, offers and the model of who is moved by a contact learn from them like from any other. Running ones are never
shown there: nobody looks at them but by the rule of their read-out.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.campaigns.experiment.seal import CONTACTED, HELD, Sealed, sealed_runs, stamp_of
from assistant.data.added import table_beside
from assistant.data.manifest import TableInfo
from assistant.errors import SnapshotError
from assistant.features.contacted import Campaign, cases, first_orders, past_campaigns

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot

#: name of the folder, within the shop's state
SEALED = "sealed"


def own_runs(home: Path, app_db: Path) -> list[Sealed]:
    """Sealed runs of campaigns that a person approved; the earliest first.

    Raises:
        SnapshotError: a sealed file was changed or is damaged.
    """
    from assistant.campaigns.sending.ledger import open_ledger

    if not (home / SEALED).exists():
        return []
    with open_ledger(app_db) as ledger:
        rows = ledger.rows("SELECT digest, terms FROM send_runs WHERE state IN ('approved', 'started')")
    return sealed_runs(home / SEALED, {r["digest"]: json.loads(r["terms"])["holdout"] for r in rows})


def learnt(snapshot: Snapshot, home: Path, app_db: Path) -> Snapshot:
    """The snapshot with one's own finished experiments; as it is where a seal is broken, which their read-out says."""
    try:
        runs = own_runs(home, app_db)
    except SnapshotError as error:
        logging.getLogger(__name__).warning("own experiments are left out: %s", error)
        return snapshot
    return with_own(snapshot, runs)


def written_although_held(app_db: Path, run: Sealed) -> int:
    """Customers of the control group to whom the campaign wrote nevertheless."""
    from assistant.campaigns.sending.ledger import open_ledger

    with open_ledger(app_db) as ledger:
        rows = ledger.rows("SELECT DISTINCT customer_id FROM outbox WHERE campaign_id = ? AND state IN "
                           "('sent', 'unknown')", (run.campaign_id,))
    held = set(run.people.loc[run.people["arm"] == HELD, "customer_id"])
    return len(held & {r["customer_id"] for r in rows})


def outcomes(snapshot: Snapshot, run: Sealed) -> pd.DataFrame:
    """The people of a run with ``ordered_on``: day of their first order in the window, or missing.

    Cancelled orders do not count. Orders after the analysis date are not seen.
    """
    import pyarrow as pa

    rows = pa.table({"customer_id": pa.array(run.people["customer_id"].tolist(), pa.string())})
    people = table_beside(snapshot, f"sealed_{run.run[:12]}_{len(rows)}", rows)
    found = snapshot.execute(first_orders(snapshot, people, run.started, run.until)).to_pandas()
    return run.people.merge(found, on="customer_id", how="left")


def with_own(snapshot: Snapshot, runs: Sequence[Sealed]) -> Snapshot:
    """The snapshot with the finished ones of these runs among its past campaigns."""
    done = [r for r in runs if r.until <= snapshot.as_of]
    if not done:
        return snapshot
    stamp = stamp_of(done)
    parts = {"campaigns": _campaigns(done), "touches": _touches(done), "responses": _responses(snapshot, done)}
    shown, tables = snapshot, dict(snapshot.manifest.tables)
    replaced = dict(snapshot.replaced)
    for name, frame in parts.items():
        table = snapshot.table(name)
        rows = _typed(frame, table)
        beside = table_beside(snapshot, f"own_{name}_{stamp}_{snapshot.as_of:%Y%m%d}", rows)
        replaced[name] = table.union(beside.select(*table.columns).cast(table.schema()))
        info = tables.get(name) or TableInfo(rows=0, filled=[])
        filled = [*info.filled, *(c for c in frame if c not in info.filled and frame[c].notna().any())]
        tables[name] = info.model_copy(update={"rows": info.rows + len(frame), "filled": filled})
    manifest = snapshot.manifest.model_copy(update={
        "tables": tables, "fingerprint": f"{snapshot.manifest.fingerprint}+own-{stamp}"})
    return replace(shown, manifest=manifest, replaced=replaced)


@dataclass(frozen=True, eq=False)
class OwnCases:
    """Runs of one's own as cases: who was in which arm, what was known before, and what followed."""

    campaigns: tuple[Campaign, ...]
    frame: pd.DataFrame

    @property
    def by_id(self) -> dict[str, Campaign]:
        return {c.campaign_id: c for c in self.campaigns}


def own_cases(shown: Snapshot, waves: Collection[str]) -> OwnCases:
    """The cases of these finished runs, named by :func:`wave_id`, in a snapshot of :func:`with_own`."""
    found = tuple(c for c in past_campaigns(shown) if c.campaign_id in waves)
    return OwnCases(found, cases(shown, list(found)))


def wave_id(runs: Sequence[Sealed], run: Sealed) -> str:
    """Id under which a run stands among past campaigns: that of its campaign, with its number from the second on."""
    same = [r.run for r in runs if r.campaign_id == run.campaign_id]
    place = same.index(run.run)
    return run.campaign_id if place == 0 else f"{run.campaign_id}/{place + 1}"


def _campaigns(runs: Sequence[Sealed]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([{
        "campaign_id": wave_id(runs, r), "name": r.name, "kind": r.goal, "channel": r.channel,
        "started_at": _midnight(r.started), "ended_at": _midnight(r.until + timedelta(days=1)),
        "discount_percent": r.discount_percent, "category": r.category, "cost": r.cost,
    } for r in runs])


def _touches(runs: Sequence[Sealed]) -> pd.DataFrame:
    import pandas as pd

    return pd.concat([r.people[["customer_id"]].assign(
        campaign_id=wave_id(runs, r), channel=r.channel, sent_at=_midnight(r.started),
        arm=r.people["arm"].map({CONTACTED: "treatment", HELD: "control"}),
    ) for r in runs], ignore_index=True)


def _responses(snapshot: Snapshot, runs: Sequence[Sealed]) -> pd.DataFrame:
    import pandas as pd

    found = []
    for run in runs:
        people = outcomes(snapshot, run).dropna(subset=["ordered_on"])
        found.append(pd.DataFrame({"campaign_id": wave_id(runs, run), "customer_id": people["customer_id"],
                                   "responded_at": pd.to_datetime(people["ordered_on"])}))
    return pd.concat(found, ignore_index=True)


def _typed(frame: pd.DataFrame, table: Any) -> Any:
    """The frame with every column of the table, in its types."""
    import pyarrow as pa

    schema = table.schema().to_pyarrow()
    columns = []
    for field in schema:
        values = frame[field.name].tolist() if field.name in frame else [None] * len(frame)
        missing = [None if v is None or v != v else v for v in values]
        if pa.types.is_decimal(field.type):
            columns.append(pa.array([None if v is None else float(v) for v in missing], pa.float64()))
        else:
            columns.append(pa.array(missing, field.type))
    return pa.table(columns, names=list(schema.names))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min)
