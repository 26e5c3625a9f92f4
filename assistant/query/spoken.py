"""Phrases of a result whose numbers are declared: what a reply says of the request is traced to the request.

"where the customer placed at least 2 orders" holds the plan's own 2, and "1–18 June 2026" two days of the calendar.
Each becomes a figure of the result (origin ``plan`` or ``evidence``), and ``Result.spoken`` says where it stands, so
that no equal cell of a table can be taken for its source.
"""

from __future__ import annotations

from datetime import date

from assistant.plans.reword import Phrase
from assistant.query.periods import ResolvedPeriod, preposition
from assistant.results import Figure, Result, Source
from assistant.results.format import show
from assistant.results.result import NumberInWords


def speak(result: Result, name: str, phrase: Phrase) -> None:
    """Put the words of a plan into ``result.words[name]``, their numbers among its figures."""
    result.words[name] = phrase.text
    result.spoken[name] = []
    for place, (start, end) in enumerate(phrase.numbers, start=1):
        figure = f"{name}_{place}"
        result.figures[figure] = _of_the_plan(phrase.text[start:end])
        result.spoken[name].append(NumberInWords(start=start, end=end, figure=figure))


def _of_the_plan(text: str) -> Figure:
    """A number where the text prints one, else the phrase (a date, a period) as it stands."""
    source = Source(origin="plan")
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return Figure(value=text, unit="text", label="as asked", source=source)
    number = int(value) if value.is_integer() else value
    if show(number, "number") != text:  # a year, or more decimals than a number prints
        return Figure(value=text, unit="text", label="as asked", source=source)
    return Figure(value=number, unit="number", label="as asked", source=source)


def speak_period(result: Result, name: str, period: ResolvedPeriod | None, words: str = "") -> None:
    """Put a period's label into ``result.words[name]`` and, with its preposition, into ``in_<name>``.

    ``words`` replace a missing period ("the rest"); they hold no number.
    """
    label = period.label if period is not None else words
    before = preposition(label) if period is not None else "in " if label else ""
    result.words[name], result.words[f"in_{name}"] = label, before + label
    if period is None or not any(c.isdigit() for c in label):
        return
    result.figures[f"{name}_days"] = Figure(
        value=label,
        unit="text",
        label="period",
        source=Source(origin="evidence", derivation=_days(period.covered_start, period.covered_end)),
    )
    for key, start in ((name, 0), (f"in_{name}", len(before))):
        result.spoken[key] = [NumberInWords(start=start, end=start + len(label), figure=f"{name}_days")]


def _days(start: date, end: date) -> str:
    return f"{start.isoformat()} to {end.isoformat()}"
