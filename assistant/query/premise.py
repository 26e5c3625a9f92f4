"""Whether a claim holds: what a question takes for granted, set against the data before the question is answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from assistant.errors import NoRows, UnknownName
from assistant.plans.premise import PremiseRequest
from assistant.plans.query import QueryPlan
from assistant.plans.reword import reword
from assistant.query.metrics import metric
from assistant.query.periods import day_range
from assistant.query.present import derived, evidence_figure, plan_figure
from assistant.results import Column, Evidence, Figure, Result, Table

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

Run = Callable[[QueryPlan], Result]
#: rows of a ranking that are kept beside the ones the claim speaks of
SHOWN = 10
#: rows of a ranking that are looked at
MOST = 10_000
#: column with the places of a ranking
PLACE = "place"
#: how far "doubled", "halved" … may be off: a quarter of the factor either way
LOOSE = 0.25
#: from so many times on a difference is also said as a multiple
TELLING = 1.5
#: how far from "twice as much" still counts as that
NEAR = 0.1

#: dimensions whose last group may not be over
TIMES = frozenset({"day", "week", "month", "quarter", "year"})

_HOLDS: dict[str, Callable[[float, float, float], bool]] = {
    "eq": lambda x, bound, slack: abs(x - bound) <= slack,
    "ne": lambda x, bound, slack: abs(x - bound) > slack,
    "gt": lambda x, bound, slack: x > bound,
    "ge": lambda x, bound, slack: x >= bound,
    "lt": lambda x, bound, slack: x < bound,
    "le": lambda x, bound, slack: x <= bound,
}


def check_premise(snapshot: Snapshot, run: Run, request: PremiseRequest) -> Result:
    """Check a claim with one query.

    Args:
        snapshot: the loaded data.
        run: runs a query plan on them.
        request: the claim.

    Returns:
        Result of kind ``premise`` with the tables and evidence of the query. Words: ``verdict`` (true, false, open: it
        cannot be said), ``relation``. Figures, by relation: ``value``, ``claimed``, ``part``, ``whole``; ``place``,
        ``groups``, ``item``, ``top``, ``top_name``, ``next``, ``next_name``; ``second``, ``second_name``; ``change``,
        ``change_pct``, ``before``; ``began``.

    Raises:
        UnknownName: the item is not in the ranking. As for a query otherwise.
    """
    if request.relation == "opened":
        return _opened(snapshot, request)
    assert request.plan is not None  # the request says so
    try:
        made = run(_whole(request.plan) if request.relation == "first" else request.plan)
    except NoRows:
        if request.relation != "nothing":
            raise
        made = run(request.plan.model_copy(update={"filter": None, "period": None}))
        return _done(made.model_copy(update={"spoken": {}, "tables": [], "caveats": []}), request, "true", {},
                     {"none": "yes", "where": "", "period": "", "in_period": ""})
    return _CHECKS[request.relation](made, request, run)


def _whole(plan: QueryPlan) -> QueryPlan:
    """A ranking without its cut; one of periods has no limit, which would leave out those that are not over."""
    limit = None if plan.dimensions[0] in TIMES else MOST
    return plan.model_copy(update={"limit": limit, "offset": 0, "compare": None})


def _done(
    made: Result, request: PremiseRequest, verdict: str, figures: dict[str, Figure],
    words: dict[str, str] | None = None,
) -> Result:
    if request.relation in {"bound", "nothing"} and any(c.code == "incomplete_period" for c in made.caveats):
        start, end = made.evidence.window_start, made.evidence.window_end
        if start is not None and end is not None:
            figures = {**figures, "days": evidence_figure(day_range(start, end), "text", "days with data")}
    evidence = made.evidence.model_copy(update={"plan": request.model_dump(mode="json"), "plan_words": reword(request)})
    return made.model_copy(
        update={
            "kind": "premise",
            "title": "What the question takes for granted",
            "charts": [],
            "evidence": evidence,
            "figures": {**made.figures, **figures},
            "headline": [n for n in ("value", "place") if n in figures],
            "words": {
                **made.words,
                "relation": request.relation,
                "verdict": verdict,
                "op": request.op,
                "share": "yes" if request.share else "",
                "way": request.way or "",
                "asked": request.asked,
                **dict.fromkeys(
                    ("none", "late", "unfinished", "moved", "factor", "more", "times", "already", "in_all", "average"),
                    "",
                ),
                **(words or {}),
            },
            "followups": [],
        }
    )


def _number(figure: Figure | None) -> float | None:
    value = figure.value if figure is not None else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _verdict(holds: bool) -> str:
    return "true" if holds else "false"


def _nothing(made: Result, request: PremiseRequest, run: Run) -> Result:
    assert request.plan is not None
    figure = made.figures.get(request.plan.metrics[0])
    value = _number(figure)
    if figure is None:
        return _done(made, request, "open", {})
    return _done(made, request, _verdict(not value), {"value": figure}, {"none": ""})


def _bound(made: Result, request: PremiseRequest, run: Run) -> Result:
    assert request.plan is not None and request.value is not None
    name = request.plan.metrics[0]
    figure = made.figures.get(f"{name}__share" if request.share else name)
    value = _number(figure)
    if figure is None or value is None:
        return _done(made, request, "open", {})
    figures = {"value": figure, "claimed": plan_figure(request.value, figure.unit, "as the question takes it")}
    if request.share:
        figures |= {"part": made.figures[name], "whole": made.figures[f"{name}__base"]}
    return _done(made, request, _verdict(_HOLDS[request.op](value, request.value, request.slack)), figures)


def _first(made: Result, request: PremiseRequest, run: Run) -> Result:
    assert request.plan is not None
    metric, group = request.plan.metrics[0], request.plan.dimensions[0]
    label = made.words.get("label_column") or group
    item = _named(request, run)
    table = _placed(_whole_periods(made, group, label, item), metric, request.plan)
    at = _row(table, group, label, item)
    place = table.cell(at, PLACE)
    if place is None:
        return _done(made, request, "open", {})
    value = table.figure(at, metric)
    figures = {
        "value": value, "item": table.figure(at, label), "top": table.figure(0, metric),
        "top_name": table.figure(0, label),
        "place": table.figure(at, PLACE),
        "groups": evidence_figure(max(len(table.rows), table.total_rows), "count", "groups"),
    }
    after = 1 if at == 0 else 0
    if len(table.rows) > 1:
        figures |= {"next": table.figure(after, metric), "next_name": table.figure(after, label)}
    shown = table.model_copy(update={"rows": table.rows[: max(SHOWN, at + 1)], "total_rows": table.total_rows})
    made = made.model_copy(update={"tables": [shown, *made.tables[1:]]})
    surely = place == 1 and (request.plan.sort is None or request.plan.sort.descending)
    if group in TIMES and item in _unfinished(made) and not surely:
        return _done(made, request, "open", figures, {"unfinished": "yes"})
    return _done(made, request, _verdict(place == 1), figures)


def _placed(table: Table, metric: str, plan: QueryPlan) -> Table:
    """The ranking with the place of each row: equal figures share one, a row without a figure has none."""
    at, places, counted, last = table.column_index(metric), [], 0, None
    for row in table.rows:
        value, place = row[at], None
        if value is not None:
            same = last is not None and not _better(last[0], value, plan)
            counted, place = counted + 1, last[1] if same and last is not None else counted + 1
            last = (value, place)
        places.append(place)
    column = Column(name=PLACE, label="place in the ranking", unit="count")
    rows = [[*row, place] for row, place in zip(table.rows, places, strict=True)]
    return table.model_copy(update={"columns": [*table.columns, column], "rows": rows})


def _whole_periods(made: Result, group: str, label: str, item: str) -> Table:
    """The ranking without a period that is not over, unless the claim is about that one."""
    table = made.tables[0]
    cut = _unfinished(made) - {item}
    if group not in TIMES or not cut:
        return table
    at = table.column_index(label)
    rows = [row for row in table.rows if row[at] not in cut]
    return table.model_copy(update={"rows": rows, "total_rows": table.total_rows - len(table.rows) + len(rows)})


def _unfinished(made: Result) -> set[str]:
    """Labels of the periods that the data do not hold to their end."""
    return {c.words["period"] for c in made.caveats if c.code == "incomplete_period" and "period" in c.words}


def _better(value: object, own: object, plan: QueryPlan) -> bool:
    assert isinstance(value, int | float | str) and isinstance(own, int | float | str)
    if isinstance(value, str) or isinstance(own, str):
        return str(value) != str(own)
    return value < own if plan.sort is not None and not plan.sort.descending else value > own


def _named(request: PremiseRequest, run: Run) -> str:
    """The item as the ranking names it; a period is named by the row that it has alone."""
    if request.item is not None:
        return request.item
    assert request.plan is not None
    alone = run(_whole(request.plan).model_copy(update={"period": request.item_period}))
    table = alone.tables[0]
    return str(table.cell(0, alone.words.get("label_column") or request.plan.dimensions[0]))


def _row(table: Table, group: str, label: str, item: str) -> int:
    wanted = item.casefold()
    for i in range(len(table.rows)):
        if wanted in {str(table.cell(i, c)).casefold() for c in (group, label)}:
            return i
    raise UnknownName("This is not among the groups of the ranking", received=item,
                      valid=[str(table.cell(i, label)) for i in range(min(SHOWN, len(table.rows)))])


def _larger(made: Result, request: PremiseRequest, run: Run) -> Result:
    assert request.plan is not None and request.item is not None
    table, metric = made.tables[0], request.plan.metrics[0]
    average = _average(made, request)
    if request.than is None and average is None:
        return _done(made, request, "open", {})
    group = request.plan.dimensions[0]
    label = made.words.get("label_column") or group
    try:
        first, second = (_row(table, group, label, name) for name in (request.item, request.than or request.item))
    except UnknownName:
        return _done(made, request, "open", {})
    names = {"item": table.figure(first, label), "second_name": table.figure(second, label)}
    if request.asked == "growth":
        return _grown(made, request, table, (first, second), names)
    figures = {"value": table.figure(first, metric), "second": average or table.figure(second, metric), **names}
    one, other = _number(figures["value"]), _number(figures["second"])
    if one is None or other is None:
        return _done(made, request, "open", {})
    figures |= _gap(figures["value"], figures["second"], one, other)
    for also in request.plan.metrics[1:]:
        figures |= {"also": table.figure(first, also), "also_second": table.figure(second, also)}
    holds = one < other if request.way == "down" else one > other
    money = "also" in figures and figures["also"].unit == "currency"
    words = {
        "in_all": "yes" if money else "",
        "average": "" if average is None else "all" if average is made.figures.get(metric) else "mean",
        "more": "more" if one > other else "less" if one < other else "",
        "times": "",
    }
    if request.asked == "size" and one > 0 and other > 0 and max(one, other) >= TELLING * min(one, other):
        words["times"] = "yes"
    if request.factor is not None:
        holds, words["times"] = _so_many_times(one, other, request), "yes"
    if request.asked == "passed":
        figures |= {"before": table.figure(first, f"{metric}__base"),
                    "second_before": table.figure(second, f"{metric}__base")}
        was, other_was = _number(figures["before"]), _number(figures["second_before"])
        if was is None or other_was is None:
            return _done(made, request, "open", figures, words)
        words["already"] = "yes" if holds and was > other_was else ""
        holds = holds and was <= other_was
    return _done(made, request, _verdict(holds), figures, words)


def _average(made: Result, request: PremiseRequest) -> Figure | None:
    """The average of the rows, where the item is set against that; of a rate that of all of them, which is no mean."""
    assert request.plan is not None
    name = request.plan.metrics[0]
    if not request.of_average:
        return None
    return made.figures.get(name if metric(name).kind == "ratio" else f"{name}__summary")


def _gap(first: Figure, second: Figure, one: float, other: float) -> dict[str, Figure]:
    """How far apart two figures are; shares in points, others also in percent and as a multiple."""
    rate = first.unit == "percent"
    found = {"gap": derived(one - other, "points" if rate else first.unit, "difference", "first - second",
                            first=first, second=second)}
    if not rate and other > 0 and one > 0:
        found["gap_pct"] = derived((one / other - 1) * 100, "percent", "difference in percent",
                                   "(first / second - 1) * 100", first=first, second=second)
        found["ratio"] = derived(one / other, "ratio", "times as much", "first / second", first=first, second=second)
    return found


def _so_many_times(one: float, other: float, request: PremiseRequest) -> bool:
    if other <= 0 or request.factor is None:
        return False
    slack = NEAR * request.factor if request.op == "eq" else 0.0
    return _HOLDS[request.op](one / other, request.factor, slack)


def _grown(
    made: Result, request: PremiseRequest, table: Table, rows: tuple[int, int], names: dict[str, Figure]
) -> Result:
    """Which of the two has grown more, in percent."""
    assert request.plan is not None
    column = f"{request.plan.metrics[0]}__change_pct"
    first, second = (table.figure(row, column) for row in rows)
    one, other = _number(first), _number(second)
    figures = {"value": first, "second": second, **names}
    if one is None or other is None or any(c.code == "base_starts_late" for c in made.caveats):
        return _done(made, request, "open", {})
    return _done(made, request, _verdict(one < other if request.way == "down" else one > other), figures,
                 {"more": "", "times": "", "in_all": ""})


def _change(made: Result, request: PremiseRequest, run: Run) -> Result:
    assert request.plan is not None
    name = request.plan.metrics[0]
    change, base = _number(made.figures.get(f"{name}__change")), _number(made.figures.get(f"{name}__base"))
    late = next((c for c in made.caveats if c.code == "base_starts_late"), None)
    if change is None or base is None or late is not None:
        words = {"late": "yes"} if late is not None else {}
        return _done(made, request, "open", dict(late.figures) if late is not None else {}, words)
    figures = {"value": made.figures[name], "change": made.figures[f"{name}__change"],
               "before": made.figures[f"{name}__base"]}
    if f"{name}__change_pct" in made.figures:
        figures["change_pct"] = made.figures[f"{name}__change_pct"]
    holds = change > 0 if request.way == "up" else change < 0
    if holds and request.factor is not None and base:
        holds = abs((base + change) / base / request.factor - 1) <= LOOSE
    moved = "up" if change > 0 else "down" if change < 0 else "unchanged"
    factor = "yes" if request.factor is not None and moved == request.way else ""
    return _done(made, request, _verdict(holds), figures, {"moved": moved, "factor": factor})


def _opened(snapshot: Snapshot, request: PremiseRequest) -> Result:
    manifest = snapshot.manifest
    began: date = manifest.first_day
    assert request.year is not None
    verdict = "false" if began.year < request.year else "open" if began.year > request.year else "true"
    return Result(
        kind="premise", title="What the question takes for granted", currency=snapshot.currency,
        figures={"began": evidence_figure(began.isoformat(), "date", "first day with orders")},
        headline=["began"],
        words={"relation": request.relation, "verdict": verdict},
        evidence=Evidence(
            plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=manifest.id,
            source=manifest.source, synthetic=manifest.synthetic, as_of=snapshot.as_of, window_start=began,
            window_end=snapshot.as_of, rows_scanned=manifest.tables["order_lines"].rows,
        ),
    )


_CHECKS: dict[str, Callable[[Result, PremiseRequest, Run], Result]] = {
    "nothing": _nothing, "bound": _bound, "first": _first, "larger": _larger, "change": _change,
}
