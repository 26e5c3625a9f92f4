"""Draft a campaign from a brief: audience, offer, products, copy, control group. A draft is stored, never sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from assistant.campaigns import economics
from assistant.campaigns.audience import CHANNELS, WORTH_IT, Audience, build_audience, under_caps
from assistant.campaigns.below_cost import check_margin
from assistant.campaigns.copy.voice import BrandVoice
from assistant.campaigns.costs import Costs, UnitCost, check_budget, costs_of, shrink, unit_costs
from assistant.campaigns.exits import check_exit
from assistant.campaigns.experiment.assignment import Split
from assistant.campaigns.experiment.design import Designed, designed
from assistant.campaigns.experiment.past import PastLift
from assistant.campaigns.experiment.rule import ReadOutRule
from assistant.campaigns.experiment.size import Sizing
from assistant.campaigns.favourites import NOTE, picks_of_favourites
from assistant.campaigns.goals import goals
from assistant.campaigns.goods import Goods, goods_of, in_order
from assistant.campaigns.journey import step_notes
from assistant.campaigns.messages import Pick, Picks, RecipientCopy
from assistant.campaigns.occasions import Occasion, occasion_of
from assistant.campaigns.offers.exploration import drawn_wordings
from assistant.campaigns.report import SAMPLE, campaign_result
from assistant.campaigns.rhythm import due_again
from assistant.campaigns.sending.config import SendingConfig
from assistant.campaigns.store import Draft, DraftStore
from assistant.campaigns.timing import timing_notes
from assistant.campaigns.versions import add_changes, differences
from assistant.campaigns.whom import ask_whom
from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, MissingData, UserError
from assistant.plans import CampaignBrief, CampaignRequest, Filter, InGroup, UndoRequest
from assistant.query.agreed.agreements import DraftAudience
from assistant.query.audience import customer_ids
from assistant.query.definitions import Definition
from assistant.results import Caveat, DefinitionUsed, Result

#: (customer ids, products each, category or None) → customer id → picks
PickProducts = Callable[[Sequence[str], int, str | None], Mapping[str, Picks]]


#: said of a campaign with a second channel for whom the first does not reach
ONE_EACH = "Everybody gets one message, by the first of these channels on which they may be contacted: {channels}."
#: said where nobody asked for it
DO_NOT_CONTACT = ("Customers whom past campaigns show better left alone (a message lowers their chance to order, or "
                  "costs more than it brings) are left out; what a discount gives away counts only where there is one.")
#: said of an offer that nobody named
CHOSEN = ("The offer was chosen: of those that past campaigns tested against customers held out, it is expected to "
          "bring most with these customers. It is a sum of predictions; the control group will show whether it holds.")


@dataclass(frozen=True)
class Plan:
    """A brief with everything decided: what a draft is made of."""

    campaign_id: str
    brief: CampaignBrief
    rule: Filter
    audience: Audience
    split: Split
    sizing: Sizing
    baseline_customers: int
    rule_of_reading: ReadOutRule
    picks: Mapping[str, Picks]
    copy: RecipientCopy
    costs: Costs = field(default_factory=lambda: Costs({}, {}))
    assumptions: list[str] = field(default_factory=list)
    definitions: list[DefinitionUsed] = field(default_factory=list)
    #: customer → wording (from 0), where a test that learns has drawn it; the others get one by an even draw
    wordings: Mapping[str, int] = field(default_factory=dict)
    past: PastLift | None = None
    occasion: Occasion | None = None
    goods: Goods | None = None


@dataclass(frozen=True)
class Rooms:
    """What drafting needs from elsewhere, handed in.

    Attributes:
        store: where drafts live.
        pick: chooses products per customer.
        definition: the agreed or built-in meaning of a term, or None.
        put_in: a rule with saved segments and the meanings of words put in, and those that were.
        voice: how the shop speaks.
        operator: what the operator decided about sending: costs, caps, quiet hours.
        learnt: adds one's own finished experiments to the past campaigns.
        birthdays_declared: whether the shop declared that it greets people on their birthdays.
        pick_among: (customer ids, products each, goods) → picks among these goods; None: the same for everybody.
        do_not_contact: (whether the offer gives a discount) → whom past campaigns show better left alone; it raises a
            UserError where they show nothing of the kind.
    """

    store: DraftStore
    pick: PickProducts
    definition: Callable[[str], Definition | None]
    put_in: Callable[[Filter], tuple[Filter, list[DefinitionUsed]]] = lambda rule: (rule, [])
    voice: BrandVoice = field(default_factory=BrandVoice)
    operator: Callable[[], SendingConfig] = SendingConfig
    learnt: Callable[[Snapshot], Snapshot] = lambda snapshot: snapshot
    birthdays_declared: bool = False
    pick_among: Callable[[Sequence[str], int, Sequence[str]], Mapping[str, Picks]] | None = None
    do_not_contact: Callable[[bool], Collection[str]] | None = None


def draft_campaign(snapshot: Snapshot, brief: CampaignBrief, rooms: Rooms) -> Result:
    """Draft and store a campaign.

    Returns:
        a result of kind ``campaign``, or of kind ``question`` when the brief leaves open who is meant.

    Raises:
        NoRows: the rule selects nobody.
        UnknownName: a category, product or value the shop does not have.
        InvalidPlan: an offer that cannot be made or sells below cost, a budget that pays for nobody, days in the past,
            a recovery campaign without an exit.
        MissingData: the goal needs what the data do not hold.
    """
    check_exit(brief)
    if brief.starts_on is not None and brief.starts_on < snapshot.as_of:
        raise InvalidPlan("The campaign would start before today", received=brief.starts_on.isoformat(),
                          valid=[f"a day from {snapshot.as_of.isoformat()} on"])
    if brief.audience is None and not {"audience", "rhythm", "occasion"} & goals()[brief.goal].keys():
        return ask_whom(snapshot, brief)
    before = rooms.store.load(brief.campaign_id) if brief.campaign_id else None
    campaign_id = before.campaign_id if before else rooms.store.next_id()
    plan = make_plan(snapshot, brief, rooms, campaign_id, recipients=SAMPLE)
    known = economics.assess(snapshot, plan, rooms.learnt(snapshot))
    check_margin(brief, known.margin, snapshot.currency)
    result = campaign_result(snapshot, plan, known)
    follows = before.version if before else None
    version = rooms.store.save(campaign_id, snapshot.fingerprint, brief, result, follows=follows)
    add_changes(result, version, follows, differences(before.brief, brief) if before else [])
    return result


def make_plan(
    snapshot: Snapshot, brief: CampaignBrief, rooms: Rooms, campaign_id: str, recipients: int | None = None
) -> Plan:
    """Decide everything the brief leaves open. The same brief, data and id give the same plan.

    Args:
        recipients: choose products for so many recipients only (a preview needs a few); None for all.
    """
    assumptions: list[str] = []
    definitions: list[DefinitionUsed] = []
    occasion = occasion_of(snapshot, brief, rooms.birthdays_declared)
    rule = _rule(snapshot, brief, rooms, occasion, definitions, assumptions)
    _check_offer(snapshot, brief)
    goods = goods_of(snapshot, brief)
    if goods is not None:
        assumptions.append(goods.note)
        if goods.bounds_offer:
            bound = brief.offer.model_copy(update={"product_ids": goods.product_ids})
            brief = brief.model_copy(update={"offer": bound})
    if brief.offer_chosen is not None and brief.offer_chosen == brief.offer:
        assumptions.append(CHOSEN)
    addressed = tuple(c for c in brief.channels if c in CHANNELS)
    operator = rooms.operator()
    units = unit_costs(snapshot, operator.cost_per_message, addressed)
    check_budget(brief.budget, units, addressed, brief.steps)
    audience = build_audience(snapshot, rule, addressed, occasion)
    audience = under_caps(snapshot, audience, operator.caps(), brief.starts_on)
    audience = _left_alone(snapshot, brief, audience, rooms, assumptions)
    if brief.first_channel:
        audience = audience.first_only(addressed)
        assumptions.append(ONE_EACH.format(channels=", else ".join(addressed)))
    if audience.mailable == ():
        raise MissingData(
            f"None of the {len(audience.selected):,} customers selected may be written to by {' or '.join(addressed)}",
            received=", ".join(addressed), hint="Choose another channel or another audience.",
        )
    tested, costs = _tested(snapshot, brief, rule, audience, campaign_id, units, rooms.learnt)
    assumptions += [*tested.assumptions, *timing_notes(snapshot, brief),
                    *step_notes(snapshot, brief.steps, brief.runs_days), *_offer_notes(brief)]
    split, k = tested.split, brief.products_per_recipient
    people = split.contacted[:recipients]
    picks = _picks(snapshot, brief, occasion, goods, people, rooms) if k else {}
    copy = RecipientCopy(snapshot, brief, campaign_id, rooms.voice)
    drawn = drawn_wordings(rooms.store.path, campaign_id) if brief.variants > 1 else {}
    return Plan(campaign_id, brief, rule, audience, split, tested.sizing, tested.baseline_customers, tested.rule, picks,
                copy, costs, assumptions, definitions, drawn, tested.past, occasion, goods)


def picks_for(snapshot: Snapshot, plan: Plan, people: Sequence[str], rooms: Rooms) -> Mapping[str, Picks]:
    """Products of some recipients of a plan, as its messages show them."""
    if not plan.brief.products_per_recipient:
        return {}
    return _picks(snapshot, plan.brief, plan.occasion, plan.goods, people, rooms)


def _picks(
    snapshot: Snapshot, brief: CampaignBrief, occasion: Occasion | None, goods: Goods | None, people: Sequence[str],
    rooms: Rooms,
) -> Mapping[str, Picks]:
    """Products of each recipient: those of the occasion, those of the campaign's goods that suit best, else the
    recommender's."""
    k = brief.products_per_recipient
    if goods is not None:
        liked = rooms.pick_among(people, k, goods.product_ids) if rooms.pick_among is not None else {}
        why = {person: {p.product_id: p.because for p in liked.get(person, ())} for person in people}
        return {person: [Pick(p, why[person].get(p)) for p in in_order(goods, list(why[person]), k)]
                for person in people}
    if brief.favourites and (occasion is None or occasion.picks is None):
        return picks_of_favourites(snapshot, people, k, rooms.pick)
    if occasion is None or occasion.picks is None:
        return rooms.pick(people, k, brief.offer.category)
    return {person: occasion.picks.get(person, ())[:k] for person in people}


def _tested(
    snapshot: Snapshot, brief: CampaignBrief, rule: Filter, audience: Audience, campaign_id: str,
    units: Mapping[str, UnitCost], learnt: Callable[[Snapshot], Snapshot],
) -> tuple[Designed, Costs]:
    """Control group and recipients, as many as the budget pays for, and what writing to them costs.

    Whom the budget does not reach is drawn at random, so that the control group stays comparable.
    """
    people = audience.selected if audience.mailable is None else audience.mailable
    kept = tuple(people)
    while True:
        tested = designed(snapshot, brief, rule, audience.only(kept), campaign_id, learnt)
        costs = costs_of(units, audience, tested.split.contacted, brief.steps, len(people) - len(kept))
        if brief.budget is None or costs.total is None or costs.total <= brief.budget:
            return tested, costs
        kept = shrink(kept, brief.budget, costs.total, campaign_id)


def _left_alone(
    snapshot: Snapshot, brief: CampaignBrief, audience: Audience, rooms: Rooms, assumptions: list[str]
) -> Audience:
    """The audience without those whom past campaigns show not worth contacting: asked for, or by default where past
    campaigns show that customers are moved differently. Where everybody is to be asked alike, only if asked for."""
    if brief.leave_alone is False or (brief.leave_alone is None and (
            rooms.do_not_contact is None or audience.reachable is None or goals()[brief.goal].get("alike"))):
        return audience
    try:
        if brief.leave_alone or rooms.do_not_contact is None:
            rule, _ = rooms.put_in(InGroup(group="contact", name="leave_alone"))
            found: Collection[str] = customer_ids(snapshot, rule)
        else:
            found = rooms.do_not_contact(brief.offer.kind in {"percent_off", "amount_off"})
    except UserError as error:  # the model abstains, or the data hold no experiment: nobody is picked by it
        if brief.leave_alone or snapshot.has("campaigns"):
            assumptions.append(f"Nobody is left alone because of past campaigns: {error.message}.")
        return audience
    left = audience.without(found, WORTH_IT)
    if brief.leave_alone is None and not left.mailable:
        assumptions.append("Past campaigns show nobody of them worth contacting; nobody is left out for it.")
        return audience
    if brief.leave_alone is None:
        assumptions.append(DO_NOT_CONTACT)
    return left


def _offer_notes(brief: CampaignBrief) -> list[str]:
    notes = [NOTE] if brief.favourites else []
    if brief.offer.kind == "gift":
        counted = "its cost is taken as said" if brief.offer.value else "what it costs is therefore not counted"
        notes.append(f"Which gift it is was not said; {counted}.")
    if brief.ends_on is None and brief.offer.kind != "none":
        notes.append("The offer has no end date, so the copy names none.")
    return notes


def show_campaign(snapshot: Snapshot, request: CampaignRequest, store: DraftStore) -> Result:
    """A stored draft as it was, with what its version changed; a caveat says so when the data have changed since."""
    draft = store.load(request.campaign_id)
    if request.version is not None:
        draft = store.version(draft.campaign_id, request.version)
    result = _shown(snapshot, draft, store, request.changes)
    if request.part is not None:
        result.words["asked"] = request.part
    if request.against is not None:
        other = store.version(draft.campaign_id, request.against)
        result.tables = [t for t in result.tables if t.id != "changes"]
        add_changes(result, draft.version, other.version, differences(other.brief, draft.brief))
    return result


def undo_campaign(snapshot: Snapshot, request: UndoRequest, store: DraftStore) -> Result:
    """Take back the latest version of a draft, or all after the version named: they are kept, and it stands again.

    Raises:
        UnknownName: no such draft or version.
        InvalidPlan: it has only one version, or the one named stands already.
    """
    draft = store.load(request.campaign_id)
    standing = draft
    if request.version is not None:
        store.version(draft.campaign_id, request.version)
        if request.version >= draft.version:
            raise InvalidPlan(f"Version {draft.version} of draft {draft.campaign_id} stands already",
                              received=request.version, valid=[f"a version before {draft.version}"])
    while standing is draft or (request.version is not None and standing.version > request.version):
        store.undo(standing)
        standing = store.load(draft.campaign_id)
    result = _shown(snapshot, standing, store, changes=False)
    result.tables = [t for t in result.tables if t.id != "changes"]
    result.figures.pop("version_before", None)
    add_changes(result, standing.version, draft.version, differences(draft.brief, standing.brief))
    result.words["undone"] = "yes" if draft.version - standing.version == 1 else "several"
    return result


def _shown(snapshot: Snapshot, draft: Draft, store: DraftStore, changes: bool) -> Result:
    result = draft.result
    before = store.before(draft)
    number = before.version if before else None
    add_changes(result, draft.version, number, differences(before.brief, draft.brief) if before else [])
    result.words |= {"asked": "changes" if changes else "draft", "undone": ""}
    if draft.fingerprint != snapshot.fingerprint:
        result.caveats.append(Caveat(code="draft_on_other_data"))
    return result


def draft_audiences(store: DraftStore) -> list[DraftAudience]:
    """The audience of every stored draft, or the word that its goal stands for."""
    found = []
    for campaign_id in (d["campaign_id"] for d in store.list()):
        brief = store.load(campaign_id).brief
        term = goals()[brief.goal].get("audience") if brief.audience is None else None
        found.append(DraftAudience(campaign_id, brief.audience, term))
    return found


def _rule(
    snapshot: Snapshot, brief: CampaignBrief, rooms: Rooms, occasion: Occasion | None,
    definitions: list[DefinitionUsed], assumptions: list[str],
) -> Filter:
    if occasion is not None:
        assumptions.append(occasion.note)
        rule, cited = rooms.put_in(occasion.rule)
        definitions.extend(cited)
        return rule
    if brief.audience is not None:
        rule, cited = rooms.put_in(brief.audience)
        definitions.extend(cited)
        return rule
    if goals()[brief.goal].get("rhythm"):
        rule, why = due_again(snapshot, brief.offer.category)
        assumptions.append(why)
        return rule
    term = goals()[brief.goal]["audience"]
    found = rooms.definition(term)
    if found is None or found.filter is None:
        raise InvalidPlan(f"No meaning is known for '{term}'", received=term, hint="Say who should get the campaign.")
    definitions.append(found.used())
    return rooms.put_in(found.filter.model_copy(update={"term": None}))[0]


def _check_offer(snapshot: Snapshot, brief: CampaignBrief) -> None:
    if brief.ends_on is not None and brief.ends_on < snapshot.as_of:
        raise InvalidPlan("The offer would end before it begins", received=brief.ends_on.isoformat(),
                          valid=[f"a day after {snapshot.as_of.isoformat()}"])
    if brief.offer.category:
        snapshot.require("products", "category", needed_for=f"An offer on {brief.offer.category}")
