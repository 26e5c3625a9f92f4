"""Studies by hand on the tiny shop, and by plain pandas on the demo shop and Online Retail II."""

from __future__ import annotations

import pandas as pd
import pytest

from assistant.agent.grounding import check
from assistant.errors import InvalidPlan, NoRows
from assistant.llm.replies import caveat_texts, compose
from assistant.plans import (
    CohortStudy,
    Compare,
    ConcentrationStudy,
    CustomerCondition,
    EarlyStudy,
    LadderStudy,
    Period,
    QueryPlan,
    ReturnStudy,
    SpreadStudy,
    StandingStudy,
    StudyRequest,
)
from assistant.plans.reword import reword
from assistant.plans.series import GapStudy, PaceStudy, ReachStudy, RunsStudy, ScaledStudy, UsualStudy
from assistant.query.engine import run_query
from assistant.query.studies import run_study


def run(snapshot, study):
    return run_study(snapshot, StudyRequest(study=study))


def figure(result, name):
    return result.figures[name].value


def column(result, table, name):
    found = result.table(table)
    return [found.cell(i, name) for i in range(len(found.rows))]


# --- by hand ---
# C1: Nov 2023, Jan and Mar 2024 · C2: Nov 2023, Mar 2024 · C3: Dec 2023 · C4, C5: Feb 2024; data end on 9 March 2024.


def test_cohorts_by_hand(shop):
    result = run(shop, CohortStudy())
    assert column(result, "shares", "cohort") == ["Nov 2023", "Dec 2023", "Feb 2024"]
    assert column(result, "shares", "customers") == [2, 1, 2]
    assert column(result, "shares", "age_1") == [0, 0, None]
    assert column(result, "shares", "age_2") == [50, 0, None]
    assert column(result, "counts", "age_2") == [1, 0, None]
    assert column(result, "ages", "cohorts") == [2, 2, 1]
    assert column(result, "ages", "value") == [0, pytest.approx(100 / 3), 0]
    assert {"unripe_cells", "first_cohort_older"} <= {c.code for c in result.caveats}


def test_a_cohort_may_be_followed_in_money(shop):
    result = run(shop, CohortStudy(measure="revenue", period=Period(kind="named", year=2023, month=11)))
    assert column(result, "ages", "age") == [0, 1, 2, 3]
    assert column(result, "ages", "counted") == [65, 0, 50, 0]
    assert column(result, "ages", "value") == [32.5, 0, 25, 0]


def test_returning_by_hand(shop):
    q4, q1 = Period(kind="named", year=2023, quarter=4), Period(kind="named", year=2024, quarter=1)
    result = run(shop, ReturnStudy(base=q4, later=q1))
    assert [figure(result, n) for n in ("customers", "back", "away", "orders")] == [3, 2, 1, 3]
    assert figure(result, "revenue") == 50 + 11 + 21
    assert figure(result, "share") == pytest.approx(200 / 3)
    german = run(shop, ReturnStudy(base=q4, later=q1, filter=Compare(field="country", values=("Germany",))))
    assert (figure(german, "customers"), figure(german, "back")) == (2, 2)
    assert figure(run(shop, ReturnStudy(base=q4)), "back") == 2
    with pytest.raises(InvalidPlan):
        run(shop, ReturnStudy(base=q1, later=q4))


def test_ladder_by_hand(shop):
    result = run(shop, LadderStudy(steps=3))
    assert column(result, "steps", "orders") == ["1", "2", "3 or more"]
    assert column(result, "steps", "customers") == [3, 1, 1]
    assert column(result, "steps", "at_least") == [5, 2, 1]
    assert column(result, "steps", "went_on") == [100, 40, 50]
    late = run(shop, LadderStudy(first_only=True, period=Period(kind="named", year=2023)))
    assert column(late, "steps", "customers") == [1, 1, 1, 0, 0]


def test_spread_by_hand(shop):
    result = run(shop, SpreadStudy(edges=(20, 60)))
    assert column(result, "bands", "band") == ["under €20.00", "€20.00 to under €60.00", "€60.00 and more"]
    assert column(result, "bands", "things") == [1, 2, 2]  # 18 | 31, 40 | 76, 116
    assert column(result, "bands", "amount") == [18, 71, 192]
    assert figure(result, "median") == 40
    gaps = run(shop, SpreadStudy(of="gap"))
    assert figure(gaps, "things") == 3 and figure(gaps, "largest") == 102 and figure(gaps, "least") == 59


def test_early_by_hand(shop):
    result = run(shop, EarlyStudy(days=70))
    assert [figure(result, n) for n in ("customers", "back", "left_out")] == [3, 1, 2]  # C1, C2, C3; C1 after 68 days
    assert figure(result, "value") == 45 + 50 + 20 + 18
    by_brand = run(shop, EarlyStudy(days=70, by="brand"))
    rows = {r[0]: r[1:3] for r in by_brand.table("groups").rows}
    assert rows == {"Birch": [1, 1], "Acorn": [2, 0], "Cedar": [1, 0]}
    second = run(shop, EarlyStudy())
    assert (figure(second, "back"), figure(second, "median_days")) == (2, (68 + 102) / 2)


def test_concentration_by_hand(shop):
    result = run(shop, ConcentrationStudy(reach=60))
    assert (figure(result, "things"), figure(result, "total")) == (2, 281)  # 116 + 76 of 281
    top = run(shop, ConcentrationStudy(top_percent=20))
    assert (figure(top, "things"), figure(top, "share")) == (1, pytest.approx(116 / 281 * 100))
    with pytest.raises(InvalidPlan):
        run(shop, ConcentrationStudy(metric="average_order_value"))


def test_places_and_limits_by_hand(shop):
    place = run(shop, StandingStudy(things=Compare(field="customer", values=("C1",)), top_n=1))
    assert [figure(place, n) for n in ("place", "everything", "value", "below")] == [1, 5, 116, 76]
    assert place.words["within"] == "yes" and "above" not in place.figures
    limit = run(shop, StandingStudy(top_percent=40))
    assert [figure(limit, n) for n in ("limit", "things", "everything")] == [76, 2, 5]
    product = run(shop, StandingStudy(of="product", things=Compare(field="product", values=("P1",))))
    assert (figure(product, "place"), figure(product, "above")) == (3, 75)
    with pytest.raises(NoRows):
        run(shop, StandingStudy(things=Compare(field="customer", values=("C1",)),
                                period=Period(kind="named", year=2022)))


def test_nobody_is_no_rows(shop):
    with pytest.raises(NoRows) as error:
        run(
            shop,
            LadderStudy(
                filter=Compare(field="country", values=("Germany",)), period=Period(kind="named", year=2023, month=12)
            ),
        )
    assert error.value.nearest


STUDIES = [
    CohortStudy(),
    CohortStudy(grain="quarter", measure="revenue"),
    CohortStudy(grain="year", measure="orders"),
    CohortStudy(period=Period(kind="named", year=2023, month=11)),
    ReturnStudy(base=Period(kind="named", year=2023, month=11)),
    ReturnStudy(grain="month"),
    LadderStudy(),
    LadderStudy(first_only=True),
    SpreadStudy(),
    SpreadStudy(of="order"),
    SpreadStudy(of="gap"),
    SpreadStudy(of="product", metric="units"),
    SpreadStudy(metric="average_order_value", edges=(20,)),
    EarlyStudy(),
    EarlyStudy(by="country"),
    EarlyStudy(days=30),
    EarlyStudy(days=30, measure="value", by="product"),
    ConcentrationStudy(of="product"),
    ConcentrationStudy(top=2),
    ConcentrationStudy(top_percent=10, metric="units"),
    UsualStudy(),
    UsualStudy(grain="week", metric="orders", asked="variation"),
    RunsStudy(grain="day"),
    RunsStudy(grain="day", condition="over", value=20),
    RunsStudy(grain="day", condition="none", metric="orders", asked="count"),
    RunsStudy(grain="day", condition="some", metric="orders", asked="first"),
    GapStudy(grain="day"),
    GapStudy(grain="day", end="lowest"),
    ReachStudy(target=50),
    ReachStudy(target=2, metric="customers"),
    ReachStudy(target=1e9),
    PaceStudy(target=1e6),
    ScaledStudy(percent=10),
    ScaledStudy(percent=-5, part="returns"),
]


@pytest.mark.parametrize("study", STUDIES, ids=lambda s: reword(StudyRequest(study=s)))
def test_every_number_of_a_reply_is_traced(shop, study):
    result = run(shop, study)
    reply = compose([result])
    grounded = check(reply.text, [result], known=reply.numbers)
    assert grounded.untraced == [] and len(reply.text) > 40
    assert all(c.text for c in caveat_texts(result))
    assert result.evidence.plan_words and result.evidence.sql and result.evidence.definitions


# --- by pandas ---


class Frames:
    """Product sales of known customers as pandas."""

    def __init__(self, snapshot):
        lines = snapshot.execute(snapshot.table("order_lines")).to_pandas()
        lines["amount"] = lines.amount.astype(float)
        lines["day"] = lines.ordered_at.dt.normalize()
        self.snapshot, self.sales = snapshot, lines[lines.line_type == "sale"]
        self.known = self.sales[self.sales.customer_id.notna()].copy()
        self.known["first"] = self.known.customer_id.map(self.known.groupby("customer_id").day.min())
        self.as_of = pd.Timestamp(snapshot.as_of)


@pytest.fixture(scope="module", params=["demo_snapshot", "online_retail_snapshot"])
def frames(request):
    return Frames(request.getfixturevalue(request.param))


def test_cohorts(frames):
    result = run(frames.snapshot, CohortStudy())
    known = frames.known.assign(cohort=frames.known["first"].dt.to_period("M"), unit=frames.known.day.dt.to_period("M"))
    running = frames.as_of.to_period("M")
    sizes = known.groupby("cohort").customer_id.nunique()
    counts = known.groupby(["cohort", "unit"]).customer_id.nunique()
    assert column(result, "counts", "customers") == list(sizes)
    for age in (1, 4, 12):
        expected = [None if c + age >= running else counts.get((c, c + age), 0) for c in sizes.index]
        assert column(result, "counts", f"age_{age}") == expected


def test_returning(frames):
    years = sorted(frames.known.day.dt.year.unique())
    base, later = Period(kind="named", year=int(years[-2])), Period(kind="named", year=int(years[-1]))
    result = run(frames.snapshot, ReturnStudy(base=base, later=later, first_only=True))
    known = frames.known
    group = set(known[known["first"].dt.year == years[-2]].customer_id)
    after = known[(known.day.dt.year == years[-1]) & known.customer_id.isin(group)]
    assert figure(result, "customers") == len(group)
    assert figure(result, "back") == after.customer_id.nunique()
    assert figure(result, "revenue") == pytest.approx(after.amount.sum())
    assert figure(result, "orders") == after.order_id.nunique()


def test_monthly_retention(frames):
    result = run(frames.snapshot, ReturnStudy(grain="month"))
    sets = frames.known.groupby(frames.known.day.dt.to_period("M")).customer_id.agg(set)
    whole = [m for m in sets.index[1:] if m < frames.as_of.to_period("M") and m - 1 in sets.index]
    assert column(result, "units", "back") == [len(sets[m] & sets[m - 1]) for m in whole]
    assert column(result, "units", "customers") == [len(sets[m - 1]) for m in whole]


def test_ladder(frames):
    counts = frames.known.groupby("customer_id").order_id.nunique()
    result = run(frames.snapshot, LadderStudy(steps=4))
    exactly = [int((counts == n).sum()) for n in (1, 2, 3)]
    assert column(result, "steps", "customers") == [*exactly, int((counts >= 4).sum())]
    assert column(result, "steps", "went_on")[1] == pytest.approx((counts >= 2).mean() * 100)


def test_spread(frames):
    spent = frames.known.groupby("customer_id").amount.sum()
    result = run(frames.snapshot, SpreadStudy(edges=(100, 500)))
    assert column(result, "bands", "things") == [
        int((spent < 100).sum()),
        int(((spent >= 100) & (spent < 500)).sum()),
        int((spent >= 500).sum()),
    ]
    assert figure(result, "median") == pytest.approx(spent.median())
    values = frames.sales.groupby("order_id").amount.sum()
    orders = run(frames.snapshot, SpreadStudy(of="order", metric="average_order_value"))
    assert sum(column(orders, "bands", "things")) == len(values)
    assert sum(column(orders, "bands", "amount")) == pytest.approx(values.sum())
    days = frames.known.drop_duplicates(["customer_id", "day"]).sort_values(["customer_id", "day"])
    gaps = days.groupby("customer_id").day.diff().dt.days.dropna()
    result = run(frames.snapshot, SpreadStudy(of="gap", edges=(30, 60)))
    assert column(result, "bands", "things") == [
        int((gaps < 30).sum()),
        int(((gaps >= 30) & (gaps < 60)).sum()),
        int((gaps >= 60).sum()),
    ]


def test_early(frames):
    known = frames.known
    seen = known[known["first"] <= frames.as_of - pd.Timedelta(days=60)]
    soon = seen[(seen.day - seen["first"]).dt.days <= 60]
    result = run(frames.snapshot, EarlyStudy(days=60))
    assert figure(result, "customers") == seen.customer_id.nunique()
    assert figure(result, "back") == (soon.groupby("customer_id").order_id.nunique() >= 2).sum()
    assert figure(result, "value") == pytest.approx(soon.amount.sum())
    orders = known.groupby(["customer_id", "order_id"]).day.min().reset_index().sort_values(["customer_id", "day"])
    second = orders.groupby("customer_id").day.nth(1)
    waited = second.values - orders.groupby("customer_id").day.first()[orders.loc[second.index].customer_id].values
    again = run(frames.snapshot, EarlyStudy())
    assert figure(again, "median_days") == pytest.approx(pd.Series(waited).dt.days.median())


def test_repeat_purchases_within_days_by_country(frames):
    known = frames.known.assign(start=frames.known.groupby(["country", "customer_id"]).day.transform("min"))
    seen = known[known.start <= frames.as_of - pd.Timedelta(days=90)]
    soon = seen[(seen.day - seen.start).dt.days <= 90]
    orders = soon.groupby(["country", "customer_id"]).order_id.nunique()
    expected = (orders >= 2).groupby("country").mean() * 100
    result = run(frames.snapshot, EarlyStudy(days=90, by="country"))
    shares = zip(column(result, "groups", "group"), column(result, "groups", "share"), strict=True)
    assert dict(shares) == pytest.approx(expected.to_dict())


@pytest.mark.parametrize(("of", "key"), [("customer", "customer_id"), ("product", "product_id")])
def test_concentration(frames, of, key):
    lines = frames.known if of == "customer" else frames.sales
    spent = lines.groupby(key).amount.sum().sort_values(ascending=False)
    spent = spent[spent > 0]
    result = run(frames.snapshot, ConcentrationStudy(of=of, reach=50))
    needed = int((spent.cumsum() < spent.sum() / 2 - 1e-6).sum()) + 1
    assert figure(result, "things") == needed
    assert figure(result, "everything") == len(spent)
    top = run(frames.snapshot, ConcentrationStudy(of=of, top_percent=10))
    k = -(-len(spent) // 10)
    assert figure(top, "things") == k
    assert figure(top, "share") == pytest.approx(spent.head(k).sum() / spent.sum() * 100)


@pytest.mark.parametrize(("of", "key"), [("customer", "customer_id"), ("product", "product_id")])
def test_standing(frames, of, key):
    lines = frames.known if of == "customer" else frames.sales
    spent = lines.groupby(key).amount.sum().sort_values(ascending=False)
    limit = run(frames.snapshot, StandingStudy(of=of, top_percent=5))
    assert figure(limit, "limit") == pytest.approx(spent.iloc[-(-len(spent) // 20) - 1])
    named = spent.index[len(spent) // 3]
    place = run(frames.snapshot, StandingStudy(of=of, things=Compare(field=of, values=(str(named),))))
    assert figure(place, "place") == int((spent > spent[named] + 1e-9).sum()) + 1


def test_a_claim_about_the_largest_is_checked(shop):
    result = run(shop, ConcentrationStudy(reach=80, share_of_things=20))
    assert figure(result, "claimed_share") == pytest.approx(116 / 281 * 100)
    assert compose([result]).text.startswith("No: the largest 20.0 %")


def test_who_did_not_come_back_and_what_was_spent_stand_first(shop):
    base, later = Period(kind="named", year=2023), Period(kind="named", year=2024)
    away = run(shop, ReturnStudy(base=base, later=later, asked="away"))
    assert compose([away]).text.startswith("**1** of 3 customers") and figure(away, "away_share") == pytest.approx(
        100 / 3
    )
    spent = run(shop, ReturnStudy(base=base, later=later, asked="spent"))
    assert compose([spent]).text.startswith("The 3 customers who ordered in 2023 spent **€82.00** in 2024")


def test_orders_within_days_of_each_other(shop):
    def count(**fields):
        condition = CustomerCondition(metric="orders", op="ge", **fields)
        return run_query(shop, QueryPlan(metrics=("customers",), filter=condition)).figures["customers"].value

    assert count(values=(2,)) == 2
    assert count(values=(2,), within_days=60) == 1  # C1: 10 January and 9 March are 59 days apart; C2 waited 102
    assert count(values=(3,), within_days=127) == 1
    with pytest.raises(ValueError, match="number of orders"):
        CustomerCondition(metric="revenue", op="ge", values=(2,), within_days=3)


def test_orders_within_days_and_soon_after_the_first(frames):
    orders = (
        frames.known.groupby(["customer_id", "order_id"]).day.min().reset_index().sort_values(["customer_id", "day"])
    )
    apart = (orders.day - orders.groupby("customer_id").day.shift(2)).dt.days
    three = set(orders[apart <= 30].customer_id)
    condition = CustomerCondition(metric="orders", op="ge", values=(3,), within_days=30)
    result = run_query(frames.snapshot, QueryPlan(metrics=("customers",), filter=condition))
    assert figure(result, "customers") == len(three)
    soon = frames.known[(frames.known.day - frames.known["first"]).dt.days <= 45]
    twice = soon.groupby("customer_id").order_id.nunique() >= 2
    early = CustomerCondition(
        metric="orders", op="ge", values=(2,), where=Compare(field="days_since_first_order", op="le", values=(45,))
    )
    assert (
        figure(run_query(frames.snapshot, QueryPlan(metrics=("customers",), filter=early)), "customers") == twice.sum()
    )
