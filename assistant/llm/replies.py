"""Compose a reply from results by templates that cannot introduce a number.

A template ``prompts/replies/<language>/<kind>.j2`` prints numbers only through figures and cells; each printed number
leaves an invisible mark, so that the finished text comes with the list of its numbers and where each came from. A digit
written into a template by hand is an error (a test checks all templates).

Names in a template:
    ``r``            the :class:`~assistant.results.Result`
    ``f.name``       a figure: prints formatted; ``f.name.value`` is the bare value for conditions (never print it)
    ``w.name``       a phrase of ``r.words``; its numbers are figures too where ``r.spoken`` says so
    ``cell(table, row, column)``  prints a cell; ``rows(table, n)`` yields row numbers
    ``words_of(list)``            joins phrases with commas and "and"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import BaseLoader, StrictUndefined, TemplateNotFound
from jinja2.sandbox import SandboxedEnvironment

from assistant.results import Caveat, Figure, NumberInReply, Result
from assistant.results.format import show
from assistant.yaml_files import safe_load

_OPEN, _MIDDLE, _CLOSE = "\ue000", "\ue001", "\ue002"
_MARK = re.compile(f"{_OPEN}(\\d+){_MIDDLE}(.*?){_CLOSE}", re.DOTALL)


@dataclass
class ComposedReply:
    """Reply text and the numbers in it, in order of appearance."""

    text: str
    numbers: list[NumberInReply] = field(default_factory=list)


class _Ledger:
    """Numbers printed while a reply is rendered."""

    def __init__(self) -> None:
        self.entries: list[tuple[Figure, int]] = []

    def mark(self, figure: Figure, result: int, currency: str | None) -> str:
        text = _strip_marks(show(figure.value, figure.unit, currency))
        if not any(character.isdigit() for character in text):
            return text
        return self._marked(text, figure, result)

    def mark_phrase(self, phrase: str, spoken: Sequence[tuple[int, int, Figure]], result: int) -> str:
        """A phrase with the numbers of the request inside it marked."""
        text, position = "", 0
        for start, end, figure in sorted(spoken, key=lambda s: s[0]):
            text += _strip_marks(phrase[position:start]) + self._marked(_strip_marks(phrase[start:end]), figure, result)
            position = end
        return text + _strip_marks(phrase[position:])

    def _marked(self, text: str, figure: Figure, result: int) -> str:
        self.entries.append((figure, result))
        return f"{_OPEN}{len(self.entries) - 1}{_MIDDLE}{text}{_CLOSE}"


class _Printed:
    """A figure as a template sees it."""

    def __init__(self, figure: Figure, ledger: _Ledger, result: int, currency: str | None) -> None:
        self._figure, self._ledger, self._result, self._currency = figure, ledger, result, currency

    @property
    def value(self) -> Any:
        return self._figure.value

    @property
    def label(self) -> str:
        return _strip_marks(self._figure.label)

    @property
    def magnitude(self) -> _Printed:
        """The figure without its sign, for "fell by 12 %"."""
        value = self._figure.value
        positive = abs(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
        return _Printed(self._figure.model_copy(update={"value": positive}), self._ledger, self._result, self._currency)

    def __str__(self) -> str:
        return self._ledger.mark(self._figure, self._result, self._currency)


class _Figures:
    def __init__(self, figures: dict[str, Figure], ledger: _Ledger, result: int, currency: str | None) -> None:
        self._printed = {name: _Printed(f, ledger, result, currency) for name, f in figures.items()}

    def __getattr__(self, name: str) -> _Printed:
        try:
            return self._printed[name]
        except KeyError:
            raise AttributeError(name) from None

    def __contains__(self, name: str) -> bool:
        return name in self._printed


class _PromptLoader(BaseLoader):
    def get_source(self, environment: Any, template: str) -> tuple[str, str, Any]:
        path = files("prompts").joinpath("replies", *template.split("/"))
        if not path.is_file():
            raise TemplateNotFound(template)
        return path.read_text(encoding="utf-8"), template, lambda: True


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    return SandboxedEnvironment(
        loader=_PromptLoader(), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )


@lru_cache(maxsize=4)
def _caveat_templates(language: str) -> dict[str, str]:
    """Caveat words of all rooms: ``caveats.yaml`` and ``caveats_<room>.yaml``."""
    merged: dict[str, str] = {}
    for path in sorted(files("prompts").joinpath("replies", language).iterdir(), key=lambda p: p.name):
        if path.name.startswith("caveats") and path.name.endswith(".yaml"):
            merged.update(safe_load(path.read_text(encoding="utf-8")) or {})
    return merged


def _strip_marks(text: str) -> str:
    return text.translate({ord(_OPEN): None, ord(_MIDDLE): None, ord(_CLOSE): None})


def _join(phrases: Sequence[Any]) -> str:
    texts = [str(p) for p in phrases]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}" if texts else ""


def _context(result: Result, index: int, ledger: _Ledger) -> dict[str, Any]:
    def cell(table: str, row: int, column: str) -> str:
        return ledger.mark(result.table(table).figure(row, column), index, result.currency)

    def rows(table: str, n: int = 5) -> range:
        return range(min(n, len(result.table(table).rows)))

    def words(name: str, phrase: str) -> str:
        spoken = [(n.start, n.end, result.figures[n.figure]) for n in result.spoken.get(name, ())]
        return ledger.mark_phrase(phrase, spoken, index)

    return {
        "r": result, "f": _Figures(result.figures, ledger, index, result.currency),
        "w": {k: words(k, v) for k, v in result.words.items()}, "cell": cell, "rows": rows, "words_of": _join,
    }


def _unmark(marked: str, ledger: _Ledger) -> ComposedReply:
    text, numbers, position = "", [], 0
    for match in _MARK.finditer(marked):
        text += marked[position : match.start()]
        figure, index = ledger.entries[int(match.group(1))]
        printed = match.group(2)
        numbers.append(
            NumberInReply(text=printed, start=len(text), end=len(text) + len(printed), value=figure.value,
                          unit=figure.unit, label=figure.label, source=figure.source, result=index)
        )
        text += printed
        position = match.end()
    return ComposedReply(text + marked[position:], numbers)


def compose(results: Sequence[Result], language: str = "en") -> ComposedReply:
    """Word the results, one paragraph each, by the template of their kind.

    Raises:
        jinja2.TemplateNotFound: a kind without a template.
    """
    ledger = _Ledger()
    parts = []
    for index, result in enumerate(results):
        template = _environment().get_template(f"{language}/{result.kind}.j2")
        rendered = template.render(_context(result, index, ledger))
        parts.append(re.sub(r"\n{3,}", "\n\n", rendered).strip())
    marked = "\n\n".join(p for p in parts if p)
    return _unmark(marked, ledger)


def caveat_texts(result: Result, language: str = "en") -> list[ComposedReply]:
    """The result's caveats in words, each with the numbers it prints.

    Raises:
        KeyError: a caveat code without words.
    """
    texts = []
    for caveat in result.caveats:
        ledger = _Ledger()
        template = _environment().from_string(_caveat_templates(language)[caveat.code])
        texts.append(_unmark(template.render(_caveat_context(caveat, result, ledger)), ledger))
    return texts


def _caveat_context(caveat: Caveat, result: Result, ledger: _Ledger) -> dict[str, Any]:
    return {
        "f": _Figures(caveat.figures, ledger, 0, result.currency),
        "w": {k: _strip_marks(v) for k, v in caveat.words.items()},
    }
