"""Maximum likelihood over positive parameters, with the analytic gradient: L-BFGS on their logarithms."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

#: Parameters stay within e±LIMIT of the scaled unit, so that no likelihood overflows.
LIMIT = 9.0
#: value and gradient with respect to the parameters (not their logarithms), both summed over customers
Likelihood = Callable[[Any], "tuple[float, np.ndarray[Any, Any]]"]


@lru_cache(maxsize=1)
def _one_thread() -> Any:
    """Steps of the search are products of 4 × 4 matrices: threads would wait for each other a hundred times longer."""
    import scipy.optimize  # noqa: F401  its linear algebra must be loaded to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def maximise(likelihood: Likelihood, starts: list[list[float]], customers: float) -> np.ndarray[Any, Any]:
    """Parameters of the highest likelihood found from any of the ``starts`` (parameters, not logarithms)."""
    import numpy as np
    from scipy.optimize import minimize

    def loss(logs: np.ndarray[Any, Any]) -> tuple[float, np.ndarray[Any, Any]]:
        parameters = np.exp(logs)
        value, gradient = likelihood(parameters)
        return -value / customers, -gradient * parameters / customers

    with _one_thread().limit(limits=1, user_api="blas"):
        found = [
            minimize(loss, np.clip(np.log(start), -LIMIT, LIMIT), jac=True, method="L-BFGS-B",
                     bounds=[(-LIMIT, LIMIT)] * len(start),
                     options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8, "maxcor": 20})
            for start in starts
        ]
    return np.exp(min(found, key=lambda f: f.fun).x)
