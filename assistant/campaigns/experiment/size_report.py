"""How large, how long, which effect: the planning of an experiment as a result of kind ``experiment_size``."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assistant.campaigns.audience import build_audience
from assistant.campaigns.experiment.arriving import days_result
from assistant.campaigns.experiment.baseline import came_back, reacted
from assistant.campaigns.experiment.past import past_lift
from assistant.campaigns.experiment.rule import LEVEL_PERCENT, POWER_PERCENT, RESPONSE_DAYS
from assistant.campaigns.experiment.size import (
    MOST_SHARE,
    Sizing,
    holdout_for,
    minimum_detectable_lift,
    people_for,
    power_of,
    size_holdout,
)
from assistant.errors import MissingData, UnknownName
from assistant.plans import Compare, Filter
from assistant.plans.experiments import ExperimentSizeRequest
from assistant.plans.reword import reword, reword_filter
from assistant.results import Caveat, Column, DefinitionUsed, Evidence, Figure, Result, Source, Table
from assistant.results.result import Scalar, Unit

if TYPE_CHECKING:
    from assistant.campaigns.draft import Rooms
    from assistant.data.warehouse import Snapshot

EVERYBODY = Compare(field="customer", op="not_null", values=())
SHARES = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5)
WINDOWS = (7, 14, 21, 30, 45, 60, 90)
#: Differences in points that a test without an expected effect is sized for.
EFFECTS = (0.5, 1.0, 2.0, 3.0, 5.0)


@dataclass(frozen=True)
class Case:
    """What is planned for. Rates 0–1.

    Attributes:
        rule: who is meant; None where only a number was said.
        effect: expected difference; ``relative``: the same as a share of the baseline it was seen at.
        effect_from: ``said``, ``past`` or ``none``; baseline_from: ``said``, ``data`` or ``none``.
    """

    people: int
    rule: Filter | None
    who: str
    baseline: float | None
    baseline_customers: int
    effect: float | None
    relative: float | None
    effect_from: str
    baseline_from: str
    campaign_id: str = ""
    share: float | None = None
    definitions: tuple[DefinitionUsed, ...] = ()
    past_campaigns: int = 0
    reachable: bool = False


def size_result(snapshot: Snapshot, request: ExperimentSizeRequest, rooms: Rooms) -> Result:
    """Answer one of the planning questions.

    Raises:
        NoRows: the audience is empty. UnknownName: no such draft.
    """
    if request.orders_per_day is not None:
        return days_result(snapshot, request)
    case = _of_reactions(snapshot, request) if request.outcome != "orders" else _case(snapshot, request, rooms)
    sizing = size_holdout(case.people, case.baseline, case.effect, case.share)
    shares = _shares(case, sizing)
    windows = _windows(snapshot, case, sizing) if request.about == "duration" else None
    effects = _effects(case, request) if case.baseline is not None else None
    tables = [t for t in (windows, effects if request.about == "test" else shares) if t is not None and t.rows]
    return Result(
        kind="experiment_size", title=_TITLES[request.about], currency=snapshot.currency, tables=tables,
        figures=_figures(case, sizing, request) | _window_figures(windows), headline=_headline(request, case),
        words=_words(case, sizing, request, windows), caveats=_caveats(case),
        evidence=_evidence(snapshot, request, case),
        followups=_followups(request, case),
    )


_TITLES = {"control_group": "How large the control group must be", "duration": "How long the test must run",
           "detectable": "Which effect the test can show", "test": "How many customers a test needs"}


def _case(snapshot: Snapshot, request: ExperimentSizeRequest, rooms: Rooms) -> Case:
    from assistant.campaigns.draft import make_plan

    goal, share = request.goal, request.share
    if request.audience is None and request.people is None and (goal is None or request.campaign_id):
        draft = _draft(rooms, request.campaign_id)
        if draft is not None:
            plan = make_plan(snapshot, draft.brief.model_copy(update={"products_per_recipient": 0}), rooms,
                             draft.campaign_id, recipients=0)
            mailable = plan.audience.selected if plan.audience.mailable is None else plan.audience.mailable
            case = Case(len(mailable), plan.rule, "", plan.sizing.baseline, plan.baseline_customers, None, None, "none",
                        "data", draft.campaign_id, share or draft.brief.holdout_share, tuple(plan.definitions),
                        reachable=plan.audience.mailable is not None)
            return _expecting(snapshot, case, request, goal or draft.brief.goal)
    if request.people is not None:
        baseline, customers = came_back(snapshot, EVERYBODY)
        case = Case(request.people, None, "", baseline, customers, None, None, "none", "data", share=share)
        return _expecting(snapshot, case, request, goal)
    rule, cited = rooms.put_in(request.audience or _usual(rooms, goal) or EVERYBODY)
    audience = build_audience(snapshot, rule, ("email", "sms", "push", "post"))
    people = audience.selected if audience.mailable is None else audience.mailable
    baseline, customers = came_back(snapshot, rule)
    who = request.audience_words or ("all customers" if rule == EVERYBODY else f"customers where {reword_filter(rule)}")
    case = Case(len(people), rule, who, baseline, customers, None, None, "none", "data", share=share,
                definitions=tuple(cited), reachable=audience.mailable is not None)
    return _expecting(snapshot, case, request, goal)


def _of_reactions(snapshot: Snapshot, request: ExperimentSizeRequest) -> Case:
    """Openings or clicks of an e-mail, as often as of past e-mails.

    Raises:
        MissingData: the data say nothing of them.
    """
    baseline, messages = reacted(snapshot, request.outcome)
    if baseline is None and request.baseline is None:
        raise MissingData("How often e-mails are opened or clicked needs the messages sent with what came of them",
                          received="touches", hint="Load one row per message sent: delivered, opened, clicked.")
    case = Case(request.people or 0, None, "", baseline, messages, None, None, "none", "data")
    return _expecting(snapshot, case, request, None)


def _usual(rooms: Rooms, goal: str | None) -> Filter | None:
    """Who a campaign of this kind is for where nobody is named."""
    from assistant.campaigns.draft import goals

    term = goals().get(goal or "", {}).get("audience")
    found = rooms.definition(term) if term is not None else None
    return None if found is None or found.filter is None else found.filter.model_copy(update={"term": None})


def _draft(rooms: Rooms, campaign_id: str | None) -> Any:
    try:
        return rooms.store.load(campaign_id)
    except UnknownName:
        if campaign_id is not None:
            raise
        return None  # no draft yet: all customers are meant


def _expecting(snapshot: Snapshot, case: Case, request: ExperimentSizeRequest, goal: str | None) -> Case:
    """The case with what is expected: as said, else what past campaigns of the kind did."""
    if request.baseline is not None:
        case = replace(case, baseline=request.baseline / 100, baseline_from="said")
    elif case.baseline is None:
        case = replace(case, baseline_from="none")
    if request.effect is not None:
        return replace(case, effect=request.effect / 100, effect_from="said")
    if request.effect_relative is not None:
        effect = None if case.baseline is None else case.baseline * request.effect_relative / 100
        return replace(case, effect=effect, relative=request.effect_relative / 100, effect_from="said")
    past = past_lift(snapshot, goal) if goal is not None else None
    if past is None or past.lower <= 0:
        return case
    relative = past.lift / past.control_rate if past.control_rate > 0 else None
    return replace(case, effect=past.lift, relative=relative, effect_from="past", past_campaigns=past.campaigns)


def _shares(case: Case, sizing: Sizing) -> Table:
    """What control groups of usual sizes can show."""
    rows: list[list[Scalar]] = []
    for share in sorted({*SHARES, round(sizing.share, 3)}):
        held = round(share * case.people)
        if case.baseline is None:
            continue
        found = minimum_detectable_lift(case.baseline, case.people - held, held)
        power = None if case.effect is None else power_of(case.baseline, case.effect, case.people - held, held)
        rows.append([round(100 * share, 1), held, case.people - held, None if found is None else round(100 * found, 2),
                     None if power is None else round(100 * power, 1)])
    columns = [Column(name="share", label="Held out", unit="percent"),
               Column(name="held_out", label="Control group", unit="count"),
               Column(name="contacted", label="Contacted", unit="count"),
               Column(name="detectable", label="Smallest effect it shows", unit="points")]
    if case.effect is not None:
        columns.append(Column(name="power", label="Chance to show the expected effect", unit="percent"))
    else:
        rows = [row[:4] for row in rows]
    return Table(id="shares", title="Control groups and what they show", columns=columns, rows=rows,
                 total_rows=len(rows))


def _windows(snapshot: Snapshot, case: Case, sizing: Sizing) -> Table:
    """How many come back by themselves within so many days, and what that lets the control group show."""
    held = round(sizing.share * case.people)
    rows: list[list[Scalar]] = []
    for days in WINDOWS:
        baseline, _ = came_back(snapshot, case.rule or EVERYBODY, days)
        if baseline is None:
            continue
        if case.baseline_from == "said" and case.baseline is not None:
            usual, _ = came_back(snapshot, case.rule or EVERYBODY, RESPONSE_DAYS)
            baseline = min(case.baseline * baseline / usual, 0.99) if usual else None
        if not baseline:
            continue
        found = minimum_detectable_lift(baseline, case.people - held, held)
        effect = None if case.baseline is None or case.effect is None else case.effect * baseline / case.baseline
        power = None if effect is None else power_of(baseline, effect, case.people - held, held)
        rows.append([days, round(100 * baseline, 2), None if found is None else round(100 * found, 2),
                     None if effect is None else round(100 * effect, 2),
                     None if power is None else round(100 * power, 1)])
    columns = [Column(name="days", label="Days", unit="days"),
               Column(name="baseline", label="Order anyway", unit="percent"),
               Column(name="detectable", label="Smallest effect it shows", unit="points")]
    if case.effect is not None:
        columns += [Column(name="effect", label="Effect expected by then", unit="points"),
                    Column(name="power", label="Chance to show it", unit="percent")]
    else:
        rows = [row[:3] for row in rows]
    return Table(id="windows", title="Length of the window and what it shows", columns=columns, rows=rows,
                 total_rows=len(rows))


def _effects(case: Case, request: ExperimentSizeRequest) -> Table:
    """Customers needed in all, in arms of equal size, by the difference looked for."""
    rows: list[list[Scalar]] = []
    comparisons = request.arms * (request.arms - 1) // 2
    expected = [] if case.effect is None else [round(100 * case.effect, 3)]
    for points in sorted({*EFFECTS, *expected}):
        needed = people_for(case.baseline or 0.0, points / 100, comparisons=comparisons)
        if needed is not None:
            each = math.ceil(needed / 2)
            rows.append([points, each, each * request.arms])
    return Table(id="effects", title="Customers needed by the difference looked for", total_rows=len(rows), rows=rows,
                 columns=[Column(name="effect", label="Difference", unit="points"),
                          Column(name="each", label="Customers in each arm", unit="count"),
                          Column(name="all", label="In all", unit="count")])


def _figures(case: Case, sizing: Sizing, request: ExperimentSizeRequest) -> dict[str, Figure]:
    held = round(sizing.share * case.people)
    given: list[tuple[str, float | int | None, Unit, str, str]] = [
        ("people", case.people, "count", "Customers in the test", "audience that may be contacted, or as said"),
        ("share", 100 * sizing.share, "percent", "Share held out", "power, default or as said"),
        ("held_out", held, "count", "Control group", "share of the customers"),
        ("contacted", case.people - held, "count", "Contacted", "customers less control group"),
        ("baseline", _hundred(case.baseline), "percent", "Order anyway", "customers of the same rule one window ago"),
        ("effect", _hundred(case.effect), "points", "Expected effect", "as said, or past campaigns of the kind"),
        ("detectable", _hundred(sizing.detectable), "points", "Smallest effect shown", "two proportions, normal"),
        ("best", _hundred(sizing.best), "points", "Shown by the largest control group", "two proportions, normal"),
        ("power_now", _hundred(sizing.power), "percent", "Chance to show the expected effect", "two proportions"),
        ("level", LEVEL_PERCENT, "percent", "False alarms", "rule of the read-out"),
        ("power", POWER_PERCENT, "percent", "Power", "rule of the read-out"),
        ("window", RESPONSE_DAYS, "days", "Window", "rule of the read-out"),
        ("most", 100 * MOST_SHARE, "percent", "Largest control group", "rule of the sizing"),
        ("arms", request.arms, "count", "Arms", "as said"),
    ]
    if case.baseline is not None and case.effect is not None:
        alone = holdout_for(case.people, case.baseline, case.effect)
        pairs = request.arms * (request.arms - 1) // 2
        needed = people_for(case.baseline, case.effect, comparisons=pairs)
        each = None if needed is None else math.ceil(needed / 2)
        given += [("needed_held_out", alone, "count", "Control group needed", "smallest with that power"),
                  ("needed_each", each, "count", "Needed in each arm", "arms of equal size"),
                  ("needed_all", None if each is None else each * request.arms, "count", "Needed in all",
                   "arms of equal size")]
    if case.past_campaigns:
        given.append(("past_campaigns", case.past_campaigns, "count", "Past campaigns", "with a control group"))
    return {name: Figure(value=value, unit=unit, label=label, source=Source(origin="derived", derivation=how))
            for name, value, unit, label, how in given if value is not None}


def _hundred(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 2)


def _window_figures(windows: Table | None) -> dict[str, Figure]:
    """The shortest window with the wanted power."""
    place = _enough(windows)
    return {} if windows is None or place is None else {"enough_days": windows.figure(place, "days")}


def _enough(windows: Table | None) -> int | None:
    if windows is None or "power" not in [c.name for c in windows.columns]:
        return None
    powers = [windows.cell(i, "power") for i in range(len(windows.rows))]
    return next((i for i, p in enumerate(powers) if isinstance(p, float) and p >= POWER_PERCENT), None)


def _words(
    case: Case, sizing: Sizing, request: ExperimentSizeRequest, windows: Table | None
) -> dict[str, str]:
    return {
        "asked": request.about, "who": case.who, "campaign": case.campaign_id, "sized": sizing.why,
        "effect_from": case.effect_from, "baseline_from": case.baseline_from,
        "number_only": "yes" if request.people is not None else "", "several": "yes" if request.arms > 2 else "",
        "does": {"opens": "open it", "clicks": "click"}.get(request.outcome, "order anyway"),
        "of_whom": "of past e-mails" if request.outcome != "orders" else f"of {case.who}" if case.who else "",
        "enough": "yes" if _enough(windows) is not None else "", "reachable": "yes" if case.reachable else "",
        "enough_power": "" if sizing.power is None else "yes" if 100 * sizing.power >= POWER_PERCENT else "no",
    }


def _headline(request: ExperimentSizeRequest, case: Case) -> list[str]:
    if case.baseline is None:
        return ["people"]
    wanted = {"control_group": ["held_out", "share", "detectable"], "duration": ["window", "detectable"],
              "detectable": ["detectable", "people"], "test": ["needed_each", "baseline"]}[request.about]
    return wanted if case.effect is not None or request.about != "test" else ["baseline"]


def _caveats(case: Case) -> list[Caveat]:
    return [Caveat(code="experiment_no_baseline")] if case.baseline is None else []


def _evidence(snapshot: Snapshot, request: ExperimentSizeRequest, case: Case) -> Evidence:
    assumptions = [
        "Two proportions, normal approximation, two-sided (Fleiss, Levin and Paik, chapter 4).",
        "Customers order as often in the coming weeks as in the weeks before the last day of the data.",
    ]
    if request.outcome != "orders":
        assumptions[1] = "E-mails are opened and clicked as often as past ones were."
    if case.effect_from == "past":
        assumptions.append("The campaign does as much as past campaigns of its kind did.")
    if request.about == "duration" and case.effect is not None:
        assumptions.append("The effect grows with the window as the orders do that come anyway.")
    if request.arms > 2:
        assumptions.append("Every pair of arms is compared; they share the level (Bonferroni).")
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        window_start=snapshot.manifest.first_day, window_end=snapshot.as_of, computed_at=datetime.now(UTC),
        definitions=[*case.definitions, DefinitionUsed(
            term="order anyway", meaning="share of the customers the same rule selected one window earlier who then "
                                         "ordered within it")] if request.outcome == "orders" else [],
        assumptions=assumptions,
    )


_ASK: dict[str, Callable[[str], str]] = {
    "control_group": lambda of: f"How big must the control group be{of}?",
    "duration": lambda of: f"How long must the test run{of}?",
    "detectable": lambda of: f"What lift can the test show{of}?",
}


def _followups(request: ExperimentSizeRequest, case: Case) -> list[str]:
    of = f" for {case.campaign_id}" if case.campaign_id else ""
    if request.people is not None:
        of = f" with {request.people:,} customers"
    elif request.audience_words:
        of = f" for {request.audience_words}"
    asked = [ask(of) for name, ask in _ASK.items() if name != request.about]
    return [*asked, "What sample size does an A/B test need?"][:3]
