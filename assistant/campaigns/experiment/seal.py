"""Sealed experiments: who was assigned to what, and the rule of the read-out, written before anything leaves.

One Parquet file per run in the folder ``sealed`` of the shop, never written again. Its digest over the assignment and
the rule is part of the terms that a person approved, so that neither can be changed afterwards without being noticed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.campaigns.experiment.assignment import sealed_digest
from assistant.campaigns.experiment.rule import ReadOutRule
from assistant.errors import SnapshotError
from assistant.results.export import whole_file

if TYPE_CHECKING:
    import pandas as pd

    from assistant.campaigns.draft import Plan

CONTACTED, HELD = "contacted", "held out"
_KEY = b"experiment"


@dataclass(frozen=True, eq=False)
class Sealed:
    """One sealed run.

    Attributes:
        started: first day of the window, by the real clock.
        digest: of the assignment and the rule.
        people: ``customer_id``, ``arm``, ``wording`` (from 0), ``stratum``.
        adaptive: whether a test that learns drew the wordings, so that they are not compared here.
    """

    campaign_id: str
    run: str
    name: str
    goal: str
    channel: str
    category: str | None
    discount_percent: float
    cost: float | None
    started: date
    digest: str
    rule: ReadOutRule
    people: pd.DataFrame
    adaptive: bool = False

    @property
    def until(self) -> date:
        """Last day of the window."""
        return self.started + timedelta(days=self.rule.window_days - 1)

    def look_day(self, look: int) -> date:
        """The day by whose end a look counts orders."""
        return self.started + timedelta(days=look - 1)


def seal(folder: Path, plan: Plan, run: str, started: date, wording_of: Callable[[Plan, str], int]) -> Path:
    """Write the assignment of a run; one that is there already stays as it is.

    Raises:
        StorageError: the disk refuses; no partial file is left.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = seal_path(folder, plan, run)
    if path.exists():
        return path
    split, brief = plan.split, plan.brief
    everybody = [*split.contacted, *split.holdout]
    table = pa.table({
        "customer_id": pa.array(everybody, pa.string()),
        "arm": pa.array([CONTACTED] * len(split.contacted) + [HELD] * len(split.holdout), pa.string()),
        "wording": pa.array([wording_of(plan, c) for c in split.contacted] + [None] * len(split.holdout), pa.int32()),
        "stratum": pa.array([split.strata.get(c, "") for c in everybody], pa.string()),
    })
    off = brief.offer.value if brief.offer.kind == "percent_off" else 0.0
    said = {
        "campaign_id": plan.campaign_id, "run": run, "name": brief.title or plan.campaign_id, "goal": brief.goal,
        "channel": brief.channels[0], "category": brief.offer.category, "discount_percent": off or 0.0,
        "cost": plan.costs.total, "started": started.isoformat(), "digest": split.digest,
        "rule": asdict(plan.rule_of_reading), "adaptive": bool(plan.wordings),
    }
    table = table.replace_schema_metadata({_KEY: json.dumps(said).encode()})
    with whole_file(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
    return path


def seal_path(folder: Path, plan: Plan, run: str) -> Path:
    """Where the seal of a run is."""
    return folder / f"{plan.campaign_id}-{run[:12]}.parquet"


def open_seal(path: Path) -> Sealed:
    """Read a sealed run and see that nothing in it was changed.

    Raises:
        SnapshotError: it cannot be read, or assignment and rule do not have the digest that was sealed.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        said = json.loads((table.schema.metadata or {})[_KEY])
        people = table.to_pandas()
        rule = _rule(said.pop("rule"))
        sealed = Sealed(**{**said, "started": date.fromisoformat(said["started"])}, rule=rule, people=people)
    except (OSError, pa.ArrowInvalid, KeyError, ValueError, TypeError) as error:
        raise SnapshotError("The sealed assignment of a campaign cannot be read", received=path.name,
                            hint="Put back a copy of it; without it the campaign cannot be read out.") from error
    arms = {arm: sorted(people.loc[people["arm"] == arm, "customer_id"]) for arm in (CONTACTED, HELD)}
    if sealed_digest(arms[CONTACTED], arms[HELD], rule.digest()) != sealed.digest:
        raise SnapshotError("The sealed assignment of a campaign was changed after it was sealed", received=path.name,
                            hint="Put back a copy of it; a changed assignment proves nothing.")
    return sealed


def sealed_runs(folder: Path, approved: Mapping[str, str]) -> list[Sealed]:
    """Every sealed run whose digest a person approved, the earliest first.

    A customer counts in the run of a campaign that took them first: a repetition of it reaches new people only.

    Args:
        approved: run → digest of the assignment in the terms that were approved.
    """
    found = []
    for path in sorted(folder.glob("*.parquet")) if folder.exists() else []:
        sealed = open_seal(path)
        if approved.get(sealed.run) == sealed.digest:
            found.append(sealed)
    found.sort(key=lambda s: (s.started, s.campaign_id, s.run))
    return _first_only(found)


def _first_only(runs: Sequence[Sealed]) -> list[Sealed]:
    from dataclasses import replace

    seen: dict[str, set[str]] = {}
    kept = []
    for run in runs:
        before = seen.setdefault(run.campaign_id, set())
        people = run.people[~run.people["customer_id"].isin(before)].reset_index(drop=True)
        before.update(people["customer_id"])
        if len(people):
            kept.append(replace(run, people=people))
    return kept


def stamp_of(runs: Sequence[Sealed]) -> str:
    """Changes when another run is sealed."""
    return hashlib.sha256("\n".join(f"{r.run} {r.digest}" for r in runs).encode()).hexdigest()[:12]


def _rule(said: dict[str, Any]) -> ReadOutRule:
    return ReadOutRule(**{k: tuple(v) if isinstance(v, list) else v for k, v in said.items()})
