"""Models that many tests fit on the same data, fitted once per process: the fit is the same for the same data."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from assistant.data.warehouse import Snapshot


def once_per_data(fit: Callable[..., Any]) -> Callable[..., Any]:
    """``fit(snapshot, …)``, remembered by the snapshot's fingerprint and the other arguments; a refusal is not."""
    known: dict[tuple[Any, ...], Any] = {}

    @wraps(fit)
    def fitted(snapshot: Snapshot, *scope: Any) -> Any:
        key = (snapshot.fingerprint, *scope)
        if key not in known:
            known[key] = fit(snapshot, *scope)
        return known[key]

    return fitted
