"""Products for people who like something: "recommend something for gardeners".

Nobody's purchases are known, only words. What fits the words is handed in (see :mod:`assistant.retrieval.interest`);
among what fits, the order is the fit times how well the product sells, and one variant of a product is enough. For a
named customer or group the fit only says which products may stand on the list, and their own model orders them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.models.recommend.catalogue import RULES, ProductFilters
from assistant.models.recommend.fitted import FittedRecommender, candidate_mask
from assistant.models.recommend.shaping import Shape, shaped
from assistant.plans import RecommendRequest
from assistant.plans.reword import phrase, reword
from assistant.plans.reword_lists import only_rules
from assistant.query.spoken import speak
from assistant.results import Column, DefinitionUsed, Evidence, Figure, Refusal, Result, Source, Table

#: Share of the order that sales decide: the best seller counts so much more than a product nobody bought.
SELLING = 0.5


class Fits(Protocol):
    """Products that fit a text, best first, with what the fit rests on."""

    @property
    def text(self) -> str: ...
    @property
    def product_ids(self) -> Sequence[str]: ...
    @property
    def scores(self) -> Sequence[float]: ...
    @property
    def shared(self) -> Sequence[Sequence[str]]: ...
    @property
    def where(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class _Listed:
    """Rows of the fit that stand on the list, and how many could have."""

    rows: list[int]
    candidates: int


def interest_result(
    snapshot: Snapshot, request: RecommendRequest, fitted: FittedRecommender, fits: Fits
) -> Result:
    """Products for people who like what ``request.liking`` says, nobody in particular (kind ``interest_list``).

    Tables ``products`` and ``left_out``; a refusal where the rules leave nothing that fits.
    """
    listed = _listed(request, fitted, fits)
    table = _table(fitted, fits, listed, request)
    left_out = _left_out(fitted, request, fits, listed.candidates)
    names = [str(row[1]) for row in table.rows[:1]]
    result = Result(
        kind="interest_list", title=f"Products for people who like {request.liking}", currency=snapshot.currency,
        tables=[table, left_out], words={"liking": request.liking or ""},
        evidence=_evidence(snapshot, request),
        followups=[*(f"Who would buy {n}?" for n in names), *(f"What goes well with {n}?" for n in names),
                   "What should I promote this week?"],
    )
    speak(result, "rules", phrase(only_rules(request)))
    result.figures["fits"] = Figure(value=len(fits.product_ids), unit="count", label="Products that fit",
                                    source=Source(origin="evidence"))
    if not table.rows:
        said = "; ".join(str(row[0]) for row in left_out.rows[:-1])
        result.refusal = Refusal(
            reason="no_rows", message=f"Products fit '{request.liking}', and every one is left out by a rule: {said}")
    return result


def _listed(request: RecommendRequest, fitted: FittedRecommender, fits: Fits) -> _Listed:
    seen, catalogue = fitted.interactions, fitted.catalogue
    mask = candidate_mask(fitted, ProductFilters.of(request))
    gates = fitted.past.gates
    if gates is not None:  # nobody's age is known of people who like something
        mask = gates.applied(catalogue, [""], mask).reshape(-1)
    places = seen.item_positions(list(fits.product_ids))
    rows = np.array([i for i, p in enumerate(places) if p >= 0 and mask[p]], dtype=np.int64)
    if not len(rows):
        return _Listed([], 0)
    buyers = np.log1p(_buyers(fitted)[places[rows]])
    sells = buyers / max(float(np.log1p(_buyers(fitted)).max()), 1e-9)
    score = np.asarray(fits.scores, dtype=float)[rows] * (1 - SELLING + SELLING * sells)
    order = np.argsort(-score, kind="stable")
    shape = replace(catalogue.shape(request), one_per_variant=True)
    chosen = _shaped(shape, fitted, places[rows[order]], score[order], request.k)
    return _Listed([int(rows[order[i]]) for i in chosen], len(rows))


def _shaped(shape: Shape, fitted: FittedRecommender, places: np.ndarray, score: np.ndarray, k: int) -> list[int]:
    chosen = shaped(shape, fitted.catalogue.kinds, places[None, :], score[None, :], k)[0]
    return [int(i) for i in chosen if i >= 0]


def _buyers(fitted: FittedRecommender) -> np.ndarray:
    return np.bincount(fitted.interactions.matrix.indices, minlength=fitted.interactions.n_items)


def _table(fitted: FittedRecommender, fits: Fits, listed: _Listed, request: RecommendRequest) -> Table:
    frame, buyers = fitted.catalogue.frame, _buyers(fitted)
    columns = [Column(name="product_id", label="Product id", unit="id"), Column(name="name", label="Product"),
               Column(name="price", label="Price", unit="currency"), Column(name="category", label="Category"),
               Column(name="reason", label="Why it fits"), Column(name="fit", label="Fit", unit="score"),
               Column(name="buyers", label="Customers who bought it", unit="count")]
    rows = []
    for i in listed.rows:
        place = int(fitted.interactions.item_positions([fits.product_ids[i]])[0])
        facts = frame.iloc[int(fitted.catalogue.rows[place])]
        price = float(facts["price"])
        rows.append([
            fits.product_ids[i], str(facts["name"]), round(price, 2) if np.isfinite(price) else None,
            facts["category"] if isinstance(facts["category"], str) else None, why(fits, i),
            round(fits.scores[i], 4), int(buyers[place])])
    if not fitted.catalogue.has_category:
        columns, rows = [c for c in columns if c.name != "category"], [[*r[:3], *r[4:]] for r in rows]
    return Table(id="products", title="Products that fit", columns=columns, rows=rows, total_rows=listed.candidates)


def why(fits: Fits, row: int) -> str:
    """What the fit of one product rests on: words that can be looked up, or closeness in meaning."""
    if not fits.shared[row]:
        return "close to it in meaning, no word in common"
    said = " and ".join(f"“{word}”" for word in fits.shared[row])
    return {"name": f"its name holds {said}", "category": f"its category holds {said}"}.get(
        fits.where[row], f"its description holds {said}")


def _left_out(fitted: FittedRecommender, request: RecommendRequest, fits: Fits, candidates: int) -> Table:
    """Products that fit and are left out, by the first rule that applies."""
    rules = dict(zip(fitted.catalogue.frame["product_id"].tolist(),
                     fitted.catalogue.rules(ProductFilters.of(request)).tolist(), strict=True))
    said = [rules.get(p, "never_bought") for p in fits.product_ids]
    counts = {code: said.count(code) for code in RULES}
    behind = sum(rule is None for rule in said) - candidates
    counts["age_gate"] = counts.get("age_gate", 0) + behind
    rows: list[list[object]] = [[RULES[code], n] for code, n in counts.items() if n]
    return Table(id="left_out", title="Fits, but left out, by the first rule that applies",
                 columns=[Column(name="rule", label="Rule"), Column(name="products", label="Products", unit="count")],
                 rows=[*rows, ["left to choose from", candidates]], total_rows=len(rows) + 1)


def _evidence(snapshot: Snapshot, request: RecommendRequest) -> Evidence:
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        window_start=snapshot.manifest.first_day, window_end=snapshot.as_of,
        definitions=[DefinitionUsed(
            term="fits", meaning="its name, category or description holds a word of the text or one of the same "
                                 "beginning, or its text is close in meaning (embedding)")],
        assumptions=["Nobody's purchases are known: this is told from what the products are, not from who bought them.",
                     "Order: the fit, times how many customers bought the product; one colour or size of each."],
    )


__all__ = ["Fits", "interest_result", "why"]
