"""Put the demo shop together and write it as a snapshot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.data.demo.truth import Truth, save_truth
from assistant.data.manifest import CleaningStep, Exclusion, Manifest, QualityReport
from assistant.data.warehouse import current_manifest, write_snapshot
from assistant.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

DEFAULT_SEED = 20260101
#: Some of them come only in the simulated future, which leaves about 5,000.
N_CUSTOMERS = 5230
CURRENCY = "EUR"
NAME = "Demo shop"
#: Told what is being done and how much of the whole is done, 0 … 1.
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class DemoShop:
    """A generated shop: canonical tables, what was planted in them, and the report on how they came about."""

    seed: int
    tables: dict[str, pd.DataFrame]
    truth: Truth
    quality: QualityReport


def generate(seed: int = DEFAULT_SEED, *, scale: float = 1.0, progress: Progress | None = None) -> DemoShop:
    """Generate a synthetic shop. Equal arguments give equal tables.

    Args:
        seed: any non-negative integer. The products and the calendar stay the same, all else differs.
        scale: factor on the number of customers (5,000 at 1).
        progress: called with a phrase and the share done.
    """
    import numpy as np

    from assistant.data.demo.arrivals import build_arrivals
    from assistant.data.demo.baskets import build_lines
    from assistant.data.demo.catalogue import build_catalogue
    from assistant.data.demo.contacts import build_contacts, contact_rows
    from assistant.data.demo.customers import build_customers
    from assistant.data.demo.documents import build_documents
    from assistant.data.demo.past_campaigns import run_campaigns
    from assistant.data.demo.planted import planted_truth
    from assistant.data.demo.seasons import shop_calendar
    from assistant.data.demo.visits import birthday_rows, shop_events

    tell = progress or (lambda words, share: None)
    calendar = shop_calendar()
    tell("Designing products", 0.0)
    catalogue = build_catalogue(seed, calendar)
    tell("Inventing customers", 0.08)
    customers = build_customers(seed, calendar, catalogue, max(50, round(N_CUSTOMERS * scale)))
    arrivals = build_arrivals(seed, calendar, customers)
    book = build_contacts(seed, calendar, customers)
    tell("Running past campaigns", 0.15)
    events, history = run_campaigns(seed, calendar, customers, arrivals, book)
    lines = build_lines(seed, calendar, catalogue, customers, events,
                        lambda share: tell("Filling baskets", 0.2 + 0.5 * share))
    tell("Writing orders", 0.7)
    documents = build_documents(seed, calendar, catalogue, customers, events, lines, history)
    tables = {
        "customers": _joined_by_now(customers.frame, np.datetime64(calendar.last_day) + 1),
        "products": catalogue.products, "orders": documents.orders.drop(columns="event"),
        "order_lines": documents.lines, "campaigns": history.campaigns, "touches": history.touches,
        "responses": documents.responses,
    }
    present = tables["customers"]["customer_id"]
    contacts = contact_rows(book, calendar, customers)
    tables["contacts"] = contacts[contacts["customer_id"].isin(present)].reset_index(drop=True)
    tables["events"], left = shop_events(seed, calendar, tables)
    tables["birthdays"] = birthday_rows(seed, present)
    truth = planted_truth(seed, calendar, catalogue, customers, arrivals, history, documents, present)
    truth.facts.update(left)
    return DemoShop(seed, tables, truth, _quality(tables, documents.counts))


def _joined_by_now(frame: pd.DataFrame, end: np.datetime64) -> pd.DataFrame:
    """Customers who registered within the data; those of the simulated future are not known yet."""
    return frame[frame["registered_at"] < end].reset_index(drop=True)


def _quality(tables: dict[str, pd.DataFrame], counts: dict[str, int]) -> QualityReport:
    """Say what was generated; nothing was read, so nothing was excluded."""
    lines = tables["order_lines"]
    kinds = {
        "return": "goods sent back, entered as their own document on the day they came back",
        "cancellation": "orders cancelled before dispatch; the order and its reversal are both kept",
        "shipping": "delivery charged to the customer, not a product",
        "gift_card": "gift cards sold, not a product sale until they are used",
    }
    exclusions = [
        Exclusion(
            rule=f"type {kind}", reason=reason, count=counts.get(kind, 0), kept_as=kind,
            examples=lines.loc[lines["line_type"] == kind, "line_id"].head(3).tolist(),
        )
        for kind, reason in kinds.items()
    ]
    guests = int(tables["orders"]["customer_id"].isna().sum())
    sold = lines["line_type"] == "sale"
    cents = (lines.loc[sold, "amount"] * 100).round().astype("int64")
    return QualityReport(
        rows_read=sum(len(t) for t in tables.values()),
        steps=[CleaningStep(step=f"generated {name}", rows=len(table)) for name, table in tables.items()],
        exclusions=exclusions,
        warnings=["This shop is invented: customers, orders and campaigns were generated, no real person is in it.",
                  f"{guests} order documents belong to guests and have no customer.",
                  "The last month is incomplete."],
        figures={"sale_lines": float(sold.sum()), "gross_revenue": float(cents.sum()) / 100},
    )


def build_demo(settings: Settings, *, seed: int = DEFAULT_SEED, progress: Progress | None = None) -> Manifest:
    """Generate the demo shop and make it the current snapshot, with its truth beside it.

    Raises:
        StorageError: the disk refuses; the previous snapshot stays current.
    """
    tell = progress or (lambda words, share: None)
    shop = generate(seed, progress=tell)
    tell("Storing the shop", 0.85)
    manifest = write_snapshot(
        settings.snapshots_dir, shop.tables, source=f"built-in demo shop (synthetic), seed {seed}", name=NAME,
        currency=CURRENCY, synthetic=True, quality=shop.quality,
        notes={"seed": str(seed), "synthetic": "Generated data; no real customers, orders or campaigns."},
    )
    save_truth(shop.truth, settings.snapshots_dir, manifest.id)
    tell("Demo shop ready", 1.0)
    return manifest


def ensure_demo(settings: Settings, progress: Progress | None = None) -> Manifest:
    """Build the demo shop unless some data are loaded already.

    Returns:
        the current manifest, whichever shop it belongs to.

    Raises:
        SnapshotError: the pointer to the current data is damaged.
        StorageError: the disk refuses.
    """
    manifest = current_manifest(settings.snapshots_dir)
    return manifest if manifest is not None else build_demo(settings, progress=progress)
