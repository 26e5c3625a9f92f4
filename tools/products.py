"""Products: recommendations, what is bought together, search."""

from __future__ import annotations

from assistant.plans import (
    BundleRequest,
    BuyersRequest,
    CompareRecommendersRequest,
    ProductSearchRequest,
    PromotionRequest,
    RecommendRequest,
    SubstituteRequest,
    TogetherRequest,
)
from assistant.results import Result
from assistant.workspace import Workspace


def recommend_products(workspace: Workspace, request: RecommendRequest) -> Result:
    """Recommend products for one customer, for a group, or for everybody, with reasons that were tested."""
    return workspace.recommend(request)


def compare_recommenders(workspace: Workspace, request: CompareRecommendersRequest) -> Result:
    """Say how good the recommendations are, which recommender is used and why, or how two of them compare."""
    return workspace.compare_recommenders(request)


def bought_together(workspace: Workspace, request: TogetherRequest) -> Result:
    """Say which products are bought together in one order, overall or with one product."""
    return workspace.bought_together(request)


def search_products(workspace: Workspace, request: ProductSearchRequest) -> Result:
    """Find products by words or like another product, cheaper or dearer, by category, price and stock."""
    return workspace.search_products(request)


def plan_promotion(workspace: Workspace, request: PromotionRequest) -> Result:
    """Say which products to promote, stop promoting or clear, by evidence; which are trending or losing popularity."""
    return workspace.plan_promotion(request)


def propose_bundles(workspace: Workspace, request: BundleRequest) -> Result:
    """Propose bundles of two to four products bought together more than by chance, with price and margin."""
    return workspace.propose_bundles(request)


def find_substitutes(workspace: Workspace, request: SubstituteRequest) -> Result:
    """Find products to offer instead of one: alike, bought by the same people, rarely in the same order."""
    return workspace.find_substitutes(request)


def likely_buyers(workspace: Workspace, request: BuyersRequest) -> Result:
    """List the customers a product or category suits best by what they bought, or customers who buy like one."""
    return workspace.likely_buyers(request)
