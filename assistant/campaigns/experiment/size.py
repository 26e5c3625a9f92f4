"""How large the control group must be for an effect to be found, or which effect a given one can find.

Normal approximation for two proportions, with the variance of both arms together under no effect and their own under
the effect (Fleiss, Levin and Paik 2003, *Statistical Methods for Rates and Proportions*, 3rd ed., chapter 4), two-sided
level 5 %, power 80 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

#: two-sided 5 % and power 80 %
Z_LEVEL, Z_POWER = 1.959964, 0.841621
#: Share held out where no effect to size for is known, or none that this audience could show.
DEFAULT_SHARE = 0.1
#: A control group is no smaller (it would say nothing by segment) and no larger (it costs the sales of those left out).
LEAST_SHARE, MOST_SHARE = 0.05, 0.3
#: Fewest customers of an arm that are read out.
FEWEST = 10

Why = Literal["given", "power", "too_small", "no_effect_known"]


@dataclass(frozen=True)
class Sizing:
    """The control group of one campaign. Rates and differences 0–1; None where nothing can be computed.

    Attributes:
        share: held out, of those who may be contacted.
        why: ``given`` by the person; ``power``: the smallest that finds ``effect`` in four of five cases;
            ``too_small``: the audience cannot show ``effect`` even with the largest group; ``no_effect_known``.
        baseline: orders expected without contact.
        effect: expected from past experiments of this kind.
        detectable: the smallest difference that ``share`` finds in four of five cases.
        best: the same for the largest group, where ``why`` is ``too_small``.
        power: chance that ``effect`` is found.
    """

    share: float
    why: Why
    baseline: float | None = None
    effect: float | None = None
    detectable: float | None = None
    best: float | None = None
    power: float | None = None


def _reach(baseline: float, effect: float, contacted: float, holdout: float, z: float = Z_LEVEL) -> float:
    """Smallest difference found in four of five cases, were the rates these: the arms' variance is that of both
    together under no effect, and their own under the effect."""
    rate = baseline + effect
    both = (rate * contacted + baseline * holdout) / (contacted + holdout)
    none = math.sqrt(both * (1 - both) * (1 / contacted + 1 / holdout))
    return z * none + Z_POWER * math.sqrt(rate * (1 - rate) / contacted + baseline * (1 - baseline) / holdout)


def minimum_detectable_lift(baseline: float, contacted: int, holdout: int) -> float | None:
    """Smallest difference of response rates (0–1) that a read-out would find in four of five cases.

    Args:
        baseline: response rate expected without contact, 0–1.

    Returns:
        None where a group is empty, the baseline is 0 or 1, or not even an order of everybody would be found.
    """
    if min(contacted, holdout) == 0 or not 0 < baseline < 1:
        return None
    low, high = 0.0, 1 - baseline
    if _reach(baseline, high, contacted, holdout) > high:
        return None
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if _reach(baseline, middle, contacted, holdout) <= middle else (middle, high)
    return high


def power_of(baseline: float, effect: float, contacted: int, holdout: int) -> float | None:
    """Chance (0–1) that a read-out finds this difference; None where a group is empty or a rate is not within 0–1."""
    from scipy.stats import norm

    rate = baseline + effect
    if min(contacted, holdout) == 0 or not (0 < baseline < 1 and 0 < rate < 1):
        return None
    own = math.sqrt(rate * (1 - rate) / contacted + baseline * (1 - baseline) / holdout)
    bar = _reach(baseline, effect, contacted, holdout) - Z_POWER * own
    return float(norm.cdf((effect - bar) / own) + norm.cdf((-effect - bar) / own))


def holdout_for(people: int, baseline: float, effect: float) -> int | None:
    """Fewest customers to hold out of ``people`` so that ``effect`` is found in four of five cases.

    Returns:
        None where not even half of them would do.
    """
    if effect == 0 or not (0 < baseline < 1 and 0 < baseline + effect < 1):
        return None
    low, high = 1, people // 2
    if high < 1 or _reach(baseline, effect, people - high, high) > abs(effect):
        return None
    while low < high:
        middle = (low + high) // 2
        enough = _reach(baseline, effect, people - middle, middle) <= abs(effect)
        low, high = (low, middle) if enough else (middle + 1, high)
    return low


def people_for(baseline: float, effect: float, share: float = 0.5, comparisons: int = 1) -> int | None:
    """Fewest customers in two arms, ``share`` of them in the control, that find ``effect`` in four of five cases.

    Args:
        comparisons: how many share the level of 5 % (Bonferroni).
    """
    from scipy.stats import norm

    if effect == 0 or not (0 < baseline < 1 and 0 < baseline + effect < 1 and 0 < share < 1):
        return None
    z = Z_LEVEL if comparisons == 1 else float(norm.isf(0.025 / comparisons))
    return math.ceil((_reach(baseline, effect, 1 - share, share, z) / effect) ** 2)


def size_holdout(people: int, baseline: float | None, effect: float | None, given: float | None = None) -> Sizing:
    """Decide which share of an audience is held out.

    Args:
        people: who may be contacted.
        baseline: share (0–1) expected to order without contact; None where unknown.
        effect: difference expected from past experiments; None where there are none.
        given: the share the person asked for.
    """
    if given is not None:
        return _with(given, "given", people, baseline, effect)
    if baseline is None or effect is None:
        return _with(DEFAULT_SHARE, "no_effect_known", people, baseline, effect)
    held = holdout_for(people, baseline, effect)
    if held is None or held > MOST_SHARE * people:
        found = _with(DEFAULT_SHARE, "too_small", people, baseline, effect)
        most = round(MOST_SHARE * people)
        best = minimum_detectable_lift(baseline, people - most, most)
        return Sizing(found.share, "too_small", baseline, effect, found.detectable, best, found.power)
    held = min(max(held, math.ceil(LEAST_SHARE * people), FEWEST), math.floor(MOST_SHARE * people))
    return _with(math.ceil(1000 * held / people) / 1000, "power", people, baseline, effect)


def _with(share: float, why: Why, people: int, baseline: float | None, effect: float | None) -> Sizing:
    held = round(share * people)
    detectable = None if baseline is None else minimum_detectable_lift(baseline, people - held, held)
    power = None
    if baseline is not None and effect is not None:
        power = power_of(baseline, effect, people - held, held)
    return Sizing(share, why, baseline, effect, detectable, None, power)
