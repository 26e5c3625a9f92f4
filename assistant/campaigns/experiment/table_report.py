"""What a table of an experiment showed, as a result of kind ``experiment``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from assistant.campaigns.experiment.arms import Arm, Comparison, arms_of, compare_arms
from assistant.campaigns.experiment.balance import MISMATCH_BELOW, UNUSUAL_BELOW, ratio_p_value
from assistant.campaigns.experiment.size import FEWEST
from assistant.data.experiment_tables import ExperimentTable, experiments, find_experiment, load_experiment
from assistant.errors import InvalidPlan, UnknownName
from assistant.models.uplift.effects import Effects, read_out
from assistant.plans.experiments import ExperimentRequest
from assistant.plans.reword import reword
from assistant.results import Caveat, Chart, Column, DefinitionUsed, Evidence, Figure, Result, Source, Table
from assistant.results.result import Scalar, Unit

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import pandas as pd

#: Share of the spread of an outcome that one row alone may make before it is named.
ONE_ROW = 0.2
_VERDICTS = {"better": "better", "worse": "worse", "not_shown": "not shown", "gain": "better", "loss": "worse",
             "too_few": "too few customers"}


def table_read_out(folder: Path, request: ExperimentRequest) -> Result:
    """Read out the table that is meant, or list the tables there are.

    Raises:
        MissingData: none was added. UnknownName: no such table or column. InvalidPlan: too few customers in an arm.
    """
    table = find_experiment(folder, request.table)
    if request.about == "tables":
        return _listed(experiments(folder), request)
    frame = load_experiment(folder, table)
    outcomes = _wanted(table, request.outcome)
    found = {name: arms_of(frame[name].to_numpy(), frame[table.arm].to_numpy(), _order(frame, table))
             for name in outcomes}
    first = found[outcomes[0]]
    if sum(a.customers >= FEWEST for a in first) < 2:
        raise InvalidPlan(f"An effect needs two arms with at least {FEWEST} customers each",
                          received=", ".join(f"{a.name}: {a.customers}" for a in first))
    compared = {name: compare_arms(arms) for name, arms in found.items()} if table.random else {}
    by = None if request.by is None else _named(request.by, table.groups, "column to split by")
    tables = [*_effect_tables(found, compared), *([] if by is None or not table.random else
                                                 [_groups(frame, table, outcomes[0], by)]), _arms_table(found)]
    result = Result(
        kind="experiment", title=f"What the experiment {table.name} showed" if table.random
        else f"The table {table.name}: no experiment", tables=tables,
        figures=_figures(first, compared.get(outcomes[0], []), tables), headline=["lift"] if table.random else [],
        words=_words(table, request, outcomes, first, compared, by), charts=_charts(tables, table),
        evidence=_evidence(table, request, frame), followups=_followups(table, outcomes, request),
    )
    result.caveats = _caveats(frame, table, outcomes, result)
    return result


def _wanted(table: ExperimentTable, asked: str | None) -> list[str]:
    return list(table.outcomes) if asked is None else [_named(asked, table.outcomes, "outcome")]


def _named(asked: str, known: tuple[str, ...], what: str) -> str:
    plain = asked.casefold().replace("_", " ").strip()
    for name in known:
        if name.casefold().replace("_", " ") == plain:
            return name
    near = [name for name in known if plain in name.casefold().replace("_", " ")]
    if len(near) == 1:
        return near[0]
    raise UnknownName(f"The table has no such {what}", received=asked, valid=list(known))


def _order(frame: pd.DataFrame, table: ExperimentTable) -> list[str]:
    """Arms by name, the control first."""
    names = sorted(frame[table.arm].unique())
    return sorted(names, key=lambda n: n != table.control)


def _scale(arms: list[Arm]) -> tuple[float, Unit, Unit]:
    """Factor and units of a difference and of a mean: points for shares."""
    return (100.0, "points", "percent") if arms[0].binary else (1.0, "number", "number")


def _effect_tables(found: dict[str, list[Arm]], compared: dict[str, list[Comparison]]) -> list[Table]:
    tables = []
    for i, (outcome, comparisons) in enumerate(compared.items()):
        factor, unit, mean = _scale(found[outcome])
        arms = {a.name: a for a in found[outcome]}
        rows: list[list[Scalar]] = [
            [c.arm, c.against, round(factor * arms[c.arm].mean, 3), round(factor * arms[c.against].mean, 3),
             *(round(factor * v, 3) for v in (c.lift, c.lower, c.upper)), round(c.p_value, 4), _VERDICTS[c.verdict]]
            for c in comparisons
        ]
        columns = [
            Column(name="arm", label="Arm"), Column(name="against", label="Against"),
            Column(name="mean", label=f"{outcome}: arm", unit=mean),
            Column(name="mean_against", label=f"{outcome}: against", unit=mean),
            Column(name="lift", label="Difference", unit=unit), Column(name="lower", label="Lower bound", unit=unit),
            Column(name="upper", label="Upper bound", unit=unit),
            Column(name="chance", label="Chance of such a difference without an effect", unit="probability"),
            Column(name="verdict", label="Verdict"),
        ]
        tables.append(Table(id="effects" if i == 0 else f"effects_{i}", title=f"Effect on {outcome}", columns=columns,
                            rows=rows, total_rows=len(rows)))
    return tables


def _arms_table(found: dict[str, list[Arm]]) -> Table:
    columns = [Column(name="arm", label="Arm"), Column(name="customers", label="Customers", unit="count")]
    for i, (name, arms) in enumerate(found.items()):
        columns.append(Column(name=f"mean_{i}", label=name, unit=_scale(arms)[2]))
    rows: list[list[Scalar]] = []
    for place, arm in enumerate(next(iter(found.values()))):
        means: list[Scalar] = [round(_scale(arms)[0] * arms[place].mean, 3) for arms in found.values()]
        rows.append([arm.name, arm.customers, *means])
    return Table(id="arms", title="Arms", columns=columns, rows=rows, total_rows=len(rows))


def _groups(frame: pd.DataFrame, table: ExperimentTable, outcome: str, by: str) -> Table:
    """Difference of each arm against the first, by group; intervals of all of them hold together."""
    names = _order(frame, table)
    rows: list[list[Scalar]] = []
    factor, unit, _ = _scale(arms_of(frame[outcome].to_numpy(), frame[table.arm].to_numpy()))
    for arm in names[1:]:
        found = _split(frame, table, outcome, by, arm, names[0], 0.05 / (len(names) - 1))
        for g in found.groups:
            values = [None if v is None else round(factor * v, 3) for v in (g.lift, g.lower, g.upper)]
            rows.append([g.group, arm, names[0], g.contacted, g.held_out, *values, _VERDICTS[g.verdict],
                         None if found.differ is None else round(found.differ, 4)])
    columns = [
        Column(name="group", label=by), Column(name="arm", label="Arm"), Column(name="against", label="Against"),
        Column(name="customers", label="Customers", unit="count"),
        Column(name="customers_against", label="Customers against", unit="count"),
        Column(name="lift", label="Difference", unit=unit), Column(name="lower", label="Lower bound", unit=unit),
        Column(name="upper", label="Upper bound", unit=unit), Column(name="verdict", label="Verdict"),
        Column(name="differ", label="Chance of such differences between equal groups", unit="probability"),
    ]
    return Table(id="groups", title=f"Effect on {outcome} by {by}", columns=columns, rows=rows, total_rows=len(rows))


def _split(
    frame: pd.DataFrame, table: ExperimentTable, outcome: str, by: str, arm: str, against: str, level: float
) -> Effects:
    part = frame[frame[table.arm].isin([arm, against]) & frame[by].notna()]
    return read_out(part[outcome].to_numpy(), (part[table.arm] == arm).to_numpy(),
                    group=part[by].astype(str).to_numpy(), level=1 - level)


def _figures(arms: list[Arm], comparisons: list[Comparison], tables: list[Table]) -> dict[str, Figure]:
    p = ratio_p_value([a.customers for a in arms], [1.0] * len(arms))
    figures = {
        "customers": Figure(value=sum(a.customers for a in arms), unit="count", label="Customers",
                            source=Source(origin="derived", derivation="rows of the table")),
        "arms": Figure(value=len(arms), unit="count", label="Arms",
                       source=Source(origin="derived", derivation="arms of the table")),
        "ratio": Figure(value=round(p, 4), unit="probability", label="Chance of such sizes under an even draw",
                        source=Source(origin="derived", derivation="chi-square")),
    }
    if comparisons:
        best = max(range(len(comparisons)), key=lambda i: abs(comparisons[i].lift))
        figures |= {name: tables[0].figure(best, name) for name in ("mean", "mean_against", "lift", "lower", "upper",
                                                                     "chance")}
        factor, unit, _ = _scale(arms)
        figures["detectable"] = Figure(
            value=round(factor * comparisons[best].detectable, 3), unit=unit, label="Difference found in four of five",
            source=Source(origin="derived", derivation="two means, normal"))
    return figures


def _words(
    table: ExperimentTable, request: ExperimentRequest, outcomes: list[str], arms: list[Arm],
    compared: dict[str, list[Comparison]], by: str | None,
) -> dict[str, str]:
    shown = compared.get(outcomes[0], [])
    p = ratio_p_value([a.customers for a in arms], [1.0] * len(arms))
    winner = _winner([a.name for a in arms], shown)
    return {
        "table": table.name, "outcome": outcomes[0], "arm": table.arm, "control": table.control or "",
        "random": "yes" if table.random else "", "by": by or "", "asked": request.about, "own": "",
        "verdict": "shown" if any(c.verdict != "not_shown" for c in shown) else "not_shown",
        "winner": winner, "many": "yes" if len(shown) > 1 else "",
        "others": ", ".join(outcomes[1:]), "even": "mismatch" if p < MISMATCH_BELOW else
        "unusual" if p < UNUSUAL_BELOW else "even",
    }


def _winner(names: list[str], comparisons: list[Comparison]) -> str:
    """The arm that is better than every other one it was compared with, if there is one."""
    for name in names:
        mine = [c.lower > 0 if c.arm == name else c.upper < 0 for c in comparisons if name in (c.arm, c.against)]
        if mine and all(mine) and len(mine) == len(names) - 1:
            return name
    return ""


def _charts(tables: list[Table], table: ExperimentTable) -> list[Chart]:
    if not table.random:
        return [Chart(kind="bar", table="arms", x="arm", y=["mean_0"], title="Mean by arm")]
    several = next((t for t in tables if t.id == "groups"), None)
    if several is not None and len({row[1] for row in several.rows}) == 1:
        return [Chart(kind="bar", table="groups", x="group", y=["lift"], lower="lower", upper="upper",
                      title=f"{several.title}, with intervals that hold together")]
    effects = tables[0]
    one = len({row[1] for row in effects.rows}) == 1
    return [Chart(kind="bar", table="effects", x="arm", y=["lift"], lower="lower", upper="upper",
                  series=None if one else "against", title=f"{effects.title}, with intervals that hold together")]


def _caveats(frame: pd.DataFrame, table: ExperimentTable, outcomes: list[str], result: Result) -> list[Caveat]:
    caveats = []
    if not table.random:
        return [Caveat(code="experiment_not_random")]
    if result.words["even"] == "mismatch":
        caveats.append(Caveat(code="experiment_sizes_differ", figures={"ratio": result.figures["ratio"]}))
    for name in outcomes:
        share = _largest_share(frame[name].to_numpy(dtype=float))
        if share > ONE_ROW:
            caveats.append(Caveat(code="experiment_one_row", words={"outcome": name}, figures={"share": Figure(
                value=round(100 * share, 1), unit="percent", label="Share of the spread",
                source=Source(origin="derived", derivation="largest squared deviation / their sum"))}))
    return caveats


def _largest_share(values: np.ndarray) -> float:
    away = (values - values.mean()) ** 2
    total = float(away.sum())
    return float(away.max()) / total if total > 0 else 0.0


def _evidence(table: ExperimentTable, request: ExperimentRequest, frame: pd.DataFrame) -> Evidence:
    assumptions = [
        "The arms were drawn by lot, as whoever added the table said." if table.random
        else "The arms were not drawn by lot, so that nothing is said of what caused a difference.",
        f"Arms with fewer than {FEWEST} customers are left out.",
        "The verdict is that of the first outcome; the others are read beside it.",
        "Sizes of the arms are tested against an even draw.",
    ]
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), source=table.source,
        rows_scanned=len(frame), computed_at=datetime.now(UTC), assumptions=assumptions,
        definitions=[DefinitionUsed(term=t, meaning=m) for t, m in {
            "difference": "mean of the arm less mean of the arm it is compared with",
            "verdict": "better or worse where the interval leaves out nought; the intervals of all comparisons hold "
                       "together at 95 % (largest z)",
        }.items()],
    )


def _followups(table: ExperimentTable, outcomes: list[str], request: ExperimentRequest) -> list[str]:
    asked = [f"Read out the experiment {table.name} by {g}" for g in table.groups if g != request.by]
    others = [f"Read out the experiment {table.name} on {o}" for o in table.outcomes if o != outcomes[0]]
    return [*(asked[:2] if table.random else []), *others[:1], "What sample size does an A/B test need?"]


def _listed(known: list[ExperimentTable], request: ExperimentRequest) -> Result:
    columns = [Column(name="table", label="Experiment"), Column(name="rows", label="Customers", unit="count"),
               Column(name="arm", label="Arm"), Column(name="control", label="Control"),
               Column(name="outcomes", label="Outcomes"), Column(name="source", label="File")]
    rows: list[list[Scalar]] = [[t.name, t.rows, t.arm, t.control or "none", ", ".join(t.outcomes), t.source]
                                for t in known]
    table = Table(id="tables", title="Experiments", columns=columns, rows=rows, total_rows=len(rows))
    count = Figure(value=len(rows), unit="count", label="Experiments", source=Source(origin="evidence"))
    return Result(
        kind="experiment_list", title="Tables of experiments", tables=[table], figures={"tables": count},
        headline=["tables"], evidence=Evidence(plan=request.model_dump(mode="json"), plan_words=reword(request),
                                               source=", ".join(t.source for t in known)),
        followups=[f"Read out the experiment {known[0].name}", "What sample size does an A/B test need?"],
    )
