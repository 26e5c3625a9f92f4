"""What no model and no rule uses of a person: sensitive columns, and columns so close to one that they say the same.

The one place to ask. A shop's models and rules call :func:`sensitive_columns`; whatever fits a table of its own (a
contract table with a yes/no column) calls :func:`allowed_columns`, which also sets close proxies aside and says of
what.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from assistant.caching import OnceCache
from assistant.yaml_files import safe_load

if TYPE_CHECKING:
    import numpy as np

    from assistant.data.warehouse import Snapshot

#: Association with a sensitive column from which a column counts as a close proxy (Cramér's V, 0 to 1).
CLOSE = 0.5
#: Association from which a column is worth a word in a report, though it may be used.
NOTABLE = 0.3
#: Parts of equal size that a number is cut into, and most values of a text column that are told apart.
PARTS = 10
MOST_VALUES = 100
#: Fewer known pairs than this say nothing about an association.
FEWEST_KNOWN = 50

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True)
class Proxy:
    """A column that tells much about a sensitive one.

    Attributes:
        column: the column; ``of``: the sensitive column it stands for.
        strength: bias-corrected Cramér's V between both, 0 (independent) to 1 (one tells the other).
        known: rows in which both are known.
    """

    column: str
    of: str
    strength: float
    known: int


@dataclass(frozen=True)
class Allowed:
    """What a model may learn from, and what was set aside.

    Attributes:
        use: columns that may be used, in their order.
        sensitive: columns set aside because they are sensitive by name or declared so.
        proxies: columns set aside because they stand for a sensitive one.
    """

    use: tuple[str, ...]
    sensitive: tuple[str, ...]
    proxies: tuple[Proxy, ...]


#: the list in the file that names topics and no columns
_TOPICS = "topics"


@lru_cache(maxsize=1)
def _phrases() -> dict[tuple[str, ...], str]:
    """Phrases of column names and their trait; phrases of topics under the name of their list."""

    text = files("assistant.data").joinpath("sensitive.yaml").read_text(encoding="utf-8")
    raw: dict[str, list[str]] = safe_load(text)
    found: dict[tuple[str, ...], str] = {}
    for trait, phrases in raw.items():
        for phrase in phrases:
            found.setdefault(tuple(str(phrase).split()), trait)  # a word of both lists is one of columns
    return found


def tells_a_trait(topic: str) -> bool:
    """Whether buying from a category or a thing of that name would tell a sensitive trait of the buyer (maternity,
    medicine, religion …). Beside the words for it, those of columns count, but for gender, age and family: whom a
    product is made for is not who buys it."""
    words = tuple(w.lower() for w in _WORD.findall(topic))
    spans = {words[a:b] for a in range(len(words)) for b in range(a + 1, len(words) + 1)}
    told = {trait for phrase, trait in _phrases().items() if phrase in spans}
    return bool(told - {"gender", "age", "family", "means", "origin"})


def trait_of(column: str) -> str | None:
    """The trait that a column's name speaks of (``gender``, ``age``, ``health`` …), else None.

    The table before a dot and the mark ``x_`` are no part of the name: ``customers.x_birthYear`` is ``birth year``.
    """
    name = column.rsplit(".", 1)[-1].removeprefix("x_")
    words = tuple(w.lower() for w in _WORD.findall(name))
    for size in range(len(words), 0, -1):
        for start in range(len(words) - size + 1):
            found = _phrases().get(words[start : start + size])
            if found is not None and found != _TOPICS:
                return found
    return None


def trait_name(column: str) -> str:
    """What a sensitive column says of a person, in a word: ``age`` for the year of birth."""
    return trait_of(column) or _plain(column).removeprefix("x_").replace("_", " ")


def is_sensitive(column: str, declared: Iterable[str] = ()) -> bool:
    """Whether a column is sensitive by its name, or declared so (with its table before a dot, or alone)."""
    return trait_of(column) is not None or _plain(column) in {_plain(d) for d in declared}


def _plain(column: str) -> str:
    return str(column).strip().rsplit(".", 1)[-1].casefold()


def sensitive_columns(snapshot: Snapshot) -> tuple[str, ...]:
    """Columns of ``customers`` that hold a sensitive trait of people and are filled: canonical ones (``birth_year``,
    ``gender``), further ones of the source (``x_…``) by their names, and those declared in the settings."""
    info = snapshot.manifest.tables.get("customers")
    filled = [] if info is None or not info.rows else info.filled
    return tuple(c for c in filled if c != "customer_id" and is_sensitive(f"customers.{c}", snapshot.declared))


def declared_sensitive(snapshot: Snapshot, columns: Iterable[str]) -> bool:
    """Whether one of these columns was declared sensitive in the settings."""
    return bool({_plain(d) for d in snapshot.declared} & {_plain(c) for c in columns})


#: attributes of customers that rules select by, beside the columns of the source
_OF_CUSTOMERS = ("country", "city", "acquisition_channel")
_FOUND = OnceCache(8)


def shop_proxies(snapshot: Snapshot, at_least: float = CLOSE) -> list[Proxy]:
    """Columns of the shop's customers that tell at least so much of a sensitive one, the closest first."""
    key = (snapshot.manifest.fingerprint, snapshot.manifest.id, snapshot.declared)
    found = _FOUND.get(key, lambda: _shop_proxies(snapshot))
    return [p for p in found if p.strength >= at_least]


def _shop_proxies(snapshot: Snapshot) -> list[Proxy]:
    aside = sensitive_columns(snapshot)
    info = snapshot.manifest.tables.get("customers")
    filled = [] if info is None else info.filled
    others = [c for c in filled if c not in aside and (c in _OF_CUSTOMERS or c.startswith("x_"))]
    if not aside or not others:
        return []
    people = snapshot.table("customers")
    table = snapshot.execute(people.select(*aside, *others)).to_pandas()
    return proxies({c: table[c] for c in others}, {c: table[c] for c in aside}, NOTABLE)


def stands_for(snapshot: Snapshot, columns: Iterable[str]) -> Proxy | None:
    """The close proxy among these columns of customers, which no rule uses; None where there is none."""
    named = {_plain(c) for c in columns}
    return next((p for p in shop_proxies(snapshot) if p.column in named), None)


def allowed_columns(
    table: Mapping[str, Sequence[Any]], declared: Iterable[str] = (), at_least: float = CLOSE
) -> Allowed:
    """Which columns of a table a model may learn from.

    Args:
        table: column name → values, all of the same length (a data frame will do).
        declared: further names that count as sensitive.
        at_least: association from which a column is set aside as a close proxy.
    """
    names = [str(c) for c in table]
    declared = tuple(declared)
    sensitive = tuple(c for c in names if is_sensitive(c, declared))
    rest = [c for c in names if c not in sensitive]
    found = proxies({c: table[c] for c in rest}, {c: table[c] for c in sensitive}, at_least)
    aside = {p.column for p in found}
    return Allowed(tuple(c for c in rest if c not in aside), sensitive, tuple(found))


def proxies(
    columns: Mapping[str, Sequence[Any]], sensitive: Mapping[str, Sequence[Any]], at_least: float = CLOSE
) -> list[Proxy]:
    """Columns that tell at least so much about a sensitive one, the closest first; each with the closest of those.

    Args:
        columns: candidates, name → values; ``sensitive``: name → values of the same rows.
    """
    coded = {name: codes(values) for name, values in columns.items()}
    targets = {name: codes(values) for name, values in sensitive.items()}
    found = []
    for column, places in coded.items():
        best: Proxy | None = None
        for of, wanted in targets.items():
            strength, known = association(places, wanted)
            if strength >= at_least and (best is None or strength > best.strength):
                best = Proxy(column, of, strength, known)
        if best is not None:
            found.append(best)
    return sorted(found, key=lambda p: (-p.strength, p.column))


def codes(values: Sequence[Any]) -> np.ndarray:
    """Values as small whole numbers (int64, -1 unknown): numbers by parts of equal size, texts by value.

    A number with few different values keeps them; of more than :data:`MOST_VALUES` texts the rarer ones are one.
    """
    import numpy as np
    import pandas as pd

    series = pd.Series(values).reset_index(drop=True)
    if pd.api.types.is_datetime64_any_dtype(series):
        series = series.astype("int64").where(series.notna())
    numeric = pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series)
    if numeric and series.nunique() > PARTS:
        known = series.notna().to_numpy()
        numbers = series.to_numpy(dtype="float64", na_value=np.nan)
        edges = np.unique(np.quantile(numbers[known], np.linspace(0, 1, PARTS + 1)[1:-1]))
        return np.where(known, np.searchsorted(edges, numbers, side="right"), -1).astype(np.int64)
    kept = series.where(series.notna(), None)
    counts = kept.dropna().value_counts()
    places = {value: min(i, MOST_VALUES - 1) for i, value in enumerate(counts.index)}
    return np.array([places.get(v, -1) if v is not None else -1 for v in kept], dtype=np.int64)


def association(one: np.ndarray, other: np.ndarray) -> tuple[float, int]:
    """Cramér's V of two coded columns with the bias correction of Bergsma 2013 (*Journal of the Korean Statistical
    Society* 42(3), 323–328), and the rows in which both are known; 0 where there are too few, or only one value."""
    import numpy as np

    known = (one >= 0) & (other >= 0)
    n = int(known.sum())
    if n < FEWEST_KNOWN:
        return 0.0, n
    rows, a = np.unique(one[known], return_inverse=True)
    columns, b = np.unique(other[known], return_inverse=True)
    r, k = len(rows), len(columns)
    if min(r, k) < 2:
        return 0.0, n
    counts = np.bincount(a * k + b, minlength=r * k).reshape(r, k).astype(float)
    expected = counts.sum(1, keepdims=True) @ counts.sum(0, keepdims=True) / n
    phi2 = float(((counts - expected) ** 2 / expected).sum()) / n
    phi2 = max(0.0, phi2 - (r - 1) * (k - 1) / (n - 1))
    smaller = min(r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)) - 1
    return (min(1.0, float((phi2 / smaller) ** 0.5)) if smaller > 0 else 0.0), n
