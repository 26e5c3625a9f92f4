"""Base of every plan."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class PlanModel(BaseModel):
    """Immutable, hashable where its fields are, and strict about unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
