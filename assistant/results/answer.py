"""What one turn of the conversation gives back."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from assistant.results.result import DefinitionUsed, Result, ResultModel, Scalar, Source, Table, Unit

Outcome = Literal["answered", "asked", "refused", "failed"]


class NumberInReply(ResultModel):
    """A number as printed, and the place it came from."""

    text: str
    start: int
    end: int
    value: Scalar
    unit: Unit
    label: str
    source: Source
    result: int = Field(description="index into Answer.results")


class Step(ResultModel):
    """One tool call of the turn."""

    tool: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    milliseconds: float = 0.0
    rows: int | None = None
    status: Literal["running", "done", "refused", "failed"] = "done"


class Answer(ResultModel):
    """A complete answer, as ``ask --json`` prints it and the card shows it."""

    question: str
    reply: str
    outcome: Outcome
    reason: Literal["missing_data", "no_rows", "not_permitted", "not_understood"] | None = None
    numbers: list[NumberInReply] = Field(default_factory=list)
    quotes: list[NumberInReply] = Field(
        default_factory=list, description="names, ids and phrases with digits that the reply quotes: no figures"
    )
    tables: list[Table] = Field(default_factory=list)
    plan: list[dict[str, Any]] = Field(default_factory=list, description="the tool calls: name and arguments")
    plan_words: list[str] = Field(default_factory=list)
    definitions: list[DefinitionUsed] = Field(default_factory=list)
    assumptions: list[str] = Field(default_factory=list)
    caveats: list[str] = Field(default_factory=list)
    options: list[str] = Field(default_factory=list, description="readings offered when asked back")
    reading: str = Field(default="", description="the first line of the reply, where it says what the text was read as")
    followups: list[str] = Field(default_factory=list)
    steps: list[Step] = Field(default_factory=list)
    results: list[Result] = Field(default_factory=list)
    confidence: float | None = Field(
        default=None, description="the built-in planner's: 1 where every word is in the plan, 0 where nothing was read"
    )
    brain: str = ""
    run_id: str = ""
    milliseconds: float = 0.0
