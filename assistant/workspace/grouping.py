"""The part of the workspace that sets groups of customers beside each other and follows who moves between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from assistant.results import DefinitionUsed, Result
from assistant.workspace.part import Part

if TYPE_CHECKING:
    from assistant.plans import Filter
    from assistant.plans.groups import GroupsRequest, MoversRequest


class Grouping(Part):
    """Methods of :class:`~assistant.workspace.Workspace`, which gives the rest."""

    _meant: Callable[[Filter], tuple[Filter, list[DefinitionUsed]]]

    def compare_groups(self, request: GroupsRequest) -> Result:
        """Two groups of customers beside each other."""
        from assistant.models.segment.compared import groups_result

        request, cited = self._resolved(request, ("first", "second"))
        found = self._cached("groups", lambda snapshot: groups_result(snapshot, request), request)
        return self._citing(found.model_copy(deep=True), cited)

    def find_movers(self, request: MoversRequest) -> Result:
        """Customers who went from one group to another."""
        from assistant.models.segment.movers import movers_result

        request, cited = self._resolved(request, ("source", "target"))
        found = self._cached("movers", lambda snapshot: movers_result(snapshot, request), request)
        return self._citing(found.model_copy(deep=True), cited)

    def _resolved(self, request: Any, names: tuple[str, ...]) -> tuple[Any, list[DefinitionUsed]]:
        """The request with the meanings of words and the rules of saved segments put into its groups."""
        changes, cited = {}, []
        for name in names:
            condition = getattr(request, name)
            if condition is not None:
                changes[name], used = self._meant(condition)
                cited += used
        return request.model_copy(update=changes), cited
