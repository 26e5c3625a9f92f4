"""Which recommender was used and how it did, as part of a result: the table ``models``, figures, words on the exam."""

from __future__ import annotations

from datetime import date
from typing import Any

from assistant.models.recommend.choosing import Choice
from assistant.models.recommend.exam import EVALUATED_K, Trial
from assistant.models.recommend.fitted import FittedRecommender
from assistant.models.recommend.list_measures import Difference, paired_difference
from assistant.results import Caveat, Column, DefinitionUsed, Figure, Result, Source, Table

_COLUMNS = [
    Column(name="model", label="Model"),
    Column(name="recall", label="Later purchases found in the list", unit="percent"),
    Column(name="ndcg", label="nDCG", unit="score"),
    Column(name="lead", label="Found, less the popularity list", unit="points"),
    Column(name="lead_low", label="Lead, low", unit="points"),
    Column(name="lead_high", label="Lead, high", unit="points"),
    Column(name="coverage", label="Share of the catalogue shown", unit="percent"),
    Column(name="gini", label="Gini of exposure", unit="score"),
    Column(name="diversity", label="Diversity within a list", unit="score"),
    Column(name="novelty", label="Novelty (bits)", unit="score"),
    Column(name="ndcg_chosen_on", label="nDCG on the weeks that chose", unit="score"),
    Column(name="test_customers", label="Customers in the comparison", unit="count"),
    Column(name="used", label="Used here"),
]

_MEASURES = (
    ("Gini of exposure", "how unequally the products stand on the lists: 0 all equally often, towards 1 a few only"),
    ("diversity within a list", "one less the mean likeness (cosine of the buyers) of two products of a list"),
    ("novelty", "mean of minus the base-2 logarithm of the share of customers who bought a product shown"),
)


def add_models(result: Result, fitted: FittedRecommender, family: str) -> None:
    """Add the comparison on the shop's test weeks, with figures of the model used, or the caveat that there is none."""
    choice, used = fitted.choice, fitted.names[family]
    if choice.stretch is None:
        result.caveats.append(Caveat(code="recommender_unmeasured"))
        return
    trials = list(choice.trials)
    if choice.trial(used) is None and (extra := fitted.trial(used)) is not None:
        trials.append(extra)
    ranked = sorted(trials, key=lambda t: -t.ndcg)
    plain = next(t for t in ranked if t.name == fitted.names["popularity"])
    table = Table(
        id="models", title=f"Models compared on the last {choice.weeks} weeks, lists of {EVALUATED_K}",
        columns=_COLUMNS, rows=[_row(choice, t, plain, used) for t in ranked], total_rows=len(ranked),
    )
    result.tables.append(table)
    place = next(i for i, t in enumerate(ranked) if t.name == used)
    result.figures["recall"] = table.figure(place, "recall", "Later purchases found by the model used")
    result.figures["test_customers"] = table.figure(place, "test_customers")
    result.figures["test_first"] = _day(choice.stretch.test.first_day, "First day of the test weeks")
    result.figures["test_last"] = _day(choice.stretch.test.last_day, "Last day of the test weeks")
    if family != "popularity":
        result.figures["recall_popularity"] = table.figure(ranked.index(plain), "recall",
                                                           "Found by the popularity list")
        for column in ("lead", "lead_low", "lead_high"):
            result.figures[column] = table.figure(place, column)
    result.evidence.assumptions.append(exam_words(choice))
    result.evidence.definitions += [DefinitionUsed(term=term, meaning=meaning) for term, meaning in _MEASURES]


def _row(choice: Choice, trial: Trial, plain: Trial, used: str) -> list[Any]:
    lead: Difference | None = None
    if trial is not plain:
        lead = paired_difference(trial.per_user_recall, plain.per_user_recall)
    chosen_on = choice.validated(trial.name)
    points = [None] * 3 if lead is None else [round(100 * v, 2) for v in (lead.mean, lead.low, lead.high)]
    return [
        trial.words, round(100 * trial.recall, 2), round(trial.ndcg, 4), *points, round(100 * trial.coverage, 1),
        round(trial.gini, 3), round(trial.diversity, 3), round(trial.novelty, 2),
        None if chosen_on is None else round(chosen_on.ndcg, 4), choice.users, "yes" if trial.name == used else "no",
    ]


def exam_words(choice: Choice) -> str:
    """Which weeks and customers chose, and which are shown."""
    assert choice.stretch is not None
    validation, test = choice.stretch.validation, choice.stretch.test
    when = f"{validation.first_day} to {validation.last_day}"
    asked = ("what customers bought that they did not own or that is often bought again"
             if choice.purpose == "new" else "the next order of each customer")
    if choice.stretch.apart == "customers":
        return (f"History is short, so one half of the customers ({validation.users}) chose the model and the "
                f"other half ({test.users}) is shown, both on {when}; asked: {asked}; lead with a 95 % interval "
                "of the paired difference.")
    return (f"The model was chosen on {when} ({validation.users} customers); the figures shown are from "
            f"{test.first_day} to {test.last_day} ({test.users} customers), which had no say; asked: {asked}; "
            "lead with a 95 % interval of the paired difference.")


def _day(day: date, label: str) -> Figure:
    return Figure(value=day.isoformat(), unit="date", label=label, source=Source(origin="evidence"))
