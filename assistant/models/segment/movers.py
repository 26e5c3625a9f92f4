"""Who moved where: customers of one group on a day who are in another on a later day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, NoRows
from assistant.features.rfm import rfm
from assistant.models.registry import SEGMENTERS
from assistant.models.segment.report import FittedSegments, fit_segments, frame_of, method_of
from assistant.plans import SegmentRequest
from assistant.plans.filters import Compare, Filter, InGroup
from assistant.plans.groups import MoversRequest
from assistant.plans.periods import Period
from assistant.plans.reword import reword
from assistant.query.audience import customer_ids
from assistant.query.periods import resolve
from assistant.query.present import derived
from assistant.results import Caveat, Chart, Column, Evidence, Figure, ModelInfo, Result, Source, Table

if TYPE_CHECKING:
    import pandas as pd

#: Stretch looked at when none is said.
USUAL_DAYS = 90
#: So many who moved can be asked about by name.
_MOST_NAMED = 1_000
#: Where somebody is who is in no segment of a split, and whoever is in none of the groups asked for.
NOT_YET, ELSEWHERE = "no order yet", "neither group"


@dataclass(frozen=True)
class Stretch:
    """From the evening of ``then`` to the evening of ``now``."""

    then: date
    now: date

    @property
    def days(self) -> int:
        return (self.now - self.then).days

    def before(self) -> Stretch:
        """The stretch of the same length that ends where this one begins."""
        return Stretch(self.then - timedelta(days=self.days), self.then)


def movers_result(snapshot: Snapshot, request: MoversRequest) -> Result:
    """Who went from ``source`` to ``target``, how many that is of those who could, and whether it is more than before.

    Returns:
        Result of kind ``group_movers``. Tables ``movers`` (most spent first), ``destinations`` (where those of the
        first group are now; or where the new ones of the second came from). Figures ``moved``, ``of`` (size of the
        group left or entered), ``share``, ``revenue``, ``then_day``, ``now_day``, ``days``, and ``before`` (the same in
        the stretch of equal length before) where the data reach back that far.

    Raises:
        InvalidPlan: the stretch lies after the data or is empty. NoRows: it begins before the data.
        UnknownName, MissingData, NotPermitted: as for an audience.
    """
    stretch = stretch_of(snapshot, request.period)
    then, now = places(snapshot, request, stretch)
    moved = _moved(then, now, request)
    values = rfm(snapshot.at(stretch.now)).set_index("customer_id")
    group = [c for c, place in (then if request.source is not None else now).items() if place == _anchor(request)]
    tables = [_movers_table(moved, values, then, now, request.k), _destinations(group, then, now, request)]
    earlier = _count_before(snapshot, request, stretch)
    figures = _figures(tables[0], len(moved), len(group), stretch, earlier)
    spent = float(values["monetary_value"].reindex(moved).fillna(0.0).sum())
    figures["revenue"] = Figure(value=round(spent, 2), unit="currency", label="Spent by them to date", source=Source(
        table="movers", column="revenue", derivation="sum over all who moved", origin="derived"))
    return Result(
        kind="group_movers", title="Who moved", currency=snapshot.currency, tables=tables, figures=figures,
        headline=["moved", "share"], words=_words(request, len(moved)), charts=_charts(tables[1]),
        caveats=_caveats(figures), evidence=_evidence(snapshot, request, stretch, values), details=_details(moved),
        followups=["How did the segments change since last quarter?",
                   "Draft a win-back campaign for lapsed customers", "Who is about to leave?"],
    )


def _details(moved: list[str]) -> dict[str, Any]:
    """Those who moved as a group that can be asked about further; none where they are too many to be named."""
    if not 0 < len(moved) <= _MOST_NAMED:
        return {}
    chosen = Compare(field="customer", op="in" if len(moved) > 1 else "eq", values=tuple(moved))
    return {"audience": {"filter": chosen.model_dump(mode="json"), "words": "those who moved"}}


def stretch_of(snapshot: Snapshot, period: Period | None) -> Stretch:
    """The days compared: the evening before the period, and its end or the last day of the data.

    Raises:
        NoRows: the period begins before the data, or lies after them. InvalidPlan: it holds no day.
    """
    if period is None or period.kind == "all":
        then, now = snapshot.as_of - timedelta(days=USUAL_DAYS), snapshot.as_of
    else:
        found = resolve(period, as_of=snapshot.as_of, first_day=snapshot.manifest.first_day)
        then, now = found.start - timedelta(days=1), min(found.end, snapshot.as_of)
    first = snapshot.manifest.first_day
    if then < first:
        raise NoRows(f"The data begin on {first.isoformat()}, so nobody's group is known on {then.isoformat()}",
                     received=then.isoformat(), hint="Ask about a later stretch of time.")
    if now <= then:
        raise InvalidPlan("There is no day between the two that were named", received=now.isoformat())
    return Stretch(then, now)


# -- who is where ------------------------------------------------------------------------------------------------------


def places(snapshot: Snapshot, request: MoversRequest, stretch: Stretch) -> tuple[dict[str, str], dict[str, str]]:
    """Customer → name of the group then, and now. With segments of one split every customer has a place."""
    split = _split_of(request)
    if split is not None:
        fitted = fit_segments(snapshot.at(stretch.then), split, graded=False)
        return _segments_on(snapshot, fitted, stretch.then), _segments_on(snapshot, fitted, stretch.now)
    return tuple(_groups_on(snapshot.at(day), request) for day in (stretch.then, stretch.now))  # type: ignore[return-value]


def _split_of(request: MoversRequest) -> SegmentRequest | None:
    """The split that all groups asked for come from, or None."""
    groups = [g for g in (request.source, request.target) if g is not None]
    splits = {(g.method, g.k) for g in groups if isinstance(g, InGroup) and g.group == "segment"}
    if len(splits) != 1 or not all(isinstance(g, InGroup) and g.group == "segment" for g in groups):
        return None
    method, k = splits.pop()
    return SegmentRequest(method=method, k=k)


def _segments_on(snapshot: Snapshot, fitted: FittedSegments, day: date) -> dict[str, str]:
    frame = frame_of(snapshot.at(day), fitted.method)
    return dict(zip(frame["customer_id"].astype(str), map(str, fitted.segmenter.predict(frame)), strict=True))


def _groups_on(snapshot: Snapshot, request: MoversRequest) -> dict[str, str]:
    """The groups asked for; somebody in both counts as of the target."""
    found: dict[str, str] = {}
    for condition, name in ((request.source, request.source_name), (request.target, request.target_name)):
        if condition is not None:
            found.update(dict.fromkeys(_members(snapshot, condition), name))
    return found


def _members(snapshot: Snapshot, condition: Filter) -> list[str]:
    return [str(c) for c in customer_ids(snapshot, condition)]


def _anchor(request: MoversRequest) -> str:
    """The group whose size the move is held against: the one left, else the one entered."""
    return request.source_name if request.source is not None else request.target_name


def _moved(then: dict[str, str], now: dict[str, str], request: MoversRequest) -> list[str]:
    if request.source is None:
        return sorted(c for c, place in now.items() if place == request.target_name and then.get(c) != place)
    left = (c for c, place in then.items() if place == request.source_name and now.get(c) != place)
    return sorted(c for c in left if request.target is None or now.get(c) == request.target_name)


def _count_before(snapshot: Snapshot, request: MoversRequest, stretch: Stretch) -> int | None:
    """How many made the move in the stretch before; None where the data do not reach back far enough."""
    earlier = stretch.before()
    if earlier.then <= snapshot.manifest.first_day:
        return None
    try:
        return len(_moved(*places(snapshot, request, earlier), request))
    except NoRows:
        return None  # nobody had a place yet


# -- shown -------------------------------------------------------------------------------------------------------------


def _movers_table(
    moved: list[str], values: pd.DataFrame, then: dict[str, str], now: dict[str, str], k: int
) -> Table:
    known = values.reindex(moved)
    order = known.sort_values("monetary_value", ascending=False, kind="stable", na_position="last")
    rows: list[list[Any]] = [
        [str(c), then.get(str(c), NOT_YET), now.get(str(c), ELSEWHERE), _whole(row.order_count),
         None if row.monetary_value != row.monetary_value else round(float(row.monetary_value), 2),
         _whole(row.days_since_last_order)]
        for c, row in zip(order.head(k).index, order.head(k).itertuples(), strict=True)
    ]
    return Table(id="movers", title="Who moved, those who spent most first", rows=rows, total_rows=len(moved), columns=[
        Column(name="customer_id", label="Customer", unit="id"), Column(name="from", label="Then"),
        Column(name="to", label="Now"), Column(name="orders", label="Orders", unit="count"),
        Column(name="revenue", label="Spent", unit="currency"),
        Column(name="days", label="Days since last order", unit="days"),
    ])


def _whole(value: Any) -> int | None:
    return None if value is None or value != value else int(value)


def _destinations(group: list[str], then: dict[str, str], now: dict[str, str], request: MoversRequest) -> Table:
    """Where those of the group left are now, or where those of the group entered were then."""
    other, nowhere = (now, ELSEWHERE) if request.source is not None else (then, NOT_YET)
    if request.source is None and _split_of(request) is None:
        nowhere = "not in it"
    counts: dict[str, int] = {}
    for customer in group:
        place = other.get(customer, nowhere)
        counts[place] = counts.get(place, 0) + 1
    rows: list[list[Any]] = [[name, n, round(100 * n / len(group), 2)]
                             for name, n in sorted(counts.items(), key=lambda e: (-e[1], e[0]))]
    side = "now" if request.source is not None else "then"
    return Table(id="destinations", title=f"Where they were {side}" if side == "then" else "Where they are now",
                 rows=rows, total_rows=len(rows), columns=[
                     Column(name="group", label="Group"), Column(name="customers", label="Customers", unit="count"),
                     Column(name="share", label="Share", unit="percent")])


def _figures(table: Table, moved: int, size: int, stretch: Stretch, earlier: int | None) -> dict[str, Figure]:
    figures = {
        "moved": Figure(value=moved, unit="count", label="Moved", source=Source(
            table=table.id, derivation="number of rows before the cut", origin="derived")),
        "of": Figure(value=size, unit="count", label="In the group", source=Source(
            table="destinations", column="customers", derivation="sum of the column", origin="derived")),
        "then_day": Figure(value=stretch.then.isoformat(), unit="date", label="Then", source=Source(origin="plan")),
        "now_day": Figure(value=stretch.now.isoformat(), unit="date", label="Now", source=Source(origin="evidence")),
        "days": Figure(value=stretch.days, unit="days", label="Days between", source=Source(origin="plan")),
    }
    if size:
        figures["share"] = derived(100 * moved / size, "percent", "Share of the group", "moved / of * 100",
                                   moved=figures["moved"], of=figures["of"])
    if earlier is not None:
        figures["before"] = Figure(value=earlier, unit="count", label="Moved in the stretch before", source=Source(
            origin="derived", derivation="the same count over the stretch of equal length before"))
    return figures


def _words(request: MoversRequest, moved: int) -> dict[str, str]:
    split = _split_of(request)
    return {"source": request.source_name if request.source is not None else "",
            "target": request.target_name if request.target is not None else "",
            "anyone": "yes" if moved else "",
            "split": SEGMENTERS[method_of(split)].words if split is not None else ""}


def _charts(destinations: Table) -> list[Chart]:
    return [Chart(kind="bar", table="destinations", x="group", y=["customers"], title=destinations.title)]


def _caveats(figures: dict[str, Figure]) -> list[Caveat]:
    if isinstance(figures["of"].value, int) and 0 < figures["of"].value < 10:
        return [Caveat(code="small_sample", figures={"n": figures["of"]}, words={"what": "customers"})]
    return []


def _evidence(snapshot: Snapshot, request: MoversRequest, stretch: Stretch, values: pd.DataFrame) -> Evidence:
    split = _split_of(request)
    fitted = fit_segments(snapshot.at(stretch.then), split, graded=False) if split is not None else None
    assumptions = ["Who never ordered by a day is in no group of that day."]
    if fitted is not None:
        assumptions.append(f"Both days are split by the limits found on {stretch.then.isoformat()}, so that a move is "
                           "one of the customer and not of the limits.")
    else:
        assumptions.append("Each group is what its rule selects on the data as they stood on that day.")
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        window_start=stretch.then, window_end=stretch.now, rows_scanned=len(values), assumptions=assumptions,
        model=None if fitted is None else ModelInfo(name=fitted.method, parameters=fitted.segmenter.parameters()),
    )
