"""From what is known of a customer before a campaign to the numbers that a learner sees."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Self

from assistant.features.contacted import known_columns

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from assistant.features.contacted import Campaign

#: Columns that are shares already; the others are counts, days and money, taken by their logarithm.
SHARES = frozenset({"discount_share", "promoted_share", "web_share", "app_share", "returned_share", "opened_share",
                    "clicked_share"})
#: Customers that a way of coming needs to be told apart.
FEWEST_OF_A_KIND = 50


class Design:
    """Columns of the design: behaviour, how the customer came, and what the campaign was.

    Args:
        aside: inputs that are not used, because they stand for a sensitive attribute.

    Nothing of it is learnt from outcomes: only which ways of coming and which kinds of campaigns there are.
    """

    def __init__(self, aside: Collection[str] = ()) -> None:
        self.numbers_ = tuple(c for c in known_columns() if c not in aside)
        self.with_ways_ = "acquisition_channel" not in aside

    def fit(self, frame: pd.DataFrame, campaigns: list[Campaign]) -> Self:
        """Learn the categories of :func:`assistant.features.contacted.cases`."""
        ways = frame["acquisition_channel"].value_counts()
        self.ways_ = sorted(str(w) for w, n in ways.items() if n >= FEWEST_OF_A_KIND and self.with_ways_)
        self.kinds_ = _told_apart([c.kind for c in campaigns])
        self.channels_ = _told_apart([c.channel for c in campaigns])
        varied = len({c.discount_percent for c in campaigns}) > 1
        self.columns_ = [*self.numbers_, *(f"came by {w}" for w in self.ways_),
                         *(f"{k} campaign" for k in self.kinds_), *(f"by {c}" for c in self.channels_),
                         *(["discount offered"] if varied else [])]
        self.with_discount_ = varied
        return self

    def matrix(
        self, frame: pd.DataFrame, campaign: pd.Series | Campaign, by_id: dict[str, Campaign] | None = None
    ) -> np.ndarray:
        """(n, d) numbers.

        Args:
            campaign: the campaign of every row, or the ids of each row's campaign.
            by_id: campaigns by id, where ids are given.
        """
        import numpy as np

        known = {c: frame[c].to_numpy(dtype=float) for c in self.numbers_}
        parts = [v if c in SHARES else np.log1p(np.maximum(v, 0.0)) for c, v in known.items()]
        came = frame["acquisition_channel"].astype(object).to_numpy()
        parts += [(came == w).astype(float) for w in self.ways_]
        kinds, channels, discounts = _of_campaign(campaign, by_id, len(frame))
        parts += [(kinds == k).astype(float) for k in self.kinds_]
        parts += [(channels == c).astype(float) for c in self.channels_]
        return np.column_stack([*parts, discounts] if self.with_discount_ else parts)


def _told_apart(values: list[str]) -> list[str]:
    """All values but one, where there are several: the last one is what none of the columns says."""
    found = sorted(set(values))
    return found[:-1]


def _of_campaign(
    campaign: pd.Series | Campaign, by_id: dict[str, Campaign] | None, n: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    import numpy as np

    if by_id is None:
        one = [campaign.kind, campaign.channel, campaign.discount_percent]  # type: ignore[union-attr]
        return tuple(np.full(n, v, dtype=object if isinstance(v, str) else float) for v in one)  # type: ignore[return-value]
    ids, code = np.unique(np.asarray(campaign, dtype=object).astype(str), return_inverse=True)
    of = [by_id[i] for i in ids]
    return (np.array([c.kind for c in of], dtype=object)[code], np.array([c.channel for c in of], dtype=object)[code],
            np.array([c.discount_percent for c in of])[code])
