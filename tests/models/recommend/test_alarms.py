from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from assistant.data.warehouse import open_snapshot, write_snapshot
from assistant.llm.replies import caveat_texts, compose
from assistant.models.recommend import alarms
from assistant.models.recommend.alarm_report import alarm_caveats, check_result
from assistant.models.recommend.alarms import (
    THRESHOLDS,
    Check,
    bestsellers,
    check_recommender,
    judged,
    mean_overlap,
    mean_popularity,
    popularity_divergence,
)
from assistant.models.recommend.feedback import Feedback, feedback
from assistant.models.recommend.fitted import fit_recommender
from assistant.plans import CheckRequest
from assistant.results import Result
from tests.support.shop_builder import grouped_shop
from tests.support.tiny_shop import tiny_tables

NOTHING_KNOWN = Feedback(None, None, ("touches.product_id",))


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return grouped_shop(tmp_path_factory.mktemp("alarms"))


@pytest.fixture(scope="module")
def fitted(shop):
    return fit_recommender(shop)


def _popular(fitted):
    """The same shop with the popularity list for everybody."""
    return replace(fitted, choice=replace(fitted.choice, name=fitted.names["popularity"]))


def _verdicts(check):
    return {a.code: a.verdict for a in check.alarms}


def test_overlap_on_paper():
    # pairs share 2 of 2, 1 of 2 and 1 of 2 products
    assert mean_overlap(np.array([[0, 1], [1, 0], [0, 2]])) == pytest.approx((1 + 0.5 + 0.5) / 3)
    assert mean_overlap(np.array([[0, -1], [0, -1]])) == 0.5
    assert mean_overlap(np.array([[0, 1]])) == 0.0


def test_popularity_measures_on_paper():
    bought = np.array([8.0, 1, 1, 0])
    assert mean_popularity(np.array([1.0, 1, 0, 0]), bought) == 4.5
    assert bestsellers(np.array([5.0] + [1.0] * 19 + [0.0] * 9)).nonzero()[0].tolist() == [0, 1]
    assert popularity_divergence(bought, bought) == 0.0
    assert popularity_divergence(np.array([100.0, 0, 0, 0]), bought) > 0.5


def test_a_threshold_itself_fires():
    for code, bar in THRESHOLDS.items():
        beyond = 1 if bar.above else -1
        assert judged(code, bar.limit).verdict == judged(code, bar.limit + beyond).verdict == "fires"
        assert judged(code, bar.limit - beyond).verdict == "fine"
        assert bar.why and bar.action and bar.measure
    assert judged("feedback", None, "touches.product_id").verdict == "unknown"


def test_one_list_for_everybody_sets_off_the_alarms_and_taste_does_not(shop, fitted):
    today = shop.as_of + timedelta(days=3)
    taste, same = (check_recommender(f, today, NOTHING_KNOWN) for f in (fitted, _popular(fitted)))
    assert _verdicts(taste)["overlap"] == "fine" and _verdicts(same)["overlap"] == "fires"
    assert _verdicts(same)["top_product"] == "fires" and _verdicts(taste)["quality"] == "fine"
    assert taste.figures["overlap"] < 60 < same.figures["overlap"]
    assert _verdicts(taste)["age"] == "fine" and taste.figures["age"] == 3
    assert {"alarm_overlap", "alarm_top_product"} <= {c.code for c in alarm_caveats(same)}


def test_old_data_are_out_of_date(shop, fitted):
    check = check_recommender(fitted, shop.as_of + timedelta(days=36), NOTHING_KNOWN)
    assert _verdicts(check)["age"] == "fires"


def test_what_a_month_old_model_would_not_know(fitted):
    data = fitted.interactions
    found = alarms._age(fitted, data.until)
    cut = (data.until - date(1970, 1, 1)).days - alarms.ACTIVE_DAYS
    owner = np.repeat(np.arange(data.n_users), np.diff(data.matrix.indptr))
    active = {u for u, day in zip(owner, data.last_days, strict=True) if day > cut}
    known = {u for u, day in zip(owner, data.first_days, strict=True) if day <= cut}
    assert found["unknown_customers"] == pytest.approx(100 * len(active - known) / len(active))
    all_new = replace(data, first_days=np.maximum(data.first_days, cut + 1))
    assert set(alarms._age(SimpleNamespace(interactions=all_new), data.until)) == {"age"}


@pytest.mark.parametrize("about", ["all", "quality", "sameness", "coverage", "popularity", "age", "feedback"])
def test_every_question_has_its_answer(shop, fitted, about):
    check = check_recommender(fitted, shop.as_of, NOTHING_KNOWN)
    result = check_result(shop, CheckRequest(about=about), fitted, check)
    reply = compose([result])
    caveat_texts(result)
    table = result.table("alarms")
    expected = [c for c, bar in THRESHOLDS.items() if about in {"all", bar.about}]
    assert [row[0] for row in table.rows] == expected and reply.text
    for number in reply.numbers:
        assert reply.text[number.start : number.end] == number.text
    for i, code in enumerate(expected):
        assert table.cell(i, "why") and table.cell(i, "action") and table.cell(i, "limit") == THRESHOLDS[code].limit
    if about in {"all", "feedback"}:
        assert "cannot be checked" in reply.text and "touches.product_id" in reply.text
    assert result.evidence.model and result.evidence.plan_words and result.evidence.definitions


def test_caveats_of_firing_alarms_print_value_and_threshold():
    check = Check(tuple(judged(code, bar.limit) for code, bar in THRESHOLDS.items()), 10)
    result = Result(kind="recommendation", title="x", caveats=alarm_caveats(check))
    texts = [c.text for c in caveat_texts(result)]
    assert len(texts) == 5 and all("%" in t for t in texts)


# -- feedback ----------------------------------------------------------------------------------------------------------


def _with_touches(folder, rows, columns):
    tables = tiny_tables()
    tables["touches"] = pd.DataFrame(rows, columns=columns)
    write_snapshot(folder, tables, source="tests", name="touched", currency="EUR")
    return open_snapshot(folder)


def test_without_the_product_sent_the_missing_column_is_named(tmp_path):
    sent = pd.Timestamp("2024-02-10 09:00")
    shop = _with_touches(tmp_path, [("K1", "C5", "treatment", sent)], ["campaign_id", "customer_id", "arm", "sent_at"])
    assert feedback(shop) == Feedback(None, None, ("touches.product_id",))


def test_without_any_contact_history_all_columns_are_named(tmp_path):
    write_snapshot(tmp_path, tiny_tables(), source="tests", name="tiny", currency="EUR")
    assert feedback(open_snapshot(tmp_path)).missing == ("touches.customer_id", "touches.sent_at", "touches.product_id")


def test_purchases_that_follow_a_recommendation_are_counted(tmp_path):
    columns = ["campaign_id", "customer_id", "arm", "sent_at", "x_product_id"]
    rows = [
        ("K1", "C5", "treatment", pd.Timestamp("2024-02-10"), "P4"),  # bought four days later
        ("K1", "C2", "treatment", pd.Timestamp("2024-01-01"), "P1"),  # bought sixty days later: too late
        ("K1", "C4", "control", pd.Timestamp("2024-02-01"), "P1"),  # not sent
        ("K1", "C1", "treatment", pd.Timestamp("2024-03-09 23:00"), "P2"),  # bought on that very day
        ("K1", "C4", "treatment", pd.Timestamp("2024-02-03"), "P5"),  # bought the day before
    ]
    found = feedback(_with_touches(tmp_path, rows, columns))
    # sale lines with a customer of the last 90 days: P3; P1, P5; P4; P1; P2, P5
    assert found.recommended == pytest.approx(100 * 2 / 7) and found.missing == ()
