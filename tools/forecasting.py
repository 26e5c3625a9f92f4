"""Forecasts."""

from __future__ import annotations

from assistant.plans import ForecastRequest
from assistant.results import Result
from assistant.workspace import Workspace


def forecast_metric(workspace: Workspace, request: ForecastRequest) -> Result:
    """Forecast revenue, orders, units or customers, with an interval and the backtest against the naive method."""
    return workspace.forecast(request)
