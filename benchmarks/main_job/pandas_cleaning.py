"""The same loading and cleaning of Online Retail II in plain pandas: the peer. Independent of the project's code."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

NOT_PRODUCTS = ("POST", "DOT", "M", "C2", "C3", "D", "S", "B", "CRUK", "BANK CHARGES", "ADJUST", "ADJUST2", "AMAZONFEE",
                "PADS", "SP1002")


def clean(path: Path, target: Path) -> dict[str, float]:
    """Read, drop duplicates, type the lines, derive orders, customers and products, and write them as Parquet."""
    frame = pd.read_parquet(path)
    frame = frame.drop_duplicates(subset=[c for c in frame.columns if c != "sheet"])
    frame["StockCode"] = frame["StockCode"].astype(str).str.strip().str.upper()
    frame["Description"] = frame["Description"].str.strip()
    cancelled = frame["Invoice"].astype(str).str.startswith("C")
    valid = ~cancelled & (frame["Quantity"] > 0) & (frame["Price"] > 0) & ~frame["Invoice"].astype(str).str.startswith("A")
    code = frame["StockCode"]
    other = code.isin(NOT_PRODUCTS) | code.str.startswith(("GIFT", "TEST"))
    frame["line_type"] = "return"
    frame.loc[valid & ~other, "line_type"] = "sale"
    frame.loc[valid & other, "line_type"] = "fee"
    frame.loc[cancelled, "line_type"] = "cancellation"
    frame["amount"] = (frame["Quantity"] * frame["Price"]).round(4)
    orders = frame.groupby("Invoice", as_index=False).agg(
        customer_id=("CustomerID", "first"), ordered_at=("InvoiceDate", "min"), country=("Country", "first"))
    names = frame.dropna(subset=["Description"]).groupby(["StockCode", "Description"], as_index=False).size()
    products = names.sort_values("size").drop_duplicates("StockCode", keep="last")
    customers = frame.dropna(subset=["CustomerID"]).groupby("CustomerID", as_index=False).agg(
        country=("Country", lambda s: s.mode().iloc[0]))
    target.mkdir(parents=True, exist_ok=True)
    for name, table in {"lines": frame, "orders": orders, "products": products, "customers": customers}.items():
        table.to_parquet(target / f"{name}.parquet")
    sales = frame[frame["line_type"] == "sale"]
    return {"lines": float(len(sales)), "revenue": float(sales["amount"].sum())}


if __name__ == "__main__":
    print(clean(Path(sys.argv[1]), Path(sys.argv[2])))
