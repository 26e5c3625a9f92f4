"""Fitting registered models by name, and blends whose weights are chosen on the shop's validation weeks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from assistant.features.interactions import Interactions
from assistant.features.product_side import ProductSide
from assistant.models.recommend.base import Recommender
from assistant.models.recommend.blend import Blend, best_weights
from assistant.models.recommend.exam import Exam, Trial, judge
from assistant.models.registry import RECOMMENDERS

#: Weights of a blend are multiples of one over this.
_STEPS = 5


def fit_named(
    name: str, parameters: Mapping[str, Any], data: Interactions, side: ProductSide | None,
    member: Callable[[str], Recommender],
) -> Recommender:
    """A registered model fitted on ``data``; a blend with weights is put together of what ``member`` returns."""
    if "weights" in parameters:
        return Blend.of({m: member(m) for m in parameters["models"]}, parameters["weights"])
    return RECOMMENDERS[name].make(**parameters).fit(data, side)


class Sitting:
    """Models sitting one exam: each fitted once on its training part, and judged.

    Args:
        parameters: name → tuned parameters, of models that have any.
    """

    def __init__(self, exam: Exam, parameters: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.exam = exam
        self.parameters = dict(parameters or {})
        self._models: dict[str, Recommender] = {}
        self._seconds: dict[str, float] = {}

    def model(self, name: str) -> Recommender:
        """The model fitted on the exam's training part."""
        if name not in self._models:
            started = time.perf_counter()
            given = self.parameters.get(name, {})
            self._models[name] = fit_named(name, given, self.exam.train, self.exam.side, self.model)
            shared = sum(self._seconds[m] for m in given.get("models", ()))
            self._seconds[name] = shared or time.perf_counter() - started
        return self._models[name]

    def trial(self, name: str) -> Trial:
        """The model's lists, judged. The time to fit a blend is that of its members."""
        model = self.model(name)
        return judge(self.exam, name, model, self._seconds[name], self.parameters.get(name))

    def tune(self, name: str, models: Mapping[str, str]) -> dict[str, Any] | None:
        """Parameters of a blend of the best models of its families, by nDCG on this exam; members without weight leave.

        Args:
            models: family → name of its best model on this exam.

        Returns:
            ``models`` and ``weights``, or None where fewer than two members keep a weight.
        """
        names = [models[f] for f in RECOMMENDERS[name].parameters["models"] if f in models]
        if len(names) < 2:
            return None
        members, exam = [self.model(n) for n in names], self.exam
        rows = Blend.of(dict(zip(names, members, strict=True)), [1.0] * len(names)).rows_at(exam.users)
        weights = best_weights(members, rows, exam.truth, steps=_STEPS, exclude_seen=exam.hide)
        kept = np.flatnonzero(weights > 0)
        if len(kept) < 2:
            return None
        return {"models": tuple(names[i] for i in kept), "weights": tuple(round(float(weights[i]), 4) for i in kept)}
