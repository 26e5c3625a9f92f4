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
from assistant.plans.sending import DryRunRequest
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
