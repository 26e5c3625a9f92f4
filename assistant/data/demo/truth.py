"""What was planted in a demo shop, kept beside the snapshot and never in its tables."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.data.warehouse import storage_errors, write_atomically
from assistant.errors import SnapshotError
from assistant.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

FRAMES = ("customers", "products", "pairs", "category_seasons", "segment_seasons", "daily", "effects", "campaigns")


@dataclass(frozen=True)
class Truth:
    """Planted facts of one shop.

    Attributes:
        seed: of the shop.
        customers: customer_id, segment, order_rate and churn_hazard (per year), churned_on (null: still a customer
            on the last day), alive, sleeping_dog, price_sensitivity, favourite_style, and for 30, 60 and 90 days after
            the last day expected_orders_*, orders_*, revenue_*.
        products: product_id, family, style, elasticity (own price, of a person of price sensitivity 1), popularity,
            return_rate.
        pairs: product_id, other_product_id, relation (complement, substitute), strength.
        category_seasons: category, month (1–12), factor (mean 1).
        segment_seasons: segment, month, factor of the order rate, shop-wide season included (mean 1).
        daily: day, in_data, weekday_factor, expected_orders (of people, given who stays), orders, revenue (product
            sales before returns), also for the days after the last one.
        effects: campaign_id, customer_id, arm, base_probability, effect, outcome_control, outcome_treatment,
            response_type.
        campaigns: campaign_id, audience, mean_effect (over the audience), sleeping_dogs.
        facts: single numbers: growth, cross elasticity and the like.
        affinity: (customers, products) planted log attraction, in the row order of the frames; only in a shop that
            was generated in this process, not stored.
    """

    seed: int
    customers: pd.DataFrame
    products: pd.DataFrame
    pairs: pd.DataFrame
    category_seasons: pd.DataFrame
    segment_seasons: pd.DataFrame
    daily: pd.DataFrame
    effects: pd.DataFrame
    campaigns: pd.DataFrame
    facts: dict[str, float] = field(default_factory=dict)
    affinity: np.ndarray | None = field(default=None, repr=False, compare=False)


def truth_folder(snapshots: Path, snapshot_id: str) -> Path:
    """Where the truth of a snapshot lies."""
    return snapshots / f"{snapshot_id}.truth"


def save_truth(truth: Truth, snapshots: Path, snapshot_id: str) -> Path:
    """Write the truth beside its snapshot: one Parquet file per frame and ``truth.json``."""
    folder = truth_folder(snapshots, snapshot_id)
    building = folder.with_name(f".{folder.name}.building")
    with storage_errors(folder):
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        for name in FRAMES:
            getattr(truth, name).to_parquet(building / f"{name}.parquet", index=False)
        header = {"seed": truth.seed, "facts": truth.facts, "synthetic": True}
        write_atomically(building / "truth.json", json.dumps(header, indent=1, sort_keys=True))
        shutil.rmtree(folder, ignore_errors=True)
        building.rename(folder)
    return folder


def load_truth(where: Settings | Path, snapshot_id: str | None = None) -> Truth:
    """Read what was planted in a demo shop.

    Args:
        where: settings of the shop, or its snapshots folder.
        snapshot_id: default the current snapshot.

    Raises:
        SnapshotError: the snapshot has no truth (it is not a demo shop), or its files are damaged.
    """
    import pandas as pd

    from assistant.data.warehouse import current_manifest

    snapshots = where.snapshots_dir if isinstance(where, Settings) else Path(where)
    if snapshot_id is None:
        manifest = current_manifest(snapshots)
        snapshot_id = manifest.id if manifest else ""
    folder = truth_folder(snapshots, snapshot_id)
    if not (folder / "truth.json").exists():
        raise SnapshotError("No planted truth lies beside this snapshot; only demo shops have one",
                            received=snapshot_id)
    try:
        header: dict[str, Any] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        frames = {name: pd.read_parquet(folder / f"{name}.parquet") for name in FRAMES}
        return Truth(seed=header["seed"], facts=header["facts"], **frames)
    except (OSError, ValueError, KeyError) as error:
        raise SnapshotError("The planted truth of this snapshot is damaged", received=folder.name,
                            hint="Build the demo shop again.") from error


def frame_names() -> tuple[str, ...]:
    """Names of the frames a truth holds, in order."""
    return tuple(f.name for f in fields(Truth) if f.name in FRAMES)
