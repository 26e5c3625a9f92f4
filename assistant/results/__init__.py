"""Typed results: what tools return, what the screen draws, what the check of numbers trusts."""

from assistant.results.answer import Answer, NumberInReply, Step
from assistant.results.result import (
    Caveat,
    Chart,
    Column,
    DefinitionUsed,
    Evidence,
    Figure,
    ModelInfo,
    Question,
    Refusal,
    Result,
    Source,
    Table,
)

__all__ = [
    "Answer", "Caveat", "Chart", "Column", "DefinitionUsed", "Evidence", "Figure", "ModelInfo", "NumberInReply",
    "Question", "Refusal", "Result", "Source", "Step", "Table",
]
