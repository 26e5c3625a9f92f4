"""The demo shop, whose truth is known: who is moved, who is driven away, who is left out, and what that is worth."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from assistant.data.demo import load_truth
from assistant.data.objectors import objectors
from assistant.errors import InvalidPlan, MissingData, NoRows
from assistant.features.reachable import reachable
from assistant.models.uplift.fitted import GROUPS, ShopUplift, do_not_contact
from assistant.models.uplift.tested import tested as campaigns_with_arms
from assistant.settings import load_settings


@pytest.fixture(scope="module")
def truth(demo_home):
    return load_truth(load_settings(demo_home)).effects[["campaign_id", "customer_id", "effect", "response_type"]]


def test_planted_effects_are_recovered_for_customers_not_learnt_from(model, truth):
    seen = model.checked_.frame.merge(truth, on=["campaign_id", "customer_id"])
    assert len(seen) == len(model.checked_.frame)
    assert model.exam_.shown and np.corrcoef(seen["uplift"], seen["effect"])[0, 1] > 0.2
    by = seen.groupby("group")["effect"].mean()
    assert by["sleeping_dog"] < 0 < by["sure_buyer"] < by["moved"]
    dogs = seen["response_type"] == "sleeping_dog"
    assert dogs[seen["group"] == "sleeping_dog"].mean() > 2 * dogs.mean()


def test_the_effect_over_all_covers_the_planted_one(model, truth):
    effect = model.effect_.overall
    assert effect.lower < truth["effect"].mean() < effect.upper


def test_everybody_is_scored_once_and_nobody_who_objected(model, scores, demo_snapshot):
    assert scores["customer_id"].is_unique and scores["customer_id"].is_monotonic_increasing
    assert not objectors(demo_snapshot) & set(scores["customer_id"])
    judged = scores[scores["judged"]]
    assert set(judged["group"]) <= set(GROUPS) and judged[["baseline", "uplift", "value"]].notna().all().all()
    assert judged["baseline"].between(0, 1).all() and judged["uplift"].between(-1, 1).all()
    unlike = scores[~scores["judged"]]
    assert len(unlike) and unlike["uplift"].isna().all() and set(unlike["group"]) == {""}
    assert set(scores.loc[scores["reachable"], "customer_id"]) <= reachable(demo_snapshot, [])


def test_do_not_contact_lists_those_whose_contact_loses_and_adds_up(model, scores):
    found = do_not_contact(model, scores)
    assert set(found["group"]) <= {"sure_buyer", "sleeping_dog", "not_worth_it"} and len(found)
    assert (found["saved"] > 0).all() and found["saved"].is_monotonic_decreasing
    assert np.allclose(found["message"] + found["discount"] + found["margin"], found["saved"])
    listed = scores.set_index("customer_id").loc[found["customer_id"]]
    assert np.allclose(-listed["value"], found["saved"]) and listed["reachable"].all()
    dogs = found[found["group"] == "sleeping_dog"]
    assert (dogs["uplift"] < 0).all() and (dogs["margin"] > 0).all()
    assert (found.loc[found["group"] == "sure_buyer", "discount"] > found["message"].iloc[0]).all()


def test_leaving_them_alone_is_worth_it_by_the_truth(model, truth):
    """Planted orders won by contacting everyone less the listed are not fewer per contact, and far fewer are given a
    discount for nothing."""
    seen = model.checked_.frame.merge(truth, on=["campaign_id", "customer_id"])
    kept = seen["group"] == "moved"
    assert seen.loc[kept, "effect"].mean() > 1.1 * seen["effect"].mean()
    assert seen.loc[kept, "baseline"].mean() < 0.8 * seen["baseline"].mean()


def test_abstaining_lists_nobody(model, scores):
    import copy
    from dataclasses import replace

    shy = copy.copy(model)
    shy.exam_ = replace(model.exam_, shown=False)
    assert shy.abstains and do_not_contact(shy, scores).empty


def test_sensitive_columns_and_places_are_not_looked_at(model):
    columns = " ".join(model.tested_.design.columns_)
    assert not any(word in columns for word in ("birth", "gender", "age ", "country", "city"))


def test_what_came_later_is_not_known(demo_snapshot, model):
    """A case of an early campaign is the same whether or not the later data are there."""
    early = model.tested_.campaigns[3]
    now = campaigns_with_arms(demo_snapshot, campaign=early.name).frame
    then = campaigns_with_arms(demo_snapshot.at(early.until), campaign=early.name).frame
    compared = [c for c in then.columns if c not in {"until", "day"}]
    assert now[compared].equals(then[compared])


def test_a_campaign_that_is_not_over_is_left_out(demo_snapshot, model):
    early = model.tested_.campaigns[3]
    with pytest.raises(NoRows, match="is not over yet"):
        campaigns_with_arms(demo_snapshot.at(early.started), campaign=early.name)


def test_refusals(demo_snapshot, tiny):
    with pytest.raises(NotFittedError):
        ShopUplift().predict(demo_snapshot)
    with pytest.raises(MissingData, match="campaigns"):
        ShopUplift().fit(tiny)
    with pytest.raises(NoRows, match="no such past campaign"):
        campaigns_with_arms(demo_snapshot, campaign="Never Run")
    with pytest.raises(InvalidPlan, match="each side needs at least"):
        few = campaigns_with_arms(demo_snapshot, campaign="We Miss You")
        from assistant.models.uplift.exam import check_enough
        from assistant.models.uplift.fitted import experiment_of

        check_enough(experiment_of(few))


def test_early_days_of_the_shop_have_too_little_to_learn_from(demo_snapshot):
    with pytest.raises((InvalidPlan, NoRows, MissingData)):
        ShopUplift(learners=("t_logistic",)).fit(demo_snapshot.at(demo_snapshot.manifest.first_day))
