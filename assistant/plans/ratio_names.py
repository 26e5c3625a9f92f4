"""How a plan names the ratio of two measures that no file defines: ``new_customers_over_returning_customers``."""

from __future__ import annotations

OVER = "_over_"


def ratio_name(numerator: str, denominator: str) -> str:
    """The name of the measure that is one measure over another."""
    return f"{numerator}{OVER}{denominator}"


def ratio_parts(name: str) -> tuple[str, str] | None:
    """The two measures of such a name; None for any other name."""
    over, found, under = name.partition(OVER)
    return (over, under) if found and over and under else None
