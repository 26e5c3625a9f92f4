"""The part of the workspace that selects customers by rules: counted audiences, groups and predictions of models."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assistant.results import Result
from assistant.workspace.part import Part

if TYPE_CHECKING:
    from assistant.caching import OnceCache
    from assistant.data.warehouse import Snapshot
    from assistant.plans import InGroup, Predicted, SegmentRule
    from assistant.query.agreed.agreements import Agreements


class Segmenting(Part):
    """Methods of :class:`~assistant.workspace.Workspace`, which gives the rest."""

    _cache: OnceCache
    churn_model: Callable[[int], Any]
    lifetime_model: Callable[[int], Any]

    @property
    @abstractmethod
    def agreed(self) -> Agreements: ...

    def count_audience(self, rule: SegmentRule) -> Result:
        """Size of a rule after each condition, and how many may be contacted."""
        from assistant.campaigns.audience import add_reach
        from assistant.plans import FairnessRequest
        from assistant.query.audience import count_rule

        rule, cited = self._put_in(rule)
        result = self._citing(count_rule(self.snapshot, rule), cited)
        add_reach(self.snapshot, rule.filter, result, asked=rule.reach)
        return self.noting_fairness(result, FairnessRequest(of="audience", filter=rule.filter))

    def _members(self, snapshot: Snapshot, condition: InGroup) -> Sequence[str]:
        """Customers of a model-made group on a snapshot (which may be seen from an earlier day)."""
        if condition.group == "saved":
            from assistant.query.audience import customer_ids

            return customer_ids(snapshot, self.agreed.in_force().resolve(condition).condition)
        key = (snapshot.fingerprint, "group", condition)
        if condition.group == "interest":
            from assistant.models.people.interest_report import members_interested
            from assistant.models.people.interests import find_interests

            named = str(condition.name)
            return self._cache.get(key, lambda: members_interested(find_interests(snapshot, named.casefold()), named))  # type: ignore[no-any-return]
        if condition.group == "contact":
            return self._cache.get(key, lambda: self.contact_members(snapshot, condition))  # type: ignore[no-any-return]
        if condition.group == "about_to_leave":
            return self._cache.get(key, lambda: self._about_to_leave(snapshot, condition.horizon_days))  # type: ignore[no-any-return]
        from assistant.models.segment.report import members_of_segment

        return self._cache.get(key, lambda: members_of_segment(snapshot, condition))  # type: ignore[no-any-return]

    def _predicted(self, snapshot: Snapshot, condition: Predicted) -> Mapping[str, float | None]:
        """What a model expects of each customer on a snapshot (which may be seen from an earlier day)."""
        from assistant.models.value.predicted import predicted_values

        name, days = condition.attribute, condition.horizon_days

        def compute() -> dict[str, float | None]:
            model = self.churn_model if name == "churn_probability" else self.lifetime_model
            return predicted_values(snapshot, name, days, model(days) if self._is_now(snapshot) else None)

        return self._cache.get((snapshot.fingerprint, "predicted", name, days), compute)  # type: ignore[no-any-return]

    def _about_to_leave(self, snapshot: Snapshot, days: int) -> list[str]:
        from assistant.models.value.churn import churn_scores

        scores = churn_scores(snapshot, days, self.churn_model(days) if self._is_now(snapshot) else None)
        return sorted(scores.loc[scores["at_risk"], "customer_id"].astype(str))

    def _is_now(self, snapshot: Snapshot) -> bool:
        """Whether the models kept for the current data are those of this snapshot."""
        return snapshot.fingerprint == self.snapshot.fingerprint
