"""The shop's own uplift model: learnt from its past campaigns, examined on them, applied to its customers of today.

Every prediction that is checked is made for customers the learner has not seen (five folds by customers). The level of
predictions is set by the best linear predictor of the effect (Chernozhukov, Demirer, Duflo & Fernández-Val 2018,
"Generic machine learning inference on heterogeneous treatment effects", NBER 24678): the mean effect plus a share of
the predicted distance from it, the share being what past campaigns bear out (0 to 1). Raw predictions spread too far,
and would call too many customers driven away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from assistant.data.objectors import objectors
from assistant.features.contacted import Campaign, customers_now
from assistant.features.reachable import reachable
from assistant.models.threads import undivided_products
from assistant.models.uplift.bases import Linear
from assistant.models.uplift.effects import Effects, read_out
from assistant.models.uplift.exam import Experiment, UpliftExam, examine, fitted
from assistant.models.uplift.money import Money, money
from assistant.models.uplift.scores import balancing_weights
from assistant.models.uplift.tested import Tested, tested

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from assistant.data.warehouse import Snapshot

FOLDS = 5
#: Campaigns of a channel or kind are learnt from alone where they have so many cases; else together with the others.
ENOUGH_ALONE = 3000
#: Latest campaigns that a coming one is thought to be like.
LIKE_LATEST = 6
#: Days since the last order of customers tested: those outside these percentiles count as unlike all who were tested.
TESTED_RANGE = (1, 99)
GROUPS = ("moved", "sure_buyer", "not_worth_it", "sleeping_dog")


@dataclass(frozen=True, eq=False)
class Checked:
    """Predictions of past cases by learners that had not seen the customer, and what was then observed.

    Attributes:
        frame: cases with ``baseline``, ``uplift`` (at its level), ``value``, ``group``.
        slope: share of the predicted distance from the mean effect that is borne out (0–1), and its standard error.
        by_group, by_fifth: observed effect on ordering; fifths from the lowest predicted uplift to the highest.
        margin_by_group: observed effect on margin (or sales) per customer.
    """

    frame: pd.DataFrame
    slope: float
    slope_error: float
    by_group: Effects
    by_fifth: Effects
    margin_by_group: Effects

    @property
    def expected_gain(self) -> float:
        """Mean expected margin of a contact over the past contacts, the message not counted."""
        return float(self.frame.loc[self.frame["treatment"] == 1, "gain"].mean())

    @property
    def borne_out(self) -> bool:
        """Whether that lies within the interval of what was observed."""
        seen = self.margin_by_group.overall
        return seen.lower is not None and seen.upper is not None and seen.lower <= self.expected_gain <= seen.upper


class ShopUplift:
    """What a contact changes for each customer of a shop.

    Args:
        channel, kind: campaigns to learn from, where they are enough; and whom the scores are for.
        seed: of splits and folds.
        learners: those that compete in the exam; all that can run here where not given.
    """

    def __init__(
        self, channel: str | None = None, kind: str | None = None, seed: int = 0,
        learners: tuple[str, ...] | None = None,
    ) -> None:
        self.channel = channel
        self.kind = kind
        self.seed = seed
        self.learners = learners

    @undivided_products()
    def fit(self, snapshot: Snapshot) -> Self:
        """Learn from all past campaigns with customers held out at random.

        Raises:
            MissingData, NoRows: see :func:`assistant.models.uplift.tested.tested`.
            InvalidPlan: too few cases; see :func:`assistant.models.uplift.exam.examine`.
        """
        scope = tested(snapshot, channel=self.channel, kind=self.kind)
        self.like_ = scope.campaigns
        self.pooled_ = len(scope.frame) < ENOUGH_ALONE and (self.channel or self.kind) is not None
        self.tested_ = tested(snapshot) if self.pooled_ else scope
        self.experiment_ = experiment_of(self.tested_)
        self.exam_: UpliftExam = examine(self.experiment_, self.seed, learners=self.learners)
        self.effect_: Effects = read_out(self.experiment_.outcome, self.experiment_.treatment,
                                         experiment=self.tested_.frame["campaign_id"].to_numpy())
        self.money_: Money = money(self.tested_.frame, self.like_)
        self.learner_ = fitted(self.experiment_, self.exam_.used)
        held = self.experiment_.treatment == 0
        self.response_ = Linear().fit(self.experiment_.x[held], self.experiment_.outcome[held])
        self.checked_ = self._check()
        return self

    @property
    def abstains(self) -> bool:
        """Whether past campaigns do not show that customers are moved differently."""
        return not self.exam_.shown

    def predict(self, snapshot: Snapshot) -> pd.DataFrame:
        """Score every customer as of the analysis date for a message like the latest campaigns in scope.

        Returns:
            ``customer_id``, ``days_since_last_order``, ``baseline`` (chance to order within the window without a
            contact), ``uplift`` (change of that chance by a contact), ``usual_order`` (sales, shop currency), ``value``
            (expected gain of a contact, shop currency), ``group`` (one of :data:`GROUPS`), ``judged`` (like customers
            who were tested; the numbers are missing otherwise), ``reachable`` (agreed to the channel and not
            suppressed; None where contacts are unknown); without those who objected to marketing; sorted by
            ``customer_id``.

        Raises:
            sklearn.exceptions.NotFittedError: before :meth:`fit`.
        """
        import numpy as np

        if not hasattr(self, "learner_"):
            from sklearn.exceptions import NotFittedError

            raise NotFittedError("ShopUplift has not learnt from a shop's campaigns yet")
        like = _latest(self.like_)
        now = customers_now(snapshot, [c.category for c in like])
        now = now[~now["customer_id"].isin(objectors(snapshot))]
        sums = {name: np.zeros(now["customer_id"].nunique()) for name in ("n", "baseline", "uplift")}
        for campaign in like:
            inside, baseline, uplift = self.for_campaign(now[now["promoted"] == (campaign.category or "")], campaign)
            sums["n"] += inside
            sums["baseline"] += inside * baseline
            sums["uplift"] += inside * uplift
        return self._table(snapshot, now.drop_duplicates("customer_id"), sums)

    def for_campaign(self, now: pd.DataFrame, campaign: Campaign) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What a message just like one past campaign would change.

        Args:
            now: rows of :func:`assistant.features.contacted.customers_now` for the campaign's category.

        Returns:
            three (n,) arrays: 1 where the customer is like those the campaign tested (else 0), the chance to order
            without a contact, and its change by one (0–1).
        """
        x = self.tested_.design.matrix(now, campaign)
        return (self._was_tested(now, campaign), self.response_.predict(x),
                self._levelled(self.learner_.predict(x)))

    def _table(self, snapshot: Snapshot, people: pd.DataFrame, sums: dict[str, np.ndarray]) -> pd.DataFrame:
        import numpy as np

        judged = sums["n"] > 0
        often = np.where(judged, sums["n"], np.nan)
        baseline, uplift = np.clip(sums["baseline"] / often, 0.0, 1.0), sums["uplift"] / often
        found = people[["customer_id", "days_since_last_order"]].reset_index(drop=True)
        order = self.money_.order_value(people)
        found["baseline"], found["uplift"], found["usual_order"] = baseline, uplift, order
        found["value"] = self.money_.value(uplift, baseline, order)
        found["group"] = self._group(uplift, baseline, order)
        found.loc[~judged, "group"] = ""
        found["judged"] = judged
        able = reachable(snapshot, sorted({c.channel for c in self.like_ if c.channel}))
        found["reachable"] = None if able is None else found["customer_id"].isin(able)
        return found

    def _was_tested(self, frame: pd.DataFrame, campaign: Campaign) -> np.ndarray:
        import numpy as np

        days = self.tested_.frame.loc[self.tested_.frame["campaign_id"] == campaign.campaign_id,
                                      "days_since_last_order"]
        low, high = np.percentile(days, TESTED_RANGE)
        silent = frame["days_since_last_order"].to_numpy()
        return ((silent >= low) & (silent <= high)).astype(float)  # type: ignore[no-any-return]

    def _levelled(self, uplift: np.ndarray) -> np.ndarray:
        mean, center = self.level_
        return mean + self.checked_slope_ * (uplift - center)  # type: ignore[no-any-return]

    def _group(self, uplift: np.ndarray, baseline: np.ndarray, order: np.ndarray) -> np.ndarray:
        import numpy as np

        loses = self.money_.value(uplift, baseline, order) < 0
        gives = self.money_.parts(uplift, baseline, order)["discount"] > self.money_.per_message
        return np.select([uplift < 0, ~loses, gives], ["sleeping_dog", "moved", "sure_buyer"],
                         "not_worth_it").astype(object)

    def _check(self) -> Checked:
        import numpy as np

        e, frame = self.experiment_, self.tested_.frame
        raw, baseline = out_of_fold(e, self.exam_.used, self.seed)
        self.raw_ = raw
        campaign = frame["campaign_id"].to_numpy()
        slope, error, mean = slope_of(e, raw, baseline, campaign)
        self.checked_slope_ = float(np.clip(slope, 0.0, 1.0)) if not self.abstains else 0.0
        self.level_ = (mean, float(raw.mean()))
        uplift = self._levelled(raw)
        cases = frame[["campaign_id", "customer_id", "treatment", "ordered", "revenue", "margin", "given"]].copy()
        cases["baseline"], cases["uplift"] = baseline, uplift
        order = self.money_.order_value(frame)
        cases["usual_order"], cases["value"] = order, self.money_.value(uplift, baseline, order)
        cases["gain"] = cases["value"] + self.money_.per_message
        cases["group"] = self._group(uplift, baseline, order)
        rank = np.argsort(np.argsort(raw, kind="stable"), kind="stable")
        fifth = (rank * 5 // len(raw) + 1).astype(str)
        gain = cases["margin" if self.money_.with_costs else "revenue"].to_numpy()
        group = cases["group"].to_numpy()
        return Checked(
            cases, slope, error, read_out(e.outcome, e.treatment, experiment=campaign, group=group, order=GROUPS),
            read_out(e.outcome, e.treatment, experiment=campaign, group=fifth),
            read_out(gain, e.treatment, experiment=campaign, group=group, order=GROUPS))


def experiment_of(past: Tested) -> Experiment:
    """The cases as rows to learn from."""
    frame = past.frame
    treatment, campaign = frame["treatment"].to_numpy(), frame["campaign_id"].to_numpy()
    return Experiment(past.design.matrix(frame, frame["campaign_id"], past.by_id), treatment,
                      frame["ordered"].to_numpy(dtype=float), balancing_weights(campaign, treatment),
                      frame["customer_id"].to_numpy())


def out_of_fold(experiment: Experiment, name: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(n,) uplift and chance without a contact, each by learners that never saw the customer."""
    import numpy as np

    owner = experiment.customer if experiment.customer is not None else np.arange(len(experiment.outcome))
    names, code = np.unique(owner, return_inverse=True)
    fold = (np.random.default_rng(seed).permutation(len(names)) % FOLDS)[code]
    uplift, baseline = np.empty(len(code)), np.empty(len(code))
    for part in range(FOLDS):
        learning, testing = experiment.rows(fold != part), fold == part
        uplift[testing] = fitted(learning, name).predict(experiment.x[testing])
        held = learning.treatment == 0
        baseline[testing] = Linear().fit(learning.x[held], learning.outcome[held]).predict(experiment.x[testing])
    return uplift, baseline


def slope_of(
    experiment: Experiment, uplift: np.ndarray, baseline: np.ndarray, campaign: np.ndarray
) -> tuple[float, float, float]:
    """Best linear predictor of the effect: slope on the predicted uplift, its standard error, and the mean effect.

    The outcome less what was expected without a contact is weighted so that its mean is the effect (arms are drawn
    with the share of each campaign).
    """
    import numpy as np

    _, code = np.unique(campaign, return_inverse=True)
    share = (np.bincount(code, experiment.treatment) / np.bincount(code))[code]
    away = (experiment.treatment - share) / (share * (1 - share))
    effect = away * (experiment.outcome - baseline)
    mean, centred = float(effect.mean()), uplift - uplift.mean()
    size = float((centred**2).sum())
    if size == 0:
        return 0.0, 0.0, mean
    slope = float((centred * effect).sum() / size)
    rest = effect - mean - slope * centred
    return slope, float(np.sqrt(((centred * rest) ** 2).sum()) / size), mean


def _latest(campaigns: tuple[Campaign, ...]) -> list[Campaign]:
    """The latest campaign of each kind, channel and category, the newest few."""
    newest: dict[tuple[str, str, str | None], Campaign] = {}
    for c in campaigns:
        newest[c.kind, c.channel, c.category] = c  # campaigns come oldest first
    return sorted(newest.values(), key=lambda c: c.started)[-LIKE_LATEST:]


def fit_uplift(snapshot: Snapshot, channel: str | None = None, kind: str | None = None) -> ShopUplift:
    """A fitted :class:`ShopUplift`; keep it as long as the snapshot's fingerprint stays the same."""
    return ShopUplift(channel, kind).fit(snapshot)


def do_not_contact(model: ShopUplift, scores: pd.DataFrame) -> pd.DataFrame:
    """Customers who could be contacted and should not be, those whose contact costs most first.

    Args:
        scores: of :meth:`ShopUplift.predict`.

    Returns:
        ``customer_id``, ``group``, ``baseline``, ``uplift`` and what leaving them alone saves: ``message``,
        ``discount`` (given to an order that comes anyway), ``margin`` (of orders kept; negative: of orders not won) and
        their sum ``saved``. Empty where the model abstains.
    """
    picked = scores[scores["judged"] & (scores["group"] != "moved") & (scores["reachable"] != False)]  # noqa: E712
    picked = picked.iloc[:0] if model.abstains else picked
    found = picked[["customer_id", "group", "baseline", "uplift"]].copy()
    numbers = (picked[c].to_numpy(dtype=float) for c in ("uplift", "baseline", "usual_order"))
    parts = model.money_.parts(*numbers)
    found["message"], found["discount"], found["margin"] = parts["message"], parts["discount"], -parts["margin"]
    found["saved"] = found[["message", "discount", "margin"]].sum(axis=1)
    return found.sort_values(["saved", "customer_id"], ascending=[False, True], ignore_index=True)
