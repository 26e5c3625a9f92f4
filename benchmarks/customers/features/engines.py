"""The same features by ours, pandas and Polars, from one Parquet file or from memory. Run as a process of its own.

``python -m benchmarks.customers.features.engines ENGINE JOB MODE FILE REPEATS`` prints seconds, memory and a checksum.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.customers.features.lines import FIRST, last_day

THREADS = 2
COLUMNS = ["order_id", "customer_id", "ordered_at", "line_type", "quantity", "amount"]
HORIZON_DAYS = 90
#: Ends of the windows of the snapshot features.
CUTS = tuple(last_day() - timedelta(days=90 + 45 * n) for n in range(8))
Job = Callable[[], dict[str, float]]


def jobs(engine: str, mode: str, path: Path) -> dict[str, Job]:
    """``rfm`` and ``snapshots`` of one engine. ``cold`` reads the file each time, ``warm`` holds the lines."""
    return {"ours": _ours, "pandas": _pandas, "polars": _polars}[engine](mode, path)


def _ours(mode: str, path: Path) -> dict[str, Job]:
    import ibis

    from assistant.data.manifest import Manifest, TableInfo
    from assistant.data.warehouse import Snapshot
    from assistant.features.labels import labelled_cuts
    from assistant.features.rfm import rfm

    con = ibis.duckdb.connect()
    con.raw_sql(f"SET threads = {THREADS}").fetchall()
    con.raw_sql(f"CREATE {'TABLE' if mode == 'warm' else 'VIEW'} order_lines AS SELECT * FROM '{path}'").fetchall()
    manifest = Manifest(
        id="lines", fingerprint="lines", created_at=datetime.now(UTC), source=path.name, first_day=FIRST,
        last_day=last_day(), tables={"order_lines": TableInfo(rows=1, filled=COLUMNS)},
    )
    snapshot = Snapshot(con, manifest, last_day())

    def by_customer() -> dict[str, float]:
        frame = rfm(snapshot)
        return {"customers": len(frame), "days": float(frame["days_since_last_order"].sum()),
                "orders": float(frame["order_count"].sum()), "value": round(float(frame["gross_value"].sum()), 2)}

    def cuts() -> dict[str, float]:
        frame = labelled_cuts(snapshot, CUTS, HORIZON_DAYS)
        return _snapshot_sums(frame, "churned")

    return {"rfm": by_customer, "snapshots": cuts}


def _snapshot_sums(frame: Any, left: str) -> dict[str, float]:
    return {"rows": len(frame), "days": float(frame["days_since_last_order"].sum()),
            "orders": float(frame["order_count"].sum()), "left": float(frame[left].sum()),
            "year": round(float(frame["yearly_value"].sum()), 2),
            "gaps": round(float(frame["usual_gap_days"].sum()), 3), "last": float(frame["last_gap_days"].sum()),
            "spread": round(float(frame["gap_spread_days"].fillna(0.0).sum()) if hasattr(frame, "fillna")
                            else float(frame["gap_spread_days"].sum()), 3),
            "back": round(float(frame["return_share"].sum()), 4)}


# -- pandas ------------------------------------------------------------------------------------------------------------


def _pandas(mode: str, path: Path) -> dict[str, Job]:
    import pandas as pd

    def lines() -> pd.DataFrame:
        frame = pd.read_parquet(path, columns=COLUMNS)
        frame["amount"] = frame["amount"].astype(float)
        return frame

    held = lines() if mode == "warm" else None

    def by_customer() -> dict[str, float]:
        frame = held if held is not None else lines()
        sales = frame[frame["line_type"] == "sale"]
        out = sales.groupby("customer_id").agg(
            first_order=("ordered_at", "min"), last_order=("ordered_at", "max"), order_count=("order_id", "nunique"),
            units=("quantity", "sum"), gross_value=("amount", "sum"))
        returned = -frame[frame["line_type"] != "sale"].groupby("customer_id")["amount"].sum()
        out["returned_value"] = returned.reindex(out.index).fillna(0.0)
        days = (pd.Timestamp(last_day()) - out["last_order"].dt.normalize()).dt.days
        return {"customers": len(out), "days": float(days.sum()), "orders": float(out["order_count"].sum()),
                "value": round(float(out["gross_value"].sum()), 2)}

    def cuts() -> dict[str, float]:
        frame = held if held is not None else lines()
        parts = [_pandas_cut(frame, cut) for cut in CUTS]
        return _snapshot_sums(pd.concat(parts), "left")

    return {"rfm": by_customer, "snapshots": cuts}


def _pandas_cut(frame: Any, cut: date) -> Any:
    import pandas as pd

    at, end = pd.Timestamp(cut), pd.Timestamp(cut) + pd.Timedelta(days=1)
    known = frame[frame["ordered_at"] < end]
    sales = known[known["line_type"] == "sale"].assign(day=lambda f: f["ordered_at"].dt.normalize())
    out = sales.groupby("customer_id").agg(
        first=("day", "min"), last=("day", "max"), order_count=("order_id", "nunique"), order_days=("day", "nunique"),
        sale_lines=("order_id", "size"), gross=("amount", "sum"))

    def orders_between(first_day: int, last_day: int) -> Any:
        after, until = at - pd.Timedelta(days=first_day), at - pd.Timedelta(days=last_day)
        inside = sales[(sales["day"] > after) & (sales["day"] <= until)]
        return inside.groupby("customer_id")["order_id"].nunique().reindex(out.index).fillna(0)

    out["recent_orders"], out["month_orders"] = orders_between(HORIZON_DAYS, 0), orders_between(30, 0)
    out["year_orders"], out["season_orders"] = orders_between(365, 0), orders_between(364, 364 - HORIZON_DAYS)
    year = known[known["ordered_at"] >= end - pd.Timedelta(days=365)]
    out["yearly_value"] = year.groupby("customer_id")["amount"].sum().reindex(out.index).fillna(0.0).clip(lower=0.0)
    back = known[known["line_type"] != "sale"].groupby("customer_id")["amount"].sum().reindex(out.index).fillna(0.0)
    days = sales[["customer_id", "day"]].drop_duplicates().sort_values(["customer_id", "day"])
    days["gap"] = days.groupby("customer_id")["day"].diff().dt.days
    gaps = days.groupby("customer_id")["gap"]
    out["usual_gap_days"], out["gap_spread_days"], out["last_gap_days"] = gaps.mean(), gaps.std(ddof=0), gaps.last()
    out["days_since_last_order"], out["tenure_days"] = (at - out["last"]).dt.days, (at - out["first"]).dt.days
    out["mean_order_value"] = out["gross"] / out["order_count"]
    out["lines_per_order"] = out["sale_lines"] / out["order_count"]
    out["return_share"] = (-back / out["gross"]).clip(0.0, 1.0)
    after = frame[(frame["ordered_at"] >= end) & (frame["ordered_at"] < end + pd.Timedelta(days=HORIZON_DAYS))]
    out["left"] = ~out.index.isin(after[after["line_type"] == "sale"]["customer_id"])
    return out


# -- Polars ------------------------------------------------------------------------------------------------------------


def _polars(mode: str, path: Path) -> dict[str, Job]:
    import polars as pl

    held = pl.read_parquet(path, columns=COLUMNS) if mode == "warm" else None

    def lines() -> pl.LazyFrame:
        return (held.lazy() if held is not None else pl.scan_parquet(path)).with_columns(
            pl.col("amount").cast(pl.Float64))

    def by_customer() -> dict[str, float]:
        sale = pl.col("line_type") == "sale"
        out = lines().group_by("customer_id").agg(
            first_order=pl.col("ordered_at").filter(sale).min(), last_order=pl.col("ordered_at").filter(sale).max(),
            order_count=pl.col("order_id").filter(sale).n_unique(), units=pl.col("quantity").filter(sale).sum(),
            gross_value=pl.col("amount").filter(sale).sum(), returned_value=-pl.col("amount").filter(~sale).sum(),
        ).filter(pl.col("order_count") > 0).with_columns(
            days=(pl.lit(last_day()) - pl.col("last_order").dt.date()).dt.total_days()).sort("customer_id").collect()
        return {"customers": len(out), "days": float(out["days"].sum()), "orders": float(out["order_count"].sum()),
                "value": round(float(out["gross_value"].sum()), 2)}

    def cuts() -> dict[str, float]:
        out = pl.concat([_polars_cut(lines(), cut) for cut in CUTS]).collect()
        return _snapshot_sums(out, "left")

    return {"rfm": by_customer, "snapshots": cuts}


def _polars_cut(frame: Any, cut: date) -> Any:
    import polars as pl

    end = datetime.combine(cut + timedelta(days=1), datetime.min.time())
    sale, day, order = pl.col("line_type") == "sale", pl.col("day"), pl.col("order_id")
    after = frame.filter(sale, pl.col("ordered_at") >= end, pl.col("ordered_at") < end + timedelta(days=HORIZON_DAYS))
    after = after.select("customer_id").unique().with_columns(left=pl.lit(False))
    known = frame.filter(pl.col("ordered_at") < end).with_columns(day=pl.col("ordered_at").dt.date())

    def orders_between(first_day: int, last_day: int) -> Any:
        inside = (day > cut - timedelta(days=first_day)) & (day <= cut - timedelta(days=last_day))
        return order.filter(sale & inside).n_unique()

    out = known.group_by("customer_id").agg(
        first=day.filter(sale).min(), last=day.filter(sale).max(), order_count=order.filter(sale).n_unique(),
        sale_lines=sale.sum(), gross=pl.col("amount").filter(sale).sum(), back=pl.col("amount").filter(~sale).sum(),
        recent_orders=orders_between(HORIZON_DAYS, 0), month_orders=orders_between(30, 0),
        year_orders=orders_between(365, 0), season_orders=orders_between(364, 364 - HORIZON_DAYS),
        yearly_value=pl.col("amount").filter(day > cut - timedelta(days=365)).sum().clip(lower_bound=0.0),
    ).filter(pl.col("order_count") > 0)
    gap = pl.col("gap")
    days = known.filter(sale).select("customer_id", "day").unique().sort("customer_id", "day")
    rhythm = days.with_columns(gap=day.diff().over("customer_id").dt.total_days()).group_by("customer_id").agg(
        usual_gap_days=gap.mean(), gap_spread_days=gap.std(ddof=0), last_gap_days=gap.sort_by("day").last())
    return out.join(rhythm, on="customer_id", how="left").join(after, on="customer_id", how="left").with_columns(
        days_since_last_order=(pl.lit(cut) - pl.col("last")).dt.total_days(),
        tenure_days=(pl.lit(cut) - pl.col("first")).dt.total_days(),
        mean_order_value=pl.col("gross") / pl.col("order_count"),
        lines_per_order=pl.col("sale_lines") / pl.col("order_count"),
        return_share=(-pl.col("back") / pl.col("gross")).clip(0.0, 1.0), left=pl.col("left").fill_null(True),
    )


# -- one process -------------------------------------------------------------------------------------------------------


def _peak_mib() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return float(line.split()[1]) / 1024
    raise RuntimeError("this system does not tell the peak memory of a process")


def main(engine: str, job: str, mode: str, path: str, repeats: str) -> None:
    run, seconds, sums = jobs(engine, mode, Path(path))[job], [], {}
    for _ in range(int(repeats)):
        start = time.perf_counter()
        sums = run()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds, "mib": _peak_mib(), "sums": sums}))


if __name__ == "__main__":
    main(*sys.argv[1:])
