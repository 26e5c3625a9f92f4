"""The shop's main measures now and before, each judged by its own usual variation."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.briefing.discovery import believable
from assistant.briefing.windows import Windows
from assistant.errors import MissingData, NotUnderstood
from assistant.plans.filters import Filter
from assistant.query.compile import Scope, check
from assistant.query.metrics import metric
from assistant.query.present import metric_label
from assistant.query.variation import Usual, is_rate, judged

#: looked at where the data allow it, in this order
LOOKED_AT = (
    "revenue",
    "orders",
    "average_order_value",
    "customers",
    "new_customers",
    "return_rate",
    "margin_rate",
    "discount_rate",
)


@dataclass(frozen=True)
class Measure:
    """One measure in both stretches.

    Attributes:
        change: in percent, or in points for a rate; None without a value before.
        verdict: beyond (more than usual, also for so many looked at), edge (outside its own interval, as one of so many
            may be by chance), within, unknown (too little history).
    """

    name: str
    label: str
    current: float | None
    base: float | None
    change: float | None
    usual: Usual | None
    verdict: str
    chance: float | None

    @property
    def good(self) -> bool | None:
        """Whether the change is welcome; None where it is neither."""
        wanted = metric(self.name).higher_is
        if self.change is None or wanted == "neutral" or self.change == 0:
            return None
        return (self.change > 0) == (wanted == "better")


def measures(scope: Scope, condition: Filter | None, windows: Windows) -> list[Measure]:
    """Every main measure that the data allow."""
    names = tuple(n for n in LOOKED_AT if _allowed(scope, n, condition))
    both = judged(scope, names, condition, windows.current, windows.base)
    now, before, usual = both.current, both.base, both.usual
    changes = {n: _change(n, now.get(n), before.get(n)) for n in names}
    chances = {n: u.chance(c) for n in names if (u := usual[n]) is not None and (c := changes[n]) is not None}
    kept = dict(zip(chances, believable(list(chances.values())), strict=True))
    found = []
    for n in names:
        change, judge = changes[n], usual[n]
        verdict = "unknown"
        if judge is not None and change is not None:
            verdict = "within" if judge.holds(change) else "beyond" if kept[n] else "edge"
        label = metric_label(n, scope.options.sales_basis)
        found.append(Measure(n, label, now.get(n), before.get(n), change, judge, verdict, chances.get(n)))
    return found


def _allowed(scope: Scope, name: str, condition: Filter | None) -> bool:
    try:
        check(scope, (name,), (), condition)
    except (MissingData, NotUnderstood):
        return False
    return True


def _change(name: str, now: float | None, before: float | None) -> float | None:
    if now is None or before is None:
        return None
    if is_rate(name):
        return float(now) - float(before)
    return (float(now) - float(before)) / abs(float(before)) * 100 if before else None
