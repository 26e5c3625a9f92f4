"""Whether the arms have the sizes they were drawn with (sample ratio mismatch).

A mismatch means that something other than the lot decided who was counted, so that no difference can be read as an
effect (Fabijan et al. 2019, "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments", KDD).
"""

from __future__ import annotations

from collections.abc import Sequence

#: p-value below which nobody believes the sizes, and below which they are worth a word
MISMATCH_BELOW, UNUSUAL_BELOW = 0.001, 0.01


def ratio_p_value(counts: Sequence[int], shares: Sequence[float]) -> float:
    """p-value that arms of these sizes were drawn with these shares.

    Chi-square; the exact binomial test where two arms hold fewer than a hundred customers together.
    """
    from scipy.stats import binomtest, chisquare

    total, whole = sum(counts), sum(shares)
    if total == 0 or len(counts) < 2:
        return 1.0
    if len(counts) == 2 and total < 100:
        return float(binomtest(counts[0], total, shares[0] / whole).pvalue)
    return float(chisquare(list(counts), [total * s / whole for s in shares]).pvalue)
