"""The tables of docs/query.md are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assistant.plans.events import EVENTS
from assistant.query.dimensions import DIMENSIONS, offered_dimensions
from assistant.query.lexicon import words_for
from assistant.query.metrics import METRICS, offered_metrics

TEXT = (Path(__file__).parents[2] / "docs" / "query.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", offered_metrics())
def test_every_metric_has_its_row(name):
    found = METRICS[name]
    assert f"| `{name}` | {found.label} | {found.unit} | {found.formula} |" in TEXT


def test_no_row_without_a_metric_or_dimension():
    rows = re.findall(r"^\| `(\w+)` \|", TEXT, re.M)
    assert rows == [*offered_metrics(), *offered_dimensions()]


def test_filters_and_events_are_listed():
    for name in [n for n, d in DIMENSIONS.items() if d.role == "filter"] + list(EVENTS):
        assert f"`{name}`" in TEXT


def test_everything_offered_has_words_and_no_words_are_orphans():
    assert set(words_for("metrics")) == set(offered_metrics())
    assert set(words_for("dimensions")) == set(DIMENSIONS)
