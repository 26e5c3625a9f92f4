"""Products launched in the last weeks: who are they for? Content against chance, popularity and the like."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.features.interactions import Interactions, day_number, interactions
from assistant.features.product_side import ProductSide
from assistant.models.recommend.content import Content, owned_weights
from assistant.models.recommend.item_knn import ItemKNN
from assistant.models.recommend.launch_exam import LaunchCut, content_scores, launch_cut, ranking_quality
from assistant.models.recommend.newcomers import HALF_LIFE_DAYS
from benchmarks.report import Outcome, Row
from benchmarks.shared_data import online_retail

#: Tried on the earlier cuts only.
POWERS, APPEALS, NEIGHBOURS = (1.0, 2.0, 3.0, 4.0), (0.0, 0.5, 1.0), (300, 1000)
HALF_LIVES = (30.0, 60.0, 90.0, 180.0, np.inf)
K = 10
WHOLE_K = 50
CUSTOMERS_K = 100


@dataclass(frozen=True)
class Windows:
    """Cuts of one shop; a window is the days after its cut. Test windows overlap no window looked at before."""

    validation: tuple[date, ...]
    validation_days: int
    test: tuple[date, ...]
    test_days: int


WINDOWS = {
    "Online Retail II": Windows(
        (date(2010, 11, 1), date(2011, 1, 10), date(2011, 3, 10)), 56,
        (date(2011, 5, 5), date(2011, 8, 27), date(2011, 10, 14)), 56),
    "demo": Windows(
        (date(2025, 5, 1), date(2025, 8, 1), date(2025, 11, 1)), 84,
        (date(2026, 4, 10), date(2026, 5, 3), date(2026, 5, 26)), 23),
}


@dataclass
class Pooled:
    """Values per customer (or product) of every method, over the cuts."""

    values: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def add(self, method: str, found: np.ndarray) -> None:
        self.values.setdefault(method, []).append(found)

    def of(self, method: str) -> np.ndarray:
        return np.concatenate(self.values[method])

    def mean(self, method: str) -> str:
        """Mean with the half width of its 95 % interval."""
        if method not in self.values:
            return "–"
        got = self.of(method)
        return f"{got.mean():.4f} ± {1.96 * got.std(ddof=1) / np.sqrt(len(got)):.4f}"

    def beats(self, ours: str, theirs: str) -> bool:
        """Whether ours is ahead by more than the 95 % interval of the paired difference."""
        gain = self.of(ours) - self.of(theirs)
        return bool(gain.mean() > 1.96 * gain.std(ddof=1) / np.sqrt(len(gain)))


def run() -> Outcome:
    """Choose on the earlier cuts of both shops, then measure on the later ones."""
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        shops = dict(_shops(Path(folder), notes))
        chosen, half_life = _tuned(shops, notes)
        rows: list[Row] = []
        for name, (snapshot, side) in shops.items():
            rows += _measured(name, snapshot, side, Content(*chosen), half_life, notes)
    default = Content()
    notes.append(f"The program's own defaults are power {default.power:g}, appeal {default.appeal:g}, "
                 f"{default.neighbours} neighbours, half-life {HALF_LIFE_DAYS:g} days.")
    notes += _PROTOCOL
    return Outcome("New products", rows, "Online Retail II (cleaned, no categories); demo shop (built-in seed)",
                   "none: nothing is drawn", ("numpy", "scipy", "sentence-transformers"), notes)


_PROTOCOL = [
    "A product is new by its first sale to a known customer. *Unsold*: first sold in the window after the cut, so "
    "without any sale in the training data. *Fresh*: first sold in as many days before the cut.",
    "Truth: new products that customers with purchases before the cut first bought in the window after it (and kept). "
    "All new products are ranked (no sampled metrics); recall@k divides by all that were bought; nDCG cuts the ideal "
    "list at k; ties share their places, so chance is exact and not drawn. ± is half the 95 % interval over customers "
    "of all test cuts.",
    "Popularity counts buyers up to the cut, so it says nothing of unsold products: there it equals chance. Category "
    "popularity: buyers of the product's subcategory; own categories: the customer's share of purchases in it.",
    "Ranking customers: for each product without sales, recall of its buyers among the first 100 of all customers, "
    "mean over products; *most active*: orders, halved for every half-life since the last one.",
    "The form of the model (a power of the similarity to each owned product, summed) was chosen after a first look at "
    "the windows after 2011-03-01, 2011-07-01, 2025-09-01 and 2026-01-15; no test window overlaps these or the "
    "validation windows.",
]


def _shops(folder: Path, notes: list[str]) -> Iterator[tuple[str, tuple[Snapshot, ProductSide]]]:
    from assistant.settings import Settings
    from assistant.workspace import Workspace

    source = online_retail()
    if source is None:
        notes.append("Online Retail II is not here: its rows are left out.")
    for name in WINDOWS:
        if name != "demo" and source is None:
            continue
        workspace = Workspace(Settings(home=folder / name.replace(" ", "_")))
        if name == "demo":
            workspace.ensure_data()
        else:
            workspace.load([source])  # type: ignore[list-item]
        yield name, (workspace.snapshot, workspace.product_side())


def _cuts(snapshot: Snapshot, cuts: Sequence[date], days: int) -> Iterator[LaunchCut]:
    full = interactions(snapshot)
    for cut in cuts:
        yield launch_cut(snapshot, cut, days, full)


def _tuned(
    shops: dict[str, tuple[Snapshot, ProductSide]], notes: list[str]
) -> tuple[tuple[float, float, int], float]:
    """The best parameters on the validation cuts, one setting for all shops; the grid goes into the notes."""
    grid: dict[tuple[float, float, int], list[float]] = {g: [] for g in product(POWERS, APPEALS, NEIGHBOURS)}
    recency: dict[float, list[float]] = {h: [] for h in HALF_LIVES}
    for name, (snapshot, side) in shops.items():
        for cut in _cuts(snapshot, WINDOWS[name].validation, WINDOWS[name].validation_days):
            users, truth = cut.of(cut.unsold)
            new = np.flatnonzero(cut.unsold)
            right = [np.searchsorted(new, t) for t in truth]
            for setting, found in grid.items():
                scores = content_scores(cut, side, users, new, Content(*setting))
                found.append(float(ranking_quality(scores, right, K)[1].mean()))
            everybody = content_scores(cut, side, np.arange(cut.train.n_users), new)
            for half_life, found in recency.items():
                found.append(float(_reached(cut, everybody * _recency(cut, half_life)[:, None]).mean()))
    chosen = max(grid, key=lambda g: np.mean(grid[g]))
    half_life = max(recency, key=lambda h: np.mean(recency[h]))
    notes.append("Grid, mean nDCG@10 of unsold products over the validation cuts of all shops (power/appeal/"
                 "neighbours): " + ", ".join(f"{p:g}/{a:g}/{n} {np.mean(v):.4f}" for (p, a, n), v in grid.items())
                 + f". Chosen: {chosen[0]:g}/{chosen[1]:g}/{chosen[2]}.")
    notes.append("Half-life of the last order, mean recall@100 of buyers over the same cuts: "
                 + ", ".join(f"{h:g} days {np.mean(v):.4f}" for h, v in recency.items())
                 + f". Chosen: {half_life:g}.")
    return chosen, half_life


def _measured(
    name: str, snapshot: Snapshot, side: ProductSide, model: Content, half_life: float, notes: list[str]
) -> list[Row]:
    """All rows of one shop on its test cuts."""
    windows = WINDOWS[name]
    unsold, fresh, whole, people = Pooled(), Pooled(), Pooled(), Pooled()
    for cut in _cuts(snapshot, windows.test, windows.test_days):
        users, _ = cut.of(cut.unsold)
        notes.append(f"{name}, cut {cut.cutoff}, {cut.horizon_days} days: {int(cut.unsold.sum())} unsold products, "
                     f"{len(users)} customers bought one; {int(cut.fresh.sum())} fresh products.")
        _rank(cut, side, model, cut.unsold, unsold)
        _rank(cut, side, model, cut.fresh, fresh)
        _rank_whole(cut, side, model, whole)
        scores = content_scores(cut, side, np.arange(cut.train.n_users), np.flatnonzero(cut.unsold), model)
        recent = _recency(cut, half_life)[:, None]
        for method, values in (("content", scores * recent), ("content without recency", scores),
                               ("most active", np.broadcast_to(_orders(cut.train)[:, None] * recent, scores.shape)),
                               ("chance", np.zeros_like(scores))):
            people.add(method, _reached(cut, values))
    return [
        *_rows(f"{name}: unsold products among the new ones", unsold),
        *_rows(f"{name}: fresh products among the new ones", fresh),
        _row(f"{name}: unsold products among the whole catalogue, recall@{WHOLE_K}", whole),
        _row(f"{name}: customers for an unsold product, recall@{CUSTOMERS_K}", people, "most active"),
    ]


def _rows(name: str, pooled: Pooled) -> list[Row]:
    return [_row(f"{name}, {metric}", Pooled({m.removesuffix(f"|{metric}"): v for m, v in pooled.values.items()
                                              if m.endswith(f"|{metric}")}))
            for metric in (f"nDCG@{K}", f"recall@{K}")]


def _row(name: str, pooled: Pooled, rival: str = "popularity") -> Row:
    """Content against chance (the baseline) and the rival (the peer); the other orders are listed beside it."""
    others = "; ".join(f"{m} {pooled.of(m).mean():.4f}" for m in pooled.values if m not in {"content", "chance", rival})
    return Row(name, pooled.mean("content"), pooled.mean("chance"),
               f"{rival} {pooled.mean(rival)}" + (f" ({others})" if others else ""), f"> chance, > {rival}",
               pooled.beats("content", "chance") and pooled.beats("content", rival))


def _rank(cut: LaunchCut, side: ProductSide, model: Content, wanted: np.ndarray, pooled: Pooled) -> None:
    """Rank the wanted new products for those who bought one."""
    users, truth = cut.of(wanted)
    new = np.flatnonzero(wanted)
    if not len(users):
        return
    right = [np.searchsorted(new, t) for t in truth]
    buyers = np.bincount(cut.train.matrix.indices, minlength=cut.train.n_items).astype(float)
    scores = {"content": content_scores(cut, side, users, new, model), "chance": np.zeros(len(new)),
              "popularity": buyers[new], **_by_category(cut, side, users, new, buyers)}
    if wanted is cut.fresh:
        scores["item-kNN (BM25)"] = ItemKNN("bm25").fit(cut.train)._score_rows(cut.train.matrix[users])[:, new]  # noqa: SLF001
    for method, values in scores.items():
        recall, ndcg = ranking_quality(np.asarray(values), right, K)
        pooled.add(f"{method}|nDCG@{K}", ndcg)
        pooled.add(f"{method}|recall@{K}", recall)


def _by_category(
    cut: LaunchCut, side: ProductSide, users: np.ndarray, new: np.ndarray, buyers: np.ndarray
) -> dict[str, np.ndarray]:
    """Popularity of the product's subcategory, and the customer's own share in it; nothing where there are none."""
    kinds = side.values_of("subcategory", cut.train.item_ids.tolist())
    if not any(k is not None for k in kinds):
        return {}
    names = sorted({k for k in kinds if k is not None})
    member = np.array([[k == n for n in names] for k in kinds], dtype=np.float32)
    own = owned_weights(cut.train.matrix[users]) @ member
    return {"category popularity": member[new] @ (buyers @ member), "own categories": own @ member[new].T}


def _rank_whole(cut: LaunchCut, side: ProductSide, model: Content, pooled: Pooled) -> None:
    """Rank every product not owned, old and new; only unsold ones are right."""
    users, truth = cut.of(cut.unsold)
    if not len(users):
        return
    buyers = np.bincount(cut.train.matrix.indices, minlength=cut.train.n_items).astype(float)
    fitted = model.fit(cut.train, side)
    rows = cut.train.matrix[users]
    scores = np.concatenate([s for _, s in fitted.ranking_scores(rows)])
    pooled.add("content", ranking_quality(scores, truth, WHOLE_K)[0])
    pooled.add("popularity", ranking_quality(buyers, truth, WHOLE_K)[0])
    pooled.add("chance", ranking_quality(np.zeros(cut.train.n_items), truth, WHOLE_K)[0])


def _recency(cut: LaunchCut, half_life: float) -> np.ndarray:
    age = day_number(cut.cutoff) - cut.train.user_last_days().astype(float)
    return np.exp2(-age / half_life)


def _orders(train: Interactions) -> np.ndarray:
    owner = np.repeat(np.arange(train.n_users), np.diff(train.matrix.indptr))
    return np.bincount(owner, weights=train.matrix.data, minlength=train.n_users)


def _reached(cut: LaunchCut, scores: np.ndarray) -> np.ndarray:
    """Per unsold product with a buyer: share of its buyers among the first ``CUSTOMERS_K`` customers (recall)."""
    users, truth = cut.of(cut.unsold)
    new = np.flatnonzero(cut.unsold)
    owner = np.repeat(users, [len(t) for t in truth])
    column = np.searchsorted(new, np.concatenate(truth))
    kept = [c for c in range(len(new)) if (column == c).any()]
    return ranking_quality(scores[:, kept].T, [owner[column == c] for c in kept], CUSTOMERS_K)[0]
