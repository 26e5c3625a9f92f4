"""Two measures of the same thing: "how many e-mails did we send last year and how many were clicked" is one table."""

from __future__ import annotations

from collections.abc import Callable

from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.parts import gather
from assistant.llm.planner.spans import read
from assistant.llm.planner.vocabulary import Vocabulary

#: a plan that leaves nothing of the text unexplained
_SURE = 0.05


def measured_at_once(
    whole: str, left: str, right: str, words: Vocabulary, best: Callable[[str], Candidate | None]
) -> bool:
    """Whether one plan holds the measures of both halves of a text, of what the first half is about.

    Args:
        whole: the text; ``left`` and ``right`` are its halves.
        words: the shop's vocabulary.
        best: the best reading of a text.
    """
    second = gather(read(right, words))
    own = second.periods or second.rows or second.groups or second.conditions.customers or second.limit
    if not second.metrics or own or second.descending is not None:
        return False
    one, first = best(whole), best(left)
    if one is None or first is None or one.cost > _SURE or first.cost > _SURE:
        return False
    if [c.name for c in one.calls] != ["query_data"] or [c.name for c in first.calls] != ["query_data"]:
        return False
    said, before = dict(one.calls[0].args), dict(first.calls[0].args)
    wanted = [*before.pop("metrics"), *second.metrics]
    return list(said.pop("metrics")) == list(dict.fromkeys(wanted)) and said == before
