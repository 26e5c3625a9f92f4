"""Every model that can be chosen by name, in one place: one line each.

A line names the class as ``module:class`` (imported when first made) and its hyper-parameters. ``family`` is the name
that requests use; several lines of one family compete and the best-measured stands for it. See
``docs/adding_a_recommender.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from assistant.errors import UnknownName

if TYPE_CHECKING:
    from assistant.features.product_side import ProductSide


@dataclass(frozen=True)
class Entry:
    """Where a model lives and how it is made.

    ``purposes`` (of recommenders): the questions it is measured for, ``new`` (what could they like) and ``next`` (what
    will they buy next). With ``competes=False`` it is fitted and measured only when a request names it. ``tuned``: a
    blend of the families in ``models``, whose members and weights are chosen on the shop's validation weeks.
    """

    path: str
    family: str
    words: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    purposes: tuple[str, ...] = ("new",)
    competes: bool = True
    tuned: bool = False
    #: What a recommender must be told of the products beside their sales: ``vectors`` or an attribute; see its class.
    needs: str | None = None

    def make(self, **parameters: Any) -> Any:
        """A new, unfitted model; ``parameters`` win over those of the entry."""
        module, _, name = self.path.partition(":")
        return getattr(import_module(module), name)(**{**self.parameters, **parameters})


_RECOMMEND = "assistant.models.recommend"
_SEGMENT = "assistant.models.segment"

RECOMMENDERS: dict[str, Entry] = {
    "popularity": Entry(f"{_RECOMMEND}.popularity:Popularity", "popularity", "what most customers buy",
                        purposes=("new", "next")),
    "popularity_recent": Entry(f"{_RECOMMEND}.popularity:Popularity", "popularity", "what most customers buy lately",
                               {"half_life_days": 60.0}, purposes=("new", "next")),
    "item_knn": Entry(f"{_RECOMMEND}.item_knn:ItemKNN", "item_knn", "products with the same buyers (cosine)",
                      purposes=("new", "next")),
    "item_knn_bm25": Entry(f"{_RECOMMEND}.item_knn:ItemKNN", "item_knn", "products with the same buyers (BM25)",
                           {"weighting": "bm25"}),
    "item_knn_pearson": Entry(f"{_RECOMMEND}.item_knn:ItemKNN", "item_knn", "products with the same buyers (Pearson)",
                              {"weighting": "pearson"}, competes=False),
    "user_knn": Entry(f"{_RECOMMEND}.user_knn:UserKNN", "user_knn", "what similar customers buy (asymmetric cosine)",
                      {"asymmetry": 0.2}, purposes=("new", "next")),
    "popularity_trending": Entry(f"{_RECOMMEND}.trending:Trending", "popularity",
                                 "what sells more than usual lately, then what most customers buy"),
    "category_popularity": Entry(f"{_RECOMMEND}.category_popularity:CategoryPopularity", "category_popularity",
                                 "what is bought most in the categories they buy in", needs="category"),
    "content": Entry(f"{_RECOMMEND}.content:Content", "content", "products of the same kind as those bought (texts)",
                     needs="vectors"),
    # Where nothing is bought again ease_repeat is EASE, so EASE itself need not compete.
    "ease": Entry(f"{_RECOMMEND}.ease:EASE", "ease", "every product predicted from the others (EASE)",
                  {"l2": 50.0, "weighting": "log"}, purposes=("new", "next"), competes=False),
    "ease_repeat": Entry(f"{_RECOMMEND}.ease_repeat:EASERepeat", "ease_repeat",
                         "every product predicted from the others, and again by how often it is re-bought (EASE)",
                         purposes=("new", "next")),
    "ease_repeat_loose": Entry(f"{_RECOMMEND}.ease_repeat:EASERepeat", "ease_repeat",
                               "every product predicted from the others, and again by how often it is re-bought (EASE)",
                               {"l2": 30.0}, purposes=("new", "next")),
    "als": Entry(f"{_RECOMMEND}.als:ALS", "als", "customers and products as factors (iALS)",
                 {"unobserved_weight": 0.5, "regularisation": 0.003, "iterations": 8, "weighting": "log"}),
    "personal_frequency": Entry(f"{_RECOMMEND}.personal_frequency:PersonalFrequency", "personal_frequency",
                                "what the customer buys most often, late orders counting more",
                                {"decay": 0.9, "filled": True}, purposes=("next",)),
    "personal_frequency_days": Entry(f"{_RECOMMEND}.personal_frequency:PersonalFrequency", "personal_frequency",
                                     "what the customer buys most often, late days counting more",
                                     {"half_life_days": 240.0, "filled": True}, purposes=("next",)),
    "tifu_knn": Entry(f"{_RECOMMEND}.tifu_knn:TIFUKNN", "tifu_knn",
                      "decayed frequencies of the customer and of the nearest ones (TIFU-KNN)", purposes=("next",)),
    "up_cf": Entry(f"{_RECOMMEND}.up_cf:UPCF", "up_cf",
                   "latest orders of the customer and of customers with the same purchases (UP-CF)",
                   purposes=("next",)),
    "next_basket": Entry(f"{_RECOMMEND}.next_basket:NextBasketBlend", "next_basket",
                         "own past orders, two kinds of neighbours and popularity (next-basket blend)",
                         purposes=("next",)),
    "next_basket_days": Entry(f"{_RECOMMEND}.next_basket:NextBasketBlend", "next_basket",
                              "own past orders, late days counting more, those of alike customers, and popularity",
                              {"half_life_days": 240.0, "nearest": 0.0}, purposes=("next",)),
    "next_basket_days_wide": Entry(f"{_RECOMMEND}.next_basket:NextBasketBlend", "next_basket",
                                   "own past orders, late days counting more, three orders of alike customers each, "
                                   "and popularity",
                                   {"half_life_days": 240.0, "nearest": 0.0, "recent": 3}, purposes=("next",)),
    "blend_next": Entry(f"{_RECOMMEND}.blend:Blend", "blend_next",
                        "a blend of models of the next order whose weights were chosen on this shop",
                        {"models": ("next_basket", "personal_frequency", "ease_repeat")}, purposes=("next",),
                        tuned=True),
    "spectral": Entry(f"{_RECOMMEND}.spectral:Spectral", "spectral",
                      "the main directions of what is bought together (singular vectors)", competes=False),
    "bpr": Entry(f"{_RECOMMEND}.bpr:BPR", "bpr", "factors learnt from which of two products was bought (BPR)",
                 competes=False),
    "blend": Entry(f"{_RECOMMEND}.blend:Blend", "blend", "a blend of models whose weights were chosen on this shop",
                   {"models": ("ease_repeat", "als", "user_knn")}, tuned=True),
}

SEGMENTERS: dict[str, Entry] = {
    "rfm": Entry(f"{_SEGMENT}.rfm_rules:RFMRules", "rfm", "rules on recency, frequency and money"),
    "kmeans": Entry(f"{_SEGMENT}.kmeans:KMeansSegments", "kmeans", "groups found by k-means"),
    "gaussian": Entry(f"{_SEGMENT}.gaussian:GaussianSegments", "gaussian", "groups found by a Gaussian mixture"),
    "found": Entry(f"{_SEGMENT}.choice:BestFound", "found", "groups found by k-means or a Gaussian mixture"),
    "behaviour": Entry(f"{_SEGMENT}.behaviour_mixture:BehaviourSegments", "behaviour",
                       "kinds of buyers found in what people buy, when, where and how"),
}


def available(side: ProductSide | None) -> dict[str, Entry]:
    """The recommenders that can be made with what is known of the products beside their sales."""
    return {n: e for n, e in RECOMMENDERS.items() if e.needs is None or (side is not None and side.has(e.needs))}


def entry(table: Mapping[str, Entry], name: str) -> Entry:
    """The entry of that name.

    Raises:
        UnknownName: no such model; ``valid`` lists those there are.
    """
    if name not in table:
        raise UnknownName("There is no model of that name", received=name, valid=sorted(table))
    return table[name]
