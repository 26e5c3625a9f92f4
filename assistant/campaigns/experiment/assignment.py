"""Who is held out: drawn by lot within strata, exactly reproducible, and sealed by a hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Split:
    """Sealed assignment: ``holdout`` is never contacted; ``digest`` changes when any assignment or the rule does.

    Attributes:
        strata: customer → stratum that the draw was balanced by; empty where there was none.
    """

    contacted: tuple[str, ...]
    holdout: tuple[str, ...]
    digest: str
    strata: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)


def assign(
    campaign_id: str, customer_ids: Sequence[str], share: float, strata: Mapping[str, str] | None = None,
    rule: str = "",
) -> Split:
    """Assign exactly ``round(share · n)`` customers to the control group, at random and reproducibly.

    The order of SHA-256 over campaign and customer is as good as a random draw, needs no stored seed, and can be
    re-computed by anyone to check the assignment. Within that order customers stand by stratum, and every n-th is
    held out from a start that is drawn too (systematic sampling; Cochran 1977, *Sampling Techniques*, chapter 8):
    everybody has the same chance, and every stratum has its share to within one customer.

    Args:
        strata: customer → stratum, known before the contact.
        rule: digest of the read-out rule, which the seal covers too.
    """
    groups = strata or {}
    ordered = sorted(customer_ids, key=lambda i: (_hash(campaign_id, "stratum", groups.get(i, "")) if groups else b"",
                                                  _hash(campaign_id, i)))
    n, count = len(ordered), round(share * len(ordered))
    start = int.from_bytes(_hash(campaign_id, "start", "")[:8], "big") % max(n, 1)
    chosen = [((j + 1) * count + start) // n > (j * count + start) // n for j in range(n)]
    holdout = sorted(i for i, held in zip(ordered, chosen, strict=True) if held)
    contacted = sorted(i for i, held in zip(ordered, chosen, strict=True) if not held)
    digest = sealed_digest(contacted, holdout, rule)
    return Split(tuple(contacted), tuple(holdout), digest, {i: groups[i] for i in ordered if i in groups})


def sealed_digest(contacted: Sequence[str], holdout: Sequence[str], rule: str = "") -> str:
    """SHA-256 over who is contacted, who is held out, and the digest of the rule; ids in order."""
    sealed = "\n".join([*contacted, "--", *holdout, *(["--", rule] if rule else [])])
    return hashlib.sha256(sealed.encode()).hexdigest()


def _hash(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode()).digest()
