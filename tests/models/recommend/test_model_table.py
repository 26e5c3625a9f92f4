import pytest

from assistant.models.recommend.model_table import exam_words
from assistant.models.recommend.report import fit_recommender, recommend_result
from assistant.plans import RecommendRequest
from tests.support.shop_builder import grouped_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return grouped_shop(tmp_path_factory.mktemp("grouped"))


@pytest.fixture(scope="module")
def fitted(shop):
    return fit_recommender(shop)


@pytest.fixture(scope="module")
def result(shop, fitted):
    return recommend_result(shop, RecommendRequest(customer_id="K001"), fitted)


def test_the_answer_says_which_won_on_which_weeks_and_by_how_much(result, fitted):
    recall, _ = fitted.choice.lead()
    test = fitted.choice.split.test
    figures = result.figures
    assert figures["lead"].value == round(100 * recall.mean, 2)
    assert figures["lead_low"].value == round(100 * recall.low, 2) < figures["lead_high"].value
    assert figures["test_first"].value == test.first_day.isoformat()
    assert figures["test_last"].value == test.last_day.isoformat()
    assert figures["recall"].value > figures["recall_popularity"].value


def test_the_evidence_tells_the_weeks_that_chose_from_the_weeks_shown(result, fitted):
    validation, test = fitted.choice.split.validation, fitted.choice.split.test
    words = exam_words(fitted.choice)
    assert words in result.evidence.assumptions
    assert all(str(day) in words for day in (validation.first_day, validation.last_day, test.first_day, test.last_day))
    assert {"novelty", "Gini of exposure"} <= {d.term for d in result.evidence.definitions}


def test_each_row_has_its_own_measures_and_popularity_leads_itself_by_nothing(result, fitted):
    table = result.table("models")
    assert len(table.rows) == len(fitted.choice.trials)
    plain = next(i for i in range(len(table.rows)) if table.cell(i, "lead") is None)
    assert table.cell(plain, "model") == fitted.choice.trial(fitted.names["popularity"]).words
    for i, trial in enumerate(sorted(fitted.choice.trials, key=lambda t: -t.ndcg)):
        assert table.cell(i, "gini") == round(trial.gini, 3) and table.cell(i, "novelty") == round(trial.novelty, 2)
        assert table.cell(i, "ndcg_chosen_on") == round(fitted.choice.validated(trial.name).ndcg, 4)
