"""The recommender's alarms as a :class:`~assistant.results.Result` of kind ``recommender_check``, and as caveats."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.data.warehouse import Snapshot
from assistant.models.recommend.alarms import THRESHOLDS, Alarm, Check
from assistant.models.recommend.choosing import EVALUATED_K
from assistant.models.recommend.feedback import FOLLOW_DAYS, RECENT_DAYS
from assistant.models.recommend.fitted import FittedRecommender
from assistant.models.registry import RECOMMENDERS
from assistant.plans import CheckRequest
from assistant.plans.reword import reword
from assistant.results import Caveat, Column, DefinitionUsed, Evidence, Figure, Result, Source, Table
from assistant.results.result import Unit

_SAID = {"fires": "fires", "fine": "fine", "unknown": "cannot be checked"}
#: Figures of the check in the order of the second table: label and unit.
_FIGURES: dict[str, tuple[str, Unit]] = {
    "recall": ("Later purchases found by the lists", "percent"),
    "lead": ("Found beyond the popularity list", "points"),
    "lead_half_width": ("Half width of its 95 % interval", "points"),
    "gini_lists": ("Gini of places among products", "score"),
    "gini_bought": ("Gini of purchases among products", "score"),
    "best_lists": ("Places of the tenth of products bought most", "percent"),
    "best_bought": ("Purchases of the tenth of products bought most", "percent"),
    "popularity_ratio": ("Mean popularity of what is recommended over that of what is bought", "ratio"),
    "divergence": ("Divergence of lists from purchases by popularity (Kullback–Leibler, nats)", "score"),
    "feedback_upper": ("Recent purchases in orders that answered a campaign", "percent"),
}


def check_result(snapshot: Snapshot, request: CheckRequest, fitted: FittedRecommender, check: Check) -> Result:
    """Every alarm, or those asked about: value, threshold with its reason, verdict, what to do."""
    chosen = [a for a in check.alarms if request.about in {"all", a.threshold.about}]
    table = _table(chosen)
    figures = _figure_table(check)
    firing = [a for a in chosen if a.verdict == "fires"]
    unknown = [a for a in chosen if a.verdict == "unknown"]
    derived = Source(table="alarms", origin="derived", derivation="number of rows by verdict")
    result = Result(
        kind="recommender_check", title="Check of the recommendations", currency=snapshot.currency,
        tables=[table, figures],
        figures={
            "firing": Figure(value=len(firing), unit="count", label="Alarms that fire", source=derived),
            "checked": Figure(value=len(chosen) - len(unknown), unit="count", label="Alarms checked", source=derived),
            "customers": Figure(value=check.customers, unit="count", label="Customers whose lists were looked at",
                                source=Source(origin="evidence")),
            "k": Figure(value=EVALUATED_K, unit="count", label="Products per list", source=Source(origin="definition")),
            "last_day": Figure(value=fitted.interactions.until.isoformat(), unit="date", label="Last day learnt from",
                               source=Source(origin="evidence")),
        },
        headline=["firing"], words={
            "about": request.about, "model": RECOMMENDERS[fitted.choice.name].words, "why": fitted.choice.why,
            "missing": ", ".join(dict.fromkeys(a.missing for a in unknown if a.missing)),
        },
        evidence=_evidence(snapshot, request, fitted),
        followups=["Which new products should we push?", "Which products should we recommend to all customers?"],
    )
    result.figures |= {c.name: figures.figure(0, c.name) for c in figures.columns}
    result.figures |= _alarm_figures(table, chosen)
    return result


def alarm_caveats(check: Check) -> list[Caveat]:
    """The alarms on the lists themselves that fire, as caveats of a recommendation."""
    figures = _alarm_figures(_table(check.alarms), check.alarms)
    return [
        Caveat(code=f"alarm_{alarm.code}", figures={n: figures[f"{n}_{alarm.code}"] for n in ("value", "limit")})
        for alarm in check.alarms
        if alarm.verdict == "fires" and alarm.threshold.about in {"sameness", "coverage", "popularity"}
    ]


_COLUMNS = [
    Column(name="code", label="Alarm"), Column(name="check", label="Check"), Column(name="verdict", label="Verdict"),
    Column(name="measure", label="Measure"), Column(name="value", label="Value", unit="number"),
    Column(name="side", label="Fires from the threshold"), Column(name="limit", label="Threshold", unit="number"),
    Column(name="unit", label="Unit"),
    Column(name="why", label="Why there"), Column(name="action", label="What to do"),
]
_UNITS = {"percent": "%", "days": "days", "points": "percentage points"}
_ABOUT_WORDS = {
    "sameness": "everybody gets the same", "coverage": "little of the range is shown",
    "popularity": "bestsellers are favoured", "age": "out of date", "quality": "no better than popularity",
    "feedback": "feeds on its own lists",
}


def _row(alarm: Alarm) -> list[str | float | None]:
    bar = alarm.threshold
    action = f"load {alarm.missing}" if alarm.verdict == "unknown" and alarm.missing else bar.action
    return [alarm.code, _ABOUT_WORDS[bar.about], _SAID[alarm.verdict], bar.measure[:1].upper() + bar.measure[1:],
            None if alarm.value is None else round(alarm.value, 1), "up" if bar.above else "down", bar.limit,
            _UNITS[bar.unit], bar.why, action]


def _table(alarms: Sequence[Alarm]) -> Table:
    return Table(id="alarms", title="Alarms", columns=_COLUMNS, rows=[_row(a) for a in alarms], total_rows=len(alarms))


def _alarm_figures(table: Table, alarms: Sequence[Alarm]) -> dict[str, Figure]:
    """Value and threshold of each alarm in its own unit: ``value_<code>``, ``limit_<code>``."""
    found = {}
    for i, alarm in enumerate(alarms):
        for name in ("value", "limit"):
            if table.cell(i, name) is not None:
                figure = table.figure(i, name, alarm.threshold.measure)
                found[f"{name}_{alarm.code}"] = figure.model_copy(update={"unit": alarm.threshold.unit})
    return found


def _figure_table(check: Check) -> Table:
    named = {n: of for n, of in _FIGURES.items() if n in check.figures}
    return Table(
        id="figures", title="Figures behind the alarms", total_rows=1,
        rows=[[round(check.figures[n], 2) for n in named]],
        columns=[Column(name=n, label=label, unit=unit) for n, (label, unit) in named.items()],
    )


def _evidence(snapshot: Snapshot, request: CheckRequest, fitted: FittedRecommender) -> Evidence:
    reasons = sorted({f"{bar.measure}: {bar.limit:g}, because {bar.why}" for bar in THRESHOLDS.values()})
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        window_start=snapshot.manifest.first_day, window_end=snapshot.as_of,
        model=fitted.info(fitted.family()),
        definitions=[DefinitionUsed(term="threshold", meaning=reason) for reason in reasons],
        assumptions=[
            "The model is fitted on all orders up to the last day of the data, each time data are loaded.",
            f"Feedback looks at purchases of the last {RECENT_DAYS} days and what was sent up to {FOLLOW_DAYS} days "
            "before them.",
            "The age of the data is counted to today by the clock; everything else ends with the data.",
        ],
    )
