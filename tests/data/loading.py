"""Small files for the load tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assistant.data.load import load
from assistant.data.warehouse import Snapshot, open_snapshot
from assistant.settings import Settings, load_settings

HEADER = "Order ID,Date,SKU,Product name,Qty,Unit price,Customer ID,Country"
LINES = [
    "1001,2024-01-05,P-1,Red mug,2,10.00,C1,Germany",
    "1001,2024-01-05,P-2,Tea towel,1,5.50,C1,Germany",
    "1002,2024-02-14,P-1,Red mug,1,10.00,C2,France",
    "1003,2024-03-20,P-3,Lantern,1,40.00,,France",
]


def settings_in(folder: Path) -> Settings:
    """Settings of an empty shop."""
    return load_settings(folder / "home")


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    """Write a file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def csv(folder: Path, lines: list[str] | None = None, header: str = HEADER, name: str = "orders.csv") -> Path:
    """A CSV of orders."""
    return write(folder / name, "\n".join([header, *(LINES if lines is None else lines)]) + "\n")


def loaded(folder: Path, *paths: Path | str, **options: Any) -> Snapshot:
    """Load and open."""
    settings = settings_in(folder)
    load(list(paths), settings, **options)
    return open_snapshot(settings.snapshots_dir)


def rows(shop: Snapshot, table: str, *columns: str) -> list[dict[str, Any]]:
    """Rows of a table; money as float."""
    found = shop.execute(shop.table(table).select(*columns) if columns else shop.table(table)).to_pylist()
    return [{k: float(v) if type(v).__name__ == "Decimal" else v for k, v in row.items()} for row in found]


def revenue(shop: Snapshot) -> float:
    """Sum of the sales."""
    lines = shop.table("order_lines")
    sold = lines.filter(lines.line_type == "sale")
    return round(shop.execute(sold.aggregate(r=sold.amount.sum().cast("float64"))).to_pylist()[0]["r"] or 0.0, 4)
