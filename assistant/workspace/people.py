"""The part of the workspace that knows people as persons: profiles, interests, fairness, what may be shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.plans import (
    ChurnRequest,
    CustomerRequest,
    FairnessRequest,
    InterestRequest,
    Predicted,
    PrivacyRequest,
    RecommendRequest,
    ReportRequest,
    SegmentRequest,
    ValueRequest,
)
from assistant.results import Result
from assistant.workspace.part import Part

if TYPE_CHECKING:
    from assistant.data.privacy_budget import PrivacyBudget
    from assistant.data.warehouse import Snapshot
    from assistant.models.people.fairness_report import Judged
    from assistant.models.people.interests import Interests
    from assistant.query.compile import QueryOptions


class People(Part):
    """Methods of :class:`~assistant.workspace.Workspace`, which gives the rest."""

    predict_churn: Callable[..., Result]
    churn_model: Callable[[int], Any]
    lifetime_model: Callable[[int], Any]
    uplift_scores: Callable[[], Any]
    _predicted: Callable[..., Mapping[str, float | None]]
    customer_value: Callable[..., Result]
    recommend: Callable[..., Result]
    recommender: Callable[[], Any]
    table_model: Callable[[str | None], tuple[Any, Any]]
    _options: Callable[[], QueryOptions]

    def describe_customer(self, request: CustomerRequest) -> Result:
        """One customer: orders, habits, interests, consents, segments, outlook; each with its source."""
        from assistant.models.people.profile import NEXT, Rooms, complete_profile
        from assistant.query.customer import describe_customer

        if request.why_segment is not None:
            from assistant.models.segment.why_segment import why_segment

            return why_segment(self.snapshot, request)
        found = describe_customer(self.snapshot, request)
        rooms = Rooms(
            churn=lambda c: self.predict_churn(ChurnRequest(customer_id=c)),
            value=lambda c: self.customer_value(ValueRequest(customer_id=c)),
            following=lambda c: self.recommend(RecommendRequest(customer_id=c, purpose="next", k=NEXT)),
            interests=self.interests_found, segments=self._segments_on,
        )
        return complete_profile(self.snapshot, found, found.words["customer"], rooms)

    def prepare_profiles(self) -> None:
        """Fit what a profile is made of, so that the first one need not wait."""
        from assistant.errors import UserError
        from assistant.models.people.profile import quarter_ends

        snapshot = self.snapshot
        days = [d for d in quarter_ends(snapshot.as_of) if d > snapshot.manifest.first_day] + [snapshot.as_of]
        parts: list[Callable[[], Any]] = [
            lambda: self.churn_model(ChurnRequest().horizon_days),
            lambda: self.lifetime_model(ValueRequest().horizon_days), self.interests_found,
            *(partial(self._segments_on, day) for day in days)]
        for prepare in parts:
            try:
                prepare()
            except UserError:
                continue  # the profile shows the other parts, and says why this one is missing

    def interests_found(self) -> Interests:
        """Interest tags of everybody."""
        from assistant.models.people.interests import find_interests

        return self._cached("interests", find_interests)  # type: ignore[no-any-return]

    def _segments_on(self, day: date) -> Mapping[str, str]:
        """Segment of every customer on a day, by recency, frequency and value."""
        from assistant.models.segment.report import assign

        def split(snapshot: Snapshot) -> dict[str, str]:
            frame = assign(snapshot.at(day), SegmentRequest(method="rfm"))
            return dict(zip(frame["customer_id"].astype(str), frame["segment"].astype(str), strict=True))

        return self._cached("segments on", split, day)  # type: ignore[no-any-return]

    def find_interests(self, request: InterestRequest) -> Result:
        """Interests that purchases show."""
        from assistant.models.people.interest_report import interest_result
        from assistant.query.customer import known_id

        request, cited = self._put_in(request)
        customer = None if request.customer_id is None else known_id(self.snapshot, request.customer_id)
        found = self._interests_named(request.interest)
        return self._citing(interest_result(self.snapshot, request, found, customer), cited)

    def _interests_named(self, name: str | None) -> Interests:
        """Interests among which is the one named: one of the shop's own, else products whose names hold the words."""
        from assistant.errors import UnknownName
        from assistant.models.people.interest_report import topic_place
        from assistant.models.people.interests import find_interests

        found = self.interests_found()
        if name is None:
            return found
        try:
            topic_place(found, name)
        except UnknownName:
            wider = self._cached("interests", lambda snapshot: find_interests(snapshot, name.casefold()), name)
            return wider if "named" in wider.topics.kinds else found  # type: ignore[no-any-return]
        return found

    # -- fairness -------------------------------------------------------------------------------------------------

    def check_fairness(self, request: FairnessRequest) -> Result:
        """Whether groups of people are chosen alike and predicted equally well."""
        from assistant.models.people.fairness_report import fairness_result

        request, cited = self._put_in(request)
        if request.of == "table":
            from assistant.models.people.judged_table import rows_of

            return fairness_result(self.snapshot, request, rows_of(*self.table_model(request.table), request.by))
        judged = self._cached("judged", lambda snapshot: self._judged(snapshot, request), request)
        return self._citing(fairness_result(self.snapshot, request, judged), cited)

    def _judged(self, snapshot: Snapshot, request: FairnessRequest, examined: bool = True) -> Judged:
        from assistant.models.people import selections

        match request.of:
            case "churn":
                fitted = self.churn_model(request.horizon_days)
                return selections.leaving(snapshot, request.horizon_days, fitted, examined)
            case "value":
                return selections.dearest(snapshot, self._expected_value)
            case "ordering":
                return selections.ordering(snapshot, request.horizon_days)
            case "uplift":
                return selections.moved(snapshot, self.uplift_scores())
            case "recommendations":
                from assistant.models.people.judged_lists import lists_of

                return lists_of(snapshot, self.recommender())
            case "segments":
                from assistant.models.segment.report import assign

                return selections.segments(snapshot, assign(snapshot, SegmentRequest()))
        assert request.filter is not None
        return selections.audience(snapshot, request.filter, examined)

    def _expected_value(self, snapshot: Snapshot, days: int) -> Mapping[str, float | None]:
        """Expected sales of each customer of a snapshot, which may be seen from an earlier day."""
        return self._predicted(snapshot, Predicted(attribute="expected_value", horizon_days=days))

    def noting_fairness(self, result: Result, request: FairnessRequest) -> Result:
        """The result with a caveat where its choice of people treats groups of them differently."""
        from assistant.data.sensitive import sensitive_columns
        from assistant.models.people.fairness_report import fairness_gap

        if result.refusal is not None or not sensitive_columns(self.snapshot):
            return result
        noted = self._cached("fairness gap", lambda s: fairness_gap(s, self._judged(s, request, False)), request)
        if noted is not None and all(c.code != noted.code for c in result.caveats):
            result.caveats.append(noted)
        return result

    # -- what may be shared ---------------------------------------------------------------------------------------

    def privacy_budget(self) -> PrivacyBudget:
        """The ledger of reports with noise."""
        from assistant.data.privacy_budget import PrivacyBudget

        return PrivacyBudget(self.settings.app_db, self.settings.privacy_budget)

    def export_report(self, request: ReportRequest) -> Result:
        """An aggregate report to share, written as CSV."""
        from assistant.query.shared_report import shared_report

        plan, cited = self._put_in(request.plan)
        result = shared_report(
            self.snapshot, request.model_copy(update={"plan": plan}), self._options(), self.privacy_budget(),
            self.settings.privacy_epsilon, self.settings.author, self.settings.exports_dir)
        return self._citing(result, cited)

    def show_privacy(self, request: PrivacyRequest) -> Result:
        """What is kept from models and rules, who objected, what is left of the budget."""
        from assistant.models.people.privacy import privacy_result

        return privacy_result(self.snapshot, request, self.privacy_budget())

    def export_result(self, result: Result, table_id: str) -> Path:
        """Write a table of an answer as CSV for people, without figures of groups of people that are too small."""
        from assistant.query.sharing import shared_table
        from assistant.results.export import write_table

        table = result.table(table_id)
        shared = shared_table(self.snapshot, result, table, self._options())
        return write_table(self.settings.exports_dir, table.title, [c.label for c in table.columns], shared.rows)
