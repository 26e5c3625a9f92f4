"""Products: recommendations, what is bought together, search."""

from __future__ import annotations

from assistant.plans import (
    BuyersRequest,
    CompareRecommendersRequest,
    ProductSearchRequest,
    RecommendRequest,
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


def likely_buyers(workspace: Workspace, request: BuyersRequest) -> Result:
    """List the customers a product or category suits best by what they bought, or customers who buy like one."""
    return workspace.likely_buyers(request)
