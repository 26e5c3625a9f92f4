"""What choosing by this rule would have brought in past campaigns, beside contacting everybody and the likeliest.

Each past campaign made one offer to customers drawn by lot, so it can be asked of it: what if only those had been
contacted whom the rule picks? Predictions are those of learners that had not seen the customer. Arms were drawn with
known shares, so the answer needs no model of who was contacted (doubly robust, off-policy).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.campaigns.offers.gains import parts
from assistant.campaigns.offers.menu import taken_share
from assistant.campaigns.offers.off_policy import Estimate, Evaluation, difference, evaluate
from assistant.models.uplift.money import message_cost

if TYPE_CHECKING:
    import numpy as np

    from assistant.models.uplift.fitted import ShopUplift


@dataclass(frozen=True)
class Tried:
    """A way of choosing, tried on past campaigns. ``against_nobody``: profit per customer of the audience more than
    without any contact; ``against_everybody``: more than contacting all."""

    name: str
    contacted: int
    against_nobody: Estimate
    against_everybody: Estimate


@dataclass(frozen=True)
class PolicyExam:
    """Ways of choosing on the same past cases. ``budget``: cost of messages and offers of the rule; the others may not
    spend more where their name says so."""

    cases: int
    customers: int
    campaigns: int
    tried: tuple[Tried, ...]

    def per_contact(self, name: str = "rule") -> Estimate | None:
        """Profit per customer contacted in a way, against contacting nobody; None where it contacts nobody."""
        one = self.of(name)
        if not one.contacted:
            return None
        scale, e = self.cases / one.contacted, one.against_nobody
        return Estimate(scale * e.value, scale * e.lower, scale * e.upper)

    def of(self, name: str) -> Tried:
        """One way by name: ``rule``, ``everybody``, ``likeliest`` or ``lot``."""
        return next(t for t in self.tried if t.name == name)


@dataclass(frozen=True, eq=False)
class Ways:
    """Ways of choosing whom of the past cases to contact. Arrays (n,) over ``ShopUplift.checked_.frame``.

    Attributes:
        contact: name → chance to be contacted.
        gain: expected gain of a contact, message: its cost; shop currency.
        names, campaign: campaigns, and the place of each case's.
    """

    contact: dict[str, np.ndarray]
    gain: np.ndarray
    message: np.ndarray
    names: np.ndarray
    campaign: np.ndarray


def ways_to_choose(model: ShopUplift, most: float | None = None) -> Ways:
    """The rule "contact where the expected gain is above nought" and others to set it against.

    ``likeliest`` and ``lot`` contact as many customers of each campaign as the rule does: the likeliest to order, and
    any (their chance).

    Args:
        most: share of each campaign's audience that may be contacted at most (those who bring most), 0–1.
    """
    import numpy as np

    frame = model.checked_.frame
    names, campaign = np.unique(frame["campaign_id"].to_numpy(), return_inverse=True)
    won, given, message = _parts(model, names, campaign)
    gain = won - given - message
    picked = (gain > 0).astype(float)
    if most is not None:
        picked *= _first(gain, campaign, np.full(len(frame), most))
    quota = (np.bincount(campaign, picked) / np.bincount(campaign))[campaign]
    likeliest = _first(frame["baseline"].to_numpy(), campaign, picked)
    return Ways({"rule": picked, "everybody": np.ones(len(frame)), "likeliest": likeliest, "lot": quota}, gain, message,
                names, campaign)


def examine_choice(model: ShopUplift, most: float | None = None) -> PolicyExam:
    """Try the ways of :func:`ways_to_choose` on the campaigns a model learnt from."""
    import numpy as np

    frame, ways = model.checked_.frame, ways_to_choose(model, most)
    treated, campaign, gain, message = frame["treatment"].to_numpy(dtype=int), ways.campaign, ways.gain, ways.message
    share = (np.bincount(campaign, treated) / np.bincount(campaign))[campaign]
    baseline, order = frame["baseline"].to_numpy(), frame["usual_order"].to_numpy()
    alone = baseline * model.money_.kept * order
    predicted = np.column_stack([alone, alone + gain])
    profit = frame["margin" if model.money_.with_costs else "revenue"].to_numpy(dtype=float) - message * treated
    people = frame["customer_id"].to_numpy()
    propensity = np.where(treated == 1, share, 1 - share)

    def tried(contact: np.ndarray) -> Evaluation:
        return evaluate(profit, treated, propensity, np.column_stack([1 - contact, contact]), predicted, people)

    nobody, everybody = tried(np.zeros(len(frame))), tried(np.ones(len(frame)))
    found = []
    for name, contact in ways.contact.items():
        one = tried(contact)
        found.append(Tried(name, round(float(contact.sum())), difference(one, nobody, people),
                           difference(one, everybody, people)))
    return PolicyExam(len(frame), len(np.unique(people)), len(ways.names), tuple(found))


def _parts(model: ShopUplift, names: np.ndarray, campaign: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Won, given away and message of contacting each past case with its campaign's own offer."""
    import numpy as np

    frame, by_id = model.checked_.frame, model.tested_.by_id
    columns = [frame[c].to_numpy(dtype=float) for c in ("uplift", "baseline", "usual_order")]
    won, given, message = (np.zeros(len(frame)) for _ in range(3))
    like: dict[tuple[float, str | None, str], list[str]] = {}
    for name in names:
        c = by_id[name]
        like.setdefault((c.discount_percent, c.category, c.channel), []).append(name)
    for (percent, _, channel), ids in like.items():
        rows = np.isin(names, ids)[campaign]
        share = taken_share(frame[rows], percent)
        won[rows], given[rows] = parts(model.money_, *(x[rows] for x in columns), share)
        message[rows] = message_cost([c for c in model.tested_.campaigns if c.channel == channel])[0]
    return won, given, message


def _first(score: np.ndarray, campaign: np.ndarray, picked: np.ndarray) -> np.ndarray:
    """1 for as many customers of each campaign as are picked, those with the highest score."""
    import numpy as np

    order = np.lexsort((-score, campaign))
    start = np.concatenate([[0], np.cumsum(np.bincount(campaign))[:-1]])
    place = np.empty(len(score), dtype=int)
    place[order] = np.arange(len(score)) - start[campaign[order]]
    return (place < np.round(np.bincount(campaign, picked))[campaign]).astype(float)
