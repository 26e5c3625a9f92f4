"""The past campaigns that can teach what a contact changes, and why the others cannot."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.data.sensitive import Proxy
from assistant.errors import NoRows
from assistant.features.contacted import Campaign, cases, known_columns, past_campaigns
from assistant.models.close_inputs import close_inputs
from assistant.models.uplift.design import Design
from assistant.models.uplift.effects import FEWEST, arms_alike

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot

#: p-value of :func:`assistant.models.uplift.effects.arms_alike` below which nobody believes that arms were drawn by
#: lot (shared among the campaigns that are looked at).
CHOSEN_BELOW = 0.001
#: Why a campaign is left out.
REASONS = ("no_control", "running", "arms_differ")


@dataclass(frozen=True, eq=False)
class Tested:
    """Campaigns with arms drawn at random, and the cases of :func:`assistant.features.contacted.cases`.

    Attributes:
        left_out: campaign → one of :data:`REASONS`.
        alike: p-value that the arms were alike before, over the campaigns that are kept.
        proxies: inputs that no model learns from, because they stand for a sensitive attribute.
    """

    campaigns: tuple[Campaign, ...]
    frame: pd.DataFrame
    design: Design
    left_out: tuple[tuple[Campaign, str], ...]
    alike: float
    proxies: tuple[Proxy, ...] = ()

    @property
    def by_id(self) -> dict[str, Campaign]:
        return {c.campaign_id: c for c in self.campaigns}


def tested(
    snapshot: Snapshot, *, channel: str | None = None, kind: str | None = None, campaign: str | None = None,
    discounted: bool = False, among: Collection[str] = (),
) -> Tested:
    """Campaigns of a channel, kind or name that were tested against customers held out at random.

    Args:
        campaign: a name or id; every campaign of that name counts.
        discounted: only campaigns with a discount. among: only those of these names.

    Raises:
        MissingData: the data hold no campaigns or no arms.
        NoRows: no such campaign, or none of them can be read as an experiment; says why.
    """
    wanted = [c for c in past_campaigns(snapshot) if _is_meant(c, channel, kind, campaign)
              and (c.discount_percent > 0 or not discounted) and (not among or c.name in among)]
    if not wanted:
        said = " ".join(v.replace("_", "-") for v in (campaign, kind, channel) if v)
        names = sorted({c.name for c in past_campaigns(snapshot)})
        raise NoRows("The data hold no such past campaign" if said else "The data hold no past campaigns",
                     received=said or None, valid=names[:12])
    left_out = [(c, why) for c in wanted if (why := _why_not(c)) is not None]
    usable = [c for c in wanted if _why_not(c) is None]
    frame = cases(snapshot, usable) if usable else None
    if frame is not None:
        differ = _chosen(frame, usable)
        left_out += [(c, "arms_differ") for c in differ]
        usable = [c for c in usable if c not in differ]
        frame = frame[frame["campaign_id"].isin([c.campaign_id for c in usable])].reset_index(drop=True)
    if not usable or frame is None:
        raise NoRows(_nothing_left(left_out), received=", ".join(c.name for c, _ in left_out[:5]))
    each = frame.drop_duplicates("customer_id", keep="last")
    aside = close_inputs(snapshot, each["customer_id"].tolist(),
                         {c: each[c].to_numpy() for c in (*known_columns(), "acquisition_channel")})
    design = Design({p.column for p in aside}).fit(frame, usable)
    by_id = {c.campaign_id: c for c in usable}
    alike = arms_alike(design.matrix(frame, frame["campaign_id"], by_id), frame["treatment"].to_numpy(),
                       frame["campaign_id"].to_numpy())
    return Tested(tuple(usable), frame, design, tuple(left_out), alike, aside)


def _is_meant(c: Campaign, channel: str | None, kind: str | None, campaign: str | None) -> bool:
    named = campaign is None or campaign.casefold() in {c.name.casefold(), c.campaign_id.casefold()}
    return named and channel in {None, c.channel} and kind in {None, c.kind}


def _why_not(c: Campaign) -> str | None:
    if not c.complete:
        return "running"
    return None if min(c.contacted, c.held_out) >= FEWEST else "no_control"


def _chosen(frame: pd.DataFrame, campaigns: list[Campaign]) -> list[Campaign]:
    """Campaigns whose arms differed before the contact more than a lot explains."""
    design, found = Design().fit(frame, campaigns), []
    for c in campaigns:
        rows = frame[frame["campaign_id"] == c.campaign_id]
        p = arms_alike(design.matrix(rows, c), rows["treatment"].to_numpy())
        if p < CHOSEN_BELOW / len(campaigns):
            found.append(c)
    return found


_WORDS = {
    "no_control": f"held out fewer than {FEWEST} customers", "running": "is not over yet",
    "arms_differ": "contacted customers who differed beforehand from those held out, so the arms were not drawn by lot",
}


def _nothing_left(left_out: list[tuple[Campaign, str]]) -> str:
    reasons = "; ".join(f"{c.name} {_WORDS[why]}" for c, why in left_out[:5])
    return f"What a contact changed cannot be told without customers held out at random: {reasons}"
