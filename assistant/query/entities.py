"""The shop's own names: find them by approximate words, list them, check that they exist.

Candidates come from shared character trigrams (counted in NumPy), the best few are scored with rapidfuzz, so that a
look-up over ten thousand names stays within a few milliseconds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from assistant.data.schema import CHANNELS
from assistant.errors import UnknownName
from assistant.plans.filters import SENT_BACK, Filter
from assistant.plans.shop import Match
from assistant.query.compile import SnapshotKey
from assistant.query.dimensions import DIMENSIONS, NOT_SET, dimension
from assistant.query.filters import comparisons
from assistant.yaml_files import safe_load

if TYPE_CHECKING:
    import numpy as np

    from assistant.data.warehouse import Snapshot

#: kind → (table, id column, label column); counted by order lines where the fact has the column
_SOURCES: dict[str, tuple[str, str, str | None]] = {
    "product": ("products", "product_id", "name"),
    "category": ("products", "category", None),
    "subcategory": ("products", "subcategory", None),
    "brand": ("products", "brand", None),
    "country": ("order_lines", "country", None),
    "city": ("customers", "city", None),
    "channel": ("order_lines", "channel", None),
    "acquisition_channel": ("customers", "acquisition_channel", None),
    "campaign": ("campaigns", "campaign_id", "name"),
    "campaign_kind": ("campaigns", "kind", None),
    "gender": ("customers", "gender", None),
    "order_status": ("orders", "status", None),
    "message_channel": ("touches", "channel", None),
    "line_type": ("order_lines", "line_type", None),
    "arm": ("touches", "arm", None),
    "customer": ("order_lines", "customer_id", None),
}
#: kinds not searched unless asked for by name
_QUIET = {"line_type", "arm", "order_status", "gender", "message_channel", "campaign_kind"}
_CANDIDATES = 60


@dataclass(frozen=True)
class Entity:
    """A value of the shop: its kind, id and label."""

    kind: str
    value: str
    label: str


@lru_cache(maxsize=1)
def country_groups() -> tuple[frozenset[str], ...]:
    """Sets of normalised names that mean the same country."""

    raw = safe_load(files("assistant.query").joinpath("country_aliases.yaml").read_text(encoding="utf-8"))
    return tuple(frozenset(normalised(str(name)) for name in group) for group in raw)


def normalised(text: str) -> str:
    """Lower case, no accents or punctuation, single spaces, plural s dropped from longer words."""
    plain = unicodedata.normalize("NFKD", str(text)).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c)).replace("'", "").replace("’", "").replace(".", "")
    words = re.sub(r"[^\w]+", " ", plain).split()
    return " ".join(w[:-1] if len(w) > 3 and w.endswith("s") and not w.endswith("ss") else w for w in words)


def _trigrams(text: str) -> set[str]:
    padded = f"  {text} "
    return {padded[i : i + 3] for i in range(len(padded) - 2)}


class EntityIndex:
    """Names of one snapshot. Build once per snapshot (see :func:`entity_index`); look-ups are cheap.

    Attributes:
        entities: everything known, most frequent first within a kind.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.entities: list[Entity] = []
        self._of_kind: dict[str, list[Entity]] = {}
        for kind in _SOURCES:
            found = _read(snapshot, kind)
            self._of_kind[kind] = found
            self.entities.extend(found)
        self._names = [normalised(e.label) for e in self.entities]
        self._exact: dict[str, list[int]] = {}
        self._values: dict[str, dict[str, str]] = {}
        for i, entity in enumerate(self.entities):
            for text in {self._names[i], normalised(entity.value)}:
                self._exact.setdefault(text, []).append(i)
            known = self._values.setdefault(entity.kind, {})
            known.setdefault(entity.value.casefold(), entity.value)
            known.setdefault(entity.label.casefold(), entity.value)
        self._postings, self._sizes = self._index_trigrams()

    def _index_trigrams(self) -> tuple[dict[str, np.ndarray], np.ndarray]:
        import numpy as np

        postings: dict[str, list[int]] = {}
        sizes = np.zeros(len(self.entities), dtype=np.float64)
        for i, name in enumerate(self._names):
            grams = _trigrams(name)
            sizes[i] = len(grams)
            for gram in grams:
                postings.setdefault(gram, []).append(i)
        return {g: np.asarray(p, dtype=np.int64) for g, p in postings.items()}, sizes

    def values(self, name: str) -> list[str]:
        """All values of a dimension, most frequent first; empty for one without stored values.

        Raises:
            UnknownName: no such dimension.
        """
        dimension(name, for_filter=True)
        kind = "product" if name == "first_product" else name
        return [e.value for e in self._of_kind.get(kind, [])]

    def labels(self, name: str) -> list[str]:
        """What people call the values of a dimension, in the order of :meth:`values`.

        Raises:
            UnknownName: no such dimension.
        """
        dimension(name, for_filter=True)
        return [e.label for e in self._of_kind.get("product" if name == "first_product" else name, [])]

    def label(self, kind: str, value: str) -> str:
        """Label of a value, the value itself where it has none."""
        for i in self._exact.get(normalised(value), []):
            if self.entities[i].kind == kind and self.entities[i].value == value:
                return self.entities[i].label
        return value

    def has(self, kind: str, value: str) -> bool | None:
        """Whether a value (id or label, any case) exists; None where the kind's values are not indexed."""
        if kind not in self._of_kind or not self._of_kind[kind]:
            return None
        return value.casefold().strip() in self._values[kind]

    def find(self, text: str, kinds: Sequence[str] = (), k: int = 5) -> list[Match]:
        """Values nearest to ``text``, best first.

        Args:
            text: words of a person; ids, names, misspellings, other names of a country.
            kinds: only these kinds; empty means all that a person would name.
            k: at most so many.

        Returns:
            matches with ``score`` 0–100; 100 is the same words (or a country's other name).
        """
        import numpy as np

        query = normalised(text)
        if not query:
            return []
        scores: dict[int, float] = dict.fromkeys(self._exact.get(query, []), 100.0)
        for group in country_groups():
            if query in group:
                for name in group:
                    scores.update({i: 100.0 for i in self._exact.get(name, []) if self.entities[i].kind == "country"})
        wanted = set(kinds)
        counts = np.zeros(len(self.entities), dtype=np.float64)
        grams = _trigrams(query)
        for gram in grams:
            hits = self._postings.get(gram)
            if hits is not None:
                counts[hits] += 1
        if counts.any():
            closeness = counts / len(grams) + 0.3 * counts / np.maximum(self._sizes, 1)
            if wanted:
                mask = np.fromiter((e.kind in wanted for e in self.entities), dtype=bool, count=len(self.entities))
                closeness = np.where(mask, closeness, 0)
            best = np.argpartition(-closeness, min(_CANDIDATES, len(closeness) - 1))[:_CANDIDATES]
            for i in best:
                if closeness[i] > 0.25:
                    scores.setdefault(int(i), self._score(query, int(i)))
        kept = [
            (i, s)
            for i, s in scores.items()
            if (not wanted and self.entities[i].kind not in _QUIET) or self.entities[i].kind in wanted
        ]
        kept.sort(key=lambda pair: (-round(pair[1], 3), self._rank(pair[0]), pair[0]))
        return [Match(e.kind, e.value, e.label, round(s, 1)) for i, s in kept[:k] for e in (self.entities[i],)]

    def _rank(self, i: int) -> int:
        """Groups before single products before customers when the words fit equally well."""
        return {"customer": 3, "product": 2, "city": 1}.get(self.entities[i].kind, 0)

    def _score(self, query: str, i: int) -> float:
        from rapidfuzz import fuzz

        name = self._names[i]
        if self.entities[i].kind in {"customer"}:
            return fuzz.ratio(query, name) * 0.95  # a neighbouring id is another person, never "the same"
        return max(
            fuzz.ratio(query, name),
            0.97 * fuzz.token_sort_ratio(query, name),
            _subset_score(query.split(), name.split()),
        )


def _subset_score(query: list[str], name: list[str]) -> float:
    """How well every word of the query is found in the name, the less the more words the name has besides."""
    from rapidfuzz import fuzz

    if not query or not name:
        return 0.0
    best = [max(fuzz.ratio(q, n) for n in name) for q in query]
    if min(best) < 70:
        return 0.0
    return sum(best) / len(best) * (0.95 - 0.02 * min(10, max(0, len(name) - len(query))))


def _read(snapshot: Snapshot, kind: str) -> list[Entity]:
    """All values of a kind with their labels, most order lines or latest start first, then by name."""
    import ibis

    table_name, column, label = _SOURCES[kind]
    if not snapshot.has(table_name, column):
        return []
    table = snapshot.table(table_name)
    names = table.filter(table[column].notnull())
    if kind in {"product", "campaign"}:
        named = label if label and snapshot.has(table_name, label) else column
        picked = names.select(value=names[column], label=names[named])
        if kind == "product":
            lines = snapshot.table("order_lines")
            counts = lines.group_by(key=lines.product_id).aggregate(n=lines.count())
            joined = picked.left_join(counts, picked.value == counts.key)
            picked = joined.select("value", "label", n=joined.n.fill_null(0))
        elif snapshot.has(table_name, "started_at"):  # campaigns: the latest first
            picked = names.select(value=names[column], label=names[named], n=names.started_at.epoch_seconds())
            picked = picked.mutate(n=picked.n.fill_null(0))
        else:
            picked = picked.mutate(n=ibis.literal(0))
    else:
        picked = names.group_by(value=names[column]).aggregate(n=names.count()).mutate(label=ibis._.value)
    rows = snapshot.execute(picked.order_by([ibis.desc("n"), ibis.asc("value")])).to_pylist()
    return [Entity(kind, str(r["value"]), str(r["label"] or r["value"])) for r in rows]


@lru_cache(maxsize=4)
def _index(key: SnapshotKey) -> EntityIndex:
    return EntityIndex(key.snapshot)


def entity_index(snapshot: Snapshot) -> EntityIndex:
    """The index of a snapshot, built on first use and kept."""
    return _index(SnapshotKey(snapshot.fingerprint, snapshot))


def check_values(snapshot: Snapshot, condition: Filter | None) -> None:
    """Refuse a filter that names a value the shop does not have, offering the nearest ones.

    Raises:
        UnknownName: the first such value.
    """
    for part in comparisons(condition):
        if part.op not in {"eq", "ne", "in", "not_in"}:
            continue
        field = DIMENSIONS[part.field]
        kind = "product" if field.name == "first_product" else field.name
        if kind not in _SOURCES:
            continue
        index = entity_index(snapshot)
        for value in part.values:
            if field.name == "message_channel" and str(value) in CHANNELS:
                continue  # contacts may be on a channel that no campaign has used
            if field.name == "line_type" and str(value) in SENT_BACK.values:
                continue  # a shop may know only one of the ways in which goods come back
            if str(value) != NOT_SET and index.has(kind, str(value)) is False:
                raise unknown_value(snapshot, kind, value)


def unknown_value(snapshot: Snapshot, kind: str, value: Any) -> UnknownName:
    """The error for a value that does not exist, with the nearest that do."""
    near = entity_index(snapshot).find(str(value), (kind,), 5)
    shown = [m.label if m.label == m.value else f"{m.label} ({m.value})" for m in near]
    if not shown and kind != "customer":
        shown = entity_index(snapshot).values(kind)[:5]
    return UnknownName(f"The shop has no {DIMENSIONS[kind].label} '{value}'", received=value, valid=shown)
