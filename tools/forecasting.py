"""Forecasts."""

from __future__ import annotations

from assistant.plans import ForecastRequest, StockRequest
from assistant.results import Result
from assistant.workspace import Workspace


def forecast_metric(workspace: Workspace, request: ForecastRequest) -> Result:
    """Forecast revenue, orders, units or customers, with an interval and the backtest against the naive method."""
    return workspace.forecast(request)


def plan_stock(workspace: Workspace, request: StockRequest) -> Result:
    """Say how long the stock of a product lasts, or which products run out soon and should be ordered again."""
    return workspace.plan_stock(request)
