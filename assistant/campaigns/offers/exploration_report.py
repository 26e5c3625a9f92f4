"""A test that learns as a :class:`~assistant.results.Result` of kind ``exploration``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from assistant.campaigns.offers.exploration import ExplorationLog, Round, Tested, answers, seen
from assistant.campaigns.offers.off_policy import evaluate
from assistant.campaigns.offers.terms import ANSWER_DAYS
from assistant.campaigns.offers.thompson import FLOOR, Arm, likely_best
from assistant.plans.offers import ExploreRequest
from assistant.plans.reword import reword
from assistant.query.present import evidence_figure
from assistant.results import Caveat, Chart, Column, DefinitionUsed, Evidence, Result, Table
from assistant.results.result import Scalar

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot


def exploration_result(
    snapshot: Snapshot, request: ExploreRequest, log: ExplorationLog, test: Tested, drawn: Round | None
) -> Result:
    """How a test stands, and the round that was just drawn.

    Returns:
        tables ``arms`` (given, answers, rate with interval, likelihood to be best, chance in the latest round),
        ``rounds``, ``value`` (profit per customer of giving everybody one arm, evaluated off-policy on the log; once
        rounds are over), ``round`` (who gets what, the first of them).
    """
    frame, rounds = answers(snapshot, log, test), log.rounds(test)
    arms, latest = seen(test, frame), rounds[-1]
    tables = [_arms_table(test, frame, arms, latest), _rounds_table(frame, rounds)]
    over = frame[frame["over"]]
    if len(over):
        tables.append(_value_table(test, over))
    if drawn is not None:
        tables.append(_round_table(test, frame, drawn))
    figures = {n: tables[1].figure(len(rounds) - 1, n) for n in ("customers", "drawn_on")}
    figures["days"] = evidence_figure(ANSWER_DAYS, "days", "Days in which an order counts")
    figures["until"] = evidence_figure((latest.as_of + timedelta(days=ANSWER_DAYS)).isoformat(), "date", "Over after")
    figures["in_all"] = evidence_figure(len(frame), "count", "Customers so far")
    figures["over"] = evidence_figure(len(over), "count", "Customers whose days are over")
    best = likely_best(arms)
    place = int(best.argmax())
    if len(over):
        figures["best"] = tables[0].figure(place, "best")
    return Result(
        kind="exploration", title=f"Test {test.test_id}: finding out what works", currency=snapshot.currency,
        tables=tables, figures=figures, headline=["customers", "in_all"],
        charts=[Chart(kind="bar", table="arms", x="arm", y=["best"], title="Likelihood to be the best")] if len(over)
        else [],
        words={"about": request.about, "test": test.test_id, "known": "yes" if len(over) else "",
               "leader": test.arms[place], "sure": "yes" if best[place] >= 0.95 else "",
               "drawn": "yes" if drawn is not None else ""},
        caveats=([Caveat(code="synthetic")] if snapshot.manifest.synthetic else [])
        + [Caveat(code="exploration_sends_nothing")]
        + ([] if snapshot.has("contacts", "consent") else [Caveat(code="reach_unknown")]),
        evidence=_evidence(snapshot, request, test, rounds),
        followups=["Which offer should each customer get?", "Did our past campaigns work?"],
    )


def _arms_table(test: Tested, frame: pd.DataFrame, arms: list[Arm], latest: Round) -> Table:
    from scipy.stats import beta

    columns = [
        Column(name="arm", label="What they get"), Column(name="given", label="Customers so far", unit="count"),
        Column(name="over", label="Of these over", unit="count"),
        Column(name="answered", label="Ordered", unit="count"),
        Column(name="rate", label="Share who ordered", unit="probability"),
        Column(name="lower", label="Lower bound", unit="probability"),
        Column(name="upper", label="Upper bound", unit="probability"),
        Column(name="best", label="Likelihood to be the best", unit="probability"),
        Column(name="chance", label="Chance in the latest round", unit="probability"),
    ]
    best, rows = likely_best(arms), []
    for j, arm in enumerate(arms):
        low, high = (float(beta.ppf(q, *arm.posterior)) for q in (0.025, 0.975))
        row: list[Scalar] = [arm.name, int((frame["arm"] == j).sum()), arm.trials, arm.successes]
        row += [round(arm.successes / arm.trials, 4), round(low, 4), round(high, 4)] if arm.trials else [None] * 3
        likely = round(float(best[j]), 4) if any(a.trials for a in arms) else None  # nothing seen: nothing to say
        rows.append([*row, likely, round(latest.chances[j], 4)])
    return Table(id="arms", title="What is tried out", columns=columns, rows=rows, total_rows=len(rows))


def _rounds_table(frame: pd.DataFrame, rounds: list[Round]) -> Table:
    columns = [
        Column(name="round", label="Round", unit="count"), Column(name="drawn_on", label="Drawn as of", unit="date"),
        Column(name="customers", label="Customers", unit="count"),
        Column(name="over", label="Days over", unit="text"), Column(name="digest", label="Seal (SHA-256)", unit="id"),
    ]
    rows: list[list[Scalar]] = []
    for one in rounds:
        mine = frame[frame["round"] == one.number]
        rows.append([one.number, one.as_of.isoformat(), len(mine), "yes" if bool(mine["over"].all()) else "no",
                     one.digest[:16]])
    return Table(id="rounds", title="Rounds", columns=columns, rows=rows, total_rows=len(rows))


def _value_table(test: Tested, over: pd.DataFrame) -> Table:
    """Profit per customer if everybody got one arm, by self-normalised inverse propensities on the log."""
    import numpy as np

    columns = [
        Column(name="arm", label="Everybody gets"), Column(name="profit", label="Profit per customer", unit="currency"),
        Column(name="lower", label="Lower bound", unit="currency"),
        Column(name="upper", label="Upper bound", unit="currency"),
    ]
    arm = over["arm"].to_numpy(dtype=int)
    reward = over["answered"].to_numpy() * np.array(test.per_answer)[arm] - np.array(test.per_contact)[arm]
    rows: list[list[Scalar]] = []
    for j, name in enumerate(test.arms):
        if not (arm == j).any():
            continue
        found = evaluate(reward, arm, over["propensity"].to_numpy(), np.eye(len(test.arms))[np.full(len(arm), j)]).snips
        rows.append([name, *(round(v, 2) for v in (found.value, found.lower, found.upper))])
    return Table(id="value", title="What the log says of giving everybody one of them", columns=columns, rows=rows,
                 total_rows=len(rows))


def _round_table(test: Tested, frame: pd.DataFrame, drawn: Round) -> Table:
    columns = [Column(name="customer_id", label="Customer", unit="id"), Column(name="arm", label="Gets"),
               Column(name="chance", label="Drawn with a chance of", unit="probability")]
    mine = frame[frame["round"] == drawn.number]
    rows: list[list[Scalar]] = [
        [str(r.customer_id), test.arms[int(r.arm)], round(float(r.propensity), 4)] for r in mine.itertuples()]
    return Table(id="round", title=f"Round {drawn.number}: who gets what", columns=columns, rows=rows,
                 total_rows=len(rows))


def _evidence(snapshot: Snapshot, request: ExploreRequest, test: Tested, rounds: list[Round]) -> Evidence:
    manifest = snapshot.manifest
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=manifest.id, source=manifest.source,
        synthetic=manifest.synthetic, as_of=snapshot.as_of, window_start=rounds[0].as_of, window_end=snapshot.as_of,
        rows_scanned=manifest.tables["orders"].rows,
        definitions=[DefinitionUsed(term=t, meaning=m) for t, m in {
            "likelihood to be the best": "of bringing most profit per customer, by Beta posteriors with uniform priors "
            "over answer rates",
            "chance in a round": f"that likelihood, but at least {FLOOR:.0%} for everything tried out",
            "answer": f"an order within {ANSWER_DAYS} days after the round that was not cancelled",
            "profit per customer": "answers × margin of an average order less the offer, less the message; estimated "
            "by self-normalised inverse propensities (SNIPS)",
        }.items()],
        assumptions=["An order is worth the average order of the last year; answer rates do not drift between rounds.",
                     "Where no number was said, a round holds a fifth of those who may be in the test, at least "
                     "a hundred.",
                     "Customers are contacted soon after a round is drawn, and get what it says.",
                     f"Every assignment and its chance was stored when it was drawn (test {test.test_id})."],
        computed_at=datetime.now(UTC))
