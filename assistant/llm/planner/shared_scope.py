"""Time and place that several requests of one text share ("orders and revenue in May, and which country was best?").

A request without a time of its own takes that of the request before it, and the places and goods named there, unless
it speaks of the present ("…, and who are our best customers?"). A bare measure at the beginning takes those of the
request after it ("how many orders and how much revenue in May"), and so does one ranking of another ("top brands
and top categories in Germany").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.heard import heard
from assistant.llm.planner.spans import Item, Reading, read
from assistant.llm.planner.vocabulary import Vocabulary

#: plans one request, the best reading
Best = Callable[[str], Candidate | None]
#: frames that are answered for a stretch of time and a part of the shop
_SCOPED = frozenset({"query", "study"})
#: what says more about the customers or the time than a word that can be carried over
_MORE = ("compare", "neg", "not_in", "never", "only", "future", "duration", "ago", "definition", "cmp", "object",
         "inactive", "last_order")
#: a request that the scope makes so much harder to read keeps its own
_SLACK = 0.1


@dataclass(frozen=True)
class _Scope:
    """Words for the time, and for the part of the shop, that a request names."""

    time: str = ""
    part: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return " ".join(w for w in (*self.part, self.time) if w)


def shared(texts: Sequence[str], words: Vocabulary, best: Best) -> list[str]:
    """The requests, each with the scope it shares with its neighbour.

    Args:
        texts: the requests of one text in order.
        words: the shop's vocabulary.
        best: plans one request; a scope is put in only where the request is still read the same way.
    """
    if len(texts) < 2:
        return list(texts)
    readings = [read(text, words) for text in texts]
    scopes = [_scope(r) for r in readings]
    result = list(texts)
    for k in reversed(range(len(texts) - 1)):
        if not _leads(readings, scopes, k):
            continue
        result[k] = _with(result[k], scopes[k + 1], best)
        scopes[k] = scopes[k + 1]
    for k in range(1, len(texts)):
        before, own = scopes[k - 1], scopes[k]
        if before is None or own is None:
            continue
        apart = _present(readings[k]) or _whole(readings[k]) or readings[k].has("customers_pronoun")
        if own == _Scope() and before != own and not apart:
            result[k] = _with(_measured(result[k], readings[k], readings[k - 1]), before, best)
            scopes[k] = before if result[k] != texts[k] else own
    return result


def _leads(readings: Sequence[Reading], scopes: Sequence[_Scope | None], k: int) -> bool:
    """Whether what the request after it names holds for a bare one too: "top brands and top ranges in Germany"."""
    reading, after, scope = readings[k], readings[k + 1], scopes[k + 1]
    if scopes[k] != _Scope() or scope is None or not _bare(reading) or _present(reading):
        return False
    if after.has("customers_pronoun"):  # "… and which of them …" says when of them alone
        return False
    ranked = reading.has("rank") and after.has("rank")
    return bool(scope.words) if ranked else k == 0 and bool(scope.time)


def _with(text: str, scope: _Scope, best: Best) -> str:
    """The request with the scope at its end, where it stays the same kind of question."""
    plain = best(text)
    mark = text[-1] if text[-1:] in "?!." else ""
    longer = f"{text.rstrip('?!. ')} {scope.words}{mark}"
    scoped = best(longer)
    if plain is None or scoped is None or plain.frame not in _SCOPED or scoped.frame != plain.frame:
        return text
    return longer if scoped.cost <= plain.cost + _SLACK else text


def _scope(r: Reading) -> _Scope | None:
    """What a request says about time and place; None where it says more than can be carried over."""
    if any(item.has(*_MORE) and not item.has("metric") for item in r.items):
        return None
    times = r.having("period")
    parts = [i for i in r.having("value") if not r.items[i].has("metric", "dim", "act", "rank")]
    if len(times) > 1 or len(parts) > 1:
        return None
    return _Scope(
        " ".join(_phrase(r, i) for i in times),
        tuple(_phrase(r, i) for i in parts),
    )


def _phrase(r: Reading, i: int) -> str:
    """The words of an item with the preposition before it."""
    before: Item | None = r.items[i - 1] if i else None
    if r.items[i].tokens[0].lemma in heard("shared_scope.prepositions"):
        return r.items[i].text
    led = before is not None and before.lemma in heard("shared_scope.prepositions")
    opening = before.text if led and before is not None else next(iter(heard("in")))
    return f"{opening} {r.items[i].text}"


def _bare(r: Reading) -> bool:
    """Whether a request is a measure or a ranking alone ("how many orders", "top 5 products")."""
    content = [i for i in range(len(r.items)) if not r.is_skip(i)]
    ranked = any(r.items[i].has("rank") for i in content)
    kinds = ("metric", "count", "which", *(("rank", "dim", "act") if ranked else ()))
    return bool(content) and all(r.items[i].has(*kinds) or ranked and r.items[i].number is not None for i in content)


def _measured(text: str, r: Reading, before: Reading) -> str:
    """As in "how many new customers in 2025, and which channel brought the most": the most of what was counted."""
    said = [i for i in r.items if i.tokens[0].kind != "stop"]
    counted = [i for i in before.items if i.has("metric")]
    if not said or not said[-1].has("rank") or any(i.has("metric") for i in r.items) or len(counted) != 1:
        return text
    return f"{text.rstrip('?!. ')} {counted[0].text}{text[-1] if text[-1:] in '?!.' else ''}"


def _whole(r: Reading) -> bool:
    """Whether a request says that it means all there is."""
    return bool({t.word for t in r.tokens} & heard("shared_scope.whole"))


def _present(r: Reading) -> bool:
    """Whether a request speaks of now and not of then."""
    said = {t.word for t in r.tokens}
    return bool(said & heard("shared_scope.present")) and not said & heard("shared_scope.past")
