"""The part of the workspace that knows products by what they are: vectors, new products, the check of the lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from assistant.errors import AssistantError
from assistant.results import Result
from assistant.workspace.part import Part

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot
    from assistant.features.product_side import ProductSide
    from assistant.models.recommend.alarms import Check
    from assistant.plans import (
        BundleRequest,
        BuyersRequest,
        CheckRequest,
        LaunchRequest,
        RecommendRequest,
        SubstituteRequest,
    )


class Recommending(Part):
    """Methods of :class:`~assistant.workspace.Workspace`, which gives the rest."""

    recommender: Callable[[], Any]
    product_index: Callable[..., Any]

    def product_side(self) -> ProductSide:
        """Vectors and attributes of the products for models; without vectors where no text can be embedded."""
        from assistant.retrieval.side import product_side

        return self._cached("side", lambda snapshot: product_side(snapshot, self.product_index))  # type: ignore[no-any-return]

    def choose_recommenders(self) -> tuple[str, ...]:
        """Try the recommenders on the shop's own last weeks and keep the choice on disk; what hindered it, in words.

        It is the longest work after a load (a minute or two on a million order lines): done then, nobody waits for it.
        """
        try:
            fitted = self.recommender()
            for view in (fitted, fitted.for_purpose("next")):
                view.info(view.family())  # sets the bars of reasons
        except AssistantError as error:  # the data are loaded all the same
            return (f"No recommender was chosen yet: {error}",)
        return ()

    def new_products(self, request: LaunchRequest) -> Result:
        """New products to push, or for one customer."""
        from assistant.models.recommend.launch_report import launch_result

        request, cited = self._put_in(request)
        return self._citing(launch_result(self.snapshot, request, *self._newcomers()), cited)

    def check_recommender(self, request: CheckRequest) -> Result:
        """Whether the recommendations are any good: every alarm."""
        from assistant.models.recommend.alarm_report import check_result

        return check_result(self.snapshot, request, self.recommender(), self._alarms())

    def _with_alarms(self, request: RecommendRequest, result: Result) -> Result:
        """Lists for many customers carry the alarms that fire on the lists of this shop."""
        from assistant.models.recommend.alarm_report import alarm_caveats

        if result.kind == "recommendation" and request.customer_id is None and not request.basket \
                and request.method == "auto" and result.refusal is None:
            result.caveats.extend(alarm_caveats(self._alarms()))
        return result

    def _for_interest(self, request: RecommendRequest, fitted: Any) -> Result:
        """Products that fit what somebody likes: for nobody in particular, a customer or a group."""
        from assistant.models.recommend.for_interest import interest_result
        from assistant.models.recommend.report import recommend_result
        from assistant.retrieval.interest import products_for

        fits = products_for(self.product_index(), request.liking or "")
        if request.customer_id is None and request.filter is None:
            return interest_result(self.snapshot, request, fitted, fits)
        return recommend_result(self.snapshot, request, fitted, only=fits.product_ids)

    def _alarms(self) -> Check:
        """Every alarm on the lists that customers would get now, checked once a day and snapshot."""
        from datetime import date

        from assistant.models.recommend.alarms import check_recommender
        from assistant.models.recommend.feedback import feedback

        today = date.today()
        return self._cached("alarms", lambda snapshot: check_recommender(  # type: ignore[no-any-return]
            self.recommender(), today, feedback(snapshot)), today)

    def _for_new_product(self, request: BuyersRequest) -> Result | None:
        """Who should hear about a product too new for anything but content; None for any other request."""
        from assistant.models.recommend.launch_report import by_content, launch_buyers_result

        if request.product_id is None or not self.product_side().has("vectors"):
            return None
        newcomers, exam = self._newcomers()  # quick beside the recommender, which a new product does not need
        return launch_buyers_result(self.snapshot, request, newcomers, exam) if by_content(newcomers, request) else None

    def _new_of(self, request: BuyersRequest) -> BuyersRequest:
        """The request with the new products that a category or words name, one or several, instead of all they name."""
        from assistant.models.recommend.newest import new_ones_of

        if not request.new_only or not (request.category or request.text or request.brand):
            return request
        return new_ones_of(self.snapshot, request, self._catalogue())

    def _newcomers(self) -> Any:
        """The content model over the whole catalogue, and how it did at past launches."""
        from assistant.models.recommend.launch_exam import launch_exam
        from assistant.models.recommend.newcomers import fit_newcomers

        side = self.product_side()
        return self._cached("newcomers", lambda snapshot: (fit_newcomers(snapshot, side), launch_exam(snapshot, side)))

    def _gates(self, snapshot: Snapshot) -> Any:
        """Who may be shown what, by the settings."""
        from assistant.models.recommend.gates import Gates

        return Gates(snapshot, self.settings.age_restricted_categories, self.settings.legal_age)

    def propose_bundles(self, request: BundleRequest) -> Result:
        """Two to four products to sell together."""
        from assistant.models.recommend.bundles import bundles_result

        return bundles_result(self.snapshot, request, self._catalogue())

    def find_substitutes(self, request: SubstituteRequest) -> Result:
        """What to offer instead of a product."""
        from assistant.models.recommend.substitutes import substitutes_result

        return substitutes_result(self.snapshot, request, self.recommender())

    def _catalogue(self) -> Any:
        """Facts of all products, also where no order names a customer."""
        from assistant.features.interactions import interactions_from_pairs
        from assistant.models.recommend.catalogue import build_catalogue

        return self._cached("catalogue", lambda snapshot: build_catalogue(snapshot, interactions_from_pairs([], [])))
