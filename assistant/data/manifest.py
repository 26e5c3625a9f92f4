"""What a snapshot says about itself."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field


class Exclusion(BaseModel):
    """Rows left out of, or typed differently in, the canonical tables by one rule."""

    model_config = ConfigDict(extra="forbid")

    rule: str
    reason: str
    count: int
    examples: list[str] = Field(default_factory=list, max_length=5)
    kept_as: str | None = Field(
        default=None, description="line type the rows are kept under; null: quarantined or dropped"
    )


class CleaningStep(BaseModel):
    """Rows remaining after one step, in the order the steps ran."""

    model_config = ConfigDict(extra="forbid")

    step: str
    rows: int


class QualityReport(BaseModel):
    """Every exclusion with its count, every step with what remained, and warnings in words."""

    model_config = ConfigDict(extra="forbid")

    rows_read: int = 0
    steps: list[CleaningStep] = Field(default_factory=list)
    exclusions: list[Exclusion] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
    figures: dict[str, float] = Field(default_factory=dict, description="totals to compare with the source's own")


class TableInfo(BaseModel):
    """Rows of a table and the columns that hold any value."""

    model_config = ConfigDict(extra="forbid")

    rows: int
    filled: list[str]
    extra: list[str] = Field(default_factory=list, description="columns beyond the canonical ones")


class Manifest(BaseModel):
    """Identity and content of one snapshot. ``fingerprint`` changes when any canonical row changes."""

    model_config = ConfigDict(extra="forbid")

    id: str
    fingerprint: str
    created_at: datetime
    source: str
    name: str = "shop"
    currency: str = "GBP"
    synthetic: bool = False
    first_day: date
    last_day: date
    tables: dict[str, TableInfo]
    quality: QualityReport = Field(default_factory=QualityReport)
    notes: dict[str, str] = Field(default_factory=dict)
