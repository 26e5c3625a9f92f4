"""A recommender chosen, fitted and ready: for one customer, a live basket, or thousands of customers at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.caching import LazyMapping, OnceCache
from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, NoRows
from assistant.features.basket_history import as_counts
from assistant.features.interactions import Interactions, interactions
from assistant.features.product_side import ProductSide
from assistant.models.recommend.base import Recommender
from assistant.models.recommend.catalogue import Catalogue, ProductFilters, build_catalogue
from assistant.models.recommend.choice_records import ChoiceRecords
from assistant.models.recommend.choosing import Choice, Past, choose_recommender
from assistant.models.recommend.cold_start import ColdStart, fit_cold_start
from assistant.models.recommend.exam import EVALUATED_K, Purpose, Trial
from assistant.models.recommend.gates import Gates
from assistant.models.recommend.reason_bars import calibrate
from assistant.models.recommend.reasons import ReasonRule, reasons_for
from assistant.models.recommend.rebuying import Rebuying, rebuying
from assistant.models.recommend.shaping import Shape, score_kept, shaped
from assistant.models.recommend.tuning import Sitting, fit_named
from assistant.models.registry import RECOMMENDERS, available
from assistant.results import ModelInfo

if TYPE_CHECKING:
    from assistant.models.recommend.base import PurchaseRows

#: Customers handled at once: bounds the memory of their candidates.
_BATCH = 10_000
#: Length of the lists on which reasons are calibrated.
_CALIBRATION_K = 5
#: Fitted models, trials and views remembered at once.
_KEPT = 64


@dataclass(frozen=True, eq=False)
class FittedRecommender:
    """Everything a list needs. To be treated as immutable; cache it by the snapshot's fingerprint.

    Models and bars of reasons are made when first asked for (thread-safe); the chosen model and ``popularity`` are
    fitted from the start.

    Attributes:
        models: family → model fitted on all data up to ``as_of``; ``popularity`` is always there.
        names: family → name in the registry.
        choice: which model the shop gets for this purpose, and why.
        reason_rules: family → calibrated bar of reasons.
        past: purchases up to earlier days.
        kept: what was fitted, shared by the views of all purposes.
    """

    interactions: Interactions
    models: Mapping[str, Recommender]
    names: Mapping[str, str]
    choice: Choice
    catalogue: Catalogue
    rebuying: Rebuying
    reason_rules: Mapping[str, ReasonRule]
    fingerprint: str
    past: Past
    kept: OnceCache

    def family(self, method: str = "auto") -> str:
        """Family that a request's method means.

        Raises:
            InvalidPlan: no such method.
        """
        if method == "auto":
            return RECOMMENDERS[self.choice.name].family
        if method not in self.models:
            raise InvalidPlan("There is no such recommender", received=method, valid=["auto", *self.models])
        return method

    def personal_family(self) -> str | None:
        """The family that knows the customer best: the chosen one, else the best-measured, else the first registered.

        None only where no registered model is personal.
        """
        personal = [f for f, name in self.names.items() if RECOMMENDERS[name].make().personal]
        chosen = self.family()
        if chosen in personal:
            return chosen
        measured = [t for t in self.choice.compared if t.family in personal]
        return max(measured, key=lambda t: t.ndcg).family if measured else next(iter(personal), None)

    def trial(self, method: str) -> Trial | None:
        """A family, or a model by its registered name, on the test weeks; measured when first asked for.

        None where the shop's history allows no measurement.

        Raises:
            InvalidPlan: no such model.
        """
        name = method if method in RECOMMENDERS else self.names[self.family(method)]
        known = self.choice.trial(name)
        if known is not None or (split := self.choice.split) is None:
            return known
        return self.kept.get(("trial", self.choice.purpose, name),
                             lambda: Sitting(split.test, self.choice.parameters).trial(name))

    def for_purpose(self, purpose: Purpose) -> FittedRecommender:
        """The same shop with the models chosen for another question; nothing owned is hidden for ``next``."""
        if purpose == self.choice.purpose:
            return self
        return self.kept.get(("purpose", purpose, self.fingerprint), lambda: _view(
            self.past, self.interactions, self.catalogue, purpose, self.fingerprint, self.kept))

    def cold_start(self) -> ColdStart:
        """Whose list customers without purchases get; measured when first asked for."""
        return self.kept.get(("cold_start",), lambda: fit_cold_start(self.past.snapshot, self.interactions))

    def info(self, family: str) -> ModelInfo:
        """Name, parameters and measured quality of a family's model, with the popularity list as baseline."""
        name = self.names[family]
        trial, plain = self.trial(name), self.choice.trial(self.names["popularity"])
        quality = {} if trial is None else _figures_of(trial)
        baseline = {} if plain is None else _figures_of(plain)
        if self.models[family].personal:
            rule = self.reason_rules[family]
            quality |= {"reasons_given": rule.given, "random_reasons_passing": rule.random_passes}
        return ModelInfo(name=name, parameters=self.models[family].parameters(), quality=quality, baseline=baseline)


def _figures_of(trial: Trial) -> dict[str, float]:
    k = EVALUATED_K
    return {f"recall_at_{k}": trial.recall, f"ndcg_at_{k}": trial.ndcg, f"coverage_at_{k}": trial.coverage,
            f"gini_at_{k}": trial.gini, f"diversity_at_{k}": trial.diversity,
            f"novelty_at_{k}": trial.novelty}


def fit_recommender(
    snapshot: Snapshot, side: ProductSide | None = None, gates: Gates | None = None,
    records: ChoiceRecords | None = None, purpose: Purpose = "new",
) -> FittedRecommender:
    """Choose by measured quality, and fit on everything up to ``as_of``.

    Args:
        side: what is known of products beside their sales; models that need more are left out.
        gates: who may be shown what; without them no category is restricted.
        records: where the measurements behind the choice are kept; without them they are made anew.
        purpose: what is chosen for first; the other purpose is chosen for when asked for.

    Raises:
        MissingData: no order names a customer. NoRows: no known customer kept a purchase.
    """
    snapshot.require("order_lines", "customer_id", "product_id", needed_for="A recommendation")
    seen = interactions(snapshot)
    if seen.matrix.nnz == 0:
        raise NoRows("No known customer has bought and kept a product, so there is nothing to recommend from")
    past = Past(snapshot, seen, side)
    past.gates = gates or Gates(snapshot)
    past.records = records
    catalogue, kept = build_catalogue(snapshot, seen), OnceCache(_KEPT)
    return kept.get(("purpose", purpose, snapshot.fingerprint),
                    lambda: _view(past, seen, catalogue, purpose, snapshot.fingerprint, kept))


def with_products_of(fitted: FittedRecommender, snapshot: Snapshot) -> FittedRecommender:
    """The same models over products as another state of the same data shows them (other categories)."""
    catalogue = build_catalogue(snapshot, fitted.interactions)
    return replace(fitted, catalogue=catalogue, fingerprint=snapshot.fingerprint)


def _view(
    past: Past, seen: Interactions, catalogue: Catalogue, purpose: Purpose, fingerprint: str, kept: OnceCache
) -> FittedRecommender:
    """Choose for one purpose; the chosen model and the popularity list are fitted at once, others when named."""
    choice = choose_recommender(past.snapshot, seen, purpose=purpose, past=past)
    families = dict.fromkeys(entry.family for entry in available(past.side).values())
    names = {family: choice.best_of(family) for family in families}
    names[RECOMMENDERS[choice.name].family] = choice.name
    models = LazyMapping(names, lambda family: _model(choice, names[family], past, kept))
    again = rebuying(seen)
    if purpose == "next":
        again = replace(again, kept=np.ones(seen.n_items, dtype=bool))
    rules = LazyMapping(names, lambda family: _reason_rule(fitted, family))
    fitted = FittedRecommender(seen, models, names, choice, catalogue, again, rules, fingerprint, past, kept)
    for family in {"popularity", RECOMMENDERS[choice.name].family}:
        fitted.models[family]
    return fitted


def _model(choice: Choice, name: str, past: Past, kept: OnceCache) -> Recommender:
    """Fitted once for all purposes that use it with the same parameters."""
    tuned = choice.parameters.get(name, {})
    return kept.get(("model", name, repr(sorted(tuned.items()))), lambda: fit_named(
        name, tuned, past.until(past.snapshot.as_of), past.side, lambda member: _model(choice, member, past, kept)))


def _reason_rule(fitted: FittedRecommender, family: str, seed: int = 0) -> ReasonRule:
    """Calibrate reasons of a model on sampled customers, with the lists they would be shown; read where it is kept."""
    model, past, choice = fitted.models[family], fitted.past, fitted.choice
    if not model.personal:
        return ReasonRule()
    if past.records is None:
        return _calibrated(fitted, model, seed)
    path = past.records.reasons_path(past.snapshot, choice.purpose, seed, available(past.side), past.side,
                                     fitted.names[family], choice.parameters)
    known = past.records.read_reasons(path)
    if known is None:
        known = _calibrated(fitted, model, seed)
        past.records.write_reasons(path, known)
    return known


def _calibrated(fitted: FittedRecommender, model: Recommender, seed: int) -> ReasonRule:
    everybody = model.rows_at(np.arange(fitted.interactions.n_users))
    return calibrate(model, everybody, _CALIBRATION_K, candidates=candidate_mask(fitted, ProductFilters()),
                     exclude_seen=~fitted.rebuying.kept, seed=seed)


def candidate_mask(fitted: FittedRecommender, filters: ProductFilters) -> np.ndarray:
    """Bool over interaction columns: products that the filters leave in.

    Raises:
        MissingData, UnknownName: see :meth:`~assistant.models.recommend.catalogue.Catalogue.rules`.
    """
    left_out = fitted.catalogue.rules(filters)
    return np.array([rule is None for rule in left_out[fitted.catalogue.rows]], dtype=bool)


@dataclass(frozen=True, eq=False)
class CustomerLists:
    """Lists for many customers; all arrays are customers × k, best first.

    Attributes:
        customer_ids: as asked for.
        product_ids: object, None where fewer products qualify.
        scores: float32, -inf where there is no product and NaN where popularity filled the place.
        because: object, id of the product that caused it (tested), else None.
        filled: bool, place filled from the popularity list (no personal evidence).
        bought_before: bool, a product the customer owns and that is typically bought again.
        score_kept: share of the plain ranking's scores that the shaped lists keep; NaN for the plain ranking.
    """

    customer_ids: tuple[str, ...]
    product_ids: np.ndarray
    scores: np.ndarray
    because: np.ndarray
    filled: np.ndarray
    bought_before: np.ndarray
    family: str
    score_kept: float = float("nan")


def recommend_for_customers(
    fitted: FittedRecommender, customer_ids: Sequence[str], k: int, *, category: str | None = None,
    max_price: float | None = None, in_stock_only: bool = True, method: str = "auto", reasons: bool = True,
    allowed: np.ndarray | None = None, filters: ProductFilters | None = None, shape: Shape | None = None,
    bought_only: bool = False,
) -> CustomerLists:
    """Lists for many customers at once, with tested reasons.

    Args:
        customer_ids: customers without purchases (also unknown ids) get the popularity list.
        allowed: further bool mask over ``fitted.interactions.item_ids``.
        filters: all rules on products at once, instead of ``category``, ``max_price`` and ``in_stock_only``.
        shape: caps per category, one per variant, variety; the plain ranking without.
        reasons: False skips the tests (``because`` is None throughout).
        bought_only: only products that the customer bought before.

    Raises:
        MissingData, UnknownName: see :func:`candidate_mask`. InvalidPlan: unknown method, or ``k`` below 1.
    """
    if k < 1:
        raise InvalidPlan("A recommendation needs k of at least one", received=k)
    family = fitted.family(method)
    mask = candidate_mask(fitted, filters or ProductFilters(category, max_price, in_stock_only))
    if allowed is not None:
        mask &= allowed
    parts = [
        _lists(fitted, family, customer_ids[start : start + _BATCH], k, mask, reasons, shape or Shape(),
               bought_only)
        for start in range(0, max(len(customer_ids), 1), _BATCH)
    ]
    return parts[0] if len(parts) == 1 else _joined(parts)


def _joined(parts: Sequence[CustomerLists]) -> CustomerLists:
    """Batches as one."""
    def stacked(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts])

    kept = [part.score_kept for part in parts if np.isfinite(part.score_kept)]
    return CustomerLists(
        tuple(c for part in parts for c in part.customer_ids), stacked("product_ids"), stacked("scores"),
        stacked("because"), stacked("filled"), stacked("bought_before"), parts[0].family,
        float(np.mean(kept)) if kept else float("nan"),
    )


def _lists(
    fitted: FittedRecommender, family: str, customer_ids: Sequence[str], k: int, mask: np.ndarray, reasons: bool,
    shape: Shape, bought_only: bool,
) -> CustomerLists:
    """Lists of one batch of customers."""
    seen, model = fitted.interactions, fitted.models[family]
    positions = seen.user_positions(customer_ids)
    if fitted.past.gates is not None:
        positions = fitted.past.gates.known_positions(customer_ids, positions)
    rows = model.rows_at(positions)
    candidates = _without_returned(fitted, positions, mask)
    if bought_only:
        candidates = candidates & (as_counts(rows).toarray() > 0)
    if fitted.past.gates is not None:
        candidates = fitted.past.gates.applied(fitted.catalogue, customer_ids, candidates)
    hide = ~fitted.rebuying.kept
    places, scores = model.top(rows, shape.depth(k, seen.n_items), exclude_seen=hide, candidates=candidates)
    filled = (_fill(fitted, positions, places, scores, hide, candidates) if model.personal
              else np.zeros(places.shape, bool))
    newcomers_lists(fitted, customer_ids, positions, places, scores, filled, candidates)
    kept = float("nan")
    if shape:
        chosen = shaped(shape, fitted.catalogue.kinds, places, scores, k)
        kept = score_kept(places, scores, chosen)
        places, scores, filled = (_taken(values, chosen, empty) for values, empty in
                                  ((places, -1), (scores, -np.inf), (filled, False)))
    tested = np.where(filled, -1, places)
    causes = _causes(fitted, family, rows, tested, hide, candidates) if reasons else np.full(places.shape, -1)
    owned = _owned(rows, places)
    return CustomerLists(
        tuple(str(c) for c in customer_ids), _names(seen.item_ids, places), scores, _names(seen.item_ids, causes),
        filled, owned, family, kept,
    )


def newcomers_lists(
    fitted: FittedRecommender, customer_ids: Sequence[str], positions: np.ndarray, places: np.ndarray,
    scores: np.ndarray, filled: np.ndarray, candidates: np.ndarray,
) -> None:
    """Give customers without purchases the list of their country where that has proved better, in place."""
    new = np.flatnonzero(positions < 0)
    cold = fitted.cold_start() if len(new) else None
    if cold is None or not cold.used:
        return
    lists: dict[str, np.ndarray] = {}
    for r in new:
        country = cold.country(str(customer_ids[r]))
        if country is None:
            continue
        if country not in lists:
            allowed = candidates if candidates.ndim == 1 else candidates[r]
            lists[country] = cold.top(str(customer_ids[r]), places.shape[1], allowed)
        found = lists[country]
        places[r], scores[r], filled[r] = -1, -np.inf, False
        places[r, : len(found)], scores[r, : len(found)], filled[r, : len(found)] = found, np.nan, True


def _taken(values: np.ndarray, chosen: np.ndarray, empty: Any) -> np.ndarray:
    """The chosen places of each row; ``empty`` where there is none."""
    return np.where(chosen >= 0, np.take_along_axis(values, np.maximum(chosen, 0), axis=1), empty)


def _without_returned(fitted: FittedRecommender, positions: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Candidates, per customer where someone sent something back."""
    returned = fitted.interactions.returned
    known = np.flatnonzero(positions >= 0)
    back = returned[positions[known]].tocoo()
    if back.nnz == 0:
        return mask
    candidates = np.repeat(mask[None, :], len(positions), axis=0)
    row, column = back.coords
    candidates[known[row], column] = False
    return candidates


def _causes(
    fitted: FittedRecommender, family: str, rows: PurchaseRows, places: np.ndarray, hide: np.ndarray,
    candidates: np.ndarray,
) -> np.ndarray:
    """Position of the tested cause of each place, -1 where none passes."""
    found = reasons_for(fitted.models[family], rows, places, rule=fitted.reason_rules[family],
                           exclude_seen=hide, candidates=candidates)
    causes = np.array([[-1 if cause is None else cause.owned_item for cause in row] for row in found],
                      dtype=np.int64).reshape(places.shape)
    return np.where(causes == places, -1, causes)  # that it was bought before is said as such


def _fill(
    fitted: FittedRecommender, positions: np.ndarray, places: np.ndarray, scores: np.ndarray, hide: np.ndarray,
    candidates: np.ndarray,
) -> np.ndarray:
    """Fill empty places from the popularity list, in place; returns which."""
    filled = np.zeros(places.shape, dtype=bool)
    short = np.flatnonzero((places < 0).any(axis=1))
    if len(short) == 0:
        return filled
    k = places.shape[1]
    part = candidates if candidates.ndim == 1 else candidates[short]
    plain = fitted.models["popularity"]
    popular, _ = plain.top(plain.rows_at(positions[short]), 2 * k, exclude_seen=hide, candidates=part)
    for r, row in zip(short, popular, strict=True):
        fresh = [p for p in row if p >= 0 and p not in places[r]]
        empty = np.flatnonzero(places[r] < 0)[: len(fresh)]
        places[r, empty] = fresh[: len(empty)]
        scores[r, empty] = np.nan
        filled[r, empty] = True
    return filled


def _owned(rows: PurchaseRows, places: np.ndarray) -> np.ndarray:
    return np.array([np.isin(places[r], rows.indices[rows.indptr[r]:rows.indptr[r + 1]]) for r in range(len(places))],
                    dtype=bool).reshape(places.shape)


def _names(ids: np.ndarray, places: np.ndarray) -> np.ndarray:
    named = np.full(places.shape, None, dtype=object)
    named[places >= 0] = ids[places[places >= 0]]
    return named
