"""What to beware of in one forecast, by code; the words are in ``prompts/replies/en/caveats_forecast.yaml``."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from assistant.models.forecast.choose import year_of
from assistant.plans import ForecastRequest
from assistant.results import Caveat, Figure, Source
from assistant.results.result import Scalar, Unit

if TYPE_CHECKING:
    from assistant.models.forecast.report import Outlook

FEW_WINDOWS = 10
#: Tested coverage so many points below the level asked for is worth a warning.
COVERAGE_TOLERANCE = 10.0
#: A half-width beyond this share of the total makes the forecast a rough guide only.
WIDE = 0.5
#: A horizon beyond this share of the history is far ahead of what the data can show.
LONG = 1 / 3
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def forecast_caveats(outlook: Outlook, request: ForecastRequest, as_of: date) -> list[Caveat]:
    """Warnings that apply, the most consequential first."""
    words = {"grain": request.grain, "grains": f"{request.grain}s"}
    return [
        *_edges(outlook, words, as_of), *_season(outlook, words), *_closed(outlook), *_selection(request),
        *_exam(outlook, request, words),
    ]


def _figure(value: Scalar, unit: Unit, label: str, origin: str = "evidence") -> Figure:
    return Figure(value=value, unit=unit, label=label, source=Source(origin=origin))  # type: ignore[arg-type]


def _cell(row: int, column: str, table: str, value: Scalar, unit: Unit, label: str) -> Figure:
    return Figure(value=value, unit=unit, label=label, source=Source(table=table, row=row, column=column))


def _edges(outlook: Outlook, words: dict[str, str], as_of: date) -> list[Caveat]:
    caveats = []
    last, first = outlook.history.partial_last, outlook.history.partial_first
    if last is not None:
        caveats.append(Caveat(code="forecast_incomplete_last", words=words, figures={
            "start": _cell(0, "ds", "forecast", last.start.isoformat(), "date", "First period of the forecast"),
            "data_end": _figure(as_of.isoformat(), "date", "Last day of the data"),
        }))
        if outlook.lift > 0:
            unit: Unit = "currency" if outlook.history.metric == "revenue" else "count"
            caveats.append(Caveat(code="forecast_already_sold", words=words, figures={
                "so_far": _cell(0, "so_far", "summary", last.y, unit, "Incomplete period so far"),
            }))
    if first is not None:
        caveats.append(Caveat(code="forecast_incomplete_first", words=words, figures={
            "start": _figure(first.start.isoformat(), "date", "Left out at the beginning"),
            "data_start": _figure(first.covered_until.isoformat(), "date", "First day of the data"),
        }))
    return caveats


def _season(outlook: Outlook, words: dict[str, str]) -> list[Caveat]:
    grain, n = outlook.history.grain, len(outlook.history.frame)
    year, h = year_of(grain), len(outlook.starts)
    history = {"n": _cell(0, "history", "summary", n, "count", "Complete periods of history")}
    if not outlook.choice.winner.knows_the_year:
        code = "forecast_season_unlearnable" if n < year + h else "forecast_season_not_used"
        return [Caveat(code=code, figures=history, words=words)]
    # one full cycle holds each time of the year once; the horizon's own part must lie in two of them
    if n < 2 * year:
        return [Caveat(code="forecast_season_seen_once", figures=history, words=words)]
    return []


def _closed(outlook: Outlook) -> list[Caveat]:
    if outlook.history.grain != "day" or len(outlook.history.trading_weekdays) == 7:
        return []
    closed = [f"{name}s" for day, name in enumerate(_WEEKDAYS) if day not in outlook.history.trading_weekdays]
    joined = closed[0] if len(closed) == 1 else f"{', '.join(closed[:-1])} and {closed[-1]}"
    return [Caveat(code="forecast_closed_days", words={"days": joined})]


def _selection(request: ForecastRequest) -> list[Caveat]:
    """Customers picked by what they did until today did it in the very weeks that the backtest rehearses."""
    from assistant.query.filters import customer_conditions

    picked = any(True for _ in customer_conditions(request.filter))
    return [Caveat(code="forecast_customers_picked")] if picked else []


def _exam(outlook: Outlook, request: ForecastRequest, words: dict[str, str]) -> list[Caveat]:
    choice = outlook.choice
    score = choice.score(choice.winner.name)
    windows = {"windows": _cell(0, "windows", "summary", choice.run.windows, "count", "Backtest windows")}
    level = {"level": _cell(0, "level", "summary", request.level, "number", "Interval level in percent")}
    caveats = []
    if len(outlook.starts) > LONG * len(outlook.history.frame):
        caveats.append(Caveat(code="forecast_far_ahead", words=words, figures={
            "horizon": _cell(0, "horizon", "summary", len(outlook.starts), "count", "Horizon"),
            "n": _cell(0, "history", "summary", len(outlook.history.frame), "count", "Complete periods of history"),
        }))
    if choice.run.windows < FEW_WINDOWS:
        caveats.append(Caveat(code="forecast_few_windows", figures=windows, words=words))
    if score.coverage is None:
        caveats.append(Caveat(code="forecast_coverage_untested", figures=level, words=words))
    elif min(score.coverage, score.coverage_total or 0.0) < request.level - COVERAGE_TOLERANCE:
        row = choice.scores.index(score)
        worst, column = min((score.coverage, "coverage"), (score.coverage_total or 0.0, "coverage_total"))
        caveats.append(Caveat(code="forecast_coverage_low", words=words, figures={
            **level, "coverage": _cell(row, column, "backtest", worst, "percent", "Inside the interval"),
        }))
    if outlook.total_upper - outlook.total > WIDE * outlook.total:
        caveats.append(Caveat(code="forecast_wide", words=words))
    return caveats
