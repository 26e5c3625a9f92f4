"""The one object a tool receives: everything the shop can do, lazily and cached by snapshot.

Implements :class:`assistant.plans.shop.Shop` (facts), :class:`assistant.plans.desk.Desk` (loading, exporting) and one
method per tool. Results are computed in their rooms; this file only opens, caches and hands over.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from assistant.caching import OnceCache
from assistant.data.warehouse import POINTER, Snapshot, current_manifest, open_snapshot
from assistant.errors import AssistantError, SettingsError
from assistant.plans import (
    BreakEvenRequest,
    BriefingRequest,
    BuyersRequest,
    CampaignBrief,
    CampaignRequest,
    CampaignsRequest,
    ChangePlan,
    ChurnRequest,
    CompareRecommendersRequest,
    DataRequest,
    Filter,
    ForecastRequest,
    PlanModel,
    PostRequest,
    PremiseRequest,
    ProductSearchRequest,
    PromotionRequest,
    QueryPlan,
    RecommendRequest,
    SegmentRequest,
    StockRequest,
    StudyRequest,
    TogetherRequest,
    UndoRequest,
    ValueRequest,
)
from assistant.plans.desk import LoadPreview, LoadSummary, Progress
from assistant.plans.shop import Match, ShopStatus, Term
from assistant.results import DefinitionUsed, Result
from assistant.settings import Settings
from assistant.workspace.campaigning import Campaigning
from assistant.workspace.contacting import Contacting
from assistant.workspace.experimenting import Experimenting
from assistant.workspace.foreseeing import Foreseeing
from assistant.workspace.grouping import Grouping
from assistant.workspace.likening import Likening
from assistant.workspace.offering import Offering
from assistant.workspace.people import People
from assistant.workspace.recommending import Recommending
from assistant.workspace.segmenting import Segmenting
from assistant.workspace.sending import Sending

if TYPE_CHECKING:
    from assistant.campaigns.draft import Rooms
    from assistant.models.taxonomy.desk import CategoryDesk
    from assistant.query.agreed.agreements import Agreements, DraftAudience
    from assistant.query.compile import QueryOptions
    from assistant.query.definitions import Definitions
    from assistant.query.entities import EntityIndex
    from assistant.retrieval.product_index import ProductIndex

_Plan = TypeVar("_Plan", bound=PlanModel)
#: candidates shown as examples before the check of what works cut them to six
EXAMPLES_SHOWN = 6


class Workspace(Campaigning, Contacting, Offering, Recommending, Foreseeing, People, Segmenting, Sending, Grouping,
                Experimenting, Likening):
    """One shop, ready to be asked.

    Args:
        settings: paths and limits of the shop.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        #: set by the composition root: whether a suggested question can be planned and run
        self.suggestion_works: Callable[[str], bool] = lambda question: True
        self._cache = OnceCache()
        self._answers = OnceCache()
        self._findings = OnceCache(256)
        self._lock = threading.Lock()
        self._opened: tuple[tuple[int, date | None], Snapshot] | None = None
        self._chosen_day: date | None = None
        self._agreements: Agreements | None = None
        self._categories: CategoryDesk | None = None

    # -- data -----------------------------------------------------------------------------------------------------

    def has_data(self) -> bool:
        """Whether anything is loaded."""
        return current_manifest(self.settings.snapshots_dir) is not None

    def ensure_data(self, progress: Progress | None = None) -> None:
        """Build the demo shop if nothing is loaded yet."""
        if not self.has_data():
            from assistant.data.demo import ensure_demo

            ensure_demo(self.settings, progress=progress)

    @property
    def snapshot(self) -> Snapshot:
        """The current snapshot, with the agreed categories of products where the data have none."""
        return self.categories.shown(self.loaded)

    @property
    def loaded(self) -> Snapshot:
        """The current snapshot as it was loaded; reopened when a load switched the pointer, also in another process."""
        pointer = self.settings.snapshots_dir / POINTER
        with self._lock:
            loaded = pointer.stat().st_mtime_ns if pointer.exists() else -1
            if self._opened is not None and self._opened[0][0] != loaded:
                self._chosen_day = None  # a day chosen for other data
            as_of = self._chosen_day or self._as_of()
            stamp = (loaded, as_of)
            if self._opened is None or self._opened[0] != stamp:
                self._opened = (stamp, open_snapshot(
                    self.settings.snapshots_dir, as_of, self._members, self.settings.sensitive_columns,
                    self._predicted))
            return self._opened[1]

    def set_as_of(self, day: date | None) -> date:
        """See the data as they were on another day, until the program ends; None: the day of the settings again.

        Returns:
            the analysis date now in force.

        Raises:
            MissingData: the day lies before the first order; the date in force stays.
        """
        if day is not None:
            self.snapshot.at(day)
        with self._lock:
            self._chosen_day = day
        return self.snapshot.as_of

    def _as_of(self) -> date | None:
        text = self.settings.as_of
        if text is None:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise SettingsError("The setting as_of must be a date", received=text, valid=["YYYY-MM-DD"]) from error

    def _cached(self, name: str, compute: Callable[[Snapshot], Any], *key: Any) -> Any:
        """``compute(snapshot)``, once per snapshot, name and key."""
        snapshot = self.snapshot
        return self._cache.get((snapshot.fingerprint, name, *key), lambda: compute(snapshot))

    # -- facts (Shop) ---------------------------------------------------------------------------------------------

    def status(self) -> ShopStatus:
        snapshot = self.snapshot
        manifest = snapshot.manifest
        return ShopStatus(
            name=manifest.name, source=manifest.source, currency=manifest.currency, synthetic=manifest.synthetic,
            snapshot=manifest.id, fingerprint=snapshot.fingerprint, first_day=manifest.first_day,
            last_day=manifest.last_day, as_of=snapshot.as_of,
            rows={name: info.rows for name, info in manifest.tables.items()},
            filled={name: list(info.filled) for name, info in manifest.tables.items()}, added=dict(snapshot.added),
        )

    def metrics(self) -> Sequence[Term]:
        from assistant.query.catalogue import metric_terms

        return self._cached("metrics", metric_terms)

    def dimensions(self) -> Sequence[Term]:
        from assistant.query.catalogue import dimension_terms

        return self._cached("dimensions", dimension_terms)

    def entities(self) -> EntityIndex:
        """Index of the shop's own values."""
        from assistant.query.entities import entity_index

        return entity_index(self.snapshot)

    def values(self, dimension: str) -> Sequence[str]:
        return self.entities().values(dimension)

    def labels(self, dimension: str) -> Sequence[str]:
        return self.entities().labels(dimension)

    def find(self, text: str, kinds: Sequence[str] = (), k: int = 5) -> Sequence[Match]:
        return self.entities().find(text, kinds, k)

    @property
    def agreed(self) -> Agreements:
        """What the shop's people agreed on: meanings of words and saved segments."""
        if self._agreements is None:
            from assistant.query.agreed.agreements import Agreements
            from assistant.query.agreed.store import AgreementStore

            self._agreements = Agreements(AgreementStore(self.settings.app_db), lambda: self.snapshot,
                                          self.settings.author, self._draft_audiences)
        return self._agreements

    @property
    def categories(self) -> CategoryDesk:
        """Categories of products where the data have none."""
        if self._categories is None:
            from assistant.models.taxonomy.desk import CategoryDesk
            from assistant.query.agreed.store import AgreementStore
            from assistant.retrieval.texts import embedded

            self._categories = CategoryDesk(
                AgreementStore(self.settings.app_db), lambda: self.loaded,
                lambda texts: embedded(texts, self.settings, self.product_index().embedder), self.settings.author)
        return self._categories

    def _draft_audiences(self) -> list[DraftAudience]:
        from assistant.campaigns.draft import draft_audiences

        return draft_audiences(self._campaign_rooms().store)

    def term_definitions(self) -> Definitions:
        """Built-in and agreed meanings of words."""
        return self.agreed.in_force().definitions

    def segment_names(self) -> Sequence[str]:
        return [s.name for s in self.agreed.in_force().segments.values()]

    def definitions(self) -> Sequence[DefinitionUsed]:
        return self.term_definitions().used()

    def definition_filter(self, term: str) -> dict[str, Any] | None:
        return self.term_definitions().definition_filter(term)

    # -- questions ------------------------------------------------------------------------------------------------

    def _options(self) -> QueryOptions:
        from assistant.query.compile import QueryOptions

        return QueryOptions.of(self.settings)

    def _meant(self, condition: Filter) -> tuple[Filter, list[DefinitionUsed]]:
        """A filter with the meanings of words and the rules of saved segments put in, and what to cite for it."""
        found = self.agreed.in_force().resolve(condition)
        assert found.condition is not None
        typed_out = [d for d in self.term_definitions().cited(found.condition) if d.assumed]
        cited = {d.term: d for d in [*found.cited, *typed_out]}
        return found.condition, list(cited.values())

    def _put_in(self, plan: _Plan) -> tuple[_Plan, list[DefinitionUsed]]:
        """The plan with :meth:`_meant` done to its filter."""
        condition = getattr(plan, "filter", None)
        if condition is None:
            return plan, []
        rule, cited = self._meant(condition)
        return plan if rule == condition else plan.model_copy(update={"filter": rule}), cited

    def _citing(self, result: Result, cited: Sequence[DefinitionUsed]) -> Result:
        """The result with the meanings and segments that its plan used."""
        known = {d.term for d in result.evidence.definitions}
        result.evidence.definitions.extend(d for d in cited if d.term not in known)
        return result

    def query(self, plan: QueryPlan) -> Result:
        """Run a data question."""
        from assistant.query.audience import refuse_traits
        from assistant.query.engine import run_query

        snapshot = self.snapshot
        options = self._options()
        plan, cited = self._put_in(plan)
        if "customer" in plan.dimensions:  # figures by a trait are one thing, a list of people chosen by it another
            refuse_traits(snapshot, plan.filter)
        key = (snapshot.fingerprint, snapshot.manifest.id, options, plan.model_dump_json())
        found = self._answers.get(key, lambda: run_query(snapshot, plan, options=options))
        return self._citing(found.model_copy(deep=True), cited)

    def explain_change(self, plan: ChangePlan) -> Result:
        """Decompose a change."""
        from assistant.query.drivers import explain_change

        plan, cited = self._put_in(plan)
        return self._citing(explain_change(self.snapshot, plan, options=self._options()), cited)

    def run_study(self, request: StudyRequest) -> Result:
        """Cohorts, returning customers, order counts, bands, first days, concentration."""
        from assistant.query.studies import run_study

        snapshot, options = self.snapshot, self._options()
        study, cited = self._put_in(request.study)
        request = request.model_copy(update={"study": study})
        key = (snapshot.fingerprint, snapshot.manifest.id, options, request.model_dump_json())
        found = self._answers.get(key, lambda: run_study(snapshot, request, options=options))
        return self._citing(found.model_copy(deep=True), cited)

    def brief(self, request: BriefingRequest) -> Result:
        """Ranked findings for an open question; searched once per snapshot, period and filter."""
        from assistant.briefing.choose import offered
        from assistant.briefing.find import FAMILIES, families_with, scene_of
        from assistant.briefing.report import briefing_result

        request, cited = self._put_in(request)
        options, asked = self._options(), (request.period, request.filter)
        scene = scene_of(self.snapshot, *asked, options, request.about)
        found = []
        for name in families_with(set(offered(request.focus, request.about))):
            family, key = FAMILIES[name], (scene.scope.snapshot.fingerprint, name, options, *asked)
            found += self._findings.get(key, partial(family.search, scene, lambda: self.predict_churn(ChurnRequest())))
        return self._citing(briefing_result(request, scene, found, self.suggestion_works), cited)

    def break_even(self, request: BreakEvenRequest) -> Result:
        """What a change of prices needs: arithmetic on the last year."""
        from assistant.query.break_even import break_even

        request, cited = self._put_in(request)
        return self._citing(break_even(self.snapshot, request, options=self._options()), cited)

    def check_premise(self, request: PremiseRequest) -> Result:
        """Whether what a question takes for granted holds."""
        from assistant.query.premise import check_premise

        return check_premise(self.snapshot, self.query, request)

    def describe_data(self, request: DataRequest) -> Result:
        """What is loaded and what is missing; which column holds what; how fresh, how many, what was left out."""
        from assistant.query.data_answers import answer_about_data

        return answer_about_data(self.snapshot, request)


    # -- models ---------------------------------------------------------------------------------------------------

    def find_segments(self, request: SegmentRequest) -> Result:
        """Groups of customers."""
        from assistant.models.segment.report import segment_result

        if request.on is not None:
            from assistant.models.segment.past_days import segments_on

            return self._cached("segments", lambda snapshot: segments_on(snapshot, request), request)
        if request.view != "profile":
            from assistant.models.segment.views import view_result

            options = self._options()
            return self._cached("segments", lambda snapshot: view_result(snapshot, request, options), request, options)
        return self._cached("segments", lambda snapshot: segment_result(snapshot, request), request)

    def recommender(self, purpose: Literal["new", "next"] = "new") -> Any:
        """The recommender chosen for a purpose and fitted on this snapshot."""
        from assistant.models.recommend.choice_records import ChoiceRecords
        from assistant.models.recommend.fitted import fit_recommender, with_products_of

        loaded = self.loaded  # a change of agreed categories fits nothing anew
        first = self._cache.get((loaded.fingerprint, "fitted"), lambda: fit_recommender(
            loaded, self.product_side(), self._gates(loaded), ChoiceRecords(self.settings.models_dir), purpose),
            slow=True)
        fitted = first.for_purpose(purpose)
        if not self.snapshot.added:
            return fitted
        return self._cached("recommender", lambda s: with_products_of(fitted, s), purpose)

    def recommend(self, request: RecommendRequest) -> Result:
        """Products for a customer, a group or everybody."""
        from assistant.models.recommend.report import recommend_result

        request, cited = self._put_in(request)
        fitted = self.recommender("new" if request.purpose == "new" else "next")
        if request.liking:
            return self._citing(self._for_interest(request, fitted), cited)
        result = recommend_result(self.snapshot, request, fitted)
        return self._citing(self._with_alarms(request, result), cited)

    def compare_recommenders(self, request: CompareRecommendersRequest) -> Result:
        """How good the recommendations are, or two recommenders against each other."""
        from assistant.models.recommend.compare_report import comparison_result

        return comparison_result(self.snapshot, request, self.recommender())
    def plan_promotion(self, request: PromotionRequest) -> Result:
        """What to promote, to stop promoting or to clear; what is trending or losing popularity."""
        from assistant.briefing.find import scene_of
        from assistant.briefing.promotion import promotion_result
        from assistant.briefing.trends import trends_result
        from assistant.plans.promotions import TRENDS

        request, cited = self._put_in(request)
        scene = scene_of(self.snapshot, request.period, request.filter, self._options())
        if request.action in TRENDS:
            return self._citing(trends_result(request, scene, self._catalogue()), cited)
        return promotion_result(request, scene, self.recommender())

    def likely_buyers(self, request: BuyersRequest) -> Result:
        """Customers a product suits, or who buy like a customer."""
        from assistant.models.recommend.people import buyers_result

        request, cited = self._put_in(request)
        request = self._new_of(request)
        found = self._for_new_product(request) or buyers_result(self.snapshot, request, self.recommender())
        return self._citing(found, cited)

    def bought_together(self, request: TogetherRequest) -> Result:
        """Products in one basket."""
        from assistant.models.recommend.together import together_result

        return together_result(self.snapshot, request)

    def product_index(self, progress: Progress | None = None) -> ProductIndex:
        """Embeddings of the catalogue; built when the catalogue is new."""
        from assistant.retrieval.product_index import open_index

        return self._cached("index", lambda snapshot: open_index(snapshot, self.settings, progress=progress))

    def search_products(self, request: ProductSearchRequest) -> Result:
        """Products by words or likeness."""
        from assistant.retrieval.search import search_products

        return search_products(self.snapshot, self.product_index(), request)

    def forecast(self, request: ForecastRequest) -> Result:
        """A forecast with its exam."""
        from assistant.models.forecast.report import forecast_result

        request, cited = self._put_in(request)
        basis = self._options().sales_basis
        found = self._cached("forecast", lambda snapshot: forecast_result(snapshot, request, basis), request, basis)
        return self._citing(found.model_copy(deep=True), cited) if cited else found

    def plan_stock(self, request: StockRequest) -> Result:
        """How long the stock lasts."""
        from assistant.models.forecast.stock import stock_result

        return stock_result(self.snapshot, request)

    def customer_value(self, request: ValueRequest) -> Result:
        """What customers have brought and are expected to bring."""
        from assistant.models.value.lifetime_report import value_result

        request, cited = self._put_in(request)
        fitted = self.lifetime_model(request.horizon_days)
        return self._citing(value_result(self.snapshot, request, fitted), cited)

    def lifetime_model(self, horizon_days: int) -> Any:
        """The model of what customers bring, for one horizon."""
        from assistant.models.value.lifetime import fit_lifetime

        return self._cached("lifetime", lambda snapshot: fit_lifetime(snapshot, horizon_days), horizon_days)

    # -- campaigns ------------------------------------------------------------------------------------------------

    def _campaign_rooms(self) -> Rooms:
        from assistant.campaigns.copy.voice import FILE_NAME, load_voice
        from assistant.campaigns.draft import Rooms
        from assistant.campaigns.picks import picker, picker_among
        from assistant.campaigns.sending.config import load_sending
        from assistant.campaigns.store import DraftStore

        return Rooms(
            store=DraftStore(self.settings.app_db), pick=picker(self.recommender),
            definition=self.term_definitions().find, put_in=self._meant,
            voice=load_voice(self.settings.home / FILE_NAME), operator=lambda: load_sending(self.settings.home),
            learnt=self.learnt, birthdays_declared=self.settings.birthday_greetings,
            pick_among=picker_among(self.recommender), do_not_contact=self.do_not_contact,
        )

    def draft_campaign(self, brief: CampaignBrief) -> Result:
        """Draft and store a campaign. Nothing is sent."""
        from assistant.campaigns.draft import draft_campaign

        return draft_campaign(self.snapshot, self.with_best_offer(brief), self._campaign_rooms())

    def draft_post(self, request: PostRequest) -> Result:
        """Words of a post about products of the shop."""
        from assistant.campaigns.social import bestsellers, post_result
        from assistant.campaigns.subject_lines import subject_lines_result

        if request.channel == "subject":
            about = request.category or request.theme
            found = self.search_products(ProductSearchRequest(text=about, category=request.category, k=1)) if about \
                else None
            return subject_lines_result(self.snapshot, request, found is None or found.refusal is None,
                                        self._campaign_rooms().voice)
        if request.bestsellers:
            return post_result(self.snapshot, request, bestsellers(self.query, request.k), self._campaign_rooms().voice)
        found = self.search_products(ProductSearchRequest(
            text=request.theme or request.category, category=request.category, k=request.k))
        if found.refusal is not None:
            return found
        table = found.table("products")
        place = next(i for i, c in enumerate(table.columns) if c.name == "product_id")
        return post_result(self.snapshot, request, [str(row[place]) for row in table.rows],
                           self._campaign_rooms().voice)

    def show_campaign(self, request: CampaignRequest) -> Result:
        """A stored draft."""
        from assistant.campaigns.draft import show_campaign

        result = show_campaign(self.snapshot, request, self._campaign_rooms().store)
        result.words["left"] = "yes" if result.words["campaign"] in self.sendings.states() else ""
        return result

    def list_campaigns(self, request: CampaignsRequest) -> Result:
        """All drafts, and past campaigns of the data."""
        from assistant.campaigns.listing import list_campaigns
        from assistant.campaigns.store import DraftStore

        return list_campaigns(self.snapshot, request, DraftStore(self.settings.app_db), self.sendings.states(),
                              self.sendings.waiting())

    def undo_campaign(self, request: UndoRequest) -> Result:
        """The latest version of a draft taken back."""
        from assistant.campaigns.draft import undo_campaign
        return undo_campaign(self.snapshot, request, self._campaign_rooms().store)

    # -- desk -----------------------------------------------------------------------------------------------------

    def preview_load(self, paths: Sequence[Path]) -> LoadPreview:
        """What loading these files would do."""
        from assistant.data.experiment_columns import experiment_columns
        from assistant.data.load import preview_load

        preview = preview_load(paths, self.settings)
        roles = experiment_columns([c.source for c in preview.columns], preview.missing) if len(paths) == 1 else ()
        return replace(preview, experiment=roles)

    def load(
        self, paths: Sequence[Path], mapping: Mapping[str, str | None] | None = None, progress: Progress | None = None,
        *, name: str | None = None, currency: str | None = None,
    ) -> LoadSummary:
        """Load and switch; the old data stay if anything fails. Then new products are put into the agreed
        categories, and every saved segment's size is recorded."""
        from assistant.data.load import load

        summary = load(paths, self.settings, mapping=mapping, progress=progress, name=name, currency=currency)
        told = (*self.sort_new_products(), *self.record_segment_sizes())
        return replace(summary, warnings=(*summary.warnings, *told))

    def sort_new_products(self) -> tuple[str, ...]:
        """Put products that have no category into the nearest agreed one; what was done or failed, in words."""
        try:
            n = self.categories.sort_new()
        except AssistantError as error:  # the data are loaded all the same
            return (f"New products were not put into the agreed categories: {error}",)
        return (f"{n:,} new products were put into the nearest of the agreed categories",) if n else ()

    def record_segment_sizes(self) -> tuple[str, ...]:
        """Keep the size of every saved segment on the loaded data; what could not be recorded, in words."""
        from assistant.query.agreed.segments import record_sizes

        try:
            _, unknown = record_sizes(self.agreed)
        except AssistantError as error:  # the data are loaded all the same
            return (f"The sizes of the saved segments were not recorded: {error}",)
        return tuple(f"The rule of the saved segment “{name}” cannot be applied to these data" for name in unknown)

    def example_questions(self) -> Sequence[str]:
        """Six questions that have been checked to run on the loaded data."""
        return self._cached("examples", self._examples)

    def warm_up(self) -> None:
        """Open and fit what the first questions need; each part is kept for as long as the data stay."""
        self.sort_new_products()
        self.record_segment_sizes()
        self.example_questions()
        self.product_index()
        self.choose_recommenders()
        self.find_segments(SegmentRequest())
        self.prepare_profiles()
        self.forecast(ForecastRequest())
        for focus in ("focus", "risk", "summary", "customers", "money"):
            self.brief(BriefingRequest(focus=focus))
        self.learn_from_contacts()

    def _examples(self, snapshot: Snapshot) -> list[str]:
        from assistant.query.examples import example_candidates

        kept: list[str] = []
        for question in example_candidates(snapshot, self.entities()):
            if len(kept) < EXAMPLES_SHOWN and self.suggestion_works(question):
                kept.append(question)
        return kept

    def export_table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
        """Write a table as CSV for people."""
        from assistant.results.export import write_table

        return write_table(self.settings.exports_dir, title, columns, rows)
