"""The whole search as the chat calls it: time of a query in a catalogue of 25,000 products."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assistant.data.warehouse import open_snapshot, write_snapshot
from assistant.errors import NoRows
from assistant.plans.requests import ProductSearchRequest
from assistant.retrieval.embedders import Embedder
from assistant.retrieval.product_index import ProductIndex, read_catalogue
from assistant.retrieval.search import search_products
from benchmarks.report import Row

PRODUCTS, QUERIES, SEED = 25_000, 300, 13


def rows(names: Sequence[str], vectors: NDArray[np.float32], queries: Sequence[str], embedder: Embedder) -> list[Row]:
    """p50 and p95 of ``search_products``, each query once, filters on every second one."""
    rng = np.random.default_rng(SEED)
    chosen = np.sort(rng.choice(len(names), PRODUCTS, replace=False))
    products = pd.DataFrame({"product_id": [f"P{i:06d}" for i in range(PRODUCTS)],
                             "name": [names[i] for i in chosen], "price": np.round(rng.lognormal(3, 1, PRODUCTS), 2)})
    at = pd.Timestamp("2024-01-01 10:00")
    orders = pd.DataFrame({"order_id": ["O1"], "customer_id": ["C1"], "ordered_at": [at], "status": ["completed"]})
    lines = pd.DataFrame({
        "line_id": [f"L{i}" for i in range(PRODUCTS)], "order_id": "O1", "customer_id": "C1", "ordered_at": at,
        "product_id": products["product_id"], "line_type": "sale", "quantity": rng.integers(1, 99, PRODUCTS),
        "unit_price": products["price"], "amount": products["price"]})
    tables = {"products": products, "orders": orders, "order_lines": lines,
              "customers": pd.DataFrame({"customer_id": ["C1"]})}
    asked = [queries[i] for i in rng.choice(len(queries), QUERIES, replace=False)]
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        write_snapshot(Path(folder), tables, source="benchmark", currency="USD")
        snapshot = open_snapshot(Path(folder))
        index = ProductIndex(read_catalogue(snapshot), vectors[chosen], embedder)
        search_products(snapshot, index, ProductSearchRequest(text=asked[0]))  # reads orders and words once
        for place, text in enumerate(asked):
            request = ProductSearchRequest(text=text, max_price=60 if place % 2 else None)
            started = time.perf_counter()
            with suppress(NoRows):  # a refusal that names the nearest products took its time as well
                search_products(snapshot, index, request)
            taken.append((time.perf_counter() - started) * 1000)
    p50, p95 = np.quantile(taken, [0.5, 0.95])
    return [Row(f"whole search, {PRODUCTS:,} products, {QUERIES} queries, p50 / p95", f"{p50:.1f} / {p95:.1f} ms",
                bar="p50 ≤ 50 ms", met=bool(p50 <= 50))]
