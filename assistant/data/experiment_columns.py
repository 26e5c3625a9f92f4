"""Whether the columns of an uploaded file are those of an experiment: an arm and what the customers did, no orders."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.data.experiment_tables import ARM_WORDS, OUTCOME_WORDS

#: roles of a column
ARM, OUTCOME = "arm", "outcome"
#: words that name an arm and little else; the others ("group", "segment") need an outcome beside them
_SURE = frozenset({"arm", "variant", "variation", "treatment", "experiment", "bucket"})


def experiment_columns(names: Sequence[str], missing: Sequence[str]) -> tuple[tuple[str, str | None], ...]:
    """The role of each column in an experiment; empty where the file does not look like one.

    Args:
        names: columns of the file. missing: columns of orders that none of them was taken for; a file that has all of
            them holds orders.

    Returns:
        pairs of column and ``arm``, ``outcome`` or None. No arm where several columns are equally likely to be it: that
        is asked.
    """
    if not missing:
        return ()
    arms, word = _arms(names)
    outcomes = [n for n in names if n not in arms and any(w in n.casefold() for w in OUTCOME_WORDS)]
    if not arms or not (outcomes or word in _SURE):
        return ()
    arm = arms[0] if len(arms) == 1 else None
    return tuple((n, ARM if n == arm else OUTCOME if n in outcomes else None) for n in names)


def _arms(names: Sequence[str]) -> tuple[list[str], str]:
    """Columns that may name the arm by the strongest word that any of them holds, and that word."""
    for word in ARM_WORDS:
        hits = [n for n in names if n.casefold() == word] or [
            n for n in names if word in re.split(r"[^a-z]+", n.casefold())]
        if hits:
            return hits, word
    return [], ""
