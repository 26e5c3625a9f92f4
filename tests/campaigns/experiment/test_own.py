"""Campaigns of one's own: sealed at the start, read by their rule, learnt from at the end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from assistant.campaigns.draft import Rooms, draft_campaign
from assistant.campaigns.experiment.looks import decided, looks_of
from assistant.campaigns.experiment.own import own_runs, with_own
from assistant.campaigns.experiment.own_report import own_read_out
from assistant.campaigns.experiment.past import past_lift
from assistant.campaigns.experiment.pooled import effects_of_runs
from assistant.campaigns.experiment.rule import ReadOutRule
from assistant.campaigns.experiment.seal import Sealed, open_seal
from assistant.campaigns.sending.desk import SendingDesk
from assistant.campaigns.store import DraftStore
from assistant.data.warehouse import Snapshot
from assistant.errors import MissingData, SnapshotError
from assistant.llm.replies import compose
from assistant.models.uplift import tested as past_tested
from assistant.plans import CampaignBrief, CustomerCondition, ReadOutRequest
from assistant.plans.experiments import ExperimentRequest
from assistant.plans.sending import DryRunRequest, SendPlan
from assistant.query.definitions import Definitions

START = date(2026, 5, 1)
SETTINGS = """
enabled = true
sender_address = "news@example.org"
postal_address = "Mug Street 1, Cologne"
unsubscribe_url = "https://example.org/u/{token}"
[smtp]
host = "127.0.0.1"
security = "none"
"""


@pytest.fixture(scope="module")
def home(demo_snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that started campaign c-1 on 1 May, in two wordings."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "sending.toml").write_text(SETTINGS)
    then = demo_snapshot.at(START)
    rooms = Rooms(DraftStore(folder / "app.sqlite"), lambda ids, k, category: {}, Definitions().find)
    rule = CustomerCondition(metric="orders", op="ge", values=(1,))
    draft_campaign(then, CampaignBrief(goal="promotion", audience=rule, channels=("email",), holdout_share=0.3,
                                       products_per_recipient=0, variants=2), rooms)
    desk = SendingDesk(folder, folder / "app.sqlite", folder / "out", "ann", rooms, then, lambda: then,
                       lambda: datetime(2026, 5, 1, 10, tzinfo=UTC))
    run = desk.dry_run(DryRunRequest())
    digest = str(run.details["digest"])
    desk.decide(digest, approve=True, via="terminal", typed=str(run.figures["messages"].value))
    assert not own_runs(folder, folder / "app.sqlite")  # an approval alone starts nothing
    desk.begin(digest)
    return folder


def read(snapshot: Snapshot, home: Path, **asked: object) -> tuple[object, str]:
    result = own_read_out(snapshot, ExperimentRequest.model_validate(asked), home, home / "app.sqlite")
    return result, compose([result]).text


def test_what_started_is_sealed_as_it_was_approved(home: Path) -> None:
    (run,) = own_runs(home, home / "app.sqlite")
    assert (run.campaign_id, run.started, run.rule) == ("c-1", START, ReadOutRule(strata=run.rule.strata, wordings=2))
    counts = run.people["arm"].value_counts()
    assert counts["held out"] == round(0.3 * len(run.people)) and run.people["customer_id"].is_unique
    assert set(run.people["wording"].dropna()) == {0, 1}
    assert run.people.loc[run.people["arm"] == "held out", "wording"].isna().all()


def test_looks_wait_for_their_day(demo_snapshot: Snapshot, home: Path) -> None:
    early, said = read(demo_snapshot.at(START + timedelta(days=5)), home, about="look")
    assert "too early to look" in said and "lift" not in early.figures  # type: ignore[attr-defined]
    assert all(row[4] is None for row in early.table("looks").rows)  # type: ignore[attr-defined]
    first, said = read(demo_snapshot.at(START + timedelta(days=6)), home, about="look")
    assert first.table("looks").rows[0][4] is not None and "yes, you may look" in said  # type: ignore[attr-defined]
    between, _ = read(demo_snapshot.at(START + timedelta(days=12)), home)
    assert between.table("looks").rows[0] == first.table("looks").rows[0]  # type: ignore[attr-defined]
    with pytest.raises(MissingData, match="began on"):
        read(demo_snapshot.at(START - timedelta(days=1)), home)


def test_the_read_out_counts_everybody_assigned(demo_snapshot: Snapshot, home: Path) -> None:
    result, said = read(demo_snapshot, home, campaign_id="c-1", split="recency")
    (run,) = own_runs(home, home / "app.sqlite")
    orders = demo_snapshot.execute(demo_snapshot.table("orders")).to_pandas()
    lines = demo_snapshot.execute(demo_snapshot.table("order_lines")).to_pandas()
    sold = orders["order_id"].isin(lines.loc[lines["line_type"] == "sale", "order_id"])
    orders = orders[sold & (orders["status"] != "cancelled") & (orders["ordered_at"] >= pd.Timestamp(START))
                    & (orders["ordered_at"] < pd.Timestamp(START + timedelta(days=30)))]
    ordered = run.people["customer_id"].isin(orders["customer_id"])
    rates = ordered.groupby(run.people["arm"]).mean()
    last = result.table("looks").rows[-1]  # type: ignore[attr-defined]
    assert last[2:4] == pytest.approx([100 * rates["contacted"], 100 * rates["held out"]], abs=0.006)
    tables = {t.id for t in result.tables}  # type: ignore[attr-defined]
    assert tables == {"looks", "money", "wordings", "groups"}
    assert "Incremental revenue" in said and "By time since the last order" in said and "learns from this" in said


def test_wordings_and_what_was_learnt(demo_snapshot: Snapshot, home: Path) -> None:
    _, said = read(demo_snapshot, home, about="wordings")
    assert "wording 2" in said and "a difference of" in said
    _, said = read(demo_snapshot.at(START + timedelta(days=8)), home, about="wordings")
    assert "at the end of the window" in said
    history, said = read(demo_snapshot, home, about="learnt")
    assert [row[0] for row in history.table("learnt").rows] == ["c-1"]  # type: ignore[attr-defined]
    assert "1 of our own experiments is over" in said


def test_a_finished_experiment_is_a_past_campaign_and_a_running_one_is_not(
    demo_snapshot: Snapshot, home: Path
) -> None:
    runs = own_runs(home, home / "app.sqlite")
    running = demo_snapshot.at(START + timedelta(days=20))
    assert with_own(running, runs) is running
    shown = with_own(demo_snapshot, runs)
    assert shown.fingerprint != demo_snapshot.fingerprint
    past = past_tested.tested(shown, campaign="c-1")
    assert [c.campaign_id for c in past.campaigns] == ["c-1"] and len(past.frame) == len(runs[0].people)
    before, after = past_lift(demo_snapshot, "promotion"), past_lift(shown, "promotion")
    assert before is not None and after is not None and after.campaigns == before.campaigns + 1
    from assistant.models.uplift.read_out_report import read_out_result

    own = own_read_out(demo_snapshot, ExperimentRequest(), home, home / "app.sqlite")
    same = read_out_result(shown, ReadOutRequest(campaign="c-1"))
    assert same.figures["lift"].value == pytest.approx(own.figures["lift"].value, abs=0.011)


def test_a_changed_seal_is_refused(home: Path, tmp_path: Path) -> None:
    (path,) = (home / "sealed").glob("*.parquet")
    table = pq.read_table(path)
    arms = table["arm"].to_pylist()
    swapped = [*arms[1:], arms[0]]
    changed = tmp_path / path.name
    pq.write_table(table.set_column(1, "arm", [swapped]), changed)
    with pytest.raises(SnapshotError, match="changed after it was sealed"):
        open_seal(changed)
    assert open_seal(path).digest
    (tmp_path / "broken.parquet").write_bytes(b"no parquet")
    with pytest.raises(SnapshotError, match="cannot be read"):
        open_seal(tmp_path / "broken.parquet")


def test_nothing_started_is_said(tmp_path: Path, demo_snapshot: Snapshot) -> None:
    with pytest.raises(MissingData, match="nothing to read out"):
        own_read_out(demo_snapshot, ExperimentRequest(about="look"), tmp_path, tmp_path / "app.sqlite")


def planted(lift: float, seed: int) -> tuple[Sealed, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    arm = np.repeat(["contacted", "held out"], (6000, 2000))
    ordered = rng.random(8000) < np.where(arm == "contacted", 0.1 + lift, 0.1)
    days = pd.to_datetime(START) + pd.to_timedelta(rng.integers(0, 30, 8000), unit="D")
    people = pd.DataFrame({"customer_id": [str(i) for i in range(8000)], "arm": arm,
                           "wording": np.where(arm == "contacted", 0.0, np.nan), "stratum": "",
                           "ordered_on": days.where(ordered)})
    return Sealed("c-1", "r", "c-1", "promotion", "email", None, 0.0, None, START, "", ReadOutRule(), people), people


def test_a_large_effect_decides_early_and_none_does_not() -> None:
    end = START + timedelta(days=40)
    run, people = planted(0.08, 1)
    looks = looks_of([run], [people], end)
    first = decided(looks)
    assert first is not None and first.verdict == "gain" and first.day < 30
    bars = [look.bar for look in looks]
    assert all(look.due for look in looks) and bars == sorted(bars, reverse=True)  # type: ignore[type-var]
    alarms = sum(decided(looks_of([r], [p], end)) is not None for r, p in (planted(0.0, s) for s in range(40)))
    assert alarms <= 6  # 2 expected


def run_of(
    start: date, contacted: int, held: int, rates: tuple[float, float], seed: int
) -> tuple[Sealed, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    arm = np.repeat(["contacted", "held out"], (contacted, held))
    ordered = rng.random(len(arm)) < np.where(arm == "contacted", *rates)
    days = pd.to_datetime(start) + pd.to_timedelta(rng.integers(0, 30, len(arm)), unit="D")
    people = pd.DataFrame({"customer_id": [f"{seed}-{i}" for i in range(len(arm))], "arm": arm,
                           "wording": np.where(arm == "contacted", 0.0, np.nan), "stratum": "",
                           "ordered_on": days.where(ordered)})
    return Sealed("c-1", f"r{seed}", "c-1", "promotion", "email", None, 0.0, None, start, "", ReadOutRule(),
                  people), people


def test_runs_are_compared_within_themselves() -> None:
    """Few are held out where many order anyway: all contacted against all held out would look like a gain."""
    pairs = [run_of(START, 2000, 2000, (0.05, 0.05), 1), run_of(START + timedelta(days=7), 4000, 400, (0.4, 0.4), 2)]
    runs, people = [r for r, _ in pairs], [p for _, p in pairs]
    last = looks_of(runs, people, START + timedelta(days=60))[-1]
    whole = pd.concat(people)
    crude = whole["ordered_on"].notna().groupby(whole["arm"]).mean()
    assert crude["contacted"] - crude["held out"] > 0.1
    assert last.lift is not None and abs(last.lift) < 0.03 and last.verdict == "not_shown"
    moved = [run_of(START, 2000, 2000, (0.15, 0.05), 3), run_of(START + timedelta(days=7), 4000, 400, (0.5, 0.4), 4)]
    last = looks_of([r for r, _ in moved], [p for _, p in moved], START + timedelta(days=60))[-1]
    assert last.verdict == "gain" and last.lift == pytest.approx(0.1, abs=0.03)
    waiting = looks_of(runs, people, START + timedelta(days=8))
    assert not waiting[0].due  # the second run began on the seventh day


def test_pooled_intervals_hold_for_many_small_runs() -> None:
    rng = np.random.default_rng(5)
    covered = {"ordered": 0, "revenue": 0}
    for _ in range(200):
        run = np.repeat(np.arange(12), 40)
        treated = rng.random(480) < 0.8
        ordered = rng.random(480) < 0.05 + 0.03 * run / 2
        spent_ = ordered * rng.gamma(2.0, 20.0, 480)
        for name, y in (("ordered", ordered), ("revenue", spent_)):
            e = effects_of_runs(y, treated, run).overall
            assert e.lower is not None and e.upper is not None
            covered[name] += e.lower <= 0 <= e.upper
    assert min(covered.values()) >= 180  # 190 expected


@pytest.fixture(scope="module")
def repeated(demo_snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that started campaign c-1 on 1 March and repeated it on 1 April for those who had come since."""
    folder = tmp_path_factory.mktemp("repeated")
    (folder / "sending.toml").write_text(SETTINGS)
    rooms = Rooms(DraftStore(folder / "app.sqlite"), lambda ids, k, category: {}, Definitions().find)
    rule = CustomerCondition(metric="orders", op="ge", values=(1,))

    def desk(day: date) -> SendingDesk:
        then = demo_snapshot.at(day)
        return SendingDesk(folder, folder / "app.sqlite", folder / "out", "ann", rooms, then, lambda: then,
                           lambda: datetime(day.year, day.month, day.day, 10, tzinfo=UTC))

    first = desk(date(2026, 3, 1))
    draft_campaign(demo_snapshot.at(date(2026, 3, 1)), CampaignBrief(
        goal="promotion", audience=rule, channels=("email",), holdout_share=0.3, products_per_recipient=0), rooms)
    first.plan(SendPlan(repeats="weekly", repeats_until=date(2026, 6, 1), most_each=5000))
    run = first.dry_run(DryRunRequest())
    first.decide(str(run.details["digest"]), approve=True, via="terminal", typed=str(run.figures["messages"].value))
    first.begin(str(run.details["digest"]))
    (again,) = desk(date(2026, 4, 1)).repeat()
    assert again.queued
    return folder


def test_a_repeated_campaign_is_read_run_by_run_and_pooled(demo_snapshot: Snapshot, repeated: Path) -> None:
    runs = own_runs(repeated, repeated / "app.sqlite")
    assert [r.started for r in runs] == [date(2026, 3, 1), date(2026, 4, 1)]
    assert not set(runs[0].people["customer_id"]) & set(runs[1].people["customer_id"])
    result, said = read(demo_snapshot, repeated, split="segment")
    rows = result.table("runs").rows  # type: ignore[attr-defined]
    assert [r[3] + r[4] for r in rows] == [len(r.people) for r in runs]
    groups = result.table("groups").rows  # type: ignore[attr-defined]
    # a group of which a run holds one arm only is not compared there
    assert len(runs[0].people) < sum(r[1] + r[2] for r in groups) <= sum(len(r.people) for r in runs)
    assert "2 runs from" in said and "Run 2 (" in said and "By customer segment" in said, said
    early, said = read(demo_snapshot.at(date(2026, 4, 2)), repeated)
    assert [r[-1] != "not due yet" for r in early.table("runs").rows] == [True, False]  # type: ignore[attr-defined]
    assert "1 of them over" in said and "lift" not in early.figures  # type: ignore[attr-defined]
    past = past_tested.tested(with_own(demo_snapshot, runs), campaign="c-1")
    assert {c.campaign_id: c.started for c in past.campaigns} == {
        "c-1": runs[0].started, "c-1/2": runs[1].started}
