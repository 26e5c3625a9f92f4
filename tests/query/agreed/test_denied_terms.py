"""A word that is denied ("not churned") is the opposite of its meaning, whatever was agreed on."""

from __future__ import annotations

from assistant.plans.filters import CustomerCondition
from assistant.query.agreed.in_force import _is_denied

LOST = CustomerCondition(metric="days_since_last_order", op="ge", values=(180,))


def test_the_opposite_comparison_is_a_denial() -> None:
    assert _is_denied(LOST.model_copy(update={"op": "lt"}), LOST)


def test_the_meaning_itself_and_other_measures_are_none() -> None:
    assert not _is_denied(LOST, LOST)
    assert not _is_denied(LOST.model_copy(update={"op": "gt"}), LOST)
    assert not _is_denied(CustomerCondition(metric="orders", op="lt", values=(2,)), LOST)
