"""The page on the data model says what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.data.documentation import filled

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data_model.md"


def test_generated_parts_are_current():
    page = PAGE.read_text(encoding="utf-8")
    assert page == filled(page)


def test_a_page_without_markers_is_noticed():
    with pytest.raises(ValueError, match="markers"):
        filled("# Data model")


def test_every_rule_is_described():
    import re

    source = (PAGE.parents[1] / "assistant" / "data" / "rules.py").read_text(encoding="utf-8")
    names = set(re.findall(r'Rule\(\s*"([a-z_]+)"', source)) - {"negative_orders", "free_orders"}
    page = PAGE.read_text(encoding="utf-8")
    assert names
    assert not [n for n in names if f"`{n}`" not in page]
