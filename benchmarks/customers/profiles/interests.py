"""Whether the strength of an interest says what the next order holds, and what tagging everybody costs."""

from __future__ import annotations

import time
from datetime import date, timedelta
from statistics import median

import numpy as np
import pandas as pd

from assistant.data.warehouse import Snapshot
from assistant.features.interactions import EPOCH
from assistant.models.people.interests import PRIOR_ORDERS, Interests, catalogue_topics, interests_of, purchases
from benchmarks.report import Row

#: The next order is looked for within so many days after the cut; topics with fewer such orders are not judged.
DAYS, FEWEST = 90, 20
REPEATS = 5


def strength_rows(name: str, snapshot: Snapshot) -> list[Row]:
    """AUC of strength, share of orders and share of spend for "the next order holds the topic", and the tags' hits."""
    cut = snapshot.as_of - timedelta(days=DAYS)
    product_ids, columns = catalogue_topics(snapshot)
    bought = purchases(snapshot.at(cut))
    found = interests_of(bought, product_ids, columns)
    held = _next_orders(snapshot, found, bought.item_ids, cut)
    scores = _scores(snapshot.at(cut), found, bought.item_ids, held.index)
    aucs = {how: _aucs(score, held) for how, score in scores.items()}
    ours, orders, spend = (aucs[k] for k in ("strength", "orders", "spend"))
    gain = ours - orders
    tagged = _tagged(found, held.index)
    hit = held.to_numpy()[tagged].mean() / _expected(held, tagged)
    return [
        Row(f"{name}: AUC, next order holds the topic, {len(ours)} topics, {len(held):,} customers",
            f"{ours.mean():.3f}", f"{spend.mean():.3f} (share of spend)", f"{orders.mean():.3f} (share of orders)",
            "above both", bool(ours.mean() > max(orders.mean(), spend.mean()))),
        Row(f"{name}: gain on share of orders, mean over topics ± 1.96 s.e.",
            f"{gain.mean():+.3f} ± {1.96 * gain.std(ddof=1) / np.sqrt(len(gain)):.3f}"),
        Row(f"{name}: how often a tag's topic is in the next order, over all customers'", f"{hit:.2f} times"),
    ]


def _next_orders(snapshot: Snapshot, found: Interests, items: np.ndarray, cut: date) -> pd.DataFrame:
    """Customers × topics: whether the first order after the cut holds the topic; customers with such an order."""
    later = purchases(snapshot)
    owners = np.repeat(np.arange(len(later.sizes)), later.sizes)
    after = np.flatnonzero(later.days > (cut - EPOCH).days)
    owner, place = np.unique(owners[after], return_index=True)
    known = np.isin(later.customer_ids[owner].astype(str), found.customer_ids.astype(str))
    rows = later.lines[after[place]][known]
    shared = pd.Index(later.item_ids.astype(str)).get_indexer(items.astype(str))
    kept = shared >= 0
    held = (rows[:, shared[kept]] @ found.topics.holds[np.flatnonzero(kept)]).toarray() > 0
    return pd.DataFrame(held, index=later.customer_ids[owner][known].astype(str))


def _scores(
    snapshot: Snapshot, found: Interests, items: np.ndarray, customers: pd.Index
) -> dict[str, np.ndarray]:
    """Three ways to say how interested each customer is in each topic (customers × topics)."""
    places = np.searchsorted(found.customer_ids.astype(str), customers.to_numpy(dtype=str))
    counts = found.counts[places].toarray()
    orders = found.orders[places][:, None]
    spent = _spent(snapshot, found, items, customers)
    return {
        "strength": (counts + PRIOR_ORDERS * found.shares) / (orders + PRIOR_ORDERS),  # over p: the order is the same
        "orders": counts / orders,
        "spend": spent / np.maximum(spent.sum(axis=1, keepdims=True), 1e-9),
    }


def _spent(snapshot: Snapshot, found: Interests, items: np.ndarray, customers: pd.Index) -> np.ndarray:
    lines = snapshot.table("order_lines")
    sales = lines.filter(lines.customer_id.notnull(), lines.line_type == "sale")
    table = snapshot.execute(sales.group_by(["customer_id", "product_id"]).aggregate(
        spent=sales.amount.sum().cast("float64"))).to_pandas()
    rows = customers.get_indexer(table["customer_id"].astype(str))
    cells = pd.Index(items.astype(str)).get_indexer(table["product_id"])
    kept = (rows >= 0) & (cells >= 0)
    from scipy.sparse import csr_array

    matrix = csr_array((table["spent"][kept], (rows[kept], cells[kept])), shape=(len(customers), len(items)))
    return np.asarray((matrix @ found.topics.holds).todense())


def _aucs(score: np.ndarray, held: pd.DataFrame) -> np.ndarray:
    from sklearn.metrics import roc_auc_score

    truth = held.to_numpy()
    judged = [t for t in range(truth.shape[1]) if FEWEST <= truth[:, t].sum() <= len(truth) - FEWEST]
    return np.array([roc_auc_score(truth[:, t], score[:, t]) for t in judged])


def _tagged(found: Interests, customers: pd.Index) -> np.ndarray:
    marks = found.counts.copy()
    marks.data = found.tagged.astype(np.float32)
    places = np.searchsorted(found.customer_ids.astype(str), customers.to_numpy(dtype=str))
    return np.asarray(marks[places].todense()) > 0


def _expected(held: pd.DataFrame, tagged: np.ndarray) -> float:
    """The mean over the tags of how often everybody's next order holds the topic."""
    return float((tagged * held.to_numpy().mean(axis=0)).sum() / tagged.sum())


# -- cost --------------------------------------------------------------------------------------------------------------


def speed_row(name: str, snapshot: Snapshot) -> Row:
    """Tags of everybody in one pass, beside the same tags by pandas from the same rows of the engine."""
    product_ids, columns = catalogue_topics(snapshot)
    lines = _lines(snapshot)
    ours_times, pandas_times, tags = [], [], (0, 0)
    for _ in range(REPEATS):
        started = time.perf_counter()
        found = interests_of(purchases(snapshot), product_ids, columns)
        ours_times.append(time.perf_counter() - started)
        started = time.perf_counter()
        other = _by_pandas(_lines(snapshot), product_ids, columns)
        pandas_times.append(time.perf_counter() - started)
        tags = int(found.tagged.sum()), other
    ours, theirs = median(ours_times), median(pandas_times)
    same = abs(tags[0] - tags[1]) <= 0.02 * tags[0]
    return Row(f"{name}: tags of everybody, {len(lines):,} lines ({tags[0]:,} tags; by pandas {tags[1]:,})",
               "1", "–", f"{theirs / ours:.1f} × (pandas)", "faster, same tags to 2 %", bool(theirs > ours and same))


def _lines(snapshot: Snapshot) -> pd.DataFrame:
    lines = snapshot.table("order_lines")
    kept = lines.filter(lines.customer_id.notnull(), lines.line_type == "sale")
    return snapshot.execute(kept.select("customer_id", "order_id", "product_id")).to_pandas()


def _by_pandas(lines: pd.DataFrame, product_ids: list[str], columns: dict[str, list[str | None]]) -> int:
    kinds = [k for k in ("category", "subcategory", "brand") if k in columns]
    topics = pd.concat([pd.DataFrame({"product_id": product_ids, "topic": columns[k]}).dropna().assign(kind=k)
                        for k in kinds])
    held = lines.merge(topics, on="product_id").drop_duplicates(["customer_id", "order_id", "kind", "topic"])
    counts = held.groupby(["customer_id", "kind", "topic"]).size().rename("n").reset_index()
    orders = lines.groupby("customer_id")["order_id"].nunique()
    share = counts.groupby(["kind", "topic"])["n"].transform("sum") / orders.sum()
    strength = (counts["n"] + PRIOR_ORDERS * share) / (counts["customer_id"].map(orders) + PRIOR_ORDERS) / share
    return int(((counts["n"] >= 2) & (strength >= 1.5)).sum())
