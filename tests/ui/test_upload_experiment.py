"""An uploaded table of an experiment: recognised by its columns, its roles confirmed, read out by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.data.experiment_columns import experiment_columns
from assistant.plans.desk import LoadPreview
from assistant.ui.texts import Texts
from assistant.ui.upload_experiment import KIND, RANDOM, Chosen, chosen, render_experiment

NAMES = ["customer", "variant", "country", "converted", "spend"]


@pytest.fixture
def preview() -> LoadPreview:
    return LoadPreview((Path("test.csv"),), None, (), 0, missing=("order_lines.ordered_at",),
                       experiment=experiment_columns(NAMES, ["order_lines.ordered_at"]))


def test_columns_say_what_they_are():
    assert dict(experiment_columns(NAMES, ["order_lines.ordered_at"])) == {
        "customer": None, "variant": "arm", "country": None, "converted": "outcome", "spend": "outcome"}


@pytest.mark.parametrize(("names", "missing"), [
    (NAMES, []), (["order_id", "date", "product", "quantity"], ["order_lines.ordered_at"]), (["group", "name"], ["x"]),
])
def test_a_file_of_orders_or_of_neither_is_none(names: list[str], missing: list[str]):
    assert experiment_columns(names, missing) == ()


def test_an_unclear_arm_is_asked_for(texts: Texts):
    roles = experiment_columns(["variant_old", "variant_new", "converted"], ["order_lines.ordered_at"])
    assert [r for _, r in roles] == [None, None, "outcome"]
    assert "0 are chosen" in str(chosen(texts, {**dict(roles), KIND: "experiment"}))


def test_the_form_shows_every_column_with_its_role(texts: Texts, preview: LoadPreview):
    html = render_experiment(texts, preview)
    assert html.count("<select") == len(NAMES) + 2
    assert '<option value="arm" selected>' in html
    hostile = replace(preview, experiment=(("<img src=x onerror=alert(1)>", "arm"), ("spend", "outcome")))
    assert "<img" not in render_experiment(texts, hostile)


def test_what_was_confirmed_is_taken(texts: Texts, preview: LoadPreview):
    said = {**dict(preview.experiment), RANDOM: "not_random"}
    assert chosen(texts, said) == Chosen("variant", ("converted", "spend"), random=False)
    assert "Choose at least one" in str(chosen(texts, {"variant": "arm", "spend": None}))
