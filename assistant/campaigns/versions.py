"""Versions of a draft: what one changed against the one before, as a typed table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assistant.plans import CampaignBrief
from assistant.plans.reword import reword, reword_filter
from assistant.query.periods import day_words
from assistant.results import Column, Figure, Result, Source, Table
from assistant.results.result import Unit


@dataclass(frozen=True)
class Change:
    """One decision of a brief that differs: its name, and both values in words."""

    what: str
    before: str
    after: str


def _offer(brief: CampaignBrief) -> str:
    return "none" if brief.offer.kind == "none" else reword(brief.offer)


def _audience(brief: CampaignBrief) -> str:
    if brief.audience is None:
        return "the usual audience of the goal"
    return f"customers where {reword_filter(brief.audience)}"


def _share(brief: CampaignBrief) -> str:
    return "default" if brief.holdout_share is None else f"{brief.holdout_share * 100:g} %"


def _edits(brief: CampaignBrief) -> str:
    said = [f"{e.channel} {e.piece}{'' if e.variant is None else f' (variant {e.variant})'}: “{e.text}”"
            for e in brief.edits]
    return "; ".join(said) or "none"


def _steps(brief: CampaignBrief) -> str:
    said = [f"{s.channel} after {s.after_days} days{'' if s.only_if == 'always' else ' (' + s.only_if + ')'}"
            .replace("_", " ") for s in brief.steps]
    return ", then ".join(said) or "one message on each channel"


_DECISIONS: dict[str, Callable[[CampaignBrief], Any]] = {
    "goal": lambda b: b.goal.replace("_", "-"),
    "audience": _audience,
    "offer": _offer,
    "channels": lambda b: " and ".join(b.channels),
    "one message each": lambda b: "by the first channel that reaches them" if b.first_channel else "no",
    "longest text": lambda b: "not limited" if b.at_most is None else f"{b.at_most} {b.at_most_of}",
    "tone": lambda b: b.tone or "of the brand voice",
    "length of the texts": lambda b: b.length,
    "language": lambda b: {"en": "English", "zh": "Chinese"}[b.language],
    "wordings per channel": lambda b: b.variants,
    "put in other words": lambda b: "not yet" if b.wording == 0 else "once" if b.wording == 1 else f"{b.wording} times",
    "texts by hand": _edits,
    "pieces in other words": lambda b: ", then ".join(
        f"{'another' if t.aim == 'other' else t.aim} {t.channel} {t.piece.replace('_', ' ')}" for t in b.piece_turns)
    or "none",
    "products per recipient": lambda b: b.products_per_recipient,
    "products of": lambda b: "each one's favourite category" if b.favourites else (
        {"best": "the bestsellers", "new": "the new goods", "slow": "the slow goods"}[b.goods] if b.goods
        else "all categories, or the offer's"),
    "control group": _share,
    "exit": lambda b: b.exit_when.replace("_", " ") if b.exit_when else "as usual for the goal",
    "hours since": lambda b: "as usual for the goal" if b.after_hours is None else b.after_hours,
    "days meant": lambda b: "as usual for the goal" if b.within_days is None else b.within_days,
    "left alone": lambda b: "those whom contact does not move" if b.leave_alone else (
        "as past campaigns show" if b.leave_alone is None else "nobody"),
    "budget": lambda b: "none" if b.budget is None else f"{b.budget:,g}",
    "start": lambda b: day_words(b.starts_on) if b.starts_on else "not set",
    "end": lambda b: day_words(b.ends_on) if b.ends_on else "not set",
    "occasion": lambda b: "none" if b.period is None else reword(b.period),
    "offer chosen by its pay": lambda b: "yes" if b.best_offer else "no",
    "messages in order": _steps,
    "days it runs": lambda b: "not said" if b.runs_days is None else b.runs_days,
    "name": lambda b: b.title or "none",
    "theme": lambda b: b.theme or "none",
    "not in the draft": lambda b: "; ".join(b.not_included) or "nothing",
}


def differences(before: CampaignBrief, after: CampaignBrief) -> list[Change]:
    """Every decision that the two briefs take differently, in a fixed order."""
    found = [Change(name, str(say(before)), str(say(after))) for name, say in _DECISIONS.items()]
    return [change for change in found if change.before != change.after]


def add_changes(result: Result, version: int, before: int | None, changes: list[Change]) -> None:
    """Put the version, and what it changed against version ``before``, into a draft's result."""
    result.figures["version"] = _figure(version, "Version", "place in the list of versions")
    result.details["version"] = version
    if before is None:
        return
    result.figures["version_before"] = _figure(before, "Version before", "latest version that stands before it")
    rows: list[list[Any]] = [[change.what, change.before, change.after] for change in changes]
    columns = [Column(name="what", label="Decision"), Column(name="before", label="Before"),
               Column(name="after", label="Now")]
    result.tables.append(Table(id="changes", title="What changed", columns=columns, rows=rows, total_rows=len(rows)))


def _figure(value: int, label: str, derivation: str, unit: Unit = "number") -> Figure:
    return Figure(value=value, unit=unit, label=label, source=Source(origin="derived", derivation=derivation))
