"""Agreed meanings and saved segments through the workspace, against pandas."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, NoRows, NotPermitted, UnknownName
from assistant.plans import (
    And,
    AudiencePair,
    CampaignBrief,
    ChangeSegment,
    Compare,
    CustomerCondition,
    DefineTerm,
    InGroup,
    Not,
    Period,
    QueryPlan,
    SavedSegmentsRequest,
    SaveSegment,
    SegmentRule,
    TakeBackRequest,
    TermsRequest,
    WithdrawTerm,
)
from assistant.plans.filters import Filter
from assistant.settings import load_settings
from assistant.workspace import Workspace
from tests.support.shops import copy_home

FOUR = CustomerCondition(metric="orders", op="ge", values=(4,))
SILENT = CustomerCondition(metric="days_since_last_order", op="ge", values=(120,))
GERMAN = Compare(field="country", values=("Germany",))


@pytest.fixture
def workspace(demo_home: Path, tmp_path: Path) -> Workspace:
    return Workspace(load_settings(copy_home(demo_home, tmp_path / "home"), author="Ada"))


@pytest.fixture(scope="module")
def frames(demo_snapshot: Snapshot) -> dict[str, pd.DataFrame]:
    con = demo_snapshot.con
    lines = con.table("order_lines").to_pandas()
    return {"lines": lines[(lines.line_type == "sale") & lines.customer_id.notna()],
            "customers": con.table("customers").to_pandas()}


def members(frames: dict[str, pd.DataFrame], orders: int, day: pd.Timestamp, country: str | None = None) -> set[str]:
    """Customers with so many orders up to a day."""
    lines = frames["lines"]
    counts = lines[lines.ordered_at.dt.normalize() <= day].groupby("customer_id").order_id.nunique()
    found = set(counts[counts >= orders].index)
    if country is not None:
        people = frames["customers"]
        found &= set(people[people.country == country].customer_id)
    return found


def loyal(workspace: Workspace) -> Filter:
    return SegmentRule.model_validate({"filter": workspace.definition_filter("loyal")}).filter


def count(workspace: Workspace, rule: Filter) -> int:
    return int(workspace.count_audience(SegmentRule(filter=rule)).figures["customers"].value)  # type: ignore[arg-type]


def test_an_agreed_meaning_counts_at_once_and_is_cited(workspace: Workspace, frames: dict[str, pd.DataFrame]) -> None:
    old = loyal(workspace)
    before = count(workspace, old)
    result = workspace.agreed.define(DefineTerm(term="Loyal", filter=FOUR))
    expected = len(members(frames, 4, pd.Timestamp(workspace.snapshot.as_of)))

    assert result.figures["customers"].value == expected != before == result.figures["before"].value
    assert count(workspace, loyal(workspace)) == expected
    assert count(workspace, old) == expected  # a plan made before means today's meaning when it is run
    answer = workspace.query(QueryPlan(metrics=("customers",), filter=old))
    assert answer.figures["customers"].value == expected
    used = next(d for d in answer.evidence.definitions if d.term == "loyal")
    assert used.author == "Ada" and used.decided_on is not None and not used.assumed


def test_another_process_and_a_restart_see_it(workspace: Workspace) -> None:
    other = Workspace(workspace.settings)
    assert other.agreed.in_force().definitions.agreed == []
    workspace.agreed.define(DefineTerm(term="loyal", filter=FOUR))
    assert [d.term for d in other.agreed.in_force().definitions.agreed] == ["loyal"]


def test_a_change_lists_the_segments_and_drafts_it_alters(workspace: Workspace) -> None:
    workspace.agreed.save(SaveSegment(name="Loyal Germans", filter=And(parts=(loyal(workspace), GERMAN))))
    workspace.agreed.save(SaveSegment(name="Germans", filter=GERMAN))
    workspace.agreed.save(SaveSegment(name="Inside", filter=InGroup(group="saved", name="loyal germans")))
    draft = workspace.draft_campaign(CampaignBrief(goal="loyalty", audience=loyal(workspace)))
    sizes = {n: count(workspace, InGroup(group="saved", name=n)) for n in ("Loyal Germans", "Inside")}
    was = draft.figures["audience"].value

    result = workspace.agreed.define(DefineTerm(term="loyal", filter=FOUR))

    rows = {row[1]: row for row in result.table("affected").rows}
    assert len(rows) == 3 and "Germans" not in rows
    for name, size in sizes.items():
        assert rows[name][2:4] == [size, count(workspace, InGroup(group="saved", name=name))]
    campaign = next(r for r in rows.values() if r[0] == "campaign draft")
    assert campaign[2:4] == [was, count(workspace, loyal(workspace))]


def test_old_answers_keep_what_they_cited(workspace: Workspace) -> None:
    plan = QueryPlan(metrics=("customers",), filter=loyal(workspace))
    old = workspace.query(plan)
    size = old.figures["customers"].value
    workspace.agreed.define(DefineTerm(term="loyal", filter=FOUR))
    assert workspace.query(plan).figures["customers"].value != size == old.figures["customers"].value
    assert all(d.author == "built-in" for d in old.evidence.definitions)


def test_giving_up_and_taking_back(workspace: Workspace) -> None:
    builtin = count(workspace, loyal(workspace))
    workspace.agreed.define(DefineTerm(term="loyal", filter=FOUR))
    workspace.agreed.define(DefineTerm(term="loyal", filter=SILENT))
    four = count(workspace, FOUR)
    assert workspace.agreed.withdraw(WithdrawTerm(term="loyal", to="previous")).figures["customers"].value == four
    workspace.agreed.withdraw(WithdrawTerm(term="loyal"))
    assert count(workspace, loyal(workspace)) == builtin
    workspace.agreed.undo(TakeBackRequest())
    assert count(workspace, loyal(workspace)) == four
    with pytest.raises(UnknownName):
        workspace.agreed.withdraw(WithdrawTerm(term="lapsed"))
    assert [r[0] for r in workspace.agreed.terms(TermsRequest(agreed_only=True)).table("terms").rows] == ["loyal"]
    assert len(workspace.agreed.terms(TermsRequest(term="loyal")).table("versions").rows) == 5


def test_a_word_of_a_built_in_term_gets_a_meaning_of_its_own(workspace: Workspace) -> None:
    high_value = workspace.definition_filter("high-value")
    workspace.agreed.define(DefineTerm(term="VIP", filter=FOUR))
    definitions = workspace.term_definitions()
    for word in ("VIP", "vips", "vip customers"):
        assert definitions.find(word).filter == FOUR  # type: ignore[union-attr]
    assert workspace.definition_filter("high-value") == high_value


def test_a_meaning_may_use_another_one_but_never_itself(workspace: Workspace) -> None:
    own = loyal(workspace)
    workspace.agreed.define(DefineTerm(term="stars", filter=And(parts=(own, GERMAN))))
    stars = SegmentRule.model_validate({"filter": workspace.definition_filter("stars")}).filter
    before = count(workspace, stars)
    workspace.agreed.define(DefineTerm(term="loyal", filter=And(parts=(stars, SILENT))))
    with pytest.raises(NoRows):  # German and loyal, and silent: the meaning of "loyal" inside it is the old one
        count(workspace, And(parts=(loyal(workspace), Not(part=SILENT))))
    workspace.agreed.undo(TakeBackRequest())
    assert count(workspace, stars) == before
    workspace.agreed.define(DefineTerm(term="loyal", filter=FOUR))
    assert count(workspace, stars) == count(workspace, And(parts=(FOUR, GERMAN)))


def test_what_cannot_be_agreed_on_is_refused_and_not_stored(workspace: Workspace) -> None:
    gender = Compare(field="gender", values=("f",))
    for request, error in (
        (DefineTerm(term="revenue", filter=FOUR), InvalidPlan),
        (DefineTerm(term="<script>", filter=FOUR), InvalidPlan),
        (DefineTerm(term="women", filter=gender), NotPermitted),
        (DefineTerm(term="x", filter=InGroup(group="saved", name="nothing")), UnknownName),
        (DefineTerm(term="bestseller", rank_by="charm"), UnknownName),
        (DefineTerm(term="loyal", rank_by="revenue"), InvalidPlan),
    ):
        with pytest.raises(error):
            workspace.agreed.define(request)
    assert workspace.agreed.store.current() == []


def test_a_saved_segment_follows_the_data_and_can_be_used(
    workspace: Workspace, frames: dict[str, pd.DataFrame]
) -> None:
    result = workspace.agreed.save(SaveSegment(name="German regulars", filter=And(parts=(FOUR, GERMAN))))
    day = pd.Timestamp(workspace.snapshot.as_of)
    expected = members(frames, 4, day, "Germany")
    saved = InGroup(group="saved", name="german Regulars")

    assert result.figures["customers"].value == len(expected) == count(workspace, saved)
    revenue = workspace.query(QueryPlan(metrics=("revenue",), filter=saved))
    lines = frames["lines"]
    assert revenue.figures["revenue"].value == pytest.approx(
        float(lines[lines.customer_id.isin(expected)].amount.astype(float).sum()))
    assert [d.term for d in revenue.evidence.definitions][0] == "German regulars"
    draft = workspace.draft_campaign(CampaignBrief(goal="loyalty", audience=saved))
    assert draft.figures["audience"].value == len(expected)


def test_growth_and_history_are_those_of_the_rule_on_earlier_days(
    workspace: Workspace, frames: dict[str, pd.DataFrame]
) -> None:
    workspace.agreed.save(SaveSegment(name="Regulars", filter=FOUR))
    workspace.agreed.save(SaveSegment(name="Silent", filter=SILENT))
    week = Period(kind="rolling", unit="week", count=1)
    as_of = pd.Timestamp(workspace.snapshot.as_of)
    listed = workspace.agreed.segments(SavedSegmentsRequest(since=week)).table("segments")
    row = next(r for r in listed.rows if r[0] == "Regulars")
    now, before = (len(members(frames, 4, d)) for d in (as_of, as_of - pd.Timedelta(days=7)))
    assert row[1:5] == [now, before, now - before, pytest.approx(100 * (now - before) / before)]

    grown = workspace.agreed.segments(SavedSegmentsRequest(since=week, growth="up", min_percent=0))
    assert "Regulars" in {r[0] for r in grown.table("segments").rows}
    with pytest.raises(NoRows):
        workspace.agreed.segments(SavedSegmentsRequest(since=week, growth="up", min_percent=1e6))

    history = workspace.agreed.segments(SavedSegmentsRequest(name="regulars", show="history")).table("history")
    assert len(history.rows) == 13
    for day, size in history.rows:
        assert size == len(members(frames, 4, pd.Timestamp(day)))


def test_a_change_of_size_is_explained_in_parts_that_sum(
    workspace: Workspace, frames: dict[str, pd.DataFrame]
) -> None:
    rule = And(parts=(FOUR, Not(part=SILENT)))
    workspace.agreed.save(SaveSegment(name="Awake", filter=rule))
    request = SavedSegmentsRequest(name="Awake", show="change", since=Period(kind="rolling", unit="day", count=60))
    result = workspace.agreed.segments(request)
    figures = {name: f.value for name, f in result.figures.items()}
    as_of = workspace.snapshot.as_of
    start = pd.Timestamp(as_of) - pd.Timedelta(days=60)
    earlier = workspace.snapshot.at(start.date())
    from assistant.query.audience import customer_ids

    was, now = set(customer_ids(earlier, rule)), set(customer_ids(workspace.snapshot, rule))
    assert (figures["before"], figures["after"]) == (len(was), len(now))
    assert (figures["joined"], figures["left"]) == (len(now - was), -len(was - now))
    reasons = result.table("reasons").rows
    assert sum(r[2] for r in reasons if r[1] == "joined") == len(now - was)
    assert sum(r[2] for r in reasons if r[1] == "left") == -len(was - now)
    assert figures["change"] == sum(r[2] for r in reasons)


def test_renaming_deleting_and_taking_back(workspace: Workspace) -> None:
    workspace.agreed.save(SaveSegment(name="A", filter=FOUR))
    workspace.agreed.save(SaveSegment(name="B", filter=And(parts=(InGroup(group="saved", name="A"), GERMAN))))
    size = count(workspace, InGroup(group="saved", name="B"))
    with pytest.raises(UnknownName):
        workspace.agreed.save(SaveSegment(name="a", filter=SILENT))
    with pytest.raises(InvalidPlan):
        workspace.agreed.change(ChangeSegment(name="A", action="delete"))
    workspace.agreed.change(ChangeSegment(name="A", action="rename", new_name="Regulars"))
    assert set(workspace.segment_names()) == {"B", "Regulars"}
    assert count(workspace, InGroup(group="saved", name="B")) == size
    workspace.agreed.undo(TakeBackRequest())
    assert set(workspace.segment_names()) == {"A", "B"} and count(workspace, InGroup(group="saved", name="B")) == size
    workspace.agreed.change(ChangeSegment(name="B", action="delete"))
    with pytest.raises(UnknownName) as error:
        count(workspace, InGroup(group="saved", name="B"))
    assert error.value.valid == ("A",)
    workspace.agreed.undo(TakeBackRequest(of="segment", name="b"))
    assert count(workspace, InGroup(group="saved", name="B")) == size


def test_a_segment_is_never_made_of_itself(workspace: Workspace) -> None:
    workspace.agreed.save(SaveSegment(name="A", filter=FOUR))
    workspace.agreed.save(SaveSegment(name="B", filter=InGroup(group="saved", name="A")))
    with pytest.raises(InvalidPlan):
        workspace.agreed.save(SaveSegment(name="A", filter=InGroup(group="saved", name="B"), replace=True))


def test_two_groups_against_each_other(workspace: Workspace) -> None:
    workspace.agreed.save(SaveSegment(name="A", filter=FOUR))
    pair = AudiencePair(first=InGroup(group="saved", name="A"), second=GERMAN, first_name="A", second_name="Germans")
    figures = {n: f.value for n, f in workspace.agreed.pair(pair).figures.items()}
    assert figures["both"] == count(workspace, And(parts=(FOUR, GERMAN)))
    assert figures["only_first"] == figures["first"] - figures["both"] == count(
        workspace, And(parts=(FOUR, Not(part=GERMAN))))
    assert figures["either"] == figures["only_first"] + figures["only_second"] + figures["both"]


def test_nobody_is_not_saved(workspace: Workspace) -> None:
    never = CustomerCondition(metric="orders", op="ge", values=(1_000_000,))
    with pytest.raises(NoRows):
        workspace.agreed.save(SaveSegment(name="Whales", filter=never))
    assert list(workspace.segment_names()) == []
    with pytest.raises(NoRows):
        workspace.agreed.segments(SavedSegmentsRequest())


def test_sizes_of_saved_segments_are_recorded_when_data_are_loaded(workspace: Workspace) -> None:
    workspace.agreed.save(SaveSegment(name="Four orders", filter=FOUR))
    day = workspace.snapshot.as_of
    lines = workspace.snapshot.con.table("order_lines").to_pandas()
    lines = lines[(lines.line_type == "sale") & lines.customer_id.notna()]
    kept = lines[lines.ordered_at < lines.ordered_at.max() - pd.Timedelta(days=60)]
    path = workspace.settings.home / "orders.csv"
    kept[["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price"]].to_csv(path, index=False)

    summary = workspace.load([path], currency="EUR")

    orders = kept.groupby("customer_id").order_id.nunique()
    recorded = [(s.as_of, s.customers) for s in workspace.agreed.store.sizes("Four orders")]
    assert recorded == [(workspace.snapshot.as_of, int((orders >= 4).sum())), (day, recorded[-1][1])]
    assert workspace.snapshot.as_of < day
    assert not [w for w in summary.warnings if "segment" in w]


def test_a_segment_that_new_data_cannot_answer_is_named(workspace: Workspace) -> None:
    workspace.agreed.save(SaveSegment(name="Germans", filter=GERMAN))
    lines = workspace.snapshot.con.table("order_lines").to_pandas()
    lines = lines[(lines.line_type == "sale") & lines.customer_id.notna()].head(2000)
    path = workspace.settings.home / "orders.csv"
    lines[["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price"]].to_csv(path, index=False)

    summary = workspace.load([path], currency="EUR")

    assert any("Germans" in w for w in summary.warnings)
