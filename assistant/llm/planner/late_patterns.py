"""Regular expressions that are compiled only once a text has the words without which they cannot match.

The forms of a language are some thousands of expressions, a question meets a few dozen of them, and compiling all takes
longer than answering. What an expression needs is read from its source by a scan that errs on the side of "may match":
literal text that every match must hold, and groups of which every alternative holds some literal text. So a
:class:`LatePattern` finds exactly what :func:`re.compile` finds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Generic, TypeVar

T = TypeVar("T")
Clause = frozenset[str]
"""Pieces of text of which one must stand in the text."""

_PIECE = re.compile(
    r"""
    (?P<text>[A-Za-z0-9 '一-龥]+)
  | \((?:\?:|\?P<\w+>)?(?P<words>[A-Za-z0-9 '\-]+\??(?:\|[A-Za-z0-9 '\-]+\??)*)\)(?P<maybe>[*?]\??|\{[0,]\d*,?\d*\}\??)?
  | (?P<times>[*+?]\??|\{\d*,?\d*\}\??)
  | (?P<group>\((?:\?:|\?P<\w+>|(?!\?)))
  | (?P<look>\(\?<?[=!])
  | (?P<close>\))
  | (?P<or>\|)
  | (?P<odd>\(\?(?!P=)|\\(?:0|x|u|U|N))
  | (?P<else>\\[1-9]\d?|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?P=\w+\)|.)
    """,
    re.VERBOSE | re.DOTALL,
)
#: shorter text stands in too many questions to tell them apart
_SHORTEST = 3
#: with more alternatives than this, looking costs more than trying the expression
_MOST = 24
_MOST_CLAUSES = 4
#: letters beyond ASCII that IGNORECASE takes for one of ASCII
_FOLD = str.maketrans({"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"})
_READ_FLAGS = re.IGNORECASE | re.DOTALL | re.MULTILINE | re.UNICODE


@lru_cache(maxsize=256)
def folded(text: str) -> str:
    """The text in small letters, so that whatever an expression matches with capitals ignored is found in it."""
    return text.translate(_FOLD).lower()


def needed(source: str) -> tuple[Clause, ...]:
    """What a text must hold for an expression to match: one piece of every clause, in :func:`folded` text.

    Args:
        source: an expression, not verbose.

    Returns:
        nothing where the source says too little or has parts that are not read here.
    """
    #: open groups: what they need so far, branch by branch; None for a look ahead or behind
    open_groups: list[list[list[Clause]] | None] = [[[]]]
    last: list[Clause] = []  # what the latest piece needs, which a "?" after it takes back
    letters = False  # whether that is a text, of which a "?" means the last letter alone
    for match in _PIECE.finditer(source):
        kind, piece = match.lastgroup, match.group()
        branches = open_groups[-1]
        if kind == "words" or kind == "maybe":
            last, letters = [] if kind == "maybe" else _words(match.group("words")), False
            if branches is not None:
                branches[-1].extend(last)
            continue
        if kind == "odd":
            return ()
        if kind == "times":
            if _may_be_absent(piece) and branches is not None:
                _take_back(branches[-1], last, letters)
            last = []
        elif kind in {"group", "look"}:
            open_groups.append([[]] if kind == "group" else None)
        elif kind == "close":
            closed = open_groups.pop()
            if not open_groups:
                return ()
            last, letters = _either(closed) if closed is not None else [], False
            if open_groups[-1] is not None:
                open_groups[-1][-1].extend(last)
        elif kind == "or":
            if branches is not None:
                branches.append([])
            last = []
        elif kind == "text" and branches is not None:
            last, letters = [frozenset({piece.lower()})], True
            branches[-1].extend(last)
        else:
            last = []
    found = _either(open_groups[0]) if len(open_groups) == 1 else []
    useful = [clause for clause in dict.fromkeys(found) if _useful(clause)]
    return tuple(sorted(useful, key=_cost)[:_MOST_CLAUSES])


@lru_cache(maxsize=4096)
def _words(alternatives: str) -> list[Clause]:
    """What a group of plain words needs."""
    words = [word[:-2] if word.endswith("?") else word for word in alternatives.lower().split("|")]
    return _either([[frozenset({word})] for word in words])


def _may_be_absent(times: str) -> bool:
    return times[0] in "*?" or times.startswith(("{0", "{,"))


def _take_back(branch: list[Clause], last: list[Clause], letters: bool) -> None:
    if last:
        del branch[len(branch) - len(last):]
        if letters:
            branch.append(frozenset(word[:-1] for word in last[0]))


def _either(branches: list[list[Clause]] | None) -> list[Clause]:
    """What a group needs: all that its only branch needs, else one clause of each branch taken together."""
    if branches is None:
        return []
    if len(branches) == 1:
        return branches[0]
    together: set[str] = set()
    for branch in branches:
        useful = [clause for clause in branch if _useful(clause)]
        if not useful:
            return []
        together |= min(useful, key=_cost)
        if len(together) > _MOST:
            return []
    return [frozenset(w for w in together if not any(o in w for o in together if o != w))]


def _useful(clause: Clause) -> bool:
    return len(clause) <= _MOST and all(len(word) >= _SHORTEST for word in clause)


def _cost(clause: Clause) -> tuple[int, int]:
    return len(clause), -min(map(len, clause))


class LatePattern:
    """An expression with the methods of :class:`re.Pattern`, compiled when a text first holds what it needs.

    Args:
        pattern: source of the expression.
        flags: as for :func:`re.compile`.

    Raises:
        re.error: on first use, the source is no expression. (A test compiles every expression of the lexicons.)
    """

    __slots__ = ("_all", "_compiled", "_some", "flags", "pattern")

    def __init__(self, pattern: str, flags: int = re.IGNORECASE) -> None:
        self.pattern = pattern
        self.flags = flags
        self._compiled: re.Pattern[str] | None = None
        clauses = needed(pattern) if not flags & ~_READ_FLAGS else ()
        self._all = tuple(word for clause in clauses if len(clause) == 1 for word in clause)
        self._some = tuple(tuple(sorted(clause)) for clause in clauses if len(clause) > 1)

    @property
    def compiled(self) -> re.Pattern[str]:
        """The compiled expression."""
        if self._compiled is None:
            self._compiled = re.compile(self.pattern, self.flags)
        return self._compiled

    @property
    def keys(self) -> tuple[str, ...]:
        """Pieces of which a text that it matches holds one; none where nothing is needed."""
        return (max(self._all, key=len),) if self._all else self._some[0] if self._some else ()

    def may_match(self, text: str) -> bool:
        """False where the text lacks what every match holds."""
        low = folded(text)
        for word in self._all:
            if word not in low:
                return False
        for words in self._some:
            for word in words:
                if word in low:
                    break
            else:
                return False
        return True

    def fullmatch(self, text: str) -> re.Match[str] | None:
        return self.compiled.fullmatch(text) if self.may_match(text) else None

    def match(self, text: str) -> re.Match[str] | None:
        return self.compiled.match(text) if self.may_match(text) else None

    def search(self, text: str, start: int = 0) -> re.Match[str] | None:
        return self.compiled.search(text, start) if self.may_match(text) else None

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        return self.compiled.finditer(text) if self.may_match(text) else iter(())

    def sub(self, said: str | Callable[[re.Match[str]], str], text: str) -> str:
        return self.compiled.sub(said, text) if self.may_match(text) else text


class LatePatterns(Generic[T]):
    """Expressions in an order, each with a mark; those that may match a text are found without asking every one.

    Every piece of text that an expression needs is known by three letters of it, the ones that fewest pieces have; a
    text is looked through once for those.
    """

    def __init__(self, patterns: Iterable[tuple[T, LatePattern]]) -> None:
        self.pairs = tuple(patterns)
        threes = Counter(three for _, one in self.pairs for key in one.keys for three in _threes(key))
        self._by_three: dict[str, list[int]] = {}
        self._always = tuple(i for i, (_, one) in enumerate(self.pairs) if not one.keys)
        for i, (_, one) in enumerate(self.pairs):
            for key in one.keys:
                rarest = min(_threes(key), key=lambda three: (threes[three], three))
                self._by_three.setdefault(rarest, []).append(i)
        self._may_match = lru_cache(maxsize=32)(self._looked_through)

    def __bool__(self) -> bool:
        return bool(self.pairs)

    def fitting(self, text: str) -> Iterator[tuple[T, re.Match[str]]]:
        """Marks and matches of the expressions that match the whole text, in order."""
        for i in self._may_match(text):
            mark, pattern = self.pairs[i]
            match = pattern.fullmatch(text)
            if match is not None:
                yield mark, match

    def put(self, text: str) -> str:
        """The text after one replacement after the other, where the marks are what is put."""
        at: int | None = -1
        while (at := next((i for i in self._may_match(text) if i > at), None)) is not None:
            said, pattern = self.pairs[at]
            text = pattern.sub(str(said), text)
        return text

    def _looked_through(self, text: str) -> list[int]:
        held = _threes_of(text) & self._by_three.keys()
        some = {i for three in held for i in self._by_three[three]}
        return [i for i in sorted(some.union(self._always)) if self.pairs[i][1].may_match(text)]


@lru_cache(maxsize=64)
def _threes_of(text: str) -> set[str]:
    return _threes(folded(text))


def _threes(text: str) -> set[str]:
    """Every three letters in a row."""
    return {text[i : i + _SHORTEST] for i in range(len(text) - _SHORTEST + 1)}
