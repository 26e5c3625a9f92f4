"""Which column holds what: words of a person against the documented schema, and how far the loaded data fill it.

Searched are the columns of the canonical tables by name, meaning and the names they go by in exports and in questions,
further columns of the source (``x_…``) by their name, and every figure and dimension by its words: some things people
look for are in no column but follow from several ("date of first purchase").
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from assistant.data.schema import TABLES
from assistant.data.targets import all_targets
from assistant.errors import UnknownName
from assistant.query.compile import fact_of
from assistant.query.dimensions import DIMENSIONS
from assistant.query.facts import FACTS, Fact
from assistant.query.metrics import METRICS, base_metrics, offered_metrics
from assistant.yaml_files import safe_load

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: likeness (0–1) below which a column is no answer, and how far behind the best one another may stay
LEAST, BEHIND = 0.62, 0.12
_SKIP = frozenset(
    {
        "a", "an", "the", "of", "for", "to", "in", "on", "at", "by", "is", "are", "was", "were", "do", "does", "did",
        "we", "you", "our", "my", "your", "it", "its", "their", "they", "any", "some", "which", "what", "column",
        "field", "customer", "data", "value", "valu", "table", "tabl", "contain", "hold", "information", "info",
        "about", "s", "and", "or", "with", "flag", "indicator", "property", "attribute",
    }
)
_MEANING, _OWN, _WORDS = 0.85, 1.0, 0.95


@dataclass(frozen=True)
class Field:
    """One thing that can be looked for.

    Attributes:
        name: ``table.column``, or the name of a figure or dimension.
        label: what it is called; ``meaning`` what it is.
        columns: the columns it is (one) or is worked out from.
    """

    name: str
    label: str
    meaning: str
    columns: tuple[str, ...]
    derived: bool = False


@dataclass(frozen=True)
class _Entry:
    field: Field
    phrases: tuple[tuple[frozenset[str], float], ...]


def stems(text: str) -> frozenset[str]:
    """Content words of a text without their endings."""
    words = re.findall(r"[a-z0-9]+", text.casefold().replace("e-mail", "email").replace("_", " "))
    return frozenset(_stem(w) for w in words if w not in _SKIP and _stem(w) not in _SKIP)


def _stem(word: str) -> str:
    for ending, rest in (("ies", "y"), ("sses", "ss"), ("ed", ""), ("ing", ""), ("s", "")):
        if len(word) > len(ending) + 3 and word.endswith(ending) and not word.endswith("ss"):
            word = word[: -len(ending)] + rest
            break
    return word.removesuffix("e")


@lru_cache(maxsize=8)
def _entries(extra: tuple[str, ...]) -> tuple[tuple[_Entry, ...], dict[str, float]]:
    """Everything that can be found, and the weight of each word: rare words say more."""
    found = [*_columns(), *(_extra(name) for name in extra), *_figures(), *_dimensions()]
    seen: dict[str, int] = {}
    for entry in found:
        for word in frozenset().union(*(words for words, _ in entry.phrases)):
            seen[word] = seen.get(word, 0) + 1
    return tuple(found), {word: math.log(1 + len(found) / n) for word, n in seen.items()}


def _columns() -> list[_Entry]:
    made = []
    by_target = {name: t.phrases for name, t in all_targets().items()}
    said = safe_load(files("assistant.query").joinpath("field_words_en.yaml").read_text(encoding="utf-8"))
    through = {"email": "contacts.address", "phone": "contacts.address", "accepts_email": "contacts.consent",
               "accepts_sms": "contacts.consent"}
    for table, specs in TABLES.items():
        for spec in specs if table != "quarantine" else ():
            name = f"{table}.{spec.name}"
            phrases = [(stems(f"{table} {spec.name}"), _OWN), (stems(spec.name), _OWN), (stems(spec.meaning), _MEANING)]
            phrases += [(stems(p), _WORDS) for p in (*by_target.get(name, ()), *said.get(name, ()))]
            for virtual, target in through.items() if table == "contacts" else ():
                if target == name:
                    phrases += [(stems(p), _WORDS) for p in by_target.get(f"contacts.{virtual}", ())]
            label = spec.name.replace("_", " ")
            made.append(_Entry(Field(name, label, spec.meaning, (name,)), tuple(p for p in phrases if p[0])))
    return made


def _extra(name: str) -> _Entry:
    """A column of the source beyond the canonical ones: its name is all that is known of it."""
    column = name.partition(".")[2]
    words = column.removeprefix("x_").replace("_", " ")
    return _Entry(Field(name, words, "a column of the source, kept as it came", (name,)), ((stems(words), _OWN),))


def _figures() -> list[_Entry]:
    made = []
    for name in offered_metrics():
        found = METRICS[name]
        columns = tuple(
            dict.fromkeys(_origin(fact_of(b), c) for b in base_metrics(name) for c in b.columns if c != "line_type")
        )
        phrases = [(stems(found.label), _OWN), *((stems(w), _WORDS) for w in found.words)]
        made.append(_Entry(Field(name, found.label, found.formula, columns, True), tuple(p for p in phrases if p[0])))
    return made


def _dimensions() -> list[_Entry]:
    made = []
    for name, found in DIMENSIONS.items():
        fact = next(f for f in FACTS.values() if set(found.columns) <= set(f.columns))
        columns = tuple(dict.fromkeys(_origin(fact, c) for c in found.columns))
        phrases = [(stems(found.label), _OWN), *((stems(w), _WORDS * 0.98) for w in found.words)]
        single = len(columns) == 1 and columns[0].partition(".")[2] == found.columns[0]
        field = Field(columns[0] if single else name, found.label, found.label, columns, not single)
        if not single:
            made.append(_Entry(field, tuple(p for p in phrases if p[0])))
    return made


def _origin(fact: Fact, column: str) -> str:
    source = fact.columns[column][0]
    return f"{source.table}.{source.column}"


def find_fields(snapshot: Snapshot, words: str, k: int = 4) -> list[tuple[Field, float]]:
    """Fields that the words may mean, with their likeness (0–1), best first; those far behind the best are left out."""
    extra = tuple(
        f"{table}.{column}" for table, info in snapshot.manifest.tables.items() for column in info.extra
    )
    entries, weights = _entries(extra)
    asked = stems(words)
    unknown = max(weights.values())
    whole = sum(weights.get(w, unknown) for w in asked)
    scored = [(e.field, _likeness(e, asked, weights, unknown, whole)) for e in entries] if whole else []
    scored.sort(key=lambda s: (-s[1], s[0].derived, s[0].name))
    best = scored[0][1] if scored else 0.0
    kept = [s for s in scored if s[1] >= max(LEAST, best - BEHIND)]
    unique: dict[tuple[str, ...], tuple[Field, float]] = {}
    for field, score in kept:
        unique.setdefault((field.label, *field.columns), (field, score))
    return list(unique.values())[:k]


def _likeness(entry: _Entry, asked: frozenset[str], weights: dict[str, float], unknown: float, whole: float) -> float:
    best = 0.0
    for phrase, factor in entry.phrases:
        shared = sum(weights[w] for w in asked & phrase)
        if shared:
            of_phrase = shared / sum(weights[w] for w in phrase)
            of_asked = shared / whole
            best = max(best, factor * 2 * of_phrase * of_asked / (of_phrase + of_asked))
    return best


def named_fields(names: Sequence[str]) -> list[Field]:
    """Fields by the names of figures and dimensions, in order; unknown names are left out."""
    by_name: dict[str, Field] = {e.field.name: e.field for e in _entries(())[0]}
    for name, found in DIMENSIONS.items():
        if name not in by_name:
            fact = next(f for f in FACTS.values() if set(found.columns) <= set(f.columns))
            column = _origin(fact, found.columns[0])
            if column in by_name:
                by_name[name] = by_name[column]
    return [by_name[n] for n in dict.fromkeys(names) if n in by_name]


def table_fields(snapshot: Snapshot, table: str) -> list[Field]:
    """Every column of a table of the data model, with the further columns that were loaded into it.

    Raises:
        UnknownName: there is no such table; names those there are.
    """
    if table not in TABLES:
        raise UnknownName("The data model has no such table", received=table, valid=sorted(TABLES))
    info = snapshot.manifest.tables.get(table)
    entries, _ = _entries(tuple(f"{table}.{column}" for column in (info.extra if info else ())))
    found = [e.field for e in entries if not e.field.derived and e.field.name.startswith(f"{table}.")]
    return list(dict.fromkeys(found))


def coverage(snapshot: Snapshot, column: str) -> tuple[int, int]:
    """Rows of a column's table, and how many of them have a value."""
    table, _, name = column.partition(".")
    info = snapshot.manifest.tables.get(table)
    if info is None or not info.rows or name not in {*info.filled, *info.extra}:
        return (info.rows if info else 0), 0
    rows = snapshot.table(table)
    found = snapshot.execute(rows.aggregate(n=rows.count(), filled=rows[name].count())).to_pylist()[0]
    return int(found["n"]), int(found["filled"])
