"""The part of the workspace that knows what contacting customers changes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from assistant.errors import UserError
from assistant.results import Result
from assistant.workspace.part import Part

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot
    from assistant.models.uplift.fitted import ShopUplift
    from assistant.plans import InGroup, ReadOutRequest, UpliftRequest


class Contacting(Part):
    """Methods of :class:`~assistant.workspace.Workspace`, which gives the rest."""

    learnt: Callable[[Snapshot], Snapshot]
    _citing: Callable[..., Result]
    _put_in: Callable[..., Any]

    def uplift_model(self, channel: str | None = None, campaign_kind: str | None = None) -> ShopUplift:
        """What past campaigns teach of who is moved by a message of this channel and kind."""
        from assistant.models.uplift.fitted import fit_uplift

        past = self.learnt(self.snapshot)
        return self._cached(  # type: ignore[no-any-return]
            "uplift", lambda _: fit_uplift(past, channel, campaign_kind), past.fingerprint, channel, campaign_kind)

    def uplift_scores(self, channel: str | None = None, campaign_kind: str | None = None) -> pd.DataFrame:
        """Every customer's scores by that model; columns of :meth:`ShopUplift.predict`."""
        model, past = self.uplift_model(channel, campaign_kind), self.learnt(self.snapshot)
        return self._cached(  # type: ignore[no-any-return]
            "uplift_scores", lambda _: model.predict(past), past.fingerprint, channel, campaign_kind)

    def learn_from_contacts(self) -> None:
        """Learn from past campaigns beforehand, where there are some to learn from."""
        with suppress(UserError):  # none, or too few: whoever asks is told so
            self.uplift_scores()

    def contact_members(self, snapshot: Snapshot, condition: InGroup) -> list[str]:
        """Customers by what a contact changes, on a snapshot (which may be seen from an earlier day).

        Raises:
            MissingData, NoRows, InvalidPlan: see :meth:`ShopUplift.fit`; NoRows also where it abstains.
        """
        from assistant.models.uplift.fitted import fit_uplift
        from assistant.models.uplift.members import members

        scope = condition.channel, condition.campaign_kind
        if snapshot.fingerprint == self.snapshot.fingerprint:
            return members(self.uplift_model(*scope), self.uplift_scores(*scope), str(condition.name))
        model = fit_uplift(snapshot, *scope)
        return members(model, model.predict(snapshot), str(condition.name))

    def do_not_contact(self, discounted: bool) -> list[str]:
        """Customers whom past campaigns show better left alone, sorted.

        Args:
            discounted: whether the message brings a discount, which is given away on orders that come anyway.

        Raises:
            MissingData, NoRows, InvalidPlan: see :meth:`contact_members`.
        """
        from assistant.models.uplift.members import better_left_alone

        return better_left_alone(self.uplift_model(), self.uplift_scores(), discounted)

    def predict_uplift(self, request: UpliftRequest) -> Result:
        """Who is moved by a contact, and whom to leave alone."""
        from assistant.models.uplift.report import uplift_result

        scope = request.channel, request.campaign_kind
        request, cited = self._put_in(request)
        scores = self.uplift_scores(*scope)
        return self._citing(uplift_result(self.snapshot, request, self.uplift_model(*scope), scores), cited)

    def read_out_campaigns(self, request: ReadOutRequest) -> Result:
        """What past campaigns changed against customers held out."""
        from assistant.models.uplift.read_out_report import read_out_result
        from assistant.models.uplift.seen_report import only_seen, seen_result

        past = self.learnt(self.snapshot)
        if only_seen(past):
            return seen_result(past, request)
        return self._cached(  # type: ignore[no-any-return]
            "read_out", lambda _: read_out_result(past, request), past.fingerprint, request)
