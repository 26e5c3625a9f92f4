"""The experiment of a draft as figures, words and details of its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.results import Figure, Source
from assistant.results.result import Unit

if TYPE_CHECKING:
    from assistant.campaigns.draft import Plan


def sizing_figures(plan: Plan) -> dict[str, Figure]:
    """Figures ``expected_effect``, ``power_now`` and ``best_detectable`` where they are known; ``looks``."""
    sizing, rule = plan.sizing, plan.rule_of_reading
    figures = {"looks": _figure(len(rule.looks), "count", "Looks of the read-out", "read-out rule"),
               "first_look": _figure(rule.looks[0], "days", "First look", "read-out rule")}
    if sizing.effect is not None:
        figures["expected_effect"] = _figure(100 * sizing.effect, "points", "Effect sized for",
                                             "past campaigns of this kind against their control groups")
    if sizing.power is not None:
        figures["power_now"] = _figure(100 * sizing.power, "percent", "Chance to show that effect",
                                       "normal approximation for two proportions")
    if sizing.best is not None:
        figures["best_detectable"] = _figure(100 * sizing.best, "points", "With the largest control group",
                                             "normal approximation for two proportions")
    return figures


def sizing_words(plan: Plan) -> dict[str, str]:
    """Why the control group is as large as it is."""
    return {"sized": plan.sizing.why, "strata": ", ".join(plan.rule_of_reading.strata)}


def sizing_details(plan: Plan) -> dict[str, Any]:
    """Seal of the assignment and of the rule, and the rule itself."""
    from dataclasses import asdict

    return {"assignment_sha256": plan.split.digest, "rule_sha256": plan.rule_of_reading.digest(),
            "read_out_rule": asdict(plan.rule_of_reading)}


def _figure(value: float, unit: Unit, label: str, derivation: str) -> Figure:
    return Figure(value=value, unit=unit, label=label, source=Source(origin="derived", derivation=derivation))
