"""Independent, deliberately simple methods against which the planted truth of a demo shop is graded.

None of this uses the project's own models: a shop that these methods solved completely would be too easy, and one that
they could not solve at all would be noise.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse


def sales(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Product sale lines of known customers and guests."""
    lines = tables["order_lines"]
    return lines[lines["line_type"] == "sale"]


def rfm_rules(tables: dict[str, pd.DataFrame]) -> pd.Series:
    """Eight named RFM segments from quintiles of recency, frequency and money, by customer_id."""
    frame = sales(tables).dropna(subset=["customer_id"])
    end = frame["ordered_at"].max()
    rfm = frame.groupby("customer_id").agg(
        last=("ordered_at", "max"), orders=("order_id", "nunique"), money=("amount", "sum")
    )
    score = pd.DataFrame({
        "r": 5 - (pd.qcut((end - rfm["last"]).rank(method="first"), 5, labels=False)),
        "f": 1 + pd.qcut(rfm["orders"].rank(method="first"), 5, labels=False),
        "m": 1 + pd.qcut(rfm["money"].rank(method="first"), 5, labels=False),
    })
    fm = (score["f"] + score["m"]) / 2
    names = np.select(
        [(score["r"] >= 4) & (fm >= 4), fm >= 4, (score["r"] >= 4) & (fm >= 2.5), score["r"] >= 4,
         (score["r"] == 3) & (fm >= 2.5), score["r"] == 3, fm >= 2.5],
        ["champions", "cannot lose", "loyal", "new", "need attention", "about to sleep", "at risk"], "lost",
    )
    return pd.Series(names, index=rfm.index)


def behaviour_features(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """What a careful analyst would cluster on: categories, months, discounts, quantities, weekdays."""
    frame = sales(tables).dropna(subset=["customer_id"])
    category = tables["products"].set_index("product_id")["category"]
    frame = frame.assign(category=frame["product_id"].map(category), month=frame["ordered_at"].dt.month)
    count = frame.groupby("customer_id").size()
    smooth = 6.0
    shares = (pd.crosstab(frame["customer_id"], frame["category"]) + smooth / 12).div(count + smooth, axis=0)
    orders = frame.drop_duplicates("order_id")
    per_order = orders.groupby("customer_id").size()
    season = orders.groupby("customer_id").apply(
        lambda o: pd.Series({
            "gift": (o["month"].isin([11, 12]).sum() + 0.8) / (len(o) + 4),
            "spring": (o["month"].between(3, 6).sum() + 1.3) / (len(o) + 4),
            "office": ((o["ordered_at"].dt.dayofweek < 5).sum() + 2.8) / (len(o) + 4),
            "app": ((o["channel"] == "app").sum() + 0.8) / (len(o) + 4),
        }), include_groups=False,
    )
    money = frame.groupby("customer_id").agg(discount=("discount", "sum"), amount=("amount", "sum"),
                                             units=("quantity", "mean"))
    return pd.concat([
        np.log(shares), 3 * season, (6 * money["discount"] / (money["discount"] + money["amount"])).rename("saved"),
        np.log(money["units"]), 0.5 * np.log(per_order.rename("orders")),
    ], axis=1)


def time_split(
    tables: dict[str, pd.DataFrame], days: int = 60
) -> tuple[sparse.csr_matrix, list[np.ndarray], np.ndarray]:
    """Binary purchases before the last ``days`` days, what each customer bought newly after, and products on sale.

    Returns:
        train (customers, products); per customer the product columns first bought in the test period; mask of products
        that may be recommended.
    """
    frame = sales(tables).dropna(subset=["customer_id"])
    products = tables["products"]
    cut = frame["ordered_at"].max().normalize() - pd.Timedelta(days=days - 1)
    people = pd.Index(tables["customers"]["customer_id"])
    row, column = people.get_indexer(frame["customer_id"]), pd.Index(products["product_id"]).get_indexer(
        frame["product_id"])
    before = (frame["ordered_at"] < cut).to_numpy()
    shape = (len(people), len(products))
    train = sparse.csr_matrix((np.ones(before.sum()), (row[before], column[before])), shape=shape)
    train.data[:] = 1
    test = sparse.csr_matrix((np.ones((~before).sum()), (row[~before], column[~before])), shape=shape)
    test = test - test.multiply(train > 0)
    test.eliminate_zeros()
    bought = [test.indices[test.indptr[i]:test.indptr[i + 1]] for i in range(shape[0])]
    on_sale = pd.to_datetime(products["discontinued_at"]).isna().to_numpy()
    return train, bought, on_sale


def recall_at_k(scores: np.ndarray, train: sparse.csr_matrix, bought: list[np.ndarray], on_sale: np.ndarray,
                k: int = 10) -> float:
    """Mean share of a customer's new products among the first ``k`` not yet owned; customers with a history only."""
    users = [u for u in range(train.shape[0]) if len(bought[u]) and train.indptr[u + 1] > train.indptr[u]]
    hits = []
    for u in users:
        row = np.where(on_sale, scores[u], -np.inf)
        row[train.indices[train.indptr[u]:train.indptr[u + 1]]] = -np.inf
        best = np.argpartition(-row, k)[:k]
        hits.append(np.isin(bought[u], best).sum() / min(len(bought[u]), k))
    return float(np.mean(hits))


def popularity_scores(train: sparse.csr_matrix) -> np.ndarray:
    """(customers, products) number of buyers, the same for everybody."""
    return np.broadcast_to(np.asarray(train.sum(axis=0)).ravel(), train.shape)


def item_knn_scores(train: sparse.csr_matrix, neighbours: int = 100, shrink: float = 10.0) -> np.ndarray:
    """(customers, products) shrunk cosine similarity to what the customer bought."""
    both = (train.T @ train).toarray()
    size = np.sqrt(np.diag(both))
    similar = both / (np.outer(size, size) + shrink)
    np.fill_diagonal(similar, 0)
    weakest = np.partition(similar, -neighbours, axis=1)[:, -neighbours][:, None]
    return train @ np.where(similar >= weakest, similar, 0).T


def month_factors(daily: pd.Series) -> pd.Series:
    """Ratio-to-trend seasonal factors (mean 1) by calendar month from a daily series of 18 months or more."""
    complete = daily.resample("MS").agg(["sum", "size"])
    complete = complete[complete["size"] == complete.index.days_in_month]
    per_day = complete["sum"] / complete["size"]
    slope, level = np.polyfit(np.arange(len(per_day)), np.log(per_day), 1)
    factor = per_day / np.exp(level + slope * np.arange(len(per_day)))
    by_month = factor.groupby(factor.index.month).mean()
    return by_month / by_month.mean()


def lift(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Per campaign the difference of response rates between the arms, and its standard error."""
    touches, responses = tables["touches"], tables["responses"]
    responded = pd.MultiIndex.from_frame(responses[["campaign_id", "customer_id"]].drop_duplicates())
    keys = pd.MultiIndex.from_frame(touches[["campaign_id", "customer_id"]])
    frame = touches.assign(y=keys.isin(responded).astype(float))
    arms = frame.groupby(["campaign_id", "arm"])["y"].agg(["mean", "size"]).unstack()
    p1, p0 = arms["mean"]["treatment"], arms["mean"]["control"]
    n1, n0 = arms["size"]["treatment"], arms["size"]["control"]
    return pd.DataFrame({"lift": p1 - p0, "se": np.sqrt(p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)})


def price_panel(tables: dict[str, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lines sold and mean log price, by product and week, from the order lines alone.

    What a product cost in a week without a sale is not in the data: the list price is the last seen one, and the cut
    that of its sisters (same first sentence of the description), which are promoted together, else none.
    """
    frame = sales(tables)
    frame = frame[frame["quantity"] <= 3]
    week = ((frame["ordered_at"].dt.normalize() - frame["ordered_at"].min().normalize()).dt.days // 7).to_numpy()
    listed = (frame["unit_price"] + frame["discount"] / frame["quantity"]).to_numpy(float)
    frame = frame.assign(week=week, listed=np.log(listed), cut=np.log(frame["unit_price"].to_numpy(float) / listed))
    cells = frame.groupby(["product_id", "week"]).agg(n=("order_id", "size"), listed=("listed", "mean"),
                                                      cut=("cut", "mean"))
    sold = cells["n"].unstack(fill_value=0)
    listed = cells["listed"].unstack().ffill(axis=1).bfill(axis=1)
    sister = tables["products"].set_index("product_id")["description"].str.split(".").str[0].reindex(sold.index)
    cut = cells["cut"].unstack()
    shared = cut.groupby(sister).transform("mean")
    return sold, listed + cut.fillna(shared).fillna(0.0)


def price_slopes(tables: dict[str, pd.DataFrame], groups: pd.Series) -> pd.Series:
    """Poisson price elasticity of weekly demand by group of products, product and week effects taken out.

    Counts are compared with what product and week alone would give; the slope of log price is found by Newton steps.
    """
    panel, prices = price_panel(tables)
    price = prices.sub(prices.mean(axis=1), axis=0)
    slopes = {}
    for group, members in groups.groupby(groups).groups.items():
        rows = panel.index.intersection(members)
        y, x = panel.loc[rows].to_numpy(float), price.loc[rows].to_numpy()
        beta = 0.0
        for _ in range(25):
            effect = np.exp(beta * x)
            a, b = np.ones((len(rows), 1)), np.ones((1, y.shape[1]))
            for _ in range(30):
                a = y.sum(1, keepdims=True) / (effect * b).sum(1, keepdims=True)
                b = np.where(y.sum(0) > 0, y.sum(0) / (effect * a).sum(0), 0)[None, :]
            mean = a * b * effect
            centred = x - (mean * x).sum(1, keepdims=True) / np.maximum(mean.sum(1, keepdims=True), 1e-9)
            step = ((y - mean) * x).sum() / (mean * centred**2).sum()
            beta += step
            if abs(step) < 1e-4:
                break
        slopes[group] = beta
    return pd.Series(slopes)
