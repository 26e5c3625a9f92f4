"""Neural recommenders, for comparison: a multilayer perceptron over customer and product, and self-attention.

Neither is in the shop's own comparison (they take minutes where the linear models take seconds);
``benchmarks/recommend/neural`` shows where they stand. This is the only file of the models that loads torch, and only
when a model is fitted or used.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from assistant.features.basket_history import BasketHistory, as_counts, as_history
from assistant.features.interactions import Interactions, day_number
from assistant.models.recommend.base import Recommender

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch
    from scipy.sparse import csr_array

    from assistant.models.recommend.base import PurchaseRows

#: (customer, product) pairs scored at once by the perceptron.
_PAIRS = 1_000_000
#: Customers whose sequences are read at once.
_CUSTOMERS = 256


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Torch's random numbers from ``seed``, without disturbing anybody else's."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


class NeuralMLP(Recommender):
    """A multilayer perceptron scores customer and product, in the manner of neural collaborative filtering.

    After He et al., "Neural Collaborative Filtering", WWW 2017: sigmoid loss on purchases and ``negatives`` random
    products each, an element-wise product of both vectors beside a perceptron. Unlike there a customer is the mean of
    the vectors of what they own, without the product that is being predicted, so that customers and baskets unknown in
    training can be scored.

    Args:
        dimension: length of a product's vector. hidden: width of the first hidden layer; the second has half.
        negatives: random products per purchase. epochs, batch, rate: of Adam. weight_decay: on the vectors and layers.
        seed: of the first weights, the order and the negatives.
    """

    zero_is_no_evidence: ClassVar[bool] = False

    def __init__(
        self, dimension: int = 32, hidden: int = 64, negatives: int = 4, epochs: int = 20, batch: int = 1024,
        rate: float = 2e-3, weight_decay: float = 1e-6, seed: int = 0,
    ) -> None:
        self.dimension = dimension
        self.hidden = hidden
        self.negatives = negatives
        self.epochs = epochs
        self.batch = batch
        self.rate = rate
        self.weight_decay = weight_decay
        self.seed = seed

    def _fit(self, interactions: Interactions) -> None:
        import torch

        with _seeded(self.seed):
            self.net_ = _perceptron(interactions.n_items, self.dimension, self.hidden)
            optimiser = torch.optim.Adam(self.net_.parameters(), lr=self.rate, weight_decay=self.weight_decay)
            rng = np.random.default_rng(self.seed)
            owners = np.repeat(np.arange(interactions.n_users), np.diff(interactions.matrix.indptr))
            for _ in range(self.epochs):
                for part in np.array_split(rng.permutation(len(owners)), max(1, -(-len(owners) // self.batch))):
                    self._step(optimiser, interactions.matrix, owners[part], interactions.matrix.indices[part], rng)
        self.net_.eval()

    def _step(
        self, optimiser: Any, matrix: csr_array, owners: np.ndarray, bought: np.ndarray, rng: np.random.Generator
    ) -> None:
        """One step of Adam on some purchases and as many random products each."""
        import torch
        from torch.nn.functional import binary_cross_entropy_with_logits, embedding

        rows = matrix[owners]
        drawn = rng.integers(0, matrix.shape[1], size=(len(owners), self.negatives))
        items = torch.from_numpy(np.column_stack([bought, drawn]).astype(np.int64))
        # without the product that is predicted, also for its negatives: or the size of the past would tell them apart
        past = self._sums(rows) - embedding(torch.from_numpy(bought.astype(np.int64)), self.net_["owned"].weight)
        size = torch.from_numpy(np.diff(rows.indptr).astype(np.float32)) - 1
        people = (past / size.clamp(min=1).sqrt()[:, None])[:, None, :].expand(-1, items.shape[1], -1)
        logits = _pair_scores(self.net_, people, items)
        wanted = torch.zeros_like(logits)
        wanted[:, 0] = 1.0
        known = torch.from_numpy(np.column_stack([np.zeros(len(owners), bool), _owned(rows, drawn)]))
        loss = binary_cross_entropy_with_logits(logits[~known], wanted[~known])  # what they own is no negative
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    def _sums(self, rows: csr_array) -> torch.Tensor:
        """Sum of the vectors of the owned products of each row."""
        import torch
        from torch.nn.functional import embedding_bag

        return embedding_bag(torch.from_numpy(rows.indices.astype(np.int64)), self.net_["owned"].weight,
                             torch.from_numpy(rows.indptr[:-1].astype(np.int64)), mode="sum")

    def _score_rows(self, rows: PurchaseRows) -> np.ndarray:
        import torch

        counts = as_counts(rows)
        items = torch.arange(counts.shape[1])
        scores = np.empty(counts.shape, dtype=np.float32)
        step = max(1, _PAIRS // max(counts.shape[1], 1))
        with torch.inference_mode():
            for start in range(0, counts.shape[0], step):
                part = counts[start : start + step]
                size = torch.from_numpy(np.diff(part.indptr).astype(np.float32)).clamp(min=1).sqrt()
                people = (self._sums(part) / size[:, None])[:, None, :].expand(-1, len(items), -1)
                found = _pair_scores(self.net_, people, items.expand(part.shape[0], -1))
                scores[start : start + step] = found.numpy()
        return scores


def _owned(rows: csr_array, items: np.ndarray) -> np.ndarray:
    """Whether the customer of each row owns each of the products (rows × n) beside it."""
    width = rows.shape[1]
    kept = np.repeat(np.arange(rows.shape[0], dtype=np.int64), np.diff(rows.indptr)) * width + rows.indices
    wanted = np.arange(rows.shape[0], dtype=np.int64)[:, None] * width + items
    place = np.minimum(np.searchsorted(kept, wanted), len(kept) - 1)  # indices are sorted within a row
    return kept[place] == wanted


def _perceptron(items: int, dimension: int, hidden: int) -> Any:
    """Vectors of owned and of scored products, and the layers over both."""
    from torch import nn

    net = nn.ModuleDict({
        "owned": nn.Embedding(items, dimension), "scored": nn.Embedding(items, dimension),
        "bias": nn.Embedding(items, 1), "product": nn.Linear(dimension, 1, bias=False),
        "layers": nn.Sequential(nn.Linear(2 * dimension, hidden), nn.ReLU(), nn.Linear(hidden, hidden // 2), nn.ReLU(),
                                nn.Linear(hidden // 2, 1, bias=False)),
    })
    for name in ("owned", "scored"):
        nn.init.normal_(net[name].weight, std=0.1)
    nn.init.zeros_(net["bias"].weight)
    nn.init.ones_(net["product"].weight)
    return net


def _pair_scores(net: Any, people: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
    """Logits of customer vectors (n × m × dimension) and products (n × m)."""
    import torch

    scored = net["scored"](items)
    joint = net["layers"](torch.cat([people, scored], dim=-1)) + net["product"](people * scored)
    return (joint + net["bias"](items)).squeeze(-1)


class SelfAttention(Recommender):
    """Self-attention over the products in the sequence in which they were bought, with a softmax over all products.

    After Kang & McAuley, "Self-Attentive Sequential Recommendation", ICDM 2018, with the loss over the whole catalogue
    that Klenitskiy & Vasilev, "Turning Dross Into Gold Loss", RecSys 2023, show to matter more than the architecture.
    Products of one order have no sequence, so they are put in a new random one each time an order is read in training.

    Args:
        dimension: length of a product's vector. length: latest products read. blocks, heads: of the encoder.
        dropout: in training. epochs, batch (customers), rate: of Adam. seed: of weights, order and dropout.
    """

    zero_is_no_evidence: ClassVar[bool] = False

    reads_orders: ClassVar[bool] = True

    def __init__(
        self, dimension: int = 64, length: int = 50, blocks: int = 2, heads: int = 2, dropout: float = 0.2,
        epochs: int = 30, batch: int = 64, rate: float = 1e-3, seed: int = 0,
    ) -> None:
        self.dimension = dimension
        self.length = length
        self.blocks = blocks
        self.heads = heads
        self.dropout = dropout
        self.epochs = epochs
        self.batch = batch
        self.rate = rate
        self.seed = seed

    def rows_at(self, positions: np.ndarray) -> BasketHistory:
        return self._fitted().history.take(np.asarray(positions))

    def rows_with(self, positions: np.ndarray, baskets: csr_array) -> BasketHistory:
        return self.rows_at(positions).with_orders(baskets, day_number(self._fitted().until))

    def _fit(self, interactions: Interactions) -> None:
        import torch
        from torch.nn.functional import cross_entropy

        history, nothing = interactions.history, interactions.n_items
        with _seeded(self.seed):
            self.net_ = _encoder(self, nothing)
            optimiser = torch.optim.Adam(self.net_.parameters(), lr=self.rate)
            rng = np.random.default_rng(self.seed)
            self.net_.train()
            for _ in range(self.epochs):
                order = rng.permutation(history.shape[0])
                for start in range(0, len(order), self.batch):
                    read = _sequences(history.take(order[start : start + self.batch]), self.length + 1, rng)
                    seen, following = torch.from_numpy(read[:, :-1]), torch.from_numpy(read[:, 1:])
                    known = (seen < nothing) & (following < nothing)
                    if not known.any():
                        continue
                    logits = self._states(seen)[known] @ self.net_["products"].weight[:nothing].T
                    loss = cross_entropy(logits, following[known])
                    optimiser.zero_grad()
                    loss.backward()
                    optimiser.step()
        self.net_.eval()

    def _states(self, seen: torch.Tensor) -> torch.Tensor:
        """What the encoder makes of each place of the sequences (n × length; the number of items pads on the left)."""
        import torch

        nothing, length = self.net_["products"].padding_idx, seen.shape[1]
        causal = torch.triu(torch.ones(length, length, dtype=torch.bool), diagonal=1)
        padded = seen == nothing
        # a padded place may look at itself, or its softmax would be over nothing
        blocked = (causal[None] | padded[:, None, :]) & ~torch.eye(length, dtype=torch.bool)[None]
        places = torch.arange(length).expand(seen.shape[0], -1)
        state = self.net_["drop"](self.net_["products"](seen) * self.dimension**0.5 + self.net_["places"](places))
        return self.net_["norm"](self.net_["encoder"](state, mask=blocked.repeat_interleave(self.heads, dim=0)))

    def _score_rows(self, rows: PurchaseRows) -> np.ndarray:
        import torch

        history = as_history(rows)
        scores = np.zeros(history.shape, dtype=np.float32)
        weights = self.net_["products"].weight[:-1]
        with torch.inference_mode():
            for start in range(0, history.shape[0], _CUSTOMERS):
                read = _sequences(history[start : start + _CUSTOMERS], self.length)
                scores[start : start + _CUSTOMERS] = (self._states(torch.from_numpy(read))[:, -1] @ weights.T).numpy()
        return scores

    def contributions(self, row: PurchaseRows, item: int) -> np.ndarray:
        """What each owned product adds to the score of ``item``, by leaving it out of every order."""
        history = as_history(row)
        full = self._score_rows(history)[0, item]
        return full - np.array([self._score_rows(history.without(int(i)))[0, item] for i in row.indices])

    def scores_without(self, row: PurchaseRows, position: int, scores: np.ndarray) -> np.ndarray:
        return self._score_rows(as_history(row).without(int(row.indices[position])))[0]


def _encoder(model: SelfAttention, items: int) -> Any:
    """Vectors of products (one more for padding) and places, and the blocks of attention."""
    from torch import nn

    layer = nn.TransformerEncoderLayer(model.dimension, model.heads, model.dimension, model.dropout, batch_first=True,
                                       norm_first=True)
    net = nn.ModuleDict({
        "products": nn.Embedding(items + 1, model.dimension, padding_idx=items),
        "places": nn.Embedding(model.length, model.dimension), "drop": nn.Dropout(model.dropout),
        "encoder": nn.TransformerEncoder(layer, model.blocks, enable_nested_tensor=False),
        "norm": nn.LayerNorm(model.dimension),
    })
    for name in ("products", "places"):
        nn.init.normal_(net[name].weight, std=0.02)
    return net


def _sequences(history: BasketHistory, length: int, rng: np.random.Generator | None = None) -> np.ndarray:
    """``length`` products of each customer in sequence, int64 (customers × length), padded on the left.

    Padding is the number of items. Without ``rng`` they are the latest ones, products of one order by column; with it
    (training) a stretch from anywhere in a longer past, products of one order in random order.
    """
    lines = history.lines
    items = lines.indices.astype(np.int64)
    sizes = np.diff(lines.indptr)
    if rng is not None:
        items = items[np.lexsort((rng.random(len(items)), np.repeat(np.arange(len(sizes)), sizes)))]
    ends = lines.indptr[history.pointers[1:]]
    starts = lines.indptr[history.pointers[:-1]]
    if rng is not None:
        ends = ends - rng.integers(0, np.maximum(ends - starts - length, 0) + 1)
    place = ends[:, None] - length + np.arange(length)[None, :]
    read = np.full(place.shape, history.shape[1], dtype=np.int64)
    there = place >= starts[:, None]
    read[there] = items[place[there]]
    return read
