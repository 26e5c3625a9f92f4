"""The part of the workspace that foresees what customers do: leaving, ordering, outcomes of tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from assistant.results import Result
from assistant.workspace.part import Part

if TYPE_CHECKING:
    from pathlib import Path

    from assistant.caching import OnceCache
    from assistant.data.outcome_tables import OutcomeTable
    from assistant.plans import ChurnExamRequest, ChurnRequest, OrderingRequest, TableScoreRequest


class Foreseeing(Part):
    """Methods of :class:`~assistant.workspace.Workspace`, which gives the rest."""

    _cache: OnceCache
    noting_fairness: Callable[..., Result]

    def predict_churn(self, request: ChurnRequest) -> Result:
        """Who is about to leave."""
        from assistant.models.value.report import churn_result
        from assistant.plans import FairnessRequest

        request, cited = self._put_in(request)
        if request.against is not None:
            other, more = self._meant(request.against)
            request, cited = request.model_copy(update={"against": other}), [*cited, *more]
        result = churn_result(self.snapshot, request, self.churn_model(request.horizon_days))
        self._citing(result, cited)
        return result if request.customer_id or request.filter or request.by else self.noting_fairness(
            result, FairnessRequest(horizon_days=request.horizon_days))

    def churn_model(self, horizon_days: int) -> Any:
        """The churn model fitted for one horizon."""
        from assistant.models.value.churn import fit_churn

        return self._cached("churn", lambda snapshot: fit_churn(snapshot, horizon_days), horizon_days)

    def check_churn(self, request: ChurnExamRequest) -> Result:
        """How good the churn prediction is, or what drives it."""
        from assistant.models.value.churn_exam_report import churn_exam_result

        return churn_exam_result(self.snapshot, request, self.churn_model(request.horizon_days))

    def predict_orders(self, request: OrderingRequest) -> Result:
        """Who will order or buy certain products."""
        from assistant.models.value.ordering import fit_ordering
        from assistant.models.value.ordering_report import goods_of, ordering_result

        request, cited = self._put_in(request)
        products, goods = goods_of(self.snapshot, request)
        days = request.horizon_days
        key = tuple(products) if products is not None else None
        fitted = self._cached("ordering", lambda snapshot: fit_ordering(snapshot, days, products), days, key)
        return self._citing(ordering_result(self.snapshot, request, fitted, goods), cited)

    @property
    def tables_dir(self) -> Path:
        """Where tables with an outcome are kept."""
        return self.settings.home / "tables"

    def add_outcome_table(
        self, path: Path, name: str | None = None, outcome: str | None = None, row_id: str | None = None
    ) -> OutcomeTable:
        """Keep a table with one row per customer and a yes/no outcome; see :mod:`assistant.data.outcome_tables`."""
        from assistant.data.outcome_tables import add_table

        return add_table(path, self.tables_dir, name, outcome, row_id)

    def score_table(self, request: TableScoreRequest) -> Result:
        """Rows of a table by the probability of its outcome; fitted once per version of the table."""
        from assistant.data.outcome_tables import find_table, tables
        from assistant.models.value.table_report import table_result, tables_result

        if request.about == "tables":
            find_table(self.tables_dir, request.table)
            return tables_result(tables(self.tables_dir), request)
        loaded, fitted = self.table_model(request.table)
        return table_result(loaded, request, fitted)

    def table_model(self, name: str | None) -> tuple[Any, Any]:
        """A table with an outcome (the latest without a name) and the model fitted to it."""
        from assistant.data.outcome_tables import find_table, load_table, stamp
        from assistant.models.value.table_model import TableModel

        table = find_table(self.tables_dir, name)
        declared = self.snapshot.declared
        key = ("outcome table", table.name, stamp(self.tables_dir, table), declared)

        def fit() -> Any:
            loaded = load_table(self.tables_dir, table)
            return loaded, TableModel(declared).fit(loaded)

        return self._cache.get(key, fit)  # type: ignore[no-any-return]
