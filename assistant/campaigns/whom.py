"""Who should get a campaign, asked back: what each kind is about proposes people of its own, each with their number.

Nobody is the default audience. A launch or clearance proposes the buyers of the categories of its goods, a season those
who ordered in it last year, cross-selling the buyers of one category who never bought the one they most often go with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.campaigns.goals import goals
from assistant.campaigns.goods import Goods, goods_of
from assistant.campaigns.timing import season_before
from assistant.data.warehouse import Snapshot
from assistant.features.product_facts import product_facts
from assistant.plans import And, CampaignBrief, Compare, CustomerCondition, Filter, Period
from assistant.query.audience import customer_ids
from assistant.query.periods import day_range, day_words
from assistant.results import Column, Question, Result, Table

#: days in which somebody who ordered counts as a customer of today
RECENT = 90
_CATEGORIES, _PAIRS, _FEWEST = 2, 2, 30
#: goods of a campaign, as they are called
_OF = {"new": "its new goods", "slow": "its slow goods", "named": "its goods", "season": "the goods of the season",
       "best": "the bestsellers"}
_ALWAYS = ("lapsed customers", "loyal customers", "customers who are about to leave", "all customers")


@dataclass(frozen=True)
class Proposal:
    """People for a campaign: in words that read back as ``rule``, and the category
    it is about where the brief names none. ``why``: where they come from."""

    who: str
    rule: Filter
    about: str | None = None
    why: str = ""


def ask_whom(snapshot: Snapshot, brief: CampaignBrief) -> Result:
    """The question back; every option holds all the rest of the brief.

    Returns:
        kind ``question``; table ``proposals``: the options and how many customers each has, where that is counted.
    """
    label = goals()[brief.goal]["label"]
    if brief.period is not None and brief.period.event:
        label = brief.period.event  # "a mothers day campaign"
    goods = goods_of(snapshot, brief)
    counted = [(p, len(customer_ids(snapshot, p.rule))) for p in _proposals(snapshot, brief, goods)]
    kept = [(p, n) for p, n in counted if n][:3]
    usual = [w for w in _ALWAYS if not kept or w in {"loyal customers", "all customers"}]
    options = [*(brief_words(brief, label, p.who, p.about) for p, _ in kept),
               *(brief_words(brief, label, w) for w in usual)]
    table = Table(id="proposals", title="Who it could go to", total_rows=len(kept),
                  rows=[[option, n] for option, (_, n) in zip(options, kept, strict=False)], columns=[
                      Column(name="option", label="Request"),
                      Column(name="customers", label="Customers", unit="count")])
    result = Result(
        kind="question", title="Who should get it?", tables=[table] if kept else [],
        words={"why": _why([p for p, _ in kept]) if kept else ""},
        question=Question(
            text=f"Who should get this {label} campaign? Nobody is chosen by default.{_unheld(brief)}",
            options=options),
    )
    if brief.not_included:
        result.details["not_included"] = list(brief.not_included)
    return result


def _unheld(brief: CampaignBrief) -> str:
    return f" Not in the draft: {'; '.join(brief.not_included)}." if brief.not_included else ""


def _why(kept: Sequence[Proposal]) -> str:
    """Where the proposals come from."""
    grounds = [p.why for p in kept if p.why]
    if not grounds:
        return "Proposed are, among others, customers of today"
    return f"Proposed are, among others, {' and '.join(dict.fromkeys(grounds))}"


def _proposals(snapshot: Snapshot, brief: CampaignBrief, goods: Goods | None) -> list[Proposal]:
    found: list[Proposal] = []
    if brief.goal == "cross_sell":
        found += _pairs(snapshot, brief)
    season = season_before(snapshot, brief)
    if season is not None:
        start, end = season
        who = f"customers who ordered between {day_words(start)} and {day_words(end)}"
        found.append(Proposal(who, CustomerCondition(
            metric="orders", op="ge", values=(1,), period=Period(kind="absolute", start=start, end=end)),
            why=f"those who ordered in the same season before, {day_range(start, end)}"))
    if brief.goal != "cross_sell":
        whose = _OF.get(goods.kind if goods is not None and not brief.offer.category else "", "")
        why = f"buyers of the categories that most of {whose} are from" if whose else "buyers of its category"
        found += [Proposal(f"customers who bought {c}", _bought(snapshot, c), why=why)
                  for c in _categories(snapshot, brief, goods)]
    found.append(Proposal(f"customers who ordered in the last {RECENT} days", CustomerCondition(
        metric="orders", op="ge", values=(1,), period=Period(kind="rolling", unit="day", count=RECENT))))
    return found


def _field(snapshot: Snapshot, name: str) -> str | None:
    """Whether a name is one of a category or of a part of one; None where the shop has neither."""
    held = [c for c in ("category", "subcategory") if snapshot.has("products", c)]
    products = snapshot.table("products")
    return next((c for c in held if snapshot.execute(
        products.filter(products[c].lower() == name.lower()).limit(1)).num_rows), None)


def _bought(snapshot: Snapshot, name: str, *, never: bool = False) -> Filter:
    where = Compare(field=_field(snapshot, name) or "category", op="eq", values=(name,))
    return CustomerCondition(metric="orders", op="eq" if never else "ge", values=(0 if never else 1,), where=where)


def _categories(snapshot: Snapshot, brief: CampaignBrief, goods: Goods | None) -> list[str]:
    """The category of the brief, else those that most of its goods are from."""
    if brief.offer.category:
        return [brief.offer.category] if _field(snapshot, brief.offer.category) else []
    if goods is None or not snapshot.has("products", "category"):
        return []
    facts = product_facts(snapshot)
    mine = facts.filter(facts.product_id.isin(list(goods.product_ids)) & facts.category.notnull())
    named = Counter(snapshot.execute(mine.select("category"))["category"].to_pylist())
    return [c for c, _ in sorted(named.items(), key=lambda i: (-i[1], i[0]))][:_CATEGORIES]


def _pairs(snapshot: Snapshot, brief: CampaignBrief) -> list[Proposal]:
    """Buyers of one category who never bought another, for the categories whose buyers share most, beyond chance."""
    if not snapshot.has("products", "category"):
        return []
    wanted = brief.offer.category
    level = "category" if wanted is None else _field(snapshot, wanted)
    if level is None:
        return []
    lines, products = snapshot.table("order_lines"), snapshot.table("products")
    sales = lines.filter((lines.line_type == "sale") & lines.customer_id.notnull())
    named = sales.inner_join(products.select("product_id", of=products[level]), "product_id")
    rows = snapshot.execute(named.filter(named.of.notnull()).select("customer_id", "of").distinct()).to_pylist()
    buyers: dict[str, set[str]] = {}
    for row in rows:
        buyers.setdefault(str(row["of"]), set()).add(str(row["customer_id"]))
    total = len({str(row["customer_id"]) for row in rows})
    found = [(len(both) * total / (len(mine) * len(other)), one, two)
             for one, mine in buyers.items() for two, other in buyers.items()
             if one != two and (wanted is None or two.lower() == wanted.lower())
             and len(both := mine & other) >= _FEWEST and len(mine - other) >= _FEWEST]
    taken: set[str] = set()
    proposals = []
    for _, one, two in sorted(found, key=lambda f: (-f[0], f[1], f[2])):
        if {one, two} & taken and wanted is None:
            continue
        taken |= {one, two}
        proposals.append(Proposal(
            f"customers who bought {one} but not {two}",
            And(parts=(_bought(snapshot, one), _bought(snapshot, two, never=True))), None if wanted else two,
            "buyers of one category who never bought the one that most often goes with it"))
    return proposals[:_PAIRS]


def brief_words(brief: CampaignBrief, label: str, who: str, about: str | None = None) -> str:
    """A request that reads back as this brief for these customers.

    Args:
        about: the category that it is then about, where the brief names none.
    """
    named = "channels" in brief.model_fields_set and len(brief.channels) < 3
    channels = f" by {' and '.join(brief.channels)}" if named else ""
    offer = brief.offer
    about = about or (offer.category if offer.kind in {"none", "free_delivery", "gift"} else None)
    parts = [f"Draft a {label} campaign{channels}{f' about {about}' if about else ''} for {who}"]
    on = f" {offer.category}" if offer.category else ""
    if offer.kind == "percent_off":
        parts.append(f"with {offer.value:g}% off{on}")
    elif offer.kind == "amount_off":
        parts.append(f"with {offer.value:g} off{on}")
    elif offer.kind == "free_delivery":
        parts.append("with free delivery")
    elif offer.kind == "gift":
        parts.append("with a free gift")
    elif brief.best_offer:
        parts.append("with the best offer")
    waits = [s.after_days for s in brief.steps[1:]]
    if waits:
        places = ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
        later = (f", the {place} after {wait} days" for place, wait in zip(places, waits, strict=False))
        parts.append(f"with {len(waits) + 1} messages{''.join(later)}")
    if brief.ends_on is not None:
        parts.append(f"until {brief.ends_on.isoformat()}")
    if brief.holdout_share is not None:
        parts.append(f"with a {brief.holdout_share * 100:g}% control group")
    if brief.language == "zh":
        parts.append("in Chinese")
    if brief.tone is not None and brief.tone != "friendly":
        parts.append(f"in a {brief.tone} tone")
    if brief.variants > 1:
        parts.append(f"in {brief.variants} variants")
    if brief.budget is not None:
        parts.append(f"with a budget of {brief.budget:g}")
    return " ".join(parts)
