"""Many things are looked at, so some look odd by chance: which ones to believe.

Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", *Journal of the Royal Statistical Society* B 57
(1995), pp. 289–300: of the things kept, at most the given share is expected to be a false alarm. The tests here share
customers and days, which mostly makes them rise and fall together; under such positive dependence the bound holds too
(Benjamini and Yekutieli, *Annals of Statistics* 29, 2001, pp. 1165–1188).
"""

from __future__ import annotations

from collections.abc import Sequence

#: share of false alarms allowed among the findings of one kind
FALSE_ALARMS = 0.1


def believable(chances: Sequence[float], share: float = FALSE_ALARMS) -> list[bool]:
    """Which of these probabilities are small enough, given how many were looked at."""
    order = sorted(range(len(chances)), key=lambda i: chances[i])
    kept = 0
    for place, i in enumerate(order, start=1):
        if chances[i] <= share * place / len(chances):
            kept = place
    chosen = set(order[:kept])
    return [i in chosen for i in range(len(chances))]
