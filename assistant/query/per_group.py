"""The first rows inside each group: "top 3 products in each country"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.plans.query import QueryPlan
from assistant.query.dimensions import dimension
from assistant.query.metrics import metric

if TYPE_CHECKING:
    import ibis


def top_of_each(table: ibis.Table, plan: QueryPlan, by: str, descending: bool) -> ibis.Table:
    """The rows at the first places inside each group of ``plan.within``, ties of the last place kept.

    Groups follow time, or the size of what they hold, the largest first. Adds ``place`` (0 is the first) and
    ``tied`` (rows of the group beyond the limit).
    """
    import ibis

    kept = table.filter(table[by].notnull())
    outer = [kept[d] for d in plan.within]
    inner = [d for d in plan.dimensions if d not in plan.within]
    direction = ibis.desc(kept[by]) if descending else ibis.asc(kept[by])
    whole = kept[by].sum() if metric(by).unit in {"currency", "count"} else kept[by].max()
    placed = kept.mutate(
        place=ibis.row_number().over(group_by=outer, order_by=[direction, *(ibis.asc(kept[d]) for d in inner)]),
        tie_rank=ibis.rank().over(group_by=outer, order_by=direction),
        size=whole.over(group_by=outer),
    )
    assert plan.limit is not None
    placed = placed.filter((placed.place >= plan.offset) & (placed.tie_rank < plan.offset + plan.limit))
    timed = [d for d in plan.within if dimension(d).role in {"time", "ordered"}]
    others = [d for d in plan.within if d not in timed]
    order = [ibis.asc(placed[d]) for d in timed]
    order += [ibis.desc(placed["size"]), *(ibis.asc(placed[d]) for d in others)] if others else []
    return placed.mutate(
        all_groups=placed.count().over(ibis.window()), tied=(placed.place >= plan.offset + plan.limit).cast("int64")
    ).order_by([*order, ibis.asc(placed.place)])
