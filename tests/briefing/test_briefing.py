"""Open questions, answered on the built-in shop; figures against plain pandas."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from assistant.agent import grounding
from assistant.llm.replies import compose
from assistant.plans import BriefingRequest, Compare, Period
from assistant.plans.briefing import Focus
from assistant.results import Result
from assistant.settings import Settings
from assistant.workspace import Workspace
from tests.support.shops import copy_home

FOCI: tuple[Focus, ...] = Focus.__args__  # type: ignore[attr-defined]
LAST_MONTH = Period(kind="calendar", unit="month", offset=-1)


@pytest.fixture(scope="module")
def workspace(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    yield Workspace(Settings(home=copy_home(demo_home, tmp_path_factory.mktemp("briefing"))))


@pytest.fixture(scope="module")
def lines(workspace: Workspace) -> pd.DataFrame:
    frame = workspace.snapshot.con.table("order_lines").to_pandas()
    frame["day"] = pd.to_datetime(frame["ordered_at"]).dt.date
    frame["amount"] = frame["amount"].astype(float)
    return frame


def finding(result: Result, code: str) -> dict:
    return next(f for f in result.details["findings"] if f["code"] == code)


@pytest.mark.parametrize("focus", FOCI)
def test_every_number_of_every_briefing_is_traced(workspace: Workspace, focus: Focus) -> None:
    for period in (None, LAST_MONTH):
        result = workspace.brief(BriefingRequest(focus=focus, period=period))
        reply = compose([result])
        checked = grounding.check(reply.text, [result], "", reply.numbers)
        assert checked.untraced == []
        assert reply.text.count("- ") >= 1 or "tands out" in reply.text


def test_four_whole_weeks_are_compared(workspace: Workspace, lines: pd.DataFrame) -> None:
    result = workspace.brief(BriefingRequest(focus="change"))
    start, end = result.evidence.window_start, result.evidence.window_end
    assert start is not None and end is not None
    assert (start.weekday(), end.weekday(), (end - start).days) == (0, 6, 55)
    assert end <= workspace.snapshot.as_of < end + timedelta(days=7)
    sales = lines[lines["line_type"] == "sale"]
    values = result.table("values")
    for row, (first, last) in enumerate(((start + timedelta(days=28), end), (start, start + timedelta(days=27)))):
        part = sales[(sales["day"] >= first) & (sales["day"] <= last)]
        assert values.cell(row, "revenue") == pytest.approx(part["amount"].sum())
        assert values.cell(row, "orders") == part["order_id"].nunique()
        assert values.cell(row, "customers") == part["customer_id"].nunique()


def test_a_change_is_called_one_only_outside_its_interval(workspace: Workspace) -> None:
    months = [Period(kind="named", month=m, year=y) for m, y in ((12, 2025), (1, 2026))]
    for period in (None, LAST_MONTH, *months):
        table = workspace.brief(BriefingRequest(focus="change", period=period)).table("measures")
        for row in range(len(table.rows)):
            rate = table.cell(row, "change_points") is not None
            change = table.cell(row, "change_points" if rate else "change_pct")
            low, high = (table.cell(row, c) for c in (("low_points", "high_points") if rate else
                                                      ("usual_low", "usual_high")))
            if low is None:
                assert table.cell(row, "code") == "unknown"
            else:
                assert (low <= change <= high) == (table.cell(row, "code") == "within")


def test_different_questions_get_different_answers(workspace: Workspace) -> None:
    first = {f: [x["code"] for x in workspace.brief(BriefingRequest(focus=f)).details["findings"]] for f in FOCI}
    assert len({tuple(codes) for codes in first.values()}) >= 9
    assert first["customers"][0] == "customers_leaving" and first["products"][0] == "best_sellers"
    assert all("fallen" not in c and c != "customers_leaving" for c in first["opportunity"])


def test_stock_is_counted_from_sales_of_the_stretch(workspace: Workspace, lines: pd.DataFrame) -> None:
    result = workspace.brief(BriefingRequest(focus="reorder"))
    products = workspace.snapshot.con.table("products").to_pandas()
    out = set(products.loc[products["stock"] <= 0, "product_id"])
    end = result.evidence.window_end
    assert end is not None
    part = lines[(lines["line_type"] == "sale") & (lines["day"] > end - timedelta(days=28)) & (lines["day"] <= end)]
    sold = part[part["product_id"].isin(out)]
    assert result.table("sold_out").total_rows == sold["product_id"].nunique()
    assert result.figures["sold_out_amount"].value == pytest.approx(sold["amount"].sum())


def test_half_of_revenue_is_the_fewest_products(workspace: Workspace, lines: pd.DataFrame) -> None:
    result = workspace.brief(BriefingRequest(focus="money"))
    end = workspace.brief(BriefingRequest(focus="change")).evidence.window_end
    assert end is not None
    part = lines[(lines["line_type"] == "sale") & (lines["day"] > end - timedelta(days=364)) & (lines["day"] <= end)]
    per = part.groupby("product_id")["amount"].sum().sort_values(ascending=False)
    n = int((per.cumsum() < per.sum() / 2).sum()) + 1
    assert result.table("half_of_revenue_product").cell(0, "fewest") == n


def test_a_filter_narrows_every_figure(workspace: Workspace, lines: pd.DataFrame) -> None:
    germany = Compare(field="country", op="eq", values=("Germany",))
    result = workspace.brief(BriefingRequest(focus="summary", filter=germany, period=LAST_MONTH))
    part = lines[(lines["line_type"] == "sale") & (lines["country"] == "Germany")]
    month = part[[d.strftime("%Y-%m") == "2026-05" for d in part["day"]]]
    assert result.table("values").cell(0, "revenue") == pytest.approx(month["amount"].sum())
    assert "customers_leaving" not in {f["code"] for f in result.details["findings"]}


def test_a_next_step_that_does_not_work_is_not_shown(demo_home: Path, tmp_path: Path) -> None:
    own = Workspace(Settings(home=copy_home(demo_home, tmp_path)))
    asked: list[str] = []
    own.suggestion_works = lambda question: asked.append(question) is not None or "leave" in question
    result = own.brief(BriefingRequest(focus="customers"))
    assert asked and result.followups == ["Who is about to leave?"]
    assert finding(result, "best_customers")["next"] == ""


def test_findings_are_kept_for_the_snapshot(workspace: Workspace) -> None:
    one = workspace.brief(BriefingRequest(focus="risk"))
    two = workspace.brief(BriefingRequest(focus="risk"))
    assert one.tables == two.tables and one.details == two.details
