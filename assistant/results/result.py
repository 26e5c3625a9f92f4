"""One envelope for every computed result.

A number lives in a :class:`Table` cell or in a :class:`Figure` (a named number that is itself a cell or a declared
derivation of cells). Words live elsewhere: reply templates in ``prompts/replies/<language>/<kind>.j2`` print figures
and cells through filters that remember where each printed number came from.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

#: ``currency`` amounts are in ``Result.currency``; ``percent`` values are 0–100 (12.5 means 12.5 %); ``ratio`` is a
#: plain factor; ``probability`` is 0–1, shown as percent; ``date`` is ISO text; ``id`` is never formatted as a number.
Unit = Literal[
    "currency", "count", "number", "percent", "points", "ratio", "probability", "days", "weeks", "date", "text", "id",
    "score",
]
Scalar = str | int | float | bool | None


class ResultModel(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Source(ResultModel):
    """Where a number comes from: a table cell, or a derivation of named figures or cells, or the plan itself."""

    table: str | None = None
    row: int | None = None
    column: str | None = None
    derivation: str | None = Field(default=None, description="formula over inputs, e.g. 'a / b - 1'")
    inputs: dict[str, Source] = Field(default_factory=dict)
    origin: Literal["cell", "derived", "plan", "evidence", "definition"] = "cell"


class Figure(ResultModel):
    """A named number of a result."""

    value: Scalar
    unit: Unit
    label: str
    source: Source


class Column(ResultModel):
    name: str
    label: str
    unit: Unit = "text"


class Table(ResultModel):
    """Rows as lists in column order; plain JSON scalars (dates as ISO text). ``total_rows`` counts before the cut."""

    id: str
    title: str
    columns: list[Column]
    rows: list[list[Scalar]]
    total_rows: int

    def column_index(self, name: str) -> int:
        """Position of a column. Raises ``KeyError`` naming the columns there are."""
        for i, column in enumerate(self.columns):
            if column.name == name:
                return i
        raise KeyError(f"{name!r} is not a column of table {self.id!r}: {[c.name for c in self.columns]}")

    def cell(self, row: int, column: str) -> Scalar:
        return self.rows[row][self.column_index(column)]

    def figure(self, row: int, column: str, label: str | None = None) -> Figure:
        """The cell as a named number that knows where it came from."""
        index = self.column_index(column)
        return Figure(
            value=self.rows[row][index], unit=self.columns[index].unit, label=label or self.columns[index].label,
            source=Source(table=self.id, row=row, column=column),
        )


class Chart(ResultModel):
    """A picture of one table. ``lower``/``upper`` are columns of a band; ``series`` splits ``y`` by a column."""

    kind: Literal["line", "bar", "area", "scatter", "pie", "waterfall", "heatmap"]
    table: str
    x: str
    y: list[str]
    series: str | None = None
    lower: str | None = None
    upper: str | None = None
    title: str = ""


class Caveat(ResultModel):
    """A warning by code; the words are in ``prompts/replies/<language>/caveats.yaml``, the numbers in ``figures``."""

    code: str
    figures: dict[str, Figure] = Field(default_factory=dict)
    words: dict[str, str] = Field(default_factory=dict, description="names to fill in: column, table, product …")


class DefinitionUsed(ResultModel):
    """A term and what it was taken to mean."""

    term: str
    meaning: str
    author: str = "built-in"
    decided_on: date | None = None
    assumed: bool = True
    words: list[str] = Field(default_factory=list, description="other ways to say the term")
    rank_by: str | None = Field(default=None, description="for a word that ranks products: the metric")


class ModelInfo(ResultModel):
    """Which model made the numbers, and how it did on past data."""

    name: str
    version: str = "1"
    parameters: dict[str, Any] = Field(default_factory=dict)
    quality: dict[str, float] = Field(default_factory=dict)
    baseline: dict[str, float] = Field(default_factory=dict)


class Evidence(ResultModel):
    """How an answer was got: plan, query, data, model, definitions."""

    plan: dict[str, Any] = Field(default_factory=dict)
    plan_words: str = ""
    sql: str | None = None
    rows_scanned: int | None = None
    snapshot: str = ""
    source: str = ""
    synthetic: bool = False
    as_of: date | None = None
    window_start: date | None = None
    window_end: date | None = None
    model: ModelInfo | None = None
    definitions: list[DefinitionUsed] = Field(default_factory=list)
    assumptions: list[str] = Field(default_factory=list)
    milliseconds: float | None = None
    computed_at: datetime | None = None


class Refusal(ResultModel):
    """A precise "no"."""

    reason: Literal["missing_data", "no_rows", "not_permitted", "not_understood"]
    message: str
    missing: list[str] = Field(default_factory=list, description="what to add: 'products.cost', 'contacts' …")
    valid: list[str] = Field(default_factory=list, description="nearest valid names")
    nearest: list[str] = Field(default_factory=list, description="questions that can be answered")


class Question(ResultModel):
    """A question back, with the readings it offers. Picking an option sends its ``text``."""

    text: str
    options: list[str] = Field(default_factory=list)


class NumberInWords(ResultModel):
    """A place in a phrase, and the name of the figure that stands there."""

    start: int
    end: int
    figure: str


class Result(ResultModel):
    """What one tool call computed. ``kind`` names the reply template and the card that draws it."""

    kind: str
    title: str
    currency: str | None = None
    figures: dict[str, Figure] = Field(default_factory=dict)
    headline: list[str] = Field(default_factory=list, description="names of the figures shown large")
    tables: list[Table] = Field(default_factory=list)
    charts: list[Chart] = Field(default_factory=list)
    words: dict[str, str] = Field(default_factory=dict, description="names and phrases for the reply template")
    spoken: dict[str, list[NumberInWords]] = Field(
        default_factory=dict, description="numbers of the request inside phrases of ``words``: which figure each one is"
    )
    details: dict[str, Any] = Field(default_factory=dict, description="typed extras of a card (campaign draft …)")
    caveats: list[Caveat] = Field(default_factory=list)
    evidence: Evidence = Field(default_factory=Evidence)
    followups: list[str] = Field(default_factory=list, description="candidate questions; checked before shown")
    refusal: Refusal | None = None
    question: Question | None = None

    def table(self, table_id: str) -> Table:
        """The table of that id. Raises ``KeyError``."""
        for table in self.tables:
            if table.id == table_id:
                return table
        raise KeyError(f"{table_id!r} is not a table of this result: {[t.id for t in self.tables]}")


Source.model_rebuild()
