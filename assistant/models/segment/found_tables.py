"""What is published with every split: trials of numbers of segments, traits, stability, name agreement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assistant.models.segment.base import Segmenter
from assistant.models.segment.behaviour_mixture import BehaviourSegments
from assistant.models.segment.choice import BestFound, finder_of, tried
from assistant.models.segment.stability import STABLE, Stability
from assistant.results import Column, Figure, Source, Table

#: Traits listed of each kind of buyers.
TRAITS_SHOWN = 5


def trials_table(segmenter: Segmenter) -> Table | None:
    """Every number of segments tried by every method, with the one in use marked; None where none was tried."""
    rows: list[list[Any]] = []
    for method, (model, used) in tried(segmenter).items():
        for t in model.trials_:
            rows.append([method, t.k, round(t.silhouette, 3), round(t.worst_jaccard, 3), round(t.error, 3),
                         round(100 * t.same_name, 1), "yes" if t.stable else "no",
                         "yes" if used and t is model.trial_ else "no"])
    if not rows:
        return None
    return Table(
        id="trials", title="Numbers of segments that were tried", rows=rows, total_rows=len(rows), columns=[
            Column(name="method", label="Method"), Column(name="k", label="Segments", unit="count"),
            Column(name="silhouette", label="Separation (silhouette)", unit="ratio"),
            Column(name="worst_jaccard", label="Stability of the least stable (bootstrap Jaccard)", unit="ratio"),
            Column(name="error", label="Standard error", unit="ratio"),
            Column(name="same_name", label="Same name when found again, worst", unit="percent"),
            Column(name="stable", label="Stable"), Column(name="chosen", label="In use"),
        ])


def traits_table(segmenter: Segmenter) -> Table | None:
    """What each kind of buyers does more than everybody; None for segments of recency, orders and money."""
    if not isinstance(segmenter, BehaviourSegments):
        return None
    rows: list[list[Any]] = [
        [str(name), t.words, round(t.share, 1), round(t.everyone, 1), round(t.lift, 2)]
        for name in segmenter.profile_.index for t in segmenter.traits_[str(name)][:TRAITS_SHOWN]
    ]
    return Table(
        id="traits", title="What tells the segments apart", rows=rows, total_rows=len(rows), columns=[
            Column(name="segment", label="Segment"), Column(name="trait", label="Trait"),
            Column(name="share", label="Share in the segment", unit="percent"),
            Column(name="everyone", label="Share of everybody", unit="percent"),
            Column(name="lift", label="Times everybody's", unit="ratio"),
        ])


def found_quality(segmenter: Segmenter, stability: Mapping[str, Stability]) -> dict[str, float]:
    """Figures of the evidence: worst bootstrap Jaccard, worst name agreement, silhouette."""
    quality: dict[str, float] = {}
    if stability:
        quality |= {"worst_segment_jaccard": round(min(s.jaccard for s in stability.values()), 4),
                    "worst_name_agreement": round(min(s.same_name for s in stability.values()), 4)}
    found = finder_of(segmenter)
    trial = found.trial_ if found is not None else None
    return quality | ({"silhouette": round(trial.silhouette, 4)} if trial else {})


def notes_of(segmenter: Segmenter) -> Iterator[str]:
    """How the groups were found, for the evidence."""
    found = finder_of(segmenter)
    if found is None:
        return
    if isinstance(found, BehaviourSegments):
        blocks = ", ".join(dict.fromkeys(c.partition(":")[0] for c in found.columns_))
        yield (f"Kinds of buyers are told apart by counts of {blocks}; a customer with few orders goes to the "
               "likeliest kind, which is less sure. Country, birth year and gender are not used.")
    else:
        yield "Recency, orders and money are logged and scaled by median and interquartile range before grouping."
    if isinstance(segmenter, BestFound):
        yield f"Of k-means and a Gaussian mixture, {segmenter.chosen_} is used: stable groups win, then separated ones."
    if found.trials_ and found.k is None:
        yield (f"The number of segments is one whose least stable segment keeps at least {STABLE} of its customers "
               "(bootstrap Jaccard), by separation among those; where none does, the most stable number is used.")


def stability_figures(table: Table) -> dict[str, Figure]:
    """``worst_stability`` and ``worst_name`` of the table of segments, and the limit they are held to."""
    known = [i for i in range(len(table.rows)) if table.cell(i, "stability") is not None]
    if not known or len(table.rows) < 2:
        return {}
    worst = min(known, key=lambda i: float(table.cell(i, "stability") or 0.0))
    name = min(known, key=lambda i: float(table.cell(i, "same_name") or 0.0))
    return {"worst_stability": table.figure(worst, "stability"), "worst_name": table.figure(name, "same_name"),
            "stable_from": Figure(value=STABLE, unit="ratio", label="Very stable from",
                                  source=Source(origin="definition"))}


def worst_words(table: Table) -> dict[str, str]:
    """Which segments the worst figures are of."""
    figures = stability_figures(table)
    rows = {name: figures[name].source.row for name in ("worst_stability", "worst_name") if name in figures}
    return {f"{name}_of": str(table.cell(row, "segment")) for name, row in rows.items() if row is not None}
