"""What the value models expect of every customer, as one number each: what rules select by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.data.objectors import objectors

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot
    from assistant.plans.filters import PredictedName


def predicted_values(
    snapshot: Snapshot, attribute: PredictedName, horizon_days: int, fitted: Any = None
) -> dict[str, float | None]:
    """One prediction per customer with an order; none of those who objected to direct marketing.

    Args:
        fitted: the churn or lifetime model fitted on this snapshot for the horizon; fitted here without it.

    Returns:
        customer id → ``churn_probability`` in percent (None for those who have already left: nothing is predicted of
        them), ``expected_value`` in the shop's currency, or ``expected_orders``, the days with an order.

    Raises:
        InvalidPlan, MissingData: too little history; see :func:`assistant.models.value.churn.fit_churn` and
            :func:`assistant.models.value.lifetime.fit_lifetime`.
    """
    if attribute == "churn_probability":
        from assistant.models.value.churn import churn_scores

        scores = churn_scores(snapshot, horizon_days, fitted)
        return {
            str(c): None if gone else 100 * float(p)
            for c, p, gone in zip(scores["customer_id"], scores["churn_probability"], scores["lapsed"], strict=True)
        }
    from assistant.models.value.lifetime import customer_history, fit_lifetime

    fitted = fitted or fit_lifetime(snapshot, horizon_days)
    history = customer_history(snapshot, horizon_days)
    expected = (fitted.expected_value if attribute == "expected_value" else fitted.expected_days)(history, horizon_days)
    aside = objectors(snapshot)
    return {str(c): float(v) for c, v in zip(history["customer_id"], expected, strict=True) if str(c) not in aside}
