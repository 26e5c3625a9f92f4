"""Names for kinds of buyers, by rules on what they do more than everybody: no language model, and no two alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assistant.features.behaviour import (
    DISCOUNTS,
    MARK,
    PRICES,
    QUANTITIES,
    RHYTHM,
    blocks_of,
)

#: A block marks a kind when its shares lie at least so far from everybody's (Kullback–Leibler divergence, nats).
_MARKED = 0.05
#: Further categories go into the name when they add at least this share of what the first one does, up to so many.
_FURTHER, _MOST = 0.3, 3
#: What is bought leads the name from this share of the most telling block's divergence; a trait is added from that.
_LEADS, _ADDED = 0.4, 0.3
#: A kind buys often or rarely when its rate is so many times everybody's, or that part of it.
_OFTEN = 1.6
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")
#: An answer is a trait when its share is at least so many times everybody's.
_LIFTED = 1.2


@dataclass(frozen=True)
class Trait:
    """One answer that a kind gives more often than everybody: shares in percent, ``lift`` their ratio, ``weight`` what
    it adds to the divergence (nats)."""

    block: str
    answer: str
    words: str
    share: float
    everyone: float
    lift: float
    weight: float


def traits(counts: np.ndarray, columns: list[str], everyone: np.ndarray) -> list[Trait]:
    """What a kind does more than everybody, the most telling first.

    Args:
        counts, everyone: counts per column, of the kind and of all customers.
    """
    found = []
    for block, answer, share, base in _shares(counts, columns, everyone):
        if share <= 0 or base <= 0 or share / base < _LIFTED:
            continue
        found.append(Trait(block, answer, _words(block, answer), 100 * share, 100 * base, share / base,
                           (share - base) * float(np.log(share / base))))
    return sorted(found, key=lambda t: -t.weight)


def answers_of(counts: np.ndarray, columns: list[str]) -> list[tuple[str, float]]:
    """Every answer in words with its share of the block in percent (0 for a block without counts), in column order."""
    found = []
    for block, names in blocks_of(columns).items():
        rows = [columns.index(n) for n in names]
        total = counts[rows].sum()
        found += [(_words(block, n.partition(MARK)[2]), float(100 * counts[i] / total) if total else 0.0)
                  for n, i in zip(names, rows, strict=True)]
    return found


def name_kinds(counts: np.ndarray, columns: list[str], everyone: np.ndarray) -> list[str]:
    """A name per row of ``counts`` (kinds, columns)."""
    rows = [_parts(row, columns, everyone) for row in counts]
    names = [_join(parts[:2]) for parts in rows]
    for depth in range(3, 6):  # equal names are told apart by the next trait
        names = [_join(rows[i][:depth]) if names.count(n) > 1 else n for i, n in enumerate(names)]
    for name in {n for n in names if names.count(n) > 1}:
        for place, i in enumerate([i for i, n in enumerate(names) if n == name], start=1):
            names[i] = f"{name} ({place})"
    return names


def _parts(counts: np.ndarray, columns: list[str], everyone: np.ndarray) -> list[str]:
    """Head of the name ("Garden buyers") and the further traits, the most telling first.

    What is bought leads the name unless something else tells the kind apart far better ("Buyers in bulk").
    """
    found = [t for t in traits(counts, columns, everyone) if t.block != "rhythm"]
    weight = {b: sum(t.weight for t in found if t.block == b) for b in {t.block for t in found}}
    strongest = max(weight.values(), default=0.0)
    if strongest < _MARKED:
        pace = _pace(counts, columns, everyone)
        return ["Buyers of everything", *([pace] if pace else [])]
    telling = sorted((b for b in weight if weight[b] >= _MARKED), key=lambda b: -weight[b])
    goods = next((b for b in ("category", "price") if weight.get(b, 0.0) >= max(_LEADS * strongest, _MARKED)), "")
    first = goods or telling[0]
    head = _head(first, [t for t in found if t.block == first])
    clear = [b for b in telling if b != first and weight[b] >= _ADDED * strongest]
    faint = [b for b in telling if b != first and b not in clear]
    additions = [_addition(b, [t for t in found if t.block == b]) for b in (*clear[:1], *clear[1:], *faint)]
    return [head, *(additions if clear else ["", *additions])]


def _head(block: str, found: list[Trait]) -> str:
    if block == "category":
        return f"{_listed(_goods(found))} buyers"
    return f"Buyers of the {found[0].words}" if block == "price" else f"Buyers {_addition(block, found)}"


def _goods(found: list[Trait]) -> list[str]:
    return sorted(t.answer for t in found[:_MOST] if t.weight >= _FURTHER * found[0].weight)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _join(parts: list[str]) -> str:
    return ", ".join(p for p in parts if p)


def _addition(block: str, found: list[Trait]) -> str:
    first = found[0]
    if block == "category":
        return f"of {_listed(_goods(found))}"
    if block == "price":
        return f"of the {first.words}"
    if block == "month":
        months = sorted(int(t.answer) for t in found[:2])
        return "around " + " and ".join(_MONTHS[m - 1] for m in months)
    return {"quantity": {QUANTITIES[0]: "of single pieces", QUANTITIES[1]: "of a few pieces each",
                         QUANTITIES[2]: "in bulk"},
            "discount": {DISCOUNTS[0]: "at full price", DISCOUNTS[1]: "at reduced prices"},
            }.get(block, {}).get(first.answer, f"by {first.answer}")


def _pace(counts: np.ndarray, columns: list[str], everyone: np.ndarray) -> str:
    """Whether the kind orders much more or less often than everybody."""
    orders, months = (columns.index(f"rhythm{MARK}{a}") if f"rhythm{MARK}{a}" in columns else -1 for a in RHYTHM)
    if min(orders, months) < 0 or everyone[months] <= 0 or everyone[orders] <= 0 or counts[months] <= 0:
        return ""
    rate = (counts[orders] / counts[months]) / (everyone[orders] / everyone[months])
    return "often" if rate >= _OFTEN else "rarely" if rate <= 1 / _OFTEN else ""


def _shares(counts: np.ndarray, columns: list[str], everyone: np.ndarray) -> list[tuple[str, str, float, float]]:
    """(block, answer, share of the kind, share of everybody) for every column."""
    place = {c: i for i, c in enumerate(columns)}
    found = []
    for block, names in blocks_of(columns).items():
        rows = [place[n] for n in names]
        total, base = counts[rows].sum(), everyone[rows].sum()
        if total <= 0 or base <= 0:
            continue
        found += [(block, n.partition(MARK)[2], float(counts[i] / total), float(everyone[i] / base))
                  for n, i in zip(names, rows, strict=True)]
    return found


def _words(block: str, answer: str) -> str:
    """The answer as a phrase for tables and definitions."""
    if block == "month":
        return f"orders in {_MONTHS[int(answer) - 1]}"
    if block == "channel":
        return f"orders by {answer}"
    if block == "price":
        return f"{answer} of prices" if answer in PRICES else f"price {answer}"
    if block == "discount":
        return f"lines at {'reduced prices' if answer == DISCOUNTS[1] else 'full price'}"
    if block == "quantity":
        return f"lines of {answer}"
    if block == "rhythm":
        return "repeat orders per month" if answer == RHYTHM[0] else "months between orders"
    return f"lines of {answer}"
