"""The part of the workspace that knows people as persons: profiles, interests, fairness, what may be shared."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from assistant.results import Result

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot
    from assistant.models.people.interests import Interests
    from assistant.plans import CustomerRequest, InterestRequest
    from assistant.settings import Settings


class People:
    """Methods of :class:`~assistant.workspace.Workspace`, which gives the rest."""

    _put_in: Callable[..., Any]
    _citing: Callable[..., Result]
    predict_churn: Callable[..., Result]
    customer_value: Callable[..., Result]
    recommend: Callable[..., Result]
    settings: Settings

    @property
    @abstractmethod
    def snapshot(self) -> Snapshot: ...

    @abstractmethod
    def _cached(self, name: str, compute: Callable[[Snapshot], Any], *key: Any) -> Any: ...

    def describe_customer(self, request: CustomerRequest) -> Result:
        """One customer: orders, habits, interests, consents, segments, outlook; each with its source."""
        from assistant.models.people.profile import NEXT, Rooms, complete_profile
        from assistant.plans import ChurnRequest, RecommendRequest, ValueRequest
        from assistant.query.customer import describe_customer

        found = describe_customer(self.snapshot, request)
        rooms = Rooms(
            churn=lambda c: self.predict_churn(ChurnRequest(customer_id=c)),
            value=lambda c: self.customer_value(ValueRequest(customer_id=c)),
            following=lambda c: self.recommend(RecommendRequest(customer_id=c, purpose="next", k=NEXT)),
            interests=self.interests_found, segments=self._segments_on,
        )
        return complete_profile(self.snapshot, found, found.words["customer"], rooms)

    def interests_found(self) -> Interests:
        """Interest tags of everybody."""
        from assistant.models.people.interests import find_interests

        return self._cached("interests", find_interests)  # type: ignore[no-any-return]

    def _segments_on(self, day: date) -> Mapping[str, str]:
        """Segment of every customer on a day, by recency, frequency and value."""
        from assistant.models.segment.report import assign
        from assistant.plans import SegmentRequest

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
        return self._citing(interest_result(self.snapshot, request, self.interests_found(), customer), cited)
