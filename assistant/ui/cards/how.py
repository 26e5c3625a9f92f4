""""How I got this": plan in words, definitions, assumptions, data, model, query, and where each number came from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from assistant.results import Answer, DefinitionUsed, Evidence, NumberInReply, Source
from assistant.results.format import show
from assistant.ui.cards.board import Board
from assistant.ui.cards.pieces import duration, fold, metric_label
from assistant.ui.markup import esc, tag


def how(board: Board, answer: Answer) -> str:
    """The folded explanation of a whole answer."""
    texts = board.texts
    parts = [
        _list(texts("how.plan"), answer.plan_words),
        _definitions(board, answer.definitions),
        _list(texts("how.assumptions"), answer.assumptions),
        _numbers(board, answer),
    ]
    parts += [_evidence(board, result.evidence) for result in answer.results]
    parts.append(_plan(board, answer.plan))
    inner = "".join(parts)
    return fold(texts("how.title"), inner, "how", "fold how") if inner else ""


def describe_source(board: Board, number: NumberInReply, answer: Answer) -> str:
    """One line saying where a number came from."""
    source, texts = number.source, board.texts
    if source.origin == "plan":
        return texts("card.trace_plan", label=number.label)
    if source.origin == "derived" or source.derivation:
        return texts("card.trace_derived", label=number.label, formula=_formula(source))
    if source.table is not None and number.result < len(answer.results):
        tables = {t.id: t.title for t in answer.results[number.result].tables}
        return texts("card.trace_cell", label=number.label, table=tables.get(source.table, source.table),
                     row=(source.row or 0) + 1)
    return texts("card.trace_other", label=number.label)


def _formula(source: Source) -> str:
    formula = source.derivation or ""
    named = [f"{name} = {_where(inner)}" for name, inner in source.inputs.items()]
    return formula + (f" ({'; '.join(named)})" if named else "")


def _where(source: Source) -> str:
    if source.derivation:
        return source.derivation
    if source.table is not None:
        return f"{source.table}[{(source.row or 0) + 1}].{source.column}"
    return source.origin


def _list(title: str, lines: Sequence[str]) -> str:
    lines = [line for line in dict.fromkeys(lines) if line]
    if not lines:
        return ""
    return tag("h5", esc(title)) + tag("ul", "".join(tag("li", esc(line)) for line in lines))


def _definitions(board: Board, definitions: Sequence[DefinitionUsed]) -> str:
    if not definitions:
        return ""
    texts, rows = board.texts, ""
    for definition in definitions:
        decided = definition.author
        if definition.decided_on:
            day = show(definition.decided_on.isoformat(), "date")
            decided = texts("how.decided", author=definition.author, day=day)
        mark = tag("span", esc(texts("how.assumed") if definition.assumed else decided), class_="mark")
        rows += tag("dt", esc(definition.term)) + tag("dd", f"{esc(definition.meaning)} {mark}")
    return tag("h5", esc(texts("how.definitions"))) + tag("dl", rows)


def _numbers(board: Board, answer: Answer) -> str:
    seen: dict[tuple[str, str], str] = {}
    for number in answer.numbers:
        seen.setdefault((number.text, number.label), describe_source(board, number, answer))
    if not seen:
        return ""
    rows = "".join(tag("li", tag("b", esc(text)) + " " + esc(where)) for (text, _), where in seen.items())
    return tag("h5", esc(board.texts("how.numbers"))) + tag("ul", rows)


def _evidence(board: Board, evidence: Evidence) -> str:
    texts = board.texts
    window = None
    if evidence.window_start and evidence.window_end:
        window = f"{show(evidence.window_start.isoformat(), 'date')} – {show(evidence.window_end.isoformat(), 'date')}"
    facts: list[tuple[str, Any]] = [
        ("how.source", evidence.source),
        ("how.snapshot", evidence.snapshot),
        ("how.window", window),
        ("how.as_of", show(evidence.as_of.isoformat(), "date") if evidence.as_of else None),
        ("how.rows", f"{evidence.rows_scanned:,}" if evidence.rows_scanned is not None else None),
        ("how.time", duration(evidence.milliseconds) if evidence.milliseconds is not None else None),
        ("how.model", _model(board, evidence)),
        ("how.data", texts("how.synthetic") if evidence.synthetic else None),
    ]
    rows = "".join(tag("dt", esc(texts(key))) + tag("dd", esc(value)) for key, value in facts if value)
    drawn = (tag("h5", esc(texts("how.data"))) + tag("dl", rows, class_="facts")) if rows else ""
    if evidence.sql:
        drawn += tag("h5", esc(texts("how.sql"))) + tag("pre", tag("code", esc(evidence.sql)), tabindex="0")
    return drawn


def _model(board: Board, evidence: Evidence) -> str | None:
    model = evidence.model
    if model is None:
        return None
    described = f"{model.name}, {board.texts('how.version', version=model.version)}"
    if model.parameters:
        described += f" ({', '.join(f'{k} = {v}' for k, v in model.parameters.items())})"
    for name, value in model.quality.items():
        described += f"; {metric_label(board, name)} {value:,.3g}"
        if name in model.baseline:
            described += f" ({board.texts('how.baseline', value=f'{model.baseline[name]:,.3g}')})"
    return described


def _plan(board: Board, plan: Sequence[dict[str, Any]]) -> str:
    if not plan:
        return ""
    printed = json.dumps(list(plan), indent=2, ensure_ascii=False, default=str)
    return tag("h5", esc(board.texts("how.plan_json"))) + tag("pre", tag("code", esc(printed)), tabindex="0")
