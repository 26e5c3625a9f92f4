"""Round limits for bands of a measure, chosen by rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.results.format import show
from assistant.results.result import Unit

#: about so many bands between the ends that most values lie in
BANDS = 8
_DAYS = (1, 2, 7, 14, 30, 60, 90, 180, 365)


@dataclass(frozen=True)
class Sketch:
    """A measure's values in a few numbers: least, largest, and the 5th, 50th and 95th percentile."""

    least: float
    largest: float
    low: float
    middle: float
    high: float
    whole: bool  # only whole numbers


def round_edges(values: Sketch, unit: Unit) -> tuple[float, ...]:
    """Inner limits of bands, from the 5th to the 95th percentile.

    Equal steps of 1, 2 or 5 × a power of ten (days: weeks and months); 1–2–5 limits where equal steps would put half
    of everything into the first band; single whole numbers where they are few.
    """
    if values.whole and unit != "days" and values.high <= 12:
        top = max(2, int(values.high))
        return tuple(float(n) for n in range(max(1, int(values.least)) + 1, top + 1)) or (2.0,)
    step = _step((values.high - min(values.low, values.high)) / BANDS or abs(values.high) or 1.0, unit)
    if values.whole:
        step = max(1.0, step)
    first = step * max(1, int(values.low // step) + 1) if values.least >= 0 else step * (int(values.low // step) + 1)
    if values.least >= 0 and values.middle < first:
        return _steep(values, unit)
    edges = []
    edge = first
    while edge <= values.high or not edges:
        edges.append(round(edge, 6))
        edge += step
    return tuple(edges)


def _steep(values: Sketch, unit: Unit) -> tuple[float, ...]:
    """1, 2, 5, 10, 20, 50 … between the 5th and the 95th percentile; for days a week, two, a month …"""
    edges = [float(d) for d in _DAYS] if unit == "days" else [m * 10.0**p for p in range(-3, 10) for m in (1, 2, 5)]
    kept = [e for e in edges if values.low < e <= values.high and (not values.whole or e >= 2)]
    return tuple(kept) or (max(values.middle, 1.0),)


def _step(size: float, unit: Unit) -> float:
    steps: Sequence[float] = [m * 10.0**p for p in range(-3, 10) for m in (1, 2, 5)]
    if unit == "days":
        steps = _DAYS
    return next((s for s in steps if s >= size * 0.99), steps[-1])


def labels(edges: Sequence[float], unit: Unit, currency: str | None, *, whole: bool, least: float) -> list[str]:
    """One label per band: ``under €100``, ``€100 to under €200``, ``€200 and more``; whole numbers ``2``, ``3–5``."""
    shown = [show(int(e) if float(e).is_integer() else e, _plain(unit, e), currency) for e in edges]
    if not whole:
        inner = [f"{a} to under {b}" for a, b in zip(shown, shown[1:], strict=False)]
        return [f"under {shown[0]}", *inner, f"{shown[-1]} and more"]
    tail = " days" if unit == "days" else ""
    first, last = int(least), int(edges[0]) - 1
    made = [_range(min(first, last), last)] + [
        _range(int(a), int(b) - 1) for a, b in zip(edges, edges[1:], strict=False)
    ]
    return [f"{m}{tail}" for m in made] + [f"{int(edges[-1]):,}{tail} and more"]


def _plain(unit: Unit, edge: float) -> Unit:
    return "number" if unit == "count" and not float(edge).is_integer() else unit


def _range(first: int, last: int) -> str:
    return f"{first:,}" if first >= last else f"{first:,}–{last:,}"
