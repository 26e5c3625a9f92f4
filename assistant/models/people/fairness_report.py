"""Fairness as a result: who is chosen, group by group, how well each group is predicted, and what the inputs tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.data.objectors import objectors
from assistant.data.sensitive import CLOSE, NOTABLE, association, codes, sensitive_columns
from assistant.models.people.fairness import FOUR_FIFTHS, SMALLEST_GROUP, AttributeFigures, Exam, judge
from assistant.models.people.fairness_measures import Measure, measured, measures_tables
from assistant.models.people.traits import groups_of, traits
from assistant.plans.people import FairnessRequest
from assistant.plans.reword import reword
from assistant.results import Caveat, Chart, Column, DefinitionUsed, Evidence, Figure, ModelInfo, Result, Source, Table
from assistant.results.result import Unit

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: An answer carries the remark by itself only beyond this error, lower than that of a report.
NOTED = 0.01
_ATTRIBUTE = Column(name="attribute", label="Attribute")


@dataclass(frozen=True)
class PastPredictions:
    """Predictions of a past day (None: of rows left out) with what came true; ``unit`` of both: ``probability`` or
    ``currency``."""

    day: date | None
    customers: Sequence[str]
    predicted: np.ndarray
    observed: np.ndarray
    unit: Unit = "probability"


@dataclass(frozen=True)
class Judged:
    """A selection of people to be judged.

    Attributes:
        what: who is chosen, in words ("count as about to leave").
        customers: everybody who could have been; ``selected``: name of the selection → bool per customer.
        inputs: what the choice was made from, name → values per customer.
        past: predictions that have come true, where a model chose.
        groups: attribute → person → group, where the people are rows of a ``table`` from ``source`` and not the
            customers of the shop.
        measures: amounts compared beside the selection; ``weeks``: first and last day in which they were found.
        model: what was judged, if it is to be cited.
    """

    what: str
    customers: Sequence[str]
    selected: Mapping[str, np.ndarray]
    inputs: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    past: PastPredictions | None = None
    groups: Mapping[str, Mapping[str, str]] | None = None
    source: str | None = None
    table: str | None = None
    measures: Sequence[Measure] = ()
    weeks: tuple[date, date] | None = None
    model: ModelInfo | None = None


def fairness_result(snapshot: Snapshot, request: FairnessRequest, judged: Judged) -> Result:
    """Selection rates, calibration by group and what the inputs tell of each sensitive attribute.

    Returns:
        kind ``fairness``. Tables: ``attributes`` (per selection and attribute: lowest and highest rate, ratio, p,
        verdict), ``groups`` (figures of every group), ``inputs`` (association of each input with the attributes),
        ``measures_<unit>`` (amounts compared by group, where there are any).

    Raises:
        MissingData: the data hold no sensitive attribute to test by. UnknownName: not the one asked for.
    """
    known = traits(snapshot, request.by) if judged.groups is None else judged.groups
    attributes = groups_of(known, judged.customers)
    exam = None
    if judged.past is not None:
        exam = Exam(groups_of(known, judged.past.customers), judged.past.predicted, judged.past.observed)
    found = {name: judge(attributes, chosen, exam if len(judged.selected) == 1 else None, len(judged.selected))
             for name, chosen in judged.selected.items()}
    several = len(found) > 1
    tables = [_attributes_table(found, several), _groups_table(found, several, judged.past),
              _inputs_table(judged.inputs, attributes)]
    compared = measured(judged.measures, attributes)
    tables += measures_tables(compared)
    figures = _figures(judged, tables)
    worst = [i for i, row in enumerate(tables[0].rows) if row[-1] == "differs"]
    off = [str(i) for i, row in enumerate(tables[1].rows) for a in next(iter(found.values()))
           if judged.past is not None and row[0] == a.attribute and row[1] in a.off]
    result = Result(
        kind="fairness", title="Are groups of people treated alike?", currency=snapshot.currency, tables=tables,
        figures=figures, headline=["people", "share"] if not several else ["people"],
        words={"what": judged.what, "verdict": _verdict(tables[0]), "several": "yes" if several else "",
               "parts": "groups of the uplift model" if request.of == "uplift" else "segments",
               "off": ",".join(off), "tested": "yes" if judged.past is not None else "",
               "name": request.name or "", "closest": _closest(tables[2]), "table": judged.table or "",
               "compared": "yes" if compared else "", "differing": "yes" if any(g.differs for g in compared) else "",
               "measures": ",".join(t.id for t in tables[3:])},
        charts=[_chart(found, several)], evidence=_evidence(snapshot, request, judged),
        caveats=_caveats(snapshot, found, request),
        followups=_followups(request, judged),
    )
    result.figures |= {f"worst_{c}": tables[0].figure(worst[0], c) for c in ("ratio",)} if worst else {}
    return result


def fairness_gap(snapshot: Snapshot, judged: Judged) -> Caveat | None:
    """The widest difference that is shown, below four fifths; None where there is none or nothing to test by."""
    if not sensitive_columns(snapshot):
        return None
    attributes = groups_of(traits(snapshot), judged.customers)
    found = [a for chosen in judged.selected.values()
             for a in judge(attributes, chosen, None, len(judged.selected), quick=True, error=NOTED)]
    wide = [a for a in found if a.verdict == "differs"]
    if not wide:
        return None
    worst = min(wide, key=lambda a: (a.ratio, a.attribute))
    rates = {name: next(g.rate for g in worst.groups if g.group == name) for name in (worst.lowest, worst.highest)}
    figures = {key: Figure(value=100 * float(rates[name] or 0.0), unit="percent", label=f"Chosen of {name}",
                           source=Source(origin="evidence"))
               for key, name in (("lowest_rate", worst.lowest), ("highest_rate", worst.highest))}
    return Caveat(code="fairness_gap", figures=figures,
                  words={"attribute": worst.attribute, "lowest": worst.lowest, "highest": worst.highest})


def _followups(request: FairnessRequest, judged: Judged) -> list[str]:
    if judged.table is not None:
        return [f"What drives churn in the {judged.table} table?",
                f"How good is the prediction in the {judged.table} table?"]
    return ["Which columns do the models not use?", "Who is about to leave?",
            "Is the churn model fair?" if request.of != "churn" else "Are the segments fair?"]


def _verdict(table: Table) -> str:
    verdicts = {row[-1] for row in table.rows}
    return next((v for v in ("differs", "differs little", "no difference shown") if v in verdicts), "too few to tell")


def _attributes_table(found: Mapping[str, list[AttributeFigures]], several: bool) -> Table:
    def rate(attribute: AttributeFigures, name: str) -> float | None:
        share = next((g.rate for g in attribute.groups if g.group == name), None)
        return None if share is None else 100 * share

    rows = [
        [*([name] if several else []), a.attribute, sum(g.people for g in a.groups if g.group != "not known"),
         a.lowest, rate(a, a.lowest), a.highest, rate(a, a.highest), a.ratio, a.p, a.verdict]
        for name, attributes in found.items() for a in attributes
    ]
    order = {"differs": 0, "differs little": 1, "no difference shown": 2, "too few to tell": 3}
    rows.sort(key=lambda r: (order[str(r[-1])], r[-2] if r[-2] is not None else 9.0))
    columns = [
        *([Column(name="selection", label="Chosen for")] if several else []), _ATTRIBUTE,
        Column(name="people", label="People known", unit="count"), Column(name="lowest", label="Chosen least"),
        Column(name="lowest_rate", label="Of these", unit="percent"), Column(name="highest", label="Chosen most"),
        Column(name="highest_rate", label="Of those", unit="percent"),
        Column(name="ratio", label="Lowest over highest", unit="ratio"), Column(name="p", label="p", unit="score"),
        Column(name="verdict", label="Finding"),
    ]
    return Table(id="attributes", title="Chosen alike?", columns=columns, rows=rows, total_rows=len(rows))


def _groups_table(found: Mapping[str, list[AttributeFigures]], several: bool, past: PastPredictions | None) -> Table:
    scale = 100.0
    columns = [
        *([Column(name="selection", label="Segment")] if several else []), _ATTRIBUTE,
        Column(name="group", label="Group"), Column(name="people", label="People", unit="count"),
        Column(name="selected", label="Chosen", unit="count"),
        Column(name="rate", label="Share chosen", unit="percent"),
        Column(name="low", label="at least", unit="percent"), Column(name="high", label="at most", unit="percent"),
    ]
    tested = past is not None and not several
    if tested:
        unit = past.unit  # type: ignore[union-attr]
        columns += [Column(name="tested", label="Tested", unit="count"),
                    Column(name="predicted", label="Expected", unit=unit),
                    Column(name="observed", label="Came true", unit=unit),
                    Column(name="gap", label="Off by", unit=unit),
                    Column(name="gap_low", label="Off by, from", unit=unit),
                    Column(name="gap_high", label="Off by, to", unit=unit)]
        columns += [Column(name="auc", label="AUC", unit="score")] if unit == "probability" else []
    rows = []
    for name, attributes in found.items():
        for a in attributes:
            for g in a.groups:
                shares = [None if v is None else scale * v for v in (g.rate, g.low, g.high)]
                row = [*([name] if several else []), a.attribute, g.group, g.people, g.selected, *shares]
                if tested:
                    row += [g.tested, g.predicted, g.observed, g.gap, g.gap_low, g.gap_high]
                    row += [g.auc] if past.unit == "probability" else []  # type: ignore[union-attr]
                rows.append(row)
    return Table(id="groups", title="Group by group", columns=columns, rows=rows, total_rows=len(rows))


def _inputs_table(inputs: Mapping[str, Sequence[Any]], attributes: Mapping[str, Sequence[str | None]]) -> Table:
    """How much each input tells of each attribute; the closest first."""
    targets = {name: codes(list(groups)) for name, groups in attributes.items()}
    rows = []
    for name, values in inputs.items():
        places = codes(values)
        strengths = [(association(places, wanted)[0], of) for of, wanted in targets.items()]
        strength, of = max(strengths, default=(0.0, ""))
        said = "close proxy" if strength >= CLOSE else "tells something" if strength >= NOTABLE else "tells little"
        rows.append([name, of, strength, said])
    rows.sort(key=lambda r: (-r[2], r[0]))
    return Table(id="inputs", title="What the choice is made from", rows=rows, total_rows=len(rows), columns=[
        Column(name="input", label="Input"), Column(name="of", label="Tells most of"),
        Column(name="strength", label="Association (Cramér's V)", unit="ratio"),
        Column(name="finding", label="Finding")])


def _closest(table: Table) -> str:
    return str(table.rows[0][0]) if table.rows else ""


def _chart(found: Mapping[str, list[AttributeFigures]], several: bool) -> Chart:
    if several:
        return Chart(kind="bar", table="attributes", x="selection", y=["lowest_rate", "highest_rate"],
                     title="Least and most chosen group by segment")
    return Chart(kind="bar", table="groups", x="group", y=["rate"], lower="low", upper="high",
                 title="Share chosen, by group")


def _figures(judged: Judged, tables: Sequence[Table]) -> dict[str, Figure]:
    n = len(judged.customers)
    source = Source(origin="evidence")
    figures = {"people": Figure(value=n, unit="count", label="People who could be chosen", source=source),
               "smallest": Figure(value=SMALLEST_GROUP, unit="count", label="Smallest group shown",
                                  source=Source(origin="definition")),
               "mark": Figure(value=FOUR_FIFTHS, unit="number", label="Customary mark",
                              source=Source(origin="definition"))}
    if len(judged.selected) == 1:
        chosen = int(next(iter(judged.selected.values())).sum())
        figures["chosen"] = Figure(value=chosen, unit="count", label="Chosen", source=source)
        figures["share"] = Figure(value=100 * chosen / n if n else None, unit="percent", label="Share chosen",
                                  source=Source(origin="derived", derivation="chosen / people * 100",
                                                inputs={"chosen": source, "people": source}))
    if judged.weeks is not None:
        for name, label, day in zip(("from", "to"), ("Tested from", "Tested to"), judged.weeks, strict=True):
            figures[f"tested_{name}"] = Figure(value=day.isoformat(), unit="date", label=label, source=source)
    if judged.past is not None:
        if judged.past.day is not None:
            figures["tested_on"] = Figure(value=judged.past.day.isoformat(), unit="date", label="Tested on",
                                          source=source)
        figures["tested"] = Figure(value=len(judged.past.customers), unit="count", label="People tested", source=source)
    if tables[2].rows:
        figures["inputs"] = Figure(value=len(tables[2].rows), unit="count", label="Inputs", source=Source(
            table="inputs", origin="derived", derivation="number of rows"))
        figures["closest"] = tables[2].figure(0, "strength")
    return figures


def _caveats(
    snapshot: Snapshot, found: Mapping[str, list[AttributeFigures]], request: FairnessRequest
) -> list[Caveat]:
    caveats = [Caveat(code="fairness_limits")]
    small = sum(1 for a in next(iter(found.values()), []) for g in a.groups if g.people < SMALLEST_GROUP)
    if small:
        caveats.append(Caveat(code="groups_too_small", figures={
            "n": Figure(value=small, unit="count", label="Groups too small", source=Source(origin="evidence")),
            "smallest": Figure(value=SMALLEST_GROUP, unit="count", label="Smallest group shown",
                               source=Source(origin="definition"))}))
    objected = len(objectors(snapshot)) if request.of not in {"audience", "table"} else 0
    if objected:
        n = Figure(value=objected, unit="count", label="Customers who objected", source=Source(origin="evidence"))
        caveats.append(Caveat(code="objectors_left_out", figures={"n": n}))
    return caveats


def _evidence(snapshot: Snapshot, request: FairnessRequest, judged: Judged) -> Evidence:
    said = [
        "Sensitive attributes are read here to test for differences, and are used by no model and no rule.",
        "A difference is shown where a chi-squared test finds it at 5 %, shared out among the attributes"
        + (" and segments." if len(judged.selected) > 1 else "."),
        f"Four fifths ({FOUR_FIFTHS:g}) is a customary mark for the ratio of rates, not a legal finding.",
        "Inputs that stand for an attribute (Cramér's V with bias correction of Bergsma 2013 of "
        f"{CLOSE:g} or more) count as close proxies.",
    ]
    if judged.measures:
        said.append("A group's average differs where Welch's test finds it at 5 %, shared out among all comparisons.")
    shop: dict[str, Any] = {"source": judged.source} if judged.source is not None else {
        "snapshot": snapshot.manifest.id, "source": snapshot.manifest.source,
        "synthetic": snapshot.manifest.synthetic, "as_of": snapshot.as_of,
        "window_start": snapshot.manifest.first_day, "window_end": snapshot.as_of}
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), **shop, assumptions=said, model=judged.model,
        definitions=[DefinitionUsed(term="treated alike",
                                    meaning="equal shares of each group are chosen, and predictions are equally right "
                                            "for each; both at once are impossible where groups behave differently")],
    )
